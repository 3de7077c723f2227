/*
 * Functions of decimals, exact. How many digits a result has is settled when the call is planned:
 * ceil, floor, round, trunc of one argument have scale 0; round(x, n) and trunc(x, n) have scale n
 * where n is a constant, else that of x. A value that does not fit 38 digits is a row error.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"

enum { MAX_DIGITS = 38 };

static struct streamd_type decimal_type(unsigned digits, unsigned scale)
{
    unsigned precision = digits + scale;
    struct streamd_type t = {STREAMD_DECIMAL, 0, 0, 0};

    t.precision = (uint8_t)(precision > MAX_DIGITS ? MAX_DIGITS : precision ? precision : 1);
    t.scale = (uint8_t)(scale > t.precision ? t.precision : scale);
    return t;
}

static unsigned whole_digits(const struct streamd_vector *v)
{
    return (unsigned)(v->type.precision - v->type.scale);
}

/* ---- result types ------------------------------------------------------------------------- */

static int resolve_same(const struct streamd_type *args, uint32_t argc, struct streamd_type *result)
{
    (void)argc;
    *result = decimal_type((unsigned)(args[0].precision - args[0].scale), args[0].scale);
    return 0;
}

static int resolve_whole(const struct streamd_type *args, uint32_t argc,
                         struct streamd_type *result)
{
    (void)argc;
    *result = decimal_type((unsigned)(args[0].precision - args[0].scale) + 1, 0);
    return 0;
}

static int resolve_sign(const struct streamd_type *args, uint32_t argc, struct streamd_type *result)
{
    (void)args;
    (void)argc;
    *result = decimal_type(1, 0);
    return 0;
}

/* The number of digits is not known: those of the argument are kept. */
static int resolve_digits(const struct streamd_type *args, uint32_t argc,
                          struct streamd_type *result)
{
    (void)argc;
    *result = decimal_type((unsigned)(args[0].precision - args[0].scale) + 1, args[0].scale);
    return 0;
}

static int resolve_constant_digits(const struct streamd_vector *args, uint32_t argc,
                                   struct streamd_type *result)
{
    unsigned digits = whole_digits(&args[0]) + 1;

    if (!call_is_constant(&args[1]))
        return resolve_digits(&args[0].type, argc, result);
    int64_t n = *(const int64_t *)args[1].values;
    int64_t most = digits < MAX_DIGITS ? MAX_DIGITS - (int64_t)digits : 0;
    if (most < args[0].type.scale && n >= args[0].type.scale)
        most = args[0].type.scale; /* nothing is rounded, so that no digit is added in front */
    *result = decimal_type(digits, (unsigned)(n < 0 ? 0 : n > most ? most : n));
    return 0;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static int resolve_rest(const struct streamd_type *args, uint32_t argc, struct streamd_type *result)
{
    unsigned scale = args[0].scale > args[1].scale ? args[0].scale : args[1].scale;

    (void)argc;
    *result = decimal_type(smaller((unsigned)(args[0].precision - args[0].scale),
                                   (unsigned)(args[1].precision - args[1].scale)),
                           scale);
    return 0;
}

static int resolve_quotient(const struct streamd_type *args, uint32_t argc,
                            struct streamd_type *result)
{
    (void)argc;
    *result = decimal_type((unsigned)(args[0].precision - args[0].scale) + args[1].scale, 0);
    return 0;
}

/* ---- one argument ------------------------------------------------------------------------- */

static streamd_int128 value_of(const struct streamd_call *call, uint32_t x, uint32_t row)
{
    struct streamd_decimal d;

    memcpy(&d, (const struct streamd_decimal *)call->args[x].values + (row & call->args[x].mask),
           sizeof d);
    return streamd_decimal_get(d);
}

static void set_value(struct streamd_call *call, uint32_t row, streamd_int128 v)
{
    struct streamd_decimal d = streamd_decimal_make(v);

    memcpy((struct streamd_decimal *)call->result->values + row, &d, sizeof d);
}

static int overflow(struct streamd_call *call, uint32_t row)
{
    return call_error(call, row, STREAMD_ROW_OVERFLOW, "numeric field overflow");
}

static streamd_uint128 magnitude(streamd_int128 v)
{
    return v < 0 ? 0 - (streamd_uint128)v : (streamd_uint128)v;
}

static streamd_int128 with_sign(streamd_uint128 m, int negative)
{
    return negative ? (streamd_int128)(0 - m) : (streamd_int128)m;
}

static int abs_kernel(struct streamd_call *call)
{
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        streamd_int128 v = value_of(call, 0, i);
        set_value(call, i, v < 0 ? -v : v);
    }
    return 0;
}

static int sign_kernel(struct streamd_call *call)
{
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        streamd_int128 v = value_of(call, 0, i);
        set_value(call, i, (v > 0) - (v < 0));
    }
    return 0;
}

/* To the next integer up, or down. */
static int to_integers(struct streamd_call *call, int up)
{
    streamd_int128 unit = (streamd_int128)streamd_pow10_128(call->args[0].type.scale);

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        streamd_int128 v = value_of(call, 0, i), q = v / unit, rest = v % unit;
        set_value(call, i, up ? q + (rest > 0) : q - (rest < 0));
    }
    return 0;
}

static int ceil_kernel(struct streamd_call *call)
{
    return to_integers(call, 1);
}

static int floor_kernel(struct streamd_call *call)
{
    return to_integers(call, 0);
}

/* ---- round, trunc ------------------------------------------------------------------------- */

/* v of scale `from` to `digits` digits, at scale `to`. 0, or STREAMD_ROW_RANGE. */
static int to_digits(streamd_int128 v, int from, int64_t digits, int to, int half,
                     streamd_int128 *result)
{
    streamd_uint128 m = magnitude(v);

    if (digits < from) {
        int64_t cut = from - digits;
        if (cut > MAX_DIGITS)
            m = 0;
        else if (half)
            m = streamd_decimal_shift_down(m, (unsigned)cut);
        else
            m /= streamd_pow10_128((unsigned)cut);
        from = digits < -MAX_DIGITS ? to : (int)digits;
    }
    if (to < from)
        m = streamd_decimal_shift_down(m, (unsigned)(from - to));
    else if (m && (to - from > MAX_DIGITS ||
                   __builtin_mul_overflow(m, streamd_pow10_128((unsigned)(to - from)), &m)))
        return STREAMD_ROW_RANGE;
    *result = with_sign(m, v < 0);
    return 0;
}

static int round_or_cut(struct streamd_call *call, int half)
{
    struct streamd_type from = call->args[0].type, to = call->result->type;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t digits = call->argc == 2 ? CALL_ARG(call, 1, int64_t, i) : 0;
        streamd_int128 v = 0;
        if (to_digits(value_of(call, 0, i), from.scale, digits, to.scale, half, &v) ||
            !streamd_decimal_fits(v, to.precision)) {
            int rc = overflow(call, i);
            if (rc)
                return rc;
            v = 0;
        }
        set_value(call, i, v);
    }
    return 0;
}

static int round_kernel(struct streamd_call *call)
{
    return round_or_cut(call, 1);
}

static int trunc_kernel(struct streamd_call *call)
{
    return round_or_cut(call, 0);
}

/* ---- division ----------------------------------------------------------------------------- */

/* A quotient and a rest. */
struct division {
    streamd_uint128 quotient, rest;
    int overflow; /* the quotient is not right; the rest is */
};

/* x * factor / divisor, rounded down, and *x becomes the rest, for x < divisor and factor > 0: by
   the bits of the factor, in which nothing overflows. */
static uint64_t multiply_within(streamd_uint128 *x, uint32_t factor, streamd_uint128 divisor)
{
    streamd_uint128 rest = 0;
    uint64_t quotient = 0;

    for (int bit = 31 - __builtin_clz(factor); bit >= 0; bit--) {
        unsigned over = rest >= divisor - rest;
        rest = over ? rest - (divisor - rest) : rest + rest;
        quotient = quotient * 2 + over;
        if (factor >> bit & 1) {
            over = rest >= divisor - *x;
            rest = over ? rest - (divisor - *x) : rest + *x;
            quotient += over;
        }
    }
    *x = rest;
    return quotient;
}

/* a x 10^zeros by b: on paper, for what does not fit 128 bits. */
static struct division divide_long(streamd_uint128 a, unsigned zeros, streamd_uint128 b)
{
    struct division d = {a / b, a % b, 0};

    for (; zeros; zeros--) {
        uint64_t digit = multiply_within(&d.rest, 10, b);
        d.overflow |= __builtin_mul_overflow(d.quotient, 10u, &d.quotient);
        d.overflow |= __builtin_add_overflow(d.quotient, digit, &d.quotient);
    }
    return d;
}

/* Divides magnitudes of two scales; b is not 0. The rest has the larger scale. */
static struct division divide_scaled(streamd_uint128 a, unsigned scale_a, streamd_uint128 b,
                                     unsigned scale_b)
{
    streamd_uint128 wide;

    if (scale_a >= scale_b) {
        struct division none = {0, a, 0};
        if (__builtin_mul_overflow(b, streamd_pow10_128(scale_a - scale_b), &wide))
            return none; /* larger than any a */
        return (struct division){a / wide, a % wide, 0};
    }
    if (__builtin_mul_overflow(a, streamd_pow10_128(scale_b - scale_a), &wide))
        return divide_long(a, scale_b - scale_a, b);
    return (struct division){wide / b, wide % b, 0};
}

static int divide(struct streamd_call *call, int want_rest)
{
    streamd_uint128 limit = streamd_pow10_128(call->result->type.precision);

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        streamd_int128 a = value_of(call, 0, i), b = value_of(call, 1, i);
        struct division d = {0, 0, 0};
        int rc = 0;
        if (b == 0)
            rc = call_error(call, i, STREAMD_ROW_DIVISION, "division by zero");
        else
            d = divide_scaled(magnitude(a), call->args[0].type.scale, magnitude(b),
                              call->args[1].type.scale);
        if (want_rest) {
            d.quotient = d.rest;
            d.overflow = 0;
        }
        if (d.overflow || d.quotient >= limit) {
            rc = overflow(call, i);
            d.quotient = 0;
        }
        if (rc)
            return rc;
        set_value(call, i, with_sign(d.quotient, (a < 0) ^ (!want_rest && b < 0)));
    }
    return 0;
}

static int mod_kernel(struct streamd_call *call)
{
    return divide(call, 1);
}

static int div_kernel(struct streamd_call *call)
{
    return divide(call, 0);
}

/* ---- width_bucket ------------------------------------------------------------------------- */

static const char *bucket_of(streamd_int128 x, streamd_int128 low, streamd_int128 high,
                             int64_t count, int64_t *result)
{
    if (count <= 0)
        return "count must be greater than zero";
    if (count > INT32_MAX)
        return "count is too large";
    if (low == high)
        return "lower bound cannot equal upper bound";
    if (low > high) {
        x = -x;
        low = -low;
        high = -high;
    }
    streamd_uint128 above = (streamd_uint128)x - (streamd_uint128)low;
    if (x < low)
        *result = 0;
    else if (x >= high)
        *result = count + 1;
    else
        *result = 1 + (int64_t)multiply_within(&above, (uint32_t)count,
                                               (streamd_uint128)high - (streamd_uint128)low);
    return NULL;
}

static int width_bucket_kernel(struct streamd_call *call)
{
    unsigned scale = 0;

    for (uint32_t x = 0; x < 3; x++)
        scale = call->args[x].type.scale > scale ? call->args[x].type.scale : scale;
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        streamd_int128 v[3];
        int64_t n = 0;
        int rc = 0;
        if (streamd_decimal_rescale(value_of(call, 0, i), call->args[0].type.scale, scale,
                                    MAX_DIGITS, &v[0])) /* beyond all bounds */
            v[0] = with_sign(streamd_pow10_128(MAX_DIGITS), value_of(call, 0, i) < 0);
        for (uint32_t x = 1; x < 3 && rc == 0; x++)
            rc = streamd_decimal_rescale(value_of(call, x, i), call->args[x].type.scale, scale,
                                         MAX_DIGITS, &v[x]);
        const char *fault = rc ? "numeric field overflow"
                               : bucket_of(v[0], v[1], v[2], CALL_ARG(call, 3, int64_t, i), &n);
        if (fault) {
            rc = call_error(call, i, rc ? STREAMD_ROW_OVERFLOW : STREAMD_ROW_ARGUMENT, fault);
            if (rc)
                return rc;
        }
        ((int64_t *)call->result->values)[i] = n;
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define D1(name_, kernel_, resolve_, doc_)                                                  \
    {                                                                                       \
        .name = (name_), CALL_ARGS1(STREAMD_DECIMAL), .result = {STREAMD_DECIMAL, 0, 0, 0}, \
        .resolve = (resolve_), .kernel = (kernel_), .doc = (doc_)                           \
    }
#define D2(name_, kernel_, resolve_, doc_)                                                \
    {                                                                                     \
        .name = (name_), CALL_ARGS2(STREAMD_DECIMAL, STREAMD_DECIMAL),                    \
        .result = {STREAMD_DECIMAL, 0, 0, 0}, .resolve = (resolve_), .kernel = (kernel_), \
        .doc = (doc_)                                                                     \
    }
#define DIGITS(name_, kernel_, doc_)                                                  \
    {                                                                                 \
        .name = (name_), CALL_ARGS2(STREAMD_DECIMAL, STREAMD_INT64),                  \
        .result = {STREAMD_DECIMAL, 0, 0, 0}, .resolve = resolve_digits,              \
        .resolve_values = resolve_constant_digits, .kernel = (kernel_), .doc = (doc_) \
    }

const struct streamd_function functions_decimal[] = {
    D1("abs", abs_kernel, resolve_same, "the value without its sign"),
    D1("ceil", ceil_kernel, resolve_whole, "the nearest integer that is not less"),
    D1("ceiling", ceil_kernel, resolve_whole, "the nearest integer that is not less"),
    D1("floor", floor_kernel, resolve_whole, "the nearest integer that is not greater"),
    D1("round", round_kernel, resolve_whole, "the nearest integer, of two the one away from zero"),
    DIGITS("round", round_kernel,
           "rounded to so many digits behind the point, halves away from zero; negative: in front "
           "of it"),
    D1("trunc", trunc_kernel, resolve_whole, "the integer towards zero"),
    DIGITS("trunc", trunc_kernel, "cut to so many digits behind the point; negative: in front"),
    D1("sign", sign_kernel, resolve_sign, "-1, 0 or 1"),
    D2("mod", mod_kernel, resolve_rest,
       "the remainder of a division, with the sign of the dividend"),
    D2("div", div_kernel, resolve_quotient, "the integer quotient, cut towards zero"),
    {.name = "width_bucket",
     CALL_ARGS4(STREAMD_DECIMAL, STREAMD_DECIMAL, STREAMD_DECIMAL, STREAMD_INT64),
     .result = {STREAMD_INT64, 0, 0, 0},
     .kernel = width_bucket_kernel,
     .doc = "the number of the bucket in which a value falls: value, low, high, count of buckets"},
    {.name = NULL}};
