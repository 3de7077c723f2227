/*
 * expr/compare.h - the order of values: as PostgreSQL's, with texts by their bytes.
 */
#ifndef EXPR_COMPARE_H
#define EXPR_COMPARE_H

#include "expr/decimal.h"

#include <streamd/types.h>

#include <string.h>

/* NaN is equal to itself and larger than all others; -0 is 0. */
static inline int compare_float64(double a, double b)
{
    if (a < b)
        return -1;
    if (a > b)
        return 1;
    if (a == b)
        return 0;
    return (a != a) - (b != b);
}

/* Byte by byte; a beginning comes before the whole. */
static inline int compare_str(struct streamd_str a, struct streamd_str b)
{
    size_t n = a.length < b.length ? a.length : b.length;
    int c = n ? memcmp(a.data, b.data, n) : 0;

    return c ? c : (a.length > b.length) - (a.length < b.length);
}

/* Values of two scales. */
static inline int compare_decimal(streamd_int128 a, unsigned scale_a, streamd_int128 b,
                                  unsigned scale_b)
{
    streamd_uint128 x = decimal_magnitude(a), y = decimal_magnitude(b);

    if (scale_a == scale_b || (a < 0) != (b < 0))
        return (a > b) - (a < b);
    /* A product that overflows belongs to the larger magnitude. */
    if (scale_a < scale_b && __builtin_mul_overflow(x, streamd_pow10_128(scale_b - scale_a), &x))
        return a < 0 ? -1 : 1;
    if (scale_b < scale_a && __builtin_mul_overflow(y, streamd_pow10_128(scale_a - scale_b), &y))
        return b < 0 ? 1 : -1;
    return a < 0 ? (y > x) - (y < x) : (x > y) - (x < y);
}

/* Compares two values as they stand in a vector; decimals have one scale. NULL: values of this type
   have no order (json). */
typedef int compare_fn(const void *a, const void *b);
compare_fn *compare_function(uint8_t id);

#endif
