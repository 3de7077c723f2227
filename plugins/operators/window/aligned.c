/*
 * Tumbling, sliding and cumulative windows: rows of a batch into the windows of their panes.
 *
 * The common batch lies in one pane: one hash, one lookup, one update for all its rows.
 */
#include "window.h"

/* Rows of a group into one window. */
static int add_to_window(struct window_task *t, int64_t ns, const struct streamd_keys *keys)
{
    struct streamd_batch *b = t->groups.batch;
    int rc = window_lookup(t, t->table, ns, keys);

    if (!rc)
        rc = streamd_aggregate_update(t->c, t->plan->aggregates, t->table, b, keys->sel, t->rows,
                                      keys->n);
    for (uint32_t k = 0; !rc && t->plan->updates && k < keys->n; k++)
        *window_flag(t, t->rows[k], WINDOW_CHANGED) = 1;
    return rc;
}

struct streamd_keys window_group_keys(struct window_task *t, const struct window_group *group)
{
    const struct window_groups *g = &t->groups;

    return window_keys(t, g->batch, g->hash, g->sel ? g->sel + group->first : NULL, group->n);
}

/* Rows of a group into all their windows that are still there. */
static int add_group(struct window_task *t, const struct window_group *group)
{
    const struct window_plan *p = t->plan;
    struct window_groups *g = &t->groups;
    struct streamd_keys keys =
        window_keys(t, g->batch, g->hash, g->sel ? g->sel + group->first : NULL, group->n);
    int64_t clean = p->by_clock ? INT64_MIN : clock_due(t->watermark, p->lateness), ns;
    int rc = 0;

    for (int has = window_first(p, group->start, clean, &ns); has && !rc;
         has = window_next(p, group->start, &ns))
        rc = add_to_window(t, ns, &keys);
    return rc;
}

/* Leaves the rows in the batch that are not late. 0, or negative after streamd_fail. */
static int keep_timely(struct window_task *t, struct streamd_batch *b)
{
    int64_t before = window_late_before(t->plan, t->watermark);

    return b->min_time < before ? window_take_late(t, b, before) : 0;
}

enum streamd_flow window_aligned_batch(struct window_task *t, struct streamd_batch *b)
{
    const struct window_plan *p = t->plan;
    struct window_groups *g = &t->groups;
    int64_t now = p->by_clock ? window_now(t) : 0;

    if (!p->by_clock && keep_timely(t, b))
        return STREAMD_FAILED;
    if (streamd_aggregate_check(t->c, p->aggregates, b))
        return STREAMD_FAILED;
    if (b->count == 0)
        return window_done(t);
    if (streamd_hash_keys(t->c, t->table, b, &g->hash) ||
        window_assign(t, b, p->by_clock ? &now : NULL))
        return STREAMD_FAILED;
    for (uint32_t i = 0; i < g->count; i++)
        if (p->ops->add(t, &g->items[i]))
            return STREAMD_FAILED;
    window_changed(t);
    return p->lateness && p->updates ? p->ops->again(t) : window_done(t);
}

static int64_t aligned_first_end(struct window_task *t)
{
    int64_t ns;

    if (!streamd_table_namespaces(t->table, INT64_MIN, &ns, 1))
        return INT64_MAX;
    return window_span_of(t->plan, ns).end;
}

const struct window_ops window_aligned_ops = {.batch = window_aligned_batch,
                                              .fire = window_fire,
                                              .early = window_fire_early,
                                              .first_end = aligned_first_end,
                                              .add = add_group,
                                              .again = window_fire_again,
                                              .seal = window_aligned_seal};
