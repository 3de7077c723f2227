#!/usr/bin/env python3
"""examples/nexmark on 100,000 events, in order and reordered, against what Apache Flink gives.

Every query must give the golden result byte for byte after canonicalisation (tests/data/nexmark/README
says what that is), in both variants: event time alone decides.
"""
import concurrent.futures
import hashlib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "nexmark"))
import canonical  # noqa: E402
import tap  # noqa: E402

DATA = os.path.join(tap.SRCDIR, "tests", "data", "nexmark")
KINDS = ("person", "auction", "bid")


def unpacked(folder):
    """Writes the events below folder/ordered and folder/reordered; returns what differs from SHA256."""
    with open(os.path.join(DATA, "events", "SHA256"), encoding="ascii") as f:
        digests = {name: digest for digest, name in (line.split() for line in f)}
    wrong = []
    for kind in KINDS:
        source = os.path.join(DATA, "events", f"{kind}.ndjson.zst")
        ordered = subprocess.run(["zstd", "-dc", source], stdout=subprocess.PIPE, check=True).stdout
        reordered = subprocess.run([sys.executable, os.path.join(DATA, "reorder.py")], input=ordered,
                                   stdout=subprocess.PIPE, check=True).stdout
        for variant, name, content in (("ordered", f"{kind}.ndjson", ordered),
                                       ("reordered", f"{kind}.reordered.ndjson", reordered)):
            if hashlib.sha256(content).hexdigest() != digests[name]:
                wrong.append(name)
            os.makedirs(os.path.join(folder, variant), exist_ok=True)
            with open(os.path.join(folder, variant, f"{kind}.ndjson"), "wb") as f:
                f.write(content)
    return wrong


def golden():
    """Query -> (rows, bytes, sha256)."""
    with open(os.path.join(DATA, "results", "summary.tsv"), encoding="ascii") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    return {row[0]: (int(row[1]), int(row[2]), row[3]) for row in rows}


def stored(query):
    """The golden rows that are stored: all of them, or the first 100."""
    base = os.path.join(DATA, "results", query)
    if os.path.exists(f"{base}.ndjson.zst"):
        return subprocess.run(["zstd", "-dc", f"{base}.ndjson.zst"], stdout=subprocess.PIPE,
                              check=True).stdout.splitlines()
    name = f"{base}.ndjson" if os.path.exists(f"{base}.ndjson") else f"{base}.first100.ndjson"
    with open(name, "rb") as f:
        return f.read().splitlines()


def difference(query, rows):
    """Up to three golden rows that are missing, and rows between them that should not be there."""
    want = stored(query)
    have = set(rows)
    lines = [f"missing:    {row.decode()}" for row in want if row not in have][:3]
    last = want[-1] if want else b""
    known = set(want)
    lines += [f"unexpected: {row.decode()}" for row in rows if row <= last and row not in known][:3]
    return "\n".join(lines)


def verdict(folder, query, variant, expected):
    """(passed, why) of one query over one variant of the events."""
    out = os.path.join(folder, "out", variant)
    pipeline = os.path.join(tap.SRCDIR, "examples", "nexmark", f"{query}.yaml")
    environment = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH,
                       NEXMARK=os.path.join(folder, variant), OUT=out)
    result = tap.run([tap.STREAMCTL, "run", "--quiet", pipeline], env=environment, timeout=120)
    if result.returncode != 0:
        return False, f"exit status {result.returncode}\n{result.stderr[-2000:]}"
    try:
        found = canonical.canonical(query, os.path.join(out, query))
    except canonical.Malformed as error:
        return False, str(error)
    rows = found.splitlines()
    got = (len(rows), len(found), hashlib.sha256(found).hexdigest())
    return got == expected, f"got  {got}\nwant {expected}\n{difference(query, rows)}"


def main():
    results = golden()
    with tempfile.TemporaryDirectory(prefix="streamd-nexmark-") as folder:
        tap.empty("the events are the published ones, in order and reordered", unpacked(folder))
        cases = [(query, variant) for query in canonical.COLUMNS for variant in ("ordered", "reordered")]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            verdicts = pool.map(lambda case: verdict(folder, *case, results[case[0]]), cases)
            for (query, variant), (passed, why) in zip(cases, verdicts):
                tap.ok(f"{query}, {variant}", passed, why)
    tap.done_testing()


if __name__ == "__main__":
    main()
