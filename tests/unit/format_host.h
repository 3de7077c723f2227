/*
 * A host for formats: what a test or a bench needs to run the decoder and the encoder of a format
 * plugin in its own process, with a schema given as text. Batches are the daemon's own. Whatever
 * fails ends the program with a message.
 */
#ifndef TESTS_FORMAT_HOST_H
#define TESTS_FORMAT_HOST_H

#include "columnar/pool.h"

#include <streamd/format.h>

#include <stdio.h>

enum { FORMAT_HOST_FIELDS = 64 };

/* A record that was rejected. `data` is a copy. */
struct format_host_reject {
    uint64_t position;
    int code;
    char *message;
    uint8_t *data;
    size_t length;
};

struct format_host {
    struct streamd_context context; /* first: a context is its host's address */
    struct streamd_host services;
    struct batch_pool *pool;
    const struct streamd_format *format;
    void *options;
    struct streamd_schema schema;
    struct streamd_field names[FORMAT_HOST_FIELDS];
    struct streamd_format_field fields[FORMAT_HOST_FIELDS];
    struct streamd_format_spec spec;
    void *decoder, *encoder;
    struct format_host_reject *rejects;
    size_t reject_count, reject_capacity;
    size_t reject_limit;  /* the host refuses to go on after so many; 0: never */
    size_t alloc_count;   /* calls of alloc and realloc */
    int alloc_fail_at;    /* the so-manieth of them fails; 0: none */
    size_t diagnostics;   /* reported by the format's check */
    char diagnostic[512]; /* the last one, its option and a colon in front */
    char failure[512];    /* what streamd_fail was told, "" where it was not */
    char logged[512];     /* the last line of the log */
    int plain;            /* how format_host_print shows strings */
    void **memory;        /* what the schema's texts lie in */
    size_t memory_count;
};

/* The descriptor of the format plugin `name`, from the plugins of the build tree, or of a file
   where the name holds a slash. */
const struct streamd_format *format_host_load(const char *name);

/*
 * Sets up a host. `options` is "name=value name=value", values as a user writes them in YAML but
 * without blanks, lists with commas between their items; \t, \n and \s (a blank) are understood.
 * NULL: none. `fields` are separated by blanks, each
 *
 *     name:type[|null][;skip][;unit=ms][;path=$.a][;nulls=x,y][;days]
 *
 * type as in a pipeline file; skip: nobody reads it; days: a time pattern, the number of days since
 * the epoch with a `d` in front. NULL: the schema of the format itself.
 */
void format_host_open(struct format_host *h, const struct streamd_format *format,
                      const char *options, const char *fields, size_t record_limit);
void format_host_close(struct format_host *h);

/* Asks the format's check about the schema: 0, or negative with h->diagnostics. */
int format_host_check(struct format_host *h, int encode);

/*
 * Decodes `length` bytes, handed out in chunks that grow by `step` bytes (0: all at once), into
 * batches of `rows` rows, each of which goes to `take` with its owner, which releases it. Every
 * chunk lies in memory of its own that ends 64 bytes behind it. 0, or what the decoder answered.
 */
int format_host_decode(struct format_host *h, const void *data, size_t length, size_t step,
                       uint32_t rows, void (*take)(void *owner, struct streamd_batch *batch),
                       void *owner);

/* 1: format_host_decode gives the decoder's state to a new one before every call, as a restart
   does. For all hosts. */
extern int format_host_restarts;

/* Encodes a batch behind what is in `out`. 0, or what the encoder answered. */
int format_host_encode(struct format_host *h, const struct streamd_batch *batch,
                       struct streamd_buffer *out);

/*
 * Writes a row as text, fields separated by tabs: \N for NULL, hexadecimal for string, bytes and
 * json, the bits of a float64 in hexadecimal, whole numbers for all others (a decimal without its
 * point). Fields that nobody reads are left out.
 * With h->plain, strings and json stand as they are.
 */
void format_host_print(const struct format_host *h, const struct streamd_batch *batch, uint32_t row,
                       FILE *out);

/*
 * All that comes out of a decoder, in a host of its own, as text to be freed: each row as
 * format_host_print writes it with h->plain, then for each rejected record "!CODE at POSITION:
 * MESSAGE".
 */
char *format_host_decode_text(const struct streamd_format *format, const char *options,
                              const char *fields, const void *data, size_t length, size_t step,
                              uint32_t rows, size_t record_limit);

/* The same without h->plain: no line of a row begins with `!`. */
char *format_host_decode_hex(const struct streamd_format *format, const char *options,
                             const char *fields, const void *data, size_t length, size_t step,
                             uint32_t rows, size_t record_limit);

/*
 * What a format writes, to be freed: its beginning, and the records that the format json reads from
 * `records` with the same fields, in batches of `rows`.
 */
char *format_host_encode_text(const struct streamd_format *format, const char *options,
                              const char *fields, const char *records, uint32_t rows);

#endif
