"""The keyed exchange beside a scatter and memcpy written for one kind of record (bench/exchange_bench.c)."""
import os
import re
import subprocess

from . import measure, tools as places


def program(tools):
    """The program beside the streamctl of a build tree."""
    path = os.path.join(os.path.dirname(tools.streamctl), "bench", "exchange_bench")
    if not os.access(path, os.X_OK):
        raise places.Missing("bench/exchange_bench not found: the part `exchange` needs a build tree")
    return path


def ratios(tools, quick):
    """(what, ratio) per kind of record and number of tasks; the program compares all results first."""
    result = subprocess.run([program(tools), "1", "5" if quick else "41"], capture_output=True, text=True)
    if result.returncode != 0:
        raise measure.RunFailed(result.stderr.strip() or "exchange_bench failed")
    found = re.findall(r"^(.*?) +(\d+) tasks .* ratio ([0-9.]+)$", result.stdout, re.MULTILINE)
    return [(f"{record}, {tasks} tasks", float(ratio)) for record, tasks, ratio in found]
