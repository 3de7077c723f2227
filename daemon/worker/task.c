/*
 * One node's events. The state machine is in node.h; the scheduler in loop.c picks the node.
 *
 * Room: an event handler is called only when every output has room for a batch, so an operator may
 * emit at least once per event before it must look at what emit answers. Control frames are
 * forwarded whatever the room (exchange rule R3), and so `forward` steps need none.
 */
#include "worker/task.h"

#include "base/error.h"
#include "columnar/pool.h"

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

int task_has_room(const struct task *n)
{
    for (uint32_t i = 0; i < n->plan->output_count; i++)
        for (uint32_t k = 0; k < n->outputs[i].count; k++)
            if (!channel_has_room(n->outputs[i].channels[k]))
                return 0;
    return 1;
}

static int output_has_room(const struct task_output *output)
{
    for (uint32_t k = 0; k < output->count; k++)
        if (!channel_has_room(output->channels[k]))
            return 0;
    return 1;
}

/* A second reader of a batch gets a header of its own, since a reader may narrow the selection. */
static struct streamd_batch *another_header(struct streamd_batch *batch)
{
    struct streamd_batch *copy = batch_derive(batch, batch->schema);

    if (copy)
        memcpy(copy->columns, batch->columns, batch->schema->field_count * sizeof(*copy->columns));
    return copy;
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

        if (!copy || channel_send(output->channels[k], copy)) {
            batch_release(batch);
            return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a batch");
        }
    }
    if (output->count == 0)
        batch_release(batch);
    else if (channel_send(output->channels[output->count - 1], batch))
        return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a batch");
    return output_has_room(output);
}

int task_forward(struct task *n, enum channel_frame_kind kind, int64_t time)
{
    for (uint32_t i = 0; i < n->plan->output_count; i++)
        for (uint32_t k = 0; k < n->outputs[i].count; k++)
            if (channel_control(n->outputs[i].channels[k], kind, time))
                return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a control event");
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

uint64_t task_state_rows(struct task *n)
{
    uint64_t rows = 0;
    int64_t spaces[64];

    for (uint32_t i = 0; i < n->plan->table_count; i++) {
        struct streamd_table *t = n->tables[i].table;
        int64_t from = INT64_MIN;
        uint32_t count;

        if (n->plan->tables[i].decl.flags & STREAMD_TABLE_BROADCAST)
            continue;
        if (!(n->plan->tables[i].decl.flags & STREAMD_TABLE_NAMESPACED)) {
            rows += streamd_table_rows(t, 0);
            continue;
        }
        while ((count = streamd_table_namespaces(t, from, spaces, 64)) > 0) {
            for (uint32_t k = 0; k < count; k++)
                rows += streamd_table_rows(t, spaces[k]);
            if (spaces[count - 1] == INT64_MAX)
                break;
            from = spaces[count - 1] + 1;
        }
    }
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

static int take_frame(struct task *n, uint32_t input)
{
    struct channel_frame frame = channel_take(n->inputs[input]);

    switch (frame.kind) {
    case CHANNEL_BATCH:
        n->stats.rows_in += frame.batch->count;
        n->stats.batches_in++;
        n->batch = frame.batch;
        if (n->finished) {
            batch_release(n->batch);
            n->batch = NULL;
            return 0;
        }
        n->step = STEP_BATCH;
        return task_answered(n, operator_of(n)->batch(&n->context, n->self, input, frame.batch));
    case CHANNEL_WATERMARK:
        return forward_change(n, valve_watermark(&n->valve, input, frame.time));
    case CHANNEL_IDLE:
        return forward_change(n, valve_idle(&n->valve, input));
    case CHANNEL_ACTIVE:
        return forward_change(n, valve_active(&n->valve, input));
    default:
        n->inputs_open--;
        n->end_input = input;
        n->end_pending = 1; /* after what the watermark has to say, if it rises now */
        return forward_change(n, valve_end(&n->valve, input));
    }
}

static int find_frame(struct task *n, uint32_t *input)
{
    for (uint32_t i = 0; i < n->plan->input_count; i++) {
        uint32_t k = (n->next_input + i) % n->plan->input_count;

        if (channel_peek(n->inputs[k])) {
            *input = k;
            return 1;
        }
    }
    return 0;
}

static int run_timers(struct task *n)
{
    int32_t table = due_table(n, STREAMD_TABLE_EVENT_TIMERS, n->valve.output);

    if (table < 0 || !operator_of(n)->timer) {
        n->step = STEP_WATERMARK;
        return 0;
    }
    return task_answered(n, operator_of(n)->timer(&n->context, n->self, table, n->valve.output));
}

static int run_watermark(struct task *n)
{
    if (!operator_of(n)->watermark || n->finished) {
        n->step = STEP_FORWARD;
        return 0;
    }
    return task_answered(n, operator_of(n)->watermark(&n->context, n->self, n->valve.output));
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

int task_start(struct task *n, enum task_step step)
{
    const struct streamd_operator *op = operator_of(n);
    enum streamd_flow flow = STREAMD_OK;

    n->step = step;
    if (step == STEP_PREPARE && op->prepare)
        flow = op->prepare(&n->context, n->self, 1);
    else if (step == STEP_COMMIT && op->commit)
        flow = op->commit(&n->context, n->self, 1);
    return task_answered(n, flow);
}

int task_runnable(struct task *n, int64_t now)
{
    uint32_t input;

    if (n->waiting == TASK_WANTS_ROOM)
        return task_has_room(n);
    if (n->waiting == TASK_BLOCKED)
        return n->blocked_until <= now;
    if (n->step == STEP_FORWARD || n->step == STEP_END_FORWARD)
        return 1;
    if (n->ended || (n->step == STEP_NONE && !n->end_pending && !find_frame(n, &input) &&
                     task_deadline(n) > now))
        return 0;
    return task_has_room(n);
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

int task_run(struct task *n, int64_t now)
{
    uint32_t input;

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
    if (n->end_pending)
        return run_end(n);
    if (task_deadline(n) <= now)
        return run_clock(n, now);
    if (!find_frame(n, &input))
        return 0;
    n->next_input = (input + 1) % n->plan->input_count;
    return take_frame(n, input);
}
