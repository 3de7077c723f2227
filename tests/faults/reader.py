"""A reader of what a pipeline has published, and the judge of it.

The reader looks at the outputs while the pipeline runs and is hurt, as any user's program might: it lists the
folder of a file sink and reads what has its final name, and it opens the database of a SQLite sink. At every look

- all that is visible belongs to the final result, each row at most as often as there (so nothing that is not
  committed for good, and nothing twice);
- nothing that was visible has gone or changed.

At the end the content must be the expected multiset exactly, and nothing else may lie in the folder.
"""
import collections
import json
import os
import sqlite3

import watcher

FIRST_DAY = 1767225600000


def milliseconds(text):
    """A timestamp as streamd prints it, relative to the first day of the inputs."""
    clock = text[11:].rstrip("Z")
    hours, minutes, seconds = clock.split(":")
    return (int(text[8:10]) - 1) * 86400000 + round((int(hours) * 60 + int(minutes)) * 60000 + float(seconds) * 1000)


def before_first_day(text):
    """Windows may begin before the first row: on the last days of December."""
    return milliseconds("2026-01-01" + text[10:]) - (32 - int(text[8:10])) * 86400000


def value(found):
    """A cell: all columns of the fault tests are whole numbers or times."""
    if isinstance(found, str) and found[4:5] == "-":
        return milliseconds(found) if found.startswith("2026-01") else before_first_day(found)
    return int(found)


class FileOutput:
    """What a file sink has published, read file by file, each once."""

    def __init__(self, sink):
        self.sink, self.rows, self.files = sink, collections.Counter(), {}

    def look(self):
        """Reads what is new; a list of findings."""
        findings, present = [], set()
        for folder, folders, names in os.walk(self.sink.path):
            folders[:] = [f for f in folders if not f.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    present.add(os.path.join(folder, name))
        findings += [f"{path} was published and is gone" for path in self.files.keys() - present]
        for path in present:
            status = os.stat(path)
            identity = (status.st_size, status.st_mtime_ns)
            if path in self.files:
                if self.files[path] != identity:
                    findings.append(f"{path} was published and has changed")
                continue
            self.files[path] = identity
            findings += self._read(path)
        return findings

    def _read(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if text and not text.endswith("\n"):
            return [f"{path} does not end with a whole line"]
        for line in text.splitlines():
            row = json.loads(line)
            self.rows[tuple(value(row[column]) for column in self.sink.columns)] += 1
        return []

    def leftovers(self):
        """What should not be there in the end: parts that were never published. The sink's mark of the
        newest checkpoint that it has committed, one per lineage, is meant to stay."""
        return [os.path.join(folder, name) for folder, folders, names in os.walk(self.sink.path)
                for name in names + folders
                if name.startswith(".") and not (name.startswith(".streamd.") and name.endswith(".mark"))]


class TableOutput:
    """What a SQLite sink has committed."""

    def __init__(self, sink):
        self.sink, self.rows, self.count = sink, collections.Counter(), 0

    def look(self):
        if not os.path.exists(self.sink.path):
            return []
        connection = sqlite3.connect(self.sink.path, timeout=20, isolation_level=None)
        try:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name = 'rows'")]
            found = connection.execute(f"SELECT {', '.join(self.sink.columns)} FROM rows").fetchall() if names else []
        finally:
            connection.close()
        rows = collections.Counter(tuple(map(value, row)) for row in found)
        findings = [f"{self.sink.path}: {dict(list((self.rows - rows).items())[:3])} was committed and is gone"
                    ] if self.rows - rows else []
        self.rows = rows
        return findings

    def leftovers(self):
        """What should not be there in the end: SQLite's journals."""
        return [self.sink.path + ending for ending in ("-journal", "-wal", "-shm")
                if os.path.exists(self.sink.path + ending)]


def sample(rows):
    """Some rows of a multiset, for a message."""
    return ", ".join(f"{row} x{n}" for row, n in sorted(rows.items())[:4]) + (" ..." if len(rows) > 4 else "")


class Reader(watcher.Watcher):
    """Looks at all outputs of a case."""

    def __init__(self, case, every=0.1):
        super().__init__(every)
        self.outputs = [FileOutput(s) if s.kind == "file" else TableOutput(s) for s in case.sinks]
        self.looks = 0

    def look(self):
        for output in self.outputs:
            try:
                self.findings += [f"{output.sink.name}: {finding}" for finding in output.look()]
            except (OSError, ValueError, KeyError, sqlite3.Error) as error:
                self.findings.append(f"{output.sink.name}: cannot be read: {error!r}")
                continue
            surplus = output.rows - output.sink.expected
            if surplus:
                self.findings.append(f"{output.sink.name}: visible too often or wrongly: {sample(surplus)}")
        self.looks += 1

    def visible(self):
        """How many rows the last look saw."""
        return sum(sum(output.rows.values()) for output in self.outputs)

    def finish(self):
        """Stops looking, looks once more, and judges the end; all findings."""
        self.stop()
        self.look()
        for output in self.outputs:
            missing = output.sink.expected - output.rows
            if missing:
                self.findings.append(
                    f"{output.sink.name}: {sum(missing.values())} of {sum(output.sink.expected.values())} rows "
                    f"are missing: {sample(missing)}")
            self.findings += [f"{output.sink.name}: left behind: {path}" for path in output.leftovers()]
        return sorted(set(self.findings))
