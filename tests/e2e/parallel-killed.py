#!/usr/bin/env python3
"""The same results when the work is cut off: each pipeline runs over 1, 2 or 4 workers with a state directory, and after
its first checkpoints a worker or streamctl itself is killed. What comes of it in the end is what one process gives that
nobody hurts. A run that ends before the kill proves nothing and fails.
"""
import concurrent.futures
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nexmark  # noqa: E402
import parallel  # noqa: E402
import parallel_cases as cases  # noqa: E402
import tap  # noqa: E402

CHECKPOINTS = "checkpoint: {{every: {}ms, keep: 2}}\nrestart: {{policy: fixed, delay: 10ms}}\n"
EVERY = (30, 20, 10, 10, 10, 10)  # milliseconds between checkpoints, at each turn of a case that ended too soon
PATIENCE = 60  # seconds for one run
TRY_AGAIN = 75  # the state directory is still locked by what was killed


class Invalid(Exception):
    """The kill did not hit what it should."""


def checkpoints(state):
    return len(glob.glob(os.path.join(state, "*", "chk-*", "manifest")))


def workers_of(pid):
    """The processes that this one has started as workers."""
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        try:
            with open(path, encoding="ascii") as f:
                children = f.read().split()
            for child in children:
                with open(f"/proc/{child}/cmdline", "rb") as f:
                    if b"worker" in f.read().split(b"\0"):
                        found.append(int(child))
        except OSError:
            continue  # it has gone
    return found


def wait_for_checkpoint(process, state, number):
    """Until so many checkpoints are complete, while it runs."""
    deadline = time.monotonic() + PATIENCE
    while checkpoints(state) < number:
        if process.poll() is not None or time.monotonic() > deadline:
            raise Invalid(f"it had ended before there were {number} checkpoints ({process.returncode})")
        time.sleep(0.002)


def hurt(process, victim, r):
    """Kills a worker, or the command."""
    if victim == "streamctl":
        process.kill()
        if process.wait() != -9:
            raise Invalid("streamctl had ended before it was killed")
        return
    workers = workers_of(process.pid)
    if not workers:
        raise Invalid("there was no worker to be killed")
    pid = r.choice(workers)
    try:
        os.kill(pid, 9)
    except ProcessLookupError as error:
        raise Invalid("the worker had ended before it was killed") from error
    # A command that has not restored anything was about to end: it then ends without a second set of workers.
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if any(other not in workers for other in workers_of(process.pid)):
            return
        time.sleep(0.001)
    raise Invalid(f"nothing was started again after worker {pid} was killed ({process.poll()})")


def run_hurt(case, parallelism, victim, folder, seed, turn):
    """(result, why not) of a case that is killed once; after the first turn right behind the first checkpoint."""
    r = random.Random(seed)
    out, state, path = (os.path.join(folder, name) for name in ("out", "state", "pipeline.yaml"))
    os.makedirs(folder)
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r"(?m)^version: 1$", "version: 1\n" + CHECKPOINTS.format(EVERY[turn]), case.text_for(parallelism), count=1))
    command = [tap.STREAMCTL, "run", "--quiet", "--state-dir", state, path]
    options = {"cwd": tap.SRCDIR, "env": case.environment(out), "stdin": subprocess.DEVNULL}
    with open(os.path.join(folder, "log"), "wb") as log:
        with subprocess.Popen(command, stdout=log, stderr=log, **options) as process:
            try:
                wait_for_checkpoint(process, state, 1 if turn else r.randint(1, 2))
                time.sleep(0 if turn else r.uniform(0, 0.02))
                hurt(process, victim, r)
                process.wait(PATIENCE)
            finally:
                if process.poll() is None:
                    process.kill()
        code = process.returncode
        for _ in range(50):
            if code not in (-9, TRY_AGAIN):
                break
            code = subprocess.run(command, stdout=log, stderr=log, timeout=PATIENCE, check=False, **options).returncode
            if code == TRY_AGAIN:
                time.sleep(0.1)
    if code != 0:
        with open(os.path.join(folder, "log"), encoding="utf-8") as log:
            return None, f"exit status {code}\n{log.read()[-1500:]}"
    try:
        return cases.result_of(case, out), ""
    except ValueError as error:
        return None, str(error)


def hurt_for_sure(case, parallelism, victim, folder, seed):
    """run_hurt; where the run had ended before the kill it is done again, and killed sooner."""
    for turn in range(len(EVERY)):
        try:
            return run_hurt(case, parallelism, victim, f"{folder}-{turn}", seed, turn)
        except Invalid as error:
            why = str(error)
    return None, f"invalid: {why}"


def survives(case, kills, folder, number):
    """Findings of a case under some (parallelism, victim)."""
    folder = os.path.join(folder, f"case-{number}")
    want, why = parallel.run(case, 1, os.path.join(folder, "alone"))
    if not want:
        return [f"alone: {why or 'no result'}"]
    found = []
    for n, victim in kills:
        name = f"{n} workers, {victim} killed"
        try:
            got, why = hurt_for_sure(case, n, victim, os.path.join(folder, f"{n}-{victim}"), number)
        except subprocess.TimeoutExpired as error:
            got, why = None, str(error)
        found += [f"{name}: {x}" for x in ([why] if why else cases.differences(got, want))]
    if not found:
        shutil.rmtree(folder)
    return found


def main():
    folder = tempfile.mkdtemp(prefix="streamd-killed-")
    cases.write_rows(os.path.join(folder, "rows"), tap.effort(20000, 20000, 40000), 2)
    inputs = cases.long_inputs(os.path.join(folder, "in"), 50000)
    todo = cases.examples(inputs) + cases.shapes(os.path.join(folder, "rows"))
    if shutil.which("zstd"):
        tap.empty("the events are the published ones", nexmark.unpacked(folder))
        todo += [cases.query(name, os.path.join(folder, "reordered")) for name in cases.QUERIES]
    else:
        tap.skip("Nexmark queries", "zstd is not installed")
    all_kills = [(n, victim) for n in (1, 2, 4) for victim in ("worker", "streamctl")]
    some = tap.effort(5, 3, 1)  # every so many-th case
    jobs = []
    for number, case in enumerate(todo):
        kills = all_kills if tap.EFFORT == "full" else [all_kills[(number // some) % len(all_kills)]]
        if number % some == 0:
            case.variables.setdefault("ROWS", "250000")
            case.slow = True
            jobs.append((case, kills, folder, number))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (case, kills, _, _), found in zip(jobs, pool.map(lambda job: survives(*job), jobs)):
            tap.empty(f"{case.name}: " + ", ".join(f"{n} workers and {victim} killed" for n, victim in kills), found)
    if not any(name.startswith("case-") for name in os.listdir(folder)):
        shutil.rmtree(folder)
    tap.done_testing()


if __name__ == "__main__":
    main()
