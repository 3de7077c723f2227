/*
 * State tables: the same cases on the backend `memory` and on the test backend `moving`, and random
 * calls on both side by side, which must always hold the same.
 */
#include "base/memory.h"
#include "columnar/keyhash.h"
#include "columnar/pool.h"
#include "state/layout.h"
#include "harness.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

/* A table in a harness of its own, with the schema of its keys. */
struct fixture {
    struct harness *h;
    struct streamd_table *t;
    struct streamd_table_decl decl;
    const struct streamd_schema *keys, *columns;
    uint64_t hash[MOST];
    const struct streamd_column *pointers[8];
};

static struct fixture *open_table(const char *backend, uint32_t flags, const char *keys,
                                  const char *columns)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->h = harness_bare_new(&(struct harness_spec){.backend = backend});
    f->keys = harness_schema(f->h, keys);
    f->columns = harness_schema(f->h, columns);
    f->decl = (struct streamd_table_decl){.name = "table",
                                          .flags = flags,
                                          .key_count = f->keys->field_count,
                                          .keys = f->keys->fields,
                                          .column_count = f->columns->field_count,
                                          .columns = f->columns->fields};
    while (f->decl.order_by + 1 < f->decl.column_count &&
           f->columns->fields[f->decl.order_by].type.id != STREAMD_TIMESTAMP)
        f->decl.order_by++; /* the first time there is, or the last column */
    f->t = harness_open_table(f->h, &f->decl);
    assert_non_null(f->t);
    return f;
}

static void close_table(struct fixture *f)
{
    harness_bare_free(f->h);
    free(f);
}

/* The keys of a batch. `mask` takes bits away from the hash, so that keys collide. */
static struct streamd_keys keys_of(struct fixture *f, const struct streamd_batch *b, uint64_t mask)
{
    struct streamd_type types[8];

    assert_true(b->rows <= MOST);
    for (uint32_t i = 0; i < f->keys->field_count; i++) {
        f->pointers[i] = &b->columns[i];
        types[i] = f->keys->fields[i].type;
    }
    keyhash_batch(b, f->pointers, types, f->keys->field_count, f->hash);
    for (uint32_t i = 0; i < b->rows; i++)
        f->hash[i] &= mask;
    return (struct streamd_keys){
        .n = b->count, .sel = b->sel, .columns = f->pointers, .hash = f->hash};
}

static void look(struct fixture *f, int64_t ns, const char *keys, enum streamd_lookup_mode mode,
                 void **rows, uint8_t *created)
{
    struct streamd_batch *b = harness_batch(f->h, f->keys, keys);
    struct streamd_keys k = keys_of(f, b, UINT64_MAX);

    assert_int_equal(streamd_table_lookup(f->t, ns, &k, mode, rows, created), 0);
    batch_release(b);
}

static int64_t *column_of(struct fixture *f, void *row, uint32_t column)
{
    return streamd_row_value(f->t->layout, row, f->decl.key_count + column);
}

/* ---- layout -------------------------------------------------------------------------------- */

static void layout_is_compact(void **state)
{
    const struct streamd_field keys[] = {{"k", {.id = STREAMD_INT64}}};
    const struct streamd_field columns[] = {{"n", {.id = STREAMD_INT64}},
                                            {"b", {.id = STREAMD_BOOL}},
                                            {"d", {.id = STREAMD_DATE}},
                                            {"s", {.id = STREAMD_STRING}},
                                            {"x", {.id = STREAMD_DECIMAL}}};
    struct streamd_table_decl decl = {
        .key_count = 1, .keys = keys, .column_count = 1, .columns = columns};
    struct streamd_row_layout l;

    (void)state;
    assert_int_equal(row_layout_init(&l, &decl), 0);
    assert_int_equal(l.row_size, 24);
    assert_int_equal(l.offsets[0], 8);
    assert_int_equal(l.offsets[1], 16);
    row_layout_clear(&l);

    decl.column_count = 5; /* one byte of NULL bits, bool at 1, date at 4, then multiples of 8 */
    assert_int_equal(row_layout_init(&l, &decl), 0);
    assert_int_equal(l.offsets[2], 1);
    assert_int_equal(l.offsets[3], 4);
    assert_int_equal(l.offsets[0], 8);
    assert_int_equal(l.offsets[4] % 8, 0);
    assert_int_equal(l.row_size, 8 + 8 + 8 + 16 + 16);
    row_layout_clear(&l);

    decl.key_count = decl.column_count = 0;
    assert_int_equal(row_layout_init(&l, &decl), 0);
    row_layout_clear(&l);

    memory_fail_at(1, 0);
    assert_int_equal(row_layout_init(&l, &decl), STREAMD_E_NOMEM);
    memory_fail_at(2, 0);
    assert_int_equal(row_layout_init(&l, &decl), STREAMD_E_NOMEM);
    memory_fail_at(0, 0);
}

/* ---- lookups ------------------------------------------------------------------------------- */

static void find_and_create(void **state)
{
    struct fixture *f = open_table(*state, 0, "k: int64", "n: int64, s: string");
    void *rows[8];
    uint8_t created[8];

    look(f, 0, "1\n2\n", STREAMD_LOOKUP_FIND, rows, created);
    assert_null(rows[0]);
    assert_null(rows[1]);
    assert_int_equal(created[0], 0);

    look(f, 0, "7\n8\n7\n9\n8\n", STREAMD_LOOKUP_CREATE, rows, created);
    assert_memory_equal(created, ((uint8_t[]){1, 1, 0, 1, 0}), 5);
    assert_ptr_equal(rows[0], rows[2]);
    assert_ptr_equal(rows[1], rows[4]);
    assert_true(rows[0] != rows[1] && rows[0] != rows[3]);
    assert_int_equal(*(int64_t *)streamd_row_value(f->t->layout, rows[3], 0), 9);
    assert_int_equal(*column_of(f, rows[3], 0), 0);
    assert_false(streamd_row_is_null(rows[3], 1));
    *column_of(f, rows[3], 0) = 42;

    look(f, 0, "9\n10\n9\n", STREAMD_LOOKUP_CREATE, rows, created);
    assert_memory_equal(created, ((uint8_t[]){0, 1, 0}), 3);
    assert_int_equal(*column_of(f, rows[0], 0), 42);
    assert_int_equal(*column_of(f, rows[1], 0), 0);
    assert_int_equal(streamd_table_rows(f->t, 0), 4);
    assert_int_equal(streamd_table_rows(f->t, 5), 0);
    close_table(f);
}

static void keys_of_all_types(void **state)
{
    struct fixture *f = open_table(*state, 0,
                                   "i: int64|null, s: string|null, f: float64|null, b: bool|null,"
                                   "d: date|null, m: decimal(30,2)|null, t: timestamp|null",
                                   "n: int64");
    static const char *const distinct[] = {
        "1 | a | 1.5 | true | 3 | 1.25 | 9\n",
        "2 | a | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | b | 1.5 | true | 3 | 1.25 | 9\n",
        "1 |  | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | a-rather-long-text-that-does-not-fit-a-row | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | a-rather-long-text-that-does-not-fit-a-rox | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | a | 1.25 | true | 3 | 1.25 | 9\n",
        "1 | a | nan | true | 3 | 1.25 | 9\n",
        "1 | a | 0 | true | 3 | 1.25 | 9\n",
        "1 | a | 1.5 | false | 3 | 1.25 | 9\n",
        "1 | a | 1.5 | true | -3 | 1.25 | 9\n",
        "1 | a | 1.5 | true | 3 | -1.25 | 9\n",
        "1 | a | 1.5 | true | 3 | 1234567890123456789012.25 | 9\n",
        "1 | a | 1.5 | true | 3 | 1.25 | -9.5\n",
        "null | a | 1.5 | true | 3 | 1.25 | 9\n",
        "0 | a | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | null | 1.5 | true | 3 | 1.25 | 9\n",
        "1 | a | null | true | 3 | 1.25 | 9\n",
        "1 | a | 1.5 | null | 3 | 1.25 | 9\n",
        "1 | a | 1.5 | true | null | 1.25 | 9\n",
        "1 | a | 1.5 | true | 3 | null | 9\n",
        "1 | a | 1.5 | true | 3 | 1.25 | null\n",
        "null | null | null | null | null | null | null\n",
    };
    enum { COUNT = sizeof(distinct) / sizeof(*distinct) };
    void *rows[2 * COUNT];
    uint8_t created[2 * COUNT];
    char all[2 * COUNT * 100] = "";

    for (int twice = 0; twice < 2; twice++)
        for (int i = 0; i < COUNT; i++)
            strcat(all, distinct[i]);
    look(f, 0, all, STREAMD_LOOKUP_CREATE, rows, created);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(created[i], 1);
        assert_int_equal(created[COUNT + i], 0);
        assert_ptr_equal(rows[i], rows[COUNT + i]);
        for (int j = 0; j < i; j++)
            assert_ptr_not_equal(rows[i], rows[j]);
    }
    assert_true(streamd_row_is_null(rows[COUNT - 1], 6));

    /* -0 and another NaN are the keys that are there. */
    look(f, 0, "1 | a | -0 | true | 3 | 1.25 | 9\n1 | a | -nan | true | 3 | 1.25 | 9\n",
         STREAMD_LOOKUP_CREATE, rows, created);
    assert_memory_equal(created, ((uint8_t[]){0, 0}), 2);
    assert_int_equal(streamd_table_rows(f->t, 0), COUNT);
    close_table(f);
}

static void keys_that_collide(void **state)
{
    struct fixture *f = open_table(*state, 0, "k: int64, s: string", "n: int64");
    struct streamd_batch *b;
    char text[64 * 200] = "";
    void *rows[200], *again[200];
    struct streamd_keys keys;

    for (int i = 0; i < 200; i++)
        sprintf(text + strlen(text), "%d | key-%d\n", i / 2, i);
    b = harness_batch(f->h, f->keys, text);
    keys = keys_of(f, b, UINT64_C(0xFFFFFFFF00000000)); /* no two tags differ */
    assert_int_equal(streamd_table_lookup(f->t, 0, &keys, STREAMD_LOOKUP_CREATE, rows, NULL), 0);
    for (int i = 0; i < 200; i++)
        *column_of(f, rows[i], 0) = i;
    assert_int_equal(streamd_table_lookup(f->t, 0, &keys, STREAMD_LOOKUP_FIND, again, NULL), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(*column_of(f, again[i], 0), i);
    assert_int_equal(streamd_table_erase(f->t, 0, again, 100), 0);
    assert_int_equal(streamd_table_lookup(f->t, 0, &keys, STREAMD_LOOKUP_FIND, again, NULL), 0);
    for (int i = 0; i < 200; i++)
        assert_true((again[i] == NULL) == (i < 100));
    batch_release(b);
    close_table(f);
}

static void no_key_is_one_row(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_NAMESPACED, "", "n: int64");
    struct streamd_keys keys = {.n = 3};
    uint8_t created[3];
    void *rows[3];

    assert_int_equal(streamd_table_lookup(f->t, 4, &keys, STREAMD_LOOKUP_FIND, rows, created), 0);
    assert_null(rows[0]);
    assert_int_equal(streamd_table_lookup(f->t, 4, &keys, STREAMD_LOOKUP_CREATE, rows, created), 0);
    assert_memory_equal(created, ((uint8_t[]){1, 0, 0}), 3);
    assert_ptr_equal(rows[0], rows[2]);
    *column_of(f, rows[0], 0) = 5;
    assert_int_equal(streamd_table_lookup(f->t, 4, &keys, STREAMD_LOOKUP_CREATE, rows, created), 0);
    assert_memory_equal(created, ((uint8_t[]){0, 0, 0}), 3);
    assert_int_equal(*column_of(f, rows[1], 0), 5);
    assert_int_equal(streamd_table_erase(f->t, 4, rows, 1), 0);
    assert_int_equal(streamd_table_rows(f->t, 4), 0);
    assert_int_equal(streamd_table_lookup(f->t, 4, &keys, STREAMD_LOOKUP_CREATE, rows, created), 0);
    assert_memory_equal(created, ((uint8_t[]){1, 0, 0}), 3);
    assert_int_equal(*column_of(f, rows[0], 0), 0);
    close_table(f);
}

/* ---- namespaces, scans, values ------------------------------------------------------------- */

static void namespaces_are_apart(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_NAMESPACED, "k: int64", "n: int64");
    void *rows[4];
    int64_t list[8];

    look(f, 30, "1\n2\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    look(f, -10, "1\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    look(f, 20, "1\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    *column_of(f, rows[0], 0) = 7;
    assert_int_equal(streamd_table_namespaces(f->t, INT64_MIN, list, 8), 3);
    assert_memory_equal(list, ((int64_t[]){-10, 20, 30}), 24);
    assert_int_equal(streamd_table_namespaces(f->t, -9, list, 1), 1);
    assert_int_equal(list[0], 20);
    assert_int_equal(streamd_table_namespaces(f->t, 31, list, 8), 0);

    streamd_table_drop(f->t, 20);
    streamd_table_drop(f->t, 25);
    assert_int_equal(streamd_table_namespaces(f->t, INT64_MIN, list, 8), 2);
    look(f, 20, "1\n", STREAMD_LOOKUP_FIND, rows, NULL);
    assert_null(rows[0]);
    look(f, 20, "1\n", STREAMD_LOOKUP_CREATE, rows, NULL); /* in memory of the one dropped */
    assert_int_equal(*column_of(f, rows[0], 0), 0);
    assert_int_equal(streamd_table_rows(f->t, 30), 2);
    look(f, 30, "2\n", STREAMD_LOOKUP_FIND, rows, NULL);
    assert_int_equal(streamd_table_erase(f->t, 30, rows, 1), 0);
    look(f, 30, "1\n", STREAMD_LOOKUP_FIND, rows, NULL);
    assert_int_equal(streamd_table_erase(f->t, 30, rows, 1), 0);
    assert_int_equal(streamd_table_namespaces(f->t, 0, list, 8), 1); /* 30 holds nothing */
    close_table(f);
}

static void scan_while_erasing(void **state)
{
    struct fixture *f = open_table(*state, 0, "k: int64", "n: int64");
    struct streamd_cursor cursor = {0};
    void *rows[100];
    char text[1000] = "";
    uint64_t seen = 0, sum = 0;
    uint32_t n;

    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "%d\n", i);
    look(f, 0, text, STREAMD_LOOKUP_CREATE, rows, NULL);
    while ((n = streamd_table_scan(f->t, 0, &cursor, rows, 7)) > 0) {
        assert_true(n <= 7);
        for (uint32_t i = 0; i < n; i++)
            sum += (uint64_t) * (int64_t *)streamd_row_value(f->t->layout, rows[i], 0);
        seen += n;
        assert_int_equal(streamd_table_erase(f->t, 0, rows, n), 0);
    }
    assert_int_equal(seen, 100);
    assert_int_equal(sum, 4950);
    assert_int_equal(streamd_table_rows(f->t, 0), 0);
    look(f, 0, "3\n", STREAMD_LOOKUP_FIND, rows, NULL);
    assert_null(rows[0]);
    close_table(f);
}

static void values_grow(void **state)
{
    struct fixture *f =
        open_table(*state, STREAMD_TABLE_NAMESPACED, "k: string", "a: bytes, b: string");
    struct streamd_var *a, *b;
    void *rows[2];

    look(f, 1, "x\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    look(f, 2, "x\n", STREAMD_LOOKUP_CREATE, rows + 1, NULL);
    look(f, 1, "x\n", STREAMD_LOOKUP_FIND, rows, NULL);
    a = streamd_row_value(f->t->layout, rows[0], 1);
    b = streamd_row_value(f->t->layout, rows[0], 2);
    assert_int_equal(a->length, 0);
    for (uint32_t size = 1; size <= 3u << 20; size = size * 5 / 3 + 1) {
        uint8_t *data = streamd_table_reserve(f->t, rows[0], 1, size);

        assert_non_null(data);
        assert_ptr_equal(a->data, data);
        assert_true(a->capacity >= size);
        for (uint32_t i = a->length; i < size; i++)
            data[i] = (uint8_t)(i * 7);
        a->length = size;
        data = streamd_table_reserve(f->t, rows[0], 2, 10);
        assert_non_null(data);
        memcpy(data, "0123456789", 10);
        b->length = 10;
    }
    for (uint32_t i = 0; i < a->length; i++)
        assert_int_equal(a->data[i], (uint8_t)(i * 7));
    assert_memory_equal(b->data, "0123456789", 10);
    streamd_table_drop(f->t, 1);
    close_table(f);
}

/* ---- lists, order -------------------------------------------------------------------------- */

static void list_text(struct fixture *f, const char *key, char *out)
{
    void *row;

    look(f, 0, key, STREAMD_LOOKUP_FIND, &row, NULL);
    *out = '\0';
    for (; row; row = streamd_table_next(f->t, 0, row))
        sprintf(out + strlen(out), "%lld ", (long long)*column_of(f, row, 0));
}

static void append(struct fixture *f, const char *keys, int64_t first)
{
    struct streamd_batch *b = harness_batch(f->h, f->keys, keys);
    struct streamd_keys k = keys_of(f, b, UINT64_MAX);
    void *rows[16];

    assert_int_equal(streamd_table_append(f->t, 0, &k, rows), 0);
    for (uint32_t i = 0; i < k.n; i++)
        *column_of(f, rows[i], 0) = first + i;
    batch_release(b);
}

/* Erases the n-th row of a key's list. */
static void erase_nth(struct fixture *f, const char *key, int n)
{
    void *row;

    look(f, 0, key, STREAMD_LOOKUP_FIND, &row, NULL);
    while (n-- > 0)
        row = streamd_table_next(f->t, 0, row);
    assert_int_equal(streamd_table_erase(f->t, 0, &row, 1), 0);
}

static void lists_keep_their_order(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_LIST, "k: string", "n: int64");
    char text[200];

    append(f, "a\nb\na\na\n", 10);
    append(f, "b\na\nc\n", 20);
    list_text(f, "a\n", text);
    assert_string_equal(text, "10 12 13 21 ");
    list_text(f, "b\n", text);
    assert_string_equal(text, "11 20 ");
    list_text(f, "d\n", text);
    assert_string_equal(text, "");
    assert_int_equal(streamd_table_rows(f->t, 0), 7);

    erase_nth(f, "a\n", 1);
    list_text(f, "a\n", text);
    assert_string_equal(text, "10 13 21 ");
    erase_nth(f, "a\n", 2);
    append(f, "a\n", 30);
    list_text(f, "a\n", text);
    assert_string_equal(text, "10 13 30 ");
    erase_nth(f, "a\n", 0);
    append(f, "a\n", 31);
    list_text(f, "a\n", text);
    assert_string_equal(text, "13 30 31 ");
    erase_nth(f, "c\n", 0);
    list_text(f, "c\n", text);
    assert_string_equal(text, "");
    append(f, "c\nc\n", 40);
    list_text(f, "c\n", text);
    assert_string_equal(text, "40 41 ");
    close_table(f);
}

/* A plugin that takes one kind of table for the other is told so. */
static void kinds_of_tables_are_apart(void **state)
{
    static const uint32_t flags[] = {STREAMD_TABLE_UNIQUE, STREAMD_TABLE_LIST};

    for (int i = 0; i < 2; i++) {
        struct fixture *f = open_table(*state, flags[i], "k: string", "n: int64");
        struct streamd_batch *b = harness_batch(f->h, f->keys, "a\n");
        struct streamd_keys k = keys_of(f, b, UINT64_MAX);
        void *row;
        int wrong = flags[i] ? streamd_table_lookup(f->t, 0, &k, STREAMD_LOOKUP_CREATE, &row, NULL)
                             : streamd_table_append(f->t, 0, &k, &row);

        assert_int_equal(wrong, STREAMD_E_STATE);
        assert_int_equal(streamd_table_rows(f->t, 0), 0);
        batch_release(b);
        close_table(f);
    }
}

static void order_is_by_value(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_ORDERED, "k: int64", "t: timestamp");
    void *rows[8], *due[8];
    int64_t first;

    assert_false(streamd_table_first(f->t, &first));
    look(f, 0, "1\n2\n3\n4\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    for (int i = 0; i < 4; i++)
        *column_of(f, rows[i], 0) = 40 - 10 * i;
    assert_false(streamd_table_first(f->t, &first)); /* not in the index yet */
    assert_int_equal(streamd_table_reorder(f->t, rows, 4), 0);
    assert_true(streamd_table_first(f->t, &first));
    assert_int_equal(first, 10);
    assert_int_equal(streamd_table_due(f->t, 9, due, 8), 0);

    *column_of(f, rows[3], 0) = 25; /* raised: still comes due at 10 */
    assert_int_equal(streamd_table_due(f->t, 10, due, 8), 1);
    assert_ptr_equal(due[0], rows[3]);
    assert_int_equal(streamd_table_reorder(f->t, due, 1), 0);
    assert_int_equal(streamd_table_due(f->t, 40, due, 3), 3);
    assert_ptr_equal(due[0], rows[2]);
    assert_ptr_equal(due[1], rows[3]);
    assert_ptr_equal(due[2], rows[1]);

    *column_of(f, rows[0], 0) = 5; /* lowered and reordered at once: only the new place counts */
    assert_int_equal(streamd_table_reorder(f->t, rows, 1), 0);
    assert_int_equal(streamd_table_reorder(f->t, rows, 1), 0);
    assert_int_equal(streamd_table_due(f->t, 100, due, 8), 1);
    assert_int_equal(streamd_table_reorder(f->t, rows, 4), 0);
    assert_int_equal(streamd_table_erase(f->t, 0, rows + 1, 2), 0);
    assert_int_equal(streamd_table_due(f->t, INT64_MAX, due, 8), 2);
    assert_ptr_equal(due[0], rows[0]);
    assert_ptr_equal(due[1], rows[3]);
    assert_false(streamd_table_first(f->t, &first));

    /* A new row in the memory of one that was in the index has nothing of it. */
    assert_int_equal(streamd_table_reorder(f->t, due, 1), 0);
    assert_int_equal(streamd_table_erase(f->t, 0, due, 1), 0);
    look(f, 0, "9\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    *column_of(f, rows[0], 0) = 90;
    assert_int_equal(streamd_table_reorder(f->t, rows, 1), 0);
    assert_true(streamd_table_first(f->t, &first));
    assert_int_equal(first, 90);
    close_table(f);
}

/* ---- random calls on both backends --------------------------------------------------------- */

struct pair {
    struct fixture *a, *b;
    uint64_t seed;
};

static uint32_t draw(struct pair *p, uint32_t below)
{
    p->seed = p->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((p->seed >> 33) % below);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* All rows of a namespace, sorted, as text. */
static char *dump(struct fixture *f, int64_t ns)
{
    const struct streamd_row_layout *l = f->t->layout;
    uint64_t count = streamd_table_rows(f->t, ns), n = 0;
    char(*lines)[160] = calloc(count + 1, sizeof(*lines)), *text;
    struct streamd_cursor cursor = {0};
    void *rows[13];
    uint32_t got;

    assert_non_null(lines);
    while ((got = streamd_table_scan(f->t, ns, &cursor, rows, 13)) > 0) {
        for (uint32_t i = 0; i < got; i++) {
            struct streamd_var s, v;

            assert_true(n < count);
            memcpy(&s, streamd_row_value(l, rows[i], 1), sizeof(s));
            memcpy(&v, streamd_row_value(l, rows[i], 4), sizeof(v));
            snprintf(lines[n++], sizeof(*lines), "%d %lld %d %.*s | %lld %lld %.*s\n",
                     streamd_row_is_null(rows[i], 0),
                     (long long)*(int64_t *)streamd_row_value(l, rows[i], 0),
                     streamd_row_is_null(rows[i], 1), (int)s.length, (char *)s.data,
                     (long long)*column_of(f, rows[i], 0), (long long)*column_of(f, rows[i], 1),
                     (int)v.length, (char *)v.data);
        }
    }
    assert_int_equal(n, count);
    qsort(lines, n, sizeof(*lines), compare_text);
    text = calloc(n + 1, sizeof(*lines));
    for (uint64_t i = 0; i < n; i++)
        strcat(text, lines[i]);
    free(lines);
    return text;
}

static void change(struct fixture *f, void **rows, const uint8_t *made, uint32_t n, uint32_t with)
{
    for (uint32_t i = 0; i < n; i++) {
        struct streamd_var *v = streamd_row_value(f->t->layout, rows[i], 4);
        uint32_t length = v->length + with % 7;
        uint8_t *data;

        if (!rows[i])
            continue;
        *column_of(f, rows[i], 0) += with + i;
        if (made[i])
            *column_of(f, rows[i], 1) = (with * 31 + i * 17) % 1000;
        data = streamd_table_reserve(f->t, rows[i], 4, length);
        assert_non_null(data);
        memset(data + v->length, 'a' + (int)(with % 26), length - v->length);
        v->length = length > 60 ? 0 : length;
        if (made[i])
            assert_int_equal(streamd_table_reorder(f->t, rows + i, 1), 0);
    }
}

/* The same random keys looked up in both tables, and changed or erased. */
static void touch(struct pair *p, int64_t ns)
{
    uint32_t n = 1 + draw(p, 60), range = 1 + draw(p, 500), what = draw(p, 4), with = draw(p, 1000);
    char text[60 * 64] = "";
    void *rows[2][60];
    uint8_t made[2][60] = {{0}};

    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = draw(p, range);

        if (k % 50 == 49)
            sprintf(text + strlen(text), "null | %s\n", k % 100 == 49 ? "null" : "x");
        else
            sprintf(text + strlen(text), "%u | %.*s%u\n", k % 7, (int)(k % 24),
                    "some-longer-key-than-the-row-holds", k);
    }
    for (int i = 0; i < 2; i++)
        look(i ? p->b : p->a, ns, text, what ? STREAMD_LOOKUP_CREATE : STREAMD_LOOKUP_FIND, rows[i],
             made[i]);
    assert_memory_equal(made[0], made[1], n);
    for (uint32_t i = 0; i < n; i++)
        assert_true((rows[0][i] == NULL) == (rows[1][i] == NULL));
    if (what == 3) { /* one of them goes, and nobody touches the others */
        for (int i = 0; i < 2; i++)
            assert_int_equal(streamd_table_erase((i ? p->b : p->a)->t, ns, rows[i], 1), 0);
    } else if (what) {
        change(p->a, rows[0], made[0], n, with);
        change(p->b, rows[1], made[1], n, with);
    }
}

/* The rows of the least values come due; they leave the index, or get another value. */
static void take_due(struct pair *p)
{
    uint32_t with = draw(p, 1000), more = draw(p, 2) * draw(p, 300);
    int64_t first[2] = {0};
    int any[2];

    for (int i = 0; i < 2; i++)
        any[i] = streamd_table_first((i ? p->b : p->a)->t, &first[i]);
    assert_int_equal(any[0], any[1]);
    assert_int_equal(first[0], first[1]);
    for (int i = 0; any[0] && i < 2; i++) {
        struct fixture *f = i ? p->b : p->a;
        void *rows[1000];
        uint32_t n = streamd_table_due(f->t, first[i] + more, rows, 1000);

        assert_true(n < 1000);
        for (uint32_t k = 0; k < n; k++) {
            int64_t value = *column_of(f, rows[k], 1);

            assert_true(value >= first[i] && value <= first[i] + more);
            first[i] = value;
        }
        for (uint32_t k = 0; k < n; k++)
            *column_of(f, rows[k], 1) += with;
        if (with % 3)
            assert_int_equal(streamd_table_reorder(f->t, rows, n), 0);
    }
}

static void compare_both(struct pair *p)
{
    for (int64_t ns = 0; ns < 4; ns++) {
        char *a = dump(p->a, ns), *b = dump(p->b, ns);

        assert_string_equal(a, b);
        free(a);
        free(b);
    }
}

static void random_calls(void **state)
{
    const char *keys = "k: int64|null, s: string|null";
    const char *columns = "n: int64, t: timestamp, v: string";
    uint32_t flags = STREAMD_TABLE_NAMESPACED | STREAMD_TABLE_ORDERED;
    struct pair p = {0};

    (void)state;
    for (uint64_t round = 1; round <= 30; round++) {
        p.a = open_table("state-memory", flags, keys, columns);
        p.b = open_table("state-moving", flags, keys, columns);
        p.seed = round;
        for (int step = 0; step < 120; step++) {
            uint32_t what = draw(&p, 40);
            int64_t ns = draw(&p, 4);

            if (what == 0) {
                streamd_table_drop(p.a->t, ns);
                streamd_table_drop(p.b->t, ns);
            } else if (what < 8) {
                take_due(&p);
            } else {
                touch(&p, ns);
            }
            if (step % 10 == 9)
                compare_both(&p);
        }
        close_table(p.a);
        close_table(p.b);
    }
}

/* Rows appended to lists and erased from them, here and there. */
static void random_lists(void **state)
{
    struct pair p = {.seed = 7};
    int64_t next = 0;

    (void)state;
    p.a = open_table("state-memory", STREAMD_TABLE_LIST, "k: string", "n: int64");
    p.b = open_table("state-moving", STREAMD_TABLE_LIST, "k: string", "n: int64");
    for (int step = 0; step < 3000; step++) {
        char keys[64] = "", a[8192], b[8192];
        uint32_t n = 1 + draw(&p, 3), key = draw(&p, 12), what = draw(&p, 5);

        for (uint32_t i = 0; i < n; i++)
            sprintf(keys + strlen(keys), "key-%u\n", (key + i * draw(&p, 2)) % 12);
        if (what < 2) {
            append(p.a, keys, next);
            append(p.b, keys, next);
            next += n;
        }
        sprintf(keys, "key-%u\n", key);
        list_text(p.a, keys, a);
        list_text(p.b, keys, b);
        assert_string_equal(a, b);
        if (what > 2 && *a) {
            uint32_t length = 0;

            for (const char *at = a; *at; at++)
                length += *at == ' ';
            length = draw(&p, length);
            erase_nth(p.a, keys, (int)length);
            erase_nth(p.b, keys, (int)length);
        }
        assert_int_equal(streamd_table_rows(p.a->t, 0), streamd_table_rows(p.b->t, 0));
    }
    close_table(p.a);
    close_table(p.b);
}

/* ---- when memory is short ------------------------------------------------------------------ */

/* Every allocation of a lookup fails once: nothing was created, and what was there is unharmed. */
static void lookup_without_memory(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_NAMESPACED, "k: string", "n: int64");
    char text[100 * 40] = "";
    struct streamd_batch *b;
    struct streamd_keys keys;
    void *rows[100];
    uint64_t n = 0;
    int rc;

    look(f, 1, "a\nb\n", STREAMD_LOOKUP_CREATE, rows, NULL);
    *column_of(f, rows[1], 0) = 5;
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "%s-and-something-behind-%d\n", i % 2 ? "key" : "", i);
    b = harness_batch(f->h, f->keys, text);
    keys = keys_of(f, b, UINT64_MAX);
    do {
        memory_fail_at(++n, 0);
        rc = streamd_table_lookup(f->t, 1, &keys, STREAMD_LOOKUP_CREATE, rows, NULL);
        memory_fail_at(0, 0);
        assert_true(rc == 0 || rc == STREAMD_E_NOMEM);
        assert_int_equal(streamd_table_rows(f->t, 1), rc ? 2 : 102);
    } while (rc);
    assert_true(n > 3);
    look(f, 1, "b\n", STREAMD_LOOKUP_FIND, rows, NULL);
    assert_int_equal(*column_of(f, rows[0], 0), 5);
    batch_release(b);
    close_table(f);
}

/* A hundred thousand keys, and the same again in the memory of the first. */
static void many_keys(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_NAMESPACED, "k: int64", "n: int64");
    struct streamd_batch *b = harness_batch(f->h, f->keys, "0\n");
    struct streamd_batch big = *b;
    int64_t numbers[MOST];
    static void *rows[MOST];
    size_t bytes = 0;

    big.columns = &(struct streamd_column){.values = numbers};
    big.rows = big.count = MOST;
    for (int64_t ns = 0; ns < 3; ns++) {
        for (int64_t from = 0; from < 25 * MOST; from += MOST) {
            struct streamd_keys keys;

            for (int64_t i = 0; i < MOST; i++)
                numbers[i] = (from + i) * 7919 % (20 * MOST);
            keys = keys_of(f, &big, UINT64_MAX);
            assert_int_equal(
                streamd_table_lookup(f->t, ns, &keys, STREAMD_LOOKUP_CREATE, rows, NULL), 0);
            for (uint32_t i = 0; i < MOST; i++)
                ++*column_of(f, rows[i], 0);
        }
        assert_int_equal(streamd_table_rows(f->t, ns), 20 * MOST);
        for (int64_t i = 0; i < MOST; i++)
            numbers[i] = i * 13;
        {
            struct streamd_keys keys = keys_of(f, &big, UINT64_MAX);
            uint64_t twice = 0;

            assert_int_equal(streamd_table_lookup(f->t, ns, &keys, STREAMD_LOOKUP_FIND, rows, NULL),
                             0);
            for (uint32_t i = 0; i < MOST; i++) {
                assert_int_equal(*(int64_t *)streamd_row_value(f->t->layout, rows[i], 0),
                                 numbers[i]);
                twice += *column_of(f, rows[i], 0) == 2;
            }
            assert_true(twice > 0 && twice < MOST);
        }
        if (ns == 1)
            assert_int_equal(harness_bytes(f->h), bytes); /* nothing new */
        bytes = harness_bytes(f->h);
        streamd_table_drop(f->t, ns);
    }
    batch_release(b);
    close_table(f);
}

/* A namespace whose rows have a value of so many bytes each. */
static void fill_values(struct fixture *f, int64_t ns, uint32_t rows, uint32_t bytes)
{
    static int64_t numbers[MOST];
    static void *found[MOST];
    struct streamd_column column = {.values = numbers};
    struct streamd_batch b = {.rows = rows, .count = rows, .columns = &column};
    struct streamd_keys keys;

    for (uint32_t i = 0; i < rows; i++)
        numbers[i] = i;
    keys = keys_of(f, &b, UINT64_MAX);
    assert_int_equal(streamd_table_lookup(f->t, ns, &keys, STREAMD_LOOKUP_CREATE, found, NULL), 0);
    for (uint32_t i = 0; i < rows; i++)
        assert_non_null(streamd_table_reserve(f->t, found[i], 1, bytes));
}

/* What waits for the next namespaces is what was needed lately, not all that there was: of nine
   that are dropped one after the other six or so. */
static void memory_goes_back(void **state)
{
    struct fixture *f = open_table(*state, STREAMD_TABLE_NAMESPACED, "k: int64", "s: string");
    size_t peak;

    for (int i = 0; i < 20; i++) {
        fill_values(f, 1, 2000, 1000);
        streamd_table_drop(f->t, 1);
        fill_values(f, 1, 1, 10); /* few rows in a large memory, which is not kept */
        streamd_table_drop(f->t, 1);
    }
    for (int64_t ns = 1; ns <= 9; ns++)
        fill_values(f, ns, 2000, 1000);
    peak = harness_bytes(f->h);
    for (int64_t ns = 1; ns <= 9; ns++)
        streamd_table_drop(f->t, ns);
    assert_in_range(harness_bytes(f->h), peak / 2, peak * 3 / 4);
    close_table(f);
}

int main(void)
{
    static char memory[] = "state-memory", moving[] = "state-moving";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_compact),
        cmocka_unit_test_prestate(find_and_create, memory),
        cmocka_unit_test_prestate(find_and_create, moving),
        cmocka_unit_test_prestate(keys_of_all_types, memory),
        cmocka_unit_test_prestate(keys_of_all_types, moving),
        cmocka_unit_test_prestate(keys_that_collide, memory),
        cmocka_unit_test_prestate(keys_that_collide, moving),
        cmocka_unit_test_prestate(no_key_is_one_row, memory),
        cmocka_unit_test_prestate(no_key_is_one_row, moving),
        cmocka_unit_test_prestate(namespaces_are_apart, memory),
        cmocka_unit_test_prestate(namespaces_are_apart, moving),
        cmocka_unit_test_prestate(scan_while_erasing, memory),
        cmocka_unit_test_prestate(scan_while_erasing, moving),
        cmocka_unit_test_prestate(values_grow, memory),
        cmocka_unit_test_prestate(values_grow, moving),
        cmocka_unit_test_prestate(lists_keep_their_order, memory),
        cmocka_unit_test_prestate(lists_keep_their_order, moving),
        cmocka_unit_test_prestate(kinds_of_tables_are_apart, memory),
        cmocka_unit_test_prestate(order_is_by_value, memory),
        cmocka_unit_test_prestate(order_is_by_value, moving),
        cmocka_unit_test(random_calls),
        cmocka_unit_test(random_lists),
        cmocka_unit_test_prestate(lookup_without_memory, memory),
        cmocka_unit_test_prestate(lookup_without_memory, moving),
        cmocka_unit_test_prestate(many_keys, memory),
        cmocka_unit_test_prestate(memory_goes_back, memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
