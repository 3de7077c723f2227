/*
 * One input for what reads from other workers: what libFuzzer makes, or a file of its corpus. The
 * first byte chooses a schema and whether the rest is one encoded batch or the content of a ring.
 */
#ifndef TESTS_FUZZ_WIRE_FUZZ_H
#define TESTS_FUZZ_WIRE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * A batch: it is refused, or all that a reader may touch can be read, and encoding it again gives
 * bytes that decode to the same. A ring: frames come, until it is dry or broken. Aborts where that
 * is not so.
 */
void wire_fuzz_one(const uint8_t *data, size_t size);

#endif
