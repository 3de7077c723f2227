/*
 * worker/task.h - a task: a node while it runs in this worker: its channels, its event at hand, its
 * counters. Private to the worker.
 *
 * An event goes through these steps, each of which may end in HAS_MORE or BLOCKED and is resumed
 * from there:
 *
 *   batch:      batch()
 *   watermark:  timer() for each table that is due, watermark(), forward
 *   end:        end(), and after the last channel of the last input: forward
 *   timer:      timer()
 *   checkpoint: prepare() (sinks), freeze the tables, forward the barrier
 *   commit:     commit()
 */
#ifndef WORKER_TASK_H
#define WORKER_TASK_H

#include "base/array.h"
#include "exchange/channel.h"
#include "graph/plan.h"
#include "progress/align.h"
#include "progress/valve.h"
#include "state/sealed.h"
#include "worker/worker.h"

#include <stdatomic.h>
#include <streamd/context.h>

struct aggregate_runner;
struct checkpoints;
struct commands;
struct edge;
struct expr_evaluator;
struct snapshot_reader;
struct source_driver;
struct outbox;

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
    STEP_PREPARE,     /* a checkpoint is aligned: inside prepare() */
    STEP_FREEZE,      /* then its tables are frozen, and the barrier goes on */
    STEP_COMMIT       /* inside commit() */
};

/* A channel that the task reads, and which of its inputs it belongs to. */
struct task_input {
    struct channel *channel;
    uint32_t input;
    uint8_t greeted; /* it has said where its writer is (task.c) */
};

/* The producer's end of a ring, and the task that feeds it. */
struct sender {
    struct channel *channel;
    struct task *task;
};

/* The edges that an output feeds. */
struct task_output {
    struct edge *edges;
    uint32_t count;
};

struct task_table {
    struct streamd_table *table;
    struct streamd_row_layout layout;
    struct sealed_list sealed; /* what the last complete checkpoint has of it (checkpoint.h) */
};

struct task {
    struct streamd_context context; /* first: a context is its node's address */
    struct worker *worker;
    const struct plan_node *plan;
    void *self;
    int absent;        /* the node has no task in this worker */
    int opened, ended; /* ended: END has been forwarded */
    int finished;      /* the plugin takes no more input */

    struct task_input *channels; /* those of input 0, then those of input 1, ... */
    uint32_t channel_count;
    struct valve valve; /* over channels; of a source, over splits */
    struct valve_input *valve_inputs;
    struct align align;
    struct align_input *align_inputs;
    uint32_t next_channel; /* where the search for a frame starts */
    uint32_t ungreeted;    /* channels that have not greeted */
    uint32_t *open;        /* per input: channels that have not ended */
    uint32_t inputs_open;

    struct task_output *outputs;
    struct task_table *tables;
    struct task_table splits, progress; /* the worker's own: positions and watermark (restore.h) */

    enum task_waiting waiting;
    enum task_step step;
    uint32_t ending; /* 1 + the channel whose end waits behind a checkpoint; 0: none */
    int end_pending; /* input end_input has ended and end() was not called yet */
    uint32_t end_input;
    uint64_t snapshot_due;       /* aligned, and taken when the event at hand has ended */
    int repeat_watermark;        /* restored: the last watermark is gone through again */
    uint64_t frozen;             /* the last checkpoint that has its state */
    uint64_t commit_due;         /* commit() is to be called with this id; 0: none */
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
    struct outbox *outbox; /* NULL: none, or no state directory */

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
    struct {
        struct sender *items;
        size_t count, capacity;
    } senders; /* rings that this worker writes */
    struct checkpoints *checkpoints;
    struct snapshot_reader **readers; /* while tasks are opened from a checkpoint */
    struct commands *commands;
    struct task *failed;
    struct streamd_error error; /* of the failed node */
    char record[256];           /* the record that made it fail, "" where none did */
    size_t allocated;           /* bytes given to plugins */
    size_t memory_limit;        /* this worker's part of limits.memory; 0: none */
    _Atomic uint64_t rows;      /* that any task took, for the count of a checkpoint's overlap */
    int stop_fd;                /* eventfd of worker_stop and worker_command */
    int stopping;
    int told;                    /* sources were told to stop */
    int exiting;                 /* leave the loop */
    int announced;               /* that all tasks have ended */
    _Atomic(struct task *) busy; /* whose step runs now */
    _Atomic int64_t busy_since;  /* steady clock */
    uint64_t turns;              /* of sources */
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

/* 1 where every output has room for a batch; where one has. */
int task_has_room(const struct task *node);
int task_output_has_room(const struct task *node, uint32_t output);

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

/* The task takes part in checkpoint `id` as soon as it is between two events. */
void task_snapshot(struct task *node, uint64_t id);

/* 1 where a step of a checkpoint or commit is due, and runs it. Sources too. */
int task_protocol_due(const struct task *node);
int task_run_protocol(struct task *node);

/* commit(id) is called as soon as the task is between two events. */
void task_commit(struct task *node, uint64_t id);

/* Rows in one of the node's state tables; in those that are by key. */
uint64_t task_table_rows(struct task *node, uint32_t number);
uint64_t task_state_rows(struct task *node);

#endif
