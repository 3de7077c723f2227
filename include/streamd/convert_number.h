/*
 * streamd/convert_number.h - int64 and decimal to text and back. convert.h has the rules.
 */
#ifndef STREAMD_CONVERT_NUMBER_H
#define STREAMD_CONVERT_NUMBER_H

#include <streamd/error.h>
#include <streamd/types.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that a printed value takes at most. */
#define STREAMD_INT64_TEXT 20
#define STREAMD_DECIMAL_TEXT 48

__extension__ typedef __int128 streamd_int128;
__extension__ typedef unsigned __int128 streamd_uint128;

/* ---- small helpers ------------------------------------------------------------------------ */

/* Takes blanks (as C's isspace in the C locale) off both ends. */
static inline void streamd_trim(const char **p, size_t *n)
{
    while (*n && (**p == ' ' || (**p >= '\t' && **p <= '\r'))) {
        ++*p;
        --*n;
    }
    while (*n && ((*p)[*n - 1] == ' ' || ((*p)[*n - 1] >= '\t' && (*p)[*n - 1] <= '\r')))
        --*n;
}

/* The two digits of v < 100. */
static inline void streamd_put2(char *out, uint32_t v)
{
    static const char digits[] = "00010203040506070809101112131415161718192021222324252627282930"
                                 "31323334353637383940414243444546474849505152535455565758596061"
                                 "62636465666768697071727374757677787980818283848586878889909192"
                                 "93949596979899";
    memcpy(out, digits + 2 * (size_t)v, 2);
}

/* Exactly 8 digits of v < 10^8, zeros in front. */
static inline void streamd_put8(char *out, uint32_t v)
{
    uint32_t high = v / 10000, low = v % 10000;
    streamd_put2(out, high / 100);
    streamd_put2(out + 2, high % 100);
    streamd_put2(out + 4, low / 100);
    streamd_put2(out + 6, low % 100);
}

/* 10^n for n <= 19. */
static inline uint64_t streamd_pow10(unsigned n)
{
    static const uint64_t powers[] = {1u,
                                      10u,
                                      100u,
                                      1000u,
                                      10000u,
                                      100000u,
                                      1000000u,
                                      10000000u,
                                      100000000u,
                                      1000000000u,
                                      10000000000u,
                                      100000000000u,
                                      1000000000000u,
                                      10000000000000u,
                                      100000000000000u,
                                      1000000000000000u,
                                      10000000000000000u,
                                      100000000000000000u,
                                      1000000000000000000u,
                                      10000000000000000000u};
    return powers[n];
}

/* 10^n for n <= 38. */
static inline streamd_uint128 streamd_pow10_128(unsigned n)
{
    return n <= 19 ? (streamd_uint128)streamd_pow10(n)
                   : (streamd_uint128)streamd_pow10(19) * streamd_pow10(n - 19);
}

/* How many decimal digits v has; 1 for 0. */
static inline unsigned streamd_digits(uint64_t v)
{
    unsigned bits = 64u - (unsigned)__builtin_clzll(v | 1u);
    unsigned guess = (bits * 1233u) >> 12; /* bits x log10(2) */
    return guess + ((v | 1u) >= streamd_pow10(guess));
}

/* Writes the digits of v: at most 20 bytes. */
static inline size_t streamd_uint64_print(uint64_t v, char *out)
{
    unsigned n = streamd_digits(v);
    char *at = out + n;
    while (v >= 100000000u) {
        at -= 8;
        streamd_put8(at, (uint32_t)(v % 100000000u));
        v /= 100000000u;
    }
    uint32_t rest = (uint32_t)v;
    while (rest >= 100) {
        at -= 2;
        streamd_put2(at, rest % 100);
        rest /= 100;
    }
    if (rest >= 10)
        streamd_put2(out, rest);
    else
        *out = (char)('0' + rest);
    return n;
}

/* ---- int64 -------------------------------------------------------------------------------- */

/* At most STREAMD_INT64_TEXT bytes. */
static inline size_t streamd_int64_print(int64_t v, char *out)
{
    if (v >= 0)
        return streamd_uint64_print((uint64_t)v, out);
    *out = '-';
    return 1 + streamd_uint64_print(0 - (uint64_t)v, out + 1);
}

/* [+-]digits. */
static inline int streamd_int64_parse(const char *p, size_t n, int64_t *value)
{
    const char *end = p + n;
    uint64_t v = 0;
    int negative = n && *p == '-';
    if (n && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return STREAMD_ROW_CAST;
    const char *safe = end - p > 18 ? p + 18 : end; /* 18 digits cannot overflow */
    for (; p < safe; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9)
            return STREAMD_ROW_CAST;
        v = v * 10 + d;
    }
    int over = 0;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9)
            return STREAMD_ROW_CAST;
        over |= __builtin_mul_overflow(v, (uint64_t)10, &v);
        over |= __builtin_add_overflow(v, (uint64_t)d, &v);
    }
    if (over || v > (uint64_t)INT64_MAX + (uint64_t)negative)
        return STREAMD_ROW_RANGE;
    *value = (int64_t)(negative ? 0 - v : v);
    return 0;
}

/* ---- decimal ------------------------------------------------------------------------------ */

/* Between the ABI's decimal and the compiler's integer. */
static inline streamd_int128 streamd_decimal_get(struct streamd_decimal d)
{
    return (streamd_int128)(((streamd_uint128)(uint64_t)d.high << 64) | d.low);
}

/* The other way round. */
static inline struct streamd_decimal streamd_decimal_make(streamd_int128 v)
{
    struct streamd_decimal d;
    d.low = (uint64_t)v;
    d.high = (int64_t)(v >> 64);
    return d;
}

/* 1 where |v| < 10^precision: it fits decimal(precision, any scale). precision <= 38. */
static inline int streamd_decimal_fits(streamd_int128 v, unsigned precision)
{
    streamd_uint128 m = v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
    return m < streamd_pow10_128(precision);
}

/* m / 10^n for n <= 38, half rounded up (away from zero, as m is a magnitude). */
static inline streamd_uint128 streamd_decimal_shift_down(streamd_uint128 m, unsigned n)
{
    if (n == 0)
        return m;
    if (m >> 64 == 0) {
        if (n > 19)
            return 0;
        uint64_t low = (uint64_t)m, p = streamd_pow10(n), r = low % p;
        return low / p + (r >= p - r);
    }
    streamd_uint128 p = streamd_pow10_128(n), r = m % p;
    return m / p + (r >= p - r);
}

/* From one scale to another, half away from zero. 0, or STREAMD_ROW_RANGE where the result needs
   more than `precision` digits. Scales and precision <= 38. */
static inline int streamd_decimal_rescale(streamd_int128 v, unsigned from, unsigned to,
                                          unsigned precision, streamd_int128 *value)
{
    streamd_uint128 m = v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
    if (to >= from) {
        if (__builtin_mul_overflow(m, streamd_pow10_128(to - from), &m))
            return STREAMD_ROW_RANGE;
    } else {
        m = streamd_decimal_shift_down(m, from - to);
    }
    if (m >= streamd_pow10_128(precision))
        return STREAMD_ROW_RANGE;
    *value = v < 0 ? (streamd_int128)(0 - m) : (streamd_int128)m;
    return 0;
}

/* Exactly 19 digits of v < 10^19, zeros in front. */
static inline void streamd_put19(char *out, uint64_t v)
{
    uint64_t high = v / 10000000000000000u;
    v %= 10000000000000000u;
    *out = (char)('0' + high / 100);
    streamd_put2(out + 1, (uint32_t)(high % 100));
    streamd_put8(out + 3, (uint32_t)(v / 100000000u));
    streamd_put8(out + 11, (uint32_t)(v % 100000000u));
}

/* Writes the digits of v: at most 39 bytes. */
static inline size_t streamd_uint128_print(streamd_uint128 v, char *out)
{
    if (v >> 64 == 0)
        return streamd_uint64_print((uint64_t)v, out);
    uint64_t p = streamd_pow10(19);
    streamd_uint128 high = v / p;
    uint64_t low = (uint64_t)(v % p);
    size_t n = 0;
    if (high >= p) {
        *out = (char)('0' + (uint64_t)(high / p));
        streamd_put19(out + 1, (uint64_t)(high % p));
        n = 20;
    } else {
        n = streamd_uint64_print((uint64_t)high, out);
    }
    streamd_put19(out + n, low);
    return n + 19;
}

/* All digits of the scale: 1.50 at scale 2. At most STREAMD_DECIMAL_TEXT bytes. scale <= 38. */
static inline size_t streamd_decimal_print(streamd_int128 v, unsigned scale, char *out)
{
    char digits[40];
    char *at = out;
    streamd_uint128 m = v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
    if (v < 0)
        *at++ = '-';
    if (scale == 0)
        return (size_t)(at - out) + streamd_uint128_print(m, at);
    size_t n = streamd_uint128_print(m, digits), zeros = 0;
    if (n <= scale) {
        zeros = scale - n;
        *at++ = '0';
    } else {
        memcpy(at, digits, n - scale);
        at += n - scale;
    }
    *at++ = '.';
    memset(at, '0', zeros);
    at += zeros;
    size_t tail = n < scale ? n : scale;
    memcpy(at, digits + n - tail, tail);
    return (size_t)(at + tail - out);
}

/* A number as written: digits x 10^exponent, and whether digits beyond the 38th were cut. */
struct streamd_number_text {
    streamd_uint128 digits;
    int64_t exponent;
    int negative;
    int next; /* first digit cut, 0 where none; says how to round */
};

/* The exponent at [p, end), after the letter e. Answers 0 where it is none. Clamped beyond 10^15.
 */
static inline int streamd_exponent_parse(const char *p, const char *end, int64_t *exponent)
{
    int negative = p < end && *p == '-';
    int64_t e = 0;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return 0;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9)
            return 0;
        if (e < 1000000000000000)
            e = e * 10 + d;
    }
    *exponent += negative ? -e : e;
    return 1;
}

/* [+-]digits[.digits][e[+-]digits], a digit before or after the point. 0 or STREAMD_ROW_CAST. */
static inline int streamd_number_scan(const char *p, size_t n, struct streamd_number_text *t)
{
    const char *end = p + n;
    int digits = 0, seen = 0, point = 0, cut = 0;
    t->digits = 0;
    t->exponent = 0;
    t->next = 0;
    t->negative = n && *p == '-';
    if (n && (*p == '-' || *p == '+'))
        p++;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9) {
            if (*p != '.' || point)
                break;
            point = 1;
            continue;
        }
        seen = 1;
        if (digits < 38) {
            t->digits = t->digits * 10 + d;
            digits += t->digits != 0;
            t->exponent -= point;
        } else {
            if (!cut)
                t->next = (int)d;
            cut = 1;
            t->exponent += !point;
        }
    }
    if (!seen)
        return STREAMD_ROW_CAST;
    if (p == end)
        return 0;
    if ((*p != 'e' && *p != 'E') || !streamd_exponent_parse(p + 1, end, &t->exponent))
        return STREAMD_ROW_CAST;
    return 0;
}

/* The common case, [-]digits[.digits] of at most 19 characters. Answers 0 where it is another. */
static inline int streamd_number_short(const char *p, size_t n, struct streamd_number_text *t)
{
    uint64_t v = 0;
    const char *end = p + n, *point = end;
    t->negative = n && *p == '-';
    p += t->negative;
    if (end - p < 1 || end - p > 19 || *p == '.')
        return 0;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9) {
            if (*p != '.' || point != end)
                return 0;
            point = p + 1;
            continue;
        }
        v = v * 10 + d;
    }
    t->digits = v;
    t->exponent = point - end;
    t->next = 0;
    return 1;
}

/* [+-]digits[.digits][e[+-]digits], rounded half away from zero to `scale` digits;
   STREAMD_ROW_RANGE where `precision` is not enough. scale <= precision <= 38. */
static inline int streamd_decimal_parse(const char *p, size_t n, unsigned precision, unsigned scale,
                                        streamd_int128 *value)
{
    struct streamd_number_text t;
    if (!streamd_number_short(p, n, &t)) {
        int rc = streamd_number_scan(p, n, &t);
        if (rc)
            return rc;
    }
    streamd_uint128 m = t.digits;
    int64_t shift = t.exponent + (int64_t)scale;
    if (m == 0) {
        *value = 0;
        return 0;
    }
    if (shift >= 0) {
        if (shift > 38 || __builtin_mul_overflow(m, streamd_pow10_128((unsigned)shift), &m))
            return STREAMD_ROW_RANGE;
        m += shift == 0 && t.next >= 5; /* with shift > 0 and digits cut, m is out of range */
    } else {
        m = shift < -38 ? 0 : streamd_decimal_shift_down(m, (unsigned)-shift);
    }
    if (m >= streamd_pow10_128(precision))
        return STREAMD_ROW_RANGE;
    *value = t.negative ? (streamd_int128)(0 - m) : (streamd_int128)m;
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
