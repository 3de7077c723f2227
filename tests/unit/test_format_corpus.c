/* All inputs that the fuzzers of the formats found worth keeping (tests/data/fuzz). */
#include "../fuzz/format_fuzz.h"
#include "format_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Runs the inputs of a file (tests/fuzz/corpus.py says how they lie in it). */
static void run_corpus(const char *name)
{
    const char *source = getenv("SRCDIR");
    const struct streamd_format *format = format_host_load(name);
    uint8_t head[2], data[65536];
    char path[4096];
    size_t size;
    FILE *file;
    int count = 0;

    snprintf(path, sizeof(path), "%s/tests/data/fuzz/%s.corpus", source ? source : "..", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    while (fread(head, 1, 2, file) == 2) {
        size = head[0] | (size_t)head[1] << 8;
        assert_int_equal(fread(data, 1, size, file), size);
        format_fuzz_one(format, data, size); /* ends the program where it fails */
        count++;
    }
    fclose(file);
    assert_true(count > 100);
}

static void csv(void **state)
{
    (void)state;
    run_corpus("csv");
}

static void json(void **state)
{
    (void)state;
    run_corpus("json");
}

static void raw(void **state)
{
    (void)state;
    run_corpus("raw");
}

#ifdef STREAMD_WITH_PCRE2
static void regex(void **state)
{
    (void)state;
    run_corpus("regex");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv),
        cmocka_unit_test(json),
        cmocka_unit_test(raw),
#ifdef STREAMD_WITH_PCRE2
        cmocka_unit_test(regex),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
