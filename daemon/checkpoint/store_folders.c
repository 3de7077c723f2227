/* Directory walks of two levels; names that streamd does not give are left alone. */
#include "checkpoint/store_folders.h"

#include "base/array.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_lineage(const char *name)
{
    return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

/* The number of "chk-N", or 0. */
static uint64_t id_of(const char *name)
{
    char *end;
    unsigned long long id;

    if (strncmp(name, "chk-", 4) != 0 || name[4] < '1' || name[4] > '9')
        return 0;
    errno = 0;
    id = strtoull(name + 4, &end, 10);
    return *end || errno || id > INT64_MAX ? 0 : id;
}

static int newer_first(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;

    return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

static int note_folder(const char *lineage_path, const char *lineage, uint64_t id,
                       struct folders *found)
{
    struct folder f = {.id = id};
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/chk-%" PRIu64 "/manifest", lineage_path, id);

    memcpy(f.lineage, lineage, sizeof(f.lineage));
    if (id > found->highest)
        found->highest = id;
    if (n > 0 && n < (int)sizeof(path) && access(path, F_OK) == 0)
        return array_push(&found->complete, f);
    return array_push(&found->incomplete, f);
}

static int look_at_lineage(const char *path, const char *lineage, struct folders *found,
                           struct streamd_error *error)
{
    char lineage_path[PATH_MAX];
    struct dirent *e;
    DIR *d;
    int rc = 0;

    snprintf(lineage_path, sizeof(lineage_path), "%.*s/%s", PATH_MAX - 64, path, lineage);
    d = opendir(lineage_path);
    if (!d)
        return error_set_errno(error, errno, "cannot read the folder '%s'", lineage_path);
    while (!rc && (e = readdir(d)) != NULL) {
        uint64_t id = id_of(e->d_name);

        if (id && note_folder(lineage_path, lineage, id, found))
            rc = error_set_nomem(error);
    }
    closedir(d);
    return rc;
}

int folders_look(const char *path, struct folders *found, struct streamd_error *error)
{
    DIR *d = opendir(path);
    struct dirent *e;
    int rc = 0;

    if (!d)
        return error_set_errno(error, errno, "cannot read the folder '%s'", path);
    while (!rc && (e = readdir(d)) != NULL)
        if (is_lineage(e->d_name))
            rc = look_at_lineage(path, e->d_name, found, error);
    closedir(d);
    if (found->complete.count) {
        qsort(found->complete.items, found->complete.count, sizeof(struct folder), newer_first);
        memcpy(found->newest_lineage, found->complete.items[0].lineage, 33);
    }
    if (found->incomplete.count)
        qsort(found->incomplete.items, found->incomplete.count, sizeof(struct folder), newer_first);
    return rc;
}

void folders_clear(struct folders *found)
{
    array_clear(&found->complete);
    array_clear(&found->incomplete);
}

/* ---- removing ----------------------------------------------------------------------------- */

/* Removes the files of a folder, or only those that end in ".tmp". */
static void remove_files(const struct file_ops *ops, const char *folder, int only_temporary)
{
    DIR *d = opendir(folder);
    struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d)) != NULL) {
        size_t length = strlen(e->d_name);
        char path[PATH_MAX];

        if (e->d_name[0] == '.' ||
            (only_temporary && (length < 4 || strcmp(e->d_name + length - 4, ".tmp") != 0)))
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) < (int)sizeof(path))
            (void)ops->unlink(ops->self, path);
        if (!only_temporary && FAILPOINT_ERRNO("C11"))
            break;
    }
    closedir(d);
}

/* The manifest goes first, so that a crash leaves an incomplete checkpoint and never a damaged
   one. */
static void empty_folder(const struct file_ops *ops, const char *folder)
{
    struct streamd_error ignored;
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/manifest", folder) >= (int)sizeof(path))
        return;
    if (ops->unlink(ops->self, path) == 0 &&
        (file_sync_folder(ops, path, &ignored) || FAILPOINT_ERRNO("C10")))
        return;
    remove_files(ops, folder, 0);
}

static int name_folder(char folder[PATH_MAX], const char *path, const char *lineage, uint64_t id)
{
    return snprintf(folder, PATH_MAX, "%s/%s/chk-%" PRIu64, path, lineage, id) < PATH_MAX;
}

void folders_remove(const struct file_ops *ops, const char *path, const char *lineage, uint64_t id)
{
    char folder[PATH_MAX];

    if (!name_folder(folder, path, lineage, id))
        return;
    empty_folder(ops, folder);
    (void)ops->rmdir(ops->self, folder);
}

void folders_sweep(const struct file_ops *ops, const char *path, const struct folders *found)
{
    char folder[PATH_MAX];

    for (size_t i = 0; i < found->incomplete.count; i++) {
        const struct folder *f = &found->incomplete.items[i];

        if (!name_folder(folder, path, f->lineage, f->id))
            continue;
        empty_folder(ops, folder);
        if (f->id < found->highest)
            (void)ops->rmdir(ops->self, folder);
    }
    for (size_t i = 0; i < found->complete.count; i++)
        if (name_folder(folder, path, found->complete.items[i].lineage,
                        found->complete.items[i].id))
            remove_files(ops, folder, 1);
}
