/*
 * The dataflow loop. It runs one step of one node at a time: the most downstream node that can do
 * something, so that a batch goes through the whole chain while it is in the cache and queues stay
 * short. When nobody can, it sleeps in poll until a descriptor or a time that somebody waits for.
 */
#include "worker/worker.h"

#include "base/error.h"
#include "columnar/pool.h"
#include "worker/task.h"
#include "worker/source.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { DEFAULT_ROWS = 2048, DEFAULT_SLOTS = 4, LOOK_AROUND_US = 1000, SAMPLE_US = 10000 };

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
    add_descriptor(&d, w->stopping ? -1 : w->options.stop_descriptor);
    for (uint32_t i = 0; i < w->task_count; i++) {
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
        if (d.fds.items[0].revents || d.fds.items[1].revents)
            w->stopping = 1;
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
    w->stats.memory_bytes = w->allocated + batch_pool_bytes(w->pool);
    return &w->stats;
}

static void report(struct worker *w, int64_t now_steady)
{
    if (now_steady - w->last_sample_us >= SAMPLE_US)
        sample(w, now_steady);
    if (!w->options.progress || now_steady - w->last_progress_us < w->options.progress_every_us)
        return;
    w->last_progress_us = now_steady;
    w->options.progress(w->options.self, worker_stats(w));
}

/* ---- the loop ----------------------------------------------------------------------------- */

static int runnable(struct task *n, int64_t now)
{
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

/* Sources take turns; those that are ahead in event time wait for the others, so that windows over
   several sources hold no more than they must. */
static struct task *next_source(struct worker *w, int64_t now)
{
    int64_t least = least_watermark(w, now);
    struct task *best = NULL;

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

/* The most downstream node that can do something, else a source, or NULL. */
static struct task *next_node(struct worker *w, int64_t now)
{
    for (uint32_t i = w->task_count; i > 0; i--)
        if (!is_source(&w->tasks[i - 1]) && runnable(&w->tasks[i - 1], now))
            return &w->tasks[i - 1];
    return next_source(w, now);
}

static int has_ended(const struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++)
        if (!w->tasks[i].ended)
            return 0;
    return 1;
}

/* When somebody wants to run though nothing comes. */
static int64_t earliest_deadline(struct worker *w)
{
    int64_t earliest = INT64_MAX;

    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];
        int64_t deadline = n->ended       ? INT64_MAX
                           : is_source(n) ? source_deadline(n)
                                          : task_deadline(n);

        earliest = deadline < earliest ? deadline : earliest;
    }
    return earliest;
}

static void stop_sources(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++)
        if (is_source(&w->tasks[i]))
            source_stop(&w->tasks[i]);
}

/* Runs one step of a node and gives it the time that went by since the last one. */
static int run_step(struct worker *w, struct task *n, int64_t now, int64_t *steady)
{
    int rc = is_source(n) ? source_run(n, now) : task_run(n, now);
    int64_t after = clock_steady_us(&w->options.clock);

    n->period_busy_us += after - *steady;
    *steady = after;
    return rc;
}

static int run_until_end(struct worker *w)
{
    int64_t steady = clock_steady_us(&w->options.clock), looked = 0;
    int told = 0, rc = 0;

    while (!rc && !has_ended(w)) {
        int64_t now = clock_now_us(&w->options.clock);
        struct task *n = next_node(w, now);

        if (n && steady - looked < LOOK_AROUND_US) {
            rc = run_step(w, n, now, &steady);
        } else if (n) {
            looked = steady;
            rc = wait_for_something(w, now, now);
        } else {
            int64_t until = earliest_deadline(w);

            if (w->options.progress && until - now > w->options.progress_every_us)
                until = now + w->options.progress_every_us;
            rc = wait_for_something(w, now, until);
            looked = steady = clock_steady_us(&w->options.clock);
        }
        if (w->stopping && !told) {
            told = 1;
            stop_sources(w);
            if (w->options.stopping)
                w->options.stopping(w->options.self);
        }
        report(w, steady);
    }
    return rc;
}

/* Runs a sink's prepare or commit to its end, however often it blocks. */
static int run_phase(struct worker *w, struct task *n, enum task_step step)
{
    int rc = task_start(n, step);

    while (!rc && n->step != STEP_NONE) {
        int64_t now = clock_now_us(&w->options.clock);

        if (n->waiting == TASK_BLOCKED && n->blocked_until > now)
            rc = wait_for_something(w, now, n->blocked_until);
        else
            rc = task_run(n, now);
    }
    return rc;
}

/* All sinks prepare before the first commits: a full disk under one of them must not leave half of
   the output visible. */
static int commit_sinks(struct worker *w)
{
    static const enum task_step steps[] = {STEP_PREPARE, STEP_COMMIT};
    int rc = 0;

    for (size_t s = 0; s < 2 && !rc; s++)
        for (uint32_t i = 0; i < w->task_count && !rc; i++)
            if (w->tasks[i].plan->kind == STREAMD_SINK)
                rc = run_phase(w, &w->tasks[i], steps[s]);
    return rc;
}

/* What is in the state of operators that would have given results at a later watermark. */
static void count_discarded(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (n->plan->kind == STREAMD_OPERATOR &&
            ((const struct streamd_operator *)n->plan->descriptor)->watermark)
            n->stats.discarded += task_state_rows(n);
    }
}

int worker_run(struct worker *w, struct streamd_error *error)
{
    int rc = run_until_end(w);

    if (!rc)
        rc = commit_sinks(w);
    if (w->stopping)
        count_discarded(w);
    sample(w, clock_steady_us(&w->options.clock));
    if (rc && w->failed && error)
        *error = w->error;
    else if (rc)
        error_set(error, rc, "the worker's loop failed");
    return rc;
}

void worker_stop(struct worker *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->stop_fd, &one, sizeof(one));

    (void)n; /* the counter cannot overflow; there is nothing to do about it in a signal handler */
}

/* ---- making and ending -------------------------------------------------------------------- */

static int make_channels(struct worker *w, struct streamd_error *error)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        for (uint32_t k = 0; k < n->plan->input_count; k++) {
            const struct plan_input *in = &n->plan->inputs[k];
            struct task_output *output = &w->tasks[in->node].outputs[in->output];
            struct channel **grown =
                memory_realloc(output->channels, (size_t)output->count + 1, sizeof(*grown));

            if (!grown)
                return error_set_nomem(error);
            output->channels = grown;
            n->inputs[k] = channel_new(w->options.channel_slots);
            if (!n->inputs[k])
                return error_set_nomem(error);
            output->channels[output->count++] = n->inputs[k];
        }
    }
    return 0;
}

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
        n->inputs = memory_zalloc(n->plan->input_count, sizeof(struct channel *));
        n->valve_inputs = memory_zalloc(n->plan->input_count, sizeof(struct valve_input));
        n->outputs = memory_zalloc(n->plan->output_count, sizeof(*n->outputs));
        n->tables = memory_zalloc(n->plan->table_count, sizeof(*n->tables));
        if (!n->inputs || !n->valve_inputs || !n->outputs || !n->tables)
            return error_set_nomem(error);
        valve_init(&n->valve, n->valve_inputs, n->plan->input_count);
        n->inputs_open = n->plan->input_count;
        n->wake_at = n->blocked_until = INT64_MAX;
        n->blocked_fd = -1;
        n->stats.name = n->plan->name;
        n->stats.kind = n->plan->kind;
        n->stats.watermark = VALVE_NONE;
    }
    return 0;
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
    if (w->options.batch_rows == 0)
        w->options.batch_rows = DEFAULT_ROWS;
    if (w->options.channel_slots == 0)
        w->options.channel_slots = DEFAULT_SLOTS;
    w->started_us = w->last_sample_us = w->last_progress_us = clock_steady_us(&options->clock);
    w->pool = batch_pool_new((size_t)plan->memory_limit);
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rc = w->pool ? 0 : error_set_nomem(error);
    if (!rc && w->stop_fd < 0)
        rc = error_set_errno(error, errno, "cannot make an eventfd");
    if (!rc)
        rc = make_tasks(w, error);
    if (!rc)
        rc = make_channels(w, error);
    for (uint32_t i = w->task_count; !rc && i > 0; i--)
        rc = task_open(&w->tasks[i - 1], error);
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
    for (uint32_t i = 0; i < w->task_count; i++)
        task_close(&w->tasks[i]);
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        for (uint32_t k = 0; n->inputs && k < n->plan->input_count; k++)
            channel_free(n->inputs[k]);
        for (uint32_t k = 0; n->outputs && k < n->plan->output_count; k++)
            memory_free(n->outputs[k].channels);
        memory_free(n->inputs);
        memory_free(n->valve_inputs);
        memory_free(n->outputs);
        memory_free(n->tables);
    }
    memory_free(w->tasks);
    memory_free(w->stats.nodes);
    batch_pool_free(w->pool);
    if (w->stop_fd >= 0)
        close(w->stop_fd);
    memory_free(w);
}
