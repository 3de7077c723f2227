/* Two segments, of which the consumer's is mapped twice, as by two processes. */
#include "ring_fixture.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void must(int right)
{
    if (!right)
        abort();
}

void ring_ends_init(struct ring_ends *e, const struct streamd_schema *schema, uint32_t ring_bytes,
                    uint32_t slots, size_t record_bytes)
{
    struct channel_ring ring = {.schema = schema, .record_bytes = record_bytes, .key_hash = 1};

    for (int i = 0; i < 2; i++) {
        must(segment_create(2, ring_bytes, &e->memfd[i], NULL) == 0);
        must(segment_map(e->memfd[i], 2, ring_bytes, &e->mapped[i], NULL) == 0);
        e->wake[i] = (struct wake){segment_asleep(e->mapped[i]), eventfd(0, EFD_NONBLOCK)};
        must(e->wake[i].fd >= 0);
    }
    must(segment_map(e->memfd[1], 2, ring_bytes, &e->of_sender, NULL) == 0);
    e->pool = batch_pool_new(0);
    ring.ring = 1;
    ring.segment = e->of_sender;
    ring.peer = &e->wake[1];
    e->sender = channel_new_sender(&ring, slots);
    ring.segment = e->mapped[1];
    ring.peer = &e->wake[0];
    e->receiver = channel_new_receiver(&ring, e->pool, NULL, 0);
    must(e->pool && e->sender && e->receiver);
}

void ring_ends_clear(struct ring_ends *e)
{
    channel_free(e->sender);
    channel_free(e->receiver);
    must(batch_pool_batches(e->pool) == 0);
    batch_pool_free(e->pool);
    segment_free(e->of_sender);
    for (int i = 0; i < 2; i++) {
        segment_free(e->mapped[i]);
        close(e->memfd[i]);
        close(e->wake[i].fd);
    }
}
