/*
 * Before a checkpoint: what is not expected to change any more is sealed, so that it is written
 * once and later checkpoints refer to it. A late row opens its pane again.
 *
 *   windows that share nothing   those that have fired, and wait for late rows
 *   panes                        those whose time has passed: the watermark is behind their end
 *   spans                        all: they are made when their panes have passed
 *   sent                         results of windows that have fired
 *
 * Nothing here is written to by way of a scan: flags of rows change before a window has fired, or
 * after a lookup.
 */
#include "shared.h"

enum { SOME = 64 };

/* Seals the namespaces of a table of which `passed` says so. They ascend, and so do their ends. */
static void seal_table(struct window_task *t, struct streamd_table *table,
                       int (*passed)(const struct window_task *, int64_t ns))
{
    int64_t some[SOME], from = INT64_MIN;
    uint32_t n;

    do {
        n = streamd_table_namespaces(table, from, some, SOME);
        for (uint32_t i = 0; i < n; i++) {
            if (!passed(t, some[i]))
                return;
            streamd_table_seal(table, some[i]);
        }
        from = n ? clock_add(some[n - 1], 1) : from;
    } while (n == SOME);
}

static int has_fired(const struct window_task *t, int64_t ns)
{
    return window_span_of(t->plan, ns).end <= t->fired;
}

static int pane_has_passed(const struct window_task *t, int64_t pane)
{
    uint64_t width;
    int64_t start = window_pane(t->plan, pane, &width);

    return clock_add(start, (int64_t)width) <= t->watermark;
}

static int always(const struct window_task *t, int64_t ns)
{
    (void)t;
    (void)ns;
    return 1;
}

void window_aligned_seal(struct window_task *t)
{
    seal_table(t, t->table, has_fired);
}

void shared_seal(struct window_task *t)
{
    seal_table(t, t->table, pane_has_passed);
    for (int i = 0; i < 2; i++)
        seal_table(t, t->spans[i], always);
    if (t->plan->updates)
        seal_table(t, t->sent, has_fired);
}
