/*
 * buckets.h - the folders that this task writes to now, each with its part in progress.
 */
#ifndef SINK_FILE_BUCKETS_H
#define SINK_FILE_BUCKETS_H

#include "folder.h"
#include "part.h"

/* So many folders have a part in progress at a time; the one that was used least recently gives
 * way.
 */
enum { BUCKETS_OPEN = 64 };

struct bucket {
    char name[FOLDER_NAME_BYTES]; /* "": the sink's own folder */
    char *folder;                 /* absolute */
    uint64_t number;              /* of its next part */
    uint64_t used;                /* when, in calls */
    struct part part;
};

struct buckets {
    const struct sink_options *options;
    char *folder; /* the sink's own, absolute */
    struct bucket *items[BUCKETS_OPEN];
    uint32_t count;
    uint64_t calls;
    struct packer packer;
    struct owned owned; /* with checkpoints */
    struct ledger ledger;
};

/* Prepares: makes the sink's folder. 0 or negative after streamd_fail; buckets_clear in both cases.
 */
int buckets_open(struct streamd_context *c, struct buckets *b);

/* The bucket of this folder name ("": the sink's own folder), with a part in progress. Valid until
   the next call. NULL after streamd_fail. */
struct bucket *buckets_get(struct streamd_context *c, struct buckets *b, const char *name);

/* After rows were encoded into the bucket's part: writes what is much, closes what is large. 0 or
   negative after streamd_fail. */
int buckets_wrote(struct streamd_context *c, struct buckets *b, struct bucket *bucket);

/* Closes the parts that are due by time, and asks for the next call. 0 or negative after
 * streamd_fail.
 */
int buckets_tick(struct streamd_context *c, struct buckets *b);

/* Closes all parts. 0 or negative after streamd_fail. */
int buckets_close_parts(struct streamd_context *c, struct buckets *b);

/* Discards what is in progress and releases everything. */
void buckets_clear(struct streamd_context *c, struct buckets *b);

#endif
