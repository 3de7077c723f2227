/*
 * What the fast path does to many bytes at once, for any machine: 16 bytes at a time with SSE2,
 * which every x86-64 has, else 8 with plain words. kernel_avx2.h has the same names for more.
 *
 * All of them may read KERNEL_BYTES at p, of which only those up to the first byte that stops them
 * count. No one of them writes more than KERNEL_BYTES.
 */
#ifndef JSON_KERNEL_BASE_H
#define JSON_KERNEL_BASE_H

#include "kernel_word.h"
#include "shape.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(JSON_WORD_KERNEL_ONLY)
#include <emmintrin.h>
#endif

#if defined(__SSE2__) && !defined(JSON_WORD_KERNEL_ONLY)

enum { KERNEL_BYTES = 16 };

/* A bit for each byte that is no plain one: a quote, a backslash, below 0x20, or above 0x7F. */
KERNEL_INLINE uint32_t kernel_special(__m128i v)
{
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: also those above 0x7F */
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
}

/* How many plain bytes there are at p, at most KERNEL_BYTES. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p)
{
    uint32_t special = kernel_special(_mm_loadu_si128((const __m128i *)(const void *)p));

    return (unsigned)__builtin_ctz(special | 1u << KERNEL_BYTES);
}

/* The same, and copies all KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t *out)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);

    _mm_storeu_si128((__m128i *)(void *)out, v);
    return (unsigned)__builtin_ctz(kernel_special(v) | 1u << KERNEL_BYTES);
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

/* How many plain bytes there are at p, at most KERNEL_BYTES. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t v = kernel_load8(p), quote = v ^ ones * '"', backslash = v ^ ones * '\\';
    /* The lowest bit that is set is exact, and no other is looked at. */
    uint64_t special = (v | (v - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops;

    if (!special)
        return KERNEL_BYTES;
    for (unsigned i = 0; i < KERNEL_BYTES; i++) { /* borrows may flag a byte too many */
        if (p[i] < 0x20 || p[i] >= 0x80 || p[i] == '"' || p[i] == '\\')
            return i;
    }
    return KERNEL_BYTES;
}

/* The same, and copies all KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t *out)
{
    memcpy(out, p, KERNEL_BYTES);
    return kernel_span(p);
}

/* Does the shape's literal, as far as it lies in its `head`, stand at p? Reads 32 bytes. */
KERNEL_INLINE int kernel_match(const uint8_t *p, const struct json_shape *s)
{
    return memcmp(p, s->head, s->length < JSON_HEAD ? s->length : JSON_HEAD) == 0;
}

#endif

/* As kernel_number_by_words. */
KERNEL_INLINE const uint8_t *kernel_number(const uint8_t *p, struct kernel_number *number)
{
    return kernel_number_by_words(p, number);
}

#endif
