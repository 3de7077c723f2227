/*
 * spec.h - what the user's words about a field mean: how its values are made.
 */
#ifndef GENERATOR_SPEC_H
#define GENERATOR_SPEC_H

#include "options.h"
#include "zipf.h"

#include <streamd/bind.h>

enum spec_kind {
    SPEC_SEQUENCE = 1,
    SPEC_UNIFORM = 2,
    SPEC_ZIPF = 3,
    SPEC_CHOICE = 4,
    SPEC_PROBABILITY = 5,
    SPEC_LETTERS = 6
};

/*
 * A field's values as a function of the row's number n and of 64 random bits that n and `seed`
 * give. Numbers of all types but float64 are made as int64: a decimal as its value x 10^scale, a
 * date in days, a text as the number behind its prefix.
 */
struct spec {
    const char *name;
    struct streamd_type type;
    enum spec_kind kind;
    uint64_t seed;
    int64_t start, step; /* sequence: start + n x step */
    int64_t min;         /* uniform: min + 0 .. range - 1; range 0 means 2^64 */
    uint64_t range;
    double first, delta; /* float64: first + n x delta, or first + random x delta */
    uint64_t jitter;     /* sequence of timestamps: minus 0 .. jitter - 1 microseconds; 0: none */
    uint64_t threshold;  /* probability: true below it */
    uint64_t null_threshold; /* NULL below it */
    uint32_t letters_min;    /* letters: so many, and up to letters_range - 1 more */
    uint32_t letters_range;
    uint32_t choices; /* choice: how many, as numbers or as texts */
    int64_t *numbers;
    double *floats;
    struct streamd_str *texts;
    struct streamd_str prefix;
    struct zipf zipf;
};

/* Makes sense of a field. `declared` is its type in the node's schema, or NULL. `rows` is how many
   there will be, 0 for no end. 0, or negative after diagnostics. */
int spec_bind(struct streamd_bind *b, const char *name, const struct field_options *o,
              const struct streamd_type *declared, int64_t rows, int64_t seed, struct spec *spec);

#endif
