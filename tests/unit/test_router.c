/* Which task gets which rows: each exactly once, in order, by the golden rule for key groups. */
#include "columnar/keyhash.h"
#include "exchange/router.h"
#include "random_batch.h"
#include "ring_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TASKS = 5, ROWS = 200, GROUPS = 128 };

/* Consumers: rings where the bit of `rings` is set, else local. */
struct consumers {
    struct ring_ends ends[TASKS];
    struct channel *to[TASKS], *from[TASKS];
    uint32_t rings;
};

static void consumers_init(struct consumers *c, const struct streamd_schema *schema, uint32_t rings)
{
    c->rings = rings;
    for (uint32_t i = 0; i < TASKS; i++) {
        if (rings >> i & 1) {
            ring_ends_init(&c->ends[i], schema, 1 << 16, 4, 0);
            c->to[i] = c->ends[i].sender;
            c->from[i] = c->ends[i].receiver;
        } else {
            c->to[i] = c->from[i] = channel_new(4);
        }
    }
}

static void consumers_clear(struct consumers *c)
{
    for (uint32_t i = 0; i < TASKS; i++) {
        if (c->rings >> i & 1)
            ring_ends_clear(&c->ends[i]);
        else
            channel_free(c->to[i]);
    }
}

static struct router *router_of(struct consumers *c, enum router_kind kind, uint32_t count,
                                const struct streamd_schema *schema, const uint32_t *keys,
                                uint32_t key_count, uint32_t groups)
{
    struct router_spec spec = {.kind = kind,
                               .consumers = c->to,
                               .count = count,
                               .first = 7,
                               .schema = schema,
                               .key_fields = keys,
                               .key_count = key_count,
                               .key_groups = groups};

    return router_new(&spec);
}

/* Hash of one row by itself. */
static uint64_t hash_of(const struct streamd_batch *b, uint32_t row, const uint32_t *keys,
                        uint32_t key_count)
{
    const struct streamd_column *columns[RANDOM_FIELDS];
    struct streamd_type types[RANDOM_FIELDS];
    static uint64_t hash[STREAMD_BATCH_MAX_ROWS];

    for (uint32_t i = 0; i < key_count; i++) {
        columns[i] = &b->columns[keys[i]];
        types[i] = b->schema->fields[keys[i]].type;
    }
    keyhash_batch(b, columns, types, key_count, hash);
    return hash[row];
}

/* Takes what a consumer got and compares with the rows of `b` that it should have, in order. */
static uint32_t check_consumer(struct channel *from, struct streamd_batch *b, uint32_t task,
                               uint32_t tasks, uint32_t groups, const uint32_t *keys,
                               uint32_t key_count)
{
    uint32_t k = 0, found = 0;

    while (channel_peek(from)) {
        struct channel_frame f = channel_take(from);

        assert_int_equal(f.kind, CHANNEL_BATCH);
        assert_non_null(f.batch->key_hash);
        for (uint32_t j = 0; j < f.batch->count; j++, k++, found++) {
            uint32_t row = streamd_batch_row(f.batch, j);
            uint64_t hash = 0;

            for (; k < b->count; k++) {
                hash = hash_of(b, streamd_batch_row(b, k), keys, key_count);
                if ((hash >> 32) * groups / (UINT64_C(1) << 32) * tasks / groups == task)
                    break;
            }
            assert_true(k < b->count);
            assert_int_equal(f.batch->key_hash[row], hash);
            b->key_hash[streamd_batch_row(b, k)] = hash;
            assert_true(random_rows_equal(b, streamd_batch_row(b, k), f.batch, row));
        }
        batch_release(f.batch);
    }
    return found;
}

static void by_hash(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);

    (void)state;
    for (uint64_t i = 1; i <= 600; i++) {
        uint64_t seed = i * 22695477;
        struct random_schema schema;
        struct streamd_batch *b;
        struct consumers c;
        struct router *r;
        uint32_t keys[RANDOM_FIELDS], key_count = 0, found = 0;
        uint32_t tasks = 1 + (uint32_t)(i % TASKS), groups = i & 1 ? GROUPS : tasks + 94;

        random_schema_init(&schema, &seed);
        b = random_batch(pool, &schema, &seed, ROWS, 40);
        for (uint32_t f = 0; f < schema.schema.field_count; f++)
            if ((b->columns[f].values || b->columns[f].offsets) && random_one_in(&seed, 2) &&
                schema.fields[f].type.id != STREAMD_JSON)
                keys[key_count++] = f;
        b->row_kind = NULL; /* the next test has those */
        consumers_init(&c, &schema.schema, (uint32_t)random_next(&seed));
        r = router_of(&c, ROUTER_HASH, tasks, &schema.schema, keys, key_count, groups);
        assert_true(router_has_room(r));
        assert_int_equal(router_send(r, batch_retain(b)), 0);
        if (!b->key_hash)
            b->key_hash = batch_alloc(b, b->rows * sizeof(uint64_t));
        for (uint32_t t = 0; t < tasks; t++)
            found += check_consumer(c.from[t], b, t, tasks, groups, keys, key_count);
        assert_int_equal(found, b->count);
        router_free(r);
        batch_release(b);
        consumers_clear(&c);
    }
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static const struct streamd_field number_field[] = {{"n", {.id = STREAMD_INT64}}};
static const struct streamd_schema number_schema = {1, number_field};

static struct streamd_batch *numbers(struct batch_pool *pool, uint32_t rows, int64_t first)
{
    struct streamd_batch *b = batch_new(pool, &number_schema, rows);

    for (uint32_t i = 0; i < rows; i++)
        ((int64_t *)b->columns[0].values)[i] = first + i;
    b->rows = b->count = rows;
    b->event_time = NULL;
    return b;
}

/* The halves of an update whose key changed stand for themselves; others stay an update. */
static void updates(void **state)
{
    static const uint32_t keys[] = {0};
    struct batch_pool *pool = batch_pool_new(0);
    struct consumers c;
    struct router *r;
    int split = 0, whole = 0;

    (void)state;
    for (int64_t n = 0; n < 100; n++) {
        struct streamd_batch *b = numbers(pool, 2, n);
        uint32_t task[2], at = 0;

        if (n % 2)
            ((int64_t *)b->columns[0].values)[1] = n;
        b->row_kind = batch_alloc(b, 2);
        b->row_kind[0] = STREAMD_UPDATE_BEFORE;
        b->row_kind[1] = STREAMD_UPDATE_AFTER;
        for (uint32_t row = 0; row < 2; row++)
            task[row] =
                keyhash_owner(keyhash_group(hash_of(b, row, keys, 1), GROUPS), TASKS, GROUPS);
        consumers_init(&c, &number_schema, n % 3 ? 0x1f : 0);
        r = router_of(&c, ROUTER_HASH, TASKS, &number_schema, keys, 1, GROUPS);
        assert_int_equal(router_send(r, b), 0);
        for (uint32_t t = 0; t < TASKS; t++) {
            while (channel_peek(c.from[t])) {
                struct channel_frame f = channel_take(c.from[t]);

                for (uint32_t k = 0; k < f.batch->count; k++, at++) {
                    uint8_t kind = f.batch->row_kind[streamd_batch_row(f.batch, k)];

                    if (task[0] == task[1])
                        assert_int_equal(kind, at ? STREAMD_UPDATE_AFTER : STREAMD_UPDATE_BEFORE);
                    else
                        assert_int_equal(kind, t == task[0] ? STREAMD_DELETE : STREAMD_INSERT);
                }
                batch_release(f.batch);
            }
        }
        assert_int_equal(at, 2);
        split += task[0] != task[1];
        whole += task[0] == task[1];
        router_free(r);
        consumers_clear(&c);
    }
    assert_true(split > 20 && whole > 20);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* The first value of the next batch of a consumer, or -1. A batch has no hashes of another key. */
static int64_t first_of_next(struct channel *from)
{
    struct channel_frame f;
    int64_t value;

    if (!channel_peek(from))
        return -1;
    f = channel_take(from);
    assert_int_equal(f.kind, CHANNEL_BATCH);
    assert_null(f.batch->key_hash);
    assert_int_equal(f.batch->count, 3);
    value = ((int64_t *)f.batch->columns[0].values)[streamd_batch_row(f.batch, 0)];
    batch_release(f.batch);
    return value;
}

static void whole_batches(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);

    (void)state;
    for (uint32_t rings = 0; rings <= 0x1f; rings += 0x1f) {
        struct consumers c;
        struct router *r;

        consumers_init(&c, &number_schema, rings);
        r = router_of(&c, ROUTER_REBALANCE, TASKS, &number_schema, NULL, 0, GROUPS);
        for (int64_t n = 0; n < 10; n++) {
            struct streamd_batch *b = numbers(pool, 3, n);

            b->key_hash = n % 2 ? batch_alloc(b, 3 * sizeof(uint64_t)) : NULL;
            if (b->key_hash)
                memset(b->key_hash, 1, 3 * sizeof(uint64_t));
            assert_int_equal(router_send(r, b), 0);
        }
        for (int64_t n = 0; n < 10; n++)
            assert_int_equal(first_of_next(c.from[(7 + n) % TASKS]), n);
        router_free(r);

        r = router_of(&c, ROUTER_BROADCAST, TASKS, &number_schema, NULL, 0, GROUPS);
        assert_int_equal(router_send(r, numbers(pool, 3, 5)), 0);
        for (uint32_t t = 0; t < TASKS; t++)
            assert_int_equal(first_of_next(c.from[t]), 5);
        router_free(r);

        r = router_of(&c, ROUTER_GLOBAL, 1, &number_schema, NULL, 0, GROUPS);
        assert_int_equal(router_send(r, numbers(pool, 3, 6)), 0);
        assert_int_equal(first_of_next(c.from[0]), 6);
        router_free(r);
        for (uint32_t t = 0; t < TASKS; t++)
            assert_null(channel_peek(c.from[t]));
        consumers_clear(&c);
    }
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* R2 and R3: no room where one consumer has none; control frames reach all, whatever the room. */
static void room_and_control(void **state)
{
    static const uint32_t keys[] = {0};
    struct batch_pool *pool = batch_pool_new(0);
    struct consumers c;
    struct router *r;

    (void)state;
    consumers_init(&c, &number_schema, 0x0a);
    r = router_of(&c, ROUTER_HASH, TASKS, &number_schema, keys, 1, GROUPS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(channel_send(c.to[2], numbers(pool, 1, i)), 0);
    assert_false(router_has_room(r));
    assert_int_equal(router_control(r, CHANNEL_BARRIER, 9), 0);
    for (uint32_t t = 0; t < TASKS; t++) {
        for (int i = 0; t == 2 && i < 4; i++)
            batch_release(channel_take(c.from[t]).batch);
        assert_int_equal(channel_take(c.from[t]).time, 9);
    }
    assert_true(router_has_room(r));
    while (channel_batches(c.to[3]) < 4)
        assert_int_equal(channel_send(c.to[3], numbers(pool, 3000, 0)), 0);
    assert_false(router_has_room(r));
    assert_int_equal(router_pump(r), 1);
    atomic_store(segment_ring(c.ends[3].mapped[1], 1).tail, 8);
    assert_int_equal(router_pump(r), STREAMD_E_DATA);
    assert_int_equal(router_failed(r), 3);
    assert_non_null(strstr(router_trouble(r), "index"));
    router_free(r);
    consumers_clear(&c);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hash),
        cmocka_unit_test(updates),
        cmocka_unit_test(whole_batches),
        cmocka_unit_test(room_and_control),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
