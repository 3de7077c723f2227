#!/usr/bin/env python3
"""Writes aggregate-cases.tsv: what PostgreSQL 15 makes of aggregates over lists of values.

    python3 tests/unit/aggregate-cases.py >tests/unit/aggregate-cases.tsv

Columns: aggregate, answer (as in function-cases.py), type, values with a bar between them, and for string_agg the
separator, for first_value and last_value the times of the values.
"""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "expressions"))
import postgres  # noqa: E402

rnd = random.Random(20261124)
SQL = {"int64": "bigint", "float64": "float8", "string": "text", "timestamp": "timestamptz", "date": "date",
       "bool": "boolean", "bytes": "bytea", "json": "json"}
POOLS = {
    "bool": ["true", "false"],
    "int64": ["0", "1", "-1", "5", "100", "12345678901", "9223372036854775807", "-9223372036854775808"],
    "float64": ["0", "-0", "1.5", "-2.25", "0.1", "1e10", "123456.789", "-1e-5", "NaN", "Infinity", "-Infinity"],
    "decimal(10,2)": ["0.00", "1.50", "-1.50", "99999999.99", "-0.01", "3.33"],
    "decimal(38,9)": ["0.000000001", "99999999999999999999999999999.999999999", "-99999999999999999999999999999.999999999", "1.5"],
    "decimal(30,9)": ["0.000000001", "999999999999999999999.999999999", "-999999999999999999999.999999999", "1.5"],
    "string": ["", "a", "b", "abc", "ab", "ä", "日本", "Z", "long text, longer than the others by far"],
    "bytes": ["", "00", "ff", "00ff", "61"],
    "timestamp": ["1970-01-01T00:00:00Z", "2024-02-29T12:34:56.789012Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
    "date": ["1970-01-01", "2024-02-29", "0001-01-01", "9999-12-31"],
    "json": ["{}", "[1, 2]", "null", '"x"', '{"a": {"b": 1}}'],
}
FINITE = [v for v in POOLS["float64"] if v[-1].isdigit()]
cases = []


def literal(kind, text):
    if text == "NULL":
        return f"NULL::{sql_type(kind)}"
    if kind == "bytes":
        text = "\\x" + text
    return "'" + text.replace("'", "''") + f"'::{sql_type(kind)}"


def sql_type(kind):
    return "numeric" + kind[7:] if kind.startswith("decimal") else SQL[kind]


def text_of(expression, kind):
    if kind == "timestamp":
        return f"((extract(epoch FROM {expression}) * 1000000)::bigint)::text"
    if kind == "date":
        return f"({expression} - date '1970-01-01')::text"
    if kind == "bytes":
        return f"substr(({expression})::text, 3)"
    return f"({expression})::text"


def add(name, kind, values, extra="", result=None, expression=None):
    """`expression`: of x in PostgreSQL, in the order of id; `result`: the type of the answer."""
    rows = ", ".join(f"({i}, {literal(kind, v)}, {times_of(extra)[i] if name.endswith('_value') else 0})"
                     for i, v in enumerate(values))
    source = f"(VALUES {rows}) AS v(id, x, t)" if values else f"(SELECT 0 AS id, {literal(kind, 'NULL')} AS x, 0 AS t LIMIT 0) AS v"
    cases.append((name, kind, values, extra, f"SELECT {text_of(expression or f'{name}(x)', result or kind)} FROM {source}"))


def times_of(extra):
    return extra.split("|")


def lists(pool):
    yield []
    for value in pool:
        yield [value]
    for n in (2, 2, 2, 3, 3, 5, 8, 20):
        yield [rnd.choice(pool) for _ in range(n)]


def make():
    for kind, pool in POOLS.items():
        for values in lists(pool):
            add("count", kind, values, result="int64")
        if kind in ("int64", "float64", "string", "bytes", "timestamp", "date") or kind.startswith("decimal"):
            for values in lists(pool):
                for name in ("min", "max"):
                    add(name, kind, values, expression=f"{name}(x)" if kind != "bytes" else
                        f"(array_agg(x ORDER BY x {'ASC' if name == 'min' else 'DESC'}))[1]")
        for values in lists(pool):
            times = "|".join(str(rnd.choice((0, 1, 2, 1000000, -5))) for _ in values)
            add("first_value", kind, values, times, expression="(array_agg(x ORDER BY t, id))[1]")
            add("last_value", kind, values, times, expression="(array_agg(x ORDER BY t DESC, id DESC))[1]")
        if kind not in ("timestamp", "date", "bytes", "float64", "json"):
            for values in lists(pool + ["NULL"]):
                add("array_agg", kind, values, result="json", expression="to_json(array_agg(x ORDER BY id))")
    for values in lists(POOLS["decimal(38,9)"]):
        add("sum", "decimal(38,9)", values)
    for kind in ("int64", "float64", "decimal(10,2)", "decimal(30,9)"):
        for values in lists(POOLS[kind]):
            add("sum", kind, values)
            add("avg", kind, values, result="float64" if kind in ("int64", "float64") else kind)
    for pool in (FINITE, POOLS["float64"], ["1e9", "1000000000.5", "1000000001"], ["5", "5", "5"], ["1e200", "-1e200", "1"]):
        for values in lists(pool):
            for name in ("variance", "var_samp", "var_pop", "stddev", "stddev_samp", "stddev_pop"):
                add(name, "float64", values)
    for values in lists(POOLS["bool"]):
        for name in ("bool_and", "bool_or", "every"):
            add(name, "bool", values)
    for separator in (", ", "", "ä"):
        for values in lists(POOLS["string"]):
            add("string_agg", "string", values, separator, expression=f"string_agg(x, '{separator}' ORDER BY id)")


def escaped(text):
    return "".join(c if c != "\\" and c >= " " else f"\\x{ord(c):02x}" for c in text)


make()
ANSWER = """
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN EXECUTE query INTO r; RETURN coalesce('=' || r, 'NULL'); EXCEPTION WHEN numeric_value_out_of_range THEN RETURN 'error'; END $$;
"""
with postgres.Cluster() as cluster:
    script = "".join("SELECT json_build_array(answer('" + c[4].replace("'", "''") + "'));\n" for c in cases)
    answers = [json.loads(line)[0] for line in cluster.psql(ANSWER + script)]
assert len(answers) == len(cases)
for (name, kind, values, extra, _), answer in zip(cases, answers):
    answer = answer[1:] if answer.startswith("=") else answer
    print(name, escaped(answer), kind, escaped("|".join(values)) if values else "-", escaped(extra), sep="\t")
