/*
 * A shim for LD_PRELOAD that records what a program does to the files below one folder, so that
 * images.py can build what a power cut would have left of them (docs/internals/faults.md).
 *
 * RECORDER_ROOT names the folder (absolute), RECORDER_LOG the file to append to. After a call has
 * succeeded, one record is appended with one write(2), before the call returns: so whatever another
 * process does because of it stands behind it. A record is
 *
 *   u32 length of all that follows   u8 what   u64 inode   i64 offset   u16 n   path[n]
 *   u16 m   second path[m]   data (the rest)
 *
 * with `what' one of: o open, t truncate, w write, s fsync (data of a file, or entries of a
 * folder), r rename, l link, u unlink, m mkdir, d rmdir. mmap is not recorded; SQLite is told not
 * to use it by default, and nothing else here writes through one.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FD_MAX 65536

struct record {
    char what;
    uint64_t inode;
    int64_t offset;
    const char *path;
    const char *second;
    const void *data;
    size_t length;
};

static unsigned char tracked[FD_MAX]; /* descriptors of files and folders below the root */

/* The next function of that name, behind this shim. */
#define NEXT(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

static int log_descriptor(void)
{
    static int fd = -1;
    const char *path = getenv("RECORDER_LOG");

    if (fd < 0 && path)
        fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                          0600);
    return fd;
}

static void die(const char *what)
{
    dprintf(2, "recorder: %s: %s\n", what, strerror(errno));
    _exit(71);
}

static void append(const struct record *r)
{
    int saved = errno;
    uint16_t n = (uint16_t)strlen(r->path), m = (uint16_t)strlen(r->second);
    char head[25];
    uint32_t length = (uint32_t)(21U + n + m + r->length);
    struct iovec parts[] = {{head, 23},
                            {(void *)(uintptr_t)r->path, n},
                            {&m, 2},
                            {(void *)(uintptr_t)r->second, m},
                            {(void *)(uintptr_t)r->data, r->length}};
    memcpy(head, &length, 4);
    head[4] = r->what;
    memcpy(head + 5, &r->inode, 8);
    memcpy(head + 13, &r->offset, 8);
    memcpy(head + 21, &n, 2);
    if (syscall(SYS_writev, log_descriptor(), parts, 5) != (long)length + 4)
        die("cannot write the log");
    errno = saved;
}

/* The absolute path of `path` seen from folder `at`, in `out`; 0 where it is not below the root. */
static int below_root(int at, const char *path, char out[PATH_MAX])
{
    const char *root = getenv("RECORDER_ROOT");
    char folder[PATH_MAX] = "", link[64];
    int n;

    if (!root || !path)
        return 0;
    if (path[0] == '/') {
        n = snprintf(out, PATH_MAX, "%s", path);
    } else {
        if (at == AT_FDCWD) {
            if (!getcwd(folder, sizeof(folder)))
                return 0;
        } else {
            snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
            if (readlink(link, folder, sizeof(folder) - 1) < 0)
                return 0;
        }
        n = snprintf(out, PATH_MAX, "%s/%s", folder, path);
    }
    return n > 0 && n < PATH_MAX && strncmp(out, root, strlen(root)) == 0;
}

static uint64_t inode_of(int fd)
{
    struct stat s;

    return fstat(fd, &s) == 0 ? (uint64_t)s.st_ino : 0;
}

static int opened(int fd, int at, const char *path, int flags)
{
    char name[PATH_MAX];

    if (fd >= 0 && fd < FD_MAX && below_root(at, path, name)) {
        tracked[fd] = 1;
        append(&(struct record){(flags & O_TRUNC) ? 't' : 'o', inode_of(fd), -1, name, "", "", 0});
    }
    return fd;
}

static int is_tracked(int fd)
{
    return fd >= 0 && fd < FD_MAX && tracked[fd];
}

/* ---- opening and closing -------------------------------------------------------------------- */

#define MODE_OF(flags)                     \
    mode_t mode = 0;                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list;                      \
        va_start(list, flags);             \
        mode = va_arg(list, mode_t);       \
        va_end(list);                      \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), AT_FDCWD, path, flags);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), AT_FDCWD, path, flags);
}

int openat(int at, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened((int)syscall(SYS_openat, at, path, flags, mode), at, path, flags);
}

int openat64(int at, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return opened((int)syscall(SYS_openat, at, path, flags, mode), at, path, flags);
}

/* What _FORTIFY_SOURCE makes of calls without a mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);

int __open_2(const char *path, int flags)
{
    return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
    return open(path, flags);
}

int __openat_2(int at, const char *path, int flags)
{
    return openat(at, path, flags);
}

/* openat2 has no wrapper in the C library, so programs come here for it. */
long syscall(long number, ...)
{
    static long (*next)(long, ...);
    long a[6];
    va_list list;

    if (!next)
        next = NEXT(long (*)(long, ...), "syscall");
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    long result = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_openat2) {
        const struct open_how *how = (const void *)(uintptr_t)a[2];
        opened((int)result, (int)a[0], (const void *)(uintptr_t)a[1], (int)how->flags);
    }
    return result;
}

int close(int fd)
{
    if (is_tracked(fd))
        tracked[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

/* ---- content -------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t n = syscall(SYS_write, fd, data, size);

    if (n > 0 && is_tracked(fd)) {
        off_t end = lseek(fd, 0, SEEK_CUR);
        append(&(struct record){'w', inode_of(fd), end - n, "", "", data, (size_t)n});
    }
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    ssize_t n = syscall(SYS_pwrite64, fd, data, size, offset);

    if (n > 0 && is_tracked(fd))
        append(&(struct record){'w', inode_of(fd), offset, "", "", data, (size_t)n});
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (is_tracked(fd)) {
        errno = ENOSYS;
        die("writev is not recorded");
    }
    return syscall(SYS_writev, fd, parts, count);
}

int ftruncate(int fd, off_t length)
{
    int rc = (int)syscall(SYS_ftruncate, fd, length);

    if (rc == 0 && is_tracked(fd))
        append(&(struct record){'t', inode_of(fd), length, "", "", "", 0});
    return rc;
}

int ftruncate64(int fd, off_t length)
{
    return ftruncate(fd, length);
}

int fsync(int fd)
{
    int rc = (int)syscall(SYS_fsync, fd);

    if (rc == 0 && is_tracked(fd))
        append(&(struct record){'s', inode_of(fd), 0, "", "", "", 0});
    return rc;
}

int fdatasync(int fd)
{
    int rc = (int)syscall(SYS_fdatasync, fd);

    if (rc == 0 && is_tracked(fd))
        append(&(struct record){'s', inode_of(fd), 0, "", "", "", 0});
    return rc;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Records a change of names where it concerns the root; `rc` is passed through. */
static int named(int rc, char what, int at, const char *path, int second_at, const char *second)
{
    char a[PATH_MAX], b[PATH_MAX] = "";
    struct stat s = {0};

    if (rc != 0 || !below_root(at, path, a))
        return rc;
    if (second && !below_root(second_at, second, b))
        return rc;
    if (what == 'm')
        (void)stat(a, &s);
    append(&(struct record){what, (uint64_t)s.st_ino, 0, a, b, "", 0});
    return rc;
}

int rename(const char *from, const char *to)
{
    return named((int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0), 'r', AT_FDCWD, from,
                 AT_FDCWD, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
    return named((int)syscall(SYS_renameat2, a, from, b, to, 0), 'r', a, from, b, to);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    return named((int)syscall(SYS_renameat2, a, from, b, to, flags), 'r', a, from, b, to);
}

int link(const char *from, const char *to)
{
    return named((int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0), 'l', AT_FDCWD, from,
                 AT_FDCWD, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
    return named((int)syscall(SYS_linkat, a, from, b, to, flags), 'l', a, from, b, to);
}

int unlink(const char *path)
{
    return named((int)syscall(SYS_unlinkat, AT_FDCWD, path, 0), 'u', AT_FDCWD, path, 0, NULL);
}

int unlinkat(int at, const char *path, int flags)
{
    return named((int)syscall(SYS_unlinkat, at, path, flags), (flags & AT_REMOVEDIR) ? 'd' : 'u',
                 at, path, 0, NULL);
}

int mkdir(const char *path, mode_t mode)
{
    return named((int)syscall(SYS_mkdirat, AT_FDCWD, path, mode), 'm', AT_FDCWD, path, 0, NULL);
}

int mkdirat(int at, const char *path, mode_t mode)
{
    return named((int)syscall(SYS_mkdirat, at, path, mode), 'm', at, path, 0, NULL);
}

int rmdir(const char *path)
{
    return named((int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR), 'd', AT_FDCWD, path, 0,
                 NULL);
}
