"""Lists: what lies in the tree is built, installed or run; nothing is forgotten in a local.mk."""

import os
import re

import tree
from tree import tap

# Makefile.am with every local.mk, each with its folder written out.
MAKE = tree.read("Makefile.am")
for path in tree.files(tree.EVERYTHING, "local.mk"):
    MAKE += tree.read(path).replace("%D%", os.path.dirname(path))
WORDS = set(re.split(r"[\s=]+", MAKE))


def unlisted(paths):
    """Those of the paths that no makefile names."""
    return [path for path in paths if path not in WORDS]


tap.empty("sources are compiled", unlisted(tree.files(["daemon", "plugins"], ".c", ".h")))
tap.empty("public headers are installed", unlisted(tree.files(["include"], ".h")))
tap.empty(
    "unit tests run",
    unlisted(p[:-2] for p in tree.files(["tests/unit"], ".c") if "/test_" in p),
)
tap.empty("end-to-end tests run", unlisted(tree.files(["tests/e2e"], ".sh", ".py")))
tap.empty(
    "rooms are included",
    [
        path
        for path in tree.files(tree.CODE, "local.mk")
        if not re.search(rf"^include {re.escape(path)}$", MAKE, re.MULTILINE)
    ],
)
tap.empty(
    "every room has a README",
    [
        path
        for path in tree.files(tree.CODE, "local.mk")
        if not os.path.exists(os.path.join(tap.SRCDIR, os.path.dirname(path), "README"))
    ],
)

# The log of a test is named after it without its ending, so two that differ in it alone would be one.
tests = list(tree.files(["tests/unit", "tests/e2e", "tests/meta", "tests/oracle"], ".sh", ".py"))
stems = [os.path.splitext(p)[0] for p in tests]
tap.empty("tests differ in more than their ending", sorted({s for s in stems if stems.count(s) > 1}))
tap.done_testing()
