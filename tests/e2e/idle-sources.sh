#!/bin/bash
# Idle sources: they hold nobody back, they come back for their last word, and what a node says when it goes idle
# arrives in order. Each case waits for its result; a slow machine makes it slower, not wrong.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
first='{"k":"a","at":"2024-01-01T00:00:00Z"}'
printf '%s\n' '{"k":"b","at":"2024-01-01T00:00:01Z"}' '{"k":"b","at":"2024-01-01T00:10:00Z"}' >file.ndjson

# source NAME TYPE CONFIG IDLE: one entry of `sources:`.
source_entry() {
    printf '  %s: {type: %s, config: {%s}, format: {type: json}, schema: {k: string, at: timestamp}, ' "$1" "$2" "$3"
    printf 'event_time: {field: at, idle_after: %s}}\n' "$4"
}

# pipeline FILE IDLE-OF-FILE OPERATORS: stdin and a followed file, united by the operator that reads [a, b].
pipeline() {
    {
        printf 'version: 1\nsources:\n'
        source_entry a stdin '' 300ms
        source_entry b file 'path: file.ndjson, follow: true' "$2"
        printf 'operators:\n%s\n' "$3"
        printf 'sinks:\n  o: {type: stdout, inputs: [w], format: {type: json}}\n'
    } >"$1"
}

# wait_for FILE: until it has a line, at most 20 s.
# shellcheck disable=SC2317 # called through ok
wait_for() {
    for _ in $(seq 200); do [ ! -s "$1" ] || return 0; sleep 0.1; done
    return 1
}

window='window: {tumbling: 1m}, select: {s: window_start, n: count(*)}'
pipeline direct.yaml 60s "  w: {type: window, inputs: [a, b], config: {$window}}"
pipeline chain.yaml 100ms "  u: {type: select, inputs: [a, b], config: {keep: all}}
  w: {type: window, inputs: [u], config: {$window}}"

for name in direct chain; do
    mkfifo "$name.in"
    "$STREAMCTL" run --quiet "$name.yaml" <"$name.in" >"$name.out" 2>err &
    pid=$!
    exec 9>"$name.in"
    echo "$first" >&9
    ok "$name: a silent input holds no window back" wait_for "$name.out"
    is "$name: which has the rows of both" "$(head -n 1 "$name.out")" '{"s":"2024-01-01T00:00:00Z","n":2}'
    kill -INT $pid
    exec 9>&-
    wait $pid
done

{
    printf 'version: 1\nsources:\n'
    source_entry a stdin '' 50ms
    printf 'operators:\n  w: {type: window, inputs: [a], config: {%s}}\n' "$window"
    printf 'sinks:\n  o: {type: stdout, inputs: [w], format: {type: json}}\n'
} >last.yaml
(echo "$first"; sleep 1) | "$STREAMCTL" run --quiet last.yaml >last.out 2>err
is "an input that ends while it is idle fires its windows" "$(cat last.out)" '{"s":"2024-01-01T00:00:00Z","n":1}'

done_testing
