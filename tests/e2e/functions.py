#!/usr/bin/env python3
"""streamctl functions, and what docs/expressions.md says: its tables are evaluated, and its list of functions is whole."""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

FIELDS = {"x": {"type": "int64", "sequence": {}}}
PAGE = os.path.join(tap.SRCDIR, "docs", "expressions.md")


def streamctl(*arguments):
    return tap.run([tap.STREAMCTL, *arguments])


def cells(line):
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text, head):
    """The rows of all tables whose first line is `head'."""
    for table in re.findall(r"^" + re.escape(head) + r"\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.M):
        yield from (cells(line) for line in table.splitlines())


def evaluate(expressions):
    """What a pipeline with one row makes of expressions, as its lines of JSON say."""
    names = [f"e{number}" for number in range(len(expressions))]
    pipeline = {
        "version": 1,
        "sources": {"in": {"type": "generator", "config": {"rows": 1, "fields": FIELDS}}},
        "operators": {"all": {"type": "select", "inputs": ["in"], "config": {"fields": dict(zip(names, expressions))}}},
        "sinks": {"out": {"type": "stdout", "inputs": ["all"], "format": {"type": "json"}}},
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(pipeline, file)
        file.flush()
        result = streamctl("run", "--quiet", file.name)
    tap.ok("the expressions of the page are valid", result.returncode == 0, result.stderr[:2000])
    # parsed with numbers as they are written, so that 2.50 is not 2.5
    values = json.loads(result.stdout or "{}", parse_float=str, parse_int=str)
    return [values.get(name, "nothing") for name in names]


def entries(*arguments):
    result = streamctl("functions", "--json", *arguments)
    tap.ok(f"functions --json {' '.join(arguments)}", result.returncode == 0, result.stderr)
    return json.loads(result.stdout)["functions"]


if not os.path.exists(os.path.join(tap.PLUGIN_PATH, "format-regex.so")):
    tap.skip_all("this build has no regular expressions")
with open(PAGE, encoding="utf-8") as page:
    TEXT = page.read()

rows = [(left.strip("`"), right.strip("`")) for left, right in tables(TEXT, "| expression | gives |")]
tap.ok("the page has examples", len(rows) > 60, str(len(rows)))
got = evaluate([expression for expression, _ in rows])
tap.empty("they give what it says",
          [f"{expression} gives {value!r}, not {wanted}" for (expression, wanted), value in zip(rows, got)
           if value != json.loads(wanted, parse_float=str, parse_int=str)])

everything = entries()
built_in = {e["name"] for e in everything if e["kind"] == "function" and e["plugin"] is None}
named = {name for _, names in tables(TEXT, "| topic | functions |") for name in re.findall(r"`(\w+)`", names)}
tap.empty("the page names all functions", built_in - named)
tap.empty("and no others", named - built_in)
tap.empty("each has a line that says what it does", [e["name"] for e in everything if not e["doc"]])

tap.ok("signatures of a function",
       [e["arguments"] for e in entries("round")] == [["float64"], ["decimal"], ["decimal", "int64"]])
now = entries("now")[0]
tap.ok("what depends on the clock says so", not now["deterministic"] and now["result"] == "timestamp")
tap.ok("count takes rows, or an argument", [e["arguments"] for e in entries("count")] == [["*"], ["any"]])
tap.ok("a function of a plugin says whose it is",
       not os.path.exists(os.path.join(tap.PLUGIN_PATH, "functions-text.so"))
       or [e["plugin"] for e in entries("slugify")] == ["text"])

shown = streamctl("functions", "concat_ws").stdout
tap.ok("a function as text", "\n  concat_ws(string, any, ...) -> string\n      the texts of" in shown, shown)
shown = streamctl("functions").stdout
tap.ok("the list has a line for each", re.search(r"^function +lower +in small letters$", shown, re.M) is not None, shown)
result = streamctl("functions", "roud")
tap.ok("an unknown one is a failure", result.returncode == 1)
tap.ok("with a proposal", "did you mean 'round'?" in result.stderr, result.stderr)

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "functions-broken.so"), "w", encoding="utf-8") as file:
        file.write("no library")
    result = streamctl("functions", "--plugin-path", folder)
    tap.ok("a plugin that cannot be loaded is a failure, and told", result.returncode == 1 and "functions-broken.so" in result.stderr,
           result.stderr)
    tap.ok("the others are shown", "coalesce" in result.stdout)
tap.done_testing()
