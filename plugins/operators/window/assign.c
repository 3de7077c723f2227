/*
 * Times to windows, and the rows of a batch to panes.
 *
 * A pane is a piece of time whose rows are in the same windows. Sliding windows whose length is no
 * multiple of `every` have panes of two lengths in turn, since windows start at one set of points
 * and end at another:
 *
 *      start   end       start   end
 *        |------|----------|------|--------- ...        r = size % every; panes r and every - r
 *
 * Most batches lie in one pane, which their least and largest time show. Else rows are compared
 * with the pane of the row before them, and only where that fails is there a division.
 */
#include "window.h"

#include <string.h>

int64_t window_pane(const struct window_plan *p, int64_t time, uint64_t *width)
{
    int64_t rest = clock_rest(time, p->step, p->offset), cut = p->size % p->step;

    if (p->kind != WINDOW_SLIDING || cut == 0) {
        *width = (uint64_t)p->step;
        return clock_add(time, -rest);
    }
    *width = (uint64_t)(rest < cut ? cut : p->step - cut);
    return clock_add(time, rest < cut ? -rest : cut - rest);
}

/* The last window, by namespace, that a pane's rows are in. */
static int64_t last_window(const struct window_plan *p, int64_t pane)
{
    if (p->kind == WINDOW_CUMULATIVE)
        return clock_add(clock_floor(pane, p->size, p->offset), p->size - p->step);
    return clock_floor(pane, p->step, p->offset);
}

int window_first(const struct window_plan *p, int64_t pane, int64_t after, int64_t *ns)
{
    int64_t last = last_window(p, pane), open;

    *ns = pane;
    if (p->kind == WINDOW_SLIDING)
        *ns = clock_add(last, -((p->size - 1 - (pane - last)) / p->step * p->step));
    open = clock_add(after, -p->span);
    if (open > INT64_MIN) {
        open = clock_add(clock_floor(open, p->step, p->offset), p->step);
        *ns = open > *ns ? open : *ns;
    }
    return *ns <= last;
}

int window_next(const struct window_plan *p, int64_t pane, int64_t *ns)
{
    *ns = clock_add(*ns, p->step);
    return *ns <= last_window(p, pane);
}

int window_is_past(const struct window_plan *p, int64_t pane, int64_t after)
{
    int64_t ns;

    return !window_first(p, pane, after, &ns);
}

struct window_span window_span_of(const struct window_plan *p, int64_t ns)
{
    struct window_span span = {ns, clock_add(ns, p->span)};

    if (p->kind == WINDOW_CUMULATIVE)
        span.start = clock_floor(ns, p->size, p->offset);
    return span;
}

/* The last window of a time t ends at floor(t, a) + size, where a is `every` or the size. It is
   gone where that is <= clean. */
int64_t window_late_before(const struct window_plan *p, int64_t watermark)
{
    int64_t clean = clock_due(watermark, p->lateness);
    int64_t aligned = p->kind == WINDOW_SLIDING ? p->step : p->size;

    if (watermark == INT64_MIN || watermark == INT64_MAX)
        return watermark;
    return clock_add(clock_floor(clock_add(clean, -p->size), aligned, p->offset), aligned);
}

/* ---- groups --------------------------------------------------------------------------------- */

static int grow_groups(struct window_task *t)
{
    struct window_groups *g = &t->groups;
    uint32_t capacity = g->capacity ? g->capacity * 2 : 16;
    struct window_group *items = streamd_realloc(t->c, g->items, capacity * sizeof(*items));

    if (!items) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    g->items = items;
    g->capacity = capacity;
    return 0;
}

/* An empty hash table that n groups fill to a half at most. */
static int clear_slots(struct window_task *t, uint32_t n)
{
    struct window_groups *g = &t->groups;
    uint32_t count = 64;

    while (count < n * 2)
        count *= 2;
    if (count > g->slot_count) {
        uint16_t *slots = streamd_realloc(t->c, g->slots, count * sizeof(*slots));

        if (!slots) {
            window_no_memory(t);
            return STREAMD_E_NOMEM;
        }
        g->slots = slots;
    }
    g->slot_count = count;
    memset(g->slots, 0, count * sizeof(*g->slots));
    return 0;
}

/* Number of the group of the pane of a time, made where it is new; negative without memory. */
static int64_t find_group(struct window_task *t, int64_t time)
{
    struct window_groups *g = &t->groups;
    uint64_t width;
    int64_t start = window_pane(t->plan, time, &width);
    uint32_t at = (uint32_t)(((uint64_t)start * 0x9E3779B97F4A7C15u) >> 32) & (g->slot_count - 1);

    for (; g->slots[at]; at = (at + 1) & (g->slot_count - 1))
        if (g->items[g->slots[at] - 1].start == start)
            return g->slots[at] - 1;
    if (g->count == g->capacity && grow_groups(t))
        return STREAMD_E_NOMEM;
    g->items[g->count++] = (struct window_group){.start = start, .width = width};
    g->slots[at] = (uint16_t)g->count;
    return g->count - 1;
}

/* Notes the group of each row in g->of, and counts them. */
static int mark_rows(struct window_task *t, const int64_t *times, const uint16_t *sel, uint32_t n)
{
    struct window_groups *g = &t->groups;
    struct window_group none = {0}, *now = &none;
    int64_t number = 0;

    for (uint32_t k = 0; k < n; k++) {
        int64_t time = times[sel ? sel[k] : k];

        if ((uint64_t)time - (uint64_t)now->start >= now->width) {
            number = find_group(t, time);
            if (number < 0)
                return (int)number;
            now = &g->items[number];
        }
        g->of[k] = (uint16_t)number;
        now->n++;
    }
    return 0;
}

/* Rows group by group, each in the order of the batch. */
static void sort_rows(struct window_groups *g, const uint16_t *sel, uint32_t n)
{
    uint32_t first = 0;

    for (uint32_t i = 0; i < g->count; i++) {
        g->items[i].first = first;
        first += g->items[i].n;
        g->items[i].n = 0;
    }
    for (uint32_t k = 0; k < n; k++) {
        struct window_group *group = &g->items[g->of[k]];

        g->sorted[group->first + group->n++] = sel ? sel[k] : (uint16_t)k;
    }
    g->sel = g->sorted;
}

int window_assign(struct window_task *t, struct streamd_batch *b, const int64_t *time)
{
    struct window_groups *g = &t->groups;
    struct window_group all = {.n = b->count};
    int rc;

    g->batch = b;
    g->count = 0;
    g->sel = b->sel;
    if (g->capacity == 0 && grow_groups(t))
        return STREAMD_E_NOMEM;
    all.start = window_pane(t->plan, time ? *time : b->min_time, &all.width);
    if (time || (uint64_t)b->max_time - (uint64_t)all.start < all.width) {
        g->items[0] = all;
        g->count = 1;
        return 0;
    }
    rc = clear_slots(t, b->count);
    if (!rc)
        rc = mark_rows(t, b->event_time, b->sel, b->count);
    if (!rc)
        sort_rows(g, b->sel, b->count);
    return rc;
}
