/*
 * min, max, bool_and, bool_or. State column 0 holds the best value so far, NULL before the first.
 * Floats are ordered as PostgreSQL orders them: NaN is larger than all numbers and equal to itself.
 */
#include "expr/functions/accumulator.h"
#include "expr/functions/functions.h"

static int less_int64(int64_t a, int64_t b)
{
    return a < b;
}

static int less_date(int32_t a, int32_t b)
{
    return a < b;
}

static int less_float64(double a, double b)
{
    return a != a ? 0 : b != b ? 1 : a < b;
}

static int less_decimal(struct streamd_decimal a, struct streamd_decimal b)
{
    return streamd_decimal_get(a) < streamd_decimal_get(b);
}

/* Is `value` to be kept instead of `best`? */
#define KEEP_MIN(less, value, best) (less)((value), (best))
#define KEEP_MAX(less, value, best) (less)((best), (value))

/* update, merge and final of a type of fixed width. */
#define ORDER_KERNELS(name, type, less, KEEP)                                                \
    static int name##_offer(const struct streamd_accumulator *a, void *row, type value)      \
    {                                                                                        \
        type best;                                                                           \
        void *at = accumulator_at(a, row, 0);                                                \
                                                                                             \
        memcpy(&best, at, sizeof(best));                                                     \
        if (accumulator_is_null(a, row, 0)) {                                                \
            accumulator_set_null(a, row, 0, 0);                                              \
            memcpy(at, &value, sizeof(value));                                               \
        } else if (KEEP(less, value, best)) {                                                \
            memcpy(at, &value, sizeof(value));                                               \
        }                                                                                    \
        return 0;                                                                            \
    }                                                                                        \
    static int name##_update(const struct streamd_accumulator *a, struct streamd_call *call, \
                             const int64_t *time, void *const *rows)                         \
    {                                                                                        \
        (void)time;                                                                          \
        for (uint32_t k = 0; k < call->n; k++)                                               \
            name##_offer(a, rows[k], CALL_ARG(call, 0, type, call_row(call, k)));            \
        return 0;                                                                            \
    }                                                                                        \
    static int name##_merge(const struct streamd_accumulator *into, void *const *to,         \
                            const struct streamd_accumulator *source, void *const *from,     \
                            uint32_t n)                                                      \
    {                                                                                        \
        for (uint32_t k = 0; k < n; k++) {                                                   \
            type value;                                                                      \
                                                                                             \
            if (accumulator_is_null(source, from[k], 0))                                     \
                continue;                                                                    \
            memcpy(&value, accumulator_at(source, from[k], 0), sizeof(value));               \
            name##_offer(into, to[k], value);                                                \
        }                                                                                    \
        return 0;                                                                            \
    }

ORDER_KERNELS(min_int64, int64_t, less_int64, KEEP_MIN)
ORDER_KERNELS(max_int64, int64_t, less_int64, KEEP_MAX)
ORDER_KERNELS(min_date, int32_t, less_date, KEEP_MIN)
ORDER_KERNELS(max_date, int32_t, less_date, KEEP_MAX)
ORDER_KERNELS(min_float64, double, less_float64, KEEP_MIN)
ORDER_KERNELS(max_float64, double, less_float64, KEEP_MAX)
ORDER_KERNELS(min_decimal, struct streamd_decimal, less_decimal, KEEP_MIN)
ORDER_KERNELS(max_decimal, struct streamd_decimal, less_decimal, KEEP_MAX)

static int less_bool(uint8_t a, uint8_t b)
{
    return a < b;
}

/* All are true: the least is; one is true: the largest is. */
ORDER_KERNELS(bool_and, uint8_t, less_bool, KEEP_MIN)
ORDER_KERNELS(bool_or, uint8_t, less_bool, KEEP_MAX)

/* Copies column 0, whatever its width. */
static int fixed_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    size_t width = streamd_type_width(call->result->type.id);
    uint8_t *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        int rc;

        memcpy(out + width * k, accumulator_at(a, rows[k], 0), width);
        if (accumulator_is_null(a, rows[k], 0) && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

static int resolve_same(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                        struct streamd_field state[8])
{
    (void)argc;
    *result = args[0];
    result->nullable = 1;
    state[0].type = *result;
    return 0;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static int compare_texts(const void *a, size_t n, const void *b, size_t m)
{
    int order = memcmp(a, b, n < m ? n : m);

    return order ? order : (n > m) - (n < m);
}

static int put_text(const struct streamd_accumulator *a, void *row, const void *data, size_t length)
{
    struct streamd_var *var = accumulator_at(a, row, 0);
    void *room;

    if (length > UINT32_MAX)
        return STREAMD_E_LIMIT;
    room = a->host->reserve(a, row, 0, (uint32_t)length);
    if (!room && length)
        return STREAMD_E_NOMEM;
    if (length)
        memcpy(room, data, length);
    var->length = (uint32_t)length;
    accumulator_set_null(a, row, 0, 0);
    return 0;
}

/* sign: 1 keeps the least, -1 the largest. */
static int offer_text(const struct streamd_accumulator *a, void *row, const void *data,
                      size_t length, int sign)
{
    const struct streamd_var *best = accumulator_at(a, row, 0);

    if (!accumulator_is_null(a, row, 0) &&
        compare_texts(data, length, best->data ? (const void *)best->data : "", best->length) *
                sign >=
            0)
        return 0;
    return put_text(a, row, data, length);
}

static int text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows, int sign)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && !rc; k++) {
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, call_row(call, k));

        rc = offer_text(a, rows[k], s.data, s.length, sign);
    }
    return rc;
}

static int text_merge(const struct streamd_accumulator *into, void *const *to,
                      const struct streamd_accumulator *source, void *const *from, uint32_t n,
                      int sign)
{
    int rc = 0;

    for (uint32_t k = 0; k < n && !rc; k++) {
        const struct streamd_var *var = accumulator_at(source, from[k], 0);

        if (!accumulator_is_null(source, from[k], 0))
            rc = offer_text(into, to[k], var->data, var->length, sign);
    }
    return rc;
}

static int min_text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                           const int64_t *time, void *const *rows)
{
    (void)time;
    return text_update(a, call, rows, 1);
}

static int max_text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                           const int64_t *time, void *const *rows)
{
    (void)time;
    return text_update(a, call, rows, -1);
}

static int min_text_merge(const struct streamd_accumulator *into, void *const *to,
                          const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return text_merge(into, to, source, from, n, 1);
}

static int max_text_merge(const struct streamd_accumulator *into, void *const *to,
                          const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return text_merge(into, to, source, from, n, -1);
}

int accumulator_text_final(const struct streamd_accumulator *a, struct streamd_call *call,
                           void *const *rows)
{
    struct streamd_str *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        const struct streamd_var *var = accumulator_at(a, rows[k], 0);
        int rc;

        out[k] = call_str(var->data ? (const char *)var->data : "", var->length);
        if (accumulator_is_null(a, rows[k], 0) && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define ONE_STATE(column, type_id)                                        \
    .state_count = 1, .state = {{column, ACCUMULATOR_NULLABLE(type_id)}}, \
    .init = accumulator_init_null
#define FIXED(fn, type_id, kernel, text)                                            \
    {                                                                               \
        .name = fn, CALL_ARGS1(type_id), .result = ACCUMULATOR_NULLABLE(type_id),   \
        .resolve = resolve_same, ONE_STATE(fn, type_id), .update = kernel##_update, \
        .merge = kernel##_merge, .final = fixed_final, .doc = text                  \
    }
#define TEXT(fn, type_id, kernel, text)                                             \
    {                                                                               \
        .name = fn, CALL_ARGS1(type_id), .result = ACCUMULATOR_NULLABLE(type_id),   \
        ONE_STATE(fn, type_id), .update = kernel##_update, .merge = kernel##_merge, \
        .final = accumulator_text_final, .doc = text                                \
    }

/* clang-format off */
const struct streamd_aggregate aggregates_order[] = {
    FIXED("min", STREAMD_INT64, min_int64, "the least value"),
    FIXED("min", STREAMD_FLOAT64, min_float64, "the least value; NaN is larger than all others"),
    FIXED("min", STREAMD_DECIMAL, min_decimal, "the least value"),
    FIXED("min", STREAMD_TIMESTAMP, min_int64, "the earliest time"),
    FIXED("min", STREAMD_DATE, min_date, "the earliest day"),
    TEXT("min", STREAMD_STRING, min_text, "the first text in the order of bytes"),
    TEXT("min", STREAMD_BYTES, min_text, "the first value in the order of bytes"),
    FIXED("max", STREAMD_INT64, max_int64, "the largest value"),
    FIXED("max", STREAMD_FLOAT64, max_float64, "the largest value; NaN is larger than all others"),
    FIXED("max", STREAMD_DECIMAL, max_decimal, "the largest value"),
    FIXED("max", STREAMD_TIMESTAMP, max_int64, "the latest time"),
    FIXED("max", STREAMD_DATE, max_date, "the latest day"),
    TEXT("max", STREAMD_STRING, max_text, "the last text in the order of bytes"),
    TEXT("max", STREAMD_BYTES, max_text, "the last value in the order of bytes"),
    FIXED("bool_and", STREAMD_BOOL, bool_and, "true where all values are"),
    FIXED("every", STREAMD_BOOL, bool_and, "true where all values are"),
    FIXED("bool_or", STREAMD_BOOL, bool_or, "true where one value is"),
    {.name = NULL},
};
/* clang-format on */
