#!/usr/bin/env python3
"""Every named point of the checkpoint protocol, hurt in every way.

    tests/faults/points.py [CASE]...        e.g. W5=kill C4=eio W11=again; without arguments all of them

needs a build with --enable-failpoints (BUILDDIR). One case is one run of a pipeline in which the point fires once:

  kill   SIGKILL there                        stop   SIGSTOP there, SIGCONT after STOPPED seconds
  eio    the step fails with EIO              enospc the step fails with ENOSPC
  delay  the step takes 700 ms                again  SIGKILL there, and once more while recovering from it

and then the run must end by itself (the command is started again where it died), with every output exact, a
reader beside it never having seen anything else, and nothing left behind. A case in which the point did not
fire is INVALID and counts as failed. docs/internals/faults.md says where the points are.
"""
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import pipelines  # noqa: E402
import reader  # noqa: E402
import references  # noqa: E402
from machine import tap  # noqa: E402

STOPPED = 1.5
PATIENCE = 90
JOBS = int(os.environ.get("FAULT_JOBS", "4"))
ACTIONS = {"kill": "kill", "stop": "stop", "eio": "eio", "enospc": "enospc", "delay": "delay:700"}
WORKER = [f"W{n}" for n in range(1, 18)]
COORDINATOR = [f"C{n}" for n in range(1, 13)]

# Nothing fires before a checkpoint is finalised, so that there is something to lose and to restore. The input lasts
# for a dozen more, so the point is passed also where the machine is slow.
WARM = "C9=delay:0"
# Points that are passed only when an attempt starts from a checkpoint: a kill must come first.
RESTORING = {"W15": ";>W10=kill", "W16": ";>W10=kill", "C12": ";>W10=kill"}
# What "again" kills while the attempt after the first kill comes up.
AGAIN = {"W": ">W15=kill", "C": ">C12=kill"}


def setting(point, action):
    """The environment for a case, and the marks that must be there in the end."""
    entry = f"{WARM}{RESTORING.get(point, '')};>{point}={ACTIONS.get(action, 'kill')}"
    if action == "again":
        entry += f";>{point}=kill" if point in RESTORING else ";" + AGAIN[point[0]]
    marks = [f"{n}-{one.lstrip('>').split('=')[0]}-{one.split('=')[1].split('@')[0].split(':')[0]}"
             for n, one in enumerate(entry.split(";"), 1)]
    return entry, marks


class Attempt:
    """One case at work."""

    def __init__(self, point, action, number):
        self.point, self.action = point, action
        self.folder = tempfile.mkdtemp(prefix=f"streamd-point-{point}-{action}-")
        self.fired = os.path.join(self.folder, "fired")
        os.makedirs(self.fired)
        name = list(pipelines.ALL)[number % len(pipelines.ALL)]
        case = pipelines.ALL[name](self.folder, number, 3, rate=2500, checkpoint="150ms")
        entry, self.marks = setting(point, action)
        self.run = machine.Run(self.folder, case, {"STREAMD_FAILPOINTS": entry,
                                                   "STREAMD_FAILPOINTS_FOLDER": self.fired})
        self.reader, self.files = reader.Reader(case), references.References(self.run.state_dir)
        self.rescaled = point != "W17"
        self.parallelism = 3
        self.findings = []

    def has_fired(self):
        """The marks that are there."""
        return [mark for mark in self.marks if os.path.exists(os.path.join(self.fired, mark))]

    def continue_stopped(self):
        """Wakes a process that stopped itself, when it has been still for long enough."""
        for mark in self.has_fired():
            path = os.path.join(self.fired, mark)
            if not mark.endswith("-stop") or time.time() - os.stat(path).st_mtime < STOPPED:
                continue
            pid = (machine.read(path).split() or [b"0"])[0]
            if machine.state(int(pid)) == [b"T"]:
                self.run.kill(int(pid), signal.SIGCONT)

    def restart(self):
        """Starts the command again if it has died as it may; whether it goes on."""
        code = self.run.process.returncode
        if code == 0:
            return False
        if len(self.has_fired()) < 2:
            self.findings.append(f"ended with {code} before anything was hurt:\n{self.run.log_tail()}")
            return False
        if code != -9 and self.action not in ("eio", "enospc"):
            self.findings.append(f"ended with {code}:\n{self.run.log_tail()}")
            return False
        if self.run.starts >= 4:
            self.findings.append(f"ended with {code} again and again:\n{self.run.log_tail()}")
            return False
        self.run.start(self.parallelism)
        return True

    def rescale(self):
        """Asks for another parallelism, once, and does not wait for it: what happens then may be what hurts."""
        self.parallelism, self.rescaled = 2, True
        threading.Thread(target=self.ask_for_it, daemon=True).start()

    def ask_for_it(self):
        """The answer does not matter: the command that would give it may be killed or stopped."""
        try:
            self.run.control("rescale", "2", timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired):
            pass

    def work(self):
        """Runs the case; the findings."""
        self.run.start(self.parallelism, "--batch-rows", "128")
        self.reader.start()
        self.files.start()
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if not self.run.running() and not self.restart():
                    break
                if not self.rescaled and self.has_fired():
                    self.rescale()
                self.continue_stopped()
                machine.wait_for(lambda: not self.run.running(), 0.1)
            else:
                self.findings.append(f"has not ended within {PATIENCE} s:\n{self.run.log_tail()}")
            self.findings += self.run.leftovers()
        finally:
            self.run.end()
            self.findings += self.reader.finish() + self.files.finish()
        missing = sorted(set(self.marks) - set(self.has_fired()))
        if missing:
            self.findings.insert(0, f"INVALID: did not fire: {', '.join(missing)}")
        if self.findings:
            self.findings.append(f"kept {self.folder}")
        else:
            shutil.rmtree(self.folder)
        return self.findings


def has_failpoints():
    """Whether streamctl was built with them."""
    with open(tap.STREAMCTL, "rb") as f:
        return b"STREAMD_FAILPOINTS" in f.read()


def main():
    if not has_failpoints():
        tap.skip_all("built without --enable-failpoints")
    cases = [tuple(case.split("=")) for case in sys.argv[1:]] or [
        (point, action) for point in WORKER + COORDINATOR for action in [*ACTIONS, "again"]]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        started = [pool.submit(lambda c, n: Attempt(*c, n).work(), case, n) for n, case in enumerate(cases)]
        for (point, action), future in zip(cases, started):
            tap.empty(f"{point} {action}", future.result())
    tap.done_testing()


if __name__ == "__main__":
    main()
