/* Session windows in the test harness, on both state backends. */
#include "window_case.h"

static void gaps(void **state)
{
    struct harness *h = open_window(*state, "window: {session: 10s}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    /* A distance of exactly the gap is the same session, one of a microsecond more is not. */
    harness_send(h, "@1 | a | 1\n@11 | a | 2\n@21.000001 | a | 4\n@5 | b | 8\n");
    watermark(h, 14.999998);
    harness_expect(h, 0, "");
    watermark(h, 14.999999);
    harness_expect(h, 0, "+ @14.999999 | b | 5 | 15 | 1 | 8\n");
    watermark(h, 20.999999);
    harness_expect(h, 0, "+ @20.999999 | a | 1 | 21 | 2 | 3\n");
    harness_end(h);
    harness_expect(h, 0, "+ @31 | a | 21.000001 | 31.000001 | 1 | 4\n");
    assert_int_equal(harness_state_rows(h), 0);
    harness_free(h);
}

static void rows_out_of_order(void **state)
{
    struct harness *h = open_window(*state, "window: {session: 10s}\n" SELECT);

    /* Three sessions; then one row joins the first two, one comes before all, one extends forward.
     */
    harness_send(h, "@100 | a | 1\n@115 | a | 2\n@140 | a | 4\n");
    harness_send(h, "@108 | a | 8\n@70 | a | 16\n@95 | a | 32\n@149 | a | 64\n@135 | a | 128\n");
    harness_end(h);
    harness_expect(h, 0,
                   "+ @79.999999 | a | 70 | 80 | 1 | 16\n"
                   "+ @124.999999 | a | 95 | 125 | 4 | 43\n"
                   "+ @158.999999 | a | 135 | 159 | 3 | 196\n");
    harness_free(h);
}

/* A row between two older sessions joins them, and one in front of the latest joins it with the one
   before. */
static void bridges(void **state)
{
    struct harness *h = open_window(*state, "window: {session: 10s}\n" SELECT);

    harness_send(h, "@0 | a | 1\n@15 | a | 2\n@100 | a | 4\n");
    harness_send(h, "@8 | a | 8\n");
    harness_send(h, "@80 | a | 16\n@90 | a | 32\n");
    harness_end(h);
    harness_expect(h, 0,
                   "+ @24.999999 | a | 0 | 25 | 3 | 11\n"
                   "+ @109.999999 | a | 80 | 110 | 3 | 52\n");
    harness_free(h);
}

static void late_rows(void **state)
{
    struct harness *h = open_window(*state, "window: {session: 10s}\n" SELECT);

    harness_send(h, "@1 | a | 1\n@20 | b | 2\n");
    watermark(h, 10.999999);
    harness_expect(h, 0, "+ @10.999999 | a | 1 | 11 | 1 | 1\n");
    /* Alone it would be over; of b there is one that it joins. What is not over is not late. */
    harness_send(h, "@1 | a | 4\n@10 | b | 8\n@-0.5 | b | 16\n@1.000001 | c | 32\n");
    harness_expect(h, 1, "+ @1 | a | 4\n+ @-0.5 | b | 16\n");
    assert_int_equal(harness_counter(h, "late"), 2);
    harness_end(h);
    harness_expect_sorted(h, 0,
                          "+ @11 | c | 1.000001 | 11.000001 | 1 | 32\n"
                          "+ @29.999999 | b | 10 | 30 | 2 | 10\n");
    harness_free(h);
}

static void updates(void **state)
{
    struct harness *h =
        open_window(*state, "window: {session: 10s, allowed_lateness: 20s}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_UPSERT);
    assert_string_equal(harness_upsert_key(h), "k, from, until");
    harness_send(h, "@0 | a | 1\n@13 | a | 2\n");
    watermark(h, 23);
    harness_expect_sorted(h, 0,
                          "+ @22.999999 | a | 13 | 23 | 1 | 2\n"
                          "+ @9.999999 | a | 0 | 10 | 1 | 1\n");
    /* Inside of its bounds: an update. Beyond them: another window, the old one goes first. */
    harness_send(h, "@0 | a | 4\n");
    harness_expect(h, 0, "> @9.999999 | a | 0 | 10 | 2 | 5\n");
    harness_send(h, "@14 | a | 8\n");
    harness_expect(h, 0, "");
    watermark(h, 23.999999);
    harness_expect(h, 0,
                   "- @22.999999 | a | 13 | 23 | 2 | 10\n"
                   "+ @23.999999 | a | 13 | 24 | 2 | 10\n");
    /* A late row that joins two sessions which have fired. */
    harness_send(h, "@5 | a | 16\n");
    harness_expect_sorted(h, 0,
                          "- @9.999999 | a | 0 | 10 | 2 | 5\n"
                          "- @23.999999 | a | 13 | 24 | 5 | 31\n"
                          "+ @23.999999 | a | 0 | 24 | 5 | 31\n");
    watermark(h, 43.999998);
    harness_send(h, "@20 | a | 32\n");
    harness_expect(h, 0,
                   "- @23.999999 | a | 0 | 24 | 6 | 63\n"
                   "+ @29.999999 | a | 0 | 30 | 6 | 63\n");
    watermark(h, 49.999999);
    harness_send(h, "@20 | a | 64\n");
    harness_expect(h, 1, "+ @20 | a | 64\n");
    harness_end(h);
    harness_expect(h, 0, "");
    assert_int_equal(harness_state_rows(h), 0);
    harness_free(h);
}

/* A session that has fired grows on, long before it would be forgotten. */
static void fires_again_when_it_grows(void **state)
{
    struct harness *h =
        open_window(*state, "window: {session: 10s, allowed_lateness: 1h}\n" SELECT);

    harness_send(h, "@0 | a | 1\n");
    watermark(h, 10);
    harness_expect(h, 0, "+ @9.999999 | a | 0 | 10 | 1 | 1\n");
    harness_send(h, "@10 | a | 2\n@12 | a | 4\n");
    harness_expect(h, 0, "");
    watermark(h, 21.999999);
    harness_expect(h, 0,
                   "- @9.999999 | a | 0 | 10 | 3 | 7\n"
                   "+ @21.999999 | a | 0 | 22 | 3 | 7\n");
    harness_free(h);
}

static void final_after_lateness(void **state)
{
    struct harness *h =
        open_window(*state, "window: {session: 10s, allowed_lateness: 5s, emit: final}\n" SELECT);

    assert_int_equal(harness_changelog(h), STREAMD_APPEND);
    harness_send(h, "@0 | a | 1\n");
    watermark(h, 14.999998);
    harness_send(h, "@1 | a | 2\n");
    watermark(h, 14.999999);
    harness_expect(h, 0, "");
    watermark(h, 15.999999);
    harness_expect(h, 0, "+ @10.999999 | a | 0 | 11 | 2 | 3\n");
    harness_send(h, "@1 | a | 4\n");
    harness_expect(h, 1, "+ @1 | a | 4\n");
    harness_free(h);
}

static void early(void **state)
{
    struct harness *h = open_window(*state, "window: {session: 10s, early: 2s}\n" SELECT);

    harness_send(h, "@0 | a | 1\n@50 | b | 2\n");
    harness_clock(h, HARNESS_SECONDS(2));
    harness_expect_sorted(h, 0,
                          "+ @9.999999 | a | 0 | 10 | 1 | 1\n"
                          "+ @59.999999 | b | 50 | 60 | 1 | 2\n");
    harness_send(h, "@5 | a | 4\n@0 | a | 8\n");
    harness_clock(h, HARNESS_SECONDS(4));
    harness_expect(h, 0,
                   "- @9.999999 | a | 0 | 10 | 3 | 13\n"
                   "+ @14.999999 | a | 0 | 15 | 3 | 13\n");
    harness_send(h, "@5 | a | 16\n");
    watermark(h, 14.999999);
    harness_expect(h, 0, "> @14.999999 | a | 0 | 15 | 4 | 29\n");
    harness_end(h);
    harness_expect(h, 0, "");
    harness_free(h);
}

static void by_the_clock(void **state)
{
    struct harness *h = harness_new(
        &(struct harness_spec){.plugin = "operator-window",
                               .backend = *state,
                               .input = "k: string, v: int64",
                               .key_by = "k",
                               .timeless = 1,
                               .now = HARNESS_SECONDS(1000),
                               .config = "window: {session: 10s, time: processing}\n" SELECT});

    harness_send(h, "a | 1\n");
    harness_clock(h, HARNESS_SECONDS(1004));
    harness_send(h, "a | 2\nb | 4\n");
    harness_clock(h, HARNESS_SECONDS(1013.999999));
    harness_expect(h, 0, "");
    harness_clock(h, HARNESS_SECONDS(1014));
    harness_expect_sorted(h, 0,
                          "+ @1013.999999 | a | 1000 | 1014 | 2 | 3\n"
                          "+ @1013.999999 | b | 1004 | 1014 | 1 | 4\n");
    harness_send(h, "a | 8\n");
    harness_end(h);
    harness_expect(h, 0, "+ @1023.999999 | a | 1014 | 1024 | 1 | 8\n");
    harness_free(h);
}

/* ---- many sessions, against intervals that are united one by one ------------------------------
 */

enum { MANY = 300, GAP = 3 };

struct many {
    int time[MANY], key[MANY], value[MANY];
};

static void draw(struct many *m, unsigned seed, int keys)
{
    for (int i = 0; i < MANY; i++) {
        seed = seed * 1103515245u + 12345u;
        m->time[i] = i - (int)(seed >> 16) % 8;
        m->key[i] = (int)(seed >> 8) % keys;
        m->value[i] = i;
    }
}

/* Sessions of a key: rows by time, cut where the distance is larger than the gap. */
static void unite(const struct many *m, int key, struct fold *f)
{
    int start = 0, last = 0, n = 0, total = 0;

    for (int time = -10; time <= MANY + GAP; time++) {
        for (int i = 0; i < MANY; i++) {
            if (m->key[i] != key || m->time[i] != time)
                continue;
            start = n ? start : time;
            last = time;
            n++;
            total += m->value[i];
        }
        if (n && time - last == GAP) {
            /* the next second is too far */
            int next = 0;

            for (int i = 0; i < MANY; i++)
                next |= m->key[i] == key && m->time[i] == time;
            if (next)
                continue;
            snprintf(f->rows[f->count++], FOLD_LINE, "k%d | %d | %d | %d | %d", key, start,
                     last + GAP, n, total);
            n = total = 0;
        }
    }
}

static void play(struct harness *h, const struct many *m, int size, int reopen, struct fold *f)
{
    f->count = 0;
    for (int i = 0; i < MANY;) {
        char rows[MANY * 32] = "";

        for (int k = 0; k < size && i < MANY; k++, i++)
            sprintf(rows + strlen(rows), "@%d | k%d | %d\n", m->time[i], m->key[i], m->value[i]);
        harness_send(h, rows);
        watermark(h, (double)(i - 9));
        if (reopen)
            harness_reopen(h);
        fold_take(f, h, 3);
    }
    harness_end(h);
    fold_take(f, h, 3);
    harness_expect(h, 1, "");
}

static void many_sessions(void **state)
{
    static const char *const windows[] = {"session: 3s", "session: 3s, allowed_lateness: 4s",
                                          "session: 3s, allowed_lateness: 4s, emit: final",
                                          "session: 3s, early: 1s"};
    static const struct {
        uint32_t batch_rows, room;
        int size, reopen, keys;
    } variants[] = {{0, 0, 50, 0, 30}, {5, 1, 50, 0, 8}, {1, 1, 1, 1, 8}, {0, 0, 300, 0, 3}};
    static struct fold got, wanted;
    static struct many m;

    for (size_t i = 0; i < 16; i++) {
        char config[200];
        size_t v = i / 4;
        struct harness *h;

        snprintf(config, sizeof(config), "window: {%s}\n%s", windows[i % 4], SELECT);
        h = harness_new(&(struct harness_spec){.plugin = "operator-window",
                                               .backend = *state,
                                               .input = "k: string, v: int64",
                                               .key_by = "k",
                                               .config = config,
                                               .batch_rows = variants[v].batch_rows,
                                               .room = variants[v].room});
        draw(&m, 7 + (unsigned)i, variants[v].keys);
        wanted.count = 0;
        for (int key = 0; key < variants[v].keys; key++)
            unite(&m, key, &wanted);
        play(h, &m, variants[v].size, variants[v].reopen, &got);
        fold_expect(&got, &wanted);
        assert_int_equal(harness_state_rows(h), 0);
        harness_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(gaps),
        BOTH(rows_out_of_order),
        BOTH(bridges),
        BOTH(late_rows),
        BOTH(updates),
        BOTH(fires_again_when_it_grows),
        BOTH(final_after_lateness),
        BOTH(early),
        BOTH(by_the_clock),
        BOTH(many_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
