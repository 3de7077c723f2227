/*
 * owned.h - with checkpoints: the names of what is not final, in the sink's own folder.
 *
 *   .streamd.LINEAGE.NODE.ATTEMPT.TASK.NUMBER.tmp         a part in progress, or closed
 *   .streamd.LINEAGE.NODE.ATTEMPT.TASK.NUMBER.ID.part     prepared for checkpoint ID
 *   .streamd.LINEAGE.NODE.ID.mark                         commit of ID has begun: the highest
 * counts
 *
 * So what a killed attempt left behind is known from names alone, whatever the number of tasks was
 * and is, and nobody else's files are ever touched: a part in progress of another attempt, and one
 * prepared for a later checkpoint than was restored, are in no row, and go.
 *
 * The mark stays. It tells a pipeline that begins with a savepoint that output of after the
 * savepoint is there already.
 */
#ifndef SINK_FILE_OWNED_H
#define SINK_FILE_OWNED_H

#include "sink.h"

#include <limits.h>

struct owned {
    const char *folder; /* the sink's own, absolute */
    uint64_t number;    /* of the next part of this task and attempt */
    uint64_t begun;     /* highest checkpoint of this lineage of which commit has begun; 0: none */
    uint64_t parents;   /* the same for the lineage of the savepoint that this one began with */
};

/* Looks through the folder; task 0 removes leftovers, with `buckets` also those in the folders
   below. Refuses to write what was written: then negative after streamd_fail, as for other
   failures. */
int owned_open(struct streamd_context *c, struct owned *o, const char *folder, int buckets);

/* Name for the next part in progress, in a folder. 0 or negative after streamd_fail. */
int owned_temporary(struct streamd_context *c, struct owned *o, const char *folder,
                    char path[PATH_MAX]);

/* Gives a closed part the name of its checkpoint, and puts that into `path`. 0 or negative after
   streamd_fail. */
int owned_prepare(struct streamd_context *c, char path[PATH_MAX], uint64_t checkpoint);

/* Sets the mark, durably, before the first part of a checkpoint becomes final. 0 or negative after
   streamd_fail. */
int owned_begin_commit(struct streamd_context *c, struct owned *o, uint64_t checkpoint);

/* 1 where a missing part can have become final before: commit of its checkpoint has begun in an
   earlier attempt, or it belongs to a savepoint, which is taken after the commit. */
int owned_may_be_final(const struct streamd_context *c, const struct owned *o, const char *path,
                       uint64_t checkpoint);

#endif
