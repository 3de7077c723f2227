"""Instructions per record, counted by valgrind: exact, repeatable, and deaf to the noise of the machine.

Start-up is removed by taking the difference of two run lengths. The counts do not see cache misses:
they stand beside the timed ratios, never instead of them.
"""
import re
import subprocess

from . import check, tools as places, workloads

SHORT, LONG = 20_000, 120_000


def instructions(tools, name, records):
    """Instructions of one whole `streamctl run` of W1 or W2 over that many records."""
    report = tools.work / f"callgrind.{name}.{records}"
    output = str(tools.work / f"callgrind-{name}.out")
    subprocess.run(["rm", "-rf", output], check=True)
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}",
               places.real_program(tools.streamctl),
               *workloads.streamctl_run(tools, name)[1:]]
    environment = dict(tools.environment, INPUT=tools.events(records), OUT=output)
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise check.Wrong(f"callgrind {name}: exit status {result.returncode}\n{result.stderr[-3000:]}")
    check.output_files(output)
    with open(report) as f:
        found = re.findall(r"^(?:summary|totals): (\d+)", f.read(), re.M)
    return int(found[-1])


def per_record(tools, name):
    return (instructions(tools, name, LONG) - instructions(tools, name, SHORT)) / (LONG - SHORT)
