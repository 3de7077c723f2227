/*
 * How the fast path looks at many bytes at once, on any machine: 16 with SSE2, which every x86-64
 * has, else 8 with plain words. kernel_avx2.h has the same names for more.
 *
 * A run is bytes that are not `stop` and above 0x0D, so that no newline, carriage return or NUL is
 * in it. *high is set where a byte of the run is above 0x7F. KERNEL_BYTES are read, and written.
 */
#ifndef CSV_KERNEL_BASE_H
#define CSV_KERNEL_BASE_H

#include <streamd/convert.h>

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))

#if defined(__SSE2__) && !defined(CSV_NO_SIMD)

#include <emmintrin.h>

enum { KERNEL_BYTES = 16 };

/* The length of the run at p. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p, uint8_t stop, uint32_t *high)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x0D)), v);
    __m128i stops = _mm_or_si128(low, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)stop)));
    unsigned n = (unsigned)__builtin_ctz((uint32_t)_mm_movemask_epi8(stops) | 1u << KERNEL_BYTES);

    *high |= (uint32_t)_mm_movemask_epi8(v) & ((1u << n) - 1);
    return n;
}

#else

enum { KERNEL_BYTES = 8 };

/* The length of the run at p. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p, uint8_t stop, uint32_t *high)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t v = streamd_load8((const char *)p), other = v ^ ones * stop;
    uint64_t stops = (((v - ones * 0x0E) & ~v) | ((other - ones) & ~other)) & tops;
    unsigned n = stops ? (unsigned)__builtin_ctzll(stops) / 8 : 8;

    *high |= n && (v << (64 - 8 * n) & tops);
    return n;
}

#endif

/* The same, and copies KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t stop, uint8_t *out, uint32_t *high)
{
    memcpy(out, p, KERNEL_BYTES);
    return kernel_span(p, stop, high);
}

#endif
