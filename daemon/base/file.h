/*
 * base/file.h - the file seam: reading whole files, and writing files that matter.
 *
 * Every system call that can fail for want of space or a broken disk goes through the functions of
 * a struct file_ops, so that a test can make the N-th one fail. Any thread.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <streamd/error.h>

#include <sys/types.h>

/* The calls under the seam; each behaves as the system call of its name (-1 and errno). */
struct file_ops {
    int (*open)(void *self, const char *path, int flags, mode_t mode);
    ssize_t (*read)(void *self, int fd, void *data, size_t size);
    ssize_t (*pread)(void *self, int fd, void *data, size_t size, off_t offset);
    ssize_t (*write)(void *self, int fd, const void *data, size_t size);
    int (*fsync)(void *self, int fd);
    int (*rename)(void *self, const char *from, const char *to);
    int (*unlink)(void *self, const char *path);
    int (*mkdir)(void *self, const char *path, mode_t mode);
    int (*rmdir)(void *self, const char *path);
    int (*close)(void *self, int fd);
    void *self;
};

/* The system's calls. */
const struct file_ops *file_system(void);

/* The same, but open fails with ELOOP where any part of the path is a symbolic link (on kernels
   before 5.6 the last part only). For folders that are ours alone; give it canonical paths. */
const struct file_ops *file_system_no_links(void);

/*
 * Reads a whole file of at most `limit` bytes into fresh memory with a NUL behind it (`*data`, to
 * be released with memory_free). STREAMD_E_IO, STREAMD_E_LIMIT or STREAMD_E_NOMEM; the message
 * names the path.
 */
int file_read_all(const struct file_ops *ops, const char *path, size_t limit, char **data,
                  size_t *length, struct streamd_error *error);

/* Reads exactly `length` bytes at `offset`; STREAMD_E_IO also where the file ends before. */
int file_read_at(const struct file_ops *ops, int fd, const char *path, void *data, size_t length,
                 uint64_t offset, struct streamd_error *error);

/* Writes all of `data` to a descriptor, going on after short writes. `path` is for the message. */
int file_write_all(const struct file_ops *ops, int fd, const char *path, const void *data,
                   size_t length, struct streamd_error *error);

/*
 * Replaces a file so that after a crash there is the old or the new content, never a mixture:
 * writes PATH.tmp, fsync, rename, fsync of the folder.
 */
int file_replace(const struct file_ops *ops, const char *path, const void *data, size_t length,
                 mode_t mode, struct streamd_error *error);

/* fsync of the folder that holds `path`. */
int file_sync_folder(const struct file_ops *ops, const char *path, struct streamd_error *error);

#endif
