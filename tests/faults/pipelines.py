"""The four pipelines of the fault tests: input, pipeline file, and what they must put out.

Each pipeline is a function (folder, seed, seconds, rate, checkpoint, out) -> Case: it writes its input and its
file below `folder', and says what every sink must hold in the end, as a multiset of rows. The expectation is a
fold over the input in plain Python and shares nothing with streamd.

WHY THE RESULTS DO NOT DEPEND ON THE RUN. Kills, parallelism and batch boundaries differ from run to run, so
the input must leave nothing to them. Every number below is in rows, and one row is one millisecond of event time.

- On time by construction: generator splits and the files of `dedup' ascend in time, so a row is never older
  than the watermark of its own split, and a task's watermark is the least of all splits. The rows of `late'
  jitter by 20 ms under an out_of_orderness of 50 ms.
- Late by construction, in `late' alone: it has one split, hence one order and one watermark, whatever the
  parallelism. A late row is 6000 rows behind the newest. Its window of 500 ms with a lateness of 2000 ms was
  dropped 6000 - 500 - 2000 = 3500 rows earlier at the latest; a watermark lags by no more than a batch (1024
  rows), the jitter and the bound. So it is late in every batching, unless a recovery turned time back, which
  is what the test is after.
- In time by construction: a straggler of `late' is 700 rows behind, its window is dropped 1300 rows later at the
  least. One of `sliding' is 1500 or 3300 rows behind the newest of its own split, hence at most so far behind
  the watermark; the first of its windows is dropped 4000 behind its end. Meanwhile checkpoints have been taken, and
  its pane is sealed: it is in a file of an earlier checkpoint, and has to be opened again (checkpoints.md). So that
  panes are sealed over up to four workers, a pane has enough keys, and few key groups.
- `dedup' keeps one of several identical rows, so it does not matter which.
"""
import collections
import dataclasses
import json
import os
import random
import textwrap

EPOCH = 1767225600000  # 2026-01-01 in milliseconds; all event times are relative to it
START = "2026-01-01T00:00:00Z"


@dataclasses.dataclass
class Sink:
    """One sink: kind `file' or `sqlite', where it writes, the names of its columns, what it must hold."""
    name: str
    kind: str
    path: str
    columns: list
    expected: collections.Counter


@dataclasses.dataclass
class Case:
    """One pipeline ready to run: its file, its sinks, how many rows it reads."""
    name: str
    file: str
    sinks: list
    rows: int


def stamp(ms):
    """A time of the input, relative to EPOCH, as JSON wants it."""
    seconds, rest = divmod(EPOCH + ms, 1000)
    days, second = divmod(seconds - 1767225600, 86400)
    assert days < 28
    return (f"2026-01-{days + 1:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            f".{rest:03}Z")


def check(i):
    """A value that is worth summing: two different sets of rows have different sums, mostly."""
    return i * 7919 % 1000003


def write(folder, name, checkpoint, body, more=""):
    """The pipeline file: what is the same for all, and the body; `more' is a line of other keys."""
    path = os.path.join(folder, name + ".yaml")
    head = f"""\
        version: 1
        name: {name}
        delivery: exactly_once
        checkpoint: {{every: {checkpoint}, keep: 2, timeout: 20s}}
        restart: {{policy: fixed, delay: 30ms, attempts: 1000000}}
        {more}
        """
    with open(path, "w", encoding="utf-8") as f:
        f.write(textwrap.dedent(head) + textwrap.dedent(body))
    return path


def file_sink(out, name, node, extra=""):
    """A file sink in YAML, and its path."""
    path = os.path.join(out, name)
    return path, (f"to_{name}: {{type: file, inputs: [{node}], config: {{path: {path}{extra}}}, "
                  "format: {type: json}}")


def sqlite_sink(out, name, node):
    """A SQLite sink in YAML, and its path."""
    path = os.path.join(out, name + ".db")
    return path, f"to_{name}: {{type: sqlite, inputs: [{node}], config: {{path: {path}, table: rows}}}}"


def side_by_side(folder, name, files):
    """Writes the rows of each file; the source in YAML that reads the files side by side."""
    for number, rows in enumerate(files):
        with open(os.path.join(folder, f"{name}-{number}.ndjson"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
    return (f"lines: {{type: file, config: {{path: \"{folder}/{name}-*.ndjson\", merge: {len(files)}}}, "
            "format: {type: json}, schema: {id: int64, at: timestamp, k: int64, v: int64}, "
            "event_time: {field: at}}")


# --- late: tumbling windows over a file of one split, with stragglers and late rows ---------------------

def late(folder, seed, seconds, rate=6000, checkpoint="200ms", out=None):
    """Per key and 500 ms: count, sum, least and largest sequence number; late rows to a side output."""
    r = random.Random(seed)
    sequences = collections.Counter()
    windows, too_late = {}, collections.Counter()
    rows = rate * seconds
    source = os.path.join(folder, "late.ndjson")
    with open(source, "w", encoding="utf-8") as f:
        for i in range(rows):
            key = r.randrange(40)
            sequences[key] += 1
            seq, ms, is_late = sequences[key], i + r.randrange(-20, 21), False
            if i > 7000 and i % 97 == 0:
                ms, is_late = i - 6000, True
            elif i > 800 and i % 41 == 0:
                ms = i - 700
            ms = max(ms, 0)
            f.write(json.dumps({"k": key, "seq": seq, "at": stamp(ms), "v": check(i)}) + "\n")
            if is_late:
                too_late[(key, seq, ms, check(i))] += 1
            else:
                windows.setdefault((key, ms - ms % 500), []).append((seq, check(i)))
    results = collections.Counter(
        (key, start, len(group), sum(v for _, v in group), min(s for s, _ in group), max(s for s, _ in group))
        for (key, start), group in windows.items())
    results_path, results_yaml = file_sink(out or folder + "/out", "results", "sums")
    late_path, late_yaml = sqlite_sink(out or folder + "/out", "too_late", "sums.late")
    path = write(folder, "late", checkpoint, f"""
        sources:
          lines:
            type: file
            config: {{path: {source}}}
            format: {{type: json}}
            schema: {{k: int64, seq: int64, at: timestamp, v: int64}}
            event_time: {{field: at, out_of_orderness: 50ms}}
        operators:
          slow: {{type: brake, inputs: [lines], config: {{rate: {rate}}}}}
          sums:
            type: window
            inputs: [slow]
            key_by: [k]
            config:
              window: {{tumbling: 500ms, allowed_lateness: 2s, emit: final}}
              select: {{at: window_start, n: count(*), total: sum(v), low: min(seq), high: max(seq)}}
        sinks:
          {results_yaml}
          {late_yaml}
        """)
    return Case("late", path, [
        Sink("results", "file", results_path, ["k", "at", "n", "total", "low", "high"], results),
        Sink("too_late", "sqlite", late_path, ["k", "seq", "at", "v"], too_late)], rows)


# --- generators: ids 0..rows-1, one a millisecond, over four splits -------------------------------------

GENERATOR = """
        sources:
          made:
            type: generator
            config:
              rows: {rows}
              rate: {rate}
              splits: 4
              fields:
                id: {{type: int64, sequence: {{start: 0, step: 1}}}}
                at: {{type: timestamp, sequence: {{start: "{start}", step: 1ms}}}}
            event_time: {{field: at}}
        operators:
          keyed:
            type: select
            inputs: [made]
            config: {{keep: all, fields: {{k: "{key}", v: "id * 7919 % 1000003"}}}}
"""


def session_key(i):
    """Bursts of 200 ms with five keys each; a key comes back after 600 ms."""
    return (i // 200 * 37 + i % 5) % 50


def sessions(folder, seed, seconds, rate=6000, checkpoint="200ms", out=None):
    """Sessions to SQLite, and per key the total of the whole run to files."""
    rows = rate * seconds + seed % 1000
    per_key = {}
    for i in range(rows):
        per_key.setdefault(session_key(i), []).append(i)
    found, totals = collections.Counter(), collections.Counter()
    for key, ids in per_key.items():
        totals[(key, len(ids), sum(map(check, ids)), ids[0], ids[-1])] += 1
        group = [ids[0]]
        for i in ids[1:] + [None]:
            if i is not None and i - group[-1] <= 300:
                group.append(i)
                continue
            found[(key, group[0], group[-1] + 300, len(group), sum(map(check, group)))] += 1
            group = [i]
    visits_path, visits_yaml = sqlite_sink(out or folder + "/out", "visits", "visits")
    totals_path, totals_yaml = file_sink(out or folder + "/out", "totals", "totals")
    head = GENERATOR.format(rows=rows, rate=rate, start=START, key="(id / 200 * 37 + id % 5) % 50")
    path = write(folder, "sessions", checkpoint, head + f"""\
          visits:
            type: window
            inputs: [keyed]
            key_by: [k]
            config:
              window: {{session: 300ms}}
              select: {{since: window_start, until: window_end, n: count(*), total: sum(v)}}
          totals:
            type: window
            inputs: [keyed]
            key_by: [k]
            config:
              window: {{global: true}}
              select: {{n: count(*), total: sum(v), low: min(id), high: max(id)}}
        sinks:
          {visits_yaml}
          {totals_yaml}
        """)
    return Case("sessions", path, [
        Sink("visits", "sqlite", visits_path, ["k", "since", "until", "n", "total"], found),
        Sink("totals", "file", totals_path, ["k", "n", "total", "low", "high"], totals)], rows)


# --- dedup: four files read side by side, each id up to three times -------------------------------------

def dedup(folder, seed, seconds, rate=6000, checkpoint="200ms", out=None):
    """One row per id to files in buckets, for ever; and once more with `within' to SQLite."""
    r = random.Random(seed)
    ids = rate * seconds // 2
    files = [[] for _ in range(4)]
    once = collections.Counter()
    for i in range(ids):
        row = {"id": i, "at": stamp(i), "k": i % 6, "v": check(i)}
        once[(i, i, i % 6, check(i))] += 1
        for _ in range(r.choice((1, 1, 2, 2, 2, 3, 3))):
            r.choice(files).append(row)
    lines_yaml = side_by_side(folder, "dedup", files)
    columns = ["id", "at", "k", "v"]
    always_path, always_yaml = file_sink(out or folder + "/out", "always", "always", ", bucket: \"'k' || (k::text)\"")
    recent_path, recent_yaml = sqlite_sink(out or folder + "/out", "recent", "recent")
    path = write(folder, "dedup", checkpoint, f"""
        sources:
          {lines_yaml}
        operators:
          slow: {{type: brake, inputs: [lines], config: {{rate: {rate // 4}}}}}
          always: {{type: dedup, inputs: [slow], key_by: [id]}}
          recent: {{type: dedup, inputs: [slow], key_by: [id], config: {{within: 2s}}}}
        sinks:
          {always_yaml}
          {recent_yaml}
        """)
    return Case("dedup", path, [
        Sink("always", "file", always_path, columns, once),
        Sink("recent", "sqlite", recent_path, columns, once)], sum(map(len, files)))


# --- sliding: four files read side by side, with stragglers that fall into panes of long ago ------------

PANE = 1000
SLIDING = 3 * PANE
EXTRA = (101, 211, 307, 401, 503, 601)  # more sums, which make the rows of a pane large


def sliding_rows(seed, rows):
    """(split, id, time, key, value) of every row. A key comes twice or three times in a pane."""
    r = random.Random(seed)
    for i in range(rows):
        ms = i
        if i % 41 == 0 and i > 1500:
            ms = i - 1500
        elif i % 977 == 0 and i > 3300:
            ms = i - 3300
        yield r.randrange(4), i, ms, i * 37 % 400, check(i)


def sliding(folder, seed, seconds, rate=6000, checkpoint="200ms", out=None):
    """Sliding windows of 3 s every 1 s to files; every tenth row as it is to SQLite."""
    rows = rate * seconds + seed % 1000
    files = [[] for _ in range(4)]
    windows, tenth = {}, collections.Counter()
    for split, i, ms, key, v in sliding_rows(seed, rows):
        files[split].append({"id": i, "at": stamp(ms), "k": key, "v": v})
        for start in range(ms - ms % PANE - SLIDING + PANE, ms + 1, PANE):
            windows.setdefault((key, start), []).append((i, v))
        if i % 10 == 0:
            tenth[(i, ms, key, v)] += 1
    lines_yaml = side_by_side(folder, "sliding", files)
    results = collections.Counter(
        (key, start, len(group), sum(v for _, v in group), max(i for i, _ in group),
         *(sum(v % m for _, v in group) for m in EXTRA)) for (key, start), group in windows.items())
    extra = "".join(f", m{m}: sum(v % {m})" for m in EXTRA)
    windows_path, windows_yaml = file_sink(out or folder + "/out", "windows", "windows", ", roll: {size: 64KiB}")
    tenth_path, tenth_yaml = sqlite_sink(out or folder + "/out", "tenth", "tenth")
    path = write(folder, "sliding", checkpoint, f"""
        sources:
          {lines_yaml}
        operators:
          slow: {{type: brake, inputs: [lines], config: {{rate: {rate // 3}}}}}
          windows:
            type: window
            inputs: [slow]
            key_by: [k]
            config:
              window: {{sliding: {SLIDING}ms, every: {PANE}ms, allowed_lateness: 4s, emit: final}}
              select: {{at: window_start, n: count(*), total: sum(v), high: max(id){extra}}}
          tenth: {{type: filter, inputs: [slow], config: {{where: id % 10 = 0}}}}
        sinks:
          {windows_yaml}
          {tenth_yaml}
        """, "key_groups: 8")
    columns = ["k", "at", "n", "total", "high", *(f"m{m}" for m in EXTRA)]
    return Case("sliding", path, [
        Sink("windows", "file", windows_path, columns, results),
        Sink("tenth", "sqlite", tenth_path, ["id", "at", "k", "v"], tenth)], rows)


ALL = {"late": late, "sessions": sessions, "dedup": dedup, "sliding": sliding}
