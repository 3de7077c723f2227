/*
 * checkpoint/manifest.h - the file `manifest` in the folder of a checkpoint. The checkpoint is
 * complete when, and only when, that name is there: writing it is the point of no return.
 *
 *   {"checksum":"<XXH3_128 of the bytes of the object, 32 hex digits>","manifest":{ ... }}
 *
 *   format 1, pipeline, lineage, id, parallelism, key_groups, plan_hash, plan (as `streamd plan`
 *   printed it), kind, created (microseconds since the epoch), parent: {lineage, checkpoint} (of
 *   the savepoint that the lineage began with, if it did), files: [{task, name, bytes, checksum,
 *   checkpoint (only where it is a file that others refer to)}]
 *
 * Any thread, one at a time per manifest.
 */
#ifndef CHECKPOINT_MANIFEST_H
#define CHECKPOINT_MANIFEST_H

#include "base/file.h"

#include <jansson.h>
#include <stdint.h>

enum { MANIFEST_FORMAT = 1 };

/* A file of the checkpoint: one per task, or one that such a file refers to, which lies in the
   folder of the checkpoint `checkpoint`: this one or an earlier one. */
struct manifest_file {
    uint32_t task;
    char name[64]; /* task-I.snap */
    uint64_t bytes;
    char checksum[33]; /* XXH3_128 of the file */
    uint64_t checkpoint;
    int referred;
};

struct manifest {
    char *pipeline;
    char lineage[33];
    uint64_t id;
    uint32_t parallelism, key_groups;
    char plan_hash[33];
    json_t *plan;  /* or NULL */
    char kind[16]; /* checkpoint, stop, final, savepoint */
    int64_t created;
    char parent_lineage[33];    /* "", or of the savepoint that the lineage began with */
    uint64_t parent_checkpoint; /* the savepoint's, by the ids of that lineage */
    struct manifest_file *files;
    size_t file_count;
};

/* Releases what a manifest refers to, which must be from memory_* functions. All zero is fine. */
void manifest_clear(struct manifest *m);

/*
 * Writes FOLDER/manifest: .tmp, fsync, rename, fsync of the folder. On an error before the rename
 * the checkpoint is not complete. `*renamed`, where not NULL, says whether the rename was done: an
 * error after it means that nobody knows whether it is durable; the caller must exit and look
 * again.
 */
int manifest_write(const struct file_ops *ops, const char *folder, const struct manifest *m,
                   int *renamed, struct streamd_error *error) __attribute__((warn_unused_result));

/*
 * Reads FOLDER/manifest. 0; STREAMD_E_IO where it cannot be opened; SD4404 damaged;
 * SD4405 another version. `*m` is filled on success only.
 */
int manifest_read(const struct file_ops *ops, const char *folder, struct manifest *m,
                  struct streamd_error *error) __attribute__((warn_unused_result));

/*
 * Reads all files that the manifest names and compares sizes and checksums. FOLDER is the
 * checkpoint's own, its siblings chk-N hold files of earlier ones. 0, or SD4404 naming the file and
 * what is wrong with it.
 */
int manifest_verify(const struct file_ops *ops, const char *folder, const struct manifest *m,
                    struct streamd_error *error) __attribute__((warn_unused_result));

#endif
