#!/usr/bin/env python3
"""What the manual shows is what happens: the examples in its pages are run, and what they print is compared.

    ```yaml hello.yaml      a block with a file name after its language becomes that file
    ```console              lines that begin with `$ ' are run (`> ' goes on with the same command); the
                            lines behind are what is printed, errors included
    ...                     there: any number of lines
    …                       in such a line: any text

Times in the summary of a run may be others. Each page has a folder of its own, in which examples/ leads to
those of the tree. With --update the pages are rewritten to show what is printed now (lines with … that still
match stay): then read the difference.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

PAGES = [
    "README.md",
    "docs/getting-started.md",
    "docs/pipelines.md",
    "docs/windows.md",
    "docs/expressions.md",
    "docs/operations.md",
]
SECONDS = 60


def blocks(lines):
    """(first line, one behind the last, language, file name or "") of each fenced block, fences left out."""
    start = None
    for number, line in enumerate(lines):
        if start is None and re.match(r"```\w", line):
            start, words = number + 1, line[3:].split() + [""]
        elif start is not None and line.rstrip() == "```":
            yield start, number, words[0], words[1]
            start = None


def commands(lines, start, end):
    """(line, text of the command, first line of its output, one behind the last) in a console block."""
    at = start
    while at < end:
        line, text = at, lines[at][2:]
        at += 1
        while at < end and lines[at].startswith("> "):
            text += "\n" + lines[at][2:]
            at += 1
        first = at
        while at < end and not lines[at].startswith("$ "):
            at += 1
        yield line, text, first, at


def pattern(line):
    """A line of the manual as a regular expression."""
    return ".*".join(re.escape(piece) for piece in line.split("…"))


def steady(lines):
    """Lines of output without the times in the summary of a run."""
    inside = False
    for line in lines:
        inside = inside or re.fullmatch(r"node .* busy ms", line) is not None
        if re.match(r"\d+\.\d{3} s\b", line):
            inside, line = False, "summary"
        yield re.sub(r" +[\d,]+$", "", line) if inside else line


def matches(wanted, got):
    """Whether lines of output are those that the manual shows."""
    expression = ""
    for line in steady(wanted):
        expression += r"(?:.*\n)*" if line == "..." else pattern(line) + r"\n"
    return re.fullmatch(expression, "".join(line + "\n" for line in steady(got))) is not None


def merged(wanted, got):
    """The output to be shown: what was printed, where lines with a … do not say it already."""
    if matches(wanted, got):
        return wanted
    kept = {}
    for line in wanted:
        if "…" in line:
            for number, printed in enumerate(got):
                if number not in kept and re.fullmatch(pattern(line), printed):
                    kept[number] = line
                    break
    return [kept.get(number, line) for number, line in enumerate(got)]


class Shell:
    """Runs commands one by one in a folder; $? is that of the one before."""

    def __init__(self, folder):
        tools = os.path.join(folder, ".tools")
        os.mkdir(tools)
        os.symlink(os.path.abspath(tap.STREAMCTL), os.path.join(tools, "streamctl"))
        os.symlink(os.path.join(tap.SRCDIR, "examples"), os.path.join(folder, "examples"))
        self.folder = os.path.join(folder, "page")
        os.mkdir(self.folder)
        os.rename(os.path.join(folder, "examples"), os.path.join(self.folder, "examples"))
        self.environment = dict(
            os.environ, PATH=tools + ":" + os.environ["PATH"], STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH
        )
        self.status = 0

    def write(self, name, lines):
        """Makes a file."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def run(self, command):
        """The lines that a command prints."""
        result = subprocess.run(
            ["bash", "-c", f"(exit {self.status})\n{command}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
        self.status = result.returncode
        return result.stdout.decode("utf-8", "replace").splitlines()


def try_page(page, update):
    """Runs a page; with `update' the lines that it should have."""
    with open(os.path.join(tap.SRCDIR, page), encoding="utf-8") as file:
        lines = file.read().splitlines()
    result, copied = [], 0
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(folder)
        for start, end, language, name in blocks(lines):
            if name:
                shell.write(name, lines[start:end])
            for line, command, first, last in commands(lines, start, end) if language == "console" else ():
                got, wanted = shell.run(command), lines[first:last]
                result += lines[copied:first] + merged(wanted, got)
                copied = last
                if not update:
                    tap.ok(
                        f"{page}:{line + 1}: {command.splitlines()[0]}",
                        matches(wanted, got),
                        "\n".join(["printed:", *got, "the page says:", *wanted]),
                    )
    return result + lines[copied:]


for plugin in ("sink-sqlite", "format-regex"):
    if not os.path.exists(os.path.join(tap.PLUGIN_PATH, f"{plugin}.so")):
        tap.skip_all(f"this build has no {plugin}")
for path in PAGES:
    shown = try_page(path, "--update" in sys.argv)
    if "--update" in sys.argv:
        with open(os.path.join(tap.SRCDIR, path), "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in shown)
if "--update" not in sys.argv:
    tap.done_testing()
