#!/usr/bin/env python3
"""Writes expr-cases.tsv: what PostgreSQL 15 answers to expressions over a table of nasty rows.

    python3 tests/unit/expr-cases.py >tests/unit/expr-cases.tsv

Starts a cluster of its own (tests/oracle/expressions/postgres.py). First come the fields and the rows of the table
(`field`, `row`), then one expression a line: its text, and the answers of all rows, separated by \\x1e: text as psql shows
it, NULL, or ERROR. Backslashes and control bytes are written \\xHH. The operators and forms are here; functions are in
function-cases.py, and both together in tests/oracle/expressions.
"""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "expressions"))
import postgres  # noqa: E402

SEPARATOR = "\x1e"
FIELDS = [("i", "int64", "bigint"), ("k", "int64|null", "bigint"), ("x", "float64", "float8"),
          ("y", "float64|null", "float8"), ("d", "decimal(12,2)", "numeric(12,2)"),
          ("e", "decimal(20,4)|null", "numeric(20,4)"), ("s", "string", "text"), ("p", "string|null", "text"),
          ("b", "bool", "boolean"), ("c", "bool|null", "boolean"), ("t", "timestamp", "timestamp"),
          ("u", "timestamp|null", "timestamp"), ("day", "date", "date"), ("due", "date|null", "date"),
          ("j", "json|null", "json"), ("z", "bytes|null", "bytea")]
ROWS = [
    [0, 1, "0", "1", "0.00", "1.0000", "", "a%", "t", "t", "1970-01-01 00:00:00", "2024-02-29 23:59:59.999999",
     "1970-01-01", "2024-02-29", "{}", ""],
    [1, None, "-0", None, "1.25", None, "abc", None, "f", None, "1969-12-31 23:59:59.999999", None, "1969-12-31", None, None,
     None],
    [-1, 0, "1.5", "0", "-1.25", "0.0000", "ABC", "abc", "t", "f", "2000-01-31 12:00:00", "2000-01-31 12:00:00",
     "2000-01-31", "2000-03-01", '{"a": 1, "b": {"c": [1, 2, "x"]}}', "00ff"],
    [2**63 - 1, 2, "1e308", "1e-300", "9999999999.99", "9999999999999999.9999", "äöü", "_ö_", "f", "t",
     "9999-12-31 00:00:00", "0001-01-01 00:00:00", "9999-12-31", "0001-01-01", '[10, "zwei", null, [3]]', "61"],
    [-2**63, -1, "-1e308", "-1e-300", "-9999999999.99", "-9999999999999999.9999", "a\\b", "a\\\\b", "t", "t",
     "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "0001-01-01", "9999-12-31",
     '{"a": "x\\u00e4\\n", "a b": true}', "c3a4"],
    [7, -3, "NaN", "NaN", "0.01", "-0.0001", "100%", "%0\\%", "f", "f", "2025-01-01 00:00:00.5", "2025-03-30 02:30:00",
     "2025-01-01", "2025-03-30", '"text"', "deadbeef"],
    [-7, 3, "Infinity", "-Infinity", "-3.75", "3.7500", "it's", "%'%", "t", None, "1900-02-28 23:59:59",
     "2100-03-01 00:00:00", "1900-02-28", "2100-03-01", "null", "00"],
    [1000000007, 64, "0.1", "0.3", "7.00", "7.0000", "  12 ", "12", "f", "t", "2038-01-19 03:14:08", "2038-01-19 03:14:07",
     "2038-01-19", "2038-01-18", '{"a": {"b": null}}', "6162"],
    [4294967296, -64, "3", "-2.5", "-0.50", "0.5000", "true", "t%e", "t", "f", "2024-02-29 00:00:00", "2024-02-28 00:00:00",
     "2024-02-29", "2024-02-28", "[]", "6161"],
    [42, 42, "42", "42", "42.00", "42.0000", "42", "42", "f", "f", "2024-12-31 23:00:00", "2024-12-31 23:00:00",
     "2024-12-31", "2024-12-31", "42", "3432"],
]
ANSWER = r"""
CREATE FUNCTION answers(expression text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE r text[] := '{}'; n int; v text;
BEGIN
    FOR n IN SELECT id FROM q ORDER BY id LOOP
        BEGIN
            EXECUTE 'SELECT (' || expression || ')::text FROM q WHERE id = ' || n INTO v;
            r := array_append(r, coalesce('=' || v, 'NULL'));
        EXCEPTION WHEN others THEN
            IF SQLSTATE LIKE '42%' AND SQLSTATE <> '42P22' THEN RAISE EXCEPTION '% in %', SQLERRM, expression; END IF;
            r := array_append(r, 'ERROR');
        END;
    END LOOP;
    RETURN r;
END $$;
"""
NUMBERS, TEXTS, TIMES = ["i", "k", "x", "y", "d", "e"], ["s", "p"], ["t", "u", "day", "due"]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


def pairs(names):
    return [(a, b) for a in names for b in names]


def arithmetic():
    for a, b in pairs(NUMBERS):
        for op in "+-*%":
            if op == "%" and {"x", "y"} & {a, b}:
                continue
            yield f"{a} {op} {b}"
    for a, b in pairs(["i", "k", "3::bigint", "-2::bigint"]):
        yield f"{a} / {b}"
        for op in ("&", "|", "#", "<<", ">>"):
            yield f"({a}) {op} ({b})" + ("::int" if op in ("<<", ">>") else "")
    for a, b in pairs(["x", "y", "2::float8"]):
        yield f"{a} / {b}"
        yield f"{a} ^ {b}"
    yield from ["i / 0", "x / 0", "d / 0", "i % 0", "d % 0", "k ^ 2::bigint", "2::bigint ^ 63", "0::float8 ^ -1", "(-8)::float8 ^ 0.5",
                "1e300::float8 * 1e10::float8", "1e-300::float8 * 1e-300::float8"]
    for a in NUMBERS:
        yield from [f"- {a}", f"+ {a}", f"@ {a}"]
    yield from ["~ i", "~ k", "- (-5)", "-5 % 3", "5 % -3", "-7 / 2", "7 / -2"]


def decimals():
    for text in ("99999999999999999999999999999999999999 + 0", "99999999999999999999999999999999999999 - 99999999999999999999999999999999999998",
                 "12345678901234567890.5 * 3.25", "0.00000000000000001 * 0.1", "1.10 = 1.1", "1.10 < 1.1001",
                 "12345678901234567890123456789012345678 > 1.5", "99999999999999999999999999999999999999 = 99999999999999999999999999999999999999.0",
                 "1e10", "1e-5", "1.50", "0.908", ".5", "5.", "1e20 % 7", "100.001 % 0.1", "123456789012345678901234567890 % 987654321.123",
                 "(98765432109876543210.000000000000000005::numeric(38,18) * 0.1::numeric(38,18))::numeric(38,18)",
                 "(-98765432109876543210.000000000000000015::numeric(38,18) * 0.1::numeric(38,18))::numeric(38,18)",
                 "9223372036854775808", "-9223372036854775808", "18446744073709551616 - 1", "1.5e3 + 0.25"):
        yield text
    for number in ("0", "0.5", "1.5", "2.5", "-0.5", "-1.5", "999.994", "-999.995", "1e15"):
        for target in ("numeric(5,2)", "numeric(10,0)", "numeric(38,10)", "bigint", "int", "smallint", "float8", "text", "boolean"):
            if target == "boolean" and number != "0":
                continue
            yield f"({number})::{target}" if target != "boolean" else f"({number})::int::boolean"
            if target != "boolean":
                yield f"({number})::float8::{target}"


def comparisons():
    for op in COMPARISONS:
        for a, b in pairs(["i", "x", "e"]) + pairs(["k", "y", "d"]) + pairs(TEXTS) + pairs(["b", "c"]) + pairs(TIMES) + [("z", "z")]:
            yield f"{a} {op} {b}"
        for a, literal in (("i", "7"), ("k", "2.5"), ("x", "1.5"), ("x", "'NaN'"), ("y", "0"), ("d", "1.25"), ("d", "1.2501"), ("d", "7"),
                           ("e", "'0.5'"), ("s", "'abc'"), ("s", "''"), ("s", "'  12 '"), ("s", "'longer than seven'"), ("p", "'42'"),
                           ("t", "'2000-01-31 12:00:00'"), ("day", "'2024-02-29'"), ("due", "'2000-03-01'"), ("z", "'\\x00ff'"), ("b", "true")):
            yield f"{a} {op} {literal}"
            yield f"{literal} {op} {a}"
    for a, b in pairs(["i", "k"]) + pairs(["x", "y"]) + pairs(TEXTS) + [("c", "b"), ("u", "t"), ("k", "NULL"), ("NULL", "NULL"), ("k", "e")]:
        yield f"{a} IS DISTINCT FROM {b}"
        yield f"{a} IS NOT DISTINCT FROM {b}"


def logic():
    for a, b in pairs(["b", "c", "true", "false", "NULL"]):
        yield f"{a} AND {b}"
        yield f"{a} OR {b}"
    yield from ["NOT b", "NOT c", "b AND c AND k > 0", "b OR c OR k > 0", "NOT (b AND c)", "c AND NULL::boolean", "i <> 0 AND 10 / i >= 1",
                "i = 0 OR 10 / i >= 1", "k IS NULL OR k > 0 AND b", "(k > 0) = c", "c IS NULL AND b"]
    for a in ("b", "c", "k > 0", "y > 0", "NULL::boolean"):
        for test in ("TRUE", "FALSE", "UNKNOWN", "NULL"):
            yield f"({a}) IS {test}"
            yield f"({a}) IS NOT {test}"
    for a in ("k", "p", "u", "due", "j", "z", "i", "k + i / 2"):
        yield f"{a} IS NULL"
        yield f"{a} IS NOT NULL"


def forms():
    yield from ["CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' ELSE 'z' END", "CASE WHEN c THEN 1 END", "CASE WHEN i <> 0 THEN 100 / i END",
                "CASE i WHEN 0 THEN 'zero' WHEN 1 THEN 'one' ELSE s END", "CASE p WHEN 'abc' THEN 1 WHEN s THEN 2.5 END",
                "CASE k + 1 WHEN 1 THEN b WHEN 2 THEN c END", "CASE WHEN b THEN day ELSE t END", "CASE WHEN b THEN i ELSE x END",
                "CASE WHEN k IS NULL THEN NULL WHEN k > 0 THEN k::text ELSE 'neg' END", "CASE WHEN false THEN 1 WHEN NULL THEN 2 END",
                "CASE WHEN b THEN CASE WHEN c THEN 'bc' ELSE 'b' END WHEN c THEN 'c' END", "CASE WHEN b THEN d ELSE e END",
                "coalesce(k, i)", "coalesce(k, 5)", "coalesce(p, s, 'x')", "coalesce(NULL, k, 1.5)", "coalesce(u, day)", "coalesce(c, b)",
                "coalesce(k, 100 / i)", "coalesce(NULL, NULL)", "nullif(i, 7)", "nullif(s, p)", "nullif(k, 2.0)", "nullif(p, 'abc')",
                "nullif(k + 1, i)", "greatest(i, k)", "least(i, k, 3)", "greatest(x, y)", "least(x, y, 1)", "greatest(s, p, 'b')",
                "least(t, u)", "greatest(day, t)", "greatest(d, e)", "least(b, c)", "greatest(NULL, k)", "least(z, '\\x01')"]
    for a, values in (("i", "1, 7, -1"), ("i", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42"), ("k", "1, NULL, 3"), ("k", "1, 2.5, 42"), ("x", "1.5, 'NaN', 0"),
                      ("y", "0.3, 42"), ("d", "1.25, -0.5, 7"), ("e", "0.5, 1"), ("s", "'abc', 'ABC', ''"), ("s", "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'abc', 'true'"),
                      ("p", "'abc', NULL"), ("p", "'a longer text', 'abc', '42'"), ("s", "'a longer text', 'b', 'c', 'd', 'e', 'f', 'g', 'abc', 'true'"),
                      ("t", "'2000-01-31 12:00:00', '1970-01-01'"), ("day", "'2024-02-29'"), ("b", "true"), ("c", "false, NULL"), ("z", "'\\x00', '\\x6162'"),
                      ("i", "k, 0"), ("s", "p, 'abc'"), ("k", "i, NULL"), ("i % 5", "2, -2, i % 3")):
        yield f"{a} IN ({values})"
        yield f"{a} NOT IN ({values})"
    for a, low, high in (("i", "0", "100"), ("k", "-1", "2"), ("i", "k", "42"), ("x", "y", "1.5"), ("s", "'a'", "'b'"), ("day", "'2000-01-01'", "'2030-01-01'"),
                         ("t", "u", "day"), ("d", "-1", "1.25"), ("i / 2", "k", "i"), ("k", "3", "NULL")):
        for form in ("BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"):
            yield f"{a} {form} {low} AND {high}"
    yield from ["i = ANY (ARRAY[0, 1, k])", "i <> ALL (ARRAY[0, 1])", "i > ALL (ARRAY[k, 0])", "s LIKE ANY (ARRAY['a%', '%c'])", "x < ANY (ARRAY[1.5, y])",
                "i = ANY (ARRAY[1, 7])"]


def texts():
    patterns = ["''", "'%'", "'a%'", "'%c'", "'%b%'", "'abc'", "'_b_'", "'___'", "'%\\\\%'", "'100\\%'", "'%ö%'", "'_ö_'", "p", "'%a%b%c%'", "'a_c'", "'%%'",
                "'a\\\\b'", "'%' || p"]
    for pattern in patterns:
        for op in ("LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"):
            yield f"s {op} {pattern}"
    yield from ["s LIKE 'a!\\b' ESCAPE '!'", "s LIKE '100!%' ESCAPE '!'", "s LIKE 'a\\b' ESCAPE ''", "s LIKE '1%%' ESCAPE '%'", "s LIKE p ESCAPE 'x'",
                "s LIKE 'a' ESCAPE 'xy'"]
    for pattern in ("'^a'", "'c$'", "'^[0-9]+$'", "'a|4'", "'^.{3}$'", "'(.)\\1'", "'^$'", "'\\s'", "'ö'", "'B'"):
        for op in ("~", "~*", "!~", "!~*"):
            yield f"s {op} {pattern}"
    yield from ["s ~ p"]
    yield from [f"s || {a}" for a in ("s", "p", "i", "x", "d", "b", "t", "day", "'x'", "NULL")]
    yield from ["i || s", "p || k", "z || z", "z || '\\x00'", "'a' || 'b' || s"]
    for a in ("i", "x", "d", "b", "t", "day", "s", "z", "k", "y", "e", "c", "u", "due", "p", "j"):
        yield f"{a}::text"
    yield from ["s::varchar(2)", "CAST(s AS varchar(1))", "t::varchar(10)"]


def casts():
    for target in ("bigint", "int", "smallint", "float8", "numeric(10,2)", "boolean", "date", "timestamp", "bytea"):
        for text in ("s", "p", "'12'", "' 12 '", "''", "'1.5'", "'-3'", "'1e2'", "'x'", "'t'", "'yes'", "'off'", "'nan'", "'2024-02-29'", "'2024-02-30'",
                     "'2024-02-29 12:34:56.789'", "'2024-02-29T12:34:56Z'", "'\\x0aff'", "'a\\\\b\\101'", "'99999999999999999999'"):
            yield f"({text})::{target}"
    for a in ("i", "k", "x", "y", "d", "e"):
        for target in ("bigint", "int", "smallint", "float8", "numeric(10,2)", "numeric(38,4)", "numeric(20,0)"):
            if a in ("x", "y") and target.startswith("numeric"):
                yield f"CASE WHEN {a} < 1e9 AND {a} > -1e9 THEN {a} END::{target}"
            else:
                yield f"{a}::{target}"
    yield from ["b::int", "c::int", "k::int::boolean", "day::timestamp", "t::date", "u::date", "due::timestamp", "t::timestamp(0)", "u::timestamp(3)",
                "j::text::json", "'{\"a\": [1, 2.5e3, \"\\u00e4\", true, null]}'::json", "'[1,]'::json", "'01'::json", "'\"a'::json", "''::json", "' [ ] '::json"]


def times():
    for a in TIMES:
        for interval in ("1 day", "1 month", "-1 month", "1 year 2 mons 3 days 04:05:06.7", "36:00", "-0.5 seconds", "1 week"):
            if a in ("t", "day") and interval != "1 week" or a in ("u", "due") and interval in ("1 month", "1 week"):
                yield f"CASE WHEN {a} BETWEEN '0100-01-01' AND '9000-01-01' THEN {a} END + interval '{interval}'"
                yield f"CASE WHEN {a} BETWEEN '0100-01-01' AND '9000-01-01' THEN {a} END - interval '{interval}'"
    yield from ["day + 1", "1 + day", "due - 1", "day - due", "day - '2024-01-01'", "extract(epoch from t - u)::float8", "t > u + interval '1 day'",
                "t - u > interval '1 day'", "t - interval '1 hour' < day", "due + k::int", "'2024-01-31'::date + interval '1 month'",
                "'2024-03-31'::timestamp - interval '1 month'", "interval '1 day' * 2 + '2024-01-01'::date", "'2024-01-01'::date + interval '90 minutes' / 4",
                "'2024-01-01'::timestamp + (interval '1 day' - interval '1 hour')", "- interval '1 day' + '2024-01-01'::timestamp",
                "'2024-01-01'::timestamp + interval '2' day", "'2024-01-01'::timestamp + interval '1.5' hour", "'2024-01-01'::timestamp + 'P1DT2H'::interval",
                "'2024-01-01'::timestamp + '1 day ago'::interval", "interval '1 month' > interval '29 days'", "interval '24:00' = interval '1 day'"]


def jsons():
    for op in ("->", "->>"):
        for key in ("'a'", "'b'", "'a b'", "'zz'", "0", "1", "3", "-1", "-4", "9"):
            yield f"j {op} {key}"
    for op in ("#>", "#>>"):
        for path in ("'{}'", "'{a}'", "'{b,c}'", "'{b,c,2}'", "'{b,c,-1}'", "'{3,0}'", "'{a,b}'", "'{\"a b\"}'", "ARRAY['b', 'c', '0']", "'{1}'"):
            yield f"j {op} {path}"
    yield from ["j -> 'b' -> 'c' ->> 0", "(j ->> 'a') IS NULL", "j ->> p", "'{\"k\": \"\\u0041\\\"\\\\\\n\\ud83d\\ude00\"}'::json ->> 'k'", "(j ->> 'a')::int",
                "'{\"a\":1,\"a\":2}'::json ->> 'a'", "' {\"\\u0061\" : [ 1 , 2 ] } '::json -> 'a'"]


def random_ones(count):
    """Nested expressions, so that the parts meet."""
    rnd = random.Random(20250101)
    columns = {"int": ["i", "k"], "float": ["x", "y"], "text": ["s", "p"], "bool": ["b", "c"], "time": ["t", "u"], "dec": ["d", "e"]}
    literals = {"int": ["0::bigint", "7::bigint", "NULL::bigint"], "float": ["1.5::float8", "'NaN'::float8"], "text": ["'abc'", "''", "NULL::text"],
                "bool": ["true", "false"], "time": ["'2024-02-29'::timestamp"], "dec": ["0.5", "1.25", "NULL::numeric(10,2)"]}

    def make(kind, depth):
        if depth == 0 or rnd.random() < 0.15:
            return rnd.choice(columns[kind] if rnd.random() < 0.7 else literals[kind])
        other, sub = rnd.choice(list(columns)), lambda k: make(k, depth - 1)
        shared = [lambda: f"CASE WHEN {sub('bool')} THEN {sub(kind)} ELSE {sub(kind)} END",
                  lambda: f"CASE {sub(other)} WHEN {sub(other)} THEN {sub(kind)} WHEN {sub(other)} THEN {sub(kind)} END",
                  lambda: f"coalesce({sub(kind)}, {sub(kind)})", lambda: f"nullif({sub(kind)}, {sub(kind)})",
                  lambda: f"greatest({sub(kind)}, {sub(kind)})"]
        own = {"int": [lambda: f"({sub('int')} {rnd.choice('+-*/%&|#')} {sub('int')})", lambda: f"(- {sub('int')})", lambda: f"{sub('dec')}::bigint"],
               "float": [lambda: f"({sub('float')} {rnd.choice('+-*/')} {sub('float')})", lambda: f"{sub('int')}::float8",
                         lambda: f"({sub('float')} + {sub('int')})"],
               "text": [lambda: f"({sub('text')} || {sub('text')})", lambda: f"{sub('int')}::text", lambda: f"({sub('text')} || {sub('bool')})"],
               "bool": [lambda: f"({sub(other)} {rnd.choice(COMPARISONS)} {sub(other)})", lambda: f"({sub('bool')} {rnd.choice(['AND', 'OR'])} {sub('bool')})",
                        lambda: f"(NOT {sub('bool')})", lambda: f"({sub(other)} IS NULL)", lambda: f"({sub(other)} IS DISTINCT FROM {sub(other)})",
                        lambda: f"({sub(other)} IN ({sub(other)}, {sub(other)}))", lambda: f"({sub(other)} BETWEEN {sub(other)} AND {sub(other)})"],
               "time": [lambda: f"greatest({sub('time')}, day)"],
               "dec": [lambda: f"({sub('dec')} {rnd.choice('+-')} {sub('dec')})", lambda: f"({sub('dec')} * {rnd.choice(['d', '0.5'])})",
                       lambda: f"({sub('int')} + {sub('dec')})"]}[kind]
        return rnd.choice(own + own + shared)()

    return [make(rnd.choice(list(columns)), rnd.choice([2, 3])) for _ in range(count)]


def escaped(text):
    return "".join(c if c != "\\" and c >= " " else f"\\x{ord(c):02x}" for c in text)


def line(*columns):
    print("\t".join(map(escaped, columns)))


def main():
    def literal(kind, value):
        if value is None:
            return "NULL"
        return "'" + ("\\x" if kind == "bytea" else "") + str(value).replace("'", "''") + "'::" + kind

    table = "CREATE TABLE q (id int, " + ", ".join(f'"{n}" {kind}' for n, _, kind in FIELDS) + ");\n"
    for number, row in enumerate(ROWS):
        table += f"INSERT INTO q VALUES ({number}, " + ", ".join(literal(f[2], v) for f, v in zip(FIELDS, row)) + ");\n"
    sections = [arithmetic, decimals, comparisons, logic, forms, texts, casts, times, jsons]
    expressions = list(dict.fromkeys([e for section in sections for e in section()] + random_ones(700)))
    with postgres.Cluster() as cluster:
        script = "".join("SELECT to_json(answers(" + "'" + e.replace("'", "''") + "'));\n" for e in expressions)
        answers = [json.loads(answer) for answer in cluster.psql(table + ANSWER + script)]
    assert len(answers) == len(expressions)
    for name, kind, _ in FIELDS:
        line("field", name, kind)
    for row in ROWS:
        line("row", SEPARATOR.join("NULL" if v is None else "=" + str(v) for v in row))
    for expression, answer in zip(expressions, answers):
        line("case", expression, SEPARATOR.join(answer))


main()
