/*
 * The VFS holds one struct held per open file, in front of the file of the VFS under it. Images are
 * made by going through the record twice: for names, and for the content of each file, which is
 * known by the number of the event that made it.
 */
#include "sqlite_disk.h"

#include "base/array.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the record -------------------------------------------------------------------------------
 */

struct held {
    sqlite3_file file;
    struct disk *disk;
    char name[64];
    int new_name; /* its first sync makes names durable too, as SQLite's own VFS does */
    sqlite3_file *under;
};

/* The file's name, if it lies in the folder; else NULL. */
static const char *inside(const struct disk *d, const char *path)
{
    size_t length = strlen(d->folder);

    return path && !strncmp(path, d->folder, length) && path[length] == '/' &&
                   !strncmp(path + length, "/meta.db", 8)
               ? path + length + 1
               : NULL;
}

/* The file that has a name now, by the number of the event that made it. */
static size_t file_called(const struct disk *d, const char *name)
{
    for (size_t i = d->events.count; i-- > 0;) {
        const struct disk_event *e = &d->events.items[i];

        if (e->what == DISK_RENAME && !strcmp(e->to, name))
            name = e->name;
        else if (e->what == DISK_MADE && !strcmp(e->name, name))
            return i;
    }
    fail_msg("%s was not made", name);
    return 0;
}

static void note(struct disk *d, enum disk_change what, const char *name, const char *to,
                 const void *data, size_t offset, size_t length)
{
    struct disk_event e = {.what = what, .offset = offset, .length = length};

    if (!name[0] && what != DISK_FOLDER)
        return; /* somewhere else */
    snprintf(e.name, sizeof(e.name), "%s", name);
    snprintf(e.to, sizeof(e.to), "%s", to);
    if (data) {
        e.data = malloc(length ? length : 1);
        memcpy(e.data, data, length);
    }
    e.file = what == DISK_FOLDER ? 0 : what == DISK_MADE ? d->events.count : file_called(d, name);
    assert_int_equal(array_push(&d->events, e), 0);
}

/* Does this call fail? Writes are all that a full disk refuses. */
static int fails(struct disk *d, int writes)
{
    if (!d->fail_at || (d->fault >= DISK_FULL && !writes))
        return 0;
    d->calls++;
    if (d->calls != d->fail_at && !(d->fault == DISK_DEAD && d->calls > d->fail_at))
        return 0;
    d->fired = 1;
    return 1;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

#define HELD(file) struct held *h = (struct held *)(file)

static int held_close(sqlite3_file *file)
{
    HELD(file);
    int rc = h->under->pMethods->xClose(h->under);

    free(h->under);
    return rc;
}

static int held_read(sqlite3_file *file, void *data, int size, sqlite3_int64 offset)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_READ;
    return h->under->pMethods->xRead(h->under, data, size, offset);
}

static int held_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
    HELD(file);
    int failed = fails(h->disk, 1), rc = SQLITE_OK;

    if (failed && h->disk->fault != DISK_SHORT && h->disk->fault != DISK_TORN)
        size = 0;
    else if (failed)
        size /= 2;
    if (size > 0) {
        rc = h->under->pMethods->xWrite(h->under, data, size, offset);
        assert_int_equal(rc, SQLITE_OK);
        note(h->disk, DISK_WRITE, h->name, "", data, (size_t)offset, (size_t)size);
    }
    if (!failed)
        return rc;
    return h->disk->fault == DISK_FULL || h->disk->fault == DISK_SHORT ? SQLITE_FULL
                                                                       : SQLITE_IOERR_WRITE;
}

static int held_truncate(sqlite3_file *file, sqlite3_int64 length)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_TRUNCATE;
    note(h->disk, DISK_CUT, h->name, "", NULL, 0, (size_t)length);
    return h->under->pMethods->xTruncate(h->under, length);
}

static int held_sync(sqlite3_file *file, int flags)
{
    HELD(file);

    if (fails(h->disk, 0)) {
        note(h->disk, DISK_LOST, h->name, "", NULL, 0, 0);
        return SQLITE_IOERR_FSYNC;
    }
    note(h->disk, DISK_SYNC, h->name, "", NULL, 0, 0);
    if (h->new_name && h->name[0])
        note(h->disk, DISK_FOLDER, "", "", NULL, 0, 0);
    h->new_name = 0;
    return h->under->pMethods->xSync(h->under, flags);
}

static int held_size(sqlite3_file *file, sqlite3_int64 *size)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_FSTAT;
    return h->under->pMethods->xFileSize(h->under, size);
}

static int held_lock(sqlite3_file *file, int level)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_LOCK;
    return h->under->pMethods->xLock(h->under, level);
}

static int held_unlock(sqlite3_file *file, int level)
{
    HELD(file);

    return h->under->pMethods->xUnlock(h->under, level);
}

static int held_reserved(sqlite3_file *file, int *result)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    return h->under->pMethods->xCheckReservedLock(h->under, result);
}

static int held_control(sqlite3_file *file, int operation, void *argument)
{
    HELD(file);

    return h->under->pMethods->xFileControl(h->under, operation, argument);
}

static int held_sector(sqlite3_file *file)
{
    HELD(file);

    return h->under->pMethods->xSectorSize(h->under);
}

static int held_device(sqlite3_file *file)
{
    HELD(file);

    return h->under->pMethods->xDeviceCharacteristics(h->under);
}

static int held_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **p)
{
    HELD(file);

    if (fails(h->disk, 0))
        return SQLITE_IOERR_SHMMAP;
    return h->under->pMethods->xShmMap(h->under, page, size, extend, p);
}

static int held_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    HELD(file);

    return h->under->pMethods->xShmLock(h->under, offset, n, flags);
}

static void held_shm_barrier(sqlite3_file *file)
{
    HELD(file);

    h->under->pMethods->xShmBarrier(h->under);
}

static int held_shm_unmap(sqlite3_file *file, int remove)
{
    HELD(file);

    return h->under->pMethods->xShmUnmap(h->under, remove);
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = held_close,
                                           .xRead = held_read,
                                           .xWrite = held_write,
                                           .xTruncate = held_truncate,
                                           .xSync = held_sync,
                                           .xFileSize = held_size,
                                           .xLock = held_lock,
                                           .xUnlock = held_unlock,
                                           .xCheckReservedLock = held_reserved,
                                           .xFileControl = held_control,
                                           .xSectorSize = held_sector,
                                           .xDeviceCharacteristics = held_device,
                                           .xShmMap = held_shm_map,
                                           .xShmLock = held_shm_lock,
                                           .xShmBarrier = held_shm_barrier,
                                           .xShmUnmap = held_shm_unmap};

/* ---- the VFS ----------------------------------------------------------------------------------
 */

static int disk_open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                          int *out)
{
    struct disk *d = vfs->pAppData;
    struct held *h = (struct held *)file;
    const char *name = inside(d, path);
    int rc, there = path && !access(path, F_OK);

    memset(h, 0, sizeof(*h));
    if (fails(d, 0))
        return SQLITE_CANTOPEN;
    h->under = calloc(1, (size_t)d->under->szOsFile);
    assert_non_null(h->under);
    rc = d->under->xOpen(d->under, path, h->under, flags, out);
    if (rc != SQLITE_OK) {
        free(h->under);
        return rc;
    }
    h->file.pMethods = &methods;
    h->disk = d;
    snprintf(h->name, sizeof(h->name), "%s", name ? name : "");
    h->new_name =
        (flags & SQLITE_OPEN_CREATE) &&
        (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL));
    if (!there)
        note(d, DISK_MADE, h->name, "", NULL, 0, 0);
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct disk *d = vfs->pAppData;
    const char *name = inside(d, path);
    int rc;

    if (fails(d, 0))
        return SQLITE_IOERR_DELETE;
    rc = d->under->xDelete(d->under, path, sync);
    if (rc == SQLITE_OK && name)
        note(d, DISK_REMOVED, name, "", NULL, 0, 0);
    if (rc == SQLITE_OK && name && sync)
        note(d, DISK_FOLDER, "", "", NULL, 0, 0);
    return rc;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    struct disk *d = vfs->pAppData;

    return fails(d, 0) ? SQLITE_IOERR_ACCESS : d->under->xAccess(d->under, path, flags, result);
}

static int disk_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    const struct disk *d = vfs->pAppData;

    return d->under->xFullPathname(d->under, path, size, out);
}

/* ---- the store's own calls --------------------------------------------------------------------
 */

static int failed_call(struct disk *d)
{
    if (!fails(d, 0))
        return 0;
    errno = EIO;
    return 1;
}

static int ops_open(void *self, const char *path, int flags, mode_t mode)
{
    struct disk *d = self;
    const char *name = inside(d, path);
    int there = !access(path, F_OK), fd;

    if (name && failed_call(d))
        return -1;
    fd = file_system_no_links()->open(NULL, path, flags, mode);
    if (fd >= 0 && name && !there)
        note(d, DISK_MADE, name, "", NULL, 0, 0);
    return fd;
}

static int ops_fsync(void *self, int fd)
{
    struct disk *d = self;
    char link[64], path[PATH_MAX];
    const char *name;
    ssize_t n;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    assert_true(n > 0);
    path[n] = '\0';
    name = inside(d, path);
    if (!name && strcmp(path, d->folder) != 0)
        return fsync(fd);
    if (failed_call(d)) {
        note(d, DISK_LOST, name ? name : "", "", NULL, 0, 0);
        return -1;
    }
    note(d, name ? DISK_SYNC : DISK_FOLDER, name ? name : "", "", NULL, 0, 0);
    return fsync(fd);
}

static int ops_rename(void *self, const char *from, const char *to)
{
    struct disk *d = self;
    const char *name = inside(d, from), *other = inside(d, to);

    if (name && failed_call(d))
        return -1;
    if (rename(from, to))
        return -1;
    if (name && other)
        note(d, DISK_RENAME, name, other, NULL, 0, 0);
    return 0;
}

void disk_open(struct disk *d, const char *folder)
{
    *d = (struct disk){.under = sqlite3_vfs_find(NULL), .ops = *file_system_no_links()};
    snprintf(d->folder, sizeof(d->folder), "%s", folder);
    d->ops.open = ops_open;
    d->ops.fsync = ops_fsync;
    d->ops.rename = ops_rename;
    d->ops.self = d;
    d->vfs = *d->under;
    d->vfs.pNext = NULL;
    d->vfs.zName = "disk";
    d->vfs.szOsFile = (int)sizeof(struct held);
    d->vfs.pAppData = d;
    d->vfs.xOpen = disk_open_file;
    d->vfs.xDelete = disk_delete;
    d->vfs.xAccess = disk_access;
    d->vfs.xFullPathname = disk_full_path;
    assert_int_equal(sqlite3_vfs_register(&d->vfs, 1), SQLITE_OK);
}

void disk_close(struct disk *d)
{
    sqlite3_vfs_unregister(&d->vfs);
    for (size_t i = 0; i < d->events.count; i++)
        free(d->events.items[i].data);
    array_clear(&d->events);
}

void disk_fail(struct disk *d, enum disk_fault fault, long n)
{
    d->fault = fault;
    d->calls = 0;
    d->fail_at = n;
    d->fired = 0;
}

/* ---- images -----------------------------------------------------------------------------------
 */

enum { FILES = 64 };

/* A name, and the event that made the file it stands for. */
struct entry {
    char name[64];
    size_t file;
};

struct names {
    struct entry items[FILES];
    size_t count;
};

static struct entry *entry_of(struct names *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (!strcmp(n->items[i].name, name))
            return &n->items[i];
    return NULL;
}

static void forget(struct names *n, const char *name)
{
    struct entry *e = entry_of(n, name);

    if (e)
        *e = n->items[--n->count];
}

static void remember(struct names *n, const char *name, size_t file)
{
    struct entry *e = &n->items[n->count++];

    assert_true(n->count < FILES);
    snprintf(e->name, sizeof(e->name), "%s", name);
    e->file = file;
}

/* Takes one event; `now` and `durable` are the names in the cache and on the disk. */
static void apply_names(struct names *now, struct names *durable, const struct disk_event *e,
                        size_t number)
{
    const struct entry *was;

    switch (e->what) {
    case DISK_MADE:
        remember(now, e->name, number);
        break;
    case DISK_RENAME:
        was = entry_of(now, e->name);
        if (was) {
            size_t file = was->file;

            forget(now, e->name);
            forget(now, e->to);
            remember(now, e->to, file);
        }
        break;
    case DISK_REMOVED:
        forget(now, e->name);
        break;
    case DISK_FOLDER:
        *durable = *now;
        break;
    default:
        break;
    }
}

static struct names names_at(const struct disk *d, size_t end, int all)
{
    struct names now = {.count = 0}, durable = {.count = 0};

    for (size_t i = 0; i < end; i++)
        apply_names(&now, &durable, &d->events.items[i], i);
    return all ? now : durable;
}

/* How a change of content stands at `end`. */
enum standing { SYNCED, PENDING, LOST };

static enum standing standing(const struct disk *d, size_t event, size_t end)
{
    size_t file = d->events.items[event].file;

    for (size_t i = event + 1; i < end; i++) {
        const struct disk_event *e = &d->events.items[i];

        if ((e->what == DISK_SYNC || e->what == DISK_LOST) && e->file == file)
            return e->what == DISK_SYNC ? SYNCED : LOST;
    }
    return PENDING;
}

static int is_content(const struct disk_event *e)
{
    return e->what == DISK_WRITE || e->what == DISK_CUT;
}

void disk_each_image(const struct disk *d, size_t end, size_t sector,
                     void (*each)(void *self, const struct disk_image *image), void *self)
{
    struct disk_image image = {.end = end};

    for (image.names = 0; image.names < 2; image.names++) {
        for (image.content = 0; image.content < 2; image.content++)
            each(self, &image);
        for (size_t i = 0; i < end; i++) {
            const struct disk_event *e = &d->events.items[i];

            if (!is_content(e) || standing(d, i, end) != PENDING)
                continue;
            image.which = i;
            for (image.content = 2; image.content < 4; image.content++)
                each(self, &image);
            for (image.bytes = sector - e->offset % sector;
                 e->what == DISK_WRITE && image.bytes < e->length; image.bytes += sector)
                each(self, &image);
        }
    }
}

struct content {
    uint8_t *data;
    size_t length;
};

static void apply_content(struct content *c, const struct disk_event *e, size_t bytes)
{
    size_t end = e->what == DISK_WRITE ? e->offset + bytes : e->length;

    if (end > c->length) {
        c->data = realloc(c->data, end);
        assert_non_null(c->data);
        memset(c->data + c->length, 0, end - c->length);
        c->length = end;
    }
    if (e->what == DISK_CUT)
        c->length = e->length;
    else
        memcpy(c->data + e->offset, e->data, bytes);
}

/* How much of a change of content is in an image. -1: it is not. */
static long part_of(const struct disk *d, size_t event, const struct disk_image *image)
{
    long whole = (long)d->events.items[event].length;

    switch (standing(d, event, image->end)) {
    case LOST:
        return -1;
    case SYNCED:
        return whole;
    default:
        break;
    }
    switch (image->content) {
    case 0:
        return -1;
    case 2:
        return event == image->which ? -1 : whole;
    case 3:
        return event == image->which ? whole : -1;
    case 4:
        return event == image->which ? (long)image->bytes : whole;
    default:
        return whole;
    }
}

void disk_build(const struct disk *d, const struct disk_image *image, const char *folder)
{
    struct names names = names_at(d, image->end, image->names);

    for (size_t n = 0; n < names.count; n++) {
        struct content c = {.data = NULL};
        char path[2 * PATH_MAX];
        int fd;

        for (size_t i = 0; i < image->end; i++) {
            const struct disk_event *e = &d->events.items[i];
            long part;

            if (!is_content(e) || e->file != names.items[n].file)
                continue;
            part = part_of(d, i, image);
            if (part >= 0)
                apply_content(&c, e, (size_t)part);
        }
        snprintf(path, sizeof(path), "%s/%s", folder, names.items[n].name);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, c.data, c.length), c.length);
        close(fd);
        free(c.data);
    }
}
