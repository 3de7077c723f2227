#!/bin/bash
# Sources take turns by event time, but checkpoints wait for no turn: one that has ended, or is far ahead, takes part
# while another is read. Otherwise no checkpoint would ever be complete, and no part get its name before the end.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >turns.yaml <<'END'
version: 1
checkpoint: {every: 100ms}
sources:
  short:
    type: generator
    config: {rows: 3, fields: {at: {type: timestamp, sequence: {start: "2030-01-01T00:00:00Z"}}}}
    event_time: {field: at}
  ahead:
    type: generator
    config: {rows: 0, rate: 100, fields: {at: {type: timestamp, sequence: {start: "2029-01-01T00:00:00Z"}}}}
    event_time: {field: at}
  long:
    type: generator
    config: {rows: 0, fields: {at: {type: timestamp, sequence: {step: 1us}}}}
    event_time: {field: at}
sinks:
  one: {type: blackhole, delivery: at_least_once, inputs: [short]}
  two: {type: blackhole, delivery: at_least_once, inputs: [ahead]}
  three: {type: blackhole, delivery: at_least_once, inputs: [long]}
END
"$STREAMCTL" run --quiet --state-dir state turns.yaml 2>run.err &
run=$!

# completed: how many checkpoints are, at most 20 s for three of them.
completed() {
    local n=0
    for _ in $(seq 200); do
        n=$("$STREAMCTL" status --json --state-dir state 2>/dev/null |
            sed -n 's/.*"completed": *\([0-9]*\).*/\1/p' | head -n 1)
        [ "${n:-0}" -lt 3 ] || break
        sleep 0.1
    done
    echo "${n:-0}"
}
ok "checkpoints are complete while one source has ended and another is ahead" test "$(completed)" -ge 3
run timeout 60 "$STREAMCTL" stop --state-dir state
is "so that it can be stopped" "$status" 0
wait "$run"
is "and ends well" "$?" 0

done_testing
