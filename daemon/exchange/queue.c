/*
 * A ring that grows. It starts at slots + 4 frames and grows only when control frames pile up
 * behind a consumer that is blocked, which is bounded: a watermark replaces the one before it, and
 * the other control frames come a few times in a channel's life.
 */
#include "exchange/queue.h"

#include "base/memory.h"
#include "columnar/pool.h"

#include <streamd/error.h>

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t n = 8;

    while (n < at_least)
        n *= 2;
    return n;
}

int frame_queue_init(struct frame_queue *q, uint32_t slots)
{
    *q = (struct frame_queue){.slots = slots ? slots : 1};
    q->capacity = power_of_two(q->slots + 4);
    q->frames = memory_zalloc(q->capacity, sizeof(*q->frames));
    return q->frames ? 0 : STREAMD_E_NOMEM;
}

void frame_queue_clear(struct frame_queue *q)
{
    while (q->count > 0)
        batch_release(frame_queue_take(q).batch);
    memory_free(q->frames);
    q->frames = NULL;
}

static struct channel_frame *frame_at(const struct frame_queue *q, uint32_t index)
{
    return &q->frames[(q->head + index) & (q->capacity - 1)];
}

static int grow(struct frame_queue *q)
{
    struct channel_frame *frames = memory_zalloc((size_t)q->capacity * 2, sizeof(*frames));

    if (!frames)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < q->count; i++)
        frames[i] = *frame_at(q, i);
    memory_free(q->frames);
    q->frames = frames;
    q->capacity *= 2;
    q->head = 0;
    return 0;
}

int frame_queue_push(struct frame_queue *q, struct channel_frame frame)
{
    struct channel_frame *last = q->count ? frame_at(q, q->count - 1) : NULL;

    if (last && frame.kind == CHANNEL_WATERMARK && last->kind == CHANNEL_WATERMARK) {
        last->time = frame.time;
        return 0;
    }
    if (q->count == q->capacity && grow(q)) {
        batch_release(frame.batch);
        return STREAMD_E_NOMEM;
    }
    *frame_at(q, q->count) = frame;
    q->count++;
    q->batches += frame.kind == CHANNEL_BATCH;
    return 0;
}

struct channel_frame *frame_queue_first(struct frame_queue *q)
{
    return q->count ? frame_at(q, 0) : NULL;
}

struct channel_frame frame_queue_take(struct frame_queue *q)
{
    struct channel_frame frame = *frame_at(q, 0);

    q->head = (q->head + 1) & (q->capacity - 1);
    q->count--;
    q->batches -= frame.kind == CHANNEL_BATCH;
    return frame;
}
