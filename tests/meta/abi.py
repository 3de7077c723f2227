"""The binary interface: sizes, offsets and values in the public headers are those pinned in abi.txt.

A plugin compiled yesterday sees them. Where a change is meant, raise STREAMD_ABI_MINOR (while major
is 0 a plugin must match both), and pin it: python3 tests/meta/abi.py --pin
"""

import difflib
import os
import re
import shlex
import struct
import subprocess
import sys
import tempfile

import tree
from tree import tap

PINS = "tests/meta/abi.txt"
COMPOUND = re.compile(r"^(struct|union|enum) (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"^#define (STREAMD_\w+) +(?=[-(\d])(.+)$", re.MULTILINE)


def members(body):
    """The names that the body of a struct or union declares."""
    for declaration in body.split(";"):
        pointer = re.search(r"\(\*(\w+)\)\s*\(", declaration)
        if pointer:
            yield pointer.group(1)
            continue
        for declarator in declaration.split(","):
            name = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", declarator)
            if name:
                yield name.group(1)


def questions():
    """One line of C for each fact: it prints the fact."""
    for path in tree.files(["include"], ".h"):
        code = tree.blank(tree.read(path))
        for kind, name, body in COMPOUND.findall(code):
            if kind == "enum":
                for constant in re.findall(r"(?:^|,)\s*(\w+)", body):
                    yield f'printf("{constant} %lld\\n", (long long)({constant}));'
                continue
            yield f'printf("{kind} {name} %zu\\n", sizeof({kind} {name}));'
            for member in members(body):
                yield (
                    f'printf("    {member} %zu %zu\\n", offsetof({kind} {name}, {member}), '
                    f"sizeof((({kind} {name} *)0)->{member}));"
                )
        for name, _ in NUMBER.findall(code):
            yield f'printf("{name} %lld\\n", (long long)({name}));'


def answers():
    """The facts of this tree, one per line, in the order of the headers."""
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += [f"#include <{path[len('include/'):]}>" for path in tree.files(["include"], ".h")]
    lines += ["int main(void)", "{", *questions(), "return 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = os.path.join(folder, "abi.c"), os.path.join(folder, "abi")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        command = shlex.split(os.environ.get("CC", "cc")) + ["-std=c11", "-w", "-o", program, source]
        subprocess.run([*command, "-I", os.path.join(tap.SRCDIR, "include")], check=True)
        return subprocess.run([program], capture_output=True, text=True, check=True).stdout


if struct.calcsize("P") != 8:
    tap.skip_all("pinned for machines of 64 bits")
facts = answers()
if sys.argv[1:] == ["--pin"]:
    with open(os.path.join(tap.SRCDIR, PINS), "w", encoding="utf-8") as pins:
        pins.write(facts)
    sys.exit(0)
differences = list(
    difflib.unified_diff(tree.read(PINS).splitlines(), facts.splitlines(), "pinned", "here", lineterm="")
)
tap.ok("there are facts", facts.count("\n") > 300)
tap.empty("sizes, offsets and values are those that are pinned", differences)
tap.done_testing()
