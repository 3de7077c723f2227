/* libFuzzer's entry, for the one format that is linked in. */
#include "format_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_fuzz_one((const struct streamd_format *)(const void *)streamd_plugin(0), data, size);
    return 0;
}
