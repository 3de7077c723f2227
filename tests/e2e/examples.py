#!/usr/bin/env python3
"""Every pipeline in examples/ is valid, runs, and gives what its comment promises.

Expected results are computed here from the same small inputs, windows by the model in tests/model. access-log has
tests of its own (access-log.sh), and so have the Nexmark queries (nexmark.py).
"""
import collections
import csv
import datetime
import decimal
import glob
import json
import math
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import tap  # noqa: E402
import windows_cases  # noqa: E402
import windows_model as model  # noqa: E402

DATA = os.path.join(tap.SRCDIR, "examples", "data")
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
us = windows_cases.time_us


def example(name):
    return os.path.join(tap.SRCDIR, "examples", f"{name}.yaml")


def environment(folder=None, **more):
    result = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, **more)
    if folder:
        result["OUT"] = folder
    return result


def run(name, **options):
    """Runs an example from the top of the tree; its standard output as rows, or None after a failed case."""
    result = tap.run([tap.STREAMCTL, "run", "--quiet", example(name)], cwd=tap.SRCDIR, timeout=60, **options)
    if not tap.ok(f"{name} runs", result.returncode == 0, result.stderr[-2000:]):
        return None
    return [parsed(line) for line in result.stdout.splitlines()]


def parsed(line):
    return json.loads(line, parse_float=decimal.Decimal)


def records(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as f:
        return [parsed(line) for line in f]


def orders():
    with open(os.path.join(DATA, "orders.csv"), encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def close(left, right):
    """Equal, or numbers that differ by rounding only."""
    if isinstance(left, float) and isinstance(right, (int, float, decimal.Decimal)):
        return math.isclose(left, float(right), rel_tol=1e-12)
    return left == right


def same_rows(name, got, want):
    """One case: the rows are equal, in any order."""
    if got is None:
        return
    keys = sorted({key for row in want for key in row if not isinstance(row[key], float)})
    order = lambda row: [str(row.get(key)) for key in keys]  # noqa: E731
    got, want = sorted(got, key=order), sorted(want, key=order)
    bad = [f"got  {g}\nwant {w}" for g, w in zip(got, want)
           if set(g) != set(w) or not all(close(w[key], g[key]) for key in w)]
    if len(got) != len(want):
        bad.insert(0, f"{len(got)} rows, expected {len(want)}")
    tap.ok(f"{name} gives what it promises", not bad, "\n".join(bad[:4]))


def windows(spec, rows, bound=0):
    """Results of the model over (time, key, payload) rows, as (key, start, end, payloads)."""
    numbered = [model.Row(i, at, key, payload) for i, (at, key, payload) in enumerate(rows)]
    results, late = model.run(spec, [numbered], bound)
    assert not late
    return [(r.key, r.start, r.end, [row.value for row in r.rows]) for r in results]


def text(time_us):
    """A timestamp as the JSON encoder writes it."""
    whole = windows_cases.time_text(time_us)
    return whole[:-8] + "Z" if whole.endswith(".000000Z") else whole


def times_as_us(rows, *names):
    for row in rows or []:
        for name in names:
            row[name] = us(row[name])
    return rows


def json_filter():
    want = [{"id": r["id"], "day": r["at"][:10], "account": r["account"].upper(), "euros": round(float(r["amount"])),
             "remark": "very large" if r["amount"] >= 280 else "large"}
            for r in records("payments.ndjson") if r["status"] == "ok" and r["amount"] >= 200]
    same_rows("json-filter", run("json-filter"), want)


def csv_to_sqlite(folder):
    for turn in ("first", "second"):
        if run("csv-to-sqlite", env=environment(folder)) is None:
            return
        connection = sqlite3.connect(os.path.join(folder, "orders.db"))
        got = connection.execute("SELECT id, placed, customer, country, CAST(amount AS TEXT), note FROM orders "
                                 "ORDER BY id").fetchall()
        connection.close()
        want = [(int(r["id"]), r["placed"], r["customer"], r["country"] or None, decimal.Decimal(r["amount"]),
                 r["note"] or None) for r in orders()]
        got = [(*row[:4], decimal.Decimal(row[4]), row[5]) for row in got]
        tap.equal(f"csv-to-sqlite: the table after the {turn} run", got, want)


def sliding_average():
    rows = [(us(r["at"]), (r["sensor"],), float(r["celsius"])) for r in records("readings.ndjson")]
    want = [{"sensor": key[0], "until": end, "readings": len(v), "mean": statistics.fmean(v),
             "coldest": min(v), "warmest": max(v)}
            for key, _, end, v in windows(model.Spec("sliding", size=MINUTE, step=10 * SECOND), rows, 2 * SECOND)]
    same_rows("sliding-average", times_as_us(run("sliding-average"), "until"), want)


def sessions():
    rows = [(us(r["at"]), (r["user"],), r) for r in records("clicks.ndjson")]
    want = [{"user": key[0], "began": start, "last": max(us(r["at"]) for r in v), "clicks": len(v),
             "pages": len({r["page"] for r in v}), "landing": min(v, key=lambda r: us(r["at"]))["page"],
             "bought": any(r["page"] == "/checkout" for r in v), "slow": sum(r["ms"] > 300 for r in v)}
            for key, start, _, v in windows(model.Spec("session", size=30 * MINUTE), rows)]
    same_rows("sessions", times_as_us(run("sessions"), "began", "last"), want)


def dedup():
    seen, rows = set(), []
    for r in records("payments.ndjson"):
        if r["id"] not in seen:
            seen.add(r["id"])
            rows.append((us(r["at"]), (r["account"],), r["amount"]))
    want = [{"account": key[0], "until": end, "payments": len(v), "total": sum(v)}
            for key, _, end, v in windows(model.Spec("tumbling", size=15 * MINUTE), rows, 3 * MINUTE)]
    same_rows("dedup", times_as_us(run("dedup"), "until"), want)


def cumulative():
    rows = [(us(r["placed"]), (), decimal.Decimal(r["amount"])) for r in orders()]
    want = [{"until": end, "orders": len(v), "turnover": sum(v)}
            for _, _, end, v in windows(model.Spec("cumulative", size=24 * HOUR, step=HOUR), rows)]
    same_rows("cumulative", times_as_us(run("cumulative"), "until"), want)


def count_batches():
    rows = [(us(r["at"]), (r["sensor"],), (us(r["at"]), float(r["celsius"]))) for r in records("readings.ndjson")]
    want = [{"sensor": key[0], "readings": len(v), "first": min(v)[0], "last": max(v)[0],
             "mean": statistics.fmean(c for _, c in v), "deviation": statistics.stdev(c for _, c in v)}
            for key, _, _, v in windows(model.Spec("count", size=25), rows, 2 * SECOND)]
    same_rows("count-batches", times_as_us(run("count-batches"), "first", "last"), want)


def unnest():
    rows = [(us(r["at"]), (item["product"],), (item["quantity"], decimal.Decimal(item["price"])))
            for r in records("carts.ndjson") for item in r["items"]]
    want = [{"product": key[0], "hour": start, "pieces": sum(q for q, _ in v), "turnover": sum(q * p for q, p in v)}
            for key, start, _, v in windows(model.Spec("tumbling", size=HOUR), rows)]
    same_rows("unnest", times_as_us(run("unnest"), "hour"), want)


def late_data(folder):
    """With batches of one row lateness is exact; revisions are applied, so that the last word counts."""
    if run("late-data", env=environment(folder, STREAMD_BATCH_ROWS="1")) is None:
        return
    rows = [model.Row(i, us(r["at"]), (r["sensor"],), float(r["celsius"]))
            for i, r in enumerate(records("readings.ndjson"))]
    results, late = model.run(model.Spec("tumbling", size=10 * SECOND, lateness=220_000), [rows], 0)
    table = {}
    for row in windows_cases.read_parts(os.path.join(folder, "averages")):
        if row.pop("_op") in windows_cases.ADDED:
            table[row["sensor"], row["window_start"]] = row
    want = [{"sensor": r.key[0], "window_start": text(r.start), "readings": len(r.rows),
             "mean": statistics.fmean(row.value for row in r.rows)} for r in results]
    same_rows("late-data: averages", list(table.values()), want)
    got = collections.Counter((r["sensor"], us(r["at"])) for r in windows_cases.read_parts(os.path.join(folder, "late")))
    tap.equal("late-data: what came too late", got, collections.Counter((r.key[0], r.time) for r in late))
    tap.ok("late-data: there is something late, and something corrected", late and len(table) < sum(
        1 for _ in windows_cases.read_parts(os.path.join(folder, "averages"))))


def generator():
    first = run("generator")
    if first is None:
        return
    tap.equal("generator makes the rows it was asked for", sum(row["rows"] for row in first), 10000)
    tap.equal("of all cities", {row["city"] for row in first}, {"Berlin", "Lima", "Nairobi", "Osaka"})
    same_rows("generator, run again,", run("generator"), first)


def wait_for(condition, seconds=20):
    """Whether the condition holds within a deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def follow_log(folder):
    """Appends, rotates, appends again, interrupts."""
    log, shown = os.path.join(folder, "app.log"), os.path.join(folder, "shown")

    def write(*lines):
        with open(log, "a", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in lines)

    def messages():
        with open(shown, encoding="utf-8") as f:
            return [parsed(line)["message"] for line in f.read().split("\n")[:-1]]

    write("2025-03-01T09:00:00Z ERROR one", "2025-03-01T09:00:01Z INFO two", "not in the format")
    with open(shown, "wb") as out, subprocess.Popen([tap.STREAMCTL, "run", "--quiet", example("follow-log")], stdout=out,
                                                    stderr=subprocess.PIPE, env=environment(LOG=log)) as process:
        try:
            tap.ok("follow-log shows what is there", wait_for(lambda: messages() == ["one"]), str(messages()))
            write("2025-03-01T09:00:02Z WARN three")
            tap.ok("and what is appended", wait_for(lambda: messages() == ["one", "three"]), str(messages()))
            os.rename(log, log + ".1")
            write("2025-03-01T09:00:03Z FATAL four")
            tap.ok("and what comes after a rotation", wait_for(lambda: messages() == ["one", "three", "four"]),
                   str(messages()))
            process.send_signal(2)
            tap.ok("and ends on an interrupt", wait_for(lambda: process.poll() is not None))
            tap.equal("with exit status 0", process.poll(), 0)
        finally:
            if process.poll() is None:
                process.kill()


def main():
    paths = sorted(glob.glob(os.path.join(tap.SRCDIR, "examples", "*.yaml"))
                   + glob.glob(os.path.join(tap.SRCDIR, "examples", "nexmark", "*.yaml")))
    for path in paths:
        result = tap.run([tap.STREAMCTL, "validate", path], cwd=tap.SRCDIR,
                         env=environment("/nonexistent", NEXMARK="/nonexistent"))
        tap.ok(f"{os.path.relpath(path, tap.SRCDIR)} is valid", result.returncode == 0, result.stderr)
    with tempfile.TemporaryDirectory(prefix="streamd-examples-") as folder:
        for check in (json_filter, sliding_average, sessions, dedup, cumulative, count_batches, unnest, generator):
            check()
        for check in (csv_to_sqlite, late_data, follow_log):
            part = os.path.join(folder, check.__name__)
            os.mkdir(part)
            check(part)
    tap.done_testing()


if __name__ == "__main__":
    main()
