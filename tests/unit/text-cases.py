#!/usr/bin/env python3
"""Writes text-cases.tsv: what the functions of plugins/functions/text must answer.

    python3 tests/unit/text-cases.py >tests/unit/text-cases.tsv

Written from the definitions, in another way than the plugin. Columns as in function-cases.py.
"""
import functools
import random
import re
import unicodedata

rnd = random.Random(20261124)
SPECIAL = {"Æ": "ae", "æ": "ae", "Ø": "o", "ø": "o", "Ð": "d", "ð": "d", "Þ": "th", "þ": "th", "ß": "ss", "Đ": "d", "đ": "d",
           "Ħ": "h", "ħ": "h", "ı": "i", "Ĳ": "ij", "ĳ": "ij", "ĸ": "k", "Ŀ": "l", "ŀ": "l", "Ł": "l", "ł": "l", "ŉ": "n", "Ŋ": "n",
           "ŋ": "n", "Œ": "oe", "œ": "oe", "Ŧ": "t", "ŧ": "t", "ſ": "s"}
PAIRS = [("kitten", "sitting"), ("MARTHA", "MARHTA"), ("DIXON", "DICKSONX"), ("DWAYNE", "DUANE"), ("STEAM", "TEAMS"), ("", ""), ("", "abc"),
         ("a", "b"), ("日本語", "日本"), ("naïve", "naive"), ("a" * 255, "b" * 255), ("a" * 255, "a" * 254), ("a" * 256, "a"), ("a", "ä" * 256)]
TITLES = ["Crème Brûlée & Co.", "Hello, World!", "  --a--  b ", "", "!!!", "Straße 12", "Łódź", "日本語", "ABC日def", "ĳssel Œuvre ŉ", "a×b÷c", "x" * 300]
LETTERS = "abcdeäöABC 日-"


def levenshtein(a, b):
    @functools.lru_cache(None)
    def cost(i, j):
        if not i or not j:
            return i + j
        return min(cost(i - 1, j) + 1, cost(i, j - 1) + 1, cost(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
    for i in range(0, len(a), 50):  # from below, so that the recursion stays flat
        cost(i, min(i, len(b)))
    return cost(len(a), len(b))


def jaro_winkler(a, b):
    if a == b:
        return 1.0
    window = max(max(len(a), len(b)) // 2 - 1, 0)
    left = list(b)
    matched_a = []
    taken = [False] * len(b)
    for i, letter in enumerate(a):
        for j in range(max(0, i - window), min(len(b), i + window + 1)):
            if not taken[j] and left[j] == letter:
                taken[j] = True
                matched_a.append(letter)
                break
    matched_b = [letter for letter, t in zip(b, taken) if t]
    m = len(matched_a)
    if not m:
        return 0.0
    transposed = sum(x != y for x, y in zip(matched_a, matched_b)) // 2
    jaro = (m / len(a) + m / len(b) + (m - transposed) / m) / 3
    prefix = 0
    for x, y in zip(a[:4], b[:4]):
        if x != y:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)


def slugify(text):
    out = []
    for letter in text:
        plain = SPECIAL.get(letter)
        if plain is None:
            base = unicodedata.normalize("NFKD", letter) if ord(letter) < 0x180 else " "
            plain = "".join(c for c in base if c.isascii() and c.isalnum()).lower() or " "
        out.append(plain)
    return re.sub(" +", "-", "".join(out).strip(" "))


def escaped(text):
    return "".join(c if c != "\\" and c >= " " else f"\\x{ord(c):02x}" for c in text)


def put(name, answer, *texts):
    print(name, escaped(str(answer)), *(f"string:{escaped(text)}" for text in texts), sep="\t")


for _ in range(60):
    a, b = ("".join(rnd.choice(LETTERS) for _ in range(rnd.randint(0, 12))) for _ in range(2))
    PAIRS.append((a, b))
for a, b in PAIRS:
    long = len(a) > 255 or len(b) > 255
    put("levenshtein", "error" if long else levenshtein(a, b), a, b)
    put("jaro_winkler", "error" if long else repr(jaro_winkler(a, b)), a, b)
for _ in range(60):
    TITLES.append("".join(rnd.choice(LETTERS + "".join(map(chr, range(0xC0, 0x180)))) for _ in range(rnd.randint(0, 20))))
for title in TITLES:
    put("slugify", slugify(title), title)
