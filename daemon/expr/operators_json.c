/*
 * -> ->> #> #>> on json, and conversions out of it. What is found is a slice of the text, as in
 * PostgreSQL's json; only ->> and #>> make a copy, of strings with escapes.
 */
#include "expr/json_text.h"
#include "expr/kernel.h"
#include "expr/tables.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdio.h>

/* ---- one member or element ---------------------------------------------------------------- */

/* Puts a value into the result, as json. */
static int put_json(struct streamd_call *call, uint32_t row, struct streamd_str value)
{
    ((struct streamd_str *)call->result->values)[row] = value;
    return 0;
}

/* As text: a string without quotes, null as NULL, all else as it stands. */
static int put_text(struct streamd_call *call, uint32_t row, struct streamd_str value)
{
    struct streamd_str *result = call->result->values;
    char *out;

    result[row] = value;
    if (value.length == 4 && memcmp(value.data, "null", 4) == 0)
        return call->host->set_null(call, row);
    if (value.length < 2 || value.data[0] != '"')
        return 0;
    result[row].data++;
    result[row].length -= 2;
    if (!memchr(value.data, '\\', value.length))
        return 0;
    out = call->host->alloc(call, value.length);
    if (!out)
        return STREAMD_E_NOMEM;
    result[row].data = out;
    if (json_unescape(value, out, &result[row].length) == 0)
        return 0;
    result[row].length = 0;
    return call->host->row_error(call, row, STREAMD_ROW_CAST,
                                 "a string in json has an escape that is no character");
}

typedef int put_fn(struct streamd_call *, uint32_t, struct streamd_str);

static int no_value(struct streamd_call *call, uint32_t row)
{
    struct streamd_str empty = {"", 0};

    ((struct streamd_str *)call->result->values)[row & call->result->mask] = empty;
    return call->host->set_null(call, row);
}

static int by_name(struct streamd_call *call, put_fn *put)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str value;

        rc = json_member(KERNEL_ARG(call, 0, struct streamd_str, i),
                         KERNEL_ARG(call, 1, struct streamd_str, i), &value)
                 ? put(call, i, value)
                 : no_value(call, i);
    }
    return rc;
}

static int by_index(struct streamd_call *call, put_fn *put)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str value;

        rc = json_element(KERNEL_ARG(call, 0, struct streamd_str, i),
                          KERNEL_ARG(call, 1, int64_t, i), &value)
                 ? put(call, i, value)
                 : no_value(call, i);
    }
    return rc;
}

static int member_json(struct streamd_call *call)
{
    return by_name(call, put_json);
}

static int member_text(struct streamd_call *call)
{
    return by_name(call, put_text);
}

static int element_json(struct streamd_call *call)
{
    return by_index(call, put_json);
}

static int element_text(struct streamd_call *call)
{
    return by_index(call, put_text);
}

/* ---- paths -------------------------------------------------------------------------------- */

/* Steps of a path, with their bytes behind them. */
struct path {
    size_t count;
    uint8_t has_null; /* {a,NULL}: leads nowhere */
    struct streamd_str steps[];
};

/* One step of '{a,"b c"}' at *p: writes its text to out; sets whether it was quoted. NULL: wrong.
 */
static const char *read_step(const char *p, const char *end, char **out, int *quoted)
{
    while (p < end && *p == ' ')
        p++;
    *quoted = p < end && *p == '"';
    if (*quoted) {
        for (p++; p < end && *p != '"'; p++) {
            if (*p == '\\' && ++p == end)
                return NULL;
            *(*out)++ = *p;
        }
        return p < end ? p + 1 : NULL;
    }
    for (; p < end && *p != ',' && *p != '}'; p++) {
        if (*p == '"' || *p == '{')
            return NULL;
        if (*p == '\\' && ++p == end)
            return NULL;
        *(*out)++ = *p;
    }
    return p;
}

/* Reads an array of texts as PostgreSQL writes it. Room for it: one step a byte. 0 or -1. */
static int read_path(struct streamd_str s, struct path *path, char *bytes)
{
    const char *p = s.data, *end = p + s.length;
    int quoted;

    path->count = 0;
    path->has_null = 0;
    while (end > p && end[-1] == ' ')
        end--;
    while (p < end && *p == ' ')
        p++;
    if (end - p < 2 || *p != '{' || end[-1] != '}')
        return -1;
    p++;
    if (end - p == 1)
        return 0;
    for (;;) {
        char *start = bytes;
        size_t n;

        p = read_step(p, end, &bytes, &quoted);
        if (!p)
            return -1;
        while (!quoted && bytes > start && bytes[-1] == ' ')
            bytes--;
        n = (size_t)(bytes - start);
        if (!quoted && n == 0)
            return -1;
        path->has_null |= !quoted && n == 4 && strncasecmp(start, "null", 4) == 0;
        path->steps[path->count++] = (struct streamd_str){start, n};
        while (p < end && *p == ' ')
            p++;
        if (p == end || (*p != ',' && *p != '}'))
            return -1;
        if (*p++ == '}')
            return p == end ? 0 : -1;
    }
}

static size_t path_size(struct streamd_str s)
{
    return sizeof(struct path) + (s.length + 1) * (sizeof(struct streamd_str) + 1);
}

static int read_path_into(struct streamd_str s, struct path *path)
{
    return read_path(s, path, (char *)(path->steps + s.length + 1));
}

static int prepare_path(const struct streamd_vector *args, uint32_t argc, void **prepared,
                        struct streamd_error *error)
{
    struct path *path;
    struct streamd_str s;

    (void)argc;
    if (!args[1].values || args[1].nulls)
        return 0;
    s = *(const struct streamd_str *)args[1].values;
    path = memory_alloc(path_size(s));
    if (!path)
        return error_set_nomem(error);
    if (read_path_into(s, path)) {
        memory_free(path);
        return error_set(error, STREAMD_E_INVALID,
                         "a path looks like '{member,0,\"another member\"}'");
    }
    *prepared = path;
    return 0;
}

static int follow(const struct path *path, struct streamd_str text, struct streamd_str *out)
{
    text = json_trim(text);
    if (path->has_null)
        return 0;
    for (size_t i = 0; i < path->count; i++) {
        int64_t index;

        if (json_kind(text) == '{') {
            if (!json_member(text, path->steps[i], &text))
                return 0;
        } else if (streamd_int64_parse(path->steps[i].data, path->steps[i].length, &index) ||
                   !json_element(text, index, &text)) {
            return 0;
        }
    }
    *out = text;
    return 1;
}

static int by_path(struct streamd_call *call, put_fn *put)
{
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str value, text = KERNEL_ARG(call, 1, struct streamd_str, i);
        struct path *path = call->prepared;

        if (!path) {
            path = call->host->alloc(call, path_size(text));
            if (!path)
                return STREAMD_E_NOMEM;
            if (read_path_into(text, path)) {
                rc = call->host->row_error(call, i, STREAMD_ROW_CAST, "this is no path into json");
                continue;
            }
        }
        rc = follow(path, KERNEL_ARG(call, 0, struct streamd_str, i), &value) ? put(call, i, value)
                                                                              : no_value(call, i);
    }
    return rc;
}

static int path_json(struct streamd_call *call)
{
    return by_path(call, put_json);
}

static int path_text(struct streamd_call *call)
{
    return by_path(call, put_text);
}

#define ENTRY(name_, key_, result_, kernel_)                                                 \
    {                                                                                        \
        .name = (name_), .argc = 2, .args = {STREAMD_JSON, key_}, .result = {.id = result_}, \
        .flags = STREAMD_FUNCTION_NULLABLE_RESULT, .kernel = (kernel_)                       \
    }
#define PATH_ENTRY(name_, result_, kernel_)                                    \
    {                                                                          \
        .name = (name_), .argc = 2, .args = {STREAMD_JSON, STREAMD_STRING},    \
        .result = {.id = result_}, .flags = STREAMD_FUNCTION_NULLABLE_RESULT,  \
        .prepare = prepare_path, .unprepare = memory_free, .kernel = (kernel_) \
    }

const struct streamd_function operators_json[] = {
    ENTRY("->", STREAMD_STRING, STREAMD_JSON, member_json),
    ENTRY("->", STREAMD_INT64, STREAMD_JSON, element_json),
    ENTRY("->>", STREAMD_STRING, STREAMD_STRING, member_text),
    ENTRY("->>", STREAMD_INT64, STREAMD_STRING, element_text),
    PATH_ENTRY("#>", STREAMD_JSON, path_json),
    PATH_ENTRY("#>>", STREAMD_STRING, path_text),
    {.name = NULL},
};

/* ---- casts, as jsonb's -------------------------------------------------------------------- */

static int wrong_kind(struct streamd_call *call, uint32_t row)
{
    char message[96], type[EXPR_TYPE_TEXT];

    snprintf(message, sizeof(message), "this json is no %s",
             expr_type_name(call->result->type, type));
    return call->host->row_error(call, row, STREAMD_ROW_CAST, message);
}

/* Reads every row's value with an expression of s and `value`; 0 or a row code. */
#define JSON_LOOP(call, type, ...)                                                              \
    do {                                                                                        \
        type *result = (call)->result->values;                                                  \
        for (uint32_t k = 0; k < (call)->n; k++) {                                              \
            const uint32_t i = kernel_row((call), k);                                           \
            const struct streamd_str s = json_trim(KERNEL_ARG(call, 0, struct streamd_str, i)); \
            type value = {0};                                                                   \
            const int code = (__VA_ARGS__);                                                     \
            result[i] = value;                                                                  \
            if (code && wrong_kind((call), i))                                                  \
                return STREAMD_E_REPORTED;                                                      \
        }                                                                                       \
        return 0;                                                                               \
    } while (0)

static int read_bool(struct streamd_str s, uint8_t *value)
{
    *value = s.length == 4 && memcmp(s.data, "true", 4) == 0;
    return *value || (s.length == 5 && memcmp(s.data, "false", 5) == 0) ? 0 : STREAMD_ROW_CAST;
}

static int to_bool(struct streamd_call *call)
{
    JSON_LOOP(call, uint8_t, read_bool(s, &value));
}

static int read_decimal(struct streamd_str s, struct streamd_type type,
                        struct streamd_decimal *value)
{
    streamd_int128 v;
    int code = streamd_decimal_parse(s.data, s.length, type.precision, type.scale, &v);

    if (code == 0)
        *value = streamd_decimal_make(v);
    return code;
}

static int to_decimal(struct streamd_call *call)
{
    const struct streamd_type to = call->result->type;

    JSON_LOOP(call, struct streamd_decimal, read_decimal(s, to, &value));
}

static int read_int64(struct streamd_str s, int64_t *value)
{
    streamd_int128 v;
    int code = streamd_int64_parse(s.data, s.length, value);

    if (code == 0)
        return 0;
    code = streamd_decimal_parse(s.data, s.length, 38, 0, &v); /* 1.5, 1e3 */
    if (code || v < INT64_MIN || v > INT64_MAX)
        return STREAMD_ROW_CAST;
    *value = (int64_t)v;
    return 0;
}

static int to_int64(struct streamd_call *call)
{
    JSON_LOOP(call, int64_t, read_int64(s, &value));
}

static int read_float64(struct streamd_str s, double *value)
{
    if (s.length == 0 || (s.data[0] != '-' && (s.data[0] < '0' || s.data[0] > '9')))
        return STREAMD_ROW_CAST;
    return streamd_float64_parse(s.data, s.length, value);
}

static int to_float64(struct streamd_call *call)
{
    JSON_LOOP(call, double, read_float64(s, &value));
}

#define CAST(to_, kernel_)                                                        \
    {                                                                             \
        .name = "cast", .argc = 1, .args = {STREAMD_JSON}, .result = {.id = to_}, \
        .flags = NODE_CAST_ONLY, .kernel = (kernel_)                              \
    }

const struct streamd_function casts_from_json[] = {
    CAST(STREAMD_BOOL, to_bool),
    CAST(STREAMD_INT64, to_int64),
    CAST(STREAMD_DECIMAL, to_decimal),
    CAST(STREAMD_FLOAT64, to_float64),
    {.name = NULL},
};
