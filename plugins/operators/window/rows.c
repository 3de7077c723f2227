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

struct streamd_batch *window_result(struct window_task *t, struct streamd_table *table,
                                    void *const *rows, uint32_t n)
{
    struct streamd_column extras[2] = {{.values = t->starts}, {.values = t->ends}};
    struct streamd_batch *b =
        streamd_aggregate_result(t->c, t->plan->aggregates, table, rows, n, extras);

    if (!b)
        return NULL;
    b->min_time = INT64_MAX;
    b->max_time = INT64_MIN;
    for (uint32_t k = 0; k < n; k++) {
        int64_t time = clock_add(t->ends[k], -1);

        b->event_time[k] = time;
        b->min_time = time < b->min_time ? time : b->min_time;
        b->max_time = time > b->max_time ? time : b->max_time;
    }
    return b;
}

int window_kinds(struct window_task *t, struct streamd_batch *b)
{
    b->row_kind = streamd_batch_alloc(t->c, b, b->capacity);
    if (b->row_kind)
        return 0;
    window_no_memory(t);
    return STREAMD_E_NOMEM;
}

/* Row k of the batch is the result of rows[k]. One that failed was not sent: the next one will be
   an insert. */
static void note_sent(const struct window_task *t, struct streamd_batch *b, void *const *rows)
{
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t at = streamd_batch_row(b, k);
        uint8_t *emitted = window_flag(t, rows[at], WINDOW_EMITTED);

        b->row_kind[at] = *emitted ? STREAMD_UPDATE_AFTER : STREAMD_INSERT;
        *emitted = 1;
    }
}

int window_send(struct window_task *t, void *const *rows, uint32_t n)
{
    struct streamd_batch *b = window_result(t, t->table, rows, n);

    if (!b)
        return STREAMD_E_REPORTED;
    if (t->plan->updates) {
        if (window_kinds(t, b)) {
            streamd_batch_release(t->c, b);
            return STREAMD_E_NOMEM;
        }
        note_sent(t, b, rows);
    }
    if (!t->plan->gives_time)
        b->event_time = NULL;
    return streamd_emit(t->c, 0, b);
}

void window_set_span(struct window_task *t, uint32_t n, struct window_span span)
{
    for (uint32_t k = 0; k < n; k++) {
        t->starts[k] = span.start;
        t->ends[k] = span.end;
    }
}

int window_send_span(struct window_task *t, void *const *rows, uint32_t n, struct window_span span)
{
    window_set_span(t, n, span);
    return window_send(t, rows, n);
}
