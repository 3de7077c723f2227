/*
 * Text forms of all types, streamd/convert.h, against convert-cases.tsv, which Python computed.
 * Every input lies once right before and once right behind a page that cannot be read, so that
 * a byte read beside it ends the test.
 */
#include "tests/unit/cases.h"

#include <streamd/convert.h>

#include <inttypes.h>
#include <locale.h>
#include <sys/mman.h>
#include <unistd.h>

struct fixture {
    char *low, *high; /* a readable page between two that are not: its start, its end */
};

/* Bytes or text as hexadecimal or decimal digits, "error N" where rc is not 0. */
static void describe(char *out, size_t size, int rc, const char *value)
{
    if (rc)
        snprintf(out, size, "error %d", rc);
    else
        snprintf(out, size, "%s", value);
}

/* Parses [p, p + n) as the operation says. */
static int parse(const char *op, char *const *column, const char *p, size_t n, char *got)
{
    int rc;
    size_t length = 0;
    *got = 0;
    if (strcmp(op, "read_float") == 0) {
        double v = 0;
        rc = streamd_float64_parse(p, n, &v);
        sprintf(got, "%016" PRIx64, streamd_float64_bits(v));
    } else if (strcmp(op, "read_int") == 0) {
        int64_t v = 0;
        rc = streamd_int64_parse(p, n, &v);
        sprintf(got, "%" PRId64, v);
    } else if (strcmp(op, "read_decimal") == 0) {
        streamd_int128 v = 0;
        rc = streamd_decimal_parse(p, n, (unsigned)atoi(column[1]), (unsigned)atoi(column[2]), &v);
        got[streamd_decimal_print(v, 0, got)] = 0;
    } else if (strcmp(op, "read_timestamp") == 0) {
        int64_t v = 0;
        rc = streamd_timestamp_parse(p, n, &v);
        sprintf(got, "%" PRId64, v);
    } else if (strcmp(op, "read_date") == 0) {
        int32_t v = 0;
        rc = streamd_date_parse(p, n, &v);
        sprintf(got, "%" PRId32, v);
    } else {
        char bytes[256];
        assert_true(n <= sizeof bytes);
        rc = strcmp(op, "read_hex") == 0 ? streamd_hex_decode(p, n, bytes, &length)
                                         : streamd_base64_decode(p, n, bytes, &length);
        got[streamd_hex_encode(bytes, length, got)] = 0;
    }
    return rc;
}

static void check_parse(struct fixture *f, const struct cases_row *row)
{
    char value[600], got[600];
    const char *text = row->column[row->columns - 2], *want = row->column[row->columns - 1];
    size_t n = row->length[row->columns - 2];
    f->high[-1] = f->low[0] = '1';
    memcpy(f->high - n, text, n);
    int rc = parse(row->column[0], row->column, f->high - n, n, value);
    describe(got, sizeof got, rc, value);
    if (strcmp(got, want) != 0)
        fail_msg("%s\n  got %s", row->line, got);
    memcpy(f->low, text, n);
    rc = parse(row->column[0], row->column, f->low, n, value);
    describe(got, sizeof got, rc, value);
    if (strcmp(got, want) != 0)
        fail_msg("%s\n  got %s where other bytes follow", row->line, got);
}

static streamd_int128 decimal_of(const char *text)
{
    streamd_uint128 v = 0;
    for (const char *p = text + (*text == '-'); *p; p++)
        v = v * 10 + (unsigned)(*p - '0');
    return (streamd_int128)(*text == '-' ? 0 - v : v);
}

/* Everything that is not reading a text. */
static size_t print(char *const *c, char *out)
{
    const char *op = c[0];
    char bytes[256];
    size_t length = 0;
    if (strcmp(op, "float") == 0)
        return streamd_float64_print(streamd_float64_from_bits(strtoull(c[1], NULL, 16)), out);
    if (strcmp(op, "int") == 0)
        return streamd_int64_print(strtoll(c[1], NULL, 10), out);
    if (strcmp(op, "decimal") == 0)
        return streamd_decimal_print(decimal_of(c[1]), (unsigned)atoi(c[2]), out);
    if (strcmp(op, "timestamp") == 0)
        return streamd_timestamp_print(strtoll(c[1], NULL, 10), out);
    if (strcmp(op, "timestamp_sql") == 0)
        return streamd_timestamp_print_sql(strtoll(c[1], NULL, 10), out);
    if (strcmp(op, "date") == 0)
        return streamd_date_print(strtoll(c[1], NULL, 10), out);
    if (strcmp(op, "date_sql") == 0)
        return streamd_date_print_sql(strtoll(c[1], NULL, 10), out);
    if (strcmp(op, "days") == 0)
        return streamd_int64_print(streamd_days_from_civil(strtoll(c[1], NULL, 10),
                                                           (uint32_t)atoi(c[2]),
                                                           (uint32_t)atoi(c[3])),
                                   out);
    if (strcmp(op, "rescale") == 0) {
        streamd_int128 v = 0;
        int rc = streamd_decimal_rescale(decimal_of(c[1]), (unsigned)atoi(c[2]),
                                         (unsigned)atoi(c[3]), (unsigned)atoi(c[4]), &v);
        return rc ? (size_t)sprintf(out, "error %d", rc) : streamd_decimal_print(v, 0, out);
    }
    if (strcmp(op, "power") == 0) {
        uint64_t high, low;
        streamd_power_of_ten(atoi(c[1]), &high, &low);
        return (size_t)sprintf(out, "%016" PRIx64 "%016" PRIx64, high, low);
    }
    assert_string_equal(op, "base64");
    assert_int_equal(streamd_hex_decode(c[1], strlen(c[1]), bytes, &length), 0);
    size_t n = streamd_base64_encode(bytes, length, out);
    assert_int_equal(n, streamd_base64_length(length));
    return n;
}

static size_t room_of(const char *op)
{
    if (strcmp(op, "float") == 0)
        return STREAMD_FLOAT64_TEXT;
    if (strcmp(op, "int") == 0)
        return STREAMD_INT64_TEXT;
    if (strcmp(op, "decimal") == 0)
        return STREAMD_DECIMAL_TEXT;
    if (strncmp(op, "timestamp", 9) == 0)
        return STREAMD_TIMESTAMP_TEXT;
    return strncmp(op, "date", 4) == 0 ? STREAMD_DATE_TEXT : 200;
}

static void check_print(struct fixture *f, const struct cases_row *row)
{
    char *out = f->high - room_of(row->column[0]); /* writing behind the room ends the test */
    size_t n = print(row->column, out);
    const char *want = row->column[row->columns - 1];
    if (n != strlen(want) || memcmp(out, want, n) != 0)
        fail_msg("%s\n  got %.*s", row->line, (int)n, out);
}

static void check_case(const struct cases_row *row, void *self)
{
    if (strncmp(row->column[0], "read_", 5) == 0)
        check_parse(self, row);
    else
        check_print(self, row);
}

static void run_cases(void **state)
{
    assert_true(cases_run("convert-cases.tsv", check_case, *state) > 4000);
}

/* A daemon that has called setlocale reads and prints the same. */
static void run_cases_with_comma(void **state)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        skip();
    run_cases(state);
    setlocale(LC_ALL, "C");
}

static void trim_takes_blanks_off(void **state)
{
    (void)state;
    const char *p = " \t\n1 2\r\f\v ";
    size_t n = strlen(p);
    streamd_trim(&p, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(p, "1 2", 3);
    p = "   ";
    n = 3;
    streamd_trim(&p, &n);
    assert_int_equal(n, 0);
}

/* Each day for 12,000 years is the day after the one before. */
static void days_follow_each_other(void **state)
{
    (void)state;
    struct streamd_civil before = streamd_civil_from_days(-800000);
    for (int64_t day = -799999; day < 3600000; day++) {
        struct streamd_civil c = streamd_civil_from_days(day);
        assert_int_equal(streamd_days_from_civil(c.year, c.month, c.day), day);
        uint32_t last = streamd_days_in_month(before.year, before.month);
        if (c.day == 1) {
            assert_int_equal(before.day, last);
            assert_int_equal(c.month, before.month % 12 + 1);
            assert_int_equal(c.year, before.year + (c.month == 1));
        } else {
            assert_int_equal(c.day, before.day + 1);
            assert_int_equal(c.month, before.month);
        }
        before = c;
    }
}

/* Random values come back from their text. */
static void texts_come_back(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252u;
    char text[64];
    for (int i = 0; i < 300000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v = streamd_float64_from_bits(x), back = 0;
        size_t n = streamd_float64_print(v, text);
        assert_int_equal(streamd_float64_parse(text, n, &back), 0);
        assert_true(v != v || streamd_float64_bits(back) == x);
        int64_t us = 0, time = (int64_t)x >> 1;
        if (time < STREAMD_TIMESTAMP_MIN)
            continue;
        n = streamd_timestamp_print(time, text);
        assert_int_equal(streamd_timestamp_parse(text, n, &us), 0);
        assert_int_equal(us, time);
    }
}

static int setup(void **state)
{
    static struct fixture f;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p, page, PROT_NONE) || mprotect(p + 2 * page, page, PROT_NONE))
        return -1;
    f.low = p + page;
    f.high = p + 2 * page;
    *state = &f;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_cases),
        cmocka_unit_test(run_cases_with_comma),
        cmocka_unit_test(trim_takes_blanks_off),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(texts_come_back),
    };
    return cmocka_run_group_tests_name("convert", tests, setup, NULL);
}
