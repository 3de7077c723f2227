/*
 * Conversions between numbers, and between numbers and bool. To int64: a decimal is rounded half
 * away from zero, a float64 half to even, as in PostgreSQL.
 */
#include "expr/decimal.h"
#include "expr/kernel.h"
#include "expr/tables.h"

#include <math.h>

static int bool_to_int64(struct streamd_call *call)
{
    KERNEL_LOOP1(call, uint8_t, int64_t, r = a != 0);
    return 0;
}

static int int64_to_bool(struct streamd_call *call)
{
    KERNEL_LOOP1(call, int64_t, uint8_t, r = a != 0);
    return 0;
}

static int int64_to_float64(struct streamd_call *call)
{
    KERNEL_LOOP1(call, int64_t, double, r = (double)a);
    return 0;
}

/* ---- to decimal --------------------------------------------------------------------------- */

static int rescale(streamd_int128 v, unsigned from, struct streamd_type to, streamd_int128 *r)
{
    return streamd_decimal_rescale(v, from, to.scale, to.precision, r) ? STREAMD_ROW_OVERFLOW : 0;
}

static int int64_to_decimal(struct streamd_call *call)
{
    const struct streamd_type to = call->result->type;
    int bad = 0;

    if (to.scale == 0 && to.precision >= 19) {
        KERNEL_LOOP1(call, int64_t, struct streamd_decimal, r = streamd_decimal_make(a));
        return 0;
    }
    KERNEL_LOOP1(call, int64_t, struct streamd_decimal, streamd_int128 v = 0;
                 bad |= rescale(a, 0, to, &v); r = streamd_decimal_make(v));
    if (bad)
        KERNEL_ERRORS(call, kernel_message, streamd_int128 v;
                      kernel_code = rescale(KERNEL_ARG(call, 0, int64_t, i), 0, to, &v));
    return 0;
}

static int decimal_to_decimal(struct streamd_call *call)
{
    const struct streamd_type from = call->args[0].type, to = call->result->type;
    int bad = 0;

    KERNEL_LOOP1(call, struct streamd_decimal, struct streamd_decimal, streamd_int128 v = 0;
                 bad |= rescale(streamd_decimal_get(a), from.scale, to, &v);
                 r = streamd_decimal_make(v));
    if (bad)
        KERNEL_ERRORS(call, kernel_message, streamd_int128 v;
                      kernel_code = rescale(
                          streamd_decimal_get(KERNEL_ARG(call, 0, struct streamd_decimal, i)),
                          from.scale, to, &v));
    return 0;
}

static const char *float_message(int code)
{
    return code == STREAMD_ROW_CAST ? "NaN and Infinity are no decimals" : kernel_message(code);
}

static int float64_to_decimal(struct streamd_call *call)
{
    const struct streamd_type to = call->result->type;
    int bad = 0;

    KERNEL_LOOP1(call, double, struct streamd_decimal, streamd_int128 v = 0;
                 bad |= decimal_from_float64(a, to.precision, to.scale, &v);
                 r = streamd_decimal_make(v));
    if (bad)
        KERNEL_ERRORS(call, float_message, streamd_int128 v;
                      kernel_code = decimal_from_float64(KERNEL_ARG(call, 0, double, i),
                                                         to.precision, to.scale, &v));
    return 0;
}

/* ---- from decimal and float64 ------------------------------------------------------------- */

static int decimal_to_float(struct streamd_call *call)
{
    const unsigned scale = call->args[0].type.scale;

    KERNEL_LOOP1(call, struct streamd_decimal, double,
                 r = decimal_to_float64(streamd_decimal_get(a), scale));
    return 0;
}

static int decimal_as_int64(streamd_int128 v, unsigned scale, int64_t *r)
{
    *r = 0;
    if (streamd_decimal_rescale(v, scale, 0, 38, &v) || v < INT64_MIN || v > INT64_MAX)
        return STREAMD_ROW_OVERFLOW;
    *r = (int64_t)v;
    return 0;
}

static int decimal_to_int64(struct streamd_call *call)
{
    const unsigned scale = call->args[0].type.scale;
    int bad = 0;

    KERNEL_LOOP1(call, struct streamd_decimal, int64_t,
                 bad |= decimal_as_int64(streamd_decimal_get(a), scale, &r));
    if (bad)
        KERNEL_ERRORS(
            call, kernel_message, int64_t r;
            kernel_code = decimal_as_int64(
                streamd_decimal_get(KERNEL_ARG(call, 0, struct streamd_decimal, i)), scale, &r));
    return 0;
}

static int float64_as_int64(double v, int64_t *r)
{
    *r = 0;
    v = rint(v);
    if (!(v >= -0x1p63 && v < 0x1p63))
        return STREAMD_ROW_OVERFLOW;
    *r = (int64_t)v;
    return 0;
}

static int float64_to_int64(struct streamd_call *call)
{
    int bad = 0;

    KERNEL_LOOP1(call, double, int64_t, bad |= float64_as_int64(a, &r));
    if (bad)
        KERNEL_ERRORS(call, kernel_message, int64_t r;
                      kernel_code = float64_as_int64(KERNEL_ARG(call, 0, double, i), &r));
    return 0;
}

/* ::int and ::smallint, whose values are int64 here, refuse what PostgreSQL refuses. */
static int check_bits(struct streamd_call *call)
{
    const int32_t *bits = call->prepared;
    const int64_t most = *bits == 16 ? INT16_MAX : INT32_MAX;
    int bad = 0;

    KERNEL_LOOP1(call, int64_t, int64_t, bad |= a > most || a < -most - 1; r = a);
    if (bad)
        KERNEL_ERRORS(call, kernel_message, int64_t a = KERNEL_ARG(call, 0, int64_t, i);
                      kernel_code = a > most || a < -most - 1 ? STREAMD_ROW_OVERFLOW : 0);
    return 0;
}

#define CAST(from_, to_, flags_, kernel_)                                                     \
    {                                                                                         \
        .name = "cast", .argc = 1, .args = {from_}, .result = {.id = to_}, .flags = (flags_), \
        .kernel = (kernel_)                                                                   \
    }

const struct streamd_function cast_int_bits =
    CAST(STREAMD_INT64, STREAMD_INT64, NODE_ANY_ROWS, check_bits);

const struct streamd_function casts_number[] = {
    CAST(STREAMD_BOOL, STREAMD_INT64, NODE_ANY_ROWS | NODE_CAST_ONLY, bool_to_int64),
    CAST(STREAMD_INT64, STREAMD_BOOL, NODE_ANY_ROWS | NODE_CAST_ONLY, int64_to_bool),
    CAST(STREAMD_INT64, STREAMD_FLOAT64, NODE_ANY_ROWS, int64_to_float64),
    CAST(STREAMD_INT64, STREAMD_DECIMAL, 0, int64_to_decimal),
    CAST(STREAMD_DECIMAL, STREAMD_DECIMAL, 0, decimal_to_decimal),
    CAST(STREAMD_DECIMAL, STREAMD_FLOAT64, 0, decimal_to_float),
    CAST(STREAMD_DECIMAL, STREAMD_INT64, NODE_CAST_ONLY, decimal_to_int64),
    CAST(STREAMD_FLOAT64, STREAMD_DECIMAL, NODE_CAST_ONLY, float64_to_decimal),
    CAST(STREAMD_FLOAT64, STREAMD_INT64, NODE_ANY_ROWS | NODE_CAST_ONLY, float64_to_int64),
    {.name = NULL},
};
