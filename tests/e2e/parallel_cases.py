"""What parallel.py and parallel-killed.py run: pipelines, their input, and how two results are compared.

A case is the text of a pipeline with all its sinks below ${OUT}. Its result is a map of the sinks' names to rows;
two results are equal if the rows are, as multisets, floats to 1e-12 of their size. What changes an upsert stream says
on its way depends on batches, so of a changelog the table counts that is there when all changes are applied.
"""
import dataclasses
import datetime
import decimal
import glob
import gzip
import json
import math
import os
import random
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "nexmark"))
import canonical  # noqa: E402
import tap  # noqa: E402

DATA = os.path.join(tap.SRCDIR, "examples", "data")
EXAMPLES = ("access-log", "count-batches", "csv-to-sqlite", "cumulative", "dedup", "generator", "json-filter",
            "late-data", "sessions", "sliding-average", "unnest")  # all that end by themselves
INPUTS = {"ACCESS_LOG": "access.log.gz", "CARTS": "carts.ndjson", "CLICKS": "clicks.ndjson", "ORDERS": "orders.csv",
          "PAYMENTS": "payments.ndjson", "READINGS": "readings.ndjson"}
ADDS, REMOVES = {"+I", "+U"}, {"-U", "-D"}


@dataclasses.dataclass
class Case:
    """A pipeline and its input."""
    name: str
    text: str
    variables: dict = dataclasses.field(default_factory=dict)
    keys: dict = dataclasses.field(default_factory=dict)  # of a changelog in files: its fields
    slow: bool = True  # batches of one row: exact lateness, and time for a kill

    def text_for(self, parallelism):
        """The file for so many workers: some nodes have fewer."""
        text = re.sub(r"(?m)^name: .*\n", "", self.text)  # which must be the file's
        for name, n in (("N", parallelism), ("HALF", -(-parallelism // 2)), ("LESS", max(1, parallelism - 1))):
            text = text.replace(f"parallelism: ${name},", f"parallelism: {n},")
        return re.sub(r"(?m)^version: 1$", f"version: 1\nparallelism: {parallelism}", text, count=1)

    def environment(self, out):
        result = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH, OUT=out, **self.variables)
        if self.slow:
            result["STREAMD_BATCH_ROWS"] = "1"
        return result


# --- Results -------------------------------------------------------------------------------------

def rows_of(folder):
    """All rows of a file sink, part after part, each part in its order."""
    names = glob.glob(os.path.join(folder, "part-*.json"))
    for path in sorted(names, key=lambda n: [int(x) for x in re.findall(r"\d+", os.path.basename(n))]):
        with open(path, encoding="utf-8") as f:
            for line in f:
                yield json.loads(line, parse_float=decimal.Decimal)


def applied(rows, key):
    """The table after all changes; of one key they stand in one part, in their order."""
    table = {}
    for row in rows:
        kind = row.pop("_op")
        at = tuple(str(row[name]) for name in key)
        if kind in ADDS:
            if (kind == "+I") == (at in table):
                raise ValueError(f"{kind} of {at}, which is {'' if at in table else 'not '}there")
            table[at] = row
        elif kind not in REMOVES or table.pop(at, None) is None:
            raise ValueError(f"{kind} of {at}, which is not there")
    return list(table.values())


def tables_of(path):
    """Table -> rows of a database."""
    connection = sqlite3.connect(path)
    names = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    result = {}
    for name in names:
        if not name.startswith(("_", "sqlite_", "streamd_")):
            cursor = connection.execute(f'SELECT * FROM "{name}"')
            columns = [c[0] for c in cursor.description]
            result[name] = [dict(zip(columns, row)) for row in cursor]
    connection.close()
    return result


def result_of(case, out):
    """Sink -> rows."""
    result = {}
    for path in sorted(glob.glob(os.path.join(out, "*"))):
        name = os.path.basename(path)
        if path.endswith(".db"):
            for table, rows in tables_of(path).items():
                result[f"{name} {table}"] = rows
        elif os.path.isdir(path):
            rows = list(rows_of(path))
            result[name] = applied(rows, case.keys[name]) if name in case.keys else rows
    for rows in result.values():
        for row in rows:
            if {"raw", "code"} <= set(row):  # an error record; the time at which it was made
                row.pop("at")
    return {name: rows for name, rows in result.items() if rows}


def is_close(a, b):
    """Equal, or numbers not both whole that differ by rounding only."""
    if type(a) is int and type(b) is int or not all(isinstance(x, (int, float, decimal.Decimal)) for x in (a, b)):
        return a == b
    return math.isclose(float(a), float(b), rel_tol=1e-12, abs_tol=0)


def order(row):
    """Rows are sorted by what is exact first; a mean may be whole in one result and nearly so in the other."""
    names = sorted(row)
    numbers = [name for name in names if isinstance(row[name], (int, float, decimal.Decimal))]
    return ([(name, str(row[name])) for name in names if name not in numbers],
            [f"{float(row[name]):+.6e}" for name in numbers])


def differences(got, want):
    """What differs between two results, in a few lines."""
    found = []
    for name in sorted(set(got) | set(want)):
        g, w = sorted(got.get(name, []), key=order), sorted(want.get(name, []), key=order)
        if len(g) != len(w):
            found.append(f"{name}: {len(g)} rows instead of {len(w)}")
        bad = [(a, b) for a, b in zip(g, w) if set(a) != set(b) or not all(is_close(b[k], a[k]) for k in b)]
        found += [f"{name}: {a} instead of {b}" for a, b in bad[:3]]
    return found


# --- The examples --------------------------------------------------------------------------------

def to_file(text):
    """Standard output cannot be exactly once; a file can."""
    return re.sub(r"\{type: stdout, (inputs: \[[^\]]*\]), (format: \{type: json\})\}",
                  r'{type: file, \1, config: {path: "${OUT}/terminal"}, \2}', text)


def read(name):
    with open(os.path.join(tap.SRCDIR, "examples", f"{name}.yaml"), encoding="utf-8") as f:
        return f.read()


def later(text, days):
    """The text with all its dates so many days later."""
    move = datetime.timedelta(days=days)
    text = re.sub(r"\d{4}-\d\d-\d\d", lambda m: (datetime.date.fromisoformat(m.group()) + move).isoformat(), text)
    return re.sub(r"\d\d/[A-Z][a-z]{2}/\d{4}",
                  lambda m: (datetime.datetime.strptime(m.group(), "%d/%b/%Y") + move).strftime("%d/%b/%Y"), text)


def long_inputs(folder, rows):
    """The examples' input again and again, each time some days later, about so many rows; as variables."""
    os.makedirs(folder, exist_ok=True)
    variables = {}
    for variable, name in INPUTS.items():
        path = os.path.join(DATA, name)
        with (gzip.open if name.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
            lines = f.readlines()
        header = [lines.pop(0)] if name.endswith(".csv") else []
        days = sorted(set(re.findall(r"\d{4}-\d\d-\d\d", "".join(lines))))
        span = (datetime.date.fromisoformat(days[-1]) - datetime.date.fromisoformat(days[0])).days + 1 if days else 7
        text = "".join(lines)
        variables[variable] = os.path.join(folder, name)
        with (gzip.open if name.endswith(".gz") else open)(variables[variable], "wt", encoding="utf-8") as f:
            f.writelines(header)
            for k in range(-(-rows // len(lines))):
                copy = later(text, k * span)
                # The table's key: a copy shall not replace what is there.
                f.write(re.sub(r"(?m)^(\d+),", lambda m, k=k: f"{int(m.group(1)) + k * 1000000},", copy) if header
                        else copy)
    return variables


def examples(variables):
    """All examples that end by themselves, with standard output turned into a file."""
    return [Case(name, to_file(read(name)), dict(variables), {"averages": ("sensor", "window_start")})
            for name in EXAMPLES]


# --- Shapes that the examples do not have --------------------------------------------------------

TOP = """version: 1
sources:
  rows:
    type: file
    config: {path: "%s"%s}
    format: {type: json}
    schema: {id: int64, at: timestamp, k: string, v: int64, x: float64, tags: json}
    event_time: {field: at, out_of_orderness: %s}
%s"""
MEASURES = "rows: count(*), ids: sum(id), low: min(v), high: max(v), kinds: count(distinct v), mean: avg(x)"


def write_rows(folder, count, seed):
    """Rows of four parallel files (split-*.ndjson), the same in one (all.ndjson), and that with rows that come too
    late (late.ndjson). No two rows have one time; disorder is below 2 s."""
    os.makedirs(folder, exist_ok=True)
    r = random.Random(seed)
    files = {name: [] for name in ("split-0", "split-1", "split-2", "split-3", "all", "late", "other")}
    for i in range(count):
        us = i * 50_000 + r.randrange(40_000)
        late = 8_000_000 if r.random() < 0.02 else 0
        for name, back in (("all", r.randrange(38) * 50_000), (f"split-{i % 4}", 0), ("late", late)):
            moment = max(0, us - back)
            at = datetime.datetime(2025, 3, 1) + datetime.timedelta(microseconds=moment)
            line = json.dumps({"id": i, "at": at.isoformat(timespec="microseconds") + "Z", "k": f"k{i * i % 23}",
                               "v": i * 7919 % 101, "x": (i * 7919 % 1009) / 7, "tags": ["a", "b", "c"][:i % 4]})
            files[name].append(line)
            if name == "late" and i % 3 == 0:
                files["other"].append(line)
    for name, lines in files.items():
        with open(os.path.join(folder, f"{name}.ndjson"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")


def window(name, inputs, option, key="", more="start: window_start, until: window_end, "):
    key = f"    key_by: [{key}]\n" if key else ""
    return (f"  {name}:\n    type: window\n    inputs: [{inputs}]\n{key}    config:\n      window: {{{option}}}\n"
            f"      select: {{{more}{MEASURES}}}\n")


def sink(name, inputs=None, more=""):
    """A file sink, named as its folder; two nodes may not have one name."""
    return (f"  to-{name}: {{type: file, inputs: [{inputs or name}], config: {{path: \"${{OUT}}/{name}\"{more}}}, "
            "format: {type: json}}\n")


def several_windows(source, merge):
    """All kinds of windows whose result the rows alone decide."""
    kinds = {"tumbling": "tumbling: 10s", "sliding": "sliding: 10s, every: 3s", "session": "session: 700ms",
             "cumulative": "cumulative: 1m, step: 7500ms", "uneven": "sliding: 10s, every: 4s, offset: 1s"}
    operators, sinks = "operators:\n", "sinks:\n"
    for kind, option in kinds.items():
        operators += window(kind, "rows", option, "k") + window(f"all-{kind}", "rows", option)
        sinks += sink(kind) + sink(f"all-{kind}")
    operators += window("ever", "rows", "global: true", "k", "") + sinks_of_cascade()
    return TOP % (source, merge, "2s", operators + sinks + sink("ever") + sink("cascade"))


def sinks_of_cascade():
    """A window over the results of a window, without a key."""
    return ("  cascade:\n    type: window\n    inputs: [tumbling]\n    config:\n      window: {tumbling: 30s}\n"
            "      select: {start: window_start, panes: count(*), rows: sum(rows), high: max(high)}\n")


def order_of_arrival(source):
    """What depends on the order of the rows: with one split that is the order of the file."""
    return TOP % (source, "", "2s", "operators:\n"
                  + window("tens", "rows", "count: 10", "k", "from: min(at), ") + window(
                      "all-tens", "rows", "count: 10", "", "from: min(at), ")
                  + "  lists:\n    type: window\n    inputs: [rows]\n    key_by: [k]\n    config:\n"
                    "      window: {tumbling: 10s}\n      select: {start: window_start, ids: array_agg(id), "
                    "texts: \"string_agg(id::text, ',')\", first: first_value(id), last: last_value(id)}\n"
                    "  once: {type: dedup, inputs: [rows], key_by: [k, v], config: {keep: first, within: 20s}}\n"
                    "  latest: {type: dedup, inputs: [rows], key_by: [k], config: {keep: last}}\n"
                    "sinks:\n" + sink("tens") + sink("all-tens") + sink("lists") + sink("once")
                  + sink("once-late", "once.late") + sink("latest", None, ", changelog: {field: _op}"))


def updates(source):
    """Late rows: results are corrected, in files and in tables, also by way of other numbers of tasks."""
    operators = ("operators:\n" + window("keyed", "rows", "sliding: 6s, every: 2s, allowed_lateness: 7s", "k")
                 + window("total", "rows", "tumbling: 5s, allowed_lateness: 5s")
                 + "  sevens: {type: select, inputs: [keyed], parallelism: $HALF, config: {fields: {k: k, start: start, "
                   "until: until, rows: rows, ids: ids}}}\n")
    sinks = ("sinks:\n" + sink("keyed", None, ", changelog: {field: _op}") + sink("too-late", "keyed.late")
             + sink("total", None, ", changelog: {field: _op}") + sink("total-late", "total.late")
             + "".join(f"  {name}: {{type: sqlite, inputs: [{node}],{n} config: {{path: "
                       f"\"${{OUT}}/{name}.db\", table: t, mode: upsert, key: [{key}]}}}}\n"
                       for name, node, n, key in (("same", "keyed", "", "k, start, until"),
                                                  ("fewer", "sevens", " parallelism: 1,", "k, start, until"),
                                                  ("others", "sevens", " parallelism: $N,", "k, start, until"),
                                                  ("sums", "total", "", "start, until"))))
    return TOP % (source, "", "1s", operators + sinks)


def errors_and_unions(folder):
    """Side outputs for errors, two sources as one, unnest, and nodes with other numbers of tasks."""
    return (TOP % (os.path.join(folder, "split-[01].ndjson"), ", merge: 2", "2s", f"""  more:
    type: file
    config: {{path: "{folder}/split-[23].ndjson", merge: 2}}
    format: {{type: json}}
    schema: {{id: int64, at: timestamp, k: string, v: {{type: int64, path: $.id}}, x: float64, tags: json}}
    event_time: {{field: at, out_of_orderness: 3s}}
  bad:
    type: file
    config: {{path: "{folder}/split-*.ndjson"}}
    format: {{type: json}}
    schema: {{id: int64, tags: string}}
    on_error: output
operators:
  most: {{type: filter, inputs: [rows, more], parallelism: $LESS, config: {{where: v % 5 <> 0}}}}
  share: {{type: select, inputs: [rows], on_error: output, config: {{fields: {{id: id, share: 1000 / v}}}}}}
  tags: {{type: unnest, inputs: [most], parallelism: $HALF, config: {{field: tags, as: tag}}}}
  named: {{type: select, inputs: [tags], config: {{fields: {{tag: "tag #>> '{{}}'"}}, keep: all}}}}
""") + window("sums", "most", "tumbling: 10s", "k") + window("tagged", "named", "sliding: 10s, every: 5s", "k, tag")
            + "sinks:\n" + sink("sums") + sink("tagged") + sink("share") + sink("share-error", "share.error")
            + sink("bad") + sink("bad-error", "bad.error")
            + "  table: {type: sqlite, inputs: [sums], config: {path: \"${OUT}/sums.db\", table: t, "
              "mode: upsert, key: [k, start]}}\n")


def made():
    """Sources with several splits."""
    return """version: 1
sources:
  made:
    type: generator
    config:
      rows: 60000
      splits: 3
      fields:
        id: {type: int64, sequence: {start: 1, step: 1}}
        at: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 100ms}, out_of_orderness: 5s}
        k: {type: string, choice: [a, b, c, d, e, f, g]}
        v: {type: int64, uniform: {min: 0, max: 1000}}
        x: {type: float64, uniform: {min: 0, max: 100}}
    event_time: {field: at, out_of_orderness: 5s}
  bids:
    type: nexmark
    config: {events: 40000, kind: bid, splits: 4}
    event_time: {field: dateTime, out_of_orderness: 0s}
operators:
""" + (window("sums", "made", "sliding: 1m, every: 20s", "k") + window("visits", "made", "session: 1s", "k")
       + "  users: {type: window, inputs: [bids], key_by: [bidder], config: {window: {session: 10s}, select: "
         "{start: window_start, bids: count(*), prices: sum(price)}}}\n"
       + "sinks:\n" + sink("sums") + sink("visits") + sink("users"))


# What no test can hold streamd to, with the reason; docs/pipelines.md tells users.
EXCLUDED = {
    "count windows, array_agg, string_agg, collect over several splits":
        "rows of two splits have no order but that in which they arrive",
    "first_value, last_value of rows with equal event times, over several splits":
        "which of them came first depends on the order of arrival",
    "dedup over several splits":
        "which of two rows is first, or latest at one time, depends on the order of arrival",
    "which rows are late, where rows come later than out_of_orderness and there are several splits or batches":
        "it depends on how far the other splits have been read, and on the ends of batches",
    "whether a row continues a session that it only just touches, over several splits":
        "the session may have been put out when it comes, or wait for the other splits",
    "how often an updated result is said again before its last word":
        "late rows of one batch give one update",
    "the column `at` of .error outputs":
        "it says when it was made",
}


def shapes(folder):
    one, late, four = (os.path.join(folder, name) for name in ("all.ndjson", "late.ndjson", "split-*.ndjson"))
    changes = {"keyed": ("k", "start", "until"), "total": ("start", "until"), "latest": ("k",)}
    return [Case("windows over one file", several_windows(one, "")),
            Case("windows over four files at once", several_windows(four, ", merge: 4")),
            Case("windows over four files, two at once", several_windows(four, ", merge: 2"), slow=False),
            Case("order of arrival", order_of_arrival(one), {}, changes),
            Case("late rows and updates", updates(late), {}, changes),
            Case("errors, unions, unnest", errors_and_unions(folder)),
            Case("generator and nexmark with splits", made(), slow=False)]


# --- Nexmark -------------------------------------------------------------------------------------

def query(name, events):
    """A Nexmark query over a folder of events."""
    return Case(name, read(f"nexmark/{name}"), {"NEXMARK": events})


def golden_rows(name, out):
    """A query's result as the text that the golden digests are of."""
    return canonical.canonical(name, os.path.join(out, name))


QUERIES = tuple(canonical.COLUMNS)
