"""Random cases for window nodes: from a seed the input, the node's part of a pipeline file, and the answer.

A case is a source (one or more files), a window node over it, a sink for its results and one for its late
rows. The same seed always gives the same case. What a case may contain is restricted only where the answer
would depend on more than the rules. Which of two splits with equal watermarks, or of two sources, is read first decides
the order of arrival: sessions over several splits, and all windows over two sources, get rows that are never late,
and count windows one split.
"""
import collections
import dataclasses
import datetime
import decimal
import glob
import json
import os
import random

import windows_model as model

SECOND = 1_000_000
KINDS = ("tumbling", "tumbling", "sliding", "sliding", "session", "session", "cumulative", "count", "global")
BASES = (0, -3600 * SECOND, 1_735_689_600 * SECOND, -2_208_988_800 * SECOND, 4_102_444_800 * SECOND)
KEYS = {  # what key_by may be, and how a key of it is drawn
    (): lambda r: (),
    ("k",): lambda r: (r.choice(["a", "b", "c", "Ä", "", None]),),
    ("j",): lambda r: (r.choice([0, 1, -7, 1 << 40, None]),),
    ("k", "j"): lambda r: (r.choice(["a", "b", None]), r.choice([0, 1, None])),
}
REMOVED = {"-U", "-D"}
ADDED = {"+I", "+U"}


@dataclasses.dataclass
class Case:
    """Everything about one seed."""
    seed: int
    spec: model.Spec
    keys: tuple
    bound: int
    splits: list
    merge: int
    early: int
    emit: str
    sources: int = 1  # 2: every other file belongs to a second source, and the window's input is a union

    @property
    def changelog(self):
        """Whether results are revised, so that the sink must write row kinds."""
        return self.emit != "final" and bool(self.spec.lateness or self.early)

    @property
    def timed(self):
        return self.spec.kind not in ("count", "global")


def draw_spec(r):
    kind = r.choice(KINDS)
    unit = r.choice([SECOND, SECOND, 1500_000, 333_333, 60 * SECOND])
    lateness = r.choice([0, 0, 1, unit // 2, r.randint(1, 5) * unit])
    if kind in ("count", "global"):
        return model.Spec(kind, size=r.randint(1, 7) if kind == "count" else 0), unit
    if kind == "session":
        return model.Spec(kind, size=r.randint(1, 6) * unit, lateness=lateness), unit
    step = r.randint(1, 4) * unit
    size = step * r.randint(1, 6)
    if kind == "sliding" and r.random() < 0.4:
        size += r.randrange(unit)  # a size that is no multiple of the slide
    if kind == "tumbling":
        step = 0
    offset = r.choice([0, 0, r.randrange(step or size)])
    return model.Spec(kind, size=size, step=step, offset=offset, lateness=lateness), unit


def draw_rows(r, keys, unit, grid, count, first_id, base, disorder):
    """Rows whose times wander forward, each moved back by up to `disorder`; all times are multiples of `grid`."""
    rows = []
    clock = base
    for i in range(count):
        clock += r.choice([0, unit // 7, unit // 3, unit, unit, r.randrange(4 * unit)])
        if r.random() < 0.03:
            clock += r.randint(5, 30) * unit
        time = clock - (r.randrange(disorder + 1) if r.random() < 0.5 else 0)
        value = None if r.random() < 0.1 else r.choice([0, 1, -5, 7, 7, 1 << 40])
        rows.append(model.Row(first_id + i, time // grid * grid, KEYS[keys](r), value))
    return rows


def draw(seed):
    """The case of a seed."""
    r = random.Random(seed)
    spec, unit = draw_spec(r)
    keys = r.choice(list(KEYS))
    # On a coarse grid times often fall exactly on the ends of windows, where rules are off by one if at all.
    grid = unit if r.random() < 0.6 else 1
    bound = r.choice([0, 0, unit, r.randrange(1, 5 * unit)]) // grid * grid
    files = r.choice([1, 1, 2, 3, 5])
    merge = 1 if spec.kind == "count" else r.choice([1, files, files])
    sources = 2 if merge > 1 and r.random() < 0.25 else 1
    orderly = merge > 1 and (spec.kind == "session" or sources > 1)
    disorder = bound if orderly else r.choice([bound, bound + 2 * unit, bound + 20 * unit])
    base = r.choice(BASES) + r.randrange(unit)
    splits = []
    for _ in range(files):
        count = r.choice([0, 1, r.randint(2, 60), r.randint(2, 60)])
        splits.append(draw_rows(r, keys, unit, grid, count, sum(map(len, splits)), base, disorder))
    early = r.choice([0, 0, 0, 0, unit]) if spec.kind not in ("count", "global") else 0
    emit = r.choice(["default", "final"]) if early == 0 else "default"
    if emit == "default" and r.random() < 0.2 and (spec.lateness or early):
        emit = "updates"
    return Case(seed, spec, keys, bound, splits, merge, early, emit, sources)


def time_text(us):
    """A timestamp as streamd reads and writes it, with all six digits."""
    seconds, fraction = divmod(us, SECOND)
    days, rest = divmod(seconds, 86400)
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    return (f"{date.isoformat()}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
            f".{fraction:06d}Z")


def time_us(text):
    """The opposite of time_text; fewer digits are fine."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    delta = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (delta.days * 86400 + delta.seconds) * SECOND + delta.microseconds


def write_input(case, folder):
    for number, split in enumerate(case.splits):
        source = os.path.join(folder, str(number % case.sources))
        os.makedirs(source, exist_ok=True)
        with open(os.path.join(source, f"s{number}.ndjson"), "w", encoding="utf-8") as f:
            for row in split:
                record = {"id": row.id, "at": time_text(row.time), "v": row.value}
                record.update(zip(case.keys, row.key))
                f.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def window_option(case):
    spec = case.spec
    parts = {"tumbling": [f"tumbling: {spec.size}us"], "session": [f"session: {spec.size}us"],
             "sliding": [f"sliding: {spec.size}us", f"every: {spec.step}us"],
             "cumulative": [f"cumulative: {spec.size}us", f"step: {spec.step}us"],
             "count": [f"count: {spec.size}"], "global": ["global: true"]}[spec.kind]
    if spec.offset:
        parts.append(f"offset: {spec.offset}us")
    if spec.lateness:
        parts.append(f"allowed_lateness: {spec.lateness}us")
    if case.early:
        parts.append(f"early: {case.early}us")
    if case.emit != "default":
        parts.append(f"emit: {case.emit}")
    return "{" + ", ".join(parts) + "}"


def nodes(case):
    """(sources, operators, sinks): the case's part of each section of a pipeline file."""
    s = case.seed
    keys = f"    key_by: [{', '.join(case.keys)}]\n" if case.keys else ""
    merge = f", merge: {case.merge}" if case.merge > 1 else ""
    times = "start: window_start, until: window_end, " if case.timed else ""
    log = ", changelog: {field: _op}" if case.changelog else ""
    names = [f"source{s}-{number}" for number in range(case.sources)]
    source = "".join(f"""  {name}:
    type: file
    config: {{path: "${{CASES}}/{s}/in/{number}/*.ndjson"{merge}}}
    format: {{type: json}}
    schema: {{id: int64, at: timestamp, v: int64|null, k: string|null, j: int64|null}}
    event_time: {{field: at, out_of_orderness: {case.bound}us}}
""" for number, name in enumerate(names))
    operator = f"""  window{s}:
    type: window
    inputs: [{', '.join(names)}]
{keys}    config:
      window: {window_option(case)}
      select: {{{times}n: count(*), ids: sum(id), total: sum(v), values: count(v), kinds: count(distinct v),
               low: min(v), high: max(v)}}
"""
    sink = f"""  result{s}:
    type: file
    inputs: [window{s}]
    config: {{path: "${{CASES}}/{s}/out"{log}}}
    format: {{type: json}}
"""
    if case.timed:
        sink += f"""  late{s}:
    type: file
    inputs: [window{s}.late]
    config: {{path: "${{CASES}}/{s}/late"}}
    format: {{type: json}}
"""
    return source, operator, sink


def pipeline(cases, name):
    """One pipeline file with all these cases in it, each on its own."""
    parts = [nodes(case) for case in cases]
    return (f"version: 1\nname: {name}\n\nsources:\n" + "".join(p[0] for p in parts)
            + "\noperators:\n" + "".join(p[1] for p in parts) + "\nsinks:\n" + "".join(p[2] for p in parts))


def expected(case):
    """(results as a multiset of tuples, ids of late rows as a multiset)."""
    splits = case.splits if case.merge > 1 else [[row for split in case.splits for row in split]]
    results, late = model.run(case.spec, splits, case.bound)
    rows = collections.Counter()
    for result in results:
        values = [row.value for row in result.rows if row.value is not None]
        times = (result.start, result.end) if case.timed else ()
        rows[(*result.key, *times, len(result.rows), sum(row.id for row in result.rows),
              sum(values) if values else None, len(values), len(set(values)),
              min(values, default=None), max(values, default=None))] += 1
    return rows, collections.Counter(row.id for row in late)


def read_parts(folder):
    """All rows of a sink's folder; a sink that got nothing may have written nothing."""
    names = glob.glob(os.path.join(folder, "part-*.json"))
    for path in sorted(names, key=lambda n: [int(x) for x in os.path.basename(n)[5:-5].split("-")]):
        with open(path, encoding="utf-8") as f:
            for line in f:
                yield json.loads(line, parse_float=decimal.Decimal)


def result_tuple(case, row):
    names = [*case.keys]
    times = tuple(time_us(row[name]) for name in ("start", "until")) if case.timed else ()
    return (*(row[name] for name in names), *times,
            *(row[name] for name in ("n", "ids", "total", "values", "kinds", "low", "high")))


def found(case, folder):
    """(results, late ids, problems) that streamd gave."""
    problems = []
    rows = collections.Counter()
    table = {}
    for row in read_parts(os.path.join(folder, "out")):
        kind = row.pop("_op", None)
        result = result_tuple(case, row)
        if not case.changelog:
            rows[result] += 1
            continue
        key = result[:len(case.keys) + 2]
        if kind in ADDED:
            if (kind == "+I") == (key in table):
                problems.append(f"{kind} of {key}, which is {'' if key in table else 'not '}there")
            table[key] = result
        elif kind in REMOVED:
            if table.pop(key, None) is None:
                problems.append(f"{kind} of {key}, which is not there")
        else:
            problems.append(f"row kind {kind!r}")
    rows.update(table.values())
    late = collections.Counter(row["id"] for row in read_parts(os.path.join(folder, "late")))
    return rows, late, problems


def judge(case, folder):
    """What is wrong with the result of a case; nothing if the list is empty."""
    want, want_late = expected(case)
    got, got_late, problems = found(case, folder)
    problems += [f"missing:    {n} x {row}" for row, n in list((want - got).items())[:4]]
    problems += [f"unexpected: {n} x {row}" for row, n in list((got - want).items())[:4]]
    if want_late != got_late:
        problems.append(f"late ids: missing {sorted((want_late - got_late).elements())[:10]}, "
                        f"unexpected {sorted((got_late - want_late).elements())[:10]}")
    return problems
