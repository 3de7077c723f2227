#!/usr/bin/env python3
"""Writes keyhash.tsv: keys with their hash, key group and owner, computed from the rules alone.

    python3 tests/data/keyhash.py >tests/data/keyhash.tsv

Shares nothing with the engine: XXH3 is written here from its specification, the rest from
daemon/columnar/keyhash.h. One key a line: types, values, hash, group of 128, owner of 3 tasks. Types and values
are separated by blanks; texts and bytes are hexadecimal with an x in front, float64 is its bits, decimals
are whole numbers at the scale of the type, NULL is ~.
"""
import random
import struct

MASK = (1 << 64) - 1
K = 0x9E3779B97F4A7C15
NULL = 0xA5A5A5A55A5A5A5A

P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def rotate(x, n):
    return (x << n | x >> (64 - n)) & MASK


def swap64(x):
    return struct.unpack("<Q", struct.pack(">Q", x))[0]


def fold(a, b):
    product = a * b
    return (product & MASK) ^ (product >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * 0x165667919E3779F9 & MASK
    return h ^ h >> 32


def avalanche_xxh64(h):
    h ^= h >> 33
    h = h * P64_2 & MASK
    h ^= h >> 29
    h = h * P64_3 & MASK
    return h ^ h >> 32


def mix16(data, at, secret):
    return fold(u64(data, at) ^ u64(SECRET, secret), u64(data, at + 8) ^ u64(SECRET, secret + 8))


def xxh3_short(data):
    n = len(data)
    if n == 0:
        return avalanche_xxh64(u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        combined = data[0] << 16 | data[n >> 1] << 24 | data[n - 1] | n << 8
        return avalanche_xxh64(combined ^ u32(SECRET, 0) ^ u32(SECRET, 4))
    if n <= 8:
        h = (u32(data, n - 4) + (u32(data, 0) << 32)) & MASK ^ u64(SECRET, 8) ^ u64(SECRET, 16)
        h ^= rotate(h, 49) ^ rotate(h, 24)
        h = h * 0x9FB21C651E98DF25 & MASK
        h ^= (h >> 35) + n
        h = h * 0x9FB21C651E98DF25 & MASK
        return h ^ h >> 28
    low = u64(data, 0) ^ u64(SECRET, 24) ^ u64(SECRET, 32)
    high = u64(data, n - 8) ^ u64(SECRET, 40) ^ u64(SECRET, 48)
    return avalanche((n + swap64(low) + high + fold(low, high)) & MASK)


def xxh3_medium(data):
    n = len(data)
    total = n * P64_1
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            total += mix16(data, 16 * i, 32 * i) + mix16(data, n - 16 * (i + 1), 32 * i + 16)
        return avalanche(total & MASK)
    for i in range(8):
        total += mix16(data, 16 * i, 16 * i)
    total = avalanche(total & MASK)
    for i in range(8, n // 16):
        total += mix16(data, 16 * i, 16 * (i - 8) + 3)
    return avalanche((total + mix16(data, n - 16, 136 - 17)) & MASK)


def accumulate(lanes, data, at, secret):
    for i in range(8):
        value = u64(data, at + 8 * i)
        keyed = value ^ u64(SECRET, secret + 8 * i)
        lanes[i ^ 1] = (lanes[i ^ 1] + value) & MASK
        lanes[i] = (lanes[i] + (keyed & 0xFFFFFFFF) * (keyed >> 32)) & MASK


def xxh3_long(data):
    lanes = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    n = len(data)
    blocks = (n - 1) // 1024
    for block in range(blocks):
        for stripe in range(16):
            accumulate(lanes, data, block * 1024 + stripe * 64, stripe * 8)
        for i in range(8):
            lanes[i] = (lanes[i] ^ lanes[i] >> 47 ^ u64(SECRET, 128 + 8 * i)) * P32_1 & MASK
    for stripe in range((n - 1 - 1024 * blocks) // 64):
        accumulate(lanes, data, blocks * 1024 + stripe * 64, stripe * 8)
    accumulate(lanes, data, n - 64, 192 - 64 - 7)
    total = n * P64_1
    for i in range(4):
        total += fold(lanes[2 * i] ^ u64(SECRET, 11 + 16 * i), lanes[2 * i + 1] ^ u64(SECRET, 19 + 16 * i))
    return avalanche(total & MASK)


def xxh3(data):
    if len(data) <= 16:
        return xxh3_short(data)
    return xxh3_medium(data) if len(data) <= 240 else xxh3_long(data)


def mix64(x):
    x &= MASK
    x ^= x >> 32
    x = x * 0xE9846AF9B1A615D & MASK
    x ^= x >> 32
    x = x * 0xE9846AF9B1A615D & MASK
    return x ^ x >> 28


def canonical(kind, value):
    """The 64 bits that a value stands for; float64 is given as its bits."""
    if value is None:
        return NULL
    if kind in ("string", "bytes"):
        return xxh3(value)
    if kind == "float64":
        if value & (MASK >> 1) > 0x7FF0000000000000:
            return 0x7FF8000000000000
        return value if value & (MASK >> 1) else 0
    if kind.startswith("decimal"):
        low, high = value & MASK, value >> 64
        return low if -(1 << 63) <= value < 1 << 63 else low ^ mix64(high)
    return value & MASK


def key_hash(kinds, values):
    h = 0
    for kind, value in zip(kinds, values):
        h = mix64(h * K + canonical(kind, value))
    return h


def text(kind, value):
    if value is None:
        return "~"
    if kind in ("string", "bytes"):
        return "x" + value.hex()
    return f"{value:016x}" if kind == "float64" else str(value)


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


POOLS = {
    "bool": [0, 1],
    "int64": [0, 1, -1, 7, 1 << 32, -(1 << 32), (1 << 63) - 1, -(1 << 63), 1732406400],
    "timestamp": [0, 1735689600000000, -2208988800000000],
    "date": [0, 20000, -1, (1 << 31) - 1, -(1 << 31)],
    "float64": [bits(0.0), bits(-0.0), bits(1.5), bits(-1.5), bits(5e-324), bits(1.7e308), bits(float("inf")),
                bits(float("-inf")), 0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001],
    "decimal(38,2)": [0, 1, -1, 125, (1 << 63) - 1, 1 << 63, -(1 << 63), -(1 << 63) - 1, 1 << 64, (1 << 64) - 1,
                      10**38 - 1, 1 - 10**38],
    "string": [b"", b"a", b"ab", b"abc", "Köln".encode(), b"user-12345", b"apple", "\U0001F600".encode() * 9],
    "bytes": [b"", b"\0", b"\0\0", bytes(range(256))],
}


def keys():
    rnd = random.Random(1)
    for kind, pool in POOLS.items():
        for value in [*pool, None]:
            yield [kind], [value]
    for n in [*range(0, 20), 31, 32, 33, 63, 64, 65, 96, 97, 127, 128, 129, 130, 144, 159, 160, 239, 240, 241, 255,
              256, 257, 319, 320, 321, 511, 512, 1023, 1024, 1025, 1087, 1088, 1089, 2047, 2048, 2049, 5000]:
        yield ["bytes"], [bytes((i * 131 + n) & 0xFF for i in range(n))]
    yield ["int64", "int64"], [1, 2]
    yield ["int64", "int64"], [2, 1]
    yield ["string", "string"], [b"ab", b"c"]
    yield ["string", "string"], [b"a", b"bc"]
    for _ in range(120):
        kinds = [rnd.choice(list(POOLS)) for _ in range(rnd.randint(1, 5))]
        yield kinds, [rnd.choice([*POOLS[kind], None]) for kind in kinds]
    for _ in range(60):
        yield ["int64"], [rnd.randrange(-(1 << 63), 1 << 63)]


def main():
    assert xxh3(b"") == 0x2D06800538D394C2  # from the specification's own vectors
    for kinds, values in keys():
        h = key_hash(kinds, values)
        group = (h >> 32) * 128 >> 32
        print(" ".join(kinds), " ".join(map(text, kinds, values)), f"{h:016x}", group, group * 3 // 128, sep="\t")


if __name__ == "__main__":
    main()
