/*
 * Writing.
 *
 * Room is made once per batch: each field's longest text, and for texts of variable length their
 * own bytes. Only a text that holds quotes, which are written twice, asks for more.
 */
#include "csv.h"

#include <streamd/cell.h>
#include <streamd/error.h>

#include <string.h>

enum { SLACK = 64 };

struct encoder {
    const struct streamd_format_spec *spec;
    const struct csv_options *options;
    const char *null_text;
    size_t null_length;
    uint8_t delimiter;
    size_t row_bytes; /* of a row at most, but for the bytes of its texts */
    struct streamd_day_text day;
};

/* What is being written. `end` is how far the buffer must reach for all of it. */
struct writer {
    struct encoder *e;
    struct streamd_context *context;
    struct streamd_buffer *out;
    uint8_t *at;
    size_t end;
};

/* ---- texts -------------------------------------------------------------------------------- */

/* Is there a byte in the word that needs quotes around its text? A byte below 0x0E is enough. */
static inline uint64_t odd_word(uint64_t v, uint8_t delimiter)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = v ^ ones * '"', other = v ^ ones * delimiter;

    return (((v - ones * 0x0E) & ~v) | ((quote - ones) & ~quote) | ((other - ones) & ~other)) &
           ones << 7;
}

/* Copies a text. Is it to stand in quotes? */
static int copy_plain(const uint8_t *text, size_t length, uint8_t *out, uint8_t delimiter)
{
    uint64_t word, odd = 0;
    size_t i = 0;

    for (; i + 8 <= length; i += 8) {
        memcpy(&word, text + i, 8);
        memcpy(out + i, &word, 8);
        odd |= odd_word(word, delimiter);
    }
    word = UINT64_C(0x7878787878787878); /* letters */
    for (size_t k = 0; i + k < length; k++)
        ((uint8_t *)&word)[k] = out[i + k] = text[i + k];
    return (odd | odd_word(word, delimiter)) != 0;
}

/* Writes a text in quotes. 0 or negative. */
static int put_quoted(struct writer *w, const uint8_t *text, size_t length)
{
    size_t quotes = 0;
    uint8_t *at;
    int rc;

    for (size_t i = 0; i < length; i++)
        quotes += text[i] == '"';
    w->end += quotes;
    w->out->length = (size_t)(w->at - w->out->data);
    rc = streamd_buffer_reserve(w->context, w->out, w->end - w->out->length);
    if (rc)
        return rc;
    w->at = w->out->data + w->out->length;
    at = w->at;
    *at++ = '"';
    for (size_t i = 0; i < length; i++) {
        *at++ = text[i];
        if (text[i] == '"')
            *at++ = '"';
    }
    *at++ = '"';
    w->at = at;
    return 0;
}

/* A text, in quotes where it needs them. `is_value`: one that would be taken for NULL does. */
static int put_text(struct writer *w, const uint8_t *text, size_t length, int is_value)
{
    int odd = copy_plain(text, length, w->at, w->e->delimiter);

    if (odd ||
        (is_value && streamd_cell_is_null(&w->e->options->null_values, (const char *)text, length)))
        return put_quoted(w, text, length);
    w->at += length;
    return 0;
}

/* ---- values ------------------------------------------------------------------------------- */

static int put_value(struct writer *w, struct streamd_type type,
                     const struct streamd_column *column, uint32_t row)
{
    char *at = (char *)w->at;
    const void *values = column->values;
    struct streamd_str text;
    uint8_t flag;

    switch (type.id) {
    case STREAMD_BOOL:
        flag = ((const uint8_t *)values)[row];
        memcpy(at, flag ? "true" : "false", 5);
        w->at += flag ? 4 : 5;
        return 0;
    case STREAMD_INT64:
        w->at += streamd_int64_print(((const int64_t *)values)[row], at);
        return 0;
    case STREAMD_FLOAT64:
        w->at += streamd_float64_print(((const double *)values)[row], at);
        return 0;
    case STREAMD_DECIMAL:
        w->at += streamd_decimal_print(
            streamd_decimal_get(((const struct streamd_decimal *)values)[row]), type.scale, at);
        return 0;
    case STREAMD_TIMESTAMP:
        w->at += streamd_timestamp_print_near(&w->e->day, ((const int64_t *)values)[row], at);
        return 0;
    case STREAMD_DATE:
        w->at += streamd_date_print_near(&w->e->day, ((const int32_t *)values)[row], at);
        return 0;
    default:
        text = streamd_column_str(column, row);
        if (type.id != STREAMD_BYTES)
            return put_text(w, (const uint8_t *)text.data, text.length, 1);
        if (text.length == 0) /* in quotes, or it would be NULL */
            return put_text(w, (const uint8_t *)"", 0, 1);
        w->at += streamd_base64_encode(text.data, text.length, at);
        return 0;
    }
}

static int put_row(struct writer *w, const struct streamd_batch *batch, uint32_t row)
{
    const struct streamd_schema *schema = w->e->spec->schema;

    for (uint32_t i = 0; i < schema->field_count; i++) {
        int rc;

        if (streamd_column_is_null(&batch->columns[i], row))
            rc = put_text(w, (const uint8_t *)w->e->null_text, w->e->null_length, 0);
        else
            rc = put_value(w, schema->fields[i].type, &batch->columns[i], row);
        if (rc)
            return rc;
        *w->at++ = i + 1 < schema->field_count ? w->e->delimiter : '\n';
    }
    return 0;
}

/* Bytes of the texts in the selected rows of a column. */
static size_t text_bytes(const struct streamd_batch *batch, const struct streamd_column *column)
{
    size_t sum = 0;

    if (!batch->sel)
        return (size_t)(column->offsets[batch->rows] - column->offsets[0]);
    for (uint32_t k = 0; k < batch->count; k++)
        sum += streamd_column_str(column, batch->sel[k]).length;
    return sum;
}

static int fail(struct streamd_context *c, int rc)
{
    streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to write CSV records");
    return rc;
}

int csv_encode(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
               struct streamd_buffer *out)
{
    struct encoder *e = encoder;
    struct writer w = {e, c, out, NULL, 0};
    size_t bytes = (size_t)batch->count * e->row_bytes + SLACK;
    int rc;

    for (uint32_t i = 0; i < e->spec->schema->field_count; i++) {
        uint8_t type = e->spec->schema->fields[i].type.id;

        if (streamd_type_is_variable(type)) {
            size_t texts = text_bytes(batch, &batch->columns[i]);

            bytes += type == STREAMD_BYTES ? texts + texts / 3 : texts;
        }
    }
    rc = streamd_buffer_reserve(c, out, bytes);
    if (rc)
        return fail(c, rc);
    w.end = out->length + bytes;
    w.at = out->data + out->length;
    for (uint32_t k = 0; k < batch->count && rc == 0; k++)
        rc = put_row(&w, batch, streamd_batch_row(batch, k));
    if (rc)
        return fail(c, rc);
    out->length = (size_t)(w.at - out->data);
    return 0;
}

int csv_encode_begin(struct streamd_context *c, void *encoder, struct streamd_buffer *out)
{
    struct encoder *e = encoder;
    const struct streamd_schema *schema = e->spec->schema;
    struct writer w = {e, c, out, NULL, 0};
    size_t bytes = SLACK;
    int rc;

    if (!e->options->header)
        return 0;
    for (uint32_t i = 0; i < schema->field_count; i++)
        bytes += strlen(schema->fields[i].name) + 3;
    rc = streamd_buffer_reserve(c, out, bytes);
    if (rc)
        return fail(c, rc);
    w.end = out->length + bytes;
    w.at = out->data + out->length;
    for (uint32_t i = 0; i < schema->field_count && rc == 0; i++) {
        const char *name = schema->fields[i].name;

        rc = put_text(&w, (const uint8_t *)name, strlen(name), 0);
        *w.at++ = i + 1 < schema->field_count ? e->delimiter : '\n';
    }
    if (rc)
        return fail(c, rc);
    out->length = (size_t)(w.at - out->data);
    return 0;
}

/* ---- life --------------------------------------------------------------------------------- */

/* Bytes of a value at most; of a text, beyond its own. */
static size_t longest_value(struct streamd_type type)
{
    switch (type.id) {
    case STREAMD_BOOL:
        return 5;
    case STREAMD_INT64:
        return STREAMD_INT64_TEXT;
    case STREAMD_FLOAT64:
        return STREAMD_FLOAT64_TEXT;
    case STREAMD_DECIMAL:
        return STREAMD_DECIMAL_TEXT;
    case STREAMD_TIMESTAMP:
        return STREAMD_TIMESTAMP_TEXT;
    case STREAMD_DATE:
        return STREAMD_DATE_TEXT;
    default:
        return 2 + 4; /* quotes, and the padding of base64 */
    }
}

int csv_encoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                     void **encoder)
{
    const struct streamd_schema *schema = spec->schema;
    struct encoder *e = streamd_alloc(c, sizeof(*e));

    if (!e)
        return fail(c, STREAMD_E_NOMEM);
    memset(e, 0, sizeof(*e));
    e->spec = spec;
    e->options = spec->options;
    e->delimiter = (uint8_t)e->options->delimiter[0];
    e->null_text = e->options->null_values.count ? e->options->null_values.items[0] : "";
    e->null_length = strlen(e->null_text);
    e->day.day = INT64_MIN;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        size_t longest = longest_value(schema->fields[i].type), null = e->null_length + 2;

        e->row_bytes += (longest > null ? longest : null) + 1;
    }
    *encoder = e;
    return 0;
}

void csv_encoder_close(struct streamd_context *c, void *encoder)
{
    streamd_free(c, encoder);
}
