/* What tests/unit/arrow.py calls through ctypes: an array goes in, becomes a batch, and goes out.
 */
#include "columnar/arrow.h"

#include <string.h>

#define BRIDGE __attribute__((visibility("default")))

BRIDGE struct batch_pool *bridge_open(void);
BRIDGE long bridge_close(struct batch_pool *pool);
BRIDGE int bridge_round_trip(struct batch_pool *pool, struct ArrowSchema *types,
                             struct ArrowArray *array, int64_t from, uint32_t rows, uint32_t every,
                             struct ArrowSchema *out_types, struct ArrowArray *out, char *message);

struct batch_pool *bridge_open(void)
{
    return batch_pool_new(0);
}

/* Batches that nobody released. */
long bridge_close(struct batch_pool *pool)
{
    long left = (long)batch_pool_batches(pool);

    if (left == 0)
        batch_pool_free(pool);
    return left;
}

/* Every how many rows one is selected; 1: no selection. */
static int select_rows(struct streamd_batch *b, uint32_t every)
{
    uint16_t *sel = batch_alloc(b, b->rows * sizeof(*sel) + 1);

    if (every == 1 || !sel)
        return sel ? 0 : -1;
    b->count = 0;
    for (uint32_t row = 0; row < b->rows; row += every)
        sel[b->count++] = (uint16_t)row;
    b->sel = sel;
    return 0;
}

/* Releases the array and description that came in, as their owner. */
int bridge_round_trip(struct batch_pool *pool, struct ArrowSchema *types, struct ArrowArray *array,
                      int64_t from, uint32_t rows, uint32_t every, struct ArrowSchema *out_types,
                      struct ArrowArray *out, char *message)
{
    struct streamd_error error = {0};
    struct streamd_batch *b = NULL;
    struct streamd_schema schema;
    struct arena arena = {0};
    int rc = arrow_import_schema(&arena, types, &schema, &error);

    if (!rc)
        rc = arrow_import_batch(pool, &schema, types, array, from, rows, &b, &error);
    array->release(array);
    types->release(types);
    if (!rc)
        rc = select_rows(b, every);
    if (!rc)
        rc = arrow_export_schema(&schema, out_types);
    if (!rc)
        rc = arrow_export_batch(b, out);
    batch_release(b);
    arena_clear(&arena);
    strcpy(message, error.message);
    return rc;
}
