#!/bin/bash
# The access log in 10 s windows: its many late lines go to the late output, and every line is accounted for.
#
# Which lines are late depends on where batches end, since a watermark follows each batch. With batches of
# one row that is exact, and compared line by line with awk. With the default batches the sums must still
# be right: on time + late + rejected = 10,000, and no line in two places.
. "$(dirname "$0")/../tap.sh"

export LC_ALL=C
export ACCESS_LOG=$SRCDIR/examples/data/access.log.gz

# fields FOLDER EXPRESSION...: one line of tab-separated values of each record of a folder's parts.
fields() {
    cat "$1"/part-*.json >"$TMP/rows.ndjson" 2>/dev/null
    shift
    sqlite3 -cmd 'CREATE TABLE rows (r)' -cmd '.mode tabs' -cmd ".import $TMP/rows.ndjson rows" :memory: \
        "SELECT $* FROM rows"
}

sum() {
    awk '{ n += $1 } END { print n + 0 }'
}

gzip -dc "$ACCESS_LOG" >"$TMP/access.log"
awk -f "$SRCDIR/tests/oracle/access-log/late.awk" "$TMP/access.log" | sort >"$TMP/all"
grep '^late' "$TMP/all" | cut -f2- >"$TMP/want.late"
grep '^window' "$TMP/all" | cut -f2- | sort -n >"$TMP/want.windows"

run env STREAMD_BATCH_ROWS=1 OUT="$TMP/one" "$STREAMCTL" run --quiet "$SRCDIR/tests/data/access-log-late.yaml"
is "it runs with batches of one row" "$status" 0
# The time as awk prints it: 2015-05-17T10:05:03Z -> 17/May/2015:10:05:03
fields "$TMP/one/late" "r ->> 'host', substr(r ->> 'at', 9, 2) || '/May/2015:' || substr(r ->> 'at', 12, 8),
    r ->> 'path'" | sort >"$TMP/got"
same "the late lines are those that the watermark makes late" "$TMP/got" "$TMP/want.late"
fields "$TMP/one/counts" "strftime('%s', r ->> 'window_start') - strftime('%s', '2015-04-30'), r ->> 'requests'" |
    sort -n >"$TMP/got"
same "and the others are in their windows" "$TMP/got" "$TMP/want.windows"

run env OUT="$TMP/many" "$STREAMCTL" run --quiet "$SRCDIR/tests/data/access-log-late.yaml"
is "it runs with batches of any size" "$status" 0
late=$(fields "$TMP/many/late" "1" | sum)
on_time=$(fields "$TMP/many/counts" "r ->> 'requests'" | sum)
bad=$(fields "$TMP/many/bad" "1" | sum)
is "one line is rejected" "$bad" 1
is "every line is on time, late or rejected" $((late + on_time + bad)) 10000
ok "no line is late that a batch of one row finds on time" test "$late" -le "$(wc -l <"$TMP/want.late")"
is "and a window has one result" "$(fields "$TMP/many/counts" "count(*) - count(DISTINCT r ->> 'window_start')")" 0

done_testing
