#!/bin/bash
# at_end: savepoint. Windows that are open when the input ends stay in the state directory, and go on with more input; without
# a state directory there is nowhere to keep them.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
mkdir input
cat >open.yaml <<'END'
version: 1
at_end: ${AT_END:-savepoint}
checkpoint: {every: 1s}
sources:
  rows:
    type: file
    config: {path: "input/*.csv", merge: 2}
    format: {type: csv}
    schema: {at: timestamp, k: int64, n: int64}
    event_time: {field: at}
operators:
  sums: {type: window, inputs: [rows], key_by: [k], config: {window: {tumbling: 1d}, select: {rows: count(*), total: sum(n)}}}
sinks:
  out: {type: file, inputs: [sums], config: {path: parts}, format: {type: json}}
END

# day FILE FIRST: a hundred rows of one day.
day() {
    awk -v first="$2" 'BEGIN {
        print "at,k,n"
        for (n = first; n < first + 100; n++)
            printf "2025-01-01T%02d:%02d:00Z,%d,%d\n", int(n / 60), n % 60, n % 3, n
    }' >"input/$1.csv"
}

day a 0
run "$STREAMCTL" run --quiet open.yaml
is "without a state directory it is refused" "$status" 78
like "since nothing would keep them" "$TMP/err" "SD5513.*--state-dir"
for workers in 1 3; do
    rm -rf parts state input/b.csv
    run "$STREAMCTL" run --quiet --parallelism $workers --state-dir state open.yaml
    is "$workers: the run ends well" "$status" 0
    is "$workers: and nothing has fired" "$(cat parts/*.json 2>/dev/null | wc -l)" 0
    day b 100
    run "$STREAMCTL" run --quiet --parallelism $workers --state-dir state open.yaml
    is "$workers: more input is taken" "$status" 0
    is "$workers: and nothing has fired yet" "$(cat parts/*.json 2>/dev/null | wc -l)" 0
    run env AT_END=drain "$STREAMCTL" run --quiet --parallelism $workers --state-dir state open.yaml
    is "$workers: in the end all is drained" "$status" 0
    cat parts/*.json | sort >got
    awk 'BEGIN {
        for (n = 0; n < 200; n++) { rows[n % 3]++; total[n % 3] += n }
        for (k = 0; k < 3; k++) printf "{\"k\":%d,\"rows\":%d,\"total\":%d}\n", k, rows[k], total[k]
    }' | sort >expected
    ok "$workers: and the windows have all rows" diff expected got
done

run env AT_END=drain "$STREAMCTL" run open.yaml
is "checkpoints without a place are no error" "$status" 0
like "but are spoken of" "$TMP/err" "no effect without --state-dir"

done_testing
