"""Canonical rows of a Nexmark result, as tests/data/nexmark/README defines them.

    canonical.py QUERY FOLDER    prints the canonical rows of the NDJSON parts in FOLDER

What streamd wrote is read as JSON with numbers kept as their text, a changelog (a row kind in `_op`) is
applied, and each row is printed in the columns, the order and the spelling of the golden results. A row
with a column too many, too few, or of the wrong kind is an error: nothing is coerced silently.
"""
import decimal
import glob
import json
import os
import re
import sys

RANKED = ["bids", "bidders", "auctions"]
RANKS = [f"{rank}_{what}" for what in RANKED for rank in ("total", "rank1", "rank2", "rank3")]

# Per query the columns in order. A letter says what a column is: i integer, d decimal(23,3), t timestamp,
# s string.
COLUMNS = {
    "q0": "auction:i bidder:i price:i dateTime:t extra:s",
    "q1": "auction:i bidder:i price:d dateTime:t extra:s",
    "q2": "auction:i price:i",
    "q11": "bidder:i bid_count:i starttime:t endtime:t",
    "q14": "auction:i bidder:i price:d bidTimeType:s dateTime:t extra:s c_counts:i",
    "q15": "day:s " + " ".join(f"{name}:i" for name in RANKS),
    "q16": "channel:s day:s minute:s " + " ".join(f"{name}:i" for name in RANKS),
    "q17": "auction:i day:s total_bids:i rank1_bids:i rank2_bids:i rank3_bids:i min_price:i "
           "max_price:i avg_price:i sum_price:i",
    "q18": "auction:i bidder:i price:i channel:s url:s dateTime:t extra:s",
    "q21": "auction:i bidder:i price:i channel:s channel_id:s",
    "q22": "auction:i bidder:i price:i channel:s dir1:s dir2:s dir3:s",
}
# The columns that identify a row of a result that is a changelog.
CHANGELOG_KEYS = {"q18": ("bidder", "auction")}
ADDS = {"+I", "+U"}
REMOVES = {"-U", "-D"}

TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z")


class Number(str):
    """A JSON number as the text it was."""


class Malformed(Exception):
    """A row that no canonical row can be made of."""


def canonical_value(kind, name, value):
    """The text of one value in a canonical row."""
    if value is None:
        return "null"
    if kind == "s" and type(value) is str:
        return json.dumps(value, ensure_ascii=False)
    if kind == "i" and type(value) is Number and re.fullmatch(r"-?\d+", value):
        return str(value)
    if kind == "d" and type(value) is Number:
        exact = decimal.Decimal(value)
        if exact == exact.quantize(decimal.Decimal("0.001")):
            return f'"{exact:.3f}"'
    if kind == "t" and type(value) is str:
        match = TIMESTAMP.fullmatch(value)
        fraction = (match.group(2) or "").ljust(6, "0") if match else ""
        if match and fraction.endswith("000"):
            return f'"{match.group(1)}.{fraction[:3]}Z"'
    raise Malformed(f"column {name}: {value!r} is not of kind {kind}")


def canonical_row(query, row):
    columns = [column.split(":") for column in COLUMNS[query].split()]
    if set(row) != {name for name, _ in columns}:
        raise Malformed(f"columns are {sorted(row)}, expected {[name for name, _ in columns]}")
    values = (f'"{name}":{canonical_value(kind, name, row[name])}' for name, kind in columns)
    return "{" + ",".join(values) + "}"


def applied(query, rows):
    """The final table of a changelog: rows with a kind in `_op`, applied in order, by key."""
    table = {}
    for row in rows:
        kind = row.pop("_op", None)
        key = tuple(row[name] for name in CHANGELOG_KEYS[query])
        if kind in ADDS:
            table[key] = row
        elif kind in REMOVES:
            if table.pop(key, None) is None:
                raise Malformed(f"{kind} of a row that is not there: {row}")
        else:
            raise Malformed(f"row kind {kind!r}")
    return table.values()


def rows_of(folder):
    """The rows of all finished parts, in the order of the parts' names."""
    for path in sorted(glob.glob(os.path.join(folder, "part-*.json")), key=part_number):
        with open(path, encoding="utf-8") as part:
            for line in part:
                yield json.loads(line, parse_int=Number, parse_float=Number)


def part_number(path):
    return [int(n) for n in re.findall(r"\d+", os.path.basename(path))]


def canonical(query, folder):
    """All canonical rows as bytes, sorted by bytes, LF after each."""
    rows = rows_of(folder)
    if query in CHANGELOG_KEYS:
        rows = applied(query, rows)
    lines = sorted(canonical_row(query, row).encode() + b"\n" for row in rows)
    return b"".join(lines)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in COLUMNS:
        sys.exit(__doc__)
    sys.stdout.buffer.write(canonical(sys.argv[1], sys.argv[2]))
