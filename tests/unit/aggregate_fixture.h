/*
 * What tests of aggregates stand on: a host, a table in plain memory whose texts move at every
 * chance, a handful of aggregate functions, and an evaluator for four kinds of expressions that
 * takes the place of daemon/expr. So each row error comes from where the test wants it.
 */
#ifndef TESTS_AGGREGATE_FIXTURE_H
#define TESTS_AGGREGATE_FIXTURE_H

#include "columnar/pool.h"
#include "state/aggregate.h"

struct fixture {
    struct streamd_context context; /* first: a context is its fixture's address */
    struct streamd_host host;
    struct batch_pool *pool;
    struct expr_evaluator *evaluator;
    struct aggregate_runner *runner;
    int failed;              /* diagnostic of the last streamd_fail, 0: none */
    uint32_t errors;         /* row errors told to the host */
    uint32_t error_rows[64]; /* which */
    int stop;                /* what the host answers to a row error */
};

void fixture_init(struct fixture *f);
void fixture_clear(struct fixture *f);

/* ---- tables ------------------------------------------------------------------------------- */

enum { TABLE_ROWS = 4096 };

struct test_table {
    struct streamd_table head;
    struct streamd_row_layout layout;
    struct streamd_table_decl decl;
    struct streamd_field fields[32];
    uint32_t offsets[32];
    void *rows[TABLE_ROWS];
    uint32_t count;
};

/* A table of a declaration with so many rows, all zero. */
void table_init(struct test_table *t, const struct streamd_table_decl *decl, uint32_t count);
void table_clear(struct test_table *t);

/* Sets a value of a row. */
void table_set_int(struct test_table *t, uint32_t row, uint32_t index, int64_t value);
void table_set_text(struct test_table *t, uint32_t row, uint32_t index, const char *text);

/* ---- expressions -------------------------------------------------------------------------- */

enum fake_kind {
    FAKE_COLUMN,   /* column a */
    FAKE_CONSTANT, /* `text`, or NULL */
    FAKE_POSITIVE, /* a > 0; a row error where a is -99 */
    FAKE_CHECKED,  /* a, an int64; a row error where it is 99 */
    FAKE_RATIO     /* a / b of int64; a row error where b is 0 */
};

struct fake_expr {
    struct streamd_expr head;
    enum fake_kind kind;
    uint32_t a, b;
    const char *text;
};

/* Rows that were evaluated since fixture_init, for all but columns and constants. */
uint32_t fake_evaluated(const struct fixture *f);

/* ---- aggregate functions ------------------------------------------------------------------ */

/* What `spy` was called with last. */
struct spied {
    const uint16_t *sel;
    void *const *rows;
    const int64_t *time;
    uint32_t n, calls;
};
extern struct spied spied;

extern const struct streamd_aggregate count_function; /* count(*), count(x) */
extern const struct streamd_aggregate sum_function;   /* final: a row error for a sum of 666 */
extern const struct streamd_aggregate join_function;  /* join(text, separator) */
extern const struct streamd_aggregate nulls_function; /* sees NULLs: 1000 x NULLs + others */
extern const struct streamd_aggregate spy_function;   /* no state that changes; cannot be merged */

#endif
