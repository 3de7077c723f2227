#!/bin/bash
# The reference pages of the manual, the completions and the man page are what the tables in the program
# say today.
. "$(dirname "$0")/../tap.sh"

for page in pipeline plugins functions diagnostics; do
    run "$STREAMCTL" reference --plugin-path "$STREAMD_PLUGIN_PATH" "$page"
    is "the page '$page' can be written" "$status" 0
    if [[ $page = plugins || $page = functions ]] &&
        ! ls "$STREAMD_PLUGIN_PATH"/{sink-sqlite,format-regex,functions-text}.so >"$TMP/ok.log" 2>&1; then
        skip "docs/reference/$page.md is up to date" "this build lacks a plugin"
        continue
    fi
    mv "$TMP/out" "$TMP/$page.md"
    same "docs/reference/$page.md is up to date (make reference)" "$SRCDIR/docs/reference/$page.md" "$TMP/$page.md"
done

for shell in bash:streamctl zsh:_streamctl fish:streamctl.fish; do
    run "$STREAMCTL" completion "${shell%%:*}"
    same "docs/completion/${shell##*:} is up to date (make reference)" "$SRCDIR/docs/completion/${shell##*:}" "$TMP/out"
done

# The man page has every verb and every option, and no other option.
page=$SRCDIR/docs/man/streamctl.1
sed 's/\\-/-/g' "$page" >"$TMP/page"
verbs=$("$STREAMCTL" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
for verb in $verbs; do
    "$STREAMCTL" "$verb" --help
done | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u >"$TMP/want"
grep -oE -- '--[a-z-]+' "$TMP/page" | sort -u >"$TMP/got"
same "the man page has all options" "$TMP/got" "$TMP/want"
missing=$(for verb in $verbs; do grep -qE "^\.B[IR]* \"?$verb " "$TMP/page" || echo "$verb"; done)
is "the man page has all verbs" "$missing" ""
done_testing
