/* Tumbling, sliding and cumulative windows in the test harness, on both state backends. */
#include "window_case.h"

/* ---- when and what ----------------------------------------------------------------------------
 */

static void tumbling(void **state)
{
    struct harness *h = open_window(*state, "window: {tumbling: 10s}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    harness_send(h,
                 "@0 | a | 1\n@9.999999 | a | 2\n@10 | a | 4\n@3 | b | 8\n@-0.000001 | a | 16\n");
    watermark(h, -0.000002);
    harness_expect(h, 0, "");
    watermark(h, -0.000001);
    harness_expect(h, 0, "+ @-0.000001 | a | -10 | 0 | 1 | 16\n");
    watermark(h, 9.999998);
    harness_expect(h, 0, "");
    watermark(h, 9.999999);
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | a | 0 | 10 | 2 | 3\n"
                          "+ @9.999999 | b | 0 | 10 | 1 | 8\n");
    assert_int_equal(harness_state_rows(h), 1);
    harness_end(h);
    harness_expect(h, 0, "+ @19.999999 | a | 10 | 20 | 1 | 4\n");
    assert_int_equal(harness_state_rows(h), 0);
    harness_free(h);
}

static void offset(void **state)
{
    struct harness *h = open_window(*state, "window: {tumbling: 10s, offset: 3s}\n" SELECT);

    harness_send(h, "@2.9 | a | 1\n@3 | a | 2\n@-7 | a | 4\n@-7.1 | a | 8\n");
    harness_end(h);
    harness_expect(h, 0,
                   "+ @-7.000001 | a | -17 | -7 | 1 | 8\n"
                   "+ @2.999999 | a | -7 | 3 | 2 | 5\n"
                   "+ @12.999999 | a | 3 | 13 | 1 | 2\n");
    harness_free(h);
}

static void nulls(void **state)
{
    struct harness *h = open_window(*state, "window: {tumbling: 10s}\n" SELECT);

    harness_send(h, "@1 | null | 1\n@1 |  | null\n@2 | null | 2\n@2 | a | null\n@3 | a | 5\n");
    harness_end(h);
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | null | 0 | 10 | 2 | 3\n"
                          "+ @9.999999 |  | 0 | 10 | 1 | null\n"
                          "+ @9.999999 | a | 0 | 10 | 2 | 5\n");
    harness_free(h);
}

static void without_key(void **state)
{
    struct harness *h =
        harness_new(&(struct harness_spec){.plugin = "operator-window",
                                           .backend = *state,
                                           .input = "v: int64",
                                           .config = "window: {tumbling: 10s}\n" SELECT});

    harness_send(h, "@1 | 1\n@11 | 2\n@2 | 4\n");
    harness_end(h);
    harness_expect(h, 0, "+ @9.999999 | 0 | 10 | 2 | 5\n+ @19.999999 | 10 | 20 | 1 | 2\n");
    harness_free(h);
}

static void sliding(void **state)
{
    struct harness *h = open_window(*state, "window: {sliding: 10s, every: 5s}\n" SELECT);

    harness_send(h, "@0 | a | 1\n@4.9 | a | 2\n@5 | a | 4\n@12 | b | 8\n");
    watermark(h, 4.999999);
    harness_expect(h, 0, "+ @4.999999 | a | -5 | 5 | 2 | 3\n");
    watermark(h, 9.999999);
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 3 | 7\n");

    /* Too late for [-5, 5) and [0, 10), not for [5, 15); then for all. */
    harness_send(h, "@9 | a | 16\n@4.999999 | a | 32\n");
    harness_expect(h, 1, "+ @4.999999 | a | 32\n");
    watermark(h, 14.999999);
    harness_expect_sorted(h, 0,
                          "+ @14.999999 | a | 5 | 15 | 2 | 20\n"
                          "+ @14.999999 | b | 5 | 15 | 1 | 8\n");
    harness_end(h);
    harness_expect(h, 0, "+ @19.999999 | b | 10 | 20 | 1 | 8\n");
    assert_int_equal(harness_state_rows(h), 1); /* how far windows have fired */
    harness_free(h);
}

/* Panes of 1 s and 2 s in turn: windows start at 0, 3, 6, ... and end at 1, 4, 7, ... */
static void sliding_uneven(void **state)
{
    struct harness *h = open_window(*state, "window: {sliding: 7s, every: 3s}\n" SELECT);

    harness_send(h, "@0 | a | 1\n@0.999999 | a | 2\n@1 | a | 4\n@3.5 | a | 8\n@6 | a | 16\n");
    harness_end(h);
    harness_expect(h, 0,
                   "+ @0.999999 | a | -6 | 1 | 2 | 3\n"
                   "+ @3.999999 | a | -3 | 4 | 4 | 15\n"
                   "+ @6.999999 | a | 0 | 7 | 5 | 31\n"
                   "+ @9.999999 | a | 3 | 10 | 2 | 24\n"
                   "+ @12.999999 | a | 6 | 13 | 1 | 16\n");
    harness_free(h);
}

static void cumulative(void **state)
{
    struct harness *h = open_window(*state, "window: {cumulative: 30s, step: 10s}\n" SELECT);

    harness_send(h, "@11 | a | 1\n@12 | b | 2\n@25 | a | 4\n@31 | a | 8\n");
    watermark(h, 19.999999);
    harness_expect_sorted(h, 0,
                          "+ @19.999999 | a | 0 | 20 | 1 | 1\n"
                          "+ @19.999999 | b | 0 | 20 | 1 | 2\n");
    /* Late for the first two windows, not for the third. */
    harness_send(h, "@3 | c | 16\n");
    watermark(h, 29.999999);
    harness_expect_sorted(h, 0,
                          "+ @29.999999 | a | 0 | 30 | 2 | 5\n"
                          "+ @29.999999 | b | 0 | 30 | 1 | 2\n"
                          "+ @29.999999 | c | 0 | 30 | 1 | 16\n");
    harness_expect(h, 1, "");
    harness_send(h, "@29 | a | 32\n");
    harness_expect(h, 1, "+ @29 | a | 32\n");
    harness_end(h);
    harness_expect(h, 0,
                   "+ @39.999999 | a | 30 | 40 | 1 | 8\n"
                   "+ @49.999999 | a | 30 | 50 | 1 | 8\n"
                   "+ @59.999999 | a | 30 | 60 | 1 | 8\n");
    harness_free(h);
}

/* ---- late rows ----------------------------------------------------------------------------------
 */

static void late_rows(void **state)
{
    struct harness *h = open_window(*state, "window: {tumbling: 10s}\n" SELECT);

    harness_send(h, "@1 | a | 1\n");
    watermark(h, 9.999998);
    harness_send(h, "@2 | a | 2\n");
    watermark(h, 9.999999);
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 2 | 3\n");
    harness_send(h, "@9.999999 | a | 4\n@10 | a | 8\n@0 | null | null\n");
    harness_expect(h, 1, "+ @9.999999 | a | 4\n+ @0 | null | null\n");
    assert_int_equal(harness_counter(h, "late"), 2);
    harness_send(h, "@5 | a | 4\n");
    harness_expect(h, 1, "+ @5 | a | 4\n");
    harness_end(h);
    harness_expect(h, 0, "+ @19.999999 | a | 10 | 20 | 1 | 8\n");
    harness_free(h);
}

static void updates(void **state)
{
    struct harness *h =
        open_window(*state, "window: {tumbling: 10s, allowed_lateness: 5s}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "k, from, until");
    harness_send(h, "@1 | a | 1\n@2 | b | 2\n");
    watermark(h, 12);
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | a | 0 | 10 | 1 | 1\n"
                          "+ @9.999999 | b | 0 | 10 | 1 | 2\n");
    /* One firing per batch and key, however many rows; only of keys that got some. */
    harness_send(h, "@3 | a | 4\n@13 | a | 100\n@4 | a | 8\n@5 | c | 16\n");
    harness_expect_sorted(h, 0,
                          "> @9.999999 | a | 0 | 10 | 3 | 13\n"
                          "+ @9.999999 | c | 0 | 10 | 1 | 16\n");
    watermark(h, 14.999998);
    harness_send(h, "@6 | c | 32\n");
    harness_expect(h, 0, "> @9.999999 | c | 0 | 10 | 2 | 48\n");
    watermark(h, 14.999999);
    harness_send(h, "@6 | c | 64\n");
    harness_expect(h, 0, "");
    harness_expect(h, 1, "+ @6 | c | 64\n");
    harness_end(h);
    harness_expect(h, 0, "+ @19.999999 | a | 10 | 20 | 1 | 100\n");
    assert_int_equal(harness_state_rows(h), 0);
    harness_free(h);
}

static void final_after_lateness(void **state)
{
    struct harness *h =
        open_window(*state, "window: {tumbling: 10s, allowed_lateness: 5s, emit: final}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    harness_send(h, "@1 | a | 1\n");
    watermark(h, 14.999998);
    harness_send(h, "@2 | a | 2\n");
    harness_expect(h, 0, "");
    watermark(h, 14.999999);
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 2 | 3\n");
    harness_free(h);
}

static void sliding_updates(void **state)
{
    struct harness *h =
        open_window(*state, "window: {sliding: 10s, every: 5s, allowed_lateness: 3s}\n" SELECT);

    harness_send(h, "@6 | a | 1\n@7 | b | 2\n");
    watermark(h, 10);
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | a | 0 | 10 | 1 | 1\n"
                          "+ @9.999999 | b | 0 | 10 | 1 | 2\n");
    /* Of two panes of [0, 10), and one firing. [-5, 5) is gone. */
    harness_send(h, "@6 | a | 4\n@1 | a | 8\n@2 | c | 16\n");
    harness_expect_sorted(h, 0,
                          "> @9.999999 | a | 0 | 10 | 3 | 13\n"
                          "+ @9.999999 | c | 0 | 10 | 1 | 16\n");
    watermark(h, 14.999999);
    harness_expect_sorted(h, 0,
                          "+ @14.999999 | a | 5 | 15 | 2 | 5\n"
                          "+ @14.999999 | b | 5 | 15 | 1 | 2\n");
    harness_send(h, "@5 | b | 32\n");
    harness_expect(h, 0, "> @14.999999 | b | 5 | 15 | 2 | 34\n");
    watermark(h, 17.999999);
    harness_send(h, "@9 | b | 64\n@10 | b | 128\n");
    harness_expect(h, 1, "+ @9 | b | 64\n");
    harness_end(h);
    harness_expect(h, 0, "+ @19.999999 | b | 10 | 20 | 1 | 128\n");
    harness_free(h);
}

static void cumulative_updates(void **state)
{
    struct harness *h =
        open_window(*state, "window: {cumulative: 30s, step: 10s, allowed_lateness: 15s}\n" SELECT);

    harness_send(h, "@1 | a | 1\n@12 | a | 2\n");
    watermark(h, 21);
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 1 | 1\n+ @19.999999 | a | 0 | 20 | 2 | 3\n");
    harness_send(h, "@2 | a | 4\n@3 | b | 8\n");
    harness_expect_sorted(h, 0,
                          "> @9.999999 | a | 0 | 10 | 2 | 5\n"
                          "+ @9.999999 | b | 0 | 10 | 1 | 8\n"
                          "> @19.999999 | a | 0 | 20 | 3 | 7\n"
                          "+ @19.999999 | b | 0 | 20 | 1 | 8\n");
    watermark(h, 25); /* [0, 10) is gone */
    harness_send(h, "@4 | a | 16\n");
    harness_expect(h, 0, "> @19.999999 | a | 0 | 20 | 4 | 23\n");
    harness_end(h);
    harness_expect_sorted(h, 0,
                          "+ @29.999999 | a | 0 | 30 | 4 | 23\n"
                          "+ @29.999999 | b | 0 | 30 | 1 | 8\n");
    harness_free(h);
}

/* A row with an error is rejected once, whatever the number of its windows, and gives no result;
   one that is late is not looked at, but by sessions, which cannot know before. */
static void rejected_rows(void **state)
{
    static const char *const windows[] = {
        "tumbling: 10s", "sliding: 10s, every: 2s",   "sliding: 10s, every: 2s, early: 1s",
        "session: 10s",  "cumulative: 10s, step: 5s", "count: 1",
        "global: true"};

    for (size_t i = 0; i < sizeof(windows) / sizeof(*windows); i++) {
        char config[200];
        struct harness *h;
        const char *got;
        int timed = i < 5;

        snprintf(config, sizeof(config), "window: {%s}\nselect: {n: count(*), x: sum(12 / v)%s}",
                 windows[i], timed ? ", until: window_end" : "");
        h = open_window(*state, config);
        harness_send(h, "@1 | a | 3\n@2 | b | 0\n@14 | a | 0\n@14 | c | 4\n");
        harness_send(h, "@15 | d | 0\n");
        got = harness_rejects(h);
        assert_string_equal(got, "1 SD5102 division by zero\n2 SD5102 division by zero\n"
                                 "0 SD5102 division by zero\n");
        watermark(h, 30);
        harness_send(h, "@3 | a | 0\n");
        if (timed)
            harness_expect(h, 1, i == 3 ? "" : "+ @3 | a | 0\n");
        harness_end(h);
        got = harness_take(h, 0);
        assert_non_null(strstr(got, "| a | 1 | 4"));
        assert_non_null(strstr(got, "| c | 1 | 3"));
        assert_null(strstr(got, "| b |"));
        assert_null(strstr(got, "| d |"));
        assert_null(strstr(got, "| 0 |"));
        assert_string_equal(harness_rejects(h),
                            timed && i != 3 ? "" : "0 SD5102 division by zero\n");
        harness_free(h);
    }
}

/* ---- the clock ----------------------------------------------------------------------------------
 */

static void early(void **state)
{
    struct harness *h = open_window(*state, "window: {tumbling: 10s, early: 2s}\n" SELECT);

    harness_send(h, "@1 | a | 1\n@2 | b | 2\n@11 | a | 4\n");
    harness_clock(h, HARNESS_SECONDS(1.9));
    harness_expect(h, 0, "");
    harness_clock(h, HARNESS_SECONDS(2));
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | a | 0 | 10 | 1 | 1\n"
                          "+ @9.999999 | b | 0 | 10 | 1 | 2\n"
                          "+ @19.999999 | a | 10 | 20 | 1 | 4\n");
    harness_clock(h, HARNESS_SECONDS(7));
    harness_send(h, "@3 | a | 8\n");
    harness_clock(h, HARNESS_SECONDS(8.9));
    harness_expect(h, 0, "");
    harness_clock(h, HARNESS_SECONDS(9));
    harness_expect(h, 0, "> @9.999999 | a | 0 | 10 | 2 | 9\n");

    /* What was sent and has not changed is not sent again. */
    harness_send(h, "@4 | b | 16\n@5 | c | 32\n");
    watermark(h, 9.999999);
    harness_expect_sorted(h, 0,
                          "> @9.999999 | b | 0 | 10 | 2 | 18\n"
                          "+ @9.999999 | c | 0 | 10 | 1 | 32\n");
    harness_end(h);
    harness_expect(h, 0, "");
    harness_free(h);
}

static void early_sliding(void **state)
{
    struct harness *h =
        open_window(*state, "window: {sliding: 10s, every: 5s, early: 2s}\n" SELECT);

    harness_send(h, "@6 | a | 1\n");
    harness_clock(h, HARNESS_SECONDS(2));
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 1 | 1\n+ @14.999999 | a | 5 | 15 | 1 | 1\n");
    harness_send(h, "@11 | a | 2\n");
    watermark(h, 10);
    harness_expect(h, 0, "");
    harness_end(h);
    harness_expect(h, 0, "> @14.999999 | a | 5 | 15 | 2 | 3\n+ @19.999999 | a | 10 | 20 | 1 | 2\n");
    harness_free(h);
}

static struct harness *open_clock(const char *backend, const char *config, double now)
{
    return harness_new(&(struct harness_spec){.plugin = "operator-window",
                                              .backend = backend,
                                              .input = "k: string, v: int64",
                                              .key_by = "k",
                                              .timeless = 1,
                                              .now = HARNESS_SECONDS(now),
                                              .config = config});
}

static void by_the_clock(void **state)
{
    struct harness *h =
        open_clock(*state, "window: {tumbling: 10s, time: processing}\n" SELECT, 1003);

    harness_send(h, "a | 1\n");
    harness_clock(h, HARNESS_SECONDS(1009.999999));
    harness_send(h, "a | 2\n");
    harness_expect(h, 0, "");
    harness_clock(h, HARNESS_SECONDS(1010));
    harness_expect(h, 0, "+ @1009.999999 | a | 1000 | 1010 | 2 | 3\n");
    harness_send(h, "b | 4\n");
    harness_clock(h, HARNESS_SECONDS(1500));
    harness_expect(h, 0, "+ @1019.999999 | b | 1010 | 1020 | 1 | 4\n");
    harness_send(h, "b | 8\n");
    harness_end(h);
    harness_expect(h, 0, "+ @1509.999999 | b | 1500 | 1510 | 1 | 8\n");
    harness_free(h);
}

static void sliding_by_the_clock(void **state)
{
    struct harness *h =
        open_clock(*state, "window: {sliding: 10s, every: 5s, time: processing}\n" SELECT, 1003);

    harness_send(h, "a | 1\n");
    harness_clock(h, HARNESS_SECONDS(1006));
    harness_expect(h, 0, "+ @1004.999999 | a | 995 | 1005 | 1 | 1\n");
    harness_send(h, "a | 2\n");
    harness_clock(h, HARNESS_SECONDS(1010));
    harness_expect(h, 0, "+ @1009.999999 | a | 1000 | 1010 | 2 | 3\n");
    harness_clock(h, HARNESS_SECONDS(2000));
    harness_expect(h, 0, "+ @1014.999999 | a | 1005 | 1015 | 1 | 2\n");
    assert_int_equal(harness_state_rows(h), 1);
    harness_free(h);
}

/* ---- the ends of time ---------------------------------------------------------------------------
 */

static void ends_of_time(void **state)
{
    static const char *const kinds[] = {"tumbling: 10s", "sliding: 10s, every: 3s",
                                        "cumulative: 10s, step: 5s", "session: 10s",
                                        "tumbling: 10s, offset: 3s, allowed_lateness: 7s"};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        char config[200];
        struct harness *h;
        struct streamd_batch *b;
        const char *got;

        snprintf(config, sizeof(config), "window: {%s}\n%s", kinds[i], SELECT);
        h = open_window(*state, config);
        b = harness_batch(h, harness_context(h)->input, "@0 | a | 1\n@0 | b | 2\n@0 | c | 4\n");
        b->event_time[0] = b->min_time = INT64_MIN;
        b->event_time[2] = b->max_time = INT64_MAX;
        harness_send_batch(h, b);
        watermark(h, 1000);
        harness_end(h);
        got = harness_take(h, 0);
        assert_non_null(strstr(got, "| a | "));
        assert_non_null(strstr(got, "| b | "));
        assert_non_null(strstr(got, "| c | "));
        harness_expect(h, 1, "");
        harness_free(h);
    }
}

/* ---- many windows, against a sum over all rows --------------------------------------------------
 */

enum { MANY = 400 };

struct many {
    int time[MANY], key[MANY], value[MANY]; /* seconds */
    int met[MANY];                          /* the watermark that the row meets */
    int lateness;
};

/* Rows whose times go forward, each moved back by up to 6 s; the watermark follows `lag` behind
   after every `size` rows. */
static void draw(struct many *m, unsigned seed, int keys, int size, int lag)
{
    for (int i = 0; i < MANY; i++) {
        seed = seed * 1103515245u + 12345u;
        m->time[i] = i / 3 - (int)(seed >> 16) % 7;
        m->key[i] = (int)(seed >> 8) % keys;
        m->value[i] = i;
        m->met[i] = i < size ? -1000 : (i / size * size - 1) / 3 - lag;
    }
}

/* Is row i in the window, and was that still there when the row came? */
static int is_in(const struct many *m, int i, int start, int end)
{
    return m->time[i] >= start && m->time[i] < end && end - 1 + m->lateness >= m->met[i];
}

/* All windows of length `size`, one every `every` seconds. */
static void sum_up(const struct many *m, int keys, int size, int every, struct fold *f)
{
    f->count = 0;
    for (int start = -every * 40; start < MANY; start += every) {
        for (int key = 0; key < keys; key++) {
            int n = 0, total = 0;

            for (int i = 0; i < MANY; i++) {
                if (m->key[i] != key || !is_in(m, i, start, start + size))
                    continue;
                n++;
                total += m->value[i];
            }
            if (n)
                snprintf(f->rows[f->count++], FOLD_LINE, "k%d | %d | %d | %d | %d", key, start,
                         start + size, n, total);
        }
    }
}

/* Sends the rows in pieces of some size, and behind each the watermark. */
static void play(struct harness *h, const struct many *m, int size, int reopen, struct fold *f)
{
    f->count = 0;
    for (int i = 0; i < MANY;) {
        char rows[MANY * 32] = "";

        for (int k = 0; k < size && i < MANY; k++, i++)
            sprintf(rows + strlen(rows), "@%d | k%d | %d\n", m->time[i], m->key[i], m->value[i]);
        harness_send(h, rows);
        if (i < MANY)
            watermark(h, (double)m->met[i]);
        if (reopen)
            harness_reopen(h);
        fold_take(f, h, 3);
    }
    harness_end(h);
    fold_take(f, h, 3);
}

struct many_case {
    const char *window;
    int size, every, lateness, lag;
};

static void many_windows(void **state, const struct many_case *c)
{
    static const struct {
        uint32_t batch_rows, room;
        int size, reopen;
    } variants[] = {{0, 0, 40, 0}, {7, 1, 40, 0}, {1, 1, 1, 1}};
    static struct fold got, wanted;
    static struct many m;
    char config[200];

    snprintf(config, sizeof(config), "window: {%s}\n%s", c->window, SELECT);
    for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++) {
        int keys = i == 0 ? 12 : 5;
        struct harness *h = harness_new(&(struct harness_spec){.plugin = "operator-window",
                                                               .backend = *state,
                                                               .input = "k: string, v: int64",
                                                               .key_by = "k",
                                                               .config = config,
                                                               .batch_rows = variants[i].batch_rows,
                                                               .room = variants[i].room});

        draw(&m, 1 + (unsigned)i, keys, variants[i].size, c->lag);
        m.lateness = c->lateness;
        sum_up(&m, keys, c->size, c->every, &wanted);
        play(h, &m, variants[i].size, variants[i].reopen, &got);
        fold_expect(&got, &wanted);
        assert_true(harness_state_rows(h) <= 1);
        harness_free(h);
    }
}

static void many_tumbling(void **state)
{
    static const struct many_case cases[] = {
        {"tumbling: 3s", 3, 3, 0, 7},
        {"tumbling: 3s", 3, 3, 0, 1},
        {"tumbling: 3s, allowed_lateness: 4s", 3, 3, 4, 1},
        {"tumbling: 3s, allowed_lateness: 4s, emit: final", 3, 3, 4, 1},
        {"tumbling: 3s, early: 1s", 3, 3, 0, 2},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        many_windows(state, &cases[i]);
}

static void many_sliding(void **state)
{
    static const struct many_case cases[] = {
        {"sliding: 20s, every: 1s", 20, 1, 0, 7},
        {"sliding: 20s, every: 1s", 20, 1, 0, 1},
        {"sliding: 20s, every: 3s", 20, 3, 0, 2},
        {"sliding: 33s, every: 2s, allowed_lateness: 2s", 33, 2, 2, 1},
        {"sliding: 16s, every: 2s, allowed_lateness: 2s, emit: final", 16, 2, 2, 1},
        {"sliding: 5s, every: 2s, early: 1s", 5, 2, 0, 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        many_windows(state, &cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(tumbling),
        BOTH(rejected_rows),
        BOTH(offset),
        BOTH(nulls),
        BOTH(without_key),
        BOTH(sliding),
        BOTH(sliding_uneven),
        BOTH(cumulative),
        BOTH(late_rows),
        BOTH(updates),
        BOTH(final_after_lateness),
        BOTH(sliding_updates),
        BOTH(cumulative_updates),
        BOTH(early),
        BOTH(early_sliding),
        BOTH(by_the_clock),
        BOTH(sliding_by_the_clock),
        BOTH(ends_of_time),
        BOTH(many_tumbling),
        BOTH(many_sliding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
