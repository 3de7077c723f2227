/*
 * concat and concat_ws: values of any types, one behind the other; NULLs are left out.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/value_text.h"

static const void *value_of(const struct streamd_call *call, uint32_t x, uint32_t row)
{
    const struct streamd_vector *v = &call->args[x];
    size_t width = streamd_type_is_variable(v->type.id) ? sizeof(struct streamd_str)
                                                        : streamd_type_width(v->type.id);

    return (const char *)v->values + (row & v->mask) * width;
}

/* Room for all values from argument `first` on, with a separator between them. */
static size_t room_for(const struct streamd_call *call, uint32_t first, uint32_t row,
                       size_t separator)
{
    size_t room = 0;

    for (uint32_t x = first; x < call->argc; x++) {
        if (call_is_null(call, x, row))
            continue;
        const void *value = value_of(call, x, row);
        struct streamd_type type = call->args[x].type;
        room += separator + value_text_room(type, value);
        if (type.id == STREAMD_STRING || type.id == STREAMD_JSON)
            room += ((const struct streamd_str *)value)->length;
    }
    return room;
}

static char *put(char *at, struct streamd_str s)
{
    if (s.length && s.data != at)
        memcpy(at, s.data, s.length);
    return at + s.length;
}

/* Joins the arguments from `first` on into result[row]. */
static int join(struct streamd_call *call, struct call_memory *memory, uint32_t first, uint32_t row,
                struct streamd_str separator)
{
    size_t room = room_for(call, first, row, separator.length);
    int seen = 0;

    if (room > CALL_TEXT_MAX)
        return call_too_long(call, row);
    char *out = call_reserve(call, memory, room), *at = out;
    if (!out && room)
        return STREAMD_E_NOMEM;
    for (uint32_t x = first; x < call->argc; x++) {
        if (call_is_null(call, x, row))
            continue;
        if (seen)
            at = put(at, separator);
        at = put(at, value_text(call->args[x].type, value_of(call, x, row), at));
        seen = 1;
    }
    ((struct streamd_str *)call->result->values)[row] = call_take(memory, (size_t)(at - out));
    return 0;
}

static int concat_kernel(struct streamd_call *call)
{
    struct call_memory memory = {NULL, NULL};
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++)
        rc = join(call, &memory, 0, call_row(call, k), call_str("", 0));
    return rc;
}

static int concat_ws_kernel(struct streamd_call *call)
{
    struct call_memory memory = {NULL, NULL};
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        if (call_is_null(call, 0, i))
            rc = call_text_null(call, i);
        else
            rc = join(call, &memory, 1, i, CALL_ARG(call, 0, struct streamd_str, i));
    }
    return rc;
}

#define ANY_TYPE 0

const struct streamd_function functions_text_concat[] = {
    {.name = "concat",
     CALL_ARGS1(ANY_TYPE),
     .result = {STREAMD_STRING, 0, 0, 0},
     .flags = STREAMD_FUNCTION_NULLABLE_INPUT | STREAMD_FUNCTION_VARIADIC,
     .kernel = concat_kernel,
     .doc = "the texts of all arguments, one behind the other; NULLs are left out"},
    {.name = "concat_ws",
     CALL_ARGS2(STREAMD_STRING, ANY_TYPE),
     .result = {STREAMD_STRING, 0, 0, 0},
     .flags = STREAMD_FUNCTION_NULLABLE_INPUT | STREAMD_FUNCTION_VARIADIC |
              STREAMD_FUNCTION_NULLABLE_RESULT,
     .kernel = concat_ws_kernel,
     .doc = "the texts of the other arguments with the first between them; NULLs are left out"},
    {.name = NULL}};
