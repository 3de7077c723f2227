/*
 * Small strict parsers: each takes a whole text or refuses it.
 */
#include "literal.h"

#include <streamd/convert.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON -------------------------------------------------------------------------------- */

static int hex4(const char *p, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return 0;
        *value = *value * 16 + (uint32_t)digit;
    }
    return *value != 0;
}

static size_t put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* The escape at p, behind its backslash, of which `left` bytes are there. The bytes it has, or 0.
 */
static size_t unescape(const char *p, size_t left, char *out, size_t *made)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *known = memchr(from, p[0], sizeof(from) - 1);
    uint32_t code, low;

    *made = 1;
    if (known) {
        out[0] = to[known - from];
        return 1;
    }
    if (p[0] != 'u' || left < 5 || !hex4(p + 1, &code))
        return 0;
    if (code < 0xd800 || code > 0xdfff) {
        *made = put_utf8(code, out);
        return 5;
    }
    if (code > 0xdbff || left < 11 || p[5] != '\\' || p[6] != 'u' || !hex4(p + 7, &low) ||
        low < 0xdc00 || low > 0xdfff)
        return 0;
    *made = put_utf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
    return 11;
}

int literal_text(struct streamd_str json, char *out, size_t room, size_t *length)
{
    const char *p = json.data, *end = json.data + json.length;
    size_t n = 0;

    if (json.length < 2 || *p != '"') {
        if (json.length >= room)
            return 0;
        memcpy(out, json.data, json.length);
        out[ *length = json.length] = '\0';
        return 1;
    }
    for (p++, end--; p < end; p++) {
        size_t made, used;

        if (n + 5 > room)
            return 0;
        if (*p != '\\') {
            out[n++] = *p;
            continue;
        }
        if (p + 1 == end)
            return 0;
        used = unescape(p + 1, (size_t)(end - p - 1), out + n, &made);
        if (used == 0)
            return 0;
        p += used;
        n += made;
    }
    out[ *length = n] = '\0';
    return 1;
}

/* Behind the value at p: at the comma or bracket that ends it, or at the end of the text. */
static const char *skip_value(const char *p)
{
    int depth = 0;

    for (; *p; p++) {
        if (*p == '"') {
            for (p++; *p && *p != '"'; p++)
                p += *p == '\\' && p[1];
            if (!*p)
                return p;
        } else if (*p == '[' || *p == '{') {
            depth++;
        } else if (depth == 0 && (*p == ',' || *p == ']')) {
            return p;
        } else if (*p == ']' || *p == '}') {
            depth--;
        }
    }
    return p;
}

int literal_element(const char *json, size_t *at, struct streamd_str *element)
{
    const char *p = json + *at, *end;

    while (isspace((unsigned char)*p))
        p++;
    if (*at == 0) {
        if (*p++ != '[')
            return -1;
        while (isspace((unsigned char)*p))
            p++;
    }
    if (*p == ']')
        return 0;
    end = skip_value(p);
    if (!*end || end == p)
        return -1;
    *at = (size_t)(end - json) + (*end == ',');
    while (isspace((unsigned char)end[-1]))
        end--;
    *element = (struct streamd_str){p, (size_t)(end - p)};
    return 1;
}

/* ---- numbers and times ------------------------------------------------------------------- */

int literal_int(const char *text, int64_t *value)
{
    return streamd_int64_parse(text, strlen(text), value) == 0;
}

int literal_float(const char *text, double *value)
{
    return streamd_float64_parse(text, strlen(text), value) == 0 && *value - *value == 0;
}

int literal_decimal(const char *text, unsigned scale, int64_t *value)
{
    streamd_int128 wide;

    /* What would be rounded is a mistake: it must come out again as it was written. */
    if (streamd_decimal_parse(text, strlen(text), 38, scale, &wide) ||
        strlen(strchr(text, '.') ? strchr(text, '.') + 1 : "") > scale ||
        wide != (streamd_int128)(int64_t)wide)
        return 0;
    *value = (int64_t)wide;
    return 1;
}

int literal_time(const char *text, int64_t *us)
{
    return streamd_timestamp_parse(text, strlen(text), us) == 0;
}

int literal_date(const char *text, int64_t *days)
{
    int32_t date;

    if (streamd_date_parse(text, strlen(text), &date))
        return 0;
    *days = date;
    return 1;
}

int literal_duration(const char *text, int64_t *us)
{
    static const struct {
        const char *name;
        int64_t us;
    } units[] = {{"us", 1},
                 {"ms", 1000},
                 {"s", 1000000},
                 {"m", 60000000},
                 {"h", INT64_C(3600000000)},
                 {"d", INT64_C(86400000000)}};
    char *end;
    long long n;

    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno != 0 || end == text || isspace((unsigned char)*text))
        return 0;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].name) == 0)
            return !__builtin_mul_overflow(n, units[i].us, us);
    }
    return 0;
}

/* ---- types ------------------------------------------------------------------------------- */

static int decimal_type(const char *text, struct streamd_type *type)
{
    int precision = 0, scale = 0, used = 0;

    if (sscanf(text, "decimal(%2d,%2d)%n", &precision, &scale, &used) != 2 || used == 0 ||
        text[used] != '\0' || precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return 0;
    type->id = STREAMD_DECIMAL;
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    return 1;
}

int literal_type(const char *text, struct streamd_type *type)
{
    static const char *const names[] = {
        [STREAMD_BOOL] = "bool",           [STREAMD_INT64] = "int64",
        [STREAMD_FLOAT64] = "float64",     [STREAMD_DECIMAL] = "",
        [STREAMD_STRING] = "string",       [STREAMD_BYTES] = "bytes",
        [STREAMD_TIMESTAMP] = "timestamp", [STREAMD_DATE] = "date",
        [STREAMD_JSON] = "json",
    };
    char name[32];
    size_t length = strlen(text);
    const char *bar = strchr(text, '|');

    *type = (struct streamd_type){0};
    if (bar) {
        if (strcmp(bar, "|null") != 0)
            return 0;
        length = (size_t)(bar - text);
        type->nullable = 1;
    }
    if (length == 0 || length >= sizeof(name))
        return 0;
    memcpy(name, text, length);
    name[length] = '\0';
    for (uint8_t id = STREAMD_BOOL; id <= STREAMD_JSON; id++) {
        if (strcmp(names[id], name) == 0) {
            type->id = id;
            return 1;
        }
    }
    return decimal_type(name, type);
}
