/*
 * checkpoint/checksum.h - how the hash of a whole file is written in manifests, savepoints and
 * messages: XXH3_128 as 32 hex digits, the high word first.
 */
#ifndef CHECKPOINT_CHECKSUM_H
#define CHECKPOINT_CHECKSUM_H

#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHECKSUM_TEXT = 33 }; /* with its NUL */

/* Writes a hash as text. */
static inline void checksum_print(XXH128_hash_t hash, char text[CHECKSUM_TEXT])
{
    snprintf(text, CHECKSUM_TEXT, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}

#endif
