/*
 * store.h - the database: opening it, staging rows, and writing them in one transaction.
 */
#ifndef SINK_SQLITE_STORE_H
#define SINK_SQLITE_STORE_H

#include "sink.h"

/* Opens the database (folders and file are made where they are missing), makes or checks the table,
   and prepares. 0 or negative after streamd_fail; store_close in both cases. */
int store_open(struct streamd_context *c, struct sink *s);

/* Stages the selected rows of a batch. 0 or negative after streamd_fail. */
int store_stage(struct streamd_context *c, struct sink *s, struct streamd_batch *batch);

/* Ends the interval: what is staged up to here is for the next commit. 0 or negative after
   streamd_fail. */
int store_prepare(struct streamd_context *c, struct sink *s);

/* Writes a piece of what was prepared; OK when all of it is in the table for good. BLOCKED: call
   again. FAILED. */
enum streamd_flow store_commit(struct streamd_context *c, struct sink *s);

/* Rows that one call of a commit writes, about. */
enum { STORE_PIECE_ROWS = 20000 };

/* 1 where the row deletes its key. */
int store_deletes(const struct streamd_batch *batch, uint32_t row);

/* 1 where SQLite can hold the row; 0: it was rejected; or negative after a failure. */
int store_accepts(struct streamd_context *c, const struct sink *s, struct streamd_batch *batch,
                  uint32_t row);

/* What to answer after a statement of a commit gave `rc`: OK; BLOCKED where somebody else has a
   lock; FAILED. */
enum streamd_flow store_after(struct streamd_context *c, struct sink *s, int rc, const char *what);

/* Closes everything; what was not committed is gone. */
void store_close(struct sink *s);

#endif
