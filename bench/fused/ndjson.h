/*
 * What the hand-fused programs share: whole lines out of a file, bytes into a file, and the fields
 * of one record of bench/gen/events.c.
 *
 * "Hand-fused" means: one loop written for one query over one kind of record. Keys are expected
 * in the generator's order and compared with memcmp; anything else ends the program with a
 * message, so a wrong input can never pass as a result. It is the price list of being general, not
 * an engine.
 */
#ifndef BENCH_FUSED_NDJSON_H
#define BENCH_FUSED_NDJSON_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024, /* as performance.md measured: larger reads leave the cache */
    WRITE_BYTES = 256 * 1024,
    LINE_MAX_BYTES = 4096,
    USER_MAX_BYTES = 16, /* 'u' and a 32-bit number, with room */
};

struct reader {
    int fd;
    int ended;
    size_t start; /* first unread byte */
    size_t end;   /* one past the last byte read */
    char bytes[LINE_MAX_BYTES + READ_BYTES];
};

struct writer {
    int fd;
    size_t used;
    char bytes[WRITE_BYTES];
};

/* One record; text points into the reader's buffer and lives until the next line is read. */
struct event {
    const char *user;
    size_t user_bytes;
    const char *at; /* 24 bytes: 2025-01-01T00:00:00.123Z */
    const char *amount;
    size_t amount_bytes;
    int64_t cents;
};

static inline void die(const char *what)
{
    fprintf(stderr, "fused: %s%s%s\n", what, errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    exit(1);
}

static inline void reader_refill(struct reader *r)
{
    size_t left = r->end - r->start;
    if (left > LINE_MAX_BYTES)
        die("line too long");
    memmove(r->bytes, r->bytes + r->start, left);
    r->start = 0;
    r->end = left;
    ssize_t n = read(r->fd, r->bytes + left, READ_BYTES);
    if (n < 0)
        die("read");
    r->ended = n == 0;
    r->end += (size_t)n;
}

/* The next line without its newline, or NULL at the end; a last line without newline is an error.
 */
static inline const char *reader_line(struct reader *r, size_t *length)
{
    for (;;) {
        char *line = r->bytes + r->start;
        char *newline = memchr(line, '\n', r->end - r->start);
        if (newline != NULL) {
            *length = (size_t)(newline - line);
            r->start += *length + 1;
            return line;
        }
        if (r->ended) {
            if (r->start != r->end)
                die("last line has no newline");
            return NULL;
        }
        reader_refill(r);
    }
}

static inline void writer_flush(struct writer *w)
{
    size_t done = 0;
    while (done < w->used) {
        ssize_t n = write(w->fd, w->bytes + done, w->used - done);
        if (n <= 0)
            die("write");
        done += (size_t)n;
    }
    w->used = 0;
}

/* Room for `bytes` more; the caller adds what it wrote to `used`. */
static inline char *writer_room(struct writer *w, size_t bytes)
{
    if (w->used + bytes > sizeof(w->bytes))
        writer_flush(w);
    return w->bytes + w->used;
}

static inline char *put(char *p, const char *text, size_t length)
{
    memcpy(p, text, length);
    return p + length;
}

#define PUT_LITERAL(p, text) put(p, text, sizeof(text) - 1)

static inline char *put_number(char *p, uint64_t value)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

/* Cents as the shortest decimal that reads back to the same double: 12.3, not 12.30. */
static inline char *put_cents(char *p, int64_t cents)
{
    p = put_number(p, (uint64_t)(cents / 100));
    *p++ = '.';
    *p++ = (char)('0' + cents % 100 / 10);
    if (cents % 10 != 0)
        *p++ = (char)('0' + cents % 10);
    return p;
}

static inline int expect(const char **p, const char *end, const char *text, size_t length)
{
    if ((size_t)(end - *p) < length || memcmp(*p, text, length) != 0)
        return -1;
    *p += length;
    return 0;
}

/* Parses one line up to what the queries read; `country` is only checked to be there. */
static inline int parse_event(const char *line, size_t length, struct event *e)
{
    const char *p = line;
    const char *end = line + length;
    if (expect(&p, end, "{\"user\":\"", 9) != 0)
        return -1;
    e->user = p;
    while (p < end && *p != '"')
        p++;
    e->user_bytes = (size_t)(p - e->user);
    if (e->user_bytes > USER_MAX_BYTES || expect(&p, end, "\",\"at\":\"", 8) != 0 || end - p < 24)
        return -1;
    e->at = p;
    p += 24;
    if (expect(&p, end, "\",\"amount\":", 11) != 0)
        return -1;
    e->amount = p;
    int64_t units = 0;
    while (p < end && *p >= '0' && *p <= '9')
        units = units * 10 + (*p++ - '0');
    if (end - p < 3 || p[0] != '.')
        return -1;
    e->cents = units * 100 + (p[1] - '0') * 10 + (p[2] - '0');
    p += 3;
    e->amount_bytes = (size_t)(p - e->amount);
    return expect(&p, end, ",\"country\":\"", 12);
}

static inline void open_files(int argc, char **argv, struct reader *r, struct writer *w)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s INPUT OUTPUT\n", argv[0]);
        exit(64);
    }
    r->fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        die(argv[1]);
    w->fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (w->fd < 0)
        die(argv[2]);
}

#endif
