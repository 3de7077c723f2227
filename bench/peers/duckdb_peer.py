#!/usr/bin/env python3
"""The DuckDB side of the workloads, one thread, one process per run.

    duckdb_peer.py w1 INPUT OUTPUT
    duckdb_peer.py w2 INPUT OUTPUT
    duckdb_peer.py w3 count|generate|windows ROWS KEYS WINDOWS

`count` is the query as one writes it, over all windows at once. `windows` asks per window instead, which keeps
the tables small; it is possible because this input is in order and the program knows where windows end.

The queries are the fastest of the spellings that were tried (window by integer division instead
of time_bucket, TIMESTAMP instead of TIMESTAMPTZ, DOUBLE instead of DECIMAL for the amount), so that
the ratio is against DuckDB at its best. Schema given, nothing sniffed.
"""
import pathlib
import sys

import duckdb

REQUIREMENTS = pathlib.Path(__file__).resolve().parent.parent / "requirements.txt"

EVENTS = """read_json('{path}', format = 'newline_delimited', columns = {{
    "user": 'VARCHAR', "at": 'TIMESTAMP', amount: 'DOUBLE', country: 'VARCHAR'}})"""

W1 = """COPY (SELECT "user", "at", amount FROM {events} WHERE amount >= 75)
        TO '{output}' (FORMAT json)"""

W2 = """COPY (SELECT "user", make_timestamp(w * 10000000) AS window_start, n, total
              FROM (SELECT "user", epoch_us("at") // 10000000 AS w, count(*) AS n, sum(amount) AS total
                    FROM {events} GROUP BY ALL))
        TO '{output}' (FORMAT json)"""

# The outer aggregate stands for the blackhole: every result row is produced, none is written.
W3_COUNT = """SELECT sum(n), count(*) FROM (
    SELECT i * 2654435761 % {keys} AS k, i // {per_window} AS w, count(*) AS n
    FROM range({rows}) t(i) GROUP BY ALL)"""
W3_WINDOW = """SELECT sum(n), count(*) FROM (
    SELECT i * 2654435761 % {keys} AS k, count(*) AS n FROM range({begin}, {end}) t(i) GROUP BY ALL)"""
W3_GENERATE = """SELECT count(*), bit_xor(k) + bit_xor(w) FROM (
    SELECT i * 2654435761 % {keys} AS k, i // {per_window} AS w FROM range({rows}) t(i))"""


def by_window(connection, rows, keys, windows):
    """Rows counted, and result rows, of one query per window."""
    counted, results = 0, 0
    for begin in range(0, rows, rows // windows):
        query = W3_WINDOW.format(keys=keys, begin=begin, end=begin + rows // windows)
        found = connection.execute(query).fetchone()
        counted, results = counted + found[0], results + found[1]
    return counted, results


def main(arguments):
    pinned = REQUIREMENTS.read_text().strip()
    if pinned != f"duckdb=={duckdb.__version__}":
        sys.exit(f"duckdb_peer: the pinned peer is {pinned}, this is {duckdb.__version__}")
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    if len(arguments) == 3 and arguments[0] in ("w1", "w2"):
        query = W1 if arguments[0] == "w1" else W2
        connection.execute(query.format(events=EVENTS.format(path=arguments[1]), output=arguments[2]))
    elif len(arguments) == 5 and arguments[:2] == ["w3", "windows"]:
        print(*by_window(connection, *(int(a) for a in arguments[2:])))
    elif len(arguments) == 5 and arguments[0] == "w3" and arguments[1] in ("count", "generate"):
        rows, keys, windows = (int(a) for a in arguments[2:])
        query = W3_COUNT if arguments[1] == "count" else W3_GENERATE
        query = query.format(rows=rows, keys=keys, per_window=rows // windows)
        print(*connection.execute(query).fetchone())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
