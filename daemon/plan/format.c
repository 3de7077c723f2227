/*
 * Formats: which fields a decoder makes or an encoder writes, with what the user said about their
 * text, and the format's own check of it all.
 */
#include "plan/binding.h"

#include "expr/functions/time_pattern.h"

#include <string.h>

static int report(struct binding *b, int code, const char *help, const char *message)
{
    struct span at =
        b->node->format ? node_key_span(b->node->format) : node_key_span(b->node->yaml);

    diagnostics_add(b->diagnostics, code, at, help, "%s '%s' %s", plugin_kind_word(b->node->kind),
                    b->node->name, message);
    return STREAMD_E_REPORTED;
}

static int parse_time(const void *pattern, const char *text, size_t length, int64_t *value)
{
    return time_pattern_parse(pattern, text, length, value);
}

/* Compiles the user's `format:` pattern of a time field. */
static int add_pattern(struct binding *b, const struct pipeline_field *from,
                       struct streamd_format_field *to)
{
    struct streamd_error error;
    size_t at = 0;
    struct time_pattern *pattern;
    int rc;

    if (!from->time_format)
        return 0;
    rc = time_pattern_compile(&b->built->plan.arena, from->time_format, strlen(from->time_format),
                              to->type.id == STREAMD_DATE, &pattern, &at, &error);
    if (rc == STREAMD_E_NOMEM)
        return rc;
    if (rc) {
        diagnostics_add(b->diagnostics, 2210, document_span_inside(from->time_format_yaml, at, 1),
                        NULL, "%s", error.message);
        return STREAMD_E_REPORTED;
    }
    to->parse_time = parse_time;
    to->pattern = pattern;
    return 0;
}

/* The field list of a decoder or encoder. */
static int make_fields(struct binding *b, const struct streamd_schema *schema)
{
    struct streamd_format_spec *spec = &b->out->format.spec;
    struct streamd_format_field *fields =
        arena_zalloc(&b->built->plan.arena, schema->field_count, sizeof(*fields));
    int rc = 0;

    if (!fields)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        fields[i].name = schema->fields[i].name;
        fields[i].type = schema->fields[i].type;
        fields[i].needed = 1;
        if (schema == &b->node->schema) {
            const struct pipeline_field *f = &b->node->fields[i];
            int one = add_pattern(b, f, &fields[i]);

            fields[i].unit = f->unit;
            fields[i].path = f->path;
            fields[i].nulls = f->nulls;
            rc = one ? one : rc;
        }
    }
    spec->schema = schema;
    spec->fields = fields;
    spec->record_limit = (size_t)b->pipeline->record_bytes;
    return rc;
}

/* The schema of a source: the user's, else the format's own. */
static const struct streamd_schema *source_schema(struct binding *b,
                                                  const struct streamd_format *format)
{
    if (b->node->field_count)
        return &b->node->schema;
    return format->schema ? format->schema(&b->base, b->out->format.spec.options) : NULL;
}

static int finish(struct binding *b, const struct streamd_format *format)
{
    int encode = b->node->kind == STREAMD_SINK;
    const struct streamd_schema *schema = b->declared ? b->declared : b->out->input;
    int rc;

    if (!encode) {
        schema = source_schema(b, format);
        if (!schema)
            return report(b, PLAN_NEEDS_SCHEMA,
                          "add schema: {field: type, ...}; types are bool int64 float64 "
                          "decimal(p,s) string bytes timestamp date json",
                          "needs a schema: its format does not say what its fields are");
        b->outputs.items[0].schema = schema;
        b->outputs.items[0].changelog = STREAMD_APPEND;
    }
    rc = make_fields(b, schema);
    if (!rc && format->check)
        rc = format->check(&b->base, b->out->format.spec.options, &b->out->format.spec, encode);
    return rc == 0 || rc == STREAMD_E_NOMEM ? rc : STREAMD_E_REPORTED;
}

/* The plugin that `format:` names, or NULL after a diagnostic. */
static const struct streamd_descriptor *find_format(struct binding *b,
                                                    struct plugin_registry *plugins)
{
    const struct streamd_descriptor *d;
    struct streamd_error error;

    if (plugin_find(plugins, STREAMD_FORMAT, b->node->format_type, &d, &error) == 0)
        return d;
    diagnostics_add_error(b->diagnostics, error.diagnostic, node_span(b->node->format_type_yaml),
                          diagnostics_suggest(b->diagnostics, b->node->format_type,
                                              plugin_names(plugins, STREAMD_FORMAT), "formats"),
                          &error);
    return NULL;
}

void binding_alone(struct binding *b, struct plugin_registry *plugins,
                   const struct streamd_descriptor *descriptor)
{
    const struct streamd_descriptor *format = NULL;

    b->alone = 1;
    if (descriptor && !b->options_judged && !b->node->config_bad)
        (void)binding_options(b, descriptor, b->node->config, 0);
    if (b->node->format_type && !b->out->format.format)
        format = find_format(b, plugins);
    if (format)
        (void)binding_options(b, format, b->node->format, 1);
}

int binding_format(struct binding *b, struct plugin_registry *plugins)
{
    const struct streamd_descriptor *d;
    const struct streamd_format *format;
    int encode = b->node->kind == STREAMD_SINK;

    if (!b->node->format_type && b->needs_format)
        return report(b, PLAN_NEEDS_FORMAT, "add format: {type: json}", "needs a format");
    if (!b->node->format_type)
        return 0;
    if (!b->needs_format)
        return report(b, PLAN_NEEDS_FORMAT, "remove format:", "has no use for a format");
    d = find_format(b, plugins);
    if (!d)
        return STREAMD_E_REPORTED;
    format = (const struct streamd_format *)d;
    if (encode ? !format->encoder_open : !format->decoder_open)
        return report(b, PLAN_FORMAT_DIRECTION, NULL,
                      encode ? "has a format that can be read only"
                             : "has a format that can be written only");
    b->out->format.format = format;
    b->out->format.spec.options = binding_options(b, d, b->node->format, 1);
    if (!b->out->format.spec.options)
        return STREAMD_E_REPORTED;
    return finish(b, format);
}
