#!/usr/bin/env python3
"""Rescaling under load: 1 -> 4 -> 3 -> 8 -> 2 workers while rows flow, judged as the storm is; and in every
checkpoint on the way each key group lies with its one owner (owners.py).

    SEED=n PIPELINES=late,dedup tests/faults/rescale.py
"""
import concurrent.futures
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import owners  # noqa: E402
import pipelines  # noqa: E402
import reader  # noqa: E402
import references  # noqa: E402
from machine import tap  # noqa: E402

STEPS = (4, 3, 8, 2)
PATIENCE = 120


def more_is_visible(watcher, rows):
    """Whether the outputs have grown beyond so many rows."""
    return watcher.visible() > rows


def rescaled(name, seed):
    """One pipeline through all the steps; findings."""
    folder = tempfile.mkdtemp(prefix=f"streamd-rescale-{name}-")
    case = pipelines.ALL[name](folder, seed, 12, checkpoint="200ms")
    run, watcher, findings = machine.Run(folder, case), reader.Reader(case), []
    groups, files = owners.Owners(run.state_dir), references.References(run.state_dir)
    run.start(1, "--batch-rows", "128")
    watcher.start()
    files.start()
    try:
        for step in STEPS:
            seen = watcher.visible()
            machine.wait_for(lambda: more_is_visible(watcher, seen) or not run.running(), PATIENCE)
            result = run.control("rescale", str(step), timeout=PATIENCE)
            if result.returncode:
                findings.append(f"rescale {step}: exit status {result.returncode}: {result.stderr}")
                break
            if not machine.wait_for(lambda: len(run.workers()) == step, 20):
                findings.append(f"{len(run.workers())} workers after rescale {step}")
        machine.wait_for(lambda: not run.running(), PATIENCE)
        if run.running() or run.process.returncode:
            findings.append(f"exit status {run.process.returncode}:\n{run.log_tail()}")
        findings += run.leftovers()
    finally:
        run.end()
        findings += watcher.finish() + files.finish() + groups.finish()[:5]
    unseen = {1, *STEPS} - set(groups.seen.values())
    if unseen:
        findings.append(f"no checkpoint was seen with {sorted(unseen)} workers")
    if name == "sliding" and not files.referring:
        findings.append("no checkpoint was seen to refer to an earlier one")
    if findings:
        findings.append(f"kept {folder}")
    else:
        shutil.rmtree(folder)
    return findings


def main():
    seed = int(os.environ.get("SEED", "1"))
    names = os.environ.get("PIPELINES", ",".join(pipelines.ALL)).split(",")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, findings in zip(names, pool.map(lambda name: rescaled(name, seed), names)):
            tap.empty(f"{name}: 1 -> {' -> '.join(map(str, STEPS))} under load", findings)
    tap.done_testing()


if __name__ == "__main__":
    main()
