/* Rows to bytes and back: random batches, the layout byte by byte, and bytes from nowhere. */
#include "columnar/wire.h"
#include "random_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SEEDS = 3000, MOST_ROWS = 300 };

/* Bytes aligned as wire_encode wants them, of exactly this size so that a sanitizer sees one more.
 */
static uint8_t *area(size_t bytes)
{
    uint8_t *p = aligned_alloc(16, bytes ? bytes : 16);

    assert_non_null(p);
    return p;
}

/* Encodes rows into memory of exactly their size, decodes, and compares row by row. */
static void there_and_back(struct batch_pool *pool, const struct streamd_batch *b,
                           const struct wire_rows *rows)
{
    size_t size = wire_size(b, rows);
    uint8_t *bytes = area(size);
    struct streamd_batch *back = NULL;
    struct streamd_error error;

    assert_true(size % 16 == 0);
    assert_int_equal(wire_encode(b, rows, bytes, size - 16), 0);
    assert_int_equal(wire_encode(b, rows, bytes, size), size);
    assert_int_equal(wire_decode(pool, b->schema, bytes, size, &back, &error), 0);
    memset(bytes, 0xee, size); /* the batch owns what it refers to */
    free(bytes);
    assert_int_equal(back->count, rows->count);
    assert_int_equal(back->rows, rows->count);
    assert_null(back->sel);
    for (uint32_t k = 0; k < rows->count; k++) {
        uint32_t row = rows->list ? rows->list[k] : rows->first + k;

        assert_true(random_rows_equal(b, row, back, k));
        assert_true(!back->event_time || (back->event_time[k] >= back->min_time &&
                                          back->event_time[k] <= back->max_time));
    }
    batch_release(back);
}

static void random_batches(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);

    (void)state;
    for (uint64_t i = 1; i <= SEEDS; i++) {
        uint64_t seed = i * 7919;
        struct random_schema schema;
        struct streamd_batch *b;
        struct wire_rows rows;

        random_schema_init(&schema, &seed);
        b = random_batch(pool, &schema, &seed, MOST_ROWS, i % 10 ? 40 : 3000);
        assert_non_null(b);
        rows = wire_rows_of(b);
        there_and_back(pool, b, &rows);
        if (rows.count > 1) { /* a part of them, as when a batch is split */
            uint32_t from = random_below(&seed, rows.count - 1);
            struct wire_rows part = {rows.list ? rows.list + from : NULL, rows.list ? 0 : from,
                                     1 + random_below(&seed, rows.count - from)};

            there_and_back(pool, b, &part);
        }
        batch_release(b);
    }
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* Event times that are a field's stay that field's, and take no bytes. */
static void times_of_a_field(void **state)
{
    static const struct streamd_field fields[] = {{"n", {.id = STREAMD_INT64}},
                                                  {"t", {.id = STREAMD_TIMESTAMP}}};
    static const struct streamd_schema schema = {2, fields};
    static const uint16_t list[] = {1, 3};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = batch_new(pool, &schema, 4), *back = NULL;
    struct wire_rows rows = {list, 0, 2};
    _Alignas(16) uint8_t bytes[256];
    size_t size;

    (void)state;
    b->rows = b->count = 4;
    for (int i = 0; i < 4; i++) {
        ((int64_t *)b->columns[0].values)[i] = i;
        ((int64_t *)b->columns[1].values)[i] = 100 - i;
    }
    b->event_time = b->columns[1].values;
    size = wire_encode(b, &rows, bytes, sizeof(bytes));
    assert_int_equal(size, 16 + 16 + 16 + 16);
    assert_int_equal(wire_decode(pool, &schema, bytes, size, &back, NULL), 0);
    assert_ptr_equal(back->event_time, back->columns[1].values);
    assert_int_equal(back->min_time, 97);
    assert_int_equal(back->max_time, 99);
    batch_release(back);
    batch_release(b);
    batch_pool_free(pool);
}

/* Any byte but 0 is true, and comes out as 1. */
static void bools(void **state)
{
    static const struct streamd_field fields[] = {{"b", {.id = STREAMD_BOOL}}};
    static const struct streamd_schema schema = {1, fields};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = batch_new(pool, &schema, 3), *back = NULL;
    struct wire_rows rows = {NULL, 0, 3};
    _Alignas(16) uint8_t bytes[64];
    size_t size;

    (void)state;
    memcpy(b->columns[0].values, "\x00\x01\x40", 3);
    b->rows = b->count = 3;
    b->event_time = NULL;
    size = wire_encode(b, &rows, bytes, sizeof(bytes));
    assert_int_equal(wire_decode(pool, &schema, bytes, size, &back, NULL), 0);
    assert_memory_equal(back->columns[0].values, "\x00\x01\x01", 3);
    batch_release(back);
    batch_release(b);
    batch_pool_free(pool);
}

/* Texts that end where their memory ends: nothing behind them is read (a sanitizer tells). */
static void texts_at_the_end_of_memory(void **state)
{
    static const struct streamd_field fields[] = {{"s", {.id = STREAMD_BYTES}}};
    static const struct streamd_schema schema = {1, fields};
    static const uint16_t list[] = {0, 2, 3};
    int32_t offsets[] = {0, 3, 20, 36, 41};
    struct streamd_column column = {.offsets = offsets, .data = malloc(41)};
    struct streamd_batch b = {.rows = 4, .count = 4, .schema = &schema, .columns = &column};
    struct wire_rows rows = {list, 0, 3};
    size_t size = wire_size(&b, &rows);
    uint8_t *bytes = area(size);

    (void)state;
    for (uint8_t i = 0; i < 41; i++)
        column.data[i] = i;
    assert_int_equal(wire_encode(&b, &rows, bytes, size), size);
    assert_memory_equal(bytes + size - 32, column.data, 3);
    assert_memory_equal(bytes + size - 29, column.data + 20, 21);
    free(bytes);
    free(column.data);
}

/* The layout, written by hand from wire.h: other versions must read what this one wrote. */
static const uint8_t golden[] = {
    /* bytes 176, rows 3, columns 2, version 2, flags: times, kinds, hashes; no field */
    176, 0, 0, 0, 3, 0, 0, 0, 2, 0, 2, 13, 0, 0, 0, 0,
    /* date with NULLs, no data; string without NULLs, 5 bytes */
    3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0,
    /* times 1, 2, -1 */
    1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0,
    0, 0, 0, 0, 0,
    /* hashes 0x0807060504030201, 0, 16 */
    1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* kinds: insert, delete, update after */
    0, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* dates: valid, NULL, valid: 7, (9), -2 */
    5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 254, 255, 255, 255, 0,
    0, 0, 0,
    /* offsets 0 2 2 5 */
    0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0,
    /* "hi", "", "you" */
    'h', 'i', 'y', 'o', 'u', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/* Numbers that lie close together, in the same way. */
static const uint8_t golden_narrow[] = {
    /* bytes 160, rows 9, columns 3, version 2, flags: times, narrow */
    160, 0, 0, 0, 9, 0, 0, 0, 3, 0, 2, 17, 0, 0, 0, 0,
    /* narrow int64; narrow timestamp with NULLs; float64 as it is, absent */
    5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* times: from -2 on, 1 byte a row: -2, -1, 0 .. 5, 253 */
    254, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 255, 0,
    0, 0, 0, 0, 0, 0,
    /* from 1000 on, 2 bytes a row: 1000, 1001 .. 1007, 1256 */
    232, 3, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7,
    0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* the second row is NULL; all are 2^63 - 1, 0 bytes a row */
    253, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127, 0, 0,
    0, 0, 0, 0, 0, 0};

static const struct streamd_field narrow_fields[] = {
    {"n", {.id = STREAMD_INT64}},
    {"t", {.id = STREAMD_TIMESTAMP, .nullable = 1}},
    {"f", {.id = STREAMD_FLOAT64}}};
static const struct streamd_schema narrow_schema = {3, narrow_fields};

static struct streamd_batch *narrow_batch(struct batch_pool *pool)
{
    struct streamd_batch *b = batch_new(pool, &narrow_schema, 9);

    assert_int_equal(batch_nullable(b, 1), 0);
    b->columns[1].validity[0] = 0xfd;
    b->columns[2].values = NULL;
    for (int64_t i = 0; i < 9; i++) {
        b->event_time[i] = i < 8 ? i - 2 : 253;
        ((int64_t *)b->columns[0].values)[i] = i < 8 ? 1000 + i : 1256;
        ((int64_t *)b->columns[1].values)[i] = INT64_MAX;
    }
    b->rows = b->count = 9;
    return b;
}

static struct streamd_batch *golden_batch(struct batch_pool *pool,
                                          const struct streamd_schema *schema)
{
    static const int64_t times[] = {1, 0, 2, -1};
    static const uint64_t hashes[] = {UINT64_C(0x0807060504030201), 1, 0, 16};
    static const uint8_t kinds[] = {0, 1, 3, 2};
    static const int32_t dates[] = {7, 1, 9, -2}, offsets[] = {0, 2, 4, 4, 7};
    static const uint16_t sel[] = {0, 2, 3};
    struct streamd_batch *b = batch_new(pool, schema, 4);

    assert_int_equal(batch_nullable(b, 0), 0);
    b->columns[0].validity[0] = 0xfb;
    memcpy(b->columns[0].values, dates, sizeof(dates));
    memcpy(b->columns[1].offsets, offsets, sizeof(offsets));
    memcpy(b->columns[1].data, "hi..you", 7);
    memcpy(b->event_time, times, sizeof(times));
    b->key_hash = batch_alloc(b, sizeof(hashes));
    memcpy(b->key_hash, hashes, sizeof(hashes));
    b->row_kind = batch_alloc(b, sizeof(kinds));
    memcpy(b->row_kind, kinds, sizeof(kinds));
    b->rows = 4;
    b->sel = sel;
    b->count = 3;
    return b;
}

static const struct streamd_field golden_fields[] = {{"d", {.id = STREAMD_DATE, .nullable = 1}},
                                                     {"s", {.id = STREAMD_STRING}}};
static const struct streamd_schema golden_schema = {2, golden_fields};

static void layout(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = golden_batch(pool, &golden_schema), *back = NULL;
    struct wire_rows rows = wire_rows_of(b);
    _Alignas(16) uint8_t bytes[sizeof(golden)];

    (void)state;
    memset(bytes, 0xcc, sizeof(bytes));
    assert_int_equal(wire_encode(b, &rows, bytes, sizeof(bytes)), sizeof(golden));
    assert_memory_equal(bytes, golden, sizeof(golden));
    assert_int_equal(wire_decode(pool, &golden_schema, golden, sizeof(golden), &back, NULL), 0);
    for (uint32_t k = 0; k < 3; k++)
        assert_true(random_rows_equal(b, b->sel[k], back, k));
    assert_int_equal(back->min_time, -1);
    assert_int_equal(back->max_time, 2);
    batch_release(back);
    batch_release(b);
    batch_pool_free(pool);
}

static void layout_of_narrow(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = narrow_batch(pool), *back = NULL;
    struct wire_rows rows = wire_rows_of(b);
    _Alignas(16) uint8_t bytes[sizeof(golden_narrow)];

    (void)state;
    memset(bytes, 0xcc, sizeof(bytes));
    assert_int_equal(wire_size(b, &rows), sizeof(golden_narrow));
    assert_int_equal(wire_encode(b, &rows, bytes, sizeof(bytes)), sizeof(golden_narrow));
    assert_memory_equal(bytes, golden_narrow, sizeof(golden_narrow));
    assert_int_equal(
        wire_decode(pool, &narrow_schema, golden_narrow, sizeof(golden_narrow), &back, NULL), 0);
    for (uint32_t k = 0; k < 9; k++)
        assert_true(random_rows_equal(b, k, back, k));
    assert_int_equal(back->min_time, -2);
    assert_int_equal(back->max_time, 253);
    batch_release(back);
    batch_release(b);
    batch_pool_free(pool);
}

/* What the version before this one wrote, which knew nothing narrow: it lies in outboxes. */
static void reads_version_1(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = golden_batch(pool, &golden_schema), *back = NULL;
    uint8_t old[sizeof(golden)];

    (void)state;
    memcpy(old, golden, sizeof(old));
    old[10] = 1;
    assert_int_equal(wire_decode(pool, &golden_schema, old, sizeof(old), &back, NULL), 0);
    for (uint32_t k = 0; k < 3; k++)
        assert_true(random_rows_equal(b, b->sel[k], back, k));
    batch_release(back);
    batch_release(b);
    batch_pool_free(pool);
}

struct wrong {
    size_t at;
    uint8_t value;
    const char *why;
};

/* Each of some bytes, put in the place of what is right, is refused. */
static void refuse_all(const struct streamd_schema *schema, const uint8_t *right, size_t size,
                       const struct wrong *cases, size_t count)
{
    struct batch_pool *pool = batch_pool_new(0);

    for (size_t i = 0; i < count; i++) {
        struct streamd_batch *b = NULL;
        struct streamd_error error = {0};
        uint8_t *bytes = area(size);

        memcpy(bytes, right, size);
        bytes[cases[i].at] = cases[i].value;
        assert_int_equal(wire_decode(pool, schema, bytes, size, &b, &error), STREAMD_E_DATA);
        if (!strstr(error.message, cases[i].why))
            fail_msg("case %zu: '%s' instead of '%s'", i, error.message, cases[i].why);
        assert_null(b);
        free(bytes);
    }
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* What is wrong with bytes, byte by byte of the golden ones. */
static void refuses(void **state)
{
    static const struct wrong cases[] = {
        {0, 128, "another length"},  {4, 0, "no rows"},           {5, 129, "too many"},
        {8, 3, "number of columns"}, {10, 3, "unknown version"},  {11, 32 + 13, "unknown flags"},
        {11, 2, "no event time"},    {16, 2, "unknown form"},     {16, 7, "unknown form"},
        {20, 1, "no offsets"},       {28, 6, "do not rise"},      {29, 1, "do not rise"},
        {97, 4, "unknown kind"},     {144, 1, "do not rise"},     {148, 6, "do not rise"},
        {151, 128, "do not rise"},   {156, 4, "do not rise"},     {24, 3, "do not rise"},
        {24, 0, "no offsets"},       {4, 17, "inside a section"},
    };

    (void)state;
    refuse_all(&golden_schema, golden, sizeof(golden), cases, sizeof(cases) / sizeof(*cases));
}

static void refuses_narrow(void **state)
{
    static const struct wrong cases[] = {
        {11, 16, "narrow event times and none"},
        {11, 19, "narrow event times and none"},
        {56, 3, "unknown width"},
        {56, 8, "unknown width"},
        {57, 1, "unknown width"},
        {59, 255, "unknown width"},
        {60, 1, "unknown width"},
        {56, 2, "unknown width"},
        {56, 0, "unknown width"},
        {88, 4, "inside a section"},
        {88, 1, "left over"},
        {152, 1, "inside a section"},
        {152, 4, "inside a section"},
        {152, 16, "unknown width"},
        {32, 5, "unknown form"},
        {32, 4, "unknown form"},
        {16, 4, "unknown form"},
        {16, 13, "unknown form"},
        {20, 1, "no offsets"},
        {5, 64, "inside a section"},
    };

    (void)state;
    refuse_all(&narrow_schema, golden_narrow, sizeof(golden_narrow), cases,
               sizeof(cases) / sizeof(*cases));
}

/* A field's values as event times: only those of a timestamp that is there. */
static void refuses_times_of_no_timestamp(void **state)
{
    static const struct streamd_field fields[] = {{"t", {.id = STREAMD_TIMESTAMP}},
                                                  {"n", {.id = STREAMD_INT64}}};
    static const struct streamd_schema schema = {2, fields};
    uint8_t bytes[64] = {64, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 3, 0,
                         0,  0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
    struct batch_pool *pool = batch_pool_new(0);
    struct streamd_batch *b = NULL;

    (void)state;
    assert_int_equal(wire_decode(pool, &schema, bytes, 64, &b, NULL), 0);
    batch_release(b);
    for (uint8_t field = 1; field < 4; field++) {
        bytes[12] = field;
        assert_int_equal(wire_decode(pool, &schema, bytes, 64, &b, NULL), STREAMD_E_DATA);
    }
    bytes[12] = 0;
    bytes[15] = 1;
    assert_int_equal(wire_decode(pool, &schema, bytes, 64, &b, NULL), STREAMD_E_DATA);
    bytes[15] = 0;
    bytes[16] = 0; /* absent */
    bytes[0] = 48;
    assert_int_equal(wire_decode(pool, &schema, bytes, 48, &b, NULL), STREAMD_E_DATA);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* Touches all that a reader may touch. */
static uint64_t read_all(const struct streamd_batch *b)
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
    for (uint32_t row = 0; row < b->rows; row++)
        sum += (b->event_time ? (uint64_t)b->event_time[row] : 0) +
               (b->key_hash ? b->key_hash[row] : 0) + (b->row_kind ? b->row_kind[row] : 0);
    return sum;
}

/* Valid bytes with a few bits turned, cut, or read as another schema: a batch or a refusal. */
static void damaged(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    uint64_t sum = 0;
    uint32_t accepted = 0, refused = 0;

    (void)state;
    for (uint64_t i = 1; i <= SEEDS; i++) {
        uint64_t seed = i * 104729;
        struct random_schema schema, other;
        struct streamd_batch *b, *back = NULL;
        struct wire_rows rows;
        size_t size;
        uint8_t *bytes;

        random_schema_init(&schema, &seed);
        b = random_batch(pool, &schema, &seed, 20, 40);
        rows = wire_rows_of(b);
        size = wire_size(b, &rows);
        bytes = area(size);
        wire_encode(b, &rows, bytes, size);
        random_schema_init(&other, &seed);
        for (uint32_t k = random_below(&seed, 4); k > 0; k--)
            bytes[random_below(&seed, random_one_in(&seed, 2) ? 32 : (uint32_t)size)] ^=
                (uint8_t)(1u << random_below(&seed, 8));
        if (random_one_in(&seed, 5))
            size = 16 * random_below(&seed, (uint32_t)size / 16);
        if (wire_decode(pool, random_one_in(&seed, 5) ? &other.schema : &schema.schema, bytes, size,
                        &back, NULL)) {
            refused++;
        } else {
            accepted++;
            sum += read_all(back);
            batch_release(back);
        }
        free(bytes);
        batch_release(b);
    }
    assert_true(sum != 0 && accepted > SEEDS / 10 && refused > SEEDS / 10);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void out_of_memory(void **state)
{
    struct batch_pool *pool = batch_pool_new(16 << 10); /* less than the smallest block */
    struct streamd_batch *b = NULL;

    (void)state;
    assert_int_equal(wire_decode(pool, &golden_schema, golden, sizeof(golden), &b, NULL),
                     STREAMD_E_NOMEM);
    assert_null(b);
    batch_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_batches),
        cmocka_unit_test(times_of_a_field),
        cmocka_unit_test(bools),
        cmocka_unit_test(texts_at_the_end_of_memory),
        cmocka_unit_test(layout),
        cmocka_unit_test(refuses),
        cmocka_unit_test(layout_of_narrow),
        cmocka_unit_test(reads_version_1),
        cmocka_unit_test(refuses_narrow),
        cmocka_unit_test(damaged),
        cmocka_unit_test(refuses_times_of_no_timestamp),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
