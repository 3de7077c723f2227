/*
 * expr/decimal.h - arithmetic of decimals, exact to 38 digits.
 *
 * All functions answer 0, or a code of enum streamd_row_code. Rounding is half away from zero.
 * Scales are 0 .. 38.
 */
#ifndef EXPR_DECIMAL_H
#define EXPR_DECIMAL_H

#include <streamd/convert.h>
#include <streamd/error.h>

/* |v| */
static inline streamd_uint128 decimal_magnitude(streamd_int128 v)
{
    return v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
}

/* m, or -m. */
static inline streamd_int128 decimal_signed(streamd_uint128 m, int negative)
{
    return negative ? (streamd_int128)(0 - m) : (streamd_int128)m;
}

/* v x 10^n, at most 38 digits. */
static inline int decimal_scale_up(streamd_int128 v, unsigned n, streamd_int128 *out)
{
    streamd_uint128 m = decimal_magnitude(v);

    if (__builtin_mul_overflow(m, streamd_pow10_128(n), &m) || m >= streamd_pow10_128(38))
        return STREAMD_ROW_OVERFLOW;
    *out = decimal_signed(m, v < 0);
    return 0;
}

/* a x b / 10^drop, of fewer than 38 digits. */
int decimal_multiply(streamd_int128 a, streamd_int128 b, unsigned drop, streamd_int128 *out);

/* a x 10^shift / b, shift <= 76. STREAMD_ROW_DIVISION where b is 0. */
int decimal_divide(streamd_int128 a, streamd_int128 b, unsigned shift, streamd_int128 *out);

/* What is left of a (scale_a) after dividing by b (scale_b) to a whole number; it has a's sign and
   the larger scale. */
int decimal_modulo(streamd_int128 a, unsigned scale_a, streamd_int128 b, unsigned scale_b,
                   streamd_int128 *out);

/* The nearest double. */
double decimal_to_float64(streamd_int128 v, unsigned scale);

/* As PostgreSQL's cast: the value with 15 significant digits, then rounded to the scale. */
int decimal_from_float64(double v, unsigned precision, unsigned scale, streamd_int128 *out);

#endif
