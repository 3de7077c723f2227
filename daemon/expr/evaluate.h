/*
 * expr/evaluate.h - running compiled expressions over batches.
 *
 * An evaluator belongs to one task and is used on its dataflow thread only. It owns scratch memory
 * that the next call reuses, so a steady stream allocates nothing.
 *
 * Rows with an error (overflow, division by zero, a bad cast) are told to the host once each, and
 * are left out of the result. A branch of CASE, COALESCE, AND, OR is evaluated for the rows that
 * need it, so `CASE WHEN x <> 0 THEN 1 / x END` has no error.
 */
#ifndef EXPR_EVALUATE_H
#define EXPR_EVALUATE_H

#include "expr/expr.h"

#include <streamd/batch.h>
#include <streamd/function.h>

struct expr_evaluator;

/*
 * What an evaluator asks of its owner.
 * row_error: a row of the batch has an error; `code` is an enum streamd_row_code. 0: go on without
 * the row; negative: stop, the evaluation answers with that value.
 * now_us: processing time, asked at most once per call of the functions below.
 */
struct expr_host {
    void *self;
    int (*row_error)(void *self, struct streamd_batch *batch, uint32_t row, int code,
                     const char *message);
    int64_t (*now_us)(void *self);
};

/* NULL: no memory. `host` is copied. */
struct expr_evaluator *expr_evaluator_new(const struct expr_host *host);
void expr_evaluator_free(struct expr_evaluator *ev); /* NULL is fine */

/* Bytes of scratch memory held. */
size_t expr_evaluator_bytes(const struct expr_evaluator *ev);

/* ---- a whole batch ------------------------------------------------------------------------ */

/*
 * Evaluates over the batch's rows into a column. A plain field is a copy of its struct
 * streamd_column, no data; else the values lie in the batch's memory. Rows with an error leave
 * batch->sel. 0 or negative.
 */
int expr_eval_column(struct expr_evaluator *ev, const struct streamd_expr *expr,
                     struct streamd_batch *batch, struct streamd_column *out);

/* Narrows batch->sel to the rows for which a bool expression is true: not false, not NULL, no
   error. 0 or negative. */
int expr_filter(struct expr_evaluator *ev, const struct streamd_expr *expr,
                struct streamd_batch *batch);

/*
 * A batch with the projection's fields over the same rows, but for those with an error, which leave
 * batch->sel too. Plain fields are shared. The caller owns a reference. 0 and *out, or negative.
 */
int expr_project(struct expr_evaluator *ev, const struct streamd_projection *projection,
                 struct streamd_batch *batch, struct streamd_batch **out);

/* ---- piece by piece: for aggregates --------------------------------------------------------- */

/*
 * Begins work on a batch: forgets all vectors of before and which rows failed. The batch is not
 * changed by expr_eval.
 */
void expr_begin(struct expr_evaluator *ev, struct streamd_batch *batch);

/* How often that was: vectors are still good while it stays the same. */
uint64_t expr_begun(const struct expr_evaluator *ev);

/*
 * Evaluates for rows sel[0 .. n) (0 .. n - 1 where sel is NULL) of the batch given to expr_begin.
 * The vector's values are indexed by physical row and lie in scratch memory or in the batch's
 * columns until the next expr_begin. Rows that failed have undefined values. `sel` is ascending;
 * a row may stand in it more than once. 0 or negative.
 */
int expr_eval(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
              uint32_t n, struct streamd_vector *out);

/* The same for a bool expression: writes the rows of sel[0 .. n) for which it is true to `out`,
   which has room for n and may be `sel` itself. Answers how many, or negative. */
int expr_eval_true(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
                   uint32_t n, uint16_t *out);

/* failed[row] = 1 for the rows that had an error since expr_begin; NULL: none had. */
const uint8_t *expr_failed(const struct expr_evaluator *ev);

/*
 * Makes a call for a kernel (an aggregate's update or final): call->host, alloc, row_error and now
 * work until the next expr_begin. `args` may be NULL with argc 0. result_type NULL: no result;
 * else the result has room for `rows` values. A negative `status` after the kernel: the host wants
 * to stop. 0 or STREAMD_E_NOMEM.
 */
struct expr_call {
    struct streamd_call call;
    struct streamd_vector result; /* what call.result points to */
    struct expr_evaluator *ev;
    uint8_t *null_room;   /* for result.nulls, when the first NULL comes */
    const uint16_t *rows; /* a constant call: the rows that its value is for */
    uint32_t row_count;
    int status;
};
int expr_call_open(struct expr_evaluator *ev, struct expr_call *call,
                   const struct streamd_vector *args, uint32_t argc, const uint16_t *sel,
                   uint32_t n, const struct streamd_type *result_type, uint32_t rows);

/* Writes a vector into a column in the batch's memory, for rows sel[0 .. n) as in expr_eval. Rows
   that are not among them are empty texts or undefined values. 0 or negative. */
int expr_vector_column(struct streamd_batch *batch, const struct streamd_vector *vector,
                       const uint16_t *sel, uint32_t n, struct streamd_column *out);

#endif
