"""streamctl savepoint export and diff against what Python computes from the same files.

The file is the golden savepoint of release 0: tables of all kinds with values of all types.
"""

import base64
import csv
import io
import json
import os
import random
import re
import shutil
import sqlite3
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

SEED = int(os.environ.get("STREAMD_TEST_SEED", "1"))
NAMESPACED, BROADCAST = 2, 32
work = tempfile.mkdtemp(prefix="streamd-verbs-")
first = os.path.join(work, "first.savepoint")
shutil.copy(os.path.join(tap.SRCDIR, "tests/data/golden-0/orders.savepoint"), first)
db = sqlite3.connect(first)
tables = db.execute("SELECT node, name, sql_name, flags FROM _tables ORDER BY node, name").fetchall()


def verb(*arguments):
    return tap.run([tap.STREAMCTL, "savepoint", *arguments])


def columns_of(sql):
    return db.execute(
        "SELECT sql_name, type, is_key FROM _columns WHERE sql_table = ? ORDER BY position", (sql,)
    ).fetchall()


def own_of(flags):
    return ["_task"] * bool(flags & BROADCAST) + ["_ns"] * bool(flags & NAMESPACED)


def names(columns):
    return ", ".join('"' + c.replace('"', '""') + '"' for c in columns)


def shown(kind, value):
    """A cell as `export --json' must show it, after json.loads with numbers left as texts."""
    kind = kind.partition("|")[0]
    if value is None:
        return None
    if kind == "bool":
        return bool(value)
    if kind == "float64":
        return {"-zero": -0.0}.get(value, value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "json":
        return json.loads(value)
    if kind == "timestamp" and not value.endswith("Z"):
        return ...  # beyond Python's calendar; the unit tests have them
    if kind == "timestamp":
        return re.sub(r"\.000000Z$", "Z", value)
    if kind == "date" and "-" not in value[1:]:
        return ...
    return value


def matches(got, want):
    return want is ... or (got == want and str(got) == str(want))


# --- export ----------------------------------------------------------------------------------

for node, table, sql, flags in tables:
    columns = columns_of(sql)
    heads = own_of(flags) + [c[0] for c in columns]
    kinds = ["int64"] * len(own_of(flags)) + [c[1] for c in columns]
    rows = db.execute(f'SELECT {names(heads)} FROM "{sql}" ORDER BY _seq').fetchall()
    want = [[shown(k, v) for k, v in zip(kinds, row)] for row in rows]

    result = verb("export", "--json", first, sql)
    # Decimals are the only numbers with more digits than a float has: they are compared as texts.
    got = []
    for line in result.stdout.splitlines():
        values = list(json.loads(line, parse_float=lambda t: ("n", t)).values())
        for i, (kind, value) in enumerate(zip(kinds, values)):
            if kind.startswith("decimal") and value is not None:
                values[i] = value[1] if isinstance(value, tuple) else str(value)
            elif kind.startswith("float64") and value is not None and not isinstance(value, str):
                values[i] = float(value[1] if isinstance(value, tuple) else value)
        got.append(values)
    # "-0" is read as the integer 0 by json.loads.
    wrong = [
        f"{g} {w}"
        for g, w in zip(got, want)
        if not all(matches(a, b) or (b == 0.0 and a == 0) for a, b in zip(g, w))
    ]
    if len(got) != len(want):
        wrong.append(f"{len(got)} rows")
    tap.empty(f"export --json {sql}", wrong[:3])

    result = verb("export", first, f"{node}.{table}")
    lines = list(csv.reader(io.StringIO(result.stdout)))
    tap.equal(f"export {node}.{table} has a head", lines[0], heads)
    texts = [i for i, k in enumerate(kinds) if k.startswith(("string", "decimal", "int64"))]
    tap.equal(
        "and its rows",
        [[line[i] for i in texts] for line in lines[1:]],
        [["" if row[i] is None else str(row[i]) for i in texts] for row in rows],
    )

# --- diff ------------------------------------------------------------------------------------


def content(path, sql, flags):
    """Rows by key: {key: set of rows}."""
    other = sqlite3.connect(path)
    columns = columns_of(sql)
    keys = own_of(flags) + [c[0] for c in columns if c[2]]
    rest = [c[0] for c in columns if not c[2]]
    out = {}
    for row in other.execute(f'SELECT {names(keys + rest) or "1"} FROM "{sql}"'):
        out.setdefault(row[: len(keys)], set()).add(row[len(keys) :])
    other.close()
    return out


random.seed(SEED)
for run in range(tap.effort(3, 6, 40)):
    second = os.path.join(work, f"second-{run}.savepoint")
    shutil.copy(first, second)
    other = sqlite3.connect(second)
    for node, table, sql, flags in random.sample(tables, random.randrange(len(tables))):
        seqs = [r[0] for r in other.execute(f'SELECT _seq FROM "{sql}"')]
        random.shuffle(seqs)
        cut = random.randrange(len(seqs) + 1) // 3
        other.executemany(f'DELETE FROM "{sql}" WHERE _seq = ?', [(s,) for s in seqs[:cut]])
        last = names([columns_of(sql)[-1][0]])
        other.executemany(
            f'UPDATE "{sql}" SET {last} = ? WHERE _seq = ?',
            [(random.randrange(10**6), s) for s in seqs[cut : 2 * cut]],
        )
    other.commit()
    other.close()
    result = verb("diff", "--json", first, second)
    got = json.loads(result.stdout)
    wrong, same = [], True
    for (node, table, sql, flags), entry in zip(tables, got["tables"]):
        a, b = content(first, sql, flags), content(second, sql, flags)
        want = [len(b.keys() - a.keys()), len(a.keys() - b.keys()), sum(a[k] != b[k] for k in a.keys() & b.keys())]
        seen = [entry["keys_added"], entry["keys_removed"], entry["keys_changed"]]
        same = same and a == b
        if want != seen or entry["sql_name"] != sql or not entry["same_columns"]:
            wrong.append(f"{sql}: {seen}, not {want}")
    tap.empty(f"diff {run} counts keys", wrong)
    tap.equal("and its exit status says whether there are any", (result.returncode, got["same"]), (int(not same), same))

other = sqlite3.connect(second)
other.execute("ALTER TABLE sums__timers ADD COLUMN extra INTEGER")
other.execute("INSERT INTO _columns VALUES ('sums__timers', 99, 'extra', 'extra', 'int64|null', 0)")
other.execute("DELETE FROM _tables WHERE sql_name = 'sums__panes'")
other.commit()
other.close()
got = {t["sql_name"]: t for t in json.loads(verb("diff", "--json", first, second).stdout)["tables"]}
tap.equal("a new column is other columns", got["sums__timers"]["same_columns"], False)
tap.equal("a table that is gone", (got["sums__panes"]["in_first"], got["sums__panes"]["in_second"]), (True, False))
tap.equal("diff of no savepoint fails", verb("diff", first, __file__).returncode, 1)
for wrong in (["inspect"], ["inspect", first, first], ["diff", first], ["export", first], ["seal"], ["other", first]):
    tap.equal(f"usage: {wrong[0]}", verb(*wrong).returncode, 64)
db.close()
shutil.rmtree(work)
tap.done_testing()
