/*
 * expr/kernel.h - loops of kernels.
 *
 * A kernel is one loop per batch. Over a dense batch the loops below have no index arithmetic and
 * no branch, so that the compiler makes vector code of them: one loop for two columns, one for each
 * side being a constant. Over a selection the loop is scalar.
 */
#ifndef EXPR_KERNEL_H
#define EXPR_KERNEL_H

#include "expr/node.h"

#include <streamd/function.h>

#define KERNEL_STEP2(i, index_a, index_b, TA, TB, TR, ...) \
    {                                                      \
        const TA a = kernel_a[index_a];                    \
        const TB b = kernel_b[index_b];                    \
        TR r;                                              \
        __VA_ARGS__;                                       \
        kernel_r[i] = r;                                   \
    }

/* Runs statements that set r from a and b, for every row of a call with two arguments. */
#define KERNEL_LOOP2(call, TA, TB, TR, ...)                                          \
    do {                                                                             \
        const TA *restrict kernel_a = (call)->args[0].values;                        \
        const TB *restrict kernel_b = (call)->args[1].values;                        \
        TR *restrict kernel_r = (call)->result->values;                              \
        const uint32_t mask_a = (call)->args[0].mask, mask_b = (call)->args[1].mask; \
        const uint32_t kernel_n = (call)->n;                                         \
        const uint16_t *sel = (call)->sel;                                           \
        if (!sel && mask_a && mask_b) {                                              \
            for (uint32_t i = 0; i < kernel_n; i++)                                  \
                KERNEL_STEP2(i, i, i, TA, TB, TR, __VA_ARGS__)                       \
        } else if (!sel && mask_a) {                                                 \
            for (uint32_t i = 0; i < kernel_n; i++)                                  \
                KERNEL_STEP2(i, i, 0, TA, TB, TR, __VA_ARGS__)                       \
        } else if (!sel && mask_b) {                                                 \
            for (uint32_t i = 0; i < kernel_n; i++)                                  \
                KERNEL_STEP2(i, 0, i, TA, TB, TR, __VA_ARGS__)                       \
        } else {                                                                     \
            for (uint32_t k = 0; k < kernel_n; k++) {                                \
                const uint32_t i = sel ? sel[k] : k;                                 \
                KERNEL_STEP2(i, i &mask_a, i &mask_b, TA, TB, TR, __VA_ARGS__)       \
            }                                                                        \
        }                                                                            \
    } while (0)

/* The same for one argument. */
#define KERNEL_LOOP1(call, TA, TR, ...)                       \
    do {                                                      \
        const TA *restrict kernel_a = (call)->args[0].values; \
        TR *restrict kernel_r = (call)->result->values;       \
        const uint32_t mask_a = (call)->args[0].mask;         \
        const uint32_t kernel_n = (call)->n;                  \
        const uint16_t *sel = (call)->sel;                    \
        if (!sel && mask_a) {                                 \
            for (uint32_t i = 0; i < kernel_n; i++) {         \
                const TA a = kernel_a[i];                     \
                TR r;                                         \
                __VA_ARGS__;                                  \
                kernel_r[i] = r;                              \
            }                                                 \
        } else {                                              \
            for (uint32_t k = 0; k < kernel_n; k++) {         \
                const uint32_t i = sel ? sel[k] : k;          \
                const TA a = kernel_a[i & mask_a];            \
                TR r;                                         \
                __VA_ARGS__;                                  \
                kernel_r[i] = r;                              \
            }                                                 \
        }                                                     \
    } while (0)

/*
 * After a loop has seen that some row is bad, the second look says which: statements return the
 * code of a row's error, 0 for none. Rows with a NULL are left out, their values can be anything.
 */
#define KERNEL_ERRORS(call, message_of, ...)                                              \
    do {                                                                                  \
        for (uint32_t k = 0; k < (call)->n; k++) {                                        \
            const uint32_t i = kernel_row((call), k);                                     \
            int kernel_code = 0;                                                          \
            if (kernel_is_null((call), i))                                                \
                continue;                                                                 \
            __VA_ARGS__;                                                                  \
            if (kernel_code &&                                                            \
                (call)->host->row_error((call), i, kernel_code, message_of(kernel_code))) \
                return STREAMD_E_REPORTED;                                                \
        }                                                                                 \
    } while (0)

/* Value of argument x of a call for row i. */
#define KERNEL_ARG(call, x, type, i) \
    (((const type *)(call)->args[x].values)[(i) & (call)->args[x].mask])

/* The k-th row to compute. */
static inline uint32_t kernel_row(const struct streamd_call *call, uint32_t k)
{
    return call->sel ? call->sel[k] : k;
}

/* Is the result of a row NULL already, because an argument is? */
static inline int kernel_is_null(const struct streamd_call *call, uint32_t row)
{
    return call->result->nulls && call->result->nulls[row & call->result->mask];
}

/* The rows' errors that have one message each. */
static inline const char *kernel_message(int code)
{
    switch (code) {
    case STREAMD_ROW_DIVISION:
        return "division by zero";
    case STREAMD_ROW_OVERFLOW:
        return "the result is out of range";
    default:
        return "an argument is out of range";
    }
}

#endif
