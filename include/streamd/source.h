/*
 * streamd/source.h - the contract of sources.
 *
 * A source names its splits (files, partitions), and each task reads those that it owns. The host
 * chooses which split is read next (the one with the least watermark), makes watermarks per split,
 * and stores positions. A source hands in either bytes, which the node's format decodes
 * (streamd_feed), or batches of its own making (streamd_split_emit).
 *
 * A position is a short text that the source alone understands. It always stands between two
 * records: everything before it has been fed or emitted, nothing behind it.
 */
#ifndef STREAMD_SOURCE_H
#define STREAMD_SOURCE_H

#include <streamd/bind.h>
#include <streamd/context.h>
#include <streamd/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest position, with its final NUL. */
#define STREAMD_POSITION_BYTES 1024

enum streamd_source_flags {
    STREAMD_SOURCE_FORMAT = 1 /* feeds bytes: the node needs a `format:` */
};

struct streamd_source {
    struct streamd_descriptor descriptor;
    uint32_t flags; /* enum streamd_source_flags */

    /* See bind.h. Declares the output with streamd_bind_output where the source makes batches
       itself; with STREAMD_SOURCE_FORMAT the host does that from `schema:` and format. Required. */
    int (*bind)(struct streamd_bind *b, const void *options);

    /* Makes a task. As in operator.h. */
    int (*open)(struct streamd_context *c, void **self);

    /* Names all splits with streamd_split_add, the same in every task. Called after open, and again
       every discover_us of processing time where that is not 0. Required. 0 or negative after
       streamd_fail. */
    int (*list)(struct streamd_context *c, void *self);
    int64_t discover_us;

    /* Opens a split at a position (NULL: its beginning). `handle` is the host's name for it, to be
       passed to streamd_feed and streamd_split_emit. Required. */
    int (*open_split)(struct streamd_context *c, void *self, const char *id, const char *position,
                      struct streamd_split *handle, void **split);

    /* Reads a bounded piece (about a batch) and hands it in. OK: there may be more. HAS_MORE: the
       output was full. BLOCKED: nothing now, see streamd_block_on. FINISHED: the split has ended.
       Called again in all cases but the last and FAILED. Required. */
    enum streamd_flow (*next)(struct streamd_context *c, void *self, void *split);

    /* Writes the position, NUL-terminated. Required. 0 or negative. */
    int (*position)(struct streamd_context *c, void *self, void *split,
                    char text[STREAMD_POSITION_BYTES]);

    /* For people: where a split stands, such as "log.json:1234" for a position given to
       streamd_reject_raw. Default: the split's id and the number. */
    int (*describe)(struct streamd_context *c, void *self, void *split, uint64_t position,
                    char *text, size_t size);

    /* Checkpoint `id` is complete: positions up to it will not be asked for again. */
    void (*commit)(struct streamd_context *c, void *self, uint64_t id);

    /* Releases a split; releases the task. Never fail. */
    void (*close_split)(struct streamd_context *c, void *self, void *split);
    void (*close)(struct streamd_context *c, void *self);
};

#ifdef __cplusplus
}
#endif
#endif
