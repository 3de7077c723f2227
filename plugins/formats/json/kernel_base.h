/*
 * What the fast path does to many bytes at once, for any machine: 16 bytes at a time with SSE2,
 * which every x86-64 has, else 8 with plain words. kernel_avx2.h has the same names for more.
 *
 * All of them may read KERNEL_BYTES at p, of which only those up to the first byte that stops them
 * count. None writes more than KERNEL_BYTES.
 */
#ifndef JSON_KERNEL_BASE_H
#define JSON_KERNEL_BASE_H

#include "shape.h"

#include <streamd/digits.h>

#include <string.h>

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)

#include <emmintrin.h>

enum { KERNEL_BYTES = 16 };

/* How many of the KERNEL_BYTES at p come before a quote, a backslash, or one below 0x20. *high is
   set where one of them is above 0x7F. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p, uint32_t *high)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    __m128i stops = _mm_or_si128(low, _mm_or_si128(quote, backslash));
    unsigned n = (unsigned)__builtin_ctz((uint32_t)_mm_movemask_epi8(stops) | 1u << KERNEL_BYTES);

    *high |= (uint32_t)_mm_movemask_epi8(v) & ((1u << n) - 1);
    return n;
}

/* Does the shape's literal, as far as it lies in its `head`, stand at p? Reads 32 bytes. */
KERNEL_INLINE int kernel_match(const uint8_t *p, const struct json_shape *s)
{
    const __m128i *text = (const __m128i *)(const void *)p;
    const __m128i *head = (const __m128i *)(const void *)s->head;
    __m128i a = _mm_cmpeq_epi8(_mm_loadu_si128(text), _mm_load_si128(head));
    __m128i b = _mm_cmpeq_epi8(_mm_loadu_si128(text + 1), _mm_load_si128(head + 1));
    uint32_t equal = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;

    return (equal & s->mask) == s->mask;
}

#else

enum { KERNEL_BYTES = 8 };

/* How many of the KERNEL_BYTES at p come before a quote, a backslash, or one below 0x20. *high is
   set where one of them is above 0x7F. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p, uint32_t *high)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t v = streamd_load8((const char *)p), quote = v ^ ones * '"',
             backslash = v ^ ones * '\\';
    uint64_t stops =
        (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) &
        tops;
    unsigned n = stops ? (unsigned)__builtin_ctzll(stops) / 8 : 8;

    *high |= n && (v << (64 - 8 * n) & tops);
    return n;
}

/* Does the shape's literal, as far as it lies in its `head`, stand at p? */
KERNEL_INLINE int kernel_match(const uint8_t *p, const struct json_shape *s)
{
    return memcmp(p, s->head, s->length < JSON_HEAD ? s->length : JSON_HEAD) == 0;
}

#endif

/* As kernel_span, and copies KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t *out, uint32_t *high)
{
    memcpy(out, p, KERNEL_BYTES);
    return kernel_span(p, high);
}

/* As streamd_digits_take. */
KERNEL_INLINE const uint8_t *kernel_number(const uint8_t *p, struct streamd_digits *number)
{
    return (const uint8_t *)streamd_digits_take((const char *)p, number);
}

#endif
