/*
 * streamd/convert_float.h - float64 to text and back. convert.h has the rules.
 *
 * Printing gives what PostgreSQL's float8out gives: the shortest decimal that lies strictly
 * between the neighbours' midpoints, nearest to the value; d.ddde+XX outside of 1e-4 .. 1e15. Short
 * decimals, which most data is, are found by multiplication; all others by Schubfach (Giulietti,
 * "The Schubfach way to render doubles"). Reading uses Clinger's exact path for up to 15 digits,
 * Eisel-Lemire for up to 19, and strtod on a text without a decimal point, which no locale can
 * change, for the few inputs that are longer and lie near a midpoint. One table of powers of ten
 * serves both.
 */
#ifndef STREAMD_CONVERT_FLOAT_H
#define STREAMD_CONVERT_FLOAT_H

#include <streamd/convert_number.h>

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that a printed value takes at most. */
#define STREAMD_FLOAT64_TEXT 32

/* ---- powers of ten ------------------------------------------------------------------------ */

/*
 * The first 128 bits, cut, of 10^e for -351 <= e <= 350: high has its top bit set. They are the
 * product of the first 192 bits of 10^(27 i) and a power of five below 2^64; that all of them come
 * out exact was computed once for each e, and the unit test does it again.
 */
static inline void streamd_power_of_ten(int e, uint64_t *high, uint64_t *low)
{
    static const uint64_t base[26][3] = {
        {0x8049a4ac0c5811ae, 0x205b896d777d6278, 0xac261e9f5141430b}, /* -351 */
        {0xcf42894a5dce35ea, 0x52064cac828675b9, 0x475f2b7d7df1ad7a}, /* -324 */
        {0xa76c582338ed2621, 0xaf2af2b80af6f24e, 0x657c8f4d43323a36}, /* -297 */
        {0x873e4f75e2224e68, 0x5a7744a6e804a291, 0xcc35eddfcf0996d7}, /* -270 */
        {0xda7f5bf590966848, 0xaf39a475506a899e, 0xa30294cc2934e662}, /* -243 */
        {0xb080392cc4349dec, 0xbd8d794d96aacfb3, 0xfe13a5c86af64418}, /* -216 */
        {0x8e938662882af53e, 0x547eb47b7282ee9c, 0x41b0230e1421487d}, /* -189 */
        {0xe65829b3046b0afa, 0x0cb4a5a3112a5112, 0xa3b561b1cb208396}, /* -162 */
        {0xba121a4650e4ddeb, 0x92f34d62616ce413, 0x21a0183e10583cd3}, /* -135 */
        {0x964e858c91ba2655, 0x3a6a07f8d510f86f, 0xe9082f25e9c5e9ec}, /* -108 */
        {0xf2d56790ab41c2a2, 0xfae27299423fb9c3, 0x3695dad7e8858901}, /* -81 */
        {0xc428d05aa4751e4c, 0xaa97e14c3c26b886, 0x96842dc95323f5a8}, /* -54 */
        {0x9e74d1b791e07e48, 0x775ea264cf55347d, 0xca49f1c05120c9c7}, /* -27 */
        {0x8000000000000000, 0x0000000000000000, 0x0000000000000000}, /* 0 */
        {0xcecb8f27f4200f3a, 0x0000000000000000, 0x0000000000000000}, /* 27 */
        {0xa70c3c40a64e6c51, 0x999090b65f67d924, 0x0000000000000000}, /* 54 */
        {0x86f0ac99b4e8dafd, 0x69a028bb3ded71a3, 0xdf9f915627c04e28}, /* 81 */
        {0xda01ee641a708de9, 0xe80e6f4820cc9495, 0xd74baad03bc1d8d3}, /* 108 */
        {0xb01ae745b101e9e4, 0x5ec05dcff72e7f8f, 0xc04c79ffe324301f}, /* 135 */
        {0x8e41ade9fbebc27d, 0x14588f13be847307, 0x23bd6a2059c002f5}, /* 162 */
        {0xe5d3ef282a242e81, 0x8f1668c8a86da5fa, 0xf0b5ccf5176ecc7c}, /* 189 */
        {0xb9a74a0637ce2ee1, 0x6d953e2bd7173692, 0x88efb0037ac08bde}, /* 216 */
        {0x95f83d0a1fb69cd9, 0x4abdaf101564f98e, 0x0d5a4af7b3a98e47}, /* 243 */
        {0xf24a01a73cf2dccf, 0xbc633b39673c8cec, 0x3d9c44cd2f36917c}, /* 270 */
        {0xc3b8358109e84f07, 0x0a862f80ec4700c8, 0x02606ea01029dc37}, /* 297 */
        {0x9e19db92b4e31ba9, 0x6c07a2c26a8346d1, 0x4944d9f52cd0dec2}, /* 324 */
    };
    static const uint64_t five[27] = {1u,
                                      5u,
                                      25u,
                                      125u,
                                      625u,
                                      3125u,
                                      15625u,
                                      78125u,
                                      390625u,
                                      1953125u,
                                      9765625u,
                                      48828125u,
                                      244140625u,
                                      1220703125u,
                                      6103515625u,
                                      30517578125u,
                                      152587890625u,
                                      762939453125u,
                                      3814697265625u,
                                      19073486328125u,
                                      95367431640625u,
                                      476837158203125u,
                                      2384185791015625u,
                                      11920928955078125u,
                                      59604644775390625u,
                                      298023223876953125u,
                                      1490116119384765625u};
    unsigned i = (unsigned)(e + 351) / 27, r = (unsigned)(e + 351) % 27;
    uint64_t m = five[r] << __builtin_clzll(five[r]);
    streamd_uint128 p0 = (streamd_uint128)base[i][2] * m;
    streamd_uint128 p1 = (streamd_uint128)base[i][1] * m + (uint64_t)(p0 >> 64);
    streamd_uint128 p2 = (streamd_uint128)base[i][0] * m + (uint64_t)(p1 >> 64);
    if (p2 >> 127 == 0)
        p2 = p2 << 1 | ((uint64_t)p1 >> 63);
    *high = (uint64_t)(p2 >> 64);
    *low = (uint64_t)p2;
}

/* The IEEE 754 bits of a float64. */
static inline uint64_t streamd_float64_bits(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The float64 that has these bits. */
static inline double streamd_float64_from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ---- to text ------------------------------------------------------------------------------ */

/* g x cp / 2^127, its lowest bit set where anything was cut off. */
static inline uint64_t streamd_round_to_odd(uint64_t high, uint64_t low, uint64_t cp)
{
    streamd_uint128 x = (streamd_uint128)low * cp;
    streamd_uint128 y = (streamd_uint128)high * cp + (uint64_t)(x >> 64);
    return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

/* Shortest digits of the finite value with these bits, not 0; answers them and their exponent. */
static inline uint64_t streamd_float64_shortest(uint64_t bits, int *exponent)
{
    uint64_t mantissa = bits & 0xfffffffffffffu;
    int biased = (int)(bits >> 52 & 0x7ff);
    uint64_t c = biased ? mantissa | 0x10000000000000u : mantissa;
    int q = (biased ? biased : 1) - 1075;
    int closer = mantissa == 0 && biased > 1; /* the neighbour below is nearer */
    int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    int h = q + (int)((-k * 1741647) >> 19) + 1;
    uint64_t high, low;
    streamd_power_of_ten(-k, &high, &low);
    if (k > 0 || k < -55) { /* not exact: round up */
        low++;
        high += low == 0;
    }
    uint64_t lower = streamd_round_to_odd(high, low, (4 * c - 2 + (uint64_t)closer) << h) + 1;
    uint64_t v = streamd_round_to_odd(high, low, 4 * c << h);
    uint64_t upper = streamd_round_to_odd(high, low, (4 * c + 2) << h) - 1;
    uint64_t s = v / 4;
    if (s >= 10) {
        uint64_t sp = s / 10;
        int down = lower <= 40 * sp, up = 40 * sp + 40 <= upper;
        if (down != up) {
            *exponent = k + 1;
            return sp + (uint64_t)up;
        }
    }
    *exponent = k;
    int down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up)
        return s + (uint64_t)up;
    uint64_t middle = 4 * s + 2;
    return s + (v > middle || (v == middle && (s & 1)));
}

/* m without the zeros at its end, which go to the exponent. m is not 0. */
static inline uint64_t streamd_strip_zeros(uint64_t m, int *exponent)
{
    while (m % 10000 == 0) {
        m /= 10000;
        *exponent += 4;
    }
    while (m % 10 == 0) {
        m /= 10;
        ++*exponent;
    }
    return m;
}

/* digits x 10^exponent as PostgreSQL lays it out. digits < 10^17, without zeros at the end. */
static inline size_t streamd_float64_layout(uint64_t digits, int exponent, char *out)
{
    char text[20];
    int n = (int)streamd_uint64_print(digits, text);
    int first = n + exponent - 1; /* the power of ten of the first digit */
    char *at = out;
    if (first < -4 || first >= 15) {
        *at++ = text[0];
        if (n > 1) {
            *at++ = '.';
            memcpy(at, text + 1, (size_t)n - 1);
            at += n - 1;
        }
        *at++ = 'e';
        *at++ = first < 0 ? '-' : '+';
        unsigned e = (unsigned)(first < 0 ? -first : first);
        if (e >= 100) {
            *at++ = (char)('0' + e / 100);
            e %= 100;
        }
        streamd_put2(at, e);
        return (size_t)(at + 2 - out);
    }
    if (exponent >= 0) {
        memcpy(at, text, (size_t)n);
        memset(at + n, '0', (size_t)exponent);
        return (size_t)(n + exponent);
    }
    if (first >= 0) {
        memcpy(at, text, (size_t)first + 1);
        at[first + 1] = '.';
        memcpy(at + first + 2, text + first + 1, (size_t)(n - first - 1));
        return (size_t)n + 1;
    }
    memcpy(at, "0.000", 5);
    memcpy(at + 1 - first, text, (size_t)n);
    return (size_t)(1 - first + n);
}

/* NaN, Infinity, -Infinity, -0, 1.5, 1e+20. At most STREAMD_FLOAT64_TEXT bytes. */
static inline size_t streamd_float64_print(double value, char *out)
{
    uint64_t bits = streamd_float64_bits(value);
    size_t sign = bits >> 63;
    *out = '-';
    bits &= 0x7fffffffffffffffu;
    if (bits >= 0x7ff0000000000000u) {
        if (bits > 0x7ff0000000000000u) {
            memcpy(out, "NaN", 3);
            return 3;
        }
        memcpy(out + sign, "Infinity", 8);
        return sign + 8;
    }
    double v = streamd_float64_from_bits(bits);
    if (v < 1e15) {
        uint64_t m = (uint64_t)v;
        if ((double)m == v)
            return sign + streamd_uint64_print(m, out + sign);
        /* A decimal of at most 15 digits that reads as v is the only one of its length. */
        if (v < 1e12 && v >= 1e-4) {
            m = (uint64_t)(v * 1e3 + 0.5);
            int exponent = -3;
            if ((double)m / 1e3 != v) {
                m = v < 1e9 ? (uint64_t)(v * 1e6 + 0.5) : 0;
                exponent = (double)m / 1e6 == v ? -6 : 0;
            }
            if (exponent) {
                m = streamd_strip_zeros(m, &exponent);
                return sign + streamd_float64_layout(m, exponent, out + sign);
            }
        }
    }
    int exponent;
    uint64_t m = streamd_float64_shortest(bits, &exponent);
    m = streamd_strip_zeros(m, &exponent);
    return sign + streamd_float64_layout(m, exponent, out + sign);
}

/* ---- from text ---------------------------------------------------------------------------- */

/* w x 10^q rounded to the nearest double, as bits without sign; w is not 0 (Eisel-Lemire, as in
   fast_float). Answers the bits of infinity where it is too large, 0 where too small. */
static inline uint64_t streamd_float64_scale(uint64_t w, int64_t q)
{
    if (q < -342)
        return 0;
    if (q > 308)
        return 0x7ff0000000000000u;
    int shift = __builtin_clzll(w);
    uint64_t high, low;
    streamd_power_of_ten((int)q, &high, &low);
    if (q < 0 && q >= -27) { /* rounded up where the inverse power is that of a short one */
        low++;
        high += low == 0;
    }
    w <<= shift;
    streamd_uint128 product = (streamd_uint128)w * high;
    if (((uint64_t)(product >> 64) & 0x1ff) == 0x1ff)
        product += (uint64_t)(((streamd_uint128)w * low) >> 64);
    uint64_t top = (uint64_t)(product >> 64), bottom = (uint64_t)product;
    int upper = (int)(top >> 63);
    uint64_t mantissa = top >> (upper + 9);
    int exponent = (int)((217706 * q) >> 16) + 63 + upper - shift + 1023;
    if (exponent <= 0) { /* subnormal */
        if (exponent <= -63)
            return 0;
        mantissa >>= 1 - exponent;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        return mantissa; /* 2^52 here is the smallest normal number */
    }
    if (bottom <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == top)
        mantissa &= ~(uint64_t)1; /* exactly half way: to even */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >> 53) {
        mantissa >>= 1;
        exponent++;
    }
    if (exponent >= 0x7ff)
        return 0x7ff0000000000000u;
    return (uint64_t)exponent << 52 | (mantissa & 0xfffffffffffffu);
}

/* The slow way, for [p, end): digits with at most one point among them, times 10^exponent. Copies
   up to 800 digits, which are enough to decide, without the point. */
static inline double streamd_float64_slow(const char *p, const char *end, int64_t exponent)
{
    char text[840];
    size_t n = 0;
    int point = 0, cut = 0;
    for (; p < end; p++) {
        if (*p == '.') {
            point = 1;
        } else if (n < 800) {
            if (n || *p != '0')
                text[n++] = *p;
            exponent -= point;
        } else {
            cut |= *p != '0';
            exponent += !point;
        }
    }
    if (cut) {
        text[n++] = '1';
        exponent--;
    }
    text[n++] = 'e';
    n += streamd_int64_print(exponent, text + n);
    text[n] = 0;
    return strtod(text, NULL);
}

/* nan, inf, infinity, in any case, after the sign. */
static inline int streamd_float64_parse_word(const char *p, size_t n, int negative, double *value)
{
    static const char words[] = "infinity";
    char lower[8];
    if (n != 3 && n != 8)
        return STREAMD_ROW_CAST;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(p[i] | 0x20);
    if (n == 3 && memcmp(lower, "nan", 3) == 0)
        *value = streamd_float64_from_bits(0x7ff8000000000000u);
    else if (memcmp(lower, words, n) == 0)
        *value = streamd_float64_from_bits(negative ? 0xfff0000000000000u : 0x7ff0000000000000u);
    else
        return STREAMD_ROW_CAST;
    return 0;
}

/* Puts the digits together. [digits, end) is the mantissa's text with `count` significant digits,
   of which w holds the first 19; the value is w x 10^q, or all digits x 10^exponent. */
static inline int streamd_float64_finish(const char *digits, const char *end, int64_t count,
                                         uint64_t w, int64_t q, int64_t exponent, int negative,
                                         double *value)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t bits;
    if (count <= 15 && q >= -22 && q <= 22) {
        double v = (double)w;
        v = q < 0 ? v / exact[-q] : v * exact[q];
        *value = negative ? -v : v;
        return 0;
    }
    if (w == 0) {
        bits = 0;
    } else {
        bits = streamd_float64_scale(w, q);
        if (count > 19 && bits != streamd_float64_scale(w + 1, q))
            bits = streamd_float64_bits(streamd_float64_slow(digits, end, exponent));
        if (bits == 0 || bits == 0x7ff0000000000000u)
            return STREAMD_ROW_RANGE;
    }
    *value = streamd_float64_from_bits(bits | (uint64_t)negative << 63);
    return 0;
}

/* [+-]digits[.digits][e[+-]digits], a digit before or after the point; or nan, inf, infinity.
   STREAMD_ROW_RANGE for what would become an infinity, or 0 without being 0, as in PostgreSQL. */
static inline int streamd_float64_parse(const char *p, size_t n, double *value)
{
    const char *end = p + n;
    int negative = n && *p == '-';
    if (n && (*p == '-' || *p == '+'))
        p++;
    const char *start = p;
    uint64_t w = 0;
    int point = 0, seen = 0;
    int64_t count = 0, q = 0, exponent = 0;
    for (; p < end; p++) {
        unsigned d = (unsigned char)*p - (unsigned)'0';
        if (d > 9) {
            if (*p != '.' || point)
                break;
            point = 1;
            continue;
        }
        seen = 1;
        if (count < 19) {
            w = w * 10 + d;
            q -= point;
        } else {
            q += !point;
        }
        count += w != 0;
    }
    const char *stop = p;
    if (!seen)
        return streamd_float64_parse_word(start, point ? 0 : (size_t)(end - start), negative,
                                          value);
    if (p < end) {
        if ((*p != 'e' && *p != 'E') || !streamd_exponent_parse(p + 1, end, &exponent))
            return STREAMD_ROW_CAST;
        q += exponent;
    }
    return streamd_float64_finish(start, stop, count, w, q, exponent, negative, value);
}

#ifdef __cplusplus
}
#endif
#endif
