/*
 * The in-process channel: a ring that grows. It starts at slots + 4 frames and grows only when
 * control frames pile up behind a consumer that is blocked, which is bounded: a watermark replaces
 * the one before it, and the other control frames come a few times in a channel's life.
 */
#include "exchange/channel.h"

#include "base/memory.h"
#include "columnar/pool.h"

#include <streamd/error.h>

#include <string.h>

struct channel {
    struct channel_frame *frames;
    uint32_t capacity; /* a power of two */
    uint32_t head;     /* of the oldest */
    uint32_t count;
    uint32_t batches;
    uint32_t slots;
};

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t n = 8;

    while (n < at_least)
        n *= 2;
    return n;
}

struct channel *channel_new(uint32_t slots)
{
    struct channel *c = memory_zalloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->slots = slots ? slots : 1;
    c->capacity = power_of_two(c->slots + 4);
    c->frames = memory_zalloc(c->capacity, sizeof(*c->frames));
    if (!c->frames) {
        memory_free(c);
        return NULL;
    }
    return c;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    while (c->count > 0)
        batch_release(channel_take(c).batch);
    memory_free(c->frames);
    memory_free(c);
}

int channel_has_room(const struct channel *c)
{
    return c->batches < c->slots;
}

static struct channel_frame *frame_at(const struct channel *c, uint32_t index)
{
    return &c->frames[(c->head + index) & (c->capacity - 1)];
}

static int grow(struct channel *c)
{
    struct channel_frame *frames = memory_zalloc((size_t)c->capacity * 2, sizeof(*frames));

    if (!frames)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < c->count; i++)
        frames[i] = *frame_at(c, i);
    memory_free(c->frames);
    c->frames = frames;
    c->capacity *= 2;
    c->head = 0;
    return 0;
}

static int push(struct channel *c, struct channel_frame frame)
{
    if (c->count == c->capacity && grow(c))
        return STREAMD_E_NOMEM;
    *frame_at(c, c->count) = frame;
    c->count++;
    return 0;
}

int channel_send(struct channel *c, struct streamd_batch *batch)
{
    if (push(c, (struct channel_frame){.kind = CHANNEL_BATCH, .batch = batch})) {
        batch_release(batch);
        return STREAMD_E_NOMEM;
    }
    c->batches++;
    return 0;
}

int channel_control(struct channel *c, enum channel_frame_kind kind, int64_t time)
{
    struct channel_frame *last = c->count ? frame_at(c, c->count - 1) : NULL;

    if (last && kind == CHANNEL_WATERMARK && last->kind == CHANNEL_WATERMARK) {
        last->time = time;
        return 0;
    }
    return push(c, (struct channel_frame){.kind = kind, .time = time});
}

const struct channel_frame *channel_peek(const struct channel *c)
{
    return c->count ? frame_at(c, 0) : NULL;
}

struct channel_frame channel_take(struct channel *c)
{
    struct channel_frame frame = *frame_at(c, 0);

    c->head = (c->head + 1) & (c->capacity - 1);
    c->count--;
    if (frame.kind == CHANNEL_BATCH)
        c->batches--;
    return frame;
}

uint32_t channel_batches(const struct channel *c)
{
    return c->batches;
}
