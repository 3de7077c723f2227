/*
 * columnar/pool.h - where batches live.
 *
 * A batch of the daemon is a struct streamd_batch with an owner around it: a reference count and
 * the memory that its columns point to. Memory comes from a pool and goes back to it, so that a
 * steady stream allocates nothing. One pool per worker; the dataflow thread only, and so the
 * counts are plain integers.
 *
 *   filter:  derived batch: own selection, parent's columns         references its parent
 *   select:  derived batch: some of parent's columns, some computed  references its parent
 *   window:  new batch: columns of its own
 */
#ifndef COLUMNAR_POOL_H
#define COLUMNAR_POOL_H

#include <streamd/batch.h>

struct batch_pool;

/* A pool. `limit` bounds the bytes that all its batches may hold together (0: no bound). NULL: no
   memory. Freed only after all batches were released; NULL is fine. */
struct batch_pool *batch_pool_new(size_t limit);
void batch_pool_free(struct batch_pool *pool);

/* Bytes held by batches that are in use, and batches in use. */
size_t batch_pool_bytes(const struct batch_pool *pool);
size_t batch_pool_batches(const struct batch_pool *pool);

/* As streamd_batch_new, _derive, _alloc, _retain and _release (streamd/context.h). A new batch has
   one reference. A column of fixed width has its values allocated and not set; offsets have
   [0] = 0; data starts with room for 16 bytes a row. capacity is at most STREAMD_BATCH_MAX_ROWS. */
struct streamd_batch *batch_new(struct batch_pool *pool, const struct streamd_schema *schema,
                                uint32_t capacity);
struct streamd_batch *batch_derive(struct streamd_batch *parent,
                                   const struct streamd_schema *schema);
void *batch_alloc(struct streamd_batch *batch, size_t bytes);

/* A batch of capacity 0 whose columns have no memory yet; the next batch_alloc calls, up to `bytes`
   together, are served from its first block. For who knows what it needs: a decoder. NULL: no
   memory. */
struct streamd_batch *batch_bare(struct batch_pool *pool, const struct streamd_schema *schema,
                                 size_t bytes);
struct streamd_batch *batch_retain(struct streamd_batch *batch);
void batch_release(struct streamd_batch *batch);

/* Gives a column a validity bitmap in which every value is valid. 0 or STREAMD_E_NOMEM. */
int batch_nullable(struct streamd_batch *batch, uint32_t column);

/* Room in column->data for `bytes` more behind offsets[batch->rows]. 0, STREAMD_E_NOMEM, or
   STREAMD_E_LIMIT where the column would pass 2 GiB. */
int batch_reserve(struct streamd_batch *batch, uint32_t column, size_t bytes);

/* The pool a batch came from. */
struct batch_pool *batch_pool_of(const struct streamd_batch *batch);

/*
 * Copies the selected rows into a batch that owns everything it refers to and has no selection.
 * NULL: no memory. Columns that are not there (pushed-down projection) stay so.
 */
struct streamd_batch *batch_compact(const struct streamd_batch *batch);

/* Copies row `row` of `from` to the end of `to` (same schema, room for it): values, event time, row
   kind. 0 or STREAMD_E_NOMEM. */
int batch_append_row(struct streamd_batch *to, const struct streamd_batch *from, uint32_t row);

#endif
