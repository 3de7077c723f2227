/*
 * string_agg, array_agg, collect: values one behind the other, in the order of arrival. The state
 * is the text so far, without the closing bracket, so that two states are merged by joining them.
 */
#include "expr/functions/accumulator.h"
#include "expr/functions/functions.h"

#include "base/text.h"

#include <streamd/convert.h>

#include <math.h>

/* Appends to state column 0. */
static int append(const struct streamd_accumulator *a, void *row, const char *data, size_t length)
{
    struct streamd_var *var = accumulator_at(a, row, 0);
    char *room;

    if (length == 0)
        return 0;
    if (length > CALL_TEXT_MAX - var->length)
        return STREAMD_E_LIMIT;
    room = a->host->reserve(a, row, 0, var->length + (uint32_t)length);
    if (!room)
        return STREAMD_E_NOMEM;
    memcpy(room + var->length, data, length);
    var = accumulator_at(a, row, 0);
    var->length += (uint32_t)length;
    return 0;
}

/* ---- string_agg: column 1 keeps the separator, for merges ----------------------------------- */

static struct streamd_str text_at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    const struct streamd_var *var = accumulator_at(a, row, column);

    return call_str(var->data ? (const char *)var->data : "", var->length);
}

static int keep_separator(const struct streamd_accumulator *a, void *row, struct streamd_str s)
{
    struct streamd_var *var;
    void *room;

    if (s.length > CALL_TEXT_MAX)
        return STREAMD_E_LIMIT;
    room = s.length ? a->host->reserve(a, row, 1, (uint32_t)s.length) : NULL;
    if (!room && s.length)
        return STREAMD_E_NOMEM;
    if (s.length)
        memcpy(room, s.data, s.length);
    var = accumulator_at(a, row, 1);
    var->length = (uint32_t)s.length;
    return 0;
}

static int append_string(const struct streamd_accumulator *a, void *row, struct streamd_str s,
                         struct streamd_str separator)
{
    int rc = accumulator_is_null(a, row, 0) ? keep_separator(a, row, separator)
                                            : append(a, row, separator.data, separator.length);

    accumulator_set_null(a, row, 0, 0);
    return rc ? rc : append(a, row, s.data, s.length);
}

static int string_agg_update(const struct streamd_accumulator *a, struct streamd_call *call,
                             const int64_t *time, void *const *rows)
{
    (void)time;
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t row = call_row(call, k);
        int rc = append_string(a, rows[k], CALL_ARG(call, 0, struct streamd_str, row),
                               CALL_ARG(call, 1, struct streamd_str, row));

        if (rc)
            return rc;
    }
    return 0;
}

static int string_agg_merge(const struct streamd_accumulator *into, void *const *to,
                            const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    int rc = 0;

    for (uint32_t k = 0; k < n && !rc; k++)
        if (!accumulator_is_null(source, from[k], 0))
            rc = append_string(into, to[k], text_at(source, from[k], 0),
                               text_at(source, from[k], 1));
    return rc;
}

/* ---- arrays ------------------------------------------------------------------------------- */

static void add_number(struct text *out, const char *digits, size_t length, int is_finite)
{
    if (is_finite)
        text_append(out, digits, length);
    else
        text_add_json(out, digits, length);
}

static void add_bytes(struct text *out, struct streamd_str s)
{
    char encoded[4 * 256];

    text_add_char(out, '"');
    while (s.length > 0) { /* whole groups of three bytes but for the last piece */
        size_t piece = s.length > 3 * 256 ? 3 * 256 : s.length;

        text_append(out, encoded, streamd_base64_encode(s.data, piece, encoded));
        s.data += piece;
        s.length -= piece;
    }
    text_add_char(out, '"');
}

/* A value of a vector as JSON, encoded as the json format does it. */
static void add_json(struct text *out, struct streamd_type type, const void *value)
{
    char digits[64];
    double number;

    switch (type.id) {
    case STREAMD_BOOL:
        text_add(out, *(const uint8_t *)value ? "true" : "false");
        break;
    case STREAMD_INT64:
        text_append(out, digits, streamd_int64_print(*(const int64_t *)value, digits));
        break;
    case STREAMD_FLOAT64:
        memcpy(&number, value, sizeof(number));
        add_number(out, digits, streamd_float64_print(number, digits), isfinite(number));
        break;
    case STREAMD_DECIMAL: {
        struct streamd_decimal d;

        memcpy(&d, value, sizeof(d));
        text_append(out, digits, streamd_decimal_print(streamd_decimal_get(d), type.scale, digits));
        break;
    }
    case STREAMD_TIMESTAMP:
        text_add_json(out, digits, streamd_timestamp_print(*(const int64_t *)value, digits));
        break;
    case STREAMD_DATE:
        text_add_json(out, digits, streamd_date_print(*(const int32_t *)value, digits));
        break;
    case STREAMD_BYTES:
        add_bytes(out, *(const struct streamd_str *)value);
        break;
    case STREAMD_JSON:
        text_append(out, ((const struct streamd_str *)value)->data,
                    ((const struct streamd_str *)value)->length);
        break;
    default:
        text_add_json(out, ((const struct streamd_str *)value)->data,
                      ((const struct streamd_str *)value)->length);
        break;
    }
}

static int append_element(const struct streamd_accumulator *a, void *row, const char *data,
                          size_t length)
{
    int rc = append(a, row, accumulator_is_null(a, row, 0) ? "[" : ",", 1);

    accumulator_set_null(a, row, 0, 0);
    return rc ? rc : append(a, row, data, length);
}

static int array_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    const struct streamd_vector *v = &call->args[0];
    size_t width = streamd_type_width(v->type.id);
    size_t size = width ? width : sizeof(struct streamd_str);
    struct text element = {0};
    int rc = 0;

    (void)time;
    for (uint32_t k = 0; k < call->n && !rc; k++) {
        uint32_t row = call_row(call, k);

        text_reset(&element);
        if (call_is_null(call, 0, row))
            text_add(&element, "null");
        else
            add_json(&element, v->type, (const uint8_t *)v->values + size * (row & v->mask));
        rc = text_failed(&element) ? STREAMD_E_NOMEM
                                   : append_element(a, rows[k], text_get(&element), element.length);
    }
    text_clear(&element);
    return rc;
}

/* The text of `from` behind that of `to`, a comma for its bracket. */
static int array_merge(const struct streamd_accumulator *into, void *const *to,
                       const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    int rc = 0;

    for (uint32_t k = 0; k < n && !rc; k++) {
        const struct streamd_var *var = accumulator_at(source, from[k], 0);

        if (!accumulator_is_null(source, from[k], 0))
            rc = append_element(into, to[k], (const char *)var->data + 1, var->length - 1);
    }
    return rc;
}

static int array_final(const struct streamd_accumulator *a, struct streamd_call *call,
                       void *const *rows)
{
    struct streamd_str *out = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        const struct streamd_var *var = accumulator_at(a, rows[k], 0);
        char *copy;

        if (accumulator_is_null(a, rows[k], 0)) {
            int rc = call->host->set_null(call, k);

            out[k] = call_str("", 0);
            if (rc)
                return rc;
            continue;
        }
        copy = call->host->alloc(call, (size_t)var->length + 1);
        if (!copy)
            return STREAMD_E_NOMEM;
        memcpy(copy, var->data, var->length);
        copy[var->length] = ']';
        out[k] = call_str(copy, (size_t)var->length + 1);
    }
    return 0;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define ARRAY                                                                                 \
    .result = ACCUMULATOR_NULLABLE(STREAMD_JSON), .state_count = 1,                           \
    .state = {{"text", ACCUMULATOR_NULLABLE(STREAMD_STRING)}}, .init = accumulator_init_null, \
    .update = array_update, .merge = array_merge, .final = array_final

/* clang-format off */
const struct streamd_aggregate aggregates_list[] = {
    {.name = "string_agg", CALL_ARGS2(STREAMD_STRING, STREAMD_STRING),
     .result = ACCUMULATOR_NULLABLE(STREAMD_STRING), .state_count = 2,
     .state = {{"text", ACCUMULATOR_NULLABLE(STREAMD_STRING)}, {"separator", {.id = STREAMD_STRING}}},
     .init = accumulator_init_null, .update = string_agg_update, .merge = string_agg_merge,
     .final = accumulator_text_final,
     .doc = "the texts in the order of arrival, the second argument between them"},
    {.name = "array_agg", CALL_ARGS1(0), .flags = STREAMD_FUNCTION_NULLABLE_INPUT, ARRAY,
     .doc = "all values, NULLs too, in the order of arrival, as a json array"},
    {.name = "collect", CALL_ARGS1(STREAMD_JSON), .flags = STREAMD_FUNCTION_NULLABLE_INPUT, ARRAY,
     .doc = "collect(*): the rows in the order of arrival, as a json array of objects"},
    {.name = NULL},
};
/* clang-format on */
