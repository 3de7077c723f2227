#!/bin/bash
# A run with a state directory: stopped, killed, rescaled and started again, its output is exact; an edited file
# is compared with what is there; control.sock answers.
# shellcheck disable=SC2317 # functions are called by wait_for
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/processes.sh"

cd "$TMP" || exit 99
export LC_ALL=C

{
    printf 'version: 1\nparallelism: 2\ncheckpoint: {every: 100ms}\n'
    printf 'restart: {policy: exponential, initial: 10ms, max: 1s, reset_after: 1m}\n'
    hourly_pipeline 400000 20000 parts
} >p.yaml
hourly_sums 400000 >want

# begin [OPTION...]: a run in the background; its $pid, when all of its workers run.
begin() {
    "$STREAMCTL" run --state-dir state "$@" p.yaml >log 2>run.err &
    pid=$!
    wait_for is_running
}

is_running() {
    "$STREAMCTL" status --state-dir state --json 2>/dev/null | grep -q '"state":"running"'
}

# status EXPRESSION: something of the status, which is `s' there.
status_of() {
    "$STREAMCTL" status --state-dir state --json | python3 -c "import json, sys; s = json.load(sys.stdin); print($1)"
}

has_completed() {
    [ "$(status_of 's["checkpoints"]["completed"]')" -ge "$1" ]
}

# has_restarted N: after N failures, all workers run again.
has_restarted() {
    [ "$(status_of 's["restarts"]["total"], s["state"]')" = "$1 running" ]
}

fresh() {
    rm -rf state parts
}

# finish: what is left, as fast as it goes.
finish() {
    run env RATE=100000000 "$STREAMCTL" run --quiet --state-dir state p.yaml
}

# exact NAME: the output is whole and right.
exact() {
    cat parts/part-*.json 2>/dev/null | sort >got
    same "$1" got want
    is "and no part is left unfinished" "$(find parts -name '.part*' -type f)" ""
}

# --- To the end, and again ---------------------------------------------------------------------

run env RATE=100000000 "$STREAMCTL" run --quiet --state-dir state p.yaml
is "from the beginning to the end" "$status" 0
exact "the output is right"
run env RATE=100000000 "$STREAMCTL" run --json --state-dir state p.yaml
is "once more" "$status" 0
exact "there is nothing left to do"
is "no socket is left" "$(find state -name '*.sock')" ""

# --- Stop and go on ----------------------------------------------------------------------------

fresh
begin
wait_for has_completed 2
kill -INT $pid
wait $pid
is "SIGINT: exit status" "$?" 0
like "it stops at a checkpoint" run.err 'stopping at a checkpoint'
ok "not all of it is there" test "$(cat parts/part-*.json 2>/dev/null | wc -l)" -lt "$(wc -l <want)"
begin --parallelism 3
wait_for has_completed 2
run "$STREAMCTL" stop --state-dir state
is "stop: exit status" "$status" 0
like "it says at which checkpoint" out 'stopped at checkpoint [0-9]+'
wait $pid
is "and the run ends well" "$?" 0
finish
is "the rest" "$status" 0
exact "the output is right"

# --- Kill and go on ----------------------------------------------------------------------------

fresh
begin
wait_for has_completed 2
for i in 1 2 3; do
    read -r -a workers <<<"$(children $pid)"
    kill -KILL "${workers[$((i % 2))]}"
    wait_for has_restarted $i
    wait_for has_completed $((2 + i))
done
is "workers that were killed are counted" "$(status_of 's["restarts"]["total"]')" 3
like "and told" run.err 'worker [01] was killed by signal 9 .*starting again in 10 ms'
is "with their cause in the status" "$(status_of 's["restarts"]["last_failure"]["diagnostic"]')" 5501
kill -KILL $pid
wait $pid 2>/dev/null
begin --parallelism 4
like "the coordinator killed: it goes on from a checkpoint" run.err 'going on from checkpoint'
kill -TERM $pid
wait $pid
is "stopped by SIGTERM" "$?" 0
finish
is "to the end" "$status" 0
exact "the output is right"

# A worker that is lost while the run is being stopped: no other attempt, and no failure.
fresh
begin
wait_for has_completed 2
read -r -a workers <<<"$(children $pid)"
kill -STOP "${workers[0]}"
kill -TERM $pid
is_stopping() {
    [ "$(status_of 's["state"]')" = stopping ]
}
wait_for is_stopping
kill -KILL "${workers[0]}"
wait $pid
is "a worker lost while it stops: exit status" "$?" 0
like "which is told" run.err 'warning: worker [01] was killed by signal 9.*is not started again'
finish
is "to the end" "$status" 0
exact "the output is right"

# --- While it runs -----------------------------------------------------------------------------

fresh
begin
run "$STREAMCTL" run --state-dir state p.yaml
is "a second run with the same state directory" "$status" 75
like "is refused" err 'SD4401'
wait_for has_completed 1
for n in 4 1 3; do
    run "$STREAMCTL" rescale --state-dir state $n
    is "rescale to $n" "$status" 0
    is "the status says so" "$(status_of 's["parallelism"], len(s["workers"]), s["state"]')" "$n $n running"
done
run "$STREAMCTL" rescale --state-dir state 129
is "more workers than key groups are refused" "$status" 1
like "with the reason" err 'SD2012'
is "and it runs on" "$(status_of 's["parallelism"]')" 3

read -r -a workers <<<"$(children $pid)"
kill -STOP "${workers[1]}"
is_silent() {
    [ "$(status_of 's["workers"][1]["stuck"] is not None')" = True ]
}
ok "a worker that is stopped is reported" wait_for is_silent
kill -CONT "${workers[1]}"
ok "and answers again" wait_for eval '! is_silent'
run "$STREAMCTL" status --state-dir state
like "the status for people" out '^p: running, attempt 4 over 3 workers$'
"$STREAMCTL" stop --quiet --state-dir state
wait $pid
finish
is "to the end" "$status" 0
exact "the output is right"
run "$STREAMCTL" status --state-dir state
is "nobody answers when nothing runs" "$status" 69

# --- Savepoints --------------------------------------------------------------------------------

fresh
begin
wait_for has_completed 1 # an hour of event time takes longer: there is no output yet
run "$STREAMCTL" savepoint --state-dir state early.db
is "a savepoint of a running pipeline" "$status" 0
like "says where it was taken" out 'savepoint taken at checkpoint [0-9]+'
is "there is no output yet" "$(find parts -name 'part-*')" ""
is "it runs on" "$(status_of 's["state"]')" running
run "$STREAMCTL" savepoint --state-dir state early.db
is "a file is not overwritten" "$status" 1
like "which is said" err 'SD4434'
run "$STREAMCTL" run --quiet --state-dir state --restore early.db p.yaml
is "while it runs there is no restoring over it" "$status" 75
"$STREAMCTL" stop --quiet --state-dir state
wait $pid
run "$STREAMCTL" run --quiet --state-dir state --restore early.db p.yaml
is "nor afterwards" "$status" 78
like "since a savepoint begins a new one" err 'SD5512'
fresh
run env RATE=100000000 "$STREAMCTL" run --quiet --state-dir state --restore early.db --parallelism 3 p.yaml
is "restored into a new one, at another parallelism" "$status" 0
exact "the output is right"
fresh
sqlite3 early.db 'UPDATE sums__windows SET k = k + 1 WHERE k = 6'
run "$STREAMCTL" run --quiet --state-dir state --restore early.db p.yaml
is "a savepoint that was changed is refused" "$status" 78
like "until it is sealed" err 'SD443[01]'

# --- Other files -------------------------------------------------------------------------------

fresh
begin
wait_for has_completed 1
"$STREAMCTL" stop --quiet --state-dir state
wait $pid
cp p.yaml other.yaml
run "$STREAMCTL" run --state-dir state other.yaml
is "another pipeline" "$status" 78
like "is refused" err 'SD4413'
cp p.yaml saved.yaml

sed -i 's/  sums: /  summed: /; s/\[sums\]/[summed]/' p.yaml
run "$STREAMCTL" run --quiet --state-dir state p.yaml
is "a node with state that is gone" "$status" 78
like "is refused" err "SD5511: .*node 'sums' is gone, with its state \(--drop-state sums gives it up\)"
run "$STREAMCTL" run --quiet --state-dir state --drop-state nothing p.yaml
like "a name that was never there" err 'the checkpoint has no such node'
sed 's/k: n % 7/k: n::string/' saved.yaml >p.yaml
run "$STREAMCTL" run --quiet --state-dir state p.yaml
is "a key of another type" "$status" 78
like "is refused" err "SD5511: .*sums: key 1"
sed 's/^sinks:/  more: {type: filter, inputs: [sums], config: {where: rows > 0}}\nsinks:/; s/inputs: \[sums\], config: {path/inputs: [more], config: {path/' saved.yaml >p.yaml
run "$STREAMCTL" run --quiet --state-dir state --drop-state sums p.yaml
like "a node that is still there is not given up" err "the node is still in the file"
finish
is "a new node is taken" "$status" 0
exact "the output is right"

# --- Failures that are final -------------------------------------------------------------------

fresh
cp saved.yaml p.yaml
sed -i 's/^restart:.*/restart: {policy: none}/' p.yaml
begin
wait_for has_completed 1
read -r -a workers <<<"$(children $pid)"
kill -KILL "${workers[0]}"
wait $pid
is "without restarts a failure is the end" "$?" 1
like "which is told" run.err 'SD5501: the restart policy allows no more attempts: worker 0 was killed'
finish
is "started by hand" "$status" 0
exact "the output is right"

# A record that fails again and again is named, with the way out.
cat >poison.yaml <<'EOF'
version: 1
parallelism: 2
restart: {policy: exponential, initial: 10ms, max: 1s, reset_after: 1m, poison: 3}
sources: {in: {type: file, config: {path: in.csv}, schema: {n: int64}, format: {type: csv}}}
operators: {d: {type: select, inputs: [in], config: {fields: {q: 100 / n}}}}
sinks: {out: {type: file, inputs: [d], config: {path: quotients}, format: {type: json}}}
EOF
{
    echo n
    seq 1 50
    echo 0
} >in.csv
run "$STREAMCTL" run --quiet --state-dir poisoned poison.yaml
is "the same record fails three times" "$status" 1
like "which is told, and what helps" err 'SD5102: failed 3 times in a row at the same record .on_error .*"n":0'
sed -i 's/^0$/10/' in.csv
run "$STREAMCTL" run --quiet --state-dir poisoned poison.yaml
is "without that record it goes on" "$status" 0
is "and all of it is there" "$(cat quotients/part-*.json | wc -l)" 51

run "$STREAMCTL" status
is "without a state directory there is nobody to ask" "$status" 64
run "$STREAMCTL" status --state-dir nowhere
is "nor where there is no folder" "$status" 69
run "$STREAMCTL" run --restore x.db p.yaml
is "a savepoint needs a state directory" "$status" 64

done_testing
