/*
 * checkpoint/native_form.h - sizes and marks of a snapshot file, for its writer and its reader.
 * docs/internals/files.md has the tables.
 */
#ifndef CHECKPOINT_NATIVE_FORM_H
#define CHECKPOINT_NATIVE_FORM_H

#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they lie");

/* CR LF finds copies that were made as text. */
#define NATIVE_MAGIC "SDSNAP\r\n"
#define NATIVE_END "SDSNAPZZ"
#define NATIVE_ORDER UINT32_C(0x01020304)

enum {
    NATIVE_MARK = 8,          /* bytes of either mark */
    NATIVE_HEADER_LEAST = 56, /* in front of the pipeline's name */
    NATIVE_HASH = 8,
    NATIVE_TRAILER = 32,
    NATIVE_BLOCK_ENTRY = 48,
    NATIVE_FIELD_LEAST = 8,
    NATIVE_SECTION_LEAST = 28,
    NATIVE_OTHER_LEAST = 12,
    NATIVE_SEALED = 1 /* flags of a block */
};

#endif
