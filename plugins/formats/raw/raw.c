/*
 * The format `raw`: a line is a record of one field, and a record is a line.
 *
 * The field is a string (valid UTF-8 without NUL, or the record is rejected) or bytes, which take
 * whatever stands there. Unlike elsewhere an empty line is a record too. The newline, and a
 * carriage return before it, are not part of the text. Written texts stand as they are: one with a
 * newline in it becomes two lines.
 */
#include <streamd/cell.h>
#include <streamd/lines.h>

#include <string.h>

/* Diagnostics of the formats; `streamctl explain` has a paragraph on each. */
enum { SD_FORMAT_SCHEMA = 3111 };

struct decoder {
    const struct streamd_format_spec *spec;
    struct streamd_lines lines;
};

/* ---- bind --------------------------------------------------------------------------------- */

static const struct streamd_schema *schema(struct streamd_bind *b, const void *options)
{
    static const struct streamd_field field = {"line", {STREAMD_STRING, 0, 0, 0}};
    static const struct streamd_schema one = {1, &field};

    (void)b;
    (void)options;
    return &one;
}

static int check(struct streamd_bind *b, const void *options,
                 const struct streamd_format_spec *spec, int encode)
{
    const struct streamd_schema *s = spec->schema;

    (void)options;
    if (s->field_count == 1 && streamd_type_is_variable(s->fields[0].type.id) &&
        (encode || s->fields[0].type.id != STREAMD_JSON))
        return 0;
    streamd_bind_error(b, "", SD_FORMAT_SCHEMA,
                       encode ? "the format raw writes one field, which is string, bytes or json"
                              : "the format raw reads one field, which is string or bytes",
                       encode ? "choose it with a select before" : "schema: {line: string}");
    return STREAMD_E_REPORTED;
}

/* ---- reading ------------------------------------------------------------------------------ */

static int decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                        void **decoder)
{
    struct decoder *d = streamd_alloc(c, sizeof(*d));

    if (!d) {
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a decoder of lines");
        return STREAMD_E_NOMEM;
    }
    memset(d, 0, sizeof(*d));
    d->spec = spec;
    *decoder = d;
    return 0;
}

static void decoder_close(struct streamd_context *c, void *decoder)
{
    streamd_free(c, decoder);
}

/* The text into row b->rows. As in cell.h. */
static int store(struct streamd_context *c, const struct decoder *d, struct streamd_batch *b,
                 const uint8_t *line, size_t length)
{
    const struct streamd_format_field *f = &d->spec->fields[0];

    if (!f->needed)
        return 0;
    if (f->type.id == STREAMD_STRING)
        return streamd_cell_store(c, b, 0, f, (const char *)line, length);
    if (f->nulls.count && streamd_cell_is_null(&f->nulls, (const char *)line, length))
        return streamd_cell_null(c, b, 0, f->type);
    streamd_cell_not_null(b, 0);
    return streamd_cell_copy(c, b, 0, line, length);
}

static int reject(struct streamd_context *c, const struct decoder *d,
                  const struct streamd_chunk *chunk, const uint8_t *line, size_t length, int code)
{
    uint64_t position = chunk->position + (uint64_t)(line - chunk->data);
    char message[256];

    if (code == STREAMD_ROW_TOO_LONG)
        snprintf(message, sizeof(message), "a line longer than %zu bytes", d->spec->record_limit);
    else
        streamd_cell_complain(&d->spec->fields[0], code, message, sizeof(message));
    return streamd_reject_raw(c, line, length, position, code, message);
}

/* One line. 0; negative: failed; 1: no room in this batch. */
static int decode_line(struct streamd_context *c, const struct decoder *d,
                       const struct streamd_chunk *chunk, struct streamd_batch *b,
                       const uint8_t *line, size_t length)
{
    size_t limit = d->spec->record_limit;
    int rc = length > limit ? STREAMD_ROW_TOO_LONG : store(c, d, b, line, length);

    if (rc == 0) {
        b->rows++;
        return 0;
    }
    if (rc > 0) {
        rc = reject(c, d, chunk, line, length > limit ? limit : length, rc);
        return rc < 0 ? rc : 0;
    }
    if (b->rows) {
        b->capacity = b->rows;
        return 1;
    }
    streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a line");
    return rc;
}

static int decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                  struct streamd_batch *b, size_t *consumed)
{
    struct decoder *d = decoder;
    struct streamd_lines_view v;
    const uint8_t *at, *next;

    if (b->rows == 0 && !d->spec->fields[0].needed)
        memset(&b->columns[0], 0, sizeof(b->columns[0]));
    streamd_lines_begin(&d->lines, chunk, d->spec->record_limit, &v);
    for (at = v.begin; at < v.end && b->rows < b->capacity; at = next) {
        const uint8_t *stop = streamd_line_cut(at, v.end, &next);
        int rc = decode_line(c, d, chunk, b, at, (size_t)(stop - at));

        if (rc < 0)
            return rc;
        if (rc > 0)
            break;
    }
    if (streamd_lines_end(&d->lines, chunk, &v, at, consumed))
        return reject(c, d, chunk, v.end, d->spec->record_limit, STREAMD_ROW_TOO_LONG);
    return 0;
}

static int decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out)
{
    return streamd_lines_save(c, &((struct decoder *)decoder)->lines, out);
}

static int decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data,
                        size_t length)
{
    return streamd_lines_load(c, &((struct decoder *)decoder)->lines, data, length);
}

/* ---- writing ------------------------------------------------------------------------------ */

static int encoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                        void **encoder)
{
    (void)c;
    *encoder = (void *)(uintptr_t)spec;
    return 0;
}

static void encoder_close(struct streamd_context *c, void *encoder)
{
    (void)c;
    (void)encoder;
}

static int encode(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
                  struct streamd_buffer *out)
{
    const struct streamd_column *column = &batch->columns[0];
    size_t bytes = batch->count;
    uint8_t *at;

    (void)encoder;
    for (uint32_t k = 0; k < batch->count; k++)
        bytes += streamd_column_str(column, streamd_batch_row(batch, k)).length;
    if (streamd_buffer_reserve(c, out, bytes)) {
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to write lines");
        return STREAMD_E_NOMEM;
    }
    at = out->data + out->length;
    for (uint32_t k = 0; k < batch->count; k++) {
        uint32_t row = streamd_batch_row(batch, k);
        struct streamd_str text = streamd_column_str(column, row);

        if (text.length && !streamd_column_is_null(column, row)) {
            memcpy(at, text.data, text.length);
            at += text.length;
        }
        *at++ = '\n';
    }
    out->length = (size_t)(at - out->data);
    return 0;
}

/* ---- descriptor --------------------------------------------------------------------------- */

static const struct streamd_format format = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_format, STREAMD_FORMAT, "raw"),
                   .doc = "one text per line, in the one field `line` or as the schema names it"},
    .schema = schema,
    .check = check,
    .decoder_open = decoder_open,
    .decode = decode,
    .decoder_close = decoder_close,
    .encoder_open = encoder_open,
    .encode = encode,
    .encoder_close = encoder_close,
    .suffix = "txt",
    .decoder_save = decoder_save,
    .decoder_load = decoder_load,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &format.descriptor : NULL;
}
