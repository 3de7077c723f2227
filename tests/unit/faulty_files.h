/*
 * File operations of which the n-th fails, and writes that take only part; to loop until nothing
 * fails any more.
 */
#ifndef TESTS_FAULTY_FILES_H
#define TESTS_FAULTY_FILES_H

#include "base/file.h"

#include <errno.h>

/* One for a test. `fail_at` 1: the next call fails; 0: none. */
struct faulty_files {
    struct file_ops ops;
    long calls, fail_at;
    int error;
    int fired;
    int short_writes; /* writes take at most seven bytes */
};

static inline int faulty_now(void *self)
{
    struct faulty_files *f = self;

    f->calls++;
    if (f->calls != f->fail_at)
        return 0;
    f->fired = 1;
    errno = f->error;
    return 1;
}

static inline int faulty_open(void *self, const char *path, int flags, mode_t mode)
{
    return faulty_now(self) ? -1 : file_system()->open(NULL, path, flags, mode);
}

static inline ssize_t faulty_read(void *self, int fd, void *data, size_t size)
{
    return faulty_now(self) ? -1 : file_system()->read(NULL, fd, data, size);
}

static inline ssize_t faulty_pread(void *self, int fd, void *data, size_t size, off_t offset)
{
    return faulty_now(self) ? -1 : file_system()->pread(NULL, fd, data, size, offset);
}

static inline ssize_t faulty_write(void *self, int fd, const void *data, size_t size)
{
    const struct faulty_files *f = self;

    if (faulty_now(self))
        return -1;
    return file_system()->write(NULL, fd, data, f->short_writes && size > 7 ? 7 : size);
}

static inline int faulty_fsync(void *self, int fd)
{
    return faulty_now(self) ? -1 : file_system()->fsync(NULL, fd);
}

static inline int faulty_rename(void *self, const char *from, const char *to)
{
    return faulty_now(self) ? -1 : file_system()->rename(NULL, from, to);
}

static inline int faulty_unlink(void *self, const char *path)
{
    return faulty_now(self) ? -1 : file_system()->unlink(NULL, path);
}

static inline int faulty_mkdir(void *self, const char *path, mode_t mode)
{
    return faulty_now(self) ? -1 : file_system()->mkdir(NULL, path, mode);
}

static inline int faulty_rmdir(void *self, const char *path)
{
    return faulty_now(self) ? -1 : file_system()->rmdir(NULL, path);
}

/* A close that fails has closed all the same. */
static inline int faulty_close(void *self, int fd)
{
    int failed = faulty_now(self), rc = file_system()->close(NULL, fd);

    if (failed)
        errno = ((struct faulty_files *)self)->error;
    return failed ? -1 : rc;
}

static inline const struct file_ops *faulty_begin(struct faulty_files *f, long fail_at, int error)
{
    *f = (struct faulty_files){.fail_at = fail_at, .error = error};
    f->ops = (struct file_ops){.open = faulty_open,
                               .read = faulty_read,
                               .pread = faulty_pread,
                               .write = faulty_write,
                               .fsync = faulty_fsync,
                               .rename = faulty_rename,
                               .unlink = faulty_unlink,
                               .mkdir = faulty_mkdir,
                               .rmdir = faulty_rmdir,
                               .close = faulty_close,
                               .self = f};
    return &f->ops;
}

#endif
