/*
 * The dataflow loop. It runs one step of one task at a time: the most downstream task that can do
 * something, so that a batch goes through the whole chain while it is in the cache and queues stay
 * short. When nobody can, it sleeps in poll until a descriptor, another worker or a time that
 * somebody waits for.
 */
#include "worker/worker.h"

#include "base/error.h"
#include "columnar/pool.h"
#include "exchange/wake.h"
#include "worker/checkpoint.h"
#include "worker/commands.h"
#include "worker/edge.h"
#include "worker/task.h"
#include "worker/restore.h"
#include "worker/source.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_ROWS = 2048, DEFAULT_SLOTS = 4, LOOK_AROUND_US = 1000, SAMPLE_US = 10000 };
enum { LONGEST_SLEEP_US = 1000000 };

struct descriptors {
    struct {
        struct pollfd *items;
        size_t count, capacity;
    } fds;
    int failed;
};

/* ---- waiting ------------------------------------------------------------------------------ */

static void add_descriptor(void *self, int fd)
{
    struct descriptors *d = self;
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    if (array_push(&d->fds, entry))
        d->failed = 1;
}

static int is_source(const struct task *n)
{
    return n->plan->kind == STREAMD_SOURCE;
}

/* Marks what waited for a descriptor as ready. */
static void mark_ready(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (n->absent)
            continue;
        if (is_source(n))
            source_ready(n);
        else if (n->waiting == TASK_BLOCKED && n->blocked_fd >= 0)
            n->blocked_until = INT64_MIN;
    }
}

/* Polls the descriptors that somebody waits for, at most until `until` (processing time). */
static int wait_for_something(struct worker *w, int64_t now, int64_t until)
{
    struct descriptors d = {0};
    int64_t left_ms = until == INT64_MAX ? -1 : (until - now + 999) / 1000;
    int n, rc = 0;

    add_descriptor(&d, w->stop_fd);
    add_descriptor(&d, w->told ? -1 : w->options.stop_descriptor);
    add_descriptor(&d, w->options.links.count ? w->options.links.wake_fd : -1);
    for (uint32_t i = 0; i < w->task_count; i++) {
        if (w->tasks[i].absent)
            continue;
        if (is_source(&w->tasks[i]))
            source_descriptors(&w->tasks[i], add_descriptor, &d);
        else if (w->tasks[i].waiting == TASK_BLOCKED && w->tasks[i].blocked_fd >= 0)
            add_descriptor(&d, w->tasks[i].blocked_fd);
    }
    if (left_ms > INT_MAX)
        left_ms = INT_MAX;
    if (d.failed) {
        array_clear(&d.fds);
        return STREAMD_E_NOMEM;
    }
    n = poll(d.fds.items, d.fds.count, until <= now ? 0 : (int)left_ms);
    if (n < 0 && errno != EINTR)
        rc = STREAMD_E_IO;
    if (n > 0) {
        if (d.fds.items[1].revents)
            w->stopping = 1;
        if (d.fds.items[0].revents)
            commands_woke(w);
        mark_ready(w);
    }
    array_clear(&d.fds);
    return rc;
}

/* ---- statistics --------------------------------------------------------------------------- */

/* Splits the time since the last sample into busy, back-pressured and idle, per node. */
static void sample(struct worker *w, int64_t now_steady)
{
    int64_t period = now_steady - w->last_sample_us;

    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];
        int64_t rest = period - n->period_busy_us;

        if (n->absent)
            continue;

        n->stats.busy_us += n->period_busy_us;
        if (!n->ended && !task_has_room(n))
            n->stats.backpressured_us += rest;
        else
            n->stats.idle_us += rest;
        n->period_busy_us = 0;
    }
    w->last_sample_us = now_steady;
}

const struct worker_stats *worker_stats(struct worker *w)
{
    int64_t now = clock_steady_us(&w->options.clock);
    int64_t most = 0;

    w->stats.limiting = NULL;
    for (uint32_t i = 0; i < w->task_count; i++) {
        w->stats.nodes[i] = w->tasks[i].stats;
        w->stats.nodes[i].busy_us += w->tasks[i].period_busy_us;
        if (w->tasks[i].source)
            w->stats.nodes[i].held_by = source_held_by(&w->tasks[i]);
        if (w->stats.nodes[i].busy_us > most) {
            most = w->stats.nodes[i].busy_us;
            w->stats.limiting = w->tasks[i].stats.name;
        }
    }
    w->stats.elapsed_us = now - w->started_us;
    w->stats.stopped = w->stopping;
    w->stats.memory_bytes = w->allocated + batch_pool_bytes(w->pool) + checkpoint_bytes(w);
    return &w->stats;
}

static void report(struct worker *w, int64_t now_steady)
{
    if (now_steady - w->last_sample_us >= SAMPLE_US) {
        sample(w, now_steady);
        checkpoints_prepare(w);
    }
    if (!w->options.progress || now_steady - w->last_progress_us < w->options.progress_every_us)
        return;
    w->last_progress_us = now_steady;
    w->options.progress(w->options.self, worker_stats(w));
}

/* ---- the loop ----------------------------------------------------------------------------- */

static int runnable(struct task *n, int64_t now)
{
    if (n->absent)
        return 0;
    return is_source(n) ? source_runnable(n, now) : task_runnable(n, now);
}

/* The least watermark of the sources that could be read now. */
static int64_t least_watermark(struct worker *w, int64_t now)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (is_source(n) && n->plan->event_time.has && n->stats.watermark < least &&
            runnable(n, now))
            least = n->stats.watermark;
    }
    return least;
}

/* A source with a step of a checkpoint to do, or NULL. */
static struct task *source_in_protocol(struct worker *w, int64_t now)
{
    for (uint32_t i = 0; i < w->task_count; i++)
        if (is_source(&w->tasks[i]) && task_protocol_due(&w->tasks[i]) &&
            runnable(&w->tasks[i], now))
            return &w->tasks[i];
    return NULL;
}

/* Sources take turns; those that are ahead in event time wait for the others, so that windows over
   several sources hold no more than they must. Checkpoints wait for nobody: a source that is ahead,
   or has ended, takes part while others are read. */
static struct task *next_source(struct worker *w, int64_t now)
{
    struct task *best = source_in_protocol(w, now);
    int64_t least;

    if (best)
        return best;
    least = least_watermark(w, now);

    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (!is_source(n) || (n->plan->event_time.has && n->stats.watermark > least) ||
            (best && n->last_turn >= best->last_turn) || !runnable(n, now))
            continue;
        best = n;
    }
    if (best)
        best->last_turn = ++w->turns;
    return best;
}

/* The most downstream task that can do something, else a source, or NULL. */
static struct task *next_task(struct worker *w, int64_t now)
{
    for (uint32_t i = w->task_count; i > 0; i--)
        if (!is_source(&w->tasks[i - 1]) && runnable(&w->tasks[i - 1], now))
            return &w->tasks[i - 1];
    return next_source(w, now);
}

/* When a task wants to run though nothing comes. Who has no room is woken by who makes some. */
static int64_t deadline_of(struct task *n)
{
    if (n->absent)
        return INT64_MAX;
    if (n->waiting == TASK_BLOCKED)
        return n->blocked_until;
    if (n->ended || !task_has_room(n))
        return INT64_MAX;
    return is_source(n) ? source_deadline(n) : task_deadline(n);
}

static int64_t earliest_deadline(struct worker *w)
{
    int64_t earliest = INT64_MAX;

    for (uint32_t i = 0; i < w->task_count; i++) {
        int64_t deadline = deadline_of(&w->tasks[i]);

        earliest = deadline < earliest ? deadline : earliest;
    }
    if (w->options.progress && earliest == INT64_MAX)
        earliest = INT64_MAX - w->options.progress_every_us;
    return earliest;
}

static void stop_sources(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++)
        if (is_source(&w->tasks[i]) && !w->tasks[i].absent)
            source_stop(&w->tasks[i]);
    w->told = 1;
    if (w->options.stopping)
        w->options.stopping(w->options.self);
}

/* Runs one step of a task and gives it the time that went by since the last one. */
static int run_step(struct worker *w, struct task *n, int64_t now, int64_t *steady)
{
    int64_t after;
    int rc;

    atomic_store_explicit(&w->busy_since, *steady, memory_order_relaxed);
    atomic_store_explicit(&w->busy, n, memory_order_release);
    rc = is_source(n) ? source_run(n, now) : task_run(n, now);
    atomic_store_explicit(&w->busy, NULL, memory_order_release);
    after = clock_steady_us(&w->options.clock);
    n->period_busy_us += after - *steady;
    *steady = after;
    return rc;
}

const char *worker_busy_with(struct worker *w, int64_t *since)
{
    const struct task *n = atomic_load_explicit(&w->busy, memory_order_acquire);

    *since = atomic_load_explicit(&w->busy_since, memory_order_relaxed);
    return n ? n->plan->name : NULL;
}

const char *worker_failed_record(const struct worker *w)
{
    return w->record;
}

/* Nobody can run: sleeps, unless another worker has just changed that. */
static int sleep_until_needed(struct worker *w, int64_t now)
{
    const struct wake *own = &w->options.links.wakes[w->options.links.self];
    int64_t until = earliest_deadline(w);
    int rc;

    if (w->options.progress && until - now > w->options.progress_every_us)
        until = now + w->options.progress_every_us;
    if (w->options.links.count == 0)
        return wait_for_something(w, now, until);
    if (until - now > LONGEST_SLEEP_US) /* a peer gone mad can take the flag down */
        until = now + LONGEST_SLEEP_US;
    wake_prepare(own);
    rc = edges_pump(w);
    if (next_task(w, now))
        until = now;
    if (!rc)
        rc = wait_for_something(w, now, until);
    wake_done(own);
    return rc;
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Have all tasks ended, or come to where they hold? */
static int has_ended(const struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        const struct task *n = &w->tasks[i];

        if (n->absent || n->ended)
            continue;
        if (!w->plan->hold_at_end || (is_source(n) && !source_drained(n)))
            return 0;
    }
    return 1;
}

/* Is some task still to take part in checkpoint `id`, or to commit? */
static int protocol_runs(const struct worker *w, uint64_t id)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        const struct task *n = &w->tasks[i];

        if (!n->absent && (n->frozen < id || n->commit_due || n->step != STEP_NONE))
            return 1;
    }
    return 0;
}

/* Without a coordinator: all sinks prepare before the first commits, since a full disk under one of
   them must not leave half of the output visible. Answers 1 when the last has committed. */
static int conclude(struct worker *w)
{
    if (w->announced == 0) {
        for (uint32_t i = 0; i < w->task_count; i++)
            task_snapshot(&w->tasks[i], 1);
    } else if (protocol_runs(w, 1)) {
        return 0;
    } else if (w->announced == 1) {
        for (uint32_t i = 0; i < w->task_count; i++)
            if (!w->tasks[i].absent)
                task_commit(&w->tasks[i], 1);
    } else {
        return 1;
    }
    if (w->announced < 2)
        w->announced++;
    return 0;
}

/* 1 where the loop is to be left. */
static int look_for_end(struct worker *w)
{
    if (w->options.reports)
        checkpoint_look(w);
    if (w->exiting)
        return 1;
    if (!has_ended(w))
        return 0;
    if (!w->options.reports)
        return conclude(w);
    if (!w->announced)
        w->options.reports->finished(w->options.self);
    w->announced = 1;
    return 0;
}

static int run_until_end(struct worker *w)
{
    int64_t steady = clock_steady_us(&w->options.clock), looked = 0;
    int rc = 0;

    while (!rc && !look_for_end(w)) {
        int64_t now = clock_now_us(&w->options.clock);
        struct task *n;
        int sweeping;

        commands_take(w);
        if (w->stopping && !w->told)
            stop_sources(w);
        sweeping = checkpoint_sweep(w);
        if (sweeping) /* it is no task's time */
            steady = clock_steady_us(&w->options.clock);
        rc = edges_pump(w);
        n = rc ? NULL : next_task(w, now);
        if (rc)
            break;
        if (n && steady - looked < LOOK_AROUND_US) {
            rc = run_step(w, n, now, &steady);
        } else if (n || sweeping) {
            rc = wait_for_something(w, now, now);
            looked = steady;
        } else if (!w->exiting) {
            rc = sleep_until_needed(w, now);
            looked = steady = clock_steady_us(&w->options.clock);
        }
        report(w, steady);
    }
    return rc;
}

/* What is in the state of operators that would have given results at a later watermark. */
static void count_discarded(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (n->plan->kind == STREAMD_OPERATOR && !n->absent &&
            ((const struct streamd_operator *)n->plan->descriptor)->watermark)
            n->stats.discarded += task_state_rows(n);
    }
}

int worker_run(struct worker *w, struct streamd_error *error)
{
    int rc = run_until_end(w);

    if (w->stopping)
        count_discarded(w);
    sample(w, clock_steady_us(&w->options.clock));
    if (rc && w->failed && error)
        *error = w->error;
    else if (rc)
        error_set(error, rc, "the worker's loop failed");
    return rc;
}

/* ---- making and ending -------------------------------------------------------------------- */

static int make_tasks(struct worker *w, struct streamd_error *error)
{
    w->tasks = memory_zalloc(w->plan->node_count, sizeof(*w->tasks));
    w->stats.nodes = memory_zalloc(w->plan->node_count, sizeof(*w->stats.nodes));
    if (!w->tasks || !w->stats.nodes)
        return error_set_nomem(error);
    w->task_count = w->stats.node_count = w->plan->node_count;
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        n->worker = w;
        n->plan = &w->plan->nodes[i];
        n->absent = w->options.links.self >= n->plan->parallelism;
        n->ended = n->absent;
        n->outputs = memory_zalloc(n->plan->output_count, sizeof(*n->outputs));
        n->tables = memory_zalloc(n->plan->table_count, sizeof(*n->tables));
        if (!n->outputs || !n->tables)
            return error_set_nomem(error);
        n->wake_at = n->blocked_until = INT64_MAX;
        n->blocked_fd = -1;
        n->stats.name = n->plan->name;
        n->stats.kind = n->plan->kind;
        n->stats.watermark = VALVE_NONE;
    }
    return 0;
}

static int open_tasks(struct worker *w, struct streamd_error *error)
{
    int rc = restore_open(w, error);

    for (uint32_t i = w->task_count; !rc && i > 0; i--)
        if (!w->tasks[i - 1].absent)
            rc = task_open(&w->tasks[i - 1], error);
    restore_close(w);
    return rc;
}

int worker_new(const struct plan *plan, const struct worker_options *options,
               struct worker **worker, struct streamd_error *error)
{
    struct worker *w = memory_zalloc(1, sizeof(*w));
    int rc;

    if (!w)
        return error_set_nomem(error);
    w->plan = plan;
    w->options = *options;
    w->stop_fd = -1;
    if (w->options.batch_rows == 0)
        w->options.batch_rows = DEFAULT_ROWS;
    if (w->options.channel_slots == 0)
        w->options.channel_slots = DEFAULT_SLOTS;
    w->memory_limit = (size_t)plan->memory_limit / (plan->parallelism ? plan->parallelism : 1);
    w->started_us = w->last_sample_us = w->last_progress_us = clock_steady_us(&options->clock);
    w->pool = batch_pool_new(w->memory_limit);
    rc = w->pool ? commands_open(w, error) : error_set_nomem(error);
    if (!rc)
        rc = make_tasks(w, error);
    if (!rc)
        rc = edges_make(w, error);
    if (!rc)
        rc = checkpoints_open(w, error);
    if (!rc)
        rc = open_tasks(w, error);
    if (rc) {
        worker_free(w);
        return rc;
    }
    *worker = w;
    return 0;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    checkpoints_close(w);
    for (uint32_t i = 0; i < w->task_count; i++)
        task_close(&w->tasks[i]);
    edges_clear(w);
    for (uint32_t i = 0; i < w->task_count; i++) {
        memory_free(w->tasks[i].outputs);
        memory_free(w->tasks[i].tables);
    }
    memory_free(w->tasks);
    memory_free(w->stats.nodes);
    batch_pool_free(w->pool);
    commands_clear(w);
    memory_free(w);
}
