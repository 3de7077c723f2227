/*
 * to_char of numbers. The number is first made a text with the digits that its pattern has room
 * for, exactly for int64 and decimals, by the C library's exact printing for floats; where it has
 * more digits than that it becomes #.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/number_pattern.h"

#include "base/error.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { TEXT_ROOM = 2 * NUMBER_PATTERN_MAX + 400 };

/* ---- numbers as texts --------------------------------------------------------------------- */

/* The pattern's places full of #. */
static size_t put_overflow(const struct number_pattern *p, int after, char *out)
{
    size_t before = (size_t)(p->before + p->shift), n = before + (size_t)after + 1;

    memset(out, '#', n);
    out[before] = '.';
    return n;
}

static size_t put_roman(int64_t v, char *out)
{
    static const struct {
        int value;
        const char *letters;
    } steps[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                 {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                 {5, "V"},    {4, "IV"},   {1, "I"}};
    size_t used = 0;

    if (v < 1 || v > 3999) {
        memset(out, '#', 15);
        return 15;
    }
    for (size_t i = 0; v > 0; i++)
        for (; v >= steps[i].value; v -= steps[i].value)
            for (const char *p = steps[i].letters; *p; p++)
                out[used++] = *p;
    return used;
}

/* m / 10^scale as d.ddde+XX with a blank or minus in front. */
static size_t put_scientific(streamd_uint128 m, unsigned scale, int negative, int after, char *out)
{
    char digits[48];
    int n = (int)streamd_uint128_print(m, digits), exponent = m ? n - 1 - (int)scale : 0;
    char *at = out;

    if (m && n > after + 1) {
        streamd_uint128 rounded = streamd_decimal_shift_down(m, (unsigned)(n - after - 1));
        int longer = (int)streamd_uint128_print(rounded, digits);
        exponent += longer > after + 1; /* 9.99 became 10.0 */
        n = after + 1;
    }
    *at++ = negative ? '-' : ' ';
    *at++ = digits[0];
    if (after)
        *at++ = '.';
    for (int i = 1; i <= after; i++)
        *at++ = m && i < n ? digits[i] : '0';
    return (size_t)(at - out) + (size_t)sprintf(at, "e%+03d", exponent);
}

/* Digits of m / 10^scale with p->after of them behind the point. 0: they are too many for us. */
static size_t put_digits(const struct number_pattern *p, streamd_uint128 m, unsigned scale,
                         char *out)
{
    int after = p->after, zeros = 0;
    int up = after + p->shift - (int)scale; /* powers of ten to multiply by */

    if (up < 0) {
        m = -up > 38 ? 0 : streamd_decimal_shift_down(m, (unsigned)-up);
    } else {
        while (up > 0 && after > 0 && zeros < after) { /* zeros behind the point need no number */
            zeros++;
            up--;
        }
        if (up > 38 || __builtin_mul_overflow(m, streamd_pow10_128((unsigned)up), &m))
            return 0;
    }
    char digits[48];
    size_t n = streamd_uint128_print(m, digits), part = (size_t)(after - zeros);
    char *at = out;
    if (n > part) {
        memcpy(at, digits, n - part);
        at += n - part;
    } else {
        *at++ = '0';
    }
    if (after == 0)
        return (size_t)(at - out);
    *at++ = '.';
    for (size_t i = n; i < part; i++)
        *at++ = '0';
    size_t tail = n < part ? n : part;
    memcpy(at, digits + n - tail, tail);
    memset(at + tail, '0', (size_t)zeros);
    return (size_t)(at - out) + tail + (size_t)zeros;
}

static size_t put_exact(const struct number_pattern *p, streamd_int128 v, unsigned scale, char *out,
                        int *negative)
{
    streamd_uint128 m = v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
    size_t n;

    *negative = v < 0;
    if (p->roman) {
        m = streamd_decimal_shift_down(m, scale);
        return put_roman(v < 0 || m > 3999 ? 0 : (int64_t)m, out);
    }
    if (p->scientific)
        return put_scientific(m, scale, v < 0, p->after, out);
    n = put_digits(p, m, scale, out);
    const char *point = memchr(out, '.', n);
    size_t whole = point ? (size_t)(point - out) : n;
    /* A number that became 0 by rounding has no sign. */
    int zero = 1;
    for (size_t i = 0; i < n; i++)
        zero &= out[i] == '0' || out[i] == '.';
    if (n && zero)
        *negative = 0;
    return n == 0 || whole > (size_t)(p->before + p->shift) ? put_overflow(p, p->after, out) : n;
}

static size_t put_float_scientific(const struct number_pattern *p, double v, char *out)
{
    if (isfinite(v))
        return (size_t)snprintf(out, TEXT_ROOM, "%s%.*e", signbit(v) ? "" : " ", p->after, v);
    /* sign, digits, point, e, its sign, two digits */
    size_t n = (size_t)(p->before + p->after) + 6;
    memset(out, '#', n);
    out[0] = ' ';
    out[p->before + 1] = '.';
    return n;
}

static size_t put_float(const struct number_pattern *p, double v, char *out, int *negative)
{
    int after = p->after;

    *negative = 0;
    if (p->roman)
        return put_roman(v > 0 && v < 4000 ? (int64_t)rint(v) : 0, out);
    if (p->scientific)
        return put_float_scientific(p, v, out);
    if (p->has_shift)
        v *= pow(10, p->shift);
    int whole = snprintf(out, TEXT_ROOM, "%.0f", fabs(v));
    if (whole >= DBL_DIG)
        after = 0;
    else if (whole + after > DBL_DIG)
        after = DBL_DIG - whole;
    int n = snprintf(out, TEXT_ROOM, "%.*f", after, v);
    *negative = *out == '-';
    if (*negative)
        memmove(out, out + 1, (size_t)n--);
    whole = after ? n - after - 1 : n;
    return whole > p->before + p->shift ? put_overflow(p, after, out) : (size_t)n;
}

/* ---- kernel ------------------------------------------------------------------------------- */

struct compiled {
    struct arena arena;
    struct number_pattern *pattern;
};

static void compiled_free(void *what)
{
    struct compiled *c = what;

    if (c)
        arena_clear(&c->arena);
    memory_free(c);
}

static int prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                   struct streamd_error *error)
{
    struct compiled *c;

    (void)argc;
    *prepared = NULL;
    if (!call_is_constant(&args[1]))
        return 0;
    c = memory_zalloc(1, sizeof *c);
    if (!c)
        return error_set_nomem(error);
    const struct streamd_str *text = args[1].values;
    int rc = number_pattern_build(&c->arena, text->data, text->length, &c->pattern, error);
    if (rc) {
        compiled_free(c);
        return rc;
    }
    *prepared = c;
    return 0;
}

static size_t text_of(const struct streamd_call *call, const struct number_pattern *p, uint32_t row,
                      char *out, int *negative)
{
    struct streamd_decimal d;

    switch (call->args[0].type.id) {
    case STREAMD_INT64:
        return put_exact(p, CALL_ARG(call, 0, int64_t, row), 0, out, negative);
    case STREAMD_DECIMAL:
        d = CALL_ARG(call, 0, struct streamd_decimal, row);
        return put_exact(p, streamd_decimal_get(d), call->args[0].type.scale, out, negative);
    default:
        return put_float(p, CALL_ARG(call, 0, double, row), out, negative);
    }
}

static int to_char_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};
    struct arena arena = {0};
    struct streamd_error error;
    char text[TEXT_ROOM];
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct number_pattern *p =
            call->prepared ? ((const struct compiled *)call->prepared)->pattern : NULL;
        result[i] = call_str("", 0);
        if (!p) {
            struct streamd_str pattern = CALL_ARG(call, 1, struct streamd_str, i);
            arena_reset(&arena);
            rc = number_pattern_build(&arena, pattern.data, pattern.length, &p, &error);
            if (rc == STREAMD_E_INVALID || rc == STREAMD_E_LIMIT) {
                rc = call_text_error(call, i, STREAMD_ROW_ARGUMENT, error.message);
                continue;
            }
            if (rc)
                continue;
        }
        struct number_text number = {text, 0, 0};
        number.length = text_of(call, p, i, text, &number.negative);
        char *out = call_reserve(call, &memory, number_pattern_room(p, number.length));
        if (!out)
            rc = STREAMD_E_NOMEM;
        else
            result[i] = call_take(&memory, number_pattern_print(p, number, out));
    }
    arena_clear(&arena);
    return rc;
}

#define ENTRY(type)                                                                               \
    {                                                                                             \
        .name = "to_char", CALL_ARGS2(type, STREAMD_STRING), .result = {STREAMD_STRING, 0, 0, 0}, \
        .prepare = prepare, .unprepare = compiled_free, .kernel = to_char_kernel,                 \
        .doc = "a number by a template pattern"                                                   \
    }

const struct streamd_function functions_number_format[] = {
    ENTRY(STREAMD_INT64), ENTRY(STREAMD_DECIMAL), ENTRY(STREAMD_FLOAT64), {.name = NULL}};
