/*
 * first_value and last_value by event time. State: the time of the value kept, and the value.
 * Of equal times the first to arrive is first, the last to arrive is last. Where rows have no event
 * time, the order of arrival decides alone.
 */
#include "expr/functions/accumulator.h"
#include "expr/functions/functions.h"

enum { TIME = 0, VALUE = 1 };

static int take(const struct streamd_accumulator *a, void *row, int64_t time, const void *value)
{
    struct streamd_type type = accumulator_type(a, VALUE);
    size_t width = streamd_type_width(type.id);

    if (width) {
        memcpy(accumulator_at(a, row, VALUE), value, width);
    } else {
        const struct streamd_str *s = value;
        void *room =
            s->length > UINT32_MAX ? NULL : a->host->reserve(a, row, VALUE, (uint32_t)s->length);

        if (!room && s->length)
            return STREAMD_E_NOMEM;
        if (s->length)
            memcpy(room, s->data, s->length);
        ((struct streamd_var *)accumulator_at(a, row, VALUE))->length = (uint32_t)s->length;
    }
    *(int64_t *)accumulator_at(a, row, TIME) = time;
    accumulator_set_null(a, row, TIME, 0);
    accumulator_set_null(a, row, VALUE, 0);
    return 0;
}

/* 1 where a value of this time takes the place of the one kept. */
static int is_better(const struct streamd_accumulator *a, void *row, int64_t time, int last)
{
    int64_t kept = *(int64_t *)accumulator_at(a, row, TIME);

    if (accumulator_is_null(a, row, TIME))
        return 1;
    return last ? time >= kept : time < kept;
}

static size_t value_size(struct streamd_type type)
{
    size_t width = streamd_type_width(type.id);

    return width ? width : sizeof(struct streamd_str);
}

static int update(const struct streamd_accumulator *a, struct streamd_call *call,
                  const int64_t *time, void *const *rows, int last)
{
    const struct streamd_vector *v = &call->args[0];
    size_t size = value_size(v->type);

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t row = call_row(call, k);
        int64_t at = time ? time[row] : 0;
        int rc;

        if (is_better(a, rows[k], at, last) &&
            (rc = take(a, rows[k], at, (const uint8_t *)v->values + size * (row & v->mask))))
            return rc;
    }
    return 0;
}

static int merge(const struct streamd_accumulator *into, void *const *to,
                 const struct streamd_accumulator *source, void *const *from, uint32_t n, int last)
{
    int variable = streamd_type_is_variable(accumulator_type(source, VALUE).id);

    for (uint32_t k = 0; k < n; k++) {
        int64_t time = *(int64_t *)accumulator_at(source, from[k], TIME);
        const void *value = accumulator_at(source, from[k], VALUE);
        struct streamd_str s;
        int rc;

        if (accumulator_is_null(source, from[k], TIME) || !is_better(into, to[k], time, last))
            continue;
        if (variable) {
            const struct streamd_var *var = value;

            s = call_str((const char *)var->data, var->length);
            value = &s;
        }
        rc = take(into, to[k], time, value);
        if (rc)
            return rc;
    }
    return 0;
}

static int first_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    return update(a, call, time, rows, 0);
}

static int last_update(const struct streamd_accumulator *a, struct streamd_call *call,
                       const int64_t *time, void *const *rows)
{
    return update(a, call, time, rows, 1);
}

static int first_merge(const struct streamd_accumulator *into, void *const *to,
                       const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return merge(into, to, source, from, n, 0);
}

static int last_merge(const struct streamd_accumulator *into, void *const *to,
                      const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return merge(into, to, source, from, n, 1);
}

static int value_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    size_t width = streamd_type_width(call->result->type.id);
    size_t size = value_size(call->result->type);

    for (uint32_t k = 0; k < call->n; k++) {
        uint8_t *out = (uint8_t *)call->result->values + size * k;
        const void *value = accumulator_at(a, rows[k], VALUE);
        int rc;

        if (width) {
            memcpy(out, value, width);
        } else {
            const struct streamd_var *var = value;
            struct streamd_str s = call_str(var->data ? (const char *)var->data : "", var->length);

            memcpy(out, &s, sizeof(s));
        }
        if (accumulator_is_null(a, rows[k], TIME) && (rc = call->host->set_null(call, k)))
            return rc;
    }
    return 0;
}

static int resolve_value(const struct streamd_type *args, uint32_t argc,
                         struct streamd_type *result, struct streamd_field state[8])
{
    (void)argc;
    *result = args[0];
    result->nullable = 1;
    state[VALUE].type = *result;
    return 0;
}

#define BY_TIME                                                                              \
    CALL_ARGS1(0), .result = ACCUMULATOR_NULLABLE(STREAMD_STRING), .resolve = resolve_value, \
                   .state_count = 2,                                                         \
                   .state = {{"time", ACCUMULATOR_NULLABLE(STREAMD_TIMESTAMP)},              \
                             {"value", ACCUMULATOR_NULLABLE(STREAMD_STRING)}},               \
                   .init = accumulator_init_null, .final = value_final

/* clang-format off */
const struct streamd_aggregate aggregates_time[] = {
    {.name = "first_value", BY_TIME, .update = first_update, .merge = first_merge,
     .doc = "the value with the earliest event time"},
    {.name = "last_value", BY_TIME, .update = last_update, .merge = last_merge,
     .doc = "the value with the latest event time"},
    {.name = NULL},
};
/* clang-format on */
