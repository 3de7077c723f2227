#!/bin/bash
# A pipeline over several worker processes, without a state directory: the same results, the same problems
# shown, nothing inherited, nobody left behind.
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/processes.sh"

cd "$TMP" || exit 99
export LC_ALL=C

{
    printf 'version: 1\nparallelism: 2\n'
    hourly_pipeline 200000 100000000 out
} >p.yaml
hourly_sums 200000 >want

for n in 1 2 4 7; do
    run env OUT="out$n" "$STREAMCTL" run --quiet --parallelism "$n" p.yaml
    is "it runs over $n workers" "$status" 0
    cat "out$n"/part-*.json | sort >got
    same "with the right result" got want
done
run env OUT=json "$STREAMCTL" run --json p.yaml
is "the file's own number of workers" "$status" 0
is "rows are summed up over them" "$(python3 -c '
import json
print([(n["name"], n["rows_in"], n["rows_out"], n["watermark"]) for n in json.load(open("out"))["nodes"]])')" \
    "[('rows', 0, 200000, 'end'), ('keyed', 200000, 200000, 'end'), ('sums', 200000, 42, 'end'), ('out', 42, 0, 'end')]"

# A file that is not valid: the same words as those of validate, which looks without workers.
sed 's/total: sum(n)/total: sum(m)/' p.yaml >bad.yaml
run "$STREAMCTL" validate bad.yaml
mv err want.err
run "$STREAMCTL" run bad.yaml
is "a file that is not valid" "$status" 78
same "is shown as by validate" err want.err
"$STREAMCTL" validate --json bad.yaml >want.json
run "$STREAMCTL" run --json bad.yaml
same "and as JSON" out want.json
run "$STREAMCTL" run --parallelism 129 p.yaml
is "more workers than key groups" "$status" 78
like "says so" err 'SD2012'

run env STREAMD_PROGRAM=/nowhere/streamd "$STREAMCTL" run p.yaml
is "without the program of workers" "$status" 1
like "its name is told" err 'cannot start /nowhere/streamd: No such file'

# Standard input goes to whoever gets its split.
cat >stdin.yaml <<'EOF'
version: 1
parallelism: 3
sources: {in: {type: stdin, schema: {n: int64}, format: {type: csv}}}
operators: {s: {type: window, inputs: [in], config: {window: {global: true}, select: {total: sum(n)}}}}
sinks: {out: {type: stdout, inputs: [s], format: {type: json}}}
EOF
{
    echo n
    seq 1000
} | "$STREAMCTL" run --quiet stdin.yaml >out 2>err
is "standard input and output" "$(cat out)" '{"total":500500}'

# --- Processes -----------------------------------------------------------------------------------

# start: a slow run over two workers in the background; its $pid and its ${workers[@]}.
start() {
    rm -rf out
    exec 9</dev/null # shall not be inherited
    RATE=20000 "$STREAMCTL" run p.yaml >log 2>err &
    pid=$!
    wait_for has_workers $pid 2
    read -r -a workers <<<"$(children $pid)"
    wait_for test -e out
    sleep 0.3
}

start
is "two workers" "${#workers[@]}" 2
for w in "${workers[@]}"; do
    is "a worker leads a group of its own" "$(awk '{ print $5 }' "/proc/$w/stat")" "$w"
done
is "it has no signal blocked" "$(awk '/^SigBlk/ { print $2 }' "/proc/${workers[0]}/status")" 0000000000000000
find "/proc/${workers[1]}/fd" -printf '%l\n' | sed 's/[0-9:\[]*\]*$//; /^$/d' | sort -u >fds
unlike "no descriptor of the coordinator is in it" fds 'pidfd|inotify|signalfd|pipe|epoll'
kill -KILL "${workers[1]}"
wait $pid
is "a worker that is killed fails the run" "$?" 1
like "which says so" err 'SD5501: worker [01] was killed by signal 9'
ok "and leaves nobody behind" wait_for are_gone "${workers[@]}"

start
kill -KILL $pid
wait $pid 2>/dev/null
ok "workers die with the coordinator" wait_for are_gone "${workers[@]}"

start
kill -INT $pid
wait $pid
is "interrupted: exit status" "$?" 0
like "what was read flows out, windows do not fire" err 'stopped by a signal'
ok "nobody is left" wait_for are_gone "${workers[@]}"

start
kill -STOP "${workers[0]}"
kill -INT $pid
sleep 0.3
ok "a stuck worker: the first signal waits" kill -0 $pid
kill -INT $pid
wait $pid
ended=$?
ok "the second one does not" test $ended -ne 0
ok "and nobody is left" wait_for are_gone "${workers[@]}"

done_testing
