/*
 * Windows that share panes and have fired fire again for the keys of late rows: the results of
 * those keys alone are put together, key by key from all pieces of the window.
 */
#include "shared.h"

/* Rows of the batch at hand that are in a window, in t->left; how many. */
static uint32_t rows_in(struct window_task *t, struct window_span span)
{
    const struct window_groups *g = &t->groups;
    uint32_t n = 0;

    for (uint32_t i = 0; i < g->count; i++) {
        const struct window_group *group = &g->items[i];

        if (group->start < span.start || group->start >= span.end)
            continue;
        for (uint32_t k = 0; k < group->n; k++)
            t->left[n++] = g->sel ? g->sel[group->first + k] : (uint16_t)k;
    }
    return n;
}

/* A row of `result` for each key: in t->from, with a row of the batch in t->left. How many;
   negative after streamd_fail. */
static int64_t make_rows(struct window_task *t, uint32_t n)
{
    struct streamd_keys keys = window_keys(t, t->groups.batch, t->groups.hash, t->left, n);
    uint32_t m = 0;

    if (window_lookup(t, t->result, 0, &keys))
        return STREAMD_E_REPORTED;
    for (uint32_t k = 0; k < n; k++) {
        if (!t->created[k])
            continue;
        t->left[m] = t->left[k];
        t->from[m++] = t->rows[k];
    }
    return m;
}

/* Adds what a piece has for n keys. */
static int merge_piece(struct window_task *t, const struct shared_piece *piece, uint32_t n)
{
    struct streamd_keys keys = window_keys(t, t->groups.batch, t->groups.hash, t->left, n);
    uint32_t m = 0;

    if (streamd_table_lookup(piece->table, piece->ns, &keys, STREAMD_LOOKUP_READ, t->rows, NULL)) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    for (uint32_t k = 0; k < n; k++) {
        if (!t->rows[k])
            continue;
        t->some[m] = t->from[k];
        t->rows[m++] = t->rows[k];
    }
    return streamd_aggregate_merge(t->c, t->plan->aggregates, t->result, t->some, piece->table,
                                   t->rows, m);
}

static int merge_pieces(struct window_task *t, struct window_span span, uint32_t n)
{
    struct shared_piece piece;
    int64_t at = span.start;
    int levels = t->plan->levels, rc = 0;

    while (!rc && shared_next_piece(t, at, span.end, levels, &piece)) {
        if (piece.level > 0 && !shared_has_rows(piece.table, piece.ns)) {
            levels = piece.level - 1; /* not made: its parts, then */
            continue;
        }
        rc = merge_piece(t, &piece, n);
        at = piece.end;
        levels = t->plan->levels;
    }
    return rc;
}

/* As streamd_emit. */
static int send_window(struct window_task *t, int64_t ns)
{
    struct window_span span = window_span_of(t->plan, ns);
    uint32_t rows = rows_in(t, span);
    int64_t n = rows ? make_rows(t, rows) : 0;
    int rc;

    if (n <= 0)
        return n < 0 ? STREAMD_E_REPORTED : 1;
    rc = merge_pieces(t, span, (uint32_t)n);
    if (!rc)
        rc = shared_send(t, t->result, t->from, (uint32_t)n, ns);
    else
        rc = STREAMD_E_REPORTED;
    streamd_table_drop(t->result, 0);
    return rc;
}

/* The last pane that has rows of the batch. */
static int64_t last_pane(const struct window_groups *g)
{
    int64_t last = INT64_MIN;

    for (uint32_t i = 0; i < g->count; i++)
        last = g->items[i].start > last ? g->items[i].start : last;
    return last;
}

static enum streamd_flow go_on(struct window_task *t)
{
    struct window_groups *g = &t->groups;
    int64_t last = last_pane(g);

    t->resume = go_on;
    for (;;) {
        struct window_span span = window_span_of(t->plan, g->ns);
        int rc;

        if (span.end > t->fired || span.start > last)
            return window_done(t);
        rc = send_window(t, g->ns);
        g->ns = clock_add(g->ns, t->plan->step);
        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
}

enum streamd_flow shared_fire_again(struct window_task *t)
{
    struct window_groups *g = &t->groups;
    int64_t clean = clock_due(t->watermark, t->plan->lateness), ns;

    g->ns = INT64_MAX;
    for (uint32_t i = 0; i < g->count; i++)
        if (g->items[i].start < t->fired && window_first(t->plan, g->items[i].start, clean, &ns) &&
            ns < g->ns)
            g->ns = ns;
    return g->ns == INT64_MAX ? window_done(t) : go_on(t);
}
