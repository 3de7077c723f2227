"""The format regex against Python's re module, on the real access log of the examples."""

import gzip
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

TOOL = os.path.join(tap.BUILDDIR, "tests/unit/format_tool")
PATTERN = (
    r'^(?<host>\S+) \S+ \S+ \[(?<at>[^\]]+)\] "(?<method>\S+) (?<path>\S+) [^"]*" '
    r'(?<status>\d{3}) (?<bytes>\d+|-) "(?<referer>[^"]*)" "(?<agent>[^"]*)"$'
)
FIELDS = "host:string at:string method:string path:string status:int64 bytes:int64|null;nulls=- " \
    "referer:string agent:string"


def row(match):
    """What format_tool prints for a line that matches."""
    values = []
    for name, text in match.groupdict().items():
        if name in ("status", "bytes"):
            values.append("\\N" if text == "-" else text)
        else:
            values.append(text.encode().hex())
    return "\t".join(values)


with gzip.open(os.path.join(tap.SRCDIR, "examples/data/access.log.gz")) as log:
    data = log.read()
python = re.compile(PATTERN.replace("(?<", "(?P<"))
want, rejected, position = [], [], 0
for line in data.splitlines(keepends=True):
    match = python.match(line.decode().rstrip("\n"))
    if match:
        want.append(row(match))
    else:
        rejected.append("\t".join([f"!{position}", "5007", "the line does not match the pattern"]))
    position += len(line)
tap.ok("the log has both", len(want) > 9000 and len(rejected) > 0)

pattern = PATTERN.replace("\\", "\\\\").replace(" ", "\\s")
for step, rows in ((0, 2048), (1000, 7)):
    result = subprocess.run(
        [TOOL, "regex", "pattern=" + pattern, FIELDS, str(step), str(rows)],
        input=data, capture_output=True, check=False,
        env=dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH),
    )  # fmt: skip
    tap.equal("format_tool ends well", (result.returncode, result.stderr), (0, b""))
    got = result.stdout.decode().splitlines()
    wrong = [f"{g}\n  want {w}" for g, w in zip(got, want + rejected) if g != w]
    tap.empty(f"chunks of {step} bytes: all lines are read as Python reads them", wrong[:3])
    tap.equal(f"chunks of {step} bytes: as many", len(got), len(want) + len(rejected))
tap.done_testing()
