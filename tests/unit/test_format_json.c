/*
 * The format json against what RFC 8259 and json.h say, case by case; then on every way to cut its
 * input, and with every allocation failing once. Values are compared as text (format_host.h).
 */
#include "format_host.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LIMIT = 1 << 20 };

/* The rows that came out of a decoder, as lines of text. */
struct result {
    char *text;
    size_t length;
    FILE *file;
    struct format_host *h;
};

static void take(void *owner, struct streamd_batch *batch)
{
    struct result *r = owner;

    for (uint32_t i = 0; i < batch->rows; i++) {
        format_host_print(r->h, batch, i, r->file);
        fputc('\n', r->file);
    }
    batch_release(batch);
}

static const struct streamd_format *json(void)
{
    return format_host_load("json");
}

static char *decode(const char *options, const char *fields, const void *data, size_t length,
                    size_t step, uint32_t rows)
{
    return format_host_decode_text(json(), options, fields, data, length, step, rows, LIMIT);
}

/* ---- one record at a time ----------------------------------------------------------------- */

/* `want` is the row, or `!` and the code. The record is read twice, so that the second time goes
   along the path that the first has taught. */
struct one {
    const char *fields, *record, *want;
};

static void check_one(const struct one *c, const char *options)
{
    char data[4096], twice[512];
    char *got;

    snprintf(data, sizeof(data), "%s\n%s\n", c->record, c->record);
    got = decode(options, c->fields, data, strlen(data), 0, 10);
    if (*c->want == '!') {
        if (strncmp(got, c->want, strlen(c->want)) != 0)
            fail_msg("%s as %s gave %s, not %s", c->record, c->fields, got, c->want);
    } else {
        snprintf(twice, sizeof(twice), "%s\n%s\n", c->want, c->want);
        if (strcmp(got, twice) != 0)
            fail_msg("%s as %s gave %s, not %s", c->record, c->fields, got, twice);
    }
    free(got);
}

#define CHECK_ALL(cases, options)                                 \
    for (size_t i = 0; i < sizeof(cases) / sizeof(*(cases)); i++) \
    check_one(&(cases)[i], options)

static void takes_values_of_each_type(void **state)
{
    static const struct one cases[] = {
        {"a:bool", "{\"a\":true}", "1"},
        {"a:bool", "{\"a\":false}", "0"},
        {"a:int64", "{\"a\":0}", "0"},
        {"a:int64", "{\"a\":-0}", "0"},
        {"a:int64", "{\"a\":7}", "7"},
        {"a:int64", "{\"a\":-12345678}", "-12345678"},
        {"a:int64", "{\"a\":123456789}", "123456789"},
        {"a:int64", "{\"a\":1234567890123456}", "1234567890123456"},
        {"a:int64", "{\"a\":12345678901234567}", "12345678901234567"},
        {"a:int64", "{\"a\":9223372036854775807}", "9223372036854775807"},
        {"a:int64", "{\"a\":-9223372036854775808}", "-9223372036854775808"},
        {"a:float64", "{\"a\":1}", "3ff0000000000000"},
        {"a:float64", "{\"a\":-0.0}", "8000000000000000"},
        {"a:float64", "{\"a\":-0}", "8000000000000000"},
        {"a:float64", "{\"a\":0.1}", "3fb999999999999a"},
        {"a:float64", "{\"a\":12.34}", "4028ae147ae147ae"},
        {"a:float64", "{\"a\":1e3}", "408f400000000000"},
        {"a:float64", "{\"a\":1E+3}", "408f400000000000"},
        {"a:float64", "{\"a\":25e-1}", "4004000000000000"},
        {"a:float64", "{\"a\":9007199254740993}", "4340000000000000"},
        {"a:float64", "{\"a\":1.7976931348623157e308}", "7fefffffffffffff"},
        {"a:float64", "{\"a\":5e-324}", "0000000000000001"},
        {"a:float64", "{\"a\":\"NaN\"}", "7ff8000000000000"},
        {"a:float64", "{\"a\":\"Infinity\"}", "7ff0000000000000"},
        {"a:float64", "{\"a\":\"-Infinity\"}", "fff0000000000000"},
        {"a:decimal(10,2)", "{\"a\":12.34}", "1234"},
        {"a:decimal(10,2)", "{\"a\":12.3}", "1230"},
        {"a:decimal(10,2)", "{\"a\":-12}", "-1200"},
        {"a:decimal(10,2)", "{\"a\":0.005}", "1"},
        {"a:decimal(10,2)", "{\"a\":-0.004}", "0"},
        {"a:decimal(10,2)", "{\"a\":99999999.99}", "9999999999"},
        {"a:decimal(10,2)", "{\"a\":1.5e3}", "150000"},
        {"a:decimal(10,0)", "{\"a\":9999999999}", "9999999999"},
        {"a:decimal(38,0)", "{\"a\":99999999999999999999999999999999999999}",
         "99999999999999999999999999999999999999"},
        {"a:decimal(38,37)", "{\"a\":-1.5}", "-15000000000000000000000000000000000000"},
        {"a:decimal(2,2)", "{\"a\":0.5}", "50"},
        {"a:string", "{\"a\":\"\"}", ""},
        {"a:string", "{\"a\":\"ann\"}", "ann"},
        {"a:string", "{\"a\":\"0123456789012345678901234567890\"}",
         "0123456789012345678901234567890"},
        {"a:string", "{\"a\":\"01234567890123456789012345678901\"}",
         "01234567890123456789012345678901"},
        {"a:string", "{\"a\":\"012345678901234567890123456789012\"}",
         "012345678901234567890123456789012"},
        {"a:string", "{\"a\":\"K\xC3\xB6ln \xE6\x9D\x8E \xF0\x9F\x98\x80\x7F\"}",
         "K\xC3\xB6ln \xE6\x9D\x8E \xF0\x9F\x98\x80\x7F"},
        {"a:string", "{\"a\":\"\\\"\\\\\\/\\b\\f\\r\\t\"}", "\"\\/\b\f\r\t"},
        {"a:string", "{\"a\":\"\\u0041\\u00e9\\u20AC\\uD83D\\ude00\"}",
         "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"a:bytes", "{\"a\":\"\"}", ""},
        {"a:bytes", "{\"a\":\"AAECgP8=\"}", "00010280ff"},
        {"a:bytes", "{\"a\":\"\\u0041AEC\"}", "000102"},
        {"a:timestamp", "{\"a\":\"1970-01-01T00:00:00Z\"}", "0"},
        {"a:timestamp", "{\"a\":\"2025-03-01T09:02:11.5Z\"}", "1740819731500000"},
        {"a:timestamp", "{\"a\":\"2025-03-01T09:02:11.123Z\"}", "1740819731123000"},
        {"a:timestamp", "{\"a\":\"2025-03-01T09:02:11.123456Z\"}", "1740819731123456"},
        {"a:timestamp", "{\"a\":\"2025-03-01T10:02:11+01:00\"}", "1740819731000000"},
        {"a:timestamp", "{\"a\":\"2025-03-01 09:02:11\"}", "1740819731000000"},
        {"a:timestamp", "{\"a\":\"2025-03-01T09:02:11\\u005a\"}", "1740819731000000"},
        {"a:timestamp;unit=s", "{\"a\":1740819731}", "1740819731000000"},
        {"a:timestamp;unit=s", "{\"a\":1740819731.25}", "1740819731250000"},
        {"a:timestamp;unit=ms", "{\"a\":-1}", "-1000"},
        {"a:timestamp;unit=us", "{\"a\":1740819731123456}", "1740819731123456"},
        {"a:timestamp;unit=ns", "{\"a\":1740819731123456789}", "1740819731123456"},
        {"a:timestamp;unit=ns", "{\"a\":-1}", "-1"},
        {"a:timestamp;days", "{\"a\":\"d2\"}", "172800000000"},
        {"a:date;days", "{\"a\":\"d2\"}", "2"},
        {"a:date", "{\"a\":\"2025-03-01\"}", "20148"},
        {"a:date", "{\"a\":\"1969-12-31\"}", "-1"},
        {"a:json", "{\"a\":{\"b\":[1, 2 ,{}]}}", "{\"b\":[1, 2 ,{}]}"},
        {"a:json", "{\"a\":\"x\\u0000\"}", "\"x\\u0000\""},
        {"a:json", "{\"a\":1.50}", "1.50"},
        {"a:json", "{\"a\": [ ] }", "[ ]"},
        {"a:json", "{\"a\":true}", "true"},
        {"a:int64|null;nulls=-,", "{\"a\":\"-\"}", "\\N"},
        {"a:int64|null;nulls=-,", "{\"a\":\"\"}", "\\N"},
        {"a:string|null;nulls=n/a", "{\"a\":\"n\\/a\"}", "\\N"},
        {"a:string|null;nulls=n/a", "{\"a\":\"na\"}", "na"},
    };

    (void)state;
    CHECK_ALL(cases, NULL);
}

static void refuses_values_of_other_types(void **state)
{
    static const struct one cases[] = {
        {"a:bool", "{\"a\":1}", "!5003"},
        {"a:bool", "{\"a\":\"true\"}", "!5003"},
        {"a:int64", "{\"a\":1.0}", "!5003"},
        {"a:int64", "{\"a\":1e3}", "!5003"},
        {"a:int64", "{\"a\":\"1\"}", "!5003"},
        {"a:int64", "{\"a\":true}", "!5003"},
        {"a:int64", "{\"a\":[1]}", "!5003"},
        {"a:int64", "{\"a\":9223372036854775808}", "!5004"},
        {"a:int64", "{\"a\":-9223372036854775809}", "!5004"},
        {"a:int64", "{\"a\":99999999999999999999999}", "!5004"},
        {"a:float64", "{\"a\":1e400}", "!5004"},
        {"a:float64", "{\"a\":-1e99999999999999999999}", "!5004"},
        {"a:float64", "{\"a\":\"nan\"}", "!5003"},
        {"a:float64", "{\"a\":\"1.5\"}", "!5003"},
        {"a:decimal(4,2)", "{\"a\":100}", "!5004"},
        {"a:decimal(4,2)", "{\"a\":99.995}", "!5004"},
        {"a:decimal(4,2)", "{\"a\":1e40}", "!5004"},
        {"a:decimal(4,2)", "{\"a\":\"1.5\"}", "!5003"},
        {"a:string", "{\"a\":1}", "!5003"},
        {"a:string", "{\"a\":{}}", "!5003"},
        {"a:bytes", "{\"a\":\"AAE\"}", "!5103"},
        {"a:bytes", "{\"a\":\"A*==\"}", "!5103"},
        {"a:timestamp", "{\"a\":\"yesterday\"}", "!5103"},
        {"a:timestamp", "{\"a\":\"2025-02-30T00:00:00Z\"}", "!5004"},
        {"a:timestamp", "{\"a\":1740819731}", "!5003"},
        {"a:timestamp;unit=s", "{\"a\":\"2025-03-01T09:02:11Z\"}", "!5003"},
        {"a:timestamp;unit=s", "{\"a\":1e15}", "!5004"},
        {"a:timestamp;days", "{\"a\":\"2\"}", "!5103"},
        {"a:date", "{\"a\":\"2025-13-01\"}", "!5004"},
        {"a:date;days", "{\"a\":\"d99999999999\"}", "!5004"},
        {"a:date", "{\"a\":5}", "!5003"},
        {"a:string", "{\"a\":\"x\\u0000y\"}", "!5005"},
        {"a:string", "{\"a\":\"\\ud800\"}", "!5005"},
        {"a:string", "{\"a\":\"\\ud800\\u0041\"}", "!5005"},
        {"a:string", "{\"a\":\"\\ud800\\ud800\"}", "!5005"},
        {"a:string", "{\"a\":\"\\udc00\"}", "!5005"},
        {"a:string", "{\"a\":\"\\udc00\\udc00\"}", "!5005"},
        {"a:string", "{\"a\":\"\\ud83d\\\\de00\"}", "!5005"},
        {"a:string", "{\"a\":\"\xFF\"}", "!5005"},
        {"a:string", "{\"a\":\"\xC0\x80\"}", "!5005"},
        {"a:string", "{\"a\":\"\xED\xA0\x80\"}", "!5005"},
        {"a:string", "{\"a\":\"\xF4\x90\x80\x80\"}", "!5005"},
        {"a:string", "{\"a\":\"\xE6\x9D\"}", "!5005"},
        {"a:int64", "{\"b\":\"\xFF\",\"a\":1}", "!5005"},
        {"a:int64", "{\"\xFF\":1,\"a\":1}", "!5005"},
        {"a:int64", "{\"a\":null}", "!5002"},
        {"a:json", "{\"a\":null}", "!5002"},
        {"a:int64", "{}", "!5002"},
        {"a:int64;nulls=-", "{\"a\":\"-\"}", "!5002"},
    };

    (void)state;
    CHECK_ALL(cases, NULL);
}

static void looks_for_keys(void **state)
{
    static const struct one cases[] = {
        {"a:int64|null b:int64|null", "{}", "\\N\t\\N"},
        {"a:int64|null b:int64|null", "{\"a\":null}", "\\N\t\\N"},
        {"a:int64|null b:int64|null", "{\"b\":2}", "\\N\t2"},
        {"a:int64 b:int64", "{\"b\":2,\"a\":1}", "1\t2"},
        {"a:int64 b:int64", " { \"a\" : 1 , \"b\" : 2 } ", "1\t2"},
        {"a:int64 b:int64", "\t{\t\"a\"\t:\t1\t,\t\"b\"\t:\t2\t}\t", "1\t2"},
        {"a:int64", "{\"x\":{\"a\":5},\"a\":1,\"y\":[{\"a\":6}]}", "1"},
        {"a:int64", "{\"A\":5,\"a\":1,\"aa\":6,\"\":7}", "1"},
        {"a:int64", "{\"\\u0061\":1}", "1"},
        {"a/b:int64", "{\"a\\/b\":1}", "1"},
        {"a:int64", "{\"\\ud800\":2,\"a\":1,\"\\u0000\":3}", "1"},
        /* the last of duplicate keys wins, and only it is judged */
        {"a:int64", "{\"a\":1,\"a\":2}", "2"},
        {"a:int64", "{\"a\":\"x\",\"a\":2}", "2"},
        {"a:int64", "{\"a\":2,\"a\":\"x\"}", "!5003"},
        {"a:int64|null", "{\"a\":2,\"a\":null}", "\\N"},
        {"a:int64|null", "{\"a\":null,\"a\":2}", "2"},
        {"a:string", "{\"a\":\"long long text\",\"a\":\"\"}", ""},
        {"a:int64", "{\"a\":1,\"\\u0061\":2}", "2"},
        {"a:int64", "{\"x\":1,\"x\":2,\"a\":3}", "3"},
        /* paths */
        {"a:int64;path=$.x.y", "{\"x\":{\"y\":1}}", "1"},
        {"a:int64;path=$.x.y b:int64;path=$.x.z", "{\"x\":{\"z\":2,\"y\":1}}", "1\t2"},
        {"a:int64|null;path=$.x.y", "{\"x\":{}}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":5}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":[{\"y\":1}]}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":null}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":{\"y\":1},\"x\":{}}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":{\"y\":1},\"x\":5}", "\\N"},
        {"a:int64|null;path=$.x.y", "{\"x\":5,\"x\":{\"y\":1}}", "1"},
        {"a:int64|null;path=$.x.y", "{\"y\":1}", "\\N"},
        {"a:int64;path=$['x.y']", "{\"x.y\":1,\"x\":{\"y\":2}}", "1"},
        {"a:int64;path=$.x", "{\"x\":1,\"a\":2}", "1"},
        {"a:int64;path=$.x b:json;path=$.x", "{\"x\":1}", "1\t1"},
        {"a:json;path=$.x b:int64;path=$.x.y", "{\"x\":{\"y\":1}}", "{\"y\":1}\t1"},
        {"a:json;path=$.x b:int64|null;path=$.x.y", "{\"x\":\"z\"}", "\"z\"\t\\N"},
        {"a:int64;path=$.x.y", "{\"x\":{\"y\":1}", "!5001"},
        /* fields that nobody reads are no more than unknown keys */
        {"a:int64;skip b:int64", "{\"a\":\"x\",\"b\":2}", "2"},
        {"a:int64;skip b:int64", "{\"b\":2}", "2"},
        {"a:int64;skip b:int64", "{\"a\":01,\"b\":2}", "!5001"},
        {"a:int64;skip b:int64", "{\"a\":\"\xFF\",\"b\":2}", "!5005"},
        {"a:int64;skip b:int64", "{\"a\":\"\\ud800\",\"b\":2}", "2"},
    };

    (void)state;
    CHECK_ALL(cases, NULL);
}

static void reads_decimals_that_are_strings(void **state)
{
    static const struct one cases[] = {
        {"a:decimal(10,2)", "{\"a\":\"12.34\"}", "1234"},
        {"a:decimal(10,2)", "{\"a\":12.34}", "1234"},
        {"a:decimal(10,2)", "{\"a\":\"12.34x\"}", "!5103"},
        {"a:decimal(4,2)", "{\"a\":\"100\"}", "!5004"},
    };

    (void)state;
    CHECK_ALL(cases, "decimals=string");
}

/* Records that JSON does not have. Field `a` is read, so each of these is tried as its value, as
   the value of another key, and deep inside of one. */
static void refuses_what_is_no_json(void **state)
{
    static const char *const values[] = {
        "",          "nul",         "null0",      "True",   "tru",       "NaN",
        "Infinity",  "-Infinity",   "+1",         "-",      "--1",       "-a",
        "01",        "-01",         "00",         "1.",     ".5",        "1.e1",
        "1e",        "1e+",         "1e1.5",      "0x10",   "1_000",     "1,",
        "1 2",       "'a'",         "\"",         "\"a",    "\"\\\"",    "\"\\x41\"",
        "\"\\u12\"", "\"\\u00G0\"", "\"\\",       "\"\t\"", "\"\x01\"",  "\"\x1F\"",
        "[",         "[1",          "[1,",        "[,1]",   "[1,]",      "[1 2]",
        "[1}",       "]",           "{",          "{\"b\"", "{\"b\":",   "{\"b\":1",
        "{\"b\":1,", "{\"b\":1,}",  "{,}",        "{b:1}",  "{\"b\" 1}", "{\"b\":1]",
        "{1:1}",     "}",           "a",          "\\",     "\xE6",      "\x0B",
        "\x0C",      "(1)",         "[[[[1]]]",   "1/2",    "//",        "/* */1",
        "1 /* */",   "undefined",   "\"a\"\"b\"",
    };
    static const char *const before[] = {"{\"a\":", "{\"b\":", "{\"a\":1,\"b\":", "{\"b\":[",
                                         "{\"b\":{\"c\":"};
    static const char *const after[] = {"}", ",\"a\":1}", "}", "],\"a\":1}", "},\"a\":1}"};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        for (size_t k = 0; k < sizeof(before) / sizeof(*before); k++) {
            char record[256];
            struct one c = {"a:json|null", record, "!5001"};

            snprintf(record, sizeof(record), "%s%s%s", before[k], values[i], after[k]);
            if (strcmp(record, "{\"b\":[],\"a\":1}") != 0)
                check_one(&c, NULL);
        }
    }
}

static void refuses_records_that_are_no_object(void **state)
{
    static const struct one cases[] = {
        {"a:int64|null", "1", "!5001"},
        {"a:int64|null", "\"a\"", "!5001"},
        {"a:int64|null", "null", "!5001"},
        {"a:int64|null", "[]", "!5001"},
        {"a:int64|null", "[{\"a\":1}]", "!5001"},
        {"a:int64|null", "{\"a\":1}}", "!5001"},
        {"a:int64|null", "{\"a\":1} x", "!5001"},
        {"a:int64|null", "{\"a\":1}{}", "!5001"},
        {"a:int64|null", "{\"a\":1},", "!5001"},
        {"a:int64|null", "x{\"a\":1}", "!5001"},
        {"a:int64|null", "\xEF\xBB\xBF{\"a\":1}x", "!5001"},
        {"a:int64|null", "{\"a\":1\r,\"b\":2}", "1"},
    };

    (void)state;
    CHECK_ALL(cases, NULL);
}

static char *nested(const char *open, const char *close, int depth)
{
    size_t length = 0, size = (size_t)depth * (strlen(open) + strlen(close)) + 64;
    char *text = malloc(size);

    assert_non_null(text);
    length += (size_t)snprintf(text, size, "{\"b\":");
    for (int i = 0; i < depth; i++)
        length += (size_t)snprintf(text + length, size - length, "%s", open);
    length += (size_t)snprintf(text + length, size - length, "0");
    for (int i = 0; i < depth; i++)
        length += (size_t)snprintf(text + length, size - length, "%s", close);
    snprintf(text + length, size - length, ",\"a\":1}\n");
    return text;
}

static void bounds_the_depth(void **state)
{
    static const struct {
        const char *open, *close;
        int depth;
        const char *want;
    } cases[] = {
        {"[", "]", 512, "1\n"},
        {"{\"c\":", "}", 512, "1\n"},
        {"[{\"c\":", "}]", 256, "1\n"},
        {"[", "]", 513, "!5001"},
        {"{\"c\":", "}", 513, "!5001"},
        {"[", "]", 200000, "!5001"},
        {"[{\"c\":", "", 100000, "!5001"},
        {"[", "", 100000, "!5001"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *text = nested(cases[i].open, cases[i].close, cases[i].depth);
        char *got = decode(NULL, "a:int64", text, strlen(text), 0, 10);

        assert_memory_equal(got, cases[i].want, strlen(cases[i].want));
        free(got);
        free(text);
    }
}

/* ---- streams ------------------------------------------------------------------------------ */

static void assert_decodes(const char *fields, const char *data, size_t length, const char *want)
{
    char *got = decode(NULL, fields, data, length, 0, 100);

    assert_string_equal(got, want);
    free(got);
}

#define TEXT(s) (s), sizeof(s) - 1

static void cuts_lines(void **state)
{
    (void)state;
    assert_decodes("a:int64", TEXT(""), "");
    assert_decodes("a:int64", TEXT("\n"), "");
    assert_decodes("a:int64", TEXT("\n\r\n  \n\t\r\n"), "");
    assert_decodes("a:int64", TEXT("{\"a\":1}"), "1\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\r"), "1\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\r\n{\"a\":2}\r\n"), "1\n2\n");
    assert_decodes("a:int64", TEXT("\n\n{\"a\":1}\n\n{\"a\":2}\n\n"), "1\n2\n");
    assert_decodes("a:int64", TEXT("\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n"), "1\n2\n");
    assert_decodes("a:int64", TEXT("\xEF\xBB\xBF"), "");
    assert_decodes("a:int64", TEXT("{\"a\":1}\n\xEF\xBB\xBF{\"a\":2}\n"),
                   "1\n!5001 at 8: an object was expected, at byte 1 of the record\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\n{\"a\":2"),
                   "1\n!5009 at 8: the record has no end, at byte 7 of the record\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\n{\"a\":2\n"),
                   "1\n!5001 at 8: the record has no end, at byte 7 of the record\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\n{\"a\":x"),
                   "1\n!5001 at 8: not a value of JSON, at byte 6 of the record\n");
    assert_decodes("a:int64", TEXT("{\"a\":1}\0\n{\"a\":2}\n"),
                   "2\n!5001 at 0: something follows the record, at byte 8 of the record\n");
    assert_decodes("a:int64", TEXT("{\"a\":1,\n\"b\":2}\n"),
                   "!5001 at 0: the record has no end, at byte 8 of the record\n"
                   "!5001 at 8: an object was expected, at byte 1 of the record\n");
    assert_decodes(
        "a:int64",
        TEXT("{\"b\":[1,\n2],\"a\":2}\n{\"b\":[1,2],\"a\":2}\n{\"b\":[1,\n2],\"a\":2}\n"),
        "2\n!5001 at 0: the record has no end, at byte 9 of the record\n"
        "!5001 at 9: an object was expected, at byte 1 of the record\n"
        "!5001 at 37: the record has no end, at byte 9 of the record\n"
        "!5001 at 46: an object was expected, at byte 1 of the record\n");
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    assert_decodes(
        "a:int64 b:decimal(4,2)|null c:timestamp|null d:string|null",
        TEXT("{\"a\":\"x\"}\n"
             "{}\n"
             "{\"a\":null}\n"
             "{\"a\":1, \"b\":100}\n"
             "{\"a\":1, \"c\":\"now\"}\n"
             "{\"a\":1, \"d\":\"\\u0000\"}\n"
             "{\"d\":[], \"b\":{}}\n"),
        "!5003 at 0: field 'a' cannot be read as int64, it is a string, at byte 6 of the "
        "record\n"
        "!5002 at 10: field 'a' is NULL, it is missing\n"
        "!5002 at 13: field 'a' is NULL, at byte 6 of the record\n"
        "!5004 at 24: field 'b' is out of the range of decimal(4,2), at byte 13 of the "
        "record\n"
        "!5103 at 41: field 'c' cannot be read as timestamp, at byte 13 of the record\n"
        "!5005 at 60: field 'd' is not UTF-8, or holds a NUL, at byte 13 of the record\n"
        "!5003 at 82: field 'd' cannot be read as string, it is an array, at byte 6 of "
        "the record\n");
}

/* Good and bad records of several layouts, with all that is special about cutting them. */
static const char MIXED[] =
    "\xEF\xBB\xBF{\"s\":\"ann\",\"n\":1,\"x\":{\"y\":2.5}}\r\n"
    "{\"s\":\"ann\",\"n\":2,\"x\":{\"y\":2.25}}\r\n"
    "\r\n"
    "{\"s\":\"K\xC3\xB6ln\",\"n\":3,\"x\":{\"y\":-1}}\n"
    "{\"s\":\"\\ud83d\\ude00\\n\",\"n\":3,\"x\":{\"y\":null}}\n"
    "{\"n\":123456789012345678,\"s\":\"a string of more than thirty-two bytes, of course\"}\n"
    "{\"n\":\"x\"}\n"
    "{\"n\":99999999999999999999,\"s\":\"a\"}\n"
    "{\"s\":\"a\",\"n\":4,\"z\":[[],{\"q\":[\"\\\"]\"]}],\"x\":{\"y\":1e2,\"w\":{}}}\n"
    "{\"s\":\"\xC3(\",\"n\":5}\n"
    "{\"s\":\"bob\",\"n\":5,\"x\":{\"y\":0.5}}\n"
    "\n"
    "{\"s\":\"bob\",\"n\":6,\"x\":{\"y\":0.5}}\r\n"
    "{\"s\":null,\"n\":7,\"x\":{\"y\":0.5}";
static const char MIXED_FIELDS[] = "s:string|null n:int64 y:float64|null;path=$.x.y";

static void does_not_depend_on_chunks(void **state)
{
    static const uint32_t rows[] = {1, 2, 3, 1000};
    char *want = decode(NULL, MIXED_FIELDS, TEXT(MIXED), 0, 100);

    (void)state;
    assert_non_null(strstr(want, "K\xC3\xB6ln\t3\tbff0000000000000\n"));
    assert_non_null(strstr(want, "!5009 at "));
    for (size_t cut = 2; cut < 2 * sizeof(MIXED); cut++) {
        size_t step = cut / 2;

        format_host_restarts = cut % 2;
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
            char *got = decode(NULL, MIXED_FIELDS, TEXT(MIXED), step, rows[i]);

            assert_string_equal(got, want);
            free(got);
        }
    }
    format_host_restarts = 0;
    free(want);
}

static void bounds_the_length_of_records(void **state)
{
    static const char long_fields[] = "a:int64 s:string";
    static const size_t lengths[] = {99, 100, 101, 102, 150, 1000};
    static const char *const ends[] = {"\n", "\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        for (size_t k = 0; k < 2; k++) {
            for (size_t step = 0; step < 260; step += step < 8 ? 1 : 51) {
                struct format_host h;
                struct result r = {NULL, 0, NULL, &h};
                char record[1200];
                size_t length;

                snprintf(record, sizeof(record),
                         "{\"a\":1,\"s\":\"x\"}\n{\"a\":2,\"s\":\"%0*d\"}%s"
                         "{\"a\":3,\"s\":\"y\"}\n",
                         (int)lengths[i] - 14, 0, ends[k]);
                length = strlen(record);
                format_host_open(&h, json(), NULL, long_fields, 100);
                r.file = open_memstream(&r.text, &r.length);
                assert_int_equal(format_host_decode(&h, record, length, step, 10, take, &r), 0);
                fclose(r.file);
                assert_int_equal(h.reject_count, lengths[i] > 100);
                if (h.reject_count) {
                    assert_string_equal(r.text, "1\t78\n3\t79\n");
                    assert_int_equal(h.rejects[0].code, STREAMD_ROW_TOO_LONG);
                    assert_int_equal(h.rejects[0].position, 16);
                    assert_int_equal(h.rejects[0].length, 100);
                    assert_memory_equal(h.rejects[0].data, record + 16, 100);
                    assert_string_equal(h.rejects[0].message, "a record longer than 100 bytes");
                }
                free(r.text);
                format_host_close(&h);
            }
        }
    }
}

static void stops_where_the_host_says_no(void **state)
{
    static const char data[] = "{\"a\":1}\nx\n{\"a\":2}\ny\n{\"a\":3}\n";
    struct format_host h;
    struct result r = {NULL, 0, NULL, &h};

    (void)state;
    format_host_open(&h, json(), NULL, "a:int64", LIMIT);
    h.reject_limit = 1;
    r.file = open_memstream(&r.text, &r.length);
    assert_int_equal(format_host_decode(&h, data, sizeof(data) - 1, 0, 10, take, &r),
                     STREAMD_E_DATA);
    assert_string_equal(h.failure, "");
    fclose(r.file);
    free(r.text);
    format_host_close(&h);
}

/* ---- writing ------------------------------------------------------------------------------ */

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

static void assert_writes(const char *options, const char *fields, const char *data,
                          const char *want)
{
    for (uint32_t rows = 1; rows < 200; rows += 99) {
        char *got = format_host_encode_text(json(), options, fields, data, rows);

        assert_string_equal(got, want);
        free(got);
    }
}

static void writes_each_type(void **state)
{
    (void)state;
    assert_writes(
        NULL, "a:bool b:int64 c:string",
        "{\"a\":true,\"b\":-9223372036854775808,\"c\":\"x\"}\n{\"a\":false,\"b\":0,\"c\":\"\"}",
        "{\"a\":true,\"b\":-9223372036854775808,\"c\":\"x\"}\n"
        "{\"a\":false,\"b\":0,\"c\":\"\"}\n");
    assert_writes(NULL, "a:float64",
                  "{\"a\":1}\n{\"a\":0.1}\n{\"a\":-0.0}\n{\"a\":1e300}\n{\"a\":\"NaN\"}\n"
                  "{\"a\":\"Infinity\"}\n{\"a\":\"-Infinity\"}\n{\"a\":1.7976931348623157e308}\n",
                  "{\"a\":1}\n{\"a\":0.1}\n{\"a\":-0}\n{\"a\":1e+300}\n{\"a\":\"NaN\"}\n"
                  "{\"a\":\"Infinity\"}\n{\"a\":\"-Infinity\"}\n{\"a\":1.7976931348623157e+308}\n");
    assert_writes(
        NULL, "a:decimal(10,2) b:decimal(38,38)",
        "{\"a\":1,\"b\":0.5}\n{\"a\":-0.05,\"b\":-0.00000000000000000000000000000000000001}",
        "{\"a\":1.00,\"b\":0.50000000000000000000000000000000000000}\n"
        "{\"a\":-0.05,\"b\":-0.00000000000000000000000000000000000001}\n");
    assert_writes("decimals=string", "a:decimal(10,2)", "{\"a\":1}", "{\"a\":\"1.00\"}\n");
    assert_writes(NULL, "a:timestamp b:date",
                  "{\"a\":\"2025-03-01T09:02:11.5Z\",\"b\":\"2025-03-01\"}\n"
                  "{\"a\":\"2025-03-01T23:59:59Z\",\"b\":\"1969-12-31\"}\n"
                  "{\"a\":\"1969-12-31T23:59:59.999999Z\",\"b\":\"0001-01-01\"}\n",
                  "{\"a\":\"2025-03-01T09:02:11.500000Z\",\"b\":\"2025-03-01\"}\n"
                  "{\"a\":\"2025-03-01T23:59:59Z\",\"b\":\"1969-12-31\"}\n"
                  "{\"a\":\"1969-12-31T23:59:59.999999Z\",\"b\":\"0001-01-01\"}\n");
    assert_writes(NULL, "a:bytes", "{\"a\":\"AAECgP8=\"}\n{\"a\":\"\"}",
                  "{\"a\":\"AAECgP8=\"}\n{\"a\":\"\"}\n");
    assert_writes(NULL, "a:json", "{\"a\": {\"b\" : [1,\"\\n\"]} }",
                  "{\"a\":{\"b\" : [1,\"\\n\"]}}\n");
    assert_writes(NULL, "", "{}\n{\"x\":1}", "{}\n{}\n");
}

static void writes_nulls(void **state)
{
    (void)state;
    assert_writes(NULL, "a:int64|null b:string|null", "{\"a\":1}\n{\"b\":\"x\"}\n{}",
                  "{\"a\":1,\"b\":null}\n{\"a\":null,\"b\":\"x\"}\n{\"a\":null,\"b\":null}\n");
    assert_writes("omit_nulls=true", "a:int64|null b:string|null", "{\"a\":1}\n{\"b\":\"x\"}\n{}",
                  "{\"a\":1}\n{\"b\":\"x\"}\n{}\n");
}

static void escapes_what_must_be(void **state)
{
    char data[1000], want[1002], text[256];

    (void)state;
    assert_writes(NULL, "q\"\\\x7f:int64", "{\"q\\\"\\\\\x7f\":1}", "{\"q\\\"\\\\\x7f\":1}\n");
    assert_writes(
        NULL, "a:string",
        "{\"a\":\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\\\/\x7F\\u0080\xE2\x82\xAC\"}",
        "{\"a\":\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f \\\"\\\\/\x7F\xC2\x80\xE2\x82\xAC\"}\n");
    /* one odd byte at each place of strings of each length */
    for (int length = 1; length < 70; length++) {
        for (int at = 0; at < length; at++) {
            memset(text, 'x', sizeof(text));
            text[length] = 0;
            text[at] = 0;
            snprintf(data, sizeof(data), "{\"a\":\"%s\\n%s\",\"b\":\"%.*s\xC3\xA9\"}", text,
                     text + at + 1, length, "0123456789012345678901234567890123456789");
            snprintf(want, sizeof(want), "%s\n", data);
            assert_writes(NULL, "a:string b:string", data, want);
        }
    }
}

static void writes_selected_rows(void **state)
{
    static const uint16_t sel[] = {0, 2};
    static const char data[] =
        "{\"a\":\"x\"}\n{\"a\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}\n{\"a\":\"z\"}\n";
    struct format_host h;
    struct streamd_buffer out = {0};
    struct streamd_chunk chunk;
    struct streamd_batch *batch;
    uint8_t padded[sizeof(data) + 64] = {0};
    size_t consumed;

    (void)state;
    memcpy(padded, data, sizeof(data));
    chunk = (struct streamd_chunk){padded, sizeof(data) - 1, 0, 1};
    format_host_open(&h, json(), NULL, "a:string", LIMIT);
    batch = batch_new(h.pool, &h.schema, 10);
    assert_int_equal(h.format->decoder_open(&h.context, &h.spec, &h.decoder), 0);
    assert_int_equal(h.format->decode(&h.context, h.decoder, &chunk, batch, &consumed), 0);
    batch->sel = sel;
    batch->count = 2;
    assert_int_equal(format_host_encode(&h, batch, &out), 0);
    assert_int_equal(out.length, 20);
    assert_memory_equal(out.data, "{\"a\":\"x\"}\n{\"a\":\"z\"}\n", 20);
    streamd_buffer_clear(&h.context, &out);
    batch_release(batch);
    format_host_close(&h);
}

/* ---- faults ------------------------------------------------------------------------------- */

static void survives_each_failed_allocation(void **state)
{
    static const char data[] =
        "{\"a\":\"\\u0041\",\"\\u0062\":1}\n{\"a\":\"\\\"x\",\"b\":null,\"c\":{\"d\":2}}\n";
    int done = 0;

    (void)state;
    for (int n = 1; !done; n++) {
        struct format_host h;
        struct copier c = {&h, {0}, 0};

        format_host_open(&h, json(), NULL, "a:string;nulls=q b:int64|null d:int64|null;path=$.c.d",
                         LIMIT);
        h.alloc_fail_at = n;
        int rc = format_host_decode(&h, data, sizeof(data) - 1, 0, 10, copy, &c);

        done = h.alloc_count < (size_t)n;
        if (rc || c.rc) {
            assert_int_equal(rc ? rc : c.rc, STREAMD_E_NOMEM);
            assert_true(*h.failure);
        } else {
            assert_string_equal(h.failure, "");
        }
        streamd_buffer_clear(&h.context, &c.out);
        format_host_close(&h);
        assert_true(n < 100);
    }
}

static void judges_paths(void **state)
{
    static const struct {
        const char *path;
        int good;
    } cases[] = {{"$.a", 1},   {"$.a.b.c", 1}, {"$['a b'].c", 1}, {"$[\"x\"]", 1}, {"$.a['b']", 1},
                 {"$", 0},     {"a", 0},       {"$a", 0},         {"$.", 0},       {"$.a.", 0},
                 {"$..a", 0},  {"$[0]", 0},    {"$['a'", 0},      {"$['a'x", 0},   {"", 0},
                 {"$['a]", 0}, {"$.a[*]", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct format_host h;

        format_host_open(&h, json(), NULL, "a:int64", LIMIT);
        h.fields[0].path = cases[i].path;
        assert_int_equal(format_host_check(&h, 0) == 0, cases[i].good);
        assert_int_equal(h.diagnostics, !cases[i].good);
        if (!cases[i].good)
            assert_non_null(strstr(h.diagnostic, "schema.a:3110:"));
        format_host_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_values_of_each_type),
        cmocka_unit_test(refuses_values_of_other_types),
        cmocka_unit_test(looks_for_keys),
        cmocka_unit_test(reads_decimals_that_are_strings),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(refuses_records_that_are_no_object),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(cuts_lines),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(does_not_depend_on_chunks),
        cmocka_unit_test(bounds_the_length_of_records),
        cmocka_unit_test(stops_where_the_host_says_no),
        cmocka_unit_test(writes_each_type),
        cmocka_unit_test(writes_nulls),
        cmocka_unit_test(escapes_what_must_be),
        cmocka_unit_test(writes_selected_rows),
        cmocka_unit_test(survives_each_failed_allocation),
        cmocka_unit_test(judges_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
