"""What the tests of the tree share: its files, and C text without comments and strings."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

CODE = ["include", "daemon", "plugins", "examples", "bench", "tests"]
EVERYTHING = CODE + ["docs", "script", ".ci"]


def files(folders, *endings):
    """Paths, from the tree's root, of the files below the folders that end like that."""
    for folder in folders:
        for place, subfolders, names in os.walk(os.path.join(tap.SRCDIR, folder)):
            subfolders[:] = sorted(s for s in subfolders if s not in ("data", "__pycache__", ".libs"))
            for name in sorted(names):
                if name.endswith(endings or ("",)):
                    yield os.path.relpath(os.path.join(place, name), tap.SRCDIR)


def read(path):
    """The text of a file of the tree; bytes that are no UTF-8 become U+FFFD."""
    with open(os.path.join(tap.SRCDIR, path), encoding="utf-8", errors="replace") as file:
        return file.read()


_TOKENS = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def blank(text, comments=True, strings=True):
    """The text with comments and strings overwritten by spaces, so that offsets stay valid."""

    def overwrite(match):
        token = match.group()
        wanted = comments if token.startswith("/") else strings
        return re.sub(r"[^\n]", " ", token) if wanted else token

    return _TOKENS.sub(overwrite, text)


def line_of(text, offset):
    """The line, counted from 1, that the offset lies in."""
    return text.count("\n", 0, offset) + 1


def includes(path):
    """(line, `<' or `"', name) of each #include of a C file."""
    code = blank(read(path), strings=False)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', code, re.MULTILINE):
        yield line_of(code, match.start()), match.group(1), match.group(2)
