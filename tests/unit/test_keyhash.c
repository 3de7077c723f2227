/* The hash of a key against tests/data/keyhash.tsv, which Python computed from the rules. */
#include "columnar/keyhash.h"
#include "columnar/pool.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 8, COPIES = 5 };

/* A line of the file, and its key as a batch. */
struct vector {
    uint32_t count;
    struct streamd_field fields[MOST_KEYS];
    struct streamd_schema schema;
    char *values[MOST_KEYS];
    uint64_t hash;
    uint32_t group, owner;
};

static uint8_t type_of(const char *name)
{
    static const char *const names[] = {"",       "bool",  "int64",     "float64", "decimal(38,2)",
                                        "string", "bytes", "timestamp", "date"};

    for (uint8_t i = 1; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], name))
            return i;
    fail_msg("no type '%s'", name);
    return 0;
}

static void read_vector(char *line, struct vector *v)
{
    char *types = strsep(&line, "\t"), *values = strsep(&line, "\t"), *type;

    memset(v, 0, sizeof(*v));
    while ((type = strsep(&types, " ")) != NULL) {
        v->fields[v->count].type = (struct streamd_type){.id = type_of(type), .nullable = 1};
        v->values[v->count++] = strsep(&values, " ");
    }
    v->schema = (struct streamd_schema){.field_count = v->count, .fields = v->fields};
    v->hash = strtoull(strsep(&line, "\t"), NULL, 16);
    v->group = (uint32_t)strtoul(strsep(&line, "\t"), NULL, 10);
    v->owner = (uint32_t)strtoul(line, NULL, 10);
}

static struct streamd_decimal decimal(const char *text)
{
    int negative = *text == '-';
    unsigned __int128 value = 0;
    struct streamd_decimal d;

    for (text += negative; *text; text++)
        value = value * 10 + (unsigned)(*text - '0');
    if (negative)
        value = -value;
    d.low = (uint64_t)value;
    d.high = (int64_t)(uint64_t)(value >> 64);
    return d;
}

static void put_bytes(struct streamd_batch *b, uint32_t column, uint32_t row, const char *hex)
{
    struct streamd_column *c = &b->columns[column];
    size_t length = strlen(hex) / 2;

    assert_int_equal(batch_reserve(b, column, length), 0);
    for (size_t i = 0; i < length; i++) {
        unsigned byte;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        c->data[(size_t)c->offsets[row] + i] = (uint8_t)byte;
    }
    c->offsets[row + 1] = c->offsets[row] + (int32_t)length;
}

static void put(struct streamd_batch *b, uint32_t column, uint32_t row, const char *text)
{
    struct streamd_column *c = &b->columns[column];
    uint8_t type = b->schema->fields[column].type.id;
    uint64_t bits = strtoull(text, NULL, 16);
    struct streamd_decimal d;

    if (*text == '~') {
        if (!c->validity)
            assert_int_equal(batch_nullable(b, column), 0);
        c->validity[row / 8] &= (uint8_t) ~(1u << row % 8);
    }
    switch (type) {
    case STREAMD_STRING:
    case STREAMD_BYTES:
        put_bytes(b, column, row, *text == 'x' ? text + 1 : "");
        break;
    case STREAMD_BOOL:
        ((uint8_t *)c->values)[row] = *text == '1' ? (uint8_t)(row + 1) : 0; /* any but 0 is true */
        break;
    case STREAMD_DATE:
        ((int32_t *)c->values)[row] = (int32_t)strtol(text, NULL, 10);
        break;
    case STREAMD_FLOAT64:
        memcpy((double *)c->values + row, &bits, sizeof(bits));
        break;
    case STREAMD_DECIMAL:
        d = decimal(*text == '~' ? "9" : text);
        memcpy((struct streamd_decimal *)c->values + row, &d, sizeof(d));
        break;
    default:
        ((int64_t *)c->values)[row] = strtoll(text, NULL, 10);
        break;
    }
}

/* The hashes of a key that stands in rows 0, 2 and 4 of a batch whose other rows are left out. */
static void check(struct batch_pool *pool, const struct vector *v, int selected, int nullable)
{
    static const uint16_t sel[] = {0, 2, 4};
    struct streamd_batch *b = batch_new(pool, &v->schema, COPIES);
    const struct streamd_column *columns[MOST_KEYS];
    struct streamd_type types[MOST_KEYS];
    uint64_t hash[COPIES] = {1, 2, 3, 4, 5};

    assert_non_null(b);
    for (uint32_t row = 0; row < COPIES; row++) {
        b->rows = b->count = row;
        for (uint32_t i = 0; i < v->count; i++)
            put(b, i, row, v->values[i]);
    }
    b->rows = b->count = COPIES;
    for (uint32_t i = 0; i < v->count; i++) {
        if (nullable && !b->columns[i].validity) /* the bitmap alone changes nothing */
            assert_int_equal(batch_nullable(b, i), 0);
        columns[i] = &b->columns[i];
        types[i] = v->fields[i].type;
    }
    if (selected) {
        b->sel = sel;
        b->count = 3;
    }
    keyhash_batch(b, columns, types, v->count, hash);
    for (uint32_t row = 0; row < COPIES; row++) {
        if (selected && row % 2)
            assert_int_equal(hash[row], row + 1); /* not touched */
        else
            assert_int_equal(hash[row], v->hash);
    }
    batch_release(b);
}

static void golden_vectors(void **state)
{
    const char *source = getenv("SRCDIR");
    struct batch_pool *pool = batch_pool_new(0);
    char path[1024], *line = NULL;
    size_t room = 0;
    int lines = 0;
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/data/keyhash.tsv", source ? source : ".");
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(pool);
    while (getline(&line, &room, file) > 0) {
        struct vector v;

        read_vector(line, &v);
        for (int i = 0; i < 4; i++)
            check(pool, &v, i & 1, i & 2);
        assert_int_equal(keyhash_group(v.hash, 128), v.group);
        assert_int_equal(keyhash_owner(v.group, 3, 128), v.owner);
        lines++;
    }
    assert_true(lines > 200);
    free(line);
    fclose(file);
    batch_pool_free(pool);
}

/* Many numbers at once have the hashes that each has by itself: the golden vectors pin those. */
static void many_at_once(void **state)
{
    enum { ROWS = 1021 };
    static int64_t values[2][ROWS];
    static const struct streamd_type types[] = {{.id = STREAMD_INT64}, {.id = STREAMD_TIMESTAMP}};
    static uint64_t hash[ROWS], one[ROWS];
    struct streamd_column columns[] = {{.values = values[0]}, {.values = values[1]}};
    const struct streamd_column *keys[] = {&columns[0], &columns[1]};
    struct streamd_batch b = {.rows = ROWS, .capacity = ROWS};

    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) {
        values[0][i] = (int64_t)(i * UINT64_C(0x9E3779B97F4A7C15));
        values[1][i] = (int64_t)i - 500;
    }
    for (uint32_t count = 1; count <= 2; count++) {
        b.count = ROWS;
        b.sel = NULL;
        keyhash_batch(&b, keys, types, count, hash);
        b.count = 1;
        for (uint16_t i = 0; i < ROWS; i++) {
            b.sel = &i;
            keyhash_batch(&b, keys, types, count, one);
            assert_int_equal(hash[i], one[i]);
        }
    }
}

static void no_key(void **state)
{
    struct streamd_batch b = {.rows = 3, .count = 3, .capacity = 3};
    uint64_t hash[3] = {1, 2, 3};

    (void)state;
    keyhash_batch(&b, NULL, NULL, 0, hash);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hash[i], 0);
}

/* Every group has an owner, owners are in order, and no two own groups that differ in number by
   more than one. */
static void groups_and_owners(void **state)
{
    (void)state;
    assert_int_equal(keyhash_group(0, 128), 0);
    assert_int_equal(keyhash_group(UINT64_MAX, 128), 127);
    assert_int_equal(keyhash_group(UINT64_MAX, 1), 0);
    assert_int_equal(keyhash_group(UINT64_MAX, 32768), 32767);
    assert_int_equal(keyhash_group(UINT64_C(0x7FFFFFFFFFFFFFFF), 2), 0);
    assert_int_equal(keyhash_group(UINT64_C(0x8000000000000000), 2), 1);
    for (uint32_t tasks = 1; tasks <= 128; tasks++) {
        uint32_t owned[128] = {0}, before = 0;

        for (uint32_t group = 0; group < 128; group++) {
            uint32_t owner = keyhash_owner(group, tasks, 128);

            assert_true(owner == before || owner == before + 1);
            assert_true(owner < tasks);
            before = owner;
            owned[owner]++;
        }
        for (uint32_t i = 0; i < tasks; i++)
            assert_true(owned[i] == 128 / tasks || owned[i] == 128 / tasks + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_vectors),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(no_key),
        cmocka_unit_test(groups_and_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
