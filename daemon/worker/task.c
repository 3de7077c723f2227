/*
 * One task's events. The state machine is in task.h; the scheduler in loop.c picks the task.
 *
 * Room: an event handler is called only when every output has room for a batch, so an operator may
 * emit at least once per event before it must look at what emit answers. Control frames are
 * forwarded whatever the room (exchange rule R3), and so `forward` steps need none.
 *
 * Greetings: before its first row a task says on all outputs how far it is (a watermark, IDLE, or
 * END where it has nothing to do), and closes that with a barrier, 0. A reader takes nothing behind
 * the greeting of one channel before it has those of all. Otherwise rows could be there before word
 * of the tasks that have nothing to read, which would hold the watermark back for a while: which
 * rows are late would depend on how fast processes start.
 */
#include "worker/task.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "columnar/pool.h"
#include "worker/checkpoint.h"
#include "worker/edge.h"

#include <stdio.h>
#include <string.h>

static const struct streamd_operator *operator_of(const struct task *n)
{
    return (const struct streamd_operator *)n->plan->descriptor;
}

int task_fail(struct task *n, enum streamd_class cls, int diagnostic, const char *message)
{
    if (!n->worker->failed) {
        n->worker->failed = n;
        error_set_full(&n->worker->error,
                       cls == STREAMD_FAIL_RECORD ? STREAMD_E_DATA : STREAMD_E_IO, cls, diagnostic,
                       "%s: %s", n->plan->name, message);
    }
    return n->worker->error.code;
}

static int output_has_room(const struct task_output *output)
{
    for (uint32_t k = 0; k < output->count; k++)
        if (!edge_has_room(&output->edges[k]))
            return 0;
    return 1;
}

int task_has_room(const struct task *n)
{
    for (uint32_t i = 0; i < n->plan->output_count; i++)
        if (!output_has_room(&n->outputs[i]))
            return 0;
    return 1;
}

int task_output_has_room(const struct task *n, uint32_t output)
{
    return output_has_room(&n->outputs[output]);
}

/* A second reader of a batch gets a header of its own, since a reader may narrow the selection. */
static struct streamd_batch *another_header(struct streamd_batch *batch)
{
    struct streamd_batch *copy = batch_derive(batch, batch->schema);

    if (copy)
        memcpy(copy->columns, batch->columns, batch->schema->field_count * sizeof(*copy->columns));
    return copy;
}

static int failed_to_send(struct task *n, const struct edge *edge)
{
    return task_fail(n, STREAMD_FAIL_TASK, 5550, edge_trouble(edge));
}

int task_emit(struct task *n, uint32_t number, struct streamd_batch *batch)
{
    struct task_output *output = &n->outputs[number];

    if (batch->count == 0) {
        batch_release(batch);
        return output_has_room(output);
    }
    n->stats.rows_out += batch->count;
    n->stats.batches_out++;
    for (uint32_t k = 0; k + 1 < output->count; k++) {
        struct streamd_batch *copy = another_header(batch);

        if (!copy || edge_send(&output->edges[k], copy)) {
            batch_release(batch);
            return failed_to_send(n, &output->edges[k]);
        }
    }
    if (output->count == 0)
        batch_release(batch);
    else if (edge_send(&output->edges[output->count - 1], batch))
        return failed_to_send(n, &output->edges[output->count - 1]);
    return output_has_room(output);
}

int task_forward(struct task *n, enum channel_frame_kind kind, int64_t time)
{
    for (uint32_t i = 0; i < n->plan->output_count; i++)
        for (uint32_t k = 0; k < n->outputs[i].count; k++)
            if (edge_control(&n->outputs[i].edges[k], kind, time))
                return failed_to_send(n, &n->outputs[i].edges[k]);
    return 0;
}

int task_flush_errors(struct task *n)
{
    struct streamd_batch *errors = n->errors;

    n->errors = NULL;
    if (!errors)
        return 0;
    n->stats.rows_out -= errors->count; /* counted as rejected, not as output */
    n->stats.batches_out--;
    return task_emit(n, n->plan->error_output, errors) < 0 ? n->worker->error.code : 0;
}

uint64_t task_table_rows(struct task *n, uint32_t number)
{
    struct streamd_table *t = n->tables[number].table;
    int64_t from = INT64_MIN, spaces[64];
    uint64_t rows = 0;
    uint32_t count;

    if (!(n->plan->tables[number].decl.flags & STREAMD_TABLE_NAMESPACED))
        return streamd_table_rows(t, 0);
    while ((count = streamd_table_namespaces(t, from, spaces, 64)) > 0) {
        for (uint32_t k = 0; k < count; k++)
            rows += streamd_table_rows(t, spaces[k]);
        if (spaces[count - 1] == INT64_MAX)
            break;
        from = spaces[count - 1] + 1;
    }
    return rows;
}

uint64_t task_state_rows(struct task *n)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < n->plan->table_count; i++)
        if (!(n->plan->tables[i].decl.flags & STREAMD_TABLE_BROADCAST))
            rows += task_table_rows(n, i);
    return rows;
}

/* ---- timers ------------------------------------------------------------------------------ */

/* Number of a table with timers of this kind that is due, or -1. */
static int32_t due_table(struct task *n, uint32_t flag, int64_t now)
{
    for (uint32_t i = 0; i < n->plan->table_count; i++) {
        int64_t first;

        if ((n->plan->tables[i].decl.flags & flag) &&
            streamd_table_first(n->tables[i].table, &first) && first <= now)
            return (int32_t)i;
    }
    return -1;
}

int64_t task_deadline(struct task *n)
{
    int64_t deadline = n->wake_at;

    if (n->waiting == TASK_BLOCKED)
        return n->blocked_until;
    for (uint32_t i = 0; i < n->plan->table_count; i++) {
        int64_t first;

        if ((n->plan->tables[i].decl.flags & STREAMD_TABLE_PROCESSING_TIMERS) &&
            streamd_table_first(n->tables[i].table, &first) && first < deadline)
            deadline = first;
    }
    return deadline;
}

/* ---- the end of a step -------------------------------------------------------------------- */

static void after_step(struct task *n)
{
    switch (n->step) {
    case STEP_WATERMARK:
        n->step = STEP_FORWARD;
        break;
    case STEP_TIMERS: /* stays: the next table, or the same one again */
        break;
    case STEP_END:
        n->step = n->inputs_open == 0 ? STEP_END_FORWARD : STEP_NONE;
        break;
    case STEP_PREPARE:
        n->step = STEP_FREEZE;
        break;
    case STEP_COMMIT:
        n->step = n->repeat_watermark ? STEP_TIMERS : STEP_NONE;
        n->repeat_watermark = 0;
        break;
    default:
        n->step = STEP_NONE;
        break;
    }
}

int task_answered(struct task *n, enum streamd_flow flow)
{
    n->waiting = TASK_READY;
    switch (flow) {
    case STREAMD_HAS_MORE:
        n->waiting = TASK_WANTS_ROOM;
        return task_flush_errors(n);
    case STREAMD_BLOCKED:
        n->waiting = TASK_BLOCKED;
        return task_flush_errors(n);
    case STREAMD_FAILED:
        return task_fail(n, STREAMD_BUG, 5390, "failed without saying why");
    case STREAMD_FINISHED:
        n->finished = 1;
        break;
    default:
        break;
    }
    batch_release(n->batch);
    n->batch = NULL;
    after_step(n);
    return task_flush_errors(n);
}

/* ---- the next step ------------------------------------------------------------------------ */

static int forward_change(struct task *n, struct valve_change change)
{
    int rc = 0;

    if (change.went_active)
        rc = task_forward(n, CHANNEL_ACTIVE, 0);
    if (change.watermark_rose) {
        n->stats.watermark = n->valve.output;
        n->step = STEP_TIMERS;
    }
    if (change.went_idle && change.watermark_rose)
        n->idle_pending = 1; /* the watermark goes out first: idle inputs are not listened to */
    else if (change.went_idle && !rc)
        rc = task_forward(n, CHANNEL_IDLE, 0);
    return rc;
}

/* What STEP_FORWARD does: the watermark, and then that the output is idle, if it went so. */
static int forward_watermark(struct task *n)
{
    int rc = task_forward(n, CHANNEL_WATERMARK, n->valve.output);

    n->step = STEP_NONE;
    if (!rc && n->idle_pending)
        rc = task_forward(n, CHANNEL_IDLE, 0);
    n->idle_pending = 0;
    return rc;
}

static int run_watermark(struct task *n)
{
    n->step = STEP_WATERMARK;
    if (operator_of(n)->watermark && !n->finished)
        return task_answered(n, operator_of(n)->watermark(&n->context, n->self, n->valve.output));
    n->step = STEP_FORWARD;
    return forward_watermark(n);
}

/* A step without anything to do takes the next one along: there is a watermark for every batch. */
static int run_timers(struct task *n)
{
    int32_t table = due_table(n, STREAMD_TABLE_EVENT_TIMERS, n->valve.output);

    if (table < 0 || !operator_of(n)->timer)
        return run_watermark(n);
    return task_answered(n, operator_of(n)->timer(&n->context, n->self, table, n->valve.output));
}

/* The watermark has risen, or not. */
static int take_watermark(struct task *n, uint32_t channel, int64_t time)
{
    int rc = forward_change(n, valve_watermark(&n->valve, channel, time));

    return !rc && n->step == STEP_TIMERS ? run_timers(n) : rc;
}

/* What the end of a channel means, once the checkpoint that it completed is taken. */
static int take_end(struct task *n)
{
    uint32_t channel = n->ending - 1, input = n->channels[channel].input;

    n->ending = 0;
    if (--n->open[input] == 0) {
        n->inputs_open--;
        n->end_input = input;
        n->end_pending = 1; /* after what the watermark has to say, if it rises now */
    }
    return forward_change(n, valve_end(&n->valve, channel));
}

static int take_batch(struct task *n, uint32_t channel, struct streamd_batch *batch)
{
    n->stats.rows_in += batch->count;
    n->stats.batches_in++;
    atomic_fetch_add_explicit(&n->worker->rows, batch->count, memory_order_relaxed);
    n->batch = batch;
    if (n->finished) {
        batch_release(n->batch);
        n->batch = NULL;
        return 0;
    }
    n->step = STEP_BATCH;
    return task_answered(
        n, operator_of(n)->batch(&n->context, n->self, n->channels[channel].input, batch));
}

/* The greeting of a channel was taken. Where all inputs have ended, END is this task's own. */
static int take_greeting(struct task *n, uint32_t channel)
{
    if (n->channels[channel].greeted)
        return 0;
    n->channels[channel].greeted = 1;
    if (--n->ungreeted > 0 || n->align.open == 0)
        return 0;
    return task_forward(n, CHANNEL_BARRIER, 0);
}

/* Where a failpoint of the protocol asks for an error. */
static int point_failed(struct task *n)
{
    return task_fail(n, STREAMD_FAIL_TASK, 0, "a failpoint");
}

static int take_barrier(struct task *n, uint32_t channel, uint64_t id)
{
    uint64_t aligned;

    if (take_greeting(n, channel))
        return n->worker->error.code;
    if (id == 0)
        return 0;
    if (FAILPOINT_ERRNO("W1"))
        return point_failed(n);
    aligned = align_barrier(&n->align, channel, id);
    if (!aligned)
        return FAILPOINT_ERRNO("W2") ? point_failed(n) : 0;
    if (FAILPOINT_ERRNO("W3"))
        return point_failed(n);
    task_snapshot(n, aligned);
    return 0;
}

static int take_frame(struct task *n, uint32_t channel)
{
    struct channel_frame frame = channel_take(n->channels[channel].channel);
    uint64_t aligned;

    switch (frame.kind) {
    case CHANNEL_BATCH:
        return take_batch(n, channel, frame.batch);
    case CHANNEL_WATERMARK:
        return take_watermark(n, channel, frame.time);
    case CHANNEL_IDLE:
        return forward_change(n, valve_idle(&n->valve, channel));
    case CHANNEL_ACTIVE:
        return forward_change(n, valve_active(&n->valve, channel));
    case CHANNEL_BARRIER:
        return take_barrier(n, channel, (uint64_t)frame.time);
    case CHANNEL_END:
        aligned = align_end(&n->align, channel);
        if (aligned)
            task_snapshot(n, aligned);
        n->ending = channel + 1;
        return take_greeting(n, channel);
    default:
        return task_fail(n, STREAMD_FAIL_TASK, 5550, channel_trouble(n->channels[channel].channel));
    }
}

/* Its next frame must wait: for a barrier, or for the greetings of other channels. */
static int is_held(const struct task *n, uint32_t channel)
{
    return align_is_blocked(&n->align, channel) || (n->ungreeted && n->channels[channel].greeted);
}

static int find_frame(struct task *n, uint32_t *channel)
{
    for (uint32_t i = 0; i < n->channel_count; i++) {
        uint32_t k = (n->next_channel + i) % n->channel_count;

        if (!is_held(n, k) && channel_peek(n->channels[k].channel)) {
            *channel = k;
            return 1;
        }
    }
    return 0;
}

static int run_end(struct task *n)
{
    n->end_pending = 0;
    n->step = STEP_END;
    if (!operator_of(n)->end)
        return task_answered(n, STREAMD_OK);
    return task_answered(n, operator_of(n)->end(&n->context, n->self, n->end_input));
}

static int run_clock(struct task *n, int64_t now)
{
    int32_t table = due_table(n, STREAMD_TABLE_PROCESSING_TIMERS, now);

    if (table < 0)
        n->wake_at = INT64_MAX;
    n->step = STEP_CLOCK;
    if (!operator_of(n)->timer)
        return task_answered(n, STREAMD_OK);
    return task_answered(n, operator_of(n)->timer(&n->context, n->self, table, now));
}

/* ---- checkpoints --------------------------------------------------------------------------- */

void task_snapshot(struct task *n, uint64_t id)
{
    if (!n->absent && id > n->frozen)
        n->snapshot_due = id;
}

void task_commit(struct task *n, uint64_t id)
{
    n->commit_due = id;
}

static int run_commit(struct task *n)
{
    const struct streamd_operator *op = operator_of(n);
    uint64_t id = n->commit_due;
    enum streamd_flow flow;

    n->commit_due = 0;
    n->step = STEP_COMMIT;
    if (n->plan->kind == STREAMD_SOURCE) {
        const struct streamd_source *source = (const void *)n->plan->descriptor;

        if (source->commit)
            source->commit(&n->context, n->self, id);
        return task_answered(n, STREAMD_OK);
    }
    if (!op->commit)
        return task_answered(n, STREAMD_OK);
    if (FAILPOINT_ERRNO("W12"))
        return point_failed(n);
    flow = op->commit(&n->context, n->self, id);
    if (flow == STREAMD_OK && FAILPOINT_ERRNO("W13"))
        return point_failed(n);
    return task_answered(n, flow);
}

static int run_prepare(struct task *n)
{
    const struct streamd_operator *op = operator_of(n);

    n->step = STEP_PREPARE;
    if (n->plan->kind == STREAMD_SOURCE || !op->prepare)
        return task_answered(n, STREAMD_OK);
    return task_answered(n, op->prepare(&n->context, n->self, n->snapshot_due));
}

/* What the task has now belongs to the checkpoint; what it sends from now on does not. */
static int run_freeze(struct task *n)
{
    uint64_t id = n->snapshot_due;

    if (n->plan->kind == STREAMD_SINK && FAILPOINT_ERRNO("W9"))
        return point_failed(n);
    n->snapshot_due = 0;
    n->step = STEP_NONE;
    n->frozen = id;
    checkpoint_freeze(n, id);
    return n->ended ? 0 : task_forward(n, CHANNEL_BARRIER, (int64_t)id);
}

int task_protocol_due(const struct task *n)
{
    return !n->absent && n->waiting == TASK_READY &&
           (n->step == STEP_FREEZE || (n->step == STEP_NONE && (n->commit_due || n->snapshot_due)));
}

int task_run_protocol(struct task *n)
{
    if (n->step == STEP_FREEZE)
        return run_freeze(n);
    return n->commit_due ? run_commit(n) : run_prepare(n);
}

/* ---- what next ------------------------------------------------------------------------------ */

int task_runnable(struct task *n, int64_t now)
{
    uint32_t channel;

    if (n->waiting == TASK_WANTS_ROOM)
        return task_has_room(n);
    if (n->waiting == TASK_BLOCKED)
        return n->blocked_until <= now;
    if (n->step == STEP_FORWARD || n->step == STEP_END_FORWARD || task_protocol_due(n))
        return 1;
    if (n->ended || (n->step == STEP_NONE && !n->end_pending && !n->ending &&
                     !find_frame(n, &channel) && task_deadline(n) > now))
        return 0;
    return task_has_room(n);
}

int task_run(struct task *n, int64_t now)
{
    uint32_t channel;

    if (n->waiting != TASK_READY) {
        if (!operator_of(n)->resume)
            return task_fail(n, STREAMD_BUG, 5390, "answered HAS_MORE without a resume function");
        return task_answered(n, operator_of(n)->resume(&n->context, n->self));
    }
    switch (n->step) {
    case STEP_TIMERS:
        return run_timers(n);
    case STEP_WATERMARK:
        return run_watermark(n);
    case STEP_FORWARD:
        return forward_watermark(n);
    case STEP_END_FORWARD:
        n->step = STEP_NONE;
        n->ended = 1;
        return task_forward(n, CHANNEL_END, 0);
    default:
        break;
    }
    if (task_protocol_due(n))
        return task_run_protocol(n);
    if (n->ending)
        return take_end(n);
    if (n->end_pending)
        return run_end(n);
    if (task_deadline(n) <= now)
        return run_clock(n, now);
    if (!find_frame(n, &channel))
        return 0;
    n->next_channel = (channel + 1) % n->channel_count;
    return take_frame(n, channel);
}
