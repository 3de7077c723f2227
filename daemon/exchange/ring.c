/*
 * Indices count bytes ever written and read; modulo the size of the ring they are places. They and
 * `wanted` are sequentially consistent, which the dance of wake.h needs, and costs 20 cycles a
 * frame.
 *
 *            tail                 head
 *     |        |####frame####|##frame##|          |      room: from head to the end,
 *     0                                         size           from 0 to tail
 *
 * A ring whose consumer keeps up is empty again and again: then the next frame goes to the
 * beginning before the end is reached, so that only the first part of the ring is ever in the
 * cache.
 */
#include "exchange/ring.h"

#include <string.h>

enum { REWIND = 32 << 10 };

/* ---- the producer -------------------------------------------------------------------------- */

void ring_writer_init(struct ring_writer *w, struct segment_ring shared)
{
    *w = (struct ring_writer){.shared = shared};
}

/* Looks where the reader is. */
static void refresh_tail(struct ring_writer *w)
{
    uint64_t tail = atomic_load(w->shared.tail);

    if (tail < w->tail || tail > w->head || tail % RING_HEADER != 0)
        w->why = "the consumer moved its index to where it cannot be";
    else
        w->tail = tail;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct ring_room room_of(const struct ring_writer *w, int rewind)
{
    size_t size = w->shared.bytes, at = w->head & (size - 1), behind = size - at;
    size_t unused = size - (size_t)(w->head - w->tail), most = ring_most(&w->shared);
    size_t here = at_most(at_most(unused, behind), most);
    size_t start = unused > behind ? at_most(unused - behind, most) : 0;

    if (rewind && unused == size)
        return (struct ring_room){{w->shared.data, w->shared.data + at}, {start, here}};
    return (struct ring_room){{w->shared.data + at, w->shared.data}, {here, start}};
}

struct ring_room ring_room(struct ring_writer *w, int may_rewind)
{
    int rewind = may_rewind && (w->head & (w->shared.bytes - 1)) >= REWIND;
    struct ring_room room = room_of(w, rewind);

    if (room.bytes[0] < ring_most(&w->shared) || rewind) {
        refresh_tail(w);
        room = room_of(w, rewind);
    }
    if (w->why)
        room.bytes[0] = room.bytes[1] = 0;
    return room;
}

static void put_header(uint8_t *place, uint8_t kind, int64_t time, size_t bytes)
{
    struct ring_header header = {.bytes = (uint32_t)bytes, .kind = kind, .time = time};

    memcpy(place, &header, sizeof(header));
}

void ring_commit(struct ring_writer *w, const uint8_t *place, uint8_t kind, int64_t time,
                 size_t bytes)
{
    size_t size = w->shared.bytes, at = w->head & (size - 1);

    if (place != w->shared.data + at) {
        put_header(w->shared.data + at, RING_PADDING, 0, size - at);
        w->head += size - at;
        at = 0;
    }
    put_header(w->shared.data + at, kind, time, bytes);
    w->head += bytes;
    atomic_store(w->shared.head, w->head);
}

void ring_want(struct ring_writer *w, int wanted)
{
    atomic_store(w->shared.wanted, (uint32_t)wanted);
}

/* ---- the consumer -------------------------------------------------------------------------- */

void ring_reader_init(struct ring_reader *r, struct segment_ring shared)
{
    *r = (struct ring_reader){.shared = shared};
}

static int broken(struct ring_reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    return -1;
}

/* Looks how far the writer is: 1 where there is something, 0, or -1. */
static int refresh_head(struct ring_reader *r)
{
    uint64_t head = atomic_load(r->shared.head);

    if (head - r->tail > r->shared.bytes || head % RING_HEADER != 0) /* also where head < tail */
        return broken(r, "the producer moved its index to where it cannot be");
    r->head = head;
    return head != r->tail;
}

int ring_next(struct ring_reader *r, struct ring_frame *frame)
{
    for (;;) {
        size_t size = r->shared.bytes, at = r->tail & (size - 1);
        struct ring_header h;
        int rc;

        if (r->why)
            return -1;
        if (r->head == r->tail && (rc = refresh_head(r)) <= 0)
            return rc;
        memcpy(&h, r->shared.data + at, sizeof(h));
        if (h.bytes < RING_HEADER || h.bytes % RING_HEADER != 0 || h.bytes > size - at ||
            h.bytes > r->head - r->tail)
            return broken(r, "a frame has a length that cannot be");
        if (h.kind != RING_PADDING) {
            if (h.bytes > ring_most(&r->shared))
                return broken(r, "a frame is larger than half of the ring");
            r->frame_bytes = h.bytes;
            *frame = (struct ring_frame){h.kind, h.time, r->shared.data + at + RING_HEADER,
                                         h.bytes - RING_HEADER};
            return 1;
        }
        if (h.bytes != size - at)
            return broken(r, "padding does not end where the ring ends");
        r->tail += h.bytes;
    }
}

int ring_release(struct ring_reader *r)
{
    r->tail += r->frame_bytes;
    r->frame_bytes = 0;
    atomic_store(r->shared.tail, r->tail);
    if (!atomic_load(r->shared.wanted))
        return 0;
    /* What we last saw of the head says too little; a head that cannot be is ring_next's business.
     */
    return atomic_load(r->shared.head) - r->tail <= ring_most(&r->shared);
}
