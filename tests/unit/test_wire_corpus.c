/* All inputs that the fuzzer found worth keeping, for what reads from other workers. */
#include "../fuzz/wire_fuzz.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* tests/fuzz/corpus.py says how they lie in the file. */
static void corpus(void **state)
{
    const char *source = getenv("SRCDIR");
    static uint8_t head[2], data[65536];
    char path[4096];
    int count = 0;
    FILE *file;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/data/fuzz/wire.corpus", source ? source : "..");
    file = fopen(path, "rb");
    assert_non_null(file);
    while (fread(head, 1, 2, file) == 2) {
        size_t size = head[0] | (size_t)head[1] << 8;

        assert_int_equal(fread(data, 1, size, file), size);
        wire_fuzz_one(data, size); /* ends the program where it fails */
        count++;
    }
    fclose(file);
    assert_true(count > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
