/*
 * columnar/rowcode.h - one row of a state table as bytes: the form of rows in snapshot files.
 *
 *   [ namespace: int64, where the table has namespaces ]
 *   [ NULL bits: (n + 7) / 8 bytes; bit i, lowest first, of value i; bits from n on are 0 ]
 *   [ value 0 ] ... [ value n - 1 ]              keys first, then columns, as they were declared
 *
 *   bool 1 byte (0 or 1), date 4, int64, float64 and timestamp 8, decimal 16 bytes;
 *   string, bytes, json: length (uint32), then the bytes
 *
 * All little-endian, without padding. A NULL of fixed width is zero bytes of that width, one of
 * variable width has length 0: a row without variable values always has the same size. Any thread.
 */
#ifndef COLUMNAR_ROWCODE_H
#define COLUMNAR_ROWCODE_H

#include <streamd/state.h>

/* What is known about the rows of a table. Plain data; `fields` must outlive it. */
struct rowcode {
    const struct streamd_field *fields;
    uint32_t count; /* fields: keys and columns */
    uint32_t null_bytes;
    uint32_t least; /* bytes of a row whose variable values are all empty */
    int namespaced;
    int variable; /* some fields have variable length; if not, every row has `least` bytes */
};

/* A value inside of encoded bytes. `data` is not aligned; of a NULL it is to be ignored. */
struct rowcode_value {
    const uint8_t *data;
    uint32_t length; /* bytes; of fixed types their width */
    int null;
};

/* Fills `c` for `count` fields. 0, or STREAMD_E_INVALID where a type is none. */
int rowcode_init(struct rowcode *c, const struct streamd_field *fields, uint32_t count,
                 int namespaced) __attribute__((warn_unused_result));

/* Bytes that a row of a table takes, whose layout `l` has the fields of `c`. */
size_t rowcode_size(const struct rowcode *c, const struct streamd_row_layout *l, const void *row);

/* Writes a row to `out`, which has room for rowcode_size; returns the byte behind it. `ns` counts
   where the table has namespaces. */
uint8_t *rowcode_encode(const struct rowcode *c, const struct streamd_row_layout *l, int64_t ns,
                        const void *row, uint8_t *out);

/* The same from values (c->count of them), for what comes from elsewhere. Lengths of fixed types
   must be right. */
size_t rowcode_values_size(const struct rowcode *c, const struct rowcode_value *values);
uint8_t *rowcode_encode_values(const struct rowcode *c, int64_t ns,
                               const struct rowcode_value *values, uint8_t *out);

/*
 * Finds the values of the row that begins at `bytes`. Nothing beyond `length` is read; a row that
 * is cut off, has a NULL where none may be, stray bits or a bool that is none is refused. `ns` gets
 * 0 where there are no namespaces. Returns the bytes that the row takes, or 0 where it is bad.
 * Text is not checked for UTF-8.
 */
size_t rowcode_decode(const struct rowcode *c, const uint8_t *bytes, size_t length, int64_t *ns,
                      struct rowcode_value *values);

#endif
