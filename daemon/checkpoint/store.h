/*
 * checkpoint/store.h - a state directory.
 *
 *   DIR/lock                  flock; holds the pid of who has it
 *   DIR/meta.db               SQLite: current lineage, last id given out, commits started, ...
 *   DIR/LINEAGE/chk-N/        manifest, task-I.snap
 *   DIR/LINEAGE/outbox/       (checkpoint/outbox.h)
 *
 * Manifests are the truth about checkpoints. meta.db has what they cannot say; where it is lost or
 * damaged it is made again: ids go on behind the highest folder, and the commit of the newest
 * checkpoint counts as started.
 * Checkpoint ids rise over all lineages of a directory and are never used twice: the highest folder
 * is emptied but never removed.
 *
 * Folders are 0700, files 0600, and no symbolic link is followed inside. A store belongs to one
 * thread at a time. Functions that change meta.db return STREAMD_E_IO with SD4403 where SQLite
 * reports an I/O error: nobody knows then whether the change is there, and the process must exit
 * and open the store again. A full disk is SD4411: nothing was changed.
 */
#ifndef CHECKPOINT_STORE_H
#define CHECKPOINT_STORE_H

#include "base/file.h"
#include "checkpoint/manifest.h"

#include <limits.h>
#include <stdint.h>

struct store;

/*
 * Opens a directory for a pipeline and locks it; makes it where it is missing (the parent must be
 * there). Removes what crashes left behind: *.tmp, checkpoints without a manifest, deletions that
 * were begun. Errors: SD4401 somebody has it (names the pid), SD4402 it cannot be used, SD4403,
 * SD4413 it belongs to another pipeline. `ops` NULL: the system's, without following links.
 */
int store_open(const struct file_ops *ops, const char *path, const char *pipeline,
               struct store **store, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Unlocks and releases. NULL is fine. */
void store_close(struct store *s);

/* The directory, absolute and without links. */
const char *store_path(const struct store *s);

/* The file operations that refuse symbolic links, for everybody who opens files in there. */
const struct file_ops *store_file_ops(void);

/* The current lineage (32 hex digits), or "" where there is none yet. */
const char *store_lineage(const struct store *s);

/* Draws a new lineage, makes its folder, and makes it the current one. Before the first checkpoint
   and at every restore from a savepoint. */
int store_new_lineage(struct store *s, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Has this directory any complete checkpoint (in any lineage)? 1, 0 or negative. */
int store_used(struct store *s, struct streamd_error *error);

/* Gives out the next checkpoint id, durably, and makes its folder, whose absolute path is written
   to `folder`. */
int store_allocate(struct store *s, uint64_t *id, char folder[PATH_MAX],
                   struct streamd_error *error) __attribute__((warn_unused_result));

/* The folder of a checkpoint of the current lineage. 0, or STREAMD_E_LIMIT: path too long. */
int store_folder(const struct store *s, uint64_t id, char folder[PATH_MAX],
                 struct streamd_error *error) __attribute__((warn_unused_result));

/* Removes the files of a checkpoint that did not become complete. Never fails the pipeline: what
   cannot be removed now is removed at the next store_open. */
void store_abandon(struct store *s, uint64_t id);

/* Notes durably that commit(id) is about to be sent to sinks for the first time. */
int store_commit_started(struct store *s, uint64_t id, struct streamd_error *error)
    __attribute__((warn_unused_result));

/*
 * The newest usable checkpoint of the current lineage, with all its files verified. 1, and
 * `*manifest` (for manifest_clear) and `folder` are filled; 0: there is
 * none, and no output was ever committed. A damaged one
 * is passed over only where its commit had not started: `note` then gets a sentence for the log.
 * Else SD4404. Those
 * passed over are checkpoints no more: their manifests are renamed, so that nobody finds them
 * later, when what follows does not continue them.
 */
int store_newest(struct store *s, struct manifest *manifest, char folder[PATH_MAX],
                 struct streamd_error *note, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* A complete checkpoint, as store_list tells it. */
struct store_checkpoint {
    uint64_t id;
    int64_t created;
    uint64_t bytes;
    char kind[16];
    int commit_started, pinned;
};

/* The complete checkpoints of the current lineage, newest first; from memory_alloc. */
int store_list(struct store *s, struct store_checkpoint **list, size_t *count,
               struct streamd_error *error) __attribute__((warn_unused_result));

/* Keeps a checkpoint from being removed, e.g. while it is converted. Counted; not durable. */
int store_pin(struct store *s, uint64_t id) __attribute__((warn_unused_result));
void store_unpin(struct store *s, uint64_t id);

/* Removes complete checkpoints but the newest `keep` (at least 1), pinned ones, and files that kept
   ones refer to. Manifest first, then files, then folder. An error is for the log: a later call or
   the next start goes on. */
int store_retain(struct store *s, uint32_t keep, struct streamd_error *error);

/* The highest parallelism tried since the checkpoint that the last attempt was restored from;
   raised durably before the workers are started, reset to `parallelism` by `reset`. */
uint32_t store_highest_parallelism(const struct store *s);
int store_record_parallelism(struct store *s, uint32_t parallelism, int reset,
                             struct streamd_error *error) __attribute__((warn_unused_result));

#endif
