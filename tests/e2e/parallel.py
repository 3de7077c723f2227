#!/usr/bin/env python3
"""The same results over any number of workers: examples, Nexmark queries, random windows and what else there is, over 1,
2 and 4 workers. What may differ is listed, with the reason (parallel_cases.EXCLUDED).
"""
import concurrent.futures
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "model"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nexmark  # noqa: E402
import parallel_cases as cases  # noqa: E402
import tap  # noqa: E402
import windows_cases  # noqa: E402

PARALLELISM = (1, 2, 4)
PACK = 20


def run(case, parallelism, folder):
    """(result, why not) of a case in a folder of its own."""
    out = os.path.join(folder, "out")
    path = os.path.join(folder, "pipeline.yaml")
    os.makedirs(folder)
    with open(path, "w", encoding="utf-8") as f:
        f.write(case.text_for(parallelism))
    result = tap.run([tap.STREAMCTL, "run", "--quiet", path], cwd=tap.SRCDIR,
                     env=case.environment(out), timeout=60)
    if result.returncode:
        return None, f"exit status {result.returncode}\n{result.stderr[-1500:]}"
    try:
        return cases.result_of(case, out), ""
    except ValueError as error:
        return None, str(error)


def same(case, folder):
    """Findings of a case."""
    folder = os.path.join(folder, case.name.replace(" ", "-"))
    want, why = run(case, 1, os.path.join(folder, "1"))
    if not want:
        return [f"alone: {why or 'no result'}"]
    found = []
    for n in PARALLELISM[1:]:
        got, why = run(case, n, os.path.join(folder, str(n)))
        found += [f"{n} workers: {x}" for x in ([why] if why else cases.differences(got, want))]
    if not found:
        shutil.rmtree(folder)
    return found


def standard_output(folder):
    """Several workers write lines, not pieces of lines."""
    want = None
    for n in PARALLELISM:
        result = tap.run([tap.STREAMCTL, "run", "--quiet", "--parallelism", str(n),
                          os.path.join(tap.SRCDIR, "examples", "sliding-average.yaml")], cwd=folder,
                         env=dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH,
                                  READINGS=os.path.join(cases.DATA, "readings.ndjson")))
        got = sorted(result.stdout.splitlines())
        want = want or got
        tap.ok(f"standard output of {n} workers", got and got == want, result.stderr)


def golden(case, variant, folder, expected):
    """Findings of a query against the golden result, over 2 and 4 workers (nexmark.py has the one)."""
    found = []
    for n in PARALLELISM[1:]:
        out = os.path.join(folder, f"{case.name}-{variant}-{n}")
        path = os.path.join(tap.SRCDIR, "examples", "nexmark", f"{case.name}.yaml")
        result = tap.run([tap.STREAMCTL, "run", "--quiet", "--parallelism", str(n), path],
                         env=case.environment(out), timeout=60)
        if result.returncode:
            found.append(f"{n} workers: exit status {result.returncode}\n{result.stderr[-1500:]}")
            continue
        text = cases.golden_rows(case.name, out)
        rows = text.splitlines()
        got = (len(rows), len(text), hashlib.sha256(text).hexdigest())
        if got != expected:
            found.append(f"{n} workers: {nexmark.difference(case.name, rows)}")
        shutil.rmtree(out)
    return found


def random_windows(first, parallelism, folder):
    """Findings of a pack of random windows against the model. Where several splits have late rows, which rows are late
    depends on the order of arrival; those cases are left out, and windows that overlap as well: a row that is late for
    the first of its windows only is nowhere called late. Nor is one that comes when the session which it would have
    continued has just been put out: it then begins a session of its own."""
    pack = [case for case in map(windows_cases.draw, range(first, first + PACK))
            if case.merge == 1 or len(case.splits) == 1 or not windows_cases.expected(case)[1]
            and case.spec.kind not in ("count", "sliding", "cumulative", "session") and not case.spec.lateness]
    folder = os.path.join(folder, f"windows-{first}-{parallelism}")
    for case in pack:
        windows_cases.write_input(case, os.path.join(folder, str(case.seed), "in"))
    path = os.path.join(folder, "cases.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(windows_cases.pipeline(pack, "cases"))
    result = tap.run([tap.STREAMCTL, "run", "--quiet", "--parallelism", str(parallelism), path], timeout=120,
                     env=dict(os.environ, CASES=folder, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, STREAMD_BATCH_ROWS="1"))
    if result.returncode:
        return [f"exit status {result.returncode}\n{result.stderr[-1500:]}"]
    found = [f"seed {case.seed}: {problem}" for case in pack
             for problem in windows_cases.judge(case, os.path.join(folder, str(case.seed)))]
    if not found:
        shutil.rmtree(folder)
    return found


def main():
    folder = tempfile.mkdtemp(prefix="streamd-parallel-")
    for what, why in cases.EXCLUDED.items():
        tap.diag(f"not compared: {what}: {why}")
    cases.write_rows(os.path.join(folder, "rows"), tap.effort(1000, 2000, 20000), 1)
    standard_output(tap.SRCDIR)
    jobs = [(case.name, same, (case, folder)) for case in cases.examples({}) + cases.shapes(f"{folder}/rows")]
    if shutil.which("zstd"):
        tap.empty("the events are the published ones", nexmark.unpacked(folder))
        expected = nexmark.golden()
        queries = tap.effort(("q1", "q11", "q15", "q18"), cases.QUERIES, cases.QUERIES)
        for variant in tap.effort(("reordered",), ("ordered", "reordered"), ("ordered", "reordered")):
            for name in queries:
                case = cases.query(name, os.path.join(folder, variant))
                case.slow = False
                jobs.append((f"{name}, {variant}", golden, (case, variant, folder, expected[name])))
    else:
        tap.skip("Nexmark queries", "zstd is not installed")
    for first in range(1, tap.effort(20, 60, 1000), PACK):
        for n in PARALLELISM[1:]:
            jobs.append((f"windows of seeds {first} to {first + PACK - 1} over {n} workers", random_windows,
                         (first, n, folder)))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, _, _), found in zip(jobs, pool.map(lambda job: job[1](*job[2]), jobs)):
            tap.empty(name, found)
    if not any(os.scandir(folder)):
        os.rmdir(folder)
    tap.done_testing()


if __name__ == "__main__":
    main()
