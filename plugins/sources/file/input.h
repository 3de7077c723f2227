/*
 * input.h - one open file as a stream of bytes, decompressed where its name says that it is
 * compressed.
 */
#ifndef SOURCE_FILE_INPUT_H
#define SOURCE_FILE_INPUT_H

#include "codec.h"

#include <streamd/context.h>

#include <sys/types.h>

/* The last bytes that were read are kept, to know them again. */
enum { INPUT_TAIL_BYTES = 64 };

/* Start with INPUT_CLOSED; release with input_close. */
struct input {
    int fd;       /* -1: not open */
    char *path;   /* as it was opened */
    dev_t device; /* with inode, what file it is, whatever its name */
    ino_t inode;
    uint64_t offset;     /* bytes handed out; of what the file says, uncompressed */
    uint64_t raw;        /* bytes read from the file */
    struct codec *codec; /* NULL: not compressed */
    uint8_t *packed;     /* bytes read and not yet decompressed: packed[packed_begin..packed_end) */
    size_t packed_begin, packed_end;
    uint8_t tail[INPUT_TAIL_BYTES]; /* the last tail_length bytes before `raw` */
    size_t tail_length;
};

#define INPUT_CLOSED ((struct input){.fd = -1})

/*
 * Opens a regular file and goes to `offset` (in a compressed one, by reading up to it).
 * `absent_ok`: a file that is not there is no failure; `fd` stays -1. 0, or negative after
 * streamd_fail.
 */
int input_open(struct streamd_context *c, struct input *in, const char *path, uint64_t offset,
               int absent_ok);

/* Up to `room` bytes. 0: the file has no more at present; negative after streamd_fail. */
int64_t input_read(struct streamd_context *c, struct input *in, uint8_t *to, size_t room);

/* Whether a file that has no more may end there. 0, or negative after streamd_fail: a compressed
   file that is cut off. */
int input_check_end(struct streamd_context *c, const struct input *in);

/* Whether the file still has what was read of it: 1, 0 (it was truncated, and perhaps written
   anew), or negative after streamd_fail. */
int input_is_intact(struct streamd_context *c, const struct input *in);

/* A number for the last bytes before an offset, by which they are known again: 0 where the file is
   compressed, or shorter. 0 in *check is what no bytes have. 0, or negative after streamd_fail. */
int input_check_before(struct streamd_context *c, const struct input *in, uint64_t offset,
                       uint64_t *check);

/* Back to the beginning, for a file that was truncated. 0, or negative after streamd_fail. */
int input_rewind(struct streamd_context *c, struct input *in);

/* Closes the file and releases everything. */
void input_close(struct streamd_context *c, struct input *in);

#endif
