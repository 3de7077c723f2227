"""Judges outputs: a figure counts only for a run whose whole result is right.

The reference is computed by DuckDB from the input with exact decimals, by queries that share
nothing with the measured ones but the input. Per output: rows, and sum and xor over a hash of each
row (all columns), so that lost, doubled, or altered rows show whatever their order. A float sum
counts as right if it is the exact decimal sum to the cent.
"""
import glob
import hashlib
import os

import duckdb

INPUT = """read_json('{path}', format = 'newline_delimited', columns = {{
    "user": 'VARCHAR', "at": 'TIMESTAMP', amount: 'DECIMAL(10,2)', country: 'VARCHAR'}})"""

REFERENCE = {
    "w1": """SELECT "user" AS a, epoch_us("at") AS b, (amount * 100)::BIGINT AS c, 0::BIGINT AS d
             FROM {input} WHERE amount >= 75""",
    "w2": """SELECT "user" AS a, epoch_us(time_bucket(INTERVAL '10 seconds', "at")) AS b,
             (sum(amount) * 100)::BIGINT AS c, count(*)::BIGINT AS d FROM {input} GROUP BY 1, 2""",
}
OUTPUT = {
    "w1": """SELECT "user" AS a, epoch_us("at") AS b, round(amount * 100)::BIGINT AS c, 0::BIGINT AS d
             FROM read_json({files}, format = 'newline_delimited', columns = {{
             "user": 'VARCHAR', "at": 'TIMESTAMP', amount: 'DOUBLE'}})""",
    "w2": """SELECT "user" AS a, epoch_us(window_start) AS b, round(total * 100)::BIGINT AS c, n AS d
             FROM read_json({files}, format = 'newline_delimited', columns = {{
             "user": 'VARCHAR', window_start: 'TIMESTAMP', n: 'BIGINT', total: 'DOUBLE'}})""",
}
SUMMARY = "SELECT count(*), sum(hash(a, b, c, d)), bit_xor(hash(a, b, c, d)) FROM ({rows})"


class Wrong(Exception):
    """An output that is not the answer."""


class Judge:
    """Verdicts per workload; remembers the references, and the digests of outputs found right."""

    def __init__(self):
        self._references = {}
        self._right = set()

    def text(self, workload, system, input_path, output):
        """Raises Wrong unless `output` (a file, or a folder of parts) answers the workload exactly."""
        files = output_files(output)
        digest = (workload, input_path, digest_of(files))
        if digest in self._right:
            return
        expected = self._reference(workload, input_path)
        rows = OUTPUT[workload].format(files="[" + ", ".join(f"'{f}'" for f in files) + "]")
        found = duckdb.execute(SUMMARY.format(rows=rows)).fetchone()
        if found != expected:
            raise Wrong(f"{workload}: the result of {system} is wrong: {found[0]} rows, expected "
                        f"{expected[0]}\n" + difference(workload, input_path, rows))
        self._right.add(digest)

    def rows_expected(self, workload, input_path):
        """How many result rows the workload has."""
        return self._reference(workload, input_path)[0]

    def _reference(self, workload, input_path):
        key = (workload, input_path)
        if key not in self._references:
            rows = REFERENCE[workload].format(input=INPUT.format(path=input_path))
            self._references[key] = duckdb.execute(SUMMARY.format(rows=rows)).fetchone()
        return self._references[key]


def output_files(output):
    """The finished NDJSON files of an output; unfinished parts start with a dot and are an error."""
    if os.path.isfile(output):
        return [output]
    if glob.glob(os.path.join(output, ".part*")):
        raise Wrong(f"unfinished parts in {output}")
    files = sorted(glob.glob(os.path.join(output, "part-*.json")))
    if not files:
        raise Wrong(f"no output in {output}")
    return files


def digest_of(files):
    digest = hashlib.sha256()
    for path in files:
        with open(path, "rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def difference(workload, input_path, rows):
    """Some rows that are in one of the two only, for the message."""
    expected = REFERENCE[workload].format(input=INPUT.format(path=input_path))
    lines = []
    for title, left, right in (("missing", expected, rows), ("unexpected", rows, expected)):
        found = duckdb.execute(f"({left}) EXCEPT ALL ({right}) LIMIT 3").fetchall()
        lines += [f"  {title}: {row}" for row in found]
    return "\n".join(lines)
