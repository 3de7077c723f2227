#!/bin/bash
# Savepoints that are asked for until the run is over: each is written, whole, or refused with a reason; the run waits for those
# that it has promised. And a child that is killed while it writes one.
# shellcheck disable=SC2317 # functions are called by wait_for
. "$(dirname "$0")/../tap.sh"
. "$(dirname "$0")/processes.sh"

cd "$TMP" || exit 99
{
    printf 'version: 1\nname: last\nparallelism: 2\ncheckpoint: {every: 50ms}\n'
    hourly_pipeline 40000 40000 parts
} >last.yaml

"$STREAMCTL" run --quiet --state-dir state last.yaml 2>run.err &
run=$!
wait_for test -S state/control.sock
written=0 other=0
for ((i = 0; i < 400; i++)); do
    "$STREAMCTL" savepoint --state-dir state "s$i.db" >said 2>&1
    case $? in
    0)
        written=$((written + 1))
        "$STREAMCTL" savepoint inspect "s$i.db" >/dev/null 2>&1 || other=$((other + 1))
        ;;
    69) break ;;
    *) grep -q 'run it again with this state directory' said || { other=$((other + 1)) && diag "$(cat said)"; } ;;
    esac
done
wait "$run"
is "the run ends well" "$?" 0
ok "savepoints were written while it ran ($written)" test "$written" -ge 3
is "each that was said to be written is whole, and nothing else was said" "$other" 0
is "nothing is left half written" "$(find . -name '*.db.tmp' | wc -l)" 0
cat parts/part-*.json | sort >got
hourly_sums 40000 >expected
ok "and its output is exact" diff expected got

# A savepoint large enough to be met while it is written.
cat >large.yaml <<'END'
version: 1
checkpoint: {every: 100ms}
sources:
  rows:
    type: generator
    config:
      rows: 0
      rate: 1000000
      fields: {n: {type: int64, sequence: {start: 0, step: 1}}}
operators:
  keys: {type: dedup, inputs: [rows], key_by: [n]}
sinks:
  nowhere: {type: blackhole, delivery: at_least_once, inputs: [keys]}
END
"$STREAMCTL" run --quiet --state-dir large large.yaml 2>large.err &
run=$!
has_rows() {
    "$STREAMCTL" status --state-dir large --json 2>/dev/null |
        python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["checkpoints"]["last"] < 12)'
}
wait_for has_rows
"$STREAMCTL" savepoint --state-dir large killed.db >killed.out 2>&1 &
asked=$!
kill_child() { pkill -KILL -P "$run" -f 'streamd savepoint create'; }
if wait_for kill_child; then
    wait "$asked"
    is "a savepoint whose child is killed has failed" "$?" 1
    ok "for that reason" grep -q 'signal' killed.out
    is "and leaves nothing" "$(find . -name 'killed.db*')" ""
    run timeout 60 "$STREAMCTL" savepoint --state-dir large good.db
    is "the next one is written" "$status" 0
    run "$STREAMCTL" savepoint inspect good.db
    is "and whole" "$status" 0
else
    for what in failed reason nothing next whole; do
        skip "a killed child: $what" "it was not met while it wrote"
    done
fi
"$STREAMCTL" stop --state-dir large >/dev/null 2>&1
wait "$run"
is "and the run ends well" "$?" 0

done_testing
