/*
 * What the tests of frozen tables share: a table of random rows in a harness, its content as sorted
 * bytes, and a snapshot file in a folder of the test's own.
 */
#ifndef TESTS_FREEZE_CASE_H
#define TESTS_FREEZE_CASE_H

#include "columnar/keyhash.h"
#include "columnar/pool.h"
#include "columnar/rowcode.h"
#include "state/freeze.h"
#include "state/thaw.h"
#include "harness.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CASE_ROWS = 512, CASE_GROUPS = 128 };

struct table_case {
    struct harness *h;
    struct streamd_table *t;
    struct streamd_table_decl decl;
    const struct streamd_schema *keys, *columns;
    struct rowcode code;
};

static inline struct table_case *case_open(const char *backend, uint32_t flags, const char *keys,
                                           const char *columns)
{
    struct table_case *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    c->h = harness_bare_new(&(struct harness_spec){.backend = backend});
    c->keys = harness_schema(c->h, keys);
    c->columns = harness_schema(c->h, columns);
    c->decl = (struct streamd_table_decl){.name = "table",
                                          .flags = flags,
                                          .key_count = c->keys->field_count,
                                          .keys = c->keys->fields,
                                          .column_count = c->columns->field_count,
                                          .columns = c->columns->fields};
    c->t = harness_open_table(c->h, &c->decl);
    assert_non_null(c->t);
    assert_int_equal(rowcode_init(&c->code, c->t->layout->fields, c->t->layout->value_count,
                                  (flags & STREAMD_TABLE_NAMESPACED) != 0),
                     0);
    return c;
}

static inline void case_close(struct table_case *c)
{
    harness_bare_free(c->h);
    free(c);
}

/* Rows for keys that stand in lines. */
static inline void case_rows(struct table_case *c, int64_t ns, const char *lines, void **rows)
{
    struct streamd_batch *b = harness_batch(c->h, c->keys, lines);
    const struct streamd_column *columns[8];
    struct streamd_type types[8];
    uint64_t hash[CASE_ROWS];
    struct streamd_keys keys = {.n = b->count, .columns = columns, .hash = hash};

    assert_true(b->count <= CASE_ROWS);
    for (uint32_t i = 0; i < c->keys->field_count; i++) {
        columns[i] = &b->columns[i];
        types[i] = c->keys->fields[i].type;
    }
    keyhash_batch(b, columns, types, c->keys->field_count, hash);
    if (c->decl.flags & STREAMD_TABLE_LIST)
        assert_int_equal(streamd_table_append(c->t, ns, &keys, rows), 0);
    else
        assert_int_equal(streamd_table_lookup(c->t, ns, &keys, STREAMD_LOOKUP_CREATE, rows, NULL),
                         0);
    batch_release(b);
}

/* Gives column `index` of a row a random value. */
static inline void case_random_value(struct table_case *c, void *row, uint32_t index)
{
    uint32_t i = c->decl.key_count + index;
    uint8_t *value = streamd_row_value(c->t->layout, row, i);
    struct streamd_type type = c->columns->fields[index].type;
    size_t width = streamd_type_width(type.id);

    if (type.nullable && rand() % 4 == 0) {
        streamd_row_set_null(row, i, 1);
    } else if (width) {
        for (size_t k = 0; k < width; k++)
            value[k] = (uint8_t)(type.id == STREAMD_BOOL ? rand() & 1 : rand());
    } else if (rand() % 5) {
        uint32_t length = (uint32_t)(rand() % 50 ? rand() % 40 : rand() % 90000);
        uint8_t *data = streamd_table_reserve(c->t, row, i, length ? length : 1);

        assert_non_null(data);
        for (uint32_t k = 0; k < length; k++)
            data[k] = (uint8_t)('a' + rand() % 26);
        ((struct streamd_var *)(void *)value)->length = length;
    }
}

static inline void case_random_values(struct table_case *c, void **rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < c->decl.column_count; i++)
            case_random_value(c, rows[k], i);
}

/* ---- content ----------------------------------------------------------------------------------
 */

struct case_row {
    size_t length;
    uint8_t *bytes;
    uint32_t group;
};

struct case_content {
    struct case_row *rows;
    size_t count;
};

static inline int case_compare(const void *left, const void *right)
{
    const struct case_row *a = left, *b = right;
    size_t n = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, n);

    return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

static inline void case_add(struct table_case *c, int64_t ns, const void *row,
                            struct case_content *content)
{
    struct case_row *r;

    content->rows = realloc(content->rows, (content->count + 1) * sizeof(*content->rows));
    assert_non_null(content->rows);
    r = &content->rows[content->count++];
    r->length = rowcode_size(&c->code, c->t->layout, row);
    r->bytes = malloc(r->length);
    assert_ptr_equal(rowcode_encode(&c->code, c->t->layout, ns, row, r->bytes),
                     r->bytes + r->length);
    r->group = keyhash_group(keyhash_row(c->t->layout, row), CASE_GROUPS);
}

/* Adds all rows of a table. */
static inline void case_collect(struct table_case *c, struct case_content *content)
{
    int64_t ids[CASE_ROWS] = {0};
    uint32_t n = 1, got;

    if (c->decl.flags & STREAMD_TABLE_NAMESPACED)
        n = streamd_table_namespaces(c->t, INT64_MIN, ids, CASE_ROWS);
    for (uint32_t i = 0; i < n; i++) {
        struct streamd_cursor cursor = {0};
        void *rows[100];

        while ((got = streamd_table_scan(c->t, ids[i], &cursor, rows, 100)) > 0)
            for (uint32_t k = 0; k < got; k++)
                case_add(c, ids[i], rows[k], content);
    }
}

static inline void case_expect_equal(struct case_content *a, struct case_content *b)
{
    assert_int_equal(a->count, b->count);
    if (!a->count)
        return;
    qsort(a->rows, a->count, sizeof(*a->rows), case_compare);
    qsort(b->rows, b->count, sizeof(*b->rows), case_compare);
    for (size_t i = 0; i < a->count; i++)
        assert_int_equal(case_compare(&a->rows[i], &b->rows[i]), 0);
}

static inline void case_forget(struct case_content *content)
{
    for (size_t i = 0; i < content->count; i++)
        free(content->rows[i].bytes);
    free(content->rows);
    *content = (struct case_content){.rows = NULL};
}

/* ---- files ------------------------------------------------------------------------------------
 */

static inline struct snapshot_identity case_identity(void)
{
    struct snapshot_identity id = {.checkpoint = 7,
                                   .pipeline = "orders",
                                   .task = 1,
                                   .parallelism = 3,
                                   .key_groups = CASE_GROUPS};

    strcpy(id.lineage, "00112233445566778899aabbccddeeff");
    return id;
}

/* Freezes a table and writes it as the only section of a file. */
static inline int case_write(struct table_case *c, struct freezer *freezer, const char *path,
                             struct streamd_error *error)
{
    struct snapshot_identity id = case_identity();
    struct snapshot_writer *w = NULL;
    struct frozen *frozen = NULL;
    uint64_t bytes;
    char checksum[33];
    int rc = state_freeze(freezer, c->t, NULL, &frozen, error);

    if (!rc)
        rc = snapshot_writer_open(file_system(), path, &id, &w, error);
    if (!rc) {
        rc = state_frozen_write(frozen, "node", CASE_GROUPS, w, error);
        if (rc)
            snapshot_writer_abandon(w);
        else
            rc = snapshot_writer_close(w, &bytes, checksum, error);
    }
    state_frozen_free(frozen);
    return rc;
}

static inline int case_read(struct table_case *c, const char *path, uint32_t first, uint32_t end,
                            struct streamd_error *error)
{
    struct snapshot_identity id = case_identity();
    struct snapshot_reader *r;
    int rc = snapshot_reader_open(file_system(), path, &id, &r, error);

    if (rc)
        return rc;
    rc = state_thaw(c->t, r, "node", first, end, error);
    snapshot_reader_close(r);
    return rc;
}

#endif
