#!/bin/bash
# Ctrl-C: reading stops, what was read flows out, no open window gives a result, and the summary says so.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >p.yaml <<'EOF'
version: 1
sources:
  rows:
    type: generator
    config:
      rate: 1000
      fields:
        n: {type: int64, sequence: {start: 0, step: 1}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 100ms}}
    event_time: {field: at}
operators:
  seconds: {type: window, inputs: [rows], config: {window: {tumbling: 1s}, select: {start: window_start, n: count(*)}}}
  days: {type: window, inputs: [rows], config: {window: {tumbling: 1d}, select: {start: window_start, n: count(*)}}}
sinks:
  s: {type: file, inputs: [seconds], config: {path: seconds}, format: {type: json}}
  d: {type: file, inputs: [days], config: {path: days}, format: {type: json}}
EOF

for signal in INT TERM; do
    rm -rf seconds days
    "$STREAMCTL" run p.yaml >got 2>err &
    pid=$!
    for _ in $(seq 100); do [ ! -e seconds/.part-0-0.json ] || break; sleep 0.02; done
    sleep 0.5
    kill -"$signal" $pid
    wait $pid
    is "SIG$signal: exit status" "$?" 0
    ok "SIG$signal: the windows that were full" test -s seconds/part-0-0.json
    is "SIG$signal: each of them whole" "$(sed -E 's/.*"n":([0-9]+).*/\1/' seconds/part-* | sort -u)" 10
    is "SIG$signal: not the others" "$(find days -type f)" ""
    like "SIG$signal: they are counted" err '^days +[0-9,]+ +0 +1 '
    like "SIG$signal: and it says why" err 'stopped by a signal'
done

# A reader that takes nothing: what was read cannot flow out. The second signal ends at once.
cat >stuck.yaml <<'EOF'
version: 1
sources:
  rows: {type: generator, config: {fields: {n: {type: int64, sequence: {start: 0, step: 1}}}}}
sinks:
  out: {type: stdout, inputs: [rows], format: {type: json}}
EOF
mkfifo pipe
exec 7<>pipe
"$STREAMCTL" run --quiet stuck.yaml >pipe 2>err &
pid=$!
sleep 0.5
kill -INT $pid
sleep 0.5
ok "a stuck reader: the first signal waits" kill -0 $pid
kill -INT $pid
wait $pid
ended=$?
ok "a stuck reader: the second one does not" test "$ended" -ne 0
exec 7>&-

done_testing
