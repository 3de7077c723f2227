/*
 * Functions of float64. They fail where PostgreSQL's fail and with its words: a result that is
 * infinite though no argument is, a result that is 0 though it cannot be. Everything is glibc's
 * mathematics; simple ones are loops that the compiler makes vector code of.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"

#include <math.h>

/* Why a value has no result; NULL message: it has. */
struct fault {
    int code;
    const char *message;
};

static double refuse(struct fault *f, int code, const char *message)
{
    f->code = code;
    f->message = message;
    return 0;
}

static double too_large(struct fault *f)
{
    return refuse(f, STREAMD_ROW_OVERFLOW, "value out of range: overflow");
}

static double too_small(struct fault *f)
{
    return refuse(f, STREAMD_ROW_OVERFLOW, "value out of range: underflow");
}

static double outside(struct fault *f)
{
    return refuse(f, STREAMD_ROW_ARGUMENT, "input is out of range");
}

/* ---- loops -------------------------------------------------------------------------------- */

static int each1(struct streamd_call *call, double (*function)(double, struct fault *))
{
    double *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct fault fault = {0, NULL};
        result[i] = function(CALL_ARG(call, 0, double, i), &fault);
        if (fault.message) {
            int rc = call_error(call, i, fault.code, fault.message);
            if (rc)
                return rc;
        }
    }
    return 0;
}

static int each2(struct streamd_call *call, double (*function)(double, double, struct fault *))
{
    double *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct fault fault = {0, NULL};
        result[i] = function(CALL_ARG(call, 0, double, i), CALL_ARG(call, 1, double, i), &fault);
        if (fault.message) {
            int rc = call_error(call, i, fault.code, fault.message);
            if (rc)
                return rc;
        }
    }
    return 0;
}

/* A kernel that cannot fail. */
#define SIMPLE(name, ...)                                \
    static int name##_kernel(struct streamd_call *call)  \
    {                                                    \
        const double *restrict a = call->args[0].values; \
        double *restrict result = call->result->values;  \
        uint32_t mask = call->args[0].mask;              \
        if (!call->sel && mask) {                        \
            for (uint32_t i = 0; i < call->n; i++) {     \
                double x = a[i];                         \
                result[i] = (__VA_ARGS__);               \
            }                                            \
        } else {                                         \
            for (uint32_t k = 0; k < call->n; k++) {     \
                uint32_t i = call_row(call, k);          \
                double x = a[i & mask];                  \
                result[i] = (__VA_ARGS__);               \
            }                                            \
        }                                                \
        return 0;                                        \
    }

SIMPLE(abs, fabs(x))
SIMPLE(ceil, ceil(x))
SIMPLE(floor, floor(x))
SIMPLE(round, rint(x))
SIMPLE(trunc, trunc(x))
SIMPLE(sign, x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0)

/* ---- powers and logarithms ---------------------------------------------------------------- */

static double square_root(double x, struct fault *f)
{
    if (x < 0)
        return refuse(f, STREAMD_ROW_ARGUMENT, "cannot take square root of a negative number");
    return sqrt(x);
}

static double cube_root(double x, struct fault *f)
{
    (void)f;
    return cbrt(x);
}

static double exponential(double x, struct fault *f)
{
    double r = exp(x);

    if (isinf(r) && !isinf(x))
        return too_large(f);
    if (r == 0 && !isinf(x))
        return too_small(f);
    return r;
}

static double logarithm(double x, struct fault *f, double (*function)(double))
{
    if (x == 0)
        return refuse(f, STREAMD_ROW_ARGUMENT, "cannot take logarithm of zero");
    if (x < 0)
        return refuse(f, STREAMD_ROW_ARGUMENT, "cannot take logarithm of a negative number");
    return function(x);
}

static double natural_logarithm(double x, struct fault *f)
{
    return logarithm(x, f, log);
}

static double decimal_logarithm(double x, struct fault *f)
{
    return logarithm(x, f, log10);
}

/* PostgreSQL has it for numeric only, computed as ln(x) / ln(base). */
static double logarithm_to_base(double base, double x, struct fault *f)
{
    double below = logarithm(base, f, log);

    if (f->message)
        return 0;
    double above = logarithm(x, f, log);
    if (f->message)
        return 0;
    if (below == 0)
        return refuse(f, STREAMD_ROW_DIVISION, "division by zero");
    if (base == 10)
        return log10(x);
    return base == 2 ? log2(x) : above / below;
}

/* pow(3) answers all the special cases of SQL but for those that are errors there. */
static double power_of(double x, double y, struct fault *f)
{
    if (x == 0 && y < 0)
        return refuse(f, STREAMD_ROW_ARGUMENT, "zero raised to a negative power is undefined");
    if (x < 0 && !isnan(y) && floor(y) != y)
        return refuse(f, STREAMD_ROW_ARGUMENT,
                      "a negative number raised to a non-integer power yields a complex result");
    double r = pow(x, y);
    if (isinf(x) || isinf(y))
        return r;
    if (isinf(r))
        return too_large(f);
    if (r == 0 && x != 0)
        return too_small(f);
    return r;
}

/* ---- angles ------------------------------------------------------------------------------- */

static double sine(double x, struct fault *f)
{
    return isinf(x) ? outside(f) : sin(x);
}

static double cosine(double x, struct fault *f)
{
    return isinf(x) ? outside(f) : cos(x);
}

static double tangent(double x, struct fault *f)
{
    return isinf(x) ? outside(f) : tan(x);
}

static double cotangent(double x, struct fault *f)
{
    return isinf(x) ? outside(f) : 1 / tan(x);
}

static double arc_sine(double x, struct fault *f)
{
    return x < -1 || x > 1 ? outside(f) : asin(x);
}

static double arc_cosine(double x, struct fault *f)
{
    return x < -1 || x > 1 ? outside(f) : acos(x);
}

static double arc_tangent(double x, struct fault *f)
{
    (void)f;
    return atan(x);
}

static double arc_tangent2(double y, double x, struct fault *f)
{
    (void)f;
    return atan2(y, x);
}

static double hyperbolic_sine(double x, struct fault *f)
{
    (void)f; /* SQL lets it become infinite */
    return sinh(x);
}

static double hyperbolic_cosine(double x, struct fault *f)
{
    (void)f;
    return cosh(x);
}

static double hyperbolic_tangent(double x, struct fault *f)
{
    (void)f;
    return tanh(x);
}

static double in_degrees(double x, struct fault *f)
{
    double r = x / 0.0174532925199432957692;

    return isinf(r) && !isinf(x) ? too_large(f) : r;
}

static double in_radians(double x, struct fault *f)
{
    double r = x * 0.0174532925199432957692;

    return r == 0 && x != 0 ? too_small(f) : r;
}

#define EACH1(name, function)                           \
    static int name##_kernel(struct streamd_call *call) \
    {                                                   \
        return each1(call, function);                   \
    }
#define EACH2(name, function)                           \
    static int name##_kernel(struct streamd_call *call) \
    {                                                   \
        return each2(call, function);                   \
    }

EACH1(sqrt, square_root)
EACH1(cbrt, cube_root)
EACH1(exp, exponential)
EACH1(ln, natural_logarithm)
EACH1(log10, decimal_logarithm)
EACH2(log2, logarithm_to_base)
EACH2(power, power_of)
EACH1(sin, sine)
EACH1(cos, cosine)
EACH1(tan, tangent)
EACH1(cot, cotangent)
EACH1(asin, arc_sine)
EACH1(acos, arc_cosine)
EACH1(atan, arc_tangent)
EACH2(atan2, arc_tangent2)
EACH1(sinh, hyperbolic_sine)
EACH1(cosh, hyperbolic_cosine)
EACH1(tanh, hyperbolic_tangent)
EACH1(degrees, in_degrees)
EACH1(radians, in_radians)

static int pi_kernel(struct streamd_call *call)
{
    for (uint32_t k = 0; k < call->n; k++)
        ((double *)call->result->values)[call_row(call, k)] = M_PI;
    return 0;
}

/* ---- width_bucket ------------------------------------------------------------------------- */

/* Number of the bucket of x between two bounds, low to high: 0 below, count + 1 above. */
static int64_t bucket(double x, double low, double high, int64_t count)
{
    if (x < low)
        return 0;
    if (x >= high)
        return count + 1;
    double share =
        isinf(high - low) ? (x / 2 - low / 2) / (high / 2 - low / 2) : (x - low) / (high - low);
    int64_t n = (int64_t)((double)count * share);
    return (n >= count ? count - 1 : n) + 1; /* the share may be rounded to 1 */
}

static const char *bucket_fault(double x, double low, double high, int64_t count)
{
    if (count <= 0)
        return "count must be greater than zero";
    if (count > INT32_MAX)
        return "count is too large";
    if (isnan(x) || isnan(low) || isnan(high))
        return "operand, lower bound, and upper bound cannot be NaN";
    if (isinf(low) || isinf(high))
        return "lower and upper bounds must be finite";
    return low == high ? "lower bound cannot equal upper bound" : NULL;
}

static int width_bucket_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        double x = CALL_ARG(call, 0, double, i), low = CALL_ARG(call, 1, double, i),
               high = CALL_ARG(call, 2, double, i);
        int64_t count = CALL_ARG(call, 3, int64_t, i);
        const char *fault = bucket_fault(x, low, high, count);
        if (fault) {
            int rc = call_error(call, i, STREAMD_ROW_ARGUMENT, fault);
            if (rc)
                return rc;
        } else if (low < high) {
            result[i] = bucket(x, low, high, count);
        } else {
            result[i] = bucket(-x, -low, -high, count);
        }
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define F1(name_, kernel_, doc_)                                                            \
    {                                                                                       \
        .name = (name_), CALL_ARGS1(STREAMD_FLOAT64), .result = {STREAMD_FLOAT64, 0, 0, 0}, \
        .kernel = kernel_##_kernel, .doc = (doc_)                                           \
    }
#define F2(name_, kernel_, doc_)                                                        \
    {                                                                                   \
        .name = (name_), CALL_ARGS2(STREAMD_FLOAT64, STREAMD_FLOAT64),                  \
        .result = {STREAMD_FLOAT64, 0, 0, 0}, .kernel = kernel_##_kernel, .doc = (doc_) \
    }

const struct streamd_function functions_float[] = {
    F1("abs", abs, "the value without its sign"),
    F1("ceil", ceil, "the nearest integer that is not less"),
    F1("ceiling", ceil, "the nearest integer that is not less"),
    F1("floor", floor, "the nearest integer that is not greater"),
    F1("round", round, "the nearest integer, of two the even one"),
    F1("trunc", trunc, "the integer towards zero"),
    F1("sign", sign, "-1, 0 or 1"),
    F1("sqrt", sqrt, "the square root"),
    F1("cbrt", cbrt, "the cube root"),
    F1("exp", exp, "e to the power of the argument"),
    F1("ln", ln, "the natural logarithm"),
    F1("log", log10, "the logarithm to base 10"),
    F1("log10", log10, "the logarithm to base 10"),
    F2("log", log2, "the logarithm of the second argument to the base of the first"),
    F2("power", power, "the first argument to the power of the second"),
    F2("pow", power, "the first argument to the power of the second"),
    F1("sin", sin, "the sine of an angle in radians"),
    F1("cos", cos, "the cosine of an angle in radians"),
    F1("tan", tan, "the tangent of an angle in radians"),
    F1("cot", cot, "the cotangent of an angle in radians"),
    F1("asin", asin, "the arc sine, in radians"),
    F1("acos", acos, "the arc cosine, in radians"),
    F1("atan", atan, "the arc tangent, in radians"),
    F2("atan2", atan2, "the angle of the point (x, y), given y first, in radians"),
    F1("sinh", sinh, "the hyperbolic sine"),
    F1("cosh", cosh, "the hyperbolic cosine"),
    F1("tanh", tanh, "the hyperbolic tangent"),
    F1("degrees", degrees, "radians as degrees"),
    F1("radians", radians, "degrees as radians"),
    {.name = "pi",
     .result = {STREAMD_FLOAT64, 0, 0, 0},
     .kernel = pi_kernel,
     .doc = "the ratio of a circle's circumference to its diameter"},
    {.name = "width_bucket",
     CALL_ARGS4(STREAMD_FLOAT64, STREAMD_FLOAT64, STREAMD_FLOAT64, STREAMD_INT64),
     .result = {STREAMD_INT64, 0, 0, 0},
     .kernel = width_bucket_kernel,
     .doc = "the number of the bucket in which a value falls: value, low, high, count of buckets"},
    {.name = NULL}};
