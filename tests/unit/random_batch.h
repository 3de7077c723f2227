/*
 * Batches of random schemas and contents, for what moves batches about: all types, NULLs, absent
 * columns, selections, event times of their own or of a field, row kinds, hashes. A small generator
 * of its own makes a seed mean the same everywhere.
 */
#ifndef TESTS_UNIT_RANDOM_BATCH_H
#define TESTS_UNIT_RANDOM_BATCH_H

#include "columnar/pool.h"

enum { RANDOM_FIELDS = 12 };

struct random_schema {
    struct streamd_schema schema; /* first */
    struct streamd_field fields[RANDOM_FIELDS];
};

/* The next number of a seed; a number below n; one in n. */
uint64_t random_next(uint64_t *seed);
uint32_t random_below(uint64_t *seed, uint32_t n);
int random_one_in(uint64_t *seed, uint32_t n);

void random_schema_init(struct random_schema *schema, uint64_t *seed);

/* 1 .. most_rows rows, at least one of them selected; texts of up to `longest` bytes. */
struct streamd_batch *random_batch(struct batch_pool *pool, const struct random_schema *schema,
                                   uint64_t *seed, uint32_t most_rows, uint32_t longest);

/* 1 where row `i` of `a` and row `k` of `b` hold the same: values, NULLs, event time, kind, hash.
 */
int random_rows_equal(const struct streamd_batch *a, uint32_t i, const struct streamd_batch *b,
                      uint32_t k);

#endif
