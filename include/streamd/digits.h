/*
 * streamd/digits.h - short numbers in a few steps, without a branch per digit.
 *
 * For readers of text that may look 32 bytes beyond a number: plain decimal notation, at most 16
 * digits with a point or 19 without, no exponent; what is longer or odd answers NULL, and goes to
 * convert.h. What is answered is what convert.h would answer. Pure functions; any thread.
 */
#ifndef STREAMD_DIGITS_H
#define STREAMD_DIGITS_H

#include <streamd/convert.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A number: its digits as an integer, of which so many stood behind the point. */
struct streamd_digits {
    uint64_t digits;
    unsigned fraction; /* <= 16 */
    int negative;
};

/* The number that 8 bytes, 0 .. 9 each, are; the first digit in the lowest byte. */
static inline uint64_t streamd_digits_of(uint64_t x)
{
    x = x * 10 + (x >> 8); /* pairs, in the even bytes */
    return ((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (x >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Reads up to 8 digits at p, and sets how many there are. */
static inline uint64_t streamd_digits_take8(const char *p, unsigned *count)
{
    uint64_t x = streamd_load8(p) ^ UINT64_C(0x3030303030303030);
    uint64_t odd = ((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080);

    *count = odd ? (unsigned)__builtin_ctzll(odd) / 8 : 8;
    return *count == 0 ? 0 : streamd_digits_of(x << (64 - 8 * *count));
}

/*
 * Reads a number at p: [-]digits[.digits], by the grammar of JSON. Answers what follows it, or
 * NULL. Up to 32 bytes at p must be readable.
 */
static inline const char *streamd_digits_take(const char *p, struct streamd_digits *number)
{
    unsigned first, second = 0, third = 0, fraction = 0;

    number->negative = *p == '-';
    p += number->negative;
    number->digits = streamd_digits_take8(p, &first);
    if (first == 0 || (*p == '0' && first > 1))
        return NULL;
    p += first;
    if (first == 8) {
        uint64_t more = streamd_digits_take8(p, &second);

        number->digits = number->digits * streamd_pow10(second) + more;
        p += second;
        while (second == 8 && third < 3 && (unsigned)*p - '0' <= 9) {
            number->digits = number->digits * 10 + ((unsigned)*p++ - '0');
            third++;
        }
    }
    if (*p == '.') {
        uint64_t more = streamd_digits_take8(++p, &fraction);

        if (fraction == 0 || first + second + third + fraction > 16)
            return NULL;
        number->digits = number->digits * streamd_pow10(fraction) + more;
        p += fraction;
    }
    number->fraction = fraction;
    if ((unsigned)*p - '0' <= 9 || (*p | 0x20) == 'e' || *p == '.')
        return NULL;
    return p;
}

/* As int64. 1, or 0: it is none, or too large. */
static inline int streamd_digits_int64(const struct streamd_digits *n, int64_t *value)
{
    if (n->fraction || n->digits > INT64_MAX)
        return 0;
    *value = n->negative ? -(int64_t)n->digits : (int64_t)n->digits;
    return 1;
}

/* As the nearest float64, where both the digits and the power of ten are doubles. 1, or 0. */
static inline int streamd_digits_float64(const struct streamd_digits *n, double *value)
{
    static const double powers[] = {1e0, 1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7, 1e8,
                                    1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
    double v;

    if (n->digits > UINT64_C(1) << 53)
        return 0;
    v = (double)(int64_t)n->digits / powers[n->fraction];
    *value = n->negative ? -v : v;
    return 1;
}

/* As decimal, where no rounding is needed and 18 digits are enough. 1, or 0. */
static inline int streamd_digits_decimal(const struct streamd_digits *n, struct streamd_type type,
                                         struct streamd_decimal *value)
{
    unsigned precision = type.precision < 18 ? type.precision : 18, shift;
    int64_t v;

    if (n->fraction > type.scale)
        return 0;
    shift = type.scale - n->fraction;
    if (shift > precision || n->digits >= streamd_pow10(precision - shift))
        return 0;
    v = (int64_t)(n->digits * streamd_pow10(shift));
    v = n->negative ? -v : v;
    value->low = (uint64_t)v;
    value->high = v >> 63;
    return 1;
}

#ifdef __cplusplus
}
#endif
#endif
