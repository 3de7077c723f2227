/*
 * Most decimals of real data fit 64 bits, with results that fit 128: those take the paths with
 * machine arithmetic. The rest goes through numbers of 384 bits, in six words, lowest first.
 */
#include "expr/decimal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 6 };

struct wide {
    uint64_t w[WORDS];
};

static struct wide wide_of(streamd_uint128 v)
{
    struct wide r = {{(uint64_t)v, (uint64_t)(v >> 64)}};

    return r;
}

/* r x m + carry. Values here stay below 2^384. */
static void wide_multiply(struct wide *r, uint64_t m, uint64_t carry)
{
    for (int i = 0; i < WORDS; i++) {
        streamd_uint128 p = (streamd_uint128)r->w[i] * m + carry;

        r->w[i] = (uint64_t)p;
        carry = (uint64_t)(p >> 64);
    }
}

static void wide_add(struct wide *r, const struct wide *b)
{
    unsigned carry = 0;

    for (int i = 0; i < WORDS; i++) {
        streamd_uint128 s = (streamd_uint128)r->w[i] + b->w[i] + carry;

        r->w[i] = (uint64_t)s;
        carry = (unsigned)(s >> 64);
    }
}

/* r x 10^n. */
static void wide_scale(struct wide *r, unsigned n)
{
    for (; n > 19; n -= 19)
        wide_multiply(r, streamd_pow10(19), 0);
    wide_multiply(r, streamd_pow10(n), 0);
}

static int wide_bit(const struct wide *a, unsigned bit)
{
    return (int)(a->w[bit / 64] >> (bit % 64)) & 1;
}

/* a / b by long division, bit by bit: the quotient replaces a, the rest is answered. */
static streamd_uint128 wide_divide(struct wide *a, streamd_uint128 b)
{
    struct wide q = {{0}};
    streamd_uint128 rest = 0;

    for (unsigned bit = WORDS * 64; bit-- > 0;) {
        int top = (int)(rest >> 127);

        rest = rest << 1 | (unsigned)wide_bit(a, bit);
        if (top || rest >= b) {
            rest -= b;
            q.w[bit / 64] |= UINT64_C(1) << (bit % 64);
        }
    }
    *a = q;
    return rest;
}

/* Fewer than 38 digits? */
static int wide_get(const struct wide *a, streamd_uint128 *out)
{
    for (int i = 2; i < WORDS; i++) {
        if (a->w[i])
            return STREAMD_ROW_OVERFLOW;
    }
    *out = (streamd_uint128)a->w[1] << 64 | a->w[0];
    return *out < streamd_pow10_128(38) ? 0 : STREAMD_ROW_OVERFLOW;
}

/* n / d rounded; d is not 0. */
static int round_wide(struct wide *n, streamd_uint128 d, int negative, streamd_int128 *out)
{
    static const struct wide one = {{1}};
    streamd_uint128 rest = wide_divide(n, d), m;

    if (rest >= d - rest)
        wide_add(n, &one);
    if (wide_get(n, &m))
        return STREAMD_ROW_OVERFLOW;
    *out = decimal_signed(m, negative);
    return 0;
}

/* ---- operations --------------------------------------------------------------------------- */

int decimal_multiply(streamd_int128 a, streamd_int128 b, unsigned drop, streamd_int128 *out)
{
    streamd_uint128 x = decimal_magnitude(a), y = decimal_magnitude(b), product;
    int negative = (a < 0) != (b < 0);
    struct wide wide, high;

    if (!__builtin_mul_overflow(x, y, &product)) {
        product = streamd_decimal_shift_down(product, drop);
        if (product >= streamd_pow10_128(38))
            return STREAMD_ROW_OVERFLOW;
        *out = decimal_signed(product, negative);
        return 0;
    }
    high = wide_of(x);
    wide_multiply(&high, (uint64_t)(y >> 64), 0);
    memmove(high.w + 1, high.w, (WORDS - 1) * sizeof(high.w[0]));
    high.w[0] = 0;
    wide = wide_of(x);
    wide_multiply(&wide, (uint64_t)y, 0);
    wide_add(&wide, &high);
    return round_wide(&wide, streamd_pow10_128(drop), negative, out);
}

int decimal_divide(streamd_int128 a, streamd_int128 b, unsigned shift, streamd_int128 *out)
{
    streamd_uint128 x = decimal_magnitude(a), y = decimal_magnitude(b), q;
    int negative = (a < 0) != (b < 0);
    struct wide wide;

    if (y == 0)
        return STREAMD_ROW_DIVISION;
    if (shift <= 38 && !__builtin_mul_overflow(x, streamd_pow10_128(shift), &x)) {
        if (x >> 64 == 0 && y >> 64 == 0) {
            uint64_t n = (uint64_t)x, d = (uint64_t)y, rest = n % d;

            q = (streamd_uint128)(n / d) + (rest >= d - rest);
        } else {
            streamd_uint128 rest = x % y;

            q = x / y + (rest >= y - rest);
        }
        if (q >= streamd_pow10_128(38))
            return STREAMD_ROW_OVERFLOW;
        *out = decimal_signed(q, negative);
        return 0;
    }
    wide = wide_of(decimal_magnitude(a));
    wide_scale(&wide, shift);
    return round_wide(&wide, y, negative, out);
}

int decimal_modulo(streamd_int128 a, unsigned scale_a, streamd_int128 b, unsigned scale_b,
                   streamd_int128 *out)
{
    streamd_uint128 x = decimal_magnitude(a), y = decimal_magnitude(b), rest;
    struct wide wide;

    if (y == 0)
        return STREAMD_ROW_DIVISION;
    if (scale_a > scale_b && __builtin_mul_overflow(y, streamd_pow10_128(scale_a - scale_b), &y)) {
        *out = a; /* the divisor is larger than any a */
        return 0;
    }
    if (scale_a >= scale_b) {
        rest = x % y;
    } else {
        wide = wide_of(x);
        wide_scale(&wide, scale_b - scale_a);
        rest = wide_divide(&wide, y);
    }
    *out = decimal_signed(rest, a < 0);
    return 0;
}

/* ---- float64 ------------------------------------------------------------------------------ */

double decimal_to_float64(streamd_int128 v, unsigned scale)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    char text[STREAMD_DECIMAL_TEXT];
    double result = 0;

    /* Both are exact, so that their quotient is the nearest double. */
    if (decimal_magnitude(v) <= UINT64_C(1) << 53 && scale <= 22)
        return (double)(int64_t)v / powers[scale];
    if (streamd_float64_parse(text, streamd_decimal_print(v, scale, text), &result))
        return 0;
    return result;
}

int decimal_from_float64(double v, unsigned precision, unsigned scale, streamd_int128 *out)
{
    char text[32];
    int n;

    if (isnan(v) || isinf(v))
        return STREAMD_ROW_CAST;
    n = snprintf(text, sizeof(text), "%.15g", v);
    if (n <= 0 || n >= (int)sizeof(text))
        return STREAMD_ROW_CAST;
    return streamd_decimal_parse(text, (size_t)n, precision, scale, out) ? STREAMD_ROW_OVERFLOW : 0;
}
