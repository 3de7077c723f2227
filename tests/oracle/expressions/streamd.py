"""Evaluates expressions with streamctl: the table of values through select nodes into files.

Expressions that never fail in PostgreSQL share a select node, a hundred at a time. One that fails on some
row gets a node of its own under `on_error: skip`, where a row error is a row that is missing. If rows are missing
from a shared node, its expressions are evaluated again one by one, which tells which it was.
"""
import decimal
import json
import os
import re
import subprocess

import values

SHARED = 100
NODES = 60


class Broken(Exception):
    """streamctl did not run a pipeline of valid expressions."""


def source():
    """The source and the node `v`, in which the table has the columns that PostgreSQL's has."""
    fields = ", ".join(f"{name}: {json.dumps(kind)}" for name, kind, _, _, _ in values.COLUMNS)
    columns = [f"{name}: {name}::float8" if name in values.FLOAT_COLUMNS else f"{name}: {name}"
               for name, _, _, _, _ in values.COLUMNS]
    return f"""sources:
  input:
    type: file
    config: {{path: "${{VALUES}}"}}
    format: {{type: json}}
    schema: {{id: int64, g: int64, {fields}}}

operators:
  v:
    type: select
    inputs: [input]
    config:
      fields: {{id: id, g: g, {', '.join(columns)}}}
"""


def select_node(name, expressions):
    """A select node; expressions is a list of (number, text), each on a line of its own."""
    lines = "".join(f"        e{number}: {json.dumps(text, ensure_ascii=False)}\n" for number, text in expressions)
    return f"""  {name}:
    type: select
    inputs: [v]
    on_error: skip
    config:
      fields:
        id: id
{lines}"""


def window_node(name, aggregates):
    """A global window by `g`, like select_node."""
    lines = "".join(f"        e{number}: {json.dumps(text, ensure_ascii=False)}\n" for number, text in aggregates)
    return f"""  {name}:
    type: window
    inputs: [v]
    key_by: [g]
    config:
      window: {{global: true}}
      select:
{lines}"""


def refusals(result, lines):
    """Number of an expression -> diagnostic, from what a run that did not start printed."""
    found = {lines[int(line)]: message for line, message in
             re.findall(r"^\S+?\.yaml:(\d+):\d+: (error\[.*)$", result.stderr, re.M) if int(line) in lines}
    if not found:
        raise Broken(f"exit status {result.returncode}\n{result.stderr[-3000:]}")
    return found


def sink(name):
    return f"  {name}-out: {{type: file, inputs: [{name}], config: {{path: \"${{OUT}}/{name}\"}}, format: {{type: json}}}}\n"


class Evaluator:
    """Runs pipelines in a folder and collects, per expression, id -> value; or a refusal, a str."""

    def __init__(self, streamctl, environment, folder):
        self.streamctl, self.folder = streamctl, folder
        self.environment = dict(environment, VALUES=os.path.join(folder, "values.ndjson"))
        self.runs = 0
        with open(self.environment["VALUES"], "w", encoding="utf-8") as f:
            f.write(values.ndjson())

    def evaluate(self, expressions, may_fail):
        """A list of answers like the expressions: dict id -> (parsed JSON value,), or str if refused."""
        answers = {}
        numbered = list(enumerate(expressions))
        shared = [item for item in numbered if not may_fail[item[0]]]
        alone = [item for item in numbered if may_fail[item[0]]]
        groups = [shared[i:i + SHARED] for i in range(0, len(shared), SHARED)]
        for group in groups:
            found = self._pipeline([group], answers)
            if any(len(found.get(n, ())) != values.ROWS for n, _ in group if n not in answers):
                alone += [item for item in group if item[0] not in answers]
            else:
                answers.update(found)
        for i in range(0, len(alone), NODES):
            part = alone[i:i + NODES]
            found = self._pipeline([[item] for item in part], answers)
            answers.update({n: found.get(n, {}) for n, _ in part if n not in answers})
        return [answers[n] for n, _ in numbered]

    def aggregate(self, expressions):
        """A list of answers like the aggregates: dict g -> (value,), or str if refused."""
        answers = {}
        while True:
            numbered = [item for item in enumerate(expressions) if item[0] not in answers]
            text, lines = self._text([numbered], window_node)
            result, out = self._run(text)
            if result.returncode == 0:
                answers.update(self._read(out, [numbered], "g"))
                return [answers[n] for n in range(len(expressions))]
            answers.update(refusals(result, lines))

    def _pipeline(self, groups, answers):
        """Runs one file with a node per group. Refused expressions go into `answers`, the others run."""
        while True:
            groups = [[item for item in group if item[0] not in answers] for group in groups]
            groups = [group for group in groups if group]
            if not groups:
                return {}
            text, lines = self._text(groups)
            result, out = self._run(text)
            if result.returncode == 0:
                return self._read(out, groups)
            answers.update(refusals(result, lines))

    def _text(self, groups, node=select_node):
        """The pipeline file, and line number -> number of the expression on it."""
        name = f"expressions{self.runs}"
        text = f"version: 1\nname: {name}\n\n" + source()
        text += "".join(node(f"x{i}", group) for i, group in enumerate(groups))
        text += "\nsinks:\n" + "".join(sink(f"x{i}") for i in range(len(groups)))
        lines = {}
        for number, line in enumerate(text.split("\n"), 1):
            if match := re.match(r" {8}e(\d+): ", line):
                lines[number] = int(match.group(1))
        return text, lines

    def _run(self, text):
        path = os.path.join(self.folder, f"expressions{self.runs}.yaml")
        out = os.path.join(self.folder, f"out{self.runs}")
        self.runs += 1
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run([self.streamctl, "run", "--quiet", path], env=dict(self.environment, OUT=out),
                              capture_output=True, text=True, timeout=120), out

    def _read(self, out, groups, key_name="id"):
        found = {n: {} for group in groups for n, _ in group}
        for i in range(len(groups)):
            folder = os.path.join(out, f"x{i}")
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    for line in f:
                        row = json.loads(line, parse_float=decimal.Decimal, parse_int=decimal.Decimal)
                        number = int(row.pop(key_name))
                        for key, value in row.items():
                            found[int(key[1:])][number] = (value,)
        return found
