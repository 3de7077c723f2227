/*
 * Tables frozen, written by key group, and thawed into tables of another number of tasks, on two
 * backends; what does not fit is refused; and every allocation fails once.
 */
#include "base/memory.h"
#include "freeze_case.h"

static char path[64];
static struct freezer *freezer;

#define ALL_KEYS \
    "a: int64, b: string|null, c: bool, d: date, e: float64|null, f: decimal(20,4), g: bytes"
#define ALL_COLUMNS                                                                             \
    "n: int64, t: timestamp|null, s: string, j: json|null, x: float64, b: bool, d: date|null, " \
    "m: decimal(38,2)|null, y: bytes"

static void fill_random(struct table_case *c, int64_t ns, uint32_t n)
{
    void *rows[CASE_ROWS];
    char *text = malloc(n * 300), *at = text;

    for (uint32_t i = 0; i < n; i++)
        at += sprintf(at, "%d | %s%.*s | %s | %d | %s | %d.%04d | %.*s\n", rand() % 5000,
                      rand() % 3 ? "key" : "", rand() % 50,
                      "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                      rand() & 1 ? "true" : "false", rand() % 100,
                      rand() % 3 ? (rand() & 1 ? "0.5" : "-17.25") : "null", rand() % 1000,
                      rand() % 10000, rand() % 20, "zyxwvutsrqponmlkjihg");
    case_rows(c, ns, text, rows);
    case_random_values(c, rows, n);
    free(text);
}

/* All types, some namespaces, rows erased in between: into three tables by key group. */
static void every_type_comes_back(void **state)
{
    static const uint32_t ends[] = {0, 43, 85, CASE_GROUPS};
    struct table_case *c = case_open(*state, STREAMD_TABLE_NAMESPACED, ALL_KEYS, ALL_COLUMNS);
    struct case_content before = {.rows = NULL}, after = {.rows = NULL};
    struct streamd_error e;

    srand(11);
    for (int64_t ns = -3; ns < 4; ns++)
        fill_random(c, ns * 1000, ns == 3 ? 1 : 400);
    streamd_table_drop(c->t, 2000);
    case_collect(c, &before);
    assert_true(before.count > 2000);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    case_close(c);
    for (int i = 0; i < 3; i++) {
        struct case_content part = {.rows = NULL};

        c = case_open(*state, STREAMD_TABLE_NAMESPACED, ALL_KEYS, ALL_COLUMNS);
        assert_int_equal(case_read(c, path, ends[i], ends[i + 1], &e), 0);
        case_collect(c, &part);
        for (size_t k = 0; k < part.count; k++)
            assert_true(part.rows[k].group >= ends[i] && part.rows[k].group < ends[i + 1]);
        case_collect(c, &after);
        case_forget(&part);
        case_close(c);
    }
    case_expect_equal(&before, &after);
    case_forget(&before);
    case_forget(&after);
}

/* More rows than a block of the freezer, and values larger than one. */
static void large_tables_and_values(void **state)
{
    struct table_case *c = case_open(*state, 0, "k: int64", "n: int64, s: bytes|null");
    struct case_content before = {.rows = NULL}, after = {.rows = NULL};
    struct streamd_error e;
    void *rows[CASE_ROWS];

    for (int i = 0; i < 120; i++) {
        char text[CASE_ROWS * 8], *at = text;

        for (int k = 0; k < CASE_ROWS; k++)
            at += sprintf(at, "%d\n", i * CASE_ROWS + k);
        case_rows(c, 0, text, rows);
        case_random_values(c, rows, CASE_ROWS);
    }
    for (uint32_t i = 0; i < 3; i++) {
        struct streamd_var *v = streamd_row_value(c->t->layout, rows[i], 2);
        uint32_t length = (2u << 20) - 1 + i;
        uint8_t *data = streamd_table_reserve(c->t, rows[i], 2, length);

        memset(data, (int)i + 1, length);
        v->length = length;
        streamd_row_set_null(rows[i], 2, 0);
    }
    case_collect(c, &before);
    assert_int_equal(before.count, 120 * CASE_ROWS);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    case_close(c);
    c = case_open(*state, 0, "k: int64", "n: int64, s: bytes|null");
    assert_int_equal(case_read(c, path, 0, CASE_GROUPS, &e), 0);
    case_collect(c, &after);
    case_expect_equal(&before, &after);
    case_forget(&before);
    case_forget(&after);
    case_close(c);
}

static void empty_tables_leave_a_section(void **state)
{
    struct table_case *c = case_open(*state, STREAMD_TABLE_NAMESPACED, "k: int64", "n: int64");
    struct snapshot_reader *r;
    struct streamd_error e;

    assert_int_equal(case_write(c, freezer, path, &e), 0);
    assert_int_equal(snapshot_reader_open(file_system(), path, NULL, &r, &e), 0);
    assert_int_equal(snapshot_reader_find(r, "node", "table"), 0);
    assert_int_equal(snapshot_reader_section(r, 0)->rows, 0);
    assert_int_equal(state_thaw(c->t, r, "node", 0, CASE_GROUPS, &e), 0);
    assert_int_equal(state_thaw(c->t, r, "other", 0, CASE_GROUPS, &e), 0);
    snapshot_reader_close(r);
    case_close(c);
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static void list_of(struct table_case *c, int64_t ns, int64_t key, char *out)
{
    const struct streamd_column column = {.values = &key};
    const struct streamd_column *columns = &column;
    const struct streamd_batch batch = {.rows = 1, .count = 1};
    uint64_t hash;
    struct streamd_keys keys = {.n = 1, .columns = &columns, .hash = &hash};
    void *row;

    keyhash_batch(&batch, &columns, &c->keys->fields[0].type, 1, &hash);
    assert_int_equal(streamd_table_lookup(c->t, ns, &keys, STREAMD_LOOKUP_FIND, &row, NULL), 0);
    for (; row; row = streamd_table_next(c->t, ns, row))
        out +=
            sprintf(out, "%lld ", (long long)*(int64_t *)streamd_row_value(c->t->layout, row, 1));
    *out = '\0';
}

enum { LISTS = 20, LIST_TEXT = 64 * 1024 };

/* Appends and erases at random; rows that are free are used again, so memory order is none. */
static void fill_lists(struct table_case *c, int64_t ns, int64_t *number)
{
    for (int round = 0; round < 60; round++) {
        char text[32 * 8] = "";
        void *rows[32];

        for (int i = 0; i < 32; i++)
            sprintf(text + strlen(text), "%d\n", rand() % LISTS);
        case_rows(c, ns, text, rows);
        for (int i = 0; i < 32; i++)
            *(int64_t *)streamd_row_value(c->t->layout, rows[i], 1) = ++*number;
        for (int i = 0; i < 32; i++)
            if (rand() % 2)
                assert_int_equal(streamd_table_erase(c->t, ns, &rows[i], 1), 0);
    }
}

static void lists_keep_their_order(void **state)
{
    uint32_t flags = STREAMD_TABLE_LIST | STREAMD_TABLE_NAMESPACED;
    struct table_case *c = case_open(*state, flags, "k: int64", "n: int64");
    struct table_case *d = case_open(*state, flags, "k: int64", "n: int64");
    char *was = malloc(LIST_TEXT), *is = malloc(LIST_TEXT);
    struct streamd_error e;
    int64_t number = 0;

    srand(12);
    for (int64_t ns = 0; ns < 5; ns++)
        fill_lists(c, ns * 10, &number);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    for (uint32_t group = 0; group < CASE_GROUPS; group += 16)
        assert_int_equal(case_read(d, path, group, group + 16, &e), 0);
    for (int64_t ns = 0; ns < 5; ns++) {
        assert_int_equal(streamd_table_rows(c->t, ns * 10), streamd_table_rows(d->t, ns * 10));
        for (int64_t key = 0; key < LISTS; key++) {
            list_of(c, ns * 10, key, was);
            list_of(d, ns * 10, key, is);
            assert_string_equal(was, is);
        }
    }
    free(was);
    free(is);
    case_close(c);
    case_close(d);
}

/* ---- order, broadcast, single rows ------------------------------------------------------------
 */

static void ordered_rows_come_due_again(void **state)
{
    struct table_case *c = case_open(*state, STREAMD_TABLE_ORDERED, "k: int64", "at: int64|null");
    struct table_case *d = case_open(*state, STREAMD_TABLE_ORDERED, "k: int64", "at: int64|null");
    struct streamd_error e;
    void *rows[CASE_ROWS];
    int64_t value;

    case_rows(c, 0, "0\n1\n2\n3\n4\n5\n6\n7\n", rows);
    for (int i = 0; i < 8; i++) {
        *(int64_t *)streamd_row_value(c->t->layout, rows[i], 1) = 100 - i * 10;
        streamd_row_set_null(rows[i], 1, i == 7);
    }
    assert_int_equal(streamd_table_reorder(c->t, rows, 7), 0);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    assert_int_equal(case_read(d, path, 0, CASE_GROUPS, &e), 0);
    assert_int_equal(streamd_table_rows(d->t, 0), 8);
    assert_int_equal(streamd_table_first(d->t, &value), 1);
    assert_int_equal(value, 40);
    assert_int_equal(streamd_table_due(d->t, INT64_MAX, rows, CASE_ROWS), 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(*(int64_t *)streamd_row_value(d->t->layout, rows[i], 0), 6 - i);
        assert_int_equal(*(int64_t *)streamd_row_value(d->t->layout, rows[i], 1), 40 + i * 10);
    }
    case_close(c);
    case_close(d);
}

/* Every task reads all rows, whatever the range; the same key of two files is one row. */
static void broadcast_rows_go_everywhere(void **state)
{
    struct table_case *c = case_open(*state, STREAMD_TABLE_BROADCAST, "id: string", "n: int64");
    struct table_case *d = case_open(*state, STREAMD_TABLE_BROADCAST, "id: string", "n: int64");
    struct snapshot_reader *r;
    struct streamd_error e;
    void *rows[4];
    uint32_t count;

    case_rows(c, 0, "one\ntwo\nthree\nfour\n", rows);
    case_random_values(c, rows, 4);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    assert_int_equal(case_read(d, path, 5, 6, &e), 0);
    assert_int_equal(case_read(d, path, 0, 0, &e), 0);
    assert_int_equal(streamd_table_rows(d->t, 0), 4);
    assert_int_equal(snapshot_reader_open(file_system(), path, NULL, &r, &e), 0);
    assert_true(snapshot_reader_blocks(r, 0, &count)[0].group == SNAPSHOT_NO_GROUP);
    snapshot_reader_close(r);
    case_close(c);
    case_close(d);
}

static void tables_without_keys_have_one_row(void **state)
{
    struct table_case *c = case_open(*state, STREAMD_TABLE_NAMESPACED, "", "n: int64, s: string");
    struct table_case *d = case_open(*state, STREAMD_TABLE_NAMESPACED, "", "n: int64, s: string");
    struct case_content before = {.rows = NULL}, after = {.rows = NULL};
    struct streamd_keys keys = {.n = 1};
    struct streamd_error e;
    void *row;

    for (int64_t ns = 0; ns < 3; ns++) {
        assert_int_equal(streamd_table_lookup(c->t, ns, &keys, STREAMD_LOOKUP_CREATE, &row, NULL),
                         0);
        case_random_values(c, &row, 1);
    }
    case_collect(c, &before);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    assert_int_equal(case_read(d, path, 1, CASE_GROUPS, &e), 0);
    assert_int_equal(streamd_table_rows(d->t, 0), 0);
    assert_int_equal(case_read(d, path, 0, 1, &e), 0);
    case_collect(d, &after);
    assert_int_equal(after.count, 3);
    case_expect_equal(&before, &after);
    case_forget(&before);
    case_forget(&after);
    case_close(c);
    case_close(d);
}

/* ---- what fits --------------------------------------------------------------------------------
 */

/* Reads the file into a table of another declaration; returns the diagnostic, 0 where it fits. */
static int read_as(uint32_t flags, const char *keys, const char *columns, const char *expected)
{
    struct table_case *c = case_open("state-memory", flags, keys, columns);
    struct streamd_error e = {.diagnostic = 0};
    int rc = case_read(c, path, 0, CASE_GROUPS, &e), diagnostic = rc ? e.diagnostic : 0;

    if (!rc) {
        struct streamd_cursor cursor = {0};
        struct case_content content = {.rows = NULL};
        void *rows[4];

        assert_int_equal(streamd_table_scan(c->t, 0, &cursor, rows, 4), 1);
        case_add(c, 0, rows[0], &content);
        assert_int_equal(content.rows[0].length, strlen(expected) / 2);
        for (size_t i = 0; i < content.rows[0].length; i++) {
            char hex[3];

            snprintf(hex, sizeof(hex), "%02x", content.rows[0].bytes[i]);
            assert_memory_equal(hex, expected + 2 * i, 2);
        }
        case_forget(&content);
    }
    case_close(c);
    return diagnostic;
}

/* The row as hex: NULL bits, key 5, then the columns. */
static void columns_are_matched_by_name(void **state)
{
    struct table_case *c = case_open("state-memory", 0, "k: int64", "n: int64, s: string");
    struct streamd_error e;
    void *row;

    (void)state;
    case_rows(c, 0, "5\n", &row);
    *(int64_t *)streamd_row_value(c->t->layout, row, 1) = 258;
    memcpy(streamd_table_reserve(c->t, row, 2, 2), "ab", 2);
    ((struct streamd_var *)streamd_row_value(c->t->layout, row, 2))->length = 2;
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    case_close(c);

#define ZERO "0000000000000000"
#define KEY "0500000000000000"
#define N "0201000000000000"
#define S "020000006162"
    assert_int_equal(read_as(0, "k: int64", "n: int64, s: string", "00" KEY N S), 0);
    assert_int_equal(read_as(0, "k: int64", "s: string, n: int64|null", "00" KEY S N), 0);
    assert_int_equal(read_as(0, "k: int64", "s: string", "00" KEY S), 0);
    assert_int_equal(read_as(0, "k: int64", "z: date|null, n: int64", "02" KEY "00000000" N), 0);
    assert_int_equal(read_as(0, "k: int64", "z: json|null, n: int64", "02" KEY "00000000" N), 0);
    assert_int_equal(read_as(0, "k: int64|null", "n: int64", "00" KEY N), 0);
    assert_int_equal(read_as(STREAMD_TABLE_ORDERED, "k: int64", "n: int64", "00" KEY N), 0);

    assert_int_equal(read_as(0, "k: string", "n: int64", ""), 4408);
    assert_int_equal(read_as(0, "j: int64", "n: int64", ""), 4408);
    assert_int_equal(read_as(0, "k: int64, l: int64", "n: int64", ""), 4408);
    assert_int_equal(read_as(0, "", "n: int64", ""), 4408);
    assert_int_equal(read_as(0, "k: int64", "n: int64, z: int64", ""), 4409);
    assert_int_equal(read_as(0, "k: int64", "n: float64", ""), 4410);
    assert_int_equal(read_as(0, "k: int64", "s: bytes", ""), 4410);
    assert_int_equal(read_as(STREAMD_TABLE_LIST, "k: int64", "n: int64", ""), 4412);
    assert_int_equal(read_as(STREAMD_TABLE_NAMESPACED, "k: int64", "n: int64", ""), 4412);
    assert_int_equal(read_as(STREAMD_TABLE_BROADCAST, "k: int64", "n: int64", ""), 4412);
}

static void a_nullable_column_cannot_become_other(void **state)
{
    struct table_case *c = case_open("state-memory", 0, "k: int64|null", "n: int64|null");
    struct streamd_error e;
    void *row;

    (void)state;
    case_rows(c, 0, "null\n", &row);
    streamd_row_set_null(row, 1, 1);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    case_close(c);
    assert_int_equal(read_as(0, "k: int64|null", "n: int64|null", "03" ZERO ZERO), 0);
    assert_int_equal(read_as(0, "k: int64|null", "n: int64", ""), 4409);
    assert_int_equal(read_as(0, "k: int64", "n: int64|null", ""), 4408);
}

/* A table filled twice from one file has every key twice. */
static void keys_that_are_there_twice_are_refused(void **state)
{
    struct table_case *c = case_open(*state, 0, "k: int64", "n: int64");
    struct streamd_error e;
    void *row;

    case_rows(c, 0, "5\n", &row);
    assert_int_equal(case_write(c, freezer, path, &e), 0);
    assert_int_equal(case_read(c, path, 0, CASE_GROUPS, &e), STREAMD_E_DATA);
    assert_int_equal(e.diagnostic, 4406);
    case_close(c);
}

/* ---- no memory --------------------------------------------------------------------------------
 */

static void every_allocation_fails_once(void **state)
{
    struct table_case *c = case_open(*state, 0, "k: string|null", "n: int64, s: bytes");
    struct freezer *f = freezer_new();
    struct streamd_error e;
    uint64_t n, made;
    int rc = -1;

    srand(13);
    for (int i = 0; i < 4; i++) {
        char text[CASE_ROWS * 16], *at = text;
        void *rows[CASE_ROWS];

        for (int k = 0; k < CASE_ROWS; k++)
            at += sprintf(at, "key-%d\n", i * CASE_ROWS + k);
        case_rows(c, 0, text, rows);
        case_random_values(c, rows, CASE_ROWS);
    }
    for (n = 1; rc; n++) {
        memory_fail_at(n, 0);
        rc = case_write(c, f, path, &e);
        made = memory_fail_at(0, 0);
        assert_true(rc == 0 ? made < n : rc == STREAMD_E_NOMEM);
        freezer_free(f);
        f = freezer_new();
    }
    assert_true(n > 50);
    freezer_free(f);
    rc = -1;
    for (n = 1; rc; n++) {
        struct table_case *d = case_open(*state, 0, "k: string|null", "n: int64, s: bytes");

        memory_fail_at(n, 0);
        rc = case_read(d, path, 0, CASE_GROUPS, &e);
        made = memory_fail_at(0, 0);
        assert_true(rc == 0 ? made < n : rc == STREAMD_E_NOMEM);
        if (!rc)
            assert_int_equal(streamd_table_rows(d->t, 0), 4 * CASE_ROWS);
        case_close(d);
    }
    assert_true(n > 10);
    case_close(c);
}

/* ---- the freezer ------------------------------------------------------------------------------
 */

static void blocks_are_used_again(void **state)
{
    struct table_case *c = case_open("state-memory", 0, "k: int64", "n: int64");
    struct freezer *f = freezer_new();
    struct frozen *frozen;
    struct streamd_error e;
    uint64_t held;
    void *rows[CASE_ROWS];

    (void)state;
    for (int i = 0; i < 400; i++) {
        char text[CASE_ROWS * 8], *at = text;

        for (int k = 0; k < CASE_ROWS; k++)
            at += sprintf(at, "%d\n", i * CASE_ROWS + k);
        case_rows(c, 0, text, rows);
    }
    assert_int_equal(freezer_bytes(f), 0);
    freezer_prepare(f, 5 << 20);
    assert_int_equal(freezer_bytes(f), 6 << 20);
    assert_int_equal(state_freeze(f, c->t, NULL, &frozen, &e), 0);
    held = freezer_bytes(f);
    assert_true(held >= 400 * CASE_ROWS * 24 && held <= 400 * CASE_ROWS * 24 + (2 << 20));
    assert_int_equal(state_frozen_rows(frozen), 400 * CASE_ROWS);
    assert_int_equal(state_frozen_bytes(frozen), 400 * CASE_ROWS * 24);
    state_frozen_free(frozen);
    assert_int_equal(freezer_bytes(f), held);
    assert_int_equal(state_freeze(f, c->t, NULL, &frozen, &e), 0);
    assert_int_equal(freezer_bytes(f), held);
    state_frozen_free(frozen);
    freezer_trim(f, 3 << 20);
    assert_int_equal(freezer_bytes(f), 2 << 20);
    assert_int_equal(state_freeze(f, c->t, NULL, &frozen, &e), 0);
    assert_int_equal(freezer_bytes(f), held);
    state_frozen_free(frozen);
    freezer_free(f);
    case_close(c);
}

static int make(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "test-freeze-%d.snap", (int)getpid());
    freezer = freezer_new();
    return freezer ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    unlink(path);
    freezer_free(freezer);
    return 0;
}

#define ON_BOTH(test) \
    cmocka_unit_test_prestate(test, memory), cmocka_unit_test_prestate(test, moving)

int main(void)
{
    static char memory[] = "state-memory", moving[] = "state-moving";
    const struct CMUnitTest tests[] = {
        ON_BOTH(every_type_comes_back),
        cmocka_unit_test_prestate(large_tables_and_values, memory),
        ON_BOTH(empty_tables_leave_a_section),
        ON_BOTH(lists_keep_their_order),
        ON_BOTH(ordered_rows_come_due_again),
        ON_BOTH(broadcast_rows_go_everywhere),
        ON_BOTH(tables_without_keys_have_one_row),
        cmocka_unit_test(columns_are_matched_by_name),
        cmocka_unit_test(a_nullable_column_cannot_become_other),
        ON_BOTH(keys_that_are_there_twice_are_refused),
        cmocka_unit_test_prestate(every_allocation_fails_once, memory),
        cmocka_unit_test(blocks_are_used_again),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
