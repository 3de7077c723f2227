/*
 * Values into columns. Every type takes the kinds of value that json.h lists and no other.
 */
#include "decoder.h"

#include <streamd/convert.h>
#include <streamd/error.h>

#include <string.h>

/* ---- preparation -------------------------------------------------------------------------- */

/* What digits may be at most so that digits x 10^k fits the precision, and a signed word. */
static void prepare_decimal(struct json_field *f)
{
    for (unsigned k = 0; k < sizeof(f->digits_limit) / sizeof(*f->digits_limit); k++) {
        unsigned precision = f->type.precision < 18 ? f->type.precision : 18;

        f->digits_limit[k] = precision >= k ? streamd_pow10(precision - k) - 1 : 0;
    }
}

void json_field_prepare(struct json_field *f, const struct streamd_format_field *spec)
{
    static const int64_t units[] = {0, STREAMD_US_PER_SECOND, 1000, 1, -1000};

    f->type = spec->type;
    f->units = spec->type.id == STREAMD_TIMESTAMP ? units[spec->unit] : 0;
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
        prepare_decimal(f);
        break;
    case STREAMD_STRING:
        f->slot = JSON_SLOT_STRING;
        break;
    case STREAMD_TIMESTAMP:
        if (!f->units)
            f->slot = JSON_SLOT_TIMESTAMP;
        break;
    default:
        break;
    }
}

/* ---- variable width ----------------------------------------------------------------------- */

/* Bytes that the fast path may write behind a value. */
enum { SLACK = 64 };

/* Where to put at most `bytes` of the value of row b->rows, or NULL with the code in *rc. */
static uint8_t *place(struct json_decoder *d, struct streamd_batch *b, uint32_t field, size_t bytes,
                      int *rc)
{
    *rc = streamd_batch_reserve(d->context, b, field, bytes + SLACK);
    return *rc ? NULL : b->columns[field].data + b->columns[field].offsets[b->rows];
}

static void placed(struct streamd_batch *b, uint32_t field, size_t bytes)
{
    int32_t *offsets = b->columns[field].offsets + b->rows;

    offsets[1] = offsets[0] + (int32_t)bytes;
}

static int store_bytes(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                       const uint8_t *data, size_t length)
{
    int rc;
    uint8_t *out = place(d, b, field, length, &rc);

    if (!out)
        return rc;
    memcpy(out, data, length);
    placed(b, field, length);
    return 0;
}

static int store_string(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                        const struct json_token *t)
{
    size_t length = (size_t)(t->end - t->begin);
    uint8_t *out;
    int rc;

    if (!(t->flags & JSON_ESCAPED))
        return store_bytes(d, b, field, t->begin, length);
    out = place(d, b, field, length, &rc);
    if (!out)
        return rc;
    rc = json_unescape(t, out, &length);
    if (!rc)
        placed(b, field, length);
    return rc;
}

/* ---- texts -------------------------------------------------------------------------------- */

/*
 * What a string stands for. One with escapes is resolved into the decoder's d->text, and is valid
 * until the next one. 0, a row code, or negative.
 */
static int text_of(struct json_decoder *d, const struct json_token *t, struct streamd_str *text)
{
    size_t length = (size_t)(t->end - t->begin);
    int rc;

    text->data = (const char *)t->begin;
    text->length = length;
    if (!(t->flags & JSON_ESCAPED))
        return 0;
    rc = json_decoder_text(d, length);
    if (rc)
        return rc;
    rc = json_unescape(t, d->text, &length);
    text->data = (const char *)d->text;
    text->length = length;
    return rc;
}

static int is_text(struct streamd_str text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.data, word, text.length) == 0;
}

static int is_null_text(const struct streamd_strings *nulls, struct streamd_str text)
{
    for (uint32_t i = 0; i < nulls->count; i++) {
        if (is_text(text, nulls->items[i]))
            return 1;
    }
    return 0;
}

/* A time by the user's pattern, or as convert_time.h reads it. */
static int store_time(struct streamd_column *column, uint32_t row,
                      const struct streamd_format_field *f, struct streamd_str text)
{
    int64_t value = 0;
    int32_t day = 0;
    int rc;

    if (f->parse_time)
        rc = f->parse_time(f->pattern, text.data, text.length, &value);
    else if (f->type.id == STREAMD_TIMESTAMP)
        rc = streamd_timestamp_parse(text.data, text.length, &value);
    else
        rc = streamd_date_parse(text.data, text.length, &day);
    if (rc)
        return rc;
    if (f->type.id == STREAMD_TIMESTAMP) {
        ((int64_t *)column->values)[row] = value;
        return 0;
    }
    if (f->parse_time && (value < INT32_MIN || value > INT32_MAX))
        return STREAMD_ROW_RANGE;
    ((int32_t *)column->values)[row] = f->parse_time ? (int32_t)value : day;
    return 0;
}

static int store_float_text(struct streamd_column *column, uint32_t row, struct streamd_str text)
{
    if (!is_text(text, "NaN") && !is_text(text, "Infinity") && !is_text(text, "-Infinity"))
        return STREAMD_ROW_TYPE;
    return streamd_float64_parse(text.data, text.length, (double *)column->values + row);
}

static int store_decimal(struct streamd_column *column, uint32_t row, struct streamd_type type,
                         struct streamd_str text)
{
    streamd_int128 value;
    int rc = streamd_decimal_parse(text.data, text.length, type.precision, type.scale, &value);

    if (!rc)
        ((struct streamd_decimal *)column->values)[row] = streamd_decimal_make(value);
    return rc;
}

static int store_base64(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                        struct streamd_str text)
{
    size_t length;
    int rc;
    uint8_t *out = place(d, b, field, text.length, &rc);

    if (!out)
        return rc;
    rc = streamd_base64_decode(text.data, text.length, out, &length);
    if (!rc)
        placed(b, field, length);
    return rc;
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
        return store_decimal(column, b->rows, f->type, text);
    case STREAMD_TIMESTAMP:
        if (d->fields[field].units)
            return STREAMD_ROW_TYPE;
        return store_time(column, b->rows, f, text);
    case STREAMD_DATE:
        return store_time(column, b->rows, f, text);
    case STREAMD_BYTES:
        return store_base64(d, b, field, text);
    default:
        return STREAMD_ROW_TYPE;
    }
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* A timestamp that is a number: rounded to microseconds, those of `unit: ns` rounded down. */
static int store_unit(struct streamd_column *column, uint32_t row, int64_t units,
                      struct streamd_str text)
{
    unsigned scale = units == STREAMD_US_PER_SECOND ? 6 : units == 1000 ? 3 : 0;
    streamd_int128 value;
    int rc = streamd_decimal_parse(text.data, text.length, 38, scale, &value);

    if (rc)
        return rc;
    if (units < 0)
        value = value / -units - (value % -units < 0);
    if (value < STREAMD_TIMESTAMP_MIN || value > INT64_MAX)
        return STREAMD_ROW_RANGE;
    ((int64_t *)column->values)[row] = (int64_t)value;
    return 0;
}

static int store_number(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                        const struct json_token *t)
{
    struct streamd_str text = {(const char *)t->begin, (size_t)(t->end - t->begin)};
    struct streamd_column *column = &b->columns[field];
    const struct json_field *f = &d->fields[field];

    switch (f->type.id) {
    case STREAMD_INT64:
        if (t->flags & JSON_FRACTION)
            return STREAMD_ROW_TYPE;
        return streamd_int64_parse(text.data, text.length, (int64_t *)column->values + b->rows);
    case STREAMD_FLOAT64:
        return streamd_float64_parse(text.data, text.length, (double *)column->values + b->rows);
    case STREAMD_DECIMAL:
        return store_decimal(column, b->rows, f->type, text);
    case STREAMD_TIMESTAMP:
        return f->units ? store_unit(column, b->rows, f->units, text) : STREAMD_ROW_TYPE;
    default:
        return STREAMD_ROW_TYPE;
    }
}

/* ---- any value ---------------------------------------------------------------------------- */

int json_store_null(struct json_decoder *d, struct streamd_batch *b, uint32_t field)
{
    if (!d->fields[field].type.nullable)
        return STREAMD_ROW_MISSING;
    if (streamd_type_is_variable(d->fields[field].type.id))
        placed(b, field, 0);
    return streamd_batch_set_null(d->context, b, field, b->rows);
}

int json_store(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
               const struct json_token *t)
{
    struct streamd_column *column = &b->columns[field];
    uint8_t type = d->fields[field].type.id;
    struct streamd_str text;
    int rc;

    if (t->kind == JSON_NULL)
        return json_store_null(d, b, field);
    if (column->validity)
        column->validity[b->rows >> 3] |= (uint8_t)(1u << (b->rows & 7));
    if (type == STREAMD_JSON) {
        int quotes = t->kind == JSON_STRING;

        return store_bytes(d, b, field, t->begin - quotes,
                           (size_t)(t->end - t->begin) + 2 * (size_t)quotes);
    }
    switch (t->kind) {
    case JSON_STRING:
        if (type == STREAMD_STRING && !d->spec->fields[field].nulls.count)
            return store_string(d, b, field, t);
        rc = text_of(d, t, &text);
        if (rc)
            return rc;
        if (is_null_text(&d->spec->fields[field].nulls, text))
            return json_store_null(d, b, field);
        if (type == STREAMD_STRING)
            return store_bytes(d, b, field, (const uint8_t *)text.data, text.length);
        return store_text(d, b, field, text);
    case JSON_NUMBER:
        return store_number(d, b, field, t);
    case JSON_TRUE:
    case JSON_FALSE:
        if (type != STREAMD_BOOL)
            return STREAMD_ROW_TYPE;
        ((uint8_t *)column->values)[b->rows] = t->kind == JSON_TRUE;
        return 0;
    default:
        return STREAMD_ROW_TYPE;
    }
}
