#!/bin/bash
# The reference pages of the manual are what the tables in the program say today.
. "$(dirname "$0")/../tap.sh"

for page in pipeline plugins diagnostics; do
    run "$STREAMCTL" reference --plugin-path "$STREAMD_PLUGIN_PATH" "$page"
    is "the page '$page' can be written" "$status" 0
    if [ "$page" = plugins ] && ! ls "$STREAMD_PLUGIN_PATH"/{sink-sqlite,format-regex}.so >"$TMP/ok.log" 2>&1; then
        skip "docs/reference/$page.md is up to date" "this build lacks a plugin"
        continue
    fi
    mv "$TMP/out" "$TMP/$page.md"
    same "docs/reference/$page.md is up to date (make reference)" "$SRCDIR/docs/reference/$page.md" "$TMP/$page.md"
done
done_testing
