/*
 * Panes and spans put together. shared.h draws it.
 *
 * A frame is one namespace that is being filled with the pieces of a stretch of time. A piece that
 * is a span nobody has made yet gets a frame of its own first, on top; so there are as many frames
 * as levels, and no recursion: a merge can stop after any chunk of rows.
 */
#include "shared.h"

#include <string.h>

enum { CHUNKS_PER_CALL = 32, PATIENCE = 64 };

/* ---- pieces --------------------------------------------------------------------------------- */

/* The largest level of a span that begins at `at` and ends by `end`; 0: none. */
static int level_at(const struct window_plan *p, int64_t at, int64_t end, int levels)
{
    while (levels > 0) {
        int64_t length = p->step << levels;

        if (clock_rest(at, length, p->offset) == 0 && clock_add(at, length) <= end)
            break;
        levels--;
    }
    return levels;
}

static int sliding_piece(const struct window_task *t, int64_t at, int64_t end, int levels,
                         struct shared_piece *piece)
{
    const struct window_plan *p = t->plan;
    int64_t pane;

    while (at < end && shared_first_pane(t, at, &pane) && pane < end) {
        int level = level_at(p, at, end, levels);
        int64_t behind = clock_add(at, p->step << level);
        uint64_t width;

        if (level > 0 && pane < behind) {
            *piece = (struct shared_piece){shared_spans(t, level), at + level, behind, level};
            return 1;
        }
        if (level > 0 || pane > at) {
            at = level > 0 ? behind : pane;
            continue;
        }
        window_pane(p, at, &width);
        *piece = (struct shared_piece){t->table, at, clock_add(at, (int64_t)width), 0};
        return 1;
    }
    return 0;
}

static int cumulative_piece(const struct window_task *t, int64_t at, int64_t end,
                            struct shared_piece *piece)
{
    const struct window_plan *p = t->plan;
    int64_t pane;

    if (at >= end)
        return 0;
    /* The first pane is in the span, if there is one. */
    if (at == clock_floor(at, p->size, p->offset) && shared_has_rows(shared_spans(t, 0), at)) {
        *piece = (struct shared_piece){shared_spans(t, 0), at, clock_add(at, p->step), 0};
        return 1;
    }
    if (!shared_first_pane(t, at, &pane) || pane >= end)
        return 0;
    *piece = (struct shared_piece){t->table, pane, clock_add(pane, p->step), 0};
    return 1;
}

int shared_next_piece(const struct window_task *t, int64_t at, int64_t end, int levels,
                      struct shared_piece *piece)
{
    if (t->plan->kind == WINDOW_CUMULATIVE)
        return cumulative_piece(t, at, end, piece);
    return sliding_piece(t, at, end, levels, piece);
}

/* ---- keys of state rows -----------------------------------------------------------------------
 */

static void put_fixed(void *values, const struct streamd_row_layout *l, uint32_t key,
                      void *const *rows, uint32_t n)
{
    uint32_t offset = l->offsets[key];
    size_t width = streamd_type_width(l->fields[key].type.id);

    if (width == 8) {
        for (uint32_t k = 0; k < n; k++)
            memcpy((int64_t *)values + k, (const uint8_t *)rows[k] + offset, 8);
        return;
    }
    for (uint32_t k = 0; k < n; k++)
        memcpy((uint8_t *)values + width * k, (const uint8_t *)rows[k] + offset, width);
}

static int put_variable(struct window_task *t, struct streamd_batch *b, uint32_t key,
                        const struct streamd_row_layout *l, void *const *rows, uint32_t n)
{
    struct streamd_column *column = &b->columns[key];
    size_t total = 0;

    for (uint32_t k = 0; k < n; k++)
        total += ((const struct streamd_var *)streamd_row_value(l, rows[k], key))->length;
    if (streamd_batch_reserve(t->c, b, key, total))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < n; k++) {
        const struct streamd_var *v = streamd_row_value(l, rows[k], key);

        if (v->length)
            memcpy(column->data + column->offsets[k], v->data, v->length);
        column->offsets[k + 1] = column->offsets[k] + (int32_t)v->length;
    }
    return 0;
}

/* A batch of the keys of n rows. NULL: no memory. */
static struct streamd_batch *keys_batch(struct window_task *t, const struct streamd_row_layout *l,
                                        void *const *rows, uint32_t n)
{
    struct streamd_batch *b = streamd_batch_new(t->c, t->plan->keys, n);
    int rc = 0;

    for (uint32_t i = 0; b && !rc && i < t->plan->keys->field_count; i++) {
        if (streamd_type_is_variable(l->fields[i].type.id))
            rc = put_variable(t, b, i, l, rows, n);
        else
            put_fixed(b->columns[i].values, l, i, rows, n);
        for (uint32_t k = 0; !rc && l->fields[i].type.nullable && k < n; k++)
            if (streamd_row_is_null(rows[k], i))
                rc = streamd_batch_set_null(t->c, b, i, k);
    }
    if (b)
        b->rows = b->count = n;
    if (!rc && b)
        return b;
    streamd_batch_release(t->c, b);
    window_no_memory(t);
    return NULL;
}

/* ---- merging ----------------------------------------------------------------------------------
 */

/* Merges some rows of the frame's piece. How many; 0: it is done; negative: failed. */
static int64_t merge_chunk(struct window_task *t, struct shared_frame *f)
{
    struct streamd_table *from = f->piece.table;
    uint32_t n = streamd_table_scan(from, f->piece.ns, &f->cursor, t->from, t->c->batch_rows);
    struct streamd_keys keys = {.n = n, .columns = t->columns};
    struct streamd_batch *b;
    int rc;

    if (n == 0)
        return 0;
    b = keys_batch(t, from->layout, t->from, n);
    if (!b)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < t->plan->keys->field_count; i++)
        t->columns[i] = &b->columns[i];
    rc = streamd_hash_keys(t->c, f->into, b, &keys.hash);
    if (!rc)
        rc = window_lookup(t, f->into, f->ns, &keys);
    if (!rc)
        rc = streamd_aggregate_merge(t->c, t->plan->aggregates, f->into, t->rows, from, t->from, n);
    streamd_batch_release(t->c, b);
    return rc ? rc : (int64_t)n;
}

static void push(struct window_task *t, const struct shared_frame *frame)
{
    t->walk.frames[t->walk.depth++] = *frame;
}

/* A span is made. Where it has nearly as many rows as went in, spans do not pay for a while. */
static void pop(struct window_task *t)
{
    struct shared_frame *f = &t->walk.frames[--t->walk.depth];

    if (f->into != t->result && t->plan->kind == WINDOW_SLIDING && f->merged >= t->c->batch_rows &&
        streamd_table_rows(f->into, f->ns) > f->merged / 4 * 3)
        t->sparse = PATIENCE;
}

/* Goes to the next piece, or makes it first, or ends the frame. */
static void enter(struct window_task *t, struct shared_frame *f)
{
    struct shared_piece *p = &f->piece;

    if (!shared_next_piece(t, f->at, f->end, f->levels, p)) {
        pop(t);
        return;
    }
    if (p->level > 0 && !shared_has_rows(p->table, p->ns)) {
        push(t, &(struct shared_frame){.into = p->table,
                                       .ns = p->ns,
                                       .at = p->ns - p->level,
                                       .end = p->end,
                                       .levels = p->level - 1});
        return;
    }
    f->inside = 1;
    f->cursor = (struct streamd_cursor){0};
}

void shared_merge(struct window_task *t, struct streamd_table *into, int64_t ns, int64_t at,
                  int64_t end, int levels)
{
    t->walk.depth = 0;
    push(t, &(struct shared_frame){.into = into, .ns = ns, .at = at, .end = end, .levels = levels});
}

int shared_merge_on(struct window_task *t)
{
    int chunks = 0;

    while (t->walk.depth > 0) {
        struct shared_frame *f = &t->walk.frames[t->walk.depth - 1];
        int64_t n;

        if (!f->inside) {
            enter(t, f);
            continue;
        }
        if (chunks++ == CHUNKS_PER_CALL)
            return 0;
        n = merge_chunk(t, f);
        if (n < 0)
            return STREAMD_E_REPORTED;
        f->merged += (uint64_t)n;
        if (n == 0) {
            f->inside = 0;
            f->at = f->piece.end;
        }
    }
    return 1;
}
