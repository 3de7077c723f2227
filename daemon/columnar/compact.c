/* Copying rows between batches: the selected rows of one batch, or one row at the end of another.
 */
#include "columnar/pool.h"

#include <streamd/error.h>

#include <string.h>

/* Copies the selected values of a column of fixed width, one loop per width. */
static void gather(void *to, const void *from, size_t width, const struct streamd_batch *b)
{
    const uint16_t *sel = b->sel;
    uint32_t n = b->count;

    if (!sel) {
        memcpy(to, from, width * n);
        return;
    }
    if (width == 8) {
        for (uint32_t k = 0; k < n; k++)
            ((uint64_t *)to)[k] = ((const uint64_t *)from)[sel[k]];
    } else if (width == 4) {
        for (uint32_t k = 0; k < n; k++)
            ((uint32_t *)to)[k] = ((const uint32_t *)from)[sel[k]];
    } else if (width == 1) {
        for (uint32_t k = 0; k < n; k++)
            ((uint8_t *)to)[k] = ((const uint8_t *)from)[sel[k]];
    } else {
        for (uint32_t k = 0; k < n; k++)
            memcpy((uint8_t *)to + width * k, (const uint8_t *)from + width * sel[k], width);
    }
}

static int gather_variable(struct streamd_batch *to, uint32_t column,
                           const struct streamd_column *from, const struct streamd_batch *b)
{
    struct streamd_column *c = &to->columns[column];
    size_t total = 0, at = 0;
    int rc;

    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        total += (size_t)(from->offsets[row + 1] - from->offsets[row]);
    }
    rc = batch_reserve(to, column, total);
    if (rc)
        return rc;
    for (uint32_t k = 0; k < b->count; k++) {
        struct streamd_str s = streamd_column_str(from, streamd_batch_row(b, k));

        if (s.length)
            memcpy(c->data + at, s.data, s.length);
        at += s.length;
        c->offsets[k + 1] = (int32_t)at;
    }
    return 0;
}

static int gather_validity(struct streamd_batch *to, uint32_t column,
                           const struct streamd_column *from, const struct streamd_batch *b)
{
    int rc = batch_nullable(to, column);

    if (rc)
        return rc;
    for (uint32_t k = 0; k < b->count; k++)
        if (streamd_column_is_null(from, streamd_batch_row(b, k)))
            to->columns[column].validity[k >> 3] &= (uint8_t) ~(1u << (k & 7u));
    return 0;
}

static int gather_column(struct streamd_batch *to, uint32_t column, const struct streamd_batch *b)
{
    const struct streamd_column *from = &b->columns[column];
    struct streamd_column *c = &to->columns[column];
    size_t width = streamd_type_width(b->schema->fields[column].type.id);
    int rc;

    if (!from->values && !from->offsets) {
        memset(c, 0, sizeof(*c));
        return 0;
    }
    if (from->validity && (rc = gather_validity(to, column, from, b)))
        return rc;
    if (width) {
        gather(c->values, from->values, width, b);
        return 0;
    }
    return gather_variable(to, column, from, b);
}

struct streamd_batch *batch_compact(const struct streamd_batch *b)
{
    struct streamd_batch *to = batch_new(batch_pool_of(b), b->schema, b->count ? b->count : 1);

    if (!to)
        return NULL;
    for (uint32_t i = 0; i < b->schema->field_count; i++) {
        if (gather_column(to, i, b)) {
            batch_release(to);
            return NULL;
        }
    }
    if (b->event_time)
        gather(to->event_time, b->event_time, sizeof(int64_t), b);
    else
        to->event_time = NULL;
    if (b->row_kind) {
        to->row_kind = batch_alloc(to, to->capacity);
        if (!to->row_kind) {
            batch_release(to);
            return NULL;
        }
        gather(to->row_kind, b->row_kind, 1, b);
    }
    to->min_time = b->min_time;
    to->max_time = b->max_time;
    to->rows = to->count = b->count;
    return to;
}

static int append_value(struct streamd_batch *to, const struct streamd_batch *from, uint32_t column,
                        uint32_t row)
{
    const struct streamd_column *f = &from->columns[column];
    struct streamd_column *t = &to->columns[column];
    size_t width = streamd_type_width(from->schema->fields[column].type.id);
    int rc;

    if (!f->values && !f->offsets)
        return 0;
    if (streamd_column_is_null(f, row)) {
        if (!t->validity && (rc = batch_nullable(to, column)))
            return rc;
        t->validity[to->rows >> 3] &= (uint8_t) ~(1u << (to->rows & 7u));
    }
    if (width) {
        memcpy((uint8_t *)t->values + width * to->rows, (const uint8_t *)f->values + width * row,
               width);
    } else {
        struct streamd_str s = streamd_column_str(f, row);

        if ((rc = batch_reserve(to, column, s.length)))
            return rc;
        if (s.length)
            memcpy(t->data + t->offsets[to->rows], s.data, s.length);
        t->offsets[to->rows + 1] = t->offsets[to->rows] + (int32_t)s.length;
    }
    return 0;
}

int batch_append_row(struct streamd_batch *to, const struct streamd_batch *from, uint32_t row)
{
    uint32_t at = to->rows;

    for (uint32_t i = 0; i < from->schema->field_count; i++) {
        int rc = append_value(to, from, i, row);

        if (rc)
            return rc;
    }
    if (from->row_kind && !to->row_kind) {
        to->row_kind = batch_alloc(to, to->capacity);
        if (!to->row_kind)
            return STREAMD_E_NOMEM;
        memset(to->row_kind, STREAMD_INSERT, to->capacity);
    }
    if (to->row_kind)
        to->row_kind[at] = from->row_kind ? from->row_kind[row] : (uint8_t)STREAMD_INSERT;
    if (from->event_time) {
        int64_t time = from->event_time[row];

        to->event_time[at] = time;
        to->min_time = at == 0 || time < to->min_time ? time : to->min_time;
        to->max_time = at == 0 || time > to->max_time ? time : to->max_time;
    }
    to->rows = to->count = at + 1;
    return 0;
}
