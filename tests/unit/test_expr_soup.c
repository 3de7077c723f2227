/*
 * Texts that nobody writes: random tokens, deep nesting, long texts, and every allocation failing
 * once. Nothing may crash or leak, and every refusal has a place inside the text.
 */
#include "expr.h"

#include "base/memory.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SOUPS = 20000 };

static const char *const tokens[] = {"i",
                                     "k",
                                     "x",
                                     "d",
                                     "s",
                                     "p",
                                     "b",
                                     "t",
                                     "day",
                                     "j",
                                     "z",
                                     "nope",
                                     "\"i\"",
                                     "\"",
                                     "'",
                                     "''",
                                     "'a'",
                                     "'%a'",
                                     "'2024-01-01'",
                                     "'{\"a\":1}'",
                                     "0",
                                     "1",
                                     "-1",
                                     "7",
                                     "1.5",
                                     "1e400",
                                     "9223372036854775807",
                                     "99999999999999999999999999999999999999999",
                                     "NULL",
                                     "TRUE",
                                     "FALSE",
                                     "+",
                                     "-",
                                     "*",
                                     "/",
                                     "%",
                                     "^",
                                     "||",
                                     "=",
                                     "<>",
                                     "<",
                                     ">=",
                                     "!=",
                                     "AND",
                                     "OR",
                                     "NOT",
                                     "IS",
                                     "IS NULL",
                                     "IS NOT DISTINCT FROM",
                                     "IN",
                                     "BETWEEN",
                                     "LIKE",
                                     "ILIKE",
                                     "ESCAPE",
                                     "~",
                                     "!~*",
                                     "CASE",
                                     "WHEN",
                                     "THEN",
                                     "ELSE",
                                     "END",
                                     "(",
                                     ")",
                                     "(",
                                     ")",
                                     ",",
                                     ";",
                                     ".",
                                     "::",
                                     "CAST",
                                     "AS",
                                     "int",
                                     "text",
                                     "numeric(10,2)",
                                     "timestamp",
                                     "json",
                                     "interval",
                                     "bytea",
                                     "->",
                                     "->>",
                                     "#>",
                                     "@>",
                                     "AT TIME ZONE",
                                     "coalesce(",
                                     "nullif(",
                                     "greatest(",
                                     "abs(",
                                     "round(",
                                     "sum(",
                                     "count(*)",
                                     "FILTER (WHERE",
                                     "DISTINCT",
                                     "OVER ()",
                                     "ARRAY[",
                                     "]",
                                     "ANY",
                                     "ALL",
                                     "$1",
                                     "$$x$$",
                                     "--",
                                     "/*",
                                     "*/",
                                     "\n",
                                     "\xc3\xa4",
                                     "\xff",
                                     "@",
                                     "#",
                                     "&",
                                     "<<",
                                     "SELECT",
                                     "FROM",
                                     "interval '1 day'",
                                     "date '2024-02-30'",
                                     "current_date",
                                     "user",
                                     "E'\\x41'",
                                     "U&'\\0041'",
                                     "B'1'",
                                     "X'1f'",
                                     "COLLATE \"C\"",
                                     "extract(epoch from",
                                     "position(",
                                     "trim(both"};

static uint64_t state_of_random = 88172645463325252u;

static unsigned next_below(unsigned n)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return (unsigned)(state_of_random >> 33) % n;
}

static void make_table(struct expr_test *t)
{
    static const char *const rows[][11] = {
        {"1", "2", "1.5", "2.50", "abc", NULL, "t", "2024-01-01", "2024-01-01", "{\"a\": [1]}",
         "61"},
        {"0", NULL, "NaN", "-1.00", "", "x", "f", "1969-12-31", "1900-02-28", "[]", ""},
    };

    expr_test_init(t);
    expr_test_field(t, "i", "int64");
    expr_test_field(t, "k", "int64|null");
    expr_test_field(t, "x", "float64");
    expr_test_field(t, "d", "decimal(10,2)");
    expr_test_field(t, "s", "string");
    expr_test_field(t, "p", "string|null");
    expr_test_field(t, "b", "bool");
    expr_test_field(t, "t", "timestamp");
    expr_test_field(t, "day", "date");
    expr_test_field(t, "j", "json");
    expr_test_field(t, "z", "bytes");
    for (size_t i = 0; i < 2; i++)
        expr_test_row(t, rows[i]);
}

static void check_problems(const struct expr_problems *p, size_t length)
{
    assert_true(p->count > 0 && p->count <= EXPR_MAX_PROBLEMS);
    for (uint32_t i = 0; i < p->count; i++) {
        assert_true(p->items[i].offset <= length);
        assert_true(p->items[i].offset + p->items[i].length <= length);
        assert_non_null(p->items[i].message);
        assert_true(p->items[i].code >= EXPR_SYNTAX && p->items[i].code <= EXPR_NOT_GROUPED);
        assert_true(i == 0 || p->items[i].offset >= p->items[i - 1].offset);
    }
}

/* Compiles, and evaluates what compiles, in both ways. 1 where it compiled. */
static int try_text(struct expr_test *t, const char *text, size_t length)
{
    struct expr_scope scope = {&t->store, t->registry, &t->schema, NULL, NULL};
    const struct streamd_expr *e;
    int rc = expr_compile(&scope, text, length, &e, &t->problems);

    if (rc) {
        assert_int_equal(rc, STREAMD_E_INVALID);
        check_problems(&t->problems, length);
        return 0;
    }
    expr_test_reset(t);
    expr_test_eval(t, e);
    expr_test_reset(t);
    if (e->type.id == STREAMD_BOOL)
        assert_int_equal(expr_filter(t->ev, e, t->batch), 0);
    return 1;
}

static void random_tokens(void **state)
{
    struct expr_test t;
    unsigned compiled = 0;

    (void)state;
    make_table(&t);
    for (int i = 0; i < SOUPS; i++) {
        char text[1024];
        size_t length = 0;
        unsigned n = 1 + next_below(next_below(4) ? 6 : 24);

        for (unsigned k = 0; k < n; k++)
            length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
                                       next_below(8) ? " " : "",
                                       tokens[next_below(sizeof(tokens) / sizeof(tokens[0]))]);
        compiled += (unsigned)try_text(&t, text, length);
        if (i % 100 == 0)
            expr_store_clear(&t.store);
    }
    print_message("# %u of %d compiled\n", compiled, SOUPS);
    assert_true(compiled > SOUPS / 100);
    expr_test_clear(&t);
}

/* Good expressions with a byte changed, taken out or doubled. */
static void mutated_texts(void **state)
{
    static const char *const good[] = {
        "CASE WHEN i > 0 AND s IN ('a', 'abc') THEN d * 1.5 ELSE coalesce(k, 0) END",
        "t + interval '1 day 02:00' > day AND (j -> 'a' ->> 0)::int BETWEEN 1 AND 7",
        "s || x::text LIKE '%a\\_%' ESCAPE '!' OR p ~* '^x+$' AND k IS NOT DISTINCT FROM i",
        "'2024-02-29 12:00'::timestamp AT TIME ZONE '+02' = t OR 'P1DT2H'::interval > '1 day'",
    };
    struct expr_test t;

    (void)state;
    make_table(&t);
    for (int i = 0; i < SOUPS / 2; i++) {
        const char *from = good[next_below(4)];
        size_t length = strlen(from), at = next_below((unsigned)length);
        char text[256];

        memcpy(text, from, length);
        switch (next_below(4)) {
        case 0:
            text[at] = (char)next_below(256);
            break;
        case 1:
            memmove(text + at, text + at + 1, --length - at);
            break;
        case 2:
            memmove(text + at + 1, text + at, length++ - at);
            break;
        default:
            length = at;
            break;
        }
        try_text(&t, text, length);
        if (i % 100 == 0)
            expr_store_clear(&t.store);
    }
    expr_test_clear(&t);
}

/* `before` and `after` n times around `middle`. */
static char *nested(const char *before, const char *middle, const char *after, size_t n)
{
    size_t b = strlen(before), a = strlen(after), m = strlen(middle);
    char *text = malloc(n * (a + b) + m + 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++) {
        memcpy(text + i * b, before, b);
        memcpy(text + n * b + m + i * a, after, a);
    }
    memcpy(text + n * b, middle, m);
    text[n * (a + b) + m] = '\0';
    return text;
}

static void deep_nesting_is_refused(void **state)
{
    static const char *const shapes[][3] = {
        {"NOT ", "b", ""},          {"- ", "i", ""},
        {"i + ", "i", ""},          {"(", "i", " + i)"},
        {"abs(", "i", ")"},         {"(", "i", ")"},
        {"s || ", "s", ""},         {"CASE WHEN b THEN ", "i", " END"},
        {"coalesce(k, ", "i", ")"}, {"i = ", "i", ""},
        {"", "i", "::int"},         {"", "b", " IS TRUE"},
        {"ARRAY[", "i", "]"},       {"((b AND ", "b", ") OR b)"},
    };
    static const size_t depths[] = {10, 100, 380, 1000, 4000};
    struct expr_test t;

    (void)state;
    make_table(&t);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t k = 0; k < sizeof(depths) / sizeof(depths[0]); k++) {
            char *text = nested(shapes[i][0], shapes[i][1], shapes[i][2], depths[k]);
            int ok = try_text(&t, text, strlen(text));

            if (depths[k] == 100 && (i < 2 || i == 6))
                assert_int_equal(ok, 1);
            if (depths[k] >= 1000 && i != 5)
                assert_int_equal(ok, 0);
            free(text);
        }
        expr_store_clear(&t.store);
    }
    expr_test_clear(&t);
}

static void long_texts(void **state)
{
    static const char tail[] = ")                                                  ";
    struct expr_test t;
    char *text = nested("", "i IN (1", ",2", 4080);
    char *longest = malloc(EXPR_MAX_LENGTH + 64);

    (void)state;
    assert_non_null(longest);
    make_table(&t);
    snprintf(longest, EXPR_MAX_LENGTH + 64, "%s%s", text, tail);
    assert_int_equal(try_text(&t, longest, EXPR_MAX_LENGTH), 1);
    assert_int_equal(try_text(&t, longest, EXPR_MAX_LENGTH + 1), 0);
    assert_int_equal(t.problems.items[0].code, EXPR_LIMIT);
    assert_int_equal(try_text(&t, text, strlen(text)), 0);
    assert_int_equal(try_text(&t, "", 0), 0);
    free(text);
    free(longest);
    expr_test_clear(&t);
}

/* A constant is not computed at plan time at any price. */
static void large_constants_wait(void **state)
{
    struct expr_test t;
    const struct streamd_expr *e;

    (void)state;
    make_table(&t);
    e = expr_test_compile(&t, "length(repeat('x', 1000000000)) > i");
    assert_non_null(e);
    assert_true(t.store.arena.bytes < 1 << 20);
    e = expr_test_compile(&t, "repeat('x', 3)");
    assert_int_equal(e->constant, 1);
    expr_test_clear(&t);
}

/* Makes each allocation of a compilation fail once. */
static void every_allocation_fails(void **state)
{
    static const char *const texts[] = {
        "CASE WHEN i > 0 AND s IN ('a', 'abc', k::text) THEN d * 1.5 ELSE coalesce(k, 0) END",
        "s LIKE 'a%' OR p ~ '^x' OR i IN (1,2,3,4,5,6,7,8,9,10) OR j #>> '{a,0}' = 'x'",
        "amout + nope(1) + (s + i)",
        "t + interval '1 day' > '2024-01-01' AND x BETWEEN 1 AND k + i",
    };
    struct expr_test t;

    (void)state;
    make_table(&t);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct expr_scope scope = {&t.store, t.registry, &t.schema, NULL, NULL};
        uint64_t n = 0;
        int rc;

        do {
            const struct streamd_expr *e;

            expr_store_clear(&t.store);
            memory_fail_at(++n, 0);
            rc = expr_compile(&scope, texts[i], strlen(texts[i]), &e, &t.problems);
            memory_fail_at(0, 0);
            assert_true(rc == 0 || rc == STREAMD_E_NOMEM || rc == STREAMD_E_INVALID);
        } while (rc == STREAMD_E_NOMEM);
        assert_true(n > 3);
        assert_int_equal(rc, i == 2 ? STREAMD_E_INVALID : 0);
    }
    expr_test_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_tokens),           cmocka_unit_test(mutated_texts),
        cmocka_unit_test(deep_nesting_is_refused), cmocka_unit_test(long_texts),
        cmocka_unit_test(large_constants_wait),    cmocka_unit_test(every_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
