/*
 * A stack of chunks. Releasing to a mark keeps the chunks behind it for the next allocations, so
 * that a steady stream of batches allocates nothing.
 */
#include "expr/eval.h"

#include "base/memory.h"

enum { CHUNK = 256 << 10, ALIGN = 16 };

struct scratch_chunk {
    struct scratch_chunk *next;
    size_t size;
    _Alignas(ALIGN) uint8_t data[];
};

static void enter(struct scratch *s, struct scratch_chunk *chunk)
{
    s->current = chunk;
    s->at = chunk->data;
    s->end = chunk->data + chunk->size;
}

/* Goes on to a chunk with room for `bytes`: the next one, or a new one in front of it. */
static int advance(struct scratch *s, size_t bytes)
{
    struct scratch_chunk **next = s->current ? &s->current->next : &s->first;
    size_t size = bytes > CHUNK ? bytes : CHUNK;
    struct scratch_chunk *chunk;

    if (*next && (*next)->size >= bytes) {
        enter(s, *next);
        return 0;
    }
    chunk = memory_alloc(sizeof(*chunk) + size);
    if (!chunk)
        return STREAMD_E_NOMEM;
    chunk->size = size;
    chunk->next = *next;
    *next = chunk;
    enter(s, chunk);
    return 0;
}

void *scratch_alloc(struct scratch *s, size_t bytes)
{
    void *piece;

    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!s->at || (size_t)(s->end - s->at) < bytes) {
        if (advance(s, bytes))
            return NULL;
    }
    piece = s->at;
    s->at += bytes;
    return piece;
}

void scratch_clear(struct scratch *s)
{
    while (s->first) {
        struct scratch_chunk *next = s->first->next;

        memory_free(s->first);
        s->first = next;
    }
    memset(s, 0, sizeof(*s));
}

size_t scratch_bytes(const struct scratch *s)
{
    size_t bytes = 0;

    for (const struct scratch_chunk *c = s->first; c; c = c->next)
        bytes += c->size;
    return bytes;
}
