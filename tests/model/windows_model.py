"""A model of event-time windows: what a window node must give, row by row, in the plainest Python.

It is written from the rules that streamd documents (docs/windows and event time) and shares nothing with
the engine; clarity decides, not speed. Time is in microseconds. The rules it states:

- After each row a split's watermark is its largest event time - bound - 1. The watermark of a source is the
  least of its splits that have not ended; it never goes back; when all have ended it is END.
- Splits are read least watermark first. So a row always meets the watermark of its own split.
- A window [start, end) is complete when watermark >= end - 1, and is dropped when watermark >= end - 1 +
  allowed lateness. A row goes into those of its windows that have not been dropped; if that leaves
  none, the row is late. Sessions merge when they overlap or touch, and lateness is judged on the merged one.
- A count window is a row for every `size` rows of a key; one that is not full at the end gives none.
- At the end of the input every other window that is open gives its result.

The model gives the final content of the result (per key and window; for count windows a list) and the late
rows. How often a result was revised on the way is not its business.
"""
import dataclasses

END = 1 << 62  # the watermark of ended input; no finite time reaches it
BEGIN = -END


@dataclasses.dataclass(frozen=True)
class Spec:
    """One window node: kind and its lengths."""
    kind: str  # tumbling sliding session cumulative count global
    size: int = 0  # length, gap of a session, rows of a count window
    step: int = 0  # slide, or step of a cumulative window
    offset: int = 0
    lateness: int = 0


@dataclasses.dataclass(frozen=True)
class Row:
    """One input row: key is a tuple (empty without key_by), value may be None."""
    id: int
    time: int
    key: tuple
    value: int


@dataclasses.dataclass(frozen=True)
class Result:
    """One result row; start and end are None for windows that are not of time."""
    key: tuple
    start: int
    end: int
    rows: tuple  # of Row, in order of arrival


def floor_to(time, size, offset):
    """The largest start <= time of windows of that size; Python's % is a floored one, as it must be."""
    return time - (time - offset) % size


def assigned(spec, time):
    """The windows [start, end) that an event time belongs to, for windows that do not merge."""
    if spec.kind == "tumbling":
        start = floor_to(time, spec.size, spec.offset)
        return [(start, start + spec.size)]
    if spec.kind == "sliding":
        windows = []
        start = floor_to(time, spec.step, spec.offset)
        while start > time - spec.size:
            windows.append((start, start + spec.size))
            start -= spec.step
        return windows
    if spec.kind == "cumulative":
        start = floor_to(time, spec.size, spec.offset)
        first = floor_to(time - start, spec.step, 0) + spec.step
        return [(start, start + length) for length in range(first, spec.size + 1, spec.step)]
    raise ValueError(spec.kind)


class Aligned:
    """Tumbling, sliding and cumulative windows."""

    def __init__(self, spec):
        self.spec = spec
        self.open = {}  # (key, start, end) -> rows
        self.due = END  # no window is dropped before this watermark
        self.results = []

    def add(self, row, watermark):
        """Takes a row; False if it is late."""
        accepted = False
        for start, end in assigned(self.spec, row.time):
            if end - 1 + self.spec.lateness > watermark:
                self.open.setdefault((row.key, start, end), []).append(row)
                self.due = min(self.due, end - 1 + self.spec.lateness)
                accepted = True
        return accepted

    def advance(self, watermark):
        """Moves what can no longer change to the results."""
        if watermark < self.due:
            return
        for (key, start, end), rows in list(self.open.items()):
            if end - 1 + self.spec.lateness <= watermark:
                self.results.append(Result(key, start, end, tuple(rows)))
                del self.open[key, start, end]
        self.due = min((end - 1 + self.spec.lateness for _, _, end in self.open), default=END)


class Sessions:
    """Session windows: per key a set of [start, end) that neither overlap nor touch."""

    def __init__(self, spec):
        self.spec = spec
        self.open = {}  # key -> list of [start, end, rows]
        self.due = END  # no session is dropped before this watermark
        self.results = []

    def add(self, row, watermark):
        start, end, rows = row.time, row.time + self.spec.size, []
        apart = []
        for session in self.open.get(row.key, []):
            if session[0] <= end and session[1] >= start:
                start, end = min(start, session[0]), max(end, session[1])
                rows = rows + session[2]
            else:
                apart.append(session)
        if end - 1 + self.spec.lateness <= watermark:
            return False
        self.open[row.key] = apart + [[start, end, rows + [row]]]
        self.due = min(self.due, end - 1 + self.spec.lateness)
        return True

    def advance(self, watermark):
        if watermark < self.due:
            return
        for key, sessions in self.open.items():
            kept = []
            for start, end, rows in sessions:
                if end - 1 + self.spec.lateness <= watermark:
                    self.results.append(Result(key, start, end, tuple(rows)))
                else:
                    kept.append([start, end, rows])
            self.open[key] = kept
        self.due = min((end - 1 + self.spec.lateness for sessions in self.open.values()
                        for _, end, _ in sessions), default=END)


class Counts:
    """Count windows, and the global window (which is one that ends with the input)."""

    def __init__(self, spec):
        self.spec = spec
        self.open = {}  # key -> rows
        self.results = []

    def add(self, row, _):
        rows = self.open.setdefault(row.key, [])
        rows.append(row)
        if self.spec.kind == "count" and len(rows) == self.spec.size:
            self._result(row.key)
        return True

    def advance(self, watermark):
        if watermark == END and self.spec.kind == "global":
            for key in list(self.open):
                self._result(key)

    def _result(self, key):
        self.results.append(Result(key, None, None, tuple(self.open.pop(key))))


def window(spec):
    """The state of a window node that has seen nothing yet."""
    if spec.kind in ("tumbling", "sliding", "cumulative"):
        return Aligned(spec)
    return Sessions(spec) if spec.kind == "session" else Counts(spec)


class Splits:
    """The splits of one source, read one row at a time, least watermark first."""

    def __init__(self, splits, bound):
        self.rows = [list(reversed(split)) for split in splits]
        self.largest = [None] * len(splits)
        self.bound = bound
        self.watermark = BEGIN

    def _watermark(self, split):
        return BEGIN if self.largest[split] is None else self.largest[split] - self.bound - 1

    def __iter__(self):
        """Yields (row, watermark that the row meets); ends with (None, END)."""
        active = [split for split in range(len(self.rows)) if self.rows[split]]
        while active:
            self._combine(active)
            split = min(active, key=self._watermark)
            row = self.rows[split].pop()
            yield row, self.watermark
            self.largest[split] = row.time if self.largest[split] is None else max(
                self.largest[split], row.time)
            if not self.rows[split]:
                active.remove(split)
        yield None, END

    def _combine(self, active):
        self.watermark = max(self.watermark, min(self._watermark(split) for split in active))


def run(spec, splits, bound):
    """(results, late rows) of a window node over a source with these splits, a list of rows each."""
    node = window(spec)
    late = []
    for row, watermark in Splits(splits, bound):
        node.advance(watermark)
        if row is not None and not node.add(row, watermark):
            late.append(row)
    return node.results, late
