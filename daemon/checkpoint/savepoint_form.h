/*
 * checkpoint/savepoint_form.h - what a savepoint's tables and columns are called, and types as
 * texts. For savepoint_*.c.
 */
#ifndef CHECKPOINT_SAVEPOINT_FORM_H
#define CHECKPOINT_SAVEPOINT_FORM_H

#include "base/text.h"
#include "checkpoint/savepoint.h"
#include "checkpoint/savepoint_sql.h"

enum {
    SAVEPOINT_COLUMNS_MAX = 2000 - 10, /* fields of a table: SQLite has 2000 columns */
    SAVEPOINT_TABLES_MAX = 65536,
    SAVEPOINT_TYPE_TEXT = 32,    /* bytes of a type's text, with its NUL */
    SAVEPOINT_PREFIX_MAX = 4,    /* columns in front of the fields */
    SAVEPOINT_KEY_GROUPS = 32768 /* the most there are */
};

/* Columns of our own in a state table. They stand in this order, before keys and columns. */
#define SAVEPOINT_SEQ "_seq"     /* INTEGER PRIMARY KEY: the order of the rows */
#define SAVEPOINT_GROUP "_group" /* tables by key: key group, or NULL */
#define SAVEPOINT_NS "_ns"       /* tables with namespaces */
#define SAVEPOINT_TASK "_task"   /* BROADCAST tables: the task that had the row */

/* A type as it stands in a pipeline file: "decimal(10,2)|null". */
void savepoint_type_print(struct streamd_type type, char text[SAVEPOINT_TYPE_TEXT]);

/* Reads such a text; 0 or STREAMD_E_INVALID. */
int savepoint_type_parse(const char *text, struct streamd_type *type);

/* The SQL name of a state table: NODE__TABLE. */
void savepoint_table_name(const char *node, const char *table, struct text *out);

/*
 * Gives each field a column name: its own, unless SQLite, which knows no upper and lower case,
 * would take it for one that is there already; then with ~2, ~3, ... `names` are from the arena. 0
 * or STREAMD_E_NOMEM.
 */
int savepoint_column_names(struct arena *a, const struct streamd_field *fields, uint32_t count,
                           const char **names);

/* As savepoint_open; where `mode` is not SAVEPOINT_READ, a write transaction is open then. */
int savepoint_open_as(const char *path, enum savepoint_mode mode, struct savepoint **savepoint,
                      struct streamd_error *error) __attribute__((warn_unused_result));

/* SD4431 with what is wrong. */
int savepoint_damaged(const struct savepoint *s, struct streamd_error *error, const char *format,
                      ...) STREAMD_PRINTF(3, 4);

/* The column list of a state table, from its own columns to the last field, for SELECT. */
void savepoint_select_list(const struct savepoint_table *t, struct text *out);

/* How many columns of our own a table has, by its flags. */
int savepoint_own_columns(uint32_t flags);

/*
 * Reads all there is, in order, and computes the checksum of docs/internals/files.md (32 hex digits
 * and NUL). With `check` every value is checked as savepoint_rows_next does. `row_counts`, where
 * not NULL, gets the rows of each table (_tables.row_count, a hint for people, is in no checksum).
 */
int savepoint_checksum(struct savepoint *s, int check, uint64_t *row_counts, char checksum[33],
                       struct streamd_error *error) __attribute__((warn_unused_result));

/* As savepoint_seal. With SAVEPOINT_CREATE the content is known to be good but for its values. */
int savepoint_seal_as(const char *path, enum savepoint_mode mode, int *changed,
                      struct savepoint_summary *summary, struct streamd_error *error)
    __attribute__((warn_unused_result));

#endif
