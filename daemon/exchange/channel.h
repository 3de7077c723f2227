/*
 * exchange/channel.h - one edge between two tasks: a bounded queue of frames.
 *
 * A frame is a batch or a control event. Batches wait for a free slot; control frames have a slot
 * of their own behind the last batch (rule R3 of the exchange: they never wait), and a watermark
 * behind a watermark replaces it. So a producer that has seen "room" can always finish its event.
 *
 *      producer -> [batch][batch][watermark][batch] -> consumer         slots = 4 batches
 *
 * This body is the queue inside one process; both ends are on one thread.
 */
#ifndef EXCHANGE_CHANNEL_H
#define EXCHANGE_CHANNEL_H

#include <streamd/batch.h>

enum channel_frame_kind {
    CHANNEL_BATCH = 1,
    CHANNEL_WATERMARK = 2, /* time: no more rows with event time <= time, but late ones */
    CHANNEL_IDLE = 3,      /* counts no longer towards the watermark */
    CHANNEL_ACTIVE = 4,    /* counts again */
    CHANNEL_END = 5        /* nothing follows */
};

struct channel_frame {
    enum channel_frame_kind kind;
    int64_t time;
    struct streamd_batch *batch; /* the receiver owns the reference */
};

struct channel;

/* A channel that holds `slots` batches (at least 1). NULL: no memory. Free releases the batches
   still in it; NULL is fine. */
struct channel *channel_new(uint32_t slots);
void channel_free(struct channel *channel);

/* 1 where there is room for a batch. */
int channel_has_room(const struct channel *channel);

/* Adds a batch and takes the caller's reference. 0, or STREAMD_E_NOMEM (the reference is gone all
   the same). May go beyond the slots: producers that make several batches in one event ask
   channel_has_room between them. */
int channel_send(struct channel *channel, struct streamd_batch *batch);

/* Adds a control frame, whatever the room. 0 or STREAMD_E_NOMEM. */
int channel_control(struct channel *channel, enum channel_frame_kind kind, int64_t time);

/* The oldest frame, without taking it: NULL where the channel is empty. */
const struct channel_frame *channel_peek(const struct channel *channel);

/* Takes the oldest frame; the channel must not be empty. */
struct channel_frame channel_take(struct channel *channel);

/* Batches waiting. */
uint32_t channel_batches(const struct channel *channel);

#endif
