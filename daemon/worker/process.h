/*
 * worker/process.h - the role `streamd worker`: one worker in a process of its own, told what to do
 * by a coordinator (control messages: docs/internals/control-protocol.md).
 *
 *   main thread      hello, plan, channels, start; then the dataflow loop
 *   control thread   from then on: listens to the coordinator, also while a plugin is stuck
 *   helper thread    writes checkpoints
 */
#ifndef WORKER_PROCESS_H
#define WORKER_PROCESS_H

#include "base/log.h"
#include "graph/plan.h"

#include <sys/types.h>

/* What the coordinator said is to be bound. */
struct worker_binding {
    const char *path;        /* of the file, for messages; its stem is the pipeline's name */
    const char *text;        /* its content when the pipeline was started */
    const char *plugin_path; /* folders, separated by ':' */
    uint32_t parallelism;
};

struct worker_process {
    int control;  /* the socket; taken over */
    pid_t parent; /* who must be the parent: another one means that it died */
    const struct log *log;
    /* Binds a file with its plugins (daemon/plan does it). `plan` must live until the role has been
       played; `hash` is plan_hash. 0, or negative with the error filled. */
    int (*bind)(void *self, const struct worker_binding *binding, const struct plan **plan,
                char hash[33], struct streamd_error *error);
    void *self;
};

/* Plays the role to its end. The exit code: 0 told to stop, 1 failed (and said so). Main thread,
   before any other. */
int worker_process_main(const struct worker_process *process);

#endif
