/* The channel inside one worker: a queue, and both ends are on one thread. */
#include "exchange/channel_body.h"
#include "exchange/queue.h"

#include "base/error.h"
#include "base/memory.h"
#include "columnar/pool.h"

struct local {
    struct channel channel; /* first */
    struct frame_queue queue;
};

static struct local *local_of(const struct channel *c)
{
    return (struct local *)(uintptr_t)c;
}

static void local_free(struct channel *c)
{
    frame_queue_clear(&local_of(c)->queue);
    memory_free(c);
}

static int local_has_room(const struct channel *c)
{
    return frame_queue_has_room(&local_of(c)->queue);
}

static int push(struct channel *c, struct channel_frame frame)
{
    if (frame_queue_push(&local_of(c)->queue, frame))
        return error_set_nomem(&c->trouble);
    return 0;
}

static int local_send(struct channel *c, struct streamd_batch *batch)
{
    return push(c, (struct channel_frame){.kind = CHANNEL_BATCH, .batch = batch});
}

static int local_send_rows(struct channel *c, struct streamd_batch *batch, const uint16_t *rows,
                           uint32_t count)
{
    struct streamd_batch *narrow = channel_narrow(batch, rows, count);

    return narrow ? local_send(c, narrow) : error_set_nomem(&c->trouble);
}

static int local_control(struct channel *c, struct channel_frame frame)
{
    return push(c, frame);
}

static int local_pump(struct channel *c)
{
    (void)c; /* nothing ever waits in front of a queue */
    return 0;
}

static const struct channel_frame *local_peek(struct channel *c)
{
    return frame_queue_first(&local_of(c)->queue);
}

static struct channel_frame local_take(struct channel *c)
{
    return frame_queue_take(&local_of(c)->queue);
}

static uint32_t local_batches(const struct channel *c)
{
    return local_of(c)->queue.batches;
}

static const struct channel_body local_body = {
    .free = local_free,
    .has_room = local_has_room,
    .send = local_send,
    .send_rows = local_send_rows,
    .control = local_control,
    .pump = local_pump,
    .peek = local_peek,
    .take = local_take,
    .batches = local_batches,
};

struct channel *channel_new(uint32_t slots)
{
    struct local *l = memory_zalloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->channel.body = &local_body;
    if (frame_queue_init(&l->queue, slots)) {
        memory_free(l);
        return NULL;
    }
    return &l->channel;
}
