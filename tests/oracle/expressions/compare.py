"""Compares values of PostgreSQL and streamd, and knows the documented differences.

docs/expression-differences.md holds one table. The last column of a row says which expressions it is about and
how they are compared: a rule and a regular expression in backticks (a bar is written `\\|`), found anywhere in the
text of the expression. Rules:

    float     both as binary64, equal
    close     both as binary64, equal to 12 digits or to 15 decimals
    scale     equal when both are rounded to the fewer decimals of the two
    seconds   PostgreSQL's interval as seconds, both as binary64
    error     where PostgreSQL has a value, streamd may have a row error instead
    lenient   where PostgreSQL has an error, streamd may have a value instead
    refused   streamd refuses the expression when the pipeline is planned
    other     both give something; what it is is not compared

A row of the table whose expression never differs is stale, which is a failure too. An expression that fails for every
row in PostgreSQL may be refused when the pipeline is planned: it is constant, and the error is found early.
"""
import base64
import datetime
import decimal
import json
import math
import re

RULES = ("float", "close", "scale", "seconds", "error", "lenient", "refused", "other")
decimal.getcontext().prec = 200
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Difference:
    """One row of the table."""

    def __init__(self, what, rule, pattern):
        self.what, self.rule, self.pattern = what, rule, re.compile(pattern)
        self.used = False


def differences(path):
    """The table in a Markdown file."""
    rows = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            cells = [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)]
            if len(cells) < 4 or not (match := re.fullmatch(r"(\w+):? `(.+)`", cells[-2])):
                continue
            if match.group(1) not in RULES:
                raise ValueError(f"{path}: unknown rule {match.group(1)}")
            rows.append(Difference(cells[1], match.group(1), match.group(2)))
    return rows


def applicable(table, expression):
    """Rule -> row of the table, for the rows about this expression; the first of a rule wins."""
    found = {}
    for row in table:
        if row.pattern.search(expression):
            found.setdefault(row.rule, row)
    return found


def moment(text):
    """Microseconds since the epoch of an ISO text, with or without a zone (UTC then)."""
    match = re.fullmatch(r"(-?\d{4,6})(-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?( BC)?", text)
    if not match:
        return text
    # datetime knows the years 1 to 9999; 400 years have a whole number of days, always the same.
    year = 1 - int(match.group(1)) if match.group(5) else int(match.group(1))
    eras = (year - 2000) // 400
    zone = (match.group(4) or "Z").replace("Z", "+00:00")
    delta = datetime.datetime.fromisoformat(f"{year - eras * 400:04d}{match.group(2)}{zone}") - EPOCH
    days = delta.days + eras * 146097
    return (days * 86400 + delta.seconds) * 1_000_000 + int((match.group(3) or "").ljust(6, "0"))


def number(value):
    """A float of a JSON number or of the words for what JSON cannot say."""
    if isinstance(value, (decimal.Decimal, int)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    return None


def same_float(left, right):
    if left is None or right is None:
        return False
    return (math.isnan(left) and math.isnan(right)) or (left == right and
                                                       math.copysign(1, left) == math.copysign(1, right))


def equal(kind, theirs, ours):
    """Whether a value of PostgreSQL type `kind`, parsed from its JSON text, is what streamd gave."""
    if theirs is None or ours is None:
        return theirs is None and ours is None
    if kind == "double precision":
        return same_float(number(theirs), number(ours))
    if kind in ("numeric", "bigint", "integer", "smallint"):
        return isinstance(ours, decimal.Decimal) and isinstance(theirs, decimal.Decimal) and theirs == ours
    if kind == "bytea":
        return base64.b64encode(bytes.fromhex(theirs[2:])).decode() == ours
    if kind.startswith("timestamp"):
        return isinstance(ours, str) and moment(theirs) == moment(ours)
    return type(theirs) is type(ours) and theirs == ours


def equal_by_rules(rules, kind, theirs, ours):
    """The rule under which two unequal values count as equal, or None."""
    if theirs is None or ours is None:
        return "other" if "other" in rules else None
    left, right = number(theirs), number(ours)
    if "float" in rules and same_float(left, right):
        return "float"
    if left is not None and right is not None and math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-15):
        if "close" in rules:
            return "close"
        if "seconds" in rules:
            return "seconds"
    if "scale" in rules and isinstance(theirs, decimal.Decimal) and isinstance(ours, decimal.Decimal):
        fewer = decimal.Decimal(1).scaleb(max(ours.as_tuple().exponent, theirs.as_tuple().exponent))
        if theirs.quantize(fewer, decimal.ROUND_HALF_UP) == ours.quantize(fewer, decimal.ROUND_HALF_UP):
            return "scale"
    return "other" if "other" in rules else None


def parsed(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal)


def judge(expression, theirs, ours, rules, show):
    """Problems of one expression; `theirs` and `ours` are id -> answer. Marks the rows of the table it needs."""
    if isinstance(ours, str):
        if "refused" in rules:
            rules["refused"].used = True
            return []
        if all(failure is not None for _, _, failure in theirs.values()):
            return []
        return [f"{expression}\n    refused: {ours}"]
    problems = []
    for row, (kind, text, failure) in sorted(theirs.items()):
        answer = ours.get(row)
        value = None if text is None else parsed(text)
        if failure is not None and answer is None:
            continue
        rule = None
        if failure is not None:
            rule = "lenient" if "lenient" in rules else None
        elif answer is None:
            rule = "error" if "error" in rules else None
        elif equal(kind, value, answer[0]):
            if "seconds" in rules:
                rules["seconds"].used = True  # PostgreSQL was asked for seconds
            continue
        else:
            rule = equal_by_rules(rules, kind, value, answer[0])
        if rule:
            rules[rule].used = True
            continue
        want = f"error {failure}" if failure else f"{kind} {text}"
        got = "error" if answer is None else repr(answer[0]).replace("Decimal", "")
        problems.append(f"    row {row} {show(row)}: PostgreSQL {want}, streamd {got}")
    return [f"{expression}\n" + "\n".join(problems[:3]) + (f"\n    and {len(problems) - 3} rows more"
                                                           if len(problems) > 3 else "")] if problems else []
