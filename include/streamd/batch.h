/*
 * streamd/batch.h - a batch of records as columns.
 *
 *              row:   0    1    2    3        rows = 4
 *   columns[0].values 17   4    9    2        fixed width: one value a row
 *   columns[1].offsets 0   3    3    7   12   variable width: rows + 1 offsets into data
 *   columns[1].data   "abc" ""  "Köln" ...
 *   columns[1].validity 1  0    1    1        bit i, lowest bit first; NULL pointer = no NULLs
 *   sel               0    2                  count = 2: only rows 0 and 2 are in the batch
 *
 * This is Arrow's layout but for two things: a bool takes one byte a row, and `sel` narrows the
 * batch without moving a value. Both are undone on export (arrow.h).
 *
 * A batch belongs to the dataflow thread. It is valid during the call that receives it, and is
 * read-only there except for `sel` and `count`, which a receiver may narrow. streamd_batch_retain
 * keeps it longer. All memory that a batch refers to lives exactly as long as the batch.
 */
#ifndef STREAMD_BATCH_H
#define STREAMD_BATCH_H

#include <streamd/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Row numbers fit a uint16_t everywhere; the host's default capacity is smaller (2048). */
#define STREAMD_BATCH_MAX_ROWS 32768u

/* Changelog kind of a row. The values are written by the file sink (`changelog:`). */
enum streamd_row_kind {
    STREAMD_INSERT = 0,
    STREAMD_UPDATE_BEFORE = 1,
    STREAMD_UPDATE_AFTER = 2,
    STREAMD_DELETE = 3
};

/* A column that nobody downstream reads may have values and offsets NULL (projection push-down). */
struct streamd_column {
    uint8_t *validity; /* bitmap of `capacity` bits, or NULL: no NULLs. A NULL's value is undefined,
                          its offsets are valid. */
    void *values;      /* fixed width */
    int32_t *offsets;  /* variable width: capacity + 1 entries, offsets[0] = 0 */
    uint8_t *data;     /* variable width: the bytes */
    size_t data_capacity; /* bytes allocated at data, for who fills the column */
};

/*
 * The event time of a row is what windows and watermarks go by; it is a column of its own (it may
 * alias the values of a timestamp field). min_time and max_time bound the event times of all
 * physical rows, and may be wider than the selected rows need.
 */
struct streamd_batch {
    uint32_t rows;       /* physical rows in every column */
    uint32_t count;      /* rows that are in the batch: entries of sel, or rows where sel is NULL */
    const uint16_t *sel; /* ascending row numbers, or NULL: all rows */
    uint32_t capacity;   /* rows that the columns have room for */
    const struct streamd_schema *schema;
    struct streamd_column *columns; /* schema->field_count */
    int64_t *event_time;            /* microseconds; NULL: the edge has no event time */
    int64_t min_time, max_time;     /* meaningful where event_time is not NULL and rows > 0 */
    uint8_t *row_kind;              /* enum streamd_row_kind; NULL: all rows are inserts */
    uint64_t *key_hash;             /* of the consumer's key columns; NULL: not computed */
};

/* Row number of the k-th row of the batch, k < count. */
static inline uint32_t streamd_batch_row(const struct streamd_batch *b, uint32_t k)
{
    return b->sel ? b->sel[k] : k;
}

/* Is the value of this physical row NULL? */
static inline int streamd_column_is_null(const struct streamd_column *c, uint32_t row)
{
    return c->validity && !(((unsigned)c->validity[row >> 3] >> (row & 7u)) & 1u);
}

/* The bytes of a string, bytes or json value. */
static inline struct streamd_str streamd_column_str(const struct streamd_column *c, uint32_t row)
{
    struct streamd_str s;
    s.data = (const char *)c->data + c->offsets[row];
    s.length = (size_t)(c->offsets[row + 1] - c->offsets[row]);
    return s;
}

#ifdef __cplusplus
}
#endif
#endif
