/*
 * worker/task.h - a task: a node while it runs in this worker: its channels, its event at hand, its
 * counters. Private to the worker.
 *
 * An event goes through these steps, each of which may end in HAS_MORE or BLOCKED and is resumed
 * from there:
 *
 *   batch:      batch()
 *   watermark:  timer() for each table that is due, watermark(), forward
 *   end:        end(), and after the last input: forward
 *   timer:      timer()
 */
#ifndef WORKER_TASK_H
#define WORKER_TASK_H

#include "base/array.h"
#include "exchange/channel.h"
#include "graph/plan.h"
#include "progress/valve.h"
#include "worker/worker.h"

#include <streamd/context.h>

struct expr_evaluator;
struct aggregate_runner;
struct source_driver;

enum task_waiting {
    TASK_READY = 0,
    TASK_WANTS_ROOM = 1, /* answered HAS_MORE */
    TASK_BLOCKED = 2     /* answered BLOCKED */
};

enum task_step {
    STEP_NONE = 0,    /* between events */
    STEP_BATCH,       /* inside batch() */
    STEP_TIMERS,      /* a watermark came: timers of tables first */
    STEP_WATERMARK,   /* then watermark() */
    STEP_FORWARD,     /* then forward it */
    STEP_CLOCK,       /* inside timer() by processing time */
    STEP_END,         /* an input ended: end() */
    STEP_END_FORWARD, /* and after the last, forward */
    STEP_PREPARE,     /* sinks, at the end */
    STEP_COMMIT
};

struct task_output {
    struct channel **channels;
    uint32_t count;
};

struct task_table {
    struct streamd_table *table;
    struct streamd_row_layout layout;
};

struct task {
    struct streamd_context context; /* first: a context is its node's address */
    struct worker *worker;
    const struct plan_node *plan;
    void *self;
    int opened, ended; /* ended: END has been forwarded */
    int finished;      /* the plugin takes no more input */

    struct channel **inputs;
    struct valve valve;
    struct valve_input *valve_inputs;
    uint32_t next_input; /* where the search for a frame starts */
    uint32_t inputs_open;

    struct task_output *outputs;
    struct task_table *tables;

    enum task_waiting waiting;
    enum task_step step;
    int end_pending; /* input end_input has ended and end() was not called yet */
    uint32_t end_input;
    int idle_pending;            /* IDLE goes out behind the watermark at hand */
    struct streamd_batch *batch; /* STEP_BATCH: the batch at hand */
    int64_t wake_at;             /* processing time of streamd_wake_at, INT64_MAX: none */
    int blocked_fd;              /* of streamd_block_on */
    int64_t blocked_until;

    struct streamd_batch *errors; /* rows for .error, being filled */
    struct expr_evaluator *evaluator;
    struct aggregate_runner *aggregates;
    void *encoder;
    struct source_driver *source;

    struct worker_node_stats stats;
    int64_t period_busy_us; /* busy since the last sample */
    uint64_t last_turn;     /* sources: when it was read last, in turns */
};

struct worker {
    const struct plan *plan;
    struct worker_options options;
    struct batch_pool *pool;
    struct task *tasks;
    uint32_t task_count;
    struct task *failed;
    struct streamd_error error; /* of the failed node */
    size_t allocated;           /* bytes given to plugins */
    int stop_fd;                /* eventfd of worker_stop */
    int stopping;
    uint64_t turns; /* of sources */
    int64_t started_us, last_sample_us, last_progress_us;
    struct worker_stats stats;
};

/* The node behind a context. */
static inline struct task *task_of(struct streamd_context *c)
{
    return (struct task *)c;
}

/* Opens and closes a node: tables, format, plugin. */
int task_open(struct task *node, struct streamd_error *error);
void task_close(struct task *node);

/* 1 where every output has room for a batch. */
int task_has_room(const struct task *node);

/* 1 where task_run would do something now; `now` is processing time, `ready` says that the
   descriptor it is blocked on is ready. */
int task_runnable(struct task *node, int64_t now);

/* Runs one step. Negative: failed, see worker->error. */
int task_run(struct task *node, int64_t now);

/* The processing time at which the node wants to run though nothing comes, INT64_MAX: none. */
int64_t task_deadline(struct task *node);

/* Sends a control frame to all outputs. 0 or negative. */
int task_forward(struct task *node, enum channel_frame_kind kind, int64_t time);

/* Sends a batch to an output and takes the reference; see streamd_emit. */
int task_emit(struct task *node, uint32_t output, struct streamd_batch *batch);

/* Notes a failure of the node and answers a negative code. */
int task_fail(struct task *node, enum streamd_class cls, int diagnostic, const char *message);

/* Acts on what an event handler answered. 0 or negative. */
int task_answered(struct task *node, enum streamd_flow flow);

/* Sends the rows collected for .error. 0 or negative. */
int task_flush_errors(struct task *node);

/* Sinks: starts prepare or commit; then task_run until step is STEP_NONE. 0 or negative. */
int task_start(struct task *node, enum task_step step);

/* Rows in the node's state tables. */
uint64_t task_state_rows(struct task *node);

#endif
