"""Words: nothing is left for later, nothing is misspelt, lines end cleanly."""

import os
import re
import shutil
import subprocess

import tree
from tree import tap

LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
TEXT = (".c", ".h", ".md", ".mk", ".py", ".sh", ".yaml", ".m4", ".ac", ".am", "README")

TOP = ["configure.ac", "Makefile.am", "streamd.pc.in", "README.md", "m4/streamd.m4"]

left, untidy = [], []
for path in [*TOP, *tree.files(tree.EVERYTHING)]:
    text = tree.read(path)
    for number, line in enumerate(text.splitlines(), 1):
        if LATER.search(line):
            left.append(f"{path}:{number}: {line.strip()[:100]}")
        if path.endswith(TEXT) and line != line.rstrip():
            untidy.append(f"{path}:{number}: blanks at the end of the line")
    if path.endswith(TEXT) and text and not text.endswith("\n"):
        untidy.append(f"{path}: no newline at its end")
tap.empty("nothing is left for later", left)
tap.empty("lines end cleanly", untidy)

if shutil.which("codespell"):
    folders = [f for f in tree.EVERYTHING if os.path.isdir(os.path.join(tap.SRCDIR, f))]
    result = subprocess.run(
        ["codespell", *TOP, *folders],
        cwd=tap.SRCDIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    tap.empty("nothing is misspelt", (result.stdout + result.stderr).splitlines())
else:
    tap.skip("nothing is misspelt", "codespell is not installed")
tap.done_testing()
