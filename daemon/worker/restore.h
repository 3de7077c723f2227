/*
 * worker/restore.h - state tables filled from the files of a checkpoint. Private to the worker.
 *
 * Every task reads its part of every old worker's file:
 *   tables by key      the key groups that it owns now
 *   BROADCAST tables   the rows of old task j go to new task j mod parallelism, so that each
 *                      committable has exactly one owner
 *   ... with _ALL     all rows; of _splits and _progress the task then takes what is its own
 */
#ifndef WORKER_RESTORE_H
#define WORKER_RESTORE_H

#include "worker/task.h"

/* Opens and checks the files that the options name. 0 or negative. */
int restore_open(struct worker *worker, struct streamd_error *error);

/* Closes them. */
void restore_close(struct worker *worker);

/* Fills a task's tables, and its watermark where it is no source. Nothing to do without a
   checkpoint. 0 or negative. */
int restore_task(struct task *task, struct streamd_error *error);

#endif
