/* The operators filter, select and unnest in the test harness. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* ---- filter ------------------------------------------------------------------------------- */

static void filter_keeps_what_is_true(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-filter",
                                                           .input = "k: string, n: int64|null",
                                                           .config = "where: n > 2"});

    (void)state;
    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    harness_send(h, "@1 | a | 1\n@2 | b | 3\n@3 | c | null\n@4 | d | 4\n");
    harness_expect(h, 0, "+ @2 | b | 3\n+ @4 | d | 4\n");
    harness_send(h, "@1 | a | 1\n");
    harness_expect(h, 0, "");
    harness_free(h);
}

static void filter_rejects_rows_with_errors(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-filter",
                                                           .input = "k: string, n: int64",
                                                           .config = "where: 10 / n > 2"});

    (void)state;
    harness_send(h, "a | 1\nb | 0\nc | 9\ne | 2\n");
    harness_expect(h, 0, "+ @0 | a | 1\n+ @0 | e | 2\n");
    assert_non_null(strstr(harness_rejects(h), "1 SD5102 "));
    harness_free(h);
}

static void filter_splits_updates(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-filter",
                                                           .input = "k: string, n: int64",
                                                           .changelog = STREAMD_RETRACT,
                                                           .config = "where: n > 2"});

    (void)state;
    assert_int_equal(harness_changelog(h), STREAMD_RETRACT);
    harness_send(h, "+ a | 1\n< a | 1\n> a | 3\n< a | 3\n> a | 4\n< a | 4\n> a | 0\n"
                    "- a | 0\n+ b | 5\n- b | 5\n");
    harness_expect(h, 0,
                   "+ @0 | a | 3\n- @0 | a | 3\n+ @0 | a | 4\n- @0 | a | 4\n"
                   "+ @0 | b | 5\n- @0 | b | 5\n");
    harness_free(h);
}

/* A consumer that applies these rows by key has what passes, whatever it had before. */
static void filter_deletes_what_passes_no_more(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-filter",
                                                           .input = "k: string, n: int64",
                                                           .upsert = "k",
                                                           .changelog = STREAMD_UPSERT,
                                                           .config = "where: 10 / n > 2"});

    (void)state;
    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "k");
    harness_send(h, "+ a | 1\n+ b | 9\n> a | 2\n> a | 9\n> b | 3\n- a | 0\n> c | 0\n");
    harness_expect(h, 0, "+ @0 | a | 1\n> @0 | a | 2\n- @0 | a | 9\n> @0 | b | 3\n- @0 | a | 0\n");
    assert_non_null(strstr(harness_rejects(h), "6 SD5102 "));
    harness_send(h, "- a | 0\n- b | 0\n");
    harness_expect(h, 0, "- @0 | a | 0\n- @0 | b | 0\n");
    harness_free(h);
}

static void filter_needs_a_condition(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-filter",
                                                           .input = "k: string, n: int64",
                                                           .config = "where: n + 1",
                                                           .keep_errors = 1});

    (void)state;
    assert_non_null(strstr(harness_message(h), "SD2131"));
    harness_free(h);
}

/* ---- select ------------------------------------------------------------------------------- */

/* The output, for one input row, of a select with this configuration. */
static void selects(const char *config, const char *want)
{
    struct harness *h = harness_new(&(struct harness_spec){
        .plugin = "operator-select", .input = "a: int64, b: string, c: int64", .config = config});

    harness_send(h, "@1 | 1 | x | 3\n");
    harness_expect(h, 0, want);
    harness_free(h);
}

static void select_makes_and_keeps_fields(void **state)
{
    (void)state;
    selects("fields: {s: a + c, b: b}", "+ @1 | 4 | x\n");
    selects("fields: {a: b, b: a}", "+ @1 | x | 1\n");
    selects("keep: all", "+ @1 | 1 | x | 3\n");
    selects("drop: [b]", "+ @1 | 1 | 3\n");
    selects("keep: all\nfields: {s: a + c}", "+ @1 | 1 | x | 3 | 4\n");
    selects("keep: all\nfields: {b: a + c}", "+ @1 | 1 | 4 | 3\n");
    selects("drop: [a]\nfields: {s: a + c}", "+ @1 | x | 3 | 4\n");
    selects("drop: [b]\nfields: {b: a + c}", "+ @1 | 1 | 3 | 4\n");
    selects("keep: none\nfields: {c: c}", "+ @1 | 3\n");
}

static void select_leaves_out_rows_with_errors(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-select",
                                                           .input = "n: int64",
                                                           .config = "keep: all\n"
                                                                     "fields: {r: 10 / n}"});

    (void)state;
    harness_send(h, "5\n0\n2\n");
    harness_expect(h, 0, "+ @0 | 5 | 2\n+ @0 | 2 | 5\n");
    assert_non_null(strstr(harness_rejects(h), "1 SD5102 "));
    harness_free(h);
}

static void select_passes_changes(void **state)
{
    struct harness *h =
        harness_new(&(struct harness_spec){.plugin = "operator-select",
                                           .input = "k: string, n: int64",
                                           .upsert = "k",
                                           .changelog = STREAMD_UPSERT,
                                           .config = "fields: {twice: 2 * n, id: k}"});

    (void)state;
    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "id");
    harness_send(h, "+ a | 1\n> a | 2\n- a | 2\n");
    harness_expect(h, 0, "+ @0 | 2 | a\n> @0 | 4 | a\n- @0 | 4 | a\n");
    harness_free(h);
}

static void select_says_what_is_wrong(void **state)
{
    static const struct {
        const char *config, *code;
        uint32_t changelog;
    } cases[] = {{"keep: none\ndrop: [k]", "SD2134", STREAMD_APPEND},
                 {"drop: [k, n]", "SD2135", STREAMD_APPEND},
                 {"fields: {n: n}", "SD2133", STREAMD_UPSERT},
                 {"fields: {k: k || 'x', n: n}", "SD2133", STREAMD_UPSERT}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-select",
                                                               .input = "k: string, n: int64",
                                                               .upsert = "k",
                                                               .changelog = cases[i].changelog,
                                                               .config = cases[i].config,
                                                               .keep_errors = 1});

        if (!strstr(harness_message(h), cases[i].code))
            assert_string_equal(harness_message(h), cases[i].code);
        harness_free(h);
    }
}

/* ---- unnest ------------------------------------------------------------------------------- */

/* In every size of batches, and with outputs that are full after each. */
static void unnests(const char *rows, const char *want, const char *rejects)
{
    static const uint32_t sizes[] = {1, 2, 3, 2048};

    for (size_t i = 0; i < 8; i++) {
        struct harness *h =
            harness_new(&(struct harness_spec){.plugin = "operator-unnest",
                                               .input = "k: string|null, j: json|null, n: int64",
                                               .config = "field: j\nas: e",
                                               .batch_rows = sizes[i / 2],
                                               .room = i % 2});

        harness_send(h, rows);
        harness_expect(h, 0, want);
        if (rejects)
            assert_non_null(strstr(harness_rejects(h), rejects));
        else
            assert_string_equal(harness_rejects(h), "");
        harness_free(h);
    }
}

static void unnest_gives_a_row_per_element(void **state)
{
    (void)state;
    unnests("@1 | a | [1,2,3] | 7\n@2 | null | [] | 8\n@3 | b | null | 9\n@4 | null | [ 4 ] | 10\n",
            "+ @1 | a | 1 | 7\n+ @1 | a | 2 | 7\n+ @1 | a | 3 | 7\n+ @4 | null | 4 | 10\n", NULL);
    unnests("@1 | a | [] | 7\n@1 | a | [ ] | 7\n", "", NULL);
}

static void unnest_knows_nested_values(void **state)
{
    (void)state;
    unnests("a | [{\"x\": [1, 2], \"y\": \"],[\"}, \"a,b\", \"\\\\\\\"]\", null, true, [[]]] | 1\n",
            "+ @0 | a | {\"x\": [1, 2], \"y\": \"],[\"} | 1\n+ @0 | a | \"a,b\" | 1\n"
            "+ @0 | a | \"\\\\\\\"]\" | 1\n+ @0 | a | null | 1\n+ @0 | a | true | 1\n"
            "+ @0 | a | [[]] | 1\n",
            NULL);
    unnests("a | \t[ 1 ,\t2 ]  | 1\n", "+ @0 | a | 1 | 1\n+ @0 | a | 2 | 1\n", NULL);
}

static void unnest_rejects_other_values(void **state)
{
    (void)state;
    unnests("a | {\"x\": 1} | 1\nb | [1] | 2\n", "+ @0 | b | 1 | 2\n",
            "0 SD5003 field 'j' is not a JSON array");
    unnests("a | \"text\" | 1\n", "", "0 SD5003 field 'j' is not a JSON array");
    unnests("a | [1, | 1\n", "", "0 SD5001 field 'j' is not valid JSON");
    unnests("a | [1}, 2] | 1\n", "", "0 SD5001 field 'j' is not valid JSON");
    unnests("a | [1] 2 | 1\n", "", "0 SD5001 field 'j' is not valid JSON");
    unnests("a | [1,,2] | 1\n", "", "0 SD5001 field 'j' is not valid JSON");
    unnests("a | [\"x | 1\n", "", "0 SD5001 field 'j' is not valid JSON");
}

static void unnest_splits_updates(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-unnest",
                                                           .input = "k: string, j: json",
                                                           .changelog = STREAMD_RETRACT,
                                                           .config = "field: j"});

    (void)state;
    assert_int_equal(harness_changelog(h), STREAMD_RETRACT);
    harness_send(h, "+ a | [1]\n< a | [1]\n> a | [1,2]\n- a | [1,2]\n");
    harness_expect(h, 0,
                   "+ @0 | a | 1\n- @0 | a | 1\n+ @0 | a | 1\n+ @0 | a | 2\n"
                   "- @0 | a | 1\n- @0 | a | 2\n");
    harness_free(h);
}

static void unnest_says_what_is_wrong(void **state)
{
    static const char *const cases[][2] = {
        {"field: k", "SD2136"}, {"field: j\nas: k", "SD2137"}, {"field: x", "'x'"}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-unnest",
                                                               .input = "k: string, j: json",
                                                               .config = cases[i][0],
                                                               .keep_errors = 1});

        if (!strstr(harness_message(h), cases[i][1]))
            assert_string_equal(harness_message(h), cases[i][1]);
        harness_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filter_keeps_what_is_true),
        cmocka_unit_test(filter_rejects_rows_with_errors),
        cmocka_unit_test(filter_splits_updates),
        cmocka_unit_test(filter_deletes_what_passes_no_more),
        cmocka_unit_test(filter_needs_a_condition),
        cmocka_unit_test(select_makes_and_keeps_fields),
        cmocka_unit_test(select_leaves_out_rows_with_errors),
        cmocka_unit_test(select_passes_changes),
        cmocka_unit_test(select_says_what_is_wrong),
        cmocka_unit_test(unnest_gives_a_row_per_element),
        cmocka_unit_test(unnest_knows_nested_values),
        cmocka_unit_test(unnest_rejects_other_values),
        cmocka_unit_test(unnest_splits_updates),
        cmocka_unit_test(unnest_says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
