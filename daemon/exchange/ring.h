/*
 * exchange/ring.h - one producer, one consumer, and bytes in shared memory between them.
 *
 * A frame is a header of 16 bytes and its content, together a multiple of 16 bytes, at most half of
 * the ring, and in one piece: what would wrap around starts at the beginning of the ring, behind a
 * frame of padding. So whatever is waiting fits at the latest when the ring is empty.
 *
 * Neither side trusts the other. An index that moves backwards or too far, a length or kind that
 * cannot be: the ring is broken, and `why` says so from then on. Each end keeps its own index to
 * itself and only publishes it.
 */
#ifndef EXCHANGE_RING_H
#define EXCHANGE_RING_H

#include "exchange/segment.h"

#include <stddef.h>

enum { RING_HEADER = 16 };

/* Kinds of frames besides those of channel.h. */
enum { RING_PADDING = 64, RING_FRAGMENT = 65 };

/* In front of every frame. */
struct ring_header {
    uint32_t bytes; /* with this header */
    uint8_t kind;   /* enum channel_frame_kind, or one of the above */
    uint8_t zero[3];
    int64_t time; /* of a control frame; a fragment: bytes of the whole */
};

struct ring_writer {
    struct segment_ring shared;
    uint64_t head; /* ours */
    uint64_t tail; /* the reader's, as last seen */
    const char *why;
};

struct ring_reader {
    struct segment_ring shared;
    uint64_t tail;        /* ours, not yet published up to what ring_next skipped */
    uint64_t head;        /* the writer's, as last seen */
    uint32_t frame_bytes; /* of the frame that ring_next found */
    const char *why;
};

/* The largest frame, with its header. */
static inline size_t ring_most(const struct segment_ring *shared)
{
    return shared->bytes / 2;
}

/* ---- the producer ---- */

/* Two places where the next frame can be: right behind the last, and at the beginning of the ring;
   the better one first. Bytes are 0 where there is no room, and at most ring_most. */
struct ring_room {
    uint8_t *place[2];
    size_t bytes[2];
};

/* The producer's end of a ring that is empty. */
void ring_writer_init(struct ring_writer *writer, struct segment_ring shared);

/* What can be written now. A broken ring has no room. `may_rewind`: an empty ring may start again
   at its beginning, which is kinder to the cache, and leaves less room for what follows. */
struct ring_room ring_room(struct ring_writer *writer, int may_rewind);

/* Publishes a frame that was written at one of the places. Sets its header. */
void ring_commit(struct ring_writer *writer, const uint8_t *place, uint8_t kind, int64_t time,
                 size_t bytes);

/* Tells the reader whether we wait for room. */
void ring_want(struct ring_writer *writer, int wanted);

/* ---- the consumer ---- */

/* A frame in the ring: content that may change while it is looked at. */
struct ring_frame {
    uint8_t kind;
    int64_t time;
    const uint8_t *content;
    size_t bytes; /* of the content */
};

/* The consumer's end of a ring that nobody read from. */
void ring_reader_init(struct ring_reader *reader, struct segment_ring shared);

/* The oldest frame: 1, 0 where there is none, -1 where the ring is broken. */
int ring_next(struct ring_reader *reader, struct ring_frame *frame);

/* Gives the bytes of that frame back. Answers 1 where the writer waits for room and half of the
   ring is free: it wants to be woken. */
int ring_release(struct ring_reader *reader);

#endif
