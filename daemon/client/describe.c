/*
 * Walking an option table in three languages. Inner tables are shown under dotted names
 * (`window.every`), with NAME for a user's own name (`fields.NAME.type`), so that a table is flat
 * and a reader finds what stands in the file.
 */
#include "client/describe.h"

#include "client/wrap.h"
#include "config/options.h"

#include <stdio.h>
#include <string.h>

enum { DEEPEST = 8, PATH_BYTES = 256 };

/* Short words for tables. */
static const char *type_word(uint32_t type)
{
    static const char *const words[] = {
        [STREAMD_OPTION_BOOL] = "bool",
        [STREAMD_OPTION_INT] = "whole number",
        [STREAMD_OPTION_FLOAT] = "number",
        [STREAMD_OPTION_DURATION] = "duration",
        [STREAMD_OPTION_SIZE] = "size",
        [STREAMD_OPTION_STRING] = "text",
        [STREAMD_OPTION_ENUM] = "word",
        [STREAMD_OPTION_STRINGS] = "list of texts",
        [STREAMD_OPTION_FIELD] = "field",
        [STREAMD_OPTION_FIELDS] = "list of fields",
        [STREAMD_OPTION_EXPRESSION] = "expression",
        [STREAMD_OPTION_PROJECTION] = "map of expressions",
        [STREAMD_OPTION_AGGREGATES] = "map of aggregates",
        [STREAMD_OPTION_GROUP] = "map",
        [STREAMD_OPTION_MAP] = "map of maps",
        [STREAMD_OPTION_ANY] = "any value",
    };

    if (type == OPTIONS_NODE)
        return "YAML";
    return type < sizeof(words) / sizeof(words[0]) && words[type] ? words[type] : "unknown";
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

/* "at least 1" or "1 to 100", or nothing. */
static void print_range(const struct streamd_option *o, struct text *out)
{
    if (o->minimum >= o->maximum)
        return;
    if (o->maximum == INT64_MAX) {
        text_add(out, "at least ");
        print_bound(o->type, o->minimum, out);
        return;
    }
    print_bound(o->type, o->minimum, out);
    text_add(out, " to ");
    print_bound(o->type, o->maximum, out);
}

/* Inner tables of a table, with the text that stands between the two names. */
static const struct streamd_option *inner(const struct streamd_option *o, const char **between)
{
    *between = o->type == STREAMD_OPTION_MAP ? ".NAME." : ".";
    return o->type == STREAMD_OPTION_MAP || o->type == STREAMD_OPTION_GROUP ? o->children : NULL;
}

/* --- Text --------------------------------------------------------------------------------------
 */

/* "duration, required, 1ms to 1h, default 5s" */
static void print_properties(const struct streamd_option *o, struct text *out)
{
    struct text range = {0};

    text_add(out, type_word(o->type));
    for (size_t i = 0; o->type == STREAMD_OPTION_ENUM && o->choices[i]; i++)
        text_printf(out, "%s%s", i ? " | " : ": ", o->choices[i]);
    if (o->flags & STREAMD_OPTION_REQUIRED)
        text_add(out, ", required");
    print_range(o, &range);
    if (range.length)
        text_printf(out, ", %s", text_get(&range));
    if (o->flags & OPTIONS_OR_NONE)
        text_add(out, ", or none");
    if (o->default_text)
        text_printf(out, ", default %s", *o->default_text ? o->default_text : "''");
    if (o->flags & STREAMD_OPTION_SECRET)
        text_add(out, ", secret");
    if (o->flags & STREAMD_OPTION_DEPRECATED)
        text_add(out, ", deprecated");
    if (o->flags & OPTIONS_LATER)
        text_add(out, ", not in this version");
    text_clear(&range);
}

static void text_table(const struct streamd_option *table, const char *prefix, int depth,
                       struct text *out)
{
    for (const struct streamd_option *o = table; o && o->name; o++) {
        const char *between;
        const struct streamd_option *children = inner(o, &between);
        char path[PATH_BYTES];

        text_printf(out, "  %s%s  ", prefix, o->name);
        print_properties(o, out);
        text_add(out, "\n      ");
        wrap_text(o->doc, 6, 6, out);
        snprintf(path, sizeof(path), "%s%s%s", prefix, o->name, between);
        if (children && depth < DEEPEST)
            text_table(children, path, depth + 1, out);
    }
}

void describe_text(const struct streamd_option *table, struct text *out)
{
    text_table(table, "", 0, out);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void json_text(const char *name, const char *value, struct text *out)
{
    text_printf(out, ",\"%s\":", name);
    if (value)
        text_add_json(out, value, strlen(value));
    else
        text_add(out, "null");
}

static void json_table(const struct streamd_option *table, int depth, struct text *out)
{
    text_add_char(out, '[');
    for (const struct streamd_option *o = table; o && o->name; o++) {
        const char *between;
        const struct streamd_option *children = inner(o, &between);

        text_add(out, o == table ? "{\"name\":" : ",{\"name\":");
        text_add_json(out, o->name, strlen(o->name));
        json_text("type", type_word(o->type), out);
        text_printf(out, ",\"required\":%s,\"secret\":%s,\"deprecated\":%s",
                    o->flags & STREAMD_OPTION_REQUIRED ? "true" : "false",
                    o->flags & STREAMD_OPTION_SECRET ? "true" : "false",
                    o->flags & STREAMD_OPTION_DEPRECATED ? "true" : "false");
        json_text("default", o->default_text, out);
        if (o->minimum < o->maximum)
            text_printf(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)o->minimum,
                        (long long)o->maximum);
        if (o->type == STREAMD_OPTION_ENUM) {
            text_add(out, ",\"choices\":[");
            for (size_t i = 0; o->choices[i]; i++) {
                text_add(out, i ? "," : "");
                text_add_json(out, o->choices[i], strlen(o->choices[i]));
            }
            text_add_char(out, ']');
        }
        json_text("doc", o->doc, out);
        if (children && depth < DEEPEST) {
            text_add(out, ",\"options\":");
            json_table(children, depth + 1, out);
        }
        text_add_char(out, '}');
    }
    text_add_char(out, ']');
}

void describe_json(const struct streamd_option *table, struct text *out)
{
    json_table(table, 0, out);
}

/* --- Markdown ----------------------------------------------------------------------------------
 */

/* A text in a cell of a table. */
static void markdown_cell(const char *text, struct text *out)
{
    for (; *text; text++) {
        if (*text == '|')
            text_add(out, "\\|");
        else
            text_add_char(out, *text);
    }
}

static void markdown_row(const struct streamd_option *o, const char *prefix, struct text *out)
{
    struct text range = {0};

    text_printf(out, "| `%s%s` | %s", prefix, o->name, type_word(o->type));
    for (size_t i = 0; o->type == STREAMD_OPTION_ENUM && o->choices[i]; i++)
        text_printf(out, "%s`%s`", i ? ", " : ": ", o->choices[i]);
    print_range(o, &range);
    text_printf(out, "%s%s%s | ", range.length ? ", " : "", text_get(&range),
                o->flags & OPTIONS_OR_NONE ? ", or `none`" : "");
    if (o->flags & STREAMD_OPTION_REQUIRED)
        text_add(out, "**required**");
    else if (o->default_text)
        text_printf(out, "`%s`", *o->default_text ? o->default_text : "''");
    text_add(out, " | ");
    markdown_cell(o->doc, out);
    if (o->flags & STREAMD_OPTION_SECRET)
        text_add(out, ". *Secret*");
    if (o->flags & STREAMD_OPTION_DEPRECATED)
        text_add(out, ". *Deprecated*");
    if (o->flags & OPTIONS_LATER)
        text_add(out, ". *Not in this version*");
    text_add(out, " |\n");
    text_clear(&range);
}

static void markdown_rows(const struct streamd_option *table, const char *prefix, int depth,
                          struct text *out)
{
    for (const struct streamd_option *o = table; o && o->name; o++) {
        const char *between;
        const struct streamd_option *children = inner(o, &between);
        char path[PATH_BYTES];

        markdown_row(o, prefix, out);
        snprintf(path, sizeof(path), "%s%s%s", prefix, o->name, between);
        if (children && depth < DEEPEST)
            markdown_rows(children, path, depth + 1, out);
    }
}

void describe_markdown(const struct streamd_option *table, const char *entry, struct text *out)
{
    if (!table || !table->name) {
        text_printf(out, "No %ss.\n", entry);
        return;
    }
    text_printf(out, "| %s | type | default | |\n|---|---|---|---|\n", entry);
    markdown_rows(table, "", 0, out);
}
