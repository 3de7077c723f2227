#!/usr/bin/env python3
"""script/torture KILLS [--seed S] [--pipelines a,b] [--jobs N] [--seconds S] [--keep FOLDER]

A storm of kill -9: runs pipelines over and over, kills workers, coordinators or both at random times, starts the
command again where it died, with another parallelism as often as not, until the input has ended; then judges:
outputs equal the model's, a reader beside it never saw what is not in there, nothing is left behind.

It stops when KILLS processes have been killed. What is random follows from the seed, but for the timing of the
machine. Nothing is tried again until it passes: a run that fails stays failed, and its folder is kept.
"""
import argparse
import concurrent.futures
import os
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import pipelines  # noqa: E402
import reader  # noqa: E402

PATIENCE = 120  # seconds that a run may take once nobody hurts it any more


class Budget:
    """How many kills are still to be done, for all runs together."""

    def __init__(self, kills):
        self.left, self.done, self.lock = kills, 0, threading.Lock()

    def take(self, n):
        """Accounts for n kills."""
        with self.lock:
            self.left -= n
            self.done += n


def hurt(run, r):
    """Kills something of the run; how many processes."""
    workers = run.workers()
    what = r.choices(("worker", "workers", "coordinator", "both", "all"), (6, 2, 3, 2, 1))[0]
    victims = []
    if what in ("worker", "both") and workers:
        victims = [r.choice(workers)]
    elif what == "workers":
        victims = r.sample(workers, r.randint(0, len(workers)))
    elif what == "all":
        victims = workers
    if what in ("coordinator", "both", "all") and run.running():
        victims = victims + [run.process.pid]
        r.shuffle(victims)
    return sum(run.kill(pid) for pid in victims)


def weather(run, r, budget, limit, findings):
    """Hurts the run until it ends or has had enough; then lets it end."""
    kills = 0
    calm_since = None
    while True:
        if not run.running():
            code = run.process.returncode
            if code == 0:
                return kills
            if code != -9:
                findings.append(f"the command ended with {code}:\n{run.log_tail()}")
                return kills
            if r.random() < 0.3:
                findings += run.orphans()
            run.start(r.randint(1, 4), "--batch-rows", str(r.choice((64, 256, 1024))))
        if budget.left <= 0 or kills >= limit:
            calm_since = calm_since or time.monotonic()
            if time.monotonic() - calm_since > PATIENCE:
                findings.append(f"has not ended {PATIENCE} s after the last kill:\n{run.log_tail()}")
                return kills
            machine.wait_for(lambda: not run.running(), 1)
            continue
        # Short waits hit starts and recoveries, longer ones checkpoints and commits.
        machine.wait_for(lambda: not run.running(), r.choice((0.05, 0.3, 0.6, 1.0)) * r.uniform(0.5, 1.5))
        if r.random() < 0.1:
            findings += run.worker_leaks()
        if run.running():
            n = hurt(run, r)
            kills += n
            budget.take(n)
            if n:
                machine.wait_for(lambda: not run.running(), 0.02)


def storm(name, seed, seconds, folder, budget):
    """One run of one pipeline; (kills, starts, findings)."""
    r = random.Random(seed)
    case = pipelines.ALL[name](folder, seed, seconds, checkpoint=f"{r.randint(100, 300)}ms")
    run = machine.Run(folder, case)
    watcher = reader.Reader(case)
    findings, kills = [], 0
    run.start(r.randint(1, 4))
    watcher.start()
    try:
        kills = weather(run, r, budget, 60, findings)
        findings += run.leftovers()
    finally:
        run.end()
        findings += watcher.finish()
    return kills, run.starts, watcher, sorted(set(findings))


def one(arguments, name, seed, budget):
    """A run in a folder of its own, and a line about it; whether it passed."""
    folder = tempfile.mkdtemp(prefix=f"streamd-storm-{name}-{seed}-", dir=arguments.keep)
    began = time.monotonic()
    kills, starts, watcher, findings = storm(name, seed, arguments.seconds, folder, budget)
    print(f"{'FAILED' if findings else 'exact '} {name:8} seed {seed}: {kills} kills, {starts} starts, "
          f"{watcher.visible()} rows, {watcher.looks} looks, {time.monotonic() - began:.1f} s", flush=True)
    for finding in findings[:12]:
        print("    " + finding.replace("\n", "\n    "), flush=True)
    if findings:
        print(f"    kept: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return not findings, kills, starts


def forecast(arguments, budget):
    """(pipeline, seed) pairs as long as there are kills to be done."""
    names = arguments.pipelines.split(",")
    seed = arguments.seed
    while budget.left > 0:
        yield names[seed % len(names)], seed
        seed += 1


def main():
    parser = argparse.ArgumentParser(prog="script/torture", description="A storm of kill -9, judged.")
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--pipelines", default=",".join(pipelines.ALL))
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument("--seconds", type=int, default=6, help="how long the input lasts undisturbed")
    parser.add_argument("--keep", help="where the folders of runs are made (default: the system's)")
    arguments = parser.parse_args()
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    budget, began, results = Budget(arguments.kills), time.monotonic(), []
    print(f"seed {arguments.seed}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = set()
        for name, seed in forecast(arguments, budget):
            waiting.add(pool.submit(one, arguments, name, seed, budget))
            if len(waiting) >= arguments.jobs:
                done, waiting = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                results += [future.result() for future in done]
        results += [future.result() for future in waiting]
    failed = sum(1 for passed, _, _ in results if not passed)
    print(f"{sum(kills for _, kills, _ in results)} kills, {len(results)} runs, "
          f"{sum(starts for _, _, starts in results)} starts, {failed} failed, {time.monotonic() - began:.0f} s, "
          f"seed {arguments.seed}: {'FAILED' if failed else 'every output exact'}")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
