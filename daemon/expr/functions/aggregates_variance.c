/*
 * Variance and standard deviation of floats: count, sum, and the sum of squared differences from
 * the mean, kept by the method of Youngs and Cramer as in PostgreSQL, so that large values that
 * differ little lose no digits (Welford's loses half of them, as its mean is rounded at each step).
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

#include <math.h>

enum { COUNT, SUM, SQUARES };

static double *number_at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return accumulate_at(a, row, column);
}

static int init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    for (uint32_t column = COUNT; column <= SQUARES; column++)
        accumulate_zero(a, rows, n, column, 8);
    return 0;
}

/* The squares with x added to n - 1 values, where `sum` is the sum with x. */
static inline double add_square(double squares, double n, double sum, double x)
{
    double t = x * n - sum;

    if (n == 1)
        return x - x; /* NaN where x is not finite: the variance is unknown then */
    return squares + t * t / (n * (n - 1));
}

static int update(const struct streamd_accumulator *a, struct streamd_call *call,
                  const int64_t *time, void *const *rows)
{
    (void)time;
    ACCUMULATE_LOOP(call, rows, double, {
        int64_t *count = accumulate_int64(a, row, COUNT);
        double *sum = number_at(a, row, SUM);
        double *squares = number_at(a, row, SQUARES);
        double all = *sum + x;
        double square = add_square(*squares, (double)(*count + 1), all, x);
        if (__builtin_expect(isinf(all) || isinf(square), 0) && isfinite(x) && isfinite(*sum)) {
            int rc = call_error(call, i, STREAMD_ROW_OVERFLOW, "value out of range: overflow");
            if (rc)
                return rc;
        } else {
            ++*count;
            *sum = all;
            *squares = isinf(square) ? NAN : square;
        }
    });
    return 0;
}

static int merge(const struct streamd_accumulator *into, void *const *to,
                 const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        double old = (double)*accumulate_int64(into, to[k], COUNT);
        double more = (double)*accumulate_int64(source, from[k], COUNT);
        double *sum = number_at(into, to[k], SUM), *squares = number_at(into, to[k], SQUARES);
        double other = *number_at(source, from[k], SUM);
        if (more == 0)
            continue;
        *squares += *number_at(source, from[k], SQUARES);
        if (old > 0) { /* the difference of the means, in one fraction: exact for integers */
            double t = *sum * more - other * old;
            *squares += t * t / (old * more * (old + more));
        }
        *sum += other;
        *accumulate_int64(into, to[k], COUNT) += *accumulate_int64(source, from[k], COUNT);
    }
    return 0;
}

/* `sample`: divided by one less than the count, and NULL for a single value. */
static int final(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows,
                 int sample, int root)
{
    double *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        int64_t divisor = *accumulate_int64(a, rows[k], COUNT) - sample;
        result[k] = divisor > 0 ? *number_at(a, rows[k], SQUARES) / (double)divisor : 0;
        if (root)
            result[k] = sqrt(result[k]);
        if (divisor <= 0)
            rc = accumulate_null_result(call, k);
        else if (isinf(result[k])) /* states were merged beyond the largest number */
            rc = call_error(call, k, STREAMD_ROW_OVERFLOW, "value out of range: overflow");
    }
    return rc;
}

static int var_samp_final(const struct streamd_accumulator *a, struct streamd_call *call,
                          void *const *rows)
{
    return final(a, call, rows, 1, 0);
}

static int var_pop_final(const struct streamd_accumulator *a, struct streamd_call *call,
                         void *const *rows)
{
    return final(a, call, rows, 0, 0);
}

static int stddev_samp_final(const struct streamd_accumulator *a, struct streamd_call *call,
                             void *const *rows)
{
    return final(a, call, rows, 1, 1);
}

static int stddev_pop_final(const struct streamd_accumulator *a, struct streamd_call *call,
                            void *const *rows)
{
    return final(a, call, rows, 0, 1);
}

#define ENTRY(name_, final_, doc_)                                                          \
    {                                                                                       \
        .name = (name_), CALL_ARGS1(STREAMD_FLOAT64), .result = {STREAMD_FLOAT64, 0, 0, 1}, \
        .state_count = 3,                                                                   \
        .state = {{"count", {STREAMD_INT64, 0, 0, 0}},                                      \
                  {"sum", {STREAMD_FLOAT64, 0, 0, 0}},                                      \
                  {"squares", {STREAMD_FLOAT64, 0, 0, 0}}},                                 \
        .init = init, .update = update, .merge = merge, .final = (final_), .doc = (doc_)    \
    }

const struct streamd_aggregate aggregates_variance[] = {
    ENTRY("variance", var_samp_final, "the variance of a sample, NULL below two values"),
    ENTRY("var_samp", var_samp_final, "the variance of a sample, NULL below two values"),
    ENTRY("var_pop", var_pop_final, "the variance of a whole population"),
    ENTRY("stddev", stddev_samp_final, "the standard deviation of a sample, NULL below two values"),
    ENTRY("stddev_samp", stddev_samp_final,
          "the standard deviation of a sample, NULL below two values"),
    ENTRY("stddev_pop", stddev_pop_final, "the standard deviation of a whole population"),
    {.name = NULL}};
