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

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))

#include <string.h>

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)

#include <emmintrin.h>

enum { KERNEL_BYTES = 16 };

/* How many plain bytes there are at p, at most KERNEL_BYTES: no quote, no backslash, nothing below
   0x20 or above 0x7F. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: also those above 0x7F */
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    uint32_t special =
        (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));

    return (unsigned)__builtin_ctz(special | 1u << KERNEL_BYTES);
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

#include <streamd/json_text.h>

enum { KERNEL_BYTES = 8 };

/* How many plain bytes there are at p, at most KERNEL_BYTES. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p)
{
    return streamd_json_span(p);
}

/* Does the shape's literal, as far as it lies in its `head`, stand at p? */
KERNEL_INLINE int kernel_match(const uint8_t *p, const struct json_shape *s)
{
    return memcmp(p, s->head, s->length < JSON_HEAD ? s->length : JSON_HEAD) == 0;
}

#endif

/* As kernel_span, and copies KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t *out)
{
    memcpy(out, p, KERNEL_BYTES);
    return kernel_span(p);
}

/* As streamd_digits_take. */
KERNEL_INLINE const uint8_t *kernel_number(const uint8_t *p, struct streamd_digits *number)
{
    return (const uint8_t *)streamd_digits_take((const char *)p, number);
}

#endif
