#!/usr/bin/env python3
"""What the sources generator and nexmark make at random has the distributions that they promise."""
import collections
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tap  # noqa: E402

ROWS = 100000

FIELDS = """
        i: {type: int64, uniform: {min: -50, max: 49}}
        f: {type: float64, uniform: {min: 1.5, max: 2.5}}
        c: {type: string, choice: [a, b, "c,d"]}
        z: {type: int64, zipf: {values: 1000, exponent: 1.0}}
        b: {type: bool, probability: 0.2}
        w: {type: string, letters: {min: 2, max: 5}}
        n: {type: int64|null, uniform: {min: 0, max: 9}, nulls: 0.25}
        d: {type: "decimal(6,2)", uniform: {min: 0.00, max: 0.99}}
        t: {type: timestamp, sequence: {start: "2025-01-01T00:00:00Z", step: 1s}, out_of_orderness: 10s}
"""


def rows(folder, name, kind, config):
    """The rows of a source with this configuration, by way of JSON files."""
    pipeline = os.path.join(folder, f"{name}.yaml")
    out = os.path.join(folder, name)
    with open(pipeline, "w", encoding="utf-8") as file:
        file.write(f"version: 1\nsources:\n  made:\n    type: {kind}\n    config:\n{config}\n"
                   f"sinks:\n  out: {{type: file, inputs: [made], config: {{path: {out}}}, "
                   "format: {type: json}}\n")
    result = subprocess.run([tap.STREAMCTL, "run", "--quiet", pipeline], capture_output=True,
                            text=True, check=False)
    if result.returncode:
        print("#", result.stderr.replace("\n", "\n# "))
    made = []
    for part in sorted(glob.glob(os.path.join(out, "part-*"))):
        with open(part, encoding="utf-8") as file:
            made += [json.loads(line) for line in file]
    return made


def share(values, condition):
    """How many of the values meet the condition, as a share."""
    return sum(map(condition, values)) / len(values)


def near(name, got, want, within):
    """Passes if the value is near the wanted one."""
    tap.ok(name, abs(got - want) <= within, f"got {got}, want {want} within {within}")


def microseconds(text):
    """Of a time within 2025-01-01 .. 2025-01-02, since the beginning."""
    day, clock = text.rstrip("Z").split("T")
    hours, minutes, seconds = clock.split(":")
    return round(((int(day[-2:]) - 1) * 86400 + int(hours) * 3600 + int(minutes) * 60
                  + float(seconds)) * 1e6)


def check_generator(folder):
    """The generator's ways of making values, over 100,000 rows."""
    made = rows(folder, "g", "generator", f"      rows: {ROWS}\n      seed: 5\n      fields:{FIELDS}")
    tap.equal("as many rows as asked for", len(made), ROWS)
    counts = collections.Counter(row["i"] for row in made)
    tap.equal("uniform: all values, no others", sorted(counts), list(range(-50, 50)))
    tap.ok("uniform: equally often", max(abs(n - ROWS / 100) for n in counts.values()) < 200, counts)
    near("uniform: floats in their range", share(made, lambda r: 1.5 <= r["f"] < 2.5), 1, 0)
    near("uniform: their mean", sum(r["f"] for r in made) / ROWS, 2, 0.01)
    tap.equal("choice: all values, no others", sorted({r["c"] for r in made}), ["a", "b", "c,d"])
    near("choice: equally often", share(made, lambda r: r["c"] == "b"), 1 / 3, 0.01)
    harmonic = sum(1 / k for k in range(1, 1001))
    for k in (0, 1, 9, 99):
        near(f"zipf: value {k}", share(made, lambda r, k=k: r["z"] == k), 1 / (k + 1) / harmonic, 0.004)
    near("zipf: no others", share(made, lambda r: 0 <= r["z"] < 1000), 1, 0)
    near("probability", share(made, lambda r: r["b"]), 0.2, 0.01)
    lengths = collections.Counter(len(r["w"]) for r in made)
    tap.equal("letters: all lengths, no others", sorted(lengths), [2, 3, 4, 5])
    near("letters: equally often", lengths[3] / ROWS, 0.25, 0.01)
    letters = collections.Counter("".join(r["w"] for r in made))
    tap.equal("letters: a to z", "".join(sorted(letters)), "abcdefghijklmnopqrstuvwxyz")
    near("letters: equally often, each", min(letters.values()) / max(letters.values()), 1, 0.1)
    near("nulls", share(made, lambda r: r["n"] is None), 0.25, 0.01)
    near("nulls: the others are uniform", share(made, lambda r: r["n"] == 3), 0.075, 0.005)
    near("decimals", share(made, lambda r: 0 <= r["d"] <= 0.99), 1, 0)
    early = [i * 1000000 - microseconds(r["t"]) for i, r in enumerate(made) if i >= 10]
    near("times: early by 10 s at most", share(early, lambda e: 0 <= e <= 10000000), 1, 0)
    near("times: by 5 s on average", sum(early) / len(early), 5e6, 5e4)
    other = rows(folder, "h", "generator", f"      rows: 1000\n      seed: 6\n      fields:{FIELDS}")
    near("another seed, other rows", share(list(zip(other, made)), lambda p: p[0]["i"] == p[1]["i"]), 0.01, 0.02)


def event(kind, i):
    """The number of the i-th event of a kind."""
    return {"person": i * 50, "auction": i // 3 * 50 + 1 + i % 3, "bid": i // 46 * 50 + 4 + i % 46}[kind]


def time_of(n):
    """Event time of event n, as text."""
    ms = 23 * 3600000 + 50 * 60000 + 12 * n
    day, ms = 1 + ms // 86400000, ms % 86400000
    return (f"2026-03-{day:02d}T{ms // 3600000:02d}:{ms // 60000 % 60:02d}:{ms // 1000 % 60:02d}"
            + (f".{ms % 1000:03d}000" if ms % 1000 else "") + "Z")


def check_nexmark(folder):
    """Nexmark's events against the rules in tests/data/nexmark/README."""
    made = {kind: rows(folder, kind, "nexmark", f"      events: 100000\n      kind: {kind}")
            for kind in ("person", "auction", "bid")}
    persons, auctions, bids = made["person"], made["auction"], made["bid"]
    tap.equal("nexmark: 1 person, 3 auctions, 46 bids", [len(persons), len(auctions), len(bids)],
              [2000, 6000, 92000])
    for kind, events in made.items():
        tap.ok(f"{kind}: event times", all(e["dateTime"] == time_of(event(kind, i))
                                           for i, e in enumerate(events)))
        tap.ok(f"{kind}: extra", all(4 <= len(e["extra"]) <= 12 for e in events))
    tap.equal("person: ids", [p["id"] for p in persons], list(range(1000, 3000)))
    tap.equal("auction: ids", [a["id"] for a in auctions], list(range(1000, 7000)))
    tap.equal("person: states", sorted({p["state"] for p in persons}), ["AZ", "CA", "ID", "OR", "WA", "WY"])
    tap.equal("person: cities", len({p["city"] for p in persons}), 10)
    tap.equal("auction: categories", sorted({a["category"] for a in auctions}), [10, 11, 12, 13, 14])
    near("auction: the reserve is above the initial bid",
         share(auctions, lambda a: a["reserve"] >= a["initialBid"] + 100), 1, 0)

    def cold_persons(n):
        count = n // 50 + 1
        return range(1000 + max(count - 1000, 0), 1000 + count + 10)

    hot = [(a["seller"] == 1000 + event("auction", i) // 50 // 100 * 100, a["seller"] in
            cold_persons(event("auction", i))) for i, a in enumerate(auctions)]
    near("auction: 3/4 hot sellers", share(hot, lambda h: h[0]), 0.75, 0.02)
    near("auction: the others are of late", share(hot, any), 1, 0)
    hot = [(b["bidder"] == 1001 + event("bid", i) // 50 // 100 * 100, b["bidder"] in
            cold_persons(event("bid", i))) for i, b in enumerate(bids)]
    near("bid: 3/4 hot bidders", share(hot, lambda h: h[0]), 0.75, 0.01)
    near("bid: the others are of late", share(hot, any), 1, 0)
    hot = []
    for i, bid in enumerate(bids):
        latest = event("bid", i) // 50 * 3 + 2
        hot.append((bid["auction"] == 1000 + latest // 100 * 100,
                    1000 + max(latest - 100, 0) <= bid["auction"] <= 1000 + latest + 10))
    near("bid: 1/2 hot auctions", share(hot, lambda h: h[0]), 0.5 + 0.5 / 111, 0.01)
    near("bid: the others are of late", share(hot, any), 1, 0)
    near("bid: prices", share(bids, lambda b: 100 <= b["price"] <= 100000000), 1, 0)
    near("bid: a third below 10,000", share(bids, lambda b: b["price"] < 10000), 1 / 3, 0.01)
    check_channels(bids)
    check_all(folder, made)


def check_channels(bids):
    """Half of the bids come by one of four channels; each channel has one url."""
    urls = collections.defaultdict(set)
    for bid in bids:
        urls[bid["channel"]].add(bid["url"])
    known = ["Apple", "Baidu", "Facebook", "Google"]
    near("bid: half by well-known channels", share(bids, lambda b: b["channel"] in known), 0.5, 0.01)
    near("bid: a quarter of those each", share(bids, lambda b: b["channel"] == "Apple"), 0.125, 0.01)
    near("bid: one url per channel", max(map(len, urls.values())), 1, 0)
    others = {name: next(iter(url)) for name, url in urls.items() if name not in known}
    near("bid: 9/10 of the urls have a number", share(list(others.values()), lambda u: "&channel_id=" in u),
         0.9, 0.01)
    tap.ok("bid: and it is the channel's", all(
        int(url.split("=")[-1]) == int(f"{int(name.split('-')[1]):032b}"[::-1], 2) & 0x7FFFFFFF
        for name, url in others.items() if "&channel_id=" in url))
    tap.ok("bid: urls have five parts", all(url.count("/") == 6 for url in others.values()))


def check_all(folder, made):
    """kind: all has the same events, each in the fields of its kind."""
    names = {"person": {"id": "person_id"}, "auction": {"id": "auction_id"}, "bid": {}}
    together = rows(folder, "all", "nexmark", "      events: 100000\n      kind: all")
    places, wrong = {"person": 0, "auction": 0, "bid": 0}, 0
    for row in together:
        kind = ("person", "auction", "bid")[row["event_type"]]
        want = {names[kind].get(k, k): v for k, v in made[kind][places[kind]].items()}
        want["event_type"] = row["event_type"]
        places[kind] += 1
        wrong += {k: v for k, v in row.items() if v is not None} != want
    tap.equal("all: the same events", [len(together), wrong], [100000, 0])


def main():
    """Both sources."""
    with tempfile.TemporaryDirectory(prefix="streamd-generator-") as folder:
        check_generator(folder)
        check_nexmark(folder)
    tap.done_testing()


if __name__ == "__main__":
    main()
