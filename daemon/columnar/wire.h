/*
 * columnar/wire.h - rows of a batch as bytes: what goes through a ring between workers, and what an
 * outbox record holds. Little-endian, every section at a multiple of 16 bytes:
 *
 *    0  u32  bytes    of the whole encoding, a multiple of 16
 *    4  u32  rows     1 .. STREAMD_BATCH_MAX_ROWS
 *    8  u16  columns  as many as the schema has
 *   10  u8   version  2; 1 is the same without what is narrow
 *   11  u8   flags    1 event times  2 ... they are a field's values  4 row kinds  8 key hashes
 *                     16 the event times are narrow
 *   12  u32  field    whose values are the event times, where flag 2 is set, else 0
 *   16  per column: u32 form (0 absent, 1 values, 3 values and validity; + 4: the values are
 *       narrow), u32 bytes of data
 *   ..  event times i64[rows] or narrow, key hashes u64[rows], row kinds u8[rows]: those that are
 * there
 *   ..  per column: validity, one bit a row, lowest first; values, narrow or not, or offsets
 *       i32[rows + 1] from 0
 *   ..  per column of variable length: the data
 *
 * Narrow are event times, and values of int64 and timestamp, where that takes fewer bytes: a
 * section { u64 base, u32 width, u32 0 } and one with width = 0, 1, 2 or 4 bytes a row, which added
 * to the base, modulo 2^64, give the value.
 *
 * Else values lie as in a batch (batch.h). A selection is never stored: only selected rows are
 * encoded. Bytes between sections are 0. A column that is not there (nobody reads it) stays so.
 * Bounds of the event times are not stored either: whoever decodes computes them.
 */
#ifndef COLUMNAR_WIRE_H
#define COLUMNAR_WIRE_H

#include <streamd/batch.h>
#include <streamd/error.h>

struct batch_pool;

/* Rows to be encoded: list[0 .. count-1], ascending row numbers, or where `list` is NULL the rows
   first .. first + count - 1. At least one. */
struct wire_rows {
    const uint16_t *list;
    uint32_t first, count;
};

/* The rows that are in the batch. */
static inline struct wire_rows wire_rows_of(const struct streamd_batch *b)
{
    struct wire_rows rows = {b->sel, 0, b->count};
    return rows;
}

/* Bytes that these rows take: has to look at them. */
size_t wire_size(const struct streamd_batch *batch, const struct wire_rows *rows);

/*
 * Encodes into `to`, which is aligned to 16 bytes and has `room` bytes. Returns the bytes written,
 * a multiple of 16, or 0: they do not fit (what `to` holds is then undefined). Does not need
 * wire_size: where rows are likely to fit, trying is cheaper. Encodings of 4 GiB and more do not
 * fit.
 */
size_t wire_encode(const struct streamd_batch *batch, const struct wire_rows *rows, void *to,
                   size_t room);

/*
 * Makes a batch of `length` bytes from anybody: everything is checked, after it was copied, so that
 * a writer who shares the memory cannot change it in between. The batch owns all that it refers to,
 * has no selection, and exact bounds of its event times. Contents of texts are not judged; a bool
 * is made 0 or 1. 0, STREAMD_E_NOMEM, or STREAMD_E_DATA where the bytes are no encoding of rows of
 * this schema.
 */
int wire_decode(struct batch_pool *pool, const struct streamd_schema *schema, const void *bytes,
                size_t length, struct streamd_batch **batch, struct streamd_error *error);

#endif
