"""The table of nasty values: what each column holds, for PostgreSQL as SQL and for streamd as NDJSON.

A row takes one value of each column; columns step through their lists at different paces, so that a pair
of columns meets in many combinations. `f1` and `f2` travel as text, since JSON has no NaN: both sides cast it.
"""
import base64
import json

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1
INTEGERS = [None, 0, 1, -1, 2, -2, 7, -7, 10, 100, 32767, 2147483647, -2147483648, 4294967296,
            9007199254740993, INT_MAX, INT_MIN, 1000000007, -86400, 12]
SMALL = [None, 0, 1, 2, 3, 5, -1, -2, 10, 40]
FLOATS = [None, "0", "-0", "1", "-1", "0.5", "-0.5", "1.5", "2.5", "-2.5", "0.1", "1e-320", "1e308", "-1e308",
          "123456789.125", "NaN", "Infinity", "-Infinity", "1e22", "3e-05", "0.30000000000000004", "42"]
DECIMALS = [None, "0.0000", "1.0000", "-1.0000", "0.5000", "-0.5000", "2.5000", "1.0001", "-1.0001", "0.0001",
            "9999999999999999.9999", "-9999999999999999.9999", "123.4500", "1000000.0000", "-3.7500"]
MONEY = [None, "0.00", "0.01", "-0.01", "99999999.99", "1.25", "3.10", "7.00", "-2.50"]
TEXTS = [None, "", "a", "abc", "ABC", "Hello World", "  padded  ", "ÄÖÜß", "naïve café", "日本語テキスト",
         "😀 smile", "it's", "a,b,c", "x%y_z\\", "tab\there", "line\nbreak", "123", "-45.6", "1e3", "true",
         "2024-02-29", "2025-02-29", "2025-01-02T03:04:05Z", "foo bar foo", " 7 ", "NaN", "deadBEEF",
         "https://example.org/a/b?c=d&channel_id=77", "xyxyxy", "long " * 30]
PATTERNS = [None, "", "a", "b", "o", "foo", "%", "A%", "_b_", "l", "日", " ", "xy", "é", "\\", "b,", "Ä", "3"]
BYTES = [None, "", "00", "ff", "deadbeef", "68656c6c6f", "00ff00ff7f80", "c3a4"]
TIMES = [None, "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T12:34:56.789012Z",
         "2025-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "1900-02-28T23:59:59Z", "2100-03-01T00:00:00.000001Z",
         "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z", "2025-12-29T09:05:07.04Z",
         "2020-12-31T18:30:00Z", "2038-01-19T03:14:08Z", "2025-03-31T12:00:00Z", "1969-07-20T20:17:40Z"]
DATES = [None, "1970-01-01", "1969-12-31", "2024-02-29", "2025-01-01", "2000-02-29", "1900-02-28", "2100-03-01",
         "9999-12-31", "0001-01-01", "2025-12-29", "2020-12-31", "2025-03-31"]
JSONS = [None, {}, [], {"a": 1}, {"a": {"b": [1, 2, {"c": None}]}}, {"a": None}, "text", 123, 1.5, True,
         [1, "two", None, {"x": "y"}], {"a": "1", "b": "ünï"}, {"a b": False, "a": [10, 20, 30]},
         {"a": {"b": {"c": "deep"}}}, {"a": "quote\" and \\ and \n"}, [[1, 2], [3, [4]]], {"n": -0.25, "a": ""}]

# name, streamd type, PostgreSQL type, values, pace
COLUMNS = [
    ("b1", "bool|null", "boolean", [True, False, None], 1),
    ("b2", "bool|null", "boolean", [None, True, True, False, False, None, True], 1),
    ("i1", "int64|null", "bigint", INTEGERS, 1),
    ("i2", "int64|null", "bigint", INTEGERS, 7),
    ("n", "int64|null", "bigint", SMALL, 3),
    ("f1", "string|null", "double precision", FLOATS, 1),
    ("f2", "string|null", "double precision", FLOATS, 9),
    ("d1", "decimal(20,4)|null", "numeric(20,4)", DECIMALS, 1),
    ("d2", "decimal(10,2)|null", "numeric(10,2)", MONEY, 4),
    ("s1", "string|null", "text", TEXTS, 1),
    ("s2", "string|null", "text", PATTERNS, 5),
    ("y1", "bytes|null", "bytea", BYTES, 1),
    ("t1", "timestamp|null", "timestamptz", TIMES, 1),
    ("t2", "timestamp|null", "timestamptz", TIMES, 4),
    ("a1", "date|null", "date", DATES, 1),
    ("a2", "date|null", "date", DATES, 3),
    ("j1", "json|null", "json", JSONS, 1),
]
ROWS = 66
FLOAT_COLUMNS = ("f1", "f2")


def row(number):
    """Column name -> value of one row; value types as in the lists above."""
    return {name: values[number * pace % len(values)] for name, _, _, values, pace in COLUMNS}


def as_json(name, value):
    """The JSON text of a value as streamd reads it."""
    if value is None:
        return "null"
    if name in ("d1", "d2"):
        return value
    if name == "y1":
        return json.dumps(base64.b64encode(bytes.fromhex(value)).decode())
    return json.dumps(value, ensure_ascii=False)


def as_sql(name, value):
    """The SQL literal of a value."""
    if value is None:
        return "NULL"
    if name == "y1":
        return f"'\\x{value}'"
    if name == "j1":
        return quoted(json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(str(value))


def quoted(text):
    """A string constant of SQL (standard_conforming_strings is on)."""
    return "'" + text.replace("'", "''") + "'"


def ndjson():
    """The whole table for streamd; `id` numbers the rows from 1."""
    lines = []
    for number in range(ROWS):
        fields = [f'"id":{number + 1}', f'"g":{number % 5}']
        fields += [f'"{name}":{as_json(name, value)}' for name, value in row(number).items()]
        lines.append("{" + ",".join(fields) + "}\n")
    return "".join(lines)


def sql():
    """The whole table for PostgreSQL: v."""
    columns = ", ".join(f"{name} {kind}" for name, _, kind, _, _ in COLUMNS)
    statements = [f"CREATE TABLE v (id bigint PRIMARY KEY, g bigint, {columns});"]
    for number in range(ROWS):
        literals = ", ".join(as_sql(name, value) for name, value in row(number).items())
        statements.append(f"INSERT INTO v VALUES ({number + 1}, {number % 5}, {literals});")
    return "\n".join(statements) + "\n"
