/*
 * The plugin's test: the operator in a fake host. The test holds input, watermark and output in its
 * hand; there is no pipeline file and no clock. A harness that finds something wrong says what and
 * aborts, so a test that returns has passed.
 */
#include <streamd/harness.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The node `{type: silence, key_by: [host], config: {after: 1m}}`. */
static const struct harness_spec one_minute = {
    .plugin = "operator-silence",
    .input = "host: string|null, at: timestamp",
    .time = "at",
    .key_by = "host",
    .config = "after: 1m",
};

/* Times are in seconds. A key is reported when the watermark reaches its last row + 60, once. */
static void silent_keys_are_reported_once(void)
{
    struct harness *h = harness_new(&one_minute);

    harness_send(h, "web | 0\n"
                    "db  | 10\n"
                    "web | 30\n");
    harness_watermark(h, HARNESS_SECONDS(69.999999));
    harness_expect(h, 0, "");
    harness_watermark(h, HARNESS_SECONDS(70));
    harness_expect(h, 0, "+ @70 | db | 10\n");
    harness_watermark(h, HARNESS_SECONDS(1000));
    harness_expect(h, 0, "+ @90 | web | 30\n");
    harness_end(h);
    harness_expect(h, 0, "");
    harness_free(h);
}

/* A key may be silent and come back between two watermarks; rows come in any order, and a row that
   is exactly a minute after the one before is in time. */
static void batches_do_not_matter(void)
{
    static const uint32_t sizes[] = {1, 2, 3, 0};

    for (int i = 0; i < 4; i++) {
        struct harness_spec spec = one_minute;
        struct harness *h;

        spec.batch_rows = sizes[i];
        h = harness_new(&spec);
        harness_send(h, "db | 300\n"
                        "db | 0\n"
                        "db | 120\n"
                        "db | 60\n"
                        "db | 360\n");
        harness_expect(h, 0, "");
        harness_end(h);
        harness_expect_sorted(h, 0,
                              "+ @180 | db | 120\n"
                              "+ @420 | db | 360\n");
        harness_free(h);
    }
}

/* Everything is in the tables: a task that is closed and opened again goes on where it was. */
static void state_is_in_tables(void)
{
    struct harness *h = harness_new(&one_minute);

    harness_send(h, "db | 10\n");
    harness_reopen(h);
    harness_watermark(h, HARNESS_SECONDS(20));
    harness_reopen(h);
    harness_watermark(h, HARNESS_SECONDS(70));
    harness_expect(h, 0, "+ @70 | db | 10\n");
    if (harness_state_rows(h) != 0) {
        fputs("what was reported is not forgotten\n", stderr);
        abort();
    }
    harness_free(h);
}

/* Many keys fall silent at once, batches have two rows, and the output takes one at a time. */
static void output_may_be_full(void)
{
    struct harness_spec spec = one_minute;
    struct harness *h;

    spec.batch_rows = 2;
    spec.room = 1;
    h = harness_new(&spec);
    harness_send(h, "a | 1\n"
                    "b | 2\n"
                    "c | 3\n"
                    "d | 4\n"
                    "null | 5\n");
    harness_watermark(h, HARNESS_SECONDS(100));
    harness_expect(h, 0,
                   "+ @61 | a | 1\n"
                   "+ @62 | b | 2\n"
                   "+ @63 | c | 3\n"
                   "+ @64 | d | 4\n"
                   "+ @65 | null | 5\n");
    harness_free(h);
}

/* The message for a node that is configured like this; the harness keeps it instead of aborting. */
static void is_refused(const struct harness_spec *wrong, const char *message)
{
    struct harness_spec spec = *wrong;
    struct harness *h;

    spec.keep_errors = 1;
    h = harness_new(&spec);
    if (!strstr(harness_message(h), message)) {
        fprintf(stderr, "wanted the message: %s\ngot: %s\n", message, harness_message(h));
        abort();
    }
    harness_free(h);
}

/* What a user who makes a mistake is told. */
static void mistakes_are_explained(void)
{
    struct harness_spec without_key = one_minute, without_unit = one_minute;

    without_key.key_by = NULL;
    is_refused(&without_key, "needs key_by");
    without_unit.config = "after: 60";
    is_refused(&without_unit, "60s");
}

int main(void)
{
    silent_keys_are_reported_once();
    batches_do_not_matter();
    state_is_in_tables();
    output_may_be_full();
    mistakes_are_explained();
    puts("silence: 5 tests passed");
    return 0;
}
