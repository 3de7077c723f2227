/* Compiling expressions: what is refused, with which code, where, and what help. */
#include "expr.h"

#include <streamd/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The table of pipeline-files.md, section 2. */
static int setup(void **state)
{
    struct expr_test *t = calloc(1, sizeof(*t));

    if (!t)
        return -1;
    expr_test_init(t);
    expr_test_field(t, "user", "string");
    expr_test_field(t, "at", "timestamp");
    expr_test_field(t, "amount", "float64");
    expr_test_field(t, "country", "string|null");
    expr_test_field(t, "userId", "int64");
    expr_test_field(t, "end", "int64");
    expr_test_field(t, "order id", "int64");
    expr_test_field(t, "left", "int64");
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    expr_test_clear(*state);
    free(*state);
    return 0;
}

/* One problem that is expected; help NULL: not looked at. */
struct refusal {
    const char *text;
    int code;
    size_t offset, length;
    const char *message;
    const char *help;
};

static const struct refusal refusals[] = {
    {"", EXPR_FORM, 0, 0, "the expression is empty", NULL},
    {" -- nothing", EXPR_FORM, 0, 11, "the expression is empty", NULL},
    {"amount AS a", EXPR_FORM, 7, 2,
     "an expression has no alias here; its name stands in front of it", NULL},
    {"amount a", EXPR_SYNTAX, 7, 1, "syntax error at 'a'", NULL},
    {"1; DROP TABLE x", EXPR_FORM, 1, 1, "one expression is expected here, without ';'", NULL},
    {"amount, 1", EXPR_FORM, 0, 6, "one expression is expected here, not a list", NULL},
    {"amount FROM t", EXPR_SYNTAX, 7, 4, "syntax error at 'FROM'", NULL},
    {"DISTINCT amount", EXPR_SYNTAX, 0, 8, "syntax error at 'DISTINCT'", NULL},
    {"ALL amount", EXPR_SYNTAX, 0, 3, "syntax error at 'ALL'", NULL},
    {"SELECT 1", EXPR_FORM, 0, 6, "sub-selects are not supported", NULL},
    {"amount IN (SELECT 1)", EXPR_FORM, 7, 2, "sub-selects are not supported", NULL},
    {"1) FROM (x", EXPR_SYNTAX, 1, 1, "')' closes nothing", NULL},
    {"1) + (2", EXPR_SYNTAX, 1, 1, "')' closes nothing", NULL},
    {"(amount + 1", EXPR_SYNTAX, 0, 1, "'(' is not closed", NULL},
    {"amount > $1", EXPR_FORM, 9, 2, "there are no parameters", NULL},
    {"count(*) OVER ()", EXPR_FORM, 0, 5, "OVER is not supported", NULL},
    {"amount +", EXPR_SYNTAX, 8, 0, "the expression ends too early", NULL},
    {"amout + 1", EXPR_FIELD, 0, 5, "there is no field 'amout'",
     "did you mean 'amount'? fields are: user, at, amount, country, userId, end, order id, left"},
    {"1 + userid", EXPR_FIELD, 4, 6, "there is no field 'userid'",
     "did you mean 'userId'? fields are: user, at, amount, country, userId, end, order id, left"},
    {"end > 5", EXPR_SYNTAX, 0, 3, "syntax error at 'end'",
     "'end' is a word of SQL; for the field, write \"end\""},
    {"left > 5", EXPR_SYNTAX, 5, 1, "syntax error at '>'",
     "'left' is a word of SQL; for the field, write \"left\""},
    {"limit > 5", EXPR_SYNTAX, 0, 5, "syntax error at 'limit'",
     "if a field is meant, write \"limit\""},
    {"amount > 'x'", EXPR_LITERAL, 9, 3, "'x' is no float64", NULL},
    {"amount + country", EXPR_ARGUMENTS, 7, 1, "+ does not work with float64 and string",
     "convert one of them: value::int64, value::string"},
    {"amount AND true", EXPR_TYPE, 0, 6, "argument of AND must be bool, not float64", NULL},
    {"amount::money", EXPR_TYPE, 8, 5, "there is no type 'money'", NULL},
    {"amount::decimal(50,2)", EXPR_TYPE, 8, 7, "wrong digits of type 'numeric'", NULL},
    {"at::bool", EXPR_TYPE, 2, 2, "there is no cast from timestamp to bool", NULL},
    {"1 / 0", EXPR_CONSTANT, 2, 1, "division by zero", NULL},
    {"country ~ '('", EXPR_LITERAL, 8, 1,
     "invalid regular expression at byte 1: missing closing parenthesis", NULL},
    {"at + amount * interval '1 second'", EXPR_UNSUPPORTED, 12, 1,
     "an interval can be multiplied and divided by a constant number only", NULL},
    {"interval '1 day'", EXPR_TYPE, 9, 7, "a result cannot be an interval", NULL},
    {"at AT TIME ZONE 'Europe/Berlin'", EXPR_UNSUPPORTED, 16, 15,
     "time zones are 'UTC' and constant offsets", NULL},
    {"ABS(amount", EXPR_SYNTAX, 3, 1, "'(' is not closed", NULL},
    {"\xff", EXPR_SYNTAX, 0, 1, "not UTF-8, or a NUL byte", NULL},
    {"'\xc3\xa4\xc3\xb6' = 1 OR amout", EXPR_FIELD, 14, 5, "there is no field 'amout'", NULL},
    {"'\xc3\xa4\xc3\xb6' 'x'", EXPR_SYNTAX, 7, 3, "syntax error at ''x''", NULL},
};

static void refuses(void **state)
{
    struct expr_test *t = *state;

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *r = &refusals[i];
        const struct expr_problem *p = &t->problems.items[0];

        print_message("# %s\n", r->text);
        assert_null(expr_test_compile(t, r->text));
        if (strcmp(p->message, r->message) != 0 && t->problems.count > 1)
            p++; /* an expression can have several problems */
        assert_string_equal(p->message, r->message);
        assert_int_equal(p->code, r->code);
        assert_int_equal(p->offset, r->offset);
        assert_int_equal(p->length, r->length);
        if (r->help) {
            assert_non_null(p->help);
            assert_string_equal(p->help, r->help);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
