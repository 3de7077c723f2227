#!/usr/bin/env python3
"""Writes time-pattern-cases.tsv: what PostgreSQL 15 makes of random template patterns.

    python3 tests/unit/time-pattern-cases.py >tests/unit/time-pattern-cases.tsv

Starts a cluster of its own (tests/oracle/expressions/postgres.py). Columns: to_char, pattern, microseconds, text;
or to_timestamp or to_date, pattern, text, microseconds or days, or "error". Backslashes and control bytes are \\xHH.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "expressions"))
import postgres  # noqa: E402

rnd = random.Random(20261124)
TEMPLATES = """A.D. A.M. AD AM B.C. BC CC DAY DDD DD DY Day Dy D FF1 FF2 FF3 FF4 FF5 FF6 HH24 HH12 HH IDDD ID IW IYYY
IYY IY I J MI MM MONTH MON MS Month Mon OF P.M. PM Q RM SSSSS SSSS SS TZH TZM TZ US WW W Y,YYY YYYY YYY YY Y a.d. am bc
cc day ddd dd dy d ff3 hh24 hh12 id iw iyyy mi mm month mon ms of pm q rm ssss ss tz tzh tzm us ww w yyyy yy y""".split()
BETWEEN = list("-/ .:,;T_") + ['"T"', '"x y"', "  ", "\\", "ä", "'", "1", '"\\""', '\\"', "h", "K"]
USUAL = ["YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS", "DD/Mon/YYYY:HH24:MI:SS TZHTZM", "YYYYMMDDHH24MISS", "DD.MM.YYYY",
         "Month DD, YYYY", "Mon DD YYYY HH12:MI:SS AM", "YYYY-MM-DD\"T\"HH24:MI:SS.US", "YYYY-MM-DD HH24:MI:SS.MS",
         "YYYY-DDD", "IYYY-IW-ID", "IYYY IDDD", "YYYY-MM-DD HH24:MI:SSTZH:TZM", "CC YY MM DD", "Y,YYY MM DD", "J",
         "YYYY BC MM", "RM YYYY", "YYYY WW", "YYYY MM W", "SSSS YYYY", "FXYYYY-MM-DD", "FMDD FMMonth YYYY",
         "YYYY-MM-DD HH24:MI:SS.FF3", "DDth Mon YYYY"]
SQL = r"""
CREATE FUNCTION printed(us bigint, f text) RETURNS text LANGUAGE sql AS
  $$ SELECT to_char(timestamptz '1970-01-01' + us / 86400000000 * interval '1 day' + us % 86400000000 * interval '1 us', f) $$;
CREATE FUNCTION moment(x text, f text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN (extract(epoch FROM to_timestamp(x, f)) * 1000000)::bigint; EXCEPTION WHEN others THEN RETURN 'error'; END $$;
CREATE FUNCTION day(x text, f text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN to_date(x, f) - date '1970-01-01'; EXCEPTION WHEN others THEN RETURN 'error'; END $$;
"""


def pattern():
    parts = []
    for _ in range(rnd.randint(1, 7)):
        parts += [rnd.choice(["FM", "TM", "fm", "FX"])] if rnd.random() < 0.08 else []
        parts += [rnd.choice(TEMPLATES)]
        parts += [rnd.choice(["TH", "th", "SP"])] if rnd.random() < 0.06 else []
        parts += [rnd.choice(BETWEEN)] if rnd.random() < 0.75 else []
    return "".join(parts)


def moment():
    if rnd.random() < 0.1:
        return rnd.randint(-210866803200000000, 9223372036854775806)
    if rnd.random() < 0.6:
        return rnd.randint(0, 4 * 10**9) * 10**6 + rnd.choice([0, 0, rnd.randint(0, 999999), rnd.randint(0, 999) * 1000])
    return rnd.randint(-62135596800000000, 253402300799999999)


def damaged(text):
    letters = list(text)
    for _ in range(rnd.randint(0, 2)):
        at = rnd.randrange(len(letters) + 1)
        how = rnd.random()
        if how < 0.3 and letters:
            letters.pop(min(at, len(letters) - 1))
        elif how < 0.7:
            letters.insert(at, rnd.choice("0123456789 -+:/.,aTj\t"))
        elif letters:
            letters[min(at, len(letters) - 1)] = rnd.choice("0123456789 -+:/.xé")
    return "".join(letters)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def escaped(text):
    return "".join(c if c != "\\" and c >= " " else f"\\x{ord(c):02x}" for c in text)


def ask(cluster, calls):
    """The answer of each call, which may hold anything but a line break."""
    script = "".join(f"SELECT {call};\n" for call in calls)
    answers = cluster.psql(SQL + script.replace("SELECT ", "SELECT '=' || ")) if calls else []
    assert len(answers) == len(calls)
    return [answer[1:] for answer in answers]


def main():
    patterns = [rnd.choice(USUAL) if i % 3 else pattern() for i in range(900)]
    # FF twice in a pattern is a conflict in PostgreSQL even if both agree, since it compares before scaling.
    patterns = [p for p in patterns if p.upper().count("FF") + p.upper().count("US") < 2]
    moments = [moment() for _ in patterns]
    with postgres.Cluster() as cluster:
        printed = ask(cluster, [f"printed({m}, {quoted(p)})" for p, m in zip(patterns, moments)])
        texts = [damaged(text) for text in printed]
        pairs = list(zip(texts, patterns))
        cluster.psql("DROP FUNCTION printed, moment, day")
        read = ask(cluster, [f"moment({quoted(t)}, {quoted(p)})" for t, p in pairs])
        cluster.psql("DROP FUNCTION printed, moment, day")
        days = ask(cluster, [f"day({quoted(t)}, {quoted(p)})" for t, p in pairs])
    for p, m, text in zip(patterns, moments, printed):
        print("to_char", escaped(p), m, escaped(text), sep="\t")
    for (text, p), us, day in zip(pairs, read, days):
        if text:
            print("to_timestamp", escaped(p), escaped(text), us, sep="\t")
            print("to_date", escaped(p), escaped(text), day, sep="\t")


main()
