/*
 * The forms are those of the json format: what a sink writes for a field is what array_agg writes
 * for an element.
 */
#include "expr/functions/json_write.h"

#include <streamd/convert.h>

size_t json_write_room(struct streamd_type type, const void *value)
{
    const struct streamd_str *s = value;

    switch (type.id) {
    case STREAMD_STRING:
        return 6 * s->length + 2;
    case STREAMD_JSON:
        return s->length;
    case STREAMD_BYTES:
        return streamd_base64_length(s->length) + 2;
    default:
        return STREAMD_DECIMAL_TEXT + 2;
    }
}

/* A character that cannot stand as it is; answers the bytes written. */
static size_t escape(unsigned char c, char *out)
{
    static const char letters[] = "btnvfr"; /* 8 to 13; JSON has none for 11 */

    out[0] = '\\';
    if (c >= 8 && c <= 13 && c != 11) {
        out[1] = letters[c - 8];
        return 2;
    }
    if (c >= ' ') {
        out[1] = (char)c;
        return 2;
    }
    out[1] = 'u';
    out[2] = '0';
    out[3] = '0';
    return 4 + streamd_hex_encode(&c, 1, out + 4);
}

static size_t write_text(const struct streamd_str *s, char *out)
{
    size_t used = 0;

    out[used++] = '"';
    for (size_t i = 0; i < s->length; i++) {
        unsigned char c = (unsigned char)s->data[i];
        if (c < ' ' || c == '"' || c == '\\')
            used += escape(c, out + used);
        else
            out[used++] = (char)c;
    }
    out[used++] = '"';
    return used;
}

static size_t quote(char *out, size_t length)
{
    out[0] = '"';
    out[length + 1] = '"';
    return length + 2;
}

static size_t write_float(double v, char *out)
{
    if (v - v == 0) /* finite */
        return streamd_float64_print(v, out);
    return quote(out, streamd_float64_print(v, out + 1));
}

size_t json_write(struct streamd_type type, const void *value, char *out)
{
    const struct streamd_str *s = value;
    struct streamd_decimal d;

    switch (type.id) {
    case STREAMD_BOOL:
        memcpy(out, *(const uint8_t *)value ? "true" : "false", 5);
        return *(const uint8_t *)value ? 4 : 5;
    case STREAMD_INT64:
        return streamd_int64_print(*(const int64_t *)value, out);
    case STREAMD_FLOAT64:
        return write_float(*(const double *)value, out);
    case STREAMD_DECIMAL:
        memcpy(&d, value, sizeof d);
        return streamd_decimal_print(streamd_decimal_get(d), type.scale, out);
    case STREAMD_TIMESTAMP:
        return quote(out, streamd_timestamp_print(*(const int64_t *)value, out + 1));
    case STREAMD_DATE:
        return quote(out, streamd_date_print(*(const int32_t *)value, out + 1));
    case STREAMD_BYTES:
        return quote(out, streamd_base64_encode(s->data, s->length, out + 1));
    case STREAMD_STRING:
        return write_text(s, out);
    default:
        if (s->length)
            memcpy(out, s->data, s->length);
        return s->length;
    }
}
