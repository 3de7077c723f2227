/* streamctl functions: what expressions may call, from the tables that compile them. */
#include "client/catalogue.h"
#include "client/client.h"
#include "client/wrap.h"

#include "base/array.h"

#include <streamd/function.h>

#include <stdio.h>
#include <string.h>

static const char *kind_word(const struct catalogue_entry *entry)
{
    return entry->aggregate ? "aggregate" : "function";
}

/* Are two neighbours signatures of one function? */
static int are_one(const struct catalogue_entry *a, const struct catalogue_entry *b)
{
    return a->aggregate == b->aggregate && strcmp(a->name, b->name) == 0;
}

/* A line of the list: what the signatures do, each thing once. */
static void list_one(const struct catalogue_entry *entries, size_t count, struct text *out)
{
    struct text docs = {0};
    char head[64];

    snprintf(head, sizeof(head), "%-11s%-24s", kind_word(entries), entries->name);
    text_add(out, head);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(entries[i].doc, entries[i - 1].doc) != 0)
            text_printf(&docs, "%s%s", i ? " / " : "", entries[i].doc);
    wrap_text(text_get(&docs), strlen(head), strlen(head), out);
    text_clear(&docs);
}

/* All signatures of a function; those that do the same share a line that says what. */
static void describe(const struct catalogue_entry *entries, size_t count, struct text *out)
{
    const char *plugin = NULL;

    text_printf(out, "%s %s\n", kind_word(entries), entries->name);
    for (size_t i = 0; i < count; i++) {
        text_add(out, "  ");
        catalogue_signature(&entries[i], out);
        text_add_char(out, '\n');
        if (i + 1 < count && strcmp(entries[i].doc, entries[i + 1].doc) == 0)
            continue;
        text_add(out, "      ");
        wrap_text(entries[i].doc, 6, 6, out);
    }
    for (size_t i = 0; i < count; i++)
        plugin = entries[i].plugin ? entries[i].plugin : plugin;
    if (plugin)
        text_printf(out, "\nof the functions plugin %s\n", plugin);
}

static void json_text(const char *name, const char *value, struct text *out)
{
    text_printf(out, ",\"%s\":", name);
    if (value)
        text_add_json(out, value, strlen(value));
    else
        text_add(out, "null");
}

static void json_one(const struct catalogue_entry *entry, struct text *out)
{
    text_printf(out, "{\"kind\":\"%s\"", kind_word(entry));
    json_text("name", entry->name, out);
    json_text("plugin", entry->plugin, out);
    text_add(out, ",\"arguments\":[");
    if (entry->rows)
        text_add(out, "\"*\"");
    for (uint32_t i = 0; i < entry->argc; i++)
        text_printf(out, "%s\"%s\"", i ? "," : "", catalogue_type(entry->args[i]));
    text_printf(out, "],\"variadic\":%s,\"deterministic\":%s",
                entry->flags & STREAMD_FUNCTION_VARIADIC ? "true" : "false",
                entry->flags & STREAMD_FUNCTION_NONDETERMINISTIC ? "false" : "true");
    json_text("result", catalogue_type(entry->result), out);
    json_text("doc", entry->doc, out);
    text_add_char(out, '}');
}

/* Shows a function; NULL: all, in short. Answers how many signatures were shown. */
static size_t show(const struct client *c, const struct catalogue *all, const char *name,
                   struct text *out)
{
    size_t shown = 0;

    for (size_t i = 0, n; i < all->count; i += n) {
        for (n = 1; i + n < all->count && are_one(&all->items[i], &all->items[i + n]); n++)
            ;
        if (name && strcmp(name, all->items[i].name) != 0)
            continue;
        for (size_t k = 0; c->json && k < n; k++) {
            text_add(out, shown + k ? ",\n" : "");
            json_one(&all->items[i + k], out);
        }
        if (!c->json && !name)
            list_one(&all->items[i], n, out);
        else if (!c->json)
            describe(&all->items[i], n, out);
        shown += n;
    }
    return shown;
}

static int no_function(const struct catalogue *all, const char *name)
{
    struct {
        const char **items;
        size_t count, capacity;
    } names = {0};
    const char *closest = NULL;
    int rc = 0, code;

    for (size_t i = 0; i < all->count && !rc; i++)
        rc = array_push(&names, all->items[i].name);
    if (!rc && !array_push(&names, NULL))
        closest = text_closest(name, names.items);
    code = client_fail(CLIENT_FAILED, "there is no function '%s'%s%s%s", name,
                       closest ? "; did you mean '" : "; 'streamctl functions' lists them",
                       closest ? closest : "", closest ? "'?" : "");
    array_clear(&names);
    return code;
}

int client_functions(struct client *c, int count, char **arguments)
{
    const char *name = count ? arguments[0] : NULL;
    struct catalogue all = {0};
    struct text out = {0};
    int code = catalogue_load(&all, c);

    if (all.count == 0)
        return code;
    text_add(&out, c->json ? "{\"functions\":[" : "");
    if (show(c, &all, name, &out) == 0) {
        text_clear(&out);
        code = no_function(&all, name);
    } else {
        text_add(&out, c->json ? "]}\n" : "");
        code = client_print(&out) ? CLIENT_FAILED : code;
    }
    catalogue_clear(&all);
    return code;
}
