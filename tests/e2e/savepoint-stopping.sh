#!/bin/bash
# A savepoint that is asked for while a run takes its last checkpoint, and one whose writer is killed.
# shellcheck disable=SC2317 # functions are called by wait_for
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/processes.sh"

cd "$TMP" || exit 99
export LC_ALL=C

{
    printf 'version: 1\nparallelism: 2\ncheckpoint: {every: 100ms}\n'
    hourly_pipeline 860000 10000 parts
} >p.yaml

checks() {
    "$STREAMCTL" status --state-dir "$1" --json 2>/dev/null >status.json
    python3 -c 'import json, sys; s = json.load(open("status.json")); sys.exit(not eval(sys.argv[1]))' "$2" 2>/dev/null
}

# worker_of PID: one of its children.
worker_of() {
    local found
    read -r -a found <<<"$(children "$1")"
    echo "${found[0]}"
}

"$STREAMCTL" run --state-dir state p.yaml >log 2>run.err &
pid=$!
wait_for checks state 's["checkpoints"]["completed"] >= 2'
# A worker that stands still holds the last checkpoint up for as long as it takes to ask.
worker=$(worker_of "$pid")
kill -STOP "$worker"
"$STREAMCTL" stop --state-dir state >stop.out 2>&1 &
stop=$!
wait_for checks state 's["state"] == "stopping"'
sleep 0.3
"$STREAMCTL" savepoint --state-dir state last.savepoint >savepoint.out 2>&1 &
savepoint=$!
sleep 0.3
kill -CONT "$worker"
wait "$savepoint"
is "a savepoint asked for while the last checkpoint is taken" "$?" 0
like "is made from it" savepoint.out "savepoint taken at checkpoint"
wait "$stop"
is "the stop is answered" "$?" 0
wait "$pid"
is "and the run ends" "$?" 0
run "$STREAMCTL" savepoint inspect last.savepoint
like "the savepoint is sealed" "$TMP/out" "sealed"
RATE=100000000 run "$STREAMCTL" run --quiet --state-dir restored --restore last.savepoint --accept-duplicates p.yaml
is "and is begun with" "$status" 0
hourly_sums 860000 >want
cat parts/part-*.json | sort >got
same "so that every window is there once" got want

# A savepoint large enough to be met while it is written.
cat >large.yaml <<'END'
version: 1
parallelism: 2
checkpoint: {every: 100ms}
sources:
  rows: {type: generator, config: {rows: 0, rate: 1000000, fields: {n: {type: int64, sequence: {start: 0, step: 1}}}}}
operators:
  keys: {type: dedup, inputs: [rows], key_by: [n]}
sinks:
  nowhere: {type: blackhole, delivery: at_least_once, inputs: [keys]}
END
"$STREAMCTL" run --state-dir killed large.yaml >log 2>run.err &
pid=$!
wait_for checks killed 's["checkpoints"]["completed"] >= 10'
read -r -a workers <<<"$(children "$pid")"

# kills_writer: ends the child that is neither of the workers.
kills_writer() {
    local p
    for p in $(children "$pid"); do
        case " ${workers[*]} " in
        *" $p "*) ;;
        *) kill -9 "$p" && return 0 ;;
        esac
    done
    return 1
}

"$STREAMCTL" savepoint --state-dir killed half.savepoint >savepoint.out 2>&1 &
savepoint=$!
wait_for test -s half.savepoint.tmp
kills_writer
wait "$savepoint"
is "a savepoint whose writer is killed fails" "$?" 1
like "and says so" savepoint.out "SD5503.*killed by signal 9"
is "nothing of it is left" "$(find . -name 'half.savepoint*')" ""
ok "the stream goes on" checks killed 's["state"] == "running" and s["attempts"] == 1'
run "$STREAMCTL" savepoint --state-dir killed half.savepoint
is "and the next one is taken" "$status" 0
run "$STREAMCTL" savepoint inspect half.savepoint
is "and whole" "$status" 0
kill -9 "${workers[@]}"
"$STREAMCTL" stop --state-dir killed >/dev/null 2>&1 || kill "$pid"
wait "$pid"
is "the run ends as ever" "$?" 0

# A checkpoint that fails says why.
mkdir failing
{
    printf 'version: 1\ncheckpoint: {every: 1s, timeout: 300ms}\n'
    hourly_pipeline 860000 10000 failing/parts
} >f.yaml
"$STREAMCTL" run --state-dir failing/state f.yaml >log 2>fail.err &
pid=$!
wait_for checks failing/state 's["checkpoints"]["completed"] >= 1 and not s["checkpoints"]["under_way"] and s["checkpoints"]["age_us"] < 500000'
worker=$(worker_of "$pid")
kill -STOP "$worker"
wait_for checks failing/state 's["checkpoints"]["failed"] >= 1'
ok "a checkpoint that failed is told with id, reason and when" checks failing/state \
    '(lambda f: f["checkpoint"] > 0 and f["age_us"] >= 0 and "worker 0" in f["why"] and "in time" in f["why"])(s["checkpoints"]["last_failure"])'
run "$STREAMCTL" status --state-dir failing/state
like "in words, too" "$TMP/out" "^checkpoint [0-9]+ failed [0-9.]+ s ago: worker 0 has not written its part in time"
kill -CONT "$worker"
kill "$pid"
wait "$pid"
like "and in the log" fail.err "checkpoint [0-9]+ failed: worker 0 has not written"
done_testing
