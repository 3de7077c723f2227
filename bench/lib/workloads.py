"""The workloads: per system the command of one run, and how its result is judged."""
import dataclasses
import json
import os

from . import check, measure
from .tools import BENCH

PIPELINES = BENCH / "pipelines"
SYSTEMS = ("streamd", "duckdb", "fused")


class TextWorkload:
    """W1 and W2: a file of events in, NDJSON out; every run's output is judged."""

    def __init__(self, tools, judge, name):
        self.tools, self.judge, self.name = tools, judge, name
        self.input = tools.events()
        self.rows = tools.records

    def run(self, system):
        output = str(self.tools.work / f"{self.name}-{system}.out")
        environment = self.tools.environment
        if system == "streamd":
            command = streamctl_run(self.tools, self.name)
            environment = dict(environment, INPUT=self.input, OUT=output)
        elif system == "duckdb":
            command = [*self.tools.duckdb, self.name, self.input, output]
        else:
            command = [self.tools.programs[self.name], self.input, output]
        run = measure.measured(self.tools, command, environment, clean=output)
        self.judge.text(self.name, system, self.input, output)
        return run


@dataclasses.dataclass
class KeyPoint:
    """One point of W3's curve."""
    keys: int
    rows: int
    windows: int

    def step_us(self):
        """Event time between two rows, so that rows / windows of them fill 10 s."""
        per_window = self.rows // self.windows
        if per_window % self.keys != 0 or 10_000_000 % per_window not in (0, 10_000_000):
            raise ValueError(f"{self}: windows would not see every key equally often")
        return max(1, 10_000_000 // per_window)


class KeyWorkload:
    """W3 at one number of keys. Mode `count` counts, `generate` only generates; `windows` is a DuckDB that
    is asked once per window (bench/peers/duckdb_peer.py)."""

    def __init__(self, tools, point):
        self.tools, self.point = tools, point
        self.rows = point.rows
        self.name = f"w3 {point.keys}"

    def run(self, system, mode="count"):
        point = self.point
        arguments = [mode, str(point.rows), str(point.keys), str(point.windows)]
        if system == "streamd":
            pipeline = "w3" if mode == "count" else "w3_generate"
            run = measure.measured(self.tools, streamctl_run(self.tools, pipeline, "--json"),
                                   key_environment(self.tools, point))
            found = sink_rows(run.stdout)
        elif system == "duckdb":
            run = measure.measured(self.tools, [*self.tools.duckdb, "w3", *arguments])
            found = point.rows if mode == "generate" else int(run.stdout.split()[1])
        else:
            run = measure.measured(self.tools, [self.tools.programs["w3"], *arguments])
            found = point.rows if mode == "generate" else int(run.stdout.split()[1])
        expected = point.rows if mode == "generate" else point.keys * point.windows
        if found != expected:
            raise check.Wrong(f"{self.name}: {system} {mode} gave {found} rows, expected {expected}")
        return run


def key_environment(tools, point, **more):
    return dict(tools.environment, ROWS=str(point.rows), KEYS=str(point.keys),
                STEP=f"{point.step_us()}us", **more)


def check_keys(tools):
    """Compares a small W3 row by row with what its definition says; the big ones are compared by count."""
    import duckdb
    point = KeyPoint(keys=1000, rows=500_000, windows=5)
    output = str(tools.work / "w3_check.out")
    measure.measured(tools, streamctl_run(tools, "w3_check"),
                     key_environment(tools, point, OUT=output), clean=output)
    files = check.output_files(output)
    wrong = duckdb.execute(f"""
        WITH found AS (SELECT key, epoch_us(window_start) AS w, n FROM read_json({files},
                       format = 'newline_delimited',
                       columns = {{key: 'BIGINT', window_start: 'TIMESTAMP', n: 'BIGINT'}})),
             expected AS (SELECT k AS key, 1735689600000000 + w * 10000000 AS w, 100 AS n
                          FROM range({point.keys}) a(k), range({point.windows}) b(w))
        SELECT (SELECT count(*) FROM (FROM found EXCEPT ALL FROM expected))
             + (SELECT count(*) FROM (FROM expected EXCEPT ALL FROM found))""").fetchone()[0]
    if wrong != 0:
        raise check.Wrong(f"w3: {wrong} rows of the small check differ")


def streamctl_run(tools, pipeline, *options):
    return [tools.streamctl, "run", *(options or ("--quiet",)), str(PIPELINES / f"{pipeline}.yaml")]


def sink_rows(summary):
    """Rows that reached the sinks, from the JSON summary of `streamctl run --json`."""
    nodes = json.loads(summary)["nodes"]
    return sum(node["rows_in"] for node in nodes if node["kind"] == "sink")


def start_to_exit(tools, times):
    """Wall seconds of a one-record pipeline, exec to exit, several times."""
    path = tools.events(records=1)
    output = str(tools.work / "one.out")
    environment = dict(tools.environment, INPUT=path, OUT=output)
    walls = []
    for _ in range(times):
        walls.append(measure.measured(tools, streamctl_run(tools, "one"), environment,
                                      clean=output).wall_s)
        if sum(os.path.getsize(f) for f in check.output_files(output)) == 0:
            raise check.Wrong("one: the record did not arrive")
    return walls
