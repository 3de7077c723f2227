/*
 * expr/functions/accumulate.h - what aggregates share: state columns in rows, loops over arguments.
 *
 * Values in rows lie at a->offsets[column]; decimals are aligned to 8 bytes only, so that all wide
 * values are read and written with memcpy. A column that is NULL holds nothing yet.
 */
#ifndef EXPR_FUNCTIONS_ACCUMULATE_H
#define EXPR_FUNCTIONS_ACCUMULATE_H

#include "expr/functions/call.h"

#include <streamd/state.h>

#define ACCUMULATE_NULLABLE(id) \
    {                           \
        id, 0, 0, 1             \
    }

/* The NULL mark of a column, for use in a loop. */
struct accumulate_mark {
    uint32_t byte;
    uint8_t bit;
};

/* Where the NULL mark of a state column is, worked out once per batch. */
/* The mark of a state column. */
static inline struct accumulate_mark accumulate_mark(const struct streamd_accumulator *a,
                                                     uint32_t column)
{
    struct accumulate_mark m;
    m.byte = a->indexes[column] >> 3;
    m.bit = (uint8_t)(1u << (a->indexes[column] & 7u));
    return m;
}

/* Is the column NULL in this row? */
/* Does the column hold nothing yet? */
static inline int accumulate_is_null(const void *row, struct accumulate_mark m)
{
    return ((const uint8_t *)row)[m.byte] & m.bit;
}

/* Marks the column as not NULL in this row. */
/* Says that the column holds a value. */
static inline void accumulate_set(void *row, struct accumulate_mark m)
{
    ((uint8_t *)row)[m.byte] &= (uint8_t)~m.bit;
}

/* Address of a state column in a row. */
static inline void *accumulate_at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return (uint8_t *)row + a->offsets[column];
}

/* For init: sets a column of fixed width to zero, in rows that may have been used before. */
static inline void accumulate_zero(const struct streamd_accumulator *a, void *const *rows,
                                   uint32_t n, uint32_t column, size_t bytes)
{
    for (uint32_t k = 0; k < n; k++)
        memset(accumulate_at(a, rows[k], column), 0, bytes);
}

/* For init: marks a column as holding nothing. */
static inline void accumulate_clear(const struct streamd_accumulator *a, void *const *rows,
                                    uint32_t n, uint32_t column)
{
    for (uint32_t k = 0; k < n; k++)
        streamd_row_set_null(rows[k], a->indexes[column], 1);
}

/*
 * Runs statements for each argument row: `row` is the state row, `x` the value of argument 0, `i`
 * its number.
 */
#define ACCUMULATE_LOOP(call, rows, T, ...)                        \
    do {                                                           \
        const T *accumulate_x = (const T *)(call)->args[0].values; \
        const uint32_t accumulate_mask = (call)->args[0].mask;     \
        const uint32_t accumulate_n = (call)->n;                   \
        const uint16_t *accumulate_sel = (call)->sel;              \
        if (accumulate_sel) {                                      \
            for (uint32_t k = 0; k < accumulate_n; k++) {          \
                const uint32_t i = accumulate_sel[k];              \
                const T x = accumulate_x[i & accumulate_mask];     \
                void *const row = (rows)[k];                       \
                (void)i;                                           \
                __VA_ARGS__                                        \
            }                                                      \
        } else {                                                   \
            for (uint32_t k = 0; k < accumulate_n; k++) {          \
                const uint32_t i = k;                              \
                const T x = accumulate_x[i & accumulate_mask];     \
                void *const row = (rows)[k];                       \
                (void)i;                                           \
                __VA_ARGS__                                        \
            }                                                      \
        }                                                          \
    } while (0)

/* A state column of int64 in a row. */
/* A state column that is an int64 or a timestamp. */
static inline int64_t *accumulate_int64(const struct streamd_accumulator *a, void *row,
                                        uint32_t column)
{
    return (int64_t *)accumulate_at(a, row, column);
}

/* A 128-bit sum in a row, which is 8-byte aligned only. */
/* Reads and writes a decimal in a row. */
static inline streamd_int128 accumulate_load128(const void *p)
{
    streamd_int128 v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Writes such a sum. */
/* Its other half. */
static inline void accumulate_store128(void *p, streamd_int128 v)
{
    memcpy(p, &v, sizeof v);
}

/* High word of a sum that has left 128 bits: it stays there. No sum of 38 digits has it. */
#define ACCUMULATE_OVERFLOWN INT64_MIN

/* Has the sum left 128 bits? */
/* Has the sum left 128 bits? */
static inline int accumulate_is_overflown(streamd_int128 sum)
{
    return (int64_t)(sum >> 64) == ACCUMULATE_OVERFLOWN;
}

/* Adds to a sum of decimals. */
static inline streamd_int128 accumulate_add128(streamd_int128 sum, streamd_int128 x)
{
    streamd_int128 r;
    if (__builtin_expect(accumulate_is_overflown(sum), 0))
        return sum;
    if (__builtin_expect(__builtin_add_overflow(sum, x, &r), 0))
        return (streamd_int128)ACCUMULATE_OVERFLOWN * ((streamd_int128)1 << 64);
    return r;
}

/* Adds to a sum of floats in a row. Rejects argument row i where that makes the sum infinite though
   both are finite, as PostgreSQL does. */
static inline int accumulate_add_float(struct streamd_call *call, uint32_t i, void *sum, double x)
{
    double before, after;
    memcpy(&before, sum, sizeof before);
    after = before + x;
    if (__builtin_expect(__builtin_isinf(after), 0) && !__builtin_isinf(before) &&
        !__builtin_isinf(x))
        return call_error(call, i, STREAMD_ROW_OVERFLOW, "value out of range: overflow");
    memcpy(sum, &after, sizeof after);
    return 0;
}

/* Rejects result row k, whose sum is out of range. */
/* Rejects result k. */
static inline int accumulate_overflow(struct streamd_call *call, uint32_t k)
{
    return call_error(call, k, STREAMD_ROW_OVERFLOW, "numeric field overflow");
}

/* Puts a text in the place of what a column holds. 0 or negative. */
int accumulate_store_text(const struct streamd_accumulator *a, void *row, uint32_t column,
                          struct streamd_str text);

/* Room for `more` bytes behind what a column holds. NULL: no memory; *too_long: 1 GiB are full. */
uint8_t *accumulate_append(const struct streamd_accumulator *a, void *row, uint32_t column,
                           size_t more, int *too_long);

/* final: column 0 as text, bytes or json. */
int accumulate_final_text(const struct streamd_accumulator *a, struct streamd_call *call,
                          void *const *rows);

/* Result k is NULL. */
static inline int accumulate_null_result(struct streamd_call *call, uint32_t k)
{
    return call->host->set_null(call, k);
}

#endif
