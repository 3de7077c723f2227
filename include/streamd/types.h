/*
 * streamd/types.h - types, fields, schemas.
 *
 * The nine types and their memory form in a column (batch.h):
 *
 *   bool       uint8_t, 0 or 1             string  UTF-8 without NUL, by offsets
 *   int64      int64_t                     bytes   any bytes, by offsets
 *   float64    double                      json    UTF-8 JSON text, by offsets
 *   decimal    struct streamd_decimal      timestamp  int64_t, microseconds since the epoch, UTC
 *              (value x 10^scale, p<=38)   date    int32_t, days since the epoch
 */
#ifndef STREAMD_TYPES_H
#define STREAMD_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Part of the ABI and of every snapshot: never renumbered. */
enum streamd_type_id {
    STREAMD_BOOL = 1,
    STREAMD_INT64 = 2,
    STREAMD_FLOAT64 = 3,
    STREAMD_DECIMAL = 4,
    STREAMD_STRING = 5,
    STREAMD_BYTES = 6,
    STREAMD_TIMESTAMP = 7,
    STREAMD_DATE = 8,
    STREAMD_JSON = 9
};

/* A type is a value: copied, compared field by field. Precision and scale are 0 but for decimals.
 */
struct streamd_type {
    uint8_t id; /* enum streamd_type_id */
    uint8_t precision;
    uint8_t scale;
    uint8_t nullable; /* 1: the column may hold NULL */
};

/* 128-bit two's complement integer, low word first: the same bytes as Arrow's decimal128. */
struct streamd_decimal {
    uint64_t low;
    int64_t high;
};

/* A run of bytes that somebody else owns. Not terminated. */
struct streamd_str {
    const char *data;
    size_t length;
};

struct streamd_field {
    const char *name;
    struct streamd_type type;
};

/*
 * Fields in order. A schema is immutable once a batch or an edge refers to it, and outlives them
 * all (the plan owns it). Names are unique, compared byte by byte.
 */
struct streamd_schema {
    uint32_t field_count;
    const struct streamd_field *fields;
};

/* Are values of this type of variable length (offsets and data)? */
static inline int streamd_type_is_variable(uint8_t id)
{
    return id == STREAMD_STRING || id == STREAMD_BYTES || id == STREAMD_JSON;
}

/* Bytes of one value in a column's `values`; 0 for types of variable length and unknown ids. */
static inline size_t streamd_type_width(uint8_t id)
{
    switch (id) {
    case STREAMD_BOOL:
        return 1;
    case STREAMD_DATE:
        return 4;
    case STREAMD_INT64:
    case STREAMD_FLOAT64:
    case STREAMD_TIMESTAMP:
        return 8;
    case STREAMD_DECIMAL:
        return 16;
    default:
        return 0;
    }
}

#ifdef __cplusplus
}
#endif
#endif
