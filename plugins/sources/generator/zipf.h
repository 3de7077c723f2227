/*
 * zipf.h - numbers 0 .. n - 1 where k comes with a probability proportional to 1 / (k + 1)^s.
 */
#ifndef GENERATOR_ZIPF_H
#define GENERATOR_ZIPF_H

#include <stdint.h>

/* Constants of one distribution; immutable after zipf_init. */
struct zipf {
    double values, exponent;
    double integral_first, integral_last, shortcut;
};

/* For values >= 1 and exponent > 0. */
void zipf_init(struct zipf *z, double values, double exponent);

/* The number that the random bits of `seed` give. */
int64_t zipf_draw(const struct zipf *z, uint64_t seed);

#endif
