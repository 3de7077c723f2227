"""Headers are the manual: every function they declare has a comment, and every file says what it is.

A comment covers the declarations that follow it without an empty line. In public headers the
function pointers of structs count too, but for those that an inline function calls: it has the
comment.
"""

import re

import tree
from tree import tap

# A declarator with parameters, at the end of a statement. What stands before the name is a type.
FUNCTION = re.compile(r"^(?!\s*(?:typedef|return|else)\b)[\w\s*]*?[\w*]\s+\**(\w+)\s*\(", re.DOTALL)
POINTER = re.compile(r"\(\s*\*\s*(\w+)\s*\)\s*\(")


def statements(code):
    """(offset, text, depth) of each statement up to its `;' or `{', outside of function bodies."""
    start, depth, body = 0, 0, 0
    for match in re.finditer(r"[;{}]", code):
        text, at = code[start : match.start()], match.group()
        if not body and text.strip():
            yield start + len(text) - len(text.lstrip()), text.strip(), depth
        start = match.end()
        if at == "{":
            depth += 1
            if not body and ")" in text and not re.match(r"\s*(struct|union|enum)\s+\w*\s*$", text):
                body = depth
        elif at == "}":
            if body == depth:
                body = 0
            depth -= 1


def is_covered(lines, number):
    """Whether the paragraph that holds the line (from 0) begins with, or holds above it, a comment."""
    above = number
    while above > 0 and lines[above - 1].strip():
        above -= 1
        if lines[above].rstrip().endswith("*/") or lines[above].lstrip().startswith("//"):
            return True
    return False


def declarations(path):
    """(line from 0, name, depth, covered) of each function, and each function pointer in a struct."""
    text = tree.read(path)
    lines = text.splitlines()
    code = re.sub(
        r"^[ \t]*#(?:[^\n\\]|\\.)*|__attribute__\s*\(\(.*?\)\)|extern\s+\"C\"\s*\{",
        lambda match: re.sub(r"[^\n]", " ", match.group()),
        tree.blank(text, strings=False),
        flags=re.MULTILINE | re.DOTALL,
    )
    for offset, statement, depth in statements(code):
        name = POINTER.search(statement) if depth else FUNCTION.match(statement)
        if name:
            number = tree.line_of(code, offset) - 1
            end = lines[number + statement.count("\n")]
            covered = is_covered(lines, number) or (depth > 0 and "/*" in end)
            yield number, name.group(1), depth, covered


def uncommented(folder, methods):
    """One line for each function, and if asked each method, without a comment."""
    found = [
        (path, *declaration)
        for path in tree.files([folder], ".h")
        for declaration in declarations(path)
    ]
    called = set(re.findall(r"->(\w+)\(", "".join(map(tree.read, tree.files([folder], ".h")))))
    return [
        f"{path}:{number + 1}: {name} has no comment"
        for path, number, name, depth, covered in found
        if not covered and (depth == 0 or (methods and name not in called))
    ]


tap.empty("public functions and methods have comments", uncommented("include", methods=True))
tap.empty("the daemon's functions have comments", uncommented("daemon", methods=False))
tap.empty("the fake host's functions have comments", uncommented("tests/harness", methods=False))
tap.empty("the plugins' functions have comments", uncommented("plugins", methods=False))
tap.empty(
    "every file opens with what it is",
    [
        path
        for path in tree.files(tree.CODE, ".c", ".h")
        if not re.match(r"/\*|//", tree.read(path))
    ],
)
tap.done_testing()
