/*
 * The source driver: lists, opens, reads and closes splits. Reading prefers the open split with the
 * least event time so far, so that several files are merged as far as their batches allow.
 */
#include "worker/splits.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "columnar/pool.h"
#include "worker/checkpoint.h"
#include "worker/positions.h"

#include <stdio.h>
#include <string.h>

static const struct streamd_source *source_of(const struct task *n)
{
    return (const struct streamd_source *)n->plan->descriptor;
}

static int nomem(struct task *n)
{
    return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory");
}

/* ---- splits ------------------------------------------------------------------------------- */

static void split_free(struct streamd_split *split)
{
    memory_free(split->id);
    memory_free(split->title);
    memory_free(split->position);
    memory_free(split->decoder_state.data);
    memory_free(split);
}

/* Adds a split with what the valve knows of it, and takes it; also where that fails. */
static int add_split(struct task *n, struct streamd_split *split, struct valve_input input)
{
    struct source_driver *d = n->source;

    if (array_push(&d->inputs, input)) {
        split_free(split);
        return STREAMD_E_NOMEM;
    }
    n->valve.inputs = d->inputs.items;
    n->valve.count = (uint32_t)d->inputs.count;
    if (array_push(&d->splits, split)) {
        d->inputs.count = --n->valve.count;
        split_free(split);
        return STREAMD_E_NOMEM;
    }
    d->finished_count += split->finished != 0;
    return 0;
}

static struct streamd_split *new_split(void)
{
    struct streamd_split *split = memory_zalloc(1, sizeof(*split));

    if (split) {
        split->max_time = INT64_MIN;
        split->fd = -1;
    }
    return split;
}

int source_split_add(struct streamd_context *c, const char *id, const char *title)
{
    struct task *n = task_of(c);
    struct source_driver *d = n->source;
    struct valve_input fresh = {.watermark = VALVE_NONE, .active = 1, .aligned = 1};
    struct streamd_split *split;

    if (positions_owner(id, n->plan->parallelism) != c->task)
        return 0;
    for (size_t i = 0; i < d->splits.count; i++)
        if (strcmp(d->splits.items[i]->id, id) == 0)
            return 0;
    split = new_split();
    if (!split)
        return nomem(n);
    split->id = memory_strdup(id);
    split->title = memory_strdup(title ? title : id);
    fresh.aligned = n->valve.output == VALVE_NONE;
    if (!split->id || !split->title) {
        split_free(split);
        return nomem(n);
    }
    return add_split(n, split, fresh) ? nomem(n) : 0;
}

int source_remember(struct task *n, const struct split_memory *m)
{
    struct valve_input input = {.watermark = VALVE_NONE, .active = 1, .aligned = 1};
    struct streamd_split *split = new_split();

    if (!split)
        return STREAMD_E_NOMEM;
    split->title = memory_strdup(m->id);
    if (!split->title) {
        split_free(split);
        return STREAMD_E_NOMEM;
    }
    if (m->max_time != INT64_MIN)
        input.watermark = split_watermark(n, m->max_time);
    input.active = !m->idle && !m->finished;
    input.ended = (uint8_t)m->finished;
    input.aligned = input.active && input.watermark >= n->valve.output;
    split->max_time = m->max_time;
    split->idle = m->idle;
    split->finished = m->finished;
    split->id = m->id;
    split->position = m->position;
    split->decoder_state.data = m->decoder;
    split->decoder_state.length = m->decoder_length;
    return add_split(n, split, input);
}

/* The decoder, in the state it had at the split's position. */
static int open_decoder(struct task *n, struct streamd_split *split)
{
    const struct plan_format *f = &n->plan->format;

    if (f->format->decoder_open(&n->context, &f->spec, &split->decoder))
        return task_fail(n, STREAMD_FAIL_TASK, 5302, "cannot open the decoder");
    if (split->decoder_state.data && f->format->decoder_load &&
        f->format->decoder_load(&n->context, split->decoder, split->decoder_state.data,
                                split->decoder_state.length))
        return task_fail(n, STREAMD_FAIL_PIPELINE, 5302,
                         "the state of the decoder in the checkpoint cannot be used");
    return 0;
}

static int open_split(struct task *n, struct streamd_split *split)
{
    int rc;

    if (n->plan->format.format && open_decoder(n, split))
        return n->worker->error.code;
    n->source->current = split;
    rc = source_of(n)->open_split(&n->context, n->self, split->id, split->position, split,
                                  &split->self);
    if (rc)
        return task_fail(n, STREAMD_FAIL_TASK, 5302, "cannot open a split");
    split->opened = 1;
    n->source->open_count++;
    if (split->position && FAILPOINT_ERRNO("W16"))
        return task_fail(n, STREAMD_FAIL_TASK, 0, "a failpoint");
    memory_free(split->position);
    memory_free(split->decoder_state.data);
    split->position = NULL;
    split->decoder_state.data = NULL;
    return 0;
}

static void close_split(struct task *n, struct streamd_split *split)
{
    if (split->opened && source_of(n)->close_split)
        source_of(n)->close_split(&n->context, n->self, split->self);
    if (split->decoder)
        n->plan->format.format->decoder_close(&n->context, split->decoder);
    if (split->opened)
        n->source->open_count--;
    split->opened = 0;
    split->decoder = NULL;
    batch_release(split->batch);
    split->batch = NULL;
}

/* ---- the loop's side ---------------------------------------------------------------------- */

/* The end: what is in the making, then the last watermark if the input was drained, then END. */
static int send_end(struct task *n, int drained)
{
    int rc = task_flush_errors(n);

    /* An idle source comes back for its last word, which counts only from an active one. */
    if (!rc && drained && n->valve.idle)
        rc = task_forward(n, CHANNEL_ACTIVE, 0);
    if (!rc && drained) {
        n->stats.watermark = INT64_MAX;
        rc = task_forward(n, CHANNEL_WATERMARK, INT64_MAX);
    }
    n->ended = 1;
    return rc ? rc : task_forward(n, CHANNEL_END, 0);
}

/* What readers must know before the first row: the watermark of a checkpoint, and that nothing is
   awaited from a task that has no split to read: END or IDLE. */
static int greet(struct task *n)
{
    int finished = n->valve.count == n->source->finished_count && !n->plan->unbounded;
    uint32_t active = 0;
    int rc = 0;

    for (uint32_t i = 0; i < n->valve.count; i++)
        active += n->valve.inputs[i].active;
    if (n->valve.output != VALVE_NONE)
        rc = task_forward(n, CHANNEL_WATERMARK, n->valve.output);
    if (!rc && finished && !n->worker->plan->hold_at_end)
        return send_end(n, 1);
    if (!rc && active == 0) {
        n->valve.idle = 1;
        rc = task_forward(n, CHANNEL_IDLE, 0);
    }
    return rc ? rc : task_forward(n, CHANNEL_BARRIER, 0);
}

/* The watermark of a checkpoint is the least of all old tasks; the splits of this one may be
   further, and say nothing new before they have a row that is later still. */
static void catch_up(struct task *n)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < n->valve.count; i++) {
        const struct valve_input *in = &n->valve.inputs[i];

        if (in->active && in->aligned && in->watermark < least)
            least = in->watermark;
    }
    if (least != INT64_MAX && least > n->valve.output)
        n->valve.output = n->stats.watermark = least;
}

int source_open(struct task *n, struct streamd_error *error)
{
    struct source_driver *d = memory_zalloc(1, sizeof(*d));
    int64_t now = clock_now_us(&n->worker->options.clock);

    if (!d)
        return error_set_nomem(error);
    n->source = d;
    valve_init(&n->valve, NULL, 0);
    if (n->worker->options.restore && positions_restore(n, error))
        return error->code;
    catch_up(n);
    d->list_again_at = source_of(n)->discover_us ? now + source_of(n)->discover_us : INT64_MAX;
    if (source_of(n)->list(&n->context, n->self)) {
        task_fail(n, STREAMD_FAIL_PIPELINE, 5302, "cannot list its splits");
        *error = n->worker->error;
        return error->code;
    }
    return greet(n) ? error_set_nomem(error) : 0;
}

void source_close(struct task *n)
{
    struct source_driver *d = n->source;

    if (!d)
        return;
    for (size_t i = 0; i < d->splits.count; i++) {
        close_split(n, d->splits.items[i]);
        split_free(d->splits.items[i]);
    }
    array_clear(&d->splits);
    array_clear(&d->inputs);
    memory_free(d);
    n->source = NULL;
}

void source_describe(struct task *n, uint64_t position, char *text, size_t size)
{
    struct streamd_split *split = n->source ? n->source->current : NULL;

    if (!split)
        snprintf(text, size, "byte %llu", (unsigned long long)position);
    else if (!source_of(n)->describe || !split->self ||
             source_of(n)->describe(&n->context, n->self, split->self, position, text, size))
        snprintf(text, size, "%s: byte %llu", split->title, (unsigned long long)position);
}

void source_block_on(struct task *n, int fd, int64_t until)
{
    struct streamd_split *split = n->source->current;

    if (split) {
        split->fd = fd;
        split->until = until;
    }
}

/* May this split be read now? */
static int is_ready(const struct task *n, const struct streamd_split *split, int64_t now)
{
    uint32_t most = n->plan->max_open_splits;

    if (split->finished)
        return 0;
    if (!split->opened)
        return most == 0 || n->source->open_count < most;
    return !split->blocked || split->ready || split->until <= now;
}

/* The ready split with the least watermark; the first of equals. NULL: none. */
static struct streamd_split *choose(struct task *n, int64_t now)
{
    struct source_driver *d = n->source;
    struct streamd_split *best = NULL;

    for (size_t i = 0; i < d->splits.count; i++) {
        struct streamd_split *split = d->splits.items[i];

        if (is_ready(n, split, now) && (!best || split->max_time < best->max_time))
            best = split;
    }
    return best;
}

static int has_all_ended(const struct task *n)
{
    return n->source->finished_count == n->source->splits.count && !n->plan->unbounded;
}

/* A split with rows that have not been sent, or NULL. */
static struct streamd_split *unsent(const struct task *n)
{
    for (size_t i = 0; i < n->source->splits.count; i++)
        if (n->source->splits.items[i]->batch && n->source->splits.items[i]->batch->rows > 0)
            return n->source->splits.items[i];
    return NULL;
}

/* What was decoded belongs before the barrier: it is sent first, which needs room. */
static int must_send_first(const struct task *n)
{
    return n->step == STEP_NONE && !n->commit_due && unsent(n) != NULL;
}

int source_runnable(struct task *n, int64_t now)
{
    if (task_protocol_due(n))
        return !must_send_first(n) || task_has_room(n);
    if (n->ended || n->source->drained || checkpoint_holds_sources(n->worker) || !task_has_room(n))
        return 0;
    return n->source->ending || has_all_ended(n) || n->source->list_again_at <= now ||
           choose(n, now) != NULL;
}

int64_t source_deadline(struct task *n)
{
    int64_t deadline = n->source->list_again_at;

    if (n->source->drained || checkpoint_holds_sources(n->worker))
        return INT64_MAX;
    for (size_t i = 0; i < n->source->splits.count; i++) {
        const struct streamd_split *split = n->source->splits.items[i];

        if (split->blocked && !split->finished && split->until < deadline)
            deadline = split->until;
    }
    return deadline;
}

static int finish_split(struct task *n, struct streamd_split *split)
{
    int rc = split_flush(n, split);

    if (rc < 0)
        return rc;
    split->finished = 1;
    n->source->finished_count++;
    close_split(n, split);
    if (has_all_ended(n))
        return 0; /* the last watermark says it all */
    return split_send_change(n, valve_end(&n->valve, split_index(n->source, split)));
}

static int after_next(struct task *n, struct streamd_split *split, enum streamd_flow flow,
                      int64_t now)
{
    int rc;

    switch (flow) {
    case STREAMD_FAILED:
        return task_fail(n, STREAMD_BUG, 5390, "failed without saying why");
    case STREAMD_FINISHED:
        return finish_split(n, split);
    case STREAMD_BLOCKED:
        split->blocked = 1;
        if (split->batch && split->batch->rows > 0) {
            rc = split_flush(n, split);
            if (rc < 0)
                return rc;
        }
        return split_had_nothing(n, split, now);
    default:
        return 0;
    }
}

/* After source_stop: one split at a time, while there is room. */
static int run_stopping(struct task *n)
{
    struct streamd_split *split = unsent(n);
    int rc = split ? split_flush(n, split) : send_end(n, 0);

    return rc < 0 ? rc : 0;
}

static int run_protocol(struct task *n)
{
    int rc;

    if (!must_send_first(n))
        return task_run_protocol(n);
    rc = split_flush(n, unsent(n));
    return rc < 0 ? rc : 0;
}

/* All splits have ended. Where the end is held back the source is idle from now on, as it is after
   a restore: what other tasks still read must not wait for it. */
static int run_drained(struct task *n)
{
    if (!n->worker->plan->hold_at_end)
        return send_end(n, 1);
    n->source->drained = 1;
    if (n->valve.idle)
        return 0;
    n->valve.idle = 1;
    return task_forward(n, CHANNEL_IDLE, 0);
}

int source_drained(const struct task *n)
{
    return n->source->drained;
}

void source_stop(struct task *n)
{
    n->source->ending = 1;
}

const char *source_held_by(const struct task *n)
{
    const struct source_driver *d = n->source;
    const struct streamd_split *holder = NULL;

    for (size_t i = 0; i < d->splits.count && n->plan->event_time.has; i++) {
        const struct streamd_split *split = d->splits.items[i];

        if (!split->finished && !split->idle && (!holder || split->max_time < holder->max_time))
            holder = split;
    }
    return holder ? holder->title : NULL;
}

int source_run(struct task *n, int64_t now)
{
    struct source_driver *d = n->source;
    struct streamd_split *split;
    int rc;

    if (task_protocol_due(n))
        return run_protocol(n);
    if (d->ending)
        return run_stopping(n);
    if (d->list_again_at <= now) {
        d->list_again_at = now + source_of(n)->discover_us;
        if (source_of(n)->list(&n->context, n->self))
            return task_fail(n, STREAMD_FAIL_TASK, 5302, "cannot list its splits");
        return 0;
    }
    split = choose(n, now);
    if (!split)
        return has_all_ended(n) ? run_drained(n) : 0;
    d->current = split;
    if (!split->opened && (rc = open_split(n, split)) != 0)
        return rc;
    split->blocked = split->ready = 0;
    split->fd = -1;
    split->until = INT64_MAX;
    rc = after_next(n, split, source_of(n)->next(&n->context, n->self, split->self), now);
    if (!rc)
        rc = task_flush_errors(n);
    return rc;
}

void source_descriptors(struct task *n, void (*add)(void *self, int fd), void *self)
{
    for (size_t i = 0; i < n->source->splits.count; i++) {
        const struct streamd_split *split = n->source->splits.items[i];

        if (split->blocked && !split->finished && split->fd >= 0)
            add(self, split->fd);
    }
}

void source_ready(struct task *n)
{
    for (size_t i = 0; i < n->source->splits.count; i++)
        if (n->source->splits.items[i]->fd >= 0)
            n->source->splits.items[i]->ready = 1;
}
