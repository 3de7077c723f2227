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
import dataclasses
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
import references  # noqa: E402

ENOUGH = 4  # failed runs after which a storm is over
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


@dataclasses.dataclass
class Storm:
    """What was done to one run, and seen of it."""
    kills: int
    starts: int
    watcher: reader.Reader
    referring: int  # checkpoints that were seen to refer to files of earlier ones
    findings: list


def storm(name, seed, seconds, folder, budget, limit):
    """One run of one pipeline."""
    r = random.Random(seed)
    case = pipelines.ALL[name](folder, seed, seconds, checkpoint=f"{r.randint(100, 300)}ms")
    run = machine.Run(folder, case)
    watcher, files = reader.Reader(case), references.References(run.state_dir)
    findings, kills = [], 0
    run.start(r.randint(1, 4))
    watcher.start()
    files.start()
    try:
        kills = weather(run, r, budget, limit, findings)
        findings += run.leftovers()
    finally:
        run.end()
        findings += watcher.finish() + files.finish()
    return Storm(kills, run.starts, watcher, len(files.referring), sorted(set(findings)))


@dataclasses.dataclass
class Outcome:
    """What came of one run."""
    line: str
    kills: int
    starts: int
    referring: int
    findings: list


def one(arguments, name, seed, budget):
    """A run in a folder of its own, which is kept if it fails."""
    folder = tempfile.mkdtemp(prefix=f"streamd-storm-{name}-{seed}-", dir=arguments.keep)
    limit = max(4, min(60, arguments.kills // 4))  # so that a few kills still meet several pipelines
    began = time.monotonic()
    done = storm(name, seed, arguments.seconds, folder, budget, limit)
    line = (f"{name}, seed {seed}: {done.kills} kills, {done.starts} starts, {done.watcher.visible()} rows, "
            f"{done.watcher.looks} looks, {done.referring} checkpoints refer to others, "
            f"{time.monotonic() - began:.1f} s")
    if done.findings:
        done.findings.append(f"kept {folder}")
    else:
        shutil.rmtree(folder)
    return Outcome(line, done.kills, done.starts, done.referring, done.findings)


def invalid(outcomes, arguments):
    """Why a storm proves nothing; empty where it does."""
    if "sliding" in arguments.pipelines.split(",") and not any(outcome.referring for outcome in outcomes):
        return "no checkpoint referred to an earlier one"
    return "" if outcomes else "nothing was run"


def forecast(arguments, budget):
    """(pipeline, seed) pairs as long as there are kills to be done."""
    names = arguments.pipelines.split(",")
    seed = arguments.seed
    while budget.left > 0:
        yield names[seed % len(names)], seed
        seed += 1


def tell(outcome):
    """A line for people."""
    print(f"{'FAILED' if outcome.findings else 'exact '} {outcome.line}", flush=True)
    for finding in outcome.findings:
        print("    " + finding.replace("\n", "\n    "), flush=True)


def storms(arguments, told):
    """Runs until the kills are done, each outcome told when it is there; all outcomes."""
    budget, outcomes, waiting = Budget(arguments.kills), [], set()

    def take(done):
        for future in done:
            outcomes.append(future.result())
            told(outcomes[-1])
            if sum(1 for outcome in outcomes if outcome.findings) >= ENOUGH:
                budget.left = 0

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for name, seed in forecast(arguments, budget):
            waiting.add(pool.submit(one, arguments, name, seed, budget))
            if len(waiting) >= arguments.jobs:
                done, waiting = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                take(done)
        take(waiting)
    return outcomes


def options():
    """The command line."""
    parser = argparse.ArgumentParser(prog="script/torture", description="A storm of kill -9, judged.")
    parser.add_argument("kills", type=int)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    parser.add_argument("--pipelines", default=",".join(pipelines.ALL))
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time")
    parser.add_argument("--seconds", type=int, default=6, help="how long the input lasts undisturbed")
    parser.add_argument("--keep", help="where the folders of runs are made (default: the system's)")
    return parser


def summary(outcomes, arguments, began):
    """The last line."""
    failed = sum(1 for outcome in outcomes if outcome.findings)
    return (f"{sum(outcome.kills for outcome in outcomes)} kills, {len(outcomes)} runs, "
            f"{sum(outcome.starts for outcome in outcomes)} starts, "
            f"{sum(outcome.referring for outcome in outcomes)} checkpoints refer to others, {failed} failed, "
            f"{time.monotonic() - began:.0f} s, seed {arguments.seed}: "
            f"{'FAILED' if failed else invalid(outcomes, arguments) or 'every output exact'}")


def main():
    arguments = options().parse_args()
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
    began = time.monotonic()
    print(f"seed {arguments.seed}", flush=True)
    outcomes = storms(arguments, tell)
    print(summary(outcomes, arguments, began))
    return 1 if invalid(outcomes, arguments) or any(outcome.findings for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
