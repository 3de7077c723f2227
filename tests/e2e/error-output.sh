#!/bin/bash
# Rows that an operator rejects: whole in NODE.error, whoever reads them; long ones cut at a character.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >rows.yaml <<'EOF'
version: 1
sources:
  a: {type: file, config: {path: rows.ndjson}, format: {type: json}, schema: {k: string, u: string, v: int64}}
operators:
  s: {type: select, inputs: [a], on_error: output, config: {fields: {q: "10 / v"}}}
sinks:
  o: {type: blackhole, inputs: [s]}
  e: {type: file, inputs: [s.error], config: {path: error}, format: {type: json}}
EOF

# raw: the records in the error output, one a line.
raw() {
    python3 -c 'import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    print(json.loads(line)["raw"])' error/part-0-0.json
}

printf '%s\n' '{"k":"x","u":"nobody reads this","v":0}' '{"k":"y","u":"nor this","v":5}' >rows.ndjson
run "$STREAMCTL" run --quiet rows.yaml
is "a rejected row does not fail the pipeline" "$status" 0
is "it is there with all its fields" "$(raw)" '{"k":"x","u":"nobody reads this","v":0}'

rm -rf error
python3 -c 'print("{\"k\":\"%s\",\"u\":\"\",\"v\":0}" % ("\u20ac" * 30000)); print("{\"k\":\"%s\",\"u\":\"\",\"v\":0}" % ("a" * 200000))' \
    >rows.ndjson
run "$STREAMCTL" run --quiet rows.yaml
is "long rows are rejected like others" "$status" 0
is "both of them" "$(raw | wc -l)" 2
raw >shortened
ok "they are cut" test "$(wc -c <shortened)" -lt 132000
is "and end so" "$(grep -c '\.\.\.$' shortened)" 2
ok "at a character" iconv -f UTF-8 -t UTF-8 shortened

cat >unite.yaml <<'EOF'
version: 1
sources:
  p: {type: file, config: {path: rows.ndjson}, format: {type: json}, schema: {k: string, n: int64, w: timestamp},
      event_time: {field: w}}
operators:
  w:
    type: window
    inputs: [p]
    key_by: [k]
    config: {window: {tumbling: 1m, allowed_lateness: 1m}, select: {n: count(*), w: window_start}}
  u: {type: select, inputs: [p, w], config: {keep: all}}
sinks:
  o: {type: blackhole, inputs: [u]}
EOF
run "$STREAMCTL" validate unite.yaml
is "appended rows and updates cannot be united" "$status" 78
like "which is said at the second input" err 'unite.yaml:11:[0-9]+: error\[SD2303\].*append.*upsert'

done_testing
