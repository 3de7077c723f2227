/*
 * The consumer's end of a ring. A frame stays in the ring until it is taken; a batch is made of it
 * then, in one copy. Fragments are gathered as they come, so that a row larger than the ring gets
 * through. Whatever cannot be makes the channel BROKEN, for good.
 */
#include "exchange/channel_body.h"
#include "exchange/ring.h"
#include "exchange/wake.h"

#include "base/error.h"
#include "base/memory.h"
#include "columnar/wire.h"
#include "columnar/pool.h"

#include <string.h>

enum { DEFAULT_RECORD = 1 << 30 };

struct receiver {
    struct channel channel; /* first */
    struct ring_reader ring;
    const struct wake *peer;
    const struct streamd_schema *schema;
    struct batch_pool *pool;
    const uint8_t *needed;
    int event_time;
    size_t record_limit;

    int ready; /* `frame` is the oldest frame */
    struct channel_frame frame;
    struct ring_frame content; /* CHANNEL_BATCH: its bytes */
    uint8_t *record;           /* a row that comes in fragments, or NULL */
    size_t record_bytes, record_got;
};

static struct receiver *receiver_of(const struct channel *c)
{
    return (struct receiver *)(uintptr_t)c;
}

static void receiver_free(struct channel *c)
{
    memory_free(receiver_of(c)->record);
    memory_free(c);
}

static void release(struct receiver *r)
{
    if (ring_release(&r->ring))
        wake_peer(r->peer);
}

/* From now on the oldest frame is BROKEN. */
static void broken(struct receiver *r)
{
    r->frame = (struct channel_frame){.kind = CHANNEL_BROKEN, .time = r->channel.trouble.code};
    r->ready = 1;
}

static void nonsense(struct receiver *r, const char *why)
{
    error_set_full(&r->channel.trouble, STREAMD_E_DATA, STREAMD_FAIL_TASK, 5550,
                   "the channel is broken: %s", why);
    broken(r);
}

static void no_memory(struct receiver *r)
{
    error_set_nomem(&r->channel.trouble);
    broken(r);
}

/* ---- fragments ----------------------------------------------------------------------------- */

/* The first fragment says how large the whole is. */
static void start_record(struct receiver *r, int64_t bytes)
{
    if (bytes <= 0 || (uint64_t)bytes > r->record_limit) {
        nonsense(r, "a record in fragments is larger than it may be");
        return;
    }
    r->record = memory_alloc((size_t)bytes);
    r->record_bytes = (size_t)bytes;
    r->record_got = 0;
    if (!r->record)
        no_memory(r);
}

static void add_fragment(struct receiver *r, const struct ring_frame *f)
{
    if (!r->record)
        start_record(r, f->time);
    if (r->ready) /* broken */
        return;
    if ((uint64_t)f->time != r->record_bytes || f->bytes == 0 ||
        f->bytes > r->record_bytes - r->record_got) {
        nonsense(r, "fragments do not fit together");
        return;
    }
    memcpy(r->record + r->record_got, f->content, f->bytes);
    r->record_got += f->bytes;
    release(r);
    if (r->record_got == r->record_bytes) {
        r->frame = (struct channel_frame){.kind = CHANNEL_BATCH};
        r->ready = 1;
    }
}

/* ---- frames -------------------------------------------------------------------------------- */

static void look_at(struct receiver *r, const struct ring_frame *f)
{
    if (f->kind == RING_FRAGMENT) {
        add_fragment(r, f);
    } else if (r->record) {
        nonsense(r, "a record in fragments has no end");
    } else if (f->kind == CHANNEL_BATCH) {
        r->content = *f;
        r->frame = (struct channel_frame){.kind = CHANNEL_BATCH};
        r->ready = 1;
    } else if (f->kind >= CHANNEL_WATERMARK && f->kind <= CHANNEL_BARRIER && f->bytes == 0) {
        r->frame =
            (struct channel_frame){.kind = (enum channel_frame_kind)f->kind, .time = f->time};
        r->ready = 1;
    } else {
        nonsense(r, "a frame is of a kind that cannot be");
    }
}

static const struct channel_frame *receiver_peek(struct channel *c)
{
    struct receiver *r = receiver_of(c);
    struct ring_frame f;

    while (!r->ready) {
        int rc = ring_next(&r->ring, &f);

        if (rc == 0)
            return NULL;
        if (rc < 0)
            nonsense(r, r->ring.why);
        else
            look_at(r, &f);
    }
    return &r->frame;
}

/* 1 where the batch has all that those downstream rely on. */
static int is_complete(const struct receiver *r, const struct streamd_batch *b)
{
    for (uint32_t i = 0; r->needed && i < r->schema->field_count; i++)
        if (r->needed[i] && !b->columns[i].values && !b->columns[i].offsets)
            return 0;
    return !r->event_time || b->event_time;
}

/* Makes the batch of the frame, or a BROKEN of it. */
static void make_batch(struct receiver *r)
{
    const void *bytes = r->record ? r->record : r->content.content;
    size_t length = r->record ? r->record_bytes : r->content.bytes;
    struct streamd_error error;
    int rc = wire_decode(r->pool, r->schema, bytes, length, &r->frame.batch, &error);

    if (rc == STREAMD_E_NOMEM) {
        no_memory(r);
    } else if (rc) {
        nonsense(r, error.message);
    } else if (!is_complete(r, r->frame.batch)) {
        batch_release(r->frame.batch);
        nonsense(r, "a batch lacks a column that is needed");
    }
}

static struct channel_frame receiver_take(struct channel *c)
{
    struct receiver *r = receiver_of(c);
    struct channel_frame frame;

    if (!receiver_peek(c) || r->frame.kind == CHANNEL_BROKEN)
        return r->frame;
    if (r->frame.kind == CHANNEL_BATCH)
        make_batch(r);
    frame = r->frame;
    if (frame.kind == CHANNEL_BROKEN)
        return frame;
    if (r->record) { /* its fragments were given back as they came */
        memory_free(r->record);
        r->record = NULL;
    } else {
        release(r);
    }
    r->ready = 0;
    return frame;
}

static uint32_t receiver_batches(const struct channel *c)
{
    (void)c; /* what waits, waits in the ring or on the other side */
    return 0;
}

static const struct channel_body receiver_body = {
    .free = receiver_free,
    .peek = receiver_peek,
    .take = receiver_take,
    .batches = receiver_batches,
};

struct channel *channel_new_receiver(const struct channel_ring *ring, struct batch_pool *pool,
                                     const uint8_t *needed, int event_time)
{
    struct receiver *r = memory_zalloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->channel.body = &receiver_body;
    ring_reader_init(&r->ring, segment_ring(ring->segment, ring->ring));
    r->peer = ring->peer;
    r->schema = ring->schema;
    r->pool = pool;
    r->needed = needed;
    r->event_time = event_time;
    r->record_limit = ring->record_bytes ? ring->record_bytes : DEFAULT_RECORD;
    return &r->channel;
}
