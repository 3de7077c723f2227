/*
 * From bytes to batches, and from batches to watermarks. One batch per split is being filled; it is
 * sent when it is full, when the split has nothing more right now, and at the end. The watermark of
 * the split follows the batch that raised it.
 */
#include "worker/splits.h"

#include "columnar/narrow.h"
#include "columnar/pool.h"

enum { LARGE_BATCH_BYTES = 1 << 19 };

/* ---- watermarks --------------------------------------------------------------------------- */

int split_send_change(struct task *n, struct valve_change change)
{
    int rc = 0;

    if (change.went_active)
        rc = task_forward(n, CHANNEL_ACTIVE, 0);
    if (change.watermark_rose && !rc) {
        n->stats.watermark = n->valve.output;
        rc = task_forward(n, CHANNEL_WATERMARK, n->valve.output);
    }
    if (change.went_idle && !rc)
        rc = task_forward(n, CHANNEL_IDLE, 0);
    return rc;
}

/* largest - bound - 1, not below the smallest watermark. */
int64_t split_watermark(const struct task *n, int64_t max_time)
{
    int64_t watermark;

    if (__builtin_sub_overflow(max_time, n->plan->event_time.out_of_orderness + 1, &watermark))
        return INT64_MIN + 1;
    return watermark;
}

static int split_had_rows(struct task *n, struct streamd_split *split)
{
    uint32_t i = split_index(n->source, split);
    int rc = 0;

    split->empty_since = 0;
    if (split->idle) {
        split->idle = 0;
        rc = split_send_change(n, valve_active(&n->valve, i));
    }
    if (!rc && split->max_time != INT64_MIN)
        rc = split_send_change(n,
                               valve_watermark(&n->valve, i, split_watermark(n, split->max_time)));
    return rc;
}

/* Polled, had room, and nothing came. */
int split_had_nothing(struct task *n, struct streamd_split *split, int64_t now)
{
    int64_t idle_after = n->plan->event_time.idle_after;

    if (split->empty_since == 0)
        split->empty_since = now;
    if (idle_after == 0 || split->idle)
        return 0;
    if (now - split->empty_since >= idle_after) {
        split->idle = 1;
        return split_send_change(n, valve_idle(&n->valve, split_index(n->source, split)));
    }
    if (split->until > split->empty_since + idle_after)
        split->until = split->empty_since + idle_after;
    return 0;
}

/* ---- batches ------------------------------------------------------------------------------ */

/* Takes rows without an event time out of the batch. */
static int reject_timeless(struct task *n, struct streamd_batch *b, const struct streamd_column *c)
{
    uint16_t *sel = batch_alloc(b, b->rows * sizeof(*sel));
    uint32_t count = 0;

    if (!sel)
        return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a batch");
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        if (!streamd_column_is_null(c, row)) {
            sel[count++] = (uint16_t)row;
            continue;
        }
        int rc = streamd_reject(&n->context, b, row, STREAMD_ROW_NO_TIME,
                                "the event time field is NULL");
        if (rc)
            return rc;
    }
    b->sel = sel;
    b->count = count;
    return 0;
}

static void selected_bounds(struct streamd_batch *b)
{
    int64_t least = INT64_MAX, largest = INT64_MIN;

    for (uint32_t k = 0; k < b->count; k++) {
        int64_t t = b->event_time[b->sel[k]];

        least = t < least ? t : least;
        largest = t > largest ? t : largest;
    }
    b->min_time = least;
    b->max_time = largest;
}

/* Sets the event times of a batch, and the bounds of its selected rows. */
static int set_event_time(struct task *n, struct streamd_batch *b)
{
    const struct plan_event_time *e = &n->plan->event_time;

    if (!e->has) {
        b->event_time = NULL;
        return 0;
    }
    if (e->field >= 0) {
        const struct streamd_column *c = &b->columns[e->field];
        int rc = c->validity ? reject_timeless(n, b, c) : 0;

        if (rc)
            return rc;
        b->event_time = c->values;
    }
    if (b->sel)
        selected_bounds(b);
    else
        narrow_bounds(b->event_time, b->rows, &b->min_time, &b->max_time);
    return 0;
}

static size_t unfinished(const struct source_driver *d)
{
    return d->splits.count - d->finished_count;
}

/* Sends a batch of a split, then the watermark. As streamd_emit. */
static int send_batch(struct task *n, struct streamd_split *split, struct streamd_batch *b)
{
    int room, rc = set_event_time(n, b);

    if (rc) {
        batch_release(b);
        return rc;
    }
    if (b->count > 0 && n->plan->event_time.has && b->max_time > split->max_time)
        split->max_time = b->max_time;
    atomic_fetch_add_explicit(&n->worker->rows, b->count, memory_order_relaxed);
    room = task_emit(n, 0, b);
    if (room < 0)
        return room;
    rc = split_had_rows(n, split);
    if (!rc)
        rc = task_flush_errors(n);
    /* Beside other splits the next batch may be another one's, by event time. */
    return rc ? rc : room && unfinished(n->source) < 2 && task_has_room(n);
}

int split_flush(struct task *n, struct streamd_split *split)
{
    struct streamd_batch *b = split->batch;

    split->batch = NULL;
    if (!b || b->rows == 0) {
        batch_release(b);
        return task_has_room(n);
    }
    b->count = b->rows;
    return send_batch(n, split, b);
}

int source_emit(struct streamd_context *c, struct streamd_split *split, struct streamd_batch *batch)
{
    return send_batch(task_of(c), split, batch);
}

int source_has_room(struct streamd_context *c, struct streamd_split *split)
{
    (void)split;
    return task_has_room(task_of(c));
}

static size_t variable_bytes(const struct streamd_batch *b)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < b->schema->field_count; i++)
        if (b->columns[i].offsets)
            bytes += (size_t)b->columns[i].offsets[b->rows];
    return bytes;
}

int source_feed(struct streamd_context *c, struct streamd_split *split, const uint8_t *data,
                size_t length, uint64_t position, int last, size_t *consumed)
{
    struct task *n = task_of(c);
    const struct streamd_format *format = n->plan->format.format;
    size_t used = 0;

    *consumed = 0;
    for (;;) {
        struct streamd_chunk chunk = {.data = data + *consumed,
                                      .length = length - *consumed,
                                      .position = position + *consumed,
                                      .last = last};
        int full, rc;

        if (!split->batch)
            split->batch = batch_new(n->worker->pool, n->context.output, c->batch_rows);
        if (!split->batch)
            return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a batch");
        rc = format->decode(c, split->decoder, &chunk, split->batch, &used);
        if (rc)
            return n->worker->failed ? rc : task_fail(n, STREAMD_FAIL_TASK, 5302, "cannot decode");
        *consumed += used;
        full = split->batch->rows == split->batch->capacity;
        if (full || variable_bytes(split->batch) > LARGE_BATCH_BYTES) {
            rc = split_flush(n, split);
            if (rc < 0)
                return rc;
            if (rc == 0)
                return 0;
        }
        if (!full || *consumed == length)
            return 1;
    }
}
