/*
 * Values into columns. Every type takes the kinds of value that json.h lists and no other.
 */
#include "decoder.h"

#include <streamd/cell.h>

#include <string.h>

/* ---- preparation -------------------------------------------------------------------------- */

void json_field_prepare(struct json_field *f, const struct streamd_format_field *spec)
{
    f->type = spec->type;
    f->slot = JSON_SLOT_FIELD;
    if (spec->nulls.count || spec->parse_time)
        return;
    switch (spec->type.id) {
    case STREAMD_BOOL:
        f->slot = JSON_SLOT_BOOL;
        break;
    case STREAMD_INT64:
        f->slot = JSON_SLOT_INT64;
        break;
    case STREAMD_FLOAT64:
        f->slot = JSON_SLOT_FLOAT64;
        break;
    case STREAMD_DECIMAL:
        f->slot = JSON_SLOT_DECIMAL;
        break;
    case STREAMD_STRING:
        f->slot = JSON_SLOT_STRING;
        break;
    case STREAMD_TIMESTAMP:
        if (!spec->unit)
            f->slot = JSON_SLOT_TIMESTAMP;
        break;
    default:
        break;
    }
}

/* ---- texts -------------------------------------------------------------------------------- */

static int store_string(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                        const struct streamd_json_token *t)
{
    size_t length = (size_t)(t->end - t->begin);
    uint8_t *out;
    int rc;

    if (!(t->flags & STREAMD_JSON_ESCAPED))
        return streamd_cell_copy(d->context, b, field, t->begin, length);
    out = streamd_cell_room(d->context, b, field, length, &rc);
    if (!out)
        return rc;
    rc = streamd_json_unescape(t, out, &length);
    if (!rc)
        streamd_cell_wrote(b, field, length);
    return rc;
}

/*
 * What a string stands for. One with escapes is resolved into the decoder's d->text, and is valid
 * until the next one. 0, a row code, or negative.
 */
static int text_of(struct json_decoder *d, const struct streamd_json_token *t,
                   struct streamd_str *text)
{
    size_t length = (size_t)(t->end - t->begin);
    int rc;

    text->data = (const char *)t->begin;
    text->length = length;
    if (!(t->flags & STREAMD_JSON_ESCAPED))
        return 0;
    rc = json_decoder_text(d, length);
    if (rc)
        return rc;
    rc = streamd_json_unescape(t, d->text, &length);
    text->data = (const char *)d->text;
    text->length = length;
    return rc;
}

static int is_text(struct streamd_str text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static int store_float_text(struct streamd_column *column, uint32_t row, struct streamd_str text)
{
    if (!is_text(text, "NaN") && !is_text(text, "Infinity") && !is_text(text, "-Infinity"))
        return STREAMD_ROW_TYPE;
    return streamd_float64_parse(text.data, text.length, (double *)column->values + row);
}

/* A string for a type that is not string itself. */
static int store_text(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                      struct streamd_str text)
{
    const struct streamd_format_field *f = &d->spec->fields[field];
    struct streamd_column *column = &b->columns[field];

    switch (f->type.id) {
    case STREAMD_FLOAT64:
        return store_float_text(column, b->rows, text);
    case STREAMD_DECIMAL:
        if (d->options->decimals != JSON_DECIMALS_STRING)
            return STREAMD_ROW_TYPE;
        return streamd_cell_decimal(column, b->rows, f->type, text.data, text.length);
    case STREAMD_TIMESTAMP:
        if (f->unit)
            return STREAMD_ROW_TYPE;
        return streamd_cell_time(column, b->rows, f, text.data, text.length);
    case STREAMD_DATE:
        return streamd_cell_time(column, b->rows, f, text.data, text.length);
    case STREAMD_BYTES:
        return streamd_cell_base64(d->context, b, field, text.data, text.length);
    default:
        return STREAMD_ROW_TYPE;
    }
}

/* ---- numbers ------------------------------------------------------------------------------ */

static int store_number(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                        const struct streamd_json_token *t)
{
    struct streamd_str text = {(const char *)t->begin, (size_t)(t->end - t->begin)};
    struct streamd_column *column = &b->columns[field];
    const struct streamd_format_field *f = &d->spec->fields[field];

    switch (f->type.id) {
    case STREAMD_INT64:
        if (t->flags & STREAMD_JSON_FRACTION)
            return STREAMD_ROW_TYPE;
        return streamd_int64_parse(text.data, text.length, (int64_t *)column->values + b->rows);
    case STREAMD_FLOAT64:
        return streamd_float64_parse(text.data, text.length, (double *)column->values + b->rows);
    case STREAMD_DECIMAL:
        return streamd_cell_decimal(column, b->rows, f->type, text.data, text.length);
    case STREAMD_TIMESTAMP:
        if (!f->unit)
            return STREAMD_ROW_TYPE;
        return streamd_cell_unit(text.data, text.length, f->unit,
                                 (int64_t *)column->values + b->rows);
    default:
        return STREAMD_ROW_TYPE;
    }
}

/* ---- any value ---------------------------------------------------------------------------- */

int json_store_null(struct json_decoder *d, struct streamd_batch *b, uint32_t field)
{
    return streamd_cell_null(d->context, b, field, d->fields[field].type);
}

int json_store(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
               const struct streamd_json_token *t)
{
    struct streamd_column *column = &b->columns[field];
    uint8_t type = d->fields[field].type.id;
    struct streamd_str text;
    int rc;

    if (t->kind == STREAMD_JSON_NULL)
        return json_store_null(d, b, field);
    streamd_cell_not_null(b, field);
    if (type == STREAMD_JSON) {
        int quotes = t->kind == STREAMD_JSON_STRING;

        return streamd_cell_copy(d->context, b, field, t->begin - quotes,
                                 (size_t)(t->end - t->begin) + 2 * (size_t)quotes);
    }
    switch (t->kind) {
    case STREAMD_JSON_STRING:
        if (type == STREAMD_STRING && !d->spec->fields[field].nulls.count)
            return store_string(d, b, field, t);
        rc = text_of(d, t, &text);
        if (rc)
            return rc;
        if (streamd_cell_is_null(&d->spec->fields[field].nulls, text.data, text.length))
            return json_store_null(d, b, field);
        if (type == STREAMD_STRING)
            return streamd_cell_copy(d->context, b, field, text.data, text.length);
        return store_text(d, b, field, text);
    case STREAMD_JSON_NUMBER:
        return store_number(d, b, field, t);
    case STREAMD_JSON_TRUE:
    case STREAMD_JSON_FALSE:
        if (type != STREAMD_BOOL)
            return STREAMD_ROW_TYPE;
        ((uint8_t *)column->values)[b->rows] = t->kind == STREAMD_JSON_TRUE;
        return 0;
    default:
        return STREAMD_ROW_TYPE;
    }
}
