"""Public headers: each compiles alone, as C11 and as C++17, without a warning."""

import concurrent.futures
import os
import shlex
import shutil
import subprocess
import tempfile

import tree
from tree import tap

HARNESS = "tests/harness/harness.h"  # installed as <streamd/harness.h>
FOLDERS = ["include", os.path.dirname(HARNESS)]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-pedantic-errors"]


def compile_alone(compiler, standard, language, header):
    """What the compiler says of a file that includes the header only, twice."""
    name = os.path.relpath(header, os.path.dirname(HARNESS) if header == HARNESS else "include")
    with tempfile.NamedTemporaryFile("w", suffix="." + language) as file:
        file.write(f"#include <{name}>\n#include <{name}>\nint streamd_test_only;\n")
        file.flush()
        command = shlex.split(compiler) + [standard, *WARNINGS, "-fsyntax-only"]
        command += [f"-I{os.path.join(tap.SRCDIR, folder)}" for folder in FOLDERS] + [file.name]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    return (result.stderr or "compiler failed") if result.returncode else ""


def check(what, compiler, standard, language):
    """One case for each header."""
    headers = [*tree.files(["include"], ".h"), HARNESS]
    if not compiler:
        tap.skip(f"headers alone as {what}", "no compiler for it")
        return
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda h: compile_alone(compiler, standard, language, h), headers)
        for header, words in zip(headers, said):
            tap.ok(f"{header} alone as {what}", not words, words)


check("C11", os.environ.get("CC", "cc"), "-std=c11", "c")
check("C++17", shutil.which("g++") or shutil.which("clang++"), "-std=c++17", "cc")
tap.done_testing()
