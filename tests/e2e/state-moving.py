#!/usr/bin/env python3
"""Operators keep no pointer and no memory that is not theirs: with the state backend `moving` of the tests, which
moves every row between two calls and poisons its old place, pipelines give what they give with `memory`; the same
with batches of one row, with channels of one batch, and with both.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import tap  # noqa: E402
import windows_cases  # noqa: E402

MOVING = os.path.join(tap.BUILDDIR, "tests", "plugins", ".libs")
DATA = os.path.join(tap.SRCDIR, "tests", "data", "nexmark", "events", "bid.ndjson.zst")
BIDS = 1500  # the backend searches its rows from end to end
EXAMPLES = ["count-batches", "cumulative", "dedup", "sessions", "sliding-average", "unnest"]
QUERIES = ["q11", "q15", "q16", "q17", "q18"]
SURROUNDINGS = [{"rows": 0, "slots": 0}, {"rows": 1, "slots": 1}, {"rows": 7, "slots": 0}]


def with_backend(text, backend):
    return re.sub(r"^(version: 1.*)$", rf"\1\nstate: {{backend: {backend}}}", text, count=1, flags=re.M)


def rounded(line):
    """Sums of floats depend in their last digit on how many were added at once."""
    return re.sub(r"-?\d+\.\d{9,}(e[+-]?\d+)?", lambda number: f"{float(number.group()):.10g}", line)


def run(text, backend, rows=0, slots=0, **variables):
    """Standard output and the rows of all files below OUT, sorted; or how it failed."""
    folder = tempfile.mkdtemp(prefix="streamd-moving-")
    path = os.path.join(folder, "pipeline.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r"^name: .*$", "", with_backend(text, backend), flags=re.M))
    environment = dict(os.environ, OUT=os.path.join(folder, "out"),
                       STREAMD_PLUGIN_PATH=f"{tap.PLUGIN_PATH}:{MOVING}", **variables)
    for name, value in (("STREAMD_BATCH_ROWS", rows), ("STREAMD_CHANNEL_SLOTS", slots)):
        if value:
            environment[name] = str(value)
    result = tap.run([tap.STREAMCTL, "run", "--quiet", path], env=environment, cwd=tap.SRCDIR, timeout=120)
    lines = result.stdout.splitlines()
    for parent, _, names in os.walk(os.path.join(folder, "out")):
        for name in names:
            with open(os.path.join(parent, name), encoding="utf-8") as f:
                lines += [os.path.relpath(parent, folder) + " " + line for line in f.read().splitlines()]
    shutil.rmtree(folder)
    return [f"exit status {result.returncode}", result.stderr[-500:]] if result.returncode else sorted(map(rounded, lines))


def last_words(lines):
    """The table that a log of changes leaves behind; other lines stay."""
    table, others = {}, []
    for line in lines:
        match = re.search(r'"_op":"([a-z-]+)"', line)
        if match:
            auction, bidder = (re.search(rf'"{name}":(\d+)', line).group(1) for name in ("auction", "bidder"))
            time = re.search(r'"dateTime":"([^"]+)"', line).group(1)
            table[auction, bidder] = max(table.get((auction, bidder), ""), time)
        else:
            others.append(line)
    return sorted(table.items()) + others


def same_everywhere(name, text, key=lambda lines: lines, **variables):
    wanted = key(run(text, "memory", **variables))
    findings = []
    for backend in ("memory", "moving"):
        for surrounding in SURROUNDINGS:
            got = key(run(text, backend, **surrounding, **variables))
            if got != wanted:
                findings.append(f"{backend} {surrounding}: {[x for x in got if x not in wanted][:3]} instead of "
                                f"{[x for x in wanted if x not in got][:3]}")
    if not wanted or wanted[0].startswith("exit status"):
        findings.append(f"it gives {wanted}")
    tap.empty(name, findings)


def read(path):
    with open(os.path.join(tap.SRCDIR, path), encoding="utf-8") as f:
        return f.read()


def examples():
    for name in EXAMPLES:
        same_everywhere(f"examples/{name}.yaml", read(f"examples/{name}.yaml"))
    late = read("examples/late-data.yaml")
    for surrounding in SURROUNDINGS:  # which rows are late depends on the batches
        tap.equal(f"examples/late-data.yaml {surrounding}", run(late, "moving", **surrounding),
                  run(late, "memory", **surrounding))


def queries():
    folder = tempfile.mkdtemp(prefix="streamd-moving-")
    bids = subprocess.run(["zstd", "-dc", DATA], stdout=subprocess.PIPE, check=True).stdout.splitlines(True)
    with open(os.path.join(folder, "bid.ndjson"), "wb") as f:
        f.writelines(bids[:BIDS])
    for query in QUERIES:
        key = last_words if query == "q18" else (lambda lines: lines)
        same_everywhere(f"examples/nexmark/{query}.yaml", read(f"examples/nexmark/{query}.yaml"), key, NEXMARK=folder)
    shutil.rmtree(folder)


def windows():
    """Random windows on the hostile backend, against the model."""
    folder = tempfile.mkdtemp(prefix="streamd-moving-")
    seeds = tap.effort(20, 60, 400)
    for first in range(1, seeds + 1, 20):
        cases = [windows_cases.draw(seed) for seed in range(first, first + 20)]
        for case in cases:
            windows_cases.write_input(case, os.path.join(folder, str(case.seed), "in"))
        path = os.path.join(folder, "cases.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(with_backend(windows_cases.pipeline(cases, "cases"), "moving"))
        environment = dict(os.environ, CASES=folder, STREAMD_PLUGIN_PATH=f"{tap.PLUGIN_PATH}:{MOVING}",
                           STREAMD_BATCH_ROWS="1", STREAMD_CHANNEL_SLOTS="1")
        result = tap.run([tap.STREAMCTL, "run", "--quiet", path], env=environment, timeout=120)
        findings = [f"exit status {result.returncode}: {result.stderr[-500:]}"] if result.returncode else []
        for case in cases if not findings else []:
            findings += [f"seed {case.seed}: {problem}"
                         for problem in windows_cases.judge(case, os.path.join(folder, str(case.seed)))]
        tap.empty(f"windows of seeds {first} to {first + 19} against the model", findings)
    shutil.rmtree(folder)


def main():
    if not os.path.exists(os.path.join(MOVING, "state-moving.so")):
        tap.skip_all("the backend is built by make check only")
    examples()
    if shutil.which("zstd"):
        queries()
    else:
        tap.skip("Nexmark queries", "zstd is not installed")
    windows()
    tap.done_testing()


if __name__ == "__main__":
    main()
