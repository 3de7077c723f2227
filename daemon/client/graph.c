/*
 * streamctl graph: a pipeline's nodes in the order in which records pass them, as a table, for
 * Graphviz, or for Mermaid. Names are [a-z0-9_-], so that they need no escaping there; types and
 * keys are the user's and do.
 */
#include "client/load.h"

#include <stdio.h>
#include <string.h>

static const struct pipeline_node *node_at(const struct pipeline *p, uint32_t place)
{
    return &p->nodes[p->order[place]];
}

/* "paid" or "sums.late" */
static void print_edge_name(const struct pipeline *p, const struct pipeline_input *in,
                            struct text *out)
{
    text_printf(out, "%s%s%s", p->nodes[in->node].name, *in->output ? "." : "", in->output);
}

static void print_keys(const struct pipeline_node *node, const char *before, struct text *out)
{
    for (uint32_t i = 0; i < node->key_by.count; i++)
        text_printf(out, "%s%s", i ? ", " : before, node->key_by.items[i]);
}

static void print_table(const struct pipeline *p, struct text *out)
{
    int name = 0, type = 0;

    for (uint32_t i = 0; i < p->node_count; i++) {
        int n = (int)strlen(p->nodes[i].name), t = (int)strlen(p->nodes[i].type);

        name = n > name ? n : name;
        type = t > type ? t : type;
    }
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = node_at(p, i);

        text_printf(out, "%-*s  %-8s  ", name, node->name, pipeline_kind_word(node->kind));
        text_printf(out, "%-*s", node->input_count ? type : 0, node->type);
        for (uint32_t k = 0; k < node->input_count; k++) {
            text_add(out, k ? ", " : "  <- ");
            print_edge_name(p, &node->inputs[k], out);
        }
        print_keys(node, "  by ", out);
        text_add_char(out, '\n');
    }
}

/* A text inside of "..." in either language. */
static void print_escaped(const char *text, int mermaid, struct text *out)
{
    for (; *text; text++) {
        if (*text == '"')
            text_add(out, mermaid ? "#quot;" : "\\\"");
        else if (*text == '\\' && !mermaid)
            text_add(out, "\\\\");
        else if ((unsigned char)*text < 0x20)
            text_add_char(out, ' ');
        else if (mermaid && strchr("#<>;", *text))
            text_printf(out, "#%d;", *text);
        else
            text_add_char(out, *text);
    }
}

static void print_dot(const struct pipeline *p, struct text *out)
{
    static const char *const shapes[] = {
        [STREAMD_SOURCE] = "cds", [STREAMD_OPERATOR] = "box", [STREAMD_SINK] = "cylinder"};

    text_printf(out, "digraph \"%s\" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n",
                p->name);
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = node_at(p, i);

        text_printf(out, "  \"%s\" [shape=%s, label=\"%s\\n", node->name, shapes[node->kind],
                    node->name);
        print_escaped(node->type, 0, out);
        text_add(out, "\"];\n");
    }
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = node_at(p, i);
        struct text keys = {0};

        print_keys(node, "by ", &keys);
        for (uint32_t k = 0; k < node->input_count; k++) {
            const struct pipeline_input *in = &node->inputs[k];

            text_printf(out, "  \"%s\" -> \"%s\" [label=\"%s%s", p->nodes[in->node].name,
                        node->name, in->output, *in->output && keys.length ? ", " : "");
            print_escaped(text_get(&keys), 0, out);
            text_printf(out, "\"%s];\n", *in->output ? ", style=dashed" : "");
        }
        text_clear(&keys);
    }
    text_add(out, "}\n");
}

static void print_mermaid(const struct pipeline *p, struct text *out)
{
    static const struct {
        const char *open, *close;
    } shapes[] = {[STREAMD_SOURCE] = {"([", "])"},
                  [STREAMD_OPERATOR] = {"[", "]"},
                  [STREAMD_SINK] = {"[(", ")]"}};

    text_add(out, "flowchart LR\n");
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = node_at(p, i);

        /* Numbers as ids: `end` and others are words of Mermaid. */
        text_printf(out, "  n%u%s\"%s<br>", p->order[i], shapes[node->kind].open, node->name);
        print_escaped(node->type, 1, out);
        text_printf(out, "\"%s\n", shapes[node->kind].close);
    }
    for (uint32_t i = 0; i < p->node_count; i++) {
        const struct pipeline_node *node = node_at(p, i);

        for (uint32_t k = 0; k < node->input_count; k++) {
            const struct pipeline_input *in = &node->inputs[k];
            struct text label = {0};

            text_add(&label, in->output);
            print_keys(node, *in->output ? ", by " : "by ", &label);
            text_printf(out, "  n%u %s", in->node, *in->output ? "-.->" : "-->");
            if (label.length) {
                text_add(out, "|\"");
                print_escaped(text_get(&label), 1, out);
                text_add(out, "\"|");
            }
            text_printf(out, " n%u\n", p->order[i]);
            text_clear(&label);
        }
    }
}

int client_graph(struct client *c, int count, char **arguments)
{
    struct loaded l = {0};
    struct text out = {0};
    int code;

    (void)count;
    load_file(&l, c, arguments[0], LOAD_PIPELINE);
    code = load_exit(&l);
    load_report(&l, c);
    if (!code) {
        if (c->format && strcmp(c->format, "dot") == 0)
            print_dot(&l.pipeline, &out);
        else if (c->format && strcmp(c->format, "mermaid") == 0)
            print_mermaid(&l.pipeline, &out);
        else
            print_table(&l.pipeline, &out);
        code = client_print(&out);
    }
    load_clear(&l);
    return code;
}
