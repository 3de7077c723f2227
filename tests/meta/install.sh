#!/bin/bash
# Installs the build tree into a folder: what lies there, and whether a plugin is compiled against it with
# nothing but pkg-config.
. "$(dirname "$0")/../tap.sh"

ROOT=$TMP/root
CC=${CC:-cc}
export PKG_CONFIG_SYSROOT_DIR=$ROOT

run make -C "$BUILDDIR" --no-print-directory install DESTDIR="$ROOT"
is "make install DESTDIR=" "$status" 0

pc=$(find "$ROOT" -name streamd.pc)
PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG_PATH
plugindir=$(pkg-config --variable=plugindir streamd)
plugindir=$ROOT${plugindir#"$ROOT"}
mkdir -p "$plugindir" # is missing where every plugin is off

(cd "$plugindir" && find . -type f | sort) >"$TMP/got"
(cd "$BUILDDIR/plugins-live" && find . -name '*.so' | sort) >"$TMP/want"
same "the plugins are installed, and nothing beside them" "$TMP/got" "$TMP/want"

(cd "$(pkg-config --variable=includedir streamd)/streamd" && find . -type f | sort) >"$TMP/got"
(cd "$SRCDIR/include/streamd" && find . -name '*.h' && echo ./harness.h) | sort >"$TMP/want"
same "the public headers are installed" "$TMP/got" "$TMP/want"

run "$(find "$ROOT" -type f -name streamctl -perm -u+x | head -n 1)" --version
is "streamctl runs where it was installed" "$status" 0
like "and has the version that pkg-config says" "$TMP/out" "^streamctl $(pkg-config --modversion streamd)$"

cat >"$TMP/pass.c" <<'END'
#include <streamd/streamd.h>

static int pass_bind(struct streamd_bind *b, const void *options)
{
    (void)b;
    (void)options;
    return 0;
}

static enum streamd_flow pass_batch(struct streamd_context *c, void *self, uint32_t input,
                                    struct streamd_batch *batch)
{
    (void)self;
    (void)input;
    return streamd_emit(c, 0, batch) ? STREAMD_FAILED : STREAMD_OK;
}

static const struct streamd_operator pass = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "pass"),
                   "Passes every row on.", NULL, 0},
    .bind = pass_bind,
    .batch = pass_batch,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &pass.descriptor : NULL;
}
END
read -ra cflags < <(pkg-config --cflags streamd)
read -ra cc <<<"$CC"
ok "a plugin is compiled with pkg-config alone" "${cc[@]}" -std=c11 -Wall -Wextra -Werror -fPIC \
    -fvisibility=hidden -shared -Wl,-z,defs "${cflags[@]}" -o "$TMP/operator-pass.so" "$TMP/pass.c"
is "and exports one symbol" "$(nm --dynamic --defined-only "$TMP/operator-pass.so" | cut -d' ' -f3)" \
    streamd_plugin

run make -C "$BUILDDIR" --no-print-directory uninstall DESTDIR="$ROOT"
is "make uninstall leaves nothing" "$(find "$ROOT" -type f)" ""
done_testing
