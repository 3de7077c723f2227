/*
 * Results: rows of a table become a batch.
 *
 *   bare        no columns; the event times
 *   internal    derived from it: keys, extras, finished accumulators     from the rows
 *   output      derived from that: keys, the user's expressions          shared, or computed
 *
 * Columns of `internal` come to be one after the other; one that is not there yet is left out of
 * the text of a row that fails. A row that fails leaves the selection; the ones after it keep
 * their numbers, so that row k of the batch is always state row k.
 */
#include "state/aggregate_runner.h"

#include <streamd/error.h>
#include <string.h>

/* ---- columns out of rows -------------------------------------------------------------------- */

#define GATHER(type)                 \
    for (uint32_t k = 0; k < n; k++) \
        memcpy((type *)out->values + k, (const uint8_t *)rows[k] + offset, sizeof(type));

static int gather_fixed(struct streamd_context *c, struct streamd_batch *b,
                        struct streamd_column *out, size_t width, uint32_t offset,
                        void *const *rows, uint32_t n)
{
    out->values = streamd_batch_alloc(c, b, width * b->capacity);
    if (!out->values)
        return STREAMD_E_NOMEM;
    switch (width) {
    case 1:
        GATHER(uint8_t)
        break;
    case 4:
        GATHER(int32_t)
        break;
    case 8:
        GATHER(int64_t)
        break;
    default:
        GATHER(struct streamd_decimal)
        break;
    }
    return 0;
}

/* Texts that are NULL are empty: their struct streamd_var is not looked at. */
static int gather_variable(struct streamd_context *c, struct streamd_batch *b,
                           struct streamd_column *out, const struct streamd_row_layout *layout,
                           uint32_t index, void *const *rows, uint32_t n)
{
    size_t total = 0;

    for (uint32_t k = 0; k < n; k++)
        if (!streamd_row_is_null(rows[k], index))
            total +=
                ((const struct streamd_var *)streamd_row_value(layout, rows[k], index))->length;
    if (total > INT32_MAX)
        return STREAMD_E_LIMIT;
    out->data_capacity = total;
    out->data = streamd_batch_alloc(c, b, total ? total : 1);
    out->offsets = streamd_batch_alloc(c, b, (b->capacity + 1) * sizeof(int32_t));
    if (!out->data || !out->offsets) {
        out->offsets = NULL;
        return STREAMD_E_NOMEM;
    }
    out->offsets[0] = 0;
    for (uint32_t k = 0; k < n; k++) {
        const struct streamd_var *v = streamd_row_value(layout, rows[k], index);
        uint32_t length = streamd_row_is_null(rows[k], index) ? 0 : v->length;

        if (length)
            memcpy(out->data + out->offsets[k], v->data, length);
        out->offsets[k + 1] = out->offsets[k] + (int32_t)length;
    }
    return 0;
}

static int key_column(struct streamd_context *c, struct streamd_batch *b, uint32_t index,
                      const struct streamd_row_layout *layout, void *const *rows)
{
    struct streamd_column *out = &b->columns[index];
    size_t width = streamd_type_width(layout->fields[index].type.id);
    int rc = width ? gather_fixed(c, b, out, width, layout->offsets[index], rows, b->rows)
                   : gather_variable(c, b, out, layout, index, rows, b->rows);

    for (uint32_t k = 0; !rc && k < b->rows; k++)
        if (streamd_row_is_null(rows[k], index))
            rc = streamd_batch_set_null(c, b, index, k);
    return rc;
}

/* ---- columns out of columns ------------------------------------------------------------------ */

static void *copy(struct streamd_context *c, struct streamd_batch *b, const void *from,
                  size_t bytes, size_t room)
{
    void *to = streamd_batch_alloc(c, b, room > bytes ? room : bytes + 1);

    if (to && bytes)
        memcpy(to, from, bytes);
    return to;
}

static int extra_column(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                        const struct streamd_column *from)
{
    struct streamd_column *out = &b->columns[column];
    size_t width = streamd_type_width(b->schema->fields[column].type.id), n = b->rows;

    if (from->validity) {
        out->validity = copy(c, b, from->validity, (n + 7) / 8, ((size_t)b->capacity + 7) / 8);
        if (!out->validity)
            return STREAMD_E_NOMEM;
    }
    if (width) {
        out->values = copy(c, b, from->values, width * n, width * b->capacity);
        return out->values ? 0 : STREAMD_E_NOMEM;
    }
    out->data_capacity = n ? (size_t)from->offsets[n] : 0;
    out->data = copy(c, b, from->data, out->data_capacity, 0);
    out->offsets = copy(c, b, from->offsets, (n + 1) * sizeof(int32_t),
                        ((size_t)b->capacity + 1) * sizeof(int32_t));
    return out->data && out->offsets ? 0 : STREAMD_E_NOMEM;
}

/* ---- accumulators ------------------------------------------------------------------------- */

/* A column of fixed width from the kernel's vector, which wrote its values in place. */
static int finish_fixed(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                        const struct streamd_vector *result)
{
    b->columns[column].values = result->values;
    for (uint32_t k = 0; result->nulls && k < b->rows; k++)
        if (result->nulls[k] && streamd_batch_set_null(c, b, column, k))
            return STREAMD_E_NOMEM;
    return 0;
}

static int call_column(struct aggregate_runner *r, struct streamd_batch *b, uint32_t column,
                       const struct expr_aggregate_call *call, const struct aggregate_place *place,
                       void *const *rows)
{
    size_t width = streamd_type_width(call->type.id);
    struct expr_call kernel;
    int rc = expr_call_open(r->evaluator, &kernel, NULL, 0, NULL, b->rows, &call->type, b->rows);

    if (rc)
        return rc;
    if (width) {
        kernel.result.values = streamd_batch_alloc(r->context, b, width * b->capacity);
        if (!kernel.result.values)
            return STREAMD_E_NOMEM;
    }
    kernel.result.mask = UINT32_MAX;
    kernel.call.result = &kernel.result;
    kernel.call.prepared = call->prepared;
    rc = call->function->final(&place->accumulator, &kernel.call, rows);
    if (rc >= 0)
        rc = kernel.status;
    if (rc)
        return rc;
    return width ? finish_fixed(r->context, b, column, &kernel.result)
                 : expr_vector_column(b, &kernel.result, NULL, b->rows, &b->columns[column]);
}

/* Rows whose accumulators could not be finished leave the batch. */
static int leave_failed(struct aggregate_runner *r, struct streamd_batch *b)
{
    const uint8_t *failed = expr_failed(r->evaluator);
    uint32_t m = 0;
    uint16_t *sel;

    if (!failed)
        return 0;
    sel = streamd_batch_alloc(r->context, b, b->capacity * sizeof(*sel));
    if (!sel)
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < b->rows; k++) {
        sel[m] = (uint16_t)k;
        m += !failed[k];
    }
    b->sel = sel;
    b->count = m;
    return 0;
}

/* ---- both batches ------------------------------------------------------------------------- */

static int fill_internal(struct aggregate_runner *r, const struct expr_aggregates *a,
                         struct streamd_table *t, void *const *rows,
                         const struct streamd_column *extras, struct streamd_batch *b)
{
    uint32_t first, column = a->key_count + a->head.extras;
    int rc = aggregate_first(r, a, t, &first);

    for (uint32_t i = 0; !rc && i < a->key_count; i++)
        rc = key_column(r->context, b, i, t->layout, rows);
    for (uint32_t i = 0; !rc && i < a->head.extras; i++)
        rc = extra_column(r->context, b, a->key_count + i, &extras[i]);
    if (rc)
        return rc;
    expr_begin(r->evaluator, b);
    for (uint32_t i = 0; !rc && i < a->head.calls; i++) {
        struct aggregate_place place = aggregate_place(r, t, &a->calls[i], first);

        rc = call_column(r, b, column + i, &a->calls[i], &place, rows);
        first += aggregate_columns(&a->calls[i]);
    }
    return rc ? rc : leave_failed(r, b);
}

/* An expression may narrow the selection of `internal`, so `output` takes it over at the end. */
static int fill_output(struct aggregate_runner *r, const struct expr_aggregates *a,
                       struct streamd_batch *internal, struct streamd_batch *output)
{
    int rc = 0;

    for (uint32_t i = 0; i < a->key_count; i++)
        output->columns[i] = internal->columns[i];
    for (uint32_t i = 0; !rc && i < a->result_count; i++)
        rc = expr_eval_column(r->evaluator, a->results[i], internal,
                              &output->columns[a->key_count + i]);
    output->sel = internal->sel;
    output->count = internal->count;
    return rc;
}

static struct streamd_batch *derive(struct streamd_context *c, struct streamd_batch *parent,
                                    const struct streamd_schema *schema)
{
    struct streamd_batch *b = parent ? streamd_batch_derive(c, parent, schema) : NULL;

    streamd_batch_release(c, parent); /* the derived batch keeps it */
    return b;
}

struct streamd_batch *aggregate_result(struct aggregate_runner *r,
                                       const struct streamd_aggregates *head,
                                       struct streamd_table *t, void *const *rows, uint32_t n,
                                       const struct streamd_column *extras)
{
    static const struct streamd_schema bare = {0, NULL};
    const struct expr_aggregates *a = aggregates_of(head);
    struct streamd_batch *internal, *output = NULL;
    int rc = n <= STREAMD_BATCH_MAX_ROWS ? STREAMD_E_NOMEM : STREAMD_E_STATE;

    internal = rc == STREAMD_E_NOMEM ? streamd_batch_new(r->context, &bare, n ? n : 1) : NULL;
    if (internal)
        internal->rows = internal->count = n;
    internal = derive(r->context, internal, &a->internal);
    if (internal) {
        rc = fill_internal(r, a, t, rows, extras, internal);
        if (!rc)
            output = streamd_batch_derive(r->context, internal, &head->output);
        if (!rc)
            rc = output ? fill_output(r, a, internal, output) : STREAMD_E_NOMEM;
        streamd_batch_release(r->context, internal);
    }
    if (rc) {
        aggregate_failed(r, rc);
        streamd_batch_release(r->context, output);
        return NULL;
    }
    return output;
}
