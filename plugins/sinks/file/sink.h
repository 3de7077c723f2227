/*
 * sink.h - what the parts of this sink share.
 *
 *   batch --> groups (one per bucket) --> encoder --> part's buffer --> packer -->
 * .part-0-7.json.gz | prepare part-0-7.json.gz <-- rename -- commit <-- row of the table "parts"
 * <-----'
 *
 * A part is in progress while it is written, pending when it was closed and synced, final when it
 * was renamed. The first two begin with a dot; with checkpoints they
 * have the names of owned.h. A pending part is a row of the table "parts", from the moment it
 * is closed: that row is all that commit knows.
 */
#ifndef SINK_FILE_SINK_H
#define SINK_FILE_SINK_H

#include <streamd/operator.h>

/* Stable numbers (`streamctl explain`). */
enum {
    DIAGNOSTIC_WRITE = 5220,     /* a file or folder cannot be made, written, synced or renamed */
    DIAGNOSTIC_OVERWRITE = 5221, /* the name of a part is taken */
    DIAGNOSTIC_NEWER_OUTPUT = 5243, /* output of after the restored snapshot is there */
    DIAGNOSTIC_PART_GONE = 5244     /* a prepared part is not there */
};

enum compression { COMPRESSION_NONE = 0, COMPRESSION_GZIP = 1, COMPRESSION_ZSTD = 2 };

struct roll_options {
    int64_t size;
    int64_t every;
    int64_t idle;
};

struct changelog_options {
    const char *field;
};

struct sink_options {
    const char *path;
    struct roll_options roll;
    const struct streamd_expr *bucket;
    struct changelog_options changelog;
    uint8_t changelog_given;
    int64_t compression; /* enum compression */
};

/* What bind found out. */
struct sink_bound {
    struct streamd_schema with_kind; /* the input's, with the changelog field in front; or empty */
};

/* Reports "cannot WHAT 'PATH': reason" for errno value `error`. Negative. */
int sink_fault(struct streamd_context *c, const char *what, const char *path, int error);

/* Reports a lack of memory. Negative. */
int sink_no_memory(struct streamd_context *c);

#endif
