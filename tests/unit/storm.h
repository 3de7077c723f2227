/*
 * storm.h - a small world around the protocol cores, for tests/unit/test_protocol_storm.c.
 *
 * One coordinator with its metadata thread, up to four workers, a random graph of nodes with one
 * task per worker, bounded channels, a store that survives crashes, and the outside that sinks
 * commit to. Everything is one step of one pseudo-random schedule: the same seed gives the same
 * run. The cores under test are progress/align, checkpoint/protocol and checkpoint/restart; the
 * rest does what the daemon's shells do, as simply as can be.
 *
 *   storm_worker.c       channels, tasks, snapshots, prepare and commit
 *   storm_coordinator.c  the shell of the protocol: messages, the metadata thread, the store
 *   test_protocol_storm.c  graphs, the schedule, faults, what must hold at the end
 *
 * A record is one of 64 bits. What a task has counted is one mask per input edge, so that "once" is
 * a question about bits: a bit that comes twice, or a mask that is not what its producer's
 * snapshot says, is found where it happens.
 */
#ifndef STORM_H
#define STORM_H

#include "checkpoint/protocol.h"
#include "checkpoint/restart.h"
#include "progress/align.h"

#include <setjmp.h>
#include <stdint.h>

enum {
    STORM_NODES = 6,
    STORM_EDGES = 15,
    STORM_INS = 3, /* input edges of a node */
    STORM_WORKERS = 4,
    STORM_SPLITS = 4,
    STORM_RECORDS = 64,
    STORM_FRAMES = 16,
    STORM_PREPARED = 4, /* committables that a task holds; with those of others, after a restore: */
    STORM_PENDING = STORM_PREPARED * STORM_WORKERS,
    STORM_KEYS = 4096,
    STORM_MESSAGES = 128,
    STORM_REQUESTS = 64
};

enum storm_kind { STORM_SOURCE, STORM_OPERATOR, STORM_SINK };

struct storm_node {
    enum storm_kind kind;
    uint32_t in_count, out_count;
    uint8_t in[STORM_INS], out[STORM_EDGES]; /* edges */
};

struct storm_edge {
    uint8_t from, to, in; /* `in`: the how-manieth input of `to` */
    uint8_t forward;      /* to the task of the same worker; else by record */
    uint64_t reach;       /* records that can come on it */
};

enum storm_frame_kind { STORM_RECORD, STORM_BARRIER, STORM_END };

struct storm_frame {
    uint8_t kind, record;
    uint64_t id;
};

struct storm_channel {
    uint8_t head, count, records;
    struct storm_frame frames[STORM_FRAMES];
};

/* What a sink has prepared and not committed. */
struct storm_committable {
    uint64_t key, id; /* id: the checkpoint it was prepared for */
    uint64_t mask[STORM_INS];
};

/* The state of a task. */
struct storm_state {
    uint64_t seen[STORM_INS];
    uint8_t owns[STORM_SPLITS], position[STORM_SPLITS]; /* of a source */
    uint32_t pending_count;
    struct storm_committable pending[STORM_PENDING];
};

struct storm_task {
    struct align align;
    struct align_input inputs[STORM_INS * STORM_WORKERS];
    uint8_t input_edge[STORM_INS * STORM_WORKERS], input_from[STORM_INS * STORM_WORKERS];
    struct storm_state state, frozen;
    uint64_t open[STORM_INS]; /* a sink: written, not prepared */
    uint64_t frozen_id;
    uint64_t held; /* a source emits nothing: behind the barrier of this stop; 0: it does */
    int ended;
};

struct storm_message {
    uint32_t kind; /* to a worker: enum protocol_decision_kind; from one: enum storm_word */
    enum protocol_trigger trigger;
    uint64_t id;
};

enum storm_word {
    STORM_RUNNING,
    STORM_ACK,
    STORM_DECLINE,
    STORM_COMMITTED,
    STORM_FINISHED,
    STORM_LOST
};

struct storm_queue {
    uint32_t head, count;
    struct storm_message messages[STORM_MESSAGES];
};

struct storm_worker {
    int alive, running, finished;
    struct storm_queue inbox, outbox;
    struct storm_task tasks[STORM_NODES];
    uint64_t stop;      /* the stop or final checkpoint triggered last */
    uint64_t write_id;  /* the helper thread has this to write; 0: nothing */
    uint64_t commit_id; /* being committed, up to node commit_next */
    uint64_t committed; /* by all sinks */
    uint32_t commit_next;
    int committing, starting;
};

/* One checkpoint in the store. */
struct storm_checkpoint {
    uint64_t id; /* 0: none */
    uint32_t workers;
    uint8_t written[STORM_WORKERS];
    struct storm_state states[STORM_WORKERS][STORM_NODES];
};

/* How often things go wrong, in 1/65536 per step; 0 while the world heals. */
struct storm_faults {
    uint32_t kill_worker, kill_coordinator, decline, io, unknown, damage, ask, jump, long_jump;
};

struct storm {
    uint64_t random, seed;
    int64_t now;
    int trace, healing;
    uint64_t steps;
    struct storm_faults faults;

    uint32_t slow; /* workers that seldom look at their messages, one bit each */
    uint32_t node_count, edge_count, slots, splits[STORM_NODES];
    struct storm_node nodes[STORM_NODES];
    struct storm_edge edges[STORM_EDGES];
    uint8_t split_first[STORM_NODES][STORM_SPLITS], split_end[STORM_NODES][STORM_SPLITS];

    /* The attempt. */
    uint32_t workers;
    uint64_t owned[STORM_WORKERS]; /* records that a worker's tasks count */
    struct storm_worker worker[STORM_WORKERS];
    struct storm_channel channels[STORM_EDGES][STORM_WORKERS][STORM_WORKERS];

    /* The coordinator, lost when it is killed. */
    struct protocol protocol;
    struct protocol_settings settings;
    struct protocol_worker protocol_workers[STORM_WORKERS];
    struct restart restart;
    int attempt_wanted;
    int64_t begin_at;
    uint32_t next_workers;
    uint32_t op; /* on the metadata thread: a protocol_decision_kind; 0: none */
    uint64_t op_id;
    int op_done; /* the effect is there (or not), the answer is under way */
    enum protocol_outcome outcome;
    uint64_t view;                 /* highest id that its database connection knows of */
    uint8_t asked[STORM_REQUESTS]; /* 1: asked, 2: answered; by request */
    uint8_t wish[STORM_REQUESTS];
    uint64_t asked_at[STORM_REQUESTS]; /* what was triggered then */
    int done;

    /* What survives. */
    uint64_t allocated, triggered, commit_started;
    uint64_t finalised; /* retention may have run behind it */
    struct storm_checkpoint complete, previous, building;

    /* The outside. */
    uint64_t next_key;
    uint8_t committed_key[STORM_KEYS];
    uint64_t committed[STORM_NODES][STORM_INS];

    /* What happened, so that a run that tests nothing is seen. */
    uint64_t completed, aborted, kills, restarts, answers, recommitted;

    jmp_buf broken;
    char problem[200];
};

/* A rule does not hold: ends the run. */
__attribute__((format(printf, 2, 3), noreturn)) void storm_broken(struct storm *s,
                                                                  const char *format, ...);

/* With s->trace: a line. */
__attribute__((format(printf, 2, 3))) void storm_trace(const struct storm *s, const char *format,
                                                       ...);

/* A number below `below`. */
uint32_t storm_pick(struct storm *s, uint32_t below);

/* 1 with this chance out of 65536. */
int storm_chance(struct storm *s, uint32_t chance);

/* Appends; more messages than a queue holds are a broken rule. Takes the oldest: 0 where it is
 * empty. */
void storm_send(struct storm *s, struct storm_queue *q, struct storm_message m);
int storm_receive(struct storm_queue *q, struct storm_message *m);

/* Which worker's task counts a record. */
uint32_t storm_owner(uint32_t record, uint32_t workers);

/* What a node's snapshots say has gone out on each of its output edges. */
uint64_t storm_gone_out(const struct storm *s, uint32_t node,
                        const struct storm_checkpoint *checkpoint);

/* --- storm_worker.c --- */

/* All workers of a new attempt, with the state of s->complete, empty channels. */
void storm_start_workers(struct storm *s);

/* One step of a worker: a frame, a message, a piece of the helper thread, a commit. */
void storm_task_step(struct storm *s, uint32_t worker, uint32_t node);
void storm_message_step(struct storm *s, uint32_t worker);
void storm_write_step(struct storm *s, uint32_t worker);
void storm_commit_step(struct storm *s, uint32_t worker);

/* The worker is gone; the coordinator will hear of it. */
void storm_kill_worker(struct storm *s, uint32_t worker);

/* --- storm_coordinator.c --- */

/* A new coordinator process: knows what the store knows. */
void storm_start_coordinator(struct storm *s);

/* One step of it: a worker's message, the metadata thread, time. */
void storm_receive_step(struct storm *s, uint32_t worker);
void storm_metadata_step(struct storm *s);
void storm_time_step(struct storm *s);

/* Kills it with all workers, and starts another. */
void storm_kill_coordinator(struct storm *s);

/* Somebody asks for something. */
void storm_ask(struct storm *s);

#endif
