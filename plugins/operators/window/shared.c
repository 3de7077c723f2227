/* Windows that share panes: what comes of a batch, and up to where they have fired. */
#include "shared.h"

/* Spans with rows of a pane have to be made again. */
static void drop_spans(struct window_task *t, int64_t pane)
{
    const struct window_plan *p = t->plan;

    for (int level = 1; level <= p->levels; level++)
        streamd_table_drop(shared_spans(t, level),
                           clock_floor(pane, p->step << level, p->offset) + level);
}

static int add(struct window_task *t, const struct window_group *group)
{
    const struct window_plan *p = t->plan;
    struct streamd_keys keys = window_group_keys(t, group);
    struct streamd_table *table = t->table;
    int64_t ns = group->start;
    int rc;

    if (p->kind == WINDOW_CUMULATIVE) {
        /* The panes that can get no more results of their own are in the span already. */
        if (clock_add(ns, p->step) <= clock_due(t->watermark, p->lateness)) {
            table = shared_spans(t, 0);
            ns = clock_floor(ns, p->size, p->offset);
        }
    } else if (ns < t->fired) {
        drop_spans(t, ns);
    }
    rc = window_lookup(t, table, ns, &keys);
    return rc ? rc
              : streamd_aggregate_update(t->c, p->aggregates, table, t->groups.batch, keys.sel,
                                         t->rows, keys.n);
}

/* The row of `progress`. After a change of parallelism it has one for each task of before: the
   least counts, and the others go, since nobody would raise them any more. */
static void read_progress(struct window_task *t)
{
    const struct streamd_row_layout *l = t->progress->layout;
    struct streamd_keys none = {.n = 1, .columns = t->columns};
    void *first = NULL, *row;

    if (streamd_table_lookup(t->progress, 0, &none, STREAMD_LOOKUP_FIND, &first, NULL) || !first)
        return;
    t->fired = INT64_MAX;
    for (row = first; row; row = streamd_table_next(t->progress, 0, row)) {
        int64_t fired = *(const int64_t *)streamd_row_value(l, row, 0);

        t->fired = fired < t->fired ? fired : t->fired;
    }
    *(int64_t *)streamd_row_value(l, first, 0) = t->fired;
    while ((row = streamd_table_next(t->progress, 0, first)) != NULL)
        (void)streamd_table_erase(t->progress, 0, &row, 1);
}

const struct window_ops window_shared_ops = {.open = read_progress,
                                             .batch = window_aligned_batch,
                                             .fire = shared_fire,
                                             .early = shared_fire,
                                             .first_end = shared_first_end,
                                             .add = add,
                                             .again = shared_fire_again,
                                             .seal = shared_seal};
