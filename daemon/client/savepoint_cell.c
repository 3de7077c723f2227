/* Values out of savepoints, for people and programs. */
#include "client/savepoint.h"

#include "base/memory.h"

#include <streamd/convert.h>

#include <math.h>
#include <string.h>

static int64_t integer_of(const struct rowcode_value *v)
{
    int64_t n;

    memcpy(&n, v->data, sizeof(n));
    return n;
}

static double real_of(const struct rowcode_value *v)
{
    double d;

    memcpy(&d, v->data, sizeof(d));
    return d;
}

static void add_base64(const struct rowcode_value *v, struct text *out)
{
    char *encoded = memory_alloc(streamd_base64_length(v->length) + 1);

    if (encoded)
        text_append(out, encoded, streamd_base64_encode(v->data, v->length, encoded));
    out->failed |= !encoded;
    memory_free(encoded);
}

static size_t print_number(struct streamd_type type, const struct rowcode_value *v, char *digits)
{
    struct streamd_decimal decimal;
    int32_t days;

    switch (type.id) {
    case STREAMD_FLOAT64:
        return streamd_float64_print(real_of(v), digits);
    case STREAMD_DECIMAL:
        memcpy(&decimal, v->data, sizeof(decimal));
        return streamd_decimal_print(streamd_decimal_get(decimal), type.scale, digits);
    case STREAMD_TIMESTAMP:
        return streamd_timestamp_print(integer_of(v), digits);
    case STREAMD_DATE:
        memcpy(&days, v->data, sizeof(days));
        return streamd_date_print(days, digits);
    default:
        return streamd_int64_print(integer_of(v), digits);
    }
}

void savepoint_cell_text(struct streamd_type type, const struct rowcode_value *v, struct text *out)
{
    char digits[64];

    if (v->null)
        return;
    if (type.id == STREAMD_BOOL)
        text_add(out, v->data[0] ? "true" : "false");
    else if (type.id == STREAMD_BYTES)
        add_base64(v, out);
    else if (streamd_type_is_variable(type.id))
        text_append(out, (const char *)v->data, v->length);
    else
        text_append(out, digits, print_number(type, v, digits));
}

void savepoint_cell_json(struct streamd_type type, const struct rowcode_value *v, struct text *out)
{
    int quoted =
        type.id == STREAMD_BYTES || type.id == STREAMD_TIMESTAMP || type.id == STREAMD_DATE;

    if (v->null) {
        text_add(out, "null");
        return;
    }
    if (type.id == STREAMD_STRING) {
        text_add_json(out, (const char *)v->data, v->length);
        return;
    }
    if (type.id == STREAMD_FLOAT64)
        quoted = !isfinite(real_of(v));
    text_add(out, quoted ? "\"" : "");
    savepoint_cell_text(type, v, out);
    text_add(out, quoted ? "\"" : "");
}

int savepoint_print_plain(struct text *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (((unsigned char)text->data[i] < ' ' && text->data[i] != '\n') || text->data[i] == 127)
            text->data[i] = '?';
    return client_print(text);
}

void savepoint_json_member(struct text *out, const char *name, const char *value)
{
    text_add_json(out, name, strlen(name));
    text_add_char(out, ':');
    if (value)
        text_add_json(out, value, strlen(value));
    else
        text_add(out, "null");
}

int savepoint_is_named(const struct savepoint_table *t, const char *name)
{
    return strcmp(t->head.table, name) == 0;
}
