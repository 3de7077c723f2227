/*
 * min and max. The state is the value itself, NULL until there is one. Floats are ordered as SQL
 * has it: NaN is larger than all others. Texts and bytes are compared byte by byte, which for texts
 * is the order of code points.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

/* ---- fixed width -------------------------------------------------------------------------- */

/* Is x before y? */
#define BEFORE_NUMBER(x, y) ((x) < (y))
#define BEFORE_FLOAT(x, y) ((x) < (y) || ((y) != (y) && (x) == (x)))
#define AFTER_NUMBER(x, y) ((x) > (y))
#define AFTER_FLOAT(x, y) ((x) > (y) || ((x) != (x) && (y) == (y)))

/* Kernels that keep the value for which BETTER(new, old) holds. */
#define EXTREME(name, T, BETTER)                                                             \
    static int name##_update(const struct streamd_accumulator *a, struct streamd_call *call, \
                             const int64_t *time, void *const *rows)                         \
    {                                                                                        \
        struct accumulate_mark mark = accumulate_mark(a, 0);                                 \
        uint32_t offset = a->offsets[0];                                                     \
        (void)time;                                                                          \
        ACCUMULATE_LOOP(call, rows, T, {                                                     \
            T *const p = (T *)(void *)((uint8_t *)row + offset);                             \
            if (accumulate_is_null(row, mark) || BETTER(x, *p)) {                            \
                *p = x;                                                                      \
                accumulate_set(row, mark);                                                   \
            }                                                                                \
        });                                                                                  \
        return 0;                                                                            \
    }                                                                                        \
    static int name##_merge(const struct streamd_accumulator *into, void *const *to,         \
                            const struct streamd_accumulator *source, void *const *from,     \
                            uint32_t n)                                                      \
    {                                                                                        \
        struct accumulate_mark mark = accumulate_mark(into, 0);                              \
        struct accumulate_mark other = accumulate_mark(source, 0);                           \
        for (uint32_t k = 0; k < n; k++) {                                                   \
            const T *q = (const T *)accumulate_at(source, from[k], 0);                       \
            T *p = (T *)accumulate_at(into, to[k], 0);                                       \
            if (!accumulate_is_null(from[k], other) &&                                       \
                (accumulate_is_null(to[k], mark) || BETTER(*q, *p))) {                       \
                *p = *q;                                                                     \
                accumulate_set(to[k], mark);                                                 \
            }                                                                                \
        }                                                                                    \
        return 0;                                                                            \
    }

EXTREME(min_int64, int64_t, BEFORE_NUMBER)
EXTREME(max_int64, int64_t, AFTER_NUMBER)
EXTREME(min_date, int32_t, BEFORE_NUMBER)
EXTREME(max_date, int32_t, AFTER_NUMBER)
EXTREME(min_float, double, BEFORE_FLOAT)
EXTREME(max_float, double, AFTER_FLOAT)

static inline int decimal_before(struct streamd_decimal x, struct streamd_decimal y)
{
    return streamd_decimal_get(x) < streamd_decimal_get(y);
}

#define BEFORE_DECIMAL(x, y) decimal_before((x), (y))
#define AFTER_DECIMAL(x, y) decimal_before((y), (x))

EXTREME(min_decimal, struct streamd_decimal, BEFORE_DECIMAL)
EXTREME(max_decimal, struct streamd_decimal, AFTER_DECIMAL)

static int init_null(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_clear(a, rows, n, 0);
    return 0;
}

static int final_of_width(const struct streamd_accumulator *a, struct streamd_call *call,
                          void *const *rows, size_t width)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    uint8_t *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        memcpy(result + k * width, accumulate_at(a, rows[k], 0), width);
        if (accumulate_is_null(rows[k], mark))
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

static int final4(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows)
{
    return final_of_width(a, call, rows, 4);
}

static int final8(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows)
{
    return final_of_width(a, call, rows, 8);
}

static int final16(const struct streamd_accumulator *a, struct streamd_call *call,
                   void *const *rows)
{
    return final_of_width(a, call, rows, 16);
}

static int resolve_decimal(const struct streamd_type *args, uint32_t argc,
                           struct streamd_type *result, struct streamd_field state[8])
{
    (void)argc;
    *result = state[0].type = args[0];
    result->nullable = state[0].type.nullable = 1;
    return 0;
}

/* ---- texts and bytes ---------------------------------------------------------------------- */

/* Less than, equal to, greater than 0, as x is before, at, behind y. */
static int compare(struct streamd_str x, struct streamd_str y)
{
    size_t n = x.length < y.length ? x.length : y.length;
    int order = n ? memcmp(x.data, y.data, n) : 0;

    return order ? order : (x.length > y.length) - (x.length < y.length);
}

/* Takes x where it is better, in the direction of `sign`, than what is there. 0 or negative. */
static int take_text(const struct streamd_accumulator *a, void *row, struct accumulate_mark mark,
                     struct streamd_str x, int sign)
{
    struct streamd_var *v = accumulate_at(a, row, 0);

    if (!accumulate_is_null(row, mark) &&
        compare(x, call_str((const char *)v->data, v->length)) * sign <= 0)
        return 0;
    return accumulate_store_text(a, row, 0, x);
}

static int text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows, int sign)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int rc = take_text(a, rows[k], mark, CALL_ARG(call, 0, struct streamd_str, i), sign);
        if (rc)
            return rc;
    }
    return 0;
}

static int min_text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                           const int64_t *time, void *const *rows)
{
    (void)time;
    return text_update(a, call, rows, -1);
}

static int max_text_update(const struct streamd_accumulator *a, struct streamd_call *call,
                           const int64_t *time, void *const *rows)
{
    (void)time;
    return text_update(a, call, rows, 1);
}

static int text_merge(const struct streamd_accumulator *into, void *const *to,
                      const struct streamd_accumulator *source, void *const *from, uint32_t n,
                      int sign)
{
    struct accumulate_mark mark = accumulate_mark(into, 0), other = accumulate_mark(source, 0);
    int rc = 0;

    for (uint32_t k = 0; k < n && rc == 0; k++) {
        const struct streamd_var *v = accumulate_at(source, from[k], 0);
        if (!accumulate_is_null(from[k], other))
            rc = take_text(into, to[k], mark, call_str((const char *)v->data, v->length), sign);
    }
    return rc;
}

static int min_text_merge(const struct streamd_accumulator *into, void *const *to,
                          const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return text_merge(into, to, source, from, n, -1);
}

static int max_text_merge(const struct streamd_accumulator *into, void *const *to,
                          const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return text_merge(into, to, source, from, n, 1);
}

/* ---- table -------------------------------------------------------------------------------- */

#define ENTRY(name_, id, resolve_, update_, merge_, final_, doc_)                    \
    {                                                                                \
        .name = (name_), CALL_ARGS1(id), .result = {id, 0, 0, 1}, .state_count = 1,  \
        .state = {{name_, {id, 0, 0, 1}}}, .resolve = (resolve_), .init = init_null, \
        .update = (update_), .merge = (merge_), .final = (final_), .doc = (doc_)     \
    }
#define BOTH(id, resolve, type, final)                                            \
    ENTRY("min", id, resolve, min_##type##_update, min_##type##_merge, final,     \
          "the smallest value, NULL where there is none"),                        \
        ENTRY("max", id, resolve, max_##type##_update, max_##type##_merge, final, \
              "the largest value, NULL where there is none")

const struct streamd_aggregate aggregates_extreme[] = {
    BOTH(STREAMD_INT64, NULL, int64, final8),
    BOTH(STREAMD_FLOAT64, NULL, float, final8),
    BOTH(STREAMD_DECIMAL, resolve_decimal, decimal, final16),
    BOTH(STREAMD_STRING, NULL, text, accumulate_final_text),
    BOTH(STREAMD_BYTES, NULL, text, accumulate_final_text),
    BOTH(STREAMD_TIMESTAMP, NULL, int64, final8),
    BOTH(STREAMD_DATE, NULL, date, final4),
    {.name = NULL}};
