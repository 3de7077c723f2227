"""The format csv against Python's csv module: what is read, and what is written."""

import csv
import io
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

TOOL = os.path.join(tap.BUILDDIR, "tests/unit/format_tool")
SEED = int(os.environ.get("STREAMD_TEST_SEED", "1"))
DELIMITERS = {",": ",", ";": ";", "\t": "\\t", "|": "|"}


def a_text(r):
    """Often plain, sometimes with what needs quotes."""
    if r.random() < 0.7:
        return "".join(r.choices("abcdefghij 0123456789-/", k=r.randrange(40)))
    return "".join(r.choices('ab,;|\t"\r\n é李😀', k=r.randrange(20)))


def tool(arguments, data):
    """What format_tool prints."""
    environment = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH)
    result = subprocess.run(
        [TOOL, "csv", *arguments], input=data, capture_output=True, check=False, env=environment
    )
    tap.ok("format_tool ends well", result.returncode == 0, result.stderr.decode(errors="replace"))
    return result.stdout.decode()


def read_test(seed, count):
    """Tables that csv.writer writes, with their columns in any order."""
    r = random.Random(seed)
    delimiter = r.choice(list(DELIMITERS))
    names = [f"c{i}" for i in range(r.randrange(2, 9))] + ["n"]
    order = r.sample(names, len(names))
    end = r.choice(["\n", "\r\n"])
    file = io.StringIO()
    writer = csv.writer(
        file,
        delimiter=delimiter,
        quoting=r.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        lineterminator=end,
    )
    writer.writerow(order)
    want = []
    for _ in range(count):
        row = {name: a_text(r) for name in names}
        if end == "\n":  # then this writer puts no quotes around a carriage return
            row = {name: text.replace("\r", "") for name, text in row.items()}
        row["n"] = r.randrange(-(10 ** r.randrange(1, 19)), 10 ** r.randrange(1, 19))
        writer.writerow([row[name] for name in order])
        want.append("\t".join([row[n].encode().hex() for n in names[:-1]] + [str(row["n"])]))
    data = file.getvalue().encode()
    if r.random() < 0.5:
        data = b"\xef\xbb\xbf" + data
    if r.random() < 0.5:
        data = data.rstrip(b"\r\n")
    fields = " ".join([f"{n}:string" for n in names[:-1]] + ["n:int64"])
    step, rows = str(r.choice([0, 50, 4096])), str(r.choice([1, 100, 2048]))
    got = tool([f"delimiter={DELIMITERS[delimiter]}", fields, step, rows], data).splitlines()
    wrong = [f"{g}\n  want {w}" for g, w in zip(got, want) if g != w]
    tap.empty(f"seed {seed}: rows are right", wrong[:3])
    tap.equal(f"seed {seed}: as many", len(got), len(want))


def write_test(seed, count):
    """What is written, as csv.reader reads it."""
    r = random.Random(seed)
    delimiter = r.choice(list(DELIMITERS))
    names = [f"c,{i}" for i in range(r.randrange(2, 6))]
    records = [{n: a_text(r) if r.random() < 0.9 else None for n in names} for _ in range(count)]
    data = "".join(json.dumps(x) + "\n" for x in records).encode()
    options = f"null_values=NULL delimiter={DELIMITERS[delimiter]}"
    text = tool([options, " ".join(n + ":string|null" for n in names), "encode", "77"], data)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    tap.equal(f"seed {seed}: the header", rows[0], names)
    want = [[x[n] if x[n] is not None else "NULL" for n in names] for x in records]
    wrong = [f"{g}\n  want {w}" for g, w in zip(rows[1:], want) if g != w]
    tap.empty(f"seed {seed}: what is written reads back", wrong[:3])
    tap.equal(f"seed {seed}: all of it", len(rows) - 1, len(want))


for number in range(SEED, SEED + tap.effort(5, 20, 200)):
    read_test(number, 500)
    write_test(number, 200)
tap.done_testing()
