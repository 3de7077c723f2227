"""Failpoints: a build that was not asked for them has neither their symbols nor their names in it."""

import glob
import os
import subprocess
import tempfile

import tree
from tree import tap


def traces(path):
    """What tells of failpoints in a program: symbols, and texts outside of debugging information."""
    symbols = subprocess.run(["nm", path], capture_output=True, text=True, check=False).stdout
    found = [line.split()[-1] for line in symbols.splitlines() if "failpoint" in line.lower()]
    with tempfile.NamedTemporaryFile(prefix="streamd-failpoints-") as bare:
        subprocess.run(["objcopy", "--strip-debug", path, bare.name], check=True)
        data = bare.read()
    found += [text.decode() for text in (b"STREAMD_FAILPOINTS", b"failpoint ") if text in data]
    return [f"{path}: {trace}" for trace in found]


programs = [tap.STREAMCTL] + [
    path for path in [os.path.join(os.path.dirname(tap.STREAMCTL), "streamd")] if os.path.exists(path)
]
plugins = sorted(glob.glob(os.path.join(tap.PLUGIN_PATH, "*.so")))
with_them = [path for path in programs if traces(path)]
asked_for = "-DSTREAMD_FAILPOINTS" in (
    open(os.path.join(tap.BUILDDIR, "Makefile"), encoding="utf-8").read()
    if os.path.exists(os.path.join(tap.BUILDDIR, "Makefile"))
    else ""
)
if asked_for:
    tap.equal("with --enable-failpoints every program has them", with_them, programs)
else:
    tap.empty("no program has failpoints", [x for path in programs for x in traces(path)])
tap.empty("no plugin has failpoints", [x for path in plugins for x in traces(path)])
tap.done_testing()
