/*
 * = <> < <= > >= for values of fixed width. float64: NaN is equal to itself and larger than all
 * others. Decimals of two scales are compared exactly. false is smaller than true.
 *
 * Two columns over all rows, without NULLs (bench/expr_bench): about 2 ns a row. A condition on a
 * column and a constant does not come here (filter.c).
 */
#include "expr/compare.h"
#include "expr/kernel.h"
#include "expr/tables.h"

#define COMPARE_KERNEL(name, type, ...)                                      \
    static int name(struct streamd_call *call)                               \
    {                                                                        \
        KERNEL_LOOP2(call, type, type, uint8_t, r = (uint8_t)(__VA_ARGS__)); \
        return 0;                                                            \
    }

/* The six kernels of a type whose values C compares. */
#define COMPARE_KERNELS(name, type)                 \
    COMPARE_KERNEL(name##_equal, type, a == b)      \
    COMPARE_KERNEL(name##_unequal, type, a != b)    \
    COMPARE_KERNEL(name##_less, type, a < b)        \
    COMPARE_KERNEL(name##_less_equal, type, a <= b) \
    COMPARE_KERNEL(name##_more, type, a > b)        \
    COMPARE_KERNEL(name##_more_equal, type, a >= b)

COMPARE_KERNELS(int64, int64_t)
COMPARE_KERNELS(date, int32_t)

COMPARE_KERNEL(bool_equal, uint8_t, !a == !b)
COMPARE_KERNEL(bool_unequal, uint8_t, !a != !b)
COMPARE_KERNEL(bool_less, uint8_t, !a & !!b)
COMPARE_KERNEL(bool_less_equal, uint8_t, !a | !!b)
COMPARE_KERNEL(bool_more, uint8_t, !!a & !b)
COMPARE_KERNEL(bool_more_equal, uint8_t, !!a | !b)

/* a == a asks whether it is a number; comparisons with NaN are false. Without branches, for the
   sake of vector code. */
COMPARE_KERNEL(float64_equal, double, (a == b) | ((a != a) & (b != b)))
COMPARE_KERNEL(float64_unequal, double, !((a == b) | ((a != a) & (b != b))))
COMPARE_KERNEL(float64_less, double, !(a >= b) & (a == a))
COMPARE_KERNEL(float64_less_equal, double, (a <= b) | (b != b))
COMPARE_KERNEL(float64_more, double, !(a <= b) & (b == b))
COMPARE_KERNEL(float64_more_equal, double, (a >= b) | (a != a))

#define DECIMAL_KERNEL(name, ...)                                                                 \
    static int name(struct streamd_call *call)                                                    \
    {                                                                                             \
        const unsigned sa = call->args[0].type.scale, sb = call->args[1].type.scale;              \
        KERNEL_LOOP2(call, struct streamd_decimal, struct streamd_decimal, uint8_t,               \
                     int c =                                                                      \
                         compare_decimal(streamd_decimal_get(a), sa, streamd_decimal_get(b), sb); \
                     r = (uint8_t)(__VA_ARGS__));                                                 \
        return 0;                                                                                 \
    }

DECIMAL_KERNEL(decimal_equal, c == 0)
DECIMAL_KERNEL(decimal_unequal, c != 0)
DECIMAL_KERNEL(decimal_less, c < 0)
DECIMAL_KERNEL(decimal_less_equal, c <= 0)
DECIMAL_KERNEL(decimal_more, c > 0)
DECIMAL_KERNEL(decimal_more_equal, c >= 0)

#define ENTRY(name_, id_, kernel_)                                                      \
    {                                                                                   \
        .name = (name_), .argc = 2, .args = {id_, id_}, .result = {.id = STREAMD_BOOL}, \
        .flags = NODE_ANY_ROWS, .kernel = (kernel_)                                     \
    }
#define ENTRIES(id, name)                                                                       \
    ENTRY("=", id, name##_equal), ENTRY("<>", id, name##_unequal), ENTRY("<", id, name##_less), \
        ENTRY("<=", id, name##_less_equal), ENTRY(">", id, name##_more),                        \
        ENTRY(">=", id, name##_more_equal)

const struct streamd_function operators_compare[] = {
    ENTRIES(STREAMD_INT64, int64),
    ENTRIES(STREAMD_TIMESTAMP, int64),
    ENTRIES(STREAMD_DATE, date),
    ENTRIES(STREAMD_BOOL, bool),
    ENTRIES(STREAMD_FLOAT64, float64),
    ENTRIES(STREAMD_DECIMAL, decimal),
    {.name = NULL},
};

/* ---- one pair ----------------------------------------------------------------------------- */

static int compare_bools(const void *a, const void *b)
{
    int x = *(const uint8_t *)a != 0, y = *(const uint8_t *)b != 0;

    return x - y;
}

static int compare_int64s(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int compare_dates(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

static int compare_float64s(const void *a, const void *b)
{
    return compare_float64(*(const double *)a, *(const double *)b);
}

static int compare_decimals(const void *a, const void *b)
{
    return compare_decimal(streamd_decimal_get(*(const struct streamd_decimal *)a), 0,
                           streamd_decimal_get(*(const struct streamd_decimal *)b), 0);
}

static int compare_strs(const void *a, const void *b)
{
    return compare_str(*(const struct streamd_str *)a, *(const struct streamd_str *)b);
}

compare_fn *compare_function(uint8_t id)
{
    switch (id) {
    case STREAMD_BOOL:
        return compare_bools;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        return compare_int64s;
    case STREAMD_DATE:
        return compare_dates;
    case STREAMD_FLOAT64:
        return compare_float64s;
    case STREAMD_DECIMAL:
        return compare_decimals;
    case STREAMD_STRING:
    case STREAMD_BYTES:
        return compare_strs;
    default:
        return NULL;
    }
}
