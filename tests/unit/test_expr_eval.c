/* Evaluation: errors of rows, selections, sharing, memory, and functions of plugins. */
#include "expr.h"

#include "base/memory.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* id 0..5; v: 10 0 -5 NULL 7 0; name: a b NULL d "" f */
static int setup(void **state)
{
    static const char *const rows[][4] = {
        {"0", "10", "a", "t"}, {"1", "0", "b", "f"}, {"2", "-5", NULL, "t"},
        {"3", NULL, "d", "f"}, {"4", "7", "", "t"},  {"5", "0", "f", NULL},
    };
    struct expr_test *t = calloc(1, sizeof(*t));

    if (!t)
        return -1;
    expr_test_init(t);
    expr_test_field(t, "id", "int64");
    expr_test_field(t, "v", "int64|null");
    expr_test_field(t, "name", "string|null");
    expr_test_field(t, "flag", "bool|null");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expr_test_row(t, rows[i]);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    expr_test_clear(*state);
    free(*state);
    return 0;
}

static const struct streamd_expr *compile(struct expr_test *t, const char *text)
{
    const struct streamd_expr *e = expr_test_compile(t, text);

    if (!e)
        fail_msg("%s: %s", text, t->problems.items[0].message);
    expr_test_reset(t);
    return e;
}

/* The rows of the batch as "0 2 4". */
static const char *rows_of(const struct streamd_batch *b)
{
    static char text[256];
    size_t n = 0;

    text[0] = '\0';
    for (uint32_t k = 0; k < b->count; k++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", k ? " " : "",
                              streamd_batch_row(b, k));
    return text;
}

static void rejects_rows(void **state)
{
    struct expr_test *t = *state;

    expr_test_eval(t, compile(t, "100 / v"));
    assert_string_equal(rows_of(t->batch), "0 2 3 4");
    assert_int_equal(t->errors, 2);
    assert_int_equal(t->row_codes[1], STREAMD_ROW_DIVISION);
    assert_int_equal(t->row_codes[5], STREAMD_ROW_DIVISION);
    assert_string_equal(t->row_message, "division by zero");

    expr_test_eval(t, compile(t, "9223372036854775807 - id * v"));
    assert_int_equal(t->row_codes[2], STREAMD_ROW_OVERFLOW);
    assert_string_equal(rows_of(t->batch), "0 1 3 4 5");

    expr_test_eval(t, compile(t, "name::int64"));
    assert_string_equal(rows_of(t->batch), "2");
    assert_int_equal(t->row_codes[0], STREAMD_ROW_CAST);
    assert_string_equal(t->row_message, "'f' is no int64");

    /* one error a row, whatever else is wrong with it */
    expr_test_eval(t, compile(t, "100 / v + name::int64 + (100 / v)"));
    assert_int_equal(t->errors, 5);
    assert_string_equal(rows_of(t->batch), "2");
}

static void evaluates_what_is_needed(void **state)
{
    static const char *const harmless[] = {
        "CASE WHEN v <> 0 THEN 100 / v END",
        "CASE v WHEN 0 THEN 1 ELSE 100 / v END",
        "coalesce(CASE WHEN v = 0 THEN -1 END, 100 / v)",
        "v = 0 OR 100 / v > 1",
        "v <> 0 AND 100 / v > 1",
        "NOT (v <> 0 AND 100 / v > 1)",
        "CASE WHEN v = 0 THEN false ELSE 100 / v > 1 AND (v = 0 OR 1 / v = 0) END",
    };
    struct expr_test *t = *state;

    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        const struct streamd_expr *e = compile(t, harmless[i]);

        expr_test_eval(t, e);
        assert_int_equal(t->errors, 0);
        if (e->type.id == STREAMD_BOOL)
            assert_int_equal(expr_filter(t->ev, e, t->batch), 0);
        assert_int_equal(t->errors, 0);
    }
    expr_test_eval(t, compile(t, "100 / v > 1 OR v = 0")); /* from left to right */
    assert_int_equal(t->errors, 2);
}

static void filters(void **state)
{
    static const struct {
        const char *where, *rows;
    } cases[] = {
        {"v > 0", "0 4"},
        {"v > 0 OR name = 'b'", "0 1 4"},
        {"name = 'b' OR v > 0 OR id = 5", "0 1 4 5"},
        {"v > 0 AND name = 'a'", "0"},
        {"name IS NULL", "2"},
        {"name IS NOT NULL", "0 1 3 4 5"},
        {"id IS NOT NULL", "0 1 2 3 4 5"},
        {"id IS NULL", ""},
        {"flag", "0 2 4"},
        {"NOT flag", "1 3"},
        {"flag IS NOT TRUE", "1 3 5"},
        {"true", "0 1 2 3 4 5"},
        {"false", ""},
        {"NULL::bool", ""},
        {"name IN ('a', 'f', 'zzzzzzzzzzzz')", "0 5"},
        {"name NOT IN ('a', 'f')", "1 3 4"},
        {"name NOT IN ('a', NULL)", ""},
        {"id IN (1, 3, 5)", "1 3 5"},
        {"100 / v > 10", "4"},
        {"(100 / v) IS NULL", "3"},
        {"id BETWEEN 2 AND 4", "2 3 4"},
        {"id * 2 BETWEEN 3 AND 7", "2 3"},
    };
    struct expr_test *t = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct streamd_expr *e = compile(t, cases[i].where);

        assert_int_equal(expr_filter(t->ev, e, t->batch), 0);
        if (strcmp(rows_of(t->batch), cases[i].rows) != 0)
            fail_msg("%s: %s", cases[i].where, rows_of(t->batch));
        assert_int_equal(expr_filter(t->ev, e, t->batch), 0); /* what is left is left again */
        assert_string_equal(rows_of(t->batch), cases[i].rows);
    }
}

/* A text of 257 bytes begins like one of a byte, and its length does, too. */
static void long_texts_are_not_short_ones(void **state)
{
    static const char *const conditions[] = {"name = 'a'", "name IN ('a', 'b')",
                                             "name IN ('a','c','d','e','f','g','h','i','j')"};
    struct expr_test t;
    char text[258];
    const char *row = text;

    (void)state;
    memset(text, 'a', 257);
    text[257] = '\0';
    expr_test_init(&t);
    expr_test_field(&t, "name", "string");
    expr_test_row(&t, &row);
    row = "a";
    expr_test_row(&t, &row);
    row = "aaaaaaaa";
    expr_test_row(&t, &row);
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        assert_int_equal(expr_filter(t.ev, compile(&t, conditions[i]), t.batch), 0);
        assert_string_equal(rows_of(t.batch), "1");
    }
    assert_int_equal(expr_filter(t.ev, compile(&t, "name = 'aaaaaaaa'"), t.batch), 0);
    assert_string_equal(rows_of(t.batch), "2");
    expr_test_clear(&t);
}

static void a_filter_of_all_rows_makes_no_selection(void **state)
{
    struct expr_test *t = *state;

    assert_int_equal(expr_filter(t->ev, compile(t, "id >= 0"), t->batch), 0);
    assert_null(t->batch->sel);
}

static void shares_plain_columns(void **state)
{
    struct expr_test *t = *state;
    const struct streamd_expr *items[3];
    struct streamd_field fields[3] = {{"a", {0}}, {"b", {0}}, {"c", {0}}};
    struct streamd_projection p = {{3, fields}, items};
    struct streamd_batch *derived;

    items[0] = compile(t, "name");
    items[1] = compile(t, "\"id\"");
    items[2] = compile(t, "id + 1");
    for (int i = 0; i < 3; i++)
        fields[i].type = items[i]->type;
    assert_int_equal(items[0]->column, 2);
    assert_int_equal(items[2]->column, -1);
    assert_int_equal(expr_project(t->ev, &p, t->batch, &derived), 0);
    assert_ptr_equal(derived->columns[0].data, t->batch->columns[2].data);
    assert_ptr_equal(derived->columns[0].validity, t->batch->columns[2].validity);
    assert_ptr_equal(derived->columns[1].values, t->batch->columns[0].values);
    assert_int_equal(((int64_t *)derived->columns[2].values)[5], 6);
    assert_null(derived->columns[2].validity);
    assert_null(derived->sel);
    assert_ptr_equal(derived->event_time, t->batch->event_time);
    batch_release(derived);
}

static void a_projection_drops_failed_rows(void **state)
{
    struct expr_test *t = *state;
    const struct streamd_expr *items[3];
    struct streamd_field fields[3] = {{"a", {0}}, {"b", {0}}, {"c", {0}}};
    struct streamd_projection p = {{3, fields}, items};
    struct streamd_batch *derived;

    items[0] = compile(t, "100 / v");
    items[1] = compile(t, "name || '!'");
    items[2] = compile(t, "CASE WHEN id = 0 THEN 1 / v - name::int64 ELSE 1 / v END");
    for (int i = 0; i < 3; i++)
        fields[i].type = items[i]->type;
    assert_int_equal(expr_project(t->ev, &p, t->batch, &derived), 0);
    assert_string_equal(rows_of(derived), "2 3 4");
    assert_string_equal(rows_of(t->batch), "2 3 4");
    assert_int_equal(t->errors, 3);
    assert_int_equal(streamd_column_str(&derived->columns[1], 4).length, 1);
    assert_true(streamd_column_is_null(&derived->columns[1], 2));
    batch_release(derived);
}

static void constants_fill_columns(void **state)
{
    struct expr_test *t = *state;
    struct streamd_column c;

    c = expr_test_eval(t, compile(t, "'xyz'"));
    for (uint32_t i = 0; i < 6; i++)
        assert_memory_equal(streamd_column_str(&c, i).data, "xyz", 3);
    c = expr_test_eval(t, compile(t, "6 * 7"));
    assert_int_equal(((int64_t *)c.values)[5], 42);
    c = expr_test_eval(t, compile(t, "NULL::int64"));
    assert_true(streamd_column_is_null(&c, 0) && streamd_column_is_null(&c, 5));
}

static void the_host_can_stop(void **state)
{
    static const char *const failing[] = {"100 / v",
                                          "name::int64 > 1",
                                          "coalesce(100 / v, 1)",
                                          "CASE WHEN 100 / v > 1 THEN 1 END",
                                          "v = 99 OR 100 / v = 3",
                                          "(100 / v) IN (1, id)"};
    struct expr_test *t = *state;
    struct streamd_column column;

    t->stop_with = STREAMD_E_DATA;
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        const struct streamd_expr *e = compile(t, failing[i]);

        assert_true(expr_eval_column(t->ev, e, t->batch, &column) < 0);
        assert_int_equal(t->errors, 1);
        expr_test_reset(t);
        if (e->type.id == STREAMD_BOOL)
            assert_true(expr_filter(t->ev, e, t->batch) < 0);
    }
}

static void constant_errors_reject_the_rows_that_need_them(void **state)
{
    struct expr_test *t = *state;

    expr_test_eval(t, compile(t, "CASE WHEN id > 3 THEN 1 / 0 ELSE 1 END"));
    assert_string_equal(rows_of(t->batch), "0 1 2 3");
    assert_int_equal(t->errors, 2);
}

static void piece_by_piece(void **state)
{
    struct expr_test *t = *state;
    const struct streamd_expr *where = compile(t, "id <> 2"), *value = compile(t, "100 / v");
    const uint16_t sel[] = {0, 1, 1, 2, 4};
    uint16_t out[5];
    struct streamd_vector v;

    expr_begin(t->ev, t->batch);
    assert_null(expr_failed(t->ev));
    assert_int_equal(expr_eval_true(t->ev, where, sel, 5, out), 4);
    assert_int_equal(expr_eval(t->ev, value, out, 4, &v), 0);
    assert_int_equal(((int64_t *)v.values)[0], 10);
    assert_int_equal(((int64_t *)v.values)[4], 14);
    assert_int_equal(t->errors, 1);
    assert_non_null(expr_failed(t->ev));
    assert_int_equal(expr_failed(t->ev)[1], 1);
    assert_int_equal(expr_failed(t->ev)[4], 0);
    assert_string_equal(rows_of(t->batch), "0 1 2 3 4 5"); /* the batch is as it was */
    expr_begin(t->ev, t->batch);
    assert_null(expr_failed(t->ev));
}

static void says_what_it_is(void **state)
{
    struct expr_test *t = *state;

    assert_int_equal(compile(t, "1 + 2")->constant, 1);
    assert_int_equal(compile(t, "id + 2")->constant, 0);
    assert_int_equal(compile(t, "id + 2")->deterministic, 1);
    assert_int_equal(compile(t, "id")->type.nullable, 0);
    assert_int_equal(compile(t, "v + id")->type.nullable, 1);
    assert_int_equal(compile(t, "coalesce(v, id)")->type.nullable, 0);
    assert_int_equal(compile(t, "CASE WHEN flag THEN 1 END")->type.nullable, 1);
    assert_int_equal(compile(t, "CASE WHEN flag THEN 1 ELSE 2 END")->type.nullable, 0);
    assert_int_equal(compile(t, "v IS NULL")->type.nullable, 0);
    assert_string_equal(compile(t, " id  + 2 ")->text, " id  + 2 ");
}

static void note_column(void *self, uint32_t column)
{
    char *seen = self;

    seen[strlen(seen)] = (char)('0' + column);
}

static void says_what_it_reads(void **state)
{
    struct expr_test *t = *state;
    char seen[8] = "";

    expr_columns(compile(t, "CASE WHEN v > 0 THEN v ELSE id END"), note_column, seen);
    assert_string_equal(seen, "01");
}

/* A steady stream allocates nothing. */
static void a_second_batch_allocates_nothing(void **state)
{
    static const char *const texts[] = {"id * v + 3 > 7 AND name IN ('a', 'b')",
                                        "CASE WHEN v > 1 THEN name || 'x' ELSE id::string END",
                                        "100 / (v - 2000)", "name::json IS NULL OR true"};
    struct expr_test *t = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct streamd_expr *e = compile(t, texts[i]);
        size_t bytes;

        expr_test_eval(t, e);
        expr_test_reset(t);
        bytes = expr_evaluator_bytes(t->ev);
        memory_fail_at(0, 0);
        expr_begin(t->ev, t->batch);
        for (int round = 0; round < 100; round++) {
            struct streamd_vector v;

            memset(t->row_codes, 0, sizeof(t->row_codes));
            expr_begin(t->ev, t->batch);
            assert_int_equal(expr_eval(t->ev, e, NULL, t->batch->rows, &v), 0);
        }
        assert_int_equal(memory_fail_at(0, 0), 0);
        assert_int_equal(expr_evaluator_bytes(t->ev), bytes);
    }
}

static void out_of_memory_is_an_error(void **state)
{
    struct expr_test *t = *state;
    const struct streamd_expr *e =
        compile(t, "CASE WHEN v > 1 THEN name || 'x' WHEN 100 / v = 1 THEN id::string END");
    uint64_t n = 1;
    int rc;

    do {
        struct expr_host host = {t, NULL, NULL};
        struct expr_evaluator *ev;
        struct streamd_column column;

        host.row_error = NULL;
        expr_test_reset(t);
        t->batch->count = 5; /* without the row that fails */
        t->batch->sel = (const uint16_t[]){0, 2, 3, 4, 2};
        t->batch->count = 4;
        memory_fail_at(n++, 0);
        ev = expr_evaluator_new(&host);
        rc = ev ? expr_eval_column(ev, e, t->batch, &column) : STREAMD_E_NOMEM;
        expr_evaluator_free(ev);
        assert_true(rc == 0 || rc == STREAMD_E_NOMEM);
    } while (rc);
    memory_fail_at(0, 0);
    assert_true(n > 3);
}

/* ---- functions of plugins ----------------------------------------------------------------- */

static int prepared_now, prepared_ever, kernel_rows;

static int count_prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                         struct streamd_error *error)
{
    assert_int_equal(argc, 2);
    if (args[1].values && *(const int64_t *)args[1].values == 13) {
        error->code = STREAMD_E_INVALID;
        snprintf(error->message, sizeof(error->message), "13 is not taken");
        return STREAMD_E_INVALID;
    }
    *prepared = malloc(1);
    prepared_now++;
    prepared_ever++;
    return 0;
}

static void count_unprepare(void *prepared)
{
    free(prepared);
    prepared_now--;
}

/* a + b; sees no NULL */
static int strict_kernel(struct streamd_call *call)
{
    assert_non_null(call->prepared);
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call->sel ? call->sel[k] : k;
        int64_t a = ((const int64_t *)call->args[0].values)[i & call->args[0].mask];

        assert_true(a >= -5 && a <= 10);
        ((int64_t *)call->result->values)[i] =
            a + ((const int64_t *)call->args[1].values)[i & call->args[1].mask];
        kernel_rows++;
        if (a == 7)
            call->host->set_null(call, i);
    }
    return 0;
}

/* How many arguments are NULL. */
static int nulls_kernel(struct streamd_call *call)
{
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call->sel ? call->sel[k] : k;
        int64_t n = 0;

        for (uint32_t a = 0; a < call->argc; a++)
            n += call->args[a].nulls && call->args[a].nulls[i & call->args[a].mask];
        ((int64_t *)call->result->values)[i & call->result->mask] = n;
    }
    return 0;
}

static int64_t ticks;

static int tick_kernel(struct streamd_call *call)
{
    for (uint32_t k = 0; k < call->n; k++)
        ((int64_t *)call->result->values)[call->sel ? call->sel[k] : k] = ticks++;
    return 0;
}

static const struct streamd_function plugin[] = {
    {.name = "strict_sum",
     .argc = 2,
     .args = {STREAMD_INT64, STREAMD_INT64},
     .result = {.id = STREAMD_INT64},
     .flags = STREAMD_FUNCTION_NULLABLE_RESULT,
     .prepare = count_prepare,
     .unprepare = count_unprepare,
     .kernel = strict_kernel},
    {.name = "count_nulls",
     .argc = 1,
     .args = {0},
     .result = {.id = STREAMD_INT64},
     .flags = STREAMD_FUNCTION_NULLABLE_INPUT | STREAMD_FUNCTION_VARIADIC,
     .kernel = nulls_kernel},
    {.name = "tick",
     .argc = 0,
     .result = {.id = STREAMD_INT64},
     .flags = STREAMD_FUNCTION_NONDETERMINISTIC,
     .kernel = tick_kernel},
    {.name = NULL},
};

static void calls_functions_of_plugins(void **state)
{
    struct expr_test *t = *state;
    struct streamd_error error;
    struct streamd_column c;
    char out[EXPR_TEST_TEXT];
    const struct streamd_expr *e;

    assert_int_equal(expr_registry_add(t->registry, plugin, NULL, &error), 0);
    e = compile(t, "strict_sum(v, 100)");
    assert_int_equal(prepared_now, 1);
    kernel_rows = 0;
    c = expr_test_eval(t, e);
    assert_int_equal(kernel_rows, 5); /* not for the NULL */
    assert_int_equal(((int64_t *)c.values)[0], 110);
    assert_true(streamd_column_is_null(&c, 3));
    assert_true(streamd_column_is_null(&c, 4)); /* set_null */
    assert_int_equal(e->type.nullable, 1);

    assert_null(expr_test_compile(t, "strict_sum(v, 13)"));
    assert_string_equal(t->problems.items[0].message, "13 is not taken");
    assert_int_equal(t->problems.items[0].code, EXPR_LITERAL);

    c = expr_test_eval(t, compile(t, "count_nulls(v, name, flag, 1, NULL, 'x')"));
    expr_test_print(t, &c, (struct streamd_type){.id = STREAMD_INT64}, 2, out);
    assert_string_equal(out, "2");
    expr_test_print(t, &c, (struct streamd_type){.id = STREAMD_INT64}, 3, out);
    assert_string_equal(out, "2");
    expr_test_print(t, &c, (struct streamd_type){.id = STREAMD_INT64}, 5, out);
    assert_string_equal(out, "2");
    assert_string_equal(expr_test_constant(t, "count_nulls(NULL, 1)", out), "1");

    e = compile(t, "tick() + 0 * id");
    assert_int_equal(e->deterministic, 0);
    assert_int_equal(e->constant, 0);
    assert_int_equal(compile(t, "tick()")->constant, 0);
    expr_test_reset(t);
    c = expr_test_eval(t, e);
    assert_int_equal(((int64_t *)c.values)[5] - ((int64_t *)c.values)[0], 5);

    prepared_ever = 0;
    expr_store_clear(&t->store);
    assert_int_equal(prepared_now, 0);
}

static void refuses_functions_that_cannot_be_right(void **state)
{
    static const struct streamd_function bad[][2] = {
        {{.name = "abs",
          .argc = 1,
          .args = {STREAMD_INT64},
          .result = {.id = STREAMD_INT64},
          .kernel = nulls_kernel}},
        {{.name = "f", .argc = 1, .args = {STREAMD_INT64}, .result = {.id = STREAMD_INT64}}},
        {{.name = "f",
          .argc = 1,
          .args = {77},
          .result = {.id = STREAMD_INT64},
          .kernel = nulls_kernel}},
        {{.name = "f", .argc = 1, .args = {STREAMD_INT64}, .kernel = nulls_kernel}},
        {{.name = "f", .argc = 99, .result = {.id = STREAMD_INT64}, .kernel = nulls_kernel}},
    };
    struct expr_test *t = *state;
    struct streamd_error error;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(expr_registry_add(t->registry, bad[i], NULL, &error), STREAMD_E_PLUGIN);
    assert_string_equal(error.message, "function 'f' has too many arguments");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rejects_rows),
        CASE(evaluates_what_is_needed),
        CASE(filters),
        CASE(long_texts_are_not_short_ones),
        CASE(a_filter_of_all_rows_makes_no_selection),
        CASE(shares_plain_columns),
        CASE(a_projection_drops_failed_rows),
        CASE(constants_fill_columns),
        CASE(the_host_can_stop),
        CASE(constant_errors_reject_the_rows_that_need_them),
        CASE(piece_by_piece),
        CASE(says_what_it_is),
        CASE(says_what_it_reads),
        CASE(a_second_batch_allocates_nothing),
        CASE(out_of_memory_is_an_error),
        CASE(calls_functions_of_plugins),
        CASE(refuses_functions_that_cannot_be_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
