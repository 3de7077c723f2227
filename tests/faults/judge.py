"""The judge of the fault tests is judged: a wrong output must be seen, and a right one must not."""
import collections
import json
import os
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import owners  # noqa: E402
import pipelines  # noqa: E402
import reader  # noqa: E402
import references  # noqa: E402
from machine import tap  # noqa: E402

EXPECTED = collections.Counter({(1, 0): 1, (2, 500): 2})


def publish(folder, name, rows):
    """A part of the file sink."""
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.writelines(json.dumps({"k": k, "at": pipelines.stamp(at)}) + "\n" for k, at in rows)


def insert(path, rows):
    """Rows of the SQLite sink."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE IF NOT EXISTS rows (k INTEGER, at TEXT)")
    connection.executemany("INSERT INTO rows VALUES (?, ?)", [(k, pipelines.stamp(at)) for k, at in rows])
    connection.commit()
    connection.close()


def watched(steps):
    """What the reader finds when it looks after each of the steps, done in a fresh folder."""
    with tempfile.TemporaryDirectory(prefix="streamd-judge-") as folder:
        files, table = os.path.join(folder, "files"), os.path.join(folder, "table.db")
        os.makedirs(files)
        watcher = reader.Reader(pipelines.Case("test", "", [
            pipelines.Sink("files", "file", files, ["k", "at"], EXPECTED),
            pipelines.Sink("table", "sqlite", table, ["k", "at"], EXPECTED)], 0), every=60)
        watcher.start()
        for step in steps:
            step(files, table)
            watcher.look()
        return watcher.finish()


ALL = sorted(EXPECTED.elements())


def everything(files, table):
    publish(files, "part-0-0.json", ALL[:1])
    publish(files, "part-1-0.json", ALL[1:])
    insert(table, ALL)


def bites(name, words, *steps):
    """One case: these steps must lead to a finding with these words."""
    findings = watched(steps)
    tap.ok(name, any(words in finding for finding in findings), "\n".join(findings) or "nothing was found")


def change(path, text):
    with open(path, "a", encoding="utf-8") as f:
        f.write(text)


tap.empty("the right result is right", watched([everything]))
bites("a row twice in a file", "visible too often", everything, lambda f, t: publish(f, "part-0-1.json", ALL[:1]))
bites("a row twice in the table", "visible too often", everything, lambda f, t: insert(t, ALL[:1]))
bites("a wrong row", "wrongly", everything, lambda f, t: publish(f, "part-0-1.json", [(7, 7)]))
bites("a row is missing", "are missing", lambda f, t: insert(t, ALL),
      lambda f, t: publish(f, "part-0-0.json", ALL[1:]))
bites("a file is taken back", "is gone", everything, lambda f, t: os.unlink(os.path.join(f, "part-0-0.json")))
bites("a row is taken back", "is gone", everything,
      lambda f, t: sqlite3.connect(t, isolation_level=None).execute("DELETE FROM rows WHERE k = 1"))
bites("a file changes after it was published", "has changed", everything,
      lambda f, t: change(os.path.join(f, "part-0-0.json"), "\n"))
bites("a torn line", "whole line", everything, lambda f, t: change(os.path.join(f, "part-0-1.json"), "{\"k\""))
bites("a part in progress stays", "left behind", everything, lambda f, t: publish(f, ".part-0-1.json", []))
bites("a journal stays", "left behind", everything, lambda f, t: change(t + "-journal", ""))

with tempfile.TemporaryDirectory(prefix="streamd-judge-") as place:
    victim = machine.Run(place, pipelines.Case("test", "", [], 0))
    victim.process = machine.subprocess.Popen(["sh", "-c", "sleep 100 & exec sleep 0"], start_new_session=True)
    victim.sessions.add(victim.process.pid)
    victim.process.wait()
    tap.ok("a process that outlives its coordinator is seen", len(victim.orphans(0)) == 1)
    victim.end()

with tempfile.TemporaryDirectory(prefix="streamd-judge-") as place:
    for chk in ("chk-3", "chk-4"):
        os.makedirs(os.path.join(place, chk))
    change(os.path.join(place, "chk-3", "sealed-0.snap"), "1234567")
    needs = os.path.join(place, "chk-4", "manifest")
    change(needs, json.dumps({"manifest": {"id": 4, "files": [
        {"name": "sealed-0.snap", "bytes": 7, "checkpoint": 3}]}}))
    tap.equal("a file of an earlier checkpoint is found", references.missing(needs), ([], 1))
    os.rename(os.path.join(place, "chk-3", "sealed-0.snap"), os.path.join(place, "chk-4", "sealed-0.snap"))
    tap.equal("one that is missing is seen", len(references.missing(needs)[0]), 1)

# The golden checkpoint holds groups 0, 3 and 70 + task in the file of both of its tasks; 64 is where task 1 begins.
golden = next(os.walk(os.path.join(tap.SRCDIR, "tests", "data", "golden-0")))
lineage = os.path.join(golden[0], golden[1][0], "chk-7")
with open(os.path.join(lineage, "manifest"), encoding="utf-8") as manifest:
    found = owners.misplaced(lineage, json.load(manifest)["manifest"])
tap.equal("a key group in the file of another task is seen",
          sorted((line.split()[3], line.split("task ")[1][0]) for line in found), [("0", "1"), ("3", "1"), ("70", "0")])
tap.done_testing()
