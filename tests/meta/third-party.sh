#!/bin/bash
# A plugin that somebody else writes: examples/plugin is built, tested and run far from this tree, with
# an installed streamd, a compiler and pkg-config.
. "$(dirname "$0")/../tap.sh"

ROOT=$TMP/root
export PKG_CONFIG_SYSROOT_DIR=$ROOT

run make -C "$BUILDDIR" --no-print-directory install DESTDIR="$ROOT"
is "make install DESTDIR=" "$status" 0

pc=$(find "$ROOT" -name streamd-harness.pc)
export PKG_CONFIG_PATH=${pc%/*}
libdir=$(pkg-config --variable=libdir streamd-harness)
harness=$ROOT${libdir#"$ROOT"}/libstreamd-harness.so
nm --dynamic --defined-only "$harness" | cut -d' ' -f3 | sed 's/_.*//' | sort -u >"$TMP/exports"
is "the fake host exports harness_... and nothing of what is in it" "$(cat "$TMP/exports")" harness

# From here on nothing of this tree is to be seen.
cp -r "$SRCDIR/examples/plugin" "$TMP/plugin"
chmod -R u+w "$TMP/plugin"
cd "$TMP/plugin" || exit 99
STREAMCTL=$(find "$ROOT" -type f -name streamctl -perm -u+x | head -n 1)
plugindir=$(pkg-config --variable=plugindir streamd)
plugindir=$ROOT${plugindir#"$ROOT"}
unset SRCDIR BUILDDIR STREAMD_PLUGIN_PATH
flags=(CC="${CC:-cc}" WARNINGS='-Wall -Wextra -Wconversion -Werror')
# With sanitizers the library is loaded into a program without: the runtime must come first.
sanitized=$(nm --dynamic "$harness" | grep -c ' U __asan_init' || true)
[ "$sanitized" -eq 0 ] || flags+=(LDFLAGS='-fsanitize=address,undefined')

ok "the plugin is built with pkg-config alone" make "${flags[@]}"
is "and exports one symbol" "$(nm --dynamic --defined-only operator-silence.so | cut -d' ' -f3)" streamd_plugin
run "$STREAMCTL" plugins probe operator-silence.so
is "probe accepts it" "$status" 0
like "and says what it is" "$TMP/out" '^operator silence: Says which keys'
run "$STREAMCTL" plugins silence --plugin-path .
like "its options are described" "$TMP/out" 'after +duration'
run make "${flags[@]}" check
is "its test passes in the fake host" "$status" 0
like "all of it" "$TMP/out" '^silence: 5 tests passed$'

run "$STREAMCTL" run --plugin-path ".:$plugindir" --quiet silence.yaml
is "its pipeline runs" "$status" 0
# By hand from data/beats.ndjson: web2 is last heard of at 09:03:03, db1 is silent from 09:04:30 to
# 09:09:30; at the end of the input all that are left are silent.
cat >"$TMP/want" <<'END'
{"host":"db1","last_seen":"2025-03-01T09:04:30Z"}
{"host":"db1","last_seen":"2025-03-01T09:11:30Z"}
{"host":"web1","last_seen":"2025-03-01T09:12:00Z"}
{"host":"web2","last_seen":"2025-03-01T09:03:03Z"}
END
sort "$TMP/out" >"$TMP/got"
same "and finds who is silent" "$TMP/got" "$TMP/want"

sed '/^name:/d; s/after: 3m/after: 3/' silence.yaml >wrong.yaml
run "$STREAMCTL" validate --plugin-path ".:$plugindir" wrong.yaml
is "a mistake in its options is refused" "$status" 78
like "at its line" "$TMP/err" '^wrong\.yaml:20:[0-9]+: error\[SD1205\]'
done_testing
