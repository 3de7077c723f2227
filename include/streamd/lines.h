/*
 * streamd/lines.h - cuts the chunks of a split into lines, for formats whose records are lines.
 *
 *   chunk:  one\n two\r\n th          view: [begin, end) = "one\n two\r\n", the rest waits
 *   chunk:  three (last)              view: all of it: a last line needs no newline
 *
 * A byte order mark at position 0 of a split belongs to no line. A line that is longer than the
 * limit and has no end yet is to be rejected once; the rest of it is then passed over, in as many
 * chunks as it takes. What is known to hold no newline is not searched again, so a line that
 * arrives in small pieces costs linear time.
 *
 * A decoder of lines goes:
 *
 *   streamd_lines_begin(&d->lines, chunk, limit, &view);
 *   for (at = view.begin; at < view.end && there is room in the batch; at = next) {
 *       line = streamd_line_cut(at, view.end, &next);
 *       ... a line longer than the limit is rejected as STREAMD_ROW_TOO_LONG ...
 *   }
 *   if (streamd_lines_end(&d->lines, chunk, &view, at, consumed))
 *       ... reject the first `limit` bytes at view.end as STREAMD_ROW_TOO_LONG ...
 */
#ifndef STREAMD_LINES_H
#define STREAMD_LINES_H

#include <streamd/format.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a decoder remembers of its split. Start with {0}. */
struct streamd_lines {
    size_t clean; /* so many bytes that were not consumed hold no newline */
    int skipping; /* inside a line that was rejected as too long */
};

/* Whole lines of a chunk. `overlong`: what follows them is a line that is too long already. */
struct streamd_lines_view {
    const uint8_t *begin, *end;
    int overlong;
};

/* The last newline in [p, p + n), or NULL. */
static inline const uint8_t *streamd_lines_last(const uint8_t *p, size_t n)
{
    while (n) {
        if (p[--n] == '\n')
            return p + n;
    }
    return NULL;
}

/* Finds the whole lines of a chunk. `limit` is in bytes, without the newline. */
static inline void streamd_lines_begin(struct streamd_lines *l, const struct streamd_chunk *chunk,
                                       size_t limit, struct streamd_lines_view *v)
{
    const uint8_t *p = chunk->data, *end = p + chunk->length, *newline;
    size_t clean = l->clean < chunk->length ? l->clean : chunk->length;

    l->clean = 0;
    v->overlong = 0;
    if (l->skipping) {
        newline = (const uint8_t *)memchr(p, '\n', chunk->length);
        if (!newline) {
            v->begin = v->end = end;
            return;
        }
        l->skipping = 0;
        p = newline + 1;
    }
    if (chunk->position == 0 && p == chunk->data && chunk->length >= 3 && p[0] == 0xEF &&
        p[1] == 0xBB && p[2] == 0xBF)
        p += 3;
    v->begin = p;
    if (chunk->last) {
        v->end = end;
        return;
    }
    if (p < chunk->data + clean)
        newline = streamd_lines_last(chunk->data + clean, chunk->length - clean);
    else
        newline = streamd_lines_last(p, (size_t)(end - p));
    v->end = newline ? newline + 1 : p;
    /* One byte of what has no end yet may be a carriage return. */
    v->overlong = end > v->end && (size_t)(end - v->end) - 1 > limit;
}

/* The line at `at` without its newline and the carriage return before it: its end. `next` is where
   the following line begins. */
static inline const uint8_t *streamd_line_cut(const uint8_t *at, const uint8_t *end,
                                              const uint8_t **next)
{
    const uint8_t *newline = (const uint8_t *)memchr(at, '\n', (size_t)(end - at));
    const uint8_t *stop = newline ? newline : end;

    *next = newline ? newline + 1 : end;
    return stop > at && stop[-1] == '\r' ? stop - 1 : stop;
}

/* Says how much of the chunk was used, where the lines before `at` were. Answers 1 where the line
   at view->end is now to be rejected as too long. */
static inline int streamd_lines_end(struct streamd_lines *l, const struct streamd_chunk *chunk,
                                    const struct streamd_lines_view *v, const uint8_t *at,
                                    size_t *consumed)
{
    *consumed = (size_t)(at - chunk->data);
    if (at != v->end || l->skipping)
        return 0;
    if (v->overlong) {
        *consumed = chunk->length;
        l->skipping = 1;
        return 1;
    }
    l->clean = chunk->length - *consumed;
    return 0;
}

/* decoder_save (format.h) of a decoder that remembers nothing else. */
static inline int streamd_lines_save(struct streamd_context *c, const struct streamd_lines *l,
                                     struct streamd_buffer *out)
{
    int rc = streamd_buffer_reserve(c, out, 1);

    if (!rc)
        out->data[out->length++] = (uint8_t)l->skipping;
    return rc;
}

/* Its decoder_load: takes up what streamd_lines_save wrote. 0, or STREAMD_E_DATA after
   streamd_fail. */
static inline int streamd_lines_load(struct streamd_context *c, struct streamd_lines *l,
                                     const uint8_t *data, size_t length)
{
    if (length != 1 || data[0] > 1) {
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, 0,
                           "the decoder's state is none of a format of lines");
        return STREAMD_E_DATA;
    }
    l->clean = 0;
    l->skipping = data[0];
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
