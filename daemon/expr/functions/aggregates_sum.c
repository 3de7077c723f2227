/*
 * count and sum: the hottest loops there are. count(*) is one addition in memory, sum of int64 and
 * of decimals one of 128 bits; 1 to 2 ns a row each where the rows are in the cache.
 *
 * The sum of int64 is a decimal(38,0), which no stream can overflow. A sum of decimals that has
 * more than 38 digits is told when the result is due.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

static int init8(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_zero(a, rows, n, 0, 8);
    return 0;
}

static int init8_null(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_zero(a, rows, n, 0, 8);
    accumulate_clear(a, rows, n, 0);
    return 0;
}

static int init16_null(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_zero(a, rows, n, 0, 16);
    accumulate_clear(a, rows, n, 0);
    return 0;
}

/* ---- count -------------------------------------------------------------------------------- */

static int count_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    uint32_t offset = a->offsets[0], n = call->n;

    (void)time;
    for (uint32_t k = 0; k < n; k++)
        *(int64_t *)((uint8_t *)rows[k] + offset) += 1;
    return 0;
}

static int count_merge(const struct streamd_accumulator *into, void *const *to,
                       const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        *accumulate_int64(into, to[k], 0) += *accumulate_int64(source, from[k], 0);
    return 0;
}

static int count_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    for (uint32_t k = 0; k < call->n; k++)
        ((int64_t *)call->result->values)[k] = *accumulate_int64(a, rows[k], 0);
    return 0;
}

/* ---- sums of 128 bits --------------------------------------------------------------------- */

static int sum_int64_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    uint32_t offset = a->offsets[0];

    (void)time;
    ACCUMULATE_LOOP(call, rows, int64_t, {
        uint8_t *p = (uint8_t *)row + offset;
        accumulate_store128(p, accumulate_load128(p) + x);
        accumulate_set(row, mark);
    });
    return 0;
}

static int sum_decimal_update(const struct streamd_accumulator *a, struct streamd_call *call,
                              const int64_t *time, void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    uint32_t offset = a->offsets[0];

    (void)time;
    ACCUMULATE_LOOP(call, rows, struct streamd_decimal, {
        uint8_t *p = (uint8_t *)row + offset;
        accumulate_store128(p, accumulate_add128(accumulate_load128(p), streamd_decimal_get(x)));
        accumulate_set(row, mark);
    });
    return 0;
}

static int sum128_merge(const struct streamd_accumulator *into, void *const *to,
                        const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    struct accumulate_mark mark = accumulate_mark(into, 0), other = accumulate_mark(source, 0);

    for (uint32_t k = 0; k < n; k++) {
        if (accumulate_is_null(from[k], other))
            continue;
        void *p = accumulate_at(into, to[k], 0);
        accumulate_store128(
            p, accumulate_add128(accumulate_load128(p),
                                 accumulate_load128(accumulate_at(source, from[k], 0))));
        accumulate_set(to[k], mark);
    }
    return 0;
}

static int sum128_final(const struct streamd_accumulator *a, struct streamd_call *call,
                        void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        streamd_int128 v = accumulate_load128(accumulate_at(a, rows[k], 0));
        if (accumulate_is_null(rows[k], mark)) {
            v = 0;
            rc = accumulate_null_result(call, k);
        } else if (!streamd_decimal_fits(v, call->result->type.precision)) {
            v = 0;
            rc = accumulate_overflow(call, k);
        }
        ((struct streamd_decimal *)call->result->values)[k] = streamd_decimal_make(v);
    }
    return rc;
}

static int resolve_sum(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                       struct streamd_field state[8])
{
    (void)argc;
    result->precision = 38;
    result->scale = args[0].scale;
    state[0].type.precision = 38;
    state[0].type.scale = args[0].scale;
    return 0;
}

/* ---- sums of floats ----------------------------------------------------------------------- */

static int sum_float_update(const struct streamd_accumulator *a, struct streamd_call *call,
                            const int64_t *time, void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    uint32_t offset = a->offsets[0];

    (void)time;
    ACCUMULATE_LOOP(call, rows, double, {
        int rc = accumulate_add_float(call, i, (uint8_t *)row + offset, x);
        if (rc)
            return rc;
        accumulate_set(row, mark);
    });
    return 0;
}

static int sum_float_merge(const struct streamd_accumulator *into, void *const *to,
                           const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    struct accumulate_mark mark = accumulate_mark(into, 0), other = accumulate_mark(source, 0);

    for (uint32_t k = 0; k < n; k++) {
        if (accumulate_is_null(from[k], other))
            continue;
        *(double *)accumulate_at(into, to[k], 0) += *(double *)accumulate_at(source, from[k], 0);
        accumulate_set(to[k], mark);
    }
    return 0;
}

static int sum_float_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        ((double *)call->result->values)[k] = *(double *)accumulate_at(a, rows[k], 0);
        if (accumulate_is_null(rows[k], mark))
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

/* ---- table -------------------------------------------------------------------------------- */

#define COUNT(argc_, doc_)                                                                 \
    {                                                                                      \
        .name = "count", .argc = (argc_), .args = {0}, .result = {STREAMD_INT64, 0, 0, 0}, \
        .state_count = 1, .state = {{"count", {STREAMD_INT64, 0, 0, 0}}}, .init = init8,   \
        .update = count_update, .merge = count_merge, .final = count_final, .doc = (doc_)  \
    }

const struct streamd_aggregate aggregates_sum[] = {
    COUNT(0, "how many rows"),
    COUNT(1, "how many rows in which the argument is not NULL"),
    {.name = "sum",
     CALL_ARGS1(STREAMD_INT64),
     .result = {STREAMD_DECIMAL, 38, 0, 1},
     .state_count = 1,
     .state = {{"sum", {STREAMD_DECIMAL, 38, 0, 1}}},
     .init = init16_null,
     .update = sum_int64_update,
     .merge = sum128_merge,
     .final = sum128_final,
     .doc = "the sum, NULL where there are no values"},
    {.name = "sum",
     CALL_ARGS1(STREAMD_DECIMAL),
     .result = {STREAMD_DECIMAL, 38, 0, 1},
     .state_count = 1,
     .state = {{"sum", {STREAMD_DECIMAL, 38, 0, 1}}},
     .resolve = resolve_sum,
     .init = init16_null,
     .update = sum_decimal_update,
     .merge = sum128_merge,
     .final = sum128_final,
     .doc = "the sum, NULL where there are no values"},
    {.name = "sum",
     CALL_ARGS1(STREAMD_FLOAT64),
     .result = {STREAMD_FLOAT64, 0, 0, 1},
     .state_count = 1,
     .state = {{"sum", {STREAMD_FLOAT64, 0, 0, 1}}},
     .init = init8_null,
     .update = sum_float_update,
     .merge = sum_float_merge,
     .final = sum_float_final,
     .doc = "the sum, NULL where there are no values"},
    {.name = NULL}};
