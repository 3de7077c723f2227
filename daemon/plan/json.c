/*
 * The plan as canonical JSON: members in a fixed order, nothing that differs between two runs on
 * the same file. A worker that binds the file again must get the same text.
 */
#include "plan/plan.h"

#include <string.h>

static void add_string(struct text *out, const char *string)
{
    text_add_json(out, string, strlen(string));
}

static void add_strings(struct text *out, const struct streamd_strings *strings)
{
    text_add_char(out, '[');
    for (uint32_t i = 0; i < strings->count; i++) {
        if (i)
            text_add_char(out, ',');
        add_string(out, strings->items[i]);
    }
    text_add_char(out, ']');
}

/* {"name":"type",...}. */
static void add_fields(struct text *out, const struct streamd_field *fields, uint32_t count)
{
    text_add_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            text_add_char(out, ',');
        add_string(out, fields[i].name);
        text_add(out, ":\"");
        pipeline_print_type(fields[i].type, out);
        text_add_char(out, '"');
    }
    text_add_char(out, '}');
}

static const char *changelog_word(uint32_t mode)
{
    return mode == STREAMD_UPSERT ? "upsert" : mode == STREAMD_RETRACT ? "retract" : "append";
}

static void add_output(struct text *out, const struct plan_output *o)
{
    text_add(out, "{\"name\":");
    add_string(out, o->name);
    text_printf(out, ",\"changelog\":\"%s\",\"fields\":", changelog_word(o->changelog));
    add_fields(out, o->schema->fields, o->schema->field_count);
    if (o->changelog == STREAMD_UPSERT) {
        text_add(out, ",\"key\":");
        add_strings(out, &o->upsert_key);
    }
    text_add(out, ",\"unread\":[");
    for (uint32_t i = 0, first = 1; i < o->schema->field_count; i++) {
        if (o->needed[i])
            continue;
        text_add(out, first ? "" : ",");
        add_string(out, o->schema->fields[i].name);
        first = 0;
    }
    text_add(out, "]}");
}

static void add_table(struct text *out, const struct streamd_table_decl *d)
{
    text_add(out, "{\"name\":");
    add_string(out, d->name);
    text_printf(out, ",\"flags\":%u,\"keys\":", d->flags);
    add_fields(out, d->keys, d->key_count);
    text_add(out, ",\"columns\":");
    add_fields(out, d->columns, d->column_count);
    text_add_char(out, '}');
}

/* How the rows of each input find their task. */
static void add_exchanges(struct text *out, const struct plan_node *n)
{
    static const char *const words[] = {"forward", "hash", "rebalance", "global"};

    text_add(out, ",\"exchange\":[");
    for (uint32_t i = 0; i < n->input_count; i++)
        text_printf(out, "%s\"%s\"", i ? "," : "", words[n->inputs[i].exchange]);
    text_add_char(out, ']');
}

static void add_inputs(struct text *out, const struct plan *plan, const struct plan_node *n)
{
    text_add(out, ",\"inputs\":[");
    for (uint32_t i = 0; i < n->input_count; i++) {
        const struct plan_node *from = &plan->nodes[n->inputs[i].node];
        const char *side = from->outputs[n->inputs[i].output].name;

        text_printf(out, "%s\"%s%s%s\"", i ? "," : "", from->name, side[0] ? "." : "", side);
    }
    text_add_char(out, ']');
}

static void add_node(struct text *out, const struct plan *plan, const struct plan_node *n)
{
    static const char *const partitionings[] = {"", "any", "key", "single"};

    text_add(out, "{\"name\":");
    add_string(out, n->name);
    text_printf(out, ",\"kind\":\"%s\",\"type\":\"%s\"", plugin_kind_word(n->kind),
                n->descriptor->name);
    text_printf(out, ",\"parallelism\":%u", n->parallelism);
    if (n->kind != STREAMD_SOURCE) {
        add_inputs(out, plan, n);
        add_exchanges(out, n);
    }
    text_printf(out, ",\"partitioning\":\"%s\",\"key_by\":", partitionings[n->partitioning]);
    add_strings(out, &n->key_by);
    if (n->kind == STREAMD_SINK)
        text_printf(out, ",\"delivery\":\"%s\"",
                    n->delivery == STREAMD_EXACTLY_ONCE ? "exactly_once" : "at_least_once");
    if (n->format.format)
        text_printf(out, ",\"format\":\"%s\"", n->format.format->descriptor.name);
    text_add(out, ",\"outputs\":[");
    for (uint32_t i = 0; i < n->output_count; i++) {
        text_add(out, i ? "," : "");
        add_output(out, &n->outputs[i]);
    }
    text_add(out, "],\"tables\":[");
    for (uint32_t i = 0; i < n->table_count; i++) {
        text_add(out, i ? "," : "");
        add_table(out, &n->tables[i].decl);
    }
    text_add(out, "]}");
}

void plan_json(const struct plan *plan, struct text *out)
{
    text_add(out, "{\"version\":1,\"pipeline\":");
    add_string(out, plan->name);
    text_printf(out, ",\"parallelism\":%u,\"key_groups\":%u,\"backend\":\"%s\",\"nodes\":[",
                plan->parallelism, plan->key_groups, plan->backend->descriptor.name);
    for (uint32_t i = 0; i < plan->node_count; i++) {
        text_add(out, i ? "," : "");
        add_node(out, plan, &plan->nodes[i]);
    }
    text_add(out, "]}");
}
