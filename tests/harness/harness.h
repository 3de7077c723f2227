/*
 * streamd/harness.h - one operator in a fake host, for tests. Link libstreamd-harness.
 *
 *     struct harness *h = harness_new(&(struct harness_spec){
 *         .plugin = "operator-window", .input = "user: string, n: int64", .key_by = "user",
 *         .config = "window: {tumbling: 10s}\nselect: {total: sum(n)}"});
 *     harness_send(h, "@1.5 | ann | 3\n"
 *                     "@2   | bob | null\n");
 *     harness_watermark(h, HARNESS_SECONDS(10));
 *     harness_expect(h, 0, "+ @9.999999 | ann | 3\n+ @9.999999 | bob | null\n");
 *     harness_free(h);
 *
 * Rows are lines: a sign and a blank (+ insert, < update-before, > update-after, - delete; + may be
 * left out), the event time in seconds behind an @, the values separated by |. Timestamps are
 * seconds, dates days, null is NULL, text stands as it is.
 *
 * The plugin is loaded from its shared library, which is looked for in STREAMD_PLUGIN_PATH and
 * where streamd's own plugins are installed. Batches come from the daemon's pool and tables from a
 * backend plugin, so what works here works in a worker. Memory is counted, can be bounded, and must
 * all be gone at the end. Nothing here starts a thread.
 *
 * What is wrong is printed to standard error and ends the test with abort(), so it can be used in
 * any test framework or none. This interface may change before version 1.
 */
#ifndef STREAMD_HARNESS_H
#define STREAMD_HARNESS_H

#include <streamd/backend.h>
#include <streamd/operator.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/* Seconds as the microseconds that all times are given in. */
#define HARNESS_SECONDS(s) ((int64_t)((s)*1000000.0))

struct harness;

/* What to test, and in which surroundings. All members but `plugin` may be zero. */
struct harness_spec {
    const char *plugin;  /* "operator-window" */
    const char *backend; /* "state-memory" */
    const char *input;   /* "user: string, at: timestamp|null" */
    const char *time;    /* the field that is the event time; NULL: the @ of each row */
    int timeless;        /* rows have no event time */
    const char *key_by;  /* "user, country" */
    const char *config;  /* the node's config:, as YAML */
    uint32_t changelog;  /* of the input, enum streamd_changelog; 0: append */
    const char *upsert;  /* the key of the input where it is upsert: "user, country" */
    uint32_t batch_rows; /* rows of a batch, in and out; 0: 2048 */
    uint32_t room;       /* batches that an output takes before it is full; 0: no end */
    size_t memory_limit; /* bytes of streamd_alloc; 0: none */
    int64_t now;         /* the clock at the beginning */
    int keep_errors;     /* 0: what fails ends the test; 1: see harness_message */
};

/* Binds and opens. NULL: no memory. Check harness_message after keep_errors. */
struct harness *harness_new(const struct harness_spec *spec);

/* Closes the operator and checks that all memory and all batches came back. NULL is fine. */
void harness_free(struct harness *h);

/* A context without a plugin, for tests of tables. It has no expressions. Looks at backend, time,
   batch_rows, memory_limit, now and keep_errors. */
struct harness *harness_bare_new(const struct harness_spec *spec);
void harness_bare_free(struct harness *h);

/* With keep_errors: what failed - the diagnostics of the bind step, or what the operator gave to
   streamd_fail. "" where nothing did. Lives as long as the harness. */
const char *harness_message(const struct harness *h);

/* ---- events; each goes on until the operator answers OK, HAS_MORE included ----------------- */

/* Sends rows to input 0, in batches of batch_rows. 0, or -1: failed (with keep_errors). */
int harness_send(struct harness *h, const char *rows);

/* The same for a batch made by the test; takes its reference. */
int harness_send_batch(struct harness *h, struct streamd_batch *batch);

/* The watermark event, then the timers that it makes due. */
int harness_watermark(struct harness *h, int64_t watermark);

/* Sets the clock forward in the steps that the operator asked to be woken at, then timers. */
int harness_clock(struct harness *h, int64_t now);

/* Watermark INT64_MAX, then the end of the input. */
int harness_end(struct harness *h);

/* A restart: closes the operator, moves its state through a snapshot file into new tables, opens it
   again, and tells it the last watermark. What it kept elsewhere is gone. */
int harness_reopen(struct harness *h);

/* ---- what came out ------------------------------------------------------------------------- */

/* Rows that an output got since the last call, as lines. Valid until the next call for this output.
   `rejects`: "row code message" lines of streamd_reject. */
const char *harness_take(struct harness *h, uint32_t output);
const char *harness_take_sorted(struct harness *h, uint32_t output);
const char *harness_rejects(struct harness *h);

/* The test fails, showing both, where the lines are others; order counts, or does not. */
void harness_expect(struct harness *h, uint32_t output, const char *rows);
void harness_expect_sorted(struct harness *h, uint32_t output, const char *rows);

/* A counter of streamd_count. */
uint64_t harness_counter(const struct harness *h, const char *name);

/* Rows in all of the operator's tables. */
uint64_t harness_state_rows(struct harness *h);

/* How the node was bound: the main output's changelog mode and upsert key ("user, until"). */
uint32_t harness_changelog(const struct harness *h);
const char *harness_upsert_key(struct harness *h);

/* ---- for tests of tables and services ------------------------------------------------------ */

/* The context that the operator sees. */
struct streamd_context *harness_context(struct harness *h);

/* Opens one more table; `decl` must outlive the harness. NULL: the backend said no. */
struct streamd_table *harness_open_table(struct harness *h, const struct streamd_table_decl *decl);

/* A schema from text, which lives as long as the harness. */
const struct streamd_schema *harness_schema(struct harness *h, const char *text);

/* A batch of a schema from lines as harness_send takes them. The caller owns the reference. */
struct streamd_batch *harness_batch(struct harness *h, const struct streamd_schema *schema,
                                    const char *rows);

/* Bytes of streamd_alloc in use. */
size_t harness_bytes(const struct harness *h);

/* The descriptor of the plugin KIND-NAME; prints why not and gives NULL. */
const struct streamd_descriptor *harness_plugin(const char *file);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
