/* The format raw: what is a line, what is a string, and what is written. */
#include "format_host.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct streamd_format *raw(void)
{
    return format_host_load("raw");
}

static void assert_reads(const char *fields, const char *data, size_t length, const char *want)
{
    /* With the same decoder all the way, and with a new one for every piece. */
    for (size_t i = 0; i < 2 * length; i++) {
        size_t step = i / 2;

        format_host_restarts = i % 2;
        for (uint32_t rows = 1; rows < 4; rows++) {
            char *got = format_host_decode_text(raw(), NULL, fields, data, length, step, rows, 20);

            assert_string_equal(got, want);
            free(got);
        }
    }
    format_host_restarts = 0;
}

#define TEXT(s) (s), sizeof(s) - 1

static void reads_lines(void **state)
{
    (void)state;
    assert_reads(NULL, TEXT("one\ntwo\n"), "one\ntwo\n");
    assert_reads(NULL, TEXT("one\r\ntwo"), "one\ntwo\n");
    assert_reads(NULL, TEXT("\n\n x \n"), "\n\n x \n");
    assert_reads(NULL, TEXT("\xEF\xBB\xBFK\xC3\xB6ln\n\xEF\xBB\xBF\n"),
                 "K\xC3\xB6ln\n\xEF\xBB\xBF\n");
    assert_reads("text:string|null;nulls=-", TEXT("-\na\n"), "\\N\na\n");
    assert_reads("a:string;skip", TEXT("a\nb\n\xFF\n"), "\n\n\n");
}

static void rejects_what_is_no_string(void **state)
{
    (void)state;
    assert_reads(NULL, TEXT("a\nb\xFFz\nc\n"),
                 "a\nc\n!5005 at 2: field 'line' is not UTF-8, or holds a NUL\n");
    assert_reads(NULL, TEXT("a\0b\nc\n"),
                 "c\n!5005 at 0: field 'line' is not UTF-8, or holds a NUL\n");
    assert_reads("line:string;nulls=-", TEXT("-\nc\n"), "c\n!5002 at 0: field 'line' is NULL\n");
    assert_reads("line:bytes", TEXT("a\0\xFF\n\n"), "6100ff\n\n");
}

static void bounds_lines(void **state)
{
    (void)state;
    assert_reads(NULL, TEXT("12345678901234567890\r\n123456789012345678901\nx\n"),
                 "12345678901234567890\nx\n!5006 at 22: a line longer than 20 bytes\n");
    assert_reads(NULL, TEXT("x\n12345678901234567890123456789012345678901234567890"),
                 "x\n!5006 at 2: a line longer than 20 bytes\n");
}

static void reads_a_line_of_100_MB(void **state)
{
    size_t length = 100 << 20;
    char *data = malloc(length + 3), *got;

    (void)state;
    assert_non_null(data);
    memset(data, 'x', length);
    memcpy(data + length, "\ny\n", 3);
    got = format_host_decode_text(raw(), NULL, NULL, data, length + 3, 0, 10, length);
    assert_int_equal(strlen(got), length + 3);
    assert_string_equal(got + length, "\ny\n");
    free(got);
    got = format_host_decode_text(raw(), NULL, NULL, data, length + 3, 1 << 20, 10, 16 << 20);
    assert_string_equal(got, "y\n!5006 at 0: a line longer than 16777216 bytes\n");
    free(got);
    free(data);
}

static void writes_lines(void **state)
{
    char *got = format_host_encode_text(
        raw(), NULL, "line:string|null",
        "{\"line\":\"one\"}\n{\"line\":\"\"}\n{}\n{\"line\":\"a\\nb\"}\n", 2);

    (void)state;
    assert_string_equal(got, "one\n\n\na\nb\n");
    free(got);
}

static int is_good(const char *fields, int encode)
{
    struct format_host h;
    int rc;

    format_host_open(&h, raw(), NULL, fields, 100);
    rc = format_host_check(&h, encode);
    assert_int_equal(h.diagnostics, rc ? 1 : 0);
    format_host_close(&h);
    return rc == 0;
}

static void takes_one_text(void **state)
{
    (void)state;
    assert_true(is_good(NULL, 0));
    assert_true(is_good("a:bytes", 0));
    assert_true(is_good("a:json", 1));
    assert_false(is_good("a:json", 0));
    assert_false(is_good("a:int64", 0));
    assert_false(is_good("a:string b:string", 0));
    assert_false(is_good("a:timestamp", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),  cmocka_unit_test(rejects_what_is_no_string),
        cmocka_unit_test(bounds_lines), cmocka_unit_test(reads_a_line_of_100_MB),
        cmocka_unit_test(writes_lines), cmocka_unit_test(takes_one_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
