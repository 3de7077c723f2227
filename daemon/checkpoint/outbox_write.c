/*
 * Writing a segment. Records are gathered in a buffer and go to the file in large pieces, which are
 * hashed as they go: so the checksum is of what was meant, not of what a reader finds. The order
 * that survives a power cut: content, sync, name, sync of the folder.
 */
#include "checkpoint/outbox_form.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

struct outbox_writer {
    const struct file_ops *ops;
    const char *folder;
    struct outbox_identity identity;
    char path[PATH_MAX];
    int fd; /* -1: finished */
    int named;
    XXH3_state_t *hash;
    uint64_t bytes, records; /* bytes: with those of the buffer */
    size_t used;
    uint8_t buffer[OUTBOX_PIECE];
};

int outbox_path(const char *folder, const char *name, char *path, size_t size,
                struct streamd_error *error)
{
    int n = snprintf(path, size, "%s/%s", folder, name);

    if (n < 0 || (size_t)n >= size)
        return outbox_io_error(error, ENAMETOOLONG, "use", folder);
    return 0;
}

int outbox_io_error(struct streamd_error *error, int errno_value, const char *what,
                    const char *path)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, OUTBOX_IO,
                          "cannot %s outbox segment %s: %s", what, path, strerror(errno_value));
}

size_t outbox_head(const struct outbox_identity *identity, uint8_t head[OUTBOX_HEAD_LIMIT])
{
    size_t lineage = strlen(identity->lineage), node = strlen(identity->node);
    size_t length = (OUTBOX_HEAD_FIXED + lineage + node + 7) & ~(size_t)7;

    if (lineage > OUTBOX_HEAD_LIMIT || node > OUTBOX_HEAD_LIMIT || length > OUTBOX_HEAD_LIMIT)
        return 0;
    memset(head, 0, OUTBOX_HEAD_LIMIT);
    memcpy(head, OUTBOX_MAGIC, 8);
    outbox_put(head + 8, OUTBOX_FORMAT, 4);
    outbox_put(head + 12, length, 4);
    outbox_put(head + 16, identity->sequence, 8);
    outbox_put(head + 24, identity->task, 4);
    outbox_put(head + 28, lineage, 2);
    outbox_put(head + 30, node, 2);
    memcpy(head + OUTBOX_HEAD_FIXED, identity->lineage, lineage);
    memcpy(head + OUTBOX_HEAD_FIXED + lineage, identity->node, node);
    return length;
}

/* ---- making and appending ---------------------------------------------------------------- */

static int write_out(struct outbox_writer *w, const void *data, size_t length,
                     struct streamd_error *error)
{
    int rc = file_write_all(w->ops, w->fd, w->path, data, length, error);

    if (rc && error)
        error->diagnostic = OUTBOX_IO;
    if (!rc)
        XXH3_64bits_update(w->hash, data, length);
    return rc;
}

static int flush(struct outbox_writer *w, struct streamd_error *error)
{
    int rc = w->used ? write_out(w, w->buffer, w->used, error) : 0;

    w->used = 0;
    return rc;
}

static int add(struct outbox_writer *w, const void *data, size_t length,
               struct streamd_error *error)
{
    int rc = 0;

    w->bytes += length;
    if (length > sizeof(w->buffer) - w->used)
        rc = flush(w, error);
    if (!rc && length > sizeof(w->buffer))
        return write_out(w, data, length, error);
    if (!rc && length) {
        memcpy(w->buffer + w->used, data, length);
        w->used += length;
    }
    return rc;
}

static int begin(struct outbox_writer *w, struct streamd_error *error)
{
    uint8_t head[OUTBOX_HEAD_LIMIT];
    size_t length = outbox_head(&w->identity, head);
    char name[OUTBOX_NAME_BYTES];
    int rc,
        n = snprintf(name, sizeof(name), "%s.%u.%s.%llu.open", w->identity.node, w->identity.task,
                     w->identity.attempt, (unsigned long long)w->identity.sequence);

    if (!length || n >= (int)sizeof(name))
        return outbox_io_error(error, ENAMETOOLONG, "make", w->identity.node);
    rc = outbox_path(w->folder, name, w->path, sizeof(w->path), error);
    if (rc)
        return rc;
    w->fd = w->ops->open(w->ops->self, w->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (w->fd < 0)
        return outbox_io_error(error, errno, "make", w->path);
    return add(w, head, length, error);
}

int outbox_create(const struct file_ops *ops, const char *folder,
                  const struct outbox_identity *identity, struct outbox_writer **writer,
                  struct streamd_error *error)
{
    struct outbox_writer *w = memory_alloc(sizeof(*w));
    int rc;

    if (!w)
        return error_set_nomem(error);
    memset(w, 0, offsetof(struct outbox_writer, buffer));
    w->ops = ops;
    w->folder = folder;
    w->identity = *identity;
    w->fd = -1;
    w->named = 1; /* there is no file yet */
    w->hash = XXH3_createState();
    if (!w->hash) {
        memory_free(w);
        return error_set_nomem(error);
    }
    XXH3_64bits_reset(w->hash);
    rc = begin(w, error);
    w->named = w->fd < 0;
    if (rc) {
        outbox_discard(w);
        return rc;
    }
    *writer = w;
    return 0;
}

int outbox_append(struct outbox_writer *w, const void *data, size_t length,
                  struct streamd_error *error)
{
    uint8_t size[4];
    int rc;

    if (length > OUTBOX_RECORD_LIMIT)
        return error_set(error, STREAMD_E_LIMIT, "a record of %zu bytes is too large", length);
    outbox_put(size, length, 4);
    rc = add(w, size, sizeof(size), error);
    if (!rc)
        rc = add(w, data, length, error);
    w->records += !rc;
    return rc;
}

uint64_t outbox_size(const struct outbox_writer *w)
{
    return w->bytes;
}

/* ---- finishing --------------------------------------------------------------------------- */

int outbox_finish(struct outbox_writer *w, struct outbox_summary *summary,
                  struct streamd_error *error)
{
    int fd = w->fd, rc = flush(w, error);

    if (rc)
        return rc;
    if (w->ops->fsync(w->ops->self, fd))
        return outbox_io_error(error, errno, "sync", w->path);
    w->fd = -1;
    if (w->ops->close(w->ops->self, fd))
        return outbox_io_error(error, errno, "close", w->path);
    summary->bytes = w->bytes;
    summary->records = w->records;
    summary->checksum = XXH3_64bits_digest(w->hash);
    return 0;
}

int outbox_name(struct outbox_writer *w, uint64_t checkpoint, char name[OUTBOX_NAME_BYTES],
                struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc, n = snprintf(name, OUTBOX_NAME_BYTES, "%s.%u.%s.%llu.%llu.seg", w->identity.node,
                         w->identity.task, w->identity.attempt,
                         (unsigned long long)w->identity.sequence, (unsigned long long)checkpoint);

    if (n >= OUTBOX_NAME_BYTES)
        return outbox_io_error(error, ENAMETOOLONG, "name", w->path);
    rc = outbox_path(w->folder, name, path, sizeof(path), error);
    if (rc)
        return rc;
    if (w->ops->rename(w->ops->self, w->path, path))
        return outbox_io_error(error, errno, "rename", w->path);
    w->named = 1;
    return 0;
}

void outbox_discard(struct outbox_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        (void)w->ops->close(w->ops->self, w->fd);
    if (!w->named)
        (void)w->ops->unlink(w->ops->self, w->path);
    XXH3_freeState(w->hash);
    memory_free(w);
}

int outbox_sync(const struct file_ops *ops, const char *folder, struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc = outbox_path(folder, ".", path, sizeof(path), error);

    if (!rc)
        rc = file_sync_folder(ops, path, error);
    if (rc && error)
        error->diagnostic = OUTBOX_IO;
    return rc;
}
