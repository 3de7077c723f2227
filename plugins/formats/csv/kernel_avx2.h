/*
 * kernel_base.h with AVX2: 32 bytes at a time. Included by run_avx2.c alone, whose functions are
 * compiled for such a machine and called on no other.
 */
#ifndef CSV_KERNEL_AVX2_H
#define CSV_KERNEL_AVX2_H

#include <streamd/convert.h>

#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx2,bmi,bmi2")))
#define KERNEL_INLINE static inline __attribute__((always_inline, unused)) KERNEL_TARGET

enum { KERNEL_BYTES = 32 };

/* The length of the run in these bytes. */
KERNEL_INLINE unsigned kernel_run(__m256i v, uint8_t stop, uint32_t *high)
{
    __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x0D)), v);
    __m256i stops = _mm256_or_si256(low, _mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)stop)));
    unsigned n = _tzcnt_u32((uint32_t)_mm256_movemask_epi8(stops));

    *high |= _bzhi_u32((uint32_t)_mm256_movemask_epi8(v), n);
    return n;
}

/* The length of the run at p. */
KERNEL_INLINE unsigned kernel_span(const uint8_t *p, uint8_t stop, uint32_t *high)
{
    return kernel_run(_mm256_loadu_si256((const __m256i *)(const void *)p), stop, high);
}

/* The same, and copies KERNEL_BYTES to `out`. */
KERNEL_INLINE unsigned kernel_copy(const uint8_t *p, uint8_t stop, uint8_t *out, uint32_t *high)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

    _mm256_storeu_si256((__m256i *)(void *)out, v);
    return kernel_run(v, stop, high);
}

#endif
