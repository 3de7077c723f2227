/* exchange/split.h - rows in two lists by their hashes. Private to the router. */
#ifndef EXCHANGE_SPLIT_H
#define EXCHANGE_SPLIT_H

#include <stdint.h>

/* Entries that may be written behind the end of each list. */
enum { SPLIT_SLACK = 32 };

/*
 * Of the rows sel[0 .. count-1] (NULL: 0 .. count-1) writes those whose `hash[row] >> 32` is below
 * `border` (below 2^32) to `first` and the others to `second`, in their order. Both have room for
 * count + SPLIT_SLACK. Returns how many are in the first.
 */
uint32_t split_rows(const uint64_t *hash, const uint16_t *sel, uint32_t count, uint64_t border,
                    uint16_t *first, uint16_t *second);

#endif
