/*
 * Walks over aligned windows in the order of their ends: those that are complete fire, those that
 * can get no more rows go. Early updates are a walk as well, on which everything that has not fired
 * yet sends what changed.
 *
 * A walk stops where the output is full, and after so many rows that others get their turn.
 */
#include "window.h"

enum { CHUNKS_PER_CALL = 64 };

/* The next window that has something to send; 0: there is none. Drops those that are gone. */
static int enter(struct window_task *t)
{
    struct window_pass *pass = &t->pass;
    int64_t ns;

    while (streamd_table_namespaces(t->table, pass->ns, &ns, 1)) {
        int64_t end = window_span_of(t->plan, ns).end;

        if (end > pass->due)
            return 0;
        pass->ns = ns;
        if (end > pass->fired) {
            pass->inside = 1;
            pass->cursor = (struct streamd_cursor){0};
            return 1;
        }
        if (end <= pass->clean)
            streamd_table_drop(t->table, ns);
        if (ns == INT64_MAX)
            return 0;
        pass->ns = ns + 1;
    }
    return 0;
}

/* Leaves the window; 0: it was the last one that there can be. */
static int leave(struct window_task *t)
{
    struct window_pass *pass = &t->pass;

    pass->inside = 0;
    if (window_span_of(t->plan, pass->ns).end <= pass->clean)
        streamd_table_drop(t->table, pass->ns);
    if (pass->ns == INT64_MAX)
        return 0;
    pass->ns++;
    return 1;
}

/* Sends some rows of the window; as streamd_emit, but 2 at its end. */
static int send_some(struct window_task *t)
{
    struct window_pass *pass = &t->pass;
    uint32_t n = streamd_table_scan(t->table, pass->ns, &pass->cursor, t->rows, t->c->batch_rows);

    if (n == 0)
        return 2;
    if (t->plan->updates)
        n = window_pick_changed(t, t->rows, n, t->rows);
    return n ? window_send_span(t, t->rows, n, window_span_of(t->plan, pass->ns)) : 1;
}

static enum streamd_flow walk(struct window_task *t)
{
    struct window_pass *pass = &t->pass;

    t->resume = walk;
    for (int chunks = 0; pass->inside || enter(t); chunks++) {
        int rc;

        if (chunks == CHUNKS_PER_CALL)
            return STREAMD_HAS_MORE;
        rc = send_some(t);
        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
        if (rc == 2 && !leave(t))
            break;
    }
    return window_done(t);
}

enum streamd_flow window_fire(struct window_task *t)
{
    t->pass = (struct window_pass){.fired = t->fired,
                                   .due = clock_due(t->watermark, t->plan->delay),
                                   .clean = clock_due(t->watermark, t->plan->lateness),
                                   .ns = INT64_MIN};
    t->fired = t->pass.due;
    return walk(t);
}

enum streamd_flow window_fire_early(struct window_task *t)
{
    t->pass = (struct window_pass){
        .fired = t->fired, .due = INT64_MAX, .clean = INT64_MIN, .ns = INT64_MIN};
    return walk(t);
}
