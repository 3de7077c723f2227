/*
 * Standard deviation and variance, of a sample and of a population. State: count, mean, and the sum
 * of squared differences from the mean (Welford's method), merged by Chan's formula; no
 * catastrophic cancellation, unlike with sums of squares.
 */
#include "expr/functions/accumulator.h"
#include "expr/functions/functions.h"

#include <math.h>

enum { COUNT = 0, MEAN = 1, SQUARES = 2 };

static double *at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return accumulator_at(a, row, column);
}

static int64_t *count_at(const struct streamd_accumulator *a, void *row)
{
    return accumulator_at(a, row, COUNT);
}

static int spread_update(const struct streamd_accumulator *a, struct streamd_call *call,
                         const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        double value = CALL_ARG(call, 0, double, call_row(call, k));
        double *mean = at(a, rows[k], MEAN);
        double difference = value - *mean;

        ++*count_at(a, rows[k]);
        *mean += difference / (double)*count_at(a, rows[k]);
        *at(a, rows[k], SQUARES) += difference * (value - *mean);
    }
    return 0;
}

static int spread_merge(const struct streamd_accumulator *into, void *const *to,
                        const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        double left = (double)*count_at(into, to[k]), right = (double)*count_at(source, from[k]);
        double difference = *at(source, from[k], MEAN) - *at(into, to[k], MEAN);
        double all = left + right;

        if (right == 0)
            continue;
        *at(into, to[k], MEAN) += difference * right / all;
        *at(into, to[k], SQUARES) +=
            *at(source, from[k], SQUARES) + difference * difference * left * right / all;
        *count_at(into, to[k]) += *count_at(source, from[k]);
    }
    return 0;
}

/* `less`: what is taken off the count: 1 for a sample. */
static int finish(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows,
                  int less, int root)
{
    double *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        int64_t n = *count_at(a, rows[k]) - less;
        int rc;

        out[k] = n > 0 ? *at(a, rows[k], SQUARES) / (double)n : 0;
        if (root)
            out[k] = sqrt(out[k]);
        if (n <= 0 && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

static int stddev_samp_final(const struct streamd_accumulator *a, struct streamd_call *call,
                             void *const *rows)
{
    return finish(a, call, rows, 1, 1);
}

static int stddev_pop_final(const struct streamd_accumulator *a, struct streamd_call *call,
                            void *const *rows)
{
    return finish(a, call, rows, 0, 1);
}

static int var_samp_final(const struct streamd_accumulator *a, struct streamd_call *call,
                          void *const *rows)
{
    return finish(a, call, rows, 1, 0);
}

static int var_pop_final(const struct streamd_accumulator *a, struct streamd_call *call,
                         void *const *rows)
{
    return finish(a, call, rows, 0, 0);
}

#define SPREAD(fn, kernel, text)                                                                  \
    {                                                                                             \
        .name = fn, CALL_ARGS1(STREAMD_FLOAT64), .result = ACCUMULATOR_NULLABLE(STREAMD_FLOAT64), \
        .state_count = 3,                                                                         \
        .state = {{"count", {.id = STREAMD_INT64}},                                               \
                  {"mean", {.id = STREAMD_FLOAT64}},                                              \
                  {"squares", {.id = STREAMD_FLOAT64}}},                                          \
        .update = spread_update, .merge = spread_merge, .final = kernel, .doc = text              \
    }

/* clang-format off */
const struct streamd_aggregate aggregates_spread[] = {
    SPREAD("stddev", stddev_samp_final, "the standard deviation of a sample"),
    SPREAD("stddev_samp", stddev_samp_final, "the standard deviation of a sample"),
    SPREAD("stddev_pop", stddev_pop_final, "the standard deviation of a population"),
    SPREAD("variance", var_samp_final, "the variance of a sample"),
    SPREAD("var_samp", var_samp_final, "the variance of a sample"),
    SPREAD("var_pop", var_pop_final, "the variance of a population"),
    {.name = NULL},
};
/* clang-format on */
