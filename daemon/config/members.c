/*
 * A value into the member of its option: one function for each kind of type. A list or a map looks
 * at all it holds, also behind the first problem.
 */
#include "config/members.h"

#include "config/values.h"

#include <string.h>

static int report(const struct options_context *c, int code, const struct node *node,
                  const char *help, const char *message)
{
    diagnostics_add(c->diagnostics, code, node_span(node), help, "%s", message);
    return STREAMD_E_REPORTED;
}

/* "'every' must be a duration, but is a list" */
static int report_type(const struct options_context *c, const struct streamd_option *o,
                       const struct node *node, const char *wanted, const char *help)
{
    struct diagnostics *d = c->diagnostics;

    return report(c, 1203, node, help,
                  diagnostics_printf(d, "'%s' must be %s, but is %s", o->name, wanted,
                                     document_quote(d, node)));
}

/* --- Scalars --------------------------------------------------------------------------------- */

static int report_value(const struct options_context *c, const struct streamd_option *o,
                        const struct node *node, const struct value_error *e)
{
    struct diagnostics *d = c->diagnostics;

    return report(c, e->code, node, e->help[0] && !node->secret ? e->help : NULL,
                  diagnostics_printf(d, "'%s' %s%s%s", o->name, e->message,
                                     strncmp(e->message, "must", 4) == 0 ? ", but is " : ": ",
                                     document_quote(d, node)));
}

static void print_bound(uint32_t type, int64_t value, struct text *out)
{
    if (type == STREAMD_OPTION_DURATION)
        options_print_duration(value, out);
    else if (type == STREAMD_OPTION_SIZE)
        options_print_size(value, out);
    else
        text_printf(out, "%lld", (long long)value);
}

static int check_range(const struct options_context *c, const struct streamd_option *o,
                       const struct node *node, int64_t value)
{
    struct diagnostics *d = c->diagnostics;
    struct text least = {0}, most = {0};
    const char *message;

    if (o->minimum >= o->maximum || (value >= o->minimum && value <= o->maximum))
        return 0;
    print_bound(o->type, o->minimum, &least);
    print_bound(o->type, o->maximum, &most);
    if (o->maximum == INT64_MAX)
        message = diagnostics_printf(d, "'%s' must be at least %s, but is %s", o->name,
                                     text_get(&least), document_quote(d, node));
    else
        message = diagnostics_printf(d, "'%s' must be from %s to %s, but is %s", o->name,
                                     text_get(&least), text_get(&most), document_quote(d, node));
    text_clear(&least);
    text_clear(&most);
    return report(c, 1204, node, NULL, message);
}

static int bind_int64(const struct options_context *c, const struct streamd_option *o,
                      const struct node *node, void *member)
{
    struct value_error e;
    int64_t value = 0;
    int rc;

    if ((o->flags & OPTIONS_OR_NONE) && strcmp(node->text, "none") == 0) {
        memcpy(member, &value, sizeof(value));
        return 0;
    }
    if (o->type == STREAMD_OPTION_DURATION)
        rc = value_parse_duration(node->text, &value, &e);
    else if (o->type == STREAMD_OPTION_SIZE)
        rc = value_parse_size(node->text, &value, &e);
    else
        rc = value_parse_int(node->text, &value, &e);
    if (rc)
        return report_value(c, o, node, &e);
    rc = check_range(c, o, node, value);
    if (!rc)
        memcpy(member, &value, sizeof(value));
    return rc;
}

static int bind_float(const struct options_context *c, const struct streamd_option *o,
                      const struct node *node, void *member)
{
    struct value_error e;
    double value;

    if (value_parse_float(node->text, &value, &e))
        return report_value(c, o, node, &e);
    memcpy(member, &value, sizeof(value));
    return 0;
}

static int bind_bool(const struct options_context *c, const struct streamd_option *o,
                     const struct node *node, void *member)
{
    struct value_error e;

    if (value_parse_bool(node->text, member, &e))
        return report_value(c, o, node, &e);
    return 0;
}

static int bind_enum(const struct options_context *c, const struct streamd_option *o,
                     const struct node *node, void *member)
{
    struct diagnostics *d = c->diagnostics;

    for (int64_t i = 0; o->choices[i]; i++)
        if (strcmp(o->choices[i], node->text) == 0) {
            memcpy(member, &i, sizeof(i));
            return 0;
        }
    return report(c, 1206, node,
                  diagnostics_suggest(d, node->secret ? "" : node->text, o->choices, "the choices"),
                  diagnostics_printf(d, "'%s' cannot be %s", o->name, document_quote(d, node)));
}

static int keep_string(const struct options_context *c, const struct node *node,
                       const char **result)
{
    *result = arena_strndup(c->arena, node->text, node->text_length);
    return *result ? 0 : STREAMD_E_NOMEM;
}

int options_check_field(const struct options_context *c, const struct node *node, uint32_t *index)
{
    struct diagnostics *d = c->diagnostics;
    const char **names, *help;

    if (!c->input)
        return 0;
    for (uint32_t i = 0; i < c->input->field_count; i++)
        if (strcmp(c->input->fields[i].name, node->text) == 0) {
            if (index)
                *index = i;
            return 0;
        }
    names = arena_zalloc(&d->arena, (size_t)c->input->field_count + 1, sizeof(*names));
    if (!names)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < c->input->field_count; i++)
        names[i] = c->input->fields[i].name;
    help = diagnostics_suggest(d, node->text, names, "its fields");
    diagnostics_add(d, 2104, node_span(node), help,
                    "%s reads field %s, but its input%s%s%s has no such field", c->owner,
                    document_quote(d, node), c->input_name ? " '" : "",
                    c->input_name ? c->input_name : "", c->input_name ? "'" : "");
    return STREAMD_E_REPORTED;
}

static int bind_string(const struct options_context *c, const struct streamd_option *o,
                       const struct node *node, void *member)
{
    if (o->type == STREAMD_OPTION_FIELD) {
        int rc = options_check_field(c, node, NULL);

        if (rc)
            return rc;
    }
    return keep_string(c, node, member);
}

static int bind_expression(const struct options_context *c, const struct streamd_option *o,
                           struct node *node, void *member)
{
    if (!c->hooks || !c->hooks->expression)
        return 0;
    return c->hooks->expression(c->hooks->self, o, node, member);
}

static int bind_scalar(const struct options_context *c, const struct streamd_option *o,
                       struct node *node, void *member)
{
    if (node->kind != NODE_SCALAR)
        return report_type(c, o, node, options_type_name(o->type), NULL);
    switch (o->type) {
    case STREAMD_OPTION_BOOL:
        return bind_bool(c, o, node, member);
    case STREAMD_OPTION_FLOAT:
        return bind_float(c, o, node, member);
    case STREAMD_OPTION_ENUM:
        return bind_enum(c, o, node, member);
    case STREAMD_OPTION_STRING:
    case STREAMD_OPTION_FIELD:
        return bind_string(c, o, node, member);
    case STREAMD_OPTION_EXPRESSION:
        return bind_expression(c, o, node, member);
    default:
        return bind_int64(c, o, node, member);
    }
}

/* --- Lists and maps -------------------------------------------------------------------------- */

static int bind_item(const struct options_context *c, const struct streamd_option *o,
                     const struct node *item, const char **result)
{
    struct diagnostics *d = c->diagnostics;

    if (item->bad)
        return STREAMD_E_REPORTED;
    if (item->kind != NODE_SCALAR || node_is_null(item))
        return report(c, 1203, item, NULL,
                      diagnostics_printf(d, "an item of '%s' must be a text, but is %s", o->name,
                                         document_quote(d, item)));
    if (o->type == STREAMD_OPTION_FIELDS) {
        int rc = options_check_field(c, item, NULL);

        if (rc)
            return rc;
    }
    return keep_string(c, item, result);
}

static int bind_strings(const struct options_context *c, const struct streamd_option *o,
                        const struct node *node, void *member)
{
    struct diagnostics *d = c->diagnostics;
    struct streamd_strings strings = {0};
    const char **items;
    int rc = 0;

    if (node->kind != NODE_LIST)
        return report_type(c, o, node, options_type_name(o->type),
                           node->kind == NODE_SCALAR && !node->secret
                               ? diagnostics_printf(d, "write [%s]", node->text)
                               : NULL);
    items = arena_zalloc(c->arena, (size_t)node->count + 1, sizeof(*items));
    if (!items)
        return STREAMD_E_NOMEM;
    for (const struct node *n = node->first; n; n = n->next)
        rc = members_worse(rc, bind_item(c, o, n, &items[strings.count++]));
    strings.items = items;
    if (!rc)
        memcpy(member, &strings, sizeof(strings));
    return rc;
}

static int bind_named_expressions(const struct options_context *c, const struct streamd_option *o,
                                  struct node *node, void *member)
{
    if (node->kind != NODE_MAP)
        return report_type(c, o, node, options_type_name(o->type), "write {NAME: EXPRESSION, ...}");
    if (!c->hooks)
        return 0;
    if (o->type == STREAMD_OPTION_PROJECTION)
        return c->hooks->projection ? c->hooks->projection(c->hooks->self, o, node, member) : 0;
    return c->hooks->aggregates ? c->hooks->aggregates(c->hooks->self, o, node, member) : 0;
}

/* A group's own name stands in messages about what is in it. */
static struct options_context inner_context(const struct options_context *c, const char *name)
{
    struct options_context inner = *c;

    inner.owner = diagnostics_printf(c->diagnostics, "'%s'", name);
    inner.ignored_prefix = inner.unknown_help = NULL;
    inner.outer = NULL;
    return inner;
}

static int bind_group(const struct options_context *c, const struct streamd_option *o,
                      struct node *node, void *member)
{
    struct options_context inner;

    if (node->kind != NODE_MAP)
        return report_type(c, o, node, options_type_name(o->type), NULL);
    inner = inner_context(c, o->name);
    return options_bind_table(&inner, o->children, node, node_key_span(node), 1, member);
}

static int bind_map(const struct options_context *c, const struct streamd_option *o,
                    struct node *node, void *member)
{
    struct streamd_map map = {.stride = o->children_size};
    const char **names;
    int rc = 0;

    if (node->kind != NODE_MAP)
        return report_type(c, o, node, options_type_name(o->type), NULL);
    names = arena_zalloc(c->arena, (size_t)node->count + 1, sizeof(*names));
    map.items = arena_zalloc(c->arena, (size_t)node->count + 1, o->children_size);
    if (!names || !map.items)
        return STREAMD_E_NOMEM;
    map.names = names;
    for (struct node *n = node->first; n; n = n->next) {
        struct options_context inner = inner_context(c, n->key->text);
        void *item = (char *)map.items + (size_t)map.count * map.stride;

        rc = members_worse(rc, keep_string(c, n->key, &names[map.count]));
        map.count++;
        if (n->bad)
            rc = members_worse(rc, STREAMD_E_REPORTED);
        else if (n->kind != NODE_MAP)
            rc = members_worse(
                rc, report(c, 1203, n, NULL,
                           diagnostics_printf(c->diagnostics, "'%s' must be a map, but is %s",
                                              n->key->text, document_quote(c->diagnostics, n))));
        else
            rc = members_worse(
                rc, options_bind_table(&inner, o->children, n, node_key_span(n), 1, item));
    }
    memcpy(member, &map, sizeof(map));
    return rc;
}

/* Plain words that mean something else to other readers of YAML. */
static int check_truths(const struct options_context *c, const struct node *node)
{
    static const char *const words[] = {"yes", "no",  "on",  "off", "Yes", "No",
                                        "On",  "Off", "YES", "NO",  "ON",  "OFF"};
    int rc = 0;

    for (const struct node *n = node->first; n; n = n->next)
        rc = members_worse(rc, check_truths(c, n));
    if (node->bad)
        return members_worse(rc, STREAMD_E_REPORTED);
    if (node->kind != NODE_SCALAR || node->style != NODE_PLAIN)
        return rc;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(node->text, words[i]) == 0)
            return report(
                c, 1210, node,
                diagnostics_printf(c->diagnostics, "write true, false, or \"%s\"", node->text),
                "this word is a truth value for some readers of YAML, a text for others");
    return rc;
}

static int bind_any(const struct options_context *c, const struct node *node, void *member)
{
    struct text json = {0};
    const char *copy = NULL;
    int rc = check_truths(c, node);

    if (rc)
        return rc;
    document_json(node, &json, 0);
    if (!text_failed(&json))
        copy = arena_strndup(c->arena, text_get(&json), json.length);
    text_clear(&json);
    memcpy(member, &copy, sizeof(copy));
    return copy ? 0 : STREAMD_E_NOMEM;
}

/* --- One option ------------------------------------------------------------------------------ */

int members_bind(const struct options_context *c, const struct streamd_option *o, struct node *node,
                 void *member)
{
    switch (o->type) {
    case STREAMD_OPTION_STRINGS:
    case STREAMD_OPTION_FIELDS:
        return bind_strings(c, o, node, member);
    case STREAMD_OPTION_PROJECTION:
    case STREAMD_OPTION_AGGREGATES:
        return bind_named_expressions(c, o, node, member);
    case STREAMD_OPTION_GROUP:
        return bind_group(c, o, node, member);
    case STREAMD_OPTION_MAP:
        return bind_map(c, o, node, member);
    case STREAMD_OPTION_ANY:
        return bind_any(c, node, member);
    case OPTIONS_NODE:
        memcpy(member, &node, sizeof(node));
        return 0;
    default:
        return bind_scalar(c, o, node, member);
    }
}

const char *options_type_name(uint32_t type)
{
    static const char *const names[] = {
        [STREAMD_OPTION_BOOL] = "true or false",
        [STREAMD_OPTION_INT] = "a whole number",
        [STREAMD_OPTION_FLOAT] = "a number",
        [STREAMD_OPTION_DURATION] = "a duration",
        [STREAMD_OPTION_SIZE] = "a size",
        [STREAMD_OPTION_STRING] = "a text",
        [STREAMD_OPTION_ENUM] = "one of its words",
        [STREAMD_OPTION_STRINGS] = "a list of texts",
        [STREAMD_OPTION_FIELD] = "a field",
        [STREAMD_OPTION_FIELDS] = "a list of fields",
        [STREAMD_OPTION_EXPRESSION] = "an expression",
        [STREAMD_OPTION_PROJECTION] = "a map of names to expressions",
        [STREAMD_OPTION_AGGREGATES] = "a map of names to aggregates",
        [STREAMD_OPTION_GROUP] = "a map",
        [STREAMD_OPTION_MAP] = "a map of names to maps",
        [STREAMD_OPTION_ANY] = "any value",
    };

    if (type == OPTIONS_NODE)
        return "a map";
    return type < sizeof(names) / sizeof(names[0]) && names[type] ? names[type] : "unknown";
}
