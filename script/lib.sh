# shellcheck shell=bash
# What the scripts share: where they are, how they speak. Source it.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
MAKE=${MAKE:-make} # for these scripts alone: an exported MAKE replaces $(MAKE) in makefiles
JOBS=${JOBS:-$(nproc)}
export -n MAKE

# say LINE: what happens now.
say() {
    printf '\033[1m==> %s\033[0m\n' "$*" >&2
}
[ -t 2 ] || say() { printf '==> %s\n' "$*" >&2; }

# die LINE: give up.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# usage: print the comment at the head of the calling script.
usage() {
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
}

# configure_in FOLDER ARGUMENT...: make `configure' if it is missing and run it in the folder, unless
# it has been run there with the same arguments.
configure_in() {
    local folder=$1
    shift
    [ -x "$ROOT/configure" ] || (cd "$ROOT" && autoreconf -fi >/dev/null)
    mkdir -p "$folder"
    if [ "$(cat "$folder/.configured" 2>/dev/null)" != "configure $*" ]; then
        (cd "$folder" && "$ROOT/configure" "$@")
        echo "configure $*" >"$folder/.configured"
    fi
}

# compiler NAME: NAME behind ccache, where that is installed.
compiler() {
    if command -v ccache >/dev/null; then
        echo "ccache $1"
    else
        echo "$1"
    fi
}

# python: the interpreter with the packages that tests and measurements compare with, else the system's.
python() {
    if [ -x "$ROOT/build/venv/bin/python3" ]; then
        echo "$ROOT/build/venv/bin/python3"
    else
        command -v python3 || true
    fi
}
