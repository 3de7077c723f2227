/*
 * expr/in_set.h - the constants of an IN list, as a set.
 *
 * All values have one type; a NULL in the list is a flag. Built at plan time in a store's arena,
 * read-only afterwards.
 */
#ifndef EXPR_IN_SET_H
#define EXPR_IN_SET_H

#include "expr/node.h"

struct in_set {
    uint8_t id;       /* enum streamd_type_id */
    uint8_t is_short; /* texts of at most seven bytes each, kept as words (short_text.h) */
    uint8_t has_null; /* a value that is not in the set is then not out of it: the answer is NULL */
    uint32_t count;
    uint32_t buckets;       /* a power of two; 0: search from the first to the last */
    const uint64_t *hashes; /* a bucket each, 0: empty */
    const uint64_t *words;  /* bool, int64, float64, timestamp, date: canonical bits; short texts */
    const struct streamd_str *strings; /* string, bytes; decimal as its 16 bytes */
};

/* Makes a set of n constants of one type. NULL: no memory. */
const struct in_set *in_set_new(struct arena *arena, const struct node *const *constants,
                                uint32_t n);

/* Sets found[row] to whether the value is in the set, for rows sel[0 .. n); NULLs are not looked
   at. */
void in_set_find(const struct in_set *set, const struct streamd_vector *values, const uint16_t *sel,
                 uint32_t n, uint8_t *found);

/* The same for a column of strings or bytes: keeps the rows whose text is in the set (is not in it,
   where `negated`). `rows` are the column's. 1.5 ns a row for two values of one letter. Answers how
   many. */
uint32_t in_set_filter_texts(const struct in_set *set, const struct streamd_column *column,
                             uint32_t rows, int negated, const uint16_t *sel, uint32_t n,
                             uint16_t *out);

#endif
