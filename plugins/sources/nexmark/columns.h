/*
 * columns.h - which fields the events have, and batches of them.
 */
#ifndef NEXMARK_COLUMNS_H
#define NEXMARK_COLUMNS_H

#include "texts.h"

/* The schema of events of a kind. Constant. */
const struct streamd_schema *columns_schema(enum model_kind kind);

/* Events of one batch: number k is event[k]. */
struct columns_run {
    enum model_kind kind;
    uint32_t count;
    const uint64_t *events;
};

/* Memory for lists of rows, for batches of up to `rows`. */
struct columns_scratch {
    uint32_t *at;
    uint64_t *events;
};

/* Fills a new batch of that schema, event times and row counts included. 0 or STREAMD_E_NOMEM. */
int columns_fill(struct streamd_context *c, const struct texts *texts,
                 const struct columns_run *run, struct columns_scratch *scratch,
                 struct streamd_batch *batch);

#endif
