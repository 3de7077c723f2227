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

/* Closes everything; what was not committed is gone. */
void store_close(struct sink *s);

#endif
