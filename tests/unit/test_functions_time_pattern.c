/*
 * Template patterns against time-pattern-cases.tsv, which PostgreSQL 15 answered, and what is
 * stricter for the pattern of a time field.
 */
#include "tests/unit/cases.h"

#include "base/arena.h"
#include "expr/functions/time_pattern.h"

#include <inttypes.h>

static struct time_pattern *build(struct arena *a, const char *text, size_t length)
{
    struct time_pattern *p;
    struct streamd_error error;
    assert_int_equal(time_pattern_build(a, text, length, &p, &error), 0);
    return p;
}

static void check_case(const struct cases_row *row, void *self)
{
    struct arena *a = self;
    char got[400], message[100];
    struct time_pattern *p = build(a, row->column[1], row->length[1]);
    if (strcmp(row->column[0], "to_char") == 0) {
        size_t room = time_pattern_room(p);
        char *out = arena_alloc(a, room);
        assert_non_null(out);
        size_t n = time_pattern_print(p, strtoll(row->column[2], NULL, 10), out);
        assert_true(n <= room);
        if (n != row->length[3] || memcmp(out, row->column[3], n) != 0)
            fail_msg("%s\n  got %.*s", row->line, (int)n, out);
    } else {
        int64_t v = 0;
        char *text = malloc(row->length[2]); /* so that a sanitizer sees a byte read behind it */
        assert_non_null(text);
        memcpy(text, row->column[2], row->length[2]);
        int rc = time_pattern_read(p, strcmp(row->column[0], "to_date") == 0, text, row->length[2],
                                   &v, message, sizeof message);
        free(text);
        snprintf(got, sizeof got, "%" PRId64, v);
        if (strcmp(row->column[3], rc ? "error" : got) != 0)
            fail_msg("%s\n  got %s", row->line, rc ? message : got);
    }
    arena_reset(a);
}

static void patterns_do_what_postgresql_does(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_true(cases_run("time-pattern-cases.tsv", check_case, &a) > 2000);
    arena_clear(&a);
}

/* -1: refused; else what time_pattern_parse answers. */
static int field(const char *pattern, int is_date, const char *text, int64_t *value, size_t *at)
{
    struct arena a = {0};
    struct time_pattern *p;
    struct streamd_error error;
    int rc = time_pattern_compile(&a, pattern, strlen(pattern), is_date, &p, at, &error);
    if (!rc)
        rc = time_pattern_parse(p, text, strlen(text), value);
    else
        rc = -1;
    arena_clear(&a);
    return rc;
}

static void a_field_is_read(void **state)
{
    (void)state;
    const char *log = "DD/Mon/YYYY:HH24:MI:SS TZHTZM";
    int64_t v = 0;
    size_t at;
    assert_int_equal(field(log, 0, "17/May/2015:10:05:03 +0000", &v, &at), 0);
    assert_int_equal(v, 1431857103000000);
    assert_int_equal(field(log, 0, "17/May/2015:10:05:03 -0730", &v, &at), 0);
    assert_int_equal(v, 1431884103000000);
    assert_int_equal(field(log, 0, "7/may/2015:10:05:03 +0000", &v, &at), 0); /* by the nodes */
    assert_int_equal(v, 1430993103000000);
    assert_int_equal(field("YYYY-MM-DD", 1, "1969-12-31", &v, &at), 0);
    assert_int_equal(v, -1);
    assert_int_equal(field("YYYY-MM-DD ", 1, "1970-01-03  ", &v, &at), 0);
    assert_int_equal(v, 2);
}

/* SQL takes a text that ends early or goes on; a field does not. */
static void a_field_is_read_whole(void **state)
{
    (void)state;
    int64_t v = 77;
    size_t at;
    static const char *const bad[][2] = {
        {"YYYY-MM-DD", "2015"},         {"YYYY-MM-DD", "2015-05-17x"}, {"YYYY-MM-DD", ""},
        {"YYYY-MM-DD", "2015-05-17 1"}, {"YYYY-MM-DD", "2015-02-30"},  {"YYYY-MM-DD", "x"},
        {"YYYY Mon", "2015 Maj"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(field(bad[i][0], 1, bad[i][1], &v, &at) > 0);
    assert_int_equal(v, 77);
}

static void patterns_that_tell_no_time_are_refused(void **state)
{
    (void)state;
    int64_t v;
    size_t at = 99;
    assert_int_equal(field("YYYY-MM-DD HH24:MI TZ", 0, "", &v, &at), -1);
    assert_int_equal(at, 19);
    assert_int_equal(field("HH24:MI", 0, "", &v, &at), -1);
    assert_int_equal(at, 0);
    assert_int_equal(field("YYYY-MM-DDTHH24:MI:SS", 0, "", &v, &at), -1);
    assert_int_equal(at, 10);
    assert_int_equal(field("YYYY-MM-DD\"T\"HH24:MI:SS", 0, "2015-05-17T10:05:03", &v, &at), 0);
    assert_int_equal(v, 1431857103000000);
}

static void a_pattern_has_a_limit(void **state)
{
    (void)state;
    struct arena a = {0};
    struct time_pattern *p;
    struct streamd_error error;
    char text[TIME_PATTERN_MAX + 1];
    memset(text, 'Y', sizeof text);
    assert_int_equal(time_pattern_build(&a, text, TIME_PATTERN_MAX, &p, &error), 0);
    assert_int_equal(time_pattern_build(&a, text, sizeof text, &p, &error), STREAMD_E_LIMIT);
    arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_do_what_postgresql_does),
        cmocka_unit_test(a_field_is_read),
        cmocka_unit_test(a_field_is_read_whole),
        cmocka_unit_test(patterns_that_tell_no_time_are_refused),
        cmocka_unit_test(a_pattern_has_a_limit),
    };
    return cmocka_run_group_tests_name("functions_time_pattern", tests, NULL, NULL);
}
