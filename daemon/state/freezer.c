/*
 * Blocks come from chunks of up to 32 MiB, aligned so that a block is one huge page where the
 * system has one. Blocks given back wait on a stack, with their pages; at its bottom lie those
 * without (new, or trimmed), which are taken last.
 */
#include "state/freezer.h"

#include "base/array.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK_BLOCKS = 16, PAGE = 4096, SWEEP_ROWS = 1 << 20 };

struct freezer {
    pthread_mutex_t mutex;
    struct {
        void **items;
        size_t count, capacity;
    } chunks, waiting;
    size_t cold;   /* the lowest so many of `waiting` have no pages */
    size_t blocks; /* in all chunks */
    uint64_t sweep_rows;
};

struct freezer *freezer_new(void)
{
    struct freezer *f = memory_zalloc(1, sizeof(*f));

    if (f && pthread_mutex_init(&f->mutex, NULL)) {
        memory_free(f);
        return NULL;
    }
    if (f)
        f->sweep_rows = SWEEP_ROWS;
    return f;
}

void freezer_set_sweep_rows(struct freezer *f, uint64_t rows)
{
    f->sweep_rows = rows;
}

uint64_t freezer_sweep_rows(const struct freezer *f)
{
    return f->sweep_rows;
}

void freezer_free(struct freezer *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->chunks.count; i++)
        memory_free(f->chunks.items[i]);
    array_clear(&f->chunks);
    array_clear(&f->waiting);
    pthread_mutex_destroy(&f->mutex);
    memory_free(f);
}

/* A further chunk, when nothing waits: one block at first, then twice as many as there are. */
static int add_chunk(struct freezer *f)
{
    size_t count = f->blocks < CHUNK_BLOCKS ? (f->blocks ? f->blocks : 1) : CHUNK_BLOCKS;
    uint8_t *raw, *first;

    if (array_reserve(&f->chunks, f->chunks.count + 1) ||
        array_reserve(&f->waiting, f->blocks + count))
        return -1;
    raw = memory_alloc((count + 1) * FREEZER_BLOCK);
    if (!raw)
        return -1;
    first = (uint8_t *)(((uintptr_t)raw + FREEZER_BLOCK - 1) & ~(uintptr_t)(FREEZER_BLOCK - 1));
    madvise(first, count * FREEZER_BLOCK, MADV_HUGEPAGE);
    f->chunks.items[f->chunks.count++] = raw;
    for (size_t i = count; i-- > 0;)
        f->waiting.items[f->waiting.count++] = first + i * FREEZER_BLOCK;
    f->cold = count;
    f->blocks += count;
    return 0;
}

void *freezer_take(struct freezer *f)
{
    void *block = NULL;

    pthread_mutex_lock(&f->mutex);
    if (f->waiting.count || !add_chunk(f)) {
        block = f->waiting.items[--f->waiting.count];
        f->cold = f->cold < f->waiting.count ? f->cold : f->waiting.count;
    }
    pthread_mutex_unlock(&f->mutex);
    return block;
}

/* There is room for every block since its chunk was made. */
void freezer_give(struct freezer *f, void *block)
{
    pthread_mutex_lock(&f->mutex);
    f->waiting.items[f->waiting.count++] = block;
    pthread_mutex_unlock(&f->mutex);
}

uint64_t freezer_bytes(struct freezer *f)
{
    uint64_t bytes;

    pthread_mutex_lock(&f->mutex);
    bytes = (uint64_t)(f->blocks - f->cold) * FREEZER_BLOCK;
    pthread_mutex_unlock(&f->mutex);
    return bytes;
}

void freezer_trim(struct freezer *f, uint64_t bytes)
{
    size_t keep = (size_t)(bytes / FREEZER_BLOCK);

    pthread_mutex_lock(&f->mutex);
    while (f->waiting.count - f->cold > keep &&
           !madvise(f->waiting.items[f->cold], FREEZER_BLOCK, MADV_DONTNEED))
        f->cold++;
    pthread_mutex_unlock(&f->mutex);
}

void freezer_prepare(struct freezer *f, uint64_t bytes)
{
    size_t count = (size_t)(bytes / FREEZER_BLOCK) + (bytes % FREEZER_BLOCK != 0);
    void *first = NULL;

    for (size_t i = 0; i < count; i++) {
        void *block = freezer_take(f);

        if (!block)
            break;
        for (size_t at = 0; at < FREEZER_BLOCK; at += PAGE)
            ((volatile uint8_t *)block)[at] = 0;
        memcpy(block, &first, sizeof(first));
        first = block;
    }
    while (first) {
        void *next;

        memcpy(&next, first, sizeof(next));
        freezer_give(f, first);
        first = next;
    }
}
