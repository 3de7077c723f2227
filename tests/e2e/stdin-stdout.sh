#!/bin/bash
# Standard input and output: pipes that are slow, that close, and that are full.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >copy.yaml <<'EOF'
version: 1
sources:
  in: {type: stdin, format: {type: raw}}
sinks:
  out: {type: stdout, inputs: [in], format: {type: raw}}
EOF
cat >endless.yaml <<'EOF'
version: 1
sources:
  in: {type: generator, config: {fields: {n: {type: int64, sequence: {start: 0, step: 1}}}}}
sinks:
  out: {type: stdout, inputs: [in], format: {type: json}}
EOF
copy() {
    "$STREAMCTL" run --quiet copy.yaml
}

seq 1 300000 >want
copy <want >got 2>err
is "a file in, a file out" "$?" 0
same "unchanged" got want
seq 1 300000 | copy 2>err | cat >got
is "through pipes" "${PIPESTATUS[*]}" "0 0 0"
same "unchanged" got want
{ sleep 0.3 && cat want; } | copy 2>err | { sleep 0.5 && cat; } >got
same "from a slow writer to a slow reader" got want
printf 'no end' | copy >got 2>err
is "a last line without its end" "$(cat got)" "no end"
copy </dev/null >got 2>err
is "nothing at all" "$?:$(cat got)" "0:"

mkfifo pipe
copy <pipe >got 2>err &
pid=$!
exec 7>pipe
echo one >&7
for _ in $(seq 50); do [ -s got ] || sleep 0.1; done
is "a line comes out while the writer rests" "$(cat got)" "one"
exec 7>&-
wait $pid
is "and the end is the end" "$?" 0

"$STREAMCTL" run --quiet endless.yaml 2>err | head -n 3 >got
is "the reader leaves: no failure" "${PIPESTATUS[0]}" 0
is "and no word" "$(cat err)" ""
is "what it took is right" "$(cat got)" '{"n":0}
{"n":1}
{"n":2}'

"$STREAMCTL" run --quiet endless.yaml >/dev/full 2>err
is "a full device fails" "$?" 1
like "and is named, with the byte" err "SD5220.*cannot write to standard output at byte 0: No space left on device"
"$STREAMCTL" run --quiet copy.yaml <"$TMP" >got 2>err
is "standard input that cannot be read" "$?" 1
like "is named" err "SD5210.*cannot read standard input at byte 0: Is a directory"

done_testing
