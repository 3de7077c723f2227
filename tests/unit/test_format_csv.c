/*
 * The format csv against RFC 4180 and what csv.h says of the rest, on every way to cut its input;
 * and what it writes.
 */
#include "format_host.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LIMIT = 200 };

static const struct streamd_format *csv(void)
{
    return format_host_load("csv");
}

static void assert_reads(const char *options, const char *fields, const char *data, size_t length,
                         const char *want)
{
    /* With the same decoder all the way, and with a new one for every piece. */
    for (size_t i = 0; i < 2 * length; i++) {
        size_t step = i / 2;

        format_host_restarts = i % 2;
        for (uint32_t rows = 1; rows < 4; rows++) {
            char *got =
                format_host_decode_text(csv(), options, fields, data, length, step, rows, LIMIT);

            if (strcmp(got, want) != 0)
                fail_msg("in steps of %zu, %u rows: %s\nis not: %s", step, rows, got, want);
            free(got);
        }
    }
    format_host_restarts = 0;
}

#define TEXT(s) (s), sizeof(s) - 1
#define PLAIN "header=false"

static void reads_columns_by_place(void **state)
{
    (void)state;
    assert_reads(PLAIN, "a:int64 b:string", TEXT(""), "");
    assert_reads(PLAIN, "a:int64 b:string", TEXT("1,x\n2,y\n"), "1\tx\n2\ty\n");
    assert_reads(PLAIN, "a:int64 b:string", TEXT("1,x\r\n2,y"), "1\tx\n2\ty\n");
    assert_reads(PLAIN, "a:int64 b:string", TEXT("\n1,x\r\n\r\n\n2,y\r"), "1\tx\n2\ty\n");
    assert_reads(PLAIN, "a:int64 b:string",
                 TEXT("\xEF\xBB\xBF"
                      "1,x\n"),
                 "1\tx\n");
    assert_reads(PLAIN, "a:string b:string;skip c:int64", TEXT("x,\xFF,3\n"), "x\t3\n");
    assert_reads("header=false delimiter=\\t", "a:int64 b:string", TEXT("1\tx,y\n2\t\"a\tb\"\n"),
                 "1\tx,y\n2\ta\tb\n");
    assert_reads("header=false delimiter=;", "a:int64 b:string", TEXT("1;x,y\n"), "1\tx,y\n");
}

static void reads_columns_by_name(void **state)
{
    (void)state;
    assert_reads(NULL, "a:int64 b:string", TEXT("a,b\n1,x\n"), "1\tx\n");
    assert_reads(NULL, "a:int64 b:string", TEXT("b,c,a\r\nx,9,1\r\n"), "1\tx\n");
    assert_reads(NULL, "a:int64 b:string", TEXT("\xEF\xBB\xBF\"b\",\"\"\"c\"\"\",\"a\"\nx,9,1\n"),
                 "1\tx\n");
    assert_reads(NULL, "a:int64 b:string|null", TEXT("a\n1\n2\n"), "1\t\\N\n2\t\\N\n");
    assert_reads(NULL, "a:int64 b:int64;skip", TEXT("a\n1\n"), "1\n");
    assert_reads(NULL, "a:int64", TEXT("a"), "");
    assert_reads(NULL, "a:int64", TEXT(""), "");
    assert_reads(NULL, "a:int64", TEXT("x,\"a\n\",a\n9,8,1\n"), "1\n");
}

static void assert_fails(const char *options, const char *fields, const char *data,
                         const char *want)
{
    char *got = format_host_decode_text(csv(), options, fields, data, strlen(data), 0, 10, LIMIT);

    assert_non_null(strstr(got, want));
    assert_memory_equal(got, "failed ", 7);
    free(got);
}

static void fails_without_the_columns_it_needs(void **state)
{
    char text[LIMIT + 100];

    (void)state;
    assert_fails(NULL, "a:int64 b:int64", "a,c\n1,2\n",
                 "the header of a CSV file has no column 'b'");
    assert_fails(NULL, "a:int64", "a,c,a\n1,2,3\n", "has twice the column 'a'");
    assert_fails(NULL, "a:int64", "\"a\"x\n1\n", "the header of a CSV file is not CSV");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    assert_fails(NULL, "a:int64", text, "the header of a CSV file is longer than limits.record");
    for (size_t step = 1; step < 2 * LIMIT; step += 17) {
        char *got =
            format_host_decode_text(csv(), NULL, "a:int64", text, strlen(text), step, 10, LIMIT);

        assert_string_equal(got,
                            "failed -4 the header of a CSV file is longer than limits.record\n");
        free(got);
    }
}

static void warns_of_missing_columns(void **state)
{
    struct format_host h;
    size_t consumed;
    uint8_t data[68] = "b\n1\n";
    struct streamd_chunk chunk = {data, 4, 0, 1};
    struct streamd_batch *batch;

    (void)state;
    format_host_open(&h, csv(), NULL, "a:int64|null", LIMIT);
    batch = batch_new(h.pool, &h.schema, 10);
    assert_int_equal(h.format->decoder_open(&h.context, &h.spec, &h.decoder), 0);
    assert_int_equal(h.format->decode(&h.context, h.decoder, &chunk, batch, &consumed), 0);
    assert_string_equal(h.logged, "the header of a CSV file has no column 'a'; the field is NULL");
    assert_int_equal(batch->rows, 1);
    batch_release(batch);
    format_host_close(&h);
}

static void does_not_begin_in_the_middle(void **state)
{
    struct format_host h;
    size_t consumed;
    uint8_t data[68] = "1,2\n";
    struct streamd_chunk chunk = {data, 4, 100, 1};
    struct streamd_batch *batch;

    (void)state;
    format_host_open(&h, csv(), NULL, "a:int64", LIMIT);
    batch = batch_new(h.pool, &h.schema, 10);
    assert_int_equal(h.format->decoder_open(&h.context, &h.spec, &h.decoder), 0);
    assert_int_equal(h.format->decode(&h.context, h.decoder, &chunk, batch, &consumed),
                     STREAMD_E_DATA);
    assert_string_equal(h.failure, "a CSV file with a header can be read from its beginning only");
    batch_release(batch);
    format_host_close(&h);
}

static void takes_quotes_off(void **state)
{
    (void)state;
    assert_reads(PLAIN, "a:string b:string", TEXT("\"x\",\"y\"\n\"\",\"\"\"\"\n"), "x\ty\n\t\"\n");
    assert_reads(PLAIN, "a:string b:string", TEXT("\"x,y\",\"a\nb\"\r\n\"a\r\nb\",\"\"\"q\"\"\"\n"),
                 "x,y\ta\nb\na\r\nb\t\"q\"\n");
    assert_reads(PLAIN, "a:string b:int64", TEXT("\"\n\n\",\"1\"\n\"\"\"\",2\n"),
                 "\n\n\t1\n\"\t2\n");
    assert_reads(PLAIN, "a:string b:string", TEXT("5\" disk,a\"\"b\n x\"y\" ,\"z\"\n"),
                 "5\" disk\ta\"\"b\n x\"y\" \tz\n");
    assert_reads(PLAIN, "a:string b:int64", TEXT("\xEF\xBB\xBF\"x\ny\",1\n"), "x\ny\t1\n");
    assert_reads(PLAIN, "a:string b:string", TEXT("a\rb,c\r\r\n\"a\rb\",\"c\r\"\r\n"),
                 "a\rb\tc\r\na\rb\tc\r\n");
    assert_reads(PLAIN, "a:string",
                 TEXT("\"a string of more than thirty-two bytes, with \"\"quotes\"\"\"\n"),
                 "a string of more than thirty-two bytes, with \"quotes\"\n");
    assert_reads(PLAIN, "a:string",
                 TEXT("\"one of sixteen b\"\n\"one of thirty-two bytes, no more\"\n"),
                 "one of sixteen b\none of thirty-two bytes, no more\n");
}

static void reads_each_type(void **state)
{
    (void)state;
    assert_reads(PLAIN, "a:bool b:bool", TEXT("true,f\nYES,oFF\n1,0\nt,no\n"),
                 "1\t0\n1\t0\n1\t0\n1\t0\n");
    assert_reads(PLAIN, "a:int64 b:int64", TEXT("-5, 7 \n+3,\"8\"\n007,-9223372036854775808\n"),
                 "-5\t7\n3\t8\n7\t-9223372036854775808\n");
    assert_reads(PLAIN, "a:float64 b:float64", TEXT("0.1,-1e3\nNaN,inf\n.5,1.\n"),
                 "3fb999999999999a\tc08f400000000000\n7ff8000000000000\t7ff0000000000000\n"
                 "3fe0000000000000\t3ff0000000000000\n");
    assert_reads(PLAIN, "a:decimal(5,2) b:decimal(38,1)", TEXT("1.005,-1\n-999.99,0.05\n"),
                 "101\t-10\n-99999\t1\n");
    assert_reads(PLAIN, "a:timestamp b:date",
                 TEXT("1970-01-01T00:00:01Z,1970-01-02\n1970-01-01 00:00:01.5,1969-12-31\n"),
                 "1000000\t1\n1500000\t-1\n");
    assert_reads(PLAIN, "a:timestamp;unit=ms b:timestamp;days", TEXT("1500,d1\n"),
                 "1500000\t86400000000\n");
    assert_reads(PLAIN, "a:bytes b:json", TEXT("AAEC,\"{\"\"a\"\":[1,\n2]}\"\n,1\n"),
                 "000102\t{\"a\":[1,\n2]}\n\t1\n");
    assert_reads(PLAIN, "a:string b:string",
                 TEXT("K\xC3\xB6ln,\"\xE6\x9D\x8E\"\n\xF0\x9F\x98\x80,x\n"),
                 "K\xC3\xB6ln\t\xE6\x9D\x8E\n\xF0\x9F\x98\x80\tx\n");
}

static void knows_nulls(void **state)
{
    (void)state;
    assert_reads(PLAIN, "a:int64|null b:string|null c:string", TEXT(",,\n\"\",\"\",\"\"\n"),
                 "\\N\t\\N\t\n\\N\t\t\n");
    assert_reads("header=false null_values=NULL,-", "a:int64|null b:string|null c:string",
                 TEXT("NULL,-,-\n-,NULL,NULL\n\"-\",\"-\",\"-\"\n1,,\n"),
                 "\\N\t\\N\t-\n\\N\t\\N\tNULL\n\\N\t-\t-\n1\t\t\n");
    assert_reads(PLAIN,
                 "a:int64|null;nulls=-9,x b:float64|null;nulls=0 c:timestamp|null;nulls=never",
                 TEXT("-9,0,never\nx,0.0,\n,,1970-01-01T00:00:00Z\n-99,1,\n"),
                 "\\N\t\\N\t\\N\n\\N\t0000000000000000\t\\N\n\\N\t\\N\t0\n"
                 "-99\t3ff0000000000000\t\\N\n");
    assert_reads(PLAIN, "a:string|null", TEXT("x\n\ny\n"), "x\n\\N\ny\n");
}

static void rejects_records(void **state)
{
    (void)state;
    assert_reads(PLAIN, "a:int64 b:string", TEXT("1,x\n2\n3,y,z\n4,z\n"),
                 "1\tx\n4\tz\n!5001 at 4: the record has 1 columns, not 2\n"
                 "!5001 at 6: the record has 3 columns, not 2\n");
    assert_reads(PLAIN, "a:int64 b:int64|null", TEXT("x,1\n,2\n99999999999999999999,\n5,6\n"),
                 "5\t6\n!5103 at 0: field 'a' cannot be read as int64, in column 1 of the record\n"
                 "!5002 at 4: field 'a' is NULL, in column 1 of the record\n"
                 "!5004 at 7: field 'a' is out of the range of int64, in column 1 of the record\n");
    assert_reads(PLAIN, "a:string b:string", TEXT("\"x\"y,z\nx,\"y\"\"\" \nx,\"y\"\n"),
                 "x\ty\n!5001 at 0: something follows a closing quote\n"
                 "!5001 at 7: something follows a closing quote\n");
    assert_reads(PLAIN, "a:string b:string", TEXT("x,y\nx,\"y\nz,\"\"\n"),
                 "x\ty\n!5009 at 4: the input ends in quotes\n");
    assert_reads(
        PLAIN, "a:string b:string", TEXT("x,\xFF\nx\0y,\n\"\xC3\",\na,b"),
        "a\tb\n!5005 at 0: field 'b' is not UTF-8, or holds a NUL, in column 2 of the record\n"
        "!5005 at 4: field 'a' is not UTF-8, or holds a NUL, in column 1 of the record\n"
        "!5005 at 9: field 'a' is not UTF-8, or holds a NUL, in column 1 of the record\n");
    assert_reads(PLAIN, "a:json b:string", TEXT("{,x\n1,x\n"),
                 "1\tx\n!5103 at 0: field 'a' cannot be read as json, in column 1 of the record\n");
    /* a NULL of a record that was rejected does not stay */
    assert_reads(
        PLAIN, "a:int64|null b:int64|null c:string", TEXT(",,\"\n\"\n,,\xFF\n1,2,x\n,\"\",x\n"),
        "\\N\t\\N\t\n\n1\t2\tx\n\\N\t\\N\tx\n!5005 at 6: field 'c' is not UTF-8, or holds a "
        "NUL, in column 3 of the record\n");
}

static void bounds_the_length_of_records(void **state)
{
    static const int lengths[] = {LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 2, 3 * LIMIT};
    char data[4 * LIMIT + 100], want[4 * LIMIT + 100], text[4 * LIMIT];

    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
            memset(text, quoted ? '\n' : 'x', sizeof(text));
            text[lengths[i] - 2 - 2 * quoted] = 0;
            snprintf(data, sizeof(data), "1,y\r\n2,%s%s%s\r\n3,z\r\n", quoted ? "\"" : "", text,
                     quoted ? "\"" : "");
            snprintf(want, sizeof(want), "1\ty\n2\t%s\n3\tz\n", text);
            if (lengths[i] > LIMIT)
                strcpy(want, "1\ty\n3\tz\n!5006 at 5: a record longer than 200 bytes\n");
            assert_reads(PLAIN, "a:int64 b:string", data, strlen(data), want);
        }
    }
}

/* ---- writing ------------------------------------------------------------------------------ */

static void assert_writes(const char *options, const char *fields, const char *records,
                          const char *want)
{
    for (uint32_t rows = 1; rows < 4; rows++) {
        char *got = format_host_encode_text(csv(), options, fields, records, rows);

        assert_string_equal(got, want);
        free(got);
    }
}

static void writes_each_type(void **state)
{
    (void)state;
    assert_writes(NULL, "a:bool b:int64 c:float64 d:decimal(5,2)",
                  "{\"a\":true,\"b\":-1,\"c\":0.5,\"d\":1}\n{\"a\":false,\"b\":9223372036854775807,"
                  "\"c\":\"NaN\",\"d\":-0.05}",
                  "a,b,c,d\ntrue,-1,0.5,1.00\nfalse,9223372036854775807,NaN,-0.05\n");
    assert_writes(PLAIN, "a:timestamp b:date c:bytes d:json",
                  "{\"a\":\"2025-03-01T09:02:11.5Z\",\"b\":\"2025-03-01\",\"c\":\"AAECgP8=\",\"d\":"
                  "[1,\"x\"]}",
                  "2025-03-01T09:02:11.500000Z,2025-03-01,AAECgP8=,\"[1,\"\"x\"\"]\"\n");
    assert_writes("header=false delimiter=\\t", "a:string b:string",
                  "{\"a\":\"x,\\\"y\",\"b\":\"\\t\"}", "\"x,\"\"y\"\t\"\t\"\n");
}

static void quotes_what_needs_it(void **state)
{
    (void)state;
    assert_writes(NULL, "a,b:string \"q\":string", "{\"a,b\":\"x\",\"\\\"q\\\"\":\"y\"}",
                  "\"a,b\",\"\"\"q\"\"\"\nx,y\n");
    assert_writes(PLAIN, "a:string b:string|null",
                  "{\"a\":\"\",\"b\":\"\"}\n{\"a\":\"a\\nb\",\"b\":null}\n"
                  "{\"a\":\"a,b\",\"b\":\"a\\rb\"}\n{\"a\":\"\\\"\",\"b\":\" x \"}\n"
                  "{\"a\":\"12345678,\",\"b\":\"\xC3\xA9\"}\n",
                  "\"\",\"\"\n\"a\nb\",\n\"a,b\",\"a\rb\"\n\"\"\"\", x \n\"12345678,\",\xC3\xA9\n");
    assert_writes("header=false null_values=NULL,-", "a:string|null b:string",
                  "{\"a\":\"NULL\",\"b\":\"-\"}\n{\"b\":\"\"}", "\"NULL\",\"-\"\nNULL,\n");
    assert_writes("header=false null_values=a_rather_long_text_for_null",
                  "a:bool|null b:bytes|null", "{}\n{\"b\":\"\"}",
                  "a_rather_long_text_for_null,a_rather_long_text_for_null\n"
                  "a_rather_long_text_for_null,\n");
    assert_writes(PLAIN, "a:bytes", "{\"a\":\"\"}", "\"\"\n");
}

/* ---- judging ------------------------------------------------------------------------------ */

static void assert_judges(const char *options, const char *fields, const char *want)
{
    struct format_host h;
    int rc;

    format_host_open(&h, csv(), options, fields, 100);
    rc = format_host_check(&h, 0);
    assert_non_null(strstr(h.diagnostic, want));
    assert_int_equal(rc, *want ? STREAMD_E_REPORTED : 0);
    format_host_close(&h);
}

static void judges_options(void **state)
{
    (void)state;
    assert_judges(NULL, "a:string", "");
    assert_judges("delimiter=\\t null_values=a,b", "a:string", "");
    assert_judges("delimiter=", "a:string", "delimiter:3114:");
    assert_judges("delimiter=;;", "a:string", "delimiter:3114:");
    assert_judges("delimiter=\"", "a:string", "delimiter:3114:");
    assert_judges("delimiter=\\n", "a:string", "delimiter:3114:");
    assert_judges("delimiter=\xC3\xA9", "a:string", "delimiter:3114:");
    assert_judges("null_values=a,\"", "a:string", "null_values:3114:");
    assert_judges("delimiter=; null_values=;", "a:string", "null_values:3114:");
    assert_judges(NULL, "a:string;path=$.b", "schema.a:3111:columns of CSV have no path");
}

struct copier {
    struct format_host *to;
    struct streamd_buffer out;
    int rc;
};

static void copy(void *owner, struct streamd_batch *batch)
{
    struct copier *c = owner;

    if (c->rc == 0)
        c->rc = format_host_encode(c->to, batch, &c->out);
    batch_release(batch);
}

static void survives_each_failed_allocation(void **state)
{
    static const char data[] = "a,\"b\"\"\",c\n\"x\"\"y\",,1\nx,\"\"\"\",2\n";
    int done = 0;

    (void)state;
    for (int n = 1; !done; n++) {
        struct format_host h;
        struct copier c = {&h, {0}, 0};
        int rc;

        format_host_open(&h, csv(), NULL, "a:string b\":string|null c:int64", LIMIT);
        h.alloc_fail_at = n;
        rc = format_host_decode(&h, data, sizeof(data) - 1, 0, 10, copy, &c);
        rc = rc ? rc : c.rc;
        done = h.alloc_count < (size_t)n;
        if (rc) {
            assert_int_equal(rc, STREAMD_E_NOMEM);
            assert_true(*h.failure);
        } else {
            assert_string_equal(h.failure, "");
        }
        streamd_buffer_clear(&h.context, &c.out);
        format_host_close(&h);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_columns_by_place),
        cmocka_unit_test(reads_columns_by_name),
        cmocka_unit_test(fails_without_the_columns_it_needs),
        cmocka_unit_test(warns_of_missing_columns),
        cmocka_unit_test(does_not_begin_in_the_middle),
        cmocka_unit_test(takes_quotes_off),
        cmocka_unit_test(reads_each_type),
        cmocka_unit_test(knows_nulls),
        cmocka_unit_test(rejects_records),
        cmocka_unit_test(bounds_the_length_of_records),
        cmocka_unit_test(writes_each_type),
        cmocka_unit_test(quotes_what_needs_it),
        cmocka_unit_test(judges_options),
        cmocka_unit_test(survives_each_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
