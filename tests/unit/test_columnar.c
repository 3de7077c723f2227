/* Batches and their pool: what a batch owns, shares, copies, and what happens without memory. */
#include "base/memory.h"
#include "columnar/pool.h"

#include <streamd/error.h>

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct streamd_field fields[] = {
    {"i", {.id = STREAMD_INT64, .nullable = 1}},
    {"b", {.id = STREAMD_BOOL}},
    {"d", {.id = STREAMD_DATE}},
    {"m", {.id = STREAMD_DECIMAL, 38, 2, 0}},
    {"s", {.id = STREAMD_STRING, .nullable = 1}},
    {"f", {.id = STREAMD_FLOAT64}},
};
enum { I, B, D, M, S, F, FIELDS };
static const struct streamd_schema schema = {.field_count = FIELDS, .fields = fields};

/* Row k: k, k odd, -k, k * 2^64 + k, "row-k", k / 2; every fifth i and every seventh s is NULL. */
static void put_row(struct streamd_batch *b, int64_t k)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "row-%lld", (long long)k);
    uint32_t row = b->rows;

    ((int64_t *)b->columns[I].values)[row] = k;
    ((uint8_t *)b->columns[B].values)[row] = k & 1;
    ((int32_t *)b->columns[D].values)[row] = (int32_t)-k;
    ((struct streamd_decimal *)b->columns[M].values)[row] =
        (struct streamd_decimal){(uint64_t)k, k};
    ((double *)b->columns[F].values)[row] = (double)k / 2;
    if (k % 5 == 0) {
        if (!b->columns[I].validity)
            assert_int_equal(batch_nullable(b, I), 0);
        b->columns[I].validity[row / 8] &= (uint8_t) ~(1u << row % 8);
    }
    if (k % 7 == 0) {
        if (!b->columns[S].validity)
            assert_int_equal(batch_nullable(b, S), 0);
        b->columns[S].validity[row / 8] &= (uint8_t) ~(1u << row % 8);
        length = 0;
    }
    assert_int_equal(batch_reserve(b, S, (size_t)length), 0);
    memcpy(b->columns[S].data + b->columns[S].offsets[row], text, (size_t)length);
    b->columns[S].offsets[row + 1] = b->columns[S].offsets[row] + length;
    b->event_time[row] = k * 1000;
    b->rows = b->count = row + 1;
}

static void check_row(const struct streamd_batch *b, uint32_t row, int64_t k)
{
    struct streamd_str s = streamd_column_str(&b->columns[S], row);
    char text[32];

    snprintf(text, sizeof(text), "row-%lld", (long long)k);
    assert_int_equal(streamd_column_is_null(&b->columns[I], row), k % 5 == 0);
    if (k % 5)
        assert_int_equal(((int64_t *)b->columns[I].values)[row], k);
    assert_int_equal(((uint8_t *)b->columns[B].values)[row], k & 1);
    assert_int_equal(((int32_t *)b->columns[D].values)[row], -k);
    assert_int_equal(((struct streamd_decimal *)b->columns[M].values)[row].low, k);
    assert_int_equal(((struct streamd_decimal *)b->columns[M].values)[row].high, k);
    assert_true(((double *)b->columns[F].values)[row] == (double)k / 2);
    assert_int_equal(streamd_column_is_null(&b->columns[S], row), k % 7 == 0);
    if (k % 7) {
        assert_int_equal(s.length, strlen(text));
        assert_memory_equal(s.data, text, s.length);
    }
    assert_int_equal(b->event_time[row], k * 1000);
}

static struct streamd_batch *filled(struct batch_pool *pool, uint32_t rows)
{
    struct streamd_batch *b = batch_new(pool, &schema, rows);

    assert_non_null(b);
    for (uint32_t k = 0; k < rows; k++)
        put_row(b, k);
    b->min_time = 0;
    b->max_time = (rows - 1) * 1000;
    return b;
}

static void a_batch_is_ready_to_be_filled(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = batch_new(pool, &schema, 2048);

    (void)state;
    assert_int_equal(b->rows, 0);
    assert_int_equal(b->count, 0);
    assert_int_equal(b->capacity, 2048);
    assert_ptr_equal(b->schema, &schema);
    assert_null(b->sel);
    assert_null(b->row_kind);
    assert_null(b->key_hash);
    for (uint32_t i = 0; i < FIELDS; i++) {
        const struct streamd_column *c = &b->columns[i];

        assert_null(c->validity);
        assert_int_equal(((uintptr_t)c->values | (uintptr_t)c->offsets | (uintptr_t)c->data) % 16,
                         0);
        assert_true((c->values != NULL) == (i != S));
    }
    assert_int_equal(b->columns[S].offsets[0], 0);
    assert_true(b->columns[S].data_capacity >= 2048 * 16);
    assert_int_equal((uintptr_t)b->event_time % 16, 0);
    assert_int_equal((uintptr_t)batch_alloc(b, 3) % 16, 0);
    assert_ptr_equal(batch_pool_of(b), pool);
    batch_release(b);

    assert_null(batch_new(pool, &schema, 0));
    assert_null(batch_new(pool, &schema, STREAMD_BATCH_MAX_ROWS + 1));
    b = batch_new(pool, &schema, STREAMD_BATCH_MAX_ROWS);
    assert_non_null(b);
    batch_release(b);
    assert_int_equal(batch_pool_batches(pool), 0);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_pool_free(pool);
}

static void rows_stay_as_they_are_put(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = filled(pool, 3000);

    (void)state;
    for (uint32_t k = 0; k < 3000; k++)
        check_row(b, k, k);
    batch_release(b);
    batch_pool_free(pool);
}

static void long_values_move_and_stay(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = batch_new(pool, &schema, 8);
    struct streamd_column *c = &b->columns[S];
    static char text[3 << 20];

    (void)state;
    for (uint32_t row = 0; row < 8; row++) {
        uint32_t length = 5u << (2 * row);

        memset(text, 'a' + (int)row, length);
        assert_int_equal(batch_reserve(b, S, length), 0);
        memcpy(c->data + c->offsets[row], text, length);
        c->offsets[row + 1] = c->offsets[row] + (int32_t)length;
        b->rows = b->count = row + 1;
    }
    for (uint32_t row = 0; row < 8; row++)
        for (int32_t i = c->offsets[row]; i < c->offsets[row + 1]; i++)
            assert_int_equal(c->data[i], 'a' + row);
    assert_int_equal(batch_reserve(b, S, INT32_MAX), STREAMD_E_LIMIT);
    assert_int_equal(batch_reserve(b, S, SIZE_MAX), STREAMD_E_LIMIT);
    batch_release(b);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_pool_free(pool);
}

static void derived_batches_keep_their_parents(void **state)
{
    static const struct streamd_schema part = {.field_count = 2, .fields = &fields[S]};
    static const uint16_t sel[] = {1, 3};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = filled(pool, 10), *d, *e;

    (void)state;
    b->sel = sel;
    b->count = 2;
    d = batch_derive(b, &part);
    assert_ptr_equal(d->sel, sel);
    assert_int_equal(d->count, 2);
    assert_int_equal(d->rows, 10);
    assert_ptr_equal(d->event_time, b->event_time);
    assert_int_equal(d->max_time, 9000);
    assert_null(d->columns[0].offsets);
    d->columns[0] = b->columns[S];
    d->columns[1].values = batch_alloc(d, 10 * sizeof(double));
    e = batch_derive(d, &part);
    e->columns[0] = d->columns[0];
    batch_release(b);
    assert_ptr_equal(batch_retain(e), e);
    batch_release(d);
    batch_release(e);
    assert_int_equal(batch_pool_batches(pool), 3); /* e keeps d, which keeps b */
    assert_memory_equal(streamd_column_str(&e->columns[0], 3).data, "row-3", 5);
    batch_release(e);
    assert_int_equal(batch_pool_batches(pool), 0);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_release(NULL);
    batch_pool_free(pool);
    batch_pool_free(NULL);
}

static void compaction_takes_the_selected_rows(void **state)
{
    uint16_t sel[] = {0, 3, 5, 7, 14, 35, 99};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = filled(pool, 100), *c;
    double values[7];

    (void)state;
    c = batch_compact(b); /* everything, without a selection */
    assert_int_equal(c->count, 100);
    for (uint32_t k = 0; k < 100; k++)
        check_row(c, k, k);
    batch_release(c);

    b->row_kind = batch_alloc(b, 100);
    for (uint32_t k = 0; k < 100; k++)
        b->row_kind[k] = k % 4;
    b->sel = sel;
    b->count = 7;
    b->columns[F].values = NULL; /* a column that nobody reads is not there */
    c = batch_compact(b);
    assert_int_equal(c->rows, 7);
    assert_int_equal(c->count, 7);
    assert_null(c->sel);
    assert_null(c->columns[F].values);
    assert_int_equal(c->max_time, b->max_time);
    c->columns[F].values = values;
    for (uint32_t k = 0; k < 7; k++) {
        values[k] = sel[k] / 2.0;
        check_row(c, k, sel[k]);
        assert_int_equal(c->row_kind[k], sel[k] % 4);
    }
    batch_release(b); /* c has nothing of b */
    check_row(c, 6, 99);
    batch_release(c);

    b = filled(pool, 4);
    b->sel = sel;
    b->count = 0;
    b->event_time = NULL;
    c = batch_compact(b);
    assert_int_equal(c->rows, 0);
    assert_null(c->event_time);
    batch_release(c);
    batch_release(b);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_pool_free(pool);
}

static void rows_are_appended_one_by_one(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *from = filled(pool, 60), *to = batch_new(pool, &schema, 40);

    (void)state;
    for (uint32_t k = 0; k < 20; k++)
        assert_int_equal(batch_append_row(to, from, 59 - 2 * k), 0);
    assert_null(to->row_kind);
    from->row_kind = batch_alloc(from, 60);
    memset(from->row_kind, STREAMD_DELETE, 60);
    assert_int_equal(batch_append_row(to, from, 30), 0);
    assert_int_equal(to->rows, 21);
    assert_int_equal(to->count, 21);
    for (uint32_t k = 0; k < 20; k++) {
        check_row(to, k, 59 - 2 * k);
        assert_int_equal(to->row_kind[k], STREAMD_INSERT);
    }
    check_row(to, 20, 30);
    assert_int_equal(to->row_kind[20], STREAMD_DELETE);
    assert_int_equal(to->min_time, 21 * 1000);
    assert_int_equal(to->max_time, 59 * 1000);
    batch_release(from);
    batch_release(to);
    batch_pool_free(pool);
}

static void the_limit_holds(void **state)
{
    struct batch_pool *pool = batch_pool_new(1 << 20);
    struct streamd_batch *list[100];
    uint32_t n = 0;
    size_t full;

    (void)state;
    while (n < 100 && (list[n] = batch_new(pool, &schema, 1024)) != NULL)
        n++;
    assert_true(n > 2 && n < 20);
    assert_true(batch_pool_bytes(pool) <= 1 << 20);
    full = batch_pool_bytes(pool);
    assert_null(batch_alloc(list[0], 1 << 20));
    assert_int_equal(batch_pool_bytes(pool), full);
    batch_release(list[--n]);
    list[n] = batch_new(pool, &schema, 1024);
    assert_non_null(list[n++]);
    while (n > 0)
        batch_release(list[--n]);
    assert_int_equal(batch_pool_bytes(pool), 0);
    batch_pool_free(pool);
}

static void a_steady_stream_allocates_nothing(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct streamd_batch *a = filled(pool, 2048), *b = batch_compact(a);

        if (i == 1)
            memory_fail_at(1, 1); /* from now on there is none */
        assert_non_null(b);
        batch_release(a);
        batch_release(b);
    }
    memory_fail_at(0, 0);
    batch_pool_free(pool);
}

/* Everything that needs memory, with each of its allocations failing once. */
static int all_of_it(struct batch_pool *pool)
{
    static const uint16_t sel[] = {5, 7, 10};
    struct streamd_batch *b = batch_new(pool, &schema, 30000), *c = NULL, *d = NULL, *e = NULL;
    int rc = b ? 0 : -1;

    if (!rc) {
        b->event_time[0] = 0;
        for (uint32_t i = 0; i < FIELDS; i++)
            if (i != S)
                memset(b->columns[i].values, 0, 16);
        memset(b->columns[S].offsets, 0, 20 * sizeof(int32_t));
        b->rows = b->count = 16;
        rc = batch_nullable(b, I);
    }
    if (!rc)
        rc = batch_reserve(b, S, 10 << 20);
    if (!rc)
        rc = batch_alloc(b, 3 << 20) ? 0 : -1;
    if (!rc) {
        b->row_kind = batch_alloc(b, 16);
        rc = b->row_kind ? 0 : -1;
    }
    if (!rc) {
        memset(b->row_kind, 0, 16);
        b->sel = sel;
        b->count = 3;
        rc = (c = batch_compact(b)) ? 0 : -1;
    }
    if (!rc)
        rc = (d = batch_derive(b, &schema)) ? 0 : -1;
    if (!rc)
        rc = (e = batch_new(pool, &schema, 20)) ? 0 : -1;
    if (!rc)
        rc = batch_append_row(e, b, 5);
    batch_release(e);
    batch_release(d);
    batch_release(c);
    batch_release(b);
    return rc;
}

static void without_memory(void **state)
{
    uint64_t n = 0;
    int rc;

    (void)state;
    do {
        struct batch_pool *pool;

        memory_fail_at(++n, 0);
        pool = batch_pool_new(0);
        rc = pool ? all_of_it(pool) : -1;
        memory_fail_at(0, 0);
        if (pool) {
            assert_int_equal(batch_pool_batches(pool), 0);
            assert_int_equal(batch_pool_bytes(pool), 0);
        }
        batch_pool_free(pool);
        assert_true(n < 1000);
    } while (rc);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_ready_to_be_filled),
        cmocka_unit_test(rows_stay_as_they_are_put),
        cmocka_unit_test(long_values_move_and_stay),
        cmocka_unit_test(derived_batches_keep_their_parents),
        cmocka_unit_test(compaction_takes_the_selected_rows),
        cmocka_unit_test(rows_are_appended_one_by_one),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(a_steady_stream_allocates_nothing),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
