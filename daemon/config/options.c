/*
 * Walking tables: one pass over the user's map (unknown keys, values), one over the table (what is
 * missing, what has a default). A default is a text that goes through the same code as a user's
 * value, as a node that stands in no file. Problems are counted, not returned one by one: a bad
 * value leaves its member zero and everything else is still looked at.
 */
#include "config/options.h"

#include "config/members.h"

#include <string.h>

static const char *word_of(const struct options_context *c)
{
    return c->word ? c->word : "option";
}

/* `null` is an expression, and a value of its own where any is; nothing and ~ never are. */
static int has_no_value(const struct streamd_option *o, const struct node *node)
{
    if (!node_is_null(node) || o->type == STREAMD_OPTION_ANY)
        return 0;
    return o->type != STREAMD_OPTION_EXPRESSION || strcmp(node->text, "null") != 0;
}

static int bind_given(const struct options_context *c, const struct streamd_option *o,
                      struct node *node, void *target)
{
    struct diagnostics *d = c->diagnostics;

    if (o->flags & OPTIONS_LATER) {
        diagnostics_add(d, 1209, node_key_span(node),
                        "remove it; 'streamctl explain SD1209' says why",
                        "'%s' is not in this version of streamd", o->name);
        return STREAMD_E_REPORTED;
    }
    if (o->flags & STREAMD_OPTION_DEPRECATED)
        diagnostics_warn(d, 1208, node_key_span(node), o->doc, "'%s' is deprecated", o->name);
    if (o->flags & STREAMD_OPTION_SECRET)
        document_mark_secret(node);
    if (o->present_offset)
        *((uint8_t *)target + o->present_offset) = 1;
    if (node->bad)
        return STREAMD_E_REPORTED;
    if (has_no_value(o, node)) {
        diagnostics_add(d, 1207, node_key_span(node), "give it a value or remove the line",
                        "'%s' has no value", o->name);
        return STREAMD_E_REPORTED;
    }
    return members_bind(c, o, node, (char *)target + o->offset);
}

/* --- Tables ---------------------------------------------------------------------------------- */

static size_t table_length(const struct streamd_option *table)
{
    size_t n = 0;

    while (table && table[n].name)
        n++;
    return n;
}

static int has_name(const struct streamd_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return 1;
    return 0;
}

/* What to write instead of a key that is in no table. What it was meant to be counts as given, so
   that one slip of the pen is not two messages. */
static const char *help_for_unknown(const struct options_context *c,
                                    const struct streamd_option *table, const char *key,
                                    const char **names, uint8_t *given)
{
    struct diagnostics *d = c->diagnostics;
    const char *closest, *help;
    size_t kept = 0;

    if (has_name(c->outer, key))
        return diagnostics_printf(d, "'%s' stands beside '%s:', not in it", key, c->outer_name);
    for (size_t i = 0; table[i].name; i++)
        if (!(table[i].flags & (OPTIONS_LATER | STREAMD_OPTION_DEPRECATED)))
            names[kept++] = table[i].name;
    closest = text_closest(key, names);
    for (size_t i = 0; table[i].name; i++)
        if (table[i].name == closest)
            given[i] = 1;
    help = diagnostics_suggest(
        d, key, names, c->unknown_help ? NULL : diagnostics_printf(d, "its %ss", word_of(c)));
    return help ? help : c->unknown_help;
}

/* Reports a key that is in no table. */
static int report_unknown(const struct options_context *c, const struct streamd_option *table,
                          const struct node *node, uint8_t *given)
{
    struct diagnostics *d = c->diagnostics;
    const char **names;

    if (diagnostics_is_full(d)) {
        diagnostics_add(d, 1201, node_key_span(node), NULL, "an unknown key");
        return STREAMD_E_REPORTED;
    }
    names = arena_zalloc(&d->arena, table_length(table) + 1, sizeof(*names));
    if (!names)
        return STREAMD_E_NOMEM;
    diagnostics_add(d, 1201, node_key_span(node),
                    help_for_unknown(c, table, node->key->text, names, given), "%s has no %s '%s'",
                    c->owner, word_of(c), node->key->text);
    return STREAMD_E_REPORTED;
}

/* What an option is when the user does not give it. */
static int bind_default(const struct options_context *c, const struct streamd_option *o,
                        struct span at, void *target)
{
    struct diagnostics scratch;
    struct options_context inner = *c;
    struct document document = {0};
    struct node scalar = {.kind = NODE_SCALAR, .style = NODE_PLAIN};
    struct node *node = &scalar;
    int rc = 0;

    if (o->type == STREAMD_OPTION_GROUP)
        return options_bind_table(c, o->children, NULL, at, 0, (char *)target + o->offset);
    if (!o->default_text)
        return 0;
    diagnostics_init(&scratch, NULL);
    inner.diagnostics = &scratch;
    inner.input = NULL;
    scalar.text = o->default_text;
    scalar.text_length = (uint32_t)strlen(o->default_text);
    /* A plain word is what it says; anything else is read as YAML. */
    if (strpbrk(o->default_text, "\"'[{")) {
        rc = document_load_text(&document, scalar.text, scalar.text_length, NULL, &scratch);
        node = document.root;
    }
    if (!rc)
        rc = node ? members_bind(&inner, o, node, (char *)target + o->offset) : STREAMD_E_REPORTED;
    document_clear(&document);
    diagnostics_clear(&scratch);
    if (rc && rc != STREAMD_E_NOMEM)
        diagnostics_add(c->diagnostics, 3008, at, "report this to the author of the plugin",
                        "%s: the default of '%s' is not valid", c->owner, o->name);
    return rc;
}

static int bind_absent(const struct options_context *c, const struct streamd_option *o,
                       struct span at, int complain_missing, void *target)
{
    if (o->flags & OPTIONS_LATER)
        return 0;
    if (!(o->flags & STREAMD_OPTION_REQUIRED))
        return bind_default(c, o, at, target);
    if (!complain_missing)
        return 0;
    diagnostics_add(c->diagnostics, 1202, at,
                    diagnostics_printf(c->diagnostics, "%s: %s", o->name, o->doc),
                    "%s needs the %s '%s'", c->owner, word_of(c), o->name);
    return STREAMD_E_REPORTED;
}

int options_bind_table(const struct options_context *c, const struct streamd_option *table,
                       struct node *map, struct span at, int complain_missing, void *target)
{
    size_t length = table_length(table);
    uint8_t *given = arena_zalloc(c->arena, length + 1, 1);
    int rc = 0;

    if (!given)
        return STREAMD_E_NOMEM;
    for (struct node *n = map ? map->first : NULL; n; n = n->next) {
        size_t i = 0;

        if (c->ignored_prefix &&
            strncmp(n->key->text, c->ignored_prefix, strlen(c->ignored_prefix)) == 0)
            continue;
        while (i < length && strcmp(table[i].name, n->key->text) != 0)
            i++;
        given[i] = 1;
        rc = members_worse(rc, i < length ? bind_given(c, &table[i], n, target)
                                          : report_unknown(c, table, n, given));
    }
    for (size_t i = 0; i < length; i++)
        if (!given[i])
            rc = members_worse(rc, bind_absent(c, &table[i], at, complain_missing, target));
    return rc;
}

int options_bind(const struct options_context *c, const struct streamd_option *table,
                 struct node *map, struct span at, void *target)
{
    if (map && map->bad)
        return STREAMD_E_REPORTED;
    if (map && map->kind != NODE_MAP) {
        diagnostics_add(c->diagnostics, node_is_null(map) ? 1207 : 1203, node_key_span(map),
                        node_is_null(map) ? "give it a value or remove the line" : NULL,
                        node_is_null(map) ? "'%s' has no value" : "'%s' must be a map",
                        map->key ? map->key->text : "the file");
        return STREAMD_E_REPORTED;
    }
    return options_bind_table(c, table, map, at, 1, target);
}

struct node *options_find(struct node *config, const char *path)
{
    return document_find(config, path);
}
