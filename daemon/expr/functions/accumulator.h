/*
 * expr/functions/accumulator.h - what the kernels of aggregates share: values and NULL marks of
 * accumulators in rows of a state table.
 */
#ifndef EXPR_FUNCTIONS_ACCUMULATOR_H
#define EXPR_FUNCTIONS_ACCUMULATOR_H

#include "expr/functions/call.h"

#include <streamd/state.h>

/* A result or state that is NULL until a row came. */
#define ACCUMULATOR_NULLABLE(t)  \
    {                            \
        .id = (t), .nullable = 1 \
    }

/* Address of state column `column` in a row. Decimals are 8-byte aligned only. */
static inline void *accumulator_at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return (uint8_t *)row + a->offsets[column];
}

/* The type of a state column, as it was declared. */
static inline struct streamd_type accumulator_type(const struct streamd_accumulator *a,
                                                   uint32_t column)
{
    return a->table->layout->fields[a->indexes[column]].type;
}

/* Is state column `column` NULL; marks it so or not. */
static inline int accumulator_is_null(const struct streamd_accumulator *a, const void *row,
                                      uint32_t column)
{
    return streamd_row_is_null(row, a->indexes[column]);
}

static inline void accumulator_set_null(const struct streamd_accumulator *a, void *row,
                                        uint32_t column, int null)
{
    streamd_row_set_null(row, a->indexes[column], null);
}

static inline streamd_int128 accumulator_decimal(const struct streamd_accumulator *a, void *row,
                                                 uint32_t column)
{
    streamd_int128 v;

    memcpy(&v, accumulator_at(a, row, column), sizeof(v));
    return v;
}

static inline void accumulator_set_decimal(const struct streamd_accumulator *a, void *row,
                                           uint32_t column, streamd_int128 v)
{
    memcpy(accumulator_at(a, row, column), &v, sizeof(v));
}

/* As init: state column 0 is NULL, "nothing seen yet". */
static inline int accumulator_init_null(const struct streamd_accumulator *a, void *const *rows,
                                        uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        accumulator_set_null(a, rows[k], 0, 1);
    return 0;
}

/* As final: state column 0, of variable length, is the result. The texts stay where they are. */
int accumulator_text_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows);

#endif
