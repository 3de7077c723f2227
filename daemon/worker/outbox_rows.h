/*
 * worker/outbox_rows.h - rows of the table `_outbox`. Private to the outbox.
 */
#ifndef WORKER_OUTBOX_ROWS_H
#define WORKER_OUTBOX_ROWS_H

#include "checkpoint/outbox.h"

#include <streamd/state.h>

enum { OUTBOX_LINEAGE_BYTES = 64 };

/* A row, copied. */
struct outbox_row {
    char name[OUTBOX_NAME_BYTES];
    char lineage[OUTBOX_LINEAGE_BYTES];
    uint64_t checkpoint, sequence;
    uint32_t task;
    struct outbox_summary summary;
    void *row; /* in the table, for erasing */
};

struct outbox_rows {
    struct outbox_row *items;
    size_t count, capacity;
};

/* Adds a row to the table. 0 or negative. */
int outbox_rows_add(struct streamd_table *table, const struct outbox_row *row);

/*
 * The rows that a commit of `up_to` is about, in the order of writing: those of another lineage
 * than `lineage`, and those of a checkpoint that is not later. STREAMD_E_DATA: a row (of an edited
 * savepoint) has what no segment can have.
 */
int outbox_rows_list(struct streamd_table *table, const char *lineage, uint64_t up_to,
                     struct outbox_rows *rows);

#endif
