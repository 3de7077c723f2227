/*
 * Conversions between date and timestamp, and timestamp(n).
 */
#include "expr/kernel.h"
#include "expr/tables.h"

static int date_as_timestamp(int32_t date, int64_t *r)
{
    *r = 0;
    return streamd_timestamp_make(date, 0, r) ? STREAMD_ROW_OVERFLOW : 0;
}

static int date_to_timestamp(struct streamd_call *call)
{
    int bad = 0;

    KERNEL_LOOP1(call, int32_t, int64_t, bad |= date_as_timestamp(a, &r));
    if (bad)
        KERNEL_ERRORS(call, kernel_message, int64_t r;
                      kernel_code = date_as_timestamp(KERNEL_ARG(call, 0, int32_t, i), &r));
    return 0;
}

static int timestamp_to_date(struct streamd_call *call)
{
    KERNEL_LOOP1(call, int64_t, int32_t, int64_t us; r = (int32_t)streamd_timestamp_split(a, &us));
    return 0;
}

/* Rounds half away from zero, counted from the year 2000 as PostgreSQL does. */
static int round_one(int64_t t, int64_t unit, int64_t *r)
{
    const int64_t epoch = 946684800000000;
    int64_t v, half = unit / 2, sum;

    *r = 0;
    if (__builtin_sub_overflow(t, epoch, &v) ||
        (v >= 0 ? __builtin_add_overflow(v, half, &sum) : __builtin_sub_overflow(v, half, &sum)))
        return STREAMD_ROW_OVERFLOW;
    sum = sum / unit * unit;
    return __builtin_add_overflow(sum, epoch, r) ? STREAMD_ROW_OVERFLOW : 0;
}

static int round_time(struct streamd_call *call)
{
    const int32_t *digits = call->prepared;
    int64_t unit = 1;
    int bad = 0;

    for (int32_t d = *digits; d < 6; d++)
        unit *= 10;
    KERNEL_LOOP1(call, int64_t, int64_t, bad |= round_one(a, unit, &r));
    if (bad)
        KERNEL_ERRORS(call, kernel_message, int64_t r;
                      kernel_code = round_one(KERNEL_ARG(call, 0, int64_t, i), unit, &r));
    return 0;
}

#define CAST(from_, to_, flags_, kernel_)                                                     \
    {                                                                                         \
        .name = "cast", .argc = 1, .args = {from_}, .result = {.id = to_}, .flags = (flags_), \
        .kernel = (kernel_)                                                                   \
    }

const struct streamd_function cast_round_time =
    CAST(STREAMD_TIMESTAMP, STREAMD_TIMESTAMP, NODE_ANY_ROWS, round_time);

const struct streamd_function casts_time[] = {
    CAST(STREAMD_DATE, STREAMD_TIMESTAMP, NODE_ANY_ROWS, date_to_timestamp),
    CAST(STREAMD_TIMESTAMP, STREAMD_DATE, NODE_ANY_ROWS | NODE_CAST_ONLY, timestamp_to_date),
    {.name = NULL},
};
