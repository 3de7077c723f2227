/*
 * Batches and their memory.
 *
 *   struct owner [ streamd_batch | columns[] ] -> blocks: b0 -> b1 -> ...    (bump allocation)
 *
 * Blocks come in size classes of powers of two from 32 KiB to 1 MiB, which the pool keeps on free
 * lists; larger ones go back to the system. An owner and its columns lie in the first block, so a
 * batch of a few thousand rows costs one or two list operations.
 */
#include "columnar/pool.h"

#include "base/memory.h"

#include <streamd/error.h>

#include <string.h>

enum { ALIGN = 16, SMALLEST = 15, LARGEST = 20, CLASSES = LARGEST - SMALLEST + 1 };
enum { BYTES_PER_STRING = 16, KEPT_PER_CLASS = 64 };

struct block {
    struct block *next;
    size_t size; /* of data */
    _Alignas(ALIGN) uint8_t data[];
};

struct batch_pool {
    struct block *free[CLASSES];
    unsigned kept[CLASSES];
    size_t limit, bytes, batches;
};

struct owner {
    struct streamd_batch batch; /* first: a batch is its owner's address */
    struct batch_pool *pool;
    struct owner *parent;
    struct block *blocks;
    uint8_t *at, *end;
    uint32_t references;
};

static struct owner *owner_of(const struct streamd_batch *batch)
{
    return (struct owner *)(uintptr_t)batch;
}

struct batch_pool *batch_pool_new(size_t limit)
{
    struct batch_pool *pool = memory_zalloc(1, sizeof(*pool));

    if (pool)
        pool->limit = limit;
    return pool;
}

void batch_pool_free(struct batch_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < CLASSES; i++) {
        while (pool->free[i]) {
            struct block *next = pool->free[i]->next;

            memory_free(pool->free[i]);
            pool->free[i] = next;
        }
    }
    memory_free(pool);
}

size_t batch_pool_bytes(const struct batch_pool *pool)
{
    return pool->bytes;
}

size_t batch_pool_batches(const struct batch_pool *pool)
{
    return pool->batches;
}

struct batch_pool *batch_pool_of(const struct streamd_batch *batch)
{
    return owner_of(batch)->pool;
}

/* The class whose blocks hold `size` bytes with their header, or CLASSES: none. */
static int class_of(size_t size)
{
    int c = 0;

    while (c < CLASSES && ((size_t)1 << (SMALLEST + c)) - sizeof(struct block) < size)
        c++;
    return c;
}

static struct block *block_get(struct batch_pool *pool, size_t size)
{
    int c = class_of(size);
    struct block *block;

    if (c < CLASSES)
        size = ((size_t)1 << (SMALLEST + c)) - sizeof(struct block);
    if (size > SIZE_MAX / 2 || (pool->limit && pool->bytes + size > pool->limit))
        return NULL;
    if (c < CLASSES && pool->free[c]) {
        block = pool->free[c];
        pool->free[c] = block->next;
        pool->kept[c]--;
    } else {
        block = memory_alloc(sizeof(*block) + size);
        if (!block)
            return NULL;
        block->size = size;
    }
    block->next = NULL;
    pool->bytes += size;
    return block;
}

static void block_put(struct batch_pool *pool, struct block *block)
{
    int c = class_of(block->size);

    pool->bytes -= block->size;
    if (c < CLASSES && pool->kept[c] < KEPT_PER_CLASS) {
        block->next = pool->free[c];
        pool->free[c] = block;
        pool->kept[c]++;
    } else {
        memory_free(block);
    }
}

static size_t aligned(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

void *batch_alloc(struct streamd_batch *batch, size_t bytes)
{
    struct owner *o = owner_of(batch);
    void *piece;

    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = aligned(bytes);
    if ((size_t)(o->end - o->at) < bytes) {
        struct block *block = block_get(o->pool, bytes);

        if (!block)
            return NULL;
        block->next = o->blocks;
        o->blocks = block;
        o->at = block->data;
        o->end = block->data + block->size;
    }
    piece = o->at;
    o->at += bytes;
    return piece;
}

/* Bytes that a new batch needs in its first block. */
static size_t batch_size(const struct streamd_schema *schema, uint32_t capacity)
{
    size_t need = aligned(schema->field_count * sizeof(struct streamd_column)) +
                  aligned(capacity * sizeof(int64_t));

    for (uint32_t i = 0; i < schema->field_count; i++) {
        size_t width = streamd_type_width(schema->fields[i].type.id);

        need += width ? aligned(width * capacity)
                      : aligned((capacity + 1) * sizeof(int32_t)) +
                            aligned((size_t)capacity * BYTES_PER_STRING);
    }
    return need;
}

static struct owner *owner_new(struct batch_pool *pool, const struct streamd_schema *schema,
                               size_t need)
{
    struct block *block = block_get(pool, aligned(sizeof(struct owner)) + need);
    struct owner *o;

    if (!block)
        return NULL;
    o = (struct owner *)block->data;
    memset(o, 0, sizeof(*o));
    o->pool = pool;
    o->blocks = block;
    o->at = block->data + aligned(sizeof(*o));
    o->end = block->data + block->size;
    o->references = 1;
    o->batch.schema = schema;
    o->batch.columns = batch_alloc(&o->batch, schema->field_count * sizeof(struct streamd_column));
    memset(o->batch.columns, 0, schema->field_count * sizeof(struct streamd_column));
    pool->batches++;
    return o;
}

struct streamd_batch *batch_new(struct batch_pool *pool, const struct streamd_schema *schema,
                                uint32_t capacity)
{
    struct owner *o;

    if (capacity == 0 || capacity > STREAMD_BATCH_MAX_ROWS)
        return NULL;
    o = owner_new(pool, schema, batch_size(schema, capacity));
    if (!o)
        return NULL;
    o->batch.capacity = capacity;
    o->batch.event_time = batch_alloc(&o->batch, capacity * sizeof(int64_t));
    for (uint32_t i = 0; i < schema->field_count; i++) {
        struct streamd_column *column = &o->batch.columns[i];
        size_t width = streamd_type_width(schema->fields[i].type.id);

        if (width) {
            column->values = batch_alloc(&o->batch, width * capacity);
        } else {
            column->offsets = batch_alloc(&o->batch, (capacity + 1) * sizeof(int32_t));
            column->offsets[0] = 0;
            column->data_capacity = (size_t)capacity * BYTES_PER_STRING;
            column->data = batch_alloc(&o->batch, column->data_capacity);
        }
    }
    return &o->batch;
}

struct streamd_batch *batch_bare(struct batch_pool *pool, const struct streamd_schema *schema,
                                 size_t bytes)
{
    struct owner *o;

    if (bytes > SIZE_MAX / 4)
        return NULL;
    o = owner_new(pool, schema,
                  aligned(schema->field_count * sizeof(struct streamd_column)) + aligned(bytes));
    return o ? &o->batch : NULL;
}

struct streamd_batch *batch_derive(struct streamd_batch *parent,
                                   const struct streamd_schema *schema)
{
    struct owner *p = owner_of(parent);
    struct owner *o =
        owner_new(p->pool, schema, aligned(schema->field_count * sizeof(struct streamd_column)));

    if (!o)
        return NULL;
    o->parent = p;
    p->references++;
    o->batch.rows = parent->rows;
    o->batch.count = parent->count;
    o->batch.sel = parent->sel;
    o->batch.capacity = parent->capacity;
    o->batch.event_time = parent->event_time;
    o->batch.min_time = parent->min_time;
    o->batch.max_time = parent->max_time;
    o->batch.row_kind = parent->row_kind;
    return &o->batch;
}

struct streamd_batch *batch_retain(struct streamd_batch *batch)
{
    owner_of(batch)->references++;
    return batch;
}

void batch_release(struct streamd_batch *batch)
{
    struct owner *o = batch ? owner_of(batch) : NULL;

    while (o && --o->references == 0) {
        struct owner *parent = o->parent;
        struct batch_pool *pool = o->pool;
        struct block *block = o->blocks;

        pool->batches--;
        while (block) { /* the owner itself lies in the last of them */
            struct block *next = block->next;

            block_put(pool, block);
            block = next;
        }
        o = parent;
    }
}

int batch_nullable(struct streamd_batch *batch, uint32_t column)
{
    size_t bytes = ((size_t)batch->capacity + 7) / 8;
    uint8_t *validity = batch_alloc(batch, bytes);

    if (!validity)
        return STREAMD_E_NOMEM;
    memset(validity, 0xff, bytes);
    batch->columns[column].validity = validity;
    return 0;
}

int batch_reserve(struct streamd_batch *batch, uint32_t column, size_t bytes)
{
    struct streamd_column *c = &batch->columns[column];
    size_t used = (size_t)c->offsets[batch->rows];
    size_t capacity = c->data_capacity ? c->data_capacity : 64;
    uint8_t *data;

    if (bytes > INT32_MAX || used + bytes > INT32_MAX)
        return STREAMD_E_LIMIT;
    if (used + bytes <= c->data_capacity)
        return 0;
    while (capacity < used + bytes)
        capacity *= 2;
    data = batch_alloc(batch, capacity);
    if (!data)
        return STREAMD_E_NOMEM;
    if (used)
        memcpy(data, c->data, used);
    c->data = data;
    c->data_capacity = capacity;
    return 0;
}
