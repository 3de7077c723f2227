"""Format: clang-format 14 would change nothing."""

import os
import shutil
import subprocess

import tree
from tree import tap

formatter = shutil.which("clang-format-14")
if not formatter:
    tap.skip_all("clang-format-14 is not installed")

paths = list(tree.files(tree.CODE, ".c", ".h"))
result = subprocess.run(
    [formatter, "--style=file", "--dry-run", *(os.path.join(tap.SRCDIR, path) for path in paths)],
    capture_output=True,
    text=True,
    check=False,
)
complaints = [line for line in result.stderr.splitlines() if ": warning:" in line]
tap.equal("clang-format runs", result.returncode, 0)
tap.empty("clang-format-14 would change nothing", complaints)
tap.done_testing()
