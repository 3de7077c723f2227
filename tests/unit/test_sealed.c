/*
 * Sealed namespaces: written once, referred to afterwards. Two checkpoints in sibling folders, as
 * in a state directory; what the second one gives back is compared with the table it was taken of.
 */
#include "freeze_case.h"

#include <sys/resource.h>
#include <sys/stat.h>

enum { KEYS = 400, SPACES = 6, MANY = 100 };

static struct freezer *freezer;
static char folder[64];

/* KEYS rows in each of SPACES namespaces; 400 rows of 40 bytes and more pay only with few groups.
 */
enum { GROUPS = 4 };

static void fill(struct table_case *c, int64_t ns, int first, int count)
{
    char text[KEYS * 8], *at = text;
    void *rows[CASE_ROWS];

    for (int k = 0; k < count; k++)
        at += sprintf(at, "%d\n", first + k);
    case_rows(c, ns, text, rows);
    case_random_values(c, rows, (uint32_t)count);
}

static struct table_case *open_table(void)
{
    return case_open("state-memory", STREAMD_TABLE_NAMESPACED, "k: int64",
                     "n: int64, s: string, d: float64|null");
}

static struct table_case *filled(void)
{
    struct table_case *c = open_table();

    for (int64_t ns = 0; ns < SPACES; ns++)
        fill(c, ns * 10, 0, KEYS);
    return c;
}

static struct snapshot_identity identity(uint64_t id)
{
    struct snapshot_identity i = case_identity();

    i.checkpoint = id;
    i.key_groups = GROUPS;
    return i;
}

/* Path of a file of a checkpoint, whose folder is made. */
static const char *path_of(uint64_t id, const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/chk-%d", folder, (int)id);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/chk-%d/%s", folder, (int)id, name);
    return path;
}

static struct snapshot_writer *writer(uint64_t id, const char *name)
{
    struct snapshot_identity i = identity(id);
    struct snapshot_writer *w;
    struct streamd_error e;

    assert_int_equal(snapshot_writer_open(file_system(), path_of(id, name), &i, &w, &e), 0);
    return w;
}

/* Takes a checkpoint as a worker does. `known` is what the one before had, and gets what this one
   has. How many namespaces were written sealed? */
static size_t checkpoint(struct table_case *c, uint64_t id, struct sealed_list *known)
{
    struct sealed_file *file = sealed_file_new(id, "sealed-1.snap");
    size_t before;
    struct frozen *frozen;
    struct streamd_error e;
    struct snapshot_writer *w;
    char checksum[33];
    uint64_t bytes;

    assert_int_equal(state_freeze(freezer, c->t, known, &frozen, &e), 0);
    before = state_frozen_sealed(frozen)->count;
    if (state_frozen_has_sealed(frozen, GROUPS)) {
        w = writer(id, "sealed-1.snap");
        assert_int_equal(state_frozen_write_sealed(frozen, "node", GROUPS, GROUPS, w, file, &e), 0);
        assert_int_equal(snapshot_writer_close(w, &bytes, checksum, &e), 0);
    }
    w = writer(id, "task-1.snap");
    assert_int_equal(state_frozen_write(frozen, "node", GROUPS, w, &e), 0);
    assert_int_equal(snapshot_writer_close(w, &bytes, checksum, &e), 0);
    sealed_list_clear(known);
    *known = *state_frozen_sealed(frozen);
    *state_frozen_sealed(frozen) = (struct sealed_list){.items = NULL};
    state_frozen_free(frozen);
    sealed_file_unref(file);
    return known->count - before;
}

/* What a checkpoint has is what the table has. */
static void expect(struct table_case *c, uint64_t id)
{
    struct snapshot_identity i = identity(id);
    struct table_case *back = open_table();
    struct case_content was = {0}, is = {0};
    struct snapshot_reader *r;
    struct streamd_error e;

    assert_int_equal(snapshot_reader_open(file_system(), path_of(id, "task-1.snap"), &i, &r, &e),
                     0);
    assert_int_equal(state_thaw(back->t, r, "node", 0, GROUPS, &e), 0);
    snapshot_reader_close(r);
    case_collect(c, &was);
    case_collect(back, &is);
    case_expect_equal(&was, &is);
    case_forget(&was);
    case_forget(&is);
    case_close(back);
}

static void refill(struct table_case *c)
{
    streamd_table_drop(c->t, 10);
    fill(c, 10, 0, 3);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void what_opens_a_namespace(void **state)
{
    struct table_case *c = filled();
    struct streamd_batch *b = harness_batch(c->h, c->keys, "7\n");
    const struct streamd_column *column = &b->columns[0];
    uint64_t hash[1], first;
    struct streamd_keys keys = {.n = 1, .columns = &column, .hash = hash};
    struct streamd_cursor cursor = {0};
    void *rows[4], *row;

    (void)state;
    keyhash_batch(b, &column, &c->keys->fields[0].type, 1, hash);
    assert_int_equal(streamd_table_sealed(c->t, 10), 0);
    assert_int_equal(streamd_table_sealed(c->t, 11), 0);
    streamd_table_seal(c->t, 11); /* is not there */
    assert_int_equal(streamd_table_sealed(c->t, 11), 0);
    streamd_table_seal(c->t, 10);
    first = streamd_table_sealed(c->t, 10);
    assert_int_not_equal(first, 0);
    streamd_table_seal(c->t, 10);
    assert_int_equal(streamd_table_sealed(c->t, 10), first);

    assert_int_equal(streamd_table_lookup(c->t, 10, &keys, STREAMD_LOOKUP_READ, &row, NULL), 0);
    assert_non_null(row);
    assert_int_equal(streamd_table_scan(c->t, 10, &cursor, rows, 4), 4);
    assert_int_equal(streamd_table_rows(c->t, 10), KEYS);
    assert_int_equal(streamd_table_lookup(c->t, 20, &keys, STREAMD_LOOKUP_FIND, rows, NULL), 0);
    assert_int_equal(streamd_table_sealed(c->t, 10), first);

    for (int way = 0; way < 5; way++) {
        if (way == 0)
            assert_int_equal(streamd_table_lookup(c->t, 10, &keys, STREAMD_LOOKUP_FIND, &row, NULL),
                             0);
        else if (way == 1)
            assert_int_equal(
                streamd_table_lookup(c->t, 10, &keys, STREAMD_LOOKUP_CREATE, &row, NULL), 0);
        else if (way == 2)
            assert_non_null(streamd_table_reserve(c->t, row, 2, 1));
        else if (way == 3)
            assert_int_equal(streamd_table_erase(c->t, 10, &row, 1), 0);
        else
            refill(c);
        assert_int_equal(streamd_table_sealed(c->t, 10), 0);
        streamd_table_seal(c->t, 10);
        assert_true(streamd_table_sealed(c->t, 10) > first); /* never the same again */
        first = streamd_table_sealed(c->t, 10);
    }
    batch_release(b);
    case_close(c);
}

static void sealed_ones_are_written_once(void **state)
{
    struct table_case *c = filled();
    struct sealed_list known = {.items = NULL};

    (void)state;
    assert_int_equal(checkpoint(c, 1, &known), 0);
    expect(c, 1);
    for (int64_t ns = 0; ns < 40; ns += 10)
        streamd_table_seal(c->t, ns);
    assert_int_equal(checkpoint(c, 2, &known), 4);
    expect(c, 2);
    fill(c, 50, KEYS, 20);
    streamd_table_seal(c->t, 40);
    assert_int_equal(checkpoint(c, 3, &known), 1);
    assert_int_equal(known.count, 5);
    assert_int_equal(known.items[0]->file->checkpoint, 2);
    assert_int_equal(known.items[4]->file->checkpoint, 3);
    expect(c, 3);
    assert_int_equal(checkpoint(c, 4, &known), 0);
    expect(c, 4);
    sealed_list_clear(&known);
    case_close(c);
}

/* Late rows, and a namespace that goes and comes again. */
static void changes_are_not_missed(void **state)
{
    struct table_case *c = filled();
    struct sealed_list known = {.items = NULL};

    (void)state;
    for (int64_t ns = 0; ns < 60; ns += 10)
        streamd_table_seal(c->t, ns);
    assert_int_equal(checkpoint(c, 1, &known), SPACES);
    fill(c, 20, 5, 1); /* another value for a key that is there */
    streamd_table_drop(c->t, 30);
    streamd_table_drop(c->t, 40);
    fill(c, 40, 0, KEYS);
    streamd_table_seal(c->t, 40);
    assert_int_equal(checkpoint(c, 2, &known), 1);
    assert_int_equal(known.count, 4);
    expect(c, 2);
    streamd_table_seal(c->t, 20);
    assert_int_equal(checkpoint(c, 3, &known), 1);
    expect(c, 3);
    sealed_list_clear(&known);
    case_close(c);
}

/* The catalogue of a checkpoint that did not become complete is not used. */
static void a_failed_checkpoint_is_not_referred_to(void **state)
{
    struct table_case *c = filled();
    struct sealed_list none = {.items = NULL}, lost = {.items = NULL};

    (void)state;
    for (int64_t ns = 0; ns < 60; ns += 10)
        streamd_table_seal(c->t, ns);
    assert_int_equal(checkpoint(c, 1, &lost), SPACES);
    assert_int_equal(unlink(path_of(1, "sealed-1.snap")), 0);
    assert_int_equal(checkpoint(c, 2, &none), SPACES);
    expect(c, 2);
    sealed_list_clear(&lost);
    sealed_list_clear(&none);
    case_close(c);
}

/* A process can restore what lies in more files than it may open. */
static void many_files_need_few_descriptors(void **state)
{
    struct table_case *c = open_table();
    struct sealed_list known = {.items = NULL};
    struct rlimit limit, few;

    (void)state;
    for (uint64_t id = 1; id <= MANY; id++) {
        fill(c, (int64_t)id, 0, KEYS);
        streamd_table_seal(c->t, (int64_t)id);
        assert_int_equal(checkpoint(c, id, &known), 1);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    few = (struct rlimit){.rlim_cur = MANY - 10, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    expect(c, MANY);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    sealed_list_clear(&known);
    case_close(c);
}

/* Few rows are written again rather than referred to. */
static void small_ones_are_not_worth_it(void **state)
{
    struct table_case *c = open_table();
    struct sealed_list known = {.items = NULL};

    (void)state;
    fill(c, 0, 0, 20);
    streamd_table_seal(c->t, 0);
    assert_int_equal(checkpoint(c, 1, &known), 0);
    expect(c, 1);
    sealed_list_clear(&known);
    case_close(c);
}

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "test-sealed-%d", (int)getpid());
    freezer = freezer_new();
    return freezer && !mkdir(folder, 0700) ? 0 : -1;
}

static int unmake(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= MANY; id++) {
        unlink(path_of(id, "sealed-1.snap"));
        unlink(path_of(id, "task-1.snap"));
        if (rmdir(path_of(id, "")))
            return -1;
    }
    freezer_free(freezer);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_opens_a_namespace),
        cmocka_unit_test(sealed_ones_are_written_once),
        cmocka_unit_test(changes_are_not_missed),
        cmocka_unit_test(a_failed_checkpoint_is_not_referred_to),
        cmocka_unit_test(many_files_need_few_descriptors),
        cmocka_unit_test(small_ones_are_not_worth_it),
    };

    srand(11);
    return cmocka_run_group_tests(tests, make, unmake);
}
