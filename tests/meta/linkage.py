"""Linkage: what was built exports what it should and is hardened. Runs on an installation too."""

import glob
import os
import re
import subprocess

import tree
from tree import tap

ALWAYS_EXPORTED = {"_init", "_fini", "__bss_start", "_edata", "_end"}


def output(*command):
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exports(path):
    """The dynamic symbols that the file defines."""
    lines = output("nm", "--dynamic", "--defined-only", path).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines} - ALWAYS_EXPORTED


def lacks(path):
    """The protections that the file lacks."""
    header = output("readelf", "--wide", "--file-header", "--program-headers", path)
    dynamic = output("readelf", "--wide", "--dynamic", path)
    wanted = {
        "position independent": re.search(r"Type:\s+DYN", header),
        "read-only relocations": "GNU_RELRO" in header,
        "symbols bound at start": re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic),
        "no executable stack": re.search(r"GNU_STACK.*RW ", header),
        "no run path": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
    }
    return [f"{path}: {name}" for name, found in wanted.items() if not found]


plugins = sorted(glob.glob(os.path.join(tap.PLUGIN_PATH, "*.so")))
sanitized = "__asan_init" in output("nm", "--dynamic", tap.STREAMCTL)

tap.empty(
    "a plugin exports streamd_plugin and nothing else",
    [f"{path}: {sorted(exports(path))}" for path in plugins if exports(path) != {"streamd_plugin"}],
)
# A program exports what one of its shared libraries refers to by the same name; none of that may be
# of the archives that are linked into it.
leaks = sorted(name for name in exports(tap.STREAMCTL) if re.match(r"pg_query|PgQuery|XXH|streamd_", name))
tap.equal("streamctl exports nothing of its archives", leaks, [])
if sanitized:
    tap.skip("everything is hardened", "built with sanitizers")
else:
    tap.empty("everything is hardened", [x for path in [tap.STREAMCTL, *plugins] for x in lacks(path)])
tap.empty("no .la file is installed", glob.glob(os.path.join(tap.PLUGIN_PATH, "*.la")))
tap.done_testing()
