#!/bin/bash
# What each sink promises: the strongest it can give, unless the file asks for what it cannot.
. "$(dirname "$0")/../tap.sh"

cd "$TMP" || exit 99

# pipeline KEYS SINK...: a file with these keys and sinks.
pipeline() {
    printf 'version: 1\n%s\nsources: {a: {type: generator, config: {rows: 3, fields: {n: {type: int64, sequence: {}}}}}}\nsinks:\n' "$1" >p.yaml
    shift
    printf '  %s\n' "$@" >>p.yaml
    run "$STREAMCTL" validate p.yaml
}

json='inputs: [a], format: {type: json}'
pipeline '' "weak: {type: stdout, $json}" "strong: {type: file, $json, config: {path: x}}"
is "a file that asks for nothing is good" "$status" 0
like "stdout gives at least once" out 'sink weak delivers at least once'
like "file gives exactly once" out 'sink strong delivers exactly once'

pipeline 'delivery: exactly_once' "weak: {type: stdout, $json}" "strong: {type: file, $json, config: {path: x}}"
is "exactly once refuses a weaker sink" "$status" 78
is "and only that" "$(grep -c 'error\[' err)" 1
like "by its code, at the sink" err 'p.yaml:5:16: error\[SD2309\]: sink .weak. cannot deliver exactly once'
like "and says who asked" err 'p.yaml:2:11: note: asked for here'
like "and what to write" err 'write delivery: at_least_once at this sink'

pipeline 'delivery: exactly_once' "weak: {type: stdout, $json, delivery: at_least_once}"
is "unless that sink asks for less" "$status" 0

pipeline '' "weak: {type: stdout, $json, delivery: exactly_once}"
is "a sink cannot ask for more than it gives" "$status" 78
like "at what it asks" err 'p.yaml:5:69: error\[SD2309\]'

pipeline 'delivery: at_least_once' "strong: {type: file, $json, config: {path: x}, delivery: exactly_once}"
is "a sink may ask for more than the file" "$status" 0

done_testing
