"""Snapshot files and manifests as docs/internals/files.md describes them, in plain Python: written and read.

Shares nothing with the daemon but libxxhash, whose XXH3 is what both mean. `python3 tests/model/native.py golden DIR`
writes the checkpoint that
tests/data/golden-0 holds, with what is in it as text; `... read FILE` prints a file.
"""

import ctypes
import json
import os
import struct
import sys

FORMAT = 1
NO_GROUP = 0xFFFFFFFF
TYPES = {"bool": 1, "int64": 2, "float64": 3, "decimal": 4, "string": 5, "bytes": 6, "timestamp": 7, "date": 8,
         "json": 9}
WIDTHS = {1: "<B", 2: "<q", 3: "<d", 7: "<q", 8: "<i"}
LIST, NAMESPACED, ORDERED, BROADCAST = 1, 2, 4, 32


class _Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


_xxhash = ctypes.CDLL("libxxhash.so.0")
_xxhash.XXH3_64bits.restype = ctypes.c_uint64
_xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_xxhash.XXH3_128bits.restype = _Hash128
_xxhash.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def hash64(data):
    return _xxhash.XXH3_64bits(data, len(data))


def hash128(data):
    h = _xxhash.XXH3_128bits(data, len(data))
    return f"{h.high:016x}{h.low:016x}"


def u32(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def u64(*numbers):
    return struct.pack(f"<{len(numbers)}Q", *numbers)


def name(text):
    data = text.encode()
    return u32(len(data)) + data


def field(text):
    """("n", id, precision, scale, nullable) of "n: decimal(5,2)|null"."""
    label, kind = text.split(": ")
    nullable = kind.endswith("|null")
    kind = kind.removesuffix("|null")
    precision = scale = 0
    if "(" in kind:
        precision, scale = (int(x) for x in kind[:-1].split("(")[1].split(","))
        kind = kind.split("(")[0]
    return label, TYPES[kind], precision, scale, int(nullable)


def encode_value(kind, value):
    if kind in WIDTHS:
        return struct.pack(WIDTHS[kind], 0 if value is None else value)
    if kind == TYPES["decimal"]:
        return (value or 0).to_bytes(16, "little", signed=True)
    data = b"" if value is None else value.encode() if isinstance(value, str) else value
    return u32(len(data)) + data


def encode_row(fields, namespace, values):
    bits = sum(1 << i for i, v in enumerate(values) if v is None)
    row = b"" if namespace is None else struct.pack("<q", namespace)
    row += bits.to_bytes((len(values) + 7) // 8, "little")
    return row + b"".join(encode_value(f[1], v) for f, v in zip(fields, values))


def decode_row(fields, namespaced, data, at):
    """(namespace, values, position behind the row)."""
    namespace = None
    if namespaced:
        namespace, at = struct.unpack_from("<q", data, at)[0], at + 8
    size = (len(fields) + 7) // 8
    bits, at = int.from_bytes(data[at:at + size], "little"), at + size
    values = []
    for i, f in enumerate(fields):
        if f[1] in WIDTHS:
            value, step = struct.unpack_from(WIDTHS[f[1]], data, at)[0], struct.calcsize(WIDTHS[f[1]])
        elif f[1] == TYPES["decimal"]:
            value, step = int.from_bytes(data[at:at + 16], "little", signed=True), 16
        else:
            length = struct.unpack_from("<I", data, at)[0]
            value, step = data[at + 4:at + 4 + length], 4 + length
            if f[1] != TYPES["bytes"]:
                value = value.decode()
        values.append(None if bits >> i & 1 else value)
        at += step
    return namespace, values, at


def header(lineage, checkpoint, task, parallelism, key_groups, pipeline):
    data = b"SDSNAP\r\n" + u32(FORMAT, 0x01020304) + bytes.fromhex(lineage) + u64(checkpoint)
    data += u32(task, parallelism, key_groups) + name(pipeline)
    return data + u64(hash64(data))


def write(identity, sections):
    """The bytes of a file. A section is a dict: node, table, flags, order_by, keys, columns, and blocks, a list of
    (group, rows), where a row is (namespace, values)."""
    data = header(*identity)
    footer = u32(0, len(sections))
    for s in sections:
        fields = [field(f) for f in s["keys"] + s["columns"]]
        footer += name(s["node"]) + name(s["table"]) + u32(s["flags"], s.get("order_by", 0))
        footer += u32(len(s["keys"]), len(s["columns"]))
        for f in fields:
            footer += name(f[0]) + bytes(f[1:])
        footer += u32(len(s["blocks"]))
        for group, rows in s["blocks"]:
            block = b"".join(encode_row(fields, *row) for row in rows)
            footer += u32(group, 0, len(rows), len(block)) + u64(len(data), hash64(block), 0) + u32(0, 0)
            data += block
    at = len(data)
    return data + footer + u64(at, len(footer), hash64(footer)) + b"SDSNAPZZ"


class Reader:
    """Reads numbers and names one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def numbers(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def name(self):
        (length,) = self.numbers("I")
        self.at += length
        return self.data[self.at - length:self.at].decode()


def read(data):
    """(identity, sections) of a file; every hash is checked. Blocks of other files are left out."""
    assert data[:8] == b"SDSNAP\r\n" and data[-8:] == b"SDSNAPZZ"
    r = Reader(data)
    r.at = 8
    version, order = r.numbers("II")
    assert version == FORMAT and order == 0x01020304
    lineage = data[16:32].hex()
    r.at = 32
    identity = (lineage, *r.numbers("QIII"), r.name())
    assert r.numbers("Q")[0] == hash64(data[:r.at - 8])
    at, length, digest = struct.unpack("<QQQ", data[-32:-8])
    footer = data[at:at + length]
    assert at + length == len(data) - 32 and hash64(footer) == digest
    f = Reader(footer)
    for _ in range(f.numbers("I")[0]):
        f.numbers("Q")
        f.name()
    sections = []
    for _ in range(f.numbers("I")[0]):
        s = {"node": f.name(), "table": f.name()}
        s["flags"], s["order_by"], keys, columns = f.numbers("IIII")
        s["fields"] = [(f.name(), *f.numbers("BBBB")) for _ in range(keys + columns)]
        s["keys"], s["rows"] = keys, []
        for _ in range(f.numbers("I")[0]):
            group, file, rows, size, offset, digest, _, _, _ = f.numbers("IIIIQQqII")
            block = data[offset:offset + size]
            if file:
                continue
            assert hash64(block) == digest
            position = 0
            for _ in range(rows):
                namespace, values, position = decode_row(s["fields"], s["flags"] & NAMESPACED, block, position)
                s["rows"].append((group, namespace, values))
            assert position == size
        sections.append(s)
    assert f.at == len(footer)
    return identity, sections


def manifest(members):
    text = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    return b'{"checksum":"' + hash128(text).encode() + b'","manifest":' + text + b"}\n"


# ---- the golden checkpoint ---------------------------------------------------------------------------------------

LINEAGE = "00112233445566778899aabbccddeeff"


def golden_sections(task):
    """All types with and without NULL; a list; a table of positions; one that is empty."""
    every = {
        "node": "totals", "table": "windows", "flags": NAMESPACED,
        "keys": ["user: string|null", "day: date"],
        "columns": ["n: int64", "x: float64|null", "d: decimal(20,4)", "b: bool", "t: timestamp|null", "y: bytes",
                    "j: json|null", "s: string"],
        "blocks": [
            (3, [(1764000000000000, ["ann", 20000, 42, 1.5, 123456, 1, 1764000000000001, b"\x00\xff", '{"a":1}', ""]),
                 (-60000000, [None, -1, -(1 << 63), None, -1, 0, None, b"", None, "Köln"])]),
            (70 + task, [(0, ["bob", 0, (1 << 63) - 1, -0.0, 10**19, 1, 0, bytes(range(256)), "[]", "x" * 300])]),
        ],
    }  # fmt: skip
    lists = {
        "node": "joined", "table": "left", "flags": LIST | ORDERED, "order_by": 0,
        "keys": ["k: int64"], "columns": ["at: timestamp"],
        "blocks": [(0, [(None, [task, n]) for n in (3, 1, 2)])],
    }  # fmt: skip
    positions = {
        "node": "in", "table": "_splits", "flags": BROADCAST,
        "keys": ["id: string"], "columns": ["position: string|null"],
        "blocks": [(NO_GROUP, [(None, ["a.csv", "1200"]), (None, ["b.csv", None])])],
    }  # fmt: skip
    empty = {"node": "totals", "table": "late", "flags": 0, "keys": ["k: bool"], "columns": [], "blocks": []}
    return [every, lists, positions, empty]


def golden(folder):
    folder = os.path.join(folder, LINEAGE, "chk-7")
    os.makedirs(folder, exist_ok=True)
    files = []
    for task in (0, 1):
        data = write((LINEAGE, 7, task, 2, 128, "orders"), golden_sections(task))
        files.append({"task": task, "name": f"task-{task}.snap", "bytes": len(data), "checksum": hash128(data)})
        with open(os.path.join(folder, f"task-{task}.snap"), "wb") as out:
            out.write(data)
        with open(os.path.join(folder, "..", "..", f"task-{task}.txt"), "w", encoding="ascii") as out:
            out.writelines(line + "\n" for line in dump(data))
    with open(os.path.join(folder, "manifest"), "wb") as out:
        out.write(manifest({
            "format": 1, "pipeline": "orders", "lineage": LINEAGE, "id": 7, "parallelism": 2, "key_groups": 128,
            "plan_hash": "0123456789abcdef0123456789abcdef", "plan": {"nodes": []}, "kind": "checkpoint",
            "created": 1764000000000000, "files": files,
        }))  # fmt: skip


def dump(data):
    """A file's content as lines: a section, or a row with its values in hexadecimal."""
    identity, sections = read(data)
    yield " ".join(str(x) for x in identity)
    for s in sections:
        yield f"{s['node']}.{s['table']} {s['flags']} {s['order_by']} {s['keys']} {len(s['fields'])}"
        for group, namespace, values in s["rows"]:
            raw = ["~" if v is None else encode_value(f[1], v) for f, v in zip(s["fields"], values)]
            texts = [v if v == "~" else v[4 if f[1] in (5, 6, 9) else 0:].hex() for f, v in zip(s["fields"], raw)]
            yield f"{group} {namespace or 0} " + " ".join(t or "-" for t in texts)


if __name__ == "__main__":
    if sys.argv[1] == "golden":
        golden(sys.argv[2])
    else:
        for argument in sys.argv[2:]:
            with open(argument, "rb") as file:
                print("\n".join(dump(file.read())))
