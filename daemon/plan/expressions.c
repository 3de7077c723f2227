/*
 * Options that are expressions: from YAML scalars to typed expressions, and from the parser's byte
 * offsets to carets in the user's file. What an expression reads is noted for push-down; a plain
 * column in a projection is not "read", since it may just pass through.
 */
#include "plan/binding.h"

#include <string.h>

static void note_read(void *self, uint32_t column)
{
    struct binding *b = self;

    b->out->reads[column] = 1;
}

static struct expr_scope scope_of(struct binding *b)
{
    return (struct expr_scope){.store = &b->built->store,
                               .registry = b->built->functions,
                               .schema = b->out->input,
                               .reader = b->reader,
                               .input = b->input_name};
}

void binding_report(struct binding *b, struct node *const *nodes,
                    const struct expr_problems *problems)
{
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct expr_problem *p = &problems->items[i];
        const char *help = p->help;

        if (!help && p->code == EXPR_SYNTAX)
            help = document_hint(nodes[p->item]);
        diagnostics_add(b->diagnostics, p->code,
                        document_span_inside(nodes[p->item], p->offset, p->length), help, "%s",
                        p->message);
    }
}

/* 1 for a scalar with something in it, else a diagnostic. */
static int is_expression(struct binding *b, struct node *node)
{
    if (node->kind == NODE_SCALAR && node->text_length > 0)
        return 1;
    diagnostics_add(b->diagnostics, PLAN_EMPTY_MAP, node_key_span(node),
                    "write an SQL expression such as price * 2", "an expression is wanted here");
    return 0;
}

static int compile(struct binding *b, struct node *node, const struct streamd_expr **result)
{
    struct expr_scope scope = scope_of(b);
    struct expr_problems problems = {0};
    int rc;

    if (!is_expression(b, node))
        return STREAMD_E_REPORTED;
    rc = expr_compile(&scope, node->text, node->text_length, result, &problems);
    if (rc == STREAMD_E_NOMEM)
        return rc;
    if (rc) {
        binding_report(b, &node, &problems);
        return STREAMD_E_REPORTED;
    }
    return 0;
}

static int hook_expression(void *self, const struct streamd_option *option, struct node *node,
                           const struct streamd_expr **result)
{
    int rc = compile(self, node, result);

    (void)option;
    if (!rc)
        expr_columns(*result, note_read, self);
    return rc;
}

/* 1 for a map with at least one entry, else a diagnostic. */
static int is_map(struct binding *b, const struct streamd_option *option, struct node *node)
{
    if (node->kind == NODE_MAP && node->count > 0)
        return 1;
    diagnostics_add(b->diagnostics, PLAN_EMPTY_MAP, node_key_span(node),
                    "write {name: expression, ...}",
                    "'%s' is a map of names to expressions with at least one entry", option->name);
    return 0;
}

static int hook_projection(void *self, const struct streamd_option *option, struct node *map,
                           const struct streamd_projection **result)
{
    struct binding *b = self;
    struct arena *arena = &b->built->plan.arena;
    struct streamd_projection *p = arena_zalloc(arena, 1, sizeof(*p));
    struct streamd_field *fields;
    const struct streamd_expr **items;
    uint32_t i = 0;
    int rc = 0;

    if (!is_map(b, option, map))
        return STREAMD_E_REPORTED;
    fields = arena_zalloc(arena, map->count, sizeof(*fields));
    items = arena_zalloc(arena, map->count, sizeof(*items));
    if (!p || !fields || !items)
        return STREAMD_E_NOMEM;
    for (struct node *entry = map->first; entry; entry = entry->next, i++) {
        int one = compile(b, entry, &items[i]);

        if (one == STREAMD_E_NOMEM)
            return one;
        rc = one ? one : rc;
        if (one)
            continue;
        fields[i] = (struct streamd_field){.name = entry->key->text, .type = items[i]->type};
        if (items[i]->column < 0)
            expr_columns(items[i], note_read, b);
    }
    p->schema = (struct streamd_schema){.field_count = map->count, .fields = fields};
    p->items = items;
    *result = p;
    return rc;
}

/* 1 where no name is also a key's: both would be columns of the result. */
static int names_are_new(struct binding *b, struct node *map)
{
    int good = 1;

    for (struct node *entry = map->first; entry; entry = entry->next) {
        for (uint32_t i = 0; i < b->key_by.count; i++) {
            if (strcmp(b->key_by.items[i], entry->key->text) != 0)
                continue;
            diagnostics_add(
                b->diagnostics, PLAN_EMPTY_MAP, node_key_span(entry),
                "give it another name: the keys come first in the result, by themselves",
                "'%s' is a key of this node already", entry->key->text);
            good = 0;
        }
        good = is_expression(b, entry) && good;
    }
    return good;
}

static uint32_t count_extras(const struct streamd_field *extras)
{
    uint32_t n = 0;

    while (extras && extras[n].name)
        n++;
    return n;
}

static int hook_aggregates(void *self, const struct streamd_option *option, struct node *map,
                           const struct streamd_aggregates **result)
{
    struct binding *b = self;
    struct expr_scope scope = scope_of(b);
    struct expr_problems problems = {0};
    const struct expr_aggregates *aggregates;
    struct expr_aggregate_spec spec = {.keys = b->key_by.items,
                                       .key_count = b->key_by.count,
                                       .extras = option->extra_columns,
                                       .extra_count = count_extras(option->extra_columns)};
    struct arena *arena = &b->built->plan.arena;
    const char **names, **texts;
    struct node **nodes;
    int rc;

    if (!is_map(b, option, map) || !names_are_new(b, map))
        return STREAMD_E_REPORTED;
    names = arena_zalloc(arena, map->count, sizeof(*names));
    texts = arena_zalloc(arena, map->count, sizeof(*texts));
    nodes = arena_zalloc(arena, map->count, sizeof(struct node *));
    if (!names || !texts || !nodes)
        return STREAMD_E_NOMEM;
    for (struct node *entry = map->first; entry; entry = entry->next, spec.count++) {
        names[spec.count] = entry->key->text;
        texts[spec.count] = entry->text;
        nodes[spec.count] = entry;
    }
    spec.names = names;
    spec.texts = texts;
    rc = expr_aggregates_compile(&scope, &spec, &aggregates, &problems);
    if (rc == STREAMD_E_NOMEM)
        return rc;
    if (rc) {
        binding_report(b, nodes, &problems);
        return STREAMD_E_REPORTED;
    }
    for (uint32_t i = 0; i < aggregates->column_count; i++)
        note_read(b, aggregates->columns[i]);
    *result = &aggregates->head;
    return 0;
}

const struct options_hooks *binding_hooks(struct binding *b, struct options_hooks *hooks)
{
    *hooks = (struct options_hooks){.self = b,
                                    .expression = hook_expression,
                                    .projection = hook_projection,
                                    .aggregates = hook_aggregates};
    return hooks;
}
