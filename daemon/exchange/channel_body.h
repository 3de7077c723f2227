/* exchange/channel_body.h - what the three bodies of a channel implement. Private to the exchange.
   A function that makes no sense at an end is NULL there: calling it is a bug of the worker. */
#ifndef EXCHANGE_CHANNEL_BODY_H
#define EXCHANGE_CHANNEL_BODY_H

#include "exchange/channel.h"

struct channel_body {
    void (*free)(struct channel *channel);
    int (*has_room)(const struct channel *channel);
    int (*send)(struct channel *channel, struct streamd_batch *batch);
    int (*send_rows)(struct channel *channel, struct streamd_batch *batch, const uint16_t *rows,
                     uint32_t count);
    int (*control)(struct channel *channel, struct channel_frame frame);
    int (*pump)(struct channel *channel);
    const struct channel_frame *(*peek)(struct channel *channel);
    struct channel_frame (*take)(struct channel *channel);
    uint32_t (*batches)(const struct channel *channel);
};

/* The first member of every body. */
struct channel {
    const struct channel_body *body;
    struct streamd_error trouble;
};

/* A header of its own for `rows` of a batch (NULL: as it is), which it retains. NULL: no memory. */
struct streamd_batch *channel_narrow(struct streamd_batch *batch, const uint16_t *rows,
                                     uint32_t count);

#endif
