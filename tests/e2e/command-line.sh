#!/bin/bash
# The command line: verbs, options, exit codes, output, completion.
. "$(dirname "$0")/../tap.sh"

good=$SRCDIR/examples/json-filter.yaml

run "$STREAMCTL"
is "without a verb: usage" "$status" 64
run "$STREAMCTL" --version
is "--version" "$status" 0
like "has a number" "$TMP/out" '^streamctl [0-9]+\.[0-9]+'
run "$STREAMCTL" --help
is "--help" "$status" 0
run "$STREAMCTL" valdate x
is "an unknown verb is wrong usage" "$status" 64
like "with a proposal" "$TMP/err" "did you mean 'validate'"
run "$STREAMCTL" validate --jsno x
is "an unknown option is wrong usage" "$status" 64
like "with a proposal" "$TMP/err" "did you mean '--json'"
run "$STREAMCTL" graph --json "$good"
is "an option of another verb is wrong usage" "$status" 64
run "$STREAMCTL" --json graph "$good"
is "in front of the verb, too" "$status" 64
run "$STREAMCTL" run --batch-rows=0 "$good"
is "a number out of range is wrong usage" "$status" 64
run "$STREAMCTL" run "$good" --batch-rows
is "a missing value is wrong usage" "$status" 64
run "$STREAMCTL" graph --format=png "$good"
is "an unknown format is wrong usage" "$status" 64
run "$STREAMCTL" graph
is "a missing argument is wrong usage" "$status" 64
run "$STREAMCTL" graph "$good" "$good"
is "an argument too many is wrong usage" "$status" 64
run "$STREAMCTL" validate -- --help
is "behind -- there are files only" "$status" 78
run "$STREAMCTL" validate "$TMP/none.yaml"
is "a file that is not there is no valid one" "$status" 78
like "and is named" "$TMP/err" "none.yaml: error\[SD1001\].*No such file"

# --- validate, graph, echo ------------------------------------------------------------------------
run "$STREAMCTL" validate "$good"
is "a good file is accepted" "$status" 0
like "and named" "$TMP/out" "json-filter.yaml: ok, 4 nodes"
run "$STREAMCTL" validate --quiet "$good"
is "quietly" "$(cat "$TMP/out" "$TMP/err")" ""
run "$STREAMCTL" validate --json "$good"
is "as JSON" "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["errors"])' <"$TMP/out")" "[]"
printf 'version: 1\n' >"$TMP/bad.yaml"
run "$STREAMCTL" validate "$TMP/bad.yaml" "$good"
is "one bad file of two makes 78" "$status" 78
like "and the other is still judged" "$TMP/out" "json-filter.yaml: ok"

run "$STREAMCTL" graph "$good"
like "the graph as a table" "$TMP/out" '^report +operator +select +<- large'
run "$STREAMCTL" graph --format dot "$good"
like "for Graphviz" "$TMP/out" '"large" -> "report"'
run "$STREAMCTL" graph --format mermaid "$SRCDIR/examples/access-log.yaml"
like "for Mermaid, side outputs dashed" "$TMP/out" 'n0 -\.->\|"error"\| n5'

cat >"$TMP/secret.yaml" <<'YAML'
version: 1
x-common: &where {path: "${OUT:-/tmp}/x", password: hunter2}
sources: {a: {type: stdin, format: {type: raw}}}
sinks: {z: {type: stdout, inputs: [a], format: {type: raw}, config: *where}}
YAML
OUT=/data run "$STREAMCTL" echo "$TMP/secret.yaml"
like "echo replaces references" "$TMP/out" 'path: /data/x'
unlike "and hides secrets, where they are used and at their anchor" "$TMP/out" 'hunter2'
like "as stars" "$TMP/out" "password: '\*\*\*'"

# --- explain, plugins, new ------------------------------------------------------------------------
run "$STREAMCTL" explain sd2104
like "a code is explained" "$TMP/out" '^SD2104: a field that does not exist'
run "$STREAMCTL" explain SD9999
is "an unknown code is wrong usage" "$status" 64
run "$STREAMCTL" explain --json
is "all codes as JSON" "$(python3 -c 'import json,sys; print(len(json.load(sys.stdin)["codes"]) > 60)' <"$TMP/out")" True
run "$STREAMCTL" plugins
like "plugins are listed" "$TMP/out" '^operator +filter +Keeps'
run "$STREAMCTL" plugins select
like "options are shown" "$TMP/out" '^  keep  word: none \| all'
run "$STREAMCTL" plugins sink-file --json
is "as JSON" "$(python3 -c 'import json,sys; print([p["kind"] for p in json.load(sys.stdin)["plugins"]])' <"$TMP/out")" "['sink']"
run "$STREAMCTL" plugins nothing
is "an unknown plugin is a failure" "$status" 1
run "$STREAMCTL" plugins probe "$STREAMD_PLUGIN_PATH/operator-filter.so"
is "a plugin can be probed" "$status" 0
run "$STREAMCTL" plugins probe "$good"
is "what is none is told" "$status" 1
like "with its code" "$TMP/err" 'error\[SD3'

cd "$TMP" || exit 99
run "$STREAMCTL" new first
is "new makes a file" "$status" 0
run "$STREAMCTL" new first
is "but not over another" "$status" 1
run "$STREAMCTL" new 'Bad name'
is "nor with a name that no pipeline can have" "$status" 64
run "$STREAMCTL" validate first.yaml
is "what it makes is valid" "$status" 0
if [ -e "$STREAMD_PLUGIN_PATH/source-generator.so" ] && [ -e "$STREAMD_PLUGIN_PATH/operator-window.so" ]; then
    run "$STREAMCTL" run --quiet first.yaml
    is "and runs" "$status $(wc -l <out)" "0 15"
else
    skip "and runs" "this build has no window or generator"
fi
"$STREAMCTL" new | sed 's/FILE/second/' >second.yaml
run "$STREAMCTL" validate second.yaml
is "on standard output as well" "$status" 0

# --- output that nobody reads ---------------------------------------------------------------------
"$STREAMCTL" explain --json | head -c 10 >"$TMP/head"
is "a reader that has seen enough is no failure" "${PIPESTATUS[0]}" 0
"$STREAMCTL" explain >/dev/full 2>"$TMP/err"
is "a full disk is" "$?" 1
like "and told" "$TMP/err" 'No space left'

# --- completion -----------------------------------------------------------------------------------
complete_with_bash() {
    bash -c 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamctl; echo "${COMPREPLY[*]}"' \
        bash "$SRCDIR/docs/completion/streamctl" "$@"
}
is "bash completes verbs" "$(complete_with_bash streamctl va)" "validate"
is "options of a verb" "$(complete_with_bash streamctl graph --f)" "--format"
is "words of an option" "$(complete_with_bash streamctl graph --format m)" "mermaid"
is "and files" "$(complete_with_bash streamctl run first)" "first.yaml"
done_testing
