/*
 * Aggregates that collect: string_agg, array_agg and collect, in the order of arrival. The state is
 * the text itself, NULL until there is a value; an array is always a whole one, and grows by
 * writing over its last bracket.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"
#include "expr/functions/json_write.h"

/* string_agg also keeps the separator of its first value, for when states are joined. */
enum { TEXT, SEPARATOR };

static struct streamd_var *var_at(const struct streamd_accumulator *a, void *row, uint32_t column)
{
    return accumulate_at(a, row, column);
}

static int array_init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        var_at(a, rows[k], TEXT)->length = 0;
    accumulate_clear(a, rows, n, TEXT);
    return 0;
}

static int string_init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        var_at(a, rows[k], SEPARATOR)->length = 0;
    return array_init(a, rows, n);
}

/* What the lack of room means: 0 after the row was rejected, or negative. */
static int no_room(struct streamd_call *call, uint32_t row, int too_long)
{
    if (!too_long)
        return STREAMD_E_NOMEM;
    return call_error(call, row, STREAMD_ROW_RANGE, "the text would be longer than 1 GiB");
}

/* Grows what the row holds by what was written behind it. */
static void grow(const struct streamd_accumulator *a, void *row, size_t bytes)
{
    var_at(a, row, TEXT)->length += (uint32_t)bytes;
    accumulate_set(row, accumulate_mark(a, 0));
}

/* ---- string_agg --------------------------------------------------------------------------- */

static size_t put(uint8_t *at, struct streamd_str s)
{
    if (s.length)
        memcpy(at, s.data, s.length);
    return s.length;
}

/* Appends a separator, but for the first value, and a text. 0; 1: it would be too long; negative.
 */
static int append(const struct streamd_accumulator *a, void *row, struct streamd_str by,
                  struct streamd_str s)
{
    int too_long, first = accumulate_is_null(row, accumulate_mark(a, TEXT)) != 0;

    if (first) {
        int rc = accumulate_store_text(a, row, SEPARATOR, by);
        if (rc)
            return rc;
        by.length = 0;
    }
    uint8_t *at = accumulate_append(a, row, TEXT, by.length + s.length, &too_long);
    if (!at && (too_long || by.length + s.length))
        return too_long ? 1 : STREAMD_E_NOMEM;
    size_t used = put(at, by);
    used += put(at + used, s);
    grow(a, row, used);
    return 0;
}

static int string_update(const struct streamd_accumulator *a, struct streamd_call *call,
                         const int64_t *time, void *const *rows)
{
    int rc = 0;

    (void)time;
    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        rc = append(a, rows[k], CALL_ARG(call, 1, struct streamd_str, i),
                    CALL_ARG(call, 0, struct streamd_str, i));
        if (rc > 0)
            rc = no_room(call, i, 1);
    }
    return rc;
}

static struct streamd_str text_of(const struct streamd_var *v)
{
    return call_str((const char *)v->data, v->length);
}

static int string_merge(const struct streamd_accumulator *into, void *const *to,
                        const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    struct accumulate_mark other = accumulate_mark(source, TEXT);
    int rc = 0;

    for (uint32_t k = 0; k < n && rc == 0; k++)
        if (!accumulate_is_null(from[k], other))
            rc = append(into, to[k], text_of(var_at(source, from[k], SEPARATOR)),
                        text_of(var_at(source, from[k], TEXT)));
    return rc > 0 ? STREAMD_E_LIMIT : rc;
}

/* ---- arrays ------------------------------------------------------------------------------- */

/* Room for `bytes` of elements behind those of a row, with [ or , in front. NULL: there is none. */
static uint8_t *array_room(const struct streamd_accumulator *a, void *row, size_t bytes,
                           int *too_long)
{
    struct streamd_var *v = var_at(a, row, TEXT);
    int first = accumulate_is_null(row, accumulate_mark(a, 0)) != 0;
    uint8_t *at = accumulate_append(a, row, 0, bytes + (first ? 2 : 1), too_long);

    if (!at)
        return NULL;
    if (first) {
        v->length = 1;
        *at = '[';
        return at + 1;
    }
    at[-1] = ',';
    return at;
}

/* Closes an array whose elements grew by `bytes`. */
static void array_close(const struct streamd_accumulator *a, void *row, uint8_t *at, size_t bytes)
{
    at[bytes] = ']';
    grow(a, row, bytes + 1);
}

static int array_update(const struct streamd_accumulator *a, struct streamd_call *call,
                        const int64_t *time, void *const *rows)
{
    const struct streamd_vector *v = &call->args[0];
    size_t width = streamd_type_is_variable(v->type.id) ? sizeof(struct streamd_str)
                                                        : streamd_type_width(v->type.id);
    int rc = 0;

    (void)time;
    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        const void *value = (const uint8_t *)v->values + (i & v->mask) * width;
        int null = call_is_null(call, 0, i), too_long;
        size_t bytes = null ? 4 : json_write_room(v->type, value);
        uint8_t *at = array_room(a, rows[k], bytes, &too_long);
        if (!at) {
            rc = no_room(call, i, too_long);
            continue;
        }
        if (null)
            memcpy(at, "null", 4);
        else
            bytes = json_write(v->type, value, (char *)at);
        array_close(a, rows[k], at, bytes);
    }
    return rc;
}

static int array_merge(const struct streamd_accumulator *into, void *const *to,
                       const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    struct accumulate_mark other = accumulate_mark(source, 0);

    for (uint32_t k = 0; k < n; k++) {
        const struct streamd_var *v = accumulate_at(source, from[k], 0);
        int too_long;
        if (accumulate_is_null(from[k], other))
            continue;
        size_t bytes = v->length - 2; /* what stands between the brackets */
        uint8_t *at = array_room(into, to[k], bytes, &too_long);
        if (!at)
            return too_long ? STREAMD_E_LIMIT : STREAMD_E_NOMEM;
        memcpy(at, v->data + 1, bytes);
        array_close(into, to[k], at, bytes);
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define ARRAY(name_, id, flags_, doc_)                                                         \
    {                                                                                          \
        .name = (name_), CALL_ARGS1(id), .result = {STREAMD_JSON, 0, 0, 1}, .flags = (flags_), \
        .state_count = 1, .state = {{"values", {STREAMD_JSON, 0, 0, 1}}}, .init = array_init,  \
        .update = array_update, .merge = array_merge, .final = accumulate_final_text,          \
        .doc = (doc_)                                                                          \
    }
#define ARRAY_AGG(id)                                       \
    ARRAY("array_agg", id, STREAMD_FUNCTION_NULLABLE_INPUT, \
          "all values as an array of json, NULLs as null, in the order in which they came")

const struct streamd_aggregate aggregates_text[] = {
    {.name = "string_agg",
     CALL_ARGS2(STREAMD_STRING, STREAMD_STRING),
     .result = {STREAMD_STRING, 0, 0, 1},
     .state_count = 2,
     .state = {{"text", {STREAMD_STRING, 0, 0, 1}}, {"separator", {STREAMD_STRING, 0, 0, 0}}},
     .init = string_init,
     .update = string_update,
     .merge = string_merge,
     .final = accumulate_final_text,
     .doc = "all texts with the second argument between them, in the order in which they came"},
    ARRAY_AGG(STREAMD_BOOL),
    ARRAY_AGG(STREAMD_INT64),
    ARRAY_AGG(STREAMD_FLOAT64),
    ARRAY_AGG(STREAMD_DECIMAL),
    ARRAY_AGG(STREAMD_STRING),
    ARRAY_AGG(STREAMD_BYTES),
    ARRAY_AGG(STREAMD_TIMESTAMP),
    ARRAY_AGG(STREAMD_DATE),
    ARRAY_AGG(STREAMD_JSON),
    ARRAY("collect", STREAMD_JSON, 0, "all rows as an array of json objects"),
    {.name = NULL}};
