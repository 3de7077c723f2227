#!/bin/bash
# What a user sees of a bad file: every layer's problems in one run, with carets, exit code 78, as
# JSON, without colour in a pipe, and never a secret.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
export CANARY=canary-4711
mkdir credentials
echo canary-4711 >credentials/kafka
cat >orders.yaml <<'YAML'
version: 1
name: order
savepoint: {keep: 2}
sources:
  clicks:
    type: file
    config: {path: "x-${CANARY}", folow: true, password: canary-4711}
    format: {type: jsn}
    schema: {user: string, at: timestamp, amount: float46}
    event_time: {field: at, out_of_orderness: 30}
  paid:
    type: stdin
    format: {type: raw}
operators:
  big:
    type: filter
    inputs: [clics]
    config: {where: amount >}
  lines:
    type: filter
    inputs: [paid]
    config: {where: "upper(lien) LIKE 'A%' AND length(line) > 'x"}
  more:
    type: fliter
    inputs: [paid]
sinks:
  out: {type: stdout, inputs: [lines], format: {type: json}, on_error: skp}
  in: {type: file, inputs: [more], config: {path: /tmp/x, pasword: "${cred:kafka}"}, format: {type: json}}
YAML
CREDENTIALS_DIRECTORY=$TMP/credentials run "$STREAMCTL" validate orders.yaml
is "a bad file has exit code 78" "$status" 78
is "nothing of it is on standard output" "$(cat out)" ""
unlike "no colour in a pipe" err "$(printf '\033')"

# line:column code, by position: the file, its keys, plugins, options, types, edges, expressions.
grep -o '^orders.yaml:[0-9:]* error\[SD[0-9]*\]' err | sed 's/^orders.yaml:\([0-9:]*\): error\[\(.*\)\]/\1 \2/' >found
cat >want <<'WANT'
2:7 SD1302
3:1 SD1209
7:35 SD1201
7:48 SD1201
8:20 SD3001
9:51 SD2020
10:47 SD1205
17:14 SD2003
22:63 SD2101
24:11 SD3001
27:72 SD1206
28:59 SD1201
WANT
same "all problems in one run, each in its place" found want
like "a proposal for a word" err "help: did you mean 'follow'\?"
like "for a plugin" err "did you mean 'filter'\?"
like "for an input" err "did you mean 'clicks'\?"

CREDENTIALS_DIRECTORY=$TMP/credentials run "$STREAMCTL" run orders.yaml
is "such a file does not run" "$status" 78
for verb in validate run echo graph; do
    CREDENTIALS_DIRECTORY=$TMP/credentials run "$STREAMCTL" "$verb" orders.yaml
    cat out err
    CREDENTIALS_DIRECTORY=$TMP/credentials run "$STREAMCTL" "$verb" orders.yaml --json
    cat out err
done >all 2>&1
sed -i '/x-canary-4711/d' all # what an environment variable holds is no secret
unlike "no secret is in any output" all canary-4711

CREDENTIALS_DIRECTORY=$TMP/credentials run "$STREAMCTL" validate --json orders.yaml
is "the same as JSON" "$(python3 - out <<'PYTHON'
import json, sys
errors = json.load(open(sys.argv[1]))["errors"]
keys = ["code", "severity", "file", "line", "column", "end_column", "path", "message", "help"]
assert all(list(e) == keys for e in errors), errors
for e in errors:
    print(f"{e['line']}:{e['column']} {e['code']}")
PYTHON
)" "$(cat want)"
is "with the path of the value" "$(python3 -c '
import json
print([e["path"] for e in json.load(open("out"))["errors"] if e["line"] == 9])')" "['sources.clicks.schema.amount']"

# --- one mistake, one message ---------------------------------------------------------------------
one() {
    run "$STREAMCTL" validate one.yaml
    grep -o 'error\[SD[0-9]*\]' err | tr '\n' ' '
}
cat >one.yaml <<'YAML'
version: 1
sources: {a: {type: file, config: {path: "${UNSET_VARIABLE}"}, format: {type: raw}}}
operators: {f: {type: filter, inputs: [a], config: {where: length(nothing) > 0}}}
sinks: {z: {type: stdout, inputs: [f], format: {type: json}}}
YAML
is "a variable that is not set hides what depends on it" "$(one)" "error[SD1101] "
sed -i 's/UNSET_VARIABLE}/UNSET_VARIABLE:-x}/; s/type: raw/type: raww/' one.yaml
is "a format that does not exist hides what depends on it" "$(one)" "error[SD3001] "

# No plugins at all are one problem.
cp "$STREAMCTL" alone
STREAMD_PLUGIN_PATH=$TMP/nowhere run ./alone validate "$SRCDIR/examples/json-filter.yaml"
if grep -q "there are no plugins in $TMP/nowhere" err; then
    is "no plugins at all are one problem" "$(grep -c error err)" 1
else
    skip "no plugins at all are one problem" "there are some in the folder of the installation"
fi

# --- what is easily mistaken ----------------------------------------------------------------------
cat >hints.yaml <<'YAML'
version: 1
sources: {a: {type: stdin, format: {type: raw, on_error: skip}, path: x}}
operators:
  f:
    type: filter
    inputs: [a]
    config:
      where: line = 'a #b'
      key_by: [line]
sinks: {z: {type: stdout, inputs: [f], format: {type: json}}}
YAML
run "$STREAMCTL" validate hints.yaml
like "an engine's key inside of config" err "'key_by' stands beside 'config:', not in it"
like "inside of format" err "'on_error' stands beside 'format:', not in it"
like "a plugin's option beside config" err "options of the plugin stand under 'config:'"

sed -i 's/, on_error: skip}/}/; s/, path: x}/}/' hints.yaml
run "$STREAMCTL" validate hints.yaml
like "a comment that was none" err "YAML takes what stands behind ' #' for a comment"

# --- carets ---------------------------------------------------------------------------------------
cat >caret.yaml <<'YAML'
version: 1
sources: {a: {type: stdin, format: {type: raw}}}
operators:
  f:
    type: select
    inputs: [a]
    config:
      fields:
        plain: upper(lien)
        quoted: "'\"' || upper(\"lien\")"
        folded: >-
          upper(line) ||
          upper(lien)
        literal: |-
          CASE WHEN line = '' THEN ''
               ELSE upper(lien) END
        wide: "'漢字' || lien"
sinks: {z: {type: stdout, inputs: [f], format: {type: json}}}
YAML
run "$STREAMCTL" validate caret.yaml
grep -o '^caret.yaml:[0-9]*:[0-9]*: error\[SD2104\]' err >found
cat >want <<'WANT'
caret.yaml:9:22: error[SD2104]
caret.yaml:10:32: error[SD2104]
caret.yaml:13:17: error[SD2104]
caret.yaml:16:27: error[SD2104]
caret.yaml:17:24: error[SD2104]
WANT
same "carets inside of every kind of scalar" found want
# The caret stands below the word, also behind characters that are two columns wide.
is "and below it on the screen" "$(python3 - err <<'PYTHON'
import sys, unicodedata
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
bad = 0
for i, line in enumerate(lines):
    if "^" in line and line.startswith("      |"):
        above, at, column = lines[i - 1], line.index("^"), 0
        for k, c in enumerate(above):
            if column == at:
                break
            column += 2 if unicodedata.east_asian_width(c) in "WF" else 1
        bad += not above[k:].replace('\\"', "").startswith("lien")
print(bad)
PYTHON
)" 0
done_testing
