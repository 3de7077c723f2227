/*
 * The sources `generator` and `nexmark`: what they make, and that neither batches nor splits nor a
 * restart change it. What is random is checked in tests/e2e/generator.py.
 */
#include "io_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plugins/sources/generator/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- generator ---------------------------------------------------------------------------- */

/* A field as a user would write it; the members that are not 0 count as given. */
struct field {
    const char *name;
    struct field_options o;
};

#define SEQUENCE(start, step) .sequence = {start, step}, .has_sequence = 1
#define UNIFORM(min, max) .uniform = {min, max}, .has_uniform = 1
#define CHOICE(list) .choice = list, .has_choice = 1

/* Every way of making values, and NULLs. */
static const struct field everything[] = {
    {"a", {.type = "int64", UNIFORM("-5", "5")}},
    {"b", {.type = "float64|null", UNIFORM("0", "1"), .nulls = 0.3}},
    {"c", {.type = "string", CHOICE("[\"x\", \"yy\", zzz]")}},
    {"d", {.type = "string", .zipf = {100, 1.2}, .has_zipf = 1, .prefix = "user-"}},
    {"e", {.type = "bool", .probability = 0.25, .has_probability = 1}},
    {"f", {.type = "string", .letters = {0, 30}, .has_letters = 1}},
    {"g", {.type = "decimal(10,2)", UNIFORM("0.00", "99.99")}},
    {"h",
     {.type = "timestamp",
      SEQUENCE("\"2025-01-01T00:00:00Z\"", "\"10ms\""),
      .out_of_orderness = 5000000}},
    {"i", {.type = "date|null", UNIFORM("2025-01-01", "2025-12-31"), .nulls = 0.01}},
};

static struct io_host *generator(const struct field *fields, uint32_t count, int64_t rows)
{
    struct io_host *io = io_new("source-generator");
    struct generator_options *o = io_options(io);
    static const char *names[16];
    static struct field_options items[16];

    for (uint32_t i = 0; i < count; i++) {
        names[i] = fields[i].name;
        items[i] = fields[i].o;
    }
    o->rows = rows;
    o->seed = 42;
    o->splits = 1;
    o->fields = (struct streamd_map){count, sizeof(items[0]), names, items};
    return io;
}

/* All rows of all splits, one split after the other. */
static char *rows_of(struct io_host *io)
{
    struct {
        char *data;
        size_t length;
    } all = {strdup(""), 0};
    char ids[256], *rest = ids, *id;

    assert_int_equal(io_open(io), 0);
    snprintf(ids, sizeof(ids), "%s", io_list(io));
    while ((id = strsep(&rest, "\n")) != NULL && *id) {
        struct io_split *s = io_open_split(io, id, NULL);
        const char *lines;

        assert_int_equal(io_run(io, s), STREAMD_FINISHED);
        lines = io_rows(io);
        all.data = realloc(all.data, all.length + strlen(lines) + 1);
        strcpy(all.data + all.length, lines);
        all.length += strlen(lines);
        io_close_split(io, s);
    }
    return all.data;
}

static void makes_sequences(void **state)
{
    static const struct field fields[] = {
        {"a", {.type = "int64", SEQUENCE("10", "-3")}},
        {"b", {.type = "timestamp", SEQUENCE("\"1970-01-01T00:00:01.5Z\"", "\"250ms\"")}},
        {"c", {.type = "date", SEQUENCE("\"1970-01-03\"", "\"7d\"")}},
        {"d", {.type = "decimal(5,2)", SEQUENCE("1.5", "\"0.25\"")}},
        {"e", {.type = "string", SEQUENCE(NULL, NULL), .prefix = "id-"}},
        {"f", {.type = "float64", SEQUENCE("0.5", "0.25")}},
        {"g", {.type = "string", SEQUENCE("-1", "1")}},
    };
    struct io_host *io = generator(fields, 7, 3);
    char *rows;

    (void)state;
    assert_int_equal(io_bind(io), 0);
    rows = rows_of(io);
    assert_string_equal(rows, "+ 10 | 1.5 | 2 | 1.50 | id-0 | 0.5 | -1\n"
                              "+ 7 | 1.75 | 9 | 1.75 | id-1 | 0.75 | 0\n"
                              "+ 4 | 2 | 16 | 2.00 | id-2 | 1 | 1\n");
    free(rows);
    io_free(io);
}

static void batches_do_not_change_the_rows(void **state)
{
    char *want = NULL;

    (void)state;
    for (uint32_t size = 1; size < 3000; size = size * 5 + 2) {
        struct io_host *io = generator(everything, 9, 500);
        char *rows;

        io_batch_rows(io, size);
        assert_int_equal(io_bind(io), 0);
        rows = rows_of(io);
        if (want)
            assert_string_equal(rows, want);
        free(want);
        want = rows;
        io_free(io);
    }
    free(want);
}

/* Row n of the whole is in split n mod splits. */
static void splits_do_not_change_the_rows(void **state)
{
    struct io_host *io = generator(everything, 9, 100);
    struct generator_options *o = io_options(io);
    char *want, *rows, *lines[100], *rest;
    size_t line = 0;

    (void)state;
    assert_int_equal(io_bind(io), 0);
    want = rows_of(io);
    io_free(io);
    rest = want;
    for (int i = 0; i < 100; i++)
        lines[i] = strsep(&rest, "\n");

    io = generator(everything, 9, 100);
    o = io_options(io);
    o->splits = 7;
    assert_int_equal(io_bind(io), 0);
    rows = rows_of(io);
    rest = rows;
    for (int split = 0; split < 7; split++) {
        for (int n = split; n < 100; n += 7, line++)
            assert_string_equal(strsep(&rest, "\n"), lines[n]);
    }
    assert_int_equal(line, 100);
    free(rows);
    free(want);
    io_free(io);
}

static void goes_on_at_a_position(void **state)
{
    struct io_host *io = generator(everything, 9, 100);
    char *want, position[STREAMD_POSITION_BYTES];
    struct io_split *s;
    size_t seen;

    (void)state;
    io_batch_rows(io, 30);
    assert_int_equal(io_bind(io), 0);
    want = rows_of(io);
    s = io_open_split(io, "0", NULL);
    assert_int_equal(io_next(io, s), STREAMD_OK);
    assert_int_equal(io_next(io, s), STREAMD_OK);
    seen = strlen(io_rows(io));
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    assert_string_equal(position, "60");
    io_close_split(io, s);
    s = io_open_split(io, "0", position);
    assert_int_equal(io_run(io, s), STREAMD_FINISHED);
    assert_string_equal(io_rows(io), want + seen);
    io_close_split(io, s);
    assert_null(io_open_split(io, "0", "101"));
    assert_null(io_open_split(io, "0", "x"));
    free(want);
    io_free(io);
}

static void keeps_its_rate(void **state)
{
    static const struct field fields[] = {{"a", {.type = "int64", SEQUENCE("0", "1")}}};
    struct io_host *io = generator(fields, 1, 0);
    struct generator_options *o = io_options(io);
    struct io_split *s;

    (void)state;
    o->rate = 10;
    assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    s = io_open_split(io, "0", NULL);
    io_clock(io, 1000000000);
    assert_int_equal(io_run(io, s), STREAMD_BLOCKED);
    assert_string_equal(io_rows(io), "");
    assert_in_range(io_until(io), 1000100000, 1000101000);
    io_clock(io, 1000100000);
    assert_int_equal(io_run(io, s), STREAMD_BLOCKED);
    assert_string_equal(io_rows(io), "+ 0\n");
    io_clock(io, 1000350000);
    assert_int_equal(io_run(io, s), STREAMD_BLOCKED);
    assert_string_equal(io_rows(io), "+ 1\n+ 2\n");
    io_close_split(io, s);
    io_free(io);
}

static void says_what_is_wrong_with_a_field(void **state)
{
    static const struct {
        struct field field;
        const char *at;
    } cases[] = {
        {{"a", {SEQUENCE("0", "1")}}, "'fields.a'"},
        {{"a", {.type = "int", SEQUENCE("0", "1")}}, "'fields.a.type'"},
        {{"a", {.type = "decimal(40,2)", SEQUENCE("0", "1")}}, "'fields.a.type'"},
        {{"a", {.type = "int64|nil", SEQUENCE("0", "1")}}, "'fields.a.type'"},
        {{"a", {.type = "int64"}}, "'fields.a'"},
        {{"a", {.type = "int64", SEQUENCE("0", "1"), UNIFORM("0", "1")}}, "'fields.a'"},
        {{"a", {.type = "int64", SEQUENCE("zero", "1")}}, "'fields.a.sequence.start'"},
        {{"a", {.type = "timestamp", SEQUENCE("2025-01-01", "5")}}, "'fields.a.sequence.step'"},
        {{"a", {.type = "date", SEQUENCE("2025-01-01", "\"12h\"")}}, "'fields.a.sequence.step'"},
        {{"a", {.type = "int64", SEQUENCE("0", "999999999999999999")}}, "'fields.a.sequence'"},
        {{"a", {.type = "bool", SEQUENCE("0", "1")}}, "'fields.a.sequence'"},
        {{"a", {.type = "int64", UNIFORM("2", "1")}}, "'fields.a.uniform'"},
        {{"a", {.type = "decimal(3,1)", UNIFORM("0", "100")}}, "'fields.a.uniform'"},
        {{"a", {.type = "decimal(3,1)", UNIFORM("0", "1.25")}}, "'fields.a.uniform.max'"},
        {{"a", {.type = "int64", CHOICE("[]")}}, "'fields.a.choice'"},
        {{"a", {.type = "int64", CHOICE("7")}}, "'fields.a.choice'"},
        {{"a", {.type = "int64", CHOICE("[1, two]")}}, "'fields.a.choice'"},
        {{"a", {.type = "int64", .probability = 0.5, .has_probability = 1}},
         "'fields.a.probability'"},
        {{"a", {.type = "bool", .probability = 1.5, .has_probability = 1}},
         "'fields.a.probability'"},
        {{"a", {.type = "int64", SEQUENCE("0", "1"), .nulls = 0.5}}, "'fields.a.nulls'"},
        {{"a", {.type = "int64", SEQUENCE("0", "1"), .prefix = "x"}}, "'fields.a.prefix'"},
        {{"a", {.type = "int64", SEQUENCE("0", "1"), .out_of_orderness = 1}},
         "'fields.a.out_of_orderness'"},
        {{"a", {.type = "float64", .zipf = {10, 1}, .has_zipf = 1}}, "'fields.a.zipf'"},
        {{"a", {.type = "int64", .zipf = {10, 0}, .has_zipf = 1}}, "'fields.a.zipf.exponent'"},
        {{"a", {.type = "string", .letters = {5, 4}, .has_letters = 1}}, "'fields.a.letters'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct io_host *io = generator(&cases[i].field, 1, 100);

        assert_int_equal(io_bind(io), STREAMD_E_REPORTED);
        assert_memory_equal(io_message(io), "SD2151 at ", 10);
        if (strncmp(io_message(io) + 10, cases[i].at, strlen(cases[i].at)) != 0)
            assert_string_equal(io_message(io), cases[i].at);
        io_free(io);
    }
}

/* ---- nexmark ------------------------------------------------------------------------------ */

static struct io_host *nexmark(int64_t kind, int64_t splits)
{
    struct io_host *io = io_new("source-nexmark");

    io_set_number(io, "events", 120);
    io_set_number(io, "seed", 1);
    io_set_number(io, "kind", kind);
    io_set_text(io, "start", "1970-01-01T00:00:00Z");
    io_set_number(io, "spacing", 1000000);
    io_set_number(io, "splits", splits);
    assert_int_equal(io_bind(io), 0);
    return io;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void nexmark_has_its_proportions(void **state)
{
    static const size_t want[] = {3, 9, 108, 120};

    (void)state;
    for (int64_t kind = 0; kind < 4; kind++) {
        struct io_host *io = nexmark(kind, 1);
        char *rows = rows_of(io);

        assert_int_equal(count_lines(rows), want[kind]);
        io_free(io);

        /* The same rows in other batches, and in splits. */
        for (int64_t splits = 1; splits < 5; splits += 3) {
            char *others;

            io = nexmark(kind, splits);
            io_batch_rows(io, 7);
            others = rows_of(io);
            assert_int_equal(strlen(others), strlen(rows));
            if (splits == 1)
                assert_string_equal(others, rows);
            free(others);
            io_free(io);
        }
        free(rows);
    }
}

static void nexmark_counts_ids_and_time(void **state)
{
    struct io_host *io = nexmark(1, 1);
    char *rows = rows_of(io), *rest = rows;
    static const int seconds[] = {1, 2, 3, 51, 52, 53, 101, 102, 103};
    char want[64];

    (void)state;
    for (int i = 0; i < 9; i++) {
        char *line = strsep(&rest, "\n");

        snprintf(want, sizeof(want), "+ @%d | %d | ", seconds[i], 1000 + i);
        assert_memory_equal(line, want, strlen(want));
    }
    free(rows);
    io_free(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_sequences),
        cmocka_unit_test(batches_do_not_change_the_rows),
        cmocka_unit_test(splits_do_not_change_the_rows),
        cmocka_unit_test(goes_on_at_a_position),
        cmocka_unit_test(keeps_its_rate),
        cmocka_unit_test(says_what_is_wrong_with_a_field),
        cmocka_unit_test(nexmark_has_its_proportions),
        cmocka_unit_test(nexmark_counts_ids_and_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
