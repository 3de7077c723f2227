/*
 * What the tests of state directories share: a directory of each test's own, checkpoints with small
 * snapshot files, and ways to damage them.
 */
#ifndef TESTS_STORE_CASE_H
#define TESTS_STORE_CASE_H

#include "checkpoint/native.h"
#include "checkpoint/store.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The setup and teardown of a test: *state is the path of a directory that is not there yet. */
static inline int directory_make(void **state)
{
    char *path = malloc(PATH_MAX);

    if (!path)
        return -1;
    snprintf(path, PATH_MAX, "test-store-%d", (int)getpid());
    *state = path;
    return 0;
}

static inline void directory_empty(const char *path)
{
    char command[PATH_MAX + 64];

    snprintf(command, sizeof(command), "rm -rf '%s' '%s.elsewhere'", path, path);
    assert_int_equal(system(command), 0);
}

static inline int directory_remove(void **state)
{
    directory_empty(*state);
    free(*state);
    return 0;
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, directory_make, directory_remove)

static inline struct store *store_at(const char *path)
{
    struct store *s;
    struct streamd_error e = {.message = ""};
    int rc = store_open(NULL, path, "orders", &s, &e);

    if (rc)
        print_error("%s\n", e.message);
    assert_int_equal(rc, 0);
    return s;
}

static inline struct store *fresh_store(const char *path)
{
    directory_empty(path);
    return store_at(path);
}

static inline int mode_of(const char *path, const char *name)
{
    char full[2 * PATH_MAX];
    struct stat st;

    snprintf(full, sizeof(full), "%s/%s", path, name ? name : "");
    assert_int_equal(stat(full, &st), 0);
    return (int)(st.st_mode & 07777);
}

static inline void remove_at(const char *path, const char *name)
{
    char full[2 * PATH_MAX];

    snprintf(full, sizeof(full), "%s/%s", path, name);
    assert_int_equal(unlink(full), 0);
}

/* Writes FOLDER/task-I.snap and describes it in *f. 0, or the error. */
static inline int write_task(const struct file_ops *ops, const char *folder, const char *lineage,
                             uint64_t id, uint32_t task, uint32_t parallelism,
                             struct manifest_file *f, struct streamd_error *e)
{
    static const struct streamd_field fields[] = {{"k", {.id = STREAMD_INT64}}};
    const struct snapshot_section section = {
        .node = "node", .table = "table", .key_count = 1, .fields = fields};
    struct snapshot_identity who = {.checkpoint = id,
                                    .pipeline = "orders",
                                    .task = task,
                                    .parallelism = parallelism,
                                    .key_groups = 128};
    uint8_t row[9] = {0, (uint8_t)id, (uint8_t)task};
    struct snapshot_writer *w;
    char path[2 * PATH_MAX];
    int rc;

    *f = (struct manifest_file){.task = task, .checkpoint = id};
    snprintf(f->name, sizeof(f->name), "task-%u.snap", task);
    snprintf(path, sizeof(path), "%s/%s", folder, f->name);
    memcpy(who.lineage, lineage, 33);
    rc = snapshot_writer_open(ops, path, &who, &w, e);
    if (rc)
        return rc;
    rc = snapshot_writer_section(w, &section, e);
    for (uint32_t group = 0; group < 5 && !rc; group++)
        rc = snapshot_writer_rows(w, group, row, sizeof(row), 1, e);
    if (rc) {
        snapshot_writer_abandon(w);
        return rc;
    }
    return snapshot_writer_close(w, &f->bytes, f->checksum, e);
}

/* A manifest of `count` files. */
static inline int write_manifest(const struct file_ops *ops, const char *folder,
                                 const char *lineage, uint64_t id, struct manifest_file *files,
                                 size_t count, int *renamed, struct streamd_error *e)
{
    static char pipeline[] = "orders";
    struct manifest m = {.pipeline = pipeline,
                         .id = id,
                         .parallelism = 3,
                         .key_groups = 128,
                         .kind = "checkpoint",
                         .created = 1764000000000000,
                         .plan_hash = "0123456789abcdef0123456789abcdef",
                         .files = files,
                         .file_count = count};
    int rc;

    memcpy(m.lineage, lineage, 33);
    m.plan = json_pack("{s:i}", "nodes", 3);
    rc = manifest_write(ops, folder, &m, renamed, e);
    json_decref(m.plan);
    return rc;
}

/* A complete checkpoint of `tasks` files, and one more file of an earlier one. */
static inline uint64_t complete(struct store *s, uint32_t tasks, const struct manifest_file *other)
{
    struct manifest_file files[8];
    struct streamd_error e;
    char folder[PATH_MAX];
    uint64_t id;
    int renamed;

    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    for (uint32_t i = 0; i < tasks; i++)
        assert_int_equal(
            write_task(store_file_ops(), folder, store_lineage(s), id, i, tasks, &files[i], &e), 0);
    if (other) {
        struct manifest m;
        char path[PATH_MAX];

        assert_int_equal(store_folder(s, other->checkpoint, path, &e), 0);
        files[tasks] = *other;
        if (manifest_read(store_file_ops(), path, &m, &e)) { /* removed: ask the one before */
            assert_int_equal(store_folder(s, id - 1, path, &e), 0);
            assert_int_equal(manifest_read(store_file_ops(), path, &m, &e), 0);
        }
        for (size_t i = 0; i < m.file_count; i++)
            if (m.files[i].checkpoint == other->checkpoint && !strcmp(m.files[i].name, other->name))
                files[tasks] = m.files[i];
        files[tasks].referred = 1;
        manifest_clear(&m);
    }
    assert_int_equal(write_manifest(store_file_ops(), folder, store_lineage(s), id, files,
                                    tasks + (other != NULL), &renamed, &e),
                     0);
    assert_int_equal(renamed, 1);
    return id;
}

/* A checkpoint that is being written: one file, and the beginning of another. */
static inline void incomplete(struct store *s)
{
    struct manifest_file f;
    struct streamd_error e;
    char folder[PATH_MAX];
    uint64_t id;

    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    assert_int_equal(write_task(store_file_ops(), folder, store_lineage(s), id, 0, 1, &f, &e), 0);
}

/* Files in the folder of a checkpoint; -1: there is no such folder. */
static inline int count_files(const char *path, const char *lineage, uint64_t id)
{
    char full[2 * PATH_MAX];
    const struct dirent *e;
    int n = 0;
    DIR *d;

    snprintf(full, sizeof(full), "%s/%s/chk-%llu", path, lineage, (unsigned long long)id);
    d = opendir(full);
    if (!d)
        return -1;
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* Does to a file of a checkpoint what the words say. */
static inline void damage(const char *path, const char *lineage, uint64_t id, const char *what)
{
    char folder[PATH_MAX], full[2 * PATH_MAX], other[2 * PATH_MAX];
    const char *name = strchr(what, ' ') + 1;
    struct stat st;

    snprintf(folder, sizeof(folder), "%s/%s/chk-%llu", path, lineage, (unsigned long long)id);
    snprintf(full, sizeof(full), "%s/%s", folder, name);
    snprintf(other, sizeof(other), "%s/task-1.snap", folder);
    if (!strncmp(what, "flip", 4)) {
        int fd = open(full, O_RDWR);
        uint8_t byte;

        assert_int_equal(pread(fd, &byte, 1, 100), 1);
        byte ^= 4;
        assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
        close(fd);
    } else if (!strncmp(what, "cut", 3)) {
        assert_int_equal(stat(full, &st), 0);
        assert_int_equal(truncate(full, st.st_size - 1), 0);
    } else if (!strncmp(what, "empty", 5)) {
        assert_int_equal(truncate(full, 0), 0);
    } else if (!strncmp(what, "remove", 6)) {
        assert_int_equal(unlink(full), 0);
    } else if (!strncmp(what, "swap", 4)) {
        assert_int_equal(rename(other, full), 0);
    } else if (!strncmp(what, "link", 4)) {
        char kept[PATH_MAX];

        snprintf(kept, sizeof(kept), "%s.elsewhere", path);
        assert_int_equal(rename(full, kept), 0);
        assert_int_equal(symlink(kept, full), 0);
    } else {
        char command[3 * PATH_MAX];

        snprintf(command, sizeof(command), "cp %s/%s/chk-%llu/manifest %s/manifest", path, lineage,
                 (unsigned long long)id - 1, folder);
        assert_int_equal(system(command), 0);
    }
}

static inline void hurt_meta(const char *path, const char *how)
{
    char full[2 * PATH_MAX];
    int fd;

    snprintf(full, sizeof(full), "%s/meta.db", path);
    if (!strcmp(how, "remove")) {
        assert_int_equal(unlink(full), 0);
        return;
    }
    fd = open(full, O_RDWR);
    assert_true(fd >= 0);
    if (!strcmp(how, "garbage"))
        for (int i = 0; i < 1000; i++)
            assert_int_equal(pwrite(fd, "\xde\xad\xbe\xef\x55", 5, i * 5), 5);
    else
        assert_int_equal(ftruncate(fd, 5000), 0);
    close(fd);
}

#endif
