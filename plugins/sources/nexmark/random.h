/*
 * random.h - random bits as a function of a seed and a number, so that any event can be made
 * without those before it, whatever the batches and splits. (The finalizer of splitmix64.)
 */
#ifndef NEXMARK_RANDOM_H
#define NEXMARK_RANDOM_H

#include <stdint.h>

/* 64 random bits. */
static inline uint64_t random_bits(uint64_t seed, uint64_t n)
{
    uint64_t z = seed + n * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 0 .. range - 1, out of random bits. */
static inline uint64_t random_below(uint64_t bits, uint64_t range)
{
    return (uint64_t)(((unsigned __int128)bits * range) >> 64);
}

/* [0, 1). */
static inline double random_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

#endif
