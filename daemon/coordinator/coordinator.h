/*
 * coordinator/coordinator.h - runs one pipeline over worker processes, to its end.
 *
 * The coordinator knows the pipeline's file as text, and what `streamd plan` says of it; it loads
 * no plugin. It starts `streamd worker` processes, tells them when to take a checkpoint, writes the
 * manifest that makes one complete, starts everything again where a process fails, and answers
 * questions on DIR/control.sock. Its decisions are pure functions of daemon/checkpoint (protocol.h,
 * restart.h); files and SQLite are touched on libuv's threads, one job at a time, never on the
 * loop.
 *
 * With a state directory a run goes on from the newest checkpoint in it. Without one there is
 * nothing to go back to: the first failure is the end, and SIGINT lets flow out what was read.
 *
 * Main thread (workers die with the thread that started them).
 */
#ifndef COORDINATOR_COORDINATOR_H
#define COORDINATOR_COORDINATOR_H

#include "base/arena.h"
#include "base/log.h"
#include "base/text.h"
#include "control/stats.h"

#include <streamd/error.h>

enum { COORDINATOR_WORKERS_MAX = 512 };

struct coordinator_options {
    const char *program; /* streamd */
    const char *file;    /* the pipeline file as the user wrote it: for messages and its name */
    const char *text;    /* what is in it */
    size_t length;
    const char *plugin_path;
    uint32_t parallelism;          /* instead of the file's; 0: the file's */
    const char *state_dir;         /* NULL: none */
    const char *restore;           /* a savepoint to begin with; NULL: none */
    const char *const *drop_state; /* nodes whose state may be given up */
    size_t drop_count;
    int accept_duplicates;              /* what was committed after the savepoint may come again */
    uint32_t batch_rows, channel_slots; /* 0: the worker's own */
    int json, colour;                   /* how problems of the file are shown */
    const struct log *log;              /* what happens, and what workers log */
    int64_t show_every_us;              /* 0: no calls of `show` */
    void (*show)(void *self, const struct worker_stats *stats);
    void (*stopping)(void *self, int signal); /* a signal has come; once */
    void *self;
};

enum coordinator_end {
    COORDINATOR_DONE = 0, /* the input has ended, or it was stopped as asked */
    COORDINATOR_FAILED,   /* error says why */
    COORDINATOR_INVALID,  /* the file or what the state directory holds of it: error, or (code
                             STREAMD_E_REPORTED) problems that have been shown */
    COORDINATOR_LOCKED    /* another process has the state directory; error */
};

/* What became of it. Start with {0}; release with coordinator_result_clear. */
struct coordinator_result {
    enum coordinator_end end;
    struct streamd_error error;
    struct text problems;      /* with json: {"errors":[...]} of an invalid file, else empty */
    const char *pipeline;      /* its name; NULL while not known */
    struct worker_stats stats; /* of the last attempt; `stopped` where a signal or request was it */
    struct arena arena;
};

/* Runs. SIGINT and SIGTERM are taken meanwhile; a second one has its default effect. */
void coordinator_run(const struct coordinator_options *options, struct coordinator_result *result);

/* Releases what a result refers to. */
void coordinator_result_clear(struct coordinator_result *result);

#endif
