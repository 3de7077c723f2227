/*
 * checkpoint/savepoint_diff.h - what differs between two savepoints, table by table.
 *
 * Rows are compared as they stand in their cells, over the columns that both have, without _seq and
 * _group. Where a table is a list, a key counts as changed if its rows are others; their order is
 * not looked at. Any thread, one at a time per file.
 */
#ifndef CHECKPOINT_SAVEPOINT_DIFF_H
#define CHECKPOINT_SAVEPOINT_DIFF_H

#include "checkpoint/savepoint.h"

/* What became of a table. `a` or `b` is NULL where one savepoint has no such table. */
struct savepoint_difference {
    const struct savepoint_table *a, *b;
    int schema;                       /* keys, columns, types or flags differ */
    uint64_t rows_a, rows_b;          /* counted */
    uint64_t added, removed, changed; /* keys (with their namespaces); 0 where keys differ */
};

/*
 * Compares two open savepoints: one entry per table that either has, by node and name. The list is
 * for memory_free. 0 or negative.
 */
int savepoint_diff(struct savepoint *a, struct savepoint *b, struct savepoint_difference **list,
                   size_t *count, struct streamd_error *error) __attribute__((warn_unused_result));

#endif
