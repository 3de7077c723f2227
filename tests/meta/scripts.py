"""Shell scripts: shellcheck has nothing to say."""

import re
import shutil
import subprocess

import tree
from tree import tap

if not shutil.which("shellcheck"):
    tap.skip_all("shellcheck is not installed")

SHELL = re.compile(r"#!\s*/\S*\b(ba)?sh\b|#!\s*/usr/bin/env (ba)?sh\b|# shellcheck shell=")
scripts = [
    path
    for path in tree.files(tree.EVERYTHING)
    if path.endswith(".sh") or SHELL.match(tree.read(path)[:200])
]
tap.ok("there are scripts", len(scripts) > 5)
for path in scripts:
    result = subprocess.run(
        ["shellcheck", "--format=gcc", path],
        cwd=tap.SRCDIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    tap.ok(path, result.returncode == 0, result.stdout + result.stderr)
tap.done_testing()
