/*
 * Binding a pipeline, node by node in topological order. A node is "bound" when its outputs are
 * known; a node one of whose producers is not bound is passed over silently, since the mistake has
 * been reported where it is.
 */
#include "plan/plan.h"

#include "base/array.h"
#include "base/error.h"
#include "graph/spread.h"
#include "plan/binding.h"

#include <stdio.h>
#include <string.h>

struct builder {
    struct built_plan *built;
    const struct pipeline *pipeline;
    struct plugin_registry *plugins;
    struct diagnostics *diagnostics;
    uint32_t *number; /* pipeline node -> plan node */
    uint8_t *bound;   /* per plan node */
    int nomem;
};

const struct plan *plan_of(const struct built_plan *built)
{
    return &built->plan;
}

void plan_free(struct built_plan *built)
{
    if (!built)
        return;
    expr_store_clear(&built->store);
    expr_registry_free(built->functions);
    arena_clear(&built->plan.arena);
    memory_free(built);
}

/* ---- inputs ------------------------------------------------------------------------------- */

static int find_output(const struct plan_node *n, const char *name)
{
    for (uint32_t i = 0; i < n->output_count; i++)
        if (strcmp(n->outputs[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void no_such_output(struct builder *w, const struct pipeline_input *in,
                           const struct plan_node *from)
{
    const char *names[64] = {0};

    for (uint32_t i = 1; i < from->output_count && i < 63; i++)
        names[i - 1] = from->outputs[i].name;
    diagnostics_add(
        w->diagnostics, PLAN_NO_SUCH_OUTPUT, node_span(in->yaml),
        strcmp(in->output, "error") == 0
            ? diagnostics_printf(w->diagnostics, "write on_error: output at '%s'", from->name)
            : diagnostics_suggest(w->diagnostics, in->output, names, "side outputs"),
        "%s '%s' has no side output '%s'", plugin_kind_word(from->kind), from->name, in->output);
}

/* The plan's inputs of a node. 1: all producers are bound. */
static int connect(struct builder *w, struct binding *b)
{
    struct plan_input *inputs =
        arena_zalloc(&w->built->plan.arena, b->node->input_count, sizeof(*inputs));
    int good = b->node->input_count > 0; /* none: reported with the file */

    if (!inputs) {
        w->nomem = 1;
        return 0;
    }
    for (uint32_t i = 0; i < b->node->input_count; i++) {
        const struct pipeline_input *in = &b->node->inputs[i];
        uint32_t from = w->number[in->node];
        int output;

        if (!w->bound[from]) {
            good = 0;
            continue;
        }
        output = find_output(&w->built->plan.nodes[from], in->output);
        if (output < 0) {
            no_such_output(w, in, &w->built->plan.nodes[from]);
            good = 0;
            continue;
        }
        inputs[i] = (struct plan_input){.node = from, .output = (uint32_t)output};
    }
    b->out->inputs = inputs;
    b->out->input_count = b->node->input_count;
    return good;
}

static int same_type(struct streamd_type a, struct streamd_type b)
{
    return a.id == b.id && a.precision == b.precision && a.scale == b.scale;
}

static void schemas_differ(struct builder *w, struct binding *b, uint32_t i, const char *field)
{
    diagnostics_add(
        w->diagnostics, PLAN_SCHEMAS_DIFFER, node_span(b->node->inputs[i].yaml),
        "bring both to the same fields in the same order with a select operator",
        "inputs '%s' and '%s' of '%s' have different schemas: they differ at field '%s'",
        b->node->inputs[0].yaml->text, b->node->inputs[i].yaml->text, b->node->name, field);
}

/* One schema for all inputs: nullable where any of them is. 0: they do not fit. */
static int unite_schemas(struct builder *w, struct binding *b)
{
    struct plan *plan = &w->built->plan;
    const struct plan_input *in = b->out->inputs;
    const struct streamd_schema *first = plan->nodes[in[0].node].outputs[in[0].output].schema;
    struct streamd_schema *united = NULL;
    struct streamd_field *fields = NULL;

    b->out->input = first;
    for (uint32_t i = 1; i < b->out->input_count; i++) {
        const struct streamd_schema *s = plan->nodes[in[i].node].outputs[in[i].output].schema;

        for (uint32_t f = 0; f < first->field_count || f < s->field_count; f++) {
            if (f >= first->field_count || f >= s->field_count ||
                strcmp(first->fields[f].name, s->fields[f].name) != 0 ||
                !same_type(first->fields[f].type, s->fields[f].type)) {
                schemas_differ(w, b, i, (f < s->field_count ? s : first)->fields[f].name);
                return 0;
            }
            if (b->out->input->fields[f].type.nullable || !s->fields[f].type.nullable)
                continue;
            if (!united) {
                united = arena_zalloc(&plan->arena, 1, sizeof(*united));
                fields = arena_zalloc(&plan->arena, first->field_count, sizeof(*fields));
                if (!united || !fields) {
                    w->nomem = 1;
                    return 0;
                }
                memcpy(fields, first->fields, first->field_count * sizeof(*fields));
                *united = (struct streamd_schema){first->field_count, fields};
                b->out->input = united;
            }
            fields[f].type.nullable = 1;
        }
    }
    return 1;
}

static int inputs_have_time(const struct builder *w, const struct binding *b)
{
    for (uint32_t i = 0; i < b->out->input_count; i++)
        if (!w->built->plan.nodes[b->out->inputs[i].node].event_time.has)
            return 0;
    return b->out->input_count > 0;
}

/* ---- keys --------------------------------------------------------------------------------- */

static int find_field(const struct streamd_schema *schema, const char *name)
{
    for (uint32_t i = 0; i < schema->field_count; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void no_such_field(struct builder *w, const struct node *at, const char *what,
                          const struct streamd_schema *schema)
{
    const char **names =
        arena_zalloc(&w->built->plan.arena, (size_t)schema->field_count + 1, sizeof(*names));

    for (uint32_t i = 0; names && i < schema->field_count; i++)
        names[i] = schema->fields[i].name;
    diagnostics_add(w->diagnostics, PLAN_NO_FIELD, node_span(at),
                    names ? diagnostics_suggest(w->diagnostics, at->text, names, "fields") : NULL,
                    "%s: there is no field %s", what, document_quote(w->diagnostics, at));
}

static int bind_keys(struct builder *w, struct binding *b)
{
    const struct streamd_strings *keys = &b->node->key_by;
    struct node *at = b->node->key_by_yaml ? b->node->key_by_yaml->first : NULL;
    uint32_t *fields = arena_zalloc(&w->built->plan.arena, keys->count, sizeof(*fields));
    int good = 1;

    if (!fields) {
        w->nomem = 1;
        return 0;
    }
    for (uint32_t i = 0; i < keys->count; i++, at = at ? at->next : NULL) {
        int field = find_field(b->out->input, keys->items[i]);

        if (field < 0) {
            no_such_field(w, at ? at : b->node->key_by_yaml, "key_by", b->out->input);
            good = 0;
            continue;
        }
        if (b->out->input->fields[field].type.id == STREAMD_JSON) {
            diagnostics_add(w->diagnostics, PLAN_KEY_TYPE,
                            node_span(at ? at : b->node->key_by_yaml),
                            "select the part of it that makes the key, for example doc->>'id'",
                            "key_by: field '%s' is json, which is no key", keys->items[i]);
            good = 0;
        }
        fields[i] = (uint32_t)field;
        b->out->reads[field] = 1;
    }
    if (good) {
        b->key_by = b->out->key_by = *keys;
        b->out->key_fields = fields;
        b->out->partitioning = keys->count ? STREAMD_BY_KEY : STREAMD_ANY;
    }
    return good;
}

/* ---- event time --------------------------------------------------------------------------- */

static int bind_event_time(struct builder *w, struct binding *b)
{
    const struct pipeline_event_time *e = &b->node->event_time;
    const struct streamd_schema *schema = b->outputs.items[0].schema;
    struct plan_event_time *out = &b->out->event_time;
    int field;

    out->field = -1;
    out->has = b->own_event_time;
    out->out_of_orderness = e->out_of_orderness_us;
    out->idle_after = e->has_idle_after ? e->idle_after_us : b->out->unbounded ? 10000000 : 0;
    if (!e->field)
        return 1;
    field = find_field(schema, e->field);
    if (field < 0) {
        no_such_field(w, e->field_yaml, "event_time", schema);
        return 0;
    }
    if (schema->fields[field].type.id != STREAMD_TIMESTAMP) {
        diagnostics_add(w->diagnostics, PLAN_EVENT_TIME_TYPE, node_span(e->field_yaml),
                        "declare it as a timestamp in the schema, if need be with unit: ms or a "
                        "format:",
                        "event_time: field '%s' is no timestamp", e->field);
        return 0;
    }
    out->field = field;
    out->has = 1;
    return 1;
}

/* ---- changelog ---------------------------------------------------------------------------- */

static const char *changelog_word(uint32_t mode)
{
    return mode == STREAMD_UPSERT ? "upsert" : mode == STREAMD_RETRACT ? "retract" : "append";
}

static int same_key(const struct streamd_strings *a, const struct streamd_strings *b)
{
    if (a->count != b->count)
        return 0;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return 0;
    return 1;
}

/* An operator gives one changelog for all its inputs, so that they must have the same. */
static int check_union(struct builder *w, struct binding *b)
{
    const struct plan_node *nodes = w->built->plan.nodes;
    const struct plan_output *first =
        &nodes[b->out->inputs[0].node].outputs[b->out->inputs[0].output];

    for (uint32_t i = 1; i < b->out->input_count && b->node->kind == STREAMD_OPERATOR; i++) {
        const struct plan_input *in = &b->out->inputs[i];
        const struct plan_output *other = &nodes[in->node].outputs[in->output];

        if (other->changelog == first->changelog &&
            (other->changelog != STREAMD_UPSERT ||
             same_key(&other->upsert_key, &first->upsert_key)))
            continue;
        diagnostics_add(w->diagnostics, PLAN_CHANGELOG, node_span(b->node->inputs[i].yaml),
                        "use emit: final in the window, or give each its own operator",
                        "'%s' cannot unite '%s' (%s) and '%s' (%s): rows that are only added and "
                        "rows that are updated, or updates by different keys",
                        b->node->name, b->node->inputs[0].yaml->text,
                        changelog_word(first->changelog), b->node->inputs[i].yaml->text,
                        changelog_word(other->changelog));
        return 0;
    }
    return 1;
}

static int check_changelogs(struct builder *w, struct binding *b)
{
    int good = 1;

    for (uint32_t i = 0; i < b->out->input_count; i++) {
        const struct plan_input *in = &b->out->inputs[i];
        uint32_t mode = w->built->plan.nodes[in->node].outputs[in->output].changelog;

        if (b->accepts & mode)
            continue;
        diagnostics_add(w->diagnostics, PLAN_CHANGELOG, node_span(b->node->inputs[i].yaml),
                        strcmp(b->node->type, "file") == 0
                            ? "add changelog: {field: _op} to the sink's config, or emit: final to "
                              "the window"
                            : "use emit: final in the window, or a node that takes updates",
                        "%s '%s' takes rows that are only added, but '%s' also updates rows (%s)",
                        plugin_kind_word(b->node->kind), b->node->name,
                        b->node->inputs[i].yaml->text, changelog_word(mode));
        good = 0;
    }
    return good;
}

/* ---- one node ----------------------------------------------------------------------------- */

static const struct streamd_descriptor *find_plugin(struct builder *w,
                                                    const struct pipeline_node *node)
{
    const struct streamd_descriptor *d;
    struct streamd_error error;

    if (!node->type)
        return NULL;
    if (plugin_find(w->plugins, node->kind, node->type, &d, &error) == 0)
        return d;
    diagnostics_add_error(w->diagnostics, error.diagnostic, node_span(node->type_yaml),
                          error.diagnostic == PLUGIN_MISSING
                              ? diagnostics_suggest(w->diagnostics, node->type,
                                                    plugin_names(w->plugins, node->kind), "types")
                              : NULL,
                          &error);
    return NULL;
}

static int call_bind(struct binding *b, const struct streamd_descriptor *d)
{
    size_t before = diagnostics_error_count(b->diagnostics);
    int rc;

    if (d->kind == STREAMD_SOURCE) {
        const struct streamd_source *source = (const struct streamd_source *)d;

        b->needs_format = (source->flags & STREAMD_SOURCE_FORMAT) != 0;
        rc = source->bind(&b->base, b->out->options);
    } else {
        rc = ((const struct streamd_operator *)d)->bind(&b->base, b->out->options);
    }
    if (rc && diagnostics_error_count(b->diagnostics) == before && !b->nomem)
        diagnostics_add(b->diagnostics, PLAN_BAD_PLUGIN, node_span(b->node->type_yaml), NULL,
                        "plugin '%s' refuses without saying why", b->node->type);
    return rc == 0 && !b->nomem;
}

/* Whoever asked for more than the sink can give: the sink itself, or the pipeline. */
static int check_sink(struct builder *w, struct binding *b)
{
    uint32_t wanted = b->node->delivery ? b->node->delivery : w->pipeline->delivery;

    if (b->node->kind != STREAMD_SINK || wanted != STREAMD_EXACTLY_ONCE ||
        b->out->delivery == STREAMD_EXACTLY_ONCE)
        return 1;
    if (b->node->delivery) {
        diagnostics_add(w->diagnostics, PLAN_DELIVERY, node_span(b->node->delivery_yaml),
                        "write delivery: at_least_once, or take another sink",
                        "sink '%s' cannot deliver exactly once", b->node->name);
        return 0;
    }
    diagnostics_add(w->diagnostics, PLAN_DELIVERY, node_span(b->node->type_yaml),
                    "write delivery: at_least_once at this sink",
                    "sink '%s' cannot deliver exactly once", b->node->name);
    diagnostics_note(w->diagnostics, node_span(w->pipeline->delivery_yaml), "asked for here");
    return 0;
}

/* The main output has no schema: sources with a format get theirs later, sinks have none. */
static int has_output(struct builder *w, struct binding *b)
{
    if (b->node->kind == STREAMD_SINK || b->outputs.items[0].schema)
        return 1;
    diagnostics_add(w->diagnostics, PLAN_BAD_PLUGIN, node_span(b->node->type_yaml), NULL,
                    "plugin '%s' declares no output", b->node->type);
    return 0;
}

/* Moves outputs and tables to the plan's arena; adds .error and the outbox. */
static int settle(struct builder *w, struct binding *b)
{
    struct plan_output error = {
        .name = "error", .schema = plan_error_schema(), .changelog = STREAMD_APPEND};
    struct plan_table outbox = {.decl = *plan_outbox_table()};
    struct arena *arena = &w->built->plan.arena;
    struct plan_output *outputs;
    struct plan_table *tables;

    b->out->on_error = (enum plan_on_error)b->node->on_error;
    if (b->out->on_error == PLAN_OUTPUT) {
        b->out->error_output = (uint32_t)b->outputs.count;
        if (array_push(&b->outputs, error))
            return STREAMD_E_NOMEM;
    }
    b->out->outbox = b->has_outbox ? (int32_t)b->tables.count : -1;
    if (b->has_outbox && array_push(&b->tables, outbox))
        return STREAMD_E_NOMEM;
    b->out->output_count = b->node->kind == STREAMD_SINK ? 0 : (uint32_t)b->outputs.count;
    outputs = arena_zalloc(arena, b->outputs.count, sizeof(*outputs));
    tables = arena_zalloc(arena, b->tables.count, sizeof(*tables));
    if (!outputs || !tables)
        return STREAMD_E_NOMEM;
    memcpy(outputs, b->outputs.items, b->outputs.count * sizeof(*outputs));
    if (b->tables.count)
        memcpy(tables, b->tables.items, b->tables.count * sizeof(*tables));
    b->out->outputs = outputs;
    b->out->tables = tables;
    b->out->table_count = (uint32_t)b->tables.count;
    /* A rejected row goes to .error whole. */
    b->out->reads_all = !b->says_what_it_reads || b->out->on_error == PLAN_OUTPUT;
    return 0;
}

/* 1: the node is bound to its plugin `d`, which is NULL where there is none. */
static int bind_to(struct builder *w, struct binding *b, const struct streamd_descriptor *d)
{
    struct plan_output main_output = {.name = ""};

    if (array_push(&b->outputs, main_output)) {
        w->nomem = 1;
        return 0;
    }
    if (b->node->kind != STREAMD_SOURCE) {
        if (!connect(w, b) || !unite_schemas(w, b))
            return 0;
        b->out->reads = arena_zalloc(&w->built->plan.arena, b->out->input->field_count, 1);
        if (!b->out->reads) {
            w->nomem = 1;
            return 0;
        }
        b->input_event_time = inputs_have_time(w, b);
        b->out->event_time = (struct plan_event_time){.field = -1, .has = b->input_event_time};
        if (!bind_keys(w, b) || !check_union(w, b))
            return 0;
    }
    /* What is missing in these was reported with the file. */
    if (!d || b->node->config_bad || b->node->format_bad || b->node->schema_bad)
        return 0;
    b->out->descriptor = d;
    b->out->options = binding_options(b, d, b->node->config, 0);
    if (!b->out->options || !call_bind(b, d) || !check_changelogs(w, b) || !check_sink(w, b))
        return 0;
    if (binding_format(b, w->plugins) || !has_output(w, b))
        return 0;
    if (b->node->kind == STREAMD_SOURCE && !bind_event_time(w, b))
        return 0;
    if (settle(w, b)) {
        w->nomem = 1;
        return 0;
    }
    return 1;
}

/* 1: the node is bound. */
static int bind_node(struct builder *w, struct binding *b)
{
    const struct streamd_descriptor *d = find_plugin(w, b->node);

    if (bind_to(w, b, d))
        return 1;
    if (!w->nomem && !b->nomem)
        binding_alone(b, w->plugins, d);
    return 0;
}

static void start_binding(struct builder *w, uint32_t index, struct binding *b, char reader[96],
                          char input[96])
{
    const struct pipeline_node *node = &w->pipeline->nodes[w->pipeline->order[index]];

    snprintf(reader, 96, "%s '%s'", plugin_kind_word(node->kind), node->name);
    snprintf(input, 96, "input '%s'", node->input_count ? node->inputs[0].yaml->text : "");
    *b = (struct binding){.base = {binding_ops()},
                          .built = w->built,
                          .pipeline = w->pipeline,
                          .node = node,
                          .out = &w->built->plan.nodes[index],
                          .diagnostics = w->diagnostics,
                          .reader = reader,
                          .input_name = input,
                          .accepts = STREAMD_APPEND};
    b->out->name = node->name;
    b->out->kind = node->kind;
    b->out->partitioning = STREAMD_ANY;
    b->out->parallelism = (uint32_t)node->parallelism;
    b->out->delivery = STREAMD_AT_LEAST_ONCE;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int bind_backend(struct builder *w)
{
    const struct streamd_descriptor *d;
    struct streamd_error error;
    struct span at = w->pipeline->backend_yaml ? node_span(w->pipeline->backend_yaml) : SPAN_NONE;

    if (plugin_find(w->plugins, STREAMD_STATE, w->pipeline->backend, &d, &error)) {
        diagnostics_add_error(w->diagnostics, error.diagnostic, at, NULL, &error);
        return STREAMD_E_REPORTED;
    }
    w->built->plan.backend = (const struct streamd_backend *)d;
    return 0;
}

/* Every plugin of kind `functions` in the search path adds its tables. */
static int load_functions(struct builder *w)
{
    const char *const *names = plugin_names(w->plugins, STREAMD_FUNCTIONS);
    struct streamd_error error;

    w->built->functions = expr_registry_new();
    if (!names || !w->built->functions)
        return STREAMD_E_NOMEM;
    for (; *names; names++) {
        const struct streamd_descriptor *d;
        const struct streamd_functions *f;

        if (plugin_find(w->plugins, STREAMD_FUNCTIONS, *names, &d, &error)) {
            diagnostics_warn(w->diagnostics, error.diagnostic, SPAN_NONE, NULL, "%s",
                             error.message);
            continue;
        }
        f = (const struct streamd_functions *)d;
        if (expr_registry_add(w->built->functions, f->functions, f->aggregates, &error))
            diagnostics_warn(w->diagnostics, PLAN_BAD_PLUGIN, SPAN_NONE, NULL,
                             "functions plugin '%s': %s", *names, error.message);
    }
    return 0;
}

static int prepare(struct builder *w)
{
    struct plan *plan = &w->built->plan;

    plan->name = w->pipeline->name;
    plan->path = w->diagnostics->file;
    plan->parallelism = (uint32_t)w->pipeline->parallelism;
    plan->key_groups = (uint32_t)w->pipeline->key_groups;
    plan->hold_at_end = w->pipeline->at_end == PIPELINE_SAVEPOINT;
    plan->memory_limit = w->pipeline->memory_bytes;
    plan->record_limit = w->pipeline->record_bytes;
    plan->node_count = w->pipeline->node_count;
    plan->nodes = arena_zalloc(&plan->arena, plan->node_count, sizeof(*plan->nodes));
    w->number = arena_zalloc(&plan->arena, plan->node_count, sizeof(*w->number));
    w->bound = arena_zalloc(&plan->arena, plan->node_count, 1);
    if (!plan->nodes || !w->number || !w->bound)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < plan->node_count; i++)
        w->number[w->pipeline->order[i]] = i;
    return load_functions(w);
}

static int build(struct builder *w)
{
    int rc = prepare(w);

    if (rc)
        return rc;
    rc = bind_backend(w);
    for (uint32_t i = 0; i < w->built->plan.node_count && !w->nomem; i++) {
        char reader[96], input[96];
        struct binding b;

        start_binding(w, i, &b, reader, input);
        w->bound[i] = (uint8_t)bind_node(w, &b);
        rc = w->bound[i] ? rc : STREAMD_E_REPORTED;
        w->nomem |= b.nomem;
        array_clear(&b.outputs);
        array_clear(&b.tables);
    }
    if (w->nomem)
        return STREAMD_E_NOMEM;
    if (!rc)
        rc = spread_plan(&w->built->plan);
    return rc ? rc : plan_needs(&w->built->plan);
}

int plan_build(const struct pipeline *pipeline, struct plugin_registry *plugins,
               struct diagnostics *diagnostics, struct built_plan **built)
{
    struct builder w = {.pipeline = pipeline, .plugins = plugins, .diagnostics = diagnostics};
    int rc;

    w.built = memory_zalloc(1, sizeof(*w.built));
    if (!w.built)
        return STREAMD_E_NOMEM;
    rc = build(&w);
    if (rc) {
        plan_free(w.built);
        return rc;
    }
    *built = w.built;
    return 0;
}
