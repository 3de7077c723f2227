/*
 * Windows that do not go by time: of so many rows of a key, and the global one, which ends with the
 * input. A row of state per key has what such windows have instead of an end: the event time of
 * the latest of their rows, which becomes that of the result.
 *
 * Count windows: a batch is worked off in rounds. In one round a key gets the rows that its window
 * has room for; windows that are full are sent and erased; the other rows wait for the next round.
 */
#include "window.h"

/* Columns behind the flags. */
enum { LATEST = 0, SEEN = 1 };

static int64_t *value(const struct window_task *t, void *row, uint32_t which)
{
    return streamd_row_value(t->table->layout, row, t->c->key_count + t->plan->flags + which);
}

static int update(struct window_task *t, const uint16_t *sel, uint32_t n)
{
    return streamd_aggregate_update(t->c, t->plan->aggregates, t->table, t->groups.batch, sel,
                                    t->rows, n);
}

/* A window has got a row of the batch. */
static inline void note_time(const struct window_task *t, void *row, uint32_t at)
{
    const int64_t *times = t->groups.batch->event_time;

    if (times && times[at] > *value(t, row, LATEST))
        *value(t, row, LATEST) = times[at];
}

/* Rows that were made by the lookup know no time yet. */
static void begin(const struct window_task *t, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (t->created[k])
            *value(t, t->rows[k], LATEST) = INT64_MIN;
}

/* Sends n windows. */
static int send(struct window_task *t, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        t->starts[k] = t->ends[k] = clock_add(*value(t, rows[k], LATEST), 1);
    return window_send(t, rows, n);
}

/* ---- count windows ----------------------------------------------------------------------------
 */

/* What a round makes of the rows that wait: rows that get into a window, in t->rows and
   groups.sorted; windows that are full then, in t->some; rows that wait, in t->left. */
struct round {
    uint32_t taken, full;
};

static struct round take(struct window_task *t)
{
    uint16_t *sel = t->groups.sorted;
    uint32_t n = t->waiting;
    struct round r = {0};

    t->waiting = 0;
    for (uint32_t k = 0; k < n; k++) {
        uint16_t at = t->left[k];
        void *row = t->rows[k];
        int64_t *seen = value(t, row, SEEN);

        if (*seen == t->plan->size) {
            t->left[t->waiting++] = at;
            continue;
        }
        note_time(t, row, at);
        sel[r.taken] = at;
        t->rows[r.taken++] = row;
        if (++*seen == t->plan->size)
            t->some[r.full++] = row;
    }
    return r;
}

/* As streamd_emit. */
static int play_round(struct window_task *t)
{
    struct streamd_keys keys = window_keys(t, t->groups.batch, t->groups.hash, t->left, t->waiting);
    struct round r;
    int rc = window_lookup(t, t->table, 0, &keys);

    if (rc)
        return rc;
    begin(t, keys.n);
    r = take(t);
    rc = update(t, t->groups.sorted, r.taken);
    if (rc || r.full == 0)
        return rc ? rc : 1;
    rc = send(t, t->some, r.full);
    if (rc >= 0 && streamd_table_erase(t->table, 0, t->some, r.full)) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    return rc;
}

static enum streamd_flow play(struct window_task *t)
{
    t->resume = play;
    while (t->waiting) {
        int rc = play_round(t);

        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
    return window_done(t);
}

static enum streamd_flow count_batch(struct window_task *t, struct streamd_batch *b)
{
    t->groups.batch = b;
    if (streamd_aggregate_check(t->c, t->plan->aggregates, b) ||
        streamd_hash_keys(t->c, t->table, b, &t->groups.hash))
        return STREAMD_FAILED;
    for (uint32_t k = 0; k < b->count; k++)
        t->left[k] = (uint16_t)streamd_batch_row(b, k);
    t->waiting = b->count;
    return play(t);
}

/* At the end of the input windows that are not full give no result. */
static enum streamd_flow count_fire(struct window_task *t)
{
    if (t->watermark == INT64_MAX)
        streamd_count(t->c, "discarded", streamd_table_rows(t->table, 0));
    return window_done(t);
}

/* ---- the global window ------------------------------------------------------------------------
 */

static enum streamd_flow global_batch(struct window_task *t, struct streamd_batch *b)
{
    struct streamd_keys keys;

    t->groups.batch = b;
    if (streamd_aggregate_check(t->c, t->plan->aggregates, b) ||
        streamd_hash_keys(t->c, t->table, b, &t->groups.hash))
        return STREAMD_FAILED;
    if (b->count == 0)
        return window_done(t);
    keys = window_keys(t, b, t->groups.hash, b->sel, b->count);
    if (window_lookup(t, t->table, 0, &keys))
        return STREAMD_FAILED;
    begin(t, b->count);
    for (uint32_t k = 0; k < b->count; k++)
        note_time(t, t->rows[k], streamd_batch_row(b, k));
    for (uint32_t k = 0; t->plan->updates && k < b->count; k++)
        *window_flag(t, t->rows[k], WINDOW_CHANGED) = 1;
    if (update(t, b->sel, b->count))
        return STREAMD_FAILED;
    window_changed(t);
    return window_done(t);
}

/* A window that has ended is gone: a checkpoint after the end must not hold it, or a run that goes
   on from there would send it again. */
static enum streamd_flow all_sent(struct window_task *t)
{
    if (t->watermark == INT64_MAX)
        streamd_table_drop(t->table, 0);
    return window_done(t);
}

static enum streamd_flow send_all(struct window_task *t)
{
    t->resume = send_all;
    for (;;) {
        uint32_t n = streamd_table_scan(t->table, 0, &t->pass.cursor, t->rows, t->c->batch_rows);
        int rc;

        if (n == 0)
            return all_sent(t);
        if (t->plan->updates)
            n = window_pick_changed(t, t->rows, n, t->rows);
        rc = n ? send(t, t->rows, n) : 1;
        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
}

static enum streamd_flow global_early(struct window_task *t)
{
    t->pass.cursor = (struct streamd_cursor){0};
    return send_all(t);
}

static enum streamd_flow global_fire(struct window_task *t)
{
    return t->watermark == INT64_MAX ? global_early(t) : window_done(t);
}

static int64_t never(struct window_task *t)
{
    (void)t;
    return INT64_MAX;
}

const struct window_ops window_count_ops = {
    .batch = count_batch, .fire = count_fire, .early = count_fire, .first_end = never};

const struct window_ops window_global_ops = {
    .batch = global_batch, .fire = global_fire, .early = global_early, .first_end = never};
