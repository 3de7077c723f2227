/*
 * Expressions over a table of nasty rows against the answers of PostgreSQL (expr-cases.py), each
 * over all rows, over two selections, and as a filter where it is a condition.
 */
#include "expr.h"

#include "cases.h"

#include <streamd/error.h>

static const char separator = '\x1e';

/* Splits a column in place; answers how many parts there are. */
static uint32_t split(char *text, char **parts, uint32_t most)
{
    uint32_t n = 0;

    for (char *p = text; p && n < most; n++) {
        parts[n] = p;
        p = strchr(p, separator);
        if (p)
            *p++ = '\0';
    }
    return n;
}

/* A number without the zeros behind its point. */
static void strip_zeros(char *text)
{
    char *end = text + strlen(text);

    if (!strchr(text, '.'))
        return;
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    if (strcmp(text, "-0") == 0)
        strcpy(text, "0");
}

/* What no decimal of streamd can hold: more than 38 digits, NaN, infinities. */
static int is_no_decimal(const char *number)
{
    return strspn(number, "-0123456789.") != strlen(number) || strlen(number) > 38;
}

static int same_answer(const char *theirs, const char *ours, struct streamd_type type)
{
    char a[EXPR_TEST_TEXT], b[EXPR_TEST_TEXT];

    if (strcmp(ours, "ERROR") == 0 && type.id == STREAMD_DECIMAL && *theirs == '=' &&
        is_no_decimal(theirs + 1))
        return 1;
    if (*theirs != '=')
        return strcmp(theirs, ours) == 0;
    snprintf(a, sizeof(a), "%s", theirs + 1);
    snprintf(b, sizeof(b), "%s", ours);
    if (type.id == STREAMD_DECIMAL) {
        strip_zeros(a);
        strip_zeros(b);
    }
    return strcmp(a, b) == 0;
}

/* Every row is an error. */
static int is_error(char *const *answers, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(answers[i], "ERROR") != 0 && strcmp(answers[i], "=NaN") != 0)
            return 0;
    }
    return 1;
}

/* All differences are shown, up to a screen of them. */
static unsigned differences;

static void differ(const struct cases_row *line, uint32_t row, const char *theirs, const char *ours)
{
    if (differences++ < 30)
        print_error("%s\n  row %u: PostgreSQL has %s, streamd %s\n", line->column[1], row, theirs,
                    ours);
}

/* Rows of a selection: every `step`-th from `first`. */
static void select_rows(struct expr_test *t, uint16_t *sel, uint32_t first, uint32_t step)
{
    expr_test_reset(t);
    if (step == 1)
        return;
    t->batch->count = 0;
    for (uint32_t i = first; i < t->batch->rows; i += step)
        sel[t->batch->count++] = (uint16_t)i;
    t->batch->sel = sel;
}

/* Is a row in the batch? */
static int is_in(const struct streamd_batch *b, uint32_t row)
{
    for (uint32_t k = 0; k < b->count; k++) {
        if (streamd_batch_row(b, k) == row)
            return 1;
    }
    return 0;
}

static void compare_values(struct expr_test *t, const struct cases_row *line,
                           const struct streamd_expr *e, char *const *answers, uint32_t first,
                           uint32_t step)
{
    uint16_t sel[EXPR_TEST_ROWS];
    struct streamd_column column;
    char ours[EXPR_TEST_TEXT];

    select_rows(t, sel, first, step);
    column = expr_test_eval(t, e);
    for (uint32_t row = first; row < t->batch->rows; row += step) {
        expr_test_print(t, &column, e->type, row, ours);
        if (!same_answer(answers[row], ours, e->type))
            differ(line, row, answers[row], strcmp(ours, "ERROR") ? ours : t->row_message);
        assert_int_equal(is_in(t->batch, row), strcmp(ours, "ERROR") != 0);
        if (strcmp(ours, "NULL") == 0)
            assert_int_equal(e->type.nullable, 1);
    }
}

static void compare_filter(struct expr_test *t, const struct cases_row *line,
                           const struct streamd_expr *e, char *const *answers, uint32_t first,
                           uint32_t step)
{
    uint16_t sel[EXPR_TEST_ROWS];

    select_rows(t, sel, first, step);
    assert_int_equal(expr_filter(t->ev, e, t->batch), 0);
    for (uint32_t row = first; row < t->batch->rows; row += step) {
        if (is_in(t->batch, row) != (strcmp(answers[row], "=true") == 0))
            differ(line, row, answers[row], "another opinion as a filter");
    }
}

static void check_case(struct expr_test *t, const struct cases_row *line)
{
    char *answers[EXPR_TEST_ROWS];
    uint32_t n = split(line->column[2], answers, EXPR_TEST_ROWS);
    const struct streamd_expr *e = expr_test_compile(t, line->column[1]);

    assert_int_equal(n, t->batch->rows);
    if (!e) { /* a constant that is an error is refused */
        if (!is_error(answers, n))
            differ(line, 0, answers[0], t->problems.items[0].message);
        return;
    }
    for (uint32_t step = 1; step <= 3; step++) {
        for (uint32_t first = 0; first < step; first++) {
            compare_values(t, line, e, answers, first, step);
            if (e->type.id == STREAMD_BOOL)
                compare_filter(t, line, e, answers, first, step);
        }
    }
}

static void check_line(const struct cases_row *line, void *self)
{
    struct expr_test *t = self;

    if (strcmp(line->column[0], "field") == 0) {
        char *name = strdup(line->column[1]);

        assert_non_null(name);
        expr_test_field(t, name, line->column[2]);
    } else if (strcmp(line->column[0], "row") == 0) {
        char *parts[EXPR_TEST_FIELDS];
        const char *values[EXPR_TEST_FIELDS];
        uint32_t n = split(line->column[1], parts, EXPR_TEST_FIELDS);

        assert_int_equal(n, t->schema.field_count);
        for (uint32_t i = 0; i < n; i++)
            values[i] = *parts[i] == '=' ? parts[i] + 1 : NULL;
        expr_test_row(t, values);
    } else {
        check_case(t, line);
    }
}

static void answers_as_postgresql(void **state)
{
    struct expr_test t;

    (void)state;
    expr_test_init(&t);
    assert_true(cases_run("expr-cases.tsv", check_line, &t) > 2000);
    assert_int_equal(differences, 0);
    for (uint32_t i = 0; i < t.schema.field_count; i++)
        free((char *)(uintptr_t)t.fields[i].name);
    expr_test_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_postgresql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
