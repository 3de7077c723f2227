#!/usr/bin/env python3
"""What will not change is written once, and late rows change it all the same: windows with so many keys that checkpoints
refer to files of earlier ones, killed again and again while they do, each time going on with another number of
workers. What comes of it is what a run gives that nobody hurts; here every row comes in time for its windows. A run
whose checkpoints never referred to an earlier one when it was killed proves nothing and fails.
"""
import concurrent.futures
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

WINDOWS = {  # with how many seconds rows may come late
    "sliding": ("sliding: 12s, every: 1s", 0),
    "sliding, late rows": ("sliding: 8500ms, every: 1s, allowed_lateness: 3s, emit: final", 3),
    "sliding, updates": ("sliding: 10s, every: 2s, allowed_lateness: 3s", 3),
    "cumulative, updates": ("cumulative: 20s, step: 1s, allowed_lateness: 2s", 2),
    "tumbling, updates": ("tumbling: 1s, allowed_lateness: 8s", 5),
}
PIPELINE = """version: 1
key_groups: 3
checkpoint: {every: 50ms, keep: 1}
sources:
  numbers:
    type: generator
    config:
      rows: 500000
      seed: 7%(rate)s
      fields:
        n: {type: int64, sequence: {start: 0, step: 1}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 40us}, out_of_orderness: %(late)d001ms}
    event_time: {field: at, out_of_orderness: 1ms}
operators:
  keys: {type: select, inputs: [numbers], config: {fields: {key: "n * 2654435761 %% 1000", n: n, word: "(n %% 9973)::text"}}}
  counts:
    type: window
    inputs: [keys]
    key_by: [key]
    config:
      window: {%(window)s}
      select: {start: window_start, until: window_end, rows: count(*), sum: sum(n), high: max(word)}
sinks:
  out: {type: file, inputs: [counts], format: {type: json}, config: {path: "${OUT}"%(changelog)s}}
"""
PATIENCE = 60  # seconds


def result_of(folder):
    """(key, window) -> the last result of it, which has the most rows."""
    results = {}
    for path in glob.glob(os.path.join(folder, "part-*.json")):
        with open(path, encoding="utf-8") as f:
            for line in f:
                row = json.loads(line)
                at = (row["key"], row["start"], row["until"])
                value = (row["rows"], row["sum"], row["high"])
                results[at] = max(value, results.get(at, value))
    return results


def refers(state):
    """Does the newest checkpoint refer to an earlier one? What retention takes away meanwhile does not count."""
    paths = glob.glob(os.path.join(state, "*", "chk-*", "manifest"))
    for path in sorted(paths, key=lambda p: int(p.split("chk-")[1].split("/")[0]), reverse=True)[:1]:
        try:
            with open(path, encoding="utf-8") as f:
                manifest = json.load(f)["manifest"]
        except OSError:
            return False
        return any(file.get("checkpoint", manifest["id"]) < manifest["id"] for file in manifest["files"])
    return False


def run(folder, pipeline, out, *options):
    """A process that runs it."""
    environment = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, OUT=os.path.join(folder, out))
    with open(os.path.join(folder, "log"), "ab") as log:
        return subprocess.Popen([tap.STREAMCTL, "run", "--quiet", *options, os.path.join(folder, pipeline)],
                                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)


def kill_behind_reference(process, state, pause):
    """Whether it was killed while its newest checkpoint referred to an earlier one; else it has ended."""
    deadline = time.monotonic() + PATIENCE
    while not refers(state):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    time.sleep(pause)
    hit = refers(state)
    process.kill()
    return process.wait() == -9 and hit


def survives(name, seed, kills):
    """Findings of a case."""
    window, late = WINDOWS[name]
    folder = tempfile.mkdtemp(prefix="streamd-sealed-")
    state = os.path.join(folder, "state")
    r = random.Random(seed)
    changelog = ", changelog: {field: _op}" if "updates" in name else ""
    for file, rate in (("alone", ""), ("hurt", "\n      rate: 100000")):
        with open(os.path.join(folder, f"{file}.yaml"), "w", encoding="utf-8") as f:
            f.write(PIPELINE % {"rate": rate, "late": late, "window": window, "changelog": changelog})
    hits, code, want = 0, run(folder, "alone.yaml", "alone").wait(PATIENCE), {}
    if code == 0:
        want = result_of(os.path.join(folder, "alone"))
        for _ in range(kills):
            process = run(folder, "hurt.yaml", "out", "--parallelism", str(r.randint(1, 3)), "--state-dir", state)
            hits += kill_behind_reference(process, state, r.uniform(0, 0.3))
            time.sleep(0.1)  # its workers end behind it, and leave the state directory
        for _ in range(50):
            code = run(folder, "hurt.yaml", "out", "--parallelism", "2", "--state-dir", state).wait(PATIENCE)
            if code != 75:  # the state directory is locked still
                break
            time.sleep(0.1)
    if code != 0:
        with open(os.path.join(folder, "log"), encoding="utf-8") as log:
            return [f"exit status {code}", *log.read()[-1500:].splitlines(), f"kept {folder}"]
    got = result_of(os.path.join(folder, "out"))
    found = [f"{at}: {got.get(at)} instead of {want.get(at)}" for at in sorted(got.keys() | want.keys())
             if got.get(at) != want.get(at)][:5]
    if not want or hits == 0:
        found.append(f"invalid: {len(want)} results, {hits} of {kills} kills behind a checkpoint that refers to another")
    if not found:
        shutil.rmtree(folder)
    return found + ([f"seed {seed}, kept {folder}"] if found else [])


def main():
    rounds = tap.effort(1, 1, 4)
    kills = tap.effort(2, 4, 6)
    jobs = [(name, 1 + number + k * len(WINDOWS), kills) for k in range(rounds) for number, name in enumerate(WINDOWS)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, seed, _), found in zip(jobs, pool.map(lambda job: survives(*job), jobs)):
            tap.empty(f"{name}: {kills} kills, seed {seed}", found)
    tap.done_testing()


if __name__ == "__main__":
    main()
