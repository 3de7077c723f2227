/*
 * checkpoint/outbox_form.h - the bytes of a segment, for its writer and its reader. Private to
 * checkpoint/.
 */
#ifndef CHECKPOINT_OUTBOX_FORM_H
#define CHECKPOINT_OUTBOX_FORM_H

#include "checkpoint/outbox.h"

#define OUTBOX_MAGIC "SDoutbox"

enum {
    OUTBOX_FORMAT = 1,
    OUTBOX_HEAD_FIXED = 32,   /* bytes in front of the two texts */
    OUTBOX_HEAD_LIMIT = 256,  /* of the whole head */
    OUTBOX_PIECE = 256 * 1024 /* bytes that are written or read at a time */
};

/* Writes a number in so many bytes, little endian. */
static inline void outbox_put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Reads one. */
static inline uint64_t outbox_get(const uint8_t *at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* Writes the head of a segment to `head`; its length, or 0 where the texts are too long. */
size_t outbox_head(const struct outbox_identity *identity, uint8_t head[OUTBOX_HEAD_LIMIT]);

/* Sets FOLDER/NAME. 0 or negative. */
int outbox_path(const char *folder, const char *name, char *path, size_t size,
                struct streamd_error *error);

/* STREAMD_E_IO with this diagnostic: "cannot WHAT PATH: reason". */
int outbox_io_error(struct streamd_error *error, int errno_value, const char *what,
                    const char *path);

#endif
