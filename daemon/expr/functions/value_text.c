/*
 * The text forms are streamd/convert.h's.
 */
#include "expr/functions/value_text.h"

#include <streamd/convert.h>

size_t value_text_room(struct streamd_type type, const void *value)
{
    switch (type.id) {
    case STREAMD_STRING:
    case STREAMD_JSON:
        return 0;
    case STREAMD_BYTES:
        return 2 + 2 * ((const struct streamd_str *)value)->length;
    default:
        return STREAMD_DECIMAL_TEXT; /* the longest of all */
    }
}

static size_t decimal_text(struct streamd_type type, const void *value, char *out)
{
    struct streamd_decimal d;

    memcpy(&d, value, sizeof d);
    return streamd_decimal_print(streamd_decimal_get(d), type.scale, out);
}

static size_t bytes_text(const void *value, char *out)
{
    const struct streamd_str *s = value;

    out[0] = '\\';
    out[1] = 'x';
    return 2 + streamd_hex_encode(s->data, s->length, out + 2);
}

struct streamd_str value_text(struct streamd_type type, const void *value, char *out)
{
    struct streamd_str s = {out, 0};

    switch (type.id) {
    case STREAMD_BOOL:
        *out = *(const uint8_t *)value ? 't' : 'f';
        s.length = 1;
        break;
    case STREAMD_INT64:
        s.length = streamd_int64_print(*(const int64_t *)value, out);
        break;
    case STREAMD_FLOAT64:
        s.length = streamd_float64_print(*(const double *)value, out);
        break;
    case STREAMD_DECIMAL:
        s.length = decimal_text(type, value, out);
        break;
    case STREAMD_TIMESTAMP:
        s.length = streamd_timestamp_print_sql(*(const int64_t *)value, out);
        break;
    case STREAMD_DATE:
        s.length = streamd_date_print_sql(*(const int32_t *)value, out);
        break;
    case STREAMD_BYTES:
        s.length = bytes_text(value, out);
        break;
    default:
        s = *(const struct streamd_str *)value;
    }
    return s;
}
