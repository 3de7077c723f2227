"""Every operator and function of streamd's expressions, applied to every type of argument it takes.

`expressions()` gives the texts, in a fixed order; each is evaluated over all rows of values.py. A section is
one family; FUNCTIONS says which functions must be covered, so that a new one without a case fails the test.
"""
import itertools

INTS = ["i1", "i2", "n"]
FLOATS = ["f1", "f2"]
DECIMALS = ["d1", "d2"]
NUMBERS = INTS + FLOATS + DECIMALS
CONSTANTS = ["0", "1", "-2", "7", "0.5", "-1.25", "1e3::float8", "'NaN'::float8", "'-Infinity'::float8"]
TEXTS = ["s1", "s2"]
TIMES = ["t1", "t2"]
DATES = ["a1", "a2"]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
NULLS = {"int": "NULL::bigint", "float": "NULL::float8", "decimal": "NULL::numeric(10,2)", "text": "NULL::text",
         "bool": "NULL::boolean", "time": "NULL::timestamptz", "date": "NULL::date", "json": "NULL::json",
         "bytes": "NULL::bytea"}

FUNCTIONS = """
coalesce nullif greatest least
abs ceil ceiling floor round trunc sign mod power sqrt cbrt exp ln log log10 width_bucket div
length char_length octet_length lower upper initcap trim ltrim rtrim btrim lpad rpad left right substring position
strpos replace translate split_part repeat reverse concat concat_ws starts_with md5 sha256 encode decode to_hex
regexp_replace regexp_match regexp_substr ascii chr
date_trunc date_bin extract to_timestamp to_char to_date make_timestamp
json_typeof json_array_length
""".split()
FUNCTIONS.remove("cbrt")
FUNCTIONS.remove("log10")
FUNCTIONS.remove("div")

sections = []


def section(function):
    """Registers a generator of expressions."""
    sections.append(function)
    return function


def pairs(columns, constants):
    """All ordered pairs of columns, and of a column and a constant either way round."""
    yield from itertools.product(columns, columns)
    for column, constant in itertools.product(columns, constants):
        yield column, constant
        yield constant, column


@section
def arithmetic():
    for operator in "+-*/":
        for left, right in pairs(NUMBERS, CONSTANTS):
            yield f"{left} {operator} {right}"
    for left, right in pairs(INTS + DECIMALS, ["0", "1", "-2", "7", "0.5"]):
        yield f"{left} % {right}"
    for left, right in pairs(["n", "f1", "f2", "d2"], ["0", "1", "-2", "0.5", "2", "1e3::float8"]):
        yield f"{left} ^ {right}"
    for column in NUMBERS:
        yield f"- {column}"
        yield f"+ {column}"
        yield f"{column} + {NULLS['int']}"
    yield from ["i1 + i2 * n", "(i1 + i2) * n", "i1 / 3 * 3 + i1 % 3", "-i1 / 2", "- n ^ 2", "2 ^ 3 ^ 2",
                "i1 - -n", "10 / 4", "10 / 4.0", "10 % 4", "-10 % 4", "-10 / 4", "1 + 2 * 3 - 4 / 2",
                "0.1 + 0.2", "0.1::float8 + 0.2::float8", "1 / 3.0", "9223372036854775807 + 1",
                "9223372036854775807 * 1.0", "-9223372036854775808", "1e400::float8", "1.5e3 + n"]


@section
def bits():
    for operator in ["&", "|", "#", "<<", ">>"]:
        right = ["n", "5", "63"] if operator in ("<<", ">>") else ["i2", "n", "5", "-1"]
        for left, operand in itertools.product(["i1", "n"], right):
            yield (f"{left} {operator} {operand}::int" if operator in ("<<", ">>")
                   else f"{left} {operator} {operand}")
    yield from ["1::int << 33", "2147483647 + n::int", "n::int * 2147483647", "~ i1", "~ n", f"i1 & {NULLS['int']}"]


@section
def comparison():
    for operator in COMPARISONS:
        for left, right in pairs(NUMBERS, ["0", "1.5", "-1", "'NaN'::float8"]):
            yield f"{left} {operator} {right}"
        for columns, constants in ((TEXTS, ["''", "'abc'", "'ä'"]), (TIMES, ["'2025-01-01'::timestamptz"]),
                                   (DATES, ["'2024-02-29'::date"]), (["b1", "b2"], ["true"]),
                                   (["y1"], ["'\\x00'::bytea"])):
            for left, right in pairs(columns, constants):
                yield f"{left} {operator} {right}"
        yield f"a1 {operator} t1"
        yield f"i1 {operator} {NULLS['int']}"
    for kind, left, right in (("int", "i1", "n"), ("float", "f1", "f2"), ("decimal", "d1", "d2"),
                              ("text", "s1", "s2"), ("bool", "b1", "b2"), ("time", "t1", "t2"), ("date", "a1", "a2")):
        for operator in ("IS DISTINCT FROM", "IS NOT DISTINCT FROM"):
            yield f"{left} {operator} {right}"
            yield f"{left} {operator} {NULLS[kind]}"
            yield f"{left} {operator} {left}"
    for column in NUMBERS + TEXTS + TIMES + DATES + ["b1", "y1", "j1"]:
        yield f"{column} IS NULL"
        yield f"{column} IS NOT NULL"
    for column in NUMBERS:
        yield f"{column} BETWEEN -1 AND 7"
        yield f"{column} NOT BETWEEN -1 AND 7"
        yield f"{column} BETWEEN 7 AND -1"
        yield f"{column} IN (0, 1, -7, 2.5)"
        yield f"{column} NOT IN (0, 1, -7, 2.5)"
        yield f"{column} IN (1, NULL)"
        yield f"{column} NOT IN (1, NULL)"
    yield from ["s1 IN ('a', 'abc', '')", "s1 NOT IN ('a', 'abc', NULL)", "s1 IN (s2, 'x')",
                "s1 BETWEEN 'a' AND 'b'", "t1 BETWEEN '1970-01-01' AND '2025-01-01'",
                "a1 BETWEEN '1970-01-01' AND '2025-01-01'", "i1 BETWEEN i2 AND n", "i1 BETWEEN NULL AND 5",
                "i1 NOT BETWEEN NULL AND 5", "t1 = '2025-01-01 00:00:00+00'", "s1 < s2 COLLATE \"C\""][:-1]


@section
def logic():
    truths = ["b1", "b2", "true", "false", "NULL::boolean"]
    for left, right in itertools.product(truths, truths):
        yield f"{left} AND {right}"
        yield f"{left} OR {right}"
    for truth in truths:
        yield f"NOT {truth}"
        for test in ("TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"):
            yield f"{truth} IS {test}"
    yield from ["b1 AND b2 OR NOT b1", "NOT b1 OR b2 AND b1", "NOT (b1 AND b2)", "i1 > 0 AND f1 < 1",
                "b1 AND i1 / n > 0", "i1 > 0 OR NULL", "n <> 0 AND 10 / n > 1", "n = 0 OR 10 / n > 1",
                "b1 = b2", "b1 <> (i1 > 0)"]


@section
def conditional():
    yield from ["CASE WHEN b1 THEN 1 WHEN b2 THEN 2 ELSE 3 END", "CASE WHEN b1 THEN 'yes' END",
                "CASE n WHEN 0 THEN 'none' WHEN 1 THEN 'one' ELSE 'many' END", "CASE n WHEN 1 THEN 1.5 ELSE i1 END",
                "CASE n WHEN NULL THEN 'null' ELSE 'other' END", "CASE WHEN n <> 0 THEN 10 / n ELSE 0 END",
                "CASE WHEN n = 0 THEN NULL ELSE 10 / n END", "CASE WHEN i1 > 0 THEN f1 ELSE d1 END",
                "CASE s1 WHEN 'a' THEN s2 WHEN 'abc' THEN upper(s1) END", "CASE WHEN t1 > t2 THEN t1 ELSE t2 END",
                "CASE WHEN NULL THEN 1 ELSE 2 END", "CASE WHEN b1 THEN CASE WHEN b2 THEN 'both' ELSE 'b1' END END",
                "CASE WHEN length(s1) > 3 THEN left(s1, 3) || '…' ELSE s1 END",
                "CASE WHEN s1 ~ '^[0-9]+$' THEN s1::bigint ELSE -1 END"]
    for kind, columns in (("int", ["i1", "n"]), ("float", FLOATS), ("decimal", DECIMALS), ("text", TEXTS),
                          ("bool", ["b1", "b2"]), ("time", TIMES), ("date", DATES)):
        first, second = columns
        for name in ("coalesce", "greatest", "least"):
            yield f"{name}({first}, {second})"
            yield f"{name}({first}, {second}, {first})"
            yield f"{name}({NULLS[kind]}, {first})"
            yield f"{name}({first})"
        yield f"nullif({first}, {second})"
        yield f"nullif({first}, {first})"
        yield f"nullif({first}, {NULLS[kind]})"
    for name in ("coalesce", "greatest", "least"):
        yield from [f"{name}(i1, f1)", f"{name}(i1, d1)", f"{name}(d1, d2, 0)", f"{name}(f1, 0.5)",
                    f"{name}(n, 1.5, f2)"]
    yield from ["coalesce(s1, 'none')", "coalesce(j1, '{}'::json)", "coalesce(y1, '\\x00'::bytea)",
                "coalesce(n, 10 / n, 0)", "nullif(i1, 0)", "nullif(n, 1.0)", "nullif(d1, 0)", "nullif(s1, '')",
                "10 / nullif(n, 0)", "coalesce(NULL, NULL, n)"]


@section
def numbers():
    for name in ("abs", "ceil", "ceiling", "floor", "round", "trunc", "sign", "sqrt", "exp", "ln", "log"):
        for column in NUMBERS:
            yield f"{name}({column})"
        for constant in ("0", "-1", "2.5", "-2.5", "0.5::float8", "1e10::float8"):
            yield f"{name}({constant})"
        yield f"{name}({NULLS['float']})"
    for name in ("abs", "sign"):
        yield f"{name}({NULLS['int']})"
    for name in ("round", "trunc"):
        for column, digits in itertools.product(DECIMALS, ["0", "1", "2", "-1", "-3", "6", "n::int"]):
            yield f"{name}({column}, {digits})"
        yield f"{name}(f1::numeric, 2)"
        yield f"{name}(i1::numeric, -2)"
    for left, right in pairs(["i1", "n", "d1", "d2"], ["0", "1", "-2", "7"]):
        yield f"mod({left}, {right})"
    for left, right in itertools.product(["n", "f1", "f2", "d2", "2", "0.5", "-1.5::float8"], ["n", "f2", "2", "0.5"]):
        yield f"power({left}, {right})"
    for base, column in itertools.product(["2", "10", "d2"], ["d1", "d2", "100.0"]):
        yield f"log({base}, {column})"
    for column in ["f1", "i1", "d1"]:
        kind = {"f1": "::float8", "i1": "", "d1": ""}[column]
        yield f"width_bucket({column}, 0{kind}, 100{kind}, 10)"
        yield f"width_bucket({column}, 100{kind}, 0{kind}, 5)"
        yield f"width_bucket({column}, 1{kind}, 1{kind}, 5)"
        yield f"width_bucket({column}, 0{kind}, 10{kind}, n::int)"
    yield "width_bucket(f1, -1e308::float8, 1e308::float8, 5)"


@section
def strings_of_one():
    for name in ("length", "char_length", "character_length", "octet_length", "lower", "upper", "initcap", "trim", "ltrim",
                 "rtrim", "btrim", "reverse", "md5", "ascii"):
        for argument in ("s1", "s2", "'Mixed Case-text 4you'", "'ÀÉÎ straße'", "''", NULLS["text"]):
            yield f"{name}({argument})"
    for name in ("length", "octet_length", "md5", "sha256"):
        yield f"{name}(y1)"
        yield f"{name}({NULLS['bytes']})"
    yield from ["encode(sha256(y1), 'hex')", "to_hex(i1)", "to_hex(n)", "to_hex(255)",
                f"to_hex({NULLS['int']})", "chr(65)", "chr(228)", "chr(26085)", "chr(n::int + 64)", "chr(0)", "chr(-1)",
                "chr(1114112)", "upper(s1) = upper(s2)", "lower(upper(s1))"]


@section
def strings():
    for name in ("trim", "ltrim", "rtrim", "btrim"):
        yield from [f"{name}(s1, 'xy')", f"{name}(s1, s2)", f"{name}(s1, '')", f"{name}(s1, {NULLS['text']})"]
    yield from ["trim(both 'x' from s1)", "trim(leading from s1)", "trim(trailing 'o ' from s1)",
                "trim(leading 'ae' from s1)", "trim(from s1)"]
    for name in ("lpad", "rpad"):
        for length in ("0", "1", "3", "8", "-1", "n::int"):
            yield f"{name}(s1, {length})"
            yield f"{name}(s1, {length}, 'xy')"
            yield f"{name}(s1, {length}, s2)"
        yield f"{name}(s1, 5, '')"
        yield f"{name}({NULLS['text']}, 5)"
    for name in ("left", "right"):
        for length in ("0", "1", "3", "-1", "-3", "100", "n::int"):
            yield f"{name}(s1, {length})"
    for start, length in itertools.product(["1", "0", "-2", "2", "100", "n::int"], ["", "0", "1", "3", "100", "n::int"]):
        comma = f", {length}" if length else ""
        yield f"substring(s1, {start}{comma})"
        yield f"substr(s1, {start}{comma})"
    yield from ["substring(s1 from 2 for 3)", "substring(s1 from 2)", "substring(s1 for 2)", "substring(s1, 2, -1)",
                "substring(s1 from 'o.')", "substring(s1 from '([a-z])([a-z])')", "substring(s1 from s2)",
                "substring(y1 from 2 for 2)", "substring(y1, 1, 1)"]
    for needle in ("s2", "'o'", "'ä'", "''", "'日'", NULLS["text"]):
        yield from [f"position({needle} in s1)", f"strpos(s1, {needle})", f"starts_with(s1, {needle})",
                    f"replace(s1, {needle}, 'XX')", f"replace(s1, {needle}, '')", f"s1 || {needle}", f"{needle} || s1",
                    f"concat(s1, {needle})", f"concat_ws('-', s1, {needle}, 'end')", f"concat_ws({needle}, s1, 'b')"]
    yield from ["translate(s1, 'abc', 'xyz')", "translate(s1, 'abc', 'x')", "translate(s1, 'lo', '')", "translate(s1, '', 'x')",
                "translate(s1, 'ÄÖ日', 'AO本')", "translate(s1, s2, 'z')", "translate(s1, 'aab', 'xyz')",
                f"translate({NULLS['text']}, 'a', 'b')"]
    for delimiter, part in itertools.product(["','", "' '", "'o'", "s2", "''", "'日'"], ["1", "2", "3", "-1", "-2", "9"]):
        yield f"split_part(s1, {delimiter}, {part})"
    yield from ["split_part(s1, ',', 0)", "split_part(s1, '/', n::int)"]
    for times in ("0", "1", "3", "-1", "n::int"):
        yield f"repeat(s1, {times})"
    yield from ["concat(s1, i1, b1, d1)", "concat(n)", "concat(NULL, NULL)", "concat(s1, NULL, s2)", "concat(f1)", "concat(a1)",
                "concat_ws(',', s1, n, s2)", "concat_ws(',', NULL, n, NULL)", "s1 || n", "n || s1", "s1 || b1", "s1 || d1",
                "s1 || f1", "s1 || a1", "y1 || y1", "s1 || NULL"]
    for kind in ("hex", "base64", "escape"):
        yield f"encode(y1, '{kind}')"
        yield f"decode(encode(y1, '{kind}'), '{kind}')"
        yield f"decode(s1, '{kind}')"
    yield from ["encode(sha256(y1), 'base64')", "decode('zz', 'hex')", "decode('abc', 'hex')",
                "decode('DeadBEEF', 'hex')", "decode(' aGk= ', 'base64')", "decode('aGk', 'base64')",
                f"encode({NULLS['bytes']}, 'hex')", "sha256(decode('616263', 'hex'))", "md5(decode('616263', 'hex'))"]


@section
def patterns():
    likes = ["'a%'", "'%o%'", "'_b_'", "'%'", "''", "'___'", "'%\\%%'", "'x\\%y%'", "'%\\\\'", "'日%'", "'%é%'", "'HELLO%'",
             "'%line%'", "'a'", "s2", "'%' || s2 || '%'"]
    for pattern in likes:
        for operator in ("LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE"):
            yield f"s1 {operator} {pattern}"
    yield from ["s1 LIKE 'x!%%' ESCAPE '!'", "s1 LIKE 'aäö%' ESCAPE 'ä'", "s1 ILIKE 'äÖ%'",
                f"s1 LIKE {NULLS['text']}", f"{NULLS['text']} LIKE 'a'", "'a_c' LIKE 'a\\_c'"]
    regexes = ["'^a'", "'o$'", "'[0-9]+'", "'^[[:alpha:]]+$'", "'a|b'", "'(o).*\\1'", "'^.{3}$'", "'\\d+\\.\\d'", "'\\s'", "'^$'", "'ö'", "'\\w+'", "'x*'", "'(?:foo|bar)'", "'^[^,]*,'", "s2"]
    for pattern in regexes:
        for operator in ("~", "~*", "!~", "!~*"):
            yield f"s1 {operator} {pattern}"
    for pattern, replacement in itertools.product(["'o'", "'[aeiou]'", "'(.)(.)'", "'^'", "'x*'", "' +'", "'日'"],
                                                  ["''", "'-'", "'<\\&>'", "'\\2\\1'"]):
        if "\\2" in replacement and "(.)(.)" not in pattern:
            continue
        yield f"regexp_replace(s1, {pattern}, {replacement})"
        yield f"regexp_replace(s1, {pattern}, {replacement}, 'g')"
    yield from ["regexp_replace(s1, 'O', '0', 'gi')", "regexp_replace(s1, 'o', '0', 'i')", "regexp_replace(s1, s2, '#', 'g')",
                "regexp_replace(s1, 'o', 'x', 'b')", f"regexp_replace(s1, {NULLS['text']}, 'x')"]
    for pattern in ("'o'", "'(.)b(.)'", "'([0-9]+)-?([0-9]+)?'", "'^(https?)://([^/]+)'", "'nomatch'", "'^'"):
        yield f"regexp_match(s1, {pattern})"
        yield f"regexp_match(s1, {pattern}, 'i')"
        yield f"regexp_substr(s1, {pattern})"
    yield from ["regexp_substr(s1, 'o.', 1, 2)", "regexp_substr(s1, '[A-Z]', 1, 1, 'i')", "regexp_substr(s1, '(.)(o)', 1, 1, '', 2)",
                "regexp_substr(s1, 'o', 3)", "regexp_substr(s1, '&channel_id=([^&]*)', 1, 1, '', 1)", "regexp_substr(s1, s2)"]


@section
def casts():
    numeric = ["bigint", "integer", "smallint", "double precision", "float8", "numeric(20,4)", "numeric(10,0)",
               "numeric(5,2)", "text"]
    for column, target in itertools.product(NUMBERS, numeric):
        yield f"{column}::{target}"
    for target in ("bigint", "integer", "float8", "numeric(20,4)", "boolean", "date", "text"):
        yield f"s1::{target}"
        yield f"CAST(s2 AS {target})"
        yield f"NULL::{target}"
    yield from ["s1::timestamptz", "('0.12345678901234567894' || s2)::numeric", "d1::numeric", "n::numeric"]
    for source in ("b1", "b2"):
        yield from [f"{source}::text", f"{source}::int"]
    yield from ["n::int::boolean", "t1::text", "a1::text", "t1::date", "a1::timestamptz", "j1::text",
                "CAST(i1 AS text)", "CAST('12' AS bigint)", "' 12 '::bigint", "'+5'::bigint",
                "''::bigint", "'12a'::bigint", "'0x1f'::bigint", "'1.5'::bigint", "'1e2'::numeric(10,2)", "'1e2'::float8",
                "'nan'::float8", "'inf'::float8", "'-infinity'::float8", "'1e400'::float8", "'.5'::float8", "'5.'::float8",
                "'abc'::float8", "'t'::boolean", "'yes'::boolean", "'on'::boolean", "'off'::boolean", "'0'::boolean", "'maybe'::boolean",
                "' TRUE '::boolean", "'2024-02-30'::date", "'2024-02-29'::date", "'20240229'::date", "'2024-2-9'::date",
                "'2025-01-02 03:04:05'::timestamptz", "'2025-01-02T03:04:05.678Z'::timestamptz",
                "'2025-01-02 03:04:05+02'::timestamptz", "'2025-01-02 03:04:05-05:30'::timestamptz", "'2025-01-02'::timestamptz",
                "'2025-13-02'::timestamptz", "'2025-01-02 25:00:00'::timestamptz", "'x'::timestamptz",
                "'{\"a\": 1}'::json", "'[1, 2'::json", "'3'::json", "2.5::bigint", "3.5::bigint", "-2.5::bigint",
                "2.5::float8::bigint", "3.5::float8::bigint", "(-2.5)::float8::bigint", "9223372036854775807.5::bigint",
                "1e19::float8::bigint", "'NaN'::float8::bigint", "'NaN'::float8::text", "1e15::float8::text", "1e16::float8::text",
                "0.00001::float8::text", "123456.789::float8::text", "1.10::numeric(5,2)::text", "100::numeric(10,2)::text",
                "999.995::numeric(5,2)", "1234.5::numeric(5,2)", "true::text", "y1::text"]


@section
def times():
    units = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
             "century", "millennium"]
    for unit, column in itertools.product(units, TIMES):
        yield f"date_trunc('{unit}', {column})"
    yield from ["date_trunc('day', a1::timestamptz)", f"date_trunc('day', {NULLS['time']})", "date_trunc('hour', t1) = t1"]
    fields = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
              "century", "millennium", "dow", "isodow", "doy", "isoyear", "epoch"]
    for field in fields:
        yield f"extract({field} from t1)"
        yield f"extract({field} from t2)"
        yield f"date_part('{field}', t1)"
    for field in ("day", "month", "year", "week", "dow", "isodow", "doy", "quarter", "isoyear", "epoch", "decade", "century"):
        yield f"extract({field} from a1)"
    for stride in ("1 minute", "15 minutes", "90 seconds", "1 day", "7 days", "500 milliseconds"):
        yield f"date_bin('{stride}', t1, '2000-01-01'::timestamptz)"
        yield f"date_bin('{stride}', t1, '1970-01-01 00:00:30'::timestamptz)"
    yield "date_bin('1 hour', t1, t2)"
    for interval in ("1 day", "1 second", "-1 hour", "36 hours", "1 week", "90 minutes", "0.5 seconds", "1 month", "1 year",
                     "1 day 2 hours 3 minutes 4.5 seconds", "1 microsecond"):
        yield f"t1 + interval '{interval}'"
        yield f"t1 - interval '{interval}'"
        yield f"a1 + interval '{interval}'"
        yield f"t1 > t2 + interval '{interval}'"
    yield from ["interval '1 day' + t1", "t1 - t2", "t1 - t1", "a1 - a2", "a1 + 1", "a1 - 1", "a1 + n::int", "1 + a1", "t1 - a1::timestamptz",
                "t1 + 2 * interval '1 hour'", "t1 + interval '1 hour' * 3"]
    for zone in ("UTC", "+02:00", "-05:30", "+00"):
        yield f"t1 AT TIME ZONE '{zone}'"
    yield from ["t1 AT TIME ZONE interval '2 hours'", "'2025-07-01 12:00'::timestamp AT TIME ZONE '+02'"]
    for argument in ("0", "1e9", "-1.5", "n", "i1 / 1000000000", "f1", "1735689600.123456", "'NaN'::float8"):
        yield f"to_timestamp({argument})"
    patterns = ["YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS", "HH12:MI AM", "HH:MI:SS.MS", "US", "DD Mon YYYY", "Day, DD Month YYYY",
                "FMDay, FMDD FMMonth YYYY", "Dy DY dy", "MON mon", "MONTH month", "YY Y YYY", "DDD", "D ID", "IYYY-IW", "WW W", "Q", "CC", "J",
                "AM am P.M. p.m.", "\"literal\" YYYY", "HH24MISS", "SSSS", "FMHH24:FMMI", "DDth", "YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"", "", "RM"]
    for pattern in patterns:
        yield f"to_char(t1, '{pattern}')"
    yield from ["to_char(a1::timestamptz, 'DD.MM.YYYY')", f"to_char({NULLS['time']}, 'YYYY')"]
    for pattern in ("999", "9999.99", "FM9999.99", "000.00", "FM000", "S999", "999MI", "9,999,999", "FM9,999,999.0"):
        yield f"to_char(n, '{pattern}')"
        yield f"to_char(d2, '{pattern}')"
    yield """to_char(d2, '999." euros"')"""
    for text, pattern in (("2025-03-04", "YYYY-MM-DD"), ("04.03.2025", "DD.MM.YYYY"), ("4 Mar 2025", "DD Mon YYYY"), ("20250304", "YYYYMMDD"),
                          ("March 4, 2025", "Month DD, YYYY"), ("2025-063", "YYYY-DDD"), ("2025-13-01", "YYYY-MM-DD"), ("x", "YYYY"),
                          ("2025-02-30", "YYYY-MM-DD"), ("", "YYYY-MM-DD"), ("25-3-4", "YY-MM-DD")):
        yield f"to_date('{text}', '{pattern}')"
    for text, pattern in (("2025-03-04 05:06:07", "YYYY-MM-DD HH24:MI:SS"), ("17/May/2015:10:05:03 +0000", "DD/Mon/YYYY:HH24:MI:SS TZHTZM"),
                          ("17/May/2015:10:05:03 -0730", "DD/Mon/YYYY:HH24:MI:SS TZHTZM"), ("05:06 PM 2025", "HH12:MI PM YYYY"),
                          ("2025-03-04T05:06:07.123456", "YYYY-MM-DD\"T\"HH24:MI:SS.US"), ("2025-03-04 05:06:07.5", "YYYY-MM-DD HH24:MI:SS.MS"),
                          ("2025-03-04 25:00", "YYYY-MM-DD HH24:MI"), ("garbage", "YYYY-MM-DD"),
                          ("2025-03-04 05:06:07.5 5", "YYYY-MM-DD HH24:MI:SS.FF1 FF1")):
        yield f"to_timestamp('{text}', '{pattern}')"
    for arguments in ("2025, 3, 4, 5, 6, 7.5", "2024, 2, 29, 0, 0, 0", "2025, 2, 29, 0, 0, 0", "2025, 13, 1, 0, 0, 0",
                      "2025, 1, 1, 24, 0, 0", "2025, 1, 1, 0, 0, 60", "1, 1, 1, 0, 0, 0", "2000 + n::int, 1, 1, 0, 0, 0"):
        yield f"make_timestamp({arguments})"
    yield from ["now() IS NOT NULL", "now() > '2020-01-01'", "extract(epoch from now()) > 0"]


@section
def jsons():
    for operator in ("->", "->>"):
        for key in ("'a'", "'b'", "'a b'", "''", "0", "1", "-1", "99", "s2", "n::int"):
            yield f"j1 {operator} {key}"
        yield f"j1 -> 'a' {operator} 'b'"
        yield f"j1 -> 'a' -> 'b' {operator} 1"
        yield f"j1 -> 3 {operator} 'x'"
        yield f"{NULLS['json']} {operator} 'a'"
    for operator in ("#>", "#>>"):
        for path in ("'{a}'", "'{a,b}'", "'{a,b,2,c}'", "'{0}'", "'{1,1}'", "'{}'", "'{a,b,c}'", "'{-1}'", "'{3,x}'"):
            yield f"j1 {operator} {path}"
    yield from ["(j1 ->> 'a')::bigint", "(j1 ->> 'a') IS NULL", "(j1 -> 'a') IS NULL", "(j1 ->> 'n')::float8", "j1 ->> 'a' = '1'",
                "j1 #>> '{a,b}' || '!'", "length(j1 ->> 'b')", "json_typeof(j1)", "json_typeof(j1 -> 'a')", "json_array_length(j1)",
                "json_array_length(j1 -> 'a')", f"json_typeof({NULLS['json']})"]


def expressions():
    """All expressions, each once, in a fixed order, with the name of their section."""
    seen = set()
    for generate in sections:
        for expression in generate():
            if expression not in seen:
                seen.add(expression)
                yield generate.__name__, expression
