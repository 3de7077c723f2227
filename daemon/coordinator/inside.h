/*
 * coordinator/inside.h - the parts of a coordinator, for its own files only.
 *
 *   PLANNING --> PREPARING --> STARTING --> RUNNING --> ENDING --> OVER
 *                   ^             |            |           |
 *                   |             +-- FAILING -+           | rescale
 *                   |                    |                 |
 *                   +------ WAITING <----+                 |
 *                   +--------------------------------------+
 *
 *   PLANNING   `streamd plan` judges the file                               child.c
 *   PREPARING  the metadata thread finds where to go on                     coordinator.c
 *   STARTING   worker processes are started, bind, restore                  attempt.c
 *   RUNNING    all run; checkpoints are taken                               decisions.c
 *   ENDING     told to exit: the input has ended, or as asked               attempt.c
 *   FAILING    all are killed; until they are reaped and nothing durable is under way
 *   WAITING    the time that the restart policy says                        coordinator.c
 *   SAVING     what becomes of the run is known; savepoints that were promised are still written
 *   OVER       nothing more; the loop ends when its handles are closed
 */
#ifndef COORDINATOR_INSIDE_H
#define COORDINATOR_INSIDE_H

#include "base/clock.h"
#include "checkpoint/protocol.h"
#include "checkpoint/restart.h"
#include "coordinator/coordinator.h"
#include "coordinator/durable.h"
#include "coordinator/line.h"
#include "coordinator/planning.h"
#include "event/process.h"

enum phase {
    PHASE_PLANNING = 0,
    PHASE_PREPARING,
    PHASE_STARTING,
    PHASE_RUNNING,
    PHASE_ENDING,
    PHASE_FAILING,
    PHASE_WAITING,
    PHASE_SAVING,
    PHASE_OVER
};

enum { NAME_SIZE = 64, RECORD_SIZE = RESTART_RECORD_MAX + 1 };

/* What a worker has written for the checkpoint under way. */
struct snapshot {
    uint64_t checkpoint; /* 0: none */
    char name[64];       /* "": nothing was written */
    uint64_t bytes;
    char checksum[33];
    uint64_t rows_between; /* rows that the stream took between barrier and ack */
    int64_t stall_us;      /* for so long the stream stood still */
    json_t *refers;        /* files of sealed namespaces that it needs, or NULL */
};

/* One worker of the attempt. */
struct member {
    struct coordinator *c;
    uint32_t index;
    struct process *process; /* NULL: never started, or gone */
    struct line *line;       /* NULL: closed */
    int ready, running, finished, failed;
    int64_t asked_at;   /* when stats were asked for and are not there yet; 0: not asked */
    struct arena arena; /* of stats */
    struct worker_stats stats;
    int has_stats;
    char stuck_node[NAME_SIZE]; /* "": it is not */
    int64_t stuck_us, stuck_at; /* how long, as told at that time */
    struct snapshot snapshot;
};

struct attempt {
    uint64_t number; /* from 1 */
    uint32_t count, ready, alive;
    int64_t started_at;
    int64_t begun_at;       /* when all were ready and the protocol heard of it; 0: not yet */
    struct member *members; /* NULL: none */
    struct protocol_worker *facts;
    struct manifest from; /* the checkpoint it starts from; id 0: nothing */
    char folder[PATH_MAX];
};

/* Why an attempt failed; the first cause counts. */
struct failure {
    int set;
    struct streamd_error error;
    char record[RECORD_SIZE]; /* "": no record is to blame */
};

/* A child that does one thing: `streamd plan`, `streamd savepoint`. */
struct errand;

/* The control socket, and whoever has asked for something. */
struct server;

struct coordinator {
    const struct coordinator_options *options;
    struct coordinator_result *result;
    uv_loop_t loop;
    uv_signal_t interrupt, terminate;
    uv_timer_t tick;  /* the protocol's next deadline */
    uv_timer_t watch; /* stats of workers */
    uv_timer_t wait;  /* back-off, and how long an ending may take */

    enum phase phase;
    struct errand *errand;                  /* of planning */
    struct planned *planned, *next_planned; /* `next`: of a rescale that was asked for */
    struct durable *durable;
    struct server *server;        /* NULL: there is none, or not any more */
    struct server *closed_server; /* for children that still work for its guests */
    struct protocol protocol;
    struct restart restart;
    struct attempt attempt;
    struct failure failure, last_failure;
    char folder[PATH_MAX]; /* of the checkpoint under way; "": nothing is written */
    uint64_t attempts;
    char run[17];          /* random: what workers of two runs leave behind has different names */
    int stopping;          /* nothing more shall run once this attempt has ended */
    int exiting;           /* PROTOCOL_EXIT: no more writes */
    int cut;               /* stopped before it ran: that its workers are killed is no failure */
    uint64_t stop_request; /* of the protocol; without a state directory 1; 0: none */
};

/* Steady time in microseconds, never 0. */
int64_t coordinator_now(const struct coordinator *c);

/* --- coordinator.c -----------------------------------------------------------------------------
 */

/* Ends the run: nothing more is started but savepoints whose checkpoint is there; when they are
   written, handles are closed. The first call counts. `error` NULL for COORDINATOR_DONE. */
void coordinator_over(struct coordinator *c, enum coordinator_end end,
                      const struct streamd_error *error);

/* A savepoint is written, or has failed: if the run waits for that, and for no other, it is over.
 */
void coordinator_saved(struct coordinator *c);

/* Goes on from an attempt that failed or was told to end, as soon as its workers are gone and
   nothing durable is under way; nothing before. */
void coordinator_attempt_over(struct coordinator *c);

/* Takes another plan for the next attempt. */
void coordinator_take_plan(struct coordinator *c, struct planned *planned);

/* Stops at a checkpoint and exits, or at once where nothing runs. */
void coordinator_stop(struct coordinator *c);

/* --- child.c -----------------------------------------------------------------------------------
 */

/* What a child printed, and how it ended. */
struct errand_answer {
    const struct process_end *end;
    const char *text;
    size_t length;
    struct streamd_error error; /* code 0 where it exited with 0 */
};

typedef void errand_done(void *self, const struct errand_answer *answer);

/*
 * Runs `streamd ARGV...` to its end, with `input` (or nothing) on its standard input. Its standard
 * output is gathered, at most 16 MiB; what it says on standard error goes where ours goes, or is
 * gathered too and becomes the error's message. `limited`: little time and memory. NULL and `error`
 * where it cannot be started; else `done` follows.
 */
struct errand *errand_start(struct coordinator *c, const char *const *argv, const char *input,
                            size_t length, int limited, int quiet, errand_done *done, void *self,
                            struct streamd_error *error);

/* Asks `streamd plan`. `quiet`: its problems are not shown, but answered. */
struct errand *errand_plan(struct coordinator *c, uint32_t parallelism, int quiet,
                           errand_done *done, void *self, struct streamd_error *error);

/* Kills the child; `done` follows all the same. */
void errand_kill(struct errand *e);

/* --- attempt.c ---------------------------------------------------------------------------------
 */

/* Starts the workers of the next attempt. On failure it has failed: see coordinator_attempt_over.
 */
void attempt_start(struct coordinator *c);

/* Fails the attempt: all of it is killed. The first cause counts. `record` "" or NULL: none. */
void attempt_fail(struct coordinator *c, struct member *m, const struct streamd_error *error,
                  const char *record);

/* Kills every worker (PROTOCOL_FAIL_ATTEMPT). */
void attempt_kill(struct coordinator *c);

/* Tells every worker to exit: PHASE_ENDING. */
void attempt_end(struct coordinator *c);

/* Sends one message to every worker; `body` is taken over. A worker that cannot be told is killed.
 */
void attempt_tell(struct coordinator *c, const char *type, json_t *body);

/* Releases what is left of an attempt without processes. */
void attempt_clear(struct coordinator *c);

/* --- talk.c ------------------------------------------------------------------------------------
 */

/* A message of a worker. */
void talk_message(void *self, struct control_message *m);

/* Asks for stats, notices who does not answer, and shows what there is. */
void talk_watch(uv_timer_t *timer);

/* The sum over all workers of what was counted, in `arena`. 0 or STREAMD_E_NOMEM. */
int talk_sum(struct coordinator *c, struct arena *arena, struct worker_stats *sum);

/* --- decisions.c -------------------------------------------------------------------------------
 */

/* Carries out what the protocol has decided. */
void decisions_carry_out(struct coordinator *c, const struct protocol_decisions *decisions);

/* Sets the timer of the protocol's next deadline. */
void decisions_set_timer(struct coordinator *c);

/* --- state.c -----------------------------------------------------------------------------------
 */

/*
 * May this plan go on from that checkpoint? Compares names, key groups and tables; nodes of
 * options->drop_state may be missing. 0, or STREAMD_E_STATE with SD55xx: all differences in one
 * message.
 */
int state_compare(const struct coordinator *c, const struct planned *planned,
                  const struct manifest *from, struct streamd_error *error);

/* --- server.c, requests.c, status.c ------------------------------------------------------------
 */

/* Opens DIR/control.sock. */
int server_open(struct coordinator *c, const char *state_dir, struct streamd_error *error);

/* Removes the socket; whoever still waits is told that the run is over. */
void server_close(struct coordinator *c);

/* Releases what server_close left, once the loop has ended. */
void server_free(struct coordinator *c);

/* The protocol has answered a request: `checkpoint` 0: it failed. */
void requests_answered(struct coordinator *c, uint64_t request, uint64_t checkpoint,
                       const char *why);

/* 1 where a savepoint has got its checkpoint and is being written. */
int requests_save(const struct coordinator *c);

/* All workers of a new attempt run. */
void requests_running(struct coordinator *c);

/* What is going on, as JSON. NULL: no memory. */
json_t *status_json(struct coordinator *c);

#endif
