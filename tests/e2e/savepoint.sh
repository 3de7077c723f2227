#!/bin/bash
# A savepoint of a running pipeline: read with plain SQLite, edited, refused until it is sealed, restored at
# other parallelisms, and seen in the output.
# shellcheck disable=SC2317 # functions are called by wait_for
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/processes.sh"

cd "$TMP" || exit 99
export LC_ALL=C

cat >p.yaml <<'EOF2'
version: 1
parallelism: 2
checkpoint: {every: 100ms}
sources:
  rows:
    type: generator
    config:
      rows: 100000
      rate: ${RATE:-10000}
      fields:
        n: {type: int64, sequence: {start: 0, step: 1}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 100ms}}
    event_time: {field: at}
operators:
  keyed: {type: select, inputs: [rows], config: {fields: {k: n % 7}, keep: all}}
  sums: {type: window, inputs: [keyed], key_by: [k], config: {window: {tumbling: 1d}, select: {start: window_start, rows: count(*), total: sum(n), last: max(at)}}}
sinks:
  out: {type: file, inputs: [sums], config: {path: "${OUT:-parts}"}, format: {type: json}}
EOF2

# sql FILE STATEMENT: what plain SQLite answers, a row per line with | between columns.
sql() {
    if command -v sqlite3 >/dev/null; then
        sqlite3 "$@"
    else
        python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
for row in db.execute(sys.argv[2]):
    print("|".join("" if v is None else str(v) for v in row))' "$@"
    fi
}

# The one window of each key as it must be at the end, with MORE rows for key 3.
expected() {
    python3 -c '
import datetime, json, sys
start = datetime.datetime(2025, 1, 1)
for k in range(7):
    rows = range(k, 100000, 7)
    last = start + datetime.timedelta(milliseconds=100) * rows[-1]
    text = last.isoformat(timespec="microseconds" if last.microsecond else "seconds") + "Z"
    more = int(sys.argv[1]) if k == 3 else 0
    print(json.dumps({"k": k, "start": "2025-01-01T00:00:00Z", "rows": len(rows) + more, "total": sum(rows),
                      "last": text}, separators=(",", ":")))' "$1" | sort
}

# restored OUT STATE PARALLELISM SAVEPOINT: runs on from a savepoint, as fast as it goes.
restored() {
    run env OUT="$1" RATE=100000000 "$STREAMCTL" run --quiet --state-dir "$2" --parallelism "$3" --restore "$4" p.yaml
    cat "$1"/part-*.json 2>/dev/null | sort >"$1.got"
}

is_running() {
    "$STREAMCTL" status --state-dir state --json 2>/dev/null | grep -q '"state":"running"'
}

has_counted() {
    "$STREAMCTL" status --state-dir state --json 2>/dev/null >status.json
    python3 -c 'import json; s = json.load(open("status.json")); assert s["checkpoints"]["completed"] >= 3' 2>/dev/null
}

"$STREAMCTL" run --state-dir state p.yaml >log 2>run.err &
pid=$!
wait_for is_running
wait_for has_counted
run "$STREAMCTL" savepoint --state-dir state s.savepoint
is "a savepoint of a running pipeline" "$status" 0
like "is said to be taken" "$TMP/out" "savepoint taken at checkpoint"
ok "and the pipeline goes on" is_running
run "$STREAMCTL" savepoint --state-dir state s.savepoint
is "a second one does not replace it" "$status" 1
like "and says why" "$TMP/err" "SD4434.*there already"
kill "$pid"
wait "$pid"
is "the pipeline stops as ever" "$?" 0
ok "nothing is left beside the savepoint" test ! -e s.savepoint.tmp

is "SQLite has a table of windows by name" "$(sql s.savepoint 'SELECT count(*) FROM sums__windows')" 7
is "with the windows' beginning" "$(sql s.savepoint 'SELECT DISTINCT _ns FROM sums__windows')" 1735689600000000
position=$(sql s.savepoint 'SELECT position FROM rows___splits')
is "its counts add up to the source's position" \
    "$(sql s.savepoint 'SELECT sum("count(*).count") FROM sums__windows')" "$position"
is "sums are exact decimals in text" \
    "$(sql s.savepoint 'SELECT DISTINCT typeof("sum(n).sum") FROM sums__windows')" text
is "times can be read" "$(sql s.savepoint 'SELECT min(substr("max(at).max", 1, 10)) FROM sums__windows')" 2025-01-01

run "$STREAMCTL" savepoint inspect s.savepoint
is "inspect shows it" "$status" 0
like "that it is sealed" "$TMP/out" "sealed"
like "where the source was" "$TMP/out" "id=0 .*position=$position"
run "$STREAMCTL" savepoint inspect --json s.savepoint
is "inspect --json is JSON with the rows of the table" \
    "$(python3 -c 'import json, sys; print([t["rows"] for t in json.load(open(sys.argv[1]))["tables"] if t["sql_name"] == "sums__windows"])' "$TMP/out")" "[7]"

expected 0 >want
for parallelism in 1 3; do
    restored "plain$parallelism" "state.plain$parallelism" "$parallelism" s.savepoint
    is "restored over $parallelism workers it runs to its end" "$status" 0
    same "and the output is exact" want "plain$parallelism.got"
done

cp s.savepoint edited.savepoint
sql edited.savepoint 'UPDATE sums__windows SET "count(*).count" = "count(*).count" + 1000 WHERE k = 3'
run "$STREAMCTL" savepoint diff s.savepoint edited.savepoint
is "diff finds the edit" "$status" 1
is "one key of one table" "$(awk '$6 > 0 && NR > 1 { print $1, $4, $5, $6 }' "$TMP/out")" "sums__windows 0 0 1"
restored refused state.refused 2 edited.savepoint
ok "an edited savepoint is refused" test "$status" -ne 0
like "until it is sealed" "$TMP/err" "SD4430.*streamctl savepoint seal"
ok "and nothing has run" test ! -e refused
run "$STREAMCTL" savepoint inspect edited.savepoint
like "inspect says so, too" "$TMP/out" "changed since it was sealed"
run "$STREAMCTL" savepoint seal edited.savepoint
is "seal accepts it" "$status" 0
restored edited state.edited 2 edited.savepoint
is "then it is restored" "$status" 0
expected 1000 >want.edited
same "and the edit is in the output" want.edited edited.got

cp s.savepoint bad.savepoint
sql bad.savepoint 'UPDATE sums__windows SET "sum(n).sum" = "many" WHERE k = 3' 2>/dev/null ||
    sql bad.savepoint "UPDATE sums__windows SET \"sum(n).sum\" = 'many' WHERE k = 3"
run "$STREAMCTL" savepoint seal bad.savepoint
is "a value of another type is not sealed" "$status" 1
like "and named" "$TMP/err" "SD4433.*sums__windows.*_seq.*sum.n..sum.*'many'"

run "$STREAMCTL" savepoint export s.savepoint sums.windows
is "export writes CSV" "$(head -n 1 "$TMP/out" | cut -d, -f1-3)" "_ns,k,count(*).count"
is "with a line per row" "$(wc -l <"$TMP/out")" 8
run "$STREAMCTL" savepoint export --json s.savepoint sums__windows
is "and JSON" "$(python3 -c 'import json, sys; print(sorted(json.loads(l)["k"] for l in open(sys.argv[1])))' "$TMP/out")" \
    "[0, 1, 2, 3, 4, 5, 6]"
run "$STREAMCTL" savepoint export s.savepoint none
is "a table that is not there" "$status" 1
like "is answered with those that are" "$TMP/err" "sums__windows"

restored again state 2 s.savepoint
ok "a savepoint is not restored over other state" test "$status" -ne 0
done_testing
