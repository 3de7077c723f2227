/*
 * The operator `unnest`: one row per element of a JSON array. The element stands where the array
 * stood; all other fields are repeated.
 *
 * An output batch is made in two steps. First the elements that go into it are found, each with the
 * row it comes from (`picks`), until the batch is full by rows or by bytes; then every column is
 * filled in one loop. A batch that gives more than the output takes is gone on with in resume, from
 * the row and the place in its array that were reached.
 */
#include "elements.h"

#include <streamd/operator.h>

#include <stdio.h>
#include <string.h>

/* Bytes of variable length in one output batch, but for a single row that has more. */
enum { OUTPUT_BYTES = 1 << 20 };

struct unnest_options {
    const char *field;
    const char *as;
};

static const struct streamd_option options_table[] = {
    {.name = "field",
     .type = STREAMD_OPTION_FIELD,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct unnest_options, field),
     .doc = "Field of type json that holds an array; NULL and an empty array give no row, another "
            "value is a row error"},
    {.name = "as",
     .type = STREAMD_OPTION_STRING,
     .offset = offsetof(struct unnest_options, as),
     .doc = "Name of the element's field, of type json, which takes the array's place; unset, the "
            "array's name"},
    {.name = NULL},
};

struct unnest_bound {
    uint32_t field;
    struct streamd_schema schema;
};

/* One output row to be. */
struct pick {
    uint32_t row; /* of the input batch */
    struct streamd_str element;
};

struct unnest {
    struct streamd_context *c;
    const struct unnest_bound *bound;
    struct streamd_batch *batch; /* at hand; kept alive by the host */
    uint32_t next;               /* of its selected rows */
    size_t at;                   /* in that row's array; 0: not begun */
    struct pick *picks;          /* c->batch_rows */
};

/* ---- bind -------------------------------------------------------------------------------- */

static int check_field(struct streamd_bind *b, const struct streamd_schema *in, uint32_t field,
                       const char *as)
{
    char message[256];

    if (in->fields[field].type.id != STREAMD_JSON) {
        snprintf(message, sizeof(message), "field '%s' is not of type json",
                 in->fields[field].name);
        streamd_bind_error(b, "field", 2136, message,
                           "declare it as `json` in the source's schema");
        return STREAMD_E_REPORTED;
    }
    for (uint32_t i = 0; i < in->field_count; i++) {
        if (i != field && strcmp(in->fields[i].name, as) == 0) {
            snprintf(message, sizeof(message), "the input has a field '%s' already", as);
            streamd_bind_error(b, "as", 2137, message, "choose another name");
            return STREAMD_E_REPORTED;
        }
    }
    return 0;
}

static int declare(struct streamd_bind *b, const struct unnest_bound *u)
{
    int rc = streamd_bind_accepts(b, STREAMD_APPEND | STREAMD_RETRACT);

    if (!rc)
        rc = streamd_bind_output(b, &u->schema, streamd_bind_input_changelog(b, 0), NULL);
    if (!rc)
        rc = streamd_bind_reads(b, u->field);
    for (uint32_t i = 0; !rc && i < u->schema.field_count; i++) {
        if (i != u->field)
            rc = streamd_bind_output_from_input(b, i, i);
    }
    return rc;
}

static int unnest_bind(struct streamd_bind *b, const void *options)
{
    const struct unnest_options *o = options;
    const struct streamd_schema *in = streamd_bind_input(b, 0);
    struct unnest_bound *u = streamd_bind_alloc(b, sizeof(*u));
    struct streamd_field *fields = streamd_bind_alloc(b, in->field_count * sizeof(*fields));
    const char *as = o->as && *o->as ? o->as : o->field;
    int rc;

    if (!u || !fields)
        return STREAMD_E_NOMEM;
    while (u->field < in->field_count && strcmp(in->fields[u->field].name, o->field) != 0)
        u->field++;
    if (u->field == in->field_count)
        return STREAMD_E_REPORTED;
    rc = check_field(b, in, u->field, as);
    if (rc)
        return rc;
    memcpy(fields, in->fields, in->field_count * sizeof(*fields));
    fields[u->field].name = as;
    fields[u->field].type.nullable = 0;
    u->schema.field_count = in->field_count;
    u->schema.fields = fields;
    streamd_bind_set_private(b, u);
    return declare(b, u);
}

/* ---- finding elements -------------------------------------------------------------------- */

/* Bytes of variable length that every output row made from this row repeats. */
static size_t repeated_bytes(const struct unnest *u, uint32_t row)
{
    const struct streamd_schema *s = u->batch->schema;
    size_t bytes = 0;

    for (uint32_t i = 0; i < s->field_count; i++) {
        const struct streamd_column *col = &u->batch->columns[i];

        if (i != u->bound->field && streamd_type_is_variable(s->fields[i].type.id) && col->offsets)
            bytes += (size_t)(col->offsets[row + 1] - col->offsets[row]);
    }
    return bytes;
}

/* Whether a row has an array to take elements from. 1, 0 (no element, or rejected), negative. */
static int begin_row(struct unnest *u, uint32_t row)
{
    const struct streamd_column *col = &u->batch->columns[u->bound->field];
    char message[160];

    if (streamd_column_is_null(col, row))
        return 0;
    switch (elements_check(streamd_column_str(col, row))) {
    case ELEMENTS_ARRAY:
        return 1;
    case ELEMENTS_OTHER:
        snprintf(message, sizeof(message), "field '%.100s' is not a JSON array",
                 u->batch->schema->fields[u->bound->field].name);
        return streamd_reject(u->c, u->batch, row, STREAMD_ROW_TYPE, message);
    default:
        snprintf(message, sizeof(message), "field '%.100s' is not valid JSON",
                 u->batch->schema->fields[u->bound->field].name);
        return streamd_reject(u->c, u->batch, row, STREAMD_ROW_SYNTAX, message);
    }
}

/* Fills `picks`. The number of them, or negative. */
static int64_t collect(struct unnest *u)
{
    const struct streamd_column *col = &u->batch->columns[u->bound->field];
    size_t bytes = 0;
    uint32_t n = 0;

    while (u->next < u->batch->count) {
        uint32_t row = streamd_batch_row(u->batch, u->next);
        int begun = u->at > 0 ? 1 : begin_row(u, row);
        size_t repeated = begun > 0 ? repeated_bytes(u, row) : 0;
        struct streamd_str text = {NULL, 0};

        if (begun < 0)
            return -1;
        if (begun > 0)
            text = streamd_column_str(col, row);
        while (begun > 0 && elements_next(text, &u->at, &u->picks[n].element)) {
            u->picks[n].row = row;
            bytes += repeated + u->picks[n].element.length;
            if (++n == u->c->batch_rows || bytes >= OUTPUT_BYTES)
                return n;
        }
        u->next++;
        u->at = 0;
    }
    return n;
}

/* ---- filling columns --------------------------------------------------------------------- */

static void repeat_fixed(const struct pick *picks, uint32_t n, size_t width, const void *from,
                         void *to)
{
    switch (width) {
    case 1:
        for (uint32_t k = 0; k < n; k++)
            ((uint8_t *)to)[k] = ((const uint8_t *)from)[picks[k].row];
        break;
    case 4:
        for (uint32_t k = 0; k < n; k++)
            ((uint32_t *)to)[k] = ((const uint32_t *)from)[picks[k].row];
        break;
    case 8:
        for (uint32_t k = 0; k < n; k++)
            ((uint64_t *)to)[k] = ((const uint64_t *)from)[picks[k].row];
        break;
    default:
        for (uint32_t k = 0; k < n; k++)
            memcpy((char *)to + k * width, (const char *)from + picks[k].row * width, width);
        break;
    }
}

/* Appends text number k of n to a column that has room. */
static void put_text(struct streamd_column *to, uint32_t k, struct streamd_str text)
{
    if (text.length > 0)
        memcpy(to->data + to->offsets[k], text.data, text.length);
    to->offsets[k + 1] = to->offsets[k] + (int32_t)text.length;
}

static int repeat_texts(struct unnest *u, struct streamd_batch *out, uint32_t i, uint32_t n)
{
    const struct streamd_column *from = &u->batch->columns[i];
    size_t bytes = 0;

    for (uint32_t k = 0; k < n; k++)
        bytes += streamd_column_str(from, u->picks[k].row).length;
    if (streamd_batch_reserve(u->c, out, i, bytes))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < n; k++)
        put_text(&out->columns[i], k, streamd_column_str(from, u->picks[k].row));
    return 0;
}

static int put_elements(struct unnest *u, struct streamd_batch *out, uint32_t i, uint32_t n)
{
    size_t bytes = 0;

    for (uint32_t k = 0; k < n; k++)
        bytes += u->picks[k].element.length;
    if (streamd_batch_reserve(u->c, out, i, bytes))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < n; k++)
        put_text(&out->columns[i], k, u->picks[k].element);
    return 0;
}

/* A column that nobody reads may have no values, in and out. */
static int repeat_column(struct unnest *u, struct streamd_batch *out, uint32_t i, uint32_t n)
{
    const struct streamd_column *from = &u->batch->columns[i];
    uint8_t type = out->schema->fields[i].type.id;
    int rc = 0;

    if (streamd_type_is_variable(type)) {
        if (!from->offsets)
            return 0;
        rc = repeat_texts(u, out, i, n);
    } else if (from->values) {
        repeat_fixed(u->picks, n, streamd_type_width(type), from->values, out->columns[i].values);
    }
    for (uint32_t k = 0; !rc && from->validity && k < n; k++) {
        if (streamd_column_is_null(from, u->picks[k].row))
            rc = streamd_batch_set_null(u->c, out, i, k);
    }
    return rc;
}

/* Each element of an updated array stands alone: the arrays before and after may differ in length.
 */
static int repeat_kinds(struct unnest *u, struct streamd_batch *out, uint32_t n)
{
    const uint8_t *from = u->batch->row_kind;

    if (!from)
        return 0;
    out->row_kind = streamd_batch_alloc(u->c, out, n);
    if (!out->row_kind)
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < n; k++) {
        uint8_t kind = from[u->picks[k].row];
        int gone = kind == STREAMD_DELETE || kind == STREAMD_UPDATE_BEFORE;

        out->row_kind[k] = gone ? STREAMD_DELETE : STREAMD_INSERT;
    }
    return 0;
}

static struct streamd_batch *build(struct unnest *u, uint32_t n)
{
    struct streamd_batch *out = streamd_batch_new(u->c, &u->bound->schema, n);
    int rc;

    if (!out)
        return NULL;
    rc = repeat_kinds(u, out, n);
    for (uint32_t i = 0; !rc && i < out->schema->field_count; i++)
        rc = i == u->bound->field ? put_elements(u, out, i, n) : repeat_column(u, out, i, n);
    if (rc) {
        streamd_batch_release(u->c, out);
        return NULL;
    }
    if (u->batch->event_time)
        repeat_fixed(u->picks, n, 8, u->batch->event_time, out->event_time);
    else
        out->event_time = NULL;
    out->min_time = u->batch->min_time;
    out->max_time = u->batch->max_time;
    out->rows = n;
    out->count = n;
    return out;
}

/* ---- events ------------------------------------------------------------------------------ */

static int unnest_open(struct streamd_context *c, void **self)
{
    struct unnest *u = streamd_alloc(c, sizeof(*u));

    if (u) {
        *u = (struct unnest){.c = c, .bound = c->bound};
        u->picks = streamd_alloc(c, c->batch_rows * sizeof(*u->picks));
    }
    *self = u;
    if (u && u->picks)
        return 0;
    (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to begin");
    return STREAMD_E_NOMEM;
}

static enum streamd_flow unnest_resume(struct streamd_context *c, void *self)
{
    struct unnest *u = self;

    for (;;) {
        int64_t n = collect(u);
        struct streamd_batch *out;
        int room;

        if (n < 0)
            return STREAMD_FAILED;
        if (n == 0)
            return STREAMD_OK;
        out = build(u, (uint32_t)n);
        if (!out)
            return streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a batch");
        room = streamd_emit(c, 0, out);
        if (room < 0)
            return STREAMD_FAILED;
        if (room == 0)
            return u->next < u->batch->count ? STREAMD_HAS_MORE : STREAMD_OK;
    }
}

static enum streamd_flow unnest_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    struct unnest *u = self;

    (void)input;
    u->batch = batch;
    u->next = 0;
    u->at = 0;
    return unnest_resume(c, u);
}

static void unnest_close(struct streamd_context *c, void *self)
{
    struct unnest *u = self;

    if (u)
        streamd_free(c, u->picks);
    streamd_free(c, u);
}

static const struct streamd_operator unnest = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "unnest"),
                   "Makes one row per element of a JSON array.", options_table,
                   sizeof(struct unnest_options)},
    .bind = unnest_bind,
    .open = unnest_open,
    .batch = unnest_batch,
    .resume = unnest_resume,
    .close = unnest_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &unnest.descriptor : NULL;
}
