/*
 * groups.h - the rows of a batch, sorted into groups of equal text.
 */
#ifndef SINK_FILE_GROUPS_H
#define SINK_FILE_GROUPS_H

#include "sink.h"

struct group {
    struct streamd_str value; /* of the column; NULL is "" */
    uint32_t count;
    const uint16_t *rows; /* ascending */
};

/* Start with {0}; release with groups_clear. Memory is kept from batch to batch. */
struct groups {
    uint32_t count;
    struct group *items;
    uint32_t capacity; /* rows that the arrays have room for */
    uint32_t *of_row;  /* group of each selected row */
    uint32_t *slots;   /* hash table: 1 + group, 0 empty */
    uint32_t slot_count;
    uint64_t *hashes; /* by group */
    uint16_t *rows;
};

/* Sorts the selected rows by a column of texts. Valid until the next call, and as long as the
   column. 0 or negative after streamd_fail. */
int groups_make(struct streamd_context *c, struct groups *g, const struct streamd_batch *batch,
                const struct streamd_column *column);

/* Releases everything. */
void groups_clear(struct streamd_context *c, struct groups *g);

#endif
