/*
 * A state directory: ids, locks, what is found at the next start, what is removed, and what happens
 * when its metadata or its files are damaged.
 */
#include "base/memory.h"
#include "checkpoint/store.h"
#include "store_case.h"

static void an_empty_directory(void **state)
{
    struct store *s = store_at(*state);
    struct manifest m;
    char folder[PATH_MAX];
    struct streamd_error note, e;

    assert_string_equal(store_lineage(s), "");
    assert_int_equal(store_used(s, &e), 0);
    assert_int_equal(store_newest(s, &m, folder, &note, &e), 0);
    assert_int_equal(store_new_lineage(s, &e), 0);
    assert_int_equal(strlen(store_lineage(s)), 32);
    assert_int_equal(store_newest(s, &m, folder, &note, &e), 0);
    assert_int_equal(store_highest_parallelism(s), 0);
    assert_int_equal(mode_of(*state, ""), 0700);
    assert_int_equal(mode_of(*state, "lock"), 0600);
    assert_int_equal(mode_of(*state, "meta.db"), 0600);
    assert_int_equal(mode_of(*state, store_lineage(s)), 0700);
    store_close(s);
}

static void ids_are_never_used_again(void **state)
{
    struct store *s = store_at(*state);
    struct streamd_error e;
    char folder[PATH_MAX], lineage[33];
    uint64_t id = 0;

    assert_int_equal(store_allocate(s, &id, folder, &e), STREAMD_E_STATE);
    assert_int_equal(store_new_lineage(s, &e), 0);
    memcpy(lineage, store_lineage(s), 33);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(store_allocate(s, &id, folder, &e), 0);
        assert_int_equal(id, i);
        assert_int_equal(mode_of(folder, NULL), 0700);
    }
    store_abandon(s, 3);
    store_abandon(s, 2);
    store_close(s);
    s = store_at(*state);
    assert_string_equal(store_lineage(s), lineage);
    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    assert_int_equal(id, 4);
    store_close(s);

    remove_at(*state, "meta.db"); /* the empty folder of 4 is still there */
    s = store_at(*state);
    assert_string_equal(store_lineage(s), "");
    assert_int_equal(store_new_lineage(s, &e), 0);
    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    assert_int_equal(id, 5);
    store_close(s);
}

static void a_second_one_is_told_who_has_it(void **state)
{
    struct store *s = store_at(*state), *other;
    struct streamd_error e;
    char expected[64];

    assert_int_equal(store_open(NULL, *state, "orders", &other, &e), STREAMD_E_STATE);
    assert_int_equal(e.diagnostic, 4401);
    snprintf(expected, sizeof(expected), "by process %ld", (long)getpid());
    assert_non_null(strstr(e.message, expected));
    store_close(s);
    store_close(store_at(*state));
    assert_int_equal(store_open(NULL, *state, "other", &other, &e), STREAMD_E_INVALID);
    assert_int_equal(e.diagnostic, 4413);
}

static void the_newest_is_found(void **state)
{
    struct store *s = store_at(*state);
    struct manifest m;
    struct streamd_error note, e;
    char folder[PATH_MAX], lineage[33];

    assert_int_equal(store_new_lineage(s, &e), 0);
    memcpy(lineage, store_lineage(s), 33);
    for (int i = 0; i < 3; i++)
        complete(s, 2, NULL);
    incomplete(s);
    store_close(s);
    s = store_at(*state);
    assert_int_equal(store_newest(s, &m, folder, &note, &e), 1);
    assert_int_equal(m.id, 3);
    assert_string_equal(m.lineage, lineage);
    assert_string_equal(m.pipeline, "orders");
    assert_int_equal(m.file_count, 2);
    assert_int_equal(m.files[1].task, 1);
    assert_int_equal(m.files[1].checkpoint, 3);
    assert_int_equal(note.code, 0);
    assert_int_equal(json_integer_value(json_object_get(m.plan, "nodes")), 3);
    manifest_clear(&m);
    assert_int_equal(count_files(*state, lineage, 4), 0); /* what was incomplete is gone */
    assert_int_equal(store_used(s, &e), 1);
    store_close(s);
}

static void old_ones_are_removed(void **state)
{
    struct store *s = store_at(*state);
    struct store_checkpoint *list;
    struct streamd_error e;
    size_t count;

    assert_int_equal(store_new_lineage(s, &e), 0);
    for (int i = 0; i < 6; i++)
        complete(s, 1, NULL);
    assert_int_equal(store_commit_started(s, 5, &e), 0);
    assert_int_equal(store_pin(s, 2), 0);
    assert_int_equal(store_retain(s, 3, &e), 0);
    assert_int_equal(store_list(s, &list, &count, &e), 0);
    assert_int_equal(count, 4);
    assert_int_equal(list[0].id, 6);
    assert_int_equal(list[0].commit_started, 0);
    assert_int_equal(list[1].commit_started, 1);
    assert_int_equal(list[3].id, 2);
    assert_int_equal(list[3].pinned, 1);
    assert_string_equal(list[3].kind, "checkpoint");
    memory_free(list);
    store_unpin(s, 2);
    incomplete(s); /* being written while others are removed */
    assert_int_equal(store_retain(s, 1, &e), 0);
    assert_int_equal(store_list(s, &list, &count, &e), 0);
    assert_int_equal(count, 1);
    memory_free(list);
    assert_int_equal(count_files(*state, store_lineage(s), 7), 1);
    assert_int_equal(count_files(*state, store_lineage(s), 6), 2);
    assert_int_equal(count_files(*state, store_lineage(s), 5), -1);
    store_close(s);
}

/* Files of older checkpoints stay as long as one that is kept refers to them. */
static void files_in_use_stay(void **state)
{
    struct store *s = store_at(*state);
    struct manifest m;
    struct streamd_error note, e;
    char folder[PATH_MAX];

    assert_int_equal(store_new_lineage(s, &e), 0);
    complete(s, 2, NULL);
    complete(s, 1, &(struct manifest_file){.task = 0, .name = "task-1.snap", .checkpoint = 1});
    complete(s, 1, &(struct manifest_file){.task = 0, .name = "task-1.snap", .checkpoint = 1});
    assert_int_equal(store_retain(s, 1, &e), 0);
    assert_int_equal(count_files(*state, store_lineage(s), 1), 1);
    assert_int_equal(count_files(*state, store_lineage(s), 2), -1);
    store_close(s);
    s = store_at(*state);
    assert_int_equal(count_files(*state, store_lineage(s), 1), 1);
    assert_int_equal(store_newest(s, &m, folder, &note, &e), 1);
    assert_int_equal(m.id, 3);
    assert_int_equal(m.files[1].checkpoint, 1);
    manifest_clear(&m);
    complete(s, 1, NULL);
    assert_int_equal(store_retain(s, 1, &e), 0);
    assert_int_equal(count_files(*state, store_lineage(s), 1), -1);
    store_close(s);
}

/* ---- damage -----------------------------------------------------------------------------------
 */

static const char *const damages[] = {
    "flip task-0.snap", "cut task-0.snap",  "remove task-0.snap",
    "flip manifest",    "cut manifest",     "empty manifest",
    "swap task-0.snap", "link task-0.snap", "manifest of another"};

/* A damaged newest checkpoint whose commit was not started is passed over, for ever. */
static void damage_before_the_commit(void **state)
{
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct store *s = fresh_store(*state);
        struct manifest m;
        struct streamd_error note, e;
        char folder[PATH_MAX], lineage[33];

        assert_int_equal(store_new_lineage(s, &e), 0);
        memcpy(lineage, store_lineage(s), 33);
        for (int k = 0; k < 3; k++)
            complete(s, 2, NULL);
        assert_int_equal(store_commit_started(s, 2, &e), 0);
        store_close(s);
        damage(*state, lineage, 3, damages[i]);
        for (int k = 0; k < 2; k++) {
            s = store_at(*state);
            assert_int_equal(store_newest(s, &m, folder, &note, &e), 1);
            assert_int_equal(m.id, 2);
            assert_int_equal(note.code != 0, k == 0);
            assert_true(k || note.diagnostic == 4404);
            manifest_clear(&m);
            store_close(s);
        }
    }
}

/* With the commit started it is an error, and stays one: nothing was changed by looking. */
static void damage_after_the_commit(void **state)
{
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct store *s = fresh_store(*state);
        struct manifest m;
        struct streamd_error note, e;
        char folder[PATH_MAX], lineage[33];

        assert_int_equal(store_new_lineage(s, &e), 0);
        memcpy(lineage, store_lineage(s), 33);
        for (int k = 0; k < 3; k++)
            complete(s, 2, NULL);
        assert_int_equal(store_commit_started(s, 3, &e), 0);
        store_close(s);
        damage(*state, lineage, 3, damages[i]);
        for (int k = 0; k < 2; k++) {
            s = store_at(*state);
            assert_int_equal(store_newest(s, &m, folder, &note, &e), STREAMD_E_DATA);
            assert_int_equal(e.diagnostic, 4404);
            assert_non_null(strstr(e.message, "output twice"));
            store_close(s);
        }
    }
}

static void a_manifest_that_is_gone(void **state)
{
    struct store *s = store_at(*state);
    struct manifest m;
    struct streamd_error note, e;
    char folder[PATH_MAX], lineage[33];

    assert_int_equal(store_new_lineage(s, &e), 0);
    memcpy(lineage, store_lineage(s), 33);
    complete(s, 1, NULL);
    complete(s, 1, NULL);
    assert_int_equal(store_commit_started(s, 2, &e), 0);
    damage(*state, lineage, 2, "remove manifest");
    assert_int_equal(store_newest(s, &m, folder, &note, &e), STREAMD_E_DATA);
    assert_int_equal(e.diagnostic, 4404);
    store_close(s);
}

/* Without metadata, the commit of the newest counts as started. */
static void metadata_is_made_again(void **state)
{
    static const char *const ways[] = {"remove", "garbage", "cut"};

    for (int i = 0; i < 3; i++) {
        struct store *s = fresh_store(*state);
        struct manifest m;
        struct streamd_error note, e;
        char folder[PATH_MAX], lineage[33];
        uint64_t id;

        assert_int_equal(store_new_lineage(s, &e), 0);
        assert_int_equal(store_new_lineage(s, &e), 0);
        memcpy(lineage, store_lineage(s), 33);
        complete(s, 1, NULL);
        complete(s, 1, NULL);
        assert_int_equal(store_record_parallelism(s, 4, 0, &e), 0);
        store_close(s);
        hurt_meta(*state, ways[i]);
        s = store_at(*state);
        assert_string_equal(store_lineage(s), lineage);
        assert_int_equal(store_newest(s, &m, folder, &note, &e), 1);
        assert_int_equal(m.id, 2);
        manifest_clear(&m);
        assert_int_equal(store_highest_parallelism(s), 3); /* that of the manifests */
        damage(*state, lineage, 2, "flip task-0.snap");
        assert_int_equal(store_newest(s, &m, folder, &note, &e), STREAMD_E_DATA);
        assert_int_equal(store_allocate(s, &id, folder, &e), 0);
        assert_int_equal(id, 3);
        store_close(s);
    }
}

static void parallelism_only_rises(void **state)
{
    struct store *s = store_at(*state);
    struct streamd_error e;

    assert_int_equal(store_record_parallelism(s, 4, 0, &e), 0);
    assert_int_equal(store_record_parallelism(s, 2, 0, &e), 0);
    assert_int_equal(store_highest_parallelism(s), 4);
    store_close(s);
    s = store_at(*state);
    assert_int_equal(store_highest_parallelism(s), 4);
    assert_int_equal(store_record_parallelism(s, 2, 1, &e), 0);
    assert_int_equal(store_highest_parallelism(s), 2);
    store_close(s);
}

/* ---- hostile surroundings ---------------------------------------------------------------------
 */

static void links_and_open_doors_are_refused(void **state)
{
    struct store *s = store_at(*state), *other;
    struct streamd_error e;
    char path[PATH_MAX], to[PATH_MAX], lineage[33], folder[PATH_MAX];
    uint64_t id;

    assert_int_equal(store_new_lineage(s, &e), 0);
    memcpy(lineage, store_lineage(s), 33);
    store_close(s);
    assert_int_equal(chmod(*state, 0770), 0);
    assert_int_equal(store_open(NULL, *state, "orders", &other, &e), STREAMD_E_IO);
    assert_int_equal(e.diagnostic, 4402);
    assert_int_equal(chmod(*state, 0700), 0);

    /* The lineage's folder becomes a link to another place. */
    snprintf(path, sizeof(path), "%s/%s", (const char *)*state, lineage);
    snprintf(to, sizeof(to), "%s.elsewhere", (const char *)*state);
    assert_int_equal(rename(path, to), 0);
    assert_int_equal(symlink(to, path), 0);
    assert_int_equal(store_open(NULL, *state, "orders", &other, &e), STREAMD_E_IO);
    assert_int_equal(e.diagnostic, 4402);
    unlink(path);
    assert_int_equal(rename(to, path), 0);

    snprintf(path, sizeof(path), "%s/lock", (const char *)*state);
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(store_open(NULL, *state, "orders", &other, &e), STREAMD_E_IO);
    unlink(path);

    snprintf(path, sizeof(path), "%s/file", (const char *)*state);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(store_open(NULL, path, "orders", &other, &e), STREAMD_E_IO);
    snprintf(path, sizeof(path), "%s/not/there", (const char *)*state);
    assert_int_equal(store_open(NULL, path, "orders", &other, &e), STREAMD_E_IO);

    /* A link to the directory itself is the user's business. */
    snprintf(to, sizeof(to), "%s.link", (const char *)*state);
    assert_int_equal(symlink(*state, to), 0);
    assert_int_equal(store_open(NULL, to, "orders", &s, &e), 0);
    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    store_close(s);
    unlink(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_directory(an_empty_directory),
        in_directory(ids_are_never_used_again),
        in_directory(a_second_one_is_told_who_has_it),
        in_directory(the_newest_is_found),
        in_directory(old_ones_are_removed),
        in_directory(files_in_use_stay),
        in_directory(damage_before_the_commit),
        in_directory(damage_after_the_commit),
        in_directory(a_manifest_that_is_gone),
        in_directory(metadata_is_made_again),
        in_directory(parallelism_only_rises),
        in_directory(links_and_open_doors_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
