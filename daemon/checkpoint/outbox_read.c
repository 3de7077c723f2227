/*
 * Reading a segment. Opening reads the file once from end to end and compares size, checksum, head
 * and the lengths of all records with what the row says; only then is the first record given out.
 * So a reader never acts on half of a damaged segment. The second reading comes out of the page
 * cache; what cannot be read then is an error, not an end.
 */
#include "checkpoint/outbox_form.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <xxhash.h>

struct outbox_reader {
    const struct file_ops *ops;
    char path[PATH_MAX];
    int fd;
    uint64_t left;   /* bytes of records that were not given out */
    size_t at, end;  /* of the buffer */
    uint8_t *record; /* one that does not lie in the buffer in one piece */
    size_t record_capacity;
    uint8_t buffer[OUTBOX_PIECE];
};

static int damaged(const struct outbox_reader *r, const char *how, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, OUTBOX_DAMAGED,
                          "outbox segment %s is damaged: %s", r->path, how);
}

/* Reads up to `size` bytes. The number, 0 at the end of the file, or negative. */
static ssize_t read_some(struct outbox_reader *r, void *data, size_t size,
                         struct streamd_error *error)
{
    for (;;) {
        ssize_t n = r->ops->read(r->ops->self, r->fd, data, size);

        if (n >= 0)
            return n;
        if (errno != EINTR)
            return outbox_io_error(error, errno, "read", r->path);
    }
}

static int reopen(struct outbox_reader *r, struct streamd_error *error)
{
    if (r->fd >= 0)
        (void)r->ops->close(r->ops->self, r->fd);
    r->fd = r->ops->open(r->ops->self, r->path, O_RDONLY | O_CLOEXEC, 0);
    r->at = r->end = 0;
    if (r->fd >= 0)
        return 0;
    if (errno == ENOENT)
        return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, OUTBOX_MISSING,
                              "outbox segment %s is gone", r->path);
    return outbox_io_error(error, errno, "open", r->path);
}

/* ---- checking ---------------------------------------------------------------------------- */

/* Where the walk over the records stands while pieces of the file come by. */
struct walk {
    uint64_t skip;   /* bytes of the head or of a record still to come */
    uint8_t size[4]; /* a length that is not complete */
    uint32_t size_bytes;
    uint64_t records;
};

static void walk_piece(struct walk *w, const uint8_t *data, size_t length)
{
    while (length) {
        if (w->skip) {
            size_t n = w->skip < length ? (size_t)w->skip : length;

            w->skip -= n;
            data += n;
            length -= n;
            continue;
        }
        w->size[w->size_bytes++] = *data++;
        length--;
        if (w->size_bytes == sizeof(w->size)) {
            w->skip = outbox_get(w->size, 4);
            w->size_bytes = 0;
            w->records++;
        }
    }
}

static int check_pieces(struct outbox_reader *r, XXH3_state_t *hash, size_t head_length,
                        const uint8_t *head, const struct outbox_summary *summary,
                        struct streamd_error *error)
{
    struct walk walk = {.skip = head_length};
    uint64_t bytes = 0;
    ssize_t n;
    size_t used = 0;

    /* The first piece is filled up, so that the head lies in it. */
    while ((n = read_some(r, r->buffer + used, sizeof(r->buffer) - used, error)) > 0) {
        if (bytes == 0) {
            used += (size_t)n;
            if (used < head_length)
                continue;
            if (memcmp(r->buffer, head, head_length) != 0)
                return damaged(r, "it is another segment, or of another format", error);
            n = (ssize_t)used;
            used = 0;
        }
        bytes += (uint64_t)n;
        if (bytes > summary->bytes)
            break;
        XXH3_64bits_update(hash, r->buffer, (size_t)n);
        walk_piece(&walk, r->buffer, (size_t)n);
    }
    if (n < 0)
        return (int)n;
    if (bytes != summary->bytes)
        return damaged(r, bytes < summary->bytes ? "it is too short" : "it is too long", error);
    if (XXH3_64bits_digest(hash) != summary->checksum)
        return damaged(r, "its checksum is wrong", error);
    if (walk.skip || walk.size_bytes || walk.records != summary->records)
        return damaged(r, "its records do not fit its length", error);
    return 0;
}

static int check(struct outbox_reader *r, const struct outbox_identity *identity,
                 const struct outbox_summary *summary, struct streamd_error *error)
{
    uint8_t head[OUTBOX_HEAD_LIMIT];
    size_t length = outbox_head(identity, head);
    XXH3_state_t *hash = XXH3_createState();
    int rc;

    if (!hash)
        return error_set_nomem(error);
    XXH3_64bits_reset(hash);
    if (!length || summary->bytes < length)
        rc = damaged(r, "its row says what cannot be", error);
    else
        rc = check_pieces(r, hash, length, head, summary, error);
    XXH3_freeState(hash);
    r->left = summary->bytes - length;
    return rc;
}

/* ---- records ----------------------------------------------------------------------------- */

/* Exactly `length` bytes to `data`; they were there when the segment was checked. */
static int take(struct outbox_reader *r, void *data, size_t length, struct streamd_error *error)
{
    uint8_t *to = data;

    while (length) {
        size_t n = r->end - r->at < length ? r->end - r->at : length;

        if (n) {
            memcpy(to, r->buffer + r->at, n);
            r->at += n;
            to += n;
            length -= n;
            continue;
        }
        r->at = r->end = 0;
        {
            ssize_t got = read_some(r, r->buffer, sizeof(r->buffer), error);

            if (got < 0)
                return (int)got;
            if (got == 0)
                return damaged(r, "it became shorter while it was read", error);
            r->end = (size_t)got;
        }
    }
    return 0;
}

/* Passes over the head, which check compared. */
static int skip_head(struct outbox_reader *r, const struct outbox_identity *identity,
                     struct streamd_error *error)
{
    uint8_t head[OUTBOX_HEAD_LIMIT];

    return take(r, head, outbox_head(identity, head), error);
}

int outbox_open(const struct file_ops *ops, const char *folder, const char *name,
                const struct outbox_identity *identity, const struct outbox_summary *summary,
                struct outbox_reader **reader, struct streamd_error *error)
{
    struct outbox_reader *r = memory_alloc(sizeof(*r));
    int rc;

    if (!r)
        return error_set_nomem(error);
    memset(r, 0, offsetof(struct outbox_reader, buffer));
    r->ops = ops;
    r->fd = -1;
    rc = strchr(name, '/') ? outbox_io_error(error, EINVAL, "open", name)
                           : outbox_path(folder, name, r->path, sizeof(r->path), error);
    if (!rc)
        rc = reopen(r, error);
    if (!rc)
        rc = check(r, identity, summary, error);
    if (!rc)
        rc = reopen(r, error);
    if (!rc)
        rc = skip_head(r, identity, error);
    if (rc) {
        outbox_close(r);
        return rc;
    }
    *reader = r;
    return 0;
}

static int make_room(struct outbox_reader *r, size_t length, struct streamd_error *error)
{
    uint8_t *grown;

    if (length <= r->record_capacity)
        return 0;
    grown = memory_realloc(r->record, length, 1);
    if (!grown)
        return error_set_nomem(error);
    r->record = grown;
    r->record_capacity = length;
    return 0;
}

int outbox_next(struct outbox_reader *r, const uint8_t **data, size_t *length,
                struct streamd_error *error)
{
    uint8_t size[4];
    int rc;

    if (r->left == 0)
        return 0;
    rc = r->left < sizeof(size) ? damaged(r, "it changed while it was read", error)
                                : take(r, size, sizeof(size), error);
    if (rc)
        return rc;
    *length = (size_t)outbox_get(size, 4);
    if (*length > r->left - sizeof(size))
        return damaged(r, "it changed while it was read", error);
    r->left -= sizeof(size) + *length;
    if (*length <= r->end - r->at) {
        *data = r->buffer + r->at;
        r->at += *length;
        return 1;
    }
    rc = make_room(r, *length, error);
    if (!rc)
        rc = take(r, r->record, *length, error);
    *data = r->record;
    return rc ? rc : 1;
}

void outbox_close(struct outbox_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        (void)r->ops->close(r->ops->self, r->fd);
    memory_free(r->record);
    memory_free(r);
}
