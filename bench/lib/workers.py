"""W4 to W7: several worker processes, checkpoints, and what follows a kill."""
import json
import math
import os
import re
import subprocess
import time

from . import check, measure, running
from .workloads import PIPELINES, sink_rows

MILLION = 1_000_000
HOUR = "1h"  # between checkpoints: none but the last
FOR_EVER = "10000d"  # a window that closes at the end alone

TWO_WORKERS, CHECKPOINTED, STALL_S, RESTART_S = 1.5, 0.92, 0.020, 0.200


def run_command(tools, pipeline, state, parallelism, *options):
    return [tools.streamctl, "run", *options, "--state-dir", state, "--parallelism", str(parallelism),
            str(PIPELINES / f"{pipeline}.yaml")]


def environment_of(tools, rows, keys, step_us, window, every, **more):
    return dict(tools.environment, ROWS=str(rows), KEYS=str(keys), STEP=f"{step_us}us", WINDOW=window,
                EVERY=every, **more)


def run_once(tools, parallelism, environment, rows_expected):
    """One run of W4 with a new state directory, after whose end the rows at the sink are compared."""
    state = str(tools.work / "w4.state")
    run = measure.measured(tools, run_command(tools, "w4", state, parallelism, "--json"), environment,
                           clean=state)
    found = sink_rows(run.stdout)
    if found != rows_expected:
        raise check.Wrong(f"w4: {parallelism} workers gave {found} rows, expected {rows_expected}")
    return run, state


def check_counts(tools):
    """W4 with one and two workers, small, row by row against what its definition says."""
    import duckdb
    keys, rows, windows = 1000, 500_000, 5
    for parallelism in (1, 2):
        output = str(tools.work / "w4_check.out")
        state = str(tools.work / "w4_check.state")
        subprocess.run(["rm", "-rf", output], check=True)
        environment = environment_of(tools, rows, keys, 100, "10s", "20ms", OUT=output)
        measure.measured(tools, run_command(tools, "w4_check", state, parallelism, "--quiet"),
                         environment, clean=state)
        files = check.output_files(output)
        wrong = duckdb.execute(f"""
            WITH found AS (SELECT key, epoch_us(window_start) AS w, n FROM read_json({files},
                           format = 'newline_delimited',
                           columns = {{key: 'BIGINT', window_start: 'TIMESTAMP', n: 'BIGINT'}})),
                 expected AS (SELECT k AS key, 1735689600000000 + w * 10000000 AS w, 100 AS n
                              FROM range({keys}) a(k), range({windows}) b(w))
            SELECT (SELECT count(*) FROM (FROM found EXCEPT ALL FROM expected))
                 + (SELECT count(*) FROM (FROM expected EXCEPT ALL FROM found))""").fetchone()[0]
        if wrong != 0:
            raise check.Wrong(f"w4: with {parallelism} workers {wrong} rows of the small check differ")


def in_turns(run, systems, pairs):
    """Runs A B B A ..., after one of each that is not measured: {system: [run]}."""
    runs = {system: [] for system in systems}
    for system in systems:
        run(system)
    for turn in range(pairs):
        for system in systems if turn % 2 == 0 else systems[::-1]:
            runs[system].append(run(system))
    return runs


def text_of(values, digits=2, unit=""):
    median, least, greatest = measure.spread(values)
    return f"{median:.{digits}f} ({least:.{digits}f}-{greatest:.{digits}f}){unit}"


# --- W4: two workers against one -------------------------------------------------------------------


def two_workers(tools, options, table):
    rows = 20 * MILLION if options.quick else 100 * MILLION
    for keys, window_rows in ((10_000, 1 * MILLION), (1 * MILLION, 10 * MILLION)):
        step_us = 10 * MILLION // window_rows  # windows of 10 s
        environment = environment_of(tools, rows, keys, step_us, "10s", HOUR)
        expected = keys * rows // window_rows
        name = f"w4 {keys}"

        def run(parallelism):
            found, _ = run_once(tools, parallelism, environment, expected)
            table.raw(name, f"{parallelism} workers", rows, found)
            return found

        runs = in_turns(run, (1, 2), options.pairs)
        walls = [a.wall_s / b.wall_s for a, b in zip(runs[1], runs[2])]
        cpus = [2 * a.cpu_s / b.cpu_s for a, b in zip(runs[1], runs[2])]
        ratio = measure.spread(walls)[0]
        table.verdict(f"w4 {keys} keys, two workers: {text_of(walls)} times the wall-clock rate of one; "
                      f"{text_of(cpus)} by CPU time, if both had a core to themselves",
                      ratio >= TWO_WORKERS, f"at least {TWO_WORKERS} by the clock")


# --- W5: a checkpoint every second -----------------------------------------------------------------


def newest_checkpoint(state):
    """The highest number of a checkpoint in a state directory, the final one of the run."""
    return max((int(name[4:]) for _, folders, _ in os.walk(state) for name in folders
                if re.fullmatch(r"chk-\d+", name)), default=0)


def checkpoints_cost(tools, options, table):
    rows, keys = (60 if options.quick else 400) * MILLION, MILLION
    taken = []  # per run with checkpoints, of which the first is not measured

    def run(every):
        environment = environment_of(tools, rows, keys, 1, FOR_EVER, every)
        found, state = run_once(tools, 1, environment, keys)
        table.raw(f"w5 {keys}", f"every {every}", rows, found)
        if every != HOUR:
            taken.append(newest_checkpoint(state) - 1)
        return found

    runs = in_turns(run, ("1s", HOUR), options.pairs)
    if min(taken) < 1:
        raise check.Wrong("w5: a run ended before its first checkpoint")
    walls = [b.wall_s / a.wall_s for a, b in zip(runs["1s"], runs[HOUR])]
    costs = [(a.cpu_s - b.cpu_s) / n for a, b, n in zip(runs["1s"], runs[HOUR], taken[1:])]
    table.verdict(f"w5 {keys} keys, a checkpoint every second ({min(taken)} to {max(taken)} in a run): "
                  f"{text_of(walls, 3)} of the rate without; a checkpoint takes "
                  f"{text_of([1e3 * c for c in costs], 0)} ms of CPU on both threads",
                  measure.spread(walls)[0] > CHECKPOINTED, f"above {CHECKPOINTED} by the clock")


# --- W6: how long the stream stands still -----------------------------------------------------------


def watch_checkpoints(pipeline, count, keys):
    """[(seconds of standing still, rows between barrier and ack)] of so many checkpoints."""
    found, last = [], 0
    while len(found) < count:
        status = pipeline.status()
        c, nodes = status["checkpoints"], status["stats"]["nodes"]
        full = nodes[0]["rows_out"] > 2 * keys  # the generator
        if c["failed"]:
            raise pipeline.failed(f"a checkpoint failed: {c}")
        if c["last"] != last and not c["under_way"]:
            if last and full:
                found.append((c["stall_us"] / 1e6, c["rows_between"]))
            last = c["last"] if full else 0
        time.sleep(0.01)
    return found


def stall(tools, options, table):
    keys, count = MILLION, 10 if options.quick else 100
    state = str(tools.work / "w6.state")
    environment = environment_of(tools, 0, keys, 1, FOR_EVER, "500ms")
    late = subprocess.Popen([tools.programs["hiccup"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True)
    try:
        with running.Running(run_command(tools, "w4", state, 1, "--json"), state,
                             environment) as pipeline:
            found = watch_checkpoints(pipeline, count, keys)
    finally:
        hiccup = json.loads(late.communicate()[0])
    stalls = sorted(s for s, _ in found)
    between = sorted(r for _, r in found)
    p99 = stalls[math.ceil(0.99 * count) - 1]
    table.verdict(f"w6 {keys} keys, {count} checkpoints: the stream stood still for "
                  f"{stalls[count // 2] * 1e3:.1f} ms at the median, {p99 * 1e3:.1f} ms at p99, "
                  f"{stalls[-1] * 1e3:.1f} ms at most; somebody who slept came late by "
                  f"{hiccup['p99_us'] / 1e3:.1f} ms at p99, {hiccup['max_us'] / 1e3:.1f} ms at most",
                  p99 <= STALL_S, f"p99 at most {STALL_S * 1e3:.0f} ms")
    table.verdict(f"w6 rows between barrier and ack: {between[0]} to {between[-1]}, median "
                  f"{between[count // 2]}", between[0] > 0, "more than none, always")


# --- W7: from a kill to the first row ---------------------------------------------------------------


def numbers_of(lines):
    return [json.loads(line)["n"] for line in lines]


class Flow:
    """The numbers that arrive, which must go on without a gap; after a kill some come again."""

    def __init__(self, lines):
        self.lines, self.last = lines, -1000

    def look(self, killed=False):
        """Takes what is there; returns the numbers."""
        lines = self.lines.take()
        if lines is None:
            raise check.Wrong("w7: the run has ended")
        found = numbers_of(lines)
        for n in found:
            if n % 1000 or n > self.last + 1000 or (n != self.last + 1000 and not killed):
                raise check.Wrong(f"w7: {n} came after {self.last}")
            self.last, killed = n, False
        return found

    def until(self, condition, what):
        deadline = time.monotonic() + 120
        while not condition():
            self.lines.there(0.01)
            self.look()
            if time.monotonic() > deadline:
                raise check.Wrong(f"w7: after two minutes still not {what}")


def kill_once(pipeline, flow, keys):
    """(wall, CPU, waiting for a CPU): seconds from a kill to the first row of the next process."""
    first = pipeline.status()["checkpoints"]["last"]
    begin = flow.last
    flow.until(lambda: flow.last > begin + keys, "so many rows further")
    flow.until(lambda: pipeline.status()["checkpoints"]["last"] > first + 1, "at two more checkpoints")
    victim = pipeline.worker()
    flow.look()
    before = running.kill_and_see(victim)
    flow.look()
    flow.lines.tear()
    if not flow.lines.there(running.START_LIMIT_S):
        raise pipeline.failed("nothing came after a kill")
    took = time.monotonic() - before
    cpu, waited = pipeline.scheduled_s()
    flow.until(lambda: look_after(flow, keys), "at the first row")
    return took, cpu, waited


def look_after(flow, keys):
    found = flow.look(killed=True)
    if found and found[0] < keys:
        raise check.Wrong(f"w7: it went on from row {found[0]}, with less than {keys} keys")
    return bool(found)


def restart(tools, options, table):
    keys, kills = MILLION, 3 if options.quick else 20
    state = str(tools.work / "w7.state")
    command = run_command(tools, "w7", state, 1, "--quiet")
    with running.Running(command, state, tools.environment, subprocess.PIPE) as pipeline:
        flow = Flow(running.Lines(pipeline.process.stdout))
        flow.until(lambda: flow.last > 2 * keys, "full of keys")
        found = [kill_once(pipeline, flow, keys) for _ in range(kills)]
    walls, cpus, waits = ([1e3 * f[i] for f in found] for i in range(3))
    table.verdict(f"w7 {keys} keys, from kill -9 to the first row at the sink, {kills} times: "
                  f"{text_of(walls, 0)} ms by the clock, of which 1 ms back-off; the new worker had a CPU "
                  f"for {text_of(cpus, 0)} ms and waited for one for {text_of(waits, 0)} ms",
                  measure.spread(walls)[0] - 1 < RESTART_S * 1e3, f"under {RESTART_S * 1e3:.0f} ms")


WORKLOADS = {"w4": two_workers, "w5": checkpoints_cost, "w6": stall, "w7": restart}


def measure_parts(tools, options, table):
    """Those of W4 to W7 that are asked for."""
    if {"w4", "w5", "w6"} & set(options.only):
        check_counts(tools)
    for name, workload in WORKLOADS.items():
        if name in options.only:
            workload(tools, options, table)
