/*
 * Whole files in, whole files out. The order in file_replace is the one that survives a power cut:
 * content durable first, then the name, then the folder that holds the name.
 */
#include "base/file.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int system_open(void *self, const char *path, int flags, mode_t mode)
{
    (void)self;
    return open(path, flags, mode);
}

static ssize_t system_read(void *self, int fd, void *data, size_t size)
{
    (void)self;
    return read(fd, data, size);
}

static ssize_t system_pread(void *self, int fd, void *data, size_t size, off_t offset)
{
    (void)self;
    return pread(fd, data, size, offset);
}

static ssize_t system_write(void *self, int fd, const void *data, size_t size)
{
    (void)self;
    return write(fd, data, size);
}

static int system_fsync(void *self, int fd)
{
    (void)self;
    return fsync(fd);
}

static int system_rename(void *self, const char *from, const char *to)
{
    (void)self;
    return rename(from, to);
}

static int system_unlink(void *self, const char *path)
{
    (void)self;
    return unlink(path);
}

static int system_mkdir(void *self, const char *path, mode_t mode)
{
    (void)self;
    return mkdir(path, mode);
}

static int system_rmdir(void *self, const char *path)
{
    (void)self;
    return rmdir(path);
}

static int system_close(void *self, int fd)
{
    (void)self;
    return close(fd);
}

/* What both sets of calls have in common. */
#define SYSTEM_CALLS                                                                          \
    .read = system_read, .pread = system_pread, .write = system_write, .fsync = system_fsync, \
    .rename = system_rename, .unlink = system_unlink, .mkdir = system_mkdir,                  \
    .rmdir = system_rmdir, .close = system_close, .self = NULL

const struct file_ops *file_system(void)
{
    static const struct file_ops ops = {.open = system_open, SYSTEM_CALLS};

    return &ops;
}

static int open_no_links(void *self, const char *path, int flags, mode_t mode)
{
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_NO_SYMLINKS};
    long fd;

    (void)self;
    if (flags & O_CREAT)
        how.mode = mode;
    fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    if (fd < 0 && errno == ENOSYS)
        fd = open(path, flags | O_NOFOLLOW, mode);
    return (int)fd;
}

const struct file_ops *file_system_no_links(void)
{
    static const struct file_ops ops = {.open = open_no_links, SYSTEM_CALLS};

    return &ops;
}

static int read_into(const struct file_ops *ops, int fd, const char *path, size_t limit,
                     char **data, size_t *length, struct streamd_error *error)
{
    size_t capacity = 0, used = 0;
    char *buffer = NULL;

    for (;;) {
        ssize_t n;

        if (used + 1 >= capacity) {
            size_t wanted = capacity ? capacity * 2 : 16384;
            char *grown = memory_realloc(buffer, wanted, 1);

            if (!grown) {
                memory_free(buffer);
                return error_set_nomem(error);
            }
            buffer = grown;
            capacity = wanted;
        }
        n = ops->read(ops->self, fd, buffer + used, capacity - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int saved = errno;

            memory_free(buffer);
            return error_set_errno(error, saved, "cannot read %s", path);
        }
        used += (size_t)n;
        if (used > limit) {
            memory_free(buffer);
            return error_set(error, STREAMD_E_LIMIT, "%s is larger than %zu bytes", path, limit);
        }
        if (n == 0)
            break;
    }
    buffer[used] = '\0';
    *data = buffer;
    *length = used;
    return 0;
}

int file_read_all(const struct file_ops *ops, const char *path, size_t limit, char **data,
                  size_t *length, struct streamd_error *error)
{
    int fd = ops->open(ops->self, path, O_RDONLY | O_CLOEXEC, 0);
    int rc;

    if (fd < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    rc = read_into(ops, fd, path, limit, data, length, error);
    ops->close(ops->self, fd);
    return rc;
}

int file_read_at(const struct file_ops *ops, int fd, const char *path, void *data, size_t length,
                 uint64_t offset, struct streamd_error *error)
{
    uint8_t *at = data;

    while (length > 0) {
        ssize_t n = ops->pread(ops->self, fd, at, length, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, errno, "cannot read %s", path);
        if (n == 0)
            return error_set(error, STREAMD_E_IO, "%s ends at byte %llu", path,
                             (unsigned long long)offset);
        at += n;
        offset += (uint64_t)n;
        length -= (size_t)n;
    }
    return 0;
}

int file_write_all(const struct file_ops *ops, int fd, const char *path, const void *data,
                   size_t length, struct streamd_error *error)
{
    const char *at = data;

    while (length > 0) {
        ssize_t n = ops->write(ops->self, fd, at, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, errno, "cannot write %s", path);
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

int file_sync_folder(const struct file_ops *ops, const char *path, struct streamd_error *error)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    int fd, rc = 0;

    if (length >= sizeof(folder))
        return error_set_errno(error, ENAMETOOLONG, "cannot sync the folder of %s", path);
    memcpy(folder, path, length);
    folder[length] = '\0';
    fd = ops->open(ops->self, slash ? (length ? folder : "/") : ".",
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot open the folder of %s", path);
    if (ops->fsync(ops->self, fd))
        rc = error_set_errno(error, errno, "cannot sync the folder of %s", path);
    ops->close(ops->self, fd);
    return rc;
}

/* Writes and syncs the new content under a temporary name. */
static int write_temporary(const struct file_ops *ops, const char *path, const void *data,
                           size_t length, mode_t mode, struct streamd_error *error)
{
    int fd = ops->open(ops->self, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    int rc;

    if (fd < 0)
        return error_set_errno(error, errno, "cannot create %s", path);
    rc = file_write_all(ops, fd, path, data, length, error);
    if (!rc && ops->fsync(ops->self, fd))
        rc = error_set_errno(error, errno, "cannot sync %s", path);
    if (ops->close(ops->self, fd) && !rc)
        rc = error_set_errno(error, errno, "cannot close %s", path);
    return rc;
}

int file_replace(const struct file_ops *ops, const char *path, const void *data, size_t length,
                 mode_t mode, struct streamd_error *error)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof(temporary), "%s.tmp", path);
    int rc;

    if (n < 0 || (size_t)n >= sizeof(temporary))
        return error_set_errno(error, ENAMETOOLONG, "cannot write %s", path);
    rc = write_temporary(ops, temporary, data, length, mode, error);
    if (!rc && ops->rename(ops->self, temporary, path))
        rc = error_set_errno(error, errno, "cannot rename %s to %s", temporary, path);
    if (rc) {
        ops->unlink(ops->self, temporary);
        return rc;
    }
    return file_sync_folder(ops, path, error);
}
