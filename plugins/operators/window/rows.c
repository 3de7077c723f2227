/* Rows of state: finding those of a batch's keys, and sending their results. */
#include "window.h"

#include <string.h>

struct streamd_keys window_keys(struct window_task *t, const struct streamd_batch *b,
                                const uint64_t *hash, const uint16_t *sel, uint32_t n)
{
    for (uint32_t i = 0; i < t->c->key_count; i++)
        t->columns[i] = &b->columns[t->c->key_fields[i]];
    return (struct streamd_keys){.n = n, .sel = sel, .columns = t->columns, .hash = hash};
}

int window_lookup(struct window_task *t, struct streamd_table *table, int64_t ns,
                  const struct streamd_keys *keys)
{
    uint32_t n = 0;
    int rc = streamd_table_lookup(table, ns, keys, STREAMD_LOOKUP_CREATE, t->rows, t->created);

    if (rc) {
        window_no_memory(t);
        return rc;
    }
    if (!memchr(t->created, 1, keys->n))
        return 0;
    for (uint32_t k = 0; k < keys->n; k++) {
        t->some[n] = t->rows[k];
        n += t->created[k];
    }
    return streamd_aggregate_init(t->c, t->plan->aggregates, table, t->some, n);
}

uint32_t window_pick_changed(const struct window_task *t, void *const *rows, uint32_t n,
                             void **picked)
{
    uint32_t m = 0;

    for (uint32_t k = 0; k < n; k++) {
        uint8_t *changed;

        if (!rows[k])
            continue;
        changed = window_flag(t, rows[k], WINDOW_CHANGED);
        if (!*changed)
            continue;
        *changed = 0;
        picked[m++] = rows[k];
    }
    return m;
}

/* Row kinds of a batch of results, of which row k is that of rows[k]. A result that failed was not
   sent: it stays an insert. */
static int set_kinds(struct window_task *t, struct streamd_batch *b, void *const *rows)
{
    b->row_kind = streamd_batch_alloc(t->c, b, b->capacity);
    if (!b->row_kind)
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);
        uint8_t *emitted = window_flag(t, rows[row], WINDOW_EMITTED);

        b->row_kind[row] = *emitted ? STREAMD_UPDATE_AFTER : STREAMD_INSERT;
        *emitted = 1;
    }
    return 0;
}

int window_send(struct window_task *t, void *const *rows, uint32_t n, struct window_span span)
{
    struct streamd_column extras[2] = {{.values = t->starts}, {.values = t->ends}};
    struct streamd_batch *b;
    int64_t time = clock_add(span.end, -1);

    for (uint32_t k = 0; k < n; k++) {
        t->starts[k] = span.start;
        t->ends[k] = span.end;
    }
    b = streamd_aggregate_result(t->c, t->plan->aggregates, t->table, rows, n, extras);
    if (!b)
        return STREAMD_E_REPORTED;
    for (uint32_t k = 0; k < n; k++)
        b->event_time[k] = time;
    b->min_time = b->max_time = time;
    if (t->plan->updates && set_kinds(t, b, rows)) {
        streamd_batch_release(t->c, b);
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    return streamd_emit(t->c, 0, b);
}
