/*
 * The harness's context with another table of services over it: those that sources and sinks need
 * and operators do not.
 */
#include "io_host.h"

#include "base/text.h"
#include "graph/plan.h"
#include "inside.h"
#include "worker/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BOUND_BLOCKS = 64 };

struct io_host {
    struct harness *h;
    struct streamd_context *c;
    struct streamd_host services;
    struct streamd_bind bind;
    const struct streamd_descriptor *plugin;
    void *options;
    void *self;
    int opened;
    void *blocks[BOUND_BLOCKS]; /* of bind_alloc */
    size_t block_count;
    uint32_t changelog;
    int has_event_time;
    struct streamd_table *outbox_rows; /* NULL: it has none */
    struct outbox *outbox;
    char message[600];
    enum streamd_class class;
    int64_t until;
    struct text splits, lines, taken, rows;
    uint32_t room;
    char position[STREAMD_POSITION_BYTES];
};

/* There is no other way from the services, which get a context, to this. */
static struct io_host *the_host;

static void must(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "io_host: %s\n", what);
    abort();
}

static const struct streamd_source *source(const struct io_host *io)
{
    must(io->plugin->kind == STREAMD_SOURCE, "this is for sources");
    return (const struct streamd_source *)(const void *)io->plugin;
}

static const struct streamd_operator *sink(const struct io_host *io)
{
    must(io->plugin->kind == STREAMD_SINK, "this is for sinks");
    return (const struct streamd_operator *)(const void *)io->plugin;
}

/* ---- services ---------------------------------------------------------------------------- */

static void io_log(struct streamd_context *c, int level, const char *message)
{
    (void)c;
    (void)level;
    snprintf(the_host->message, sizeof(the_host->message), "%s", message);
}

static enum streamd_flow io_fail(struct streamd_context *c, enum streamd_class class,
                                 int diagnostic, const char *message)
{
    (void)c;
    snprintf(the_host->message, sizeof(the_host->message), "SD%d: %s", diagnostic, message);
    the_host->class = class;
    return STREAMD_FAILED;
}

static void io_block_on(struct streamd_context *c, int descriptor, int64_t until)
{
    (void)c;
    (void)descriptor;
    the_host->until = until;
}

static void io_wake_at(struct streamd_context *c, int64_t when)
{
    (void)c;
    the_host->until = when;
}

static int io_split_add(struct streamd_context *c, const char *id, const char *title)
{
    char line[600];

    (void)c;
    (void)title;
    snprintf(line, sizeof(line), "%s\n", id);
    if (strstr(text_get(&the_host->splits), line) == NULL)
        text_add(&the_host->splits, line);
    return 0;
}

/* Whole lines; at the end also one without its newline. */
static int io_feed(struct streamd_context *c, struct streamd_split *s, const uint8_t *data,
                   size_t length, uint64_t position, int last, size_t *consumed)
{
    struct io_host *io = the_host;
    uint32_t taken = 0;

    (void)c;
    (void)s;
    (void)position;
    *consumed = 0;
    while (*consumed < length) {
        const uint8_t *from = data + *consumed;
        const uint8_t *end = memchr(from, '\n', length - *consumed);
        size_t bytes = end ? (size_t)(end - from) + 1 : length - *consumed;

        if (!end && !last)
            return 1;
        if (io->room && taken == io->room)
            return 0;
        text_append(&io->lines, (const char *)from, bytes);
        if (!end)
            text_add(&io->lines, "\n");
        *consumed += bytes;
        taken++;
    }
    return !(io->room && taken == io->room);
}

static int io_emit(struct streamd_context *c, struct streamd_split *s, struct streamd_batch *batch)
{
    (void)s;
    if (!the_host->has_event_time)
        batch->event_time = NULL;
    harness_print(&the_host->rows, batch);
    streamd_batch_release(c, batch);
    return 1;
}

static int io_encode(struct streamd_context *c, struct streamd_batch *b, struct streamd_buffer *out)
{
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        for (uint32_t i = 0; i < b->schema->field_count; i++) {
            const struct streamd_column *column = &b->columns[i];
            struct streamd_str text = {"", 0};

            must(streamd_type_is_variable(b->schema->fields[i].type.id), "sinks write texts here");
            if (!streamd_column_is_null(column, row))
                text = streamd_column_str(column, row);
            if (streamd_buffer_reserve(c, out, text.length + 1))
                return STREAMD_E_NOMEM;
            memcpy(out->data + out->length, text.data, text.length);
            out->length += text.length;
            out->data[out->length++] = i + 1 < b->schema->field_count ? ',' : '\n';
        }
    }
    return 0;
}

static int io_encode_begin(struct streamd_context *c, struct streamd_buffer *out)
{
    if (streamd_buffer_reserve(c, out, 2))
        return STREAMD_E_NOMEM;
    memcpy(out->data + out->length, "#\n", 2);
    out->length += 2;
    return 0;
}

static const char *io_encode_suffix(struct streamd_context *c)
{
    (void)c;
    return "txt";
}

static int io_buffer_reserve(struct streamd_context *c, struct streamd_buffer *buffer, size_t bytes)
{
    size_t capacity = 2 * (buffer->length + bytes);
    uint8_t *data = streamd_realloc(c, buffer->data, capacity);

    if (!data)
        return STREAMD_E_NOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

static void io_buffer_clear(struct streamd_context *c, struct streamd_buffer *buffer)
{
    streamd_free(c, buffer->data);
    *buffer = (struct streamd_buffer){0};
}

/* ---- bind -------------------------------------------------------------------------------- */

static uint32_t bind_input_count(const struct streamd_bind *b)
{
    (void)b;
    return the_host->c->input ? 1 : 0;
}

static const struct streamd_schema *bind_input(const struct streamd_bind *b, uint32_t index)
{
    (void)b;
    must(index == 0, "there is one input");
    return the_host->c->input;
}

static uint32_t bind_input_changelog(const struct streamd_bind *b, uint32_t index)
{
    (void)b;
    (void)index;
    return the_host->changelog;
}

static const struct streamd_schema *bind_declared_schema(const struct streamd_bind *b)
{
    (void)b;
    return NULL;
}

static void *bind_alloc(struct streamd_bind *b, size_t bytes)
{
    void *block = calloc(1, bytes);

    (void)b;
    must(block && the_host->block_count < BOUND_BLOCKS, "bind_alloc");
    the_host->blocks[the_host->block_count++] = block;
    return block;
}

static int bind_output(struct streamd_bind *b, const struct streamd_schema *schema,
                       uint32_t changelog, const struct streamd_strings *key)
{
    (void)b;
    (void)changelog;
    (void)key;
    the_host->c->output = schema;
    return 0;
}

static int bind_number(struct streamd_bind *b, uint32_t number)
{
    (void)b;
    (void)number;
    return 0;
}

static int bind_word(struct streamd_bind *b)
{
    (void)b;
    return 0;
}

static int bind_output_event_time(struct streamd_bind *b)
{
    (void)b;
    the_host->has_event_time = 1;
    return 0;
}

static int bind_table(struct streamd_bind *b, const struct streamd_table_decl *decl)
{
    (void)b;
    must(harness_open_table(the_host->h, decl) != NULL, "a table");
    return (int)the_host->h->table_count - 1;
}

static int bind_outbox(struct streamd_bind *b)
{
    (void)b;
    the_host->outbox_rows = harness_open_table(the_host->h, plan_outbox_table());
    must(the_host->outbox_rows != NULL, "a table");
    return 0;
}

static void bind_set_private(struct streamd_bind *b, void *bound)
{
    (void)b;
    the_host->c->bound = bound;
}

static void bind_error(struct streamd_bind *b, const char *option, int code, const char *message,
                       const char *help)
{
    (void)b;
    (void)help;
    snprintf(the_host->message, sizeof(the_host->message), "SD%d at '%s': %s", code, option,
             message);
}

static const struct streamd_bind_ops bind_ops = {
    .size = sizeof(bind_ops),
    .input_count = bind_input_count,
    .input = bind_input,
    .input_changelog = bind_input_changelog,
    .declared_schema = bind_declared_schema,
    .alloc = bind_alloc,
    .output = bind_output,
    .reads = bind_number,
    .accepts = bind_number,
    .partitioning = bind_number,
    .delivery = bind_number,
    .table = bind_table,
    .set_private = bind_set_private,
    .error = bind_error,
    .max_open_splits = bind_number,
    .unbounded = bind_word,
    .output_event_time = bind_output_event_time,
    .needs_format = bind_word,
    .outbox = bind_outbox,
};

/* ---- outbox ------------------------------------------------------------------------------ */

static int io_outbox_append(struct streamd_context *c, const void *data, size_t length)
{
    (void)c;
    return outbox_add(the_host->outbox, data, length);
}

static int io_outbox_append_batch(struct streamd_context *c, const struct streamd_batch *batch)
{
    (void)c;
    return outbox_add_batch(the_host->outbox, batch);
}

static int io_outbox_seal(struct streamd_context *c, uint64_t checkpoint)
{
    (void)c;
    return outbox_seal(the_host->outbox, checkpoint);
}

static int io_outbox_list(struct streamd_context *c, uint64_t up_to, uint32_t index,
                          struct streamd_outbox_segment *segment)
{
    (void)c;
    return outbox_list(the_host->outbox, up_to, index, segment);
}

static int io_outbox_read(struct streamd_context *c, const struct streamd_outbox_segment *segment,
                          uint64_t *position, struct streamd_outbox_record *record)
{
    (void)c;
    return outbox_read(the_host->outbox, segment, position, record);
}

static int io_outbox_erase(struct streamd_context *c, uint64_t up_to)
{
    (void)c;
    return outbox_erase(the_host->outbox, up_to);
}

static void set_outbox_services(struct streamd_host *services)
{
    services->outbox_append = io_outbox_append;
    services->outbox_append_batch = io_outbox_append_batch;
    services->outbox_seal = io_outbox_seal;
    services->outbox_list = io_outbox_list;
    services->outbox_read = io_outbox_read;
    services->outbox_erase = io_outbox_erase;
}

static int open_outbox(struct io_host *io)
{
    struct outbox_site site = {.context = io->c,
                               .table = io->outbox_rows,
                               .pool = io->h->pool,
                               .ops = file_system(),
                               .folder = "outbox"};
    struct streamd_error error = {0};

    if (!io->outbox_rows || !io->c->durable)
        return 0;
    if (outbox_new(&site, &io->outbox, &error))
        (void)io_fail(io->c, error.cls, error.diagnostic, error.message);
    return error.code;
}

/* ---- options ----------------------------------------------------------------------------- */

/* The option of a dotted path; *base becomes the struct that holds its member. */
static const struct streamd_option *find_option(struct io_host *io, const char *path, char **base)
{
    const struct streamd_option *o = io->plugin->options;

    *base = io->options;
    for (;;) {
        size_t length = strcspn(path, ".");

        while (o->name && (strlen(o->name) != length || memcmp(o->name, path, length) != 0))
            o++;
        must(o->name != NULL, path);
        if (o->present_offset)
            (*base)[o->present_offset] = 1;
        if (path[length] == '\0')
            return o;
        *base += o->offset;
        o = o->children;
        path += length + 1;
    }
}

void io_set_text(struct io_host *io, const char *path, const char *value)
{
    char *base;
    const struct streamd_option *o = find_option(io, path, &base);

    memcpy(base + o->offset, &value, sizeof(value));
}

void io_set_number(struct io_host *io, const char *path, int64_t value)
{
    char *base;
    const struct streamd_option *o = find_option(io, path, &base);

    if (o->type == STREAMD_OPTION_BOOL)
        base[o->offset] = value != 0;
    else
        memcpy(base + o->offset, &value, sizeof(value));
}

void *io_options(struct io_host *io)
{
    return io->options;
}

void io_batch_rows(struct io_host *io, uint32_t rows)
{
    io->c->batch_rows = rows;
}

void io_input(struct io_host *io, const char *schema, uint32_t changelog)
{
    io->c->input = harness_schema(io->h, schema);
    io->changelog = changelog;
}

/* ---- life -------------------------------------------------------------------------------- */

struct io_host *io_new(const char *plugin)
{
    struct io_host *io = calloc(1, sizeof(*io));

    must(io != NULL && the_host == NULL, "one host at a time");
    the_host = io;
    io->h = harness_bare_new(&(struct harness_spec){.now = 1000000000});
    io->c = harness_context(io->h);
    io->services = *io->c->host;
    io->services.log = io_log;
    io->services.fail = io_fail;
    io->services.block_on = io_block_on;
    io->services.wake_at = io_wake_at;
    io->services.split_add = io_split_add;
    io->services.feed = io_feed;
    io->services.split_emit = io_emit;
    io->services.encode = io_encode;
    io->services.encode_begin = io_encode_begin;
    io->services.encode_suffix = io_encode_suffix;
    io->services.buffer_reserve = io_buffer_reserve;
    io->services.buffer_clear = io_buffer_clear;
    set_outbox_services(&io->services);
    io->c->host = &io->services;
    io->plugin = harness_plugin(plugin);
    must(io->plugin != NULL, plugin);
    io->options = calloc(1, io->plugin->options_size + 1);
    io->c->options = io->options;
    io->bind.ops = &bind_ops;
    io->until = INT64_MAX;
    return io;
}

static void close_plugin(struct io_host *io)
{
    if (io->opened && io->plugin->kind == STREAMD_SOURCE && source(io)->close)
        source(io)->close(io->c, io->self);
    if (io->opened && io->plugin->kind == STREAMD_SINK && sink(io)->close)
        sink(io)->close(io->c, io->self);
    outbox_free(io->outbox);
    io->outbox = NULL;
    io->opened = 0;
    io->self = NULL;
}

void io_free(struct io_host *io)
{
    close_plugin(io);
    harness_bare_free(io->h);
    for (size_t i = 0; i < io->block_count; i++)
        free(io->blocks[i]);
    text_clear(&io->splits);
    text_clear(&io->lines);
    text_clear(&io->taken);
    text_clear(&io->rows);
    free(io->options);
    free(io);
    the_host = NULL;
}

int io_bind(struct io_host *io)
{
    if (io->plugin->kind == STREAMD_SOURCE)
        return source(io)->bind(&io->bind, io->options);
    return sink(io)->bind(&io->bind, io->options);
}

int io_open(struct io_host *io)
{
    int rc = open_outbox(io);

    if (!rc && io->plugin->kind == STREAMD_SOURCE && source(io)->open)
        rc = source(io)->open(io->c, &io->self);
    if (!rc && io->plugin->kind == STREAMD_SINK && sink(io)->open)
        rc = sink(io)->open(io->c, &io->self);
    io->opened = rc == 0;
    return rc;
}

int io_reopen(struct io_host *io)
{
    close_plugin(io);
    return io_open(io);
}

const char *io_message(const struct io_host *io)
{
    return io->message;
}

enum streamd_class io_class(const struct io_host *io)
{
    return io->class;
}

void io_forget(struct io_host *io)
{
    io->message[0] = '\0';
    io->until = INT64_MAX;
}

void io_clock(struct io_host *io, int64_t now)
{
    io->h->clock = now;
}

int64_t io_until(const struct io_host *io)
{
    return io->until;
}

uint64_t io_counter(const struct io_host *io, const char *name)
{
    return harness_counter(io->h, name);
}

struct harness *io_harness(struct io_host *io)
{
    return io->h;
}

/* ---- sources ------------------------------------------------------------------------------ */

const char *io_list(struct io_host *io)
{
    return source(io)->list(io->c, io->self) ? NULL : text_get(&io->splits);
}

struct io_split *io_open_split(struct io_host *io, const char *id, const char *position)
{
    struct io_split *s = calloc(1, sizeof(*s));

    must(s != NULL, "memory");
    snprintf(s->id, sizeof(s->id), "%s", id);
    if (source(io)->open_split(io->c, io->self, id, position, NULL, &s->self) == 0)
        return s;
    free(s);
    return NULL;
}

void io_close_split(struct io_host *io, struct io_split *s)
{
    source(io)->close_split(io->c, io->self, s->self);
    free(s);
}

void io_room(struct io_host *io, uint32_t lines)
{
    io->room = lines;
}

enum streamd_flow io_next(struct io_host *io, struct io_split *s)
{
    return source(io)->next(io->c, io->self, s->self);
}

enum streamd_flow io_run(struct io_host *io, struct io_split *s)
{
    enum streamd_flow flow;

    do
        flow = io_next(io, s);
    while (flow == STREAMD_OK || flow == STREAMD_HAS_MORE);
    return flow;
}

static const char *take(struct io_host *io, struct text *from)
{
    struct text empty = {0};

    text_clear(&io->taken);
    io->taken = *from;
    *from = empty;
    return text_get(&io->taken);
}

const char *io_lines(struct io_host *io)
{
    return take(io, &io->lines);
}

const char *io_rows(struct io_host *io)
{
    return take(io, &io->rows);
}

const char *io_position(struct io_host *io, struct io_split *s)
{
    must(source(io)->position(io->c, io->self, s->self, io->position) == 0, "a position");
    return io->position;
}

/* ---- sinks -------------------------------------------------------------------------------- */

/* Until it is neither blocked nor unfinished; the clock goes to where it wants to go on. */
static enum streamd_flow to_end(struct io_host *io, enum streamd_flow flow)
{
    while (flow == STREAMD_BLOCKED || flow == STREAMD_HAS_MORE) {
        if (io->until != INT64_MAX && io->until > io->h->clock)
            io->h->clock = io->until;
        flow = sink(io)->resume(io->c, io->self);
    }
    return flow;
}

enum streamd_flow io_send(struct io_host *io, const char *rows)
{
    struct streamd_batch *batch = harness_batch(io->h, io->c->input, rows);
    enum streamd_flow flow = to_end(io, sink(io)->batch(io->c, io->self, 0, batch));

    streamd_batch_release(io->c, batch);
    return flow;
}

enum streamd_flow io_timer(struct io_host *io)
{
    return to_end(io, sink(io)->timer(io->c, io->self, -1, io->h->clock));
}

enum streamd_flow io_prepare(struct io_host *io, uint64_t id)
{
    return to_end(io, sink(io)->prepare(io->c, io->self, id));
}

enum streamd_flow io_commit(struct io_host *io, uint64_t id)
{
    return to_end(io, sink(io)->commit(io->c, io->self, id));
}

/* ---- a place and a time for the test -------------------------------------------------------- */

static char folder[64];

int io_folder_begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/streamd-io.XXXXXX");
    assert_non_null(mkdtemp(folder));
    return chdir(folder);
}

int io_folder_end(void **state)
{
    char command[128];

    (void)state;
    assert_int_equal(chdir("/"), 0);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

const char *io_shell(const char *command)
{
    static char output[4096];
    FILE *f = popen(command, "r");
    size_t n;

    assert_non_null(f);
    n = fread(output, 1, sizeof(output) - 1, f);
    output[n] = '\0';
    assert_int_equal(pclose(f), 0);
    return output;
}

void io_set_attempt(struct io_host *io, const char *attempt, uint64_t checkpoint)
{
    io->c->durable = 1;
    io->c->lineage = IO_LINEAGE;
    io->c->node = "out";
    io->c->attempt = attempt;
    io->c->checkpoint = checkpoint;
}

void io_set_parent(struct io_host *io, const char *lineage, uint64_t checkpoint)
{
    io->c->parent_lineage = lineage;
    io->c->parent_checkpoint = checkpoint;
}
