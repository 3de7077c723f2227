/* streamctl reference: pages of the manual, in Markdown, from the tables in the program. */
#include "client/catalogue.h"
#include "client/client.h"
#include "client/describe.h"

#include "config/codes.h"
#include "graph/keys.h"
#include "plugin/registry.h"

#include <stdio.h>
#include <string.h>

static const char made[] = "<!-- Made by `make reference' from the tables in the program. -->\n\n";

static void print_pipeline(struct text *out)
{
    text_printf(out,
                "%s# Pipeline files\n\n"
                "Every key of a pipeline file, what it takes, and what it is when it is not given. "
                "Durations are written `500us`, `500ms`, `30s`, `5m`, `1h`, `2d`; sizes `64KiB`, "
                "`128MiB`, `1GiB`. The options of plugins, which stand under `config:` and "
                "`format:`, are in [plugins.md](plugins.md).\n",
                made);
    for (const struct keys_section *s = keys_sections; s->table; s++) {
        text_printf(out, "\n## %s\n\n", s->title);
        if (*s->where)
            text_printf(out, "`%s`: ", s->where);
        text_printf(out, "%s\n\n", s->doc);
        describe_markdown(s->table, "key", out);
    }
}

/* A plugin's doc: paragraphs are separated by blank lines already. */
static void print_plugin(const struct plugin_info *info, const struct streamd_descriptor *d,
                         struct text *out)
{
    text_printf(out, "\n### %s `%s`\n\n%s\n\n", plugin_kind_word(info->kind), info->name,
                d->doc ? d->doc : "");
    describe_markdown(d->options, "option", out);
}

static int print_plugins(const struct client *c, struct text *out)
{
    static const struct {
        uint32_t kind;
        const char *title;
    } kinds[] = {{STREAMD_SOURCE, "Sources"},       {STREAMD_OPERATOR, "Operators"},
                 {STREAMD_SINK, "Sinks"},           {STREAMD_FORMAT, "Formats"},
                 {STREAMD_STATE, "State backends"}, {STREAMD_FUNCTIONS, "Functions"}};
    struct plugin_registry *registry = client_registry(c);
    const struct plugin_info *infos;
    struct streamd_error error;
    uint32_t count;
    int code = CLIENT_OK;

    if (!registry || plugin_list(registry, &infos, &count)) {
        plugin_registry_free(registry);
        return client_fail(CLIENT_FAILED, "out of memory");
    }
    text_printf(out,
                "%s# Plugins\n\nThe plugins that come with streamd, and their options: what "
                "`streamctl plugins NAME` shows.\n",
                made);
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        text_printf(out, "\n## %s\n", kinds[k].title);
        for (uint32_t i = 0; i < count; i++) {
            const struct streamd_descriptor *d;

            if (infos[i].kind != kinds[k].kind)
                continue;
            if (plugin_find(registry, infos[i].kind, infos[i].name, &d, &error))
                code = client_fail(CLIENT_FAILED, "%s", error.message);
            else
                print_plugin(&infos[i], d, out);
        }
    }
    plugin_registry_free(registry);
    return code;
}

/* Is an entry of this origin (NULL: built in) and kind? */
static int belongs(const struct catalogue_entry *e, const char *plugin, int aggregate)
{
    if (e->aggregate != aggregate || !e->plugin != !plugin)
        return 0;
    return !plugin || strcmp(e->plugin, plugin) == 0;
}

/* A table of the functions or aggregates of one origin; signatures that do the same share a row. */
static void print_calls(const struct catalogue *all, const char *plugin, int aggregate,
                        struct text *out)
{
    const struct catalogue_entry *last = NULL;

    for (size_t i = 0; i < all->count; i++) {
        const struct catalogue_entry *e = &all->items[i];

        if (!belongs(e, plugin, aggregate))
            continue;
        if (!last)
            text_printf(out, "\n| %s | |\n|---|---|\n", aggregate ? "aggregate" : "function");
        if (last && strcmp(last->name, e->name) == 0 && strcmp(last->doc, e->doc) == 0)
            text_add(out, "<br>`");
        else if (last)
            text_printf(out, " | %s |\n| `", last->doc);
        else
            text_add(out, "| `");
        catalogue_signature(e, out);
        text_add_char(out, '`');
        last = e;
    }
    if (last)
        text_printf(out, " | %s |\n", last->doc);
}

static int print_functions(const struct client *c, struct text *out)
{
    struct catalogue all = {0};
    int code = catalogue_load(&all, c);
    const char *const *names;

    names = all.count ? plugin_names(all.plugins, STREAMD_FUNCTIONS) : NULL;
    if (!names) {
        catalogue_clear(&all);
        return code ? code : client_fail(CLIENT_FAILED, "out of memory");
    }
    text_printf(out,
                "%s# Functions\n\nWhat expressions may call: what `streamctl functions` shows. "
                "Operators, `CASE`, casts and other syntax are in "
                "[expressions.md](../expressions.md). An `int64` may stand where a `decimal` or a "
                "`float64` is taken, a `decimal` where a `float64` is, and a `date` where a "
                "`timestamp` is. `...`: the last argument may stand several times. Where an "
                "argument is NULL the result is NULL, unless it says otherwise; aggregates leave "
                "NULLs out.\n",
                made);
    text_add(out, "\n## Scalar functions\n");
    print_calls(&all, NULL, 0, out);
    text_add(out, "\n## Aggregates\n");
    print_calls(&all, NULL, 1, out);
    for (; *names; names++) {
        text_printf(out, "\n## The functions plugin `%s`\n", *names);
        print_calls(&all, *names, 0, out);
        print_calls(&all, *names, 1, out);
    }
    catalogue_clear(&all);
    return code;
}

static void print_diagnostics(struct text *out)
{
    const struct code *code;

    text_printf(out,
                "%s# Diagnostics\n\nWhat each code means; `streamctl explain CODE` shows the "
                "same.\n",
                made);
    for (size_t i = 0; (code = codes_at(i)) != NULL; i++) {
        text_printf(out, "\n## SD%04d: %s\n\n%s\n", code->number, code->title, code->text);
        if (code->example)
            text_printf(out, "\n```yaml\n%s\n```\n", code->example);
    }
}

int client_reference(struct client *c, int count, char **arguments)
{
    struct text out = {0};
    int code = CLIENT_OK;

    (void)count;
    if (strcmp(arguments[0], "pipeline") == 0)
        print_pipeline(&out);
    else if (strcmp(arguments[0], "plugins") == 0)
        code = print_plugins(c, &out);
    else if (strcmp(arguments[0], "functions") == 0)
        code = print_functions(c, &out);
    else if (strcmp(arguments[0], "diagnostics") == 0)
        print_diagnostics(&out);
    else
        return client_fail(CLIENT_USAGE, "there is no page '%s'", arguments[0]);
    if (code) {
        text_clear(&out);
        return code;
    }
    return client_print(&out);
}
