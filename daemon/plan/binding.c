/*
 * The functions behind streamd_bind (streamd/bind.h): they note what a plugin declares, and turn
 * its diagnostics into places of the user's file.
 */
#include "plan/binding.h"

#include "base/array.h"
#include "graph/keys.h"
#include "state/aggregate.h"

#include <string.h>

static struct binding *binding_of(const struct streamd_bind *b)
{
    return (struct binding *)(uintptr_t)b;
}

static struct arena *arena_of(const struct streamd_bind *b)
{
    return &binding_of(b)->built->plan.arena;
}

static int nomem(struct binding *b)
{
    b->nomem = 1;
    return STREAMD_E_NOMEM;
}

static int broken(struct binding *b, const char *what)
{
    diagnostics_add(b->diagnostics, PLAN_BAD_PLUGIN, node_span(b->node->type_yaml),
                    "report this to the author of the plugin", "plugin '%s' %s", b->node->type,
                    what);
    return STREAMD_E_PLUGIN;
}

/* ---- questions ---------------------------------------------------------------------------- */

static uint32_t op_input_count(const struct streamd_bind *b)
{
    return binding_of(b)->out->input_count;
}

static const struct streamd_schema *op_input(const struct streamd_bind *b, uint32_t index)
{
    (void)index; /* all inputs of a node have one schema */
    return binding_of(b)->out->input;
}

static const struct plan_output *producer(const struct streamd_bind *b, uint32_t index)
{
    const struct plan_input *in = &binding_of(b)->out->inputs[index];

    return &binding_of(b)->built->plan.nodes[in->node].outputs[in->output];
}

static uint32_t op_input_changelog(const struct streamd_bind *b, uint32_t index)
{
    return producer(b, index)->changelog;
}

static const struct streamd_strings *op_input_key(const struct streamd_bind *b, uint32_t index)
{
    const struct plan_output *o = producer(b, index);

    return o->changelog == STREAMD_UPSERT ? &o->upsert_key : NULL;
}

static int op_input_event_time(const struct streamd_bind *b, uint32_t index)
{
    (void)index;
    return binding_of(b)->input_event_time;
}

static const struct streamd_strings *op_key_by(const struct streamd_bind *b)
{
    return &binding_of(b)->key_by;
}

static const struct streamd_schema *op_declared_schema(const struct streamd_bind *b)
{
    const struct pipeline_node *n = binding_of(b)->node;

    return n->field_count ? &n->schema : NULL;
}

static void *op_alloc(struct streamd_bind *b, size_t size)
{
    void *piece = arena_zalloc(arena_of(b), 1, size);

    if (!piece)
        nomem(binding_of(b));
    return piece;
}

/* ---- outputs ------------------------------------------------------------------------------ */

static int op_output(struct streamd_bind *base, const struct streamd_schema *schema,
                     uint32_t changelog, const struct streamd_strings *key)
{
    struct binding *b = binding_of(base);
    struct plan_output *main_output = &b->outputs.items[0];

    if (!schema || schema->field_count == 0)
        return broken(b, "declares an output without fields");
    b->declared = schema;
    if (b->node->kind == STREAMD_SINK)
        return 0;
    if (changelog != STREAMD_APPEND && changelog != STREAMD_UPSERT && changelog != STREAMD_RETRACT)
        return broken(b, "declares an output without a changelog mode");
    if (changelog == STREAMD_UPSERT && (!key || key->count == 0))
        return broken(b, "declares an upsert output without a key");
    main_output->schema = schema;
    main_output->changelog = changelog;
    if (key)
        main_output->upsert_key = *key;
    return 0;
}

static int op_output_from_input(struct streamd_bind *base, uint32_t field, uint32_t input_field)
{
    struct binding *b = binding_of(base);
    struct plan_output *o = &b->outputs.items[0];

    if (!o->schema || field >= o->schema->field_count || !b->out->input ||
        input_field >= b->out->input->field_count)
        return broken(b, "passes on a field that does not exist");
    b->says_what_it_reads = 1;
    if (!o->input_field) {
        o->input_field =
            arena_zalloc(arena_of(base), o->schema->field_count, sizeof(*o->input_field));
        if (!o->input_field)
            return nomem(b);
        memset(o->input_field, 0xff, o->schema->field_count * sizeof(*o->input_field));
    }
    o->input_field[field] = (int32_t)input_field;
    return 0;
}

static int op_side_output(struct streamd_bind *base, const char *name,
                          const struct streamd_schema *schema)
{
    struct binding *b = binding_of(base);
    struct plan_output side = {.name = name, .schema = schema, .changelog = STREAMD_APPEND};

    if (!schema || schema->field_count == 0)
        return broken(b, "declares a side output without fields");
    return array_push(&b->outputs, side) ? nomem(b) : 0;
}

static int op_reads(struct streamd_bind *base, uint32_t field)
{
    struct binding *b = binding_of(base);

    b->says_what_it_reads = 1;
    if (field == STREAMD_NO_FIELD)
        return 0;
    if (!b->out->input || field >= b->out->input->field_count)
        return broken(b, "reads a field that does not exist");
    b->out->reads[field] = 1;
    return 0;
}

/* ---- requirements ------------------------------------------------------------------------- */

static int op_accepts(struct streamd_bind *b, uint32_t changelogs)
{
    binding_of(b)->accepts = changelogs;
    return 0;
}

static int op_partitioning(struct streamd_bind *b, uint32_t partitioning)
{
    binding_of(b)->out->partitioning = partitioning;
    return 0;
}

static int op_delivery(struct streamd_bind *b, uint32_t delivery)
{
    binding_of(b)->out->delivery = delivery;
    return 0;
}

static int op_max_open_splits(struct streamd_bind *b, uint32_t count)
{
    binding_of(b)->out->max_open_splits = count;
    return 0;
}

static int op_unbounded(struct streamd_bind *b)
{
    binding_of(b)->out->unbounded = 1;
    return 0;
}

static int op_output_event_time(struct streamd_bind *b)
{
    binding_of(b)->own_event_time = 1;
    return 0;
}

static int op_needs_format(struct streamd_bind *b)
{
    binding_of(b)->needs_format = 1;
    return 0;
}

static int op_outbox(struct streamd_bind *b)
{
    binding_of(b)->has_outbox = 1;
    return 0;
}

/* ---- state -------------------------------------------------------------------------------- */

static int is_good_table(const struct streamd_table_decl *d)
{
    if (!d->name || (d->key_count && !d->keys) || (d->column_count && !d->columns))
        return 0;
    for (uint32_t i = 0; i < d->key_count; i++)
        if (d->keys[i].type.id == STREAMD_JSON)
            return 0;
    if (!(d->flags &
          (STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS | STREAMD_TABLE_PROCESSING_TIMERS)))
        return 1;
    return d->order_by < d->column_count && (d->columns[d->order_by].type.id == STREAMD_INT64 ||
                                             d->columns[d->order_by].type.id == STREAMD_TIMESTAMP);
}

static int op_aggregate_table(struct streamd_bind *base, const struct streamd_aggregates *a,
                              const struct streamd_table_decl *decl)
{
    struct binding *b = binding_of(base);
    struct plan_table table = {.decl = *decl, .aggregates = a};

    if (!is_good_table(decl))
        return broken(b, "declares a state table that cannot be");
    for (size_t i = 0; i < b->tables.count; i++)
        if (strcmp(b->tables.items[i].decl.name, decl->name) == 0)
            return broken(b, "declares two state tables of one name");
    if (a && aggregate_declare(arena_of(base), a, decl, &table.decl))
        return nomem(b);
    if (array_push(&b->tables, table))
        return nomem(b);
    return (int)b->tables.count - 1;
}

static int op_table(struct streamd_bind *b, const struct streamd_table_decl *decl)
{
    return op_aggregate_table(b, NULL, decl);
}

static void op_set_private(struct streamd_bind *b, void *bound)
{
    binding_of(b)->out->bound = bound;
}

/* ---- diagnostics -------------------------------------------------------------------------- */

static void op_error(struct streamd_bind *base, const char *option, int code, const char *message,
                     const char *help)
{
    struct binding *b = binding_of(base);
    struct span at = node_span(b->node->type_yaml);

    if (strcmp(option, "key_by") == 0 && b->node->key_by_yaml)
        at = node_key_span(b->node->key_by_yaml);
    else if (b->config && option[0])
        at = node_key_span(options_find(b->config, option));
    else if (b->config && b->config->key)
        at = node_key_span(b->config);
    diagnostics_add(b->diagnostics, code, at, help, "%s '%s': %s", plugin_kind_word(b->node->kind),
                    b->node->name, message);
}

const struct streamd_bind_ops *binding_ops(void)
{
    static const struct streamd_bind_ops ops = {
        .size = sizeof(ops),
        .input_count = op_input_count,
        .input = op_input,
        .input_changelog = op_input_changelog,
        .key_by = op_key_by,
        .declared_schema = op_declared_schema,
        .alloc = op_alloc,
        .output = op_output,
        .output_from_input = op_output_from_input,
        .side_output = op_side_output,
        .reads = op_reads,
        .accepts = op_accepts,
        .partitioning = op_partitioning,
        .delivery = op_delivery,
        .table = op_table,
        .aggregate_table = op_aggregate_table,
        .set_private = op_set_private,
        .error = op_error,
        .max_open_splits = op_max_open_splits,
        .unbounded = op_unbounded,
        .output_event_time = op_output_event_time,
        .input_key = op_input_key,
        .input_event_time = op_input_event_time,
        .needs_format = op_needs_format,
        .outbox = op_outbox,
    };

    return &ops;
}

/* ---- options ------------------------------------------------------------------------------ */

/* The plugin's table with `type:` in front of it, for `format: {type: json, ...}`. */
static const struct streamd_option *with_type(struct arena *arena,
                                              const struct streamd_option *table, uint32_t offset)
{
    uint32_t count = 0;
    struct streamd_option *longer;

    while (table && table[count].name)
        count++;
    longer = arena_zalloc(arena, (size_t)count + 2, sizeof(*longer));
    if (!longer)
        return NULL;
    longer[0] = (struct streamd_option){.name = "type",
                                        .type = STREAMD_OPTION_STRING,
                                        .flags = STREAMD_OPTION_REQUIRED,
                                        .offset = offset,
                                        .doc = "the format"};
    if (count)
        memcpy(longer + 1, table, count * sizeof(*longer));
    return longer;
}

void *binding_options(struct binding *b, const struct streamd_descriptor *d, struct node *config,
                      int skip_type)
{
    static const struct streamd_option none[] = {{0}};
    uint32_t size = (d->options_size + 15u) & ~15u;
    const struct streamd_option *table = d->options ? d->options : none;
    struct options_hooks hooks;
    struct options_context context = {.arena = &b->built->plan.arena,
                                      .diagnostics = b->diagnostics,
                                      .owner = d->name,
                                      .input = b->alone ? NULL : b->out->input,
                                      .hooks = b->alone ? NULL : binding_hooks(b, &hooks),
                                      .outer = keys_of_node(b->node->kind),
                                      .outer_name = skip_type ? "format" : "config"};
    void *target = arena_zalloc(context.arena, 1, size + sizeof(char *));
    int rc;

    b->config = config;
    b->options_judged |= !skip_type;
    if (skip_type)
        table = with_type(context.arena, table, size);
    if (!target || !table) {
        nomem(b);
        return NULL;
    }
    rc = options_bind(&context, table, config, node_key_span(b->node->yaml), target);
    if (rc == STREAMD_E_NOMEM)
        nomem(b);
    return rc ? NULL : target;
}
