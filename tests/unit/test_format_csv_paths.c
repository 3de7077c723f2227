/*
 * The ways through the format csv against each other: a seeded soup of what CSV is made of must
 * come out the same, to the last message, whichever way it goes and however it is cut. The ways are
 * the plugin itself (with AVX2 where the machine has it) and three builds of its source that take
 * one way only. STREAMD_TEST_SEED sets the first seed.
 */
#include "format_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { RECORDS = 500, LIMIT = 300 };

static const char FIELDS[] = "s:string|null n:int64|null f:float64|null d:decimal(12,3)|null "
                             "v:string;skip t:timestamp|null b:bool|null w:string;nulls=none,-1";

struct maker {
    uint64_t state;
    char data[1 << 17];
    size_t length;
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
    assert_true(m->length + length < sizeof(m->data));
    memcpy(m->data + m->length, text, length);
    m->length += length;
}

static void put_text(struct maker *m, const char *text)
{
    put(m, text, strlen(text));
}

#define PICK(m, list) (list)[draw(m, sizeof(list) / sizeof(*(list)))]

static const char *a_value(struct maker *m, int column)
{
    static const char *const strings[] = {"",
                                          "a",
                                          "user",
                                          "K\xC3\xB6ln",
                                          "5\" x",
                                          "x y",
                                          "a\tb",
                                          "a\rb",
                                          "none",
                                          "-1",
                                          "-",
                                          "0123456789abcdef",
                                          "a longer text, of more than thirty-two bytes"};
    static const char *const numbers[] = {"",
                                          "0",
                                          "1",
                                          "-7",
                                          "12.34",
                                          "1e3",
                                          "007",
                                          " 5 ",
                                          "+1",
                                          "99999999999999999999",
                                          "0.12345678",
                                          "1234567890123456",
                                          "12345678901234567",
                                          "9223372036854775807",
                                          "0.1234567891",
                                          "1234567890.5",
                                          "-0",
                                          "-0.0",
                                          "1.",
                                          ".5",
                                          "x",
                                          "999999999.9995",
                                          "1 2",
                                          "NaN",
                                          "-1"};
    static const char *const times[] = {"",
                                        "2025-01-01T00:00:00Z",
                                        "2025-03-01T09:02:11.123Z",
                                        "2025-01-01 00:00:00",
                                        "2025-02-30T00:00:00Z",
                                        "now",
                                        "2025-01-01T00:00:00+02:00",
                                        " 2025-01-01 "};
    static const char *const words[] = {"", "true", "f", "YES", "maybe", "0"};

    switch (column) {
    case 0:
    case 4:
    case 7:
        return PICK(m, strings);
    case 5:
        return PICK(m, times);
    case 6:
        return PICK(m, words);
    default:
        return PICK(m, numbers);
    }
}

static void put_value(struct maker *m, int column)
{
    const char *text = a_value(m, column);

    if (draw(m, 4) == 0 || strchr(text, ',')) {
        put_text(m, "\"");
        for (const char *p = text; *p; p++) {
            put(m, p, 1);
            if (*p == '"')
                put_text(m, "\"");
        }
        put_text(m, "\"");
    } else {
        put_text(m, text);
    }
}

/* Anything. */
static void put_soup(struct maker *m)
{
    static const char *const pieces[] = {
        ",",        "\"",   "\"\"",  "\n", "\r\n", "\r", "x",    "1",
        "\xC3\xA9", "\xFF", "\",\"", ",,", " ",    "\t", "\"\n", "abcdefghijklmnop"};

    for (uint64_t n = draw(m, 12); n; n--) {
        if (draw(m, 60) == 0)
            put(m, "\0", 1);
        else
            put_text(m, PICK(m, pieces));
    }
}

static void make(struct maker *m, uint64_t seed)
{
    m->state = seed * UINT64_C(0x2545F4914F6CDD1D) + 1;
    m->length = 0;
    for (int i = 0; i < RECORDS; i++) {
        int columns = draw(m, 30) ? 8 : (int)draw(m, 10);

        for (int k = 0; k < columns; k++) {
            if (k)
                put_text(m, ",");
            put_value(m, k);
        }
        if (draw(m, 8) == 0)
            put_soup(m);
        put_text(m, draw(m, 10) ? "\n" : "\r\n");
        if (draw(m, 50) == 0)
            put_text(m, "\"\n"); /* should quotes be open, they close here */
    }
    m->length -= draw(m, 3);
}

static char *decode(const struct streamd_format *format, const struct maker *m, size_t step,
                    uint32_t rows)
{
    return format_host_decode_text(format, "header=false", FIELDS, m->data, m->length, step, rows,
                                   LIMIT);
}

static void assert_same(const char *a, const char *b, uint64_t seed, const char *way)
{
    size_t at = 0, line = 0;

    if (strcmp(a, b) == 0)
        return;
    for (; a[at] && a[at] == b[at]; at++)
        line = a[at] == '\n' ? at + 1 : line;
    fail_msg("seed %llu, %s: %.300s\nis not: %.300s", (unsigned long long)seed, way, a + line,
             b + line);
}

static uint64_t first_seed(void)
{
    const char *text = getenv("STREAMD_TEST_SEED");

    return text ? strtoull(text, NULL, 10) : 1;
}

static uint64_t seeds(void)
{
    const char *effort = getenv("STREAMD_TEST_EFFORT");

    return effort && strcmp(effort, "quick") == 0  ? 20
           : effort && strcmp(effort, "full") == 0 ? 5000
                                                   : 200;
}

static void all_ways_give_the_same(void **state)
{
    static const char *const others[] = {"general", "base", "word"};
    static struct maker m;
    const struct streamd_format *csv = format_host_load("csv");
    size_t good = 0, bad = 0;

    (void)state;
    for (uint64_t seed = first_seed(); seed < first_seed() + seeds(); seed++) {
        char *want, *got;

        make(&m, seed);
        want = decode(csv, &m, 0, 2048);
        for (const char *p = want; *p; p = strchr(p, '\n') + 1)
            *(*p == '!' ? &bad : &good) += 1;
        for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
            const char *build = getenv("BUILDDIR");
            char path[4096];

            snprintf(path, sizeof(path), "%s/tests/unit/.libs/csv-%s.so", build ? build : ".",
                     others[i]);
            got = decode(format_host_load(path), &m, 0, (uint32_t)(seed % 100) + 1);
            assert_same(got, want, seed, others[i]);
            free(got);
        }
        got = decode(csv, &m, seed * 37 % 1000 + 1, (uint32_t)(seed % 50) + 1);
        assert_same(got, want, seed, "in chunks");
        free(got);
        free(want);
    }
    assert_true(good > RECORDS * seeds() / 10);
    assert_true(bad > RECORDS * seeds() / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_give_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
