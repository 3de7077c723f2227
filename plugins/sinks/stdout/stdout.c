/*
 * The sink `stdout`: writes each batch, in the node's format, to standard output as it comes.
 *
 * A pipe or a terminal may take nothing for a while, and the worker must not wait for it. The
 * descriptor is shared with whoever started us, so it cannot be made non-blocking; instead, poll
 * says whether PIPE_BUF bytes fit, and no more is written at a time. A reader that keeps up is
 * waited for, some milliseconds in all; a slow one blocks the node, and resume tries again.
 *
 * A reader that goes away (`| head`) ends the pipeline with diagnostic 5290, which is no error to
 * the user. The host ignores SIGPIPE.
 */
#include <streamd/operator.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WAIT_MS = 5,          /* for a reader that keeps up; per call at most twice that */
    RETRY_US = 5000,      /* between two looks at a slow one */
    KEEP_BYTES = 1 << 20, /* a larger buffer is given back after use */
    DIAGNOSTIC_WRITE = 5220,
    DIAGNOSTIC_READER_GONE = 5290
};

struct sink {
    struct streamd_buffer buffer;
    size_t written; /* of buffer */
    uint64_t total; /* bytes written by this task */
    int waits;      /* standard output is no regular file */
    int begun;      /* what stands at the beginning was written */
};

static int stdout_bind(struct streamd_bind *b, const void *options)
{
    int rc = streamd_bind_needs_format(b);

    (void)options;
    return rc ? rc : streamd_bind_delivery(b, STREAMD_AT_LEAST_ONCE);
}

static int stdout_open(struct streamd_context *c, void **self)
{
    struct stat st;
    struct sink *s = streamd_alloc(c, sizeof(*s));

    if (!s) {
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to begin");
        return STREAMD_E_NOMEM;
    }
    *s = (struct sink){.waits = fstat(STDOUT_FILENO, &st) != 0 || !S_ISREG(st.st_mode)};
    *self = s;
    return 0;
}

static enum streamd_flow fail_write(struct streamd_context *c, const struct sink *s, int error)
{
    char message[160];

    if (error == EPIPE)
        return streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_READER_GONE,
                            "the reader of standard output has gone away");
    snprintf(message, sizeof(message), "cannot write to standard output at byte %llu: %s",
             (unsigned long long)s->total, strerror(error));
    return streamd_fail(c, STREAMD_FAIL_TASK, DIAGNOSTIC_WRITE, message);
}

/* 1: something fits; 0: not now. Errors show when writing. */
static int takes_more(const struct sink *s, int *patience_ms)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    if (!s->waits || poll(&out, 1, 0) != 0)
        return 1;
    if (*patience_ms <= 0)
        return 0;
    *patience_ms -= WAIT_MS;
    return poll(&out, 1, WAIT_MS) != 0;
}

static enum streamd_flow flush(struct streamd_context *c, struct sink *s)
{
    int patience_ms = 2 * WAIT_MS;

    while (s->written < s->buffer.length) {
        size_t bytes = s->buffer.length - s->written;
        ssize_t n;

        if (!takes_more(s, &patience_ms)) {
            streamd_block_on(c, -1, streamd_now(c) + RETRY_US);
            return STREAMD_BLOCKED;
        }
        if (s->waits && bytes > PIPE_BUF)
            bytes = PIPE_BUF;
        n = write(STDOUT_FILENO, s->buffer.data + s->written, bytes);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (n < 0)
            return fail_write(c, s, errno);
        s->written += (size_t)n;
        s->total += (uint64_t)n;
    }
    s->written = 0;
    s->buffer.length = 0;
    if (s->buffer.capacity > KEEP_BYTES)
        streamd_buffer_clear(c, &s->buffer);
    return STREAMD_OK;
}

static enum streamd_flow stdout_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    struct sink *s = self;

    (void)input;
    if (!s->begun && streamd_encode_begin(c, &s->buffer) < 0)
        return STREAMD_FAILED;
    s->begun = 1;
    if (streamd_encode(c, batch, &s->buffer) < 0)
        return STREAMD_FAILED;
    return flush(c, s);
}

static enum streamd_flow stdout_resume(struct streamd_context *c, void *self)
{
    return flush(c, self);
}

static void stdout_close(struct streamd_context *c, void *self)
{
    struct sink *s = self;

    if (s)
        streamd_buffer_clear(c, &s->buffer);
    streamd_free(c, s);
}

static const struct streamd_operator stdout_sink = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_SINK, "stdout"),
                   "Writes to standard output in the node's format.", NULL, 0},
    .bind = stdout_bind,
    .open = stdout_open,
    .batch = stdout_batch,
    .resume = stdout_resume,
    .close = stdout_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &stdout_sink.descriptor : NULL;
}
