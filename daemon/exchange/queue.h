/*
 * exchange/queue.h - frames in order, in this process: the body of a local channel, and what waits
 * in front of a ring. Room for `slots` batches, and for any number of control frames behind them; a
 * watermark behind a watermark replaces it. The dataflow thread only.
 */
#ifndef EXCHANGE_QUEUE_H
#define EXCHANGE_QUEUE_H

#include "exchange/channel.h"

struct frame_queue {
    struct channel_frame *frames;
    uint32_t capacity; /* a power of two */
    uint32_t head;     /* of the oldest */
    uint32_t count;
    uint32_t batches;
    uint32_t slots;
};

/* 0 or STREAMD_E_NOMEM. Clear releases the batches that are still in it. */
int frame_queue_init(struct frame_queue *queue, uint32_t slots);
void frame_queue_clear(struct frame_queue *queue);

/* 1 where there is room for a batch. */
static inline int frame_queue_has_room(const struct frame_queue *q)
{
    return q->batches < q->slots;
}

/* Adds a frame, whatever the room, and takes its batch. 0, or STREAMD_E_NOMEM: the batch is gone
   all the same. */
int frame_queue_push(struct frame_queue *queue, struct channel_frame frame);

/* The oldest frame, or NULL; and the same taken out of the queue, which must not be empty. */
struct channel_frame *frame_queue_first(struct frame_queue *queue);
struct channel_frame frame_queue_take(struct frame_queue *queue);

#endif
