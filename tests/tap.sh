# shellcheck shell=bash
# TAP for tests in bash. Source it, state what holds, end with done_testing:
#
#     . "$(dirname "$0")/../tap.sh"
#     run "$STREAMCTL" validate "$SRCDIR/examples/access-log.yaml"
#     is "a valid file is accepted" "$status" 0
#     like "and named" "$TMP/out" "access-log"
#     done_testing
#
# `make check' and `make installcheck' say what to test through STREAMCTL, STREAMD_PLUGIN_PATH, SRCDIR
# and BUILDDIR; a test run by hand takes the build tree in build/. $TMP is the test's own folder,
# removed at its end unless KEEP_TMP is set.

set -uo pipefail

SRCDIR=${SRCDIR-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILDDIR=${BUILDDIR-$SRCDIR/build}
STREAMCTL=${STREAMCTL-$BUILDDIR/streamctl}
STREAMD_PLUGIN_PATH=${STREAMD_PLUGIN_PATH-$BUILDDIR/plugins-live}
export SRCDIR BUILDDIR STREAMCTL STREAMD_PLUGIN_PATH

TMP=$(mktemp -d "${TMPDIR:-/tmp}/streamd-test.XXXXXX") || exit 99
[ -n "${KEEP_TMP-}" ] || trap 'rm -rf "$TMP"' EXIT

tap_count=0
# shellcheck disable=SC2034 # for the tests
status=0

# diag LINE...: comment lines in the log.
diag() {
    printf '%s\n' "$@" | sed 's/^/# /'
}

# report NAME RESULT: the line for one case; RESULT is 0 if it passed.
report() {
    tap_count=$((tap_count + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $tap_count - $1"
    else
        echo "not ok $tap_count - $1"
    fi
    return "$2"
}

# run COMMAND...: run it with its output in $TMP/out and $TMP/err and its exit status in $status.
run() {
    "$@" >"$TMP/out" 2>"$TMP/err"
    # shellcheck disable=SC2034 # for the tests
    status=$?
}

# ok NAME COMMAND...: passes if the command succeeds.
ok() {
    local name=$1
    shift
    "$@" >"$TMP/ok.log" 2>&1
    report "$name" $? || diag "failed: $*" "$(head -n 40 "$TMP/ok.log")"
}

# is NAME GOT WANT: passes if both strings are equal.
is() {
    [ "$2" = "$3" ]
    report "$1" $? || diag "got:  $2" "want: $3" "stderr of the last run:" \
        "$(head -n 20 "$TMP/err" 2>/dev/null)"
}

# same NAME FILE WANT: passes if both files hold the same bytes.
same() {
    diff -u "$3" "$2" >"$TMP/diff.log" 2>&1
    report "$1" $? || diag "$(head -n 40 "$TMP/diff.log")"
}

# like NAME FILE REGEX: passes if a line of the file matches the extended regular expression.
like() {
    grep -Eq -- "$3" "$2"
    report "$1" $? || diag "no line matches: $3" "$(head -n 40 "$2")"
}

# unlike NAME FILE REGEX: passes if no line of the file matches.
unlike() {
    ! grep -Eq -- "$3" "$2"
    report "$1" $? || diag "matches: $3" "$(grep -E -- "$3" "$2" | head -n 20)"
}

# skip NAME REASON: a case that cannot run here.
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# skip_all REASON: none of this program's cases can run here.
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

# done_testing: the plan. Without it the driver reports an error, so that a test that stops half-way
# never passes.
done_testing() {
    echo "1..$tap_count"
    exit 0
}
