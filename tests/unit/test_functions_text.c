/*
 * The plugin functions-text: its functions against text-cases.tsv, which Python computed, and its
 * aggregate over plain memory.
 */
#include "tests/unit/function_call.h"

#include <math.h>

static const struct streamd_functions *plugin(void)
{
    const struct streamd_descriptor *d = streamd_plugin(0);
    assert_non_null(d);
    assert_null(streamd_plugin(1));
    assert_int_equal(d->kind, STREAMD_FUNCTIONS);
    return (const struct streamd_functions *)d;
}

static void check_case(const struct cases_row *row, void *self)
{
    static char got[FUNCTION_TEXT];
    struct function_argument args[2];
    uint32_t argc = (uint32_t)row->columns - 2;
    (void)self;
    for (uint32_t i = 0; i < argc; i++)
        function_argument_init(NULL, &args[i], row->column[i + 2], row->length[i + 2]);
    const struct streamd_function *f =
        function_find_in(plugin()->functions, row->column[0], args, argc);
    assert_non_null(f);
    for (int mode = FUNCTION_CONSTANTS; mode <= FUNCTION_SELECTED; mode++) {
        struct streamd_type type = function_answer(f, args, argc, (enum function_mode)mode, got);
        int near = type.id == STREAMD_FLOAT64 && strncmp(got, "error", 5) != 0 &&
                   fabs(strtod(got, NULL) - strtod(row->column[1], NULL)) < 1e-12;
        int error = strcmp(row->column[1], "error") == 0 && strncmp(got, "error 5104", 10) == 0;
        if (!near && !error && strcmp(got, row->column[1]) != 0)
            fail_msg("%s\n  got %s (mode %d)", row->line, got, mode);
    }
    for (uint32_t i = 0; i < argc; i++)
        function_argument_clear(&args[i]);
}

static void functions_answer_by_their_definition(void **state)
{
    (void)state;
    assert_true(cases_run("text-cases.tsv", check_case, NULL) > 150);
}

/* ---- longest ------------------------------------------------------------------------------ */

struct row {
    uint8_t nulls[8];
    struct streamd_var text;
};

static void *reserve(const struct streamd_accumulator *a, void *row, uint32_t column,
                     uint32_t capacity)
{
    struct streamd_var *v = &((struct row *)row)->text;
    (void)a;
    assert_int_equal(column, 0);
    v->data = realloc(v->data, capacity > v->capacity ? capacity : v->capacity);
    v->capacity = capacity > v->capacity ? capacity : v->capacity;
    return v->data;
}

static const struct streamd_host_accumulator accumulator_host = {
    sizeof(struct streamd_host_accumulator), reserve};

static void longest_keeps_the_first_of_the_longest(void **state)
{
    (void)state;
    static const uint32_t offsets[] = {offsetof(struct row, text)}, indexes[] = {0};
    struct streamd_accumulator a = {&accumulator_host, NULL, offsets, indexes};
    const struct streamd_aggregate *f = plugin()->aggregates;
    assert_string_equal(f->name, "longest");
    struct row rows[3] = {{.nulls = {0}}};
    void *all[3] = {&rows[0], &rows[1], &rows[2]};
    assert_int_equal(f->init(&a, all, 3), 0);

    struct streamd_str texts[] = {{"", 0}, {"abc", 3}, {"xyz", 3}, {"four", 4}};
    struct streamd_vector arg = {{STREAMD_STRING, 0, 0, 0}, UINT32_MAX, texts, NULL};
    struct function_host h = {.now = 0};
    h.call = (struct streamd_call){.host = &function_host_call, .args = &arg, .argc = 1, .n = 4};
    void *rows_of[4] = {&rows[0], &rows[0], &rows[0], &rows[1]};
    assert_int_equal(f->update(&a, &h.call, NULL, rows_of), 0);

    struct streamd_str out[3];
    struct streamd_vector result = {{STREAMD_STRING, 0, 0, 1}, UINT32_MAX, out, NULL};
    h.call.result = &result;
    h.call.n = 3;
    assert_int_equal(f->final(&a, &h.call, all), 0);
    assert_int_equal(out[0].length, 3);
    assert_memory_equal(out[0].data, "abc", 3);
    assert_memory_equal(out[1].data, "four", 4);
    assert_true(h.nulls[2] && !h.nulls[0] && !h.nulls[1]);

    void *to[2] = {&rows[0], &rows[2]}, *from[2] = {&rows[1], &rows[2]};
    assert_int_equal(f->merge(&a, to, &a, from, 2), 0);
    memset(h.nulls, 0, sizeof h.nulls);
    assert_int_equal(f->final(&a, &h.call, all), 0);
    assert_int_equal(out[0].length, 4);
    assert_memory_equal(out[0].data, "four", 4);
    assert_true(h.nulls[2]);
    for (int i = 0; i < 3; i++)
        free(rows[i].text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_answer_by_their_definition),
        cmocka_unit_test(longest_keeps_the_first_of_the_longest),
    };
    return cmocka_run_group_tests_name("functions_text", tests, NULL, NULL);
}
