/*
 * Projection push-down: from the sinks upwards, which fields of each output does anybody read?
 * A field of a node's input is needed when the node itself reads it, or passes it on to an output
 * field that is needed. Sources get the answer in the field list of their format.
 */
#include "plan/binding.h"

#include <string.h>

static int allocate(struct plan *plan)
{
    for (uint32_t i = 0; i < plan->node_count; i++)
        for (uint32_t k = 0; k < plan->nodes[i].output_count; k++) {
            struct plan_output *o = &plan->nodes[i].outputs[k];

            o->needed = arena_zalloc(&plan->arena, o->schema->field_count, 1);
            if (!o->needed)
                return STREAMD_E_NOMEM;
        }
    return 0;
}

/* Does an output of the node that somebody reads need this field of the input? */
static int is_passed_on(const struct plan_node *n, uint32_t field)
{
    for (uint32_t k = 0; k < n->output_count; k++) {
        const struct plan_output *o = &n->outputs[k];

        if (o->schema == n->input && o->needed[field])
            return 1;
        if (!o->input_field)
            continue;
        for (uint32_t f = 0; f < o->schema->field_count; f++)
            if (o->input_field[f] == (int32_t)field && o->needed[f])
                return 1;
    }
    return 0;
}

static void push_up(struct plan *plan, const struct plan_node *n)
{
    for (uint32_t f = 0; f < n->input->field_count; f++) {
        if (!n->reads_all && !n->reads[f] && !is_passed_on(n, f))
            continue;
        for (uint32_t i = 0; i < n->input_count; i++)
            plan->nodes[n->inputs[i].node].outputs[n->inputs[i].output].needed[f] = 1;
    }
}

/* May rows that were decoded go to .error for want of an event time? They go there whole. */
static int rejects_rows(const struct plan_node *n)
{
    int32_t field = n->event_time.field;

    return n->on_error == PLAN_OUTPUT && field >= 0 &&
           n->format.spec.schema->fields[field].type.nullable;
}

static void tell_format(struct plan_node *n)
{
    struct streamd_format_field *fields = (struct streamd_format_field *)n->format.spec.fields;

    for (uint32_t f = 0; n->format.format && f < n->format.spec.schema->field_count; f++)
        fields[f].needed = n->kind != STREAMD_SOURCE || n->outputs[0].needed[f] ||
                           n->event_time.field == (int32_t)f || rejects_rows(n);
}

int plan_needs(struct plan *plan)
{
    if (allocate(plan))
        return STREAMD_E_NOMEM;
    for (uint32_t i = plan->node_count; i > 0; i--) {
        struct plan_node *n = &plan->nodes[i - 1];

        if (n->input)
            push_up(plan, n);
        tell_format(n);
    }
    return 0;
}
