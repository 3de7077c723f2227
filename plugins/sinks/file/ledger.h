/*
 * ledger.h - the state table "parts": parts that are closed and not yet final.
 *
 * A row is appended when a part is closed, with checkpoint 0. prepare gives those rows the number
 * of the checkpoint; commit makes the parts up to a checkpoint final and erases their rows. A row
 * that comes out of a snapshot has a number, and its part is named and synced.
 */
#ifndef SINK_FILE_LEDGER_H
#define SINK_FILE_LEDGER_H

#include "owned.h"
#include "sink.h"

/* Number of the table among those that bind declares. */
enum { LEDGER_TABLE = 0 };

/* Declares the table. 0 or negative. */
int ledger_bind(struct streamd_bind *b);

struct ledger {
    struct streamd_table *table;
    struct owned *owned; /* NULL: without checkpoints */
};

/* A closed part. Names are absolute. */
struct ledger_part {
    const char *temporary;
    const char *final;
    int64_t bytes;
    int64_t rows;
};

/* At the start of a task. `owned` is NULL without checkpoints. 0 or negative after streamd_fail. */
int ledger_open(struct streamd_context *c, struct ledger *l, struct owned *owned);

/* Adds a row. 0 or negative after streamd_fail. */
int ledger_add(struct streamd_context *c, struct ledger *l, const struct ledger_part *part);

/* 1 where a row has this temporary name. */
int ledger_has(const struct ledger *l, const char *temporary);

/* Assigns the rows without a checkpoint to this one, gives their parts names that say so, and makes
   the names durable. 0 or negative after streamd_fail. */
int ledger_prepare(struct streamd_context *c, struct ledger *l, int64_t checkpoint);

/* Makes the parts of all checkpoints up to this one final. May be repeated, also by another
   attempt: a part that is not there under its name of before became final then. With checkpoints, a
   part whose final name somebody else took gets the next free number. 0 or negative after
   streamd_fail.
 */
int ledger_commit(struct streamd_context *c, struct ledger *l, int64_t checkpoint);

/* At the end of a task: removes the files of rows without a checkpoint, which nobody will ever ask
   for. */
void ledger_close(struct streamd_context *c, struct ledger *l);

#endif
