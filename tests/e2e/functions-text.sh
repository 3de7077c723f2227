#!/bin/bash
# Functions of a plugin in expressions: scalar ones, an aggregate, what a row that they refuse becomes.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99
cat >names.yaml <<'EOF'
version: 1
sources:
  in: {type: file, config: {path: names.ndjson}, format: {type: json}, schema: {a: string, b: string}}
operators:
  compared:
    type: select
    inputs: [in]
    on_error: output
    config:
      fields: {slug: slugify(a), distance: "levenshtein(a, b)", alike: "round(jaro_winkler(a, b)::decimal(10,4), 2)"}
  longest:
    type: window
    inputs: [in]
    config: {window: {global: true}, select: {longest: longest(b), n: "count(*) FILTER (WHERE levenshtein(a, b) < 3)"}}
    on_error: skip
sinks:
  out: {type: file, inputs: [compared], config: {path: good}, format: {type: json}}
  bad: {type: file, inputs: [compared.error], config: {path: bad}, format: {type: json}}
  all: {type: file, inputs: [longest], config: {path: all}, format: {type: json}}
EOF
long=$(printf 'x%.0s' {1..300})
cat >names.ndjson <<EOF
{"a": "Crème Brûlée", "b": "Creme Brulee"}
{"a": "kitten", "b": "sitting"}
{"a": "$long", "b": "y"}
{"a": "same", "b": "same"}
EOF
run "$STREAMCTL" run --quiet names.yaml
is "it runs" "$status" 0
cat good/*.json >got
cat >want <<'EOF'
{"slug":"creme-brulee","distance":3,"alike":0.84}
{"slug":"kitten","distance":3,"alike":0.75}
{"slug":"same","distance":0,"alike":1.00}
EOF
same "functions of the plugin answer" got want
cat bad/*.json >got
like "a row that it refuses goes to the error output" got "at most 255 characters"
like "with its code" got SD5104
is "its aggregate finds the longest" "$(cat all/*.json)" '{"longest":"Creme Brulee","n":1}'

sed 's/levenshtein(a, b)/levenstein(a, b)/' names.yaml >wrong.yaml
run "$STREAMCTL" validate wrong.yaml
is "a function that is not there" "$status" 78
like "is told, with the plugin's own name for it" "$TMP/err" "did you mean 'levenshtein'"
done_testing
