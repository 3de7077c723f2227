/*
 * columnar/keyhash.h - the hash of a key, fixed for ever: key groups in every snapshot depend on
 * it.
 *
 *   h = 0; for each key column in the order of key_by: h = mix64(h * K + c(value))
 *   K = 0x9E3779B97F4A7C15
 *   mix64(x): x ^= x >> 32; x *= 0xE9846AF9B1A615D; x ^= x >> 32; x *= 0xE9846AF9B1A615D;
 *             x ^= x >> 28
 *   c(value): bool          0 or 1
 *             int64, timestamp, date    the value, sign-extended to 64 bits
 *             float64       the bits; -0 as +0; any NaN as 0x7FF8000000000000
 *             decimal       at its declared scale: low word ^ mix64(high word) where the high word
 *                           is not the sign extension of the low one, else the low word
 *             string, bytes XXH3_64bits (seed 0) of the bytes
 *             NULL          0xA5A5A5A55A5A5A5A
 *   group  = ((h >> 32) * key_groups) >> 32      (hash tables use the low bits)
 *   owner  = floor(group * parallelism / key_groups)
 *
 * `json` is no key. Whether a column is nullable does not change the hash. Golden vectors:
 * tests/data/keyhash.tsv.
 */
#ifndef COLUMNAR_KEYHASH_H
#define COLUMNAR_KEYHASH_H

#include <streamd/batch.h>
#include <streamd/state.h>

/*
 * Writes the hash of the selected rows to hash[row], by physical row. `keys` are `count` columns
 * with their types. No key columns at all: 0 for every row.
 */
void keyhash_batch(const struct streamd_batch *batch, const struct streamd_column *const *keys,
                   const struct streamd_type *types, uint32_t count, uint64_t *hash);

/* The same hash of the keys of a row of a state table; 0 where it has none. */
uint64_t keyhash_row(const struct streamd_row_layout *layout, const void *row);

/* Key group of a hash, and the task that owns a group. */
static inline uint32_t keyhash_group(uint64_t hash, uint32_t key_groups)
{
    return (uint32_t)(((hash >> 32) * key_groups) >> 32);
}

/* The task, of `parallelism` tasks, that owns a key group. */
static inline uint32_t keyhash_owner(uint32_t group, uint32_t parallelism, uint32_t key_groups)
{
    return (uint32_t)((uint64_t)group * parallelism / key_groups);
}

#endif
