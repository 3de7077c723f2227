/*
 * Rejection-inversion after Hoermann and Derflinger (1996): a value of the continuous distribution
 * 1 / x^s is drawn by inverting its integral, rounded, and rejected with small probability where
 * the step function lies below. Constant time and memory for any number of values.
 */
#include "zipf.h"

#include "random.h"

#include <math.h>

/* expm1(x) / x and log1p(x) / x, also near 0. */
static double expm1_over(double x)
{
    return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x / 2 * (1 + x / 3 * (1 + x / 4));
}

static double log1p_over(double x)
{
    return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x * (0.5 - x * (1.0 / 3 - x / 4));
}

static double density(const struct zipf *z, double x)
{
    return exp(-z->exponent * log(x));
}

/* Integral of the density from 1 to x, and its inverse. */
static double integral(const struct zipf *z, double x)
{
    double log_x = log(x);

    return expm1_over((1 - z->exponent) * log_x) * log_x;
}

static double inverse(const struct zipf *z, double y)
{
    double t = y * (1 - z->exponent);

    return exp(log1p_over(t < -1 ? -1 : t) * y);
}

void zipf_init(struct zipf *z, double values, double exponent)
{
    z->values = values;
    z->exponent = exponent;
    z->integral_first = integral(z, 1.5) - 1;
    z->integral_last = integral(z, values + 0.5);
    z->shortcut = 2 - inverse(z, integral(z, 2.5) - density(z, 2));
}

int64_t zipf_draw(const struct zipf *z, uint64_t seed)
{
    for (uint64_t n = 1;; n++) {
        double u = z->integral_last +
                   random_unit(random_bits(seed, n)) * (z->integral_first - z->integral_last);
        double x = inverse(z, u);
        double k = floor(x + 0.5);

        if (k < 1)
            k = 1;
        else if (k > z->values)
            k = z->values;
        if (k - x <= z->shortcut || u >= integral(z, k + 0.5) - density(z, k))
            return (int64_t)k - 1;
    }
}
