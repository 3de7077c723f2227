/*
 * Chunks double from 4 KiB to 1 MiB; a piece larger than a chunk gets a chunk of its own. After a
 * reset the largest chunk is kept, so that a loop with a steady need allocates nothing.
 */
#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ALIGN = 16, FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of the data behind this header */
    _Alignas(ALIGN) uint8_t data[];
};

static int add_chunk(struct arena *a, size_t need)
{
    size_t size = a->chunks ? a->chunks->size * 2 : FIRST_CHUNK;
    struct arena_chunk *chunk;

    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(*chunk))
        return -1;
    chunk = memory_alloc(sizeof(*chunk) + size);
    if (!chunk)
        return -1;
    chunk->size = size;
    chunk->next = a->chunks;
    a->chunks = chunk;
    a->at = chunk->data;
    a->end = chunk->data + size;
    a->bytes += size;
    return 0;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    void *piece;

    if (bytes > SIZE_MAX - ALIGN)
        return NULL;
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if ((size_t)(a->end - a->at) < bytes || !a->at) {
        if (add_chunk(a, bytes))
            return NULL;
    }
    piece = a->at;
    a->at += bytes;
    return piece;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    void *piece;

    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    piece = arena_alloc(a, bytes);
    if (piece)
        memset(piece, 0, bytes);
    return piece;
}

char *arena_strndup(struct arena *a, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_alloc(a, length + 1) : NULL;

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0)
        text = arena_alloc(a, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks, *keep = NULL;

    while (chunk) {
        struct arena_chunk *next = chunk->next;

        if (!keep || chunk->size > keep->size) {
            memory_free(keep);
            keep = chunk;
        } else {
            memory_free(chunk);
        }
        chunk = next;
    }
    a->chunks = keep;
    a->at = a->end = NULL;
    a->bytes = 0;
    if (keep) {
        keep->next = NULL;
        a->at = keep->data;
        a->end = keep->data + keep->size;
        a->bytes = keep->size;
    }
}

void arena_clear(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks;

    while (chunk) {
        struct arena_chunk *next = chunk->next;

        memory_free(chunk);
        chunk = next;
    }
    memset(a, 0, sizeof(*a));
}
