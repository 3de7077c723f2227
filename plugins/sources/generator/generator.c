/*
 * The source `generator`: rows made from a seed. Every value is a function of the field's seed and
 * the row's number, so that neither batches nor splits change what the rows are.
 */
#include "fill.h"
#include "options.h"
#include "spec.h"

#include <streamd/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIAGNOSTIC_FIELD = 2151,
    DIAGNOSTIC_POSITION = 5214,
    NAP_US = 1000,          /* a rate is kept by naps of at least this long */
    TEXT_BYTES = 256 * 1024 /* of letters in one batch, about */
};

struct generator_bound {
    struct streamd_schema schema;
    struct spec *specs;  /* schema.field_count */
    uint32_t batch_rows; /* at most, so that the texts of a batch do not grow too large */
};

struct split {
    struct streamd_split *handle;
    uint64_t first, stride; /* rows first, first + stride, ... */
    uint64_t made, total;   /* of this split; total UINT64_MAX: no end */
    int64_t started_at;     /* when `made` was `at_start`; 0: not yet */
    uint64_t at_start;
    int64_t *scratch; /* c->batch_rows */
};

/* ---- bind -------------------------------------------------------------------------------- */

static const struct field_options *find_options(const struct generator_options *o, const char *name)
{
    for (uint32_t i = 0; i < o->fields.count; i++) {
        if (strcmp(o->fields.names[i], name) == 0)
            return (const struct field_options *)((const char *)o->fields.items +
                                                  (size_t)i * o->fields.stride);
    }
    return NULL;
}

static void report(struct streamd_bind *b, const char *option, const char *name,
                   const char *message, const char *help)
{
    char path[200], text[256];

    snprintf(path, sizeof(path), "%s%.100s", option, *option ? name : "");
    snprintf(text, sizeof(text), "field '%.100s' %s", name, message);
    streamd_bind_error(b, path, DIAGNOSTIC_FIELD, text, help);
}

/* Names and, with a schema, types of the fields, in order. 0 or negative. */
static int take_fields(struct streamd_bind *b, const struct generator_options *o,
                       const struct streamd_schema *declared, struct generator_bound *g)
{
    int rc = 0;

    g->schema.field_count = declared ? declared->field_count : o->fields.count;
    g->specs = streamd_bind_alloc(b, (g->schema.field_count + 1) * sizeof(*g->specs));
    if (!g->specs)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; declared && i < o->fields.count; i++) {
        uint32_t k = 0;

        while (k < declared->field_count &&
               strcmp(declared->fields[k].name, o->fields.names[i]) != 0)
            k++;
        if (k < declared->field_count)
            continue;
        report(b, "fields.", o->fields.names[i], "is not in the node's `schema:`", NULL);
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static int bind_fields(struct streamd_bind *b, const struct generator_options *o,
                       struct generator_bound *g)
{
    const struct streamd_schema *declared = streamd_bind_declared_schema(b);
    struct streamd_field *fields;
    int result = take_fields(b, o, declared, g);

    if (result == STREAMD_E_NOMEM)
        return result;
    fields = streamd_bind_alloc(b, (g->schema.field_count + 1) * sizeof(*fields));
    if (!fields)
        return STREAMD_E_NOMEM;
    g->schema.fields = fields;
    for (uint32_t i = 0; i < g->schema.field_count; i++) {
        const char *name = declared ? declared->fields[i].name : o->fields.names[i];
        const struct field_options *field = find_options(o, name);
        int rc;

        if (!field) {
            report(b, "fields", name, "of the node's `schema:` is missing here",
                   "say how its values are made");
            result = STREAMD_E_REPORTED;
            continue;
        }
        rc = spec_bind(b, name, field, declared ? &declared->fields[i].type : NULL, o->rows,
                       o->seed, &g->specs[i]);
        if (rc)
            result = rc;
        fields[i] = (struct streamd_field){name, g->specs[i].type};
    }
    return result;
}

/* Letters may be many; other texts are as short as the user wrote them. */
static uint32_t most_rows(const struct generator_bound *g)
{
    size_t bytes = 1;

    for (uint32_t i = 0; i < g->schema.field_count; i++) {
        if (g->specs[i].kind == SPEC_LETTERS)
            bytes += (size_t)g->specs[i].letters_min + g->specs[i].letters_range;
    }
    return bytes > TEXT_BYTES ? 1 : (uint32_t)(TEXT_BYTES / bytes);
}

static int generator_bind(struct streamd_bind *b, const void *options)
{
    const struct generator_options *o = options;
    struct generator_bound *g = streamd_bind_alloc(b, sizeof(*g));
    int rc;

    if (!g)
        return STREAMD_E_NOMEM;
    if (o->fields.count == 0) {
        streamd_bind_error(b, "fields", DIAGNOSTIC_FIELD, "there are no fields",
                           "name some: {id: {type: int64, sequence: {}}}");
        return STREAMD_E_REPORTED;
    }
    rc = bind_fields(b, o, g);
    if (rc)
        return rc;
    g->batch_rows = most_rows(g);
    streamd_bind_set_private(b, g);
    rc = o->rows == 0 ? streamd_bind_unbounded(b) : 0;
    return rc ? rc : streamd_bind_output(b, &g->schema, STREAMD_APPEND, NULL);
}

/* ---- splits ------------------------------------------------------------------------------ */

static int generator_list(struct streamd_context *c, void *self)
{
    const struct generator_options *o = c->options;
    char id[24];
    int rc = 0;

    (void)self;
    for (int64_t i = 0; i < o->splits && !rc; i++) {
        snprintf(id, sizeof(id), "%" PRId64, i);
        rc = streamd_split_add(c, id, NULL);
    }
    return rc;
}

static void generator_close_split(struct streamd_context *c, void *self, void *opened)
{
    struct split *s = opened;

    (void)self;
    if (s)
        streamd_free(c, s->scratch);
    streamd_free(c, s);
}

static int generator_open_split(struct streamd_context *c, void *self, const char *id,
                                const char *position, struct streamd_split *handle, void **opened)
{
    const struct generator_options *o = c->options;
    uint64_t rows = (uint64_t)o->rows, splits = (uint64_t)o->splits;
    struct split *s = streamd_alloc(c, sizeof(*s));
    char *end = NULL;

    if (s) {
        *s = (struct split){.handle = handle, .stride = splits, .total = UINT64_MAX};
        s->scratch = streamd_alloc(c, c->batch_rows * sizeof(*s->scratch));
    }
    if (!s || !s->scratch) {
        generator_close_split(c, self, s);
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to make rows");
        return STREAMD_E_NOMEM;
    }
    s->first = strtoull(id, NULL, 10);
    if (rows > 0)
        s->total = rows / splits + (s->first < rows % splits);
    if (position)
        s->made = strtoull(position, &end, 10);
    if (position && (end == position || *end != '\0' || s->made > s->total)) {
        generator_close_split(c, self, s);
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_POSITION,
                           "the position is none of this generator's");
        return STREAMD_E_DATA;
    }
    *opened = s;
    return 0;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* How many rows may be made now by the rate; where it is 0, block_on was called. */
static uint64_t rows_due(struct streamd_context *c, struct split *s)
{
    const struct generator_options *o = c->options;
    double per_us = (double)o->rate / (double)o->splits / 1e6;
    int64_t now, next;
    double due;

    if (o->rate == 0)
        return UINT64_MAX;
    now = streamd_now(c);
    if (s->started_at == 0) {
        s->started_at = now;
        s->at_start = s->made;
    }
    due = (double)(now - s->started_at) * per_us - (double)(s->made - s->at_start);
    if (due >= 1)
        return (uint64_t)due;
    next = now + (int64_t)((1 - due) / per_us) + 1;
    streamd_block_on(c, -1, next > now + NAP_US ? next : now + NAP_US);
    return 0;
}

static struct streamd_batch *make_rows(struct streamd_context *c, struct split *s, uint32_t count)
{
    const struct generator_bound *g = c->bound;
    struct run run = {s->first + s->made * s->stride, s->stride, count};
    struct streamd_batch *batch = streamd_batch_new(c, &g->schema, count);

    for (uint32_t i = 0; batch && i < g->schema.field_count; i++) {
        if (fill_column(c, &g->specs[i], &run, batch, i, s->scratch)) {
            streamd_batch_release(c, batch);
            return NULL;
        }
    }
    if (batch)
        batch->rows = batch->count = count;
    return batch;
}

static enum streamd_flow generator_next(struct streamd_context *c, void *self, void *opened)
{
    const struct generator_bound *g = c->bound;
    struct split *s = opened;
    uint64_t count = s->total - s->made, due;
    struct streamd_batch *batch;
    int room;

    (void)self;
    if (count == 0)
        return STREAMD_FINISHED;
    due = rows_due(c, s);
    if (due == 0)
        return STREAMD_BLOCKED;
    if (count > due)
        count = due;
    if (count > c->batch_rows)
        count = c->batch_rows;
    if (count > g->batch_rows)
        count = g->batch_rows;
    batch = make_rows(c, s, (uint32_t)count);
    if (!batch)
        return streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to make rows");
    s->made += count;
    room = streamd_split_emit(c, s->handle, batch);
    if (room < 0)
        return STREAMD_FAILED;
    return room ? STREAMD_OK : STREAMD_HAS_MORE;
}

static int generator_position(struct streamd_context *c, void *self, void *opened,
                              char text[STREAMD_POSITION_BYTES])
{
    const struct split *s = opened;

    (void)c;
    (void)self;
    snprintf(text, STREAMD_POSITION_BYTES, "%" PRIu64, s->made);
    return 0;
}

static const char generator_doc[] =
    "Makes rows, the same for the same seed.\n\n"
    "A value depends on the seed, the name of its field and the number of its row alone, and so "
    "neither "
    "on the other fields nor on batches, splits and restarts. Each field says how its values are "
    "made, "
    "in one of the ways sequence, uniform, zipf, choice, probability, letters.";

static const struct streamd_source generator = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_source, STREAMD_SOURCE, "generator"),
                   generator_doc, generator_option_table, sizeof(struct generator_options)},
    .bind = generator_bind,
    .list = generator_list,
    .open_split = generator_open_split,
    .next = generator_next,
    .position = generator_position,
    .close_split = generator_close_split,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &generator.descriptor : NULL;
}
