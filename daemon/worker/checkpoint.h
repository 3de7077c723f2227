/*
 * worker/checkpoint.h - the worker's side of checkpoints: which tasks have frozen their state, the
 * helper thread that writes it, and commits. Private to the worker.
 *
 *   trigger n --> sources --barrier n--> ... each task freezes its tables as it gets there
 *   all tasks have frozen  --> helper thread writes task-I.snap --> ack n
 *   complete n             --> every task commits n             --> committed n
 *   abort n                --> what was frozen is dropped; what was prepared waits for a later id
 *
 * A barrier may come from another worker before this one hears of the trigger; the checkpoint then
 * begins without knowing where it will be written.
 */
#ifndef WORKER_CHECKPOINT_H
#define WORKER_CHECKPOINT_H

#include "worker/task.h"

/* Starts the helper thread where the worker has a state directory. 0 or negative. */
int checkpoints_open(struct worker *worker, struct streamd_error *error);

/* Ends the helper thread, after the job at hand. What was frozen is dropped. */
void checkpoints_close(struct worker *worker);

/* The coordinator's words. */
void checkpoint_trigger(struct worker *worker, const struct worker_command *command);
void checkpoint_complete(struct worker *worker, uint64_t id);
void checkpoint_abort(struct worker *worker, uint64_t id);

/* A task takes part in checkpoint `id` now: its tables, splits and watermark are copied. */
void checkpoint_freeze(struct task *task, uint64_t id);

/* Goes on for a while with copying large tables; 1: there is more to do. */
int checkpoint_sweep(struct worker *worker);

/* Has memory ready for the copies of the next checkpoint, as far as the state is known now. Now and
   then. */
void checkpoints_prepare(struct worker *worker);

/* After steps: tells the coordinator when the last task has committed. */
void checkpoint_look(struct worker *worker);

/* Sources emit nothing after the barrier of a checkpoint that stops the pipeline. */
int checkpoint_holds_sources(const struct worker *worker);

/* Bytes of frozen state that are not written yet. Any thread. */
size_t checkpoint_bytes(const struct worker *worker);

#endif
