#!/bin/bash
# Savepoints that are asked for until the run is over: each is written, whole, or refused with a reason; the run waits for those
# that it has promised.
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

done_testing
