/*
 * base/arena.h - many small things that die together.
 *
 * An arena hands out pieces of large chunks and releases them all at once. Pieces are 16-byte
 * aligned and never move. Not for two threads at once.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

/* Start with {0}. */
struct arena {
    struct arena_chunk *chunks; /* the newest first */
    uint8_t *at, *end;          /* free part of the newest chunk */
    size_t bytes;               /* allocated from the system, all chunks */
};

/* Uninitialised memory that lives until arena_clear or arena_reset. NULL: none. */
void *arena_alloc(struct arena *a, size_t bytes) __attribute__((warn_unused_result));

/* Zeroed memory for count x size bytes. NULL: none, or the product overflows. */
void *arena_zalloc(struct arena *a, size_t count, size_t size) __attribute__((warn_unused_result));

/* Copies `length` bytes with a NUL behind them; a NUL-terminated text; a printf. NULL: no memory.
 */
char *arena_strndup(struct arena *a, const char *text, size_t length)
    __attribute__((warn_unused_result));
char *arena_strdup(struct arena *a, const char *text) __attribute__((warn_unused_result));
char *arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));

/* Forgets all pieces but keeps the largest chunk for the next round: the cheap way to reuse an
   arena in a loop. */
void arena_reset(struct arena *a);

/* Releases everything; the arena is as after {0}. */
void arena_clear(struct arena *a);

#endif
