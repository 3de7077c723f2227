/* Channels: which body does it. A frame costs one indirect call; a row costs none. */
#include "exchange/channel_body.h"

#include "base/memory.h"
#include "columnar/pool.h"

#include <string.h>

struct streamd_batch *channel_narrow(struct streamd_batch *batch, const uint16_t *rows,
                                     uint32_t count)
{
    struct streamd_batch *b = batch_derive(batch, batch->schema);

    if (!b)
        return NULL;
    memcpy(b->columns, batch->columns, batch->schema->field_count * sizeof(*b->columns));
    b->key_hash = batch->key_hash;
    if (rows) {
        b->sel = rows;
        b->count = count;
    }
    return b;
}

void channel_free(struct channel *c)
{
    if (c)
        c->body->free(c);
}

int channel_has_room(const struct channel *c)
{
    return c->body->has_room(c);
}

int channel_send(struct channel *c, struct streamd_batch *batch)
{
    return c->body->send(c, batch);
}

int channel_send_rows(struct channel *c, struct streamd_batch *batch, const uint16_t *rows,
                      uint32_t count)
{
    return c->body->send_rows(c, batch, rows, count);
}

int channel_control(struct channel *c, enum channel_frame_kind kind, int64_t time)
{
    return c->body->control(c, (struct channel_frame){.kind = kind, .time = time});
}

int channel_pump(struct channel *c)
{
    return c->body->pump(c);
}

const struct channel_frame *channel_peek(struct channel *c)
{
    return c->body->peek(c);
}

struct channel_frame channel_take(struct channel *c)
{
    return c->body->take(c);
}

uint32_t channel_batches(const struct channel *c)
{
    return c->body->batches(c);
}

const char *channel_trouble(const struct channel *c)
{
    return c->trouble.message;
}
