#!/bin/bash
# A plugin that is missing, is no plugin, has another ABI, or crashes, hangs or exits on load is one
# clear diagnostic, and never takes streamctl with it.

. "$(dirname "$0")/../tap.sh"

CC=${CC:-cc}
read -ra compiler <<<"$CC"
command -v "${compiler[0]}" >/dev/null || skip_all "no C compiler to make broken plugins with"
mkdir "$TMP/plugins"

# plugin NAME SOURCE: makes operator-NAME.so.
plugin() {
    printf '%s\n' "$2" >"$TMP/$1.c"
    "${compiler[@]}" -shared -fPIC -I"$SRCDIR/include" -o "$TMP/plugins/operator-$1.so" "$TMP/$1.c" ||
        skip_all "cannot compile a plugin"
}

descriptor='#include <streamd/streamd.h>
static int bind(struct streamd_bind *b, const void *o)
{
    (void)o;
    return streamd_bind_output(b, streamd_bind_input(b, 0), STREAMD_APPEND, NULL);
}
static enum streamd_flow batch(struct streamd_context *c, void *s, uint32_t i, struct streamd_batch *b)
{
    (void)s, (void)i;
    return streamd_emit(c, 0, streamd_batch_retain(c, b)) < 0 ? STREAMD_FAILED : STREAMD_OK;
}
static const struct streamd_operator d = {
    .descriptor = {MAGIC, MAJOR, STREAMD_ABI_MINOR, sizeof(d), STREAMD_OPERATOR, NAME, "A test.", NULL, 0},
    .bind = bind, .batch = batch};
const struct streamd_descriptor *streamd_plugin(uint32_t i) { return i ? NULL : &d.descriptor; }'

# good NAME EXTRA: a plugin that is right but for the definitions in EXTRA.
good() {
    plugin "$1" "$2
#ifndef MAGIC
#define MAGIC STREAMD_PLUGIN_MAGIC
#endif
#ifndef MAJOR
#define MAJOR STREAMD_ABI_MAJOR
#endif
#ifndef NAME
#define NAME \"$1\"
#endif
$descriptor"
}

# refused NAME CODE WORDS: `plugins probe` and a pipeline that names it say the same.
refused() {
    run "$STREAMCTL" plugins probe "$TMP/plugins/operator-$1.so"
    is "$1: probe fails" "$status" 1
    like "$1: probe says why" "$TMP/err" "$3"
    cat >"$TMP/pipeline.yaml" <<EOF
version: 1
sources:
  in: {type: generator, config: {rows: 1, fields: {n: {type: int64, sequence: {start: 0}}}}}
operators:
  odd: {type: $1, inputs: [in]}
sinks:
  out: {type: blackhole, inputs: [odd]}
EOF
    run "$STREAMCTL" --plugin-path "$TMP/plugins:$STREAMD_PLUGIN_PATH" validate "$TMP/pipeline.yaml"
    is "$1: the pipeline is refused" "$status" 78
    like "$1: at its type" "$TMP/err" "pipeline.yaml:5:[0-9]+: error\\[$2\\]"
    is "$1: with one message" "$(grep -c 'error\[' "$TMP/err")" 1
}

good fine ''
run "$STREAMCTL" plugins probe "$TMP/plugins/operator-fine.so"
is "a good plugin passes" "$status" 0
like "and is described" "$TMP/out" "operator fine: A test"

good major '#define MAJOR 7'
refused major SD3005 'ABI 7\.'
good magic '#define MAGIC 1'
refused magic SD3004 'magic'
good named '#define NAME "other"'
run "$STREAMCTL" plugins probe "$TMP/plugins/operator-named.so"
is "a file with another plugin in it can be probed" "$status" 0
plugin empty 'int nothing;'
refused empty SD3004 'streamd_plugin'
good crash '#include <stdlib.h>
__attribute__((constructor)) static void f(void) { abort(); }'
refused crash SD3006 'signal 6'
good exits '#include <stdlib.h>
__attribute__((constructor)) static void f(void) { _Exit(3); }'
refused exits SD3006 'exit code 3'
good hangs '#include <unistd.h>
__attribute__((constructor)) static void f(void) { for (;;) pause(); }'
refused hangs SD3006 'did not end within'
good needs 'void elsewhere(void);
__attribute__((constructor)) static void f(void) { elsewhere(); }'
refused needs SD3003 'elsewhere'
echo 'not a library' >"$TMP/plugins/operator-text.so"
refused text SD3003 'ELF'
: >"$TMP/plugins/operator-zero.so"
refused zero SD3003 'ELF'
mkdir "$TMP/plugins/operator-folder.so"
refused folder SD3003 'regular file|directory'
good loose ''
chmod o+w "$TMP/plugins/operator-loose.so"
refused loose SD3002 'written by others'
head -c 4000 "$TMP/plugins/operator-fine.so" >"$TMP/plugins/operator-half.so"
# The process that tries it dies of that, as it should: no report for the sanitizer's list.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=stderr
refused half "SD300[36]" '.'
sed -i 's/type: half/type: fin/' "$TMP/pipeline.yaml"
run "$STREAMCTL" --plugin-path "$TMP/plugins:$STREAMD_PLUGIN_PATH" validate "$TMP/pipeline.yaml"
is "a missing plugin is refused" "$status" 78
like "with its file's name" "$TMP/err" 'error\[SD3001\].*operator-fin\.so'
like "and a suggestion" "$TMP/err" "did you mean 'fine'"

done_testing
