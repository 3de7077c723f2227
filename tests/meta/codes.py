"""Diagnostic codes: each one that is used has an entry for `streamctl explain', and only those."""

import re

import tree
from tree import tap

TABLES = ["daemon/config/codes_files.c", "daemon/config/codes_graphs.c",
          "daemon/config/codes_plugins.c", "daemon/config/codes_state.c",
          "daemon/config/codes_savepoints.c", "daemon/config/codes_runs.c"]  # fmt: skip
# Several plugins report these, and mean the same.
SHARED = {3111, 5210, 5214, 5220, 5241, 5243, 5290, 5301, 5305, 5390}
FOLDERS = ["include", "daemon", "plugins"]

# A code is a number of four digits where one is passed or named: an argument of a call that reports,
# or the value of an enum or constant whose name or place says that it is one.
CALLS = re.compile(
    r"\b(?:diagnostics_(?:add|warn|add_error)|report\w*|refuse\w*|stop|complain\w*|problem|fail\w*"
    r"|bind_problem|error_set_full|streamd_fail|streamd_reject\w*|streamd_bind_error|\w*_error)\s*\("
)
NAMED = re.compile(r"\b[A-Z][A-Z0-9_]*\s*=\s*([1-5]\d{3})\b")
NUMBER = re.compile(r"(?<![\w.\"])([1-5]\d{3})(?![\w.])")



def arguments(code, start):
    """The text between the parenthesis that ends before `start' and the one that closes it."""
    depth, at = 1, start
    while depth and at < len(code):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        at += 1
    return code[start:at]


entries = {}
for path in TABLES:
    for match in re.finditer(r"^    \{(\d{4}), \"", tree.read(path), re.MULTILINE):
        entries[int(match.group(1))] = path



def is_size(number):
    """A constant that is some size or year rather than a code."""
    return number % 100 == 0 or number & (number - 1) == 0 or number in (1440, 1970)


def note(number, owner, place):
    """One use of a code."""
    used.setdefault(number, place)
    owners.setdefault(number, set()).add(owner)


used, owners = {}, {}
for path in tree.files(FOLDERS, ".c", ".h"):
    if path in TABLES:
        continue
    owner = "/".join(path.split("/")[:3]) if path.startswith("plugins/") else "daemon"
    code = tree.blank(tree.read(path))
    for match in CALLS.finditer(code):
        for number in NUMBER.finditer(arguments(code, match.end())):
            note(int(number.group(1)), owner, f"{path}:{tree.line_of(code, match.start())}")
    for match in NAMED.finditer(code):
        if not is_size(int(match.group(1))):
            note(int(match.group(1)), owner, f"{path}:{tree.line_of(code, match.start())}")

tap.ok("codes are found", len(used) > 60, f"{len(used)}")
tap.empty(
    "every code has an entry in daemon/config/codes_*.c",
    [f"SD{number}: {place}" for number, place in sorted(used.items()) if number not in entries],
)
tap.empty(
    "every entry is used",
    [f"SD{number}: {path}" for number, path in sorted(entries.items()) if number not in used],
)
tap.empty(
    "no two plugins mean different things by one code",
    [
        f"SD{number}: {', '.join(sorted(names))}"
        for number, names in sorted(owners.items())
        if len(names) > 1 and number not in SHARED
    ],
)
tap.done_testing()
