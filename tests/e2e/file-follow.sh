#!/bin/bash
# The source `file` with `follow`: a live log that grows, is rotated in both ways, and ends by Ctrl-C.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >p.yaml <<'EOF'
version: 1
sources:
  lines: {type: file, config: {path: "app*.log", follow: true}, format: {type: raw}}
sinks:
  out: {type: stdout, inputs: [lines], format: {type: raw}}
EOF

pid=
# start: run the pipeline in the background; its output is in got.
start() {
    "$STREAMCTL" run --quiet p.yaml >got 2>err &
    pid=$!
}

# sees NAME LINES...: passes when the output is these lines, within some seconds.
sees() {
    local name=$1
    shift
    for _ in $(seq 100); do
        [ "$(cat got)" != "$(printf '%s\n' "$@")" ] || break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    is "$name" "$(cat got)" "$(printf '%s\n' "$@")"
}

# interrupt: Ctrl-C; the exit status is in status.
interrupt() {
    kill -INT "$pid"
    wait "$pid"
    status=$?
}

start
sleep 0.3
echo 1 >app.log
sees "a file that was not there yet" 1
echo 2 >>app.log
printf 3 >>app.log
sees "grows; a line that has no end yet waits" 1 2
echo 3 >>app.log
sees "until it ends" 1 2 33

mv app.log app.log.1
echo 4 >>app.log.1
echo 5 >app.log
sees "renamed and replaced: the old file to its end, then the new one" 1 2 33 4 5

cp app.log app.log.2
: >app.log
echo 6 >>app.log
sees "copied and truncated: from the beginning" 1 2 33 4 5 6

echo 7 >app-other.log
sees "a new file that the pattern matches" 1 2 33 4 5 6 7

mv app-other.log app-other2.log
echo 8 >>app-other2.log
sees "a file under a new name is not read twice" 1 2 33 4 5 6 7 8

echo x >>app.log
sees "and everything goes on" 1 2 33 4 5 6 7 8 x
interrupt
is "Ctrl-C ends it well" "$status" 0
is "and without a word" "$(cat err)" ""

done_testing
