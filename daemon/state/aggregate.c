/*
 * The runner of aggregates: where accumulators lie, how they begin, how they are merged.
 *
 * A table's accumulators are its last columns, so that their places follow from the declaration
 * alone and need no table of their own: the offsets of a call are a piece of the layout's, its
 * numbers a piece of 0, 1, 2, ...
 */
#include "state/aggregate.h"

#include "base/array.h"
#include "state/aggregate_runner.h"

#include <streamd/error.h>
#include <string.h>

struct aggregate_runner *aggregate_runner_new(struct streamd_context *context,
                                              struct expr_evaluator *evaluator)
{
    struct aggregate_runner *r = memory_zalloc(1, sizeof(*r));

    if (r) {
        r->context = context;
        r->evaluator = evaluator;
    }
    return r;
}

void aggregate_runner_free(struct aggregate_runner *r)
{
    if (!r)
        return;
    array_clear(&r->numbers);
    array_clear(&r->work);
    array_clear(&r->args);
    array_clear(&r->filtered);
    array_clear(&r->sel);
    array_clear(&r->rows);
    array_clear(&r->element);
    array_clear(&r->values);
    arena_clear(&r->arena);
    memory_free(r);
}

int aggregate_failed(struct aggregate_runner *r, int rc)
{
    switch (rc) {
    case STREAMD_E_NOMEM:
        streamd_fail(r->context, STREAMD_FAIL_TASK, 5301, "out of memory for aggregates");
        break;
    case STREAMD_E_LIMIT:
        streamd_fail(r->context, STREAMD_FAIL_TASK, 5305,
                     "an aggregate needs more than 2 GiB for one value or set");
        break;
    case STREAMD_E_DATA:
        streamd_fail(r->context, STREAMD_FAIL_PIPELINE, 5306,
                     "the state of an aggregate cannot be read or merged");
        break;
    default: /* the host wants to stop and knows why, or a function broke its contract */
        streamd_fail(r->context, STREAMD_FAIL_TASK, 5390, "an aggregate function failed");
        break;
    }
    return rc;
}

/* ---- places ------------------------------------------------------------------------------- */

static void *accumulator_reserve(const struct streamd_accumulator *a, void *row, uint32_t column,
                                 uint32_t capacity)
{
    return streamd_table_reserve(a->table, row, a->indexes[column], capacity);
}

static const struct streamd_host_accumulator accumulator_host = {
    .size = sizeof(accumulator_host),
    .reserve = accumulator_reserve,
};

int aggregate_first(struct aggregate_runner *r, const struct expr_aggregates *a,
                    const struct streamd_table *t, uint32_t *first)
{
    uint32_t count = t->layout->value_count;

    if (array_reserve(&r->numbers, count))
        return STREAMD_E_NOMEM;
    while (r->numbers.count < count) {
        r->numbers.items[r->numbers.count] = (uint32_t)r->numbers.count;
        r->numbers.count++;
    }
    for (uint32_t i = 0; i < a->head.calls; i++)
        count -= aggregate_columns(&a->calls[i]);
    *first = count;
    return 0;
}

struct aggregate_place aggregate_place(const struct aggregate_runner *r, struct streamd_table *t,
                                       const struct expr_aggregate_call *call, uint32_t first)
{
    struct aggregate_place place = {
        .accumulator = {.host = &accumulator_host,
                        .table = t,
                        .offsets = t->layout->offsets + first,
                        .indexes = r->numbers.items + first},
        .set = first + call->state_count,
    };

    return place;
}

/* ---- the beginning ------------------------------------------------------------------------ */

int aggregate_init(struct aggregate_runner *r, const struct streamd_aggregates *head,
                   struct streamd_table *t, void *const *rows, uint32_t n)
{
    const struct expr_aggregates *a = aggregates_of(head);
    uint32_t first;
    int rc = n ? aggregate_first(r, a, t, &first) : 0;

    for (uint32_t i = 0; n && !rc && i < head->calls; i++) {
        const struct expr_aggregate_call *call = &a->calls[i];
        struct aggregate_place place = aggregate_place(r, t, call, first);

        if (aggregate_is_distinct(call))
            for (uint32_t k = 0; k < n; k++)
                ((struct streamd_var *)streamd_row_value(t->layout, rows[k], place.set))->length =
                    0;
        if (call->function->init)
            rc = call->function->init(&place.accumulator, rows, n);
        first += aggregate_columns(call);
    }
    return rc < 0 ? aggregate_failed(r, rc) : 0;
}

/* ---- the merge ---------------------------------------------------------------------------- */

int aggregate_merge(struct aggregate_runner *r, const struct streamd_aggregates *head,
                    struct streamd_table *t, void *const *into, struct streamd_table *source,
                    void *const *from, uint32_t n)
{
    const struct expr_aggregates *a = aggregates_of(head);
    uint32_t to_first, from_first;
    int rc = n ? aggregate_first(r, a, t, &to_first) : 0;

    if (n && !rc)
        rc = aggregate_first(r, a, source, &from_first);
    for (uint32_t i = 0; n && !rc && i < head->calls; i++) {
        const struct expr_aggregate_call *call = &a->calls[i];
        struct aggregate_place to = aggregate_place(r, t, call, to_first);
        struct aggregate_place of = aggregate_place(r, source, call, from_first);

        if (aggregate_is_distinct(call))
            rc = aggregate_unite(r, call, &to, into, &of, from, n);
        else if (call->function->merge)
            rc = call->function->merge(&to.accumulator, into, &of.accumulator, from, n);
        else
            rc = STREAMD_E_UNSUPPORTED;
        to_first += aggregate_columns(call);
        from_first += aggregate_columns(call);
    }
    return rc < 0 ? aggregate_failed(r, rc) : 0;
}
