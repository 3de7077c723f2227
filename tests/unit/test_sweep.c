/*
 * Tables that are copied while the stream goes on: whatever is done to a table between two steps of
 * the sweep, the copy is the table as it was at the barrier. The model is a copy that the test made
 * itself, row by row, before it froze the table.
 */
#include "freeze_case.h"

enum { SEEDS = 60, KEYS = 900, SPACES = 5 };

#define PATH "test-sweep.snap"

static struct freezer *freezer;

struct kind {
    const char *name, *keys, *columns;
    uint32_t flags;
};

static const struct kind kinds[] = {
    {"fixed", "k: int64", "n: int64, d: float64|null", STREAMD_TABLE_NAMESPACED},
    {"variable", "k: string", "n: int64, s: string, b: bytes|null", STREAMD_TABLE_NAMESPACED},
    {"one namespace", "k: int64", "n: int64, s: string", 0},
    {"ordered", "k: int64", "at: timestamp|null, n: int64", STREAMD_TABLE_ORDERED},
    {"ordered namespaces", "k: int64", "at: timestamp|null, n: int64",
     STREAMD_TABLE_ORDERED | STREAMD_TABLE_NAMESPACED},
    {"one row", "", "n: int64, s: string", STREAMD_TABLE_NAMESPACED},
};

static struct table_case *open_kind(const struct kind *kind)
{
    return case_open("state-memory", kind->flags, kind->keys, kind->columns);
}

static int64_t any_space(const struct table_case *c)
{
    return c->decl.flags & STREAMD_TABLE_NAMESPACED ? rand() % SPACES * 10 : 0;
}

/* ---- what is done to a table ------------------------------------------------------------------
 */

/* Some random keys, with repetitions. How many. */
static uint32_t some_keys(const struct table_case *c, char *text)
{
    uint32_t n = 1 + (uint32_t)rand() % 60;

    for (uint32_t k = 0; k < n; k++)
        text += c->decl.key_count ? sprintf(text, "%d\n", rand() % KEYS) : sprintf(text, "\n");
    return n;
}

/* ORDERED tables: new rows enter the index, changed ones move in it. */
static void reorder(struct table_case *c, void *const *rows, uint32_t n)
{
    if (c->decl.flags & STREAMD_TABLE_ORDERED)
        assert_int_equal(streamd_table_reorder(c->t, rows, n), 0);
}

static void put(struct table_case *c)
{
    char text[60 * 8];
    void *rows[CASE_ROWS];
    uint32_t n = some_keys(c, text);

    case_rows(c, any_space(c), text, rows);
    case_random_values(c, rows, n);
    reorder(c, rows, n);
}

/* Rows from a scan are erased, or written to. */
static void scan(struct table_case *c, int erase)
{
    int64_t ns = any_space(c);
    struct streamd_cursor cursor = {0};
    void *rows[64];
    uint32_t n = 0;

    for (int skip = rand() % 8; skip >= 0; skip--)
        n = streamd_table_scan(c->t, ns, &cursor, rows, 1 + (uint32_t)rand() % 64);
    if (erase) {
        assert_int_equal(streamd_table_erase(c->t, ns, rows, n), 0);
        return;
    }
    case_random_values(c, rows, n);
    reorder(c, rows, n);
}

/* One row, found for reading only. */
static void erase_one(struct table_case *c)
{
    char text[16];
    struct streamd_batch *b;
    const struct streamd_column *column;
    int64_t ns = any_space(c);
    uint64_t hash[1] = {0};
    struct streamd_keys keys = {.n = 1, .columns = &column, .hash = hash};
    void *row;

    sprintf(text, c->decl.key_count ? "%d\n" : "\n", rand() % KEYS);
    b = harness_batch(c->h, c->keys, text);
    column = &b->columns[0];
    if (c->decl.key_count)
        keyhash_batch(b, &column, &c->keys->fields[0].type, 1, hash);
    assert_int_equal(streamd_table_lookup(c->t, ns, &keys, STREAMD_LOOKUP_READ, &row, NULL), 0);
    if (row)
        assert_int_equal(streamd_table_erase(c->t, ns, &row, 1), 0);
    batch_release(b);
}

static void due(struct table_case *c)
{
    int64_t first;
    void *rows[16];
    uint32_t n;

    if (!(c->decl.flags & STREAMD_TABLE_ORDERED) || !streamd_table_first(c->t, &first))
        return;
    n = streamd_table_due(c->t, first, rows, 16);
    case_random_values(c, rows, n);
    reorder(c, rows, n);
}

static void change(struct table_case *c)
{
    switch (rand() % 16) {
    case 0:
        streamd_table_drop(c->t, any_space(c));
        break;
    case 1:
    case 2:
        due(c);
        break;
    case 3:
        erase_one(c);
        break;
    case 4:
    case 5:
        scan(c, 1);
        break;
    case 6:
    case 7:
        scan(c, 0);
        break;
    default:
        put(c);
        break;
    }
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void write_frozen(struct frozen *frozen)
{
    struct snapshot_identity id = case_identity();
    struct streamd_error e;
    struct snapshot_writer *w;
    char checksum[33];
    uint64_t bytes;

    assert_int_equal(snapshot_writer_open(file_system(), PATH, &id, &w, &e), 0);
    assert_int_equal(state_frozen_write(frozen, "node", CASE_GROUPS, w, &e), 0);
    assert_int_equal(snapshot_writer_close(w, &bytes, checksum, &e), 0);
}

static void expect(const struct kind *kind, struct case_content *was)
{
    struct table_case *back = open_kind(kind);
    struct case_content is = {0};
    struct streamd_error e;

    assert_int_equal(case_read(back, PATH, 0, CASE_GROUPS, &e), 0);
    case_collect(back, &is);
    case_expect_equal(was, &is);
    case_forget(&is);
    case_close(back);
    unlink(PATH);
}

/* One run: a table, a barrier, changes between steps. */
static void run(const struct kind *kind, int changes)
{
    struct table_case *c = open_kind(kind);
    struct case_content was = {0};
    struct frozen *frozen;
    struct streamd_error e;
    int rc;

    for (int i = 0; i < 80; i++)
        change(c);
    case_collect(c, &was);
    assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
    do {
        for (int i = rand() % (changes + 1); i > 0; i--)
            change(c);
        rc = state_frozen_step(frozen, 1 + (uint64_t)rand() % 200, &e);
    } while (rc == 1);
    assert_int_equal(rc, 0);
    assert_int_equal(state_frozen_step(frozen, 1, &e), 0);
    for (int i = 0; i < 10; i++)
        change(c);
    assert_int_equal(state_frozen_rows(frozen), was.count);
    write_frozen(frozen);
    state_frozen_free(frozen);
    expect(kind, &was);
    case_forget(&was);
    case_close(c);
}

static void the_copy_is_of_the_barrier(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        for (unsigned seed = 0; seed < SEEDS; seed++) {
            srand(seed * 16 + (unsigned)k);
            run(&kinds[k], seed % 2 ? 2 : 40);
        }
}

/* It is given up in the middle, and the next one begins anew. */
static void one_that_is_given_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct table_case *c = open_kind(&kinds[k]);
        struct case_content was = {0};
        struct frozen *frozen;
        struct streamd_error e;

        srand((unsigned)k);
        for (int i = 0; i < 80; i++)
            change(c);
        assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
        for (int i = 0; i < 20; i++)
            change(c);
        (void)!state_frozen_step(frozen, 40, &e);
        state_frozen_free(frozen);
        for (int i = 0; i < 20; i++)
            change(c);
        case_collect(c, &was);
        assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
        for (int i = 0; i < 20; i++)
            change(c);
        while (state_frozen_step(frozen, 1000, &e) == 1)
            continue;
        write_frozen(frozen);
        state_frozen_free(frozen);
        expect(&kinds[k], &was);
        case_forget(&was);
        case_close(c);
    }
}

/* Small tables and lists are copied at once; a table goes away with a copy of it under way. */
static void not_all_are_swept(void **state)
{
    struct table_case *c = open_kind(&kinds[0]);
    struct table_case *list = case_open("state-memory", STREAMD_TABLE_LIST, "k: int64", "n: int64");
    struct frozen *frozen;
    struct streamd_error e;
    void *rows[CASE_ROWS];

    (void)state;
    srand(1);
    for (int i = 0; i < 80; i++)
        put(c);
    freezer_set_sweep_rows(freezer, 1 << 20);
    assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
    assert_true(state_frozen_is_complete(frozen));
    state_frozen_free(frozen);
    freezer_set_sweep_rows(freezer, 0);
    case_rows(list, 0, "1\n2\n1\n", rows);
    assert_int_equal(state_freeze(freezer, list->t, NULL, &frozen, &e), 0);
    assert_true(state_frozen_is_complete(frozen));
    state_frozen_free(frozen);
    assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
    assert_false(state_frozen_is_complete(frozen));
    streamd_table_drop(c->t, 10);
    state_frozen_free(frozen);
    case_close(list);
    case_close(c);
}

/* A backend that says that it is done before all rows were given. */
static int done_at_once(struct streamd_table *t, uint64_t rows)
{
    (void)t;
    (void)rows;
    return 0;
}

static void rows_that_are_forgotten(void **state)
{
    struct table_case *c = open_kind(&kinds[0]);
    const struct streamd_table_ops *ops = c->t->ops;
    struct streamd_table_ops forgetful = *ops;
    struct streamd_error e;
    struct frozen *frozen;

    (void)state;
    srand(2);
    for (int i = 0; i < 80; i++)
        put(c);
    forgetful.shadow_step = done_at_once;
    c->t->ops = &forgetful;
    assert_int_equal(state_freeze(freezer, c->t, NULL, &frozen, &e), 0);
    put(c);
    assert_int_equal(state_frozen_step(frozen, 1, &e), STREAMD_E_PLUGIN);
    assert_string_equal(e.message,
                        "state table table: its backend gave other rows than there were");
    assert_true(state_frozen_is_complete(frozen));
    state_frozen_free(frozen);
    c->t->ops = ops;
    case_close(c);
}

static int make(void **state)
{
    (void)state;
    freezer = freezer_new();
    if (freezer)
        freezer_set_sweep_rows(freezer, 0);
    return freezer ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    freezer_free(freezer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_copy_is_of_the_barrier),
        cmocka_unit_test(one_that_is_given_up),
        cmocka_unit_test(not_all_are_swept),
        cmocka_unit_test(rows_that_are_forgotten),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
