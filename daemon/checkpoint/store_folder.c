/* Folders of lineages and checkpoints: names, what is in them, and emptying them. */
#include "checkpoint/store_form.h"

#include "base/error.h"
#include "base/failpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int store_join(char path[PATH_MAX], const char *folder, const char *name,
               struct streamd_error *error)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);

    return n < 0 || n >= PATH_MAX ? error_set_full(error, STREAMD_E_LIMIT, STREAMD_FAIL_PIPELINE,
                                                   4402, "the path %s/%s is too long", folder, name)
                                  : 0;
}

int store_folder_of(const struct store *s, const char *lineage, uint64_t id, char folder[PATH_MAX],
                    struct streamd_error *error)
{
    char name[80];

    snprintf(name, sizeof(name), "%s/chk-%llu", lineage, (unsigned long long)id);
    return store_join(folder, s->path, name, error);
}

/* Opens a folder for reading its names. NULL with errno. */
static DIR *open_folder(const struct store *s, const char *path)
{
    int fd = s->ops->open(s->ops->self, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && !d)
        s->ops->close(s->ops->self, fd);
    return d;
}

static int unreadable(const char *path, int saved, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4402, "cannot read %s: %s",
                          path, strerror(saved));
}

int store_each_lineage(const struct store *s, int (*each)(void *self, const char *lineage),
                       void *self, struct streamd_error *error)
{
    const struct dirent *e;
    DIR *d = open_folder(s, s->path);
    int rc = 0;

    if (!d)
        return unreadable(s->path, errno, error);
    while (!rc && (e = readdir(d)) != NULL)
        if (strlen(e->d_name) == 32 && strspn(e->d_name, "0123456789abcdef") == 32)
            rc = each(self, e->d_name);
    closedir(d);
    return rc;
}

/* The number in chk-N as it is written by us, or 0. */
static uint64_t id_of(const char *name)
{
    char *end, again[32];
    unsigned long long id;

    if (strncmp(name, "chk-", 4) != 0)
        return 0;
    errno = 0;
    id = strtoull(name + 4, &end, 10);
    snprintf(again, sizeof(again), "chk-%llu", id);
    return errno || *end || strcmp(again, name) != 0 || id > INT64_MAX ? 0 : id;
}

static int by_number(const void *left, const void *right)
{
    uint64_t a, b;

    memcpy(&a, left, sizeof(a));
    memcpy(&b, right, sizeof(b));
    return a < b ? -1 : a > b;
}

int store_ids_read(const struct store *s, const char *lineage, struct store_ids *ids,
                   struct streamd_error *error)
{
    char path[PATH_MAX];
    const struct dirent *e;
    int rc = store_join(path, s->path, lineage, error);
    DIR *d = rc ? NULL : open_folder(s, path);

    ids->count = 0;
    if (rc)
        return rc;
    if (!d)
        return errno == ENOENT ? 0 : unreadable(path, errno, error);
    while (!rc && (e = readdir(d)) != NULL) {
        uint64_t id = id_of(e->d_name);

        if (id && array_push(ids, id))
            rc = error_set_nomem(error);
    }
    closedir(d);
    if (ids->count > 1)
        qsort(ids->items, ids->count, sizeof(*ids->items), by_number);
    return rc;
}

int store_is_complete(const struct store *s, const char *lineage, uint64_t id)
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct stat st;

    return !store_folder_of(s, lineage, id, folder, NULL) &&
           !store_join(path, folder, "manifest", NULL) && !lstat(path, &st);
}

/* ---- emptying ---------------------------------------------------------------------------------
 */

static int is_used(const struct store_uses *uses, uint64_t id, const char *name)
{
    for (size_t i = 0; uses && i < uses->count; i++)
        if (uses->items[i].checkpoint == id && !strcmp(uses->items[i].name, name))
            return 1;
    return 0;
}

/* Unlinks a file; that it is gone already is fine. */
static int remove_file(const struct store *s, const char *folder, const char *name,
                       struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc = store_join(path, folder, name, error);

    if (!rc && s->ops->unlink(s->ops->self, path) && errno != ENOENT)
        rc = error_set_errno(error, errno, "cannot remove %s", path);
    return rc;
}

int store_remove_manifest(const struct store *s, const char *lineage, uint64_t id,
                          struct streamd_error *error)
{
    char folder[PATH_MAX], path[PATH_MAX];
    struct stat st;
    int rc = store_folder_of(s, lineage, id, folder, error);

    if (!rc)
        rc = store_join(path, folder, "manifest", error);
    if (rc || lstat(path, &st))
        return rc;
    rc = remove_file(s, folder, "manifest", error);
    return rc ? rc : file_sync_folder(s->ops, path, error);
}

static int remove_files(const struct store *s, const char *folder, uint64_t id,
                        const struct store_uses *uses, int *left, struct streamd_error *error)
{
    const struct dirent *e;
    DIR *d = open_folder(s, folder);
    int rc = 0;

    *left = 0;
    if (!d)
        return errno == ENOENT ? 0 : unreadable(folder, errno, error);
    while (!rc && (e = readdir(d)) != NULL) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (is_used(uses, id, e->d_name)) {
            *left = 1;
            continue;
        }
        rc = remove_file(s, folder, e->d_name, error);
        if (!rc)
            rc = FAILPOINT_FAIL("C11", error);
    }
    closedir(d);
    return rc;
}

int store_empty_folder(const struct store *s, const char *lineage, uint64_t id,
                       const struct store_uses *uses, int remove, struct streamd_error *error)
{
    char folder[PATH_MAX];
    int rc = store_folder_of(s, lineage, id, folder, error), left = 0;

    if (!rc)
        rc = store_remove_manifest(s, lineage, id, error);
    if (!rc)
        rc = FAILPOINT_FAIL("C10", error);
    if (!rc)
        rc = remove_files(s, folder, id, uses, &left, error);
    if (rc || left || !remove)
        return rc;
    if (s->ops->rmdir(s->ops->self, folder) && errno != ENOENT)
        return error_set_errno(error, errno, "cannot remove %s", folder);
    return 0;
}
