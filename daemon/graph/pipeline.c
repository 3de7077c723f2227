/*
 * From the YAML tree to a pipeline, in three passes: the file's own keys; every node by itself,
 * since an input may name a node that comes later; then the edges. A bad value leaves a hole, and
 * what depends on it is passed over in silence.
 */
#include "graph/pipeline.h"

#include "graph/keys.h"
#include "graph/reading.h"

#include <ctype.h>
#include <string.h>

static const char *const in_config = "options of the plugin stand under 'config:'";

int pipeline_name_is_valid(const char *name)
{
    size_t n = 0;

    if (!islower((unsigned char)*name) || (unsigned char)*name >= 0x80)
        return 0;
    while (name[n] && strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", name[n]))
        n++;
    return !name[n] && n <= PIPELINE_NAME_MAX;
}

const char *pipeline_kind_word(uint32_t kind)
{
    switch (kind) {
    case STREAMD_SOURCE:
        return "source";
    case STREAMD_OPERATOR:
        return "operator";
    case STREAMD_SINK:
        return "sink";
    default:
        return "node";
    }
}

int64_t pipeline_find(const struct pipeline *p, const char *name)
{
    for (uint32_t i = 0; i < p->node_count; i++)
        if (strcmp(p->nodes[i].name, name) == 0)
            return i;
    return -1;
}

const char *reading_title(struct reading *r, const struct pipeline_node *node)
{
    return diagnostics_printf(r->diagnostics, "%s '%s'", pipeline_kind_word(node->kind),
                              node->name);
}

/* --- The file's own keys -----------------------------------------------------------------------
 */

/* The file's name without folder and ending; "pipeline" where it has none. */
static const char *stem_of(struct reading *r)
{
    const char *file = r->diagnostics->file, *slash = file ? strrchr(file, '/') : NULL, *dot;
    size_t length;

    if (!file)
        return "pipeline";
    file = slash ? slash + 1 : file;
    dot = strrchr(file, '.');
    length = dot && dot > file ? (size_t)(dot - file) : strlen(file);
    return arena_strndup(&r->pipeline->arena, file, length);
}

static void later(struct reading *r, const struct node *node, const char *what)
{
    diagnostics_add(r->diagnostics, 1209, node_span(node), NULL,
                    "%s is not in this version of streamd", what);
}

static void check_name(struct reading *r, const struct keys_file *keys, const struct node *root)
{
    struct diagnostics *d = r->diagnostics;
    const char *stem = r->pipeline->name;
    const struct node *name = document_get(root, "name");

    if (!pipeline_name_is_valid(stem))
        diagnostics_add(d, 1303, (struct span){0, 0, NULL},
                        "rename the file: a-z, 0-9, _ and -, at most 63, a letter first",
                        "'%s' cannot be the name of a pipeline", stem);
    if (keys->name && d->file && strcmp(keys->name, stem) != 0)
        diagnostics_add(d, 1302, node_span(name),
                        diagnostics_printf(d, "write  name: %s, or remove it", stem),
                        "the name is %s, but the file's is '%s'", document_quote(d, name), stem);
}

static void check_version(struct reading *r, const struct keys_file *keys, const struct node *root)
{
    const struct node *version = document_get(root, "version");

    if (version && keys->version && keys->version != 1)
        diagnostics_add(r->diagnostics, 1301, node_span(version), "write  version: 1",
                        "version %lld of the file format is not known here",
                        (long long)keys->version);
}

/* Values that belong to features of later versions. */
static void check_later(struct reading *r, struct keys_file *keys, const struct node *root)
{
    const struct node *state = document_get(root, "state");
    const char *backend = keys->state.backend;

    if (backend && (strcmp(backend, "sqlite") == 0 || strcmp(backend, "rocksdb") == 0)) {
        later(r, document_get(state, "backend"),
              diagnostics_printf(r->diagnostics, "the state backend '%s'", backend));
        keys->state.backend = NULL;
    }
}

static uint32_t delivery_of(int64_t word, int has)
{
    if (!has)
        return 0;
    return word == KEYS_EXACTLY_ONCE ? STREAMD_EXACTLY_ONCE : STREAMD_AT_LEAST_ONCE;
}

static int read_file_keys(struct reading *r, struct keys_file *keys, struct node *root)
{
    struct pipeline *p = r->pipeline;
    struct options_context c = {.arena = &p->arena,
                                .diagnostics = r->diagnostics,
                                .owner = "a pipeline file",
                                .word = "key",
                                .ignored_prefix = "x-"};
    struct span begin = {root->offset, 0, root};
    int rc = options_bind(&c, keys_of_file, root, begin, keys);

    if (rc == STREAMD_E_NOMEM)
        return rc;
    p->key_groups = keys->key_groups;
    p->memory_bytes = keys->limits.memory;
    p->record_bytes = keys->limits.record;
    p->delivery = delivery_of(keys->delivery, keys->has_delivery);
    p->delivery_yaml = document_get(root, "delivery");
    check_name(r, keys, root);
    check_version(r, keys, root);
    reading_running(r, keys, root);
    check_later(r, keys, root);
    p->backend = keys->state.backend ? keys->state.backend : "memory";
    p->backend_yaml = document_get(document_get(root, "state"), "backend");
    return 0;
}

/* --- Nodes -------------------------------------------------------------------------------------
 */

static int read_key_by(struct reading *r, struct pipeline_node *node, struct node *key_by)
{
    struct diagnostics *d = r->diagnostics;
    const char **items;
    uint32_t count = 0;

    if (!key_by || key_by->bad)
        return 0;
    if (key_by->kind != NODE_LIST || key_by->count == 0) {
        diagnostics_add(d, 1203, node_span(key_by),
                        key_by->kind == NODE_SCALAR
                            ? diagnostics_printf(d, "write [%s]", key_by->text)
                            : "remove it, or write  key_by: [FIELD]",
                        "'key_by' must be a list of fields");
        return 0;
    }
    if (key_by->count > PIPELINE_KEYS_MAX) {
        diagnostics_add(d, 2011, node_key_span(key_by), NULL, "a key can have 64 fields");
        return 0;
    }
    items = arena_zalloc(&r->pipeline->arena, key_by->count, sizeof(*items));
    if (!items)
        return STREAMD_E_NOMEM;
    for (struct node *n = key_by->first; n; n = n->next) {
        if (n->bad)
            return 0;
        if (n->kind != NODE_SCALAR || node_is_null(n)) {
            diagnostics_add(d, 1203, node_span(n), "a computed key is made by a select before",
                            "a field's name is expected here");
            return 0;
        }
        for (uint32_t i = 0; i < count; i++)
            if (strcmp(items[i], n->text) == 0) {
                diagnostics_add(d, 2008, node_span(n), NULL, "'%s' is in the key already", n->text);
                return 0;
            }
        items[count++] = n->text;
    }
    node->key_by = (struct streamd_strings){count, items};
    node->key_by_yaml = key_by;
    return 0;
}

static void read_format(struct reading *r, struct pipeline_node *node, struct node *format)
{
    struct diagnostics *d = r->diagnostics;
    struct node *type;

    node->format_bad = 1;
    if (!format || format->bad) {
        node->format_bad = format != NULL;
        return;
    }
    if (format->kind != NODE_MAP) {
        diagnostics_add(d, 1203, node_span(format),
                        format->kind == NODE_SCALAR
                            ? diagnostics_printf(d, "write {type: %s}", format->text)
                            : NULL,
                        "'format' must be a map, but is %s", document_quote(d, format));
        return;
    }
    type = document_get(format, "type");
    if (!type || (type->kind == NODE_SCALAR && node_is_null(type))) {
        diagnostics_add(d, 1202, node_key_span(format), "write  format: {type: json}",
                        "'format' needs the key 'type'");
        return;
    }
    if (type->kind != NODE_SCALAR) {
        diagnostics_add(d, 1203, node_span(type), NULL,
                        "'type' must be the name of a format, but is %s", document_quote(d, type));
        return;
    }
    node->format_bad = type->bad;
    if (type->bad)
        return;
    node->format = format;
    node->format_type_yaml = type;
    node->format_type = type->text;
}

static void read_event_time(struct pipeline_node *node, const struct keys_node *keys)
{
    const struct keys_event_time *from = &keys->event_time;
    struct pipeline_event_time *to = &node->event_time;

    to->given = keys->has_event_time;
    to->field = from->field;
    to->field_yaml = document_get(document_get(node->yaml, "event_time"), "field");
    to->out_of_orderness_us = from->out_of_orderness_us;
    to->idle_after_us = from->idle_after_us;
    to->has_idle_after = from->has_idle_after;
}

/* `config:` must be a map, if there is one. */
static void read_config(struct reading *r, struct pipeline_node *node, struct node *config)
{
    if (config && !config->bad && config->kind != NODE_MAP) {
        diagnostics_add(r->diagnostics, 1203, node_span(config), NULL,
                        "'config' must be a map of options, but is %s",
                        document_quote(r->diagnostics, config));
        config = NULL;
        node->config_bad = 1;
    }
    node->config = config;
}

static int read_node_keys(struct reading *r, struct pipeline_node *node)
{
    struct keys_node keys = {0};
    struct options_context c = {.arena = &r->pipeline->arena,
                                .diagnostics = r->diagnostics,
                                .owner = reading_title(r, node),
                                .word = "key",
                                .unknown_help = in_config};
    int rc =
        options_bind(&c, keys_of_node(node->kind), node->yaml, node_key_span(node->yaml), &keys);

    if (rc == STREAMD_E_NOMEM || node->yaml->kind != NODE_MAP)
        return rc == STREAMD_E_NOMEM ? rc : 0;
    node->type = keys.type;
    node->type_yaml = document_get(node->yaml, "type");
    node->on_error = (uint32_t)keys.on_error;
    node->parallelism = keys.parallelism;
    node->delivery = delivery_of(keys.delivery, keys.has_delivery);
    node->schema_yaml = keys.schema;
    node->delivery_yaml = document_get(node->yaml, "delivery");
    reading_parallelism(r, node);
    read_config(r, node, keys.config);
    read_format(r, node, keys.format);
    read_event_time(node, &keys);
    rc = reading_fields(r, node);
    return rc ? rc : read_key_by(r, node, keys.key_by);
}

static void check_node_name(struct reading *r, const struct pipeline_node *node)
{
    struct diagnostics *d = r->diagnostics;
    int64_t first = pipeline_find(r->pipeline, node->name);
    const struct pipeline_node *other = &r->pipeline->nodes[first];

    if (!pipeline_name_is_valid(node->name))
        diagnostics_add(d, 2001, node_key_span(node->yaml),
                        "names are a-z, 0-9, _ and -, at most 63, a letter first",
                        "'%s' cannot be the name of a node", node->name);
    if (other != node) {
        diagnostics_add(d, 2002, node_key_span(node->yaml), "give one of them another name",
                        "the name '%s' is taken", node->name);
        diagnostics_note(d, node_key_span(other->yaml), "by this one");
    }
}

/* Is a section a map with something in it? */
static int check_section(struct reading *r, const struct node *section, uint32_t kind)
{
    struct diagnostics *d = r->diagnostics;

    if (!section || section->bad)
        return 0;
    if (section->kind != NODE_MAP) {
        diagnostics_add(d, 1203, node_key_span(section), "write  NAME: {type: ...}",
                        "'%ss' must be a map of names to %ss", pipeline_kind_word(kind),
                        pipeline_kind_word(kind));
        return 0;
    }
    if (section->count == 0 && kind != STREAMD_OPERATOR)
        diagnostics_add(d, 2010, node_key_span(section), NULL, "a pipeline needs a %s",
                        pipeline_kind_word(kind));
    return section->count > 0;
}

static int read_section(struct reading *r, struct node *section, uint32_t kind)
{
    struct pipeline *p = r->pipeline;

    if (!check_section(r, section, kind))
        return 0;
    for (struct node *n = section->first; n; n = n->next) {
        struct pipeline_node *node = &p->nodes[p->node_count];

        node->kind = kind;
        node->yaml = n;
        node->name = n->key->text;
        p->node_count++;
        check_node_name(r, node);
        if (read_node_keys(r, node))
            return STREAMD_E_NOMEM;
    }
    return 0;
}

static int read_nodes(struct reading *r, const struct keys_file *keys)
{
    struct node *sections[] = {keys->sources, keys->operators, keys->sinks};
    static const uint32_t kinds[] = {STREAMD_SOURCE, STREAMD_OPERATOR, STREAMD_SINK};
    uint32_t count = 0;
    int rc = 0;

    for (size_t i = 0; i < 3; i++)
        count += sections[i] && sections[i]->kind == NODE_MAP ? sections[i]->count : 0;
    if (count > PIPELINE_NODES_MAX) {
        diagnostics_add(r->diagnostics, 2011,
                        node_key_span(sections[0] ? sections[0] : sections[2]), NULL,
                        "a pipeline can have 1,000 nodes, this one has %u", count);
        return 0;
    }
    r->pipeline->nodes =
        arena_zalloc(&r->pipeline->arena, (size_t)count + 1, sizeof(*r->pipeline->nodes));
    if (!r->pipeline->nodes)
        return STREAMD_E_NOMEM;
    for (size_t i = 0; i < 3 && !rc; i++)
        rc = read_section(r, sections[i], kinds[i]);
    return rc;
}

static int read_edges(struct reading *r)
{
    struct pipeline *p = r->pipeline;

    for (uint32_t i = 0; i < p->node_count; i++)
        if (p->nodes[i].kind != STREAMD_SOURCE && p->nodes[i].yaml->kind == NODE_MAP) {
            int rc = reading_inputs(r, &p->nodes[i], document_get(p->nodes[i].yaml, "inputs"));

            if (rc)
                return rc;
        }
    return reading_graph(r);
}

/* --- The whole ---------------------------------------------------------------------------------
 */

static int read_all(struct reading *r, struct node *root)
{
    struct keys_file keys = {0};
    int rc = read_file_keys(r, &keys, root);

    rc = rc ? rc : read_nodes(r, &keys);
    rc = rc ? rc : read_edges(r);
    return rc ? rc : reading_tests(r, keys.tests);
}

int pipeline_read(struct pipeline *p, struct document *document, struct diagnostics *d)
{
    struct reading r = {.pipeline = p, .diagnostics = d};
    int rc;

    memset(p, 0, sizeof(*p));
    p->document = document;
    p->name = stem_of(&r);
    if (!p->name)
        return STREAMD_E_NOMEM;
    if (!document->root)
        return STREAMD_E_REPORTED;
    if (document->root->kind != NODE_MAP) {
        diagnostics_add(d, 1011, node_span(document->root),
                        "a pipeline file begins with  version: 1", "a pipeline file must be a map");
        return STREAMD_E_REPORTED;
    }
    rc = read_all(&r, document->root);
    if (rc)
        return rc;
    return diagnostics_error_count(d) ? STREAMD_E_REPORTED : 0;
}

void pipeline_clear(struct pipeline *p)
{
    arena_clear(&p->arena);
    memset(p, 0, sizeof(*p));
}
