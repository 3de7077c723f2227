/*
 * Prints for two readers: aggregates are told apart by this text, and it names their state in a
 * savepoint. So everything that makes a difference is in it: types of constants, targets of casts.
 */
#include "expr/print.h"

#include "expr/ast.h"

static void print_name(struct text *out, const char *name)
{
    int plain = (name[0] >= 'a' && name[0] <= 'z') || name[0] == '_';

    for (const char *p = name; *p && plain; p++)
        plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '_';
    if (plain) {
        text_add(out, name);
        return;
    }
    text_add_char(out, '"');
    for (const char *p = name; *p; p++) {
        if (*p == '"')
            text_add_char(out, '"');
        text_add_char(out, *p);
    }
    text_add_char(out, '"');
}

static void print_quoted(struct text *out, const char *data, size_t length)
{
    text_add_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\'')
            text_add_char(out, '\'');
        text_add_char(out, data[i]);
    }
    text_add_char(out, '\'');
}

static void print_type(struct text *out, struct streamd_type type)
{
    char name[EXPR_TYPE_TEXT];

    text_printf(out, "::%s", expr_type_name(type, name));
}

/* Digits of a float64, '2025-01-01 00:00:00' of a timestamp, \x00 of bytes: with the type behind.
 */
static void print_typed(struct text *out, struct streamd_type type, const void *value)
{
    const struct streamd_str *s = value;
    char buffer[64];
    size_t n = 0;

    switch (type.id) {
    case STREAMD_FLOAT64:
        n = streamd_float64_print(*(const double *)value, buffer);
        break;
    case STREAMD_TIMESTAMP:
        n = streamd_timestamp_print_sql(*(const int64_t *)value, buffer);
        break;
    case STREAMD_DATE:
        n = streamd_date_print_sql(*(const int32_t *)value, buffer);
        break;
    case STREAMD_BYTES:
        text_add(out, "'\\x");
        for (size_t i = 0; i < s->length; i++)
            text_printf(out, "%02x", (unsigned)(unsigned char)s->data[i]);
        text_add_char(out, '\'');
        break;
    default:
        print_quoted(out, s->data, s->length);
        break;
    }
    if (n)
        print_quoted(out, buffer, n);
    print_type(out, type);
}

static void print_constant(struct text *out, const struct node *node)
{
    const void *value = node->value.values;
    char buffer[64];

    if (node_is_null(node)) {
        text_add(out, "NULL");
        print_type(out, node->type);
        return;
    }
    switch (node->type.id) {
    case STREAMD_BOOL:
        text_add(out, *(const uint8_t *)value ? "true" : "false");
        break;
    case STREAMD_INT64:
        text_append(out, buffer, streamd_int64_print(*(const int64_t *)value, buffer));
        break;
    case STREAMD_DECIMAL:
        text_append(
            out, buffer,
            streamd_decimal_print(streamd_decimal_get(*(const struct streamd_decimal *)value),
                                  node->type.scale, buffer));
        break;
    case STREAMD_STRING:
        print_quoted(out, ((const struct streamd_str *)value)->data,
                     ((const struct streamd_str *)value)->length);
        break;
    default:
        print_typed(out, node->type, value);
        break;
    }
}

static void print_list(struct text *out, const struct node *node,
                       const struct streamd_schema *schema, const char *before, const char *between)
{
    text_add(out, before);
    for (uint32_t i = 0; i < node->argc; i++) {
        if (i)
            text_add(out, between);
        node_print(out, node->args[i], schema);
    }
    text_add_char(out, ')');
}

static void print_call(struct text *out, const struct node *node,
                       const struct streamd_schema *schema)
{
    const char *name = node->function->name;
    char interval[INTERVAL_TEXT];

    if (strcmp(name, "cast") == 0) {
        node_print(out, node->args[0], schema);
        print_type(out, node->type);
        if (node->prepared)
            text_printf(out, "(%d)", (int)*(const int32_t *)node->prepared);
    } else if (strcmp(name, "timezone") == 0 && node->argc == 1) {
        print_list(out, node, schema, "timezone(", ", ");
        text_printf(out, "%+lld", (long long)*(const int64_t *)node->prepared);
    } else if (node->argc == 1 && node->args[0]->type.id == STREAMD_TIMESTAMP &&
               (*name == '+' || *name == '-')) {
        print_list(out, node, schema, "(", "");
        text_printf(out, " %s interval '", name);
        text_append(out, interval, interval_print(node->prepared, interval));
        text_add_char(out, '\'');
    } else if (strchr("~!@#^&|?+-*/%<>=", *name)) {
        text_add(out, node->argc == 1 ? name : "");
        text_add_char(out, '(');
        node_print(out, node->args[0], schema);
        if (node->argc == 2) {
            text_printf(out, " %s ", name);
            node_print(out, node->args[1], schema);
        }
        text_add_char(out, ')');
    } else {
        text_add(out, name);
        print_list(out, node, schema, "(", ", ");
    }
}

static void print_set(struct text *out, const struct node *node,
                      const struct streamd_schema *schema)
{
    text_add_char(out, '(');
    node_print(out, node->args[0], schema);
    text_add(out, node->negated ? " NOT IN (" : " IN (");
    for (uint32_t i = 1; i < node->argc; i++) {
        if (i > 1)
            text_add(out, ", ");
        node_print(out, node->args[i], schema);
    }
    text_add(out, "))");
}

static void print_test(struct text *out, const struct node *node,
                       const struct streamd_schema *schema)
{
    static const char *const tests[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};

    text_add_char(out, '(');
    node_print(out, node->args[0], schema);
    text_printf(out, " IS %s%s)", node->negated ? "NOT " : "", tests[node->test]);
}

void node_print(struct text *out, const struct node *node, const struct streamd_schema *schema)
{
    switch (node->kind) {
    case NODE_CONSTANT:
        print_constant(out, node);
        break;
    case NODE_COLUMN:
        print_name(out, schema->fields[node->column].name);
        break;
    case NODE_CALL:
        print_call(out, node, schema);
        break;
    case NODE_AND:
        print_list(out, node, schema, "(", " AND ");
        break;
    case NODE_OR:
        print_list(out, node, schema, "(", " OR ");
        break;
    case NODE_NOT:
        print_list(out, node, schema, "(NOT ", "");
        break;
    case NODE_IS:
        print_test(out, node, schema);
        break;
    case NODE_CASE:
        print_list(out, node, schema, "CASE(", ", ");
        break;
    case NODE_COALESCE:
        print_list(out, node, schema, "coalesce(", ", ");
        break;
    case NODE_EXTREME:
        print_list(out, node, schema, node->negated ? "least(" : "greatest(", ", ");
        break;
    case NODE_IN:
        print_set(out, node, schema);
        break;
    case NODE_DISTINCT:
        print_list(out, node, schema, "(",
                   node->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
        break;
    case NODE_LET:
        text_printf(out, "LET($%u, ", node->slot);
        node_print(out, node->args[0], schema);
        text_add(out, ", ");
        node_print(out, node->args[1], schema);
        text_add_char(out, ')');
        break;
    case NODE_SLOT:
        text_printf(out, "$%u", node->slot);
        break;
    case NODE_ROW:
        text_add_char(out, '*');
        break;
    }
}
