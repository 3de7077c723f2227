/*
 * checkpoint/store_folders.h - the folders of checkpoints in a state directory. Private to store.c.
 */
#ifndef CHECKPOINT_STORE_FOLDERS_H
#define CHECKPOINT_STORE_FOLDERS_H

#include "base/file.h"

#include <streamd/error.h>

#include <stddef.h>
#include <stdint.h>

/* A folder DIR/LINEAGE/chk-N. */
struct folder {
    char lineage[33];
    uint64_t id;
};

/* What there is. Start with {0}. */
struct folders {
    struct {
        struct folder *items;
        size_t count, capacity;
    } complete, incomplete;  /* with a manifest, and without; newest first */
    uint64_t highest;        /* id of any folder */
    char newest_lineage[33]; /* of the complete checkpoint with the highest id, or "" */
};

/* Looks through a state directory. What is not ours is passed over. */
int folders_look(const char *path, struct folders *found, struct streamd_error *error);
void folders_clear(struct folders *found);

/* Removes a checkpoint: its manifest, durably, then its other files, then its folder. What cannot
   be removed stays until the next time. */
void folders_remove(const struct file_ops *ops, const char *path, const char *lineage, uint64_t id);

/* Removes incomplete checkpoints, but keeps the folder of the highest id, empty: it says that the
   id was given out. Removes *.tmp in complete ones. */
void folders_sweep(const struct file_ops *ops, const char *path, const struct folders *found);

#endif
