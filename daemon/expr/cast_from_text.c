/*
 * Conversions from string: what PostgreSQL's input functions read, with blanks around it. Times are
 * read in ISO form only. A text that is no value is a row error which shows it.
 */
#include "expr/json_text.h"
#include "expr/kernel.h"
#include "expr/tables.h"

#include "base/text.h"

#include <stdio.h>
#include <strings.h>

/* "'abc' is no int64" with the text cut. */
static int report(struct streamd_call *call, uint32_t row, int code, struct streamd_str s)
{
    char message[160], type[EXPR_TYPE_TEXT];
    size_t shown = s.length < 60 ? s.length : text_utf8_prefix(s.data, 60);

    snprintf(message, sizeof(message), "'%.*s%s' is %s %s", (int)shown, s.data,
             shown < s.length ? "..." : "", code == STREAMD_ROW_RANGE ? "out of range of" : "no",
             expr_type_name(call->result->type, type));
    return call->host->row_error(call, row, STREAMD_ROW_CAST, message);
}

/* Reads every row with an expression of p, n and `value` that answers 0 or a code. */
#define PARSE_LOOP(call, type, ...)                                               \
    do {                                                                          \
        type *result = (call)->result->values;                                    \
        for (uint32_t k = 0; k < (call)->n; k++) {                                \
            const uint32_t i = kernel_row((call), k);                             \
            struct streamd_str text = KERNEL_ARG(call, 0, struct streamd_str, i); \
            const char *p = text.data;                                            \
            size_t n = text.length;                                               \
            type value = {0};                                                     \
            int code;                                                             \
            streamd_trim(&p, &n);                                                 \
            code = (__VA_ARGS__);                                                 \
            result[i] = value;                                                    \
            if (code && report((call), i, code, text))                            \
                return STREAMD_E_REPORTED;                                        \
        }                                                                         \
        return 0;                                                                 \
    } while (0)

/* Beginnings of true, false, yes, no; on, off, 1, 0. */
static int parse_bool(const char *p, size_t n, uint8_t *value)
{
    static const struct {
        const char *word;
        size_t least;
        uint8_t value;
    } words[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (n >= words[i].least && n <= strlen(words[i].word) &&
            strncasecmp(p, words[i].word, n) == 0) {
            *value = words[i].value;
            return 0;
        }
    }
    return STREAMD_ROW_CAST;
}

static int to_bool(struct streamd_call *call)
{
    PARSE_LOOP(call, uint8_t, parse_bool(p, n, &value));
}

static int to_int64(struct streamd_call *call)
{
    PARSE_LOOP(call, int64_t, streamd_int64_parse(p, n, &value));
}

static int to_float64(struct streamd_call *call)
{
    PARSE_LOOP(call, double, streamd_float64_parse(p, n, &value));
}

static int parse_decimal(const char *p, size_t n, struct streamd_type type,
                         struct streamd_decimal *value)
{
    streamd_int128 v = 0;
    int code = streamd_decimal_parse(p, n, type.precision, type.scale, &v);

    *value = streamd_decimal_make(code ? 0 : v);
    return code;
}

static int to_decimal(struct streamd_call *call)
{
    const struct streamd_type to = call->result->type;

    PARSE_LOOP(call, struct streamd_decimal, parse_decimal(p, n, to, &value));
}

static int to_timestamp(struct streamd_call *call)
{
    PARSE_LOOP(call, int64_t, streamd_timestamp_parse(p, n, &value));
}

/* A date, or the date of a timestamp. */
static int parse_date(const char *p, size_t n, int32_t *value)
{
    int64_t timestamp, us;
    int code = streamd_date_parse(p, n, value);

    if (code != STREAMD_ROW_CAST)
        return code;
    code = streamd_timestamp_parse(p, n, &timestamp);
    if (code == 0)
        *value = (int32_t)streamd_timestamp_split(timestamp, &us);
    return code;
}

static int to_date(struct streamd_call *call)
{
    PARSE_LOOP(call, int32_t, parse_date(p, n, &value));
}

/* ---- bytes and json ----------------------------------------------------------------------- */

/* \x0aff, or text in which \\ is a backslash and \ooo a byte in octal. */
static int parse_bytes(struct streamd_call *call, struct streamd_str s, struct streamd_str *value)
{
    char *out = call->host->alloc(call, s.length);
    size_t n = 0;

    if (!out)
        return STREAMD_E_NOMEM;
    value->data = out;
    if (s.length >= 2 && s.data[0] == '\\' && s.data[1] == 'x')
        return streamd_hex_decode(s.data + 2, s.length - 2, out, &value->length) ? STREAMD_ROW_CAST
                                                                                 : 0;
    for (size_t i = 0; i < s.length; i++) {
        const char *p = s.data + i;

        if (*p != '\\') {
            out[n++] = *p;
        } else if (s.length - i > 1 && p[1] == '\\') {
            out[n++] = '\\';
            i++;
        } else if (s.length - i > 3 && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
                   p[3] >= '0' && p[3] <= '7') {
            out[n++] = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            i += 3;
        } else {
            return STREAMD_ROW_CAST;
        }
    }
    value->length = n;
    return 0;
}

static int to_bytes(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str s = KERNEL_ARG(call, 0, struct streamd_str, i);
        int code;

        result[i].length = 0;
        code = parse_bytes(call, s, &result[i]);
        if (code < 0)
            return code;
        if (code && report(call, i, code, s))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

static int to_json(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str s = KERNEL_ARG(call, 0, struct streamd_str, i);

        result[i] = s;
        if (!json_is_valid(s) && report(call, i, STREAMD_ROW_CAST, s))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

#define CAST(to_, kernel_)                                                          \
    {                                                                               \
        .name = "cast", .argc = 1, .args = {STREAMD_STRING}, .result = {.id = to_}, \
        .flags = NODE_CAST_ONLY, .kernel = (kernel_)                                \
    }

const struct streamd_function casts_from_text[] = {
    CAST(STREAMD_BOOL, to_bool),
    CAST(STREAMD_INT64, to_int64),
    CAST(STREAMD_FLOAT64, to_float64),
    CAST(STREAMD_DECIMAL, to_decimal),
    CAST(STREAMD_TIMESTAMP, to_timestamp),
    CAST(STREAMD_DATE, to_date),
    CAST(STREAMD_BYTES, to_bytes),
    CAST(STREAMD_JSON, to_json),
    {.name = NULL},
};
