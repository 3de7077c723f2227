/*
 * exchange/channel.h - one edge between two tasks: a bounded queue of frames.
 *
 * A frame is a batch or a control event. Batches wait for a free slot; control frames have a slot
 * of their own behind the last batch (rule R3 of the exchange: they never wait), and a watermark
 * behind a watermark replaces it. So a producer that has seen "room" can always finish its event.
 *
 *   local      producer -> [batch][batch][watermark][batch] -> consumer        slots = 4 batches
 *
 *   rings      producer -> [batch][watermark] --> ring in shared memory --> consumer
 *              waiting, slots = 4 batches         bytes (columnar/wire.h)
 *
 * A local channel has both ends in one worker. A channel between workers is two objects, a sender
 * in the one and a receiver in the other: the functions of the producer take the sender, those of
 * the consumer the receiver. Operators cannot tell the difference. Dataflow thread only.
 *
 * What the loop of a worker owes its senders: channel_pump on each that has something waiting,
 * whatever state the task is in (that is how R2 and R3 hold), and before it sleeps the dance of
 * exchange/wake.h.
 */
#ifndef EXCHANGE_CHANNEL_H
#define EXCHANGE_CHANNEL_H

#include <streamd/batch.h>
#include <streamd/error.h>

struct batch_pool;
struct segment;
struct wake;

/* Part of the layout of a ring: never renumbered. */
enum channel_frame_kind {
    CHANNEL_BATCH = 1,
    CHANNEL_WATERMARK = 2, /* time: no more rows with event time <= time, but late ones */
    CHANNEL_IDLE = 3,      /* counts no longer towards the watermark */
    CHANNEL_ACTIVE = 4,    /* counts again */
    CHANNEL_END = 5,       /* nothing follows */
    CHANNEL_BARRIER = 6,   /* time: the id of a checkpoint; 0: end of a greeting */
    CHANNEL_BROKEN = 7     /* never sent: the receiver found nonsense in the ring, or had no memory;
                              time: enum streamd_code, the text: channel_trouble. All that follows is
                              BROKEN too: the task fails. */
};

struct channel_frame {
    enum channel_frame_kind kind;
    int64_t time;
    struct streamd_batch *batch; /* the receiver owns the reference */
};

struct channel;

/* A local channel that holds `slots` batches (at least 1). NULL: no memory. Free releases the
   batches still in it; NULL is fine. */
struct channel *channel_new(uint32_t slots);
void channel_free(struct channel *channel);

/* One end of a ring. All pointers are borrowed and outlive the channel. */
struct channel_ring {
    struct segment *segment; /* of the consumer's worker */
    uint32_t ring;           /* number in it */
    const struct wake *peer; /* of the worker at the other end */
    const struct streamd_schema *schema;
    size_t record_bytes; /* a row that is larger, encoded, is refused; 0: 1 GiB */
    int key_hash;        /* of a sender: key hashes go along. Else who needs them computes them
                            again, which is cheaper than 8 bytes a row, unless keys are texts. */
};

/* The producer's end: `slots` batches (at least 1) wait in it when the ring is full. NULL: no
   memory. */
struct channel *channel_new_sender(const struct channel_ring *ring, uint32_t slots);

/*
 * The consumer's end; batches are made in `pool`. `needed` (borrowed) says per field whether a
 * batch must have that column, `event_time` whether it must have event times: a batch without is
 * nonsense. NULL: no column must be there. NULL: no memory.
 */
struct channel *channel_new_receiver(const struct channel_ring *ring, struct batch_pool *pool,
                                     const uint8_t *needed, int event_time);

/* ---- the producer ---- */

/* 1 where there is room for a batch; also 1 on a ring that is broken, so that sending tells. */
int channel_has_room(const struct channel *channel);

/*
 * Adds a batch and takes the caller's reference. 0, or negative (the reference is gone all the
 * same): STREAMD_E_NOMEM; STREAMD_E_LIMIT, a row is larger than record_bytes; STREAMD_E_DATA, the
 * peer moved the ring's index wrongly; see channel_trouble. May go beyond the slots: producers that
 * make several batches in one event ask channel_has_room between them.
 */
int channel_send(struct channel *channel, struct streamd_batch *batch);

/*
 * Adds some rows of a batch: rows[0 .. count-1], ascending row numbers, at least one; rows NULL:
 * all rows that are in the batch. The batch stays the caller's and is not changed; `rows` lives as
 * long as the batch (batch_alloc). Into a ring the rows are encoded without a copy in between; a
 * local consumer gets a header of its own with `rows` as its selection. As channel_send.
 */
int channel_send_rows(struct channel *channel, struct streamd_batch *batch, const uint16_t *rows,
                      uint32_t count);

/* Adds a control frame, whatever the room. 0, STREAMD_E_NOMEM or STREAMD_E_DATA. */
int channel_control(struct channel *channel, enum channel_frame_kind kind, int64_t time);

/* Moves on what waits in front of the ring. 1: something still waits; 0: nothing; or negative as
   channel_send. Cheap where nothing waits, and while the ring is as full as before. */
int channel_pump(struct channel *channel);

/* ---- the consumer ---- */

/* The oldest frame, without taking it: NULL where the channel is empty. The batch of a frame from a
   ring is NULL here, and is made by channel_take. */
const struct channel_frame *channel_peek(struct channel *channel);

/* Takes the oldest frame; the channel must not be empty. A ring may answer BROKEN for what was a
   batch when it was peeked at. */
struct channel_frame channel_take(struct channel *channel);

/* ---- both ---- */

/* Batches that wait in this object: those of a local channel, or in front of a ring. */
uint32_t channel_batches(const struct channel *channel);

/* What is wrong with a channel that is BROKEN or answered with an error; "" where nothing is. */
const char *channel_trouble(const struct channel *channel);

#endif
