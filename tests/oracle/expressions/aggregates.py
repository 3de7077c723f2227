"""Aggregates over the table of values, grouped by `g`: the text for streamd and, where it must say more, for
PostgreSQL (an aggregate that depends on order gets the order of arrival, which is that of `id`).
"""
NUMBERS = ["i1", "n", "f1", "d1", "d2"]
QUIET = "f1 <> 'NaN' AND abs(f1) < 1e9"  # the floats of which sums and squares stay finite


def aggregates():
    """(streamd, PostgreSQL) pairs, each once, in a fixed order."""
    yield same("count(*)")
    yield same("count(*) FILTER (WHERE b1)")
    yield same("count(*) FILTER (WHERE i1 > 1000000000000000)")
    for column in NUMBERS + ["b1", "s1", "y1", "t1", "a1", "j1"]:
        yield same(f"count({column})")
    for column in ["i1", "n", "f1", "d1", "s1", "b1", "t1", "a1", "y1"]:
        yield same(f"count(DISTINCT {column})")
        yield same(f"count(DISTINCT {column}) FILTER (WHERE b2)")
    for column in NUMBERS:
        for name in ("min", "max") if column == "f1" else ("sum", "avg", "min", "max"):
            yield same(f"{name}({column})")
            yield same(f"{name}({column}) FILTER (WHERE b2)")
        for name in ("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"):
            yield same(f"{name}({column}) FILTER (WHERE {QUIET})" if column == "f1" else f"{name}({column})")
        yield same(f"sum({column}) FILTER (WHERE false)")
    for name in ("sum", "avg"):
        yield same(f"{name}(f1) FILTER (WHERE {QUIET})")
        yield same(f"{name}(f1) FILTER (WHERE f1 = 'NaN' OR f1 = 'Infinity' OR f1 = 1)")
        yield same(f"{name}(n * 2 + 1)")
        yield same(f"{name}(CASE WHEN b1 THEN n ELSE 0 END)")
    for column in ("s1", "s2", "t1", "a1"):
        yield same(f"min({column})")
        yield same(f"max({column})")
        yield same(f"max({column}) FILTER (WHERE n > 0)")
    for name in ("bool_and", "bool_or"):
        yield same(f"{name}(b1)")
        yield same(f"{name}(i1 > n)")
        yield same(f"{name}(b2) FILTER (WHERE b1)")
    for argument in ("s1, ','", "s2, ''", "upper(s1), ' | '"):
        yield f"string_agg({argument})", f"string_agg({argument} ORDER BY id)"
        yield (f"string_agg({argument}) FILTER (WHERE b1)",
               f"string_agg({argument} ORDER BY id) FILTER (WHERE b1)")
    yield same("string_agg(s1, ',' ORDER BY s1)")
    for column in ("i1", "s1", "b1", "d2", "n"):
        yield f"array_agg({column})", f"array_agg({column} ORDER BY id)"
        yield (f"array_agg({column}) FILTER (WHERE n > 0)",
               f"array_agg({column} ORDER BY id) FILTER (WHERE n > 0)")


def same(text):
    return text, text
