/*
 * The fast path, written once and compiled for each kernel (run_base.c, run_avx2.c), which defines
 * RUN_NAME, KERNEL_TARGET and the functions kernel_*.
 *
 * For each record the tree of shapes is walked: match a literal, take the value behind it straight
 * into its column, go on. Where a value or a literal is not as expected the next alternative is
 * tried, and where there is none the whole record goes to the general path. What was written until
 * then does no harm: the row is not counted yet, and is written anew.
 *
 * No function here reads more than 64 bytes behind a byte that it has not yet seen to be no
 * newline, so the newline before `end` keeps all reading within the chunk and its padding.
 *
 * Cost of a record of 79 bytes with a string, a timestamp, a decimal and a string, all of them
 * read: 480 instructions, 30 to 35 ns; with two of them skipped 28 ns (`make bench/format_bench`).
 */
#include "decoder.h"

#include <streamd/convert.h>

#define RUN_INLINE KERNEL_INLINE KERNEL_TARGET

/* Where a value goes. `row` is b->rows. */
struct run_place {
    struct json_decoder *d;
    struct streamd_batch *b;
    struct streamd_column *columns;
    uint32_t row;
};

/* Each of these takes the value at p into field `field`, and answers what follows it, or NULL where
   it is to be had only by the general path, or not at all. */

/* A string without escapes. */
RUN_INLINE const uint8_t *run_string(struct run_place o, uint32_t field, const uint8_t *p,
                                     const uint8_t *end)
{
    struct streamd_column *column = &o.columns[field];
    size_t begin = (size_t)column->offsets[o.row], at = begin;
    const uint8_t *from = p + 1;
    unsigned n = KERNEL_BYTES;
    uint32_t high = 0;

    if (*p != '"')
        return json_run_value(o.d, o.b, field, p, end);
    while (n == KERNEL_BYTES) {
        if (at + KERNEL_BYTES > column->data_capacity)
            return json_run_value(o.d, o.b, field, p, end);
        n = kernel_copy(from, column->data + at, &high);
        from += n;
        at += n;
    }
    if (*from != '"' || (high && !streamd_utf8_valid(column->data + begin, at - begin)))
        return json_run_value(o.d, o.b, field, p, end);
    column->offsets[o.row + 1] = (int32_t)at;
    return from + 1;
}

/* An integer of at most 19 digits. */
RUN_INLINE const uint8_t *run_int64(struct run_place o, uint32_t field, const uint8_t *p,
                                    const uint8_t *end)
{
    struct streamd_digits n;
    const uint8_t *after = kernel_number(p, &n);

    if (!after || !streamd_digits_int64(&n, (int64_t *)o.columns[field].values + o.row))
        return json_run_value(o.d, o.b, field, p, end);
    return after;
}

/* A number whose digits and power of ten a double holds exactly. */
RUN_INLINE const uint8_t *run_float64(struct run_place o, uint32_t field, const uint8_t *p,
                                      const uint8_t *end)
{
    struct streamd_digits n;
    const uint8_t *after = kernel_number(p, &n);

    if (!after || !streamd_digits_float64(&n, (double *)o.columns[field].values + o.row))
        return json_run_value(o.d, o.b, field, p, end);
    return after;
}

/* A number that needs no rounding and fits 64 bits. */
RUN_INLINE const uint8_t *run_decimal(struct run_place o, uint32_t field, const uint8_t *p,
                                      const uint8_t *end)
{
    struct streamd_digits n;
    const uint8_t *after = kernel_number(p, &n);

    if (!after ||
        !streamd_digits_decimal(&n, o.d->fields[field].type,
                                (struct streamd_decimal *)o.columns[field].values + o.row))
        return json_run_value(o.d, o.b, field, p, end);
    return after;
}

/* A time as ISO 8601 writes it. */
RUN_INLINE const uint8_t *run_timestamp(struct run_place o, uint32_t field, const uint8_t *p,
                                        const uint8_t *end)
{
    int64_t *values = o.columns[field].values;
    unsigned n = 0, step = KERNEL_BYTES;
    uint32_t high = 0;

    if (*p == '"') {
        for (; step == KERNEL_BYTES && n <= STREAMD_TIMESTAMP_TEXT; n += step)
            step = kernel_span(p + 1 + n, &high);
        if (p[1 + n] == '"' && !streamd_timestamp_parse_near(
                                   &o.d->fields[field].day, (const char *)p + 1, n, values + o.row))
            return p + n + 2;
    }
    return json_run_value(o.d, o.b, field, p, end);
}

/* One of two words. */
RUN_INLINE const uint8_t *run_bool(struct run_place o, uint32_t field, const uint8_t *p,
                                   const uint8_t *end)
{
    uint8_t *values = o.columns[field].values;

    if (memcmp(p, "true", 4) == 0) {
        values[o.row] = 1;
        return p + 4;
    }
    if (memcmp(p, "false", 5) == 0) {
        values[o.row] = 0;
        return p + 5;
    }
    return json_run_value(o.d, o.b, field, p, end);
}

/* A value that nobody reads. */
RUN_INLINE const uint8_t *run_skip(const uint8_t *p, const uint8_t *end)
{
    struct streamd_digits number;
    const uint8_t *at = p + 1;
    unsigned n = KERNEL_BYTES;
    uint32_t high = 0;

    if (*p == '"') {
        while (n == KERNEL_BYTES) {
            n = kernel_span(at, &high);
            at += n;
        }
        if (*at == '"' && (!high || streamd_utf8_valid(p + 1, (size_t)(at - p - 1))))
            return at + 1;
    } else {
        at = kernel_number(p, &number);
        if (at)
            return at;
    }
    return json_run_skip(p, end);
}

/* The value of a shape. */
RUN_INLINE const uint8_t *run_value(struct run_place o, const struct json_shape *s,
                                    const uint8_t *p, const uint8_t *end)
{
    switch (s->kind) {
    case JSON_SLOT_STRING:
        return run_string(o, s->field, p, end);
    case JSON_SLOT_TIMESTAMP:
        return run_timestamp(o, s->field, p, end);
    case JSON_SLOT_INT64:
        return run_int64(o, s->field, p, end);
    case JSON_SLOT_FLOAT64:
        return run_float64(o, s->field, p, end);
    case JSON_SLOT_DECIMAL:
        return run_decimal(o, s->field, p, end);
    case JSON_SLOT_BOOL:
        return run_bool(o, s->field, p, end);
    case JSON_SLOT_LEAF:
        return *p == '{' ? NULL : run_skip(p, end);
    case JSON_SLOT_SKIP:
        return run_skip(p, end);
    default:
        return json_run_value(o.d, o.b, s->field, p, end);
    }
}

/* Does the shape's literal stand at p? */
RUN_INLINE int run_match(const struct json_shape *s, const uint8_t *p, const uint8_t *end)
{
    if (!kernel_match(p, s))
        return 0;
    return s->length <= JSON_HEAD || ((size_t)(end - p) >= s->length &&
                                      memcmp(p + JSON_HEAD, s->rest, s->length - JSON_HEAD) == 0);
}

/* Appends the record at p where it has a known shape: what follows it, or NULL. */
RUN_INLINE const uint8_t *run_record(struct json_decoder *d, struct streamd_batch *b,
                                     const uint8_t *p, const uint8_t *end)
{
    const struct run_place o = {d, b, b->columns, b->rows};
    const struct json_shape *s = d->shapes.root;
    const uint8_t *start = p;

    while (s) {
        const uint8_t *after;

        if (!run_match(s, p, end)) {
            s = s->other;
            continue;
        }
        if (s->kind == JSON_SLOT_END) {
            p += s->length;
            break;
        }
        after = run_value(o, s, p + s->length, end);
        if (after) {
            p = after;
            s = s->next;
        } else {
            s = s->other;
        }
    }
    if (!s || (size_t)(p - start) > d->spec->record_limit || d->failed)
        return NULL;
    for (uint32_t i = 0; i < s->missing_count; i++) {
        d->failed = json_store_null(d, b, s->missing[i]);
        if (d->failed)
            return NULL;
    }
    b->rows++;
    return p;
}

/* json_run_base or json_run_avx2: decoder.h. */
KERNEL_TARGET const uint8_t *RUN_NAME(struct json_decoder *d, struct streamd_batch *b,
                                      const uint8_t *p, const uint8_t *end)
{
    while (p < end && b->rows < b->capacity) {
        const uint8_t *next = run_record(d, b, p, end);

        if (!next) {
            if (!d->failed)
                d->failed = json_record(d, b, p, end, &next);
            if (d->failed) {
                d->failed_at = p;
                return NULL;
            }
        }
        p = next;
    }
    return p;
}
