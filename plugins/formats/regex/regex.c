/*
 * The plugin: its option, what it asks of a pattern and a schema, its descriptor.
 */
#include "regex.h"

#include "pattern.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Diagnostics of the formats; `streamctl explain` has a paragraph on each. */
enum { SD_FORMAT_PATTERN = 3112, SD_FORMAT_GROUP = 3113 };

static const struct streamd_option options[] = {
    {.name = "pattern",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct regex_options, pattern),
     .doc = "regular expression of PCRE2 whose named groups, (?<name>...), are the fields"},
    {0},
};

/* Compiles the pattern, or says why it does not. */
static int compile(struct streamd_bind *b, const struct regex_options *o, struct regex_pattern *p)
{
    struct regex_fault fault;
    char message[256];
    int rc = regex_pattern_init(p, NULL, o->pattern, &fault);

    if (rc == STREAMD_E_INVALID) {
        snprintf(message, sizeof(message), "the pattern does not compile: %s, at byte %zu of it",
                 fault.message, fault.at + 1);
        streamd_bind_error(b, "pattern", SD_FORMAT_PATTERN, message, NULL);
        rc = STREAMD_E_REPORTED;
    }
    if (rc)
        regex_pattern_clear(p);
    return rc;
}

/* Names in the order of their groups, each of them once. */
static uint32_t list_names(const struct regex_pattern *p, struct streamd_field *fields)
{
    uint32_t count = regex_pattern_name_count(p), n = 0, group, most = 0;

    pcre2_pattern_info(p->utf8, PCRE2_INFO_CAPTURECOUNT, &most);
    for (uint32_t k = 1; k <= most; k++) {
        for (uint32_t i = 0; i < count; i++) {
            const char *name = regex_pattern_name(p, i, &group);
            uint32_t seen = 0;

            while (seen < n && strcmp(fields[seen].name, name) != 0)
                seen++;
            if (group == k && seen == n)
                fields[n++] = (struct streamd_field){name, {STREAMD_STRING, 0, 0, 1}};
        }
    }
    return n;
}

/* All named groups, as strings that may be NULL. */
static const struct streamd_schema *schema(struct streamd_bind *b, const void *opts)
{
    struct regex_pattern p;
    struct streamd_schema *s = NULL;
    struct streamd_field *fields = NULL;
    uint32_t count;

    if (compile(b, opts, &p))
        return NULL;
    count = regex_pattern_name_count(&p);
    if (count) {
        s = streamd_bind_alloc(b, sizeof(*s));
        fields = streamd_bind_alloc(b, count * sizeof(*fields));
    }
    if (s && fields) {
        s->fields = fields;
        s->field_count = list_names(&p, fields);
    }
    for (uint32_t i = 0; s && fields && i < s->field_count; i++) {
        char *name = streamd_bind_alloc(b, strlen(fields[i].name) + 1);

        if (name)
            strcpy(name, fields[i].name);
        else
            s = NULL;
        fields[i].name = name;
    }
    regex_pattern_clear(&p);
    return fields ? s : NULL;
}

static int has_group(const struct regex_pattern *p, const char *name)
{
    uint32_t group;

    for (uint32_t i = 0; i < regex_pattern_name_count(p); i++) {
        if (strcmp(regex_pattern_name(p, i, &group), name) == 0)
            return 1;
    }
    return 0;
}

static int check(struct streamd_bind *b, const void *opts, const struct streamd_format_spec *spec,
                 int encode)
{
    struct regex_pattern p;
    int rc = compile(b, opts, &p);

    (void)encode;
    if (rc)
        return rc;
    for (uint32_t i = 0; i < spec->schema->field_count; i++) {
        const struct streamd_format_field *f = &spec->fields[i];
        char option[128], message[160];

        if (has_group(&p, f->name) || f->type.nullable)
            continue;
        snprintf(option, sizeof(option), "schema.%.100s", f->name);
        snprintf(message, sizeof(message), "the pattern has no group for field '%.100s'", f->name);
        streamd_bind_error(b, option, SD_FORMAT_GROUP, message,
                           "name a group like the field, (?<field>...), or let the field be NULL");
        rc = STREAMD_E_REPORTED;
    }
    regex_pattern_clear(&p);
    return rc;
}

static const struct streamd_format format = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_format, STREAMD_FORMAT, "regex"),
                   .doc =
                       "lines that match a regular expression, whose named groups are the fields",
                   .options = options, .options_size = sizeof(struct regex_options)},
    .schema = schema,
    .check = check,
    .decoder_open = regex_decoder_open,
    .decode = regex_decode,
    .decoder_close = regex_decoder_close,
    .suffix = "log",
    .decoder_save = regex_decoder_save,
    .decoder_load = regex_decoder_load,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &format.descriptor : NULL;
}
