/*
 * Rows that come late: too late for all their windows, or for windows that have fired already and
 * are still kept. The latter fire again, once per batch however many rows came, and only for the
 * keys that got some.
 */
#include "window.h"

#include <string.h>

int window_send_late(struct window_task *t, struct streamd_batch *b, uint32_t n)
{
    const struct streamd_schema *schema = t->plan->late;
    struct streamd_batch *late = streamd_batch_derive(t->c, b, schema);
    uint16_t *sel = late ? streamd_batch_alloc(t->c, late, n * sizeof(*sel)) : NULL;

    if (!sel) {
        streamd_batch_release(t->c, late);
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    memcpy(late->columns, b->columns, schema->field_count * sizeof(*late->columns));
    memcpy(sel, t->out, n * sizeof(*sel));
    late->sel = sel;
    late->count = n;
    streamd_count(t->c, "late", n);
    return streamd_emit(t->c, 1, late) < 0 ? STREAMD_E_REPORTED : 0;
}

int window_take_late(struct window_task *t, struct streamd_batch *b, int64_t before)
{
    uint16_t *sel = streamd_batch_alloc(t->c, b, b->count * sizeof(*sel));
    uint32_t kept = 0, late = 0;

    if (!sel) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);
        int is_late = b->event_time[row] < before;

        t->out[late] = (uint16_t)row;
        sel[kept] = (uint16_t)row;
        late += (uint32_t)is_late;
        kept += (uint32_t)!is_late;
    }
    if (late && window_send_late(t, b, late))
        return STREAMD_E_REPORTED;
    b->sel = sel;
    b->count = kept;
    return 0;
}

/* ---- firing again -----------------------------------------------------------------------------
 */

/* Goes to the next pair of a group and a window that has fired and is kept; 0: that was all. */
static int next_fired(struct window_task *t)
{
    struct window_groups *g = &t->groups;
    int64_t clean = clock_due(t->watermark, t->plan->lateness);

    while (g->at < g->count) {
        int64_t pane = g->items[g->at].start;
        int found = g->inside ? window_next(t->plan, pane, &g->ns)
                              : window_first(t->plan, pane, clean, &g->ns);

        g->inside = found && window_span_of(t->plan, g->ns).end <= t->fired;
        if (g->inside)
            return 1;
        g->at++;
    }
    return 0;
}

/* As streamd_emit. What a group before this one had for the same window is not changed any more. */
static int send_again(struct window_task *t)
{
    struct window_groups *g = &t->groups;
    const struct window_group *group = &g->items[g->at];
    struct streamd_keys keys = window_group_keys(t, group);
    uint32_t n;

    if (streamd_table_lookup(t->table, g->ns, &keys, STREAMD_LOOKUP_FIND, t->rows, NULL)) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    n = window_pick_changed(t, t->rows, group->n, t->some);
    return n ? window_send_span(t, t->some, n, window_span_of(t->plan, g->ns)) : 1;
}

static enum streamd_flow fire_on(struct window_task *t)
{
    t->resume = fire_on;
    while (next_fired(t)) {
        int rc = send_again(t);

        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
    return window_done(t);
}

enum streamd_flow window_fire_again(struct window_task *t)
{
    t->groups.at = 0;
    t->groups.inside = 0;
    return fire_on(t);
}
