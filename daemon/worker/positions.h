/*
 * worker/positions.h - what the worker itself keeps of a task in a checkpoint, as two state tables
 * like any plugin's. Private to the worker.
 *
 *   _progress  task | watermark                                         every task, one row
 *   _splits    id | task | position | decoder | max_time | idle | finished   sources, one per split
 *
 * Splits are owned by number: the owner of a split is (XXH3 of its id without the decimal digits at
 * its end + these digits as a number) mod parallelism, so that numbered splits (partitions) spread
 * evenly, and any task knows the owner of any split from its id alone.
 */
#ifndef WORKER_POSITIONS_H
#define WORKER_POSITIONS_H

#include "worker/task.h"

struct snapshot_reader;

/* Opens the two tables of a task, where the worker has a state directory. 0 or negative. */
int positions_open(struct task *task, struct streamd_error *error);
void positions_close(struct task *task);

/* Writes what is so now into the tables. What splits have decoded must have been sent. 0 or
   negative. */
int positions_save(struct task *task, struct streamd_error *error);

/*
 * Takes over the rows of the two tables, read from the files of all old tasks: the least watermark
 * of all, and the splits that this task owns. Before the source lists its splits; they are opened
 * at their positions. 0 or negative.
 */
int positions_restore(struct task *task, struct streamd_error *error);

/* The task, of `parallelism`, that owns a split. */
uint32_t positions_owner(const char *id, uint32_t parallelism);

#endif
