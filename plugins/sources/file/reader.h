/*
 * reader.h - the bytes between a file and the format: what was read and not yet used up.
 *
 *   data:  used up | begin .. not yet used up .. end | room .. capacity | 64 bytes that stay
 * readable
 *
 * When more is to be read, the rest moves to the front; it is a part of one record. A record that
 * fills the whole buffer makes it grow.
 */
#ifndef SOURCE_FILE_READER_H
#define SOURCE_FILE_READER_H

#include "input.h"

#include <streamd/context.h>

/* Start with {0}; release with reader_clear. */
struct reader {
    uint8_t *data;
    size_t begin, end, capacity;
    uint64_t position; /* in the file, of data[begin] */
    int full;          /* the output had no room: feed again before reading on */
};

/* Reads one piece from the file. 1, 0 (the file has no more at present), or negative after
   streamd_fail. */
int reader_fill(struct streamd_context *c, struct reader *r, struct input *in);

/* Hands the bytes at hand to the format. `last` as in streamd_feed; then OK says that all was used
   up. OK, HAS_MORE, FAILED. */
enum streamd_flow reader_feed(struct streamd_context *c, struct reader *r,
                              struct streamd_split *handle, int last);

/* Forgets the bytes at hand; what comes next is at `position` of a file. */
void reader_restart(struct reader *r, uint64_t position);

/* Releases the buffer. */
void reader_clear(struct streamd_context *c, struct reader *r);

#endif
