/* The aggregate functions of aggregate_fixture.h, as plain as can be. */
#include "aggregate_fixture.h"

#include <string.h>

static uint32_t row_of(const struct streamd_call *call, uint32_t k)
{
    return call->sel ? call->sel[k] : k;
}

static int64_t *state(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return (int64_t *)((uint8_t *)row + a->offsets[column]);
}

static int64_t argument(const struct streamd_call *call, uint32_t row)
{
    return ((const int64_t *)call->args[0].values)[row & call->args[0].mask];
}

/* ---- count -------------------------------------------------------------------------------- */

static int count_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++)
        *state(a, rows[k], 0) += 1;
    return 0;
}

static int add_merge(const struct streamd_accumulator *into, void *const *to,
                     const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        *state(into, to[k], 0) += *state(source, from[k], 0);
    return 0;
}

static int count_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    for (uint32_t k = 0; k < call->n; k++)
        ((int64_t *)call->result->values)[k] = *state(a, rows[k], 0);
    return 0;
}

const struct streamd_aggregate count_function = {
    .name = "count",
    .update = count_update,
    .merge = add_merge,
    .final = count_final,
};

/* ---- sum: NULL of nothing ------------------------------------------------------------------- */

static int sum_init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        *state(a, rows[k], 0) = 0;
        streamd_row_set_null(rows[k], a->indexes[0], 1);
    }
    return 0;
}

static int sum_update(const struct streamd_accumulator *a, struct streamd_call *call,
                      const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        *state(a, rows[k], 0) += argument(call, row_of(call, k));
        streamd_row_set_null(rows[k], a->indexes[0], 0);
    }
    return 0;
}

static int sum_merge(const struct streamd_accumulator *into, void *const *to,
                     const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (!streamd_row_is_null(from[k], source->indexes[0]))
            streamd_row_set_null(to[k], into->indexes[0], 0);
    return add_merge(into, to, source, from, n);
}

static int sum_final(const struct streamd_accumulator *a, struct streamd_call *call,
                     void *const *rows)
{
    int rc = 0;

    for (uint32_t k = 0; !rc && k < call->n; k++) {
        ((int64_t *)call->result->values)[k] = *state(a, rows[k], 0);
        if (streamd_row_is_null(rows[k], a->indexes[0]))
            rc = call->host->set_null(call, k);
        else if (*state(a, rows[k], 0) == 666)
            rc = call->host->row_error(call, k, STREAMD_ROW_OVERFLOW, "666");
    }
    return rc;
}

const struct streamd_aggregate sum_function = {
    .name = "sum",
    .init = sum_init,
    .update = sum_update,
    .merge = sum_merge,
    .final = sum_final,
};

/* ---- join --------------------------------------------------------------------------------- */

static int append(const struct streamd_accumulator *a, void *row, struct streamd_str s)
{
    struct streamd_var *v = (struct streamd_var *)((uint8_t *)row + a->offsets[0]);
    uint8_t *data = a->host->reserve(a, row, 0, v->length + (uint32_t)s.length + 1);

    if (!data)
        return STREAMD_E_NOMEM;
    if (s.length)
        memcpy(data + v->length, s.data, s.length);
    v->length += (uint32_t)s.length;
    return 0;
}

static int join_update(const struct streamd_accumulator *a, struct streamd_call *call,
                       const int64_t *time, void *const *rows)
{
    const struct streamd_vector *text = &call->args[0], *separator = &call->args[1];
    int rc = 0;

    (void)time;
    for (uint32_t k = 0; !rc && k < call->n; k++) {
        uint32_t row = row_of(call, k);

        if (((struct streamd_var *)((uint8_t *)rows[k] + a->offsets[0]))->length)
            rc = append(a, rows[k],
                        ((const struct streamd_str *)separator->values)[row & separator->mask]);
        if (!rc)
            rc = append(a, rows[k], ((const struct streamd_str *)text->values)[row & text->mask]);
    }
    return rc;
}

static int join_final(const struct streamd_accumulator *a, struct streamd_call *call,
                      void *const *rows)
{
    for (uint32_t k = 0; k < call->n; k++) {
        struct streamd_var *v = (struct streamd_var *)((uint8_t *)rows[k] + a->offsets[0]);

        if (v->length == 0 && call->host->set_null(call, k))
            return STREAMD_E_NOMEM;
        ((struct streamd_str *)call->result->values)[k] =
            (struct streamd_str){(const char *)v->data, v->length};
    }
    return 0;
}

const struct streamd_aggregate join_function = {
    .name = "join",
    .update = join_update,
    .final = join_final,
};

/* ---- nulls, spy ----------------------------------------------------------------------------- */

static int nulls_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    const struct streamd_vector *v = &call->args[0];

    (void)time;
    for (uint32_t k = 0; k < call->n; k++)
        *state(a, rows[k], 0) += v->nulls && v->nulls[row_of(call, k) & v->mask] ? 1000 : 1;
    return 0;
}

const struct streamd_aggregate nulls_function = {
    .name = "nulls",
    .flags = STREAMD_FUNCTION_NULLABLE_INPUT,
    .update = nulls_update,
    .merge = add_merge,
    .final = count_final,
};

static int spy_update(const struct streamd_accumulator *a, struct streamd_call *call,
                      const int64_t *time, void *const *rows)
{
    (void)a;
    spied.sel = call->sel;
    spied.rows = rows;
    spied.time = time;
    spied.n = call->n;
    spied.calls++;
    return 0;
}

const struct streamd_aggregate spy_function = {
    .name = "spy",
    .update = spy_update,
    .final = count_final,
};
