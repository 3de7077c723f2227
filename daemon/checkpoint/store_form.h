/*
 * checkpoint/store_form.h - what the files of the store share: struct store, the metadata, folders.
 */
#ifndef CHECKPOINT_STORE_FORM_H
#define CHECKPOINT_STORE_FORM_H

#include "base/array.h"
#include "checkpoint/store.h"

/* meta.db: one row of numbers and names, all of them here too. */
struct store_meta {
    char lineage[33];        /* "" where there is none yet */
    uint64_t last_id;        /* given out */
    uint64_t commit_started; /* the highest id of this lineage; 0: none */
    uint32_t parallelism;    /* the highest tried */
};

struct sqlite3;

struct store {
    const struct file_ops *ops;
    char *path, *pipeline;
    int lock;
    struct sqlite3 *db;
    struct store_meta meta;
    struct {
        uint64_t *items;
        size_t count, capacity;
    } pins;
};

/* ---- store_meta.c */

/*
 * Opens meta.db. 1: it is there, and store->meta is filled; 0: it was made now, or was damaged and
 * has been put aside, and store->meta is all zero; the caller works out what should be in it and
 * calls store_meta_save. Negative: SD4403, or SD4413 where it names another pipeline.
 */
int store_meta_open(struct store *s, struct streamd_error *error);

/* Makes `meta` durable, and then s->meta. 0, or SD4403. */
int store_meta_save(struct store *s, const struct store_meta *meta, struct streamd_error *error);

/* Closes meta.db, if it is open. */
void store_meta_close(struct store *s);

/* ---- store_folder.c */

/* Numbers of checkpoints, ascending. */
struct store_ids {
    uint64_t *items;
    size_t count, capacity;
};

/* DIR/NAME; 0, or STREAMD_E_LIMIT: too long. */
int store_join(char path[PATH_MAX], const char *folder, const char *name,
               struct streamd_error *error);

/* Lineages that have a folder: calls `each` for all; stops at what is not 0 and returns it. */
int store_each_lineage(const struct store *s, int (*each)(void *self, const char *lineage),
                       void *self, struct streamd_error *error);

/* Ids of the folders chk-N of a lineage. A lineage without a folder has none. */
int store_ids_read(const struct store *s, const char *lineage, struct store_ids *ids,
                   struct streamd_error *error);

/* Path of a checkpoint's folder in any lineage. */
int store_folder_of(const struct store *s, const char *lineage, uint64_t id, char folder[PATH_MAX],
                    struct streamd_error *error);

/* Is there a manifest in it? */
int store_is_complete(const struct store *s, const char *lineage, uint64_t id);

/* A file of one checkpoint that another one refers to. */
struct store_use {
    uint64_t checkpoint;
    char name[64];
};

struct store_uses {
    struct store_use *items;
    size_t count, capacity;
};

/* Removes a checkpoint's manifest durably, so that what is in the folder is a checkpoint no more,
   whatever happens then. 0, also where there is none, or STREAMD_E_IO. */
int store_remove_manifest(const struct store *s, const char *lineage, uint64_t id,
                          struct streamd_error *error);

/*
 * Removes what is in a checkpoint's folder - the manifest first, durably - but for the files in
 * `uses`; then the folder, where it is empty and `remove` is set. 0, or STREAMD_E_IO.
 */
int store_empty_folder(const struct store *s, const char *lineage, uint64_t id,
                       const struct store_uses *uses, int remove, struct streamd_error *error);

/* ---- store_clean.c */

/* What crashes left behind, at opening. Nothing that goes wrong here matters. */
void store_clean(struct store *s);

#endif
