/*
 * The registry of functions is filled as for a pipeline, plugin by plugin: what it grew by is that
 * plugin's. COALESCE and its like are syntax of PostgreSQL's and in no table; to a user they are
 * functions, so they have entries here, without kernels.
 */
#include "client/catalogue.h"

#include "base/array.h"
#include "expr/expr.h"
#include "plugin/registry.h"

#include <stdlib.h>
#include <string.h>

static const struct streamd_function forms[] = {
    {.name = "coalesce",
     .argc = 1,
     .flags = STREAMD_FUNCTION_VARIADIC,
     .doc = "the first argument that is not NULL; those behind it are not computed"},
    {.name = "greatest",
     .argc = 1,
     .flags = STREAMD_FUNCTION_VARIADIC,
     .doc = "the largest argument; NULLs are left out"},
    {.name = "least",
     .argc = 1,
     .flags = STREAMD_FUNCTION_VARIADIC,
     .doc = "the smallest argument; NULLs are left out"},
    {.name = "nullif",
     .argc = 2,
     .doc = "NULL where both arguments are equal, else the first argument"},
    {.name = NULL},
};

static int add_function(struct catalogue *catalogue, const struct streamd_function *f,
                        const char *plugin)
{
    const struct catalogue_entry entry = {.name = f->name,
                                          .plugin = plugin,
                                          .args = f->args,
                                          .argc = f->argc,
                                          .flags = f->flags,
                                          .result = f->result.id,
                                          .doc = f->doc ? f->doc : ""};

    return array_push(catalogue, entry);
}

static int add_aggregate(struct catalogue *catalogue, const struct streamd_aggregate *a,
                         const char *plugin)
{
    /* collect's table says json, which is what a row is made into */
    const int rows = a->argc == 0 || (!plugin && strcmp(a->name, "collect") == 0);
    const struct catalogue_entry entry = {.name = a->name,
                                          .plugin = plugin,
                                          .aggregate = 1,
                                          .rows = rows,
                                          .args = a->args,
                                          .argc = rows ? 0 : a->argc,
                                          .flags = a->flags,
                                          .result = a->result.id,
                                          .doc = a->doc ? a->doc : ""};

    return array_push(catalogue, entry);
}

/* How many entries of a registry are in the catalogue. */
struct done {
    size_t functions, aggregates;
};

/* Adds what a registry has grown by. 0 or -1. */
static int add_new(struct catalogue *catalogue, struct done *done, const char *plugin)
{
    const struct streamd_function *f;
    const struct streamd_aggregate *a;
    int rc = 0;

    for (; !rc && (f = expr_registry_function(catalogue->functions, done->functions));
         done->functions++)
        rc = add_function(catalogue, f, plugin);
    for (; !rc && (a = expr_registry_aggregate(catalogue->functions, done->aggregates));
         done->aggregates++)
        rc = add_aggregate(catalogue, a, plugin);
    return rc;
}

/* A plugin's tables. CLIENT_OK, CLIENT_FAILED and told, or -1: no memory. */
static int add_plugin(struct catalogue *catalogue, struct done *done, const char *name)
{
    const struct streamd_descriptor *d;
    const struct streamd_functions *f;
    struct streamd_error error;
    int code = CLIENT_OK;

    if (plugin_find(catalogue->plugins, STREAMD_FUNCTIONS, name, &d, &error))
        return client_fail(CLIENT_FAILED, "%s", error.message);
    f = (const struct streamd_functions *)d;
    if (expr_registry_add(catalogue->functions, f->functions, f->aggregates, &error))
        code = client_fail(CLIENT_FAILED, "functions plugin '%s': %s", name, error.message);
    return add_new(catalogue, done, name) ? -1 : code;
}

/* Functions before aggregates, then by name and signature. */
static int by_name(const void *left, const void *right)
{
    const struct catalogue_entry *a = left, *b = right;
    int order = a->aggregate - b->aggregate;

    if (order == 0)
        order = strcmp(a->name, b->name);
    if (order == 0)
        order = (a->argc > b->argc) - (a->argc < b->argc);
    if (order == 0)
        order = memcmp(a->args, b->args, a->argc);
    return order;
}

int catalogue_load(struct catalogue *catalogue, const struct client *c)
{
    const char *const *names;
    struct done done = {0};
    int code = CLIENT_OK, rc = 0;

    catalogue->functions = expr_registry_new();
    catalogue->plugins = client_registry(c);
    names = catalogue->plugins ? plugin_names(catalogue->plugins, STREAMD_FUNCTIONS) : NULL;
    if (!catalogue->functions || !names || add_new(catalogue, &done, NULL))
        rc = -1;
    for (const struct streamd_function *f = forms; rc >= 0 && f->name; f++)
        rc = add_function(catalogue, f, NULL);
    for (; rc >= 0 && *names; names++) {
        rc = add_plugin(catalogue, &done, *names);
        code = rc > 0 ? rc : code;
    }
    if (rc < 0) {
        catalogue_clear(catalogue);
        return client_fail(CLIENT_FAILED, "out of memory");
    }
    qsort(catalogue->items, catalogue->count, sizeof(*catalogue->items), by_name);
    return code;
}

void catalogue_clear(struct catalogue *catalogue)
{
    array_clear(catalogue);
    expr_registry_free(catalogue->functions);
    plugin_registry_free(catalogue->plugins);
    *catalogue = (struct catalogue){0};
}

const char *catalogue_type(uint8_t id)
{
    static const char *const words[] = {"any",    "bool",  "int64",     "float64", "decimal",
                                        "string", "bytes", "timestamp", "date",    "json"};

    return id < sizeof(words) / sizeof(words[0]) ? words[id] : "?";
}

void catalogue_signature(const struct catalogue_entry *entry, struct text *out)
{
    text_printf(out, "%s(%s", entry->name, entry->rows ? "*" : "");
    for (uint32_t i = 0; i < entry->argc; i++)
        text_printf(out, "%s%s", i ? ", " : "", catalogue_type(entry->args[i]));
    text_printf(out, "%s) -> %s", entry->flags & STREAMD_FUNCTION_VARIADIC ? ", ..." : "",
                catalogue_type(entry->result));
}
