/*
 * Texts into columns.
 */
#include "decoder.h"

#include <streamd/cell.h>

#include <string.h>

enum { LONG = 63 };

/* ---- preparation -------------------------------------------------------------------------- */

static uint64_t lengths_of(const struct streamd_strings *texts)
{
    uint64_t lengths = 0;

    for (uint32_t i = 0; i < texts->count; i++) {
        size_t length = strlen(texts->items[i]);

        lengths |= UINT64_C(1) << (length < LONG ? length : LONG);
    }
    return lengths;
}

static uint8_t kind_of(const struct streamd_format_field *f)
{
    switch (f->type.id) {
    case STREAMD_INT64:
        return CSV_INT64;
    case STREAMD_FLOAT64:
        return CSV_FLOAT64;
    case STREAMD_DECIMAL:
        return CSV_DECIMAL;
    case STREAMD_STRING:
        return CSV_STRING;
    case STREAMD_TIMESTAMP:
        return f->unit || f->parse_time ? CSV_TEXT : CSV_TIMESTAMP;
    default:
        return CSV_TEXT;
    }
}

void csv_prepare(const struct csv_decoder *d, struct csv_column *column)
{
    const struct streamd_format_field *f;

    column->kind = CSV_SKIP;
    column->null_lengths = 0;
    memset(&column->day, 0, sizeof(column->day));
    if (column->field == CSV_NO_FIELD)
        return;
    f = &d->spec->fields[column->field];
    column->kind = kind_of(f);
    column->null_lengths = lengths_of(&d->options->null_values) | lengths_of(&f->nulls);
}

/* ---- storing ------------------------------------------------------------------------------ */

int csv_resolve(struct csv_decoder *d, const struct csv_text *text, const uint8_t **data,
                size_t *length)
{
    const uint8_t *p = text->data, *end = p + text->length;
    uint8_t *at;

    *data = p;
    *length = text->length;
    if (!text->doubled)
        return 0;
    if (text->length + STREAMD_CELL_SLACK > d->scratch_size) {
        size_t size = 2 * text->length + STREAMD_CELL_SLACK;
        uint8_t *grown = streamd_realloc(d->context, d->scratch, size);

        if (!grown)
            return STREAMD_E_NOMEM;
        d->scratch = grown;
        d->scratch_size = size;
    }
    at = d->scratch;
    while (p < end) {
        const uint8_t *quote = memchr(p, '"', (size_t)(end - p));
        size_t n = (size_t)((quote ? quote + 1 : end) - p);

        memcpy(at, p, n);
        at += n;
        p += n + (quote != NULL); /* the second quote */
    }
    *data = d->scratch;
    *length = (size_t)(at - d->scratch);
    return 0;
}

static int means_null(const struct csv_decoder *d, const struct streamd_format_field *f,
                      const char *text, size_t length)
{
    return streamd_cell_is_null(&d->options->null_values, text, length) ||
           streamd_cell_is_null(&f->nulls, text, length);
}

int csv_store(struct csv_decoder *d, struct streamd_batch *b, uint32_t field,
              const struct csv_text *text)
{
    const struct streamd_format_field *f = &d->spec->fields[field];
    int is_text = f->type.id == STREAMD_STRING || f->type.id == STREAMD_BYTES;
    const uint8_t *data;
    size_t length;
    int rc = csv_resolve(d, text, &data, &length);

    if (rc)
        return rc;
    if (!(is_text && (text->quoted || !f->type.nullable)) &&
        means_null(d, f, (const char *)data, length))
        return streamd_cell_null(d->context, b, field, f->type);
    return streamd_cell_value(d->context, b, field, f, (const char *)data, length);
}

void csv_reset_row(const struct csv_decoder *d, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < d->spec->schema->field_count; i++) {
        if (d->spec->fields[i].needed)
            streamd_cell_not_null(b, i);
    }
}
