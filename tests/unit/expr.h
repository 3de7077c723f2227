/*
 * What the tests of expressions share: a table of rows written as text, expressions compiled and
 * evaluated over it, and values printed as PostgreSQL prints them.
 */
#ifndef TESTS_UNIT_EXPR_H
#define TESTS_UNIT_EXPR_H

#include "expr/aggregates.h"
#include "expr/evaluate.h"

#include "columnar/pool.h"

enum { EXPR_TEST_FIELDS = 32, EXPR_TEST_ROWS = 128, EXPR_TEST_TEXT = 4096 };

struct expr_test {
    struct batch_pool *pool;
    struct expr_registry *registry;
    struct expr_store store;
    struct streamd_field fields[EXPR_TEST_FIELDS];
    struct streamd_schema schema;
    struct streamd_batch *batch;
    struct expr_evaluator *ev;
    struct expr_problems problems;
    int row_codes[EXPR_TEST_ROWS]; /* enum streamd_row_code of rows rejected since the last reset */
    char row_message[256];
    int stop_with; /* what row_error answers */
    uint32_t errors;
    int64_t now;
};

/* A table without fields and rows. */
void expr_test_init(struct expr_test *t);
void expr_test_clear(struct expr_test *t);

/* Adds a field, as in a pipeline file: "price", "decimal(10,2)|null". Before the first row. */
void expr_test_field(struct expr_test *t, const char *name, const char *type);

/* Adds a row: one text per field, NULL for NULL, read as by streamd/convert.h (bytes: hexadecimal).
 */
void expr_test_row(struct expr_test *t, const char *const *values);

/* Compiles; problems are in t->problems. NULL: there are some. */
const struct streamd_expr *expr_test_compile(struct expr_test *t, const char *text);

/* Evaluates over all rows; fails the test on anything but row errors. */
struct streamd_column expr_test_eval(struct expr_test *t, const struct streamd_expr *e);

/* Forgets row errors and gives the batch all its rows back. */
void expr_test_reset(struct expr_test *t);

/* The value of a row as PostgreSQL's text, "NULL", or "ERROR". */
void expr_test_print(const struct expr_test *t, const struct streamd_column *column,
                     struct streamd_type type, uint32_t row, char out[EXPR_TEST_TEXT]);

/* Compiles and evaluates a constant; its text, "NULL", "ERROR code message" of the first problem.
 */
const char *expr_test_constant(struct expr_test *t, const char *text, char out[EXPR_TEST_TEXT]);

#endif
