/*
 * The metadata database of a state directory when SQLite's own calls fail, and through power cuts.
 *
 * Each of its steps is done again and again with the n-th call failing, until none fails any more.
 * What a step reported must be there at the next start; what it reported as not done (SD4411) must
 * not be; where it said that it does not know (SD4403), the next start finds the old or the new
 * values, and whole ones. Then the record of many steps is cut at every point (sqlite_disk.h).
 */
#include "checkpoint/store_form.h"
#include "sqlite_disk.h"
#include "store_case.h"

#include <ftw.h>

enum { UNKNOWN = 4403, NO_SPACE = 4411 };

static void folder_name(char name[PATH_MAX], const char *state, const char *more)
{
    char here[PATH_MAX];

    assert_non_null(realpath(".", here));
    assert_true(snprintf(name, PATH_MAX, "%s/%s%s", here, state, more) < PATH_MAX);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Thousands of times, so without a shell. */
static void remove_folder(const char *path)
{
    if (!access(path, F_OK))
        assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int same(const struct store_meta *a, const struct store_meta *b)
{
    return !strcmp(a->lineage, b->lineage) && a->last_id == b->last_id &&
           a->commit_started == b->commit_started && a->parallelism == b->parallelism;
}

static void show(const char *what, const struct store_meta *m)
{
    print_error("%s: lineage \"%s\", id %llu, commit %llu, parallelism %u\n", what, m->lineage,
                (unsigned long long)m->last_id, (unsigned long long)m->commit_started,
                m->parallelism);
}

/* ---- steps ------------------------------------------------------------------------------------
 */

/* What is done to a store; open_* with `s` NULL. */
struct step {
    const char *name;
    int (*run)(struct store *s, struct streamd_error *e);
    void (*meta)(struct store_meta *m); /* what it does to the metadata */
    int opens;                          /* 1: clean, 2: after a crash, 3: damaged */
    int checkpoints;                    /* SQLite moves its log into the database */
};

static int run_allocate(struct store *s, struct streamd_error *e)
{
    char folder[PATH_MAX];
    uint64_t id;

    return store_allocate(s, &id, folder, e);
}

static void meta_allocate(struct store_meta *m)
{
    m->last_id++;
}

static int run_commit(struct store *s, struct streamd_error *e)
{
    return store_commit_started(s, 2, e);
}

static void meta_commit(struct store_meta *m)
{
    m->commit_started = 2;
}

static int run_parallelism(struct store *s, struct streamd_error *e)
{
    return store_record_parallelism(s, 7, 0, e);
}

static void meta_parallelism(struct store_meta *m)
{
    m->parallelism = 7;
}

static int run_lineage(struct store *s, struct streamd_error *e)
{
    return store_new_lineage(s, e);
}

static void meta_lineage(struct store_meta *m)
{
    *m = (struct store_meta){.lineage = "?", .last_id = m->last_id};
}

static int run_retain(struct store *s, struct streamd_error *e)
{
    return store_retain(s, 1, e);
}

static void meta_nothing(struct store_meta *m)
{
    (void)m;
}

/* Made again from manifests. */
static void meta_again(struct store_meta *m)
{
    m->commit_started = 1;
    m->parallelism = 3;
}

static const struct step steps[] = {
    {"an id", run_allocate, meta_allocate, 0, 0},
    {"an id, and the log is full", run_allocate, meta_allocate, 0, 1},
    {"commit started", run_commit, meta_commit, 0, 0},
    {"parallelism", run_parallelism, meta_parallelism, 0, 0},
    {"a new lineage", run_lineage, meta_lineage, 0, 0},
    {"retention", run_retain, meta_nothing, 0, 0},
    {"opening", NULL, meta_nothing, 1, 0},
    {"opening after a crash", NULL, meta_nothing, 2, 0},
    {"opening what is damaged", NULL, meta_again, 3, 0},
};

/* A drawn lineage is known only when it is there. */
static void fit(struct store_meta *expected, const struct store_meta *found)
{
    if (expected->lineage[0] == '?' && strlen(found->lineage) == 32)
        memcpy(expected->lineage, found->lineage, sizeof(expected->lineage));
}

/* Checkpoint 1 is complete and committed, id 2 given out. The log of SQLite stays where `crash`. */
static struct store_meta begin(struct disk *d, const char *folder, int crash)
{
    struct store_meta meta;
    struct streamd_error e = {.message = ""};
    struct store *s;

    remove_folder(folder);
    assert_int_equal(store_open(&d->ops, folder, "orders", &s, &e), 0);
    assert_int_equal(store_new_lineage(s, &e), 0);
    complete(s, 1, NULL);
    assert_int_equal(store_commit_started(s, 1, &e), 0);
    assert_int_equal(store_record_parallelism(s, 5, 0, &e), 0);
    assert_int_equal(run_allocate(s, &e), 0);
    if (crash)
        assert_int_equal(sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL),
                         SQLITE_OK);
    meta = s->meta;
    store_close(s);
    return meta;
}

/* ---- failing calls ----------------------------------------------------------------------------
 */

/* What the next start finds after a step that ended with `rc`. */
static void check_next(struct disk *d, const char *folder, const struct store_meta *old,
                       struct store_meta wanted, int rc, int diagnostic)
{
    struct streamd_error e = {.message = ""};
    struct store *s;
    int must_be_new = rc == 0, must_be_old = rc && diagnostic == NO_SPACE;

    rc = store_open(&d->ops, folder, "orders", &s, &e);
    if (rc)
        fail_msg("the next start: %s", e.message);
    fit(&wanted, &s->meta);
    if ((must_be_old || !same(&s->meta, &wanted)) && (must_be_new || !same(&s->meta, old))) {
        show("before", old);
        show("wanted", &wanted);
        show("found", &s->meta);
        fail();
    }
    wanted = s->meta;
    assert_int_equal(run_allocate(s, &e), 0);
    assert_int_equal(s->meta.last_id, wanted.last_id + 1);
    store_close(s);
}

/* After SD4411 the same store goes on, and the step can be done. */
static int goes_on(struct store *s, const struct step *step, const struct store_meta *old)
{
    struct streamd_error e = {.message = ""};

    assert_true(same(&s->meta, old));
    if (step->run(s, &e))
        fail_msg("with space again: %s", e.message);
    return 0;
}

/* One step with its n-th call failing. Was there an n-th one? */
static int one_failure(const char *folder, const struct step *step, enum disk_fault fault, long n)
{
    struct streamd_error e = {.message = ""};
    struct store_meta old, wanted;
    struct store *s = NULL;
    struct disk d;
    int rc, fired;

    disk_open(&d, folder);
    old = wanted = begin(&d, folder, step->opens == 2);
    step->meta(&wanted);
    if (step->opens == 3)
        hurt_meta(folder, "garbage");
    if (step->run)
        assert_int_equal(store_open(&d.ops, folder, "orders", &s, &e), 0);
    if (step->checkpoints)
        sqlite3_wal_autocheckpoint(s->db, 1);
    disk_fail(&d, fault, n);
    rc = step->run ? step->run(s, &e) : store_open(&d.ops, folder, "orders", &s, &e);
    fired = d.fired;
    if (fault != DISK_DEAD)
        disk_fail(&d, fault, 0);
    if (rc && e.diagnostic != UNKNOWN && e.diagnostic != NO_SPACE && e.code != STREAMD_E_IO)
        fail_msg("%s, fault %d at %ld: SD%d %s", step->name, (int)fault, n, (int)e.diagnostic,
                 e.message);
    if (rc && e.diagnostic == NO_SPACE && step->run)
        rc = goes_on(s, step, &old);
    if (s)
        store_close(s);
    disk_fail(&d, fault, 0);
    check_next(&d, folder, step->opens == 3 ? &wanted : &old, wanted, rc, (int)e.diagnostic);
    disk_close(&d);
    return fired;
}

static void every_call_fails(void **state)
{
    char folder[PATH_MAX];
    long all = 0;

    folder_name(folder, *state, "");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (int fault = 0; fault < DISK_FAULTS; fault++) {
            long n = 1;

            while (one_failure(folder, &steps[i], (enum disk_fault)fault, n))
                n++;
            all += n - 1;
        }
    }
    print_message("# %ld calls failed\n", all);
    assert_true(all > 300);
}

/* ---- power cuts -------------------------------------------------------------------------------
 */

/* From `begin` on the values may be the new ones, from `end` on they must be. */
struct moment {
    size_t begin, end;
    struct store_meta old, now;
};

struct life {
    struct disk disk;
    struct moment moments[64];
    size_t count, made;
    char place[PATH_MAX];
    const struct moment *at;
};

/* Does a step, and notes when. */
static void live(struct life *l, struct store *s,
                 int (*run)(struct store *, struct streamd_error *))
{
    struct moment *m = &l->moments[l->count++];
    struct streamd_error e = {.message = ""};

    *m = (struct moment){.begin = l->disk.events.count, .old = s->meta};
    if (run(s, &e))
        fail_msg("%s", e.message);
    m->end = l->disk.events.count;
    m->now = s->meta;
}

/* Opens the store, or closes it: nothing changes. */
static struct store *pass(struct life *l, struct store *s, const struct store_meta *meta)
{
    struct moment *m = &l->moments[l->count++];
    struct streamd_error e = {.message = ""};

    *m = (struct moment){.begin = l->disk.events.count, .old = *meta, .now = *meta};
    if (s)
        store_close(s);
    else if (store_open(&l->disk.ops, l->disk.folder, "orders", &s, &e))
        fail_msg("%s", e.message);
    m->end = l->disk.events.count;
    return s;
}

static void judge_image(void *self, const struct disk_image *image)
{
    struct streamd_error e = {.message = ""};
    struct life *l = self;
    struct store_meta found;
    char damaged[2 * PATH_MAX];
    struct store *s;

    remove_folder(l->place);
    assert_int_equal(mkdir(l->place, 0700), 0);
    disk_build(&l->disk, image, l->place);
    if (store_open(NULL, l->place, "orders", &s, &e))
        fail_msg("image at %zu: %s", image->end, e.message);
    found = s->meta;
    store_close(s);
    snprintf(damaged, sizeof(damaged), "%s/meta.db.damaged", l->place);
    if ((image->end >= l->at->end || !same(&found, &l->at->old)) && !same(&found, &l->at->now)) {
        print_error("at %zu of %zu..%zu, names %d, content %d, which %zu, bytes %zu\n", image->end,
                    l->at->begin, l->at->end, image->names, image->content, image->which,
                    image->bytes);
        show("before", &l->at->old);
        show("behind", &l->at->now);
        show("found", &found);
        fail();
    }
    assert_int_not_equal(access(damaged, F_OK), 0);
    l->made++;
}

static void judge_life(struct life *l)
{
    for (size_t i = 0; i < l->count; i++) {
        l->at = &l->moments[i];
        for (size_t end = l->at->begin + 1; end <= l->at->end; end++)
            disk_each_image(&l->disk, end, 512, judge_image, l);
    }
}

static void begin_life(struct life *l, const char *state)
{
    char folder[PATH_MAX];

    folder_name(folder, state, "");
    folder_name(l->place, state, ".elsewhere");
    remove_folder(folder);
    l->count = l->made = 0;
    disk_open(&l->disk, folder);
}

/* Two starts, and so many steps that SQLite moves its log into the database a few times. */
static void every_power_cut_is_survived(void **state)
{
    static const struct store_meta none = {.last_id = 0};
    struct life *l = calloc(1, sizeof(*l));
    struct store *s;
    struct store_meta meta;

    begin_life(l, *state);
    s = pass(l, NULL, &none);
    sqlite3_wal_autocheckpoint(s->db, 3);
    live(l, s, run_lineage);
    for (int i = 0; i < 4; i++)
        live(l, s, run_allocate);
    live(l, s, run_commit);
    live(l, s, run_parallelism);
    live(l, s, run_allocate);
    meta = s->meta;
    pass(l, s, &meta);
    s = pass(l, NULL, &meta);
    live(l, s, run_allocate);
    live(l, s, run_lineage);
    live(l, s, run_allocate);
    meta = s->meta;
    pass(l, s, &meta);
    judge_life(l);
    print_message("# %zu events, %zu images\n", l->disk.events.count, l->made);
    assert_true(l->made > 500);
    disk_close(&l->disk);
    free(l);
}

/*
 * A sync fails, the process exits, and the next start sees in the system's memory what the disk
 * will never have: the system takes what it could not write for written. It must not build on it.
 */
static void what_a_failed_sync_left_is_written_again(void **state)
{
    struct life *l = calloc(1, sizeof(*l));
    long n = 1;
    int fired = 1, lost = 0;

    for (; fired; n++) {
        struct streamd_error e;
        struct store_meta meta;
        struct store *s;

        begin_life(l, *state);
        begin(&l->disk, l->disk.folder, 1);
        assert_int_equal(store_open(&l->disk.ops, l->disk.folder, "orders", &s, &e), 0);
        sqlite3_wal_autocheckpoint(s->db, 2);
        disk_fail(&l->disk, DISK_ERROR, n);
        for (int i = 0; i < 3 && !run_allocate(s, &e); i++)
            continue;
        fired = l->disk.fired;
        disk_fail(&l->disk, DISK_ERROR, 0);
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
        store_close(s);
        for (size_t i = 0; i < l->disk.events.count; i++)
            lost += l->disk.events.items[i].what == DISK_LOST;
        assert_int_equal(store_open(&l->disk.ops, l->disk.folder, "orders", &s, &e), 0);
        meta = s->meta;
        l->moments[l->count++] = (struct moment){.begin = l->disk.events.count - 1,
                                                 .end = l->disk.events.count,
                                                 .old = meta,
                                                 .now = meta};
        live(l, s, run_commit);
        live(l, s, run_allocate);
        pass(l, s, &s->meta);
        judge_life(l);
        disk_close(&l->disk);
    }
    assert_true(lost > 3);
    print_message("# %ld calls, %zu images of the last\n", n, l->made);
    free(l);
}

/* ---- damage -----------------------------------------------------------------------------------
 */

/* Any byte of the file turned: a start never fails for good because of it, unless it takes the
   directory for another pipeline's or for that of a later release. A digit of the lineage leads to
   one that is not there, which store_newest refuses. */
static void every_byte_is_turned(void **state)
{
    char folder[PATH_MAX], path[2 * PATH_MAX];
    int again = 0, whole = 0, others = 0, refused = 0;
    struct disk d;

    folder_name(folder, *state, "");
    snprintf(path, sizeof(path), "%s/meta.db", folder);
    for (long at = 0; at < 8192; at += at < 120 || at % 4096 < 16 || at % 4096 > 3950 ? 1 : 61) {
        struct streamd_error e = {.message = ""};
        struct store_meta meta;
        uint8_t byte;
        struct store *s;
        int fd, rc;

        disk_open(&d, folder);
        meta = begin(&d, folder, 0);
        fd = open(path, O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 0x55;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        close(fd);
        rc = store_open(&d.ops, folder, "orders", &s, &e);
        if (rc && e.diagnostic != 4413 && e.diagnostic != 4405)
            fail_msg("byte %ld: SD%d %s", at, (int)e.diagnostic, e.message);
        if (!rc) {
            char put_aside[2 * PATH_MAX];
            int moved = strcmp(s->meta.lineage, meta.lineage) != 0;

            snprintf(put_aside, sizeof(put_aside), "%s/meta.db.damaged", folder);
            again += access(put_aside, F_OK) == 0;
            whole += access(put_aside, F_OK) != 0;
            if (!moved && run_allocate(s, &e))
                fail_msg("byte %ld: %s", at, e.message);
            assert_true(moved || s->meta.last_id >= 3);
            others += moved;
            store_close(s);
        }
        refused += rc != 0;
        disk_close(&d);
    }
    print_message("# %d made again, %d whole, %d refused\n", again, whole, refused);
    assert_true(again > 50 && others <= 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_directory(every_call_fails),
        in_directory(every_power_cut_is_survived),
        in_directory(what_a_failed_sync_left_is_written_again),
        in_directory(every_byte_is_turned),
    };

    /* Thousands of directories are synced: in memory where that can be. */
    if (access("/dev/shm", W_OK) || chdir("/dev/shm"))
        print_message("# on a disk, which takes long\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
