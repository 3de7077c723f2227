#!/usr/bin/env python3
"""Expressions and aggregates over nasty values, against PostgreSQL 15.

    tests/e2e/expressions.py [SECTION...] [-e EXPRESSION]...

All of tests/oracle/expressions/catalogue.py, or some sections of it, or single expressions. What PostgreSQL gives
is the expected value; deliberate differences are the table in docs/expression-differences.md.
"""
import argparse
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "expressions"))
import aggregates  # noqa: E402
import catalogue  # noqa: E402
import compare  # noqa: E402
import postgres  # noqa: E402
import streamd  # noqa: E402
import tap  # noqa: E402
import values  # noqa: E402

TABLE = os.path.join(tap.SRCDIR, "docs", "expression-differences.md")


def chosen():
    """[(section, expression)] as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sections", nargs="*")
    parser.add_argument("-e", action="append", default=[])
    options = parser.parse_args()
    if options.e:
        return [("given", expression) for expression in options.e], False
    everything = list(catalogue.expressions())
    if options.sections:
        return [item for item in everything if item[0] in options.sections], False
    return everything, True


def shown(expression):
    """What of a row an expression reads, for messages."""
    names = [name for name, _, _, _, _ in values.COLUMNS if re.search(rf"\b{name}\b", expression)]
    return lambda row: {name: values.row(row - 1)[name] for name in names}


def for_postgres(expression, rules):
    """An interval is compared as its seconds."""
    return f"extract(epoch FROM ({expression}))::float8" if "seconds" in rules else expression


def judge_expressions(cluster, evaluator, table, items):
    """Section -> problems."""
    expressions = [expression for _, expression in items]
    rules = [compare.applicable(table, expression) for expression in expressions]
    theirs = cluster.evaluate([for_postgres(e, r) for e, r in zip(expressions, rules)])
    problems = {section: [] for section, _ in items}
    valid = []
    for item, answer, rule in zip(items, theirs, rules):
        if isinstance(answer, str):
            problems[item[0]].append(f"{item[1]}: PostgreSQL itself says {answer}")
        else:
            valid.append((item, answer, rule))
    may_fail = [any(failure for _, _, failure in answer.values()) for _, answer, _ in valid]
    ours = evaluator.evaluate([item[1] for item, _, _ in valid], may_fail)
    for (item, answer, rule), found in zip(valid, ours):
        problems[item[0]] += compare.judge(item[1], answer, found, rule, shown(item[1]))
    return problems


def judge_aggregates(cluster, evaluator, table):
    pairs = list(dict.fromkeys(aggregates.aggregates()))
    theirs = cluster.aggregate([pair[1] for pair in pairs])
    ours = evaluator.aggregate([pair[0] for pair in pairs])
    problems = []
    for (text, _), answer, found in zip(pairs, theirs, ours):
        problems += compare.judge(text, answer, found, compare.applicable(table, text), lambda group: "(group)")
    return problems, len(pairs)


def uncovered(items):
    """Functions of the catalogue's list without a case."""
    text = "\n".join(expression for _, expression in items)
    return [name for name in catalogue.FUNCTIONS if not re.search(rf"\b{name}\s*\(", text)]


def main():
    items, everything = chosen()
    try:
        cluster = postgres.Cluster()
        cluster.__enter__()
    except postgres.Missing as error:
        tap.skip_all(str(error))
    try:
        table = compare.differences(TABLE)
        with tempfile.TemporaryDirectory(prefix="streamd-expressions-") as folder:
            evaluator = streamd.Evaluator(tap.STREAMCTL, dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH), folder)
            problems = judge_expressions(cluster, evaluator, table, items)
            for section, found in problems.items():
                count = sum(1 for item in items if item[0] == section)
                tap.empty(f"{section}: {count} expressions over {values.ROWS} rows", found)
            if everything:
                found, count = judge_aggregates(cluster, evaluator, table)
                tap.empty(f"aggregates: {count} over 5 groups", found)
                tap.empty("every function of the list has a case", uncovered(items))
                tap.empty("every documented difference is one", [row.what for row in table if not row.used])
    finally:
        cluster.__exit__()
    tap.done_testing()


if __name__ == "__main__":
    main()
