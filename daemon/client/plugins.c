/*
 * streamctl plugins: what is in the search path, what a plugin's options are, and whether a file is
 * a plugin. Whatever is shown comes from the plugin's own tables.
 */
#include "client/client.h"
#include "client/describe.h"
#include "client/wrap.h"

#include "base/memory.h"
#include "plugin/registry.h"

#include <stdio.h>
#include <string.h>

/* The first line of a plugin's doc. */
static int title_length(const struct streamd_descriptor *d)
{
    return d->doc ? (int)strcspn(d->doc, "\n") : 0;
}

/* Is `name` "window" or "operator-window"? */
static int is_called(const struct plugin_info *info, const char *name)
{
    const char *kind = plugin_kind_word(info->kind);
    size_t length = strlen(kind);

    if (strcmp(info->name, name) == 0)
        return 1;
    return strncmp(name, kind, length) == 0 && name[length] == '-' &&
           strcmp(name + length + 1, info->name) == 0;
}

/* --- The list ----------------------------------------------------------------------------------
 */

static void list_one(const struct plugin_info *info, const struct streamd_descriptor *d,
                     const struct streamd_error *error, struct text *out)
{
    text_printf(out, "%-10s%-14s", plugin_kind_word(info->kind), info->name);
    if (d)
        text_printf(out, "%.*s\n", title_length(d), d->doc ? d->doc : "");
    else
        text_printf(out, "cannot be used: %s\n", error->message);
}

static void json_one(const struct plugin_info *info, const struct streamd_descriptor *d,
                     const struct streamd_error *error, int options, struct text *out)
{
    text_add(out, "{\"kind\":");
    text_add_json(out, plugin_kind_word(info->kind), strlen(plugin_kind_word(info->kind)));
    text_add(out, ",\"name\":");
    text_add_json(out, info->name, strlen(info->name));
    text_add(out, ",\"path\":");
    text_add_json(out, info->path, strlen(info->path));
    if (!d) {
        text_printf(out, ",\"error\":{\"code\":\"SD%04d\",\"message\":", error->diagnostic);
        text_add_json(out, error->message, strlen(error->message));
        text_add(out, "}}");
        return;
    }
    text_add(out, ",\"doc\":");
    text_add_json(out, d->doc ? d->doc : "", d->doc ? strlen(d->doc) : 0);
    if (options) {
        text_add(out, ",\"options\":");
        describe_json(d->options, out);
    }
    text_add_char(out, '}');
}

static void describe_one(const struct plugin_info *info, const struct streamd_descriptor *d,
                         struct text *out)
{
    const char *rest = d->doc ? d->doc + title_length(d) : "";

    text_printf(out, "%s %s: %.*s\n", plugin_kind_word(info->kind), info->name, title_length(d),
                d->doc ? d->doc : "");
    rest += strspn(rest, "\n");
    if (*rest) {
        text_add_char(out, '\n');
        wrap_text(rest, 0, 0, out);
    }
    text_printf(out, "\n%s\n",
                d->options && d->options->name
                    ? "options, under `config:' (formats: under `format:')"
                    : "no options");
    describe_text(d->options, out);
    text_printf(out, "\n%s\n", info->path);
}

/* Shows those plugins that are called `name`; NULL: all, in short. */
static int show(const struct client *c, struct plugin_registry *registry, const char *name)
{
    const struct plugin_info *infos;
    struct text out = {0};
    uint32_t count, shown = 0;
    int bad = 0;

    if (plugin_list(registry, &infos, &count))
        return client_fail(CLIENT_FAILED, "out of memory");
    text_add(&out, c->json ? "{\"plugins\":[" : "");
    for (uint32_t i = 0; i < count; i++) {
        const struct streamd_descriptor *d = NULL;
        struct streamd_error error;

        if (name && !is_called(&infos[i], name))
            continue;
        bad |= plugin_find(registry, infos[i].kind, infos[i].name, &d, &error) != 0;
        if (shown++ > 0)
            text_add(&out, c->json ? "," : name ? "\n" : "");
        if (c->json)
            json_one(&infos[i], d, &error, name != NULL, &out);
        else if (name && d)
            describe_one(&infos[i], d, &out);
        else
            list_one(&infos[i], d, &error, &out);
    }
    text_add(&out, c->json ? "]}\n" : "");
    if (name && shown == 0) {
        text_clear(&out);
        return client_fail(CLIENT_FAILED, "there is no plugin '%s'; 'streamctl plugins' lists them",
                           name);
    }
    if (shown == 0 && !c->json)
        text_add(&out, "there are no plugins in the search path\n");
    return client_print(&out) || bad ? CLIENT_FAILED : CLIENT_OK;
}

/* --- Probe -------------------------------------------------------------------------------------
 */

static int probe(const struct client *c, const char *path)
{
    struct streamd_error error;
    struct text out = {0};
    char *report = NULL;
    int rc = plugin_probe(path, &report, &error);

    if (c->json) {
        text_printf(&out, "{\"ok\":%s", rc ? "false" : "true");
        if (rc) {
            text_printf(&out, ",\"code\":\"SD%04d\",\"message\":", error.diagnostic);
            text_add_json(&out, error.message, strlen(error.message));
        } else {
            text_add(&out, ",\"report\":");
            text_add_json(&out, report ? report : "", report ? strlen(report) : 0);
        }
        text_add(&out, "}\n");
        (void)client_print(&out);
    } else if (rc) {
        text_printf(&out, "%s: error[SD%04d]: %s\n", path, error.diagnostic, error.message);
        (void)client_complain(&out);
    } else {
        text_add(&out, report ? report : "");
        (void)client_print(&out);
    }
    memory_free(report);
    return rc ? CLIENT_FAILED : CLIENT_OK;
}

int client_plugins(struct client *c, int count, char **arguments)
{
    struct plugin_registry *registry;
    int code;

    if (count == 2) {
        if (strcmp(arguments[0], "probe") != 0)
            return client_fail(CLIENT_USAGE, "usage: streamctl plugins [NAME | probe FILE.so]");
        return probe(c, arguments[1]);
    }
    registry = client_registry(c);
    if (!registry)
        return client_fail(CLIENT_FAILED, "out of memory");
    code = show(c, registry, count ? arguments[0] : NULL);
    plugin_registry_free(registry);
    return code;
}
