/*
 * worker/worker.h - runs a plan: the dataflow loop of one worker.
 *
 * A worker opens every node of the plan, then runs events one by one, the most downstream node that
 * can do something first, until all sources have ended or it is told to stop. One thread; only
 * worker_stop, worker_command and worker_busy_with may be called from elsewhere, the first from a
 * signal handler too.
 *
 * Alone, it commits its sinks at the end and is done. Under a coordinator it takes checkpoints, and
 * ends when it is told to.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "base/clock.h"
#include "base/log.h"
#include "control/stats.h"
#include "graph/plan.h"

#include <streamd/error.h>

struct segment;
struct wake;
struct worker;

/* This worker among those of its pipeline. Alone: {0}. */
struct worker_links {
    uint32_t self, count;      /* 0, 0: alone */
    struct segment **segments; /* per worker: the memory of the rings that it reads */
    struct wake *wakes;        /* per worker */
    int wake_fd;               /* its own eventfd; meaningful where count > 0 */
};

/* What a task's state in a checkpoint is read from. */
struct worker_restore {
    uint64_t id;          /* of the checkpoint; 0: there is none, all begins empty */
    uint32_t parallelism; /* workers that wrote it */
    uint32_t file_count;
    const char *const *files;   /* paths of their files */
    const uint32_t *file_tasks; /* which worker wrote each */
};

struct sealed_file; /* state/sealed.h */

/* How a checkpoint went in this worker. */
struct worker_ack {
    uint64_t id;
    const char *name; /* of the file in the checkpoint's folder; "" where there is none */
    uint64_t bytes;
    char checksum[33];
    uint64_t rows_between; /* rows that tasks took between freezing the last state and this */
    int64_t stall_us;      /* time that freezing took from the dataflow */
    struct sealed_file *const *refers; /* files of sealed namespaces that it needs; each once */
    size_t refer_count;
};

/* What a worker under a coordinator says. ack and decline come from the helper thread, the others
   from the dataflow thread. */
struct worker_reports {
    void (*ack)(void *self, const struct worker_ack *ack);
    void (*decline)(void *self, uint64_t id, const char *why);
    void (*committed)(void *self, uint64_t id);
    void (*finished)(void *self);
    void (*stats)(void *self, const struct worker_stats *stats);
};

enum worker_command_kind {
    WORKER_TRIGGER = 1,  /* take checkpoint `id` */
    WORKER_COMPLETE = 2, /* it is complete: commit */
    WORKER_ABORT = 3,    /* it failed; its interval joins the next one */
    WORKER_STATS = 4,    /* answer with `stats` */
    WORKER_DRAIN = 5,    /* as worker_stop */
    WORKER_EXIT = 6      /* leave worker_run, without committing anything more */
};

struct worker_command {
    enum worker_command_kind kind;
    uint64_t id;
    int stops;    /* TRIGGER: sources emit nothing behind the barrier */
    char *folder; /* TRIGGER: where its file goes; "": it is not written. Released by the worker */
};

struct worker_options {
    uint32_t batch_rows;    /* 0: 2048 */
    uint32_t channel_slots; /* batches; 0: 4 */
    struct worker_links links;
    const struct worker_restore *restore; /* NULL: none */
    const struct worker_reports *reports; /* NULL: no coordinator; worker_run ends by itself */
    const char *lineage;                  /* NULL: no state directory */
    const char *state_folder;             /* STATE/LINEAGE, or NULL */
    const char *attempt;                  /* as in streamd/context.h; these may be NULL */
    const char *parent_lineage;
    uint64_t parent_checkpoint;
    int accept_duplicates;
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

/* Under a coordinator: says something to the worker. Any thread. 0 or STREAMD_E_NOMEM. */
int worker_command(struct worker *worker, const struct worker_command *command);

/* The node whose event runs now, and since when (steady clock); NULL: between events. For the
   control thread, to name what is stuck. */
const char *worker_busy_with(struct worker *worker, int64_t *since);

/* After a failure: the record that is to blame, as where it stands in the input or as its text; "":
   none is. */
const char *worker_failed_record(const struct worker *worker);

/* Asks the worker to stop reading: what was read flows out, no window fires, sinks commit. May be
   called from a signal handler and from any thread. */
void worker_stop(struct worker *worker);

/* Counters up to now; valid until the next call or worker_free. Never NULL. */
const struct worker_stats *worker_stats(struct worker *worker);

/* Closes all nodes. NULL is fine. */
void worker_free(struct worker *worker);

#endif
