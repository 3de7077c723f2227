/* Windows that do not go by time, and what bind says, in the test harness. */
#include "window_case.h"

#define COUNTED "select: {n: count(*), total: sum(v), first: first_value(v)}"

static struct harness *open_count(const char *backend, const char *config, uint32_t batch_rows)
{
    return harness_new(&(struct harness_spec){.plugin = "operator-window",
                                              .backend = backend,
                                              .input = "k: string|null, v: int64",
                                              .key_by = "k",
                                              .config = config,
                                              .batch_rows = batch_rows,
                                              .room = 1});
}

static void counted(void **state)
{
    for (uint32_t rows = 1; rows < 20; rows = rows * 2 + 1) {
        struct harness *h = open_count(*state, "window: {count: 3}\n" COUNTED, rows);

        assert_int_equal(harness_changelog(h), STREAMD_APPEND);
        /* The result's time is that of the latest of its rows. */
        harness_send(h, "@5 | a | 1\n@9 | b | 2\n@4 | a | 4\n@3 | a | 8\n@7 | a | 16\n"
                        "@8 | null | 1\n@8 | a | 32\n@2 | a | 64\n@9 | a | 128\n@1 | null | 2\n"
                        "@10 | null | 3\n");
        harness_expect_sorted(h, 0,
                              "+ @5 | a | 3 | 13 | 8\n"
                              "+ @8 | a | 3 | 112 | 64\n"
                              "+ @10 | null | 3 | 6 | 2\n");
        watermark(h, 1000);
        assert_int_equal(harness_counter(h, "discarded"), 0);
        harness_end(h);
        harness_expect(h, 0, "");
        assert_int_equal(harness_counter(h, "discarded"), 2);
        harness_free(h);
    }
}

static void every_row(void **state)
{
    struct harness *h = open_count(*state, "window: {count: 1}\n" COUNTED, 4);

    harness_send(h, "@1 | a | 1\n@2 | a | 2\n@3 | a | 3\n@4 | b | 4\n@5 | a | 5\n");
    harness_expect_sorted(h, 0,
                          "+ @1 | a | 1 | 1 | 1\n+ @2 | a | 1 | 2 | 2\n+ @3 | a | 1 | 3 | 3\n"
                          "+ @4 | b | 1 | 4 | 4\n+ @5 | a | 1 | 5 | 5\n");
    harness_end(h);
    assert_int_equal(harness_counter(h, "discarded"), 0);
    harness_free(h);
}

static void without_key_or_time(void **state)
{
    struct harness *h = harness_new(&(struct harness_spec){
        .plugin = "operator-window",
        .backend = *state,
        .input = "v: int64",
        .timeless = 1,
        .config = "window: {count: 2}\nselect: {n: count(*), total: sum(v)}"});

    harness_send(h, "1\n2\n4\n8\n16\n");
    harness_expect(h, 0, "+ 2 | 3\n+ 2 | 12\n");
    harness_end(h);
    harness_expect(h, 0, "");
    assert_int_equal(harness_counter(h, "discarded"), 1);
    harness_free(h);
}

static void global(void **state)
{
    struct harness *h = open_count(*state, "window: {global: true}\n" COUNTED, 2);

    harness_send(h, "@5 | a | 1\n@9 | b | 2\n@4 | a | 4\n@9 | c | 5\n@8 | c | 6\n");
    watermark(h, 1000);
    harness_expect(h, 0, "");
    harness_end(h);
    harness_expect_sorted(h, 0,
                          "+ @5 | a | 2 | 5 | 4\n+ @9 | b | 1 | 2 | 2\n"
                          "+ @9 | c | 2 | 11 | 6\n");
    harness_free(h);
}

static void global_early(void **state)
{
    struct harness *h = open_count(*state, "window: {global: true, early: 5s}\n" COUNTED, 0);

    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "k");
    harness_send(h, "@5 | a | 1\n@9 | b | 2\n");
    harness_clock(h, HARNESS_SECONDS(5));
    harness_expect_sorted(h, 0, "+ @5 | a | 1 | 1 | 1\n+ @9 | b | 1 | 2 | 2\n");
    harness_send(h, "@6 | a | 4\n");
    harness_clock(h, HARNESS_SECONDS(10));
    harness_expect(h, 0, "> @6 | a | 2 | 5 | 1\n");
    harness_reopen(h);
    harness_send(h, "@7 | b | 8\n");
    harness_end(h);
    harness_expect(h, 0, "> @9 | b | 2 | 10 | 8\n");
    harness_free(h);
}

/* ---- diagnostics ------------------------------------------------------------------------------
 */

static void refused_with(struct harness_spec spec, const char *code, const char *words)
{
    struct harness *h;

    spec.plugin = "operator-window";
    spec.input = "k: string, v: int64, doc: json|null";
    spec.keep_errors = 1;
    h = harness_new(&spec);
    if (!strstr(harness_message(h), code) || !strstr(harness_message(h), words))
        fail_msg("wanted %s and \"%s\" in \"%s\"", code, words, harness_message(h));
    harness_free(h);
}

static void refused(const char *window, const char *code, const char *words)
{
    char config[300];

    snprintf(config, sizeof(config), "window: {%s}\n%s", window, SELECT);
    refused_with((struct harness_spec){.key_by = "k", .config = config}, code, words);
}

static void bad_windows(void **state)
{
    (void)state;
    refused("offset: 1s", "SD2170", "not said which kind");
    refused("global: false", "SD2170", "not said which kind");
    refused("tumbling: 1s, session: 1s", "SD2170", "one kind");
    refused("sliding: 10s", "SD2171", "every");
    refused("tumbling: 10s, every: 1s", "SD2171", "every");
    refused("cumulative: 10s", "SD2171", "step");
    refused("session: 10s, step: 1s", "SD2171", "step");
    refused("sliding: 1s, every: 2s", "SD2172", "every");
    refused("cumulative: 10s, step: 3s", "SD2172", "step");
    refused("tumbling: 10s, offset: 10s", "SD2172", "offset");
    refused("sliding: 10s, every: 5s, offset: 5s", "SD2172", "offset");
    refused("session: 10s, offset: 1s", "SD2174", "offset");
    refused("count: 10, time: processing", "SD2174", "time");
    refused("count: 10, early: 1s", "SD2174", "early");
    refused("global: true, allowed_lateness: 1s", "SD2174", "allowed_lateness");
    refused("tumbling: 10s, time: processing, allowed_lateness: 1s", "SD2174", "allowed_lateness");
    refused("tumbling: 10s, early: 1s, emit: final", "SD2174", "emit");
    refused("sliding: 11s, every: 1ms", "SD2178", "10000");
    refused("cumulative: 11s, step: 1ms", "SD2178", "10000");
    refused("tumbling: 0s", "SD", "tumbling");
    refused("count: 0", "SD", "count");
    refused("tumblin: 1s", "SD1201", "tumbling");
}

static void bad_results(void **state)
{
    (void)state;
    refused("count: 10", "SD2175", "window_start");
    refused_with((struct harness_spec){.key_by = "k",
                                       .config = "window: {global: true}\n"
                                                 "select: {x: window_end - window_start}"},
                 "SD2175", "window_start");
    refused_with((struct harness_spec){.key_by = "k",
                                       .config = "window: {tumbling: 1s, early: 1s}\n"
                                                 "select: {n: count(*)}"},
                 "SD2176", "until: window_end");
    refused_with((struct harness_spec){.key_by = "k",
                                       .config = "window: {cumulative: 4s, step: 1s, early: 1s}\n"
                                                 "select: {from: window_start}"},
                 "SD2176", "until: window_end");
    refused_with((struct harness_spec){.config = "window: {global: true, early: 1s}\n"
                                                 "select: {n: count(*)}"},
                 "SD2176", "key_by");
    refused_with((struct harness_spec){.key_by = "k",
                                       .timeless = 1,
                                       .config = "window: {tumbling: 1s}\nselect: {n: count(*)}"},
                 "SD2173", "event_time");
    refused_with((struct harness_spec){.key_by = "k",
                                       .changelog = STREAMD_RETRACT,
                                       .config = "window: {tumbling: 1s}\nselect: {n: count(*)}"},
                 "SD2303", "");
}

/* All problems of a node are told at once. */
static void many_problems(void **state)
{
    (void)state;
    refused("tumbling: 10s, every: 1s, offset: 20s, early: 1s, emit: final", "SD2171", "SD2172");
    refused("tumbling: 10s, every: 1s, offset: 20s, early: 1s, emit: final", "SD2172", "SD2174");
}

static void memory_runs_out(void **state)
{
    static const char *const windows[] = {
        "tumbling: 10s", "sliding: 10s, every: 1s", "sliding: 10s, every: 1s, allowed_lateness: 5s",
        "session: 3s, allowed_lateness: 5s", "cumulative: 10s, step: 2s"};

    for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
        int failures = 0, successes = 0;

        for (size_t limit = 3000; limit < 16000000 && !successes; limit += limit / 4) {
            char config[200], rows[100 * 40] = "";
            struct harness *h;

            snprintf(config, sizeof(config), "window: {%s}\n%s", windows[i], SELECT);
            h = harness_new(&(struct harness_spec){.plugin = "operator-window",
                                                   .backend = *state,
                                                   .input = "k: string, v: int64",
                                                   .key_by = "k",
                                                   .config = config,
                                                   .batch_rows = 64,
                                                   .memory_limit = limit,
                                                   .keep_errors = 1});
            for (int k = 0; k < 100; k++)
                sprintf(rows + strlen(rows), "@%d | key-%d | 1\n", k, k % 37);
            if (!*harness_message(h) && !harness_send(h, rows) &&
                !harness_watermark(h, HARNESS_SECONDS(50)) && !harness_send(h, rows) &&
                !harness_end(h))
                successes++;
            else
                failures++;
            assert_true(successes || strstr(harness_message(h), "memory"));
            harness_free(h);
        }
        assert_true(failures > 0 && successes > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(counted),
        BOTH(every_row),
        BOTH(without_key_or_time),
        BOTH(global),
        BOTH(global_early),
        cmocka_unit_test(bad_windows),
        cmocka_unit_test(bad_results),
        cmocka_unit_test(many_problems),
        BOTH(memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
