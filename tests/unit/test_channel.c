/* The channel inside one process: order, room, control frames, what is left at the end. */
#include "base/memory.h"
#include "columnar/pool.h"
#include "exchange/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct streamd_field fields[] = {{"n", {.id = STREAMD_INT64}}};
static const struct streamd_schema schema = {1, fields};

static struct streamd_batch *batch_of(struct batch_pool *pool, int64_t value)
{
    struct streamd_batch *b = batch_new(pool, &schema, 4);

    assert_non_null(b);
    ((int64_t *)b->columns[0].values)[0] = value;
    b->rows = b->count = 1;
    return b;
}

static void keeps_order_and_counts_room(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct channel *c = channel_new(2);

    (void)state;
    assert_true(channel_has_room(c));
    assert_int_equal(channel_send(c, batch_of(pool, 1)), 0);
    assert_int_equal(channel_control(c, CHANNEL_WATERMARK, 7), 0);
    assert_true(channel_has_room(c));
    assert_int_equal(channel_send(c, batch_of(pool, 2)), 0);
    assert_false(channel_has_room(c));
    assert_int_equal(channel_control(c, CHANNEL_END, 0), 0);
    for (int64_t i = 1; i <= 2; i++) {
        struct channel_frame frame = channel_take(c);

        assert_int_equal(frame.kind, CHANNEL_BATCH);
        assert_int_equal(((int64_t *)frame.batch->columns[0].values)[0], i);
        batch_release(frame.batch);
        if (i == 1) {
            frame = channel_take(c);
            assert_int_equal(frame.kind, CHANNEL_WATERMARK);
            assert_int_equal(frame.time, 7);
        }
    }
    assert_int_equal(channel_take(c).kind, CHANNEL_END);
    assert_null(channel_peek(c));
    channel_free(c);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void watermark_replaces_watermark(void **state)
{
    struct channel *c = channel_new(1);

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(channel_control(c, CHANNEL_WATERMARK, i), 0);
    assert_int_equal(channel_take(c).time, 999);
    assert_null(channel_peek(c));
    assert_int_equal(channel_control(c, CHANNEL_WATERMARK, 1), 0);
    assert_int_equal(channel_control(c, CHANNEL_IDLE, 0), 0);
    assert_int_equal(channel_control(c, CHANNEL_WATERMARK, 2), 0);
    assert_int_equal(channel_take(c).time, 1);
    assert_int_equal(channel_take(c).kind, CHANNEL_IDLE);
    assert_int_equal(channel_take(c).time, 2);
    channel_free(c);
}

/* Control frames never wait for room; order survives that the ring grows and wraps. */
static void control_frames_always_fit(void **state)
{
    struct channel *c = channel_new(1);

    (void)state;
    for (int i = 0; i < 5; i++)
        channel_control(c, CHANNEL_IDLE, 0);
    for (int i = 0; i < 5; i++)
        channel_take(c);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(channel_control(c, i % 2 ? CHANNEL_IDLE : CHANNEL_ACTIVE, i), 0);
    }
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(channel_take(c).time, i);
    channel_free(c);
}

static void releases_what_is_left(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct channel *c = channel_new(2);

    (void)state;
    channel_send(c, batch_of(pool, 1));
    channel_send(c, batch_of(pool, 2));
    channel_free(c);
    assert_int_equal(batch_pool_batches(pool), 0);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_pool_free(pool);
}

/* A batch that cannot be queued is released, not leaked. */
static void survives_no_memory(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct channel *c = channel_new(1);

    (void)state;
    for (int i = 0; i < 8; i++)
        channel_control(c, CHANNEL_IDLE, 0);
    struct streamd_batch *b = batch_of(pool, 1);

    memory_fail_at(1, 1);
    assert_true(channel_send(c, b) < 0);
    memory_fail_at(0, 0);
    channel_free(c);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_and_counts_room),
        cmocka_unit_test(watermark_replaces_watermark),
        cmocka_unit_test(control_frames_always_fit),
        cmocka_unit_test(releases_what_is_left),
        cmocka_unit_test(survives_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
