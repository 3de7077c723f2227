/*
 * worker/commands.h - what others tell the worker. Private to the worker.
 */
#ifndef WORKER_COMMANDS_H
#define WORKER_COMMANDS_H

#include "worker/task.h"

/* The queue and its eventfd. 0 or negative. Clear drops what was not taken. */
int commands_open(struct worker *worker, struct streamd_error *error);
void commands_clear(struct worker *worker);

/* The eventfd is readable: makes it quiet again. */
void commands_woke(struct worker *worker);

/* Acts on everything that was said since the last call; costs next to nothing when it was nothing.
   Dataflow thread, between two steps. */
void commands_take(struct worker *worker);

#endif
