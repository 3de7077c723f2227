"""Batches against pyarrow, through the Arrow C data interface in memory: random record batches go in, become
streamd's batches, and come out again; what comes out must be what went in.
"""

import ctypes
import datetime
import decimal
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

try:
    import pyarrow as pa
except ImportError:
    tap.skip_all("pyarrow is not installed")
BRIDGE = os.path.join(tap.BUILDDIR, "tests/unit/.libs/arrow_bridge.so")
if os.path.exists(BRIDGE) and b"__asan_init" in open(BRIDGE, "rb").read():
    tap.skip_all("a library with AddressSanitizer cannot be loaded into Python")
try:
    bridge = ctypes.CDLL(BRIDGE)
except OSError as error:
    tap.skip_all(f"cannot load the bridge: {error}")

rnd = random.Random(int(os.environ.get("STREAMD_TEST_SEED", "1")))
bridge.bridge_open.restype = ctypes.c_void_p
bridge.bridge_close.restype = ctypes.c_long
SCHEMA_BYTES, ARRAY_BYTES = 72, 80  # the two structs of the interface on 64-bit machines
UTC = datetime.timezone.utc
pool = bridge.bridge_open()


def pointer(buffer):
    return ctypes.addressof(buffer)


def round_trip(batch, start, rows, every):
    """The batch that comes out, or the message of the error."""
    types, array = ctypes.create_string_buffer(SCHEMA_BYTES), ctypes.create_string_buffer(ARRAY_BYTES)
    out_types, out = ctypes.create_string_buffer(SCHEMA_BYTES), ctypes.create_string_buffer(ARRAY_BYTES)
    message = ctypes.create_string_buffer(512)
    batch._export_to_c(pointer(array), pointer(types))
    rc = bridge.bridge_round_trip(
        ctypes.c_void_p(pool), types, array, ctypes.c_int64(start), ctypes.c_uint32(rows), ctypes.c_uint32(every),
        out_types, out, message,
    )  # fmt: skip
    return message.value.decode() if rc else pa.RecordBatch._import_from_c(pointer(out), pointer(out_types))


def text():
    return rnd.choice(["", "a", "Köln", "long" * rnd.randrange(200), "\U0001f600"])


def instant():
    return datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=rnd.randrange(-(10**16), 10**16))


KINDS = [  # the type that goes in, the type that comes out, values
    (pa.bool_(), pa.bool_(), lambda: rnd.random() < 0.5),
    (pa.int64(), pa.int64(), lambda: rnd.randrange(-(1 << 63), 1 << 63)),
    (pa.int8(), pa.int64(), lambda: rnd.randrange(-128, 128)),
    (pa.uint8(), pa.int64(), lambda: rnd.randrange(256)),
    (pa.int16(), pa.int64(), lambda: rnd.randrange(-32768, 32768)),
    (pa.uint16(), pa.int64(), lambda: rnd.randrange(65536)),
    (pa.int32(), pa.int64(), lambda: rnd.randrange(-(1 << 31), 1 << 31)),
    (pa.uint32(), pa.int64(), lambda: rnd.randrange(1 << 32)),
    (pa.float64(), pa.float64(), lambda: rnd.choice([0.0, -0.5, 1e300, 5e-324, float("inf"), rnd.random()])),
    (pa.float32(), pa.float64(), lambda: rnd.choice([0.0, -0.5, 0.25, float("-inf")])),
    (pa.decimal128(38, 2), pa.decimal128(38, 2),
     lambda: decimal.Decimal(rnd.randrange(-(10**38) + 1, 10**38)).scaleb(-2, decimal.Context(prec=60))),
    (pa.decimal128(5, 5), pa.decimal128(5, 5), lambda: decimal.Decimal(rnd.randrange(-99999, 99999)).scaleb(-5)),
    (pa.string(), pa.string(), text),
    (pa.large_string(), pa.string(), text),
    (pa.binary(), pa.binary(), lambda: rnd.randbytes(rnd.randrange(40))),
    (pa.large_binary(), pa.binary(), lambda: rnd.randbytes(rnd.randrange(40))),
    (pa.timestamp("us", "UTC"), pa.timestamp("us", "UTC"), instant),
    (pa.timestamp("us"), pa.timestamp("us", "UTC"), lambda: instant().replace(tzinfo=None)),
    (pa.timestamp("ms", "Europe/Berlin"), pa.timestamp("us", "UTC"),
     lambda: instant().replace(microsecond=rnd.randrange(1000) * 1000)),
    (pa.timestamp("s", "UTC"), pa.timestamp("us", "UTC"), lambda: instant().replace(microsecond=0)),
    (pa.date32(), pa.date32(), lambda: datetime.date(1, 1, 1) + datetime.timedelta(days=rnd.randrange(3600000))),
    (pa.date64(), pa.date32(), lambda: datetime.date(1, 1, 1) + datetime.timedelta(days=rnd.randrange(3600000))),
]  # fmt: skip


def column(kind, rows, nullable):
    values = [kind[2]() for _ in range(rows)]
    if nullable:
        values = [None if rnd.random() < 0.3 else value for value in values]
    return values


def random_case(number):
    """One random batch, a slice of it, and perhaps a selection: what is wrong with the result."""
    rows = rnd.choice([0, 1, 7, 8, 9, 100, 1000])
    kinds = [rnd.choice(KINDS) for _ in range(rnd.randint(1, 8))]
    nullable = [rnd.random() < 0.5 for _ in kinds]
    values = [column(kind, rows, may) for kind, may in zip(kinds, nullable)]
    schema = pa.schema([pa.field(f"f{i}", kind[0], may) for i, (kind, may) in enumerate(zip(kinds, nullable))])
    wanted_schema = pa.schema([pa.field(f"f{i}", kind[1], may) for i, (kind, may) in enumerate(zip(kinds, nullable))])
    arrays = [pa.array(value, kind[0]) for value, kind in zip(values, kinds)]
    batch = pa.record_batch(arrays, schema=schema)
    skip = rnd.randrange(rows + 1) if rnd.random() < 0.5 else 0
    start = rnd.randrange(rows - skip + 1)
    count = rnd.randrange(rows - skip - start + 1) if rnd.random() < 0.5 else rows - skip - start
    every = rnd.choice([1, 1, 2, 3])
    got = round_trip(batch.slice(skip), start, count, every)
    if isinstance(got, str):
        return [f"case {number}: {got}"]
    got.validate(full=True)
    if not got.schema.equals(wanted_schema):
        return [f"case {number}: {got.schema} instead of {wanted_schema}"]
    wanted = [value[skip + start:skip + start + count:every] for value in values]
    for i, kind in enumerate(kinds):
        array = pa.array(wanted[i], kind[0]).cast(kind[1])
        if not got.column(i).equals(array):
            return [f"case {number}: {kind[0]}: {got.column(i)} instead of {array}"]
    return []


def refused(name, batch, message, rows=None):
    got = round_trip(batch, 0, batch.num_rows if rows is None else rows, 1)
    tap.ok(name, isinstance(got, str) and message in got, f"got {got}")


def one(array, nullable=True):
    return pa.record_batch([array], schema=pa.schema([pa.field("x", array.type, nullable)]))


def main():
    count = tap.effort(200, 1000, 5000)
    tap.empty(f"{count} random batches come back as they were", [p for i in range(count) for p in random_case(i)])

    json = pa.field("x", pa.string(), metadata={"other": "thing", "ARROW:extension:name": "arrow.json"})
    batch = pa.record_batch([pa.array(['{"a":1}', "[]"])], schema=pa.schema([json]))
    got = round_trip(batch, 0, 2, 1)
    if hasattr(pa, "json_"):
        tap.equal("json stays json", str(got.schema.field("x").type), str(pa.json_(pa.string())))
        tap.equal("with its text", got.column(0).to_pylist(), ['{"a":1}', "[]"])
    else:
        tap.skip("json stays json", "this pyarrow does not know the type")
        tap.skip("with its text", "this pyarrow does not know the type")

    moment = pa.array([-1, -1000, -1001, 1999], pa.timestamp("ns", "UTC"))
    tap.equal("nanoseconds are rounded down", round_trip(one(moment), 0, 4, 1).column(0).cast(pa.int64()).to_pylist(),
              [-1, -1, -2, 1])

    refused("a list is refused by name", one(pa.array([[1]])), "field 'x' has a type that streamd does not have: +l")
    refused("so is a dictionary", one(pa.array(["a"]).dictionary_encode()), "does not have: dictionary")
    refused("and an unsigned integer that does not fit", one(pa.array([1], pa.uint64())), "does not have: L")
    refused("a NULL where none may be", one(pa.array([1, None]), nullable=False), "a NULL, which its type does not allow")
    refused("a text with a NUL byte", one(pa.array(["a\0b"])), "a NUL byte")
    refused("a time beyond the end of time", one(pa.array([1 << 62], pa.timestamp("s", "UTC"))), "a time out of range")
    refused("more rows than there are", one(pa.array([1, 2])), "does not fit its description", rows=3)
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xc3\x28")])
    refused("a text that is not UTF-8", one(bad), "not UTF-8")

    moved = round_trip(one(pa.array(["kept", "alive"])), 0, 2, 1).column(0)
    tap.equal("a column outlives its batch", moved.to_pylist(), ["kept", "alive"])
    del moved, got
    tap.equal("all batches were given back", bridge.bridge_close(ctypes.c_void_p(pool)), 0)
    tap.done_testing()


if __name__ == "__main__":
    main()
