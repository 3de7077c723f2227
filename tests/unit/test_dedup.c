/* The operator dedup in the test harness, on both state backends. */
#include "harness.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct harness *open_with(const char *backend, const char *config)
{
    return harness_new(&(struct harness_spec){.plugin = "operator-dedup",
                                              .backend = backend,
                                              .input = "k: string|null, n: int64",
                                              .key_by = "k",
                                              .config = config});
}

static void first_within(void **state)
{
    struct harness *h = open_with(*state, "within: 10s");

    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    harness_send(h, "@1 | a | 1\n@2 | b | 2\n@3 | a | 3\n@10.999999 | a | 4\n");
    harness_expect(h, 0, "+ @1 | a | 1\n+ @2 | b | 2\n");
    harness_send(h, "@11 | a | 5\n@20 | a | 6\n@21 | a | 7\n");
    harness_expect(h, 0, "+ @11 | a | 5\n+ @21 | a | 7\n");

    /* Earlier rows are judged by what passed around them. */
    harness_send(h, "@-9 | a | 8\n@-8.5 | a | 9\n@2 | a | 10\n@-19 | a | 11\n");
    harness_expect(h, 0, "+ @-9 | a | 8\n+ @-19 | a | 11\n");
    harness_free(h);
}

static void null_is_a_key(void **state)
{
    struct harness *h = open_with(*state, "keep: first");

    harness_send(h, "@1 | null | 1\n@1 |  | 2\n@1 | null | 3\n@99999 | null | 4\n");
    harness_expect(h, 0, "+ @1 | null | 1\n+ @1 |  | 2\n");
    harness_free(h);
}

static void keys_are_forgotten(void **state)
{
    struct harness *h = open_with(*state, "within: 10s");
    size_t bytes;

    harness_send(h, "@1 | a | 1\n@5 | b | 2\n");
    harness_watermark(h, HARNESS_SECONDS(10.999999));
    harness_send(h, "@1 | a | 3\n");
    harness_expect(h, 0, "+ @1 | a | 1\n+ @5 | b | 2\n");
    harness_expect(h, 1, "");

    harness_watermark(h, HARNESS_SECONDS(11));
    harness_send(h, "@1 | a | 4\n@1.000001 | a | 5\n@1 | b | 6\n@5 | b | 7\n@-3 | c | 8\n");
    harness_expect(h, 0, "+ @1.000001 | a | 5\n");
    harness_expect(h, 1, "+ @1 | a | 4\n+ @1 | b | 6\n+ @-3 | c | 8\n");
    assert_int_equal(harness_counter(h, "late"), 3);

    /* What is forgotten gives its memory back: a hundred rounds of new keys need that of one. */
    bytes = harness_bytes(h);
    for (int round = 0; round < 100; round++) {
        char rows[64 * 50] = "";

        for (int i = 0; i < 50; i++)
            sprintf(rows + strlen(rows), "@%d | key-%d-%d | %d\n", 20 + round * 20, round, i, i);
        harness_send(h, rows);
        harness_watermark(h, HARNESS_SECONDS(35 + round * 20));
    }
    assert_true(harness_bytes(h) < bytes + 50 * 400);
    assert_int_equal(harness_state_rows(h), 0);
    harness_take(h, 0);
    harness_expect(h, 1, "");
    harness_free(h);
}

/* More keys at once than one call forgets. */
static void many_are_forgotten(void **state)
{
    struct harness *h = open_with("state-memory", "within: 1s");
    char rows[64 * 1000];

    (void)state;
    for (int round = 0; round < 150; round++) {
        rows[0] = '\0';
        for (int i = 0; i < 1000; i++)
            sprintf(rows + strlen(rows), "@5 | %d-%d | 1\n", round, i);
        harness_send(h, rows);
    }
    assert_int_equal(harness_state_rows(h), 150000);
    harness_watermark(h, HARNESS_SECONDS(7));
    assert_int_equal(harness_state_rows(h), 0);
    harness_free(h);
}

/* A key that passes again before its first time is forgotten has both remembered, each as long. */
static void times_in_between(void **state)
{
    struct harness *h = open_with(*state, "within: 10s");

    harness_send(h, "@0 | a | 1\n@20 | a | 2\n@40 | a | 3\n@5 | a | 4\n@25 | a | 5\n@12 | a | 6\n");
    harness_expect(h, 0, "+ @0 | a | 1\n+ @20 | a | 2\n+ @40 | a | 3\n");
    harness_watermark(h, HARNESS_SECONDS(31));
    harness_send(h, "@29 | a | 7\n@30 | a | 8\n@22 | a | 9\n@49 | a | 10\n");
    harness_expect(h, 0, "+ @29 | a | 7\n");
    harness_watermark(h, HARNESS_SECONDS(45));
    harness_send(h, "@50 | a | 11\n@38.9 | a | 12\n");
    harness_expect(h, 0, "+ @50 | a | 11\n");
    harness_free(h);
}

static void last_by_event_time(void **state)
{
    struct harness *h = open_with(*state, "keep: last");

    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "k");
    harness_send(h, "@5 | a | 1\n@4 | a | 2\n@5 | a | 3\n@1 | b | 4\n@6 | a | 5\n");
    harness_expect(h, 0, "+ @5 | a | 1\n> @5 | a | 3\n+ @1 | b | 4\n> @6 | a | 5\n");
    harness_reopen(h);
    harness_send(h, "@5.9 | a | 6\n@7 | a | 7\n@1 | c | 8\n");
    harness_expect(h, 0, "> @7 | a | 7\n+ @1 | c | 8\n");
    harness_free(h);
}

static void last_within(void **state)
{
    struct harness *h = open_with(*state, "{keep: last, within: 10s}");

    harness_send(h, "@5 | a | 1\n@8 | a | 2\n@9 | b | 3\n");
    harness_watermark(h, HARNESS_SECONDS(17)); /* a was raised to 8 and is still remembered */
    harness_send(h, "@7.5 | a | 4\n@7 | a | 5\n");
    harness_expect(h, 0, "+ @5 | a | 1\n> @8 | a | 2\n+ @9 | b | 3\n");
    harness_expect(h, 1, "+ @7 | a | 5\n");
    harness_watermark(h, HARNESS_SECONDS(18));
    harness_send(h, "@20 | a | 6\n@20 | b | 7\n");
    harness_expect(h, 0, "+ @20 | a | 6\n> @20 | b | 7\n");
    harness_free(h);
}

static void without_event_time(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-dedup",
                                                           .backend = *state,
                                                           .input = "k: int64, n: int64",
                                                           .key_by = "k",
                                                           .timeless = 1,
                                                           .config = "keep: last"});

    harness_send(h, "1 | 1\n2 | 2\n1 | 3\n");
    harness_expect(h, 0, "+ 1 | 1\n+ 2 | 2\n> 1 | 3\n");
    harness_free(h);
}

/* The same rows in batches of any size give the same. */
static void batches_of_any_size(void **state)
{
    static const char *const configs[] = {"within: 10s", "keep: last", "{keep: last, within: 7s}"};
    char rows[200 * 40] = "";

    for (int i = 0; i < 200; i++)
        sprintf(rows + strlen(rows), "@%d | k%d | %d\n", i * 7919 % 97, i * 31 % 23, i);
    for (int c = 0; c < 3; c++) {
        char wanted[200 * 40] = "";

        for (uint32_t size = 1; size <= 300; size = size * 3 + 1) {
            struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-dedup",
                                                                   .backend = *state,
                                                                   .input = "k: string, n: int64",
                                                                   .key_by = "k",
                                                                   .config = configs[c],
                                                                   .batch_rows = size,
                                                                   .room = 1});

            harness_send(h, rows);
            if (size == 1)
                strcpy(wanted, harness_take(h, 0));
            else
                harness_expect(h, 0, wanted);
            harness_free(h);
        }
        assert_true(strlen(wanted) > 100);
    }
}

static void refused(struct harness_spec spec, const char *message)
{
    struct harness *h;

    spec.plugin = "operator-dedup";
    spec.input = "k: int64";
    spec.keep_errors = 1;
    h = harness_new(&spec);
    if (!strstr(harness_message(h), message))
        fail_msg("wanted \"%s\" in \"%s\"", message, harness_message(h));
    harness_free(h);
}

static void bad_options(void **state)
{
    (void)state;
    refused((struct harness_spec){.config = "keep: last"}, "error[SD2181]");
    refused((struct harness_spec){.key_by = "k", .timeless = 1, .config = "within: 1s"},
            "error[SD2182]");
    refused((struct harness_spec){.key_by = "k", .config = "keep: both"}, "keep");
    refused((struct harness_spec){.key_by = "k", .config = "within: 0s"}, "within");
    refused((struct harness_spec){.key_by = "k", .changelog = STREAMD_RETRACT, .config = "{}"},
            "error[SD2303]");
}

int main(void)
{
    static char memory[] = "state-memory", moving[] = "state-moving";
#define BOTH(test) cmocka_unit_test_prestate(test, memory), cmocka_unit_test_prestate(test, moving)
    const struct CMUnitTest tests[] = {
        BOTH(first_within),        BOTH(null_is_a_key),
        BOTH(keys_are_forgotten),  cmocka_unit_test(many_are_forgotten),
        BOTH(times_in_between),    BOTH(last_by_event_time),
        BOTH(last_within),         BOTH(without_event_time),
        BOTH(batches_of_any_size), cmocka_unit_test(bad_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
