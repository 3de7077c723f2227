/* The format regex: what a match becomes, what is rejected, and what a pattern must have. */
#include "format_host.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct streamd_format *regex(void)
{
    return format_host_load("regex");
}

static void assert_reads(const char *pattern, const char *fields, const char *data, size_t length,
                         const char *want)
{
    char options[512];

    snprintf(options, sizeof(options), "pattern=%s", pattern);
    /* With the same decoder all the way, and with a new one for every piece. */
    for (size_t i = 0; i < 2 * length; i++) {
        size_t step = i / 2;

        format_host_restarts = i % 2;
        for (uint32_t rows = 1; rows < 4; rows++) {
            char *got =
                format_host_decode_text(regex(), options, fields, data, length, step, rows, 50);

            assert_string_equal(got, want);
            free(got);
        }
    }
    format_host_restarts = 0;
}

#define TEXT(s) (s), sizeof(s) - 1

static void reads_groups(void **state)
{
    (void)state;
    assert_reads("^(?<a>\\\\S+)\\\\s(?<n>\\\\d+)$", "n:int64 a:string", TEXT("x 1\ny 22\r\nz 333"),
                 "1\tx\n22\ty\n333\tz\n");
    assert_reads("(?<n>\\\\d+)", "n:int64", TEXT("abc 12 34\n"), "12\n");
    assert_reads("(?<n>\\\\d+|-)", "n:int64|null;nulls=-", TEXT("-\n7\n"), "\\N\n7\n");
    assert_reads("(?<a>x)?(?<b>y)?z", "a:string|null b:string|null", TEXT("xz\nyz\nz\nxyz\n"),
                 "x\t\\N\n\\N\ty\n\\N\t\\N\nx\ty\n");
    assert_reads("(?<a>.)(?<b>.*)", "b:string", TEXT("abc\n"), "bc\n");
    assert_reads("(?<a>.)(?<b>.*)", "a:string;skip b:string", TEXT("abc\n"), "bc\n");
    assert_reads("(?<a>.)", "a:string b:int64|null", TEXT("abc\n"), "a\t\\N\n");
    assert_reads("(?<t>.*)", "t:timestamp;days", TEXT("d1\n"), "86400000000\n");
    assert_reads("(?<t>.*)", "t:timestamp;unit=ms", TEXT(" 5 \n"), "5000\n");
}

static void counts_letters_not_bytes(void **state)
{
    (void)state;
    assert_reads("^(?<a>.)(?<b>.)$", "a:string b:string",
                 TEXT("xy\n\xC3\xA9z\n\xF0\x9F\x98\x80\xC3\xA9\n"),
                 "x\ty\n\xC3\xA9\tz\n\xF0\x9F\x98\x80\t\xC3\xA9\n");
    assert_reads("^(?<a>[\xC3\xA9x])$", "a:string", TEXT("x\n\xC3\xA9\n"), "x\n\xC3\xA9\n");
    assert_reads("^(?<a>(?i)\\\\x{212a})$", "a:string", TEXT("k\n"), "k\n");
}

static void takes_the_first_of_one_name(void **state)
{
    (void)state;
    assert_reads("(?J)^(?:a(?<x>.)|b(?<x>.))$", "x:string", TEXT("a1\nb2\n"), "1\n2\n");
    assert_reads("^(?|a(?<x>.)|b(?<x>.))$", "x:string", TEXT("a1\nb2\n"), "1\n2\n");
}

static void rejects_lines(void **state)
{
    (void)state;
    assert_reads("^(?<n>\\\\d+)$", "n:int64", TEXT("1\nx\n\n2\n"),
                 "1\n2\n!5007 at 2: the line does not match the pattern\n"
                 "!5007 at 4: the line does not match the pattern\n");
    assert_reads("^(?<n>.*)$", "n:int64", TEXT("1\nx\n99999999999999999999\n2\n"),
                 "1\n2\n!5103 at 2: field 'n' cannot be read as int64\n"
                 "!5004 at 4: field 'n' is out of the range of int64\n");
    assert_reads("(?<a>x)?(?<b>y)?z", "a:string|null b:string", TEXT("z\nxyz\nxz\n"),
                 "x\ty\n!5002 at 0: field 'b' is NULL\n!5002 at 6: field 'b' is NULL\n");
    assert_reads("(?<a>.*)", "a:string", TEXT("a\xFF\na\0\nb\n"),
                 "b\n!5005 at 0: the line is not UTF-8, or holds a NUL\n"
                 "!5005 at 3: the line is not UTF-8, or holds a NUL\n");
    assert_reads("(?<a>.)", "a:string",
                 TEXT("x\n123456789012345678901234567890123456789012345678901\ny\n"),
                 "x\ny\n!5006 at 2: a line longer than 50 bytes\n");
}

static void bounds_the_steps(void **state)
{
    char data[4096], *got;

    (void)state;
    memset(data, 'a', sizeof(data));
    data[sizeof(data) - 2] = '!';
    data[sizeof(data) - 1] = '\n';
    got = format_host_decode_text(regex(), "pattern=^(?<x>(a+)+)$", "x:string", data, sizeof(data),
                                  0, 10, sizeof(data));
    assert_string_equal(got, "!5105 at 0: the pattern needs too many steps for this line\n");
    free(got);
}

static void assert_judges(const char *options, const char *fields, const char *want)
{
    struct format_host h;
    int rc;

    format_host_open(&h, regex(), options, fields, 100);
    rc = format_host_check(&h, 0);
    assert_string_equal(h.diagnostic, want);
    assert_int_equal(rc, *want ? STREAMD_E_REPORTED : 0);
    format_host_close(&h);
}

static void judges_patterns(void **state)
{
    (void)state;
    assert_judges("pattern=(?<a>x)", "a:string", "");
    assert_judges("pattern=(?<a>x)", "b:string|null", "");
    assert_judges("pattern=(?<a>x)", "b:string",
                  "schema.b:3113:the pattern has no group for field 'b':name a group like the "
                  "field, (?<field>...), or let the field be NULL");
    assert_judges("pattern=(?<a>x", "a:string",
                  "pattern:3112:the pattern does not compile: missing closing parenthesis, at byte "
                  "7 of it:");
    assert_judges("pattern=*", "a:string|null",
                  "pattern:3112:the pattern does not compile: quantifier does not follow a "
                  "repeatable item, at byte 1 of it:");
}

static void makes_a_schema_of_names(void **state)
{
    struct format_host h;

    (void)state;
    format_host_open(&h, regex(), "pattern=(?<z>.)(x)(?<a>.)(?J)(?<a>.)?", NULL, 100);
    assert_int_equal(h.schema.field_count, 2);
    assert_string_equal(h.fields[0].name, "z");
    assert_string_equal(h.fields[1].name, "a");
    assert_int_equal(h.fields[0].type.id, STREAMD_STRING);
    assert_int_equal(h.fields[0].type.nullable, 1);
    format_host_close(&h);
}

static void drop(void *owner, struct streamd_batch *batch)
{
    (void)owner;
    batch_release(batch);
}

static void survives_each_failed_allocation(void **state)
{
    int done = 0;

    (void)state;
    for (int n = 1; !done; n++) {
        struct format_host h;
        int rc;

        format_host_open(&h, regex(), "pattern=(?<a>.*)", "a:string", 100);
        h.alloc_fail_at = n;
        rc = format_host_decode(&h, "abc\n", 4, 0, 10, drop, NULL);
        done = h.alloc_count < (size_t)n;
        if (rc) {
            assert_int_equal(rc, STREAMD_E_NOMEM);
            assert_memory_equal(h.failure, "no memory for a ", 16);
        }
        format_host_close(&h);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_groups),
        cmocka_unit_test(counts_letters_not_bytes),
        cmocka_unit_test(takes_the_first_of_one_name),
        cmocka_unit_test(rejects_lines),
        cmocka_unit_test(bounds_the_steps),
        cmocka_unit_test(judges_patterns),
        cmocka_unit_test(makes_a_schema_of_names),
        cmocka_unit_test(survives_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
