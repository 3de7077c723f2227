"""One measured run of one command, and the arithmetic over several of them."""
import dataclasses
import json
import os
import shutil
import statistics
import subprocess

TIME_LIMIT_S = 900


class RunFailed(Exception):
    """A measured command did not end with exit status 0."""


@dataclasses.dataclass
class Run:
    """What one run cost; CPU is user + system of the whole process tree."""
    cpu_s: float
    wall_s: float
    peak_rss_mib: float
    involuntary_switches: int
    stdout: str


def measured(tools, command, environment=None, clean=None):
    """Runs the command through bench/tools/measure.c; `clean` is a file or folder removed before."""
    if clean:
        shutil.rmtree(clean, ignore_errors=True)
        if os.path.exists(clean):
            os.remove(clean)
    report = tools.work / "report.json"
    result = subprocess.run([tools.programs["measure"], str(report), *command], env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, timeout=TIME_LIMIT_S)
    if result.returncode != 0:
        raise RunFailed(f"exit status {result.returncode}: {' '.join(command)}\n{result.stderr[-4000:]}")
    with open(report) as f:
        cost = json.load(f)
    return Run(cpu_s=cost["user_s"] + cost["system_s"], wall_s=cost["wall_s"],
               peak_rss_mib=cost["peak_rss_kib"] / 1024,
               involuntary_switches=cost["involuntary_switches"], stdout=result.stdout)


def spread(values):
    """(median, least, greatest)."""
    return statistics.median(values), min(values), max(values)


def pair_ratios(ours, theirs):
    """Per pair of neighbouring runs, how many times our rate is theirs (CPU seconds each)."""
    return [t / o for o, t in zip(ours, theirs)]
