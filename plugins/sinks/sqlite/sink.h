/*
 * sink.h - what the parts of this sink share.
 *
 *   without checkpoints:
 *   batch --> temp table "staged" (a private file of this connection, or memory)
 *                  | commit: one transaction, in the order of the rows
 *                  v
 *              the user's table
 *                  ^
 *                  | commit(n): one transaction, with the marker "n" in _streamd_commits
 *   batch --> outbox, sealed at prepare(n)
 *   with checkpoints
 *
 * So the database is locked while the rows go into it, and not before: other sinks and programs can
 * use it, and what fails before commit leaves no trace.
 */
#ifndef SINK_SQLITE_SINK_H
#define SINK_SQLITE_SINK_H

#include <streamd/operator.h>

#include <sqlite3.h>

/* Stable numbers (`streamctl explain`). */
enum {
    DIAGNOSTIC_DATABASE = 5230,     /* SQLite cannot open, write, commit */
    DIAGNOSTIC_TABLE = 5231,        /* the table there is does not fit the rows */
    DIAGNOSTIC_BUSY = 5232,         /* somebody else has the database locked for too long */
    DIAGNOSTIC_SEGMENT_GONE = 5241, /* rows to be committed are not in the outbox any more */
    DIAGNOSTIC_NEWER_OUTPUT = 5243  /* rows of after the restored snapshot are in the table */
};

enum sink_mode { MODE_INSERT = 0, MODE_UPSERT = 1 };

struct sink_options {
    const char *path;
    const char *table;
    int64_t mode; /* enum sink_mode */
    struct streamd_strings key;
    int64_t busy_timeout;
};

/* A commit out of the outbox, while it goes on. */
struct replay {
    sqlite3_stmt *read_marker, *write_marker;
    uint64_t up_to;
    uint32_t segment;  /* index of the one at hand */
    uint64_t position; /* in it */
    int wrote;         /* rows of this lineage */
    char lineage[64];  /* of the segment before, and */
    int64_t marker;    /* what the database says of it */
};

struct sink {
    const struct sink_options *options;
    const struct streamd_schema *schema;
    sqlite3 *db;
    sqlite3_stmt *stage;  /* a row into "staged": its kind, then its values */
    sqlite3_stmt *copy;   /* staged rows ?1 < rowid <= ?2 into the table, where none deletes */
    sqlite3_stmt *staged; /* the same rows, to be looked at one by one */
    sqlite3_stmt *put;    /* one row into the table */
    sqlite3_stmt *remove; /* one key out of the table; NULL in mode insert */
    int staging;          /* a transaction on "staged" is open */
    int64_t rows;         /* staged: rowids 1 .. rows */
    int64_t prepared;     /* the rows that commit is to write: up to this one */
    int64_t copied;       /* of these, written in the open transaction */
    int64_t deletes;      /* staged rows that delete */
    int committing;       /* a transaction on the table is open */
    int64_t busy_since;   /* processing time; 0: not busy */
    struct replay replay; /* with checkpoints */
};

/* Reports "cannot WHAT table 'T' of 'PATH': SQLite's reason", with the class that fits. Negative.
 */
int sink_fault(struct streamd_context *c, const struct sink *s, const char *what);

/* Reports a problem of the table that a restart cannot mend. Negative. */
int sink_table_fault(struct streamd_context *c, const struct sink *s, const char *message);

/* Runs a statement without results. 0 or SQLite's code. */
int sink_run(struct sink *s, const char *sql);

/* Runs a prepared one to its end and makes it ready for the next time. 0 or SQLite's code. */
int sink_finish(sqlite3_stmt *statement);

#endif
