"""Keeps every raw run as CSV while they come, and prints one table at the end."""
import csv
import datetime
import os
import platform
import subprocess
import sys

from . import measure

TARGETS = {"w1": ("2 x DuckDB", 2.0), "w2": ("2 x DuckDB", 2.0),
           "w3 10000": ("1 x DuckDB", 1.0), "w3 1000000": ("2 x DuckDB", 2.0)}
START_LIMIT_S = 0.030
MEMORY_LIMIT_MIB = 64
CLIFF = 3.0
EXCHANGE_LIMIT = 2.5


class Table:
    """Collects results; a context manager because the CSV stays open during the run."""

    def __init__(self, tools, options):
        stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        self.path = tools.work / f"runs-{stamp}.csv"
        self.options, self.tools = options, tools
        self.lines, self.verdicts, self.curve = [], [], []

    def __enter__(self):
        self._file = open(self.path, "w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(["workload", "system", "records", "cpu_s", "wall_s", "peak_rss_mib",
                            "involuntary_switches"])
        return self

    def __exit__(self, *_):
        self._file.close()

    def raw(self, workload, system, records, run):
        self._csv.writerow([workload, system, records, f"{run.cpu_s:.6f}", f"{run.wall_s:.6f}",
                            f"{run.peak_rss_mib:.1f}", run.involuntary_switches])
        self._file.flush()

    def noter(self, workload, records):
        """A callback that stores a run and shows progress on a terminal."""
        def note(system, run):
            self.raw(workload, system, records, run)
            if sys.stderr.isatty():
                print(f"\r{workload} {system}: {records / run.cpu_s / 1e6:.2f} M/CPU-s   ",
                      end="", file=sys.stderr, flush=True)
        return note

    def text(self, name, records, runs):
        costs = {system: [r.cpu_s for r in found] for system, found in runs.items()}
        self._system_lines(name, records, runs, costs)
        if name == "w2":
            rss = max(r.peak_rss_mib for r in runs["streamd"])
            self.verdict(f"w2 peak RSS {rss:.1f} MiB", rss < MEMORY_LIMIT_MIB,
                         f"under {MEMORY_LIMIT_MIB} MiB")

    def keys(self, point, runs, generators):
        costs = {system: [max(r.cpu_s - generators[system], 1e-9) for r in found]
                 for system, found in runs.items()}
        name = f"w3 {point.keys}"
        self._system_lines(name, point.rows, runs, costs, generators)
        self.curve.append((point.keys, {system: measure.spread(found)[0] / point.rows
                                        for system, found in costs.items()}))

    def keys_by_window(self, point, runs, generator):
        """DuckDB asked once per window: for information, no target compares with it."""
        name = f"w3 {point.keys}"
        for run in runs:
            self.raw(name, "duckdb by window", point.rows, run)
        median, least, greatest = measure.spread(
            [point.rows / max(r.cpu_s - generator, 1e-9) / 1e6 for r in runs])
        self.lines.append([name, "duckdb by window", f"{median:.2f} ({least:.2f}-{greatest:.2f})", "", "",
                           f"{max(r.peak_rss_mib for r in runs):.0f}", f"{generator:.2f}"])

    def start(self, walls):
        median, least, greatest = measure.spread(walls)
        self.verdict(f"one record, exec to exit: {median * 1e3:.1f} ms "
                     f"({least * 1e3:.1f}-{greatest * 1e3:.1f})", median < START_LIMIT_S, "under 30 ms")

    def exchange(self, ratios):
        what, worst = max(ratios, key=lambda found: found[1])
        self.verdict(f"keyed exchange: {min(r for _, r in ratios):.2f} to {worst:.2f} times a fused scatter "
                     f"and memcpy (worst: {what})", worst <= EXCHANGE_LIMIT, f"at most {EXCHANGE_LIMIT} times")

    def instructions(self, name, count):
        self.verdicts.append(f"{name}: {count:.1f} instructions per record (callgrind)")

    def _system_lines(self, name, records, runs, costs, generators=None):
        for system, found in runs.items():
            median, least, greatest = measure.spread([records / c / 1e6 for c in costs[system]])
            line = [name, system, f"{median:.2f} ({least:.2f}-{greatest:.2f})"]
            for peer in ("duckdb", "fused"):
                if system != "streamd":
                    line.append("")
                    continue
                ratio = measure.spread(measure.pair_ratios(costs[system], costs[peer]))
                line.append(f"{ratio[0]:.2f} ({ratio[1]:.2f}-{ratio[2]:.2f})")
                if peer == "duckdb" and name in TARGETS:
                    text, least_ratio = TARGETS[name]
                    self.verdict(f"{name}: {ratio[0]:.2f} times DuckDB", ratio[0] >= least_ratio,
                                 f"at least {text}")
            line.append(f"{max(r.peak_rss_mib for r in found):.0f}")
            line.append(f"{generators[system]:.2f}" if generators else "")
            self.lines.append(line)

    def verdict(self, what, met, target):
        """A line at the end: what was found, and whether that meets a target."""
        self.verdicts.append(f"{what}: {'met' if met else 'MISSED'} ({target})")

    def _cliffs(self):
        for (keys, cost), (next_keys, next_cost) in zip(self.curve, self.curve[1:]):
            steps = {system: next_cost[system] / cost[system] for system in cost}
            self.verdict(f"w3 {keys} -> {next_keys} keys: {steps['streamd']:.2f} times slower (duckdb "
                         f"{steps['duckdb']:.2f}, fused {steps['fused']:.2f})",
                         steps["streamd"] <= CLIFF, f"no step of more than {CLIFF:.0f}")

    def print(self):
        self._cliffs()
        title = ["workload", "system", "M rec/CPU-s", "x duckdb", "x fused", "peak MiB", "gen. CPU-s"]
        rows = [title, *self.lines]
        widths = [max(len(row[i]) for row in rows) for i in range(len(title))]
        if sys.stderr.isatty():
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
        print(self._about())
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print()
        for verdict in self.verdicts:
            print(verdict)
        print(f"raw runs: {self.path}")

    def _about(self):
        o = self.options
        quick = "\nQUICK: start-up weighs heavily here; these are no figures to quote." if o.quick else ""
        return (f"median (least-greatest) of {o.pairs} interleaved runs, every result checked; "
                f"{o.records} records, seed {o.seed}; w3: generator subtracted\n"
                f"{cpu_model()}, {os.cpu_count()} cores, Linux {platform.release()}, load "
                f"{os.getloadavg()[0]:.1f}, {compiler()}{quick}")


def cpu_model():
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def compiler():
    command = [*os.environ.get("CC", "cc").split(), "--version"]
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
