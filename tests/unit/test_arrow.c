/* Arrow's C data interface without Arrow: who owns what, damaged arrays, no memory. What values
   look like on the other side is the affair of arrow.py. */
#include "base/memory.h"
#include "columnar/arrow.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const struct streamd_field fields[] = {
    {"i", {.id = STREAMD_INT64, .nullable = 1}},  {"b", {.id = STREAMD_BOOL}},
    {"s", {.id = STREAMD_STRING, .nullable = 1}}, {"j", {.id = STREAMD_JSON}},
    {"m", {.id = STREAMD_DECIMAL, 10, 2, 1}},
};
enum { I, B, S, J, M, FIELDS, ROWS = 20 };
static const struct streamd_schema schema = {.field_count = FIELDS, .fields = fields};

/* Row k: k (NULL where k % 3 is 0), k odd, "k" k times, "[k]" as one digit, k. */
static struct streamd_batch *example(struct batch_pool *pool)
{
    struct streamd_batch *b = batch_new(pool, &schema, ROWS);

    if (!b || batch_nullable(b, I)) {
        batch_release(b);
        return NULL;
    }
    for (uint32_t k = 0; k < ROWS; k++) {
        ((int64_t *)b->columns[I].values)[k] = k;
        if (k % 3 == 0)
            b->columns[I].validity[k / 8] &= (uint8_t) ~(1u << k % 8);
        ((uint8_t *)b->columns[B].values)[k] = k % 2;
        memset(b->columns[S].data + b->columns[S].offsets[k], 'k', k);
        b->columns[S].offsets[k + 1] = b->columns[S].offsets[k] + (int32_t)k;
        memcpy(b->columns[J].data + b->columns[J].offsets[k], "[1]", 3);
        b->columns[J].offsets[k + 1] = b->columns[J].offsets[k] + 3;
        ((struct streamd_decimal *)b->columns[M].values)[k] = (struct streamd_decimal){k, 0};
    }
    b->rows = b->count = ROWS;
    return b;
}

static void the_array_keeps_the_batch(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = example(pool);
    struct ArrowArray array, moved;

    (void)state;
    assert_int_equal(arrow_export_batch(b, &array), 0);
    assert_int_equal(array.length, ROWS);
    assert_int_equal(array.n_children, FIELDS);
    assert_ptr_equal(array.children[I]->buffers[1], b->columns[I].values); /* no copy */
    assert_int_equal(((const uint8_t *)array.children[B]->buffers[1])[0], 0xAA);
    batch_release(b);

    moved = *array.children[S]; /* a consumer may take a child and let the rest go */
    array.children[S]->release = NULL;
    array.release(&array);
    assert_null(array.release);
    assert_int_equal(batch_pool_batches(pool), 1);
    assert_int_equal(((const int32_t *)moved.buffers[1])[4], 6);
    assert_memory_equal((const char *)moved.buffers[2] + 6, "kkkk", 4);
    moved.release(&moved);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void a_selection_is_compacted(void **state)
{
    static const uint16_t sel[] = {2, 3, 19};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = example(pool);
    struct ArrowArray array;

    (void)state;
    b->sel = sel;
    b->count = 3;
    b->columns[M].values = NULL; /* nobody read it */
    assert_int_equal(arrow_export_batch(b, &array), 0);
    batch_release(b);
    assert_int_equal(array.length, 3);
    assert_int_equal(((const int64_t *)array.children[I]->buffers[1])[2], 19);
    assert_int_equal(((const uint8_t *)array.children[I]->buffers[0])[0] & 7, 5);
    assert_int_equal(((const uint8_t *)array.children[B]->buffers[1])[0], 6);
    assert_int_equal(array.children[M]->null_count, 3);
    assert_int_equal(((const uint8_t *)array.children[M]->buffers[0])[0] & 7, 0);
    array.release(&array);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void a_schema_comes_back(void **state)
{
    struct arena arena = {0};
    struct streamd_schema back;
    struct ArrowSchema types;

    (void)state;
    assert_int_equal(arrow_export_schema(&schema, &types), 0);
    assert_string_equal(types.format, "+s");
    assert_string_equal(types.children[M]->format, "d:10,2");
    assert_int_equal(arrow_import_schema(&arena, &types, &back, NULL), 0);
    assert_int_equal(back.field_count, FIELDS);
    for (uint32_t i = 0; i < FIELDS; i++) {
        assert_string_equal(back.fields[i].name, fields[i].name);
        assert_memory_equal(&back.fields[i].type, &fields[i].type, sizeof(fields[i].type));
    }
    types.release(&types);
    assert_null(types.release);
    arena_clear(&arena);
}

/* Imports the array and expects a refusal. */
static void refused(struct batch_pool *pool, struct ArrowSchema *types, struct ArrowArray *array,
                    int64_t from, uint32_t rows)
{
    struct streamd_batch *out = NULL;
    struct streamd_error error = {0};

    assert_int_equal(arrow_import_batch(pool, &schema, types, array, from, rows, &out, &error),
                     STREAMD_E_DATA);
    assert_true(strlen(error.message) > 0);
    assert_null(out);
}

static void damaged_arrays_are_refused(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = example(pool), *out;
    struct ArrowSchema types;
    struct ArrowArray array, *s;
    int32_t *offsets = b->columns[S].offsets, kept;

    (void)state;
    assert_int_equal(arrow_export_schema(&schema, &types), 0);
    assert_int_equal(arrow_export_batch(b, &array), 0);
    s = array.children[S];
    refused(pool, &types, &array, 0, ROWS + 1);
    refused(pool, &types, &array, -1, 1);
    refused(pool, &types, &array, INT64_MAX, 1);
    refused(pool, &types, &array, ROWS, 1);
    refused(pool, &types, &array, 0, STREAMD_BATCH_MAX_ROWS + 1);

#define WITH(place, value)                      \
    do {                                        \
        __typeof__(place) before = place;       \
        place = value;                          \
        refused(pool, &types, &array, 0, ROWS); \
        place = before;                         \
    } while (0)
    WITH(array.n_children, FIELDS - 1);
    WITH(array.n_buffers, 2);
    WITH(array.offset, 1);
    WITH(array.offset, -1);
    WITH(array.offset, INT64_MAX);
    WITH(array.length, -5);
    WITH(array.children, NULL);
    WITH(array.release, NULL);
    WITH(s->n_buffers, 2);
    WITH(s->length, 3);
    WITH(s->offset, -1);
    WITH(s->offset, INT64_MAX);
    WITH(s->buffers, NULL);
    WITH(s->buffers[1], NULL);
    WITH(s->buffers[2], NULL);
    WITH(s->dictionary, s);
    WITH(array.children[I]->buffers[1], NULL);
    WITH(array.children[I], NULL);
    WITH(types.children[I]->format, "u");
    WITH(types.n_children, 1);
    kept = offsets[3];
    offsets[3] = -1;
    refused(pool, &types, &array, 0, ROWS);
    offsets[3] = offsets[4] + 1;
    refused(pool, &types, &array, 0, ROWS);
    offsets[3] = kept;

    assert_int_equal(arrow_import_batch(pool, &schema, &types, &array, 4, 0, &out, NULL), 0);
    assert_int_equal(out->rows, 0);
    batch_release(out);
    array.release(&array);
    types.release(&types);
    batch_release(b);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static int there_and_back(struct batch_pool *pool)
{
    static const uint16_t sel[] = {1, 4};
    struct streamd_batch *b = example(pool), *out = NULL;
    struct arena arena = {0};
    struct streamd_schema back;
    struct ArrowSchema types = {0};
    struct ArrowArray array = {0};
    int rc = b ? 0 : -1;

    if (!rc) {
        b->sel = sel;
        b->count = 2;
        rc = arrow_export_schema(&schema, &types);
    }
    if (!rc)
        rc = arrow_export_batch(b, &array);
    if (!rc)
        rc = arrow_import_schema(&arena, &types, &back, NULL);
    if (!rc)
        rc = arrow_import_batch(pool, &back, &types, &array, 0, 2, &out, NULL);
    if (!rc) {
        assert_int_equal(((int64_t *)out->columns[I].values)[1], 4);
        assert_int_equal(streamd_column_str(&out->columns[S], 1).length, 4);
    }
    batch_release(out);
    batch_release(b);
    if (array.release)
        array.release(&array);
    if (types.release)
        types.release(&types);
    arena_clear(&arena);
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
        rc = pool ? there_and_back(pool) : -1;
        memory_fail_at(0, 0);
        if (pool)
            assert_int_equal(batch_pool_batches(pool), 0);
        batch_pool_free(pool);
        assert_true(n < 1000);
    } while (rc);
    assert_true(n > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_array_keeps_the_batch),
        cmocka_unit_test(a_selection_is_compacted),
        cmocka_unit_test(a_schema_comes_back),
        cmocka_unit_test(damaged_arrays_are_refused),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
