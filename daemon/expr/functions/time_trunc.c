/*
 * date_trunc and date_bin: down to a multiple of something. Units up to a day are divisions by a
 * constant, 2 to 3 ns a row; weeks go by days, longer units by the calendar.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/time_unit.h"
#include "expr/interval.h"

#include "base/error.h"
#include "base/memory.h"

#include <streamd/convert_time.h>

/* ---- date_trunc --------------------------------------------------------------------------- */

/* a rounded down to a multiple of `unit` > 0. */
static inline int64_t round_down(int64_t a, int64_t unit)
{
    int64_t rest = a % unit;

    return (int64_t)((uint64_t)a - (uint64_t)(rest < 0 ? rest + unit : rest));
}

/* The first year of the decade, century or millennium of an astronomical year. */
static int64_t first_year(int64_t year, enum time_unit unit)
{
    switch (unit) {
    case UNIT_DECADE:
        return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
    case UNIT_CENTURY:
        return year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
    case UNIT_MILLENNIUM:
        return year > 0 ? (year + 999) / 1000 * 1000 - 999
                        : -((999 - (year - 1)) / 1000) * 1000 + 1;
    default:
        return year;
    }
}

static int64_t by_calendar(int64_t timestamp, enum time_unit unit)
{
    int64_t us;
    int64_t days = streamd_timestamp_split(timestamp, &us);

    if (unit == UNIT_WEEK)
        return time_monday_of(days) * STREAMD_US_PER_DAY;
    struct streamd_civil c = streamd_civil_from_days(days);
    uint32_t month = unit == UNIT_MONTH     ? c.month
                     : unit == UNIT_QUARTER ? (c.month - 1) / 3 * 3 + 1
                                            : 1;
    return streamd_days_from_civil(first_year(c.year, unit), month, 1) * STREAMD_US_PER_DAY;
}

static int64_t length_of(enum time_unit unit)
{
    static const int64_t lengths[] = {
        [UNIT_MICROSECOND] = 1,   [UNIT_MILLISECOND] = 1000, [UNIT_SECOND] = 1000000,
        [UNIT_MINUTE] = 60000000, [UNIT_HOUR] = 3600000000,  [UNIT_DAY] = STREAMD_US_PER_DAY};

    return unit <= UNIT_DAY ? lengths[unit] : 0;
}

/* One unit for all rows, shorter than a week. */
static void trunc_all(struct streamd_call *call, int64_t length)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        result[i] = round_down(CALL_ARG(call, 1, int64_t, i), length);
    }
}

static int date_trunc_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;
    enum time_unit constant = time_unit_constant(&call->args[0]);

    if (constant && length_of(constant)) {
        trunc_all(call, length_of(constant));
        return 0;
    }
    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        enum time_unit unit =
            constant ? constant : time_unit_of(CALL_ARG(call, 0, struct streamd_str, i));
        int64_t t = CALL_ARG(call, 1, int64_t, i);
        const char *fault = NULL;
        if (unit == UNIT_NONE || unit > UNIT_MILLENNIUM)
            fault = "date_trunc does not know this unit";
        else
            t = length_of(unit) ? round_down(t, length_of(unit)) : by_calendar(t, unit);
        if (t < STREAMD_TIMESTAMP_MIN)
            fault = "timestamp out of range";
        result[i] = t;
        int rc = fault ? call_error(call, i, STREAMD_ROW_ARGUMENT, fault) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- date_bin ----------------------------------------------------------------------------- */

/* Length of an interval in microseconds; 0: it has months or is not positive. NULL: fine. */
static const char *stride_of(struct streamd_str text, int64_t *stride)
{
    struct interval interval;
    int64_t days;

    *stride = 0;
    if (interval_parse(text.data, text.length, INTERVAL_NONE, &interval))
        return "invalid input syntax for type interval";
    if (interval.months)
        return "timestamps cannot be binned into intervals containing months or years";
    if (__builtin_mul_overflow((int64_t)interval.days, (int64_t)STREAMD_US_PER_DAY, &days) ||
        __builtin_add_overflow(days, interval.us, stride))
        return "interval out of range";
    return *stride > 0 ? NULL : "stride must be greater than zero";
}

static int date_bin_prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                            struct streamd_error *error)
{
    int64_t stride, *copy;

    (void)argc;
    *prepared = NULL;
    if (!call_is_constant(&args[0]))
        return 0;
    const char *fault = stride_of(*(const struct streamd_str *)args[0].values, &stride);
    if (fault)
        return error_set(error, STREAMD_E_INVALID, "%s", fault);
    copy = memory_alloc(sizeof *copy);
    if (!copy)
        return error_set_nomem(error);
    *copy = stride;
    *prepared = copy;
    return 0;
}

/* 0, or an enum streamd_row_code. */
static int bin(int64_t stride, int64_t timestamp, int64_t origin, int64_t *result)
{
    int64_t difference, rest;

    if (__builtin_sub_overflow(timestamp, origin, &difference))
        return STREAMD_ROW_OVERFLOW;
    rest = difference % stride;
    if (rest < 0)
        rest += stride;
    return __builtin_sub_overflow(timestamp, rest, result) ? STREAMD_ROW_OVERFLOW : 0;
}

static int date_bin_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t stride = call->prepared ? *(const int64_t *)call->prepared : 0;
        const char *fault = NULL;
        int code = STREAMD_ROW_ARGUMENT;
        if (!call->prepared)
            fault = stride_of(CALL_ARG(call, 0, struct streamd_str, i), &stride);
        if (!fault) {
            code = bin(stride, CALL_ARG(call, 1, int64_t, i), CALL_ARG(call, 2, int64_t, i),
                       &result[i]);
            fault = code ? "timestamp out of range" : NULL;
        }
        if (fault) {
            int rc = call_error(call, i, code, fault);
            if (rc)
                return rc;
            result[i] = 0;
        }
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

const struct streamd_function functions_time_trunc[] = {
    {.name = "date_trunc",
     CALL_ARGS2(STREAMD_STRING, STREAMD_TIMESTAMP),
     .result = {STREAMD_TIMESTAMP, 0, 0, 0},
     .prepare = time_unit_prepare,
     .unprepare = memory_free,
     .kernel = date_trunc_kernel,
     .doc =
         "the begin of the second, minute, hour, day, week, month, quarter, year, decade, century "
         "or millennium"},
    {.name = "date_bin",
     CALL_ARGS3(STREAMD_STRING, STREAMD_TIMESTAMP, STREAMD_TIMESTAMP),
     .result = {STREAMD_TIMESTAMP, 0, 0, 0},
     .prepare = date_bin_prepare,
     .unprepare = memory_free,
     .kernel = date_bin_kernel,
     .doc = "the begin of the interval of that length, counted from an origin"},
    {.name = NULL}};
