/*
 * expr/functions/call.h - what kernels share: rows, arguments, errors, memory for texts.
 */
#ifndef EXPR_FUNCTIONS_CALL_H
#define EXPR_FUNCTIONS_CALL_H

#include <streamd/convert_number.h>
#include <streamd/function.h>

#include <string.h>

/* A text that a function makes is at most that long, as in PostgreSQL. */
#define CALL_TEXT_MAX ((size_t)1 << 30)

/* The k-th row to compute. */
static inline uint32_t call_row(const struct streamd_call *call, uint32_t k)
{
    return call->sel ? call->sel[k] : k;
}

/* Value of argument `x` for a row. */
#define CALL_ARG(call, x, type, row) \
    (((const type *)(call)->args[x].values)[(row) & (call)->args[x].mask])

/* Is argument `x` NULL? Only in functions with STREAMD_FUNCTION_NULLABLE_INPUT. */
static inline int call_is_null(const struct streamd_call *call, uint32_t x, uint32_t row)
{
    const struct streamd_vector *v = &call->args[x];
    return v->nulls && v->nulls[row & v->mask];
}

/* Is the argument one value for all rows, and not NULL? */
static inline int call_is_constant(const struct streamd_vector *v)
{
    return v->mask == 0 && v->values && !(v->nulls && v->nulls[0]);
}

/* Rejects a row. 0: go on with the next; negative: the kernel answers that. */
static inline int call_error(struct streamd_call *call, uint32_t row, int code, const char *message)
{
    return call->host->row_error(call, row, code, message);
}

/* A text of its parts. */
static inline struct streamd_str call_str(const char *data, size_t length)
{
    struct streamd_str s = {data, length};
    return s;
}

/* Memory for texts: pieces of blocks, so that a batch asks the host a few times only. Start with
   {0}. */
struct call_memory {
    char *at, *end;
};

/* Room for `bytes`; what is used of it is then taken with call_take. NULL: no memory. */
static inline char *call_reserve(struct streamd_call *call, struct call_memory *m, size_t bytes)
{
    if ((size_t)(m->end - m->at) < bytes) {
        size_t block = bytes > 4096 ? bytes : 16384;
        m->at = (char *)call->host->alloc(call, block);
        m->end = m->at ? m->at + block : m->at;
    }
    return m->at;
}

/* Takes the first bytes of what was reserved, as a text. */
static inline struct streamd_str call_take(struct call_memory *m, size_t bytes)
{
    struct streamd_str s = {m->at, bytes};
    m->at += bytes;
    return s;
}

/* Rejects a row of a function whose result is a text, which becomes empty. */
static inline int call_text_error(struct streamd_call *call, uint32_t row, int code,
                                  const char *message)
{
    ((struct streamd_str *)call->result->values)[row & call->result->mask] = call_str("", 0);
    return call_error(call, row, code, message);
}

/* The same with NULL for a result. */
static inline int call_text_null(struct streamd_call *call, uint32_t row)
{
    ((struct streamd_str *)call->result->values)[row & call->result->mask] = call_str("", 0);
    return call->host->set_null(call, row);
}

/* Says that a result would be too long, or that an argument is. */
static inline int call_too_long(struct streamd_call *call, uint32_t row)
{
    return call_text_error(call, row, STREAMD_ROW_RANGE, "the text would be longer than 1 GiB");
}

/* ---- entries of tables -------------------------------------------------------------------- */

#define CALL_ARGS1(a) .argc = 1, .args = {a}
#define CALL_ARGS2(a, b) .argc = 2, .args = {a, b}
#define CALL_ARGS3(a, b, c) .argc = 3, .args = {a, b, c}
#define CALL_ARGS4(a, b, c, d) .argc = 4, .args = {a, b, c, d}

#endif
