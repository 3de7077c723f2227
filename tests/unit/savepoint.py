"""Savepoints against Python's sqlite3: what is in one, what an edit makes of it, and files that are none.

savepoint_tool makes checkpoints of random tables and shows what lies in native files, value by value.
From that this program computes what must stand in each cell, by the table in docs/savepoints.md.
"""

import ctypes
import ctypes.util
import datetime
import decimal
import json
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

TOOL = os.path.join(tap.BUILDDIR, "tests/unit/savepoint_tool")
SEED = int(os.environ.get("STREAMD_TEST_SEED", "1"))
LINEAGE = "0123456789abcdef0123456789abcdef"
EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)
BOOL, INT64, FLOAT64, DECIMAL, STRING, BYTES, TIMESTAMP, DATE, JSON = range(1, 10)
TYPES = ["", "bool", "int64", "float64", "decimal", "string", "bytes", "timestamp", "date", "json"]
LIST, NAMESPACED, BROADCAST = 1, 2, 32

decimal.getcontext().prec = 60
work = tempfile.mkdtemp(prefix="streamd-savepoint-")


def tool(*arguments):
    """Run the tool: exit status, what it printed, what it complained of."""
    result = subprocess.run(
        [TOOL, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout, result.stderr


def path(*names):
    return os.path.join(work, *names)


def make(name, seed, parallelism, rows):
    """A checkpoint; its folder."""
    os.mkdir(path(name))
    code, _, problem = tool("make", path(name), seed, parallelism, rows)
    if code:
        sys.exit(f"cannot make a checkpoint: {problem}")
    return path(name, "chk-7")


def answer(code, said, problem):
    """What the role said, or {"error": {"code": "SD4430", "message": ...}}; and its exit status."""
    if code == 0:
        return json.loads(said), code
    head, _, message = problem.strip().partition(": ")
    if code != 1 or said or not head.startswith("SD"):
        head, message = f"exit {code}", problem
    return {"error": {"code": head, "message": message}}, code


def write(folder, name):
    """Its savepoint: the path, and what the role said."""
    return path(name), *answer(*tool("role", "create", folder, path(name)))


count = 0


def restore(file):
    """Restore into a fresh folder: the folder, and what the role said."""
    global count
    count += 1
    folder = path(f"restored-{count}")
    os.mkdir(folder)
    return folder, answer(*tool("role", "restore", file, folder, LINEAGE, 9))[0]


def dump(folder):
    """What lies in native files: the facts, the tables, the rows."""
    code, said, problem = tool("dump", folder)
    if code:
        return {"problem": problem}, {}, []
    lines = [json.loads(line, parse_float=str) for line in said.splitlines()]
    tables = {tuple(line["table"]): line for line in lines if "table" in line}
    return lines[0], tables, [line for line in lines if "row" in line]


# --- What must stand in a cell ---------------------------------------------------------------


def time_text(value):
    try:
        return (EPOCH + value * MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    except OverflowError:
        return None


def date_text(value):
    try:
        return (datetime.date(1970, 1, 1) + datetime.timedelta(days=value)).isoformat()
    except OverflowError:
        return None


def float_cell(bits):
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and bits[0] == "8":
        return "-zero"
    return value


def year_zero(text, unit):
    """Python's calendar begins with the year 1; streamd's texts with 0, which has 366 days."""
    first = datetime.date(4, 1, 1)  # as long, and as leap
    days, rest = divmod(text, unit)
    day = first + datetime.timedelta(days=days + 719528)
    text = "0000" + day.isoformat()[4:]
    if unit > 1:
        text += (datetime.datetime(4, 1, 1) + rest * MICROSECOND).strftime("T%H:%M:%S.%fZ")
    return text


def cell(field, value):
    """The cell for a raw value of a field [name, type, precision, scale, nullable]."""
    kind, scale = field[1], field[3]
    if value is None:
        return None
    if kind == FLOAT64:
        return float_cell(value)
    if kind == DECIMAL:
        return str(decimal.Decimal(value).scaleb(-scale).quantize(decimal.Decimal(1).scaleb(-scale)))
    if kind in (TIMESTAMP, DATE):
        unit = 86400000000 if kind == TIMESTAMP else 1
        if -719528 * unit <= value < -719162 * unit:
            return year_zero(value, unit)
        return (time_text if kind == TIMESTAMP else date_text)(value) or str(value)
    if kind == BYTES:
        return bytes.fromhex(value)
    if kind in (STRING, JSON):
        return bytes.fromhex(value).decode()
    return value


def type_text(field):
    text = TYPES[field[1]]
    if field[1] == DECIMAL:
        text += f"({field[2]},{field[3]})"
    return text + ("|null" if field[4] else "")


def same(a, b):
    """Equal, and of one kind of cell."""
    return type(a) is type(b) and a == b


def expected_rows(table, rows):
    """Rows of a table as tuples of cells: by task, then as they lie in the file."""
    flags, out = table["flags"], []
    for row in rows:
        own = [row["task"] if flags & BROADCAST else row["group"]]
        if flags & NAMESPACED:
            own.append(row["ns"])
        out.append(tuple(own + [cell(f, v) for f, v in zip(table["fields"], row["values"])]))
    return out


def compare_with_sqlite(name, file, tables, rows):
    """Every table of the checkpoint is there, with all its rows in order."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    wrong = []
    names = dict(
        ((node, table), (sql, flags, rows_, order))
        for node, table, sql, flags, rows_, order in db.execute(
            "SELECT node, name, sql_name, flags, row_count, order_by FROM _tables"
        )
    )
    if sorted(names) != sorted(tables):
        wrong.append(f"tables {sorted(names)}")
    for key, table in tables.items():
        want = expected_rows(table, [r for r in rows if tuple(r["row"]) == key])
        sql, flags, counted, order = names[key]
        got = [r[1:] for r in db.execute(f'SELECT * FROM "{sql}" ORDER BY _seq')]
        if flags != table["flags"] or counted != len(want):
            wrong.append(f"{key}: flags {flags}, rows {counted}")
        if order != (table["fields"][table["keys"] + table["order_by"]][0] if flags & 28 else None):
            wrong.append(f"{key}: order {order}")
        if len(got) != len(want):
            wrong.append(f"{key}: {len(got)} rows, not {len(want)}")
        for g, w in zip(got, want):
            if len(g) != len(w) or not all(same(a, b) for a, b in zip(g, w)):
                wrong.append(f"{key}: {g}\n  not {w}")
                break
        columns = db.execute(
            "SELECT name, type, is_key FROM _columns WHERE sql_table = ? ORDER BY position", (sql,)
        ).fetchall()
        fields = [(f[0], type_text(f), int(i < table["keys"])) for i, f in enumerate(table["fields"])]
        if columns != fields:
            wrong.append(f"{key}: {columns}")
    db.close()
    tap.empty(name, wrong[:5])


def canonical(tables, rows):
    """What a restored checkpoint must have again: rows of a table and group, in order where it counts.

    NaN is one value, whatever its bits.
    """
    out = {}
    for row in rows:
        table = tables[tuple(row["row"])]
        values = [
            "NaN" if f[1] == FLOAT64 and v is not None and float_cell(v) == "NaN" else v
            for f, v in zip(table["fields"], row["values"])
        ]
        key = (tuple(row["row"]), row["task"], row["group"])
        out.setdefault(key, []).append(json.dumps([row["ns"], values]))
    for key, texts in out.items():
        if not tables[key[0]]["flags"] & LIST:
            texts.sort()
    return out


# --- There and back --------------------------------------------------------------------------

for run in range(tap.effort(2, 4, 20)):
    parallelism = [1, 3, 2, 7][run % 4]
    seed, rows = SEED * 1000 + run, [300, 1000, 20, 5000][run % 4]
    title = f"{parallelism} tasks, {rows} rows, seed {seed}"
    folder = make(f"s{run}", seed, parallelism, rows)
    facts, tables, found = dump(folder)
    file, said, _ = write(folder, f"s{run}.db")
    tap.ok(f"{title}: the role counts", said.get("rows") == len(found) and said["tables"] == 6, said)
    tap.ok(f"{title}: nothing else is left", not os.path.exists(file + ".tmp"))
    tap.equal(f"{title}: nobody else may read it", os.stat(file).st_mode & 0o777, 0o600)
    compare_with_sqlite(f"{title}: SQLite has what was in the native files", file, tables, found)
    back, said = restore(file)
    facts_back, tables_back, found_back = dump(back)
    tap.ok(
        f"{title}: the role tells the parent",
        (said.get("lineage"), said.get("checkpoint")) == (facts["lineage"], 7),
        said,
    )
    tap.ok(f"{title}: tables come back", tables == tables_back, tables_back)
    tap.ok(f"{title}: rows come back", canonical(tables, found) == canonical(tables, found_back))
    want = dict(facts, lineage=LINEAGE, id=9, kind="savepoint")
    tap.equal(f"{title}: the manifest says whose they are", facts_back, want)

# --- A savepoint of release 0 stays readable for ever -----------------------------------------

golden = path("golden.db")
shutil.copy(os.path.join(tap.SRCDIR, "tests/data/golden-0/orders.savepoint"), golden)
back, said = restore(golden)
tap.ok("the golden savepoint is restored", said.get("rows") == 89, said)
facts, tables, found = dump(back)
db = sqlite3.connect(golden)
wrong = []
for node, table, sql in db.execute("SELECT node, name, sql_name FROM _tables").fetchall():
    rows = [r for r in found if tuple(r["row"]) == (node, table)]
    want = sorted(map(repr, expected_rows(tables[(node, table)], rows)))
    got = sorted(repr(r[1:]) for r in db.execute(f'SELECT * FROM "{sql}"'))
    if got != want or not (rows or table == "empty"):
        wrong.append(f"{sql}: {got[:1]} {want[:1]}")
tap.empty("with what plain SQLite reads in it", wrong)
db.close()

# --- The catalogue ---------------------------------------------------------------------------

folder = make("c", 5, 2, 50)
file, said, _ = write(folder, "c.db")
db = sqlite3.connect(file)
facts = dict(db.execute("SELECT name, value FROM _streamd"))
checksum = facts.pop("checksum")
plan = json.loads(facts.pop("plan"))
tap.equal(
    "_streamd",
    facts,
    {
        "format": 1, "pipeline": "orders", "lineage": "00112233445566778899aabbccddeeff",
        "checkpoint": 7, "parallelism": 2, "key_groups": 128, "created": "2025-11-24T16:00:00Z",
        "plan_hash": "ffeeddccbbaa99887766554433221100",
    },
)  # fmt: skip
tap.equal("the plan is there", [n["name"] for n in plan["nodes"]], ["sums", "Sums"])
tap.equal(
    "_nodes",
    db.execute("SELECT * FROM _nodes ORDER BY node").fetchall(),
    [("Sums", "sink", "file"), ("a.b-c", None, None), ("sqlite_out", None, None),
     ("sums", "operator", "window")],
)  # fmt: skip
tap.equal(
    "tables have names that are easy to write",
    [r[0] for r in db.execute("SELECT sql_name FROM _tables ORDER BY node, name")],
    ["Sums__Panes~2", "a.b-c__empty", "node_sqlite_out___outbox", "node_sqlite_out__progress",
     "sums__panes", "sums__timers"],
)  # fmt: skip
tap.equal(
    "columns have their names, unless SQLite would mix them up",
    [r[1] for r in db.execute("PRAGMA table_info(sums__timers)")],
    ["_seq", "_group", "id", "userId", "userid~2", "_seq~2", 'a "b" c', "rowid", "ключ", "group",
     "order", "n", "due"],
)  # fmt: skip
tap.equal(
    "columns have SQLite's types",
    [r[2] for r in db.execute("PRAGMA table_info(sums__timers)")],
    ["INTEGER", "INTEGER", "INTEGER", "TEXT", "TEXT", "INTEGER", "REAL", "TEXT", "TEXT", "TEXT",
     "BLOB", "INTEGER", "TEXT"],
)  # fmt: skip
tap.equal("SQLite finds nothing wrong", db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])


# The checksum as docs/internals/files.md defines it.
def cells_of(cursor):
    rows = 0
    for row in cursor:
        rows += 1
        for value in row:
            if value is None:
                yield struct.pack("<Bq", 5, 0)
            elif isinstance(value, int):
                yield struct.pack("<Bq", 1, value)
            elif isinstance(value, float):
                yield struct.pack("<Bd", 2, value)
            else:
                data = value.encode() if isinstance(value, str) else value
                yield struct.pack("<Bq", 3 if isinstance(value, str) else 4, len(data)) + data
    yield struct.pack("<Bq", 0, rows)


class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


library = ctypes.util.find_library("xxhash")
if library:
    xxhash = ctypes.CDLL(library)
    xxhash.XXH3_128bits.restype = Hash128
    xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    content = b""
    for query in (
        "SELECT name, value FROM _streamd WHERE name <> 'checksum' ORDER BY name",
        "SELECT node, kind, type FROM _nodes ORDER BY node",
        "SELECT node, name, sql_name, flags, order_by FROM _tables ORDER BY node, name",
        "SELECT sql_table, position, name, sql_name, type, is_key FROM _columns"
        " ORDER BY sql_table, position",
        *(
            f'SELECT * FROM "{r[0]}" ORDER BY _seq'
            for r in db.execute("SELECT sql_name FROM _tables ORDER BY node, name").fetchall()
        ),
    ):
        content += b"".join(cells_of(db.execute(query)))
    got = xxhash.XXH3_128bits(content, len(content))
    tap.equal("the checksum is as documented", checksum, f"{got.high:016x}{got.low:016x}")
else:
    tap.skip("the checksum is as documented", "no libxxhash to load")
db.close()

_, said, code = write(folder, "c.db")
tap.equal("a savepoint never replaces a file", (code, said["error"]["code"]), (1, "SD4434"))

# --- Edits -----------------------------------------------------------------------------------


def edited(name, *statements, seal=True):
    """A copy with changes, sealed if it can be: the path, and what `seal' said."""
    copy = path(name + ".db")
    shutil.copy(file, copy)
    other = sqlite3.connect(copy, isolation_level=None)
    for statement in statements:
        other.execute(*([statement] if isinstance(statement, str) else statement))
    other.close()
    return copy, tool("seal", copy) if seal else None


def table_of(folder, *key):
    _, tables, rows = dump(folder)
    return [r for r in rows if tuple(r["row"]) == key]


copy, _ = edited("unsealed", "UPDATE sums__timers SET n = 42 WHERE id = 7", seal=False)
_, said = restore(copy)
tap.equal("an edited file that is not sealed is refused", said.get("error", {}).get("code"), "SD4430")
tap.ok(
    "and the message says what to do",
    f"streamctl savepoint seal {copy}" in said.get("error", {}).get("message", ""),
    said,
)
tap.ok(
    "and nothing was written",
    os.listdir(path(f"restored-{count}")) == [],
    os.listdir(path(f"restored-{count}")),
)
tap.equal("seal says that it changed", tool("seal", copy)[1].split()[0], "changed")
tap.equal("sealing again changes nothing", tool("seal", copy)[1].split()[0], "same")
back, said = restore(copy)
tap.equal("the value is in the state", [r["values"][9] for r in table_of(back, "sums", "timers")
                                         if r["values"][0] == 7], [42])  # fmt: skip

columns = '"_group","id","userId","userid~2","_seq~2","a ""b"" c","rowid","ключ","group","order","n","due"'
copy, said = edited(
    "inserted",
    f"INSERT INTO sums__timers ({columns}) VALUES (NULL, 1000, 'ann', '12.5', 1, 3, '2025-01-02 03:04:05',"
    " '1999-12-31', '{}', x'00ff', 5, '1970-01-01T00:00:01.5Z')",
    f"INSERT INTO sums__timers ({columns}) VALUES (77, 1001, NULL, 7, 0, 'NaN', 1000000, '0', '1', x'', -1, NULL)",
    "DELETE FROM sums__timers WHERE id < 1000",
)
tap.equal("rows added by hand are taken", said[0], 0)
back, said = restore(copy)
rows = sorted(table_of(back, "sums", "timers"), key=lambda r: r["values"][0])
tap.equal(
    "with their values",
    [r["values"] for r in rows],
    [
        [1000, b"ann".hex(), 125000, 1, "4008000000000000", 1735787045000000, 10956, b"{}".hex(),
         "00ff", 5, 1500000],
        [1001, None, 70000, 0, "7ff8000000000000", 1000000, 0, b"1".hex(), "", -1, None],
    ],
)  # fmt: skip
whole = {r["values"][0]: r["group"] for r in table_of(folder, "sums", "timers")}
copy, _ = edited("regrouped", "UPDATE sums__timers SET _group = 3", "UPDATE sums__timers SET _group = NULL WHERE id % 2")
back, _ = restore(copy)
tap.equal(
    "groups come from keys, whatever _group says",
    {r["values"][0]: r["group"] for r in table_of(back, "sums", "timers")},
    whole,
)
copy, _ = edited(
    "list",
    """INSERT INTO "Sums__Panes~2" VALUES (NULL, NULL, '1970-01-01', 0.5, 'last', x'')""",
    """INSERT INTO "Sums__Panes~2" VALUES (-5, NULL, '1970-01-01', 0.5, 'first', x'')""",
)
back, _ = restore(copy)
texts = [bytes.fromhex(r["values"][2]) for r in table_of(back, "Sums", "Panes") if r["values"][0] == 0]
tap.ok("rows of a list are in the order of _seq", texts[0] == b"first" and texts[-1] == b"last", texts)
copy, _ = edited("broadcast", "UPDATE node_sqlite_out___outbox SET _task = NULL")
back, _ = restore(copy)
tap.equal(
    "rows of no task belong to the first",
    {r["task"] for r in table_of(back, "sqlite_out", "_outbox")},
    {0},
)
copy, said = edited("vacuum", "VACUUM", seal=False)
tap.ok("VACUUM changes nothing", "error" not in restore(copy)[1])
other = sqlite3.connect(path("dumped.db"))
source = sqlite3.connect(file)
other.executescript("\n".join(source.iterdump()))
other.close()
source.close()
said = tool("seal", path("dumped.db"))
tap.ok("a dump that is read again, which may cost floats their last bit, can be sealed", said[0] == 0, said)
copy, said = edited("wal", "PRAGMA journal_mode = WAL", "UPDATE sums__timers SET n = 43")
tap.ok("seal ends a write-ahead log", said[0] == 0 and not os.path.exists(copy + "-wal"), said)
tap.ok("and the file is whole", "error" not in restore(copy)[1])

# --- What is refused -------------------------------------------------------------------------

for title, statement, code, words in [
    ("a text for an int64", "UPDATE sums__timers SET n = 'many' WHERE id = 3", 4433, ["row with _seq", "column n", "an INTEGER", "'many'"]),
    ("a real for an int64", "UPDATE sums__timers SET n = 1.5 WHERE id = 3", 4433, ["column n", "1.5"]),
    ("2 for a bool", 'UPDATE sums__timers SET "_seq~2" = 2 WHERE id = 3', 4433, ["column _seq", "0 or 1"]),
    ("a word for a float64", """UPDATE sums__timers SET "a ""b"" c" = 'x' WHERE id = 3""", 4433, ["NaN"]),
    ("an integer beyond float64", """UPDATE "Sums__Panes~2" SET f = x'00'""", 4433, ["column f"]),
    ("too many digits behind the point", """UPDATE sums__timers SET "userid~2" = '1.00001'""", 4433, ["column userid", "scale"]),
    ("too large a decimal", """UPDATE sums__timers SET "userid~2" = '1234567890123456789012345678901234567.5'""", 4433, ["precision"]),
    ("a decimal with an exponent", """UPDATE sums__timers SET "userid~2" = '1e3'""", 4433, ["userid"]),
    ("no time", "UPDATE sums__timers SET rowid = 'noon' WHERE id = 3", 4433, ["YYYY-MM-DDThh:mm:ss"]),
    ("no date", """UPDATE sums__timers SET "ключ" = '2025-02-30'""", 4433, ["YYYY-MM-DD"]),
    ("a text for bytes", """UPDATE sums__timers SET "order" = 'x'""", 4433, ["a BLOB"]),
    ("bytes for a text", """UPDATE sums__timers SET "userId" = x'61'""", 4433, ["TEXT"]),
    ("a text that is not UTF-8", """UPDATE sums__timers SET "userId" = CAST(x'ff' AS TEXT)""", 4433, ["UTF-8"]),
    ("a text with a NUL", """UPDATE sums__timers SET "userId" = CAST(x'610062' AS TEXT)""", 4433, ["NUL"]),
    ("a group that is a text", "UPDATE sums__timers SET _group = 'x'", 4433, ["_group"]),
    ("a task that is not there", "UPDATE node_sqlite_out___outbox SET _task = 2", 4433, ["_task"]),
    ("a key twice", "UPDATE sums__timers SET id = 1, \"userId\" = 'a' WHERE id IN (1, 2)", 4437, ["sums__timers"]),
    ("another format", "UPDATE _streamd SET value = 2 WHERE name = 'format'", 4435, ["format 2"]),
    ("no pipeline", "DELETE FROM _streamd WHERE name = 'pipeline'", 4431, ["pipeline"]),
    ("a lineage that is none", "UPDATE _streamd SET value = 'x' WHERE name = 'lineage'", 4431, ["lineage"]),
    ("no key groups", "UPDATE _streamd SET value = 0 WHERE name = 'key_groups'", 4431, ["parallelism"]),
    ("too many key groups", "UPDATE _streamd SET value = 1 << 40 WHERE name = 'key_groups'", 4431, ["key_groups"]),
    ("too many tasks", "UPDATE _streamd SET value = 129 WHERE name = 'parallelism'", 4431, ["parallelism"]),
    ("a table that is gone", "DROP TABLE sums__timers", 4431, ["sums__timers"]),
    ("a column that is gone", "ALTER TABLE sums__timers DROP COLUMN n", 4431, ["n"]),
    ("a catalogue that is gone", "DROP TABLE _columns", 4431, ["_columns"]),
    ("a type that is none", "UPDATE _columns SET type = 'decimal(39,2)' WHERE name = 'n'", 4431, ["decimal(39,2)"]),
    ("flags that are none", "UPDATE _tables SET flags = 128 WHERE name = 'timers'", 4431, ["sums__timers"]),
    ("an order by nothing", "UPDATE _tables SET order_by = 'x' WHERE name = 'timers'", 4431, ["ordered"]),
    ("a key behind columns", "UPDATE _columns SET is_key = 1 WHERE name = 'n'", 4431, ["cannot be a key"]),
    ("a name of 300 bytes", "UPDATE _tables SET name = hex(zeroblob(150)) WHERE name = 'timers'", 4431, ["name"]),
    ("a field twice", "UPDATE _columns SET name = 'n' WHERE name = 'due'", 4431, ["twice"]),
]:  # fmt: skip
    copy, said = edited("bad", statement)
    tap.ok(
        f"seal refuses {title}",
        said[0] == 1 and said[2].startswith(f"SD{code}") and all(w in said[2] for w in words),
        said,
    )
    os.unlink(copy)

for title, statements, word in [
    ("a view", ["ALTER TABLE sums__timers RENAME TO x", "CREATE VIEW sums__timers AS SELECT * FROM x"], "sums__timers"),
    ("a virtual table", ["DROP TABLE sums__timers", "CREATE VIRTUAL TABLE sums__timers USING fts5(a)"], "sums__timers"),
    ("a computed column", ["ALTER TABLE sums__timers ADD COLUMN x GENERATED ALWAYS AS (randomblob(900000000))"], "sums__timers"),
    ("a view of facts", ["ALTER TABLE _streamd RENAME TO x", "CREATE VIEW _streamd AS SELECT * FROM x"], "_streamd"),
]:  # fmt: skip
    try:
        copy, said = edited("bad", *statements)
    except sqlite3.OperationalError as problem:
        tap.skip(f"seal refuses {title}", str(problem))
        continue
    tap.ok(f"seal refuses {title}", said[2].startswith("SD4431") and word in said[2], said)
    tap.equal(f"and restore refuses {title}", restore(copy)[1].get("error", {}).get("code"), "SD4431")
    os.unlink(copy)

copy, said = edited(
    "trigger",
    "CREATE TRIGGER t AFTER UPDATE ON _streamd BEGIN DELETE FROM sums__timers; END",
    "UPDATE sums__timers SET n = 1",
)
other = sqlite3.connect(copy)
tap.ok(
    "a trigger is not run",
    said[0] == 0 and other.execute("SELECT count(*) FROM sums__timers").fetchone()[0] == 50,
    said,
)
other.close()

with open(path("text.db"), "w", encoding="utf-8") as f:
    f.write("This is no database, and is long enough to be one.\n" * 100)
tap.equal("a text is refused", restore(path("text.db"))[1]["error"]["code"], "SD4431")
open(path("empty.db"), "w", encoding="utf-8").close()
tap.equal("an empty file is refused", restore(path("empty.db"))[1]["error"]["code"], "SD4431")
tap.equal("a missing file is refused", restore(path("none.db"))[1]["error"]["code"], "SD4436")
tap.equal("a folder is refused", restore(work)[1]["error"]["code"], "SD4436")

with open(file, "rb") as f:
    whole = f.read()
random.seed(SEED)
crashes, accepted = [], []
for i in range(tap.effort(20, 60, 1000)):
    data = bytearray(whole)
    if i % 2:
        data = data[: random.randrange(len(data))]
    for _ in range(random.randrange(1, 30) if i % 2 == 0 else 0):
        data[random.randrange(len(data))] = random.randrange(256)
    with open(path("fuzz.db"), "wb") as f:
        f.write(data)
    back, said = restore(path("fuzz.db"))
    if "exit" in said.get("error", {}).get("code", ""):
        crashes.append(f"{i}: {said}")
    elif "error" not in said:
        if canonical(*dump(back)[1:]) != canonical(*dump(folder)[1:]):
            accepted.append(str(i))
    elif os.listdir(back) != []:
        accepted.append(f"{i}: left {os.listdir(back)}")
    shutil.rmtree(back)
tap.empty("damaged files crash nothing", crashes)
tap.empty("damaged files are not restored, unless nothing that counts was hit", accepted)

# --- A checkpoint that is none ---------------------------------------------------------------

os.mkdir(path("nothing"))
tap.equal("a folder without a manifest has no savepoint", write(path("nothing"), "n.db")[2], 1)
with open(os.path.join(folder, "task-1.snap"), "r+b") as f:
    f.seek(600)
    f.write(b"\xff\xff\xff\xff")
_, said, code = write(folder, "d.db")
tap.ok("a damaged checkpoint has none", code == 1 and said["error"]["code"] == "SD4406", said)
tap.ok("and nothing is left behind", not [n for n in os.listdir(work) if n.startswith("d.db")])
for arguments in (
    ["create"], ["create", folder], ["create", folder, "a", "b"], ["restore", path("c.db")], ["seal", path("c.db")],
    ["restore", path("c.db"), work, "x", "1"], ["restore", path("c.db"), work, LINEAGE, "0"],
    ["restore", path("c.db"), work, LINEAGE, "1x"], ["restore", path("c.db"), work, LINEAGE, "99999999999999999999"],
):  # fmt: skip
    tap.equal(f"the role refuses {' '.join(arguments[:1] + arguments[3:])}", tool("role", *arguments)[0], 64)

shutil.rmtree(work)
tap.done_testing()
