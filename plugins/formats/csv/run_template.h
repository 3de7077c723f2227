/*
 * The fast path, written once and compiled for each kernel (run_base.c, run_avx2.c), which defines
 * RUN_NAME, KERNEL_TARGET and the functions kernel_*.
 *
 * For each record each column is read where it stands: a value is taken into its column up to the
 * delimiter, with or without quotes around it. At a newline in quotes, at a NUL, and at whatever is
 * wrong, the record is left to the general path, from its first byte. What was written of it does
 * no harm: the row is not counted yet, and is written anew.
 *
 * No function here reads more than 64 bytes behind a byte that it has not yet seen to be no
 * newline, so the newline before `end` keeps all reading within the chunk and its padding.
 *
 * Cost of a record of 40 bytes with a string, a timestamp, a decimal and a string: 590
 * instructions, 41 to 58 ns (`make bench/format_bench`).
 */
#include "decoder.h"

#include <streamd/cell.h>
#include <streamd/digits.h>

/* Where a text ends. `stop` is the delimiter, or the quote in quotes. */
struct run_text {
    const uint8_t *begin, *end;
    uint8_t stop;
    uint8_t doubled; /* holds "" */
    uint32_t high;   /* not 0: something in it is not ASCII */
};

/* Opens the text at p: passes over its quote. */
KERNEL_INLINE struct run_text run_open(const struct csv_decoder *d, const uint8_t *p)
{
    struct run_text t;

    t.stop = *p == '"' ? '"' : d->delimiter;
    t.begin = t.end = p + (*p == '"');
    t.doubled = 0;
    t.high = 0;
    return t;
}

/* Goes on at a byte that has stopped a run: 1 where the text ends there, 0 where the byte belongs
   to it, -1 where that is for the general path to say. */
KERNEL_INLINE int run_stop(struct run_text *t)
{
    uint8_t byte = *t->end;

    if (byte == t->stop) {
        if (byte != '"' || t->end[1] != '"')
            return 1;
        t->doubled = 1;
        t->end += 2;
        return 0;
    }
    if (byte == '\n' || (byte == '\r' && t->end[1] == '\n'))
        return t->stop == '"' ? -1 : 1;
    if (byte == 0)
        return -1;
    t->end++;
    return 0;
}

/* Finds the end of a text. 0, or -1: for the general path. */
KERNEL_INLINE int run_find(struct run_text *t)
{
    for (;;) {
        unsigned n = kernel_span(t->end, t->stop, &t->high);

        t->end += n;
        if (n < KERNEL_BYTES) {
            int stop = run_stop(t);

            if (stop)
                return stop > 0 ? 0 : -1;
        }
    }
}

/* What follows a text and its closing quote: a delimiter, or, behind the last column, a newline.
   Answers where the next text or record begins, or NULL. */
KERNEL_INLINE const uint8_t *run_close(const struct csv_decoder *d, const uint8_t *p, int quoted,
                                       int is_last)
{
    if (quoted && *p++ != '"')
        return NULL;
    if (!is_last)
        return *p == d->delimiter ? p + 1 : NULL;
    p += *p == '\r';
    return *p == '\n' ? p + 1 : NULL;
}

/* May a text of this length be one that means NULL? */
KERNEL_INLINE int run_may_be_null(const struct csv_column *column, size_t length)
{
    return (int)(column->null_lengths >> (length < 63 ? length : 63) & 1);
}

/* Stores a text, whose end is known, the slow way. 0, or -1. */
KERNEL_INLINE int run_slow(struct csv_decoder *d, struct streamd_batch *b,
                           const struct csv_column *column, const struct run_text *t)
{
    struct csv_text text = {t->begin, (size_t)(t->end - t->begin), t->stop == '"', t->doubled};
    int rc = csv_store(d, b, column->field, &text);

    if (rc < 0)
        d->failed = rc;
    return rc ? -1 : 0;
}

/* A string: copied while its end is looked for. 0, or -1. */
KERNEL_INLINE int run_string(struct csv_decoder *d, struct streamd_batch *b,
                             const struct csv_column *column, struct run_text *t)
{
    struct streamd_column *c = &b->columns[column->field];
    size_t from = (size_t)c->offsets[b->rows], at = from;
    int stop = 0;

    while (!stop) {
        unsigned n;

        if (at + KERNEL_BYTES > c->data_capacity)
            return run_find(t) ? -1 : run_slow(d, b, column, t);
        n = kernel_copy(t->end, t->stop, c->data + at, &t->high);
        t->end += n;
        at += n;
        if (n < KERNEL_BYTES) {
            stop = run_stop(t);
            at += stop == 0; /* of "" one is left */
        }
    }
    if (stop < 0)
        return -1;
    if (run_may_be_null(column, at - from) ||
        (t->high && !streamd_utf8_valid(c->data + from, at - from)))
        return run_slow(d, b, column, t);
    c->offsets[b->rows + 1] = (int32_t)at;
    return 0;
}

/* A number of one of three types; t->end is set. 1, or 0: for run_slow. */
KERNEL_INLINE int run_number(struct csv_decoder *d, struct streamd_batch *b,
                             const struct csv_column *column, struct run_text *t)
{
    void *values = b->columns[column->field].values;
    struct streamd_digits n;
    const char *after = streamd_digits_take((const char *)t->begin, &n);

    if (!after || run_may_be_null(column, (size_t)(after - (const char *)t->begin)))
        return 0;
    t->end = (const uint8_t *)after;
    switch (column->kind) {
    case CSV_INT64:
        return streamd_digits_int64(&n, (int64_t *)values + b->rows);
    case CSV_FLOAT64:
        return streamd_digits_float64(&n, (double *)values + b->rows);
    default:
        return streamd_digits_decimal(&n, d->spec->fields[column->field].type,
                                      (struct streamd_decimal *)values + b->rows);
    }
}

/* The column at p: answers where the next begins, or NULL. */
KERNEL_INLINE const uint8_t *run_column(struct csv_decoder *d, struct streamd_batch *b,
                                        struct csv_column *column, const uint8_t *p, int is_last)
{
    struct run_text t = run_open(d, p);
    int quoted = t.stop == '"';
    int64_t *values;

    switch (column->kind) {
    case CSV_INT64:
    case CSV_FLOAT64:
    case CSV_DECIMAL:
        if (run_number(d, b, column, &t)) {
            const uint8_t *next = run_close(d, t.end, quoted, is_last);

            if (next)
                return next; /* else something follows the number, a blank perhaps */
        }
        t.end = t.begin;
        if (run_find(&t) || run_slow(d, b, column, &t))
            return NULL;
        break;
    case CSV_STRING:
        if (run_string(d, b, column, &t))
            return NULL;
        break;
    case CSV_TIMESTAMP:
        values = b->columns[column->field].values;
        if (run_find(&t))
            return NULL;
        if ((run_may_be_null(column, (size_t)(t.end - t.begin)) ||
             streamd_timestamp_parse_near(&column->day, (const char *)t.begin,
                                          (size_t)(t.end - t.begin), values + b->rows)) &&
            run_slow(d, b, column, &t))
            return NULL;
        break;
    case CSV_SKIP:
        if (run_find(&t))
            return NULL;
        break;
    default:
        if (run_find(&t) || run_slow(d, b, column, &t))
            return NULL;
    }
    return run_close(d, t.end, quoted, is_last);
}

/* csv_run_base or csv_run_avx2: decoder.h. */
KERNEL_TARGET const uint8_t *RUN_NAME(struct csv_decoder *d, struct streamd_batch *b,
                                      const uint8_t *p, const uint8_t *end)
{
    while (p < end && b->rows < b->capacity) {
        const uint8_t *at = p;

        for (uint32_t i = 0; i < d->column_count && at; i++)
            at = run_column(d, b, &d->columns[i], at, i + 1 == d->column_count);
        if (!at || (size_t)(at - p) > d->spec->record_limit) {
            csv_reset_row(d, b);
            return p;
        }
        for (uint32_t i = 0; i < d->absent_count && !d->failed; i++)
            d->failed =
                streamd_cell_null(d->context, b, d->absent[i], d->spec->fields[d->absent[i]].type);
        if (d->failed)
            return p;
        b->rows++;
        p = at;
    }
    return p;
}
