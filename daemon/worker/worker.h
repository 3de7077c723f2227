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
#include "graph/plan.h"

#include <streamd/error.h>

struct worker;

/* A counter of a plugin's own (streamd_count). */
struct worker_counter {
    const char *name; /* NULL: unused */
    uint64_t value;
};

enum { WORKER_COUNTERS = 8 };

/* Counters of one node. Rows are counted when they go out, and when they come in. */
struct worker_node_stats {
    const char *name;
    uint32_t kind; /* enum streamd_kind */
    uint64_t rows_in, rows_out, batches_in, batches_out;
    uint64_t late;      /* rows that came too late for every window */
    uint64_t rejected;  /* rows with an error that went to .error */
    uint64_t skipped;   /* rows with an error under on_error: skip */
    uint64_t discarded; /* rows in state that will have no result */
    int64_t busy_us, backpressured_us, idle_us;
    int64_t watermark; /* INT64_MIN: none yet; INT64_MAX: end of input */
    struct worker_counter counters[WORKER_COUNTERS];
    const char *held_by; /* sources: title of the split that holds the watermark back, or NULL */
};

struct worker_stats {
    uint32_t node_count;
    struct worker_node_stats *nodes;
    int64_t elapsed_us;
    const char *limiting; /* the node that limits the rate, or NULL */
    int stopped;          /* ended by worker_stop, not by its input */
    size_t memory_bytes;  /* held by batches and plugins now */
};

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
