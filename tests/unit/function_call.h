/*
 * Calls of one built-in function with values that are written as `type:text`, for tests. The call
 * is made three times: with constants, with columns, and for one selected row among others, and
 * must always answer the same.
 */
#ifndef TESTS_UNIT_FUNCTION_CALL_H
#define TESTS_UNIT_FUNCTION_CALL_H

#include "tests/unit/cases.h"

#include "base/arena.h"
#include "expr/functions/functions.h"

#include <streamd/convert.h>

#include <inttypes.h>

enum { FUNCTION_ROWS = 3, FUNCTION_MAX_ROWS = 64, FUNCTION_TEXT = 70000 };

/* A host for kernels. The call is its first member. */
struct function_host {
    struct streamd_call call;
    struct arena arena;
    uint8_t nulls[FUNCTION_MAX_ROWS];
    int errors[FUNCTION_MAX_ROWS];
    char message[200];
    int64_t now;
};

static inline struct function_host *function_host_of(struct streamd_call *call)
{
    return (struct function_host *)call;
}

static inline void *function_alloc(struct streamd_call *call, size_t bytes)
{
    return arena_alloc(&function_host_of(call)->arena, bytes);
}

static inline int function_set_null(struct streamd_call *call, uint32_t row)
{
    assert_true(row < FUNCTION_MAX_ROWS);
    function_host_of(call)->nulls[row & call->result->mask] = 1;
    return 0;
}

static inline int function_row_error(struct streamd_call *call, uint32_t row, int code,
                                     const char *message)
{
    struct function_host *h = function_host_of(call);
    assert_true(row < FUNCTION_MAX_ROWS);
    assert_true(code >= STREAMD_ROW_SYNTAX && code <= STREAMD_ROW_SINK);
    assert_non_null(message);
    h->errors[row] = code;
    snprintf(h->message, sizeof h->message, "%s", message);
    return 0;
}

static inline int64_t function_now(struct streamd_call *call)
{
    return function_host_of(call)->now;
}

static const struct streamd_host_call function_host_call = {sizeof(struct streamd_host_call),
                                                            function_alloc, function_set_null,
                                                            function_row_error, function_now};

/* ---- values ------------------------------------------------------------------------------- */

static const char *const function_type_names[] = {
    NULL, "bool", "int64", "float64", "decimal", "string", "bytes", "timestamp", "date", "json"};

/* `decimal(5,2)`, `int64`: answers where the text goes on. */
static inline const char *function_parse_type(const char *text, struct streamd_type *type)
{
    for (uint8_t id = 1; id <= STREAMD_JSON; id++) {
        size_t n = strlen(function_type_names[id]);
        if (strncmp(text, function_type_names[id], n) != 0)
            continue;
        *type = (struct streamd_type){id, 0, 0, 1};
        if (id == STREAMD_DECIMAL) {
            unsigned p, s;
            int used = 0;
            assert_int_equal(sscanf(text, "decimal(%u,%u)%n", &p, &s, &used), 2);
            type->precision = (uint8_t)p;
            type->scale = (uint8_t)s;
            return text + used;
        }
        return text + n;
    }
    fail_msg("no type: %s", text);
    return NULL;
}

static inline size_t function_width(uint8_t id)
{
    return streamd_type_is_variable(id) ? sizeof(struct streamd_str) : streamd_type_width(id);
}

/* A value from its text; texts lie in memory of exactly their length. */
static inline void function_parse_value(struct arena *a, struct streamd_type type, const char *text,
                                        size_t n, void *value)
{
    streamd_int128 d = 0;
    struct streamd_decimal decimal;
    int32_t date = 0;
    int rc = 0;
    switch (type.id) {
    case STREAMD_BOOL:
        *(uint8_t *)value = strcmp(text, "true") == 0 || strcmp(text, "t") == 0;
        break;
    case STREAMD_INT64:
        rc = streamd_int64_parse(text, n, value);
        break;
    case STREAMD_FLOAT64:
        rc = streamd_float64_parse(text, n, value);
        break;
    case STREAMD_DECIMAL:
        rc = streamd_decimal_parse(text, n, type.precision, type.scale, &d);
        decimal = streamd_decimal_make(d);
        memcpy(value, &decimal, sizeof decimal);
        break;
    case STREAMD_TIMESTAMP:
        rc = streamd_timestamp_parse(text, n, value);
        break;
    case STREAMD_DATE:
        rc = streamd_date_parse(text, n, &date);
        memcpy(value, &date, sizeof date);
        break;
    default: {
        char *copy = malloc(n ? n : 1); /* of its own, so that a sanitizer guards its end */
        assert_non_null(copy);
        size_t length = n;
        memcpy(copy, text, n);
        if (type.id == STREAMD_BYTES)
            rc = streamd_hex_decode(text, n, copy, &length);
        struct streamd_str s = {copy, length};
        memcpy(value, &s, sizeof s);
        (void)a;
        break;
    }
    }
    if (rc)
        fail_msg("not a value: %s", text);
}

/* The text of a value: as SQL prints it, but times as numbers and bytes in hexadecimal. */
static inline void function_print_value(struct streamd_type type, const void *value, char *out)
{
    size_t n = 0;
    struct streamd_decimal decimal;
    struct streamd_str s;
    switch (type.id) {
    case STREAMD_BOOL:
        assert_true(*(const uint8_t *)value <= 1);
        n = (size_t)sprintf(out, "%s", *(const uint8_t *)value ? "true" : "false");
        break;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        n = streamd_int64_print(*(const int64_t *)value, out);
        break;
    case STREAMD_FLOAT64:
        n = streamd_float64_print(*(const double *)value, out);
        break;
    case STREAMD_DECIMAL:
        memcpy(&decimal, value, sizeof decimal);
        n = streamd_decimal_print(streamd_decimal_get(decimal), type.scale, out);
        break;
    case STREAMD_DATE:
        n = streamd_int64_print(*(const int32_t *)value, out);
        break;
    default:
        memcpy(&s, value, sizeof s);
        assert_true(s.length * 2 < FUNCTION_TEXT);
        if (type.id == STREAMD_BYTES)
            n = streamd_hex_encode(s.data, s.length, out);
        else if (s.length)
            memcpy(out, s.data, n = s.length);
        break;
    }
    out[n] = 0;
}

/* ---- calling ------------------------------------------------------------------------------ */

/* An argument: one value three times, with something else beside it where columns are wanted. */
struct function_argument {
    struct streamd_type type;
    int is_null;
    _Alignas(16) uint8_t values[FUNCTION_ROWS * 16];
    uint8_t nulls[FUNCTION_ROWS];
};

static inline void function_argument_init(struct arena *a, struct function_argument *arg,
                                          const char *text, size_t length)
{
    const char *value = function_parse_type(text, &arg->type);
    size_t width = function_width(arg->type.id);
    memset(arg->values, 0, sizeof arg->values);
    arg->is_null = strcmp(value, "=NULL") == 0;
    memset(arg->nulls, arg->is_null, sizeof arg->nulls);
    if (arg->is_null)
        return;
    assert_int_equal(*value, ':');
    value++;
    function_parse_value(a, arg->type, value, length - (size_t)(value - text), arg->values);
    for (int i = 1; i < FUNCTION_ROWS; i++)
        memcpy(arg->values + (size_t)i * width, arg->values, width);
}

static inline void function_argument_clear(struct function_argument *arg)
{
    struct streamd_str s;
    if (arg->is_null || !streamd_type_is_variable(arg->type.id))
        return;
    memcpy(&s, arg->values, sizeof s);
    free((char *)(uintptr_t)s.data);
}

static inline int function_takes(const struct streamd_function *f, const char *name,
                                 const struct function_argument *args, uint32_t argc)
{
    int variadic = (f->flags & STREAMD_FUNCTION_VARIADIC) != 0;
    if (strcmp(f->name, name) != 0 || (variadic ? argc < f->argc : argc != f->argc))
        return 0;
    for (uint32_t i = 0; i < argc; i++) {
        uint8_t id = f->args[i < f->argc ? i : f->argc - 1];
        if (id && id != args[i].type.id)
            return 0;
    }
    return 1;
}

/* The entry of a table that takes these arguments as they are, or NULL. */
static inline const struct streamd_function *function_find_in(const struct streamd_function *table,
                                                              const char *name,
                                                              const struct function_argument *args,
                                                              uint32_t argc)
{
    for (; table->name; table++)
        if (function_takes(table, name, args, argc))
            return table;
    return NULL;
}

static inline const struct streamd_function *function_find(const char *name,
                                                           const struct function_argument *args,
                                                           uint32_t argc)
{
    const struct streamd_function *f = NULL;
    for (size_t t = 0; !f && expr_function_tables[t]; t++)
        f = function_find_in(expr_function_tables[t], name, args, argc);
    return f;
}

static inline struct streamd_type function_result_type(const struct streamd_function *f,
                                                       const struct streamd_vector *args,
                                                       uint32_t argc)
{
    struct streamd_type types[STREAMD_MAX_ARGUMENTS], result = f->result;
    for (uint32_t i = 0; i < argc; i++)
        types[i] = args[i].type;
    if (f->resolve_values)
        assert_int_equal(f->resolve_values(args, argc, &result), 0);
    else if (f->resolve)
        assert_int_equal(f->resolve(types, argc, &result), 0);
    return result;
}

/* How a call is made. */
enum function_mode { FUNCTION_CONSTANTS, FUNCTION_COLUMNS, FUNCTION_SELECTED };

/* Calls, and writes the answer's text: "NULL", "error CODE MESSAGE", or the value. The type of the
   result is the one for constant arguments where `constant_type`. */
static inline struct streamd_type function_answer(const struct streamd_function *f,
                                                  struct function_argument *args, uint32_t argc,
                                                  enum function_mode mode, char *out)
{
    struct streamd_vector vectors[STREAMD_MAX_ARGUMENTS], hidden[STREAMD_MAX_ARGUMENTS];
    struct function_host h = {.now = 1735689600000000};
    _Alignas(16) uint8_t values[FUNCTION_ROWS * 16] = {0};
    static const uint16_t selection[] = {1};
    struct streamd_error error;
    int null = 0, rc = 0;
    for (uint32_t i = 0; i < argc; i++) {
        vectors[i] = (struct streamd_vector){args[i].type, mode ? UINT32_MAX : 0, args[i].values,
                                             args[i].is_null ? args[i].nulls : NULL};
        hidden[i] = vectors[i];
        if (mode)
            hidden[i].values = NULL;
        null |= args[i].is_null;
    }
    struct streamd_vector result = {function_result_type(f, hidden, argc), mode ? UINT32_MAX : 0,
                                    values, NULL};
    h.call = (struct streamd_call){.host = &function_host_call,
                                   .args = vectors,
                                   .argc = argc,
                                   .sel = mode == FUNCTION_SELECTED ? selection : NULL,
                                   .n = mode == FUNCTION_COLUMNS ? FUNCTION_ROWS : 1,
                                   .result = &result};
    uint32_t row = mode == FUNCTION_SELECTED ? 1 : 0;
    if (null && !(f->flags & STREAMD_FUNCTION_NULLABLE_INPUT)) {
        h.nulls[row] = 1;
    } else {
        if (f->prepare)
            rc = f->prepare(hidden, argc, &h.call.prepared, &error);
        if (rc == 0)
            assert_int_equal(f->kernel(&h.call), 0);
    }
    if (rc)
        sprintf(out, "error %d %s", rc, error.message);
    else if (h.errors[row])
        sprintf(out, "error %d %s", h.errors[row], h.message);
    else if (h.nulls[row])
        strcpy(out, "NULL");
    else
        function_print_value(result.type, values + row * function_width(result.type.id), out);
    if (f->unprepare && rc == 0)
        f->unprepare(h.call.prepared);
    arena_clear(&h.arena);
    return result.type;
}

#endif
