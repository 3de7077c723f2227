/* columnar/wire_form.h - the layout of wire.h as C, shared by the encoder and the decoder. */
#ifndef COLUMNAR_WIRE_FORM_H
#define COLUMNAR_WIRE_FORM_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "batches lie in memory as on the wire");

enum { WIRE_VERSION = 1 };
enum {
    WIRE_EVENT_TIME = 1,
    WIRE_TIME_IS_FIELD = 2,
    WIRE_ROW_KIND = 4,
    WIRE_KEY_HASH = 8,
    WIRE_FLAGS = 15
};
enum { WIRE_ABSENT = 0, WIRE_VALUES = 1, WIRE_NULLABLE = 3 };

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

/* Bytes of a section with what rounds it up. */
static inline size_t wire_aligned(size_t bytes)
{
    return (bytes + 15) & ~(size_t)15;
}

#endif
