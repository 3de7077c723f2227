/*
 * count, sum, avg. The hottest kernels of the product: one pass over the rows of a batch, each of
 * which adds into its own row of state. Budget: 1 ns a row while the state is in the cache.
 *
 * Sums of integers are 128 bits wide and cannot overflow; sums of decimals stop at the ends of that
 * range and stay there, and `final` says that the sum is out of range.
 */
#include "expr/functions/accumulator.h"
#include "expr/functions/functions.h"

#define SUM_MAX ((streamd_int128)(~(streamd_uint128)0 >> 1))
#define SUM_MIN (-SUM_MAX - 1)

/* ---- count -------------------------------------------------------------------------------- */

static int count_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    uint32_t offset = a->offsets[0];

    (void)time;
    for (uint32_t k = 0; k < call->n; k++)
        ++*(int64_t *)((uint8_t *)rows[k] + offset);
    return 0;
}

static int count_merge(const struct streamd_accumulator *into, void *const *to,
                       const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        *(int64_t *)accumulator_at(into, to[k], 0) +=
            *(int64_t *)accumulator_at(source, from[k], 0);
    return 0;
}

static int count_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    int64_t *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++)
        out[k] = *(int64_t *)accumulator_at(a, rows[k], 0);
    return 0;
}

/* ---- sums of integers and decimals --------------------------------------------------------- */

static inline streamd_int128 add(streamd_int128 a, streamd_int128 b)
{
    streamd_int128 sum;

    if (a == SUM_MAX || a == SUM_MIN)
        return a;
    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? SUM_MAX : SUM_MIN;
    return sum;
}

static int sum_int_update(const struct streamd_accumulator *a, struct streamd_call *call,
                          const int64_t *time, void *const *rows)
{
    uint32_t offset = a->offsets[0];

    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        uint8_t *at = (uint8_t *)rows[k] + offset;
        streamd_int128 sum;

        memcpy(&sum, at, sizeof(sum));
        sum += CALL_ARG(call, 0, int64_t, call_row(call, k));
        memcpy(at, &sum, sizeof(sum));
        accumulator_set_null(a, rows[k], 0, 0);
    }
    return 0;
}

static int sum_decimal_update(const struct streamd_accumulator *a, struct streamd_call *call,
                              const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        struct streamd_decimal d = CALL_ARG(call, 0, struct streamd_decimal, call_row(call, k));

        accumulator_set_decimal(a, rows[k], 0,
                                add(accumulator_decimal(a, rows[k], 0), streamd_decimal_get(d)));
        accumulator_set_null(a, rows[k], 0, 0);
    }
    return 0;
}

static int sum_decimal_merge(const struct streamd_accumulator *into, void *const *to,
                             const struct streamd_accumulator *source, void *const *from,
                             uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        if (accumulator_is_null(source, from[k], 0))
            continue;
        accumulator_set_decimal(
            into, to[k], 0,
            add(accumulator_decimal(into, to[k], 0), accumulator_decimal(source, from[k], 0)));
        accumulator_set_null(into, to[k], 0, 0);
    }
    return 0;
}

static int sum_decimal_final(const struct streamd_accumulator *a, struct streamd_call *call,
                             void *const *rows)
{
    struct streamd_decimal *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        streamd_int128 sum = accumulator_decimal(a, rows[k], 0);
        int rc = 0;

        out[k] = streamd_decimal_make(sum);
        if (accumulator_is_null(a, rows[k], 0))
            rc = call->host->set_null(call, k);
        else if (!streamd_decimal_fits(sum, 38))
            rc = call_error(call, k, STREAMD_ROW_OVERFLOW, "sum has more than 38 digits");
        if (rc)
            return rc;
    }
    return 0;
}

static int resolve_sum_decimal(const struct streamd_type *args, uint32_t argc,
                               struct streamd_type *result, struct streamd_field state[8])
{
    (void)argc;
    result->precision = state[0].type.precision = 38;
    result->scale = state[0].type.scale = args[0].scale;
    return 0;
}

/* ---- sums of floats ------------------------------------------------------------------------ */

static int sum_float_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    uint32_t offset = a->offsets[0];

    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        *(double *)((uint8_t *)rows[k] + offset) += CALL_ARG(call, 0, double, call_row(call, k));
        accumulator_set_null(a, rows[k], 0, 0);
    }
    return 0;
}

static int sum_float_merge(const struct streamd_accumulator *into, void *const *to,
                           const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        if (accumulator_is_null(source, from[k], 0))
            continue;
        *(double *)accumulator_at(into, to[k], 0) += *(double *)accumulator_at(source, from[k], 0);
        accumulator_set_null(into, to[k], 0, 0);
    }
    return 0;
}

static int sum_float_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    double *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        out[k] = *(double *)accumulator_at(a, rows[k], 0);
        if (accumulator_is_null(a, rows[k], 0)) {
            int rc = call->host->set_null(call, k);

            if (rc)
                return rc;
        }
    }
    return 0;
}

/* ---- averages: a sum in column 0, a count in column 1 --------------------------------------- */

static int64_t *seen(const struct streamd_accumulator *a, void *row)
{
    return accumulator_at(a, row, 1);
}

static int avg_int_update(const struct streamd_accumulator *a, struct streamd_call *call,
                          const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        int64_t v = CALL_ARG(call, 0, int64_t, call_row(call, k));

        accumulator_set_decimal(a, rows[k], 0, accumulator_decimal(a, rows[k], 0) + v);
        ++*seen(a, rows[k]);
    }
    return 0;
}

static int avg_decimal_update(const struct streamd_accumulator *a, struct streamd_call *call,
                              const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        struct streamd_decimal d = CALL_ARG(call, 0, struct streamd_decimal, call_row(call, k));

        accumulator_set_decimal(a, rows[k], 0,
                                add(accumulator_decimal(a, rows[k], 0), streamd_decimal_get(d)));
        ++*seen(a, rows[k]);
    }
    return 0;
}

static int avg_float_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        *(double *)accumulator_at(a, rows[k], 0) += CALL_ARG(call, 0, double, call_row(call, k));
        ++*seen(a, rows[k]);
    }
    return 0;
}

static int avg_decimal_merge(const struct streamd_accumulator *into, void *const *to,
                             const struct streamd_accumulator *source, void *const *from,
                             uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        accumulator_set_decimal(
            into, to[k], 0,
            add(accumulator_decimal(into, to[k], 0), accumulator_decimal(source, from[k], 0)));
        *seen(into, to[k]) += *seen(source, from[k]);
    }
    return 0;
}

static int avg_float_merge(const struct streamd_accumulator *into, void *const *to,
                           const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        *(double *)accumulator_at(into, to[k], 0) += *(double *)accumulator_at(source, from[k], 0);
        *seen(into, to[k]) += *seen(source, from[k]);
    }
    return 0;
}

static int avg_int_final(const struct streamd_accumulator *a, struct streamd_call *call,
                         void *const *rows)
{
    double *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        int64_t n = *seen(a, rows[k]);
        int rc;

        out[k] = n ? (double)accumulator_decimal(a, rows[k], 0) / (double)n : 0;
        if (!n && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

static int avg_float_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    double *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        int64_t n = *seen(a, rows[k]);
        int rc;

        out[k] = n ? *(double *)accumulator_at(a, rows[k], 0) / (double)n : 0;
        if (!n && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

/* sum / n at the result's scale, rounded half away from zero. 0: it has more than 38 digits. */
static int divide(streamd_int128 sum, int64_t n, unsigned more_digits, streamd_int128 *out)
{
    streamd_uint128 m = sum < 0 ? 0 - (streamd_uint128)sum : (streamd_uint128)sum;
    streamd_uint128 quotient = m / (uint64_t)n, rest = m % (uint64_t)n;

    for (unsigned i = 0; i < more_digits; i++) {
        streamd_uint128 next = rest * 10;

        if (quotient > (streamd_uint128)SUM_MAX / 10 - 1)
            return 0;
        quotient = quotient * 10 + next / (uint64_t)n;
        rest = next % (uint64_t)n;
    }
    if (rest * 2 >= (uint64_t)n)
        quotient++;
    *out = sum < 0 ? -(streamd_int128)quotient : (streamd_int128)quotient;
    return streamd_decimal_fits(*out, 38);
}

static int avg_decimal_final(const struct streamd_accumulator *a, struct streamd_call *call,
                             void *const *rows)
{
    struct streamd_decimal *out = call->result->values;
    /* The sum's scale is the argument's; resolve made the result's at least 6. */
    unsigned more = call->result->type.scale - accumulator_type(a, 0).scale;

    for (uint32_t k = 0; k < call->n; k++) {
        streamd_int128 sum = accumulator_decimal(a, rows[k], 0), average = 0;
        int64_t n = *seen(a, rows[k]);
        int rc = 0;

        if (!n)
            rc = call->host->set_null(call, k);
        else if (sum == SUM_MAX || sum == SUM_MIN || !divide(sum, n, more, &average))
            rc = call_error(call, k, STREAMD_ROW_OVERFLOW, "avg has more than 38 digits");
        if (rc)
            return rc;
        out[k] = streamd_decimal_make(average);
    }
    return 0;
}

static int resolve_avg_decimal(const struct streamd_type *args, uint32_t argc,
                               struct streamd_type *result, struct streamd_field state[8])
{
    (void)argc;
    state[0].type.precision = result->precision = 38;
    state[0].type.scale = args[0].scale;
    result->scale = args[0].scale > 6 ? args[0].scale : 6;
    return 0;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define COUNT_STATE .state_count = 1, .state = {{"count", {.id = STREAMD_INT64}}}
#define COUNT_KERNELS .update = count_update, .merge = count_merge, .final = count_final
#define DECIMAL38                                             \
    {                                                         \
        .id = STREAMD_DECIMAL, .precision = 38, .nullable = 1 \
    }
#define SUM_AND_COUNT(t) .state_count = 2, .state = {{"sum", t}, {"count", {.id = STREAMD_INT64}}}

/* clang-format off */
const struct streamd_aggregate aggregates_sum[] = {
    {.name = "count", .result = {.id = STREAMD_INT64}, COUNT_STATE, COUNT_KERNELS,
     .doc = "how many rows there are"},
    {.name = "count", CALL_ARGS1(0), .result = {.id = STREAMD_INT64}, COUNT_STATE, COUNT_KERNELS,
     .doc = "how many values are not NULL"},
    {.name = "sum", CALL_ARGS1(STREAMD_INT64), .result = DECIMAL38,
     .state_count = 1, .state = {{"sum", DECIMAL38}}, .init = accumulator_init_null,
     .update = sum_int_update, .merge = sum_decimal_merge, .final = sum_decimal_final,
     .doc = "the sum, NULL of no values"},
    {.name = "sum", CALL_ARGS1(STREAMD_DECIMAL), .result = DECIMAL38,
     .state_count = 1, .state = {{"sum", DECIMAL38}}, .resolve = resolve_sum_decimal,
     .init = accumulator_init_null, .update = sum_decimal_update, .merge = sum_decimal_merge,
     .final = sum_decimal_final, .doc = "the exact sum, NULL of no values"},
    {.name = "sum", CALL_ARGS1(STREAMD_FLOAT64), .result = ACCUMULATOR_NULLABLE(STREAMD_FLOAT64),
     .state_count = 1, .state = {{"sum", ACCUMULATOR_NULLABLE(STREAMD_FLOAT64)}},
     .init = accumulator_init_null, .update = sum_float_update, .merge = sum_float_merge,
     .final = sum_float_final, .doc = "the sum, NULL of no values"},
    {.name = "avg", CALL_ARGS1(STREAMD_INT64), .result = ACCUMULATOR_NULLABLE(STREAMD_FLOAT64),
     SUM_AND_COUNT(DECIMAL38), .update = avg_int_update, .merge = avg_decimal_merge,
     .final = avg_int_final, .doc = "the average, NULL of no values"},
    {.name = "avg", CALL_ARGS1(STREAMD_DECIMAL), .result = DECIMAL38, SUM_AND_COUNT(DECIMAL38),
     .resolve = resolve_avg_decimal, .update = avg_decimal_update, .merge = avg_decimal_merge,
     .final = avg_decimal_final, .doc = "the average with at least 6 decimals, NULL of no values"},
    {.name = "avg", CALL_ARGS1(STREAMD_FLOAT64), .result = ACCUMULATOR_NULLABLE(STREAMD_FLOAT64),
     SUM_AND_COUNT(ACCUMULATOR_NULLABLE(STREAMD_FLOAT64)), .update = avg_float_update,
     .merge = avg_float_merge, .final = avg_float_final, .doc = "the average, NULL of no values"},
    {.name = NULL},
};
/* clang-format on */
