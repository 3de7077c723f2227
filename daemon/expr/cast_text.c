/*
 * Conversions to string: the text forms of PostgreSQL, from streamd/convert.h. One allocation for
 * the batch, of the longest text times the rows.
 */
#include "expr/kernel.h"
#include "expr/tables.h"

/* Prints every row with an expression of `a` and `at` that answers a length. */
#define PRINT_LOOP(call, type, longest, ...)                                   \
    do {                                                                       \
        struct streamd_str *result = (call)->result->values;                   \
        char *at = (call)->host->alloc((call), (size_t)(call)->n * (longest)); \
        if (!at)                                                               \
            return STREAMD_E_NOMEM;                                            \
        for (uint32_t k = 0; k < (call)->n; k++) {                             \
            const uint32_t i = kernel_row((call), k);                          \
            const type a = KERNEL_ARG(call, 0, type, i);                       \
            result[i].data = at;                                               \
            result[i].length = (__VA_ARGS__);                                  \
            at += result[i].length;                                            \
        }                                                                      \
        return 0;                                                              \
    } while (0)

static size_t print_bool(uint8_t v, char *out)
{
    memcpy(out, v ? "true" : "false", v ? 4 : 5);
    return v ? 4 : 5;
}

static int from_bool(struct streamd_call *call)
{
    PRINT_LOOP(call, uint8_t, 5, print_bool(a, at));
}

static int from_int64(struct streamd_call *call)
{
    PRINT_LOOP(call, int64_t, STREAMD_INT64_TEXT, streamd_int64_print(a, at));
}

static int from_float64(struct streamd_call *call)
{
    PRINT_LOOP(call, double, STREAMD_FLOAT64_TEXT, streamd_float64_print(a, at));
}

static int from_decimal(struct streamd_call *call)
{
    const unsigned scale = call->args[0].type.scale;

    PRINT_LOOP(call, struct streamd_decimal, STREAMD_DECIMAL_TEXT,
               streamd_decimal_print(streamd_decimal_get(a), scale, at));
}

static int from_timestamp(struct streamd_call *call)
{
    PRINT_LOOP(call, int64_t, STREAMD_TIMESTAMP_TEXT, streamd_timestamp_print_sql(a, at));
}

static int from_date(struct streamd_call *call)
{
    PRINT_LOOP(call, int32_t, STREAMD_DATE_TEXT, streamd_date_print_sql(a, at));
}

/* \x0aff */
static int from_bytes(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str a = KERNEL_ARG(call, 0, struct streamd_str, i);
        char *at = call->host->alloc(call, 2 + 2 * a.length);

        if (!at)
            return STREAMD_E_NOMEM;
        memcpy(at, "\\x", 2);
        result[i].data = at;
        result[i].length = 2 + streamd_hex_encode(a.data, a.length, at + 2);
    }
    return 0;
}

static int from_json(struct streamd_call *call)
{
    KERNEL_LOOP1(call, struct streamd_str, struct streamd_str, r = a);
    return 0;
}

/* varchar(n): the first n characters, as an explicit cast does it. */
static int cut_text(struct streamd_call *call)
{
    const int32_t *most = call->prepared;
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str a = KERNEL_ARG(call, 0, struct streamd_str, i);
        int32_t characters = 0;
        size_t end = 0;

        for (; end < a.length; end++) {
            if (((unsigned char)a.data[end] & 0xc0) != 0x80 && characters++ == *most)
                break;
        }
        result[i].data = a.data;
        result[i].length = end;
    }
    return 0;
}

#define CAST(from_, kernel_)                                                          \
    {                                                                                 \
        .name = "cast", .argc = 1, .args = {from_}, .result = {.id = STREAMD_STRING}, \
        .flags = NODE_CAST_ONLY, .kernel = (kernel_)                                  \
    }

const struct streamd_function cast_cut_text = CAST(STREAMD_STRING, cut_text);

const struct streamd_function casts_text[] = {
    CAST(STREAMD_BOOL, from_bool),
    CAST(STREAMD_INT64, from_int64),
    CAST(STREAMD_FLOAT64, from_float64),
    CAST(STREAMD_DECIMAL, from_decimal),
    CAST(STREAMD_TIMESTAMP, from_timestamp),
    CAST(STREAMD_DATE, from_date),
    CAST(STREAMD_BYTES, from_bytes),
    CAST(STREAMD_JSON, from_json),
    {.name = NULL},
};
