/*
 * The operator `select`: makes the fields of its output, by expressions (`fields`), by passing
 * fields of the input on (`keep`, `drop`), or both.
 *
 * bind decides for each output field where it comes from; per batch, the host evaluates the
 * projection and the rest is a copy of column structs: no value that is passed on moves.
 */
#include <streamd/operator.h>

#include <stdio.h>
#include <string.h>

enum { KEEP_NONE = 0, KEEP_ALL = 1 };

struct select_options {
    const struct streamd_projection *fields;
    int64_t keep;
    uint8_t keep_given;
    struct streamd_strings drop;
};

static const char *const keep_choices[] = {"none", "all", NULL};

static const struct streamd_option options_table[] = {
    {.name = "fields",
     .type = STREAMD_OPTION_PROJECTION,
     .offset = offsetof(struct select_options, fields),
     .doc = "Fields to make, each a name and an expression over the fields of the input; one with "
            "the name of a kept field takes its place"},
    {.name = "keep",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct select_options, keep),
     .present_offset = offsetof(struct select_options, keep_given),
     .choices = keep_choices,
     .doc =
         "Which fields of the input are passed on before those of `fields`: none, or all; unset, "
         "none where there are `fields` and no `drop`, else all"},
    {.name = "drop",
     .type = STREAMD_OPTION_FIELDS,
     .offset = offsetof(struct select_options, drop),
     .doc = "Fields of the input that are not passed on"},
    {.name = NULL},
};

/* Where an output field comes from: an item of the projection, or a field of the input. */
struct origin {
    uint8_t computed;
    uint32_t index;
};

struct select_bound {
    const struct streamd_projection *fields; /* NULL: none */
    struct streamd_schema schema;
    struct streamd_field *schema_fields; /* what schema.fields points to */
    struct origin *origins;              /* schema.field_count */
    int plain;                           /* the output is the projection, whole and in order */
};

/* ---- bind -------------------------------------------------------------------------------- */

static int contains(const struct streamd_strings *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], name) == 0)
            return 1;
    }
    return 0;
}

static int keeps_all(const struct select_options *o)
{
    if (o->keep_given)
        return o->keep == KEEP_ALL;
    return !o->fields || o->drop.count > 0;
}

/* The output field of that name, or the number of fields. */
static uint32_t find(const struct select_bound *s, const char *name)
{
    uint32_t i = 0;

    while (i < s->schema.field_count && strcmp(s->schema_fields[i].name, name) != 0)
        i++;
    return i;
}

static void set_field(struct select_bound *s, uint32_t at, const struct streamd_field *field,
                      struct origin origin)
{
    s->schema_fields[at] = *field;
    s->origins[at] = origin;
    if (at == s->schema.field_count)
        s->schema.field_count++;
}

static struct select_bound *make_fields(struct streamd_bind *b, const struct select_options *o,
                                        const struct streamd_schema *in)
{
    uint32_t computed = o->fields ? o->fields->schema.field_count : 0;
    size_t room = (size_t)in->field_count + computed + 1;
    struct select_bound *s = streamd_bind_alloc(b, sizeof(*s));

    if (!s)
        return NULL;
    s->fields = o->fields;
    s->schema_fields = streamd_bind_alloc(b, room * sizeof(*s->schema_fields));
    s->origins = streamd_bind_alloc(b, room * sizeof(*s->origins));
    if (!s->schema_fields || !s->origins)
        return NULL;
    s->schema.fields = s->schema_fields;
    for (uint32_t i = 0; i < in->field_count && keeps_all(o); i++) {
        if (!contains(&o->drop, in->fields[i].name))
            set_field(s, s->schema.field_count, &in->fields[i], (struct origin){0, i});
    }
    s->plain = s->schema.field_count == 0;
    for (uint32_t i = 0; i < computed; i++) {
        const struct streamd_field *field = &o->fields->schema.fields[i];

        set_field(s, find(s, field->name), field, (struct origin){1, i});
    }
    return s;
}

/* The input field that an output field is, unchanged, or -1. */
static int64_t passed_field(const struct select_bound *s, uint32_t i)
{
    if (!s->origins[i].computed)
        return s->origins[i].index;
    return s->fields->items[s->origins[i].index]->column;
}

/* The names that the key of an upsert input has in the output; NULL after a diagnostic, or without
   memory. */
static const struct streamd_strings *output_key(struct streamd_bind *b,
                                                const struct select_bound *s,
                                                const struct streamd_schema *in,
                                                const struct streamd_strings *key)
{
    struct streamd_strings *out = streamd_bind_alloc(b, sizeof(*out));
    const char **items = streamd_bind_alloc(b, (key->count + 1) * sizeof(*items));
    char message[256];

    if (!out || !items)
        return NULL;
    out->items = items;
    for (uint32_t k = 0; k < key->count; k++) {
        for (uint32_t i = 0; i < s->schema.field_count && out->count == k; i++) {
            int64_t from = passed_field(s, i);

            if (from >= 0 && strcmp(in->fields[from].name, key->items[k]) == 0)
                items[out->count++] = s->schema_fields[i].name;
        }
        if (out->count == k) {
            snprintf(message, sizeof(message),
                     "the output lacks field '%s', which is part of the key of the input's updates",
                     key->items[k]);
            streamd_bind_error(b, "", 2133, message,
                               "pass the field on, or let the window before it use `emit: final`");
            return NULL;
        }
    }
    return out;
}

static int check_options(struct streamd_bind *b, const struct select_options *o)
{
    if (o->keep_given && o->keep == KEEP_NONE && o->drop.count > 0) {
        streamd_bind_error(b, "drop", 2134, "`keep: none` leaves nothing to drop",
                           "remove one of the two");
        return STREAMD_E_REPORTED;
    }
    return 0;
}

static int declare(struct streamd_bind *b, const struct select_bound *s)
{
    const struct streamd_schema *in = streamd_bind_input(b, 0);
    uint32_t changelog = streamd_bind_input_changelog(b, 0);
    const struct streamd_strings *key = NULL;
    int rc;

    if (changelog == STREAMD_UPSERT) {
        key = output_key(b, s, in, streamd_bind_input_key(b, 0));
        if (!key)
            return STREAMD_E_REPORTED;
    }
    rc = streamd_bind_output(b, s->plain ? &s->fields->schema : &s->schema, changelog, key);
    if (!rc)
        rc = streamd_bind_reads(b, STREAMD_NO_FIELD);
    for (uint32_t i = 0; !rc && i < s->schema.field_count; i++) {
        int64_t from = passed_field(s, i);

        if (from >= 0)
            rc = streamd_bind_output_from_input(b, i, (uint32_t)from);
    }
    return rc;
}

static int select_bind(struct streamd_bind *b, const void *options)
{
    struct select_bound *s;
    int rc = check_options(b, options);

    if (rc)
        return rc;
    s = make_fields(b, options, streamd_bind_input(b, 0));
    if (!s)
        return STREAMD_E_NOMEM;
    if (s->schema.field_count == 0) {
        streamd_bind_error(b, "", 2135, "no field is left in the output",
                           "name fields to make under `fields:`, or drop fewer");
        return STREAMD_E_REPORTED;
    }
    streamd_bind_set_private(b, s);
    rc = streamd_bind_accepts(b, STREAMD_APPEND | STREAMD_UPSERT | STREAMD_RETRACT);
    return rc ? rc : declare(b, s);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* A batch of the output's schema over the input's rows; `made` has the computed columns, or is
 * NULL.
 */
static struct streamd_batch *assemble(struct streamd_context *c, const struct select_bound *s,
                                      struct streamd_batch *batch, struct streamd_batch *made)
{
    struct streamd_batch *out = streamd_batch_derive(c, made ? made : batch, &s->schema);

    for (uint32_t i = 0; out && i < s->schema.field_count; i++) {
        const struct origin *from = &s->origins[i];

        out->columns[i] = from->computed ? made->columns[from->index] : batch->columns[from->index];
    }
    return out;
}

static enum streamd_flow select_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    const struct select_bound *s = c->bound;
    struct streamd_batch *made = NULL, *out;

    (void)self;
    (void)input;
    if (s->fields) {
        made = streamd_project(c, s->fields, batch);
        if (!made)
            return STREAMD_FAILED;
    }
    if (s->plain) {
        out = made;
    } else {
        out = assemble(c, s, batch, made);
        streamd_batch_release(c, made);
    }
    if (!out)
        return streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a batch");
    return streamd_emit(c, 0, out) < 0 ? STREAMD_FAILED : STREAMD_OK;
}

static const struct streamd_operator select_operator = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "select"),
                   "Makes the fields of its output from those of its input.", options_table,
                   sizeof(struct select_options)},
    .bind = select_bind,
    .batch = select_batch,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &select_operator.descriptor : NULL;
}
