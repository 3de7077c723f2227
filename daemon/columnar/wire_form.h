/* columnar/wire_form.h - the layout of wire.h as C, shared by the encoder and the decoder. */
#ifndef COLUMNAR_WIRE_FORM_H
#define COLUMNAR_WIRE_FORM_H

#include <streamd/types.h>

#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "batches lie in memory as on the wire");

enum { WIRE_OLDEST = 1, WIRE_VERSION = 2 };
enum {
    WIRE_EVENT_TIME = 1,
    WIRE_TIME_IS_FIELD = 2,
    WIRE_ROW_KIND = 4,
    WIRE_KEY_HASH = 8,
    WIRE_NARROW_TIME = 16,
    WIRE_FLAGS = 31
};

/* Forms of a column. NARROW is added to one of the two before it. */
enum { WIRE_ABSENT = 0, WIRE_VALUES = 1, WIRE_NULLABLE = 3, WIRE_NARROW = 4 };

struct wire_header {
    uint32_t bytes;
    uint32_t rows;
    uint16_t columns;
    uint8_t version;
    uint8_t flags;
    uint32_t field;
};

struct wire_column {
    uint32_t form;
    uint32_t data_bytes;
};

/* In front of narrow values. */
struct wire_narrow {
    uint64_t base;
    uint32_t width;
    uint32_t zero;
};

/* May values of this type be narrow? Floats hardly ever could. */
static inline int wire_may_be_narrow(uint8_t type)
{
    return type == STREAMD_INT64 || type == STREAMD_TIMESTAMP;
}

/* Bytes of a section with what rounds it up. */
static inline size_t wire_aligned(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

#endif
