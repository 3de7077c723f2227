/*
 * Edges: inputs are looked up by name, then the graph is judged as a whole. Cycles are found by
 * taking away, again and again, nodes that wait for nobody (Kahn); what is left over contains the
 * cycles, and walking up from any of it must come round.
 */
#include "graph/reading.h"

#include <string.h>

/* --- Inputs ---------------------------------------------------------------------------------- */

/* Names of all nodes that can be an input, ended by NULL; "" without memory. */
static const char *const *producers(struct reading *r)
{
    static const char *const none[] = {NULL};
    const struct pipeline *p = r->pipeline;
    const char **names =
        arena_zalloc(&r->diagnostics->arena, (size_t)p->node_count + 1, sizeof(*names));
    size_t count = 0;

    if (!names)
        return none;
    for (uint32_t i = 0; i < p->node_count; i++)
        if (p->nodes[i].kind != STREAMD_SINK)
            names[count++] = p->nodes[i].name;
    return names;
}

static void refuse_unknown(struct reading *r, const struct node *item, const char *name,
                           const char *rest)
{
    struct diagnostics *d = r->diagnostics;
    const char *closest = diagnostics_is_full(d) ? NULL : text_closest(name, producers(r));
    const char *help = closest
                           ? diagnostics_printf(d, "did you mean '%s%s'?", closest, rest)
                           : diagnostics_suggest(d, "", producers(r), "nodes that can be inputs");

    diagnostics_add(d, 2003, node_span(item), help, "there is no node '%s'", name);
}

/* May this edge be? Reports where not. */
static int is_possible(struct reading *r, const struct pipeline_node *reader,
                       const struct pipeline_node *from, const char *output,
                       const struct node *item)
{
    struct diagnostics *d = r->diagnostics;

    if (from->kind == STREAMD_SINK) {
        diagnostics_add(d, 2009, node_span(item), NULL, "'%s' is a sink: nothing comes out of it",
                        from->name);
    } else if (from == reader) {
        diagnostics_add(d, 2004, node_span(item), NULL, "'%s' cannot be its own input", from->name);
    } else if (strcmp(output, "error") == 0 && from->on_error != PIPELINE_OUTPUT) {
        diagnostics_add(d, 2007, node_span(item),
                        diagnostics_printf(d, "write  on_error: output  at '%s'", from->name),
                        "'%s' has no output 'error': a record that fails %s", from->name,
                        from->on_error == PIPELINE_SKIP ? "is skipped there"
                                                        : "fails the pipeline there");
    } else {
        return 1;
    }
    return 0;
}

static int is_given_before(const struct pipeline_node *node, uint32_t from, const char *output)
{
    for (uint32_t i = 0; i < node->input_count; i++)
        if (node->inputs[i].node == from && strcmp(node->inputs[i].output, output) == 0)
            return 1;
    return 0;
}

/* One item of the list: "NODE" or "NODE.OUTPUT". */
static int read_input(struct reading *r, struct pipeline_node *node, struct node *item)
{
    struct pipeline *p = r->pipeline;
    char *name = arena_strdup(&p->arena, item->text), *dot;
    const char *output = "";
    int64_t from;

    if (!name)
        return STREAMD_E_NOMEM;
    dot = strchr(name, '.');
    if (dot) {
        *dot = '\0';
        output = dot + 1;
    }
    from = pipeline_find(p, name);
    if (from < 0) {
        refuse_unknown(r, item, name, item->text + strlen(name));
    } else if (dot && !pipeline_name_is_valid(output)) {
        diagnostics_add(r->diagnostics, 2003, node_span(item), "write NODE, or NODE.late",
                        "'%s' is not the name of a side output", output);
    } else if (is_given_before(node, (uint32_t)from, output)) {
        diagnostics_add(r->diagnostics, 2008, node_span(item), "its records would come in twice",
                        "'%s' is an input already", item->text);
    } else if (is_possible(r, node, &p->nodes[from], output, item)) {
        node->inputs[node->input_count++] =
            (struct pipeline_input){.node = (uint32_t)from, .output = output, .yaml = item};
        return 0;
    }
    node->inputs_bad = 1;
    return 0;
}

int reading_inputs(struct reading *r, struct pipeline_node *node, struct node *inputs)
{
    struct diagnostics *d = r->diagnostics;

    if (!inputs || inputs->bad || inputs->kind != NODE_LIST || inputs->count == 0) {
        node->inputs_bad = 1;
        if (!inputs || inputs->bad)
            return 0;
        if (inputs->kind == NODE_LIST)
            diagnostics_add(d, 2006, node_key_span(inputs), "write  inputs: [NODE]",
                            "%s has no inputs", reading_title(r, node));
        else
            diagnostics_add(
                d, 1203, node_span(inputs),
                inputs->kind == NODE_SCALAR ? diagnostics_printf(d, "write [%s]", inputs->text)
                                            : NULL,
                "'inputs' must be a list of nodes, but is %s", document_quote(d, inputs));
        return 0;
    }
    r->inputs += inputs->count;
    if (inputs->count > PIPELINE_NODES_MAX || r->inputs > PIPELINE_INPUTS_MAX) {
        node->inputs_bad = 1;
        diagnostics_add(d, 2011, node_key_span(inputs), NULL,
                        "these are too many inputs: a node can have 1,000, a pipeline 10,000");
        return 0;
    }
    node->inputs = arena_zalloc(&r->pipeline->arena, inputs->count, sizeof(*node->inputs));
    if (!node->inputs)
        return STREAMD_E_NOMEM;
    for (struct node *n = inputs->first; n; n = n->next) {
        if (n->bad) {
            node->inputs_bad = 1;
        } else if (n->kind != NODE_SCALAR || node_is_null(n)) {
            node->inputs_bad = 1;
            diagnostics_add(d, 1203, node_span(n), "write NODE, or NODE.late",
                            "an input must be the name of a node, but is %s", document_quote(d, n));
        } else if (read_input(r, node, n)) {
            return STREAMD_E_NOMEM;
        }
    }
    return 0;
}

/* --- Order and cycles ------------------------------------------------------------------------ */

static int is_ready(const struct pipeline *p, const uint8_t *placed, uint32_t node)
{
    if (placed[node])
        return 0;
    for (uint32_t i = 0; i < p->nodes[node].input_count; i++)
        if (!placed[p->nodes[node].inputs[i].node])
            return 0;
    return 1;
}

/* The first input of a node that is not placed. */
static const struct pipeline_input *open_input(const struct pipeline *p, const uint8_t *placed,
                                               uint32_t node)
{
    for (uint32_t i = 0; i < p->nodes[node].input_count; i++)
        if (!placed[p->nodes[node].inputs[i].node])
            return &p->nodes[node].inputs[i];
    return NULL;
}

/* "a -> b -> a" for the nodes of a cycle, each of which is read by the one before it. */
static void print_cycle(const struct pipeline *p, const uint32_t *cycle, uint32_t count,
                        struct text *out)
{
    enum { SHOWN = 8 };

    text_add(out, p->nodes[cycle[0]].name);
    for (uint32_t i = count; i-- > 0;) {
        if (count - i > SHOWN && i > 0)
            continue;
        text_printf(out, "%s -> %s", count > SHOWN && i == 0 ? " -> ..." : "",
                    p->nodes[cycle[i]].name);
    }
}

/* Reports the cycle that walking up from `node` ends in, and marks its nodes with 2. */
static void report_cycle(struct reading *r, uint8_t *placed, uint32_t *cycle, uint32_t node)
{
    const struct pipeline *p = r->pipeline;
    struct text path = {0};
    uint32_t count = 0;

    /* So many steps up, and the node is on the cycle, not only behind it. */
    for (uint32_t i = 0; i < p->node_count; i++)
        node = open_input(p, placed, node)->node;
    /* Told from the node that stands first in the file: its input is the one that leads back. */
    for (uint32_t i = 0; i < p->node_count; i++) {
        cycle[0] = i == 0 || node < cycle[0] ? node : cycle[0];
        node = open_input(p, placed, node)->node;
    }
    node = cycle[0];
    do {
        cycle[count++] = node;
        node = open_input(p, placed, node)->node;
    } while (node != cycle[0]);
    print_cycle(p, cycle, count, &path);
    diagnostics_add(r->diagnostics, 2004, node_span(open_input(p, placed, node)->yaml),
                    "records can only flow forward", "the nodes go round in a circle: %s",
                    text_get(&path));
    text_clear(&path);
    for (uint32_t i = 0; i < count; i++)
        placed[cycle[i]] = 2;
}

/* Fills pipeline->order; nodes of a cycle stand in the order of the file. */
static int find_order(struct reading *r)
{
    struct pipeline *p = r->pipeline;
    uint8_t *placed = arena_zalloc(&p->arena, (size_t)p->node_count + 1, 1);
    uint32_t *cycle = arena_zalloc(&p->arena, (size_t)p->node_count + 1, sizeof(*cycle));
    uint32_t count = 0;

    p->order = arena_zalloc(&p->arena, (size_t)p->node_count + 1, sizeof(*p->order));
    if (!placed || !cycle || !p->order)
        return STREAMD_E_NOMEM;
    while (count < p->node_count) {
        uint32_t before = count, first = UINT32_MAX;

        for (uint32_t i = 0; i < p->node_count; i++) {
            if (is_ready(p, placed, i)) {
                placed[i] = 1;
                p->order[count++] = i;
            }
        }
        if (count > before)
            continue;
        for (uint32_t i = 0; i < p->node_count && first == UINT32_MAX; i++)
            if (!placed[i])
                first = i;
        report_cycle(r, placed, cycle, first);
        for (uint32_t i = 0; i < p->node_count; i++)
            if (placed[i] == 2) {
                placed[i] = 1;
                p->order[count++] = i;
            }
    }
    return 0;
}

/* --- What is missing ------------------------------------------------------------------------- */

/* Does somebody read an output of the node? `output` NULL: any. */
static int is_read(const struct pipeline *p, uint32_t node, const char *output)
{
    for (uint32_t i = 0; i < p->node_count; i++)
        for (uint32_t k = 0; k < p->nodes[i].input_count; k++) {
            const struct pipeline_input *in = &p->nodes[i].inputs[k];

            if (in->node == node && (!output || strcmp(in->output, output) == 0))
                return 1;
        }
    return 0;
}

static int has_bad_inputs(const struct pipeline *p)
{
    for (uint32_t i = 0; i < p->node_count; i++)
        if (p->nodes[i].inputs_bad)
            return 1;
    return 0;
}

/* What nobody reads. An input that is misspelt somewhere would make this a second complaint about
   one mistake, so it waits until all inputs are right. */
static void check_used(struct reading *r)
{
    struct diagnostics *d = r->diagnostics;
    const struct pipeline *p = r->pipeline;

    if (has_bad_inputs(p))
        return;
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = &p->nodes[i];

        if (node->kind == STREAMD_SINK)
            continue;
        if (!is_read(p, i, NULL))
            diagnostics_add(
                d, 2005, node_key_span(node->yaml),
                diagnostics_printf(d, "make it an input, inputs: [%s], or remove it", node->name),
                "%s is not used: no node has it as an input", reading_title(r, node));
        else if (node->on_error == PIPELINE_OUTPUT && !is_read(p, i, "error"))
            diagnostics_add(d, 2013, node_key_span(document_get(node->yaml, "on_error")),
                            diagnostics_printf(d,
                                               "add a sink with inputs: [%s.error], or write "
                                               "on_error: skip",
                                               node->name),
                            "records of '%s' that fail would go to an output that nobody reads",
                            node->name);
    }
}

int reading_graph(struct reading *r)
{
    int rc = find_order(r);

    if (rc)
        return rc;
    check_used(r);
    return 0;
}
