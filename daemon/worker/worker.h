/*
 * worker/worker.h - runs a plan: the dataflow loop of one worker.
 *
 * A worker opens every node of the plan, then runs events one by one, the most downstream node that
 * can do something first, until all sources have ended or it is told to stop. One thread; only
 * worker_stop may be called from elsewhere, a signal handler included.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/clock.h"
#include "base/log.h"
#include "control/stats.h"
#include "graph/plan.h"

#include <streamd/error.h>

struct worker;

struct worker_options {
    uint32_t batch_rows;    /* 0: 2048 */
    uint32_t channel_slots; /* batches; 0: 4 */
    struct clock_ops clock;
    const struct log *log;
    /* A descriptor that becomes readable when the worker shall stop (a signalfd), or -1; then
       `stopping` is called once. Besides worker_stop. */
    int stop_descriptor;
    void (*stopping)(void *self);
    int64_t progress_every_us; /* 0: no progress calls */
    void (*progress)(void *self, const struct worker_stats *stats);
    void *self; /* for the two callbacks */
};

/* Opens all nodes. The plan outlives the worker. On failure the error names the node. */
int worker_new(const struct plan *plan, const struct worker_options *options,
               struct worker **worker, struct streamd_error *error);

/*
 * Runs to the end: of the input, or of what worker_stop leaves. Sinks have committed when it
 * answers 0. Negative: the pipeline failed; nothing more was committed, and the error names the
 * node.
 */
int worker_run(struct worker *worker, struct streamd_error *error);

/* Asks the worker to stop reading: what was read flows out, no window fires, sinks commit. May be
   called from a signal handler and from any thread. */
void worker_stop(struct worker *worker);

/* Counters up to now; valid until the next call or worker_free. Never NULL. */
const struct worker_stats *worker_stats(struct worker *worker);

/* Closes all nodes. NULL is fine. */
void worker_free(struct worker *worker);

#endif
