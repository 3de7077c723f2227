#!/usr/bin/env python3
"""Window nodes against a model in Python, on random cases.

    SEEDS=n START=s tests/e2e/windows-random.py

runs the cases of seeds s .. s+n-1; a failure names its seed, and SEEDS=1 START=seed runs that one alone.
Many cases share a pipeline file, since each is a graph of its own. Batches have one row: lateness is
then exact, because a row meets the watermark of the row before it. The sums over all rows, which hold for any
batching, are checked with the default batches as well.
"""
import concurrent.futures
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
import tap  # noqa: E402
import windows_cases  # noqa: E402

PACK = 20


def streamctl(folder, cases, batch_rows):
    """Runs the cases in one pipeline; the text of a failure, or nothing."""
    for case in cases:
        case_folder = os.path.join(folder, str(case.seed))
        if not os.path.isdir(os.path.join(case_folder, "in")):
            windows_cases.write_input(case, os.path.join(case_folder, "in"))
        for output in ("out", "late"):
            shutil.rmtree(os.path.join(case_folder, output), ignore_errors=True)
    path = os.path.join(folder, "cases.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(windows_cases.pipeline(cases, "cases"))
    environment = dict(os.environ, CASES=folder, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH)
    if batch_rows:
        environment["STREAMD_BATCH_ROWS"] = str(batch_rows)
    result = tap.run([tap.STREAMCTL, "run", "--quiet", path], env=environment, timeout=120)
    return f"exit status {result.returncode}\n{result.stderr[-1500:]}" if result.returncode else ""


def unaccounted(case, folder):
    """With any batching each row is in exactly one window of those that never share rows, or is late."""
    if case.spec.kind not in ("tumbling", "session", "global"):
        return []
    rows, late, problems = windows_cases.found(case, folder)
    sums = sum(row[-7] * n for row, n in rows.items()) + sum(late.values())
    ids = sum(row[-6] * n for row, n in rows.items()) + sum(i * n for i, n in late.items())
    all_ids = [row.id for split in case.splits for row in split]
    if (sums, ids) != (len(all_ids), sum(all_ids)):
        problems.append(f"{sums} of {len(all_ids)} rows accounted for, ids {ids} of {sum(all_ids)}")
    return problems


def judged(cases):
    """Findings of a pack of cases, each with its seed."""
    folder = tempfile.mkdtemp(prefix="streamd-windows-")
    findings = []
    for batch_rows, judge in ((1, windows_cases.judge), (0, unaccounted)):
        failure = streamctl(folder, cases, batch_rows)
        if failure:
            findings.append(f"seeds {cases[0].seed}-{cases[-1].seed}: {failure}")
            continue
        for case in cases:
            problems = judge(case, os.path.join(folder, str(case.seed)))
            findings += [f"START={case.seed}: {problem}" for problem in problems]
            if problems:
                findings.append(f"START={case.seed} is {windows_cases.window_option(case)} key {case.keys} "
                                f"bound {case.bound}us, {len(case.splits)} files, merge {case.merge}, "
                                f"batch rows {batch_rows or 'default'}")
    if os.environ.get("KEEP_TMP"):
        findings += [f"kept {folder}"] if findings else []
    else:
        shutil.rmtree(folder)
    return findings


def main():
    seeds = int(os.environ.get("SEEDS", tap.effort(200, 2000, 20000)))
    start = int(os.environ.get("START", "1"))
    packs = [[windows_cases.draw(seed) for seed in range(first, min(first + PACK, start + seeds))]
             for first in range(start, start + seeds, PACK)]
    tap.diag(f"seeds {start} to {start + seeds - 1}")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for pack, findings in zip(packs, pool.map(judged, packs)):
            tap.empty(f"windows of seeds {pack[0].seed} to {pack[-1].seed}", findings)
    tap.done_testing()


if __name__ == "__main__":
    main()
