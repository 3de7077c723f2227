/* A row as JSON: one value after the other, by type. */
#include "columnar/rowtext.h"

#include "base/memory.h"

#include <streamd/convert.h>

#include <math.h>
#include <string.h>

static void add_decimal(const struct streamd_column *c, uint8_t scale, uint32_t row,
                        struct text *out)
{
    struct streamd_decimal d;
    char digits[64];

    memcpy(&d, (const uint8_t *)c->values + sizeof(d) * row, sizeof(d));
    text_append(out, digits, streamd_decimal_print(streamd_decimal_get(d), scale, digits));
}

static void add_float(double value, struct text *out)
{
    char digits[64];
    size_t length = streamd_float64_print(value, digits);

    if (isfinite(value))
        text_append(out, digits, length);
    else
        text_add_json(out, digits, length);
}

static void add_bytes(struct streamd_str s, struct text *out)
{
    char *encoded = memory_alloc(streamd_base64_length(s.length) + 1);

    if (!encoded) {
        out->failed = 1;
        return;
    }
    text_add_json(out, encoded, streamd_base64_encode(s.data, s.length, encoded));
    memory_free(encoded);
}

static void add_value(const struct streamd_column *c, struct streamd_type type, uint32_t row,
                      struct text *out)
{
    char digits[64];
    struct streamd_str s;

    switch (type.id) {
    case STREAMD_BOOL:
        text_add(out, ((const uint8_t *)c->values)[row] ? "true" : "false");
        break;
    case STREAMD_INT64:
        text_append(out, digits, streamd_int64_print(((const int64_t *)c->values)[row], digits));
        break;
    case STREAMD_FLOAT64:
        add_float(((const double *)c->values)[row], out);
        break;
    case STREAMD_DECIMAL:
        add_decimal(c, type.scale, row, out);
        break;
    case STREAMD_TIMESTAMP:
        text_add_json(out, digits,
                      streamd_timestamp_print(((const int64_t *)c->values)[row], digits));
        break;
    case STREAMD_DATE:
        text_add_json(out, digits, streamd_date_print(((const int32_t *)c->values)[row], digits));
        break;
    case STREAMD_BYTES:
        add_bytes(streamd_column_str(c, row), out);
        break;
    case STREAMD_JSON:
        s = streamd_column_str(c, row);
        text_append(out, s.data, s.length);
        break;
    default:
        s = streamd_column_str(c, row);
        text_add_json(out, s.data, s.length);
        break;
    }
}

void rowtext_json(const struct streamd_batch *b, uint32_t row, struct text *out)
{
    const char *separator = "{";

    for (uint32_t i = 0; i < b->schema->field_count; i++) {
        const struct streamd_field *field = &b->schema->fields[i];
        const struct streamd_column *c = &b->columns[i];

        if (!c->values && !c->offsets)
            continue;
        text_add(out, separator);
        text_add_json(out, field->name, strlen(field->name));
        text_add_char(out, ':');
        if (streamd_column_is_null(c, row))
            text_add(out, "null");
        else
            add_value(c, field->type, row, out);
        separator = ",";
    }
    text_add(out, *separator == '{' ? "{}" : "}");
}
