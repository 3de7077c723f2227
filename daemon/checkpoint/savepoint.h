/*
 * checkpoint/savepoint.h - savepoints: a checkpoint as one SQLite database that people can read and
 * edit. docs/savepoints.md is the manual, docs/internals/files.md has the tables one by one.
 *
 *   checkpoint folder --savepoint_write--> FILE --(edit, savepoint_seal)--> FILE
 *   FILE --savepoint_restore--> checkpoint folder of a new lineage
 *
 * A file is only restored if its content has the checksum that was written when it was made or
 * sealed. Databases come from anywhere: what they say is checked, nothing in them is executed.
 * Memory stays bounded whatever the size. Any thread, one at a time per file.
 */
#ifndef CHECKPOINT_SAVEPOINT_H
#define CHECKPOINT_SAVEPOINT_H

#include "base/arena.h"
#include "base/file.h"
#include "checkpoint/native.h"
#include "columnar/rowcode.h"

#include <stdint.h>

enum { SAVEPOINT_FORMAT = 1 };

/* Diagnostics (`streamctl explain`). */
enum savepoint_code {
    SAVEPOINT_NOT_SEALED = 4430, /* changed since it was made or sealed */
    SAVEPOINT_DAMAGED = 4431,    /* no savepoint, or not a whole one */
    SAVEPOINT_CANNOT = 4432,     /* state that a savepoint cannot hold */
    SAVEPOINT_VALUE = 4433,      /* a value does not fit its column */
    SAVEPOINT_EXISTS = 4434,     /* the file is there already */
    SAVEPOINT_VERSION = 4435,    /* another format */
    SAVEPOINT_DISK = 4436,       /* it cannot be read or written */
    SAVEPOINT_TWICE = 4437       /* a key is there twice */
};

/* What a savepoint says of itself as a whole. Texts live as long as the savepoint. */
struct savepoint_facts {
    const char *pipeline, *plan_hash;
    const char *plan; /* JSON, or NULL */
    char lineage[33];
    uint64_t checkpoint;
    uint32_t parallelism, key_groups;
    int64_t created; /* microseconds since the epoch: of the checkpoint */
    char checksum[33];
};

/* A state table. `head.rows` is what the catalogue says; `head.bytes` is 0. */
struct savepoint_table {
    struct snapshot_section head;
    const char *sql_name;
    const char *const *sql_columns; /* as head.fields */
};

struct savepoint_node {
    const char *name;
    const char *kind, *type; /* source, operator, sink; the plugin. NULL: not known */
};

struct savepoint {
    struct sqlite3 *db;
    char *path;
    struct savepoint_facts facts;
    struct savepoint_node *nodes;
    uint32_t node_count;
    struct savepoint_table *tables; /* by node and name */
    uint32_t table_count;
    struct arena arena;
};

/* ---- making and using ---------------------------------------------------------------------- */

/* What was converted, for reports. */
struct savepoint_summary {
    char lineage[33]; /* of the checkpoint that the savepoint was made of */
    uint64_t checkpoint;
    uint32_t parallelism, key_groups, tables;
    uint64_t rows, bytes; /* bytes: of the savepoint, or of the native files */
};

/*
 * Writes a complete checkpoint (its folder) as the savepoint `path`, which must not be there yet,
 * nor is it there before it is whole: PATH.tmp, fsync, rename, fsync of the folder. `state` are the
 * file operations for the checkpoint's folder. The checkpoint must not be removed meanwhile.
 */
int savepoint_write(const struct file_ops *state, const char *folder, const char *path,
                    struct savepoint_summary *summary, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Where a savepoint is restored to. */
struct savepoint_target {
    const char *folder;   /* of the new checkpoint; it is there, and empty */
    const char *lineage;  /* the new one, 32 hex digits */
    uint64_t checkpoint;  /* the new id */
    const char *pipeline; /* NULL: the savepoint's */
};

/*
 * Writes task-I.snap for each task of the savepoint, then the manifest (kind "savepoint", with the
 * savepoint's parallelism, key groups, plan and time): a complete checkpoint, from which an attempt
 * can start at any parallelism. Without a manifest the folder's content means nothing. SD4430 where
 * the file was edited and not sealed.
 */
int savepoint_restore(const struct file_ops *state, const char *path,
                      const struct savepoint_target *target, struct savepoint_summary *summary,
                      struct streamd_error *error) __attribute__((warn_unused_result));

/* Checks every value of an edited savepoint and renews row counts and checksum. `*changed` says
   whether the checksum was another one before. */
int savepoint_seal(const char *path, int *changed, struct savepoint_summary *summary,
                   struct streamd_error *error) __attribute__((warn_unused_result));

/* ---- looking inside ------------------------------------------------------------------------ */

/* Opens a savepoint read-only and reads its catalogue. The rows are not looked at. */
int savepoint_open(const char *path, struct savepoint **savepoint, struct streamd_error *error)
    __attribute__((warn_unused_result));
void savepoint_close(struct savepoint *s);

/* Is the content that which was sealed? 1 or 0, or negative. Reads everything. */
int savepoint_is_sealed(struct savepoint *s, struct streamd_error *error);

/* The rows of a table, in their order. */
struct savepoint_rows;

/* A row. `values` (one per field, checked) are valid until the next call. */
struct savepoint_row {
    int64_t seq;    /* its number in the table: `_seq` */
    int64_t ns;     /* 0 where there are none */
    uint32_t task;  /* of BROADCAST tables; else 0 */
    uint32_t group; /* by its key; of BROADCAST tables SNAPSHOT_NO_GROUP */
    struct rowcode_value *values;
};

/* Begins with the first row. */
int savepoint_rows_open(struct savepoint *s, const struct savepoint_table *t,
                        struct savepoint_rows **rows, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* 1, 0 at the end, or negative: SD4433 names table, row and column. */
int savepoint_rows_next(struct savepoint_rows *rows, struct savepoint_row *row,
                        struct streamd_error *error);
/* Ends it, wherever it is. NULL is fine. */
void savepoint_rows_close(struct savepoint_rows *rows);

#endif
