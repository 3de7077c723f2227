/*
 * streamctl run: one pipeline in the foreground; in this process, unless it takes several or keeps
 * its state (workers.h).
 *
 * SIGINT and SIGTERM are taken through a signalfd that the worker polls, so that no handler runs in
 * the middle of anything. When the first has arrived, both have their default effect again: a
 * second one ends the process at once.
 */
#include "client/live.h"
#include "client/load.h"
#include "client/summary.h"
#include "client/workers.h"

#include "base/error.h"
#include "worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { LIVE_EVERY_US = 250000, CLOSED_PIPE = 5290 };

struct run {
    const struct client *c;
    struct live live;
    sigset_t signals;
    int signal_fd;
};

static void show(void *self, const struct worker_stats *stats)
{
    struct run *r = self;

    live_show(&r->live, stats);
}

/* The worker has seen the signal. It stays in the signalfd, unread, unless it is taken out. */
static void stopping(void *self)
{
    struct run *r = self;
    struct signalfd_siginfo info;

    if (read(r->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info) && !r->c->quiet) {
        live_clear(&r->live);
        log_write(&r->c->log, LOG_LEVEL_INFO,
                  "%s: reading has stopped, what was read flows out; once more ends at once",
                  info.ssi_signo == SIGINT ? "interrupted" : "told to end");
    }
    /* Scripts start what runs in the background with SIGINT ignored; the first one counted too. */
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)sigprocmask(SIG_UNBLOCK, &r->signals, NULL);
}

static int take_signals(struct run *r)
{
    sigemptyset(&r->signals);
    sigaddset(&r->signals, SIGINT);
    sigaddset(&r->signals, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &r->signals, NULL))
        return -1;
    r->signal_fd = signalfd(-1, &r->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return r->signal_fd < 0 ? -1 : 0;
}

/* The exit code of a run, with its last words. */
static int conclude(struct run *r, const struct plan *plan, struct worker *worker, int rc,
                    const struct streamd_error *error)
{
    int broken_pipe = rc && error->diagnostic == CLOSED_PIPE;
    int failed = rc && !broken_pipe;
    int code;

    live_clear(&r->live);
    code = summary_print(r->c, plan->name, worker_stats(worker), failed ? error->message : NULL);
    if (!failed)
        return broken_pipe ? CLIENT_OK : code;
    if (error->diagnostic)
        return client_fail(CLIENT_FAILED, "SD%04d: %s", error->diagnostic, error->message);
    return client_fail(CLIENT_FAILED, "%s", error->message);
}

/* Would the live line stand in the middle of what a sink writes to the same terminal? */
static int writes_to_terminal(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->node_count; i++)
        if (plan->nodes[i].kind == STREAMD_SINK &&
            strcmp(plan->nodes[i].descriptor->name, "stdout") == 0)
            return isatty(STDOUT_FILENO);
    return 0;
}

static int run_plan(struct run *r, const struct plan *plan)
{
    struct worker_options options = {
        .batch_rows = (uint32_t)r->c->batch_rows,
        .channel_slots = (uint32_t)r->c->channel_slots,
        .clock = clock_system(),
        .log = &r->c->log,
        .stop_descriptor = r->signal_fd,
        .stopping = stopping,
        .self = r,
    };
    struct streamd_error error = {0};
    struct worker *worker;
    int rc, code;

    if (r->c->terminal && !r->c->quiet && !r->c->json && !writes_to_terminal(plan)) {
        options.progress_every_us = LIVE_EVERY_US;
        options.progress = show;
    }
    rc = worker_new(plan, &options, &worker, &error);
    if (rc)
        return error.diagnostic
                   ? client_fail(CLIENT_FAILED, "SD%04d: %s", error.diagnostic, error.message)
                   : client_fail(CLIENT_FAILED, "%s", error.message);
    rc = worker_run(worker, &error);
    code = conclude(r, plan, worker, rc, &error);
    worker_free(worker);
    return code;
}

static int no_place(void)
{
    struct streamd_error error;

    (void)error_set_full(&error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 5513,
                         "`at_end: savepoint` keeps what is open when the input ends, and there is "
                         "no place for it: run it with --state-dir FOLDER");
    return client_fail(CLIENT_INVALID, "SD%04d: %s", error.diagnostic, error.message);
}

/* Without a state directory: what the file says that needs one. */
static int check_place(struct client *c, const struct pipeline *p)
{
    if (p->at_end == PIPELINE_SAVEPOINT)
        return no_place();
    if (!c->quiet && p->checkpoint.every_given && p->checkpoint.every_us > 0)
        log_write(&c->log, LOG_LEVEL_WARNING,
                  "`checkpoint` has no effect without --state-dir FOLDER: nothing is kept, and a "
                  "failure is the end of the run");
    return CLIENT_OK;
}

/* What command line and file ask for, before any plugin is loaded: workers, and a place. What is
   wrong with the file is told by whoever runs it. */
static int look_ahead(struct client *c, const char *file, int *workers)
{
    struct loaded l = {0};
    int code = CLIENT_OK;

    *workers = c->state_dir || c->restore || c->parallelism > 1;
    if (c->state_dir)
        return CLIENT_OK;
    load_file(&l, c, file, LOAD_PIPELINE);
    if (!l.rc) {
        *workers |= c->parallelism == 0 && l.pipeline.parallelism > 1;
        code = check_place(c, &l.pipeline);
    }
    load_clear(&l);
    return code;
}

int client_run(struct client *c, int count, char **arguments)
{
    struct run r = {.c = c, .signal_fd = -1};
    struct loaded l = {0};
    int code, workers;

    (void)count;
    code = look_ahead(c, arguments[0], &workers);
    if (code != CLIENT_OK)
        return code;
    if (workers)
        return workers_run(c, arguments[0]);
    if (c->quiet)
        c->log.level = LOG_LEVEL_ERROR;
    load_file(&l, c, arguments[0], LOAD_PLAN);
    if (l.rc || l.diagnostics.warning_count)
        load_report(&l, c);
    code = load_exit(&l);
    if (code == CLIENT_OK && take_signals(&r))
        code = client_fail(CLIENT_FAILED, "cannot take signals: %s", strerror(errno));
    if (code == CLIENT_OK)
        code = run_plan(&r, plan_of(l.plan));
    if (r.signal_fd >= 0)
        close(r.signal_fd);
    load_clear(&l);
    return code;
}
