"""Layers: whoever includes something includes only what lies below.

The order is that of the table in Makefile.am. A daemon file includes public headers, and those of
lower layers by their path from daemon/; a plugin or an example includes public headers and its
own; public headers include each other and the C library.
"""

import os

import tree
from tree import tap

LAYERS = {
    "base": 1,
    "columnar": 2, "event": 2, "config": 2,
    "expr": 3, "graph": 3, "progress": 3, "checkpoint": 3,
    "plugin": 4, "control": 4,
    "state": 5, "exchange": 5,
    "worker": 6, "plan": 6,
    "coordinator": 7,
    "admin": 8, "client": 8, "check": 8,
    "main": 9,
}  # fmt: skip

LIBC = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h",
    "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h", "time.h",
}  # fmt: skip


def daemon_fault(path, kind, name):
    """Why a file of the daemon must not include this, or nothing."""
    room = path.split("/")[1]
    if kind == "<" or name == "config.h":
        return "" if name.split("/")[0] not in LAYERS else 'write it with quotation marks'
    other = name.split("/")[0]
    if other == room and os.path.exists(os.path.join(tap.SRCDIR, "daemon", name)):
        return ""
    if other not in LAYERS or "/" not in name:
        return "write the path from daemon/ down"
    if LAYERS[other] >= LAYERS[room]:
        return f"{room} is layer {LAYERS[room]}, {other} is layer {LAYERS[other]}"
    return ""


def island_fault(path, kind, name):
    """Why a plugin or an example must not include this, or nothing."""
    if kind == "<":
        return ""
    own = os.path.exists(os.path.join(tap.SRCDIR, os.path.dirname(path), name))
    return "" if own and ".." not in name.split("/") else "neither public nor its own"


def public_fault(path, kind, name):
    """Why a public header must not include this, or nothing."""
    del path
    return "" if kind == "<" and (name in LIBC or name.startswith("streamd/")) else "not libc's or ours"


def faults(folders, judge):
    """One line for each #include below the folders that the judge finds fault with."""
    return [
        f"{path}:{line}: includes {name}: {why}"
        for path in tree.files(folders, ".c", ".h")
        for line, kind, name in tree.includes(path)
        for why in [judge(path, kind, name)]
        if why
    ]


rooms = sorted(os.listdir(os.path.join(tap.SRCDIR, "daemon")))
tap.empty("every room of the daemon has a layer", [r for r in rooms if r not in LAYERS])
tap.empty("the daemon includes downwards", faults(["daemon"], daemon_fault))
tap.empty("plugins are islands", faults(["plugins"], island_fault))
tap.empty("examples are islands", faults(["examples"], island_fault))
tap.empty("public headers include libc", faults(["include"], public_fault))
tap.done_testing()
