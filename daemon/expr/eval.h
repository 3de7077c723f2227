/*
 * expr/eval.h - the inside of an evaluator, for the files that implement nodes.
 *
 * Memory. Values of nodes lie on a stack of scratch memory: a node takes room for its result,
 * marks the stack, evaluates its arguments above the mark, computes, and releases to the mark. So
 * an expression uses as much memory as it is deep, and stays in the cache. Bytes of texts that
 * kernels make lie in an arena (`bytes`) that lives until the next expr_begin, as results refer to
 * them.
 */
#ifndef EXPR_EVAL_H
#define EXPR_EVAL_H

#include "base/arena.h"
#include "expr/evaluate.h"
#include "expr/node.h"

#include <string.h>

struct scratch_chunk;

struct scratch {
    struct scratch_chunk *first, *current;
    uint8_t *at, *end;
};

struct scratch_mark {
    struct scratch_chunk *chunk;
    uint8_t *at, *end;
};

struct expr_evaluator {
    struct expr_host host;
    struct streamd_batch *batch; /* NULL while constants are folded */
    uint64_t begun;              /* calls of expr_begin */
    uint32_t rows;               /* physical rows; vectors have that many values */
    struct scratch scratch;
    struct arena bytes;
    uint8_t *failed; /* a byte a row, valid for `rows` rows where failures > 0 */
    size_t failed_capacity;
    uint32_t failures;
    int64_t now;
    uint8_t now_known;
    uint8_t refused;    /* a kernel wanted more than bytes_limit */
    size_t bytes_limit; /* of `bytes`; 0: none */
    struct streamd_vector *slots;
    uint32_t slot_capacity;
};

/* ---- memory ------------------------------------------------------------------------------- */

/* 16-byte aligned, not zeroed. NULL: none. */
void *scratch_alloc(struct scratch *s, size_t bytes);
void scratch_clear(struct scratch *s);
size_t scratch_bytes(const struct scratch *s);

/* Where the stack ends now. */
static inline struct scratch_mark scratch_mark(const struct scratch *s)
{
    struct scratch_mark m = {s->current, s->at, s->end};

    return m;
}

/* Gives back all that was taken since the mark. */
static inline void scratch_release(struct scratch *s, struct scratch_mark m)
{
    s->current = m.chunk;
    s->at = m.at;
    s->end = m.end;
}

/* ---- results ------------------------------------------------------------------------------ */

/* Room for a node's values, unless the caller gave it; room for its NULL marks. */
static inline int eval_take_values(struct expr_evaluator *ev, struct streamd_type type,
                                   struct streamd_vector *out)
{
    out->type = type;
    out->mask = UINT32_MAX;
    out->nulls = NULL;
    if (!out->values)
        out->values = scratch_alloc(&ev->scratch, ev->rows * node_width(type.id));
    return out->values ? 0 : STREAMD_E_NOMEM;
}

/* Room for a NULL mark a row, not set. NULL: no memory. */
static inline uint8_t *eval_take_nulls(struct expr_evaluator *ev)
{
    return scratch_alloc(&ev->scratch, ev->rows);
}

/* The row number of the k-th of sel. */
static inline uint32_t eval_row(const uint16_t *sel, uint32_t k)
{
    return sel ? sel[k] : k;
}

/* Is the value of a row NULL? */
static inline int eval_is_null(const struct streamd_vector *v, uint32_t row)
{
    return v->nulls && v->nulls[row & v->mask];
}

/* Evaluates an argument into values of its own. 0 or negative. */
static inline int eval_node(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                            uint32_t n, struct streamd_vector *out)
{
    out->values = NULL;
    return node->eval(ev, node, sel, n, out);
}

/* Notes an error of a row and tells the host, once a row. 0 or negative. */
int eval_row_error(struct expr_evaluator *ev, uint32_t row, int code, const char *message);

/* Processing time, the same for the whole batch. */
int64_t eval_now(struct expr_evaluator *ev);

/* Copies row numbers of sel[0 .. n) for which keep[row] has the value `wanted` to out; a NULL keep
   counts as all 0. Answers how many. */
uint32_t eval_select(const uint8_t *keep, uint8_t wanted, const uint16_t *sel, uint32_t n,
                     uint16_t *out);

/* Copies the rows of sel that are not in `some` to out, which may be sel. `marks` is room for a
   byte a physical row. Answers how many. */
uint32_t eval_rest(const struct expr_evaluator *ev, const uint16_t *sel, uint32_t n,
                   const uint16_t *some, uint32_t count, uint8_t *marks, uint16_t *out);

/* ---- nodes -------------------------------------------------------------------------------- */

node_eval_fn eval_constant, eval_column, eval_slot, eval_let, eval_call, eval_and, eval_or,
    eval_not, eval_is, eval_case, eval_coalesce, eval_extreme, eval_in, eval_distinct,
    eval_row_json;
node_filter_fn filter_any, filter_and, filter_or, filter_column, filter_let, filter_is, filter_in;

/*
 * Runs a function's kernel: NULL arguments, constant arguments, the result's memory. `prepared` as
 * in struct streamd_call. out->values as in node_eval_fn.
 */
int eval_function(struct expr_evaluator *ev, const struct streamd_function *function,
                  struct streamd_type type, void *prepared, const struct streamd_vector *args,
                  uint32_t argc, const uint16_t *sel, uint32_t n, struct streamd_vector *out);

#endif
