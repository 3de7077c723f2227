#!/usr/bin/env python3
"""Writes unicode_table.c: case and letters of glibc's C.UTF-8, which is what PostgreSQL uses with that locale.

    python3 daemon/expr/functions/unicode_table.py >daemon/expr/functions/unicode_table.c
"""
import ctypes
import ctypes.util
import locale

locale.setlocale(locale.LC_ALL, "C.UTF-8")
libc = ctypes.CDLL(ctypes.util.find_library("c"))
CODES = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def mappings(function):
    """(first, last, step, difference) of code points that are mapped elsewhere."""
    ranges = []
    for c in CODES:
        difference = function(c) - c
        if not difference:
            continue
        if ranges:
            first, last, step, same = ranges[-1]
            gap = c - last
            if same == difference and gap <= 2 and (first == last or gap == step):
                ranges[-1] = (first, c, gap, same)
                continue
        ranges.append((c, c, 1, difference))
    return ranges


def spans(function):
    """(first, last) of code points for which it is true."""
    found = []
    for c in CODES:
        if function(c):
            if found and found[-1][1] == c - 1:
                found[-1] = (found[-1][0], c)
            else:
                found.append((c, c))
    return found


def table(kind, name, rows):
    rows = list(rows)
    print(f"\nconst struct {kind} {name}[] = {{")
    for at in range(0, len(rows), 4):
        print("    " + " ".join("{" + ", ".join(row) + "}," for row in rows[at:at + 4]))
    print(f"}};\nconst size_t {name}_count = {len(rows)};")


print("""/*
 * Made by unicode_table.py from glibc's C.UTF-8. Do not edit.
 */
#include "expr/functions/unicode.h"

/* clang-format off */""")
for name, function in (("unicode_lower_ranges", libc.towlower), ("unicode_upper_ranges", libc.towupper)):
    table("unicode_mapping", name, ((f"{a:#x}", f"{b:#x}", str(step), str(d)) for a, b, step, d in mappings(function)))
table("unicode_span", "unicode_alnum_spans", ((f"{a:#x}", f"{b:#x}") for a, b in spans(libc.iswalnum)))
