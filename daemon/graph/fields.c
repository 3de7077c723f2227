/*
 * A source's schema. A field is a type in one word, or a map with more about it; both become the
 * same struct, so that nothing behind this file knows the difference.
 */
#include "graph/reading.h"

#include <ctype.h>
#include <string.h>

static int parse_type(struct reading *r, struct pipeline_field *field, const struct node *node)
{
    struct pipeline_type_error e;

    if (pipeline_parse_type(node->text, &field->type, &e) == 0)
        return 0;
    diagnostics_add(r->diagnostics, 2020, document_span_inside(node, e.at, e.length),
                    e.help[0] ? e.help : NULL, "field '%s': %s", field->name, e.message);
    return -1;
}

/* Where a path of JSON goes wrong, or -1. */
static int64_t bad_place(const char *path)
{
    const char *p = path;

    if (*p++ != '$' || !*p)
        return 0;
    while (*p) {
        const char *start = p++;

        if (*start == '.' && *p && *p != '.' && *p != '[') {
            p += strcspn(p, ".[");
        } else if (*start == '[' && isdigit((unsigned char)*p)) {
            p += strspn(p, "0123456789");
            if (*p++ != ']')
                return start - path;
        } else {
            return start - path;
        }
    }
    return -1;
}

static void check_path(struct reading *r, const struct pipeline_field *field,
                       const struct node *node)
{
    int64_t at = bad_place(field->path);

    if (at >= 0)
        diagnostics_add(r->diagnostics, 2024,
                        document_span_inside(node, (size_t)at, node->text_length - (size_t)at),
                        "write $.outer.inner, or $.items[0].price",
                        "field '%s': this is not the path of a value", field->name);
}

/* What fits which type. */
static void check_details(struct reading *r, const struct pipeline_field *field,
                          const struct node *map, const struct keys_field *keys)
{
    struct diagnostics *d = r->diagnostics;
    int is_time = field->type.id == STREAMD_TIMESTAMP;

    if (keys->has_unit && !is_time)
        diagnostics_add(d, 2022, node_key_span(document_get(map, "unit")), NULL,
                        "field '%s': only a timestamp has a unit", field->name);
    if (keys->format && !is_time && field->type.id != STREAMD_DATE)
        diagnostics_add(d, 2022, node_key_span(document_get(map, "format")), NULL,
                        "field '%s': only a timestamp or a date has a format", field->name);
    if (keys->format && keys->has_unit && is_time)
        diagnostics_add(d, 2022, node_key_span(document_get(map, "unit")), "keep one of them",
                        "field '%s': 'unit' is for numbers, 'format' for texts", field->name);
    if (keys->has_nulls && !field->type.nullable) {
        struct text type = {0};

        pipeline_print_type(field->type, &type);
        diagnostics_add(d, 2022, node_key_span(document_get(map, "null_values")),
                        diagnostics_printf(d, "write type: %s|null", text_get(&type)),
                        "field '%s' cannot be NULL, so no text can mean NULL", field->name);
        text_clear(&type);
    }
    if (field->path)
        check_path(r, field, document_get(map, "path"));
}

static int read_long_form(struct reading *r, struct pipeline_field *field, struct node *map)
{
    struct keys_field keys = {0};
    struct options_context c = {.arena = &r->pipeline->arena,
                                .diagnostics = r->diagnostics,
                                .owner =
                                    diagnostics_printf(r->diagnostics, "field '%s'", field->name),
                                .word = "key"};
    int rc = options_bind(&c, keys_of_field, map, node_key_span(map), &keys);

    if (rc == STREAMD_E_NOMEM)
        return rc;
    field->unit = keys.has_unit ? (uint32_t)keys.unit + 1 : STREAMD_UNIT_NONE;
    field->path = keys.path;
    field->time_format = keys.format;
    field->time_format_yaml = keys.format ? document_get(map, "format") : NULL;
    field->nulls = keys.nulls;
    if (keys.type && parse_type(r, field, document_get(map, "type")) == 0)
        check_details(r, field, map, &keys);
    return 0;
}

static int read_field(struct reading *r, struct pipeline_field *field, struct node *node)
{
    struct diagnostics *d = r->diagnostics;

    field->yaml = node;
    field->name = arena_strdup(&r->pipeline->arena, node->key->text);
    if (!field->name)
        return STREAMD_E_NOMEM;
    if (node->bad)
        return 0;
    if (node->kind == NODE_MAP)
        return read_long_form(r, field, node);
    if (node->kind == NODE_LIST)
        diagnostics_add(d, 1203, node_span(node), NULL,
                        "field '%s' must be a type or a map, but is a list", field->name);
    else if (node_is_null(node))
        diagnostics_add(d, 1207, node_key_span(node), "write NAME: TYPE", "field '%s' has no type",
                        field->name);
    else
        parse_type(r, field, node);
    return 0;
}

int reading_fields(struct reading *r, struct pipeline_node *node)
{
    struct arena *arena = &r->pipeline->arena;
    struct node *yaml = node->schema_yaml;
    struct streamd_field *fields;
    uint32_t good = 0;

    node->schema_bad = yaml && yaml->bad;
    if (!yaml || yaml->bad)
        return 0;
    if (yaml->kind != NODE_MAP || yaml->count == 0) {
        diagnostics_add(r->diagnostics, 1203, node_key_span(yaml),
                        "write  schema: {user: string, at: timestamp}",
                        "'schema' must be a map of fields to types");
        node->schema_bad = 1;
        return 0;
    }
    if (yaml->count > PIPELINE_FIELDS_MAX) {
        diagnostics_add(r->diagnostics, 2011, node_key_span(yaml), NULL,
                        "a schema can have 4,096 fields");
        node->schema_bad = 1;
        return 0;
    }
    node->fields = arena_zalloc(arena, yaml->count, sizeof(*node->fields));
    fields = arena_zalloc(arena, yaml->count, sizeof(*fields));
    if (!node->fields || !fields)
        return STREAMD_E_NOMEM;
    for (struct node *n = yaml->first; n; n = n->next) {
        struct pipeline_field *field = &node->fields[good];

        if (read_field(r, field, n))
            return STREAMD_E_NOMEM;
        /* What has no type is left out: the others can still be checked. */
        if (!field->type.id) {
            memset(field, 0, sizeof(*field));
            node->schema_bad = 1;
            continue;
        }
        fields[good] = (struct streamd_field){.name = field->name, .type = field->type};
        good++;
    }
    node->field_count = good;
    node->schema = (struct streamd_schema){.field_count = good, .fields = fields};
    return 0;
}
