#!/bin/bash
# The sink `sqlite`: tables made and found, inserts, upserts, changes, locks.
. "$(dirname "$0")/../tap.sh"

[ -e "$STREAMD_PLUGIN_PATH/sink-sqlite.so" ] || skip_all "built without SQLite"
cd "$TMP" || exit 99
sql() {
    sqlite3 -batch "$1" "$2"
}

# pipeline CONFIG: the lines of in.json to a table.
pipeline() {
    cat <<EOF
version: 1
sources:
  rows:
    type: file
    config: {path: in.json}
    format: {type: json}
    schema: {id: int64, name: string|null, price: "decimal(20,3)|null", whole: "decimal(38,0)|null",
             x: float64|null, ok: bool|null, at: timestamp|null, day: date|null, raw: bytes|null, j: json|null}
    on_error: ${2-fail}
sinks:
  out: {type: sqlite, inputs: [rows], on_error: ${2-fail}, config: {path: deep/er/t.db, table: "the \"table\"", $1}}
EOF
}

load() {
    pipeline "$@" >p.yaml
    run "$STREAMCTL" run --quiet p.yaml
}

cat >in.json <<'EOF'
{"id":1,"name":"Zoë","price":1.50,"whole":9223372036854775807,"x":0.1,"ok":true,"at":"2025-01-02T03:04:05.6Z","day":"2025-01-02","raw":"AP8=","j":{"a":[1]}}
{"id":2}
{"id":3,"price":12345678901234567.123,"x":"NaN","ok":false,"at":"1969-12-31T23:59:59Z"}
EOF
load ''
is "a database, its folders and its table are made" "$status" 0
is "values and types" "$(sql deep/er/t.db 'SELECT id, name, price, whole, x, ok, at, day, hex(raw), j FROM "the ""table"""')" \
    '1|Zoë|1.500|9223372036854775807|0.1|1|2025-01-02T03:04:05.600000Z|2025-01-02|00FF|{"a":[1]}
2|||||||||
3||12345678901234567.123||NaN|0|1969-12-31T23:59:59Z|||'
is "storage classes" "$(sql deep/er/t.db 'SELECT typeof(id), typeof(name), typeof(price), typeof(whole), typeof(x), typeof(ok), typeof(at), typeof(day), typeof(raw), typeof(j) FROM "the ""table""" WHERE id = 1')" \
    "integer|text|text|integer|real|integer|text|text|blob|text"
is "declared types" "$(sql deep/er/t.db "SELECT group_concat(type || CASE WHEN \"notnull\" THEN ' NOT NULL' ELSE '' END, ',') FROM pragma_table_info('the \"table\"')")" \
    "INTEGER NOT NULL,TEXT,TEXT,INTEGER,REAL,INTEGER,TEXT,TEXT,BLOB,TEXT"
load ''
is "a second run adds its rows" "$(sql deep/er/t.db 'SELECT count(*) FROM "the ""table"""')" 6

load 'mode: upsert, key: [id]'
is "upsert into a table without that key" "$status" 1
like "is refused, by name" err "SD5231.*table 'the \"table\"' of 'deep/er/t.db' has no PRIMARY KEY or UNIQUE constraint"
rm -r deep
load 'mode: upsert, key: [id]'
echo '{"id":2,"name":"two"}' >>in.json
echo '{"id":2,"name":"three"}' >>in.json
load 'mode: upsert, key: [id]'
is "upsert replaces, and the last one counts" \
    "$(sql deep/er/t.db 'SELECT count(*), max(name) FILTER (WHERE id = 2) FROM "the ""table"""')" "3|three"
is "the key is the primary key" "$(sql deep/er/t.db "SELECT name FROM pragma_table_info('the \"table\"') WHERE pk")" "id"
sql deep/er/t.db 'ALTER TABLE "the ""table""" ADD COLUMN mine TEXT; UPDATE "the ""table""" SET mine = id'
load 'mode: upsert, key: [id]'
is "a column that is not ours keeps its content" "$(sql deep/er/t.db 'SELECT group_concat(mine) FROM "the ""table"""')" "1,2,3"

rm -r deep
echo '{"id":4,"whole":9223372036854775808}' >in.json
echo '{"id":5}' >>in.json
load ''
is "a number that SQLite has no integer for" "$status" 1
like "fails by default" err "SD5201.*field 'whole'"
is "and nothing of the run is there" "$(sql deep/er/t.db 'SELECT count(*) FROM "the ""table"""')" 0
load '' skip
is "or is skipped" "$status:$(sql deep/er/t.db 'SELECT group_concat(id) FROM "the ""table"""')" "0:5"

rm -r deep && mkdir -p deep/er
sql deep/er/t.db 'CREATE TABLE "the ""table""" (ID INTEGER, Name TEXT)'
load ''
is "a table without one of the columns" "$status" 1
like "is refused, by name" err "SD5231.*table 'the \"table\"' of 'deep/er/t.db' has no column 'price'"
echo 'this is no database at all, whatever its name says' >deep/er/t.db
load ''
is "a file that is no database" "$status" 1
like "is named" err "SD5230.*'deep/er/t.db'.*not a database"
load 'mode: upsert'
is "upsert without a key is refused" "$status" 78
load 'key: [id]'
is "a key without upsert is refused" "$status" 78
load 'mode: upsert, key: [name]'
is "a key that may be NULL is refused" "$status" 78
like "with the reason" err "SD2161.*field 'name' may be NULL"

# A constraint of the user's own table: the run fails as a whole.
rm -r deep && mkdir -p deep/er
echo '{"id":1}' >in.json
echo '{"id":1}' >>in.json
sql deep/er/t.db 'CREATE TABLE "the ""table""" (id UNIQUE, name, price, whole, x, ok, at, day, raw, j)'
load ''
is "a row that a constraint forbids" "$status" 1
like "is what SQLite says" err "SD5230.*UNIQUE constraint failed: the \"table\".id"
is "and nothing is there" "$(sql deep/er/t.db 'SELECT count(*) FROM "the ""table"""')" 0

# Somebody else has the database locked, for a while or for good.
echo '{"id":1}' >in.json
lock() {
    { echo 'BEGIN IMMEDIATE;' && sleep "$1" && echo 'ROLLBACK;'; } | sqlite3 deep/er/t.db &
    sleep 0.3
}
lock 1.5
load ''
is "a lock is waited for" "$status:$(sql deep/er/t.db 'SELECT count(*) FROM "the ""table"""')" "0:1"
wait
lock 3
load 'busy_timeout: 500ms'
is "not for ever" "$status" 1
like "and then named" err "SD5232.*another program has had 'deep/er/t.db' locked"
wait

# Several sinks into one file, and updates: counts per key with late rows.
cat >p.yaml <<'EOF'
version: 1
sources:
  rows:
    type: generator
    config:
      rows: 100000
      fields:
        k: {type: string, prefix: k, uniform: {min: 0, max: 9}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 1ms}, out_of_orderness: 2s}
    event_time: {field: at}
operators:
  counts:
    type: window
    inputs: [rows]
    key_by: [k]
    config: {window: {tumbling: 10s, allowed_lateness: 1m}, select: {start: window_start, n: count(*)}}
sinks:
  windows: {type: sqlite, inputs: [counts], config: {path: u.db, table: windows, mode: upsert, key: [k, start]}}
  rows1: {type: sqlite, inputs: [rows], config: {path: u.db, table: one}}
  rows2: {type: sqlite, inputs: [rows], config: {path: u.db, table: two}}
EOF
run "$STREAMCTL" run --quiet p.yaml
is "three sinks into one file" "$status" 0
is "all rows" "$(sql u.db 'SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM two)')" "100000|100000"
is "updates leave what SQLite itself counts" "$(sql u.db "
    SELECT count(*) FROM (SELECT k, start, n FROM windows EXCEPT
        SELECT k, substr(at, 1, 18) || '0Z', count(*) FROM one GROUP BY 1, 2)")" 0
is "every window once" "$(sql u.db "SELECT (SELECT count(*) FROM windows) =
    (SELECT count(*) FROM (SELECT 1 FROM one GROUP BY k, substr(at, 1, 18)))")" 1

done_testing
