/*
 * avg: the sum and how many values, divided when the result is due. Of int64 it is a float64; of
 * decimals an exact decimal with at least 6 digits behind the point.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

static int init128(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_zero(a, rows, n, 0, 16);
    accumulate_zero(a, rows, n, 1, 8);
    return 0;
}

static int init_float(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_zero(a, rows, n, 0, 8);
    accumulate_zero(a, rows, n, 1, 8);
    return 0;
}

static int avg_int64_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    uint32_t sum = a->offsets[0], count = a->offsets[1];

    (void)time;
    ACCUMULATE_LOOP(call, rows, int64_t, {
        uint8_t *p = (uint8_t *)row + sum;
        accumulate_store128(p, accumulate_load128(p) + x);
        *(int64_t *)((uint8_t *)row + count) += 1;
    });
    return 0;
}

static int avg_decimal_update(const struct streamd_accumulator *a, struct streamd_call *call,
                              const int64_t *time, void *const *rows)
{
    uint32_t sum = a->offsets[0], count = a->offsets[1];

    (void)time;
    ACCUMULATE_LOOP(call, rows, struct streamd_decimal, {
        uint8_t *p = (uint8_t *)row + sum;
        accumulate_store128(p, accumulate_add128(accumulate_load128(p), streamd_decimal_get(x)));
        *(int64_t *)((uint8_t *)row + count) += 1;
    });
    return 0;
}

static int avg_float_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    uint32_t sum = a->offsets[0], count = a->offsets[1];

    (void)time;
    ACCUMULATE_LOOP(call, rows, double, {
        int rc = accumulate_add_float(call, i, (uint8_t *)row + sum, x);
        if (rc)
            return rc;
        *(int64_t *)((uint8_t *)row + count) += 1;
    });
    return 0;
}

static int avg128_merge(const struct streamd_accumulator *into, void *const *to,
                        const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        void *p = accumulate_at(into, to[k], 0);
        accumulate_store128(
            p, accumulate_add128(accumulate_load128(p),
                                 accumulate_load128(accumulate_at(source, from[k], 0))));
        *accumulate_int64(into, to[k], 1) += *accumulate_int64(source, from[k], 1);
    }
    return 0;
}

static int avg_float_merge(const struct streamd_accumulator *into, void *const *to,
                           const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        *(double *)accumulate_at(into, to[k], 0) += *(double *)accumulate_at(source, from[k], 0);
        *accumulate_int64(into, to[k], 1) += *accumulate_int64(source, from[k], 1);
    }
    return 0;
}

static int avg_int64_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        streamd_int128 sum = accumulate_load128(accumulate_at(a, rows[k], 0));
        int64_t count = *accumulate_int64(a, rows[k], 1);
        /* Sums beyond 2^53 lose less in a long double. */
        ((double *)call->result->values)[k] =
            count ? (double)((long double)sum / (long double)count) : 0;
        if (!count)
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

static int avg_float_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        int64_t count = *accumulate_int64(a, rows[k], 1);
        ((double *)call->result->values)[k] =
            count ? *(double *)accumulate_at(a, rows[k], 0) / (double)count : 0;
        if (!count)
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

/* sum x 10^shift / count, half away from zero. 0 where that has more than `precision` digits. */
static int divide(streamd_int128 sum, int64_t count, unsigned shift, unsigned precision,
                  streamd_int128 *result)
{
    streamd_uint128 m = sum < 0 ? 0 - (streamd_uint128)sum : (streamd_uint128)sum;
    streamd_uint128 divisor = (streamd_uint128)count, q = m / divisor;
    /* The rest is below 2^63 and the factor below 10^7. */
    streamd_uint128 rest = m % divisor * streamd_pow10(shift);

    if (__builtin_mul_overflow(q, (streamd_uint128)streamd_pow10(shift), &q))
        return 0;
    q += rest / divisor;
    rest %= divisor;
    q += rest >= divisor - rest;
    *result = sum < 0 ? (streamd_int128)(0 - q) : (streamd_int128)q;
    return q < streamd_pow10_128(precision);
}

static int avg_decimal_final(const struct streamd_accumulator *a, struct streamd_call *call,
                             void *const *rows)
{
    struct streamd_type type = call->result->type;
    unsigned shift = (unsigned)type.scale - a->table->layout->fields[a->indexes[0]].type.scale;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        streamd_int128 sum = accumulate_load128(accumulate_at(a, rows[k], 0)), v = 0;
        int64_t count = *accumulate_int64(a, rows[k], 1);
        if (!count)
            rc = accumulate_null_result(call, k);
        else if (accumulate_is_overflown(sum) || !divide(sum, count, shift, type.precision, &v))
            rc = accumulate_overflow(call, k);
        ((struct streamd_decimal *)call->result->values)[k] = streamd_decimal_make(v);
    }
    return rc;
}

static int resolve_avg(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                       struct streamd_field state[8])
{
    (void)argc;
    result->precision = 38;
    result->scale = args[0].scale > 6 ? args[0].scale : 6;
    state[0].type.precision = 38;
    state[0].type.scale = args[0].scale;
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define AVG(argument, result_, sum_, resolve_, init_, update_, merge_, final_)                \
    {                                                                                         \
        .name = "avg", CALL_ARGS1(argument), .result = result_, .state_count = 2,             \
        .state = {{"sum", sum_}, {"count", {STREAMD_INT64, 0, 0, 0}}}, .resolve = (resolve_), \
        .init = (init_), .update = (update_), .merge = (merge_), .final = (final_),           \
        .doc = "the mean, NULL where there are no values"                                     \
    }
#define FLOAT64                  \
    {                            \
        STREAMD_FLOAT64, 0, 0, 1 \
    }
#define SUM_FLOAT64              \
    {                            \
        STREAMD_FLOAT64, 0, 0, 0 \
    }
#define DECIMAL                   \
    {                             \
        STREAMD_DECIMAL, 38, 6, 1 \
    }
#define SUM_DECIMAL               \
    {                             \
        STREAMD_DECIMAL, 38, 0, 0 \
    }

const struct streamd_aggregate aggregates_avg[] = {
    AVG(STREAMD_INT64, FLOAT64, SUM_DECIMAL, NULL, init128, avg_int64_update, avg128_merge,
        avg_int64_final),
    AVG(STREAMD_DECIMAL, DECIMAL, SUM_DECIMAL, resolve_avg, init128, avg_decimal_update,
        avg128_merge, avg_decimal_final),
    AVG(STREAMD_FLOAT64, FLOAT64, SUM_FLOAT64, NULL, init_float, avg_float_update, avg_float_merge,
        avg_float_final),
    {.name = NULL}};
