#!/usr/bin/env python3
"""Writes function-cases.tsv: what PostgreSQL 15 answers to calls of the built-in functions.

    python3 tests/unit/function-cases.py >tests/unit/function-cases.tsv

Starts a cluster of its own (tests/oracle/expressions/postgres.py). One call a line: function, answer, arguments as
`type:text` or `type=NULL`. The answer is "error", "NULL", or the value's text; timestamps are microseconds, dates days,
bytes hexadecimal. Backslashes and control bytes are written \\xHH.
"""
import itertools
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "expressions"))
import postgres  # noqa: E402

rnd = random.Random(20261124)
SQL_TYPES = {"int64": "bigint", "float64": "float8", "string": "text", "timestamp": "timestamptz", "date": "date",
             "bool": "boolean", "bytes": "bytea", "json": "json"}
ANSWER = r"""
CREATE FUNCTION answer(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    EXECUTE 'SELECT CASE pg_typeof(x)::text WHEN ''timestamp with time zone'' THEN (extract(epoch FROM x::text::timestamptz) * 1000000)::bigint::text'
        || ' WHEN ''date'' THEN (x::text::date - date ''1970-01-01'')::text WHEN ''bytea'' THEN substr(x::text, 3) ELSE x::text END FROM (SELECT ('
        || expression || ') AS x) y' INTO r;
    RETURN coalesce('=' || r, 'NULL');
EXCEPTION WHEN others THEN
    IF SQLSTATE LIKE '42%' AND SQLSTATE <> '42P22' THEN RAISE EXCEPTION '% in %', SQLERRM, expression; END IF;
    RETURN 'error';
END $$;
"""
calls = []


def add(name, *pools, sql=None, most=40):
    """Calls with arguments from the pools, all of them or `most` at random. `sql`: how PostgreSQL calls it."""
    combinations = list(itertools.product(*pools))
    if len(combinations) > most:
        combinations = rnd.sample(combinations, most)
    for arguments in combinations:
        calls.append((name, arguments, sql or f"{name}({', '.join('{}' for _ in arguments)})"))
    for i, pool in enumerate(pools):
        arguments = [p[0] for p in pools]
        arguments[i] = re.sub(r"^(\w+(\(\d+,\d+\))?).*", r"\1=NULL", pool[0], flags=re.S)
        calls.append((name, tuple(arguments), sql or f"{name}({', '.join('{}' for _ in arguments)})"))


def of(kind, *values):
    return [f"{kind}:{value}" for value in values]


def literal(argument):
    kind = re.match(r"\w+(\(\d+,\d+\))?", argument).group()
    sql = "numeric" + kind[7:] if kind.startswith("decimal") else SQL_TYPES[kind]
    rest = argument[len(kind):]
    if rest == "=NULL":
        return f"NULL::{sql}"
    text = ("\\x" if kind == "bytes" else "") + rest[1:]
    return "'" + text.replace("'", "''") + f"'::{sql}"


# ---- numbers -----------------------------------------------------------------------------------

INTS = of("int64", 0, 1, -1, 2, 7, -7, 12, 18, 100, 2**63 - 1, -2**63, 2**62, 1000000007)
FLOATS = of("float64", 0, "-0", 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 3, "1e-320", "1e308", "-1e308", "NaN", "Infinity",
            "-Infinity", "123456789.125", 1e22, 10, 100, 1000.5)
DECIMALS = (of("decimal(20,4)", "0", "1", "-1", "2.5", "-2.5", "0.0001", "1.0001", "-1.0001", "9999999999999999.9999",
               "-9999999999999999.9999", "123.4567", "-0.5", "99.9999") +
            of("decimal(5,5)", "0.99999", "0.00001", "-0.5") + of("decimal(38,0)", "9" * 38, "-" + "9" * 38, "5"))


def numbers():
    add("abs", INTS)
    for name in ("mod", "gcd", "lcm"):
        add(name, INTS, INTS, most=60)
    for name in ("abs", "ceil", "ceiling", "floor", "round", "trunc", "sign"):
        add(name, FLOATS)
        add(name, DECIMALS)
    for name in ("sqrt", "cbrt", "exp", "ln", "log", "log10", "sin", "cos", "tan", "cot", "asin", "acos", "atan", "sinh",
                 "cosh", "tanh", "degrees", "radians"):
        add(name, FLOATS)
    add("power", FLOATS, FLOATS, most=150)
    add("pow", FLOATS, FLOATS, most=20)
    add("atan2", FLOATS, FLOATS)
    add("pi")
    for name in ("round", "trunc"):
        add(name, DECIMALS, of("int64", 0, 1, 2, 3, 4, 5, 6, -1, -2, -3, -40), sql=name + "({}, ({})::int)", most=150)
    for name in ("mod", "div"):
        add(name, DECIMALS, DECIMALS, most=100)
    counts = of("int64", 1, 5, 10, 1000, 0, -1)
    add("width_bucket", FLOATS, of("float64", 0, 1, -1e9, "NaN", "Infinity"), of("float64", 100, 1, 1e9, -5), counts,
        sql="width_bucket({}, {}, {}, ({})::int)", most=200)
    add("width_bucket", DECIMALS, of("decimal(10,2)", 0, 1, "-100.5"), of("decimal(8,4)", 100, "1.0000", "-5.25"), counts,
        sql="width_bucket({}, {}, {}, ({})::int)", most=150)


def escaped(text):
    return "".join(c if c != "\\" and c >= " " else f"\\x{ord(c):02x}" for c in text)


def main():
    numbers()
    with postgres.Cluster() as cluster:
        queries = [sql.format(*map(literal, arguments)) for _, arguments, sql in calls]
        script = "".join("SELECT json_build_array(answer(" + "'" + q.replace("'", "''") + "'));\n" for q in queries)
        answers = [json.loads(line)[0] for line in cluster.psql(ANSWER + script)]
    assert len(answers) == len(calls)
    for (name, arguments, _), answer in zip(calls, answers):
        answer = answer[1:] if answer.startswith("=") else answer
        print(name, escaped(answer), *map(escaped, arguments), sep="\t")


main()
