#!/bin/bash
# examples/access-log.yaml on the 10,000 real lines, against the same figures from awk, and its table
# read back with sqlite3.
. "$(dirname "$0")/../tap.sh"

export LC_ALL=C
export ACCESS_LOG=$SRCDIR/examples/data/access.log.gz OUT=$TMP/out.d
columns="class, window_start, requests, ifnull(bytes, 'null'), hosts, ifnull(largest, 'null')"

# ndjson FOLDER SELECT: the parts of a folder as a table `rows' with one JSON text `r' per line.
ndjson() {
    cat "$1"/part-*.json >"$TMP/rows.ndjson"
    sqlite3 -cmd 'CREATE TABLE rows (r)' -cmd '.mode tabs' -cmd ".import $TMP/rows.ndjson rows" :memory: "$2"
}

gzip -dc "$ACCESS_LOG" >"$TMP/access.log"
awk -f "$SRCDIR/tests/oracle/access-log/classes.awk" "$TMP/access.log" >"$TMP/all"
grep -v '^bad' "$TMP/all" | sort >"$TMP/want"
grep '^bad' "$TMP/all" | cut -f2 >"$TMP/want.bad"
is "awk finds one line that is not in the format" "$(wc -l <"$TMP/want.bad")" 1

run "$STREAMCTL" run --quiet "$SRCDIR/examples/access-log.yaml"
is "the example runs" "$status" 0

ndjson "$OUT/classes" "
    SELECT r ->> 'class', r ->> 'window_start', r ->> 'requests', ifnull(r ->> 'bytes', 'null'),
           r ->> 'hosts', ifnull(r ->> 'largest', 'null') FROM rows" | sort >"$TMP/got"
same "windows per status class in the files" "$TMP/got" "$TMP/want"

sqlite3 -cmd '.mode tabs' "$OUT/log.db" "SELECT $columns FROM classes" | sort >"$TMP/got"
same "windows per status class in the table" "$TMP/got" "$TMP/want"

ndjson "$OUT/bad" "SELECT r ->> 'raw' FROM rows" >"$TMP/got"
same "the line that does not match, whole, in the error output" "$TMP/got" "$TMP/want.bad"
is "with node and time of the error, a code and a message" "$(ndjson "$OUT/bad" "
    SELECT r ->> 'node', r ->> 'code' <> '', r ->> 'message' <> '', r ->> 'origin' <> '', r ->> 'at' <> ''
    FROM rows" | tr '\t' ' ')" "requests 1 1 1 1"

run "$STREAMCTL" run --quiet "$SRCDIR/examples/access-log.yaml"
is "it runs again over its own output" "$status" 0
sqlite3 -cmd '.mode tabs' "$OUT/log.db" "SELECT $columns FROM classes" | sort >"$TMP/got"
same "and the table is the same, since rows are replaced by key" "$TMP/got" "$TMP/want"

done_testing
