/*
 * Bytes of variable values, one slab per namespace, so that all of them go at once with it.
 *
 * Small values come from chunks, in size classes with four steps per doubling; what is freed waits
 * on the list of its class. Values above SLAB_LARGEST are allocations of their own. Sizes in bytes,
 * data 8-byte aligned.
 */
#ifndef STATE_MEMORY_SLAB_H
#define STATE_MEMORY_SLAB_H

#include <streamd/context.h>

enum { SLAB_CLASSES = 48, SLAB_LARGEST = 64 * 1024 };

struct slab_chunk;
struct slab_big;

/* Start with {0} and `total`. */
struct slab {
    struct slab_chunk *chunks; /* the one in use first */
    struct slab_chunk *idle;   /* emptied by slab_reset */
    uint8_t *at, *end;         /* free part of the chunk in use */
    void *free[SLAB_CLASSES];
    struct slab_big *big;
    size_t bytes;  /* of all chunks and big values */
    size_t *total; /* counts the same for all slabs of a table */
};

/* What slab_alloc(size) really gives: the value's capacity. */
uint32_t slab_capacity(uint32_t size);

/* Memory of slab_capacity(size) bytes; size > 0. NULL: none. */
void *slab_alloc(struct streamd_context *c, struct slab *s, uint32_t size);

/* Moves a value of `used` bytes into memory for `size` bytes. NULL: none, and nothing changed. */
void *slab_grow(struct streamd_context *c, struct slab *s, void *old, uint32_t old_capacity,
                uint32_t used, uint32_t size);

/* Gives a value back; `capacity` is what slab_capacity said. NULL is fine. */
void slab_free(struct streamd_context *c, struct slab *s, void *data, uint32_t capacity);

/* Gives all values back at once and keeps the chunks for new ones. */
void slab_reset(struct streamd_context *c, struct slab *s);

/* Releases everything. */
void slab_clear(struct streamd_context *c, struct slab *s);

#endif
