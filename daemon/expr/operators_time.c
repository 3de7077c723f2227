/*
 * Dates and timestamps. A difference of timestamps is a number of seconds, as there are no
 * intervals beside constant ones. What leaves the range of its type is a row error.
 */
#include "expr/kernel.h"
#include "expr/tables.h"

static inline int is_date(int64_t days)
{
    return days >= STREAMD_DATE_MIN && days < STREAMD_DATE_END;
}

/* date + days; the other way round; date - days. */
static int shift_date(struct streamd_call *call, uint32_t date, uint32_t days, int sign)
{
    int32_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        int64_t d = KERNEL_ARG(call, date, int32_t, i), n = KERNEL_ARG(call, days, int64_t, i);
        int64_t sum = 0;
        int wrong =
            sign > 0 ? __builtin_add_overflow(d, n, &sum) : __builtin_sub_overflow(d, n, &sum);

        result[i] = 0;
        if (!wrong && is_date(sum))
            result[i] = (int32_t)sum;
        else if (call->host->row_error(call, i, STREAMD_ROW_OVERFLOW, "the date is out of range"))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

static int date_plus_days(struct streamd_call *call)
{
    return shift_date(call, 0, 1, 1);
}

static int days_plus_date(struct streamd_call *call)
{
    return shift_date(call, 1, 0, 1);
}

static int date_minus_days(struct streamd_call *call)
{
    return shift_date(call, 0, 1, -1);
}

static int date_minus_date(struct streamd_call *call)
{
    KERNEL_LOOP2(call, int32_t, int32_t, int64_t, r = (int64_t)a - b);
    return 0;
}

/* Seconds. Beyond 292,000 years the microseconds are rounded first. */
static int timestamp_minus_timestamp(struct streamd_call *call)
{
    KERNEL_LOOP2(call, int64_t, int64_t, double, int64_t d; r = __builtin_sub_overflow(a, b, &d)
                                                                    ? ((double)a - (double)b) / 1e6
                                                                    : (double)d / 1e6);
    return 0;
}

static int shift_timestamp(struct streamd_call *call, int sign)
{
    const struct interval *interval = call->prepared;
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);

        result[i] = 0;
        if (interval_shift(KERNEL_ARG(call, 0, int64_t, i), interval, sign, &result[i]) &&
            call->host->row_error(call, i, STREAMD_ROW_OVERFLOW, "the timestamp is out of range"))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

static int plus_interval(struct streamd_call *call)
{
    return shift_timestamp(call, 1);
}

static int minus_interval(struct streamd_call *call)
{
    return shift_timestamp(call, -1);
}

static int at_zone(struct streamd_call *call)
{
    const int64_t *us = call->prepared;
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);

        if (__builtin_add_overflow(KERNEL_ARG(call, 0, int64_t, i), *us, &result[i]) &&
            call->host->row_error(call, i, STREAMD_ROW_OVERFLOW, "the timestamp is out of range"))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

#define TIME_FUNCTION(name_, kernel_)                            \
    {                                                            \
        .name = (name_), .argc = 1, .args = {STREAMD_TIMESTAMP}, \
        .result = {.id = STREAMD_TIMESTAMP}, .kernel = (kernel_) \
    }

const struct streamd_function time_plus_interval = TIME_FUNCTION("+", plus_interval);
const struct streamd_function time_minus_interval = TIME_FUNCTION("-", minus_interval);
const struct streamd_function time_at_zone = TIME_FUNCTION("timezone", at_zone);

#define ENTRY(name_, a_, b_, result_, flags_, kernel_)                           \
    {                                                                            \
        .name = (name_), .argc = 2, .args = {a_, b_}, .result = {.id = result_}, \
        .flags = (flags_), .kernel = (kernel_)                                   \
    }

const struct streamd_function operators_time[] = {
    ENTRY("+", STREAMD_DATE, STREAMD_INT64, STREAMD_DATE, 0, date_plus_days),
    ENTRY("+", STREAMD_INT64, STREAMD_DATE, STREAMD_DATE, 0, days_plus_date),
    ENTRY("-", STREAMD_DATE, STREAMD_INT64, STREAMD_DATE, 0, date_minus_days),
    ENTRY("-", STREAMD_DATE, STREAMD_DATE, STREAMD_INT64, NODE_ANY_ROWS, date_minus_date),
    ENTRY("-", STREAMD_TIMESTAMP, STREAMD_TIMESTAMP, STREAMD_FLOAT64, NODE_ANY_ROWS,
          timestamp_minus_timestamp),
    {.name = NULL},
};
