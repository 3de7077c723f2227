/*
 * One input for the decoder of a format: what libFuzzer makes, or a file of its corpus. The first
 * three bytes choose options and schema, the size of chunks, and rows per batch; the others are
 * decoded.
 */
#ifndef TESTS_FUZZ_FORMAT_FUZZ_H
#define TESTS_FUZZ_FORMAT_FUZZ_H

#include <streamd/format.h>

/*
 * Decodes the input whole, in chunks, and once more behind itself; the three must agree: chunks
 * change nothing, and a record comes out the same where a decoder has seen it before. Aborts where
 * they do not.
 */
void format_fuzz_one(const struct streamd_format *format, const uint8_t *data, size_t size);

#endif
