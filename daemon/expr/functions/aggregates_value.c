/*
 * first_value and last_value, by event time. Of values with the same time the first one that came
 * is the first, the last one that came the last; so it is throughout where there is no event time.
 * The state is the value, NULL until there is one, and its time.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

enum { VALUE, AT };

static int init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_clear(a, rows, n, VALUE);
    accumulate_zero(a, rows, n, AT, 8);
    return 0;
}

/* Is a value of time `at` to take the place of what the row holds? */
static inline int is_better(const struct streamd_accumulator *a, void *row,
                            struct accumulate_mark mark, int64_t at, int last)
{
    int64_t have = *accumulate_int64(a, row, AT);

    return accumulate_is_null(row, mark) || (last ? at >= have : at < have);
}

/* Puts a value of `width` bytes, 0: a text, into a row. 0 or negative. */
static inline int put(const struct streamd_accumulator *a, void *row, struct accumulate_mark mark,
                      const void *value, size_t width, int64_t at)
{
    *accumulate_int64(a, row, AT) = at;
    if (width == 0)
        return accumulate_store_text(a, row, VALUE, *(const struct streamd_str *)value);
    memcpy(accumulate_at(a, row, VALUE), value, width);
    accumulate_set(row, mark);
    return 0;
}

static inline int update(const struct streamd_accumulator *a, struct streamd_call *call,
                         const int64_t *time, void *const *rows, size_t width, int last)
{
    struct accumulate_mark mark = accumulate_mark(a, VALUE);
    const struct streamd_vector *v = &call->args[0];
    size_t step = width ? width : sizeof(struct streamd_str);
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        int64_t at = time ? time[i] : 0;
        if (is_better(a, rows[k], mark, at, last))
            rc =
                put(a, rows[k], mark, (const uint8_t *)v->values + (i & v->mask) * step, width, at);
    }
    return rc;
}

static inline int merge(const struct streamd_accumulator *into, void *const *to,
                        const struct streamd_accumulator *source, void *const *from, uint32_t n,
                        size_t width, int last)
{
    struct accumulate_mark mark = accumulate_mark(into, VALUE);
    struct accumulate_mark other = accumulate_mark(source, VALUE);
    int rc = 0;

    for (uint32_t k = 0; k < n && rc == 0; k++) {
        int64_t at = *accumulate_int64(source, from[k], AT);
        const void *value = accumulate_at(source, from[k], VALUE);
        struct streamd_str text;
        if (accumulate_is_null(from[k], other) || !is_better(into, to[k], mark, at, last))
            continue;
        if (width == 0) {
            const struct streamd_var *v = value;
            text = call_str((const char *)v->data, v->length);
            value = &text;
        }
        rc = put(into, to[k], mark, value, width, at);
    }
    return rc;
}

static int final(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, VALUE);
    size_t width = streamd_type_width(call->result->type.id);
    uint8_t *result = call->result->values;
    int rc = 0;

    if (width == 0)
        return accumulate_final_text(a, call, rows);
    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        memcpy(result + k * width, accumulate_at(a, rows[k], VALUE), width);
        if (accumulate_is_null(rows[k], mark))
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

#define KERNELS(name, width, last)                                                           \
    static int name##_update(const struct streamd_accumulator *a, struct streamd_call *call, \
                             const int64_t *time, void *const *rows)                         \
    {                                                                                        \
        return update(a, call, time, rows, width, last);                                     \
    }                                                                                        \
    static int name##_merge(const struct streamd_accumulator *into, void *const *to,         \
                            const struct streamd_accumulator *source, void *const *from,     \
                            uint32_t n)                                                      \
    {                                                                                        \
        return merge(into, to, source, from, n, width, last);                                \
    }

KERNELS(first1, 1, 0)
KERNELS(first4, 4, 0)
KERNELS(first8, 8, 0)
KERNELS(first16, 16, 0)
KERNELS(first_text, 0, 0)
KERNELS(last1, 1, 1)
KERNELS(last4, 4, 1)
KERNELS(last8, 8, 1)
KERNELS(last16, 16, 1)
KERNELS(last_text, 0, 1)

static int resolve(const struct streamd_type *args, uint32_t argc, struct streamd_type *result,
                   struct streamd_field state[8])
{
    (void)argc;
    *result = state[VALUE].type = args[0];
    result->nullable = state[VALUE].type.nullable = 1;
    return 0;
}

#define ENTRY(name_, id, kernels, doc_)                                                         \
    {                                                                                           \
        .name = (name_), CALL_ARGS1(id), .result = {id, 0, 0, 1}, .state_count = 2,             \
        .state = {{"value", {id, 0, 0, 1}}, {"at", {STREAMD_TIMESTAMP, 0, 0, 0}}},              \
        .resolve = resolve, .init = init, .update = kernels##_update, .merge = kernels##_merge, \
        .final = final, .doc = (doc_)                                                           \
    }
#define BOTH(id, suffix)                                                               \
    ENTRY("first_value", id, first##suffix, "the value with the earliest event time"), \
        ENTRY("last_value", id, last##suffix, "the value with the latest event time")

const struct streamd_aggregate aggregates_value[] = {
    BOTH(STREAMD_BOOL, 1),       BOTH(STREAMD_INT64, 8),
    BOTH(STREAMD_FLOAT64, 8),    BOTH(STREAMD_DECIMAL, 16),
    BOTH(STREAMD_STRING, _text), BOTH(STREAMD_BYTES, _text),
    BOTH(STREAMD_TIMESTAMP, 8),  BOTH(STREAMD_DATE, 4),
    BOTH(STREAMD_JSON, _text),   {.name = NULL}};
