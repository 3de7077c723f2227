/*
 * Batches to Arrow. A consumer may move a child out of its parent and release the parent first, so
 * each child holds a reference of its own to the batch, and memory of its own.
 */
#include "columnar/arrow.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* ---- schemas -------------------------------------------------------------------------------- */

/* What a schema, or a child of one, owns. */
struct schema_text {
    char format[24];
    char metadata[64];
    char name[];
};

static void release_schema(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++) {
        if (s->children[i]->release)
            s->children[i]->release(s->children[i]);
        memory_free(s->children[i]);
    }
    memory_free(s->children);
    memory_free(s->private_data);
    s->release = NULL;
}

static void write_format(struct streamd_type type, char *format, size_t size)
{
    static const char *const formats[] = {
        [STREAMD_BOOL] = "b",   [STREAMD_INT64] = "l",          [STREAMD_FLOAT64] = "g",
        [STREAMD_STRING] = "u", [STREAMD_BYTES] = "z",          [STREAMD_JSON] = "u",
        [STREAMD_DATE] = "tdD", [STREAMD_TIMESTAMP] = "tsu:UTC"};

    if (type.id == STREAMD_DECIMAL)
        snprintf(format, size, "d:%u,%u", type.precision, type.scale);
    else
        snprintf(format, size, "%s", formats[type.id]);
}

/* Metadata are counted pairs of counted texts, in the byte order of the machine. */
static void write_metadata(char *at, const char *key, const char *value)
{
    int32_t numbers[] = {1, (int32_t)strlen(key), (int32_t)strlen(value)};

    memcpy(at, numbers, 8);
    memcpy(at + 8, key, strlen(key));
    memcpy(at + 8 + strlen(key), &numbers[2], 4);
    memcpy(at + 12 + strlen(key), value, strlen(value));
}

static int export_field(const struct streamd_field *field, struct ArrowSchema *out)
{
    size_t length = strlen(field->name) + 1;
    struct schema_text *text = memory_zalloc(1, sizeof(*text) + length);

    if (!text)
        return STREAMD_E_NOMEM;
    memcpy(text->name, field->name, length);
    write_format(field->type, text->format, sizeof(text->format));
    memset(out, 0, sizeof(*out));
    out->format = text->format;
    out->name = text->name;
    out->flags = field->type.nullable ? ARROW_FLAG_NULLABLE : 0;
    if (field->type.id == STREAMD_JSON) {
        write_metadata(text->metadata, "ARROW:extension:name", "arrow.json");
        out->metadata = text->metadata;
    }
    out->private_data = text;
    out->release = release_schema;
    return 0;
}

int arrow_export_schema(const struct streamd_schema *schema, struct ArrowSchema *out)
{
    memset(out, 0, sizeof(*out));
    out->format = "+s";
    out->name = "";
    out->release = release_schema;
    out->children = memory_zalloc(schema->field_count, sizeof(*out->children));
    for (uint32_t i = 0; out->children && i < schema->field_count; i++) {
        struct ArrowSchema *child = memory_zalloc(1, sizeof(*child));

        if (!child || export_field(&schema->fields[i], child)) {
            memory_free(child);
            break;
        }
        out->children[out->n_children++] = child;
    }
    if (out->children && out->n_children == schema->field_count)
        return 0;
    release_schema(out);
    return STREAMD_E_NOMEM;
}

/* ---- batches -------------------------------------------------------------------------------- */

/* What an array, or a child of one, owns. */
struct array_parts {
    struct streamd_batch *batch; /* a reference */
    const void *buffers[3];
};

static void release_array(struct ArrowArray *a)
{
    struct array_parts *parts = a->private_data;

    for (int64_t i = 0; i < a->n_children; i++) {
        if (a->children[i]->release)
            a->children[i]->release(a->children[i]);
        memory_free(a->children[i]);
    }
    memory_free(a->children);
    batch_release(parts->batch);
    memory_free(parts);
    a->release = NULL;
}

static int begin_array(struct streamd_batch *b, int64_t buffers, struct ArrowArray *out)
{
    struct array_parts *parts = memory_zalloc(1, sizeof(*parts));

    memset(out, 0, sizeof(*out));
    if (!parts)
        return STREAMD_E_NOMEM;
    parts->batch = batch_retain(b);
    out->length = b->rows;
    out->n_buffers = buffers;
    out->buffers = parts->buffers;
    out->private_data = parts;
    out->release = release_array;
    return 0;
}

static uint8_t *pack_bools(struct streamd_batch *b, const uint8_t *values)
{
    size_t bytes = ((size_t)b->rows + 7) / 8;
    uint8_t *bits = batch_alloc(b, bytes + 1);

    if (!bits)
        return NULL;
    memset(bits, 0, bytes);
    for (uint32_t row = 0; row < b->rows; row++)
        bits[row >> 3] |= (uint8_t)((values[row] != 0) << (row & 7u));
    return bits;
}

/* A column that is not there: no value is valid, and all bytes of values are zero. */
static int add_missing(struct streamd_batch *b, size_t width, const void **buffers)
{
    size_t room = width ? width : sizeof(int32_t);
    void *zero = batch_alloc(b, ((size_t)b->rows + 1) * room);

    if (!zero)
        return STREAMD_E_NOMEM;
    memset(zero, 0, ((size_t)b->rows + 1) * room);
    buffers[0] = buffers[1] = buffers[2] = zero;
    return 0;
}

static int export_column(struct streamd_batch *b, uint32_t column, struct ArrowArray *out)
{
    const struct streamd_column *c = &b->columns[column];
    uint8_t type = b->schema->fields[column].type.id;
    size_t width = streamd_type_width(type);
    const void **buffers;
    int rc = begin_array(b, width ? 2 : 3, out);

    if (rc)
        return rc;
    buffers = out->buffers;
    out->null_count = c->validity ? -1 : 0; /* -1: not counted */
    buffers[0] = c->validity;
    buffers[1] = width ? c->values : c->offsets;
    buffers[2] = c->data;
    if (!c->values && !c->offsets) {
        out->null_count = b->rows;
        rc = add_missing(b, width, buffers);
    } else if (type == STREAMD_BOOL) {
        buffers[1] = pack_bools(b, c->values);
        rc = buffers[1] ? 0 : STREAMD_E_NOMEM;
    }
    if (rc)
        release_array(out);
    return rc;
}

static int export_rows(struct streamd_batch *b, struct ArrowArray *out)
{
    uint32_t count = b->schema->field_count;
    int rc = begin_array(b, 1, out);

    if (rc)
        return rc;
    out->children = memory_zalloc(count, sizeof(*out->children));
    rc = out->children ? 0 : STREAMD_E_NOMEM;
    for (uint32_t i = 0; !rc && i < count; i++) {
        struct ArrowArray *child = memory_zalloc(1, sizeof(*child));

        rc = child ? export_column(b, i, child) : STREAMD_E_NOMEM;
        if (rc)
            memory_free(child);
        else
            out->children[out->n_children++] = child;
    }
    if (rc)
        release_array(out);
    return rc;
}

int arrow_export_batch(struct streamd_batch *batch, struct ArrowArray *out)
{
    struct streamd_batch *whole = batch->sel ? batch_compact(batch) : batch_retain(batch);
    int rc = whole ? export_rows(whole, out) : STREAMD_E_NOMEM;

    batch_release(whole);
    return rc;
}
