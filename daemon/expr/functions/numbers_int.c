/*
 * Functions of int64 that stay there.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"

static int out_of_range(struct streamd_call *call, uint32_t row)
{
    return call_error(call, row, STREAMD_ROW_OVERFLOW, "bigint out of range");
}

static int abs_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t x = CALL_ARG(call, 0, int64_t, i);
        int rc = x == INT64_MIN ? out_of_range(call, i) : 0;
        if (rc)
            return rc;
        result[i] = x == INT64_MIN ? 0 : x < 0 ? -x : x;
    }
    return 0;
}

static int mod_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t x = CALL_ARG(call, 0, int64_t, i), y = CALL_ARG(call, 1, int64_t, i);
        int rc = y == 0 ? call_error(call, i, STREAMD_ROW_DIVISION, "division by zero") : 0;
        if (rc)
            return rc;
        result[i] = y == 0 || y == -1 ? 0 : x % y; /* INT64_MIN % -1 traps */
    }
    return 0;
}

static uint64_t magnitude(int64_t x)
{
    return x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int gcd_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        uint64_t d = greatest_divisor(magnitude(CALL_ARG(call, 0, int64_t, i)),
                                      magnitude(CALL_ARG(call, 1, int64_t, i)));
        int rc = d > INT64_MAX ? out_of_range(call, i) : 0;
        if (rc)
            return rc;
        result[i] = (int64_t)(d & INT64_MAX);
    }
    return 0;
}

static int lcm_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        uint64_t a = magnitude(CALL_ARG(call, 0, int64_t, i)),
                 b = magnitude(CALL_ARG(call, 1, int64_t, i)), product = 0;
        int over = a && b && __builtin_mul_overflow(a / greatest_divisor(a, b), b, &product);
        int rc = over || product > INT64_MAX ? out_of_range(call, i) : 0;
        if (rc)
            return rc;
        result[i] = (int64_t)(product & INT64_MAX);
    }
    return 0;
}

#define I2(name_, kernel_, doc_)                                               \
    {                                                                          \
        .name = (name_), CALL_ARGS2(STREAMD_INT64, STREAMD_INT64),             \
        .result = {STREAMD_INT64, 0, 0, 0}, .kernel = (kernel_), .doc = (doc_) \
    }

const struct streamd_function functions_int[] = {
    {.name = "abs",
     CALL_ARGS1(STREAMD_INT64),
     .result = {STREAMD_INT64, 0, 0, 0},
     .kernel = abs_kernel,
     .doc = "the value without its sign"},
    I2("mod", mod_kernel, "the remainder of a division, with the sign of the dividend"),
    I2("gcd", gcd_kernel, "the greatest common divisor"),
    I2("lcm", lcm_kernel, "the least common multiple"),
    {.name = NULL}};
