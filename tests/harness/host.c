/* The services of a context that need no expressions: memory, log, clock, batches, outputs, tables,
   counters. */
#include "inside.h"

#include "base/memory.h"
#include "columnar/keyhash.h"
#include "state/layout.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void harness_broken_text(struct harness *h, const char *text)
{
    text_add(&h->message, text);
    h->failed = 1;
    if (h->spec.keep_errors)
        return;
    fprintf(stderr, "harness: %s\n", text_get(&h->message));
    abort();
}

void harness_broken(struct harness *h, const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    harness_broken_text(h, line);
}

/* ---- memory, log, time ------------------------------------------------------------------- */

static void *host_alloc(struct streamd_context *c, size_t bytes)
{
    struct harness *h = harness_of(c);
    void *memory;

    if (h->spec.memory_limit && h->bytes + bytes > h->spec.memory_limit)
        return NULL;
    memory = memory_alloc(bytes);
    if (memory)
        h->bytes += malloc_usable_size(memory);
    return memory;
}

static void *host_realloc(struct streamd_context *c, void *old, size_t bytes)
{
    struct harness *h = harness_of(c);
    size_t before = old ? malloc_usable_size(old) : 0;
    void *memory;

    if (h->spec.memory_limit && h->bytes - before + bytes > h->spec.memory_limit)
        return NULL;
    memory = memory_realloc(old, 1, bytes);
    if (memory)
        h->bytes += malloc_usable_size(memory) - before;
    return memory;
}

static void host_free(struct streamd_context *c, void *memory)
{
    if (!memory)
        return;
    harness_of(c)->bytes -= malloc_usable_size(memory);
    memory_free(memory);
}

static void host_log(struct streamd_context *c, int level, const char *message)
{
    if (level <= STREAMD_LOG_WARNING)
        fprintf(stderr, "%s: %s\n", c->node, message);
}

static int64_t host_now(struct streamd_context *c)
{
    return harness_of(c)->clock;
}

static void host_wake_at(struct streamd_context *c, int64_t now_us)
{
    struct harness *h = harness_of(c);

    if (now_us < h->wake)
        h->wake = now_us;
}

static void host_block_on(struct streamd_context *c, int descriptor, int64_t until_us)
{
    (void)descriptor;
    host_wake_at(c, until_us);
}

static enum streamd_flow host_fail(struct streamd_context *c, enum streamd_class cls,
                                   int diagnostic, const char *message)
{
    (void)cls;
    harness_broken(harness_of(c), diagnostic ? "SD%d: %s" : "%.0d%s", diagnostic, message);
    return STREAMD_FAILED;
}

static void host_count(struct streamd_context *c, const char *counter, uint64_t n)
{
    struct harness *h = harness_of(c);
    int i = 0;

    while (i < HARNESS_COUNTERS - 1 && h->counters[i].name && strcmp(h->counters[i].name, counter))
        i++;
    h->counters[i].name = counter;
    h->counters[i].value += n;
}

uint64_t harness_counter(const struct harness *h, const char *name)
{
    for (int i = 0; i < HARNESS_COUNTERS; i++)
        if (h->counters[i].name && !strcmp(h->counters[i].name, name))
            return h->counters[i].value;
    return 0;
}

/* ---- batches ----------------------------------------------------------------------------- */

static struct streamd_batch *host_batch_new(struct streamd_context *c,
                                            const struct streamd_schema *schema, uint32_t capacity)
{
    return batch_new(harness_of(c)->pool, schema, capacity ? capacity : c->batch_rows);
}

static struct streamd_batch *host_batch_derive(struct streamd_context *c,
                                               struct streamd_batch *parent,
                                               const struct streamd_schema *schema)
{
    (void)c;
    return batch_derive(parent, schema);
}

static void *host_batch_alloc(struct streamd_context *c, struct streamd_batch *b, size_t bytes)
{
    (void)c;
    return batch_alloc(b, bytes);
}

static int host_batch_nullable(struct streamd_context *c, struct streamd_batch *b, uint32_t column)
{
    (void)c;
    return batch_nullable(b, column);
}

static int host_batch_reserve(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                              size_t bytes)
{
    (void)c;
    return batch_reserve(b, column, bytes);
}

static struct streamd_batch *host_batch_retain(struct streamd_context *c, struct streamd_batch *b)
{
    (void)c;
    return batch_retain(b);
}

static void host_batch_release(struct streamd_context *c, struct streamd_batch *b)
{
    (void)c;
    batch_release(b);
}

static int host_has_room(struct streamd_context *c, uint32_t output)
{
    struct harness *h = harness_of(c);

    return !h->spec.room || h->outputs[output].waiting < h->spec.room;
}

static int host_emit(struct streamd_context *c, uint32_t output, struct streamd_batch *b)
{
    struct harness *h = harness_of(c);
    struct harness_output *out = &h->outputs[output];

    if (output >= h->output_count)
        harness_broken(h, "%s emits to output %u, which it has not", c->node, output);
    else if (b->schema != out->schema)
        harness_broken(h, "%s emits another schema than it declared", c->node);
    else if (!host_has_room(c, output))
        harness_broken(h, "%s emits to output %u, which is full", c->node, output);
    else if (b->count > b->rows || b->rows > b->capacity)
        harness_broken(h, "%s emits a batch of %u of %u rows in room for %u", c->node, b->count,
                       b->rows, b->capacity);
    if (!h->failed && b->count) {
        harness_print(&out->rows, b);
        out->waiting++;
    }
    batch_release(b);
    return h->failed ? STREAMD_E_STATE : host_has_room(c, output);
}

static int host_reject(struct streamd_context *c, struct streamd_batch *b, uint32_t row, int code,
                       const char *message)
{
    (void)b;
    text_printf(&harness_of(c)->rejects, "%u SD%d %s\n", row, code, message);
    return 0;
}

static int host_reject_raw(struct streamd_context *c, const void *data, size_t length,
                           uint64_t position, int code, const char *message)
{
    (void)data;
    (void)length;
    text_printf(&harness_of(c)->rejects, "%llu SD%d %s\n", (unsigned long long)position, code,
                message);
    return 0;
}

/* ---- tables ------------------------------------------------------------------------------ */

static struct streamd_table *host_table(struct streamd_context *c, uint32_t number)
{
    return harness_of(c)->tables[number].table;
}

static int host_hash_keys(struct streamd_context *c, const struct streamd_table *t,
                          struct streamd_batch *b, const uint64_t **hash)
{
    const struct streamd_column *columns[32];
    struct streamd_type types[32];
    uint64_t *out = batch_alloc(b, b->rows * sizeof(*out));

    (void)c;
    if (!out)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < t->layout->key_count; i++) {
        uint32_t field = 0;

        while (strcmp(b->schema->fields[field].name, t->layout->fields[i].name) != 0)
            field++;
        columns[i] = &b->columns[field];
        types[i] = t->layout->fields[i].type;
    }
    keyhash_batch(b, columns, types, t->layout->key_count, out);
    *hash = out;
    return 0;
}

int harness_add_table(struct harness *h, const struct streamd_table_decl *decl)
{
    struct harness_table *t = &h->tables[h->table_count];
    struct streamd_error error = {0};

    if (h->table_count == HARNESS_TABLES || row_layout_init(&t->layout, decl))
        return -1;
    t->decl = *decl;
    if (h->backend->open(&h->context, &t->decl, &t->layout, &t->table, &error)) {
        row_layout_clear(&t->layout);
        harness_broken(h, "%s", error.message);
        return -1;
    }
    h->table_count++;
    return 0;
}

void harness_close_tables(struct harness *h)
{
    for (uint32_t i = 0; i < h->table_count; i++) {
        h->backend->close(&h->context, h->tables[i].table);
        row_layout_clear(&h->tables[i].layout);
    }
    h->table_count = 0;
}

struct streamd_table *harness_open_table(struct harness *h, const struct streamd_table_decl *decl)
{
    return harness_add_table(h, decl) ? NULL : h->tables[h->table_count - 1].table;
}

uint64_t harness_state_rows(struct harness *h)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < h->table_count; i++) {
        int64_t ns = INT64_MIN;

        if (!(h->tables[i].decl.flags & STREAMD_TABLE_NAMESPACED)) {
            rows += streamd_table_rows(h->tables[i].table, 0);
            continue;
        }
        while (streamd_table_namespaces(h->tables[i].table, ns, &ns, 1)) {
            rows += streamd_table_rows(h->tables[i].table, ns);
            if (ns++ == INT64_MAX)
                break;
        }
    }
    return rows;
}

const struct streamd_host harness_host = {
    .size = sizeof(harness_host),
    .alloc = host_alloc,
    .realloc = host_realloc,
    .free = host_free,
    .log = host_log,
    .now = host_now,
    .wake_at = host_wake_at,
    .block_on = host_block_on,
    .fail = host_fail,
    .batch_new = host_batch_new,
    .batch_derive = host_batch_derive,
    .batch_alloc = host_batch_alloc,
    .batch_nullable = host_batch_nullable,
    .batch_reserve = host_batch_reserve,
    .batch_retain = host_batch_retain,
    .batch_release = host_batch_release,
    .emit = host_emit,
    .has_room = host_has_room,
    .reject = host_reject,
    .reject_raw = host_reject_raw,
    .hash_keys = host_hash_keys,
    .table = host_table,
    .count = host_count,
};

/* ---- the harness itself -------------------------------------------------------------------- */

/* The first folder of a list separated by ':' that has the file. */
static void *open_in(const char *folders, const char *file)
{
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        char name[1024];

        snprintf(name, sizeof(name), "%.*s/%s.so", (int)length, folders, file);
        if (!access(name, F_OK))
            return dlopen(name, RTLD_NOW | RTLD_LOCAL);
        folders += length + (folders[length] == ':');
    }
    return NULL;
}

void harness_plugin_path(struct text *out)
{
    const char *path = getenv("STREAMD_PLUGIN_PATH"), *build = getenv("BUILDDIR");

    if (path)
        text_printf(out, "%s:", path);
    if (build) /* streamd's own tests use plugins that are not installed */
        text_printf(out, "%s/tests/plugins/.libs:%s/plugins-live:", build, build);
    text_add(out, STREAMD_PLUGIN_DIR);
}

const struct streamd_descriptor *harness_plugin(const char *file)
{
    const char *dash = strchr(file, '-');
    streamd_plugin_fn *list;
    struct text path = {0};
    void *image;

    harness_plugin_path(&path);
    image = open_in(text_get(&path), file);
    if (!image) {
        const char *why = dlerror();

        fprintf(stderr, "harness: no plugin %s.so in %s%s%s\n", file, text_get(&path),
                why ? ": " : "", why ? why : "");
    }
    text_clear(&path);
    if (!image)
        return NULL;
    *(void **)&list = dlsym(image, "streamd_plugin");
    for (uint32_t i = 0; list && dash && list(i); i++)
        if (!strcmp(list(i)->name, dash + 1))
            return list(i);
    return NULL;
}

struct harness *harness_bare_new(const struct harness_spec *spec)
{
    struct harness *h = memory_zalloc(1, sizeof(*h));
    const char *backend = spec->backend ? spec->backend : "state-memory";

    if (!h)
        return NULL;
    h->spec = *spec;
    h->services = harness_host;
    h->context.host = &h->services;
    h->context.node = "node";
    h->context.parallelism = 1;
    h->context.lineage = h->context.attempt = h->context.parent_lineage = "";
    h->context.batch_rows = spec->batch_rows ? spec->batch_rows : 2048;
    h->clock = spec->now;
    h->wake = INT64_MAX;
    h->watermark = INT64_MIN;
    h->backend = (const struct streamd_backend *)(const void *)harness_plugin(backend);
    h->pool = batch_pool_new(0);
    if (!h->backend || !h->pool)
        harness_broken(h, "no backend '%s' in STREAMD_PLUGIN_PATH", backend);
    return h;
}

void harness_bare_free(struct harness *h)
{
    int kept = h->spec.keep_errors && h->failed;

    harness_close_tables(h);
    h->spec.keep_errors = 0;
    text_reset(&h->message);
    if (h->bytes)
        harness_broken(h, "%zu bytes were not given back", h->bytes);
    if (batch_pool_batches(h->pool) && !kept)
        harness_broken(h, "%zu batches were not released", batch_pool_batches(h->pool));
    for (uint32_t i = 0; i < HARNESS_OUTPUTS; i++) {
        text_clear(&h->outputs[i].rows);
        text_clear(&h->outputs[i].taken);
    }
    text_clear(&h->message);
    text_clear(&h->rejects);
    text_clear(&h->rejects_taken);
    batch_pool_free(h->pool);
    arena_clear(&h->arena);
    memory_free(h);
}

const char *harness_message(const struct harness *h)
{
    return text_get(&h->message);
}

struct streamd_context *harness_context(struct harness *h)
{
    return &h->context;
}

size_t harness_bytes(const struct harness *h)
{
    return h->bytes;
}
