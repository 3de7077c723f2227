/*
 * Plain files are read straight into the caller's buffer. Compressed ones go through `packed`,
 * which holds what was read and not yet decompressed.
 */
#include "input.h"

#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKED_BYTES = 128 * 1024 };

static char *copy_text(struct streamd_context *c, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = streamd_alloc(c, bytes);

    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

static int check_kind(struct streamd_context *c, struct input *in, uint64_t offset)
{
    char message[128];
    struct stat st;

    if (fstat(in->fd, &st) != 0)
        return fault_errno(c, "examine", in->path, errno);
    if (S_ISDIR(st.st_mode))
        return fault_errno(c, "read", in->path, EISDIR);
    if (!S_ISREG(st.st_mode))
        return fault_file(c, DIAGNOSTIC_READ, in->path,
                          "is no regular file; what comes through a pipe is for the source stdin");
    in->device = st.st_dev;
    in->inode = st.st_ino;
    if (codec_kind_of(in->path) == CODEC_NONE && (uint64_t)st.st_size < offset) {
        snprintf(message, sizeof(message), "has %llu bytes, but was read up to byte %llu before",
                 (unsigned long long)st.st_size, (unsigned long long)offset);
        return fault_file(c, DIAGNOSTIC_POSITION, in->path, message);
    }
    return 0;
}

static int prepare_codec(struct streamd_context *c, struct input *in)
{
    enum codec_kind kind = codec_kind_of(in->path);
    int rc;

    if (kind == CODEC_NONE)
        return 0;
    in->packed = streamd_alloc(c, PACKED_BYTES);
    if (!in->packed)
        return fault_memory(c);
    rc = codec_open(c, kind, &in->codec);
    if (rc == STREAMD_E_UNSUPPORTED)
        return fault_file(c, DIAGNOSTIC_NOT_BUILT, in->path,
                          kind == CODEC_GZIP
                              ? "is compressed, and this streamd was built without zlib"
                              : "is compressed, and this streamd was built without libzstd");
    return rc ? fault_memory(c) : 0;
}

/* The bytes before the place where reading begins. */
static int load_tail(struct streamd_context *c, struct input *in)
{
    size_t wanted = in->raw < INPUT_TAIL_BYTES ? (size_t)in->raw : INPUT_TAIL_BYTES;
    ssize_t n;

    do
        n = pread(in->fd, in->tail, wanted, (off_t)(in->raw - wanted));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fault_errno(c, "read", in->path, errno);
    in->tail_length = (size_t)n == wanted ? wanted : 0;
    return 0;
}

static int go_to(struct streamd_context *c, struct input *in, uint64_t offset)
{
    uint8_t scratch[16384];
    char message[128];

    if (!in->codec) {
        if (offset > 0 && lseek(in->fd, (off_t)offset, SEEK_SET) < 0)
            return fault_errno(c, "seek in", in->path, errno);
        in->offset = in->raw = offset;
        return load_tail(c, in);
    }
    while (in->offset < offset) {
        uint64_t left = offset - in->offset;
        int64_t n = input_read(c, in, scratch, left < sizeof(scratch) ? left : sizeof(scratch));

        if (n < 0)
            return (int)n;
        if (n == 0) {
            snprintf(message, sizeof(message), "ends at byte %llu, but was read up to %llu before",
                     (unsigned long long)in->offset, (unsigned long long)offset);
            return fault_file(c, DIAGNOSTIC_POSITION, in->path, message);
        }
    }
    return 0;
}

int input_open(struct streamd_context *c, struct input *in, const char *path, uint64_t offset,
               int absent_ok)
{
    int rc;

    *in = INPUT_CLOSED;
    in->path = copy_text(c, path);
    if (!in->path)
        return fault_memory(c);
    /* Not to wait for whoever opens the other end, if it is a named pipe. */
    in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (in->fd < 0) {
        rc = errno == ENOENT && absent_ok ? 0 : fault_errno(c, "open", path, errno);
        input_close(c, in);
        return rc;
    }
    rc = check_kind(c, in, offset);
    if (!rc)
        rc = prepare_codec(c, in);
    if (!rc)
        rc = go_to(c, in, offset);
    if (rc)
        input_close(c, in);
    else
        (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return rc;
}

/* After `n` more bytes. */
static void keep_tail(struct input *in, const uint8_t *read, size_t n)
{
    size_t kept = in->tail_length;

    if (n >= INPUT_TAIL_BYTES) {
        kept = 0;
        read += n - INPUT_TAIL_BYTES;
        n = INPUT_TAIL_BYTES;
    } else if (kept + n > INPUT_TAIL_BYTES) {
        memmove(in->tail, in->tail + (kept + n - INPUT_TAIL_BYTES), INPUT_TAIL_BYTES - n);
        kept = INPUT_TAIL_BYTES - n;
    }
    memcpy(in->tail + kept, read, n);
    in->tail_length = kept + n;
}

static int64_t read_raw(struct streamd_context *c, struct input *in, uint8_t *to, size_t room)
{
    ssize_t n;

    do
        n = read(in->fd, to, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fault_errno(c, "read", in->path, errno);
    in->raw += (uint64_t)n;
    keep_tail(in, to, (size_t)n);
    return n;
}

static int fail_packed(struct streamd_context *c, const struct input *in, const char *reason)
{
    char message[160];

    snprintf(message, sizeof(message), "cannot be decompressed near byte %llu: %s",
             (unsigned long long)(in->raw - (in->packed_end - in->packed_begin)), reason);
    return fault_file(c, DIAGNOSTIC_COMPRESSED, in->path, message);
}

static int64_t read_packed(struct streamd_context *c, struct input *in, uint8_t *to, size_t room)
{
    for (;;) {
        const uint8_t *from = in->packed + in->packed_begin;
        size_t length = in->packed_end - in->packed_begin;
        const char *reason = NULL;
        int64_t n = codec_run(in->codec, &from, &length, to, room, &reason);

        in->packed_begin = in->packed_end - length;
        if (n > 0)
            return n;
        if (n < 0)
            return fail_packed(c, in, reason);
        in->packed_begin = in->packed_end = 0;
        n = read_raw(c, in, in->packed, PACKED_BYTES);
        if (n <= 0)
            return n;
        in->packed_end = (size_t)n;
    }
}

int64_t input_read(struct streamd_context *c, struct input *in, uint8_t *to, size_t room)
{
    int64_t n = in->codec ? read_packed(c, in, to, room) : read_raw(c, in, to, room);

    if (n > 0)
        in->offset += (uint64_t)n;
    return n;
}

int input_check_end(struct streamd_context *c, const struct input *in)
{
    char message[160];

    if (!in->codec || codec_may_end(in->codec))
        return 0;
    snprintf(
        message, sizeof(message),
        "is cut off: it ends at byte %llu inside of a compressed piece, %llu bytes of content in",
        (unsigned long long)in->raw, (unsigned long long)in->offset);
    return fault_file(c, DIAGNOSTIC_COMPRESSED, in->path, message);
}

int input_is_intact(struct streamd_context *c, const struct input *in)
{
    uint8_t now[INPUT_TAIL_BYTES];
    ssize_t n;

    do
        n = pread(in->fd, now, in->tail_length, (off_t)(in->raw - in->tail_length));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fault_errno(c, "read", in->path, errno);
    return (size_t)n == in->tail_length && memcmp(now, in->tail, in->tail_length) == 0;
}

int input_check_before(struct streamd_context *c, const struct input *in, uint64_t offset,
                       uint64_t *check)
{
    size_t wanted = offset < INPUT_TAIL_BYTES ? (size_t)offset : INPUT_TAIL_BYTES;
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    uint8_t bytes[INPUT_TAIL_BYTES];
    ssize_t n;

    *check = 0;
    if (in->codec)
        return 0;
    do
        n = pread(in->fd, bytes, wanted, (off_t)(offset - wanted));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fault_errno(c, "read", in->path, errno);
    if ((size_t)n < wanted)
        return 0;
    for (size_t i = 0; i < wanted; i++)
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    *check = h | 1;
    return 0;
}

int input_rewind(struct streamd_context *c, struct input *in)
{
    if (lseek(in->fd, 0, SEEK_SET) < 0)
        return fault_errno(c, "seek in", in->path, errno);
    in->offset = in->raw = 0;
    in->tail_length = 0;
    in->packed_begin = in->packed_end = 0;
    if (in->codec)
        codec_reset(in->codec);
    return 0;
}

void input_close(struct streamd_context *c, struct input *in)
{
    if (in->fd >= 0)
        (void)close(in->fd);
    codec_close(c, in->codec);
    streamd_free(c, in->packed);
    streamd_free(c, in->path);
    *in = INPUT_CLOSED;
}
