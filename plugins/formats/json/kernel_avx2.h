/*
 * kernel_base.h with AVX2: 32 bytes at a time, and numbers without a branch per digit. Included by
 * run_avx2.c alone, whose functions are compiled for such a machine and called on no other.
 */
#ifndef JSON_KERNEL_AVX2_H
#define JSON_KERNEL_AVX2_H

#define KERNEL_TARGET __attribute__((target("avx2,bmi,bmi2")))

#include "shape.h"

#include <streamd/digits.h>

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))

#include <immintrin.h>

enum { KERNEL_BYTES = 32 };

/* How many of these bytes come before a quote, a backslash, or one below 0x20. *high is set where
   one of them is above 0x7F. */
KERNEL_INLINE KERNEL_TARGET unsigned kernel_run(__m256i v, uint32_t *high)
{
    __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1F)), v);
    __m256i quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
    __m256i backslash = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
    __m256i stops = _mm256_or_si256(low, _mm256_or_si256(quote, backslash));
    unsigned n = _tzcnt_u32((uint32_t)_mm256_movemask_epi8(stops));

    *high |= _bzhi_u32((uint32_t)_mm256_movemask_epi8(v), n);
    return n;
}

/* The same of the KERNEL_BYTES at p. */
KERNEL_INLINE KERNEL_TARGET unsigned kernel_span(const uint8_t *p, uint32_t *high)
{
    return kernel_run(_mm256_loadu_si256((const __m256i *)(const void *)p), high);
}

/* The same, and copies all of them to `out`. */
KERNEL_INLINE KERNEL_TARGET unsigned kernel_copy(const uint8_t *p, uint8_t *out, uint32_t *high)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

    _mm256_storeu_si256((__m256i *)(void *)out, v);
    return kernel_run(v, high);
}

/* Does the shape's literal, as far as it lies in its `head`, stand at p? Reads 32 bytes. */
KERNEL_INLINE KERNEL_TARGET int kernel_match(const uint8_t *p, const struct json_shape *s)
{
    __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i head = _mm256_load_si256((const __m256i *)(const void *)s->head);
    uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(text, head));

    return (~equal & s->mask) == 0;
}

/*
 * As streamd_digits_take. The digits, with the point between them taken out, are moved to the
 * right end of a vector, and added up in pairs, fours and eights.
 */
KERNEL_INLINE KERNEL_TARGET const uint8_t *kernel_number(const uint8_t *p,
                                                         struct streamd_digits *number)
{
    const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int negative = *p == '-';
    const uint8_t *start = p + negative;
    __m128i v =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)start), _mm_set1_epi8('0'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v);
    uint32_t other = ~(uint32_t)_mm_movemask_epi8(is_digit) & 0xFFFF;
    unsigned point = _tzcnt_u32(other), length = point, fraction = 0;
    __m128i order;
    uint64_t halves;

    if (other == 0)
        return (const uint8_t *)streamd_digits_take((const char *)p, number);
    if (start[point] == '.') {
        other &= other - 1;
        if (other == 0)
            return NULL;
        length = _tzcnt_u32(other);
        fraction = length - point - 1;
        if (fraction == 0)
            return NULL;
    }
    if (point == 0 || (*start == '0' && point > 1) || (start[length] | 0x20) == 'e' ||
        start[length] == '.')
        return NULL;
    /* Digit k of n comes from place k - (16 - n), one further where it is behind the point; a
       negative place gives a zero. */
    order = _mm_sub_epi8(places, _mm_set1_epi8((char)(16 - length + (fraction != 0))));
    order = _mm_sub_epi8(order, _mm_cmpgt_epi8(order, _mm_set1_epi8((char)(point - 1))));
    v = _mm_shuffle_epi8(v, order);
    v = _mm_maddubs_epi16(v, _mm_set1_epi16(0x010A));
    v = _mm_madd_epi16(v, _mm_set1_epi32(0x00010064));
    v = _mm_packus_epi32(v, v);
    v = _mm_madd_epi16(v, _mm_set1_epi32(0x00012710));
    halves = (uint64_t)_mm_cvtsi128_si64(v);
    number->digits = (halves & 0xFFFFFFFF) * 100000000 + (halves >> 32);
    number->fraction = fraction;
    number->negative = negative;
    return start + length;
}

#endif
