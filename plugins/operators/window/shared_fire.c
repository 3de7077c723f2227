/*
 * Windows that share panes fire, in the order of their ends:
 *
 *   NEXT      which one? If its rows are all in one piece, that is sent as it is
 *   FOLD      cumulative: a pane that can get no more rows goes into the span in front
 *   COMPOSE   its pieces are merged into `result`
 *   SEND      chunk by chunk
 *
 * and then what no window needs any more goes.
 */
#include "shared.h"

enum { NEXT = 0, FOLD, COMPOSE, SEND };
enum { STEPS_PER_CALL = 64 };

/* ---- which window? ----------------------------------------------------------------------------
 */

/* The first start, of spans of a length, of which the end is behind what has fired. */
static int64_t first_start(const struct window_task *t, int64_t length, int64_t aligned)
{
    if (t->fired == INT64_MIN)
        return INT64_MIN;
    return clock_add(clock_floor(clock_add(t->fired, -length), aligned, t->plan->offset), aligned);
}

static int next_sliding(struct window_task *t, int64_t *ns)
{
    int64_t pane;

    return shared_first_pane(t, first_start(t, t->plan->size, t->plan->step), &pane) &&
           window_first(t->plan, pane, t->fired, ns);
}

/* A cumulative window fires from its first row on at each step. */
static int next_cumulative(struct window_task *t, int64_t *ns)
{
    const struct window_plan *p = t->plan;
    int64_t from = first_start(t, p->size, p->size), open = first_start(t, p->step, p->step);
    int64_t span, pane;
    int has_span = (int)streamd_table_namespaces(shared_spans(t, 0), from, &span, 1);
    int has_pane = shared_first_pane(t, from, &pane);

    if (!has_span && !has_pane)
        return 0;
    *ns = has_span && (!has_pane || span <= pane) ? span : pane;
    if (*ns < open)
        *ns = open;
    return 1;
}

/* The next window that fires, whatever the time. 0: none. */
static int next_window(struct window_task *t, int64_t *ns)
{
    if (t->fired == INT64_MAX)
        return 0;
    return t->plan->kind == WINDOW_CUMULATIVE ? next_cumulative(t, ns) : next_sliding(t, ns);
}

int64_t shared_first_end(struct window_task *t)
{
    int64_t ns;

    return next_window(t, &ns) ? window_span_of(t->plan, ns).end : INT64_MAX;
}

/* ---- what is in it? ---------------------------------------------------------------------------
 */

/* Sends the window as it is where it has one piece, else has its pieces merged. */
static void open_window(struct window_task *t, int64_t ns)
{
    struct shared_walk *w = &t->walk;
    struct shared_piece one, two;
    int levels = t->sparse > 0 ? 0 : t->plan->levels, found;

    t->sparse -= t->sparse > 0;
    w->ns = ns;
    w->span = window_span_of(t->plan, ns);
    found = shared_next_piece(t, w->span.start, w->span.end, levels, &one);
    if (found && !shared_next_piece(t, one.end, w->span.end, levels, &two) &&
        shared_has_rows(one.table, one.ns)) {
        w->of = one.table;
        w->of_ns = one.ns;
        w->cursor = (struct streamd_cursor){0};
        w->stage = SEND;
        return;
    }
    shared_merge(t, t->result, 0, w->span.start, w->span.end, levels);
    w->stage = COMPOSE;
}

/* A pane whose own window is gone belongs to the span of its window's beginning. 0: there is none
   that should go there before the window `until`. */
static int fold(struct window_task *t, int64_t until)
{
    const struct window_plan *p = t->plan;
    int64_t pane;

    if (p->kind != WINDOW_CUMULATIVE || !shared_first_pane(t, INT64_MIN, &pane) || pane > until ||
        clock_add(pane, p->step) > t->walk.clean)
        return 0;
    if (t->fired < pane)
        t->fired = pane; /* the windows before it were empty, and the span is not */
    t->walk.of_ns = pane;
    shared_merge(t, shared_spans(t, 0), clock_floor(pane, p->size, p->offset), pane,
                 clock_add(pane, p->step), 0);
    t->walk.frames[0].inside = 1;
    t->walk.frames[0].piece = (struct shared_piece){t->table, pane, clock_add(pane, p->step), 0};
    t->walk.stage = FOLD;
    return 1;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* Row kinds of the results of a window: updates are those that were sent before. */
static int set_kinds(struct window_task *t, struct streamd_batch *b, int64_t ns)
{
    struct streamd_keys keys = {.n = b->count, .sel = b->sel, .columns = t->columns};

    if (window_kinds(t, b))
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < t->plan->keys->field_count; i++)
        t->columns[i] = &b->columns[i];
    if (streamd_hash_keys(t->c, t->sent, b, &keys.hash))
        return STREAMD_E_REPORTED;
    if (streamd_table_lookup(t->sent, ns, &keys, STREAMD_LOOKUP_CREATE, t->some, t->created)) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    for (uint32_t k = 0; k < b->count; k++)
        b->row_kind[streamd_batch_row(b, k)] =
            t->created[k] ? STREAMD_INSERT : STREAMD_UPDATE_AFTER;
    return 0;
}

int shared_send(struct window_task *t, struct streamd_table *table, void *const *rows, uint32_t n,
                int64_t ns)
{
    struct streamd_batch *b;

    window_set_span(t, n, window_span_of(t->plan, ns));
    b = window_result(t, table, rows, n);
    if (!b)
        return STREAMD_E_REPORTED;
    if (t->plan->updates && b->count && set_kinds(t, b, ns)) {
        streamd_batch_release(t->c, b);
        return STREAMD_E_REPORTED;
    }
    return streamd_emit(t->c, 0, b);
}

/* Sends some rows of the window; as streamd_emit. */
static int send_some(struct window_task *t)
{
    struct shared_walk *w = &t->walk;
    uint32_t n = streamd_table_scan(w->of, w->of_ns, &w->cursor, t->rows, t->c->batch_rows);

    if (n)
        return shared_send(t, w->of, t->rows, n, w->ns);
    if (w->of == t->result)
        streamd_table_drop(t->result, 0);
    t->fired = w->span.end;
    w->stage = NEXT;
    return 1;
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

/* Drops what is in no window that is still there. */
static void clean_up(struct window_task *t)
{
    const struct window_plan *p = t->plan;
    int64_t clean = t->walk.clean, ns, length = p->kind == WINDOW_CUMULATIVE ? p->size : p->step;

    while (shared_first_pane(t, INT64_MIN, &ns) && window_is_past(p, ns, clean))
        streamd_table_drop(t->table, ns);
    for (int i = 0; i < 2; i++)
        while (streamd_table_namespaces(t->spans[i], INT64_MIN, &ns, 1) &&
               clock_add(clock_floor(ns, length, p->offset), p->size) <= clean)
            streamd_table_drop(t->spans[i], ns);
    while (p->updates && streamd_table_namespaces(t->sent, INT64_MIN, &ns, 1) &&
           window_span_of(p, ns).end <= clean)
        streamd_table_drop(t->sent, ns);
}

static int write_progress(struct window_task *t)
{
    struct streamd_keys none = {.n = 1, .columns = t->columns};
    void *row = NULL;
    int rc = streamd_table_lookup(t->progress, 0, &none, STREAMD_LOOKUP_FIND, &row, NULL);

    if (!rc && !row)
        rc = streamd_table_append(t->progress, 0, &none, &row);
    if (rc) {
        window_no_memory(t);
        return rc;
    }
    *(int64_t *)streamd_row_value(t->progress->layout, row, 0) = t->fired;
    return 0;
}

/* 1: go on; 0: not now; negative: failed. */
static int step(struct window_task *t)
{
    struct shared_walk *w = &t->walk;
    int rc;

    if (w->stage == SEND)
        return send_some(t);
    rc = shared_merge_on(t);
    if (rc <= 0)
        return rc;
    if (w->stage == FOLD) {
        streamd_table_drop(t->table, w->of_ns);
        w->stage = NEXT;
        return 1;
    }
    w->of = t->result;
    w->of_ns = 0;
    w->cursor = (struct streamd_cursor){0};
    w->stage = SEND;
    return 1;
}

/* Finds out what is next. 0: that was all. */
static int find_next(struct window_task *t)
{
    int64_t ns;
    int found = next_window(t, &ns) && window_span_of(t->plan, ns).end <= t->walk.due;

    if (fold(t, found ? ns : INT64_MAX))
        return 1;
    if (found)
        open_window(t, ns);
    return found;
}

static enum streamd_flow go_on(struct window_task *t)
{
    struct shared_walk *w = &t->walk;

    t->resume = go_on;
    for (int steps = 0; w->stage != NEXT || find_next(t); steps++) {
        int rc;

        if (steps == STEPS_PER_CALL)
            return STREAMD_HAS_MORE;
        rc = step(t);
        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
    clean_up(t);
    if (w->due > t->fired)
        t->fired = w->due;
    return write_progress(t) ? STREAMD_FAILED : window_done(t);
}

enum streamd_flow shared_fire(struct window_task *t)
{
    t->walk.stage = NEXT;
    t->walk.due = clock_due(t->watermark, t->plan->delay);
    t->walk.clean = clock_due(t->watermark, t->plan->lateness);
    return go_on(t);
}
