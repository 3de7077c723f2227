/*
 * The producer's end of a ring. Rows go straight from the batch into the ring; what does not fit
 * waits in a queue, as a header with a selection, and is encoded when there is room.
 *
 *     send ──► queue empty? ── encode into the ring ──► done
 *                    │               │ no room
 *                    └──► queue ◄────┘
 *                           │ pump, when the consumer made room
 *                           └──► ring
 *
 * A batch that is larger than a frame may be goes in parts; a row that is, in fragments, from a
 * buffer of its own. `need` remembers how large the first frame is, so that trying again while the
 * ring is full costs nothing.
 */
#include "exchange/channel_body.h"
#include "exchange/queue.h"
#include "exchange/ring.h"
#include "exchange/wake.h"

#include "base/error.h"
#include "base/memory.h"
#include "columnar/pool.h"
#include "columnar/wire.h"

#include <string.h>

enum { DEFAULT_RECORD = 1 << 30 };

struct sender {
    struct channel channel; /* first */
    struct ring_writer ring;
    const struct wake *peer;
    struct frame_queue queue;
    size_t record_limit;
    int key_hash;

    uint32_t sent; /* rows of the batch at hand that are in the ring, or in `record` */
    uint32_t part; /* rows of it to try at once; 0: all */
    size_t need;   /* bytes of its next frame, 0: not known */
    int wanted;    /* the consumer knows that we wait */

    uint8_t *record; /* a row that goes in fragments, or NULL */
    size_t record_bytes, record_sent;
};

static struct sender *sender_of(const struct channel *c)
{
    return (struct sender *)(uintptr_t)c;
}

static void sender_free(struct channel *c)
{
    struct sender *s = sender_of(c);

    frame_queue_clear(&s->queue);
    memory_free(s->record);
    memory_free(s);
}

static int broken(struct sender *s)
{
    return error_set_full(&s->channel.trouble, STREAMD_E_DATA, STREAMD_FAIL_TASK, 5550,
                          "the channel is broken: %s", s->ring.why);
}

static void commit(struct sender *s, const uint8_t *place, uint8_t kind, int64_t time, size_t bytes)
{
    ring_commit(&s->ring, place, kind, time, bytes);
    wake_peer(s->peer);
    s->need = 0;
}

/* Room for a frame of exactly `bytes`, or NULL. */
static uint8_t *place_for(struct sender *s, size_t bytes)
{
    struct ring_room room = ring_room(&s->ring, 0);

    s->need = bytes;
    return room.bytes[0] >= bytes ? room.place[0] : room.bytes[1] >= bytes ? room.place[1] : NULL;
}

/* ---- rows that are too large for a frame --------------------------------------------------- */

/* As many fragments of the record as there is room for: 1 all of it, 0 some are left. */
static int put_fragments(struct sender *s)
{
    while (s->record_sent < s->record_bytes) {
        size_t most = ring_most(&s->ring.shared) - RING_HEADER;
        size_t left = s->record_bytes - s->record_sent, bytes = left < most ? left : most;
        uint8_t *place = place_for(s, RING_HEADER + bytes);

        if (!place)
            return s->ring.why ? broken(s) : 0;
        memcpy(place + RING_HEADER, s->record + s->record_sent, bytes);
        s->record_sent += bytes;
        commit(s, place, RING_FRAGMENT, (int64_t)s->record_bytes, RING_HEADER + bytes);
    }
    memory_free(s->record);
    s->record = NULL;
    return 1;
}

/* Encodes one row into a buffer, of which it then goes in fragments. */
static int start_record(struct sender *s, const struct streamd_batch *b,
                        const struct wire_rows *row, size_t bytes)
{
    if (bytes > s->record_limit)
        return error_set_full(&s->channel.trouble, STREAMD_E_LIMIT, STREAMD_FAIL_TASK, 5551,
                              "a record takes %zu bytes, and at most %zu can be passed on", bytes,
                              s->record_limit);
    s->record = memory_alloc(bytes);
    if (!s->record)
        return error_set_nomem(&s->channel.trouble);
    s->record_bytes = wire_encode(b, row, s->record, bytes);
    s->record_sent = 0;
    return 0;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* Encodes at one of the two places. The bytes written, or 0. */
static size_t encode_at(const struct streamd_batch *b, const struct wire_rows *rows, uint8_t *place,
                        size_t room)
{
    size_t bytes;

    if (room < RING_HEADER)
        return 0;
    bytes = wire_encode(b, rows, place + RING_HEADER, room - RING_HEADER);
    return bytes ? RING_HEADER + bytes : 0;
}

/* Puts rows into one frame: 1 done, 0 there is no room (`need` says how much), or -1: more than a
   frame holds (`need` too). */
static int put_frame(struct sender *s, const struct streamd_batch *b, const struct wire_rows *rows)
{
    struct ring_room room = ring_room(&s->ring, s->queue.count == 0);

    for (int i = 0; i < 2; i++) {
        size_t bytes =
            s->need <= room.bytes[i] ? encode_at(b, rows, room.place[i], room.bytes[i]) : 0;

        if (bytes) {
            commit(s, room.place[i], CHANNEL_BATCH, 0, bytes);
            return 1;
        }
    }
    if (!s->need)
        s->need = RING_HEADER + wire_size(b, rows);
    return s->need > ring_most(&s->ring.shared) ? -1 : 0;
}

/* How many of `rows` rows that take `need` bytes probably fit into a frame: less than `rows`. */
static uint32_t fewer(const struct sender *s, uint32_t rows)
{
    uint64_t fit = (uint64_t)rows * ring_most(&s->ring.shared) / s->need;

    return fit < 1 ? 1 : fit < rows ? (uint32_t)fit : rows - 1;
}

/* The next frame of a batch's rows: 1 done, 0 there is no room, or negative. */
static int put_part(struct sender *s, const struct streamd_batch *b, const uint16_t *list,
                    uint32_t left)
{
    uint32_t n = s->part && s->part < left ? s->part : left;
    struct wire_rows rows = {list ? list + s->sent : NULL, list ? 0 : s->sent, n};
    int rc = put_frame(s, b, &rows);

    if (s->ring.why)
        return broken(s);
    if (rc == 1) {
        s->sent += n;
    } else if (rc < 0 && n > 1) {
        s->part = fewer(s, n);
        s->need = 0;
        return 1;
    } else if (rc < 0) {
        rc = start_record(s, b, &rows, s->need - RING_HEADER);
        if (rc)
            return rc;
        s->part = 0;
        s->need = 0;
        s->sent++;
        return 1;
    }
    return rc;
}

/* Puts rows of a batch, from `sent` on, into the ring as far as there is room: 1 all of them, 0
   some are left, or negative. */
static int put_rows(struct sender *s, const struct streamd_batch *b, const uint16_t *list,
                    uint32_t count)
{
    struct streamd_batch as_sent = *b;

    if (!s->key_hash)
        as_sent.key_hash = NULL;
    while (s->record || s->sent < count) {
        int rc = s->record ? put_fragments(s) : put_part(s, &as_sent, list, count - s->sent);

        if (rc <= 0)
            return rc;
    }
    s->sent = s->part = 0;
    return 1;
}

/* ---- the queue ----------------------------------------------------------------------------- */

static int put_control(struct sender *s, const struct channel_frame *frame)
{
    uint8_t *place = place_for(s, RING_HEADER);

    if (!place)
        return s->ring.why ? broken(s) : 0;
    commit(s, place, (uint8_t)frame->kind, frame->time, RING_HEADER);
    return 1;
}

/* Moves what waits into the ring: 1 all of it, 0 something is left, or negative. */
static int drain(struct sender *s)
{
    struct channel_frame *f;

    while ((f = frame_queue_first(&s->queue)) != NULL) {
        int rc = f->kind == CHANNEL_BATCH ? put_rows(s, f->batch, f->batch->sel, f->batch->count)
                                          : put_control(s, f);

        if (rc <= 0)
            return rc;
        batch_release(frame_queue_take(&s->queue).batch);
    }
    return 1;
}

/* Drains; where something is left, the consumer learns that room is wanted, and then there may have
   been room before it learned. */
static int sender_pump(struct channel *c)
{
    struct sender *s = sender_of(c);
    int rc;

    if (s->queue.count == 0)
        return 0;
    rc = drain(s);
    if (rc == 0 && !s->wanted) {
        ring_want(&s->ring, s->wanted = 1);
        rc = drain(s);
    }
    if (rc == 1 && s->wanted)
        ring_want(&s->ring, s->wanted = 0);
    return rc < 0 ? rc : rc == 0;
}

/* Adds to the queue, takes the batch, and tells the consumer that somebody waits. */
static int wait_in_queue(struct sender *s, struct channel_frame frame)
{
    int rc;

    if (frame_queue_push(&s->queue, frame))
        return error_set_nomem(&s->channel.trouble);
    rc = sender_pump(&s->channel);
    return rc < 0 ? rc : 0;
}

/* ---- the interface ------------------------------------------------------------------------- */

static int sender_has_room(const struct channel *c)
{
    const struct sender *s = sender_of(c);

    return s->ring.why != NULL || frame_queue_has_room(&s->queue);
}

/* Tries to send rows at once: 1 done, 0 they have to wait, or negative. */
static int send_now(struct sender *s, const struct streamd_batch *b, const uint16_t *rows,
                    uint32_t count)
{
    if (s->ring.why)
        return broken(s);
    return s->queue.count ? 0 : put_rows(s, b, rows, count);
}

static int sender_send(struct channel *c, struct streamd_batch *batch)
{
    struct sender *s = sender_of(c);
    int rc = send_now(s, batch, batch->sel, batch->count);

    if (rc == 0)
        return wait_in_queue(s, (struct channel_frame){.kind = CHANNEL_BATCH, .batch = batch});
    batch_release(batch);
    return rc < 0 ? rc : 0;
}

static int sender_send_rows(struct channel *c, struct streamd_batch *batch, const uint16_t *rows,
                            uint32_t count)
{
    struct sender *s = sender_of(c);
    struct streamd_batch *narrow;
    int rc;

    if (!rows) {
        rows = batch->sel;
        count = batch->count;
    }
    rc = send_now(s, batch, rows, count);
    if (rc)
        return rc < 0 ? rc : 0;
    narrow = channel_narrow(batch, rows, count);
    if (!narrow)
        return error_set_nomem(&s->channel.trouble);
    return wait_in_queue(s, (struct channel_frame){.kind = CHANNEL_BATCH, .batch = narrow});
}

static int sender_control(struct channel *c, struct channel_frame frame)
{
    struct sender *s = sender_of(c);
    int rc;

    if (s->ring.why)
        return broken(s);
    rc = s->queue.count ? 0 : put_control(s, &frame);
    return rc == 0 ? wait_in_queue(s, frame) : rc < 0 ? rc : 0;
}

static uint32_t sender_batches(const struct channel *c)
{
    return sender_of(c)->queue.batches;
}

static const struct channel_body sender_body = {
    .free = sender_free,
    .has_room = sender_has_room,
    .send = sender_send,
    .send_rows = sender_send_rows,
    .control = sender_control,
    .pump = sender_pump,
    .batches = sender_batches,
};

struct channel *channel_new_sender(const struct channel_ring *ring, uint32_t slots)
{
    struct sender *s = memory_zalloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->channel.body = &sender_body;
    ring_writer_init(&s->ring, segment_ring(ring->segment, ring->ring));
    s->peer = ring->peer;
    s->key_hash = ring->key_hash;
    s->record_limit = ring->record_bytes ? ring->record_bytes : DEFAULT_RECORD;
    if (frame_queue_init(&s->queue, slots)) {
        memory_free(s);
        return NULL;
    }
    return &s->channel;
}
