/*
 * checkpoint/protocol.h - the coordinator's decisions about checkpoints. Pure: facts in, decisions
 * out; no clock, no file, no socket, no memory of its own.
 *
 * One machine lives as long as the pipeline. The shell around it (daemon/coordinator) tells it
 * facts, one function each, and carries out what it answers, in the order of the list, before it
 * tells the next. Everything that takes time (the metadata thread, workers) is answered by another
 * fact.
 *
 *   phase      IDLE --due--> ALLOCATING --id--> COLLECTING --all acks--> WRITING --renamed-->
 * RECORDING ^               |                  |                      |                     |
 *                |<--- failed ---+<--- ABORT -------+<---- not renamed ----+ recorded | |
 *                +<---------------- FINALISED: every worker has committed ---- COMMITTING <------+
 *
 * What always holds:
 *  - at most one checkpoint is under way; an id is triggered at most once, and ids rise;
 *  - the rename of the manifest is the point of no return: COMPLETE goes out only behind it, and
 *    only when "commit started" is durable; ABORT never follows it;
 *  - an aborted id is void for ever; its interval joins the next checkpoint, nothing is undone;
 *  - a failed checkpoint never fails the attempt. What fails it: a worker that is lost or says so,
 *    and commits that are not done in `timeout`;
 *  - when it cannot be known whether something became durable, the answer is PROTOCOL_EXIT: the
 *    process ends at once and the next one reads what is there.
 *
 * Several requests wait for the same checkpoint, the next one that is triggered; each is answered
 * once, when it is committed. Where it is void, or the attempt is lost before all have committed,
 * they wait for the next one. Whoever asks behind a stop or final trigger gets that checkpoint:
 * nothing happens after it. Requests outlive attempts. Times are microseconds of one monotonic
 * clock.
 */
#ifndef CHECKPOINT_PROTOCOL_H
#define CHECKPOINT_PROTOCOL_H

#include <stdint.h>

/* Bounds of what is kept here. */
enum { PROTOCOL_REQUESTS_MAX = 16, PROTOCOL_DECISIONS_MAX = 32, PROTOCOL_TRIES = 3 };

/* The wait before the final checkpoint, or the record of a commit, is tried again. */
#define PROTOCOL_RETRY_US (1000 * 1000LL)

/* "Nothing to wait for". */
#define PROTOCOL_NEVER INT64_MAX

/* What a trigger says to workers. Behind a stop or final barrier sources emit nothing, unless that
   checkpoint is aborted. */
enum protocol_trigger { PROTOCOL_CHECKPOINT = 1, PROTOCOL_STOP = 2, PROTOCOL_FINAL = 3 };

/* What somebody may ask for. A savepoint is an ordinary checkpoint whose files are then converted;
   the others stop the stream at it. */
enum protocol_wish {
    PROTOCOL_WISH_SAVEPOINT = 1,
    PROTOCOL_WISH_STOP = 2,
    PROTOCOL_WISH_RESCALE = 3
};

enum protocol_decision_kind {
    /* Do on the metadata thread, and answer with the fact behind the arrow. */
    PROTOCOL_ALLOCATE = 1, /* a new checkpoint id, durably, and its folder -> protocol_allocated */
    PROTOCOL_WRITE_MANIFEST, /* of `checkpoint`, from the acks -> protocol_manifest */
    PROTOCOL_RECORD_COMMIT,  /* "commit started" of `checkpoint`, durably -> protocol_recorded */

    /* Send to every worker. */
    PROTOCOL_START,   /* start{restore `checkpoint`}; 0: from nothing -> protocol_running of each */
    PROTOCOL_TRIGGER, /* trigger{checkpoint, trigger} -> protocol_ack or protocol_decline */
    PROTOCOL_ABORT,   /* abort{checkpoint, why}; its folder may be removed */
    PROTOCOL_COMPLETE, /* complete{checkpoint} -> protocol_committed of each */

    PROTOCOL_FINALISED,    /* `checkpoint` is committed everywhere: retention may run */
    PROTOCOL_ANSWER,       /* `request` has got `checkpoint`, which is committed everywhere and the
                              newest, and whose FINALISED follows unless the attempt is ending: pin
                              it now; 0: it failed, see `why` */
    PROTOCOL_END_ATTEMPT,  /* stopped at `checkpoint` as asked: let the workers exit */
    PROTOCOL_ALL_DONE,     /* all input is done and committed: let the workers exit, then exit 0 */
    PROTOCOL_FAIL_ATTEMPT, /* kill and reap every worker; `why` */
    PROTOCOL_EXIT          /* end this process now, without another write; `why` */
};

struct protocol_decision {
    enum protocol_decision_kind kind;
    enum protocol_trigger trigger; /* of PROTOCOL_TRIGGER */
    uint64_t checkpoint;
    uint64_t request;
    const char *why; /* "" or a sentence without a final stop; valid until the next fact */
};

struct protocol_decisions {
    uint32_t count;
    struct protocol_decision list[PROTOCOL_DECISIONS_MAX];
};

/* How something durable went. */
enum protocol_outcome {
    PROTOCOL_DONE = 1,
    PROTOCOL_NOT_DONE, /* surely not: the checkpoint fails, the pipeline goes on */
    PROTOCOL_UNKNOWN   /* an error at the rename, at an fsync behind it, or in the database */
};

enum protocol_phase {
    PROTOCOL_IDLE = 0,
    PROTOCOL_ALLOCATING,
    PROTOCOL_COLLECTING,
    PROTOCOL_WRITING,
    PROTOCOL_RECORDING,
    PROTOCOL_COMMITTING
};

enum protocol_attempt {
    PROTOCOL_NO_ATTEMPT = 0, /* none yet, or the last one is over */
    PROTOCOL_STARTING,       /* until every worker runs */
    PROTOCOL_RUNNING,
    PROTOCOL_ENDING /* all is committed; workers are exiting */
};

/* One worker of the attempt. */
struct protocol_worker {
    uint8_t running, acked, committed, finished;
};

struct protocol_request {
    uint64_t id;
    enum protocol_wish wish;
    uint8_t joined; /* the checkpoint under way is its own */
    uint8_t failures;
};

/* Counters for status and metrics; only read them. */
struct protocol_statistics {
    uint64_t completed, failed, failed_in_a_row;
    int64_t last_complete_at; /* of the last rename; INT64_MIN: none in this process */
    int64_t last_duration_us; /* trigger to rename */
    uint64_t last_complete;   /* newest complete id; at first the one restored from */
    uint64_t last_failed;     /* the void id; 0: none could be allocated */
    int64_t last_failed_at;   /* INT64_MIN: none in this process */
    char last_failure[200];   /* why it is void */
};

struct protocol_settings {
    int64_t every_us;   /* from one beginning to the next, and a tenth of it from an end to the next
                           beginning; 0: only those asked for and the final one */
    int64_t timeout_us; /* from trigger to the last ack; then once more to the last commit */
};

/* Only read it. */
struct protocol {
    struct protocol_settings settings;
    enum protocol_attempt attempt;
    enum protocol_phase phase; /* of a lost attempt too, until the metadata thread has answered */
    struct protocol_worker *workers;
    uint32_t worker_count;
    uint64_t id;                   /* of the checkpoint under way; 0 while allocating */
    enum protocol_trigger trigger; /* its kind */
    int64_t began_at;              /* when its id was asked for */
    int64_t deadline;              /* of the phase; PROTOCOL_NEVER: it has none */
    int64_t due;                   /* when the next one begins, if nobody asks for one before */
    uint64_t restore;              /* what the attempt started from */
    uint64_t recorded;             /* highest id whose "commit started" is durable */
    uint64_t highest;              /* highest id there was */
    int exited;                    /* PROTOCOL_EXIT was answered: nothing more is */
    uint32_t request_count;
    struct protocol_request requests[PROTOCOL_REQUESTS_MAX];
    uint64_t next_request;
    struct protocol_statistics statistics;
    char why[200];
};

/* No attempt, no request, no checkpoint known. */
void protocol_init(struct protocol *p, const struct protocol_settings *settings);

/*
 * A new attempt, of `count` workers, whose processes stand ready; it starts from checkpoint
 * `restore` (0: from nothing). Only while protocol_is_settled. The array is the caller's, and is
 * used until the next call. Answers PROTOCOL_START, behind PROTOCOL_RECORD_COMMIT where a
 * checkpoint is restored: sinks commit it before anything else. Committing it is part of starting;
 * when all run, PROTOCOL_FINALISED says that it is done.
 */
void protocol_begin(struct protocol *p, int64_t now, struct protocol_worker *workers,
                    uint32_t count, uint64_t restore, struct protocol_decisions *out);

/* 1 where nothing is under way on the metadata thread and no attempt exists: protocol_begin may be
   called, as soon as the processes of the old attempt are reaped. */
int protocol_is_settled(const struct protocol *p);

/* Facts from workers, of the attempt that is alive (the shell drops others). Late or doubled ones
   are ignored. */
void protocol_running(struct protocol *p, int64_t now, uint32_t worker,
                      struct protocol_decisions *out);
void protocol_ack(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                  struct protocol_decisions *out);
void protocol_decline(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                      const char *why, struct protocol_decisions *out);
void protocol_committed(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                        struct protocol_decisions *out);
/* Every task of the worker has ended; it still acks and commits. */
void protocol_finished(struct protocol *p, int64_t now, uint32_t worker,
                       struct protocol_decisions *out);

/* A worker died, failed, or broke the control protocol. Answers PROTOCOL_FAIL_ATTEMPT, once; not
   for workers that were let go. A checkpoint whose manifest is being written may still become
   complete. */
void protocol_worker_lost(struct protocol *p, int64_t now, uint32_t worker, const char *why,
                          struct protocol_decisions *out);

/* The workers of an attempt that ended as asked are gone. */
void protocol_ended(struct protocol *p, struct protocol_decisions *out);

/* Facts from the metadata thread. */
void protocol_allocated(struct protocol *p, int64_t now, enum protocol_outcome outcome, uint64_t id,
                        const char *why, struct protocol_decisions *out);
void protocol_manifest(struct protocol *p, int64_t now, enum protocol_outcome outcome,
                       const char *why, struct protocol_decisions *out);
void protocol_recorded(struct protocol *p, int64_t now, enum protocol_outcome outcome,
                       const char *why, struct protocol_decisions *out);

/* Somebody asks. The id of the request, or 0 where too many wait already. A stop or rescale is
   tried PROTOCOL_TRIES times at once, a savepoint too; then it has failed and the stream goes on.
 */
uint64_t protocol_ask(struct protocol *p, int64_t now, enum protocol_wish wish,
                      struct protocol_decisions *out);

/* The pipeline is given up: every request that waits is answered as failed. */
void protocol_give_up(struct protocol *p, const char *why, struct protocol_decisions *out);

/* Time has passed. Call it at protocol_deadline(), or later, or any time. */
void protocol_tick(struct protocol *p, int64_t now, struct protocol_decisions *out);
int64_t protocol_deadline(const struct protocol *p);

#endif
