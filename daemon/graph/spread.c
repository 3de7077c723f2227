/* Tables of what follows from what; the numbering of rings is one walk over all edges. */
#include "graph/spread.h"

#include <streamd/error.h>

#include <string.h>

static uint32_t parallelism_of(const struct plan *plan, const struct plan_node *n)
{
    if (n->partitioning == STREAMD_SINGLE)
        return 1;
    if (n->parallelism == 0 || n->parallelism > plan->parallelism)
        return plan->parallelism;
    return n->parallelism;
}

static int find_field(const struct streamd_schema *schema, const char *name, uint32_t *field)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0) {
            *field = i;
            return 1;
        }
    }
    return 0;
}

/* Updates of one key must stay in their order: such an edge goes by the key of the updates. A key
   that the schema lost, or retractions (whose rows have none), go to one task. */
static int spread_updates(struct plan *plan, const struct plan_node *reader,
                          const struct plan_output *from, struct plan_input *in)
{
    uint32_t *fields = arena_zalloc(&plan->arena, from->upsert_key.count, sizeof(*fields));

    if (!fields && from->upsert_key.count > 0)
        return STREAMD_E_NOMEM;
    in->exchange = PLAN_HASH;
    in->key_count = from->upsert_key.count;
    in->key_fields = fields;
    for (uint32_t i = 0; i < from->upsert_key.count; i++)
        if (find_field(from->schema, from->upsert_key.items[i], &fields[i]))
            reader->reads[fields[i]] = 1;
        else
            in->key_count = 0;
    return 0;
}

static int spread_edge(struct plan *plan, const struct plan_node *reader, struct plan_input *in)
{
    const struct plan_node *writer = &plan->nodes[in->node];
    const struct plan_output *from = &writer->outputs[in->output];

    in->key_count = 0;
    if (reader->parallelism == 1) {
        in->exchange = writer->parallelism == 1 ? PLAN_FORWARD : PLAN_GLOBAL;
    } else if (reader->partitioning == STREAMD_BY_KEY) {
        in->exchange = PLAN_HASH;
        in->key_count = reader->key_by.count;
        in->key_fields = reader->key_fields;
    } else if (reader->parallelism == writer->parallelism) {
        in->exchange = PLAN_FORWARD;
    } else if (from->changelog == STREAMD_APPEND) {
        in->exchange = PLAN_REBALANCE;
    } else {
        return spread_updates(plan, reader, from, in);
    }
    return 0;
}

int spread_plan(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->node_count; i++) {
        struct plan_node *n = &plan->nodes[i];

        n->parallelism = parallelism_of(plan, n);
        for (uint32_t k = 0; k < n->input_count; k++)
            if (spread_edge(plan, n, &n->inputs[k]))
                return STREAMD_E_NOMEM;
    }
    return 0;
}

/* The number of rings before that of (node, input), in the memory of a worker. */
static uint32_t rings_before(const struct plan *plan, uint32_t worker, uint32_t node,
                             uint32_t input)
{
    uint32_t rings = 0;

    for (uint32_t i = 0; i < plan->node_count && i <= node; i++) {
        const struct plan_node *n = &plan->nodes[i];

        for (uint32_t k = 0; k < n->input_count && worker < n->parallelism; k++) {
            if (i == node && k == input)
                return rings;
            if (n->inputs[k].exchange != PLAN_FORWARD)
                rings += plan->nodes[n->inputs[k].node].parallelism;
        }
    }
    return rings;
}

uint32_t spread_rings(const struct plan *plan, uint32_t worker)
{
    return rings_before(plan, worker, plan->node_count, 0);
}

uint32_t spread_ring(const struct plan *plan, uint32_t worker, uint32_t node, uint32_t input,
                     uint32_t producer)
{
    return rings_before(plan, worker, node, input) + producer;
}
