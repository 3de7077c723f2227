/* Schemas have up to seven fields; the bits of the first byte say which types come in which order.
 */
#include "wire_fuzz.h"

#include "columnar/pool.h"
#include "columnar/wire.h"
#include "exchange/channel.h"
#include "exchange/ring.h"
#include "exchange/segment.h"
#include "exchange/wake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RING_BYTES = 2048, FIELDS = 7 };

static void must(int right)
{
    if (!right)
        abort();
}

/* Touches everything, so that a sanitizer sees what is out of bounds. */
static uint64_t read_rows(const struct streamd_batch *b)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < b->schema->field_count; i++) {
        const struct streamd_column *c = &b->columns[i];
        size_t width = streamd_type_width(b->schema->fields[i].type.id);

        for (uint32_t row = 0; (c->values || c->offsets) && row < b->rows; row++) {
            sum += (uint64_t)streamd_column_is_null(c, row);
            for (size_t k = 0; k < width; k++)
                sum += ((const uint8_t *)c->values)[width * row + k];
            for (size_t k = 0; !width && k < streamd_column_str(c, row).length; k++)
                sum += (uint8_t)streamd_column_str(c, row).data[k];
        }
    }
    for (uint32_t row = 0; row < b->rows; row++) {
        must(!b->event_time ||
             (b->event_time[row] >= b->min_time && b->event_time[row] <= b->max_time));
        must(!b->row_kind || b->row_kind[row] <= STREAMD_DELETE);
        sum += b->key_hash ? b->key_hash[row] : 0;
    }
    return sum;
}

static void one_batch(struct batch_pool *pool, const struct streamd_schema *schema,
                      const uint8_t *data, size_t size)
{
    struct streamd_batch *b, *again;
    struct wire_rows rows;
    size_t bytes;
    uint8_t *encoded;

    if (wire_decode(pool, schema, data, size, &b, NULL))
        return;
    rows = wire_rows_of(b);
    bytes = wire_size(b, &rows);
    encoded = aligned_alloc(16, bytes);
    must(encoded && bytes <= size + 16 * FIELDS);
    must(wire_encode(b, &rows, encoded, bytes) == bytes);
    must(wire_decode(pool, schema, encoded, bytes, &again, NULL) == 0);
    must(read_rows(b) == read_rows(again));
    must(b->rows == again->rows && !b->event_time == !again->event_time);
    free(encoded);
    batch_release(again);
    batch_release(b);
}

/* The content of a ring whose producer says that all of it was written. */
static void one_ring(struct batch_pool *pool, const struct streamd_schema *schema,
                     const uint8_t *data, size_t size)
{
    struct segment *segment;
    struct segment_ring shared;
    struct wake wake;
    struct channel_ring ring = {.schema = schema, .peer = &wake, .record_bytes = 1 << 16};
    struct channel *receiver;
    int fd;

    must(segment_create(1, RING_BYTES, &fd, NULL) == 0);
    must(segment_map(fd, 1, RING_BYTES, &segment, NULL) == 0);
    wake = (struct wake){segment_asleep(segment), eventfd(0, EFD_NONBLOCK)};
    shared = segment_ring(segment, 0);
    size = size > RING_BYTES ? RING_BYTES : size;
    memcpy(shared.data, data, size);
    atomic_store(shared.head, size);
    ring.segment = segment;
    receiver = channel_new_receiver(&ring, pool, NULL, 0);
    must(receiver != NULL);
    for (int i = 0; channel_peek(receiver); i++) {
        struct channel_frame f = channel_take(receiver);

        must(i <= RING_BYTES / RING_HEADER);
        if (f.kind == CHANNEL_BROKEN)
            break;
        if (f.kind == CHANNEL_BATCH) {
            read_rows(f.batch);
            batch_release(f.batch);
        }
    }
    channel_free(receiver);
    segment_free(segment);
    close(wake.fd);
    close(fd);
}

void wire_fuzz_one(const uint8_t *data, size_t size)
{
    static const uint8_t types[] = {STREAMD_STRING,  STREAMD_INT64, STREAMD_TIMESTAMP, STREAMD_BOOL,
                                    STREAMD_DECIMAL, STREAMD_DATE,  STREAMD_BYTES};
    struct batch_pool *pool = batch_pool_new(16 << 20);
    struct streamd_field fields[FIELDS];
    struct streamd_schema schema = {0, fields};

    must(pool != NULL);
    if (size > 0) {
        schema.field_count = 1 + data[0] % FIELDS;
        for (uint32_t i = 0; i < schema.field_count; i++)
            fields[i] = (struct streamd_field){
                "f", {.id = types[(i + (data[0] >> 3) % FIELDS) % FIELDS], .nullable = 1}};
        if (data[0] & 0x80)
            one_ring(pool, &schema, data + 1, size - 1);
        else
            one_batch(pool, &schema, data + 1, size - 1);
    }
    must(batch_pool_batches(pool) == 0);
    batch_pool_free(pool);
}
