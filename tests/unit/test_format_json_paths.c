/*
 * The ways through the format json against each other, and its grammar against yajl's: seeded
 * records, many of them damaged, must come out the same, to the last message, whichever way they
 * go. The ways are the plugin itself (with AVX2 where the machine has it) and three builds of its
 * source that take one way only. STREAMD_TEST_SEED sets the first seed.
 */
#include "format_host.h"

#include <yajl/yajl_parse.h>

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { RECORDS = 2000, LIMIT = 4000 };

static const char FIELDS[] =
    "s:string|null n:int64 f:float64|null d:decimal(12,3) t:timestamp|null b:bool|null "
    "y:bytes|null j:json|null k:date|null u:timestamp|null;unit=ms p:string|null;path=$.o.p "
    "q:int64|null;path=$.o.q v:int64;skip w:string|null;nulls=-,none x:decimal(38,4)|null";

/* ---- making records ----------------------------------------------------------------------- */

struct maker {
    uint64_t state;
    char *data;
    size_t length, capacity;
};

static uint64_t draw(struct maker *m, uint64_t bound)
{
    uint64_t z = (m->state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % bound;
}

static void put(struct maker *m, const char *text, size_t length)
{
    if (m->capacity - m->length < length + 64) {
        m->capacity = 2 * m->capacity + length + 4096;
        m->data = realloc(m->data, m->capacity);
        assert_non_null(m->data);
    }
    memcpy(m->data + m->length, text, length);
    m->length += length;
}

static void put_text(struct maker *m, const char *text)
{
    put(m, text, strlen(text));
}

static void put_number(struct maker *m, uint64_t value, unsigned digits)
{
    char text[32];

    snprintf(text, sizeof(text), "%0*llu", (int)digits, (unsigned long long)value);
    put_text(m, text);
}

#define PICK(m, list) (list)[draw(m, sizeof(list) / sizeof(*(list)))]

static void put_string(struct maker *m)
{
    static const char *const pieces[] = {"a",
                                         "user",
                                         "0123456789abcdef",
                                         "x y",
                                         "\xC3\xA9",
                                         "\xE6\x9D\x8E",
                                         "-",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\u00e9",
                                         "\\ud83d\\ude00",
                                         "\\/",
                                         "}",
                                         "{\\\"a\\\":1}",
                                         ",",
                                         "\xF0\x9F\x98\x80",
                                         "a longer piece of text that does not fit into one vector",
                                         "\x7F",
                                         ":",
                                         "0",
                                         "none"};
    static const char *const bad[] = {"\\u0000", "\\ud800", "\xFF", "\\x", "\t", "\xC3", "\\u12"};

    put_text(m, "\"");
    for (uint64_t n = draw(m, 4); n; n--)
        put_text(m, PICK(m, pieces));
    if (draw(m, 60) == 0)
        put_text(m, PICK(m, bad));
    put_text(m, "\"");
}

static void put_int(struct maker *m)
{
    static const char *const edges[] = {"0",
                                        "-0",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "1.0",
                                        "1e3",
                                        "01",
                                        "99999999999999999999",
                                        "1234567890123456",
                                        "12345678901234567",
                                        "-",
                                        "+1",
                                        "12345678",
                                        "18446744073709551616",
                                        "1234567890123456.5",
                                        "100000000000000000000000000"};

    if (draw(m, 12) == 0) {
        put_text(m, PICK(m, edges));
        return;
    }
    if (draw(m, 4) == 0)
        put_text(m, "-");
    put_number(m, draw(m, UINT64_C(1) << draw(m, 63)), 1);
}

static void put_real(struct maker *m)
{
    static const char *const edges[] = {"1e400",
                                        "-1e400",
                                        "5e-324",
                                        "1e-400",
                                        "0.1",
                                        "-0.0",
                                        "0.30000000000000004",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "1.7976931348623157e308",
                                        "123456789012345.6",
                                        "1234567890123456.7",
                                        "0.000000000000001",
                                        "9007199254740993",
                                        "9007199254740993.0",
                                        "0.12345678",
                                        "0.123456789",
                                        "12345678.12345678",
                                        "123456789.12345678",
                                        "\"NaN\"",
                                        "\"Infinity\"",
                                        "\"nan\"",
                                        "999999999.999",
                                        "999999999.9995",
                                        "1000000000",
                                        "1E5",
                                        "12e-1",
                                        "00.5",
                                        "0.0005",
                                        "0.00049999"};

    if (draw(m, 8) == 0) {
        put_text(m, PICK(m, edges));
        return;
    }
    if (draw(m, 4) == 0)
        put_text(m, "-");
    put_number(m, draw(m, UINT64_C(1) << draw(m, 34)), 1);
    if (draw(m, 4)) {
        unsigned digits = (unsigned)draw(m, 7) + 1;

        put_text(m, ".");
        put_number(m, draw(m, 10000000) % (digits < 7 ? 1000 : 10000000), digits < 3 ? 3 : digits);
    }
}

static void put_time(struct maker *m)
{
    static const char *const edges[] = {"\"2025-02-29T00:00:00Z\"",
                                        "\"2024-02-29T23:59:60Z\"",
                                        "\"2025-01-01T24:00:00Z\"",
                                        "\"2025-01-01\"",
                                        "\"2025-01-01T00:00:00+02:00\"",
                                        "\"2025-01-01T00:00:00.1234567Z\"",
                                        "\"2025-01-01 00:00:00.5\"",
                                        "\"now\"",
                                        "\"\"",
                                        "\"2025-01-01T00:00:00.123456Z\"",
                                        "1735689600",
                                        "\"2025-01-01T00:00:00\\u005a\"",
                                        "\"2025-01-01T00:00:0xZ\"",
                                        "\"0044-03-15 BC\""};
    char text[64];

    if (draw(m, 8) == 0) {
        put_text(m, PICK(m, edges));
        return;
    }
    snprintf(text, sizeof(text), "\"20%02u-%02u-%02uT%02u:%02u:%02u%sZ\"", (unsigned)draw(m, 40),
             (unsigned)draw(m, 12) + 1, (unsigned)draw(m, 28) + 1, (unsigned)draw(m, 24),
             (unsigned)draw(m, 60), (unsigned)draw(m, 60), draw(m, 2) ? ".250" : "");
    put_text(m, text);
}

static void put_nested(struct maker *m)
{
    static const char *const values[] = {"{}",
                                         "[]",
                                         "[1,2,{\"a\":[null,true]}]",
                                         "{\"s\":{\"n\":\"\\\"}\"}}",
                                         "[[[[]]]]",
                                         "1",
                                         "true",
                                         "[1,]",
                                         "{\"a\" : 1 , \"b\":[ ] }",
                                         "\"\\ud800\"",
                                         "{\"p\":1}",
                                         "[\"\xC3\xA9\"]",
                                         "{\"a\":}"};

    put_text(m, PICK(m, values));
}

static void put_value(struct maker *m, char field)
{
    static const char *const words[] = {"true", "false", "null", "nul", "1", "\"x\"", "[]", "{}"};

    if (draw(m, 40) == 0) {
        put_text(m, PICK(m, words));
        return;
    }
    switch (field) {
    case 's':
    case 'w':
        put_string(m);
        break;
    case 'n':
    case 'v':
        put_int(m);
        break;
    case 'f':
    case 'd':
    case 'x':
        put_real(m);
        break;
    case 't':
        put_time(m);
        break;
    case 'b':
        put_text(m, draw(m, 2) ? "true" : "false");
        break;
    case 'y':
        put_text(m, draw(m, 9) ? "\"AAECgP8=\"" : "\"AAECgP8\"");
        break;
    case 'k':
        put_text(m, draw(m, 9) ? "\"2025-03-01\"" : "\"2025-3-41\"");
        break;
    case 'u':
        put_number(m, draw(m, UINT64_C(1) << 42), 1);
        break;
    case 'o':
        if (draw(m, 6) == 0) {
            put_nested(m);
            break;
        }
        put_text(m, "{\"p\":");
        put_string(m);
        put_text(m, draw(m, 3) ? ",\"q\":" : ",\"r\":");
        put_int(m);
        put_text(m, "}");
        break;
    default:
        put_nested(m);
    }
}

/* One record in one of a few layouts, so that some are learned and some never fit. */
static void put_record(struct maker *m)
{
    static const char *const layouts[] = {"snfdtbyjkuovwx", "no",  "dnsx", "tsnd", "ondz",
                                          "snfdzn",         "wdn", "xdnu", "vndv", "kndyj"};
    const char *layout = PICK(m, layouts);
    int blanks = draw(m, 5) == 0;

    put_text(m, "{");
    for (const char *f = layout; *f; f++) {
        if (f > layout)
            put_text(m, blanks ? ", " : ",");
        put_text(m, "\"");
        if (draw(m, 200) == 0)
            put_text(m, "\\u006e");
        else
            put(m, f, 1);
        put_text(m, blanks ? "\": " : "\":");
        put_value(m, *f);
    }
    put_text(m, "}");
}

/* Damages the bytes from `start` on. */
static void damage(struct maker *m, size_t start)
{
    static const char bytes[] = "\"\\{}[],:0123456789.-+eEtfnu \t\r\x01\x80\xC3\xFFz";
    size_t at = start + draw(m, m->length - start);
    char byte = bytes[draw(m, sizeof(bytes) - 1)];

    switch (draw(m, 4)) {
    case 0:
        m->data[at] = byte;
        break;
    case 1:
        memmove(m->data + at, m->data + at + 1, m->length - at - 1);
        m->length--;
        break;
    case 2:
        put_text(m, " ");
        memmove(m->data + at + 1, m->data + at, m->length - at - 1);
        m->data[at] = byte;
        break;
    default:
        m->length = at;
    }
}

static void make(struct maker *m, uint64_t seed)
{
    m->state = seed * UINT64_C(0x2545F4914F6CDD1D) + 1;
    m->length = 0;
    for (int i = 0; i < RECORDS; i++) {
        size_t start = m->length;

        put_record(m);
        while (draw(m, 6) == 0 && m->length > start)
            damage(m, start);
        put_text(m, draw(m, 10) ? "\n" : "\r\n");
    }
}

/* ---- judging ------------------------------------------------------------------------------ */

static char *decode(const struct streamd_format *format, const struct maker *m, size_t step,
                    uint32_t rows)
{
    return format_host_decode_text(format, NULL, FIELDS, m->data, m->length, step, rows, LIMIT);
}

static void assert_same(const char *a, const char *b, uint64_t seed)
{
    size_t at = 0, line = 0;

    if (strcmp(a, b) == 0)
        return;
    for (; a[at] && a[at] == b[at]; at++)
        line = a[at] == '\n' ? at + 1 : line;
    fail_msg("seed %llu: %.400s\nis not: %.400s", (unsigned long long)seed, a + line, b + line);
}

static uint64_t first_seed(void)
{
    const char *text = getenv("STREAMD_TEST_SEED");

    return text ? strtoull(text, NULL, 10) : 1;
}

static uint64_t seeds(uint64_t quick, uint64_t normal, uint64_t full)
{
    const char *effort = getenv("STREAMD_TEST_EFFORT");

    return effort && strcmp(effort, "quick") == 0  ? quick
           : effort && strcmp(effort, "full") == 0 ? full
                                                   : normal;
}

static void all_ways_give_the_same(void **state)
{
    static const char *const others[] = {"general", "base", "word"};
    const struct streamd_format *json = format_host_load("json");
    struct maker m = {0, NULL, 0, 0};
    size_t rows = 0;

    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + seeds(10, 50, 1000); seed++) {
        make(&m, seed);
        char *want = decode(json, &m, 0, 2048);

        for (const char *p = want; *p && *p != '!'; p = strchr(p, '\n') + 1)
            rows++;
        for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
            char path[4096];
            const char *build = getenv("BUILDDIR");

            snprintf(path, sizeof(path), "%s/tests/unit/.libs/json-%s.so", build ? build : ".",
                     others[i]);
            char *got =
                decode(format_host_load(path), &m, 1000 * seed % 5000, (uint32_t)(seed % 100) + 1);

            assert_same(got, want, seed);
            free(got);
        }
        free(want);
    }
    free(m.data);
    assert_true(rows > RECORDS * seeds(10, 50, 1000) / 3);
}

static int is_utf8(const char *text, size_t length)
{
    iconv_t converter = iconv_open("UTF-32LE", "UTF-8");
    char *in = (char *)(uintptr_t)text, out[64];
    int good = 1;

    assert_true(converter != (iconv_t)-1);
    while (good && length) {
        char *at = out;
        size_t room = sizeof(out), before = length;

        iconv(converter, &in, &length, &at, &room);
        good = length < before;
    }
    iconv_close(converter);
    return good;
}

static int is_json_object(const char *text, size_t length)
{
    yajl_handle parser;
    int good;

    while (length && (*text == ' ' || *text == '\t' || *text == '\r')) {
        text++;
        length--;
    }
    if (length == 0 || *text != '{')
        return 0;
    parser = yajl_alloc(NULL, NULL, NULL);
    assert_non_null(parser);
    good = yajl_parse(parser, (const unsigned char *)text, length) == yajl_status_ok &&
           yajl_complete_parse(parser) == yajl_status_ok;
    yajl_free(parser);
    return good;
}

static void drop(void *owner, struct streamd_batch *batch)
{
    (void)owner;
    batch_release(batch);
}

/* With no field to read, only the grammar and UTF-8 decide. */
static void grammar_is_that_of_yajl(void **state)
{
    const struct streamd_format *json = format_host_load("json");
    struct maker m = {0, NULL, 0, 0};

    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + seeds(5, 50, 1000); seed++) {
        struct format_host h;
        size_t reject = 0, next;

        make(&m, seed);
        format_host_open(&h, json, NULL, "", LIMIT);
        assert_int_equal(format_host_decode(&h, m.data, m.length, 0, 2048, drop, NULL), 0);
        for (size_t at = 0; at < m.length; at = next) {
            char *newline = memchr(m.data + at, '\n', m.length - at);
            size_t length = (size_t)(newline - (m.data + at));
            int bad = reject < h.reject_count && h.rejects[reject].position == at;

            next = at + length + 1;
            reject += (size_t)bad;
            if (strspn(m.data + at, " \t\r") >= length)
                continue;
            if (bad == (is_json_object(m.data + at, length) && is_utf8(m.data + at, length)))
                fail_msg("seed %llu: %s: %.*s", (unsigned long long)seed,
                         bad ? h.rejects[reject - 1].message : "accepted", (int)length,
                         m.data + at);
        }
        assert_int_equal(reject, h.reject_count);
        format_host_close(&h);
    }
    free(m.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_give_the_same),
        cmocka_unit_test(grammar_is_that_of_yajl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
