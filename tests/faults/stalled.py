#!/usr/bin/env python3
"""A sink that stalls: memory stays where it is, the source stops reading, and all goes on afterwards.

    STALL=seconds tests/faults/stalled.py

The input comes as fast as it goes, over two workers with an exchange between them; the standard output sink writes
into a pipe that nobody reads for STALL seconds (60 with STREAMD_TEST_EFFORT=full, else 15). The resident memory of
each worker may grow by less than 1 MiB from the tenth second on (full; else from the fifth). Checkpoints are asked
for meanwhile and cannot complete: they must not pile up anything either.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import pipelines  # noqa: E402
from machine import tap  # noqa: E402

GROWTH = 1 << 20

BODY = """\
version: 1
name: stalled
checkpoint: {every: 300ms, timeout: 2s}
sources:
  made:
    type: generator
    config:
      splits: 2
      fields:
        id: {type: int64, sequence: {start: 0}}
        text: {type: string, letters: {min: 20, max: 200}}
operators:
  once: {type: dedup, inputs: [made], key_by: [id]}
sinks:
  out: {type: stdout, inputs: [once], format: {type: json}, delivery: at_least_once}
"""


def resident(pid):
    """Bytes of memory that the process has; 0 where it has gone."""
    for line in machine.read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Rss:"):
            return int(line.split()[1]) * 1024
    return 0


def ticks(pid):
    """Processor time of the process, in hundredths of a second."""
    fields = machine.read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0


def drain(pipe, size):
    """Reads so many bytes."""
    while size > 0:
        data = os.read(pipe, min(size, 1 << 16))
        if not data:
            return False
        size -= len(data)
    return True


def main():
    stall = int(os.environ.get("STALL", tap.effort(15, 15, 60)))
    settle = stall // 6 if stall >= 60 else 5
    folder = tempfile.mkdtemp(prefix="streamd-stalled-")
    path = os.path.join(folder, "stalled.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(BODY)
    run = machine.Run(folder, pipelines.Case("stalled", path, [], 0))
    with open(run.log_path, "ab") as log:
        run.process = subprocess.Popen(
            [tap.STREAMCTL, "run", "--quiet", "--state-dir", run.state_dir, "--parallelism", "2", path],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=run.environment, start_new_session=True)
    run.sessions.add(run.process.pid)
    pipe = run.process.stdout.fileno()
    try:
        tap.ok("rows come", drain(pipe, 2 << 20), run.log_tail())
        workers = run.workers()
        tap.equal("there are two workers", len(workers), 2)
        time.sleep(settle)
        before, spent = {pid: resident(pid) for pid in workers}, sum(map(ticks, workers))
        time.sleep(stall - settle)
        after, spent = {pid: resident(pid) for pid in workers}, sum(map(ticks, workers)) - spent
        tap.equal("the same workers are there", run.workers(), workers)
        for number, pid in enumerate(workers):
            growth = after[pid] - before[pid]
            tap.diag(f"worker {number}: {before[pid] >> 10} KiB, grew by {growth >> 10} KiB in {stall - settle} s")
            tap.ok(f"worker {number} does not grow", 0 < after[pid] and growth < GROWTH, f"{growth} bytes")
        share = spent / ((stall - settle) * 100)
        tap.ok("the source has stopped reading", share < 0.2, f"{share:.2f} processors are busy")
        tap.ok("rows come again", drain(pipe, 8 << 20), run.log_tail())
    finally:
        run.end()
    shutil.rmtree(folder)
    tap.done_testing()


if __name__ == "__main__":
    main()
