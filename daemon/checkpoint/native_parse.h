/*
 * checkpoint/native_parse.h - the header and footer of a snapshot file, from bytes that nobody
 * vouches for. Used by the reader alone; apart from it so that it can be fuzzed without files.
 */
#ifndef CHECKPOINT_NATIVE_PARSE_H
#define CHECKPOINT_NATIVE_PARSE_H

#include "base/arena.h"
#include "checkpoint/native.h"

/* A section with its blocks, sorted by group and in the order of the file within a group. */
struct native_section {
    struct snapshot_section head;
    struct snapshot_block *blocks;
    uint32_t block_count;
};

struct native_footer {
    struct snapshot_other *others;
    uint32_t other_count;
    struct native_section *sections;
    uint32_t section_count;
};

/* Bytes of the whole header, whose first NATIVE_HEADER_LEAST bytes are at `bytes`; 0: there is no
   such header. `version` is set where the magic is right. */
uint32_t native_header_length(const uint8_t *bytes, uint32_t *version);

/* Reads a header without its hash, which is right. NULL, or what is wrong; "" means no memory.
   Names are from the arena. */
const char *native_header_parse(struct arena *a, const uint8_t *bytes, uint32_t length,
                                struct snapshot_identity *identity);

/* Reads a footer. `from` and `to`: where this file's blocks must lie. NULL, or what is wrong; ""
   means no memory. */
const char *native_footer_parse(struct arena *a, const uint8_t *bytes, size_t length, uint64_t from,
                                uint64_t to, struct native_footer *footer);

#endif
