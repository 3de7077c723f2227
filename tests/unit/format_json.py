"""The format json against Python's json module: what is read, and what is written.

Records are made at random from values that Python writes, with at most one fault each. The row that
must come out is computed from what json.loads gives, by the rules of plugins/formats/json/json.h.
"""

import base64
import datetime
import decimal
import json
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

TOOL = os.path.join(tap.BUILDDIR, "tests/unit/format_tool")
SEED = int(os.environ.get("STREAMD_TEST_SEED", "1"))
UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = datetime.timedelta(microseconds=1)

SYNTAX, MISSING, TYPE, RANGE, UTF8, CAST = 5001, 5002, 5003, 5004, 5005, 5103

FIELDS = {
    "s": "string|null", "n": "int64|null", "f": "float64|null", "d": "decimal(12,3)|null",
    "t": "timestamp|null", "b": "bool|null", "y": "bytes|null", "j": "json|null", "k": "date|null",
    "ms": "timestamp|null;unit=ms", "p": "string|null;path=$.o.p", "must": "int64",
}  # fmt: skip


class Fault(Exception):
    """The code of a value that cannot be read."""


class Number(str):
    """A number of JSON as it is written."""


# --- What must come out ---------------------------------------------------------------------


def text_of(value):
    """A string's bytes, where streamd has such a string."""
    if "\0" in value or any(0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise Fault(UTF8)
    return value.encode()


def read_string(value, _):
    if not isinstance(value, str) or isinstance(value, Number):
        raise Fault(TYPE)
    return text_of(value).hex()


def read_int(value, _):
    if not isinstance(value, Number) or any(c in value for c in ".eE"):
        raise Fault(TYPE)
    if not -(2**63) <= int(value) < 2**63:
        raise Fault(RANGE)
    return str(int(value))


def read_float(value, _):
    if not isinstance(value, Number):
        raise Fault(TYPE)
    number = float(value)
    if number in (float("inf"), float("-inf")):
        raise Fault(RANGE)
    return struct.pack(">d", number).hex()


def exact(value, scale):
    """The number times 10^scale, rounded half away from zero."""
    with decimal.localcontext() as context:
        context.prec = 2000
        return int(decimal.Decimal(value).scaleb(scale).to_integral_value(decimal.ROUND_HALF_UP))


def read_decimal(value, _):
    if not isinstance(value, Number):
        raise Fault(TYPE)
    number = exact(value, 3)
    if abs(number) >= 10**12:
        raise Fault(RANGE)
    return str(number)


def read_timestamp(value, _):
    if not isinstance(value, str) or isinstance(value, Number):
        raise Fault(TYPE)
    try:
        time = datetime.datetime.fromisoformat(value)
    except ValueError:
        raise Fault(CAST) from None
    return str((time - EPOCH) // MICROSECOND)


def read_ms(value, _):
    if not isinstance(value, Number):
        raise Fault(TYPE)
    number = exact(value, 3)
    if not -210866803200000000 <= number < 2**63:
        raise Fault(RANGE)
    return str(number)


def read_bool(value, _):
    if not isinstance(value, bool):
        raise Fault(TYPE)
    return str(int(value))


def read_bytes(value, _):
    if not isinstance(value, str) or isinstance(value, Number):
        raise Fault(TYPE)
    return base64.b64decode(value).hex()


def read_date(value, _):
    if not isinstance(value, str) or isinstance(value, Number):
        raise Fault(TYPE)
    return str(datetime.date.fromisoformat(value).toordinal() - EPOCH.toordinal())


def read_json(_, raw):
    return raw.encode().hex()


READERS = {
    "s": read_string, "n": read_int, "f": read_float, "d": read_decimal, "t": read_timestamp,
    "b": read_bool, "y": read_bytes, "j": read_json, "k": read_date, "ms": read_ms, "p": read_string,
    "must": read_int,
}  # fmt: skip


def expected(line, raw_json):
    """The row, or the code of its fault."""
    record = json.loads(line, parse_int=Number, parse_float=Number)
    inner = record.get("o")
    record["p"] = inner.get("p") if isinstance(inner, dict) else None
    row = []
    for name, kind in FIELDS.items():
        value = record.get(name)
        if value is None:
            if "|null" not in kind:
                raise Fault(MISSING)
            row.append("\\N")
        else:
            if isinstance(value, str) and name != "j":
                text_of(value)
            row.append(READERS[name](value, raw_json))
    return "\t".join(row)


# --- Records --------------------------------------------------------------------------------


def a_string(r):
    """Any text, often short and plain."""
    if r.random() < 0.6:
        return "".join(r.choices("abcdefghij 0123456789-/", k=r.randrange(40)))
    return "".join(
        chr(r.choice([r.randrange(1, 0x80), r.randrange(0x80, 0xD800), r.randrange(0xE000, 0x110000)]))
        for _ in range(r.randrange(30))
    )


def a_float(r):
    """Bits at random, or a few digits."""
    if r.random() < 0.5:
        return round(r.uniform(-1e6, 1e6), r.randrange(8))
    while True:
        value = struct.unpack(">d", r.randbytes(8))[0]
        if value - value == 0:
            return value


def a_time(r):
    """A timestamp in one of its forms."""
    time = EPOCH + MICROSECOND * r.randrange(-(10**15), 4 * 10**15)
    zone = datetime.timezone(datetime.timedelta(minutes=15 * r.randrange(-48, 48)))
    unit = r.choice(["seconds", "milliseconds", "microseconds"])
    if r.random() < 0.5:
        return time.isoformat(r.choice("T "), unit).replace("+00:00", "Z")
    return time.astimezone(zone).isoformat("T", unit)


def any_json(r, depth=0):
    """Nested values."""
    kind = r.randrange(7 if depth < 4 else 5)
    if kind == 5:
        return [any_json(r, depth + 1) for _ in range(r.randrange(4))]
    if kind == 6:
        return {a_string(r): any_json(r, depth + 1) for _ in range(r.randrange(4))}
    return [None, True, r.randrange(-(10**20), 10**20), a_string(r), a_float(r)][kind]


MAKERS = {
    "s": a_string,
    "n": lambda r: r.randrange(-(2 ** r.randrange(1, 64)), 2 ** r.randrange(1, 64)),
    "f": a_float,
    "d": lambda r: Decimal(str(decimal.Decimal(r.randrange(-(10**9), 10**9)).scaleb(-r.randrange(7)))),
    "t": a_time,
    "b": lambda r: r.random() < 0.5,
    "y": lambda r: base64.b64encode(r.randbytes(r.randrange(40))).decode(),
    "j": any_json,
    "k": lambda r: datetime.date.fromordinal(r.randrange(1, 3000000)).isoformat(),
    "ms": lambda r: r.randrange(-(10**13), 10**14),
    "o": lambda r: {"q": any_json(r), "p": a_string(r), "r": 1},
    "must": lambda r: r.randrange(1000),
    "unknown": any_json,
}


class Decimal(float):
    """A number that json.dumps writes as it is told to."""

    def __new__(cls, text):
        self = super().__new__(cls, 0.5)
        self.text = text
        return self

    def __repr__(self):
        return self.text


def dump(value, r):
    """As json.dumps writes it, in one of its ways."""
    if isinstance(value, Decimal):
        return value.text
    return json.dumps(
        value,
        ensure_ascii=r.random() < 0.5,
        separators=r.choice([(",", ":"), (", ", ": ")]),
    )


def a_record(r):
    """(line, what is in it for j): at most one value has a fault."""
    names = r.sample(list(MAKERS), len(MAKERS)) if r.random() < 0.1 else list(MAKERS)
    names = [n for n in names if n == "must" or r.random() < 0.9]
    if r.random() < 0.02:
        names.remove("must")
    faulty = r.choice(names) if names and r.random() < 0.1 else None
    raw_json, parts = "", []
    for name in names:
        value = None if name != "must" and r.random() < 0.05 else MAKERS[name](r)
        text = dump(value, r)
        if name == faulty:
            text = r.choice(['"\\ud83d"', "[]", "{}", "1.5", "1e999", '"x"', "true", str(10**30)])
            if name in ("y", "k"):
                text = "[]"
        if name == "j":
            raw_json = text
        if r.random() < 0.02 and name not in ("j", "o"):
            parts.append(json.dumps(name) + ":" + r.choice(["0", '"first"', "null", "[1]"]))
        parts.append(json.dumps(name) + r.choice([":", ":", ": "]) + text)
    return "{" + r.choice([",", ", "]).join(parts) + "}", raw_json


def tool(arguments, data):
    """What format_tool prints."""
    environment = dict(os.environ, STREAMD_PLUGIN_PATH=tap.PLUGIN_PATH)
    result = subprocess.run(
        [TOOL, "json", *arguments], input=data, capture_output=True, check=False, env=environment
    )
    tap.ok("format_tool ends well", result.returncode == 0, result.stderr.decode(errors="replace"))
    return result.stdout.decode().splitlines()


def read_test(seed, count):
    """Everything that is read."""
    r = random.Random(seed)
    lines, rows, codes = [], [], []
    position = 0
    for _ in range(count):
        line, raw_json = a_record(r)
        try:
            rows.append(expected(line, raw_json))
        except Fault as fault:
            codes.append((position, fault.args[0]))
        lines.append(line.encode("utf-8", "surrogatepass") + r.choice([b"\n", b"\n", b"\r\n"]))
        position += len(lines[-1])
    data = b"".join(lines)
    fields = " ".join(f"{name}:{kind}" for name, kind in FIELDS.items())
    got = tool(["", fields, str(r.choice([0, 100, 4096])), str(r.choice([1, 100, 2048]))], data)
    got_rows = [line for line in got if not line.startswith("!")]
    got_codes = [tuple(map(int, x[1:].split("\t")[:2])) for x in got if x.startswith("!")]
    wrong = [f"{g}\n  want {w}" for g, w in zip(got_rows, rows) if g != w]
    wrong += [f"{g}, want {w}" for g, w in zip(got_codes, codes) if g != w]
    tap.empty(f"seed {seed}: rows are right", wrong[:3])
    tap.equal(f"seed {seed}: as many", (len(got_rows), len(got_codes)), (len(rows), len(codes)))
    tap.ok(f"seed {seed}: enough of both", len(rows) > count / 2 and len(codes) > count / 100)


def write_test(seed, count):
    """What is written reads back to the same values."""
    r = random.Random(seed)
    fields = {n: k for n, k in FIELDS.items() if n not in ("ms", "p", "must", "d")}
    records = []
    for _ in range(count):
        record = {n: None if r.random() < 0.1 else MAKERS[n](r) for n in fields}
        record["t"] = record["t"] and datetime.datetime.fromisoformat(record["t"]).astimezone(UTC).isoformat()
        records.append(record)
    data = "".join(json.dumps(x) + "\n" for x in records).encode()
    got = tool(["", " ".join(f"{n}:{k}" for n, k in fields.items()), "encode"], data)
    wrong = []
    for line, want in zip(got, records):
        record = json.loads(line)
        if record["t"]:
            form = record["t"]
            record["t"] = datetime.datetime.fromisoformat(form).isoformat()
            if not form.endswith("Z") or form[10] != "T":
                wrong.append(form)
        if record != want:
            wrong.append(f"{record}\n  want {want}")
    tap.empty(f"seed {seed}: what is written reads back", wrong[:3])
    tap.equal(f"seed {seed}: all of it", len(got), len(records))


for number in range(SEED, SEED + tap.effort(3, 10, 100)):
    read_test(number, 2000)
    write_test(number, 500)
tap.done_testing()
