/*
 * worker/outbox.h - the outbox of one task: what is behind streamd_outbox_* (streamd/context.h).
 *
 *   append --> segment in progress --full--> finished --seal(n)--> row of `_outbox` --> erase(n)
 *
 * Segments are files of checkpoint/outbox.h in one folder for all nodes of a lineage; rows are in
 * the table that streamd_bind_outbox declared, and so in every checkpoint. Dataflow thread.
 */
#ifndef WORKER_OUTBOX_H
#define WORKER_OUTBOX_H

#include "base/file.h"

#include <streamd/context.h>

struct batch_pool;
struct outbox;

/* What an outbox needs to know. All pointers outlive it, but for `folder`, which is copied. */
struct outbox_site {
    struct streamd_context *context; /* node, task, lineage, attempt, checkpoint, input */
    struct streamd_table *table;     /* of plan_outbox_table, as restored */
    struct batch_pool *pool;
    const struct file_ops *ops;
    const char *folder; /* made where it is missing; the one above it must be there */
};

/* Opens it before the plugin. Task 0 removes what killed attempts left behind. 0 or negative. */
int outbox_new(const struct outbox_site *site, struct outbox **outbox, struct streamd_error *error);

/* Removes what belongs to no checkpoint, and releases it. NULL is fine. */
void outbox_free(struct outbox *o);

/* As the functions of the same names in streamd/context.h; negative after streamd_fail. */
int outbox_add(struct outbox *o, const void *data, size_t length);
int outbox_add_batch(struct outbox *o, const struct streamd_batch *batch);
int outbox_seal(struct outbox *o, uint64_t checkpoint);
int outbox_list(struct outbox *o, uint64_t up_to, uint32_t index,
                struct streamd_outbox_segment *segment);
int outbox_read(struct outbox *o, const struct streamd_outbox_segment *segment, uint64_t *position,
                struct streamd_outbox_record *record);
int outbox_erase(struct outbox *o, uint64_t up_to);

#endif
