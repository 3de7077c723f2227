/* Aggregates taken out of expressions: which calls there are, what their results are over, and what
   is refused where. */
#include "expr.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Nobody runs these here: their signatures are what counts. */
static int no_rows(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    (void)a, (void)rows, (void)n;
    return 0;
}

static int no_update(const struct streamd_accumulator *a, struct streamd_call *call,
                     const int64_t *time, void *const *rows)
{
    (void)a, (void)call, (void)time, (void)rows;
    return 0;
}

static int no_merge(const struct streamd_accumulator *into, void *const *to,
                    const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    (void)into, (void)to, (void)source, (void)from, (void)n;
    return 0;
}

static int no_final(const struct streamd_accumulator *a, struct streamd_call *call,
                    void *const *rows)
{
    (void)a, (void)call, (void)rows;
    return 0;
}

static int resolve_max(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                       struct streamd_field state[8])
{
    assert_int_equal(argc, 1);
    *result = args[0];
    result->nullable = 1;
    state[0].type = args[0];
    return 0;
}

#define FUNCTIONS .init = no_rows, .update = no_update, .final = no_final

static const struct streamd_aggregate tables[] = {
    {.name = "t_count",
     .argc = 0,
     .result = {.id = STREAMD_INT64},
     .state_count = 1,
     .state = {{"n", {.id = STREAMD_INT64}}},
     .merge = no_merge,
     FUNCTIONS},
    {.name = "t_sum",
     .argc = 1,
     .args = {STREAMD_INT64},
     .result = {.id = STREAMD_DECIMAL, .precision = 38, .nullable = 1},
     .state_count = 1,
     .state = {{"sum", {.id = STREAMD_DECIMAL, .precision = 38}}},
     .merge = no_merge,
     FUNCTIONS},
    {.name = "t_sum",
     .argc = 1,
     .args = {STREAMD_FLOAT64},
     .result = {.id = STREAMD_FLOAT64, .nullable = 1},
     .state_count = 1,
     .state = {{"sum", {.id = STREAMD_FLOAT64}}},
     .merge = no_merge,
     FUNCTIONS},
    {.name = "t_max",
     .argc = 1,
     .args = {STREAMD_STRING},
     .result = {.id = STREAMD_STRING},
     .state_count = 1,
     .state = {{"max", {.id = STREAMD_STRING}}},
     .merge = no_merge,
     .resolve = resolve_max,
     FUNCTIONS},
    {.name = "t_max",
     .argc = 1,
     .args = {STREAMD_DECIMAL},
     .result = {.id = STREAMD_DECIMAL},
     .state_count = 1,
     .state = {{"max", {.id = STREAMD_DECIMAL}}},
     .merge = no_merge,
     .resolve = resolve_max,
     FUNCTIONS},
    {.name = "t_last",
     .argc = 2,
     .args = {STREAMD_STRING, STREAMD_STRING},
     .result = {.id = STREAMD_STRING, .nullable = 1},
     .state_count = 1,
     .state = {{"last", {.id = STREAMD_STRING}}},
     FUNCTIONS},
    {.name = NULL},
};

static const struct streamd_field extras[] = {{"window_start", {.id = STREAMD_TIMESTAMP}},
                                              {"window_end", {.id = STREAMD_TIMESTAMP}}};

static int setup(void **state)
{
    struct expr_test *t = calloc(1, sizeof(*t));
    struct streamd_error error;

    if (!t)
        return -1;
    expr_test_init(t);
    expr_test_field(t, "user", "string");
    expr_test_field(t, "at", "timestamp");
    expr_test_field(t, "amount", "float64");
    expr_test_field(t, "n", "int64|null");
    expr_test_field(t, "ok", "bool");
    expr_test_field(t, "price", "decimal(10,2)");
    expr_test_field(t, "doc", "json");
    assert_int_equal(expr_registry_add(t->registry, NULL, tables, &error), 0);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    expr_test_clear(*state);
    free(*state);
    return 0;
}

/* Compiles `texts` with key user and the names a, b, c, ... */
static int compile(struct expr_test *t, const char *const *texts, uint32_t count,
                   const struct expr_aggregates **out)
{
    static const char *const keys[] = {"user"}, *const names[] = {"a", "b", "c", "d", "e", "f"};
    struct expr_scope scope = {&t->store, t->registry, &t->schema, "operator 'sums'",
                               "input 'paid'"};
    struct expr_aggregate_spec spec = {keys, 1, extras, 2, count, names, texts};

    return expr_aggregates_compile(&scope, &spec, out, &t->problems);
}

static const struct expr_aggregates *compile_good(struct expr_test *t, const char *const *texts,
                                                  uint32_t count)
{
    const struct expr_aggregates *a;

    if (compile(t, texts, count, &a))
        fail_msg("%s", t->problems.items[0].message);
    return a;
}

static void takes_calls_out(void **state)
{
    static const char *const texts[] = {"t_sum(amount) FILTER (WHERE ok) / t_count(*)",
                                        "window_end - window_start", "upper_bound.user"};
    struct expr_test *t = *state;
    const struct expr_aggregates *a = NULL;
    char name[EXPR_TYPE_TEXT];

    assert_int_equal(compile(t, texts, 3, &a), STREAMD_E_INVALID);
    assert_int_equal(t->problems.items[0].item, 2);
    a = compile_good(t, texts, 2);
    assert_int_equal(a->head.calls, 2);
    assert_int_equal(a->head.extras, 2);
    assert_int_equal(a->head.mergeable, 1);
    assert_string_equal(a->calls[0].text, "t_sum(amount) FILTER (WHERE ok)");
    assert_int_equal(a->calls[0].function->result.id, STREAMD_FLOAT64);
    assert_int_equal(a->calls[0].argc, 1);
    assert_int_equal(a->calls[0].args[0]->column, 2);
    assert_int_equal(a->calls[0].filter->column, 4);
    assert_string_equal(a->calls[1].text, "t_count(*)");
    assert_int_equal(a->calls[1].argc, 0);
    assert_null(a->calls[1].filter);
    assert_int_equal(a->calls[1].state_count, 1);
    assert_string_equal(a->calls[1].state[0].name, "n");

    assert_int_equal(a->internal.field_count, 5);
    assert_string_equal(a->internal.fields[0].name, "user");
    assert_string_equal(a->internal.fields[2].name, "window_end");
    assert_int_equal(a->internal.fields[3].type.id, STREAMD_FLOAT64);

    assert_int_equal(a->head.output.field_count, 3);
    assert_string_equal(a->head.output.fields[0].name, "user");
    assert_string_equal(a->head.output.fields[1].name, "a");
    assert_string_equal(expr_type_name(a->head.output.fields[1].type, name), "float64");
    assert_int_equal(a->head.output.fields[1].type.nullable, 1);
    assert_int_equal(a->result_count, 2);
    assert_int_equal(a->column_count, 2);
    assert_int_equal(a->columns[0], 2);
    assert_int_equal(a->columns[1], 4);
}

static void equal_calls_are_one(void **state)
{
    static const char *const texts[] = {"t_sum(n)",
                                        "T_SUM( \"n\" ) + t_count(*)",
                                        "t_sum(n) FILTER (WHERE ok)",
                                        "t_sum(DISTINCT n)",
                                        "t_sum(n + 1) + t_sum(n+1)",
                                        ("t_sum(CASE WHEN n + 1 IN (2, 3) THEN n END) + t_sum(CASE "
                                         "WHEN n + 1 IN (2, 3) THEN n END)")};
    struct expr_test *t = *state;
    const struct expr_aggregates *a = compile_good(t, texts, 6);

    assert_int_equal(a->head.calls, 6);
    assert_string_equal(a->calls[0].text, "t_sum(n)");
    assert_string_equal(a->calls[1].text, "t_count(*)");
    assert_string_equal(a->calls[2].text, "t_sum(n) FILTER (WHERE ok)");
    assert_string_equal(a->calls[3].text, "t_sum(DISTINCT n)");
    assert_int_equal(a->calls[3].distinct, 1);
    assert_string_equal(a->calls[4].text, "t_sum((n + 1))");
}

/* What looks alike but is not: a decimal, an int64 and a text; other sets; other casts. */
static void different_calls_are_not(void **state)
{
    static const char *const texts[] = {"t_sum(n + 1)",
                                        "t_sum(n + 1.0)",
                                        "t_max(user || '1')",
                                        "t_max(user || 1)",
                                        "t_max(CASE WHEN n IN (1, 2) THEN user END)",
                                        "t_max(CASE WHEN n IN (1, 3) THEN user END)"};
    static const char *const casts[] = {"t_sum(n::float64)", "t_sum(n::decimal(20,2))"};
    struct expr_test *t = *state;
    const struct expr_aggregates *a = compile_good(t, texts, 6);

    /* user || 1 is user || '1' indeed */
    assert_int_equal(a->head.calls, 5);
    a = compile_good(t, casts, 2);
    assert_int_equal(a->head.calls, 2);
}

static void types_arguments(void **state)
{
    static const char *const texts[] = {"t_sum(n)", "t_sum(price)", "t_max(price)",
                                        "t_max(n)", "t_max(user)",  "t_last(user, 'x')"};
    struct expr_test *t = *state;
    const struct expr_aggregates *a = compile_good(t, texts, 6);
    char name[EXPR_TYPE_TEXT];

    assert_int_equal(a->calls[0].type.id, STREAMD_DECIMAL);
    assert_int_equal(a->calls[1].type.id, STREAMD_FLOAT64);
    assert_int_equal(a->calls[1].args[0]->type.id, STREAMD_FLOAT64);
    assert_string_equal(expr_type_name(a->calls[2].type, name), "decimal(10,2)");
    assert_string_equal(expr_type_name(a->calls[2].state[0].type, name), "decimal(10,2)");
    assert_string_equal(expr_type_name(a->calls[3].type, name), "decimal(19,0)");
    assert_int_equal(a->calls[4].type.id, STREAMD_STRING);
    assert_int_equal(a->calls[5].args[1]->constant, 1);
    assert_int_equal(a->head.mergeable, 0); /* t_last has no merge */
}

/* The results are expressions over keys, extras and calls. */
static void results_are_evaluated_over_the_internal_schema(void **state)
{
    static const char *const texts[] = {"user || ':' || t_count(*)", "window_start",
                                        "t_count(*) * 2"};
    struct expr_test *t = *state;
    const struct expr_aggregates *a = compile_good(t, texts, 3);
    struct streamd_batch *b = batch_new(t->pool, &a->internal, 1);
    struct streamd_column c;

    assert_non_null(b);
    memcpy(b->columns[0].data, "ann", 3);
    b->columns[0].offsets[1] = 3;
    ((int64_t *)b->columns[1].values)[0] = 1000;
    ((int64_t *)b->columns[3].values)[0] = 21;
    b->rows = b->count = 1;
    assert_int_equal(expr_eval_column(t->ev, a->results[0], b, &c), 0);
    assert_memory_equal(streamd_column_str(&c, 0).data, "ann:21", 6);
    assert_int_equal(a->results[1]->column, 1);
    assert_int_equal(expr_eval_column(t->ev, a->results[2], b, &c), 0);
    assert_int_equal(((int64_t *)c.values)[0], 42);
    batch_release(b);
}

static const struct {
    const char *text;
    int code;
    size_t offset, length;
    const char *message;
} refusals[] = {
    {"t_sum(amout)", EXPR_FIELD, 6, 5,
     "operator 'sums' reads field 'amout', but its input 'paid' has no such field"},
    {"window_strat", EXPR_FIELD, 0, 12,
     "operator 'sums' reads field 'window_strat', but its input 'paid' has no such field"},
    {"amount", EXPR_NOT_GROUPED, 0, 6, "field 'amount' must be in key_by or inside an aggregate"},
    {"t_count(*) + n", EXPR_NOT_GROUPED, 13, 1,
     "field 'n' must be in key_by or inside an aggregate"},
    {"t_sum(t_sum(n))", EXPR_NO_AGGREGATE, 6, 5,
     "t_sum is an aggregate and cannot stand inside another one"},
    {"t_sum(n) FILTER (WHERE t_count(*) > 1)", EXPR_NO_AGGREGATE, 23, 7,
     "t_count is an aggregate and cannot stand inside another one"},
    {"t_sum(n) FILTER (WHERE n)", EXPR_TYPE, 23, 1, "FILTER must be bool, not int64"},
    {"t_sum(*)", EXPR_ARGUMENTS, 0, 5, "t_sum needs an argument; '*' is for count and collect"},
    {"t_count()", EXPR_ARGUMENTS, 0, 7,
     "t_count needs an argument; all rows are counted by count(*)"},
    {"t_sum(ok)", EXPR_ARGUMENTS, 0, 5, "there is no function t_sum(bool)"},
    {"t_sum(n, n)", EXPR_ARGUMENTS, 0, 5, "there is no function t_sum(int64, int64)"},
    {"t_max(DISTINCT doc::string || doc)", EXPR_ARGUMENTS, 27, 2, NULL},
    {"abs(n) FILTER (WHERE ok)", EXPR_ARGUMENTS, 0, 3,
     "'*', DISTINCT and FILTER are for aggregates, and abs is none"},
    {"t_sum(window_end)", EXPR_FIELD, 6, 10, NULL},
    {"t_max(user ORDER BY at)", EXPR_UNSUPPORTED, 0, 5,
     "ORDER BY in an aggregate is not supported"},
};

static void refuses(void **state)
{
    struct expr_test *t = *state;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct expr_aggregates *a;
        const struct expr_problem *p = &t->problems.items[0];
        int rc = compile(t, &refusals[i].text, 1, &a);

        if (!refusals[i].message && rc == 0)
            continue;
        print_message("# %s\n", refusals[i].text);
        assert_int_equal(rc, STREAMD_E_INVALID);
        assert_null(a);
        if (refusals[i].message)
            assert_string_equal(p->message, refusals[i].message);
        assert_int_equal(p->code, refusals[i].code);
        assert_int_equal(p->offset, refusals[i].offset);
        assert_int_equal(p->length, refusals[i].length);
    }
}

static void finds_the_problems_of_all_expressions(void **state)
{
    static const char *const texts[] = {"t_sum(amout) + amount", "t_count(*)", "nope(1)",
                                        "t_sum(user)"};
    struct expr_test *t = *state;
    const struct expr_aggregates *a;

    assert_int_equal(compile(t, texts, 4, &a), STREAMD_E_INVALID);
    assert_int_equal(t->problems.count, 4);
    assert_int_equal(t->problems.items[0].item, 0);
    assert_int_equal(t->problems.items[1].item, 0);
    assert_int_equal(t->problems.items[1].code, EXPR_NOT_GROUPED);
    assert_int_equal(t->problems.items[2].item, 2);
    assert_int_equal(t->problems.items[3].item, 3);
    assert_string_equal(t->problems.items[0].help,
                        "did you mean 'amount'? fields are: user, at, amount, n, ok, price, doc");
}

static void a_plain_expression_has_no_aggregates(void **state)
{
    struct expr_test *t = *state;

    assert_null(expr_test_compile(t, "t_sum(n) > 1"));
    assert_int_equal(t->problems.items[0].code, EXPR_NO_AGGREGATE);
    assert_string_equal(t->problems.items[0].message,
                        "t_sum is an aggregate; it can stand in a window's select only");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(takes_calls_out),
        CASE(equal_calls_are_one),
        CASE(different_calls_are_not),
        CASE(types_arguments),
        CASE(results_are_evaluated_over_the_internal_schema),
        CASE(refuses),
        CASE(finds_the_problems_of_all_expressions),
        CASE(a_plain_expression_has_no_aggregates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
