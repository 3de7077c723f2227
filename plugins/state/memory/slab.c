/*
 * Class k < 8 holds 8 * (k + 1) bytes; above 64 bytes there are four classes per doubling: 80, 96,
 * 112, 128, 160 ... 65536. Chunks double from 1 KiB to 1 MiB, so that a space with two short
 * strings is small. What is left of a chunk when the next one begins is lost until the reset.
 */
#include "slab.h"

#include <string.h>

enum { FIRST_CHUNK = 1024, LARGEST_CHUNK = 1 << 20 };

struct slab_chunk {
    struct slab_chunk *next;
    size_t size; /* of data */
    uint64_t data[];
};

struct slab_big {
    struct slab_big *next, *previous;
    size_t size;
    uint64_t data[];
};

static void account(struct slab *s, size_t more, size_t less)
{
    s->bytes += more - less;
    *s->total += more - less;
}

static uint32_t class_of(uint32_t size)
{
    uint32_t bit, step;

    if (size <= 64)
        return (size + 7) / 8 - 1;
    bit = 31u - (uint32_t)__builtin_clz(size - 1); /* 64 < size <= 128: 6 */
    step = (size - 1) >> (bit - 2) & 3u;
    return 8 + (bit - 6) * 4 + step;
}

static uint32_t class_size(uint32_t class)
{
    if (class < 8)
        return (class + 1) * 8;
    return (5 + (class - 8) % 4) << ((class - 8) / 4 + 4);
}

uint32_t slab_capacity(uint32_t size)
{
    return size > SLAB_LARGEST ? size : class_size(class_of(size));
}

static void *big_alloc(struct streamd_context *c, struct slab *s, uint32_t size)
{
    struct slab_big *big = streamd_alloc(c, sizeof(*big) + size);

    if (!big)
        return NULL;
    big->size = size;
    big->previous = NULL;
    big->next = s->big;
    if (s->big)
        s->big->previous = big;
    s->big = big;
    account(s, size, 0);
    return big->data;
}

static struct slab_big *big_of(void *data)
{
    return (struct slab_big *)(void *)((uint8_t *)data - offsetof(struct slab_big, data));
}

static void big_free(struct streamd_context *c, struct slab *s, struct slab_big *big)
{
    account(s, 0, big->size);
    if (big->next)
        big->next->previous = big->previous;
    if (big->previous)
        big->previous->next = big->next;
    else
        s->big = big->next;
    streamd_free(c, big);
}

/* In place where the system can do it: megabytes that grow are not copied twice. */
static void *big_grow(struct streamd_context *c, struct slab *s, void *old, uint32_t size)
{
    struct slab_big *big = streamd_realloc(c, big_of(old), sizeof(*big) + size);

    if (!big)
        return NULL;
    account(s, size, big->size);
    big->size = size;
    if (big->next)
        big->next->previous = big;
    if (big->previous)
        big->previous->next = big;
    else
        s->big = big;
    return big->data;
}

static int next_chunk(struct streamd_context *c, struct slab *s, uint32_t need)
{
    struct slab_chunk *chunk = s->idle;
    size_t size = s->chunks ? s->chunks->size * 2 : FIRST_CHUNK;

    if (chunk && chunk->size >= need) {
        s->idle = chunk->next;
    } else {
        size = size > LARGEST_CHUNK ? LARGEST_CHUNK : size;
        size = size < need ? need : size;
        chunk = streamd_alloc(c, sizeof(*chunk) + size);
        if (!chunk)
            return -1;
        chunk->size = size;
        account(s, size, 0);
    }
    chunk->next = s->chunks;
    s->chunks = chunk;
    s->at = (uint8_t *)chunk->data;
    s->end = s->at + chunk->size;
    return 0;
}

void *slab_alloc(struct streamd_context *c, struct slab *s, uint32_t size)
{
    uint32_t class;
    uint8_t *data;

    if (size > SLAB_LARGEST)
        return big_alloc(c, s, size);
    class = class_of(size);
    data = s->free[class];
    if (data) {
        memcpy(&s->free[class], data, sizeof(void *));
        return data;
    }
    size = class_size(class);
    if ((size_t)(s->end - s->at) < size && next_chunk(c, s, size))
        return NULL;
    data = s->at;
    s->at += size;
    return data;
}

void slab_free(struct streamd_context *c, struct slab *s, void *data, uint32_t capacity)
{
    uint32_t class;

    if (!data)
        return;
    if (capacity > SLAB_LARGEST) {
        big_free(c, s, big_of(data));
        return;
    }
    class = class_of(capacity);
    memcpy(data, &s->free[class], sizeof(void *));
    s->free[class] = data;
}

void *slab_grow(struct streamd_context *c, struct slab *s, void *old, uint32_t old_capacity,
                uint32_t used, uint32_t size)
{
    void *data;

    if (old && old_capacity > SLAB_LARGEST && size > SLAB_LARGEST)
        return big_grow(c, s, old, size);
    data = slab_alloc(c, s, size);
    if (!data)
        return NULL;
    if (used)
        memcpy(data, old, used);
    slab_free(c, s, old, old_capacity);
    return data;
}

static void free_chunks(struct streamd_context *c, struct slab_chunk *chunk)
{
    while (chunk) {
        struct slab_chunk *next = chunk->next;

        streamd_free(c, chunk);
        chunk = next;
    }
}

void slab_reset(struct streamd_context *c, struct slab *s)
{
    struct slab_chunk **last = &s->chunks;

    while (s->big)
        big_free(c, s, s->big);
    while (*last)
        last = &(*last)->next;
    *last = s->idle;
    s->idle = s->chunks; /* the largest first */
    s->chunks = NULL;
    s->at = s->end = NULL;
    memset(s->free, 0, sizeof(s->free));
}

void slab_clear(struct streamd_context *c, struct slab *s)
{
    while (s->big)
        big_free(c, s, s->big);
    free_chunks(c, s->chunks);
    free_chunks(c, s->idle);
    *s->total -= s->bytes;
    memset(s, 0, sizeof(*s));
}
