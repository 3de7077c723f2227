/*
 * The source `stdin`: one split, the bytes of standard input, read as they come.
 *
 * The descriptor is shared with whoever started us, so it is not made non-blocking: poll says
 * whether there is something, and a read then takes what is there. A regular file is read with
 * pread, so that where others stand in it does not matter, and a position is a place in it. What
 * came through a pipe cannot be read again: with checkpoints that is refused, since they would
 * promise what a crash breaks.
 *
 * The bytes not yet used up lie at data[begin .. end); when more is read the rest moves to the
 * front. The format skips records that are too long, so that the buffer grows to a little over
 * limits.record at most.
 */
#include <streamd/source.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 256 * 1024,
    PADDING_BYTES = 64, /* stay readable behind the bytes, for the format */
    DIAGNOSTIC_READ = 5210,
    DIAGNOSTIC_POSITION = 5214,
    DIAGNOSTIC_PIPE = 5245
};

static const size_t LONGEST = (size_t)1 << 30;

struct input {
    struct streamd_split *handle;
    uint8_t *data;
    size_t begin, end, capacity;
    uint64_t position; /* of data[begin] */
    int full;          /* the output had no room: feed again before reading on */
    int ended;
    int seekable; /* a regular file, of which byte `from` is position 0 */
    off_t from;
};

static int stdin_bind(struct streamd_bind *b, const void *options)
{
    (void)b;
    (void)options;
    return 0;
}

static int stdin_list(struct streamd_context *c, void *self)
{
    (void)self;
    return streamd_split_add(c, "stdin", "standard input");
}

static int no_memory(struct streamd_context *c)
{
    (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to read standard input");
    return STREAMD_E_NOMEM;
}

static int refuse(struct streamd_context *c, int diagnostic, const char *message)
{
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, diagnostic, message);
    return STREAMD_E_UNSUPPORTED;
}

/* "POSITION at FROM", as stdin_position writes it. */
static int go_to(struct streamd_context *c, struct input *in, const char *position)
{
    unsigned long long at, from;
    struct stat st;
    int end = 0;

    if (!in->seekable)
        return refuse(c, DIAGNOSTIC_POSITION,
                      "standard input cannot be read a second time, so that there is no going on "
                      "from a checkpoint");
    if (sscanf(position, "%llu at %llu%n", &at, &from, &end) != 2 || position[end] != '\0')
        return refuse(c, DIAGNOSTIC_POSITION, "the position is none of standard input");
    if (fstat(STDIN_FILENO, &st) != 0 || (unsigned long long)st.st_size < from + at)
        return refuse(c, DIAGNOSTIC_POSITION,
                      "standard input is shorter than what was read of it before");
    in->position = at;
    in->from = (off_t)from;
    return 0;
}

static int stdin_open_split(struct streamd_context *c, void *self, const char *id,
                            const char *position, struct streamd_split *handle, void **split)
{
    struct input *in = streamd_alloc(c, sizeof(*in));
    struct stat st;
    int rc = 0;

    (void)self;
    (void)id;
    if (!in)
        return no_memory(c);
    *in = (struct input){.handle = handle};
    in->seekable = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    in->from = in->seekable ? lseek(STDIN_FILENO, 0, SEEK_CUR) : 0;
    if (in->from < 0)
        in->seekable = 0;
    if (position)
        rc = go_to(c, in, position);
    else if (c->durable && !in->seekable)
        rc = refuse(c, DIAGNOSTIC_PIPE,
                    "standard input is no file, and what comes through a pipe cannot be read again "
                    "after a crash; write it to a file and read that, or run without checkpoints");
    if (rc)
        streamd_free(c, in);
    else
        *split = in;
    return rc;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int grow(struct streamd_context *c, struct input *in)
{
    size_t capacity = in->capacity ? in->capacity * 2 : BLOCK_BYTES;
    uint8_t *data;

    if (capacity > LONGEST) {
        (void)streamd_fail(c, STREAMD_BUG, 0, "the format leaves a record of 1 GiB where it is");
        return STREAMD_E_LIMIT;
    }
    data = streamd_realloc(c, in->data, capacity + PADDING_BYTES);
    if (!data)
        return no_memory(c);
    memset(data + in->capacity, 0, capacity + PADDING_BYTES - in->capacity);
    in->data = data;
    in->capacity = capacity;
    return 0;
}

static int make_room(struct streamd_context *c, struct input *in)
{
    if (in->begin > 0 && in->end > in->begin)
        memmove(in->data, in->data + in->begin, in->end - in->begin);
    in->end -= in->begin;
    in->begin = 0;
    return in->end == in->capacity ? grow(c, in) : 0;
}

static enum streamd_flow wait_for_more(struct streamd_context *c)
{
    streamd_block_on(c, STDIN_FILENO, INT64_MAX);
    return STREAMD_BLOCKED;
}

/* OK: something was read, or the end was. BLOCKED, FAILED. */
static enum streamd_flow fill(struct streamd_context *c, struct input *in)
{
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    char message[128];
    ssize_t n;

    if (make_room(c, in))
        return STREAMD_FAILED;
    if (poll(&ready, 1, 0) == 0)
        return wait_for_more(c);
    n = in->seekable ? pread(STDIN_FILENO, in->data + in->end, in->capacity - in->end,
                             in->from + (off_t)(in->position + in->end))
                     : read(STDIN_FILENO, in->data + in->end, in->capacity - in->end);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return wait_for_more(c);
    if (n < 0) {
        snprintf(message, sizeof(message), "cannot read standard input at byte %llu: %s",
                 (unsigned long long)(in->position + in->end), strerror(errno));
        return streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_READ, message);
    }
    in->end += (size_t)n;
    in->ended = n == 0;
    return STREAMD_OK;
}

static enum streamd_flow feed(struct streamd_context *c, struct input *in)
{
    size_t consumed = 0;
    int rc = streamd_feed(c, in->handle, in->data + in->begin, in->end - in->begin, in->position,
                          in->ended, &consumed);

    if (rc < 0)
        return STREAMD_FAILED;
    in->begin += consumed;
    in->position += consumed;
    in->full = rc == 0 && in->begin < in->end;
    if (in->ended && rc > 0 && in->begin < in->end)
        return streamd_fail(c, STREAMD_BUG, 0, "the format leaves bytes at the end of the input");
    if (in->ended && !in->full)
        return STREAMD_FINISHED;
    return rc == 0 ? STREAMD_HAS_MORE : STREAMD_OK;
}

static enum streamd_flow stdin_next(struct streamd_context *c, void *self, void *split)
{
    struct input *in = split;
    enum streamd_flow flow;

    (void)self;
    flow = in->full ? STREAMD_OK : fill(c, in);
    return flow == STREAMD_OK ? feed(c, in) : flow;
}

static int stdin_position(struct streamd_context *c, void *self, void *split,
                          char text[STREAMD_POSITION_BYTES])
{
    const struct input *in = split;

    (void)c;
    (void)self;
    if (in->seekable)
        snprintf(text, STREAMD_POSITION_BYTES, "%llu at %llu", (unsigned long long)in->position,
                 (unsigned long long)in->from);
    else
        snprintf(text, STREAMD_POSITION_BYTES, "%llu, not to be read again",
                 (unsigned long long)in->position);
    return 0;
}

static int stdin_describe(struct streamd_context *c, void *self, void *split, uint64_t position,
                          char *text, size_t size)
{
    (void)c;
    (void)self;
    (void)split;
    snprintf(text, size, "stdin:%llu", (unsigned long long)position);
    return 0;
}

static void stdin_close_split(struct streamd_context *c, void *self, void *split)
{
    struct input *in = split;

    (void)self;
    if (in)
        streamd_free(c, in->data);
    streamd_free(c, in);
}

static const struct streamd_source stdin_source = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_source, STREAMD_SOURCE, "stdin"),
                   "Reads standard input.\n\n"
                   "With checkpoints it must be a regular file, and the same one after a restart: "
                   "what comes through a pipe cannot be read again.",
                   NULL, 0},
    .flags = STREAMD_SOURCE_FORMAT,
    .bind = stdin_bind,
    .list = stdin_list,
    .open_split = stdin_open_split,
    .next = stdin_next,
    .position = stdin_position,
    .describe = stdin_describe,
    .close_split = stdin_close_split,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &stdin_source.descriptor : NULL;
}
