/*
 * expr/functions/digest.h - MD5 (RFC 1321) and the SHA-2 family (FIPS 180-4).
 *
 * For fingerprints in data, not for security: nothing here is hardened. Any thread.
 */
#ifndef EXPR_FUNCTIONS_DIGEST_H
#define EXPR_FUNCTIONS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum digest_kind { DIGEST_MD5, DIGEST_SHA224, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };

#define DIGEST_MAX 64

/* Bytes of a digest. */
size_t digest_size(enum digest_kind kind);

/* The digest of n bytes, digest_size bytes. */
void digest(enum digest_kind kind, const void *data, size_t n, uint8_t out[DIGEST_MAX]);

#endif
