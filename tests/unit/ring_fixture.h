/* Two ends of one ring, as two workers would have them, with their segments and wakes. */
#ifndef TESTS_UNIT_RING_FIXTURE_H
#define TESTS_UNIT_RING_FIXTURE_H

#include "columnar/pool.h"
#include "exchange/channel.h"
#include "exchange/segment.h"
#include "exchange/wake.h"

struct ring_ends {
    int memfd[2];              /* 0: of the producer's worker, 1: of the consumer's */
    struct segment *mapped[2]; /* the same */
    struct segment *of_sender; /* the consumer's segment once more, mapped by the producer */
    struct wake wake[2];
    struct batch_pool *pool; /* of the consumer */
    struct channel *sender, *receiver;
};

void ring_ends_init(struct ring_ends *ends, const struct streamd_schema *schema,
                    uint32_t ring_bytes, uint32_t slots, size_t record_bytes);
void ring_ends_clear(struct ring_ends *ends);

#endif
