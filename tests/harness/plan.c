/*
 * The bind step: the node stands in a pipeline file of its own, between the source `harness` of
 * the tests and a sink, and the file is read and planned as a user's would be.
 */
#include "inside.h"

#include "plugin/registry.h"

#include <string.h>

/* A text with so many blanks in front of each line. */
static void add_indented(struct text *out, const char *lines, const char *blanks)
{
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");

        text_printf(out, "%s%.*s\n", blanks, (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void write_source(struct text *y, const struct harness_spec *s)
{
    static const char *const modes[] = {"append", "append", "upsert", "", "retract"};

    text_printf(y, "version: 1\nsources:\n  input:\n    type: harness\n    config: {changelog: %s",
                modes[s->changelog]);
    if (s->upsert)
        text_printf(y, ", key: [%s]", s->upsert);
    text_printf(y, "%s}\n    schema:\n", s->time || s->timeless ? "" : ", timed: true");
    for (const char *at = s->input; *at;) {
        size_t length = 0;
        int depth = 0;

        while (at[length] && (at[length] != ',' || depth)) {
            depth += (at[length] == '(') - (at[length] == ')');
            length++;
        }
        while (*at == ' ') {
            at++;
            length--;
        }
        text_printf(y, "      %.*s\n", (int)length, at);
        at += length + (at[length] == ',');
    }
    if (s->time)
        text_printf(y, "    event_time: {field: %s}\n", s->time);
}

static void write_file(struct text *y, const struct harness_spec *s)
{
    const char *dash = strchr(s->plugin, '-');

    write_source(y, s);
    text_printf(y, "operators:\n  node:\n    type: %s\n    inputs: [input]\n    on_error: skip\n",
                dash ? dash + 1 : s->plugin);
    if (s->key_by)
        text_printf(y, "    key_by: [%s]\n", s->key_by);
    if (s->config) {
        text_add(y, "    config:\n");
        add_indented(y, s->config, "      ");
    }
    text_add(y, "sinks:\n  output: {type: blackhole, inputs: [node]}\n");
}

static struct plugin_registry *open_registry(void)
{
    struct plugin_registry *registry;
    struct text path = {0};

    harness_plugin_path(&path);
    registry = plugin_registry_new(text_get(&path));
    text_clear(&path);
    if (registry && plugin_add(registry, &harness_source.descriptor)) {
        plugin_registry_free(registry);
        return NULL;
    }
    return registry;
}

static int plan_file(struct harness_plan *p)
{
    int rc;

    diagnostics_init(&p->diagnostics, "test.yaml");
    rc = document_load_text(&p->document, p->yaml.data, p->yaml.length, NULL, &p->diagnostics);
    if (!rc)
        rc = pipeline_read(&p->pipeline, &p->document, &p->diagnostics);
    if (!rc)
        rc = plan_build(&p->pipeline, p->plugins, &p->diagnostics, &p->built);
    return rc;
}

static const struct plan_node *find_node(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->node_count; i++)
        if (!strcmp(plan->nodes[i].name, "node"))
            return &plan->nodes[i];
    return NULL;
}

static int take_node(struct harness *h, const struct plan_node *n)
{
    struct streamd_context *c = &h->context;

    c->options = n->options;
    c->bound = n->bound;
    c->input = n->input;
    c->output = n->output_count ? n->outputs[0].schema : NULL;
    c->key_count = n->key_by.count;
    c->key_fields = n->key_fields;
    h->op = (const struct streamd_operator *)(const void *)n->descriptor;
    h->input = n->input;
    h->output_count = n->output_count < HARNESS_OUTPUTS ? n->output_count : HARNESS_OUTPUTS;
    for (uint32_t i = 0; i < h->output_count; i++)
        h->outputs[i].schema = n->outputs[i].schema;
    for (uint32_t i = 0; i < n->table_count; i++)
        if (harness_add_table(h, &n->tables[i].decl))
            return -1;
    return 0;
}

int harness_bind(struct harness *h)
{
    struct harness_plan *p = &h->plan;
    int rc;

    p->plugins = open_registry();
    write_file(&p->yaml, &h->spec);
    rc = p->plugins ? plan_file(p) : STREAMD_E_NOMEM;
    if (rc) {
        struct text problems = {0};

        diagnostics_print(&p->diagnostics, &problems, 0);
        if (!h->spec.keep_errors)
            text_printf(&problems, "in the file\n%s", text_get(&p->yaml));
        harness_broken_text(h, text_get(&problems));
        text_clear(&problems);
        return -1;
    }
    p->node = find_node(plan_of(p->built));
    return take_node(h, p->node);
}

void harness_unbind(struct harness *h)
{
    struct harness_plan *p = &h->plan;

    plan_free(p->built);
    pipeline_clear(&p->pipeline);
    document_clear(&p->document);
    diagnostics_clear(&p->diagnostics);
    plugin_registry_free(p->plugins);
    text_clear(&p->yaml);
}

uint32_t harness_changelog(const struct harness *h)
{
    return h->plan.node->outputs[0].changelog;
}

const char *harness_upsert_key(struct harness *h)
{
    const struct streamd_strings *key = &h->plan.node->outputs[0].upsert_key;
    const char *text = "";

    for (uint32_t i = 0; text && i < key->count; i++)
        text = arena_printf(&h->arena, "%s%s%s", text, i ? ", " : "", key->items[i]);
    return text ? text : "";
}
