/*
 * Functions of json. Values are slices of the text; only strings with escapes are copied, when they
 * become texts. jsonb_ names are the same functions, as there is one json type here.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/json_text.h"

#define STR(call, x, row) CALL_ARG(call, x, struct streamd_str, row)

/* ---- kinds -------------------------------------------------------------------------------- */

static const char *kind_name(char kind)
{
    switch (kind) {
    case '{':
        return "object";
    case '[':
        return "array";
    case '"':
        return "string";
    case 't':
    case 'f':
        return "boolean";
    case 'n':
        return "null";
    default:
        return "number";
    }
}

static int typeof_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        const char *name = kind_name(json_kind(STR(call, 0, i)));
        result[i] = call_str(name, strlen(name));
    }
    return 0;
}

/* Elements of an array: the commas that are in no string and in no other value. */
static int64_t count_elements(struct streamd_str s)
{
    int64_t count = 0;
    int depth = 0, inside = 0;

    for (size_t i = 0; i < s.length; i++) {
        char c = s.data[i];
        if (c == '"') {
            for (i++; i < s.length && s.data[i] != '"'; i++)
                i += s.data[i] == '\\';
            inside = 1;
        } else if (c == '[' || c == '{') {
            inside |= depth > 0;
            depth++;
        } else if (c == ']' || c == '}') {
            depth--;
        } else if (c == ',') {
            count += depth == 1;
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            inside = 1;
        }
    }
    return inside ? count + 1 : 0;
}

static int array_length_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        char kind = json_kind(s);
        int rc = kind == '[' ? 0
                             : call_error(call, i, STREAMD_ROW_ARGUMENT,
                                          kind == '{' ? "cannot get array length of a non-array"
                                                      : "cannot get array length of a scalar");
        if (rc)
            return rc;
        result[i] = kind == '[' ? count_elements(s) : 0;
    }
    return 0;
}

/* ---- paths -------------------------------------------------------------------------------- */

/* One step into an object or an array. */
static int step(struct streamd_str *s, struct streamd_str key)
{
    int64_t index;

    switch (json_kind(*s)) {
    case '{':
        return json_member(*s, key, s);
    case '[':
        while (key.length && (*key.data == ' ' || (*key.data >= '\t' && *key.data <= '\r'))) {
            key.data++;
            key.length--;
        }
        return streamd_int64_parse(key.data, key.length, &index) == 0 && json_element(*s, index, s);
    default:
        return 0;
    }
}

/* Follows all keys. 1 and *s, or 0. */
static int follow(const struct streamd_call *call, uint32_t row, struct streamd_str *s)
{
    *s = json_trim(STR(call, 0, row));
    for (uint32_t x = 1; x < call->argc; x++)
        if (!step(s, STR(call, x, row)))
            return 0;
    return 1;
}

static int path_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s;
        if (follow(call, i, &s))
            result[i] = s;
        else
            rc = call_text_null(call, i);
    }
    return rc;
}

/* A string without its quotes and escapes; null is NULL; all else as it stands. */
static int put_text(struct streamd_call *call, struct call_memory *memory, uint32_t row,
                    struct streamd_str s)
{
    struct streamd_str *result = call->result->values;
    char kind = json_kind(s);
    size_t n;

    if (kind == 'n')
        return call_text_null(call, row);
    result[row] = s;
    if (kind != '"')
        return 0;
    char *out = call_reserve(call, memory, s.length);
    if (!out)
        return STREAMD_E_NOMEM;
    if (json_unescape(s, out, &n))
        return call_text_error(call, row, STREAMD_ROW_CAST,
                               "a string in json has an escape that is no character");
    result[row] = call_take(memory, n);
    return 0;
}

static int path_text_kernel(struct streamd_call *call)
{
    struct call_memory memory = {NULL, NULL};
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s;
        rc = follow(call, i, &s) ? put_text(call, &memory, i, s) : call_text_null(call, i);
    }
    return rc;
}

/* ---- table -------------------------------------------------------------------------------- */

#define PATH(name_, result_, kernel_, doc_)                                                      \
    {                                                                                            \
        .name = (name_), CALL_ARGS2(STREAMD_JSON, STREAMD_STRING), .result = {result_, 0, 0, 0}, \
        .flags = STREAMD_FUNCTION_VARIADIC | STREAMD_FUNCTION_NULLABLE_RESULT,                   \
        .kernel = (kernel_), .doc = (doc_)                                                       \
    }
#define ONE(name_, result_, kernel_, doc_)                                       \
    {                                                                            \
        .name = (name_), CALL_ARGS1(STREAMD_JSON), .result = {result_, 0, 0, 0}, \
        .kernel = (kernel_), .doc = (doc_)                                       \
    }
#define FAMILY(prefix)                                                                         \
    ONE(prefix "typeof", STREAMD_STRING, typeof_kernel,                                        \
        "object, array, string, number, boolean or null"),                                     \
        ONE(prefix "array_length", STREAMD_INT64, array_length_kernel, "how many elements"),   \
        PATH(prefix "extract_path", STREAMD_JSON, path_kernel,                                 \
             "the value at the end of a path of names and indexes, NULL where there is none"), \
        PATH(prefix "extract_path_text", STREAMD_STRING, path_text_kernel,                     \
             "the same as text, a string without its quotes")

const struct streamd_function functions_json[] = {
    FAMILY("json_"), FAMILY("jsonb_"), {.name = NULL}};
