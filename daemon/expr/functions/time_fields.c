/*
 * From what a text said (17 May 2015, or day 137, or week 20) to days and microseconds, in the
 * order of precedence that PostgreSQL has: Julian day, week, month and day, day of the year. What
 * is missing is 1, a missing year is 1 BC.
 */
#include "expr/functions/time_template.h"
#include "expr/functions/time_unit.h"

#include <streamd/convert_time.h>
#include <streamd/error.h>

#include <stdarg.h>
#include <stdio.h>

int time_fail(struct time_problem *problem, int code, const char *format, ...)
{
    if (problem->size) {
        va_list args;
        va_start(args, format);
        vsnprintf(problem->message, problem->size, format, args);
        va_end(args);
    }
    return code;
}

/* The year, astronomically; 0 where there was none. */
static int64_t year_of(const struct time_fields *f)
{
    int64_t century = f->bc ? -(int64_t)f->century : f->century;

    if (f->year && f->century && f->year_digits <= 2) {
        int64_t year = f->year % 100;
        if (year)
            return century >= 0 ? year + (century - 1) * 100 : (century + 1) * 100 - year + 1;
        return century * 100 + (century >= 0 ? 0 : 1);
    }
    if (f->year) {
        int64_t year = f->bc ? -(int64_t)f->year : f->year;
        return year < 0 ? year + 1 : year;
    }
    if (f->century)
        return century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
    return 0;
}

struct date {
    int64_t year;
    int64_t month, day; /* 1 where they were not there */
    int has_year, has_month, has_day;
};

static void set_days(struct date *d, int64_t days)
{
    struct streamd_civil c = streamd_civil_from_days(days);

    *d = (struct date){c.year, c.month, c.day, 1, 1, 1};
}

static int out_of_range(struct time_problem *problem)
{
    return time_fail(problem, STREAMD_ROW_RANGE, "date/time field value out of range");
}

/* Month and day from the number of the day in the year. */
static int set_day_of_year(const struct time_fields *f, int64_t day_of_year, struct date *d,
                           struct time_problem *problem)
{
    int64_t month = 1, before = 0;

    if (!d->year && !f->bc)
        return time_fail(problem, STREAMD_ROW_CAST,
                         "cannot calculate day of year without year information");
    if (f->calendar == TIME_ISO) {
        set_days(d, time_first_iso_week(d->year) - 1 + day_of_year);
        return 0;
    }
    for (; month <= 12; month++) {
        int64_t n = streamd_days_in_month(d->year, (uint32_t)month);
        if (day_of_year <= before + n)
            break;
        before += n;
    }
    if (d->month <= 1)
        d->month = month;
    if (d->day <= 1)
        d->day = day_of_year - before;
    d->has_month = d->has_day = 1;
    return 0;
}

/* What stands above month and day: the Julian day, the week of an ISO year. */
static void set_whole_date(const struct time_fields *f, struct date *d)
{
    if (f->julian)
        set_days(d, (int64_t)f->julian - 2440588);
    if (f->week && f->calendar == TIME_ISO) {
        int64_t day = f->day_of_week > 1 ? f->day_of_week - 2 : f->day_of_week ? 6 : 0;
        set_days(d, time_first_iso_week(d->year) + 7 * ((int64_t)f->week - 1) + day);
    }
}

static int put_date(const struct time_fields *f, int64_t *days, struct time_problem *problem)
{
    struct date d = {year_of(f), 1, 1, f->year || f->century, 0, 0};
    int64_t day = f->week_of_month ? ((int64_t)f->week_of_month - 1) * 7 + 1 : f->day;
    int64_t day_of_year =
        f->week && f->calendar != TIME_ISO ? ((int64_t)f->week - 1) * 7 + 1 : f->day_of_year;

    if (!f->julian && (d.year > 6000000 || d.year < -6000000))
        return time_fail(problem, STREAMD_ROW_RANGE, "date out of range");
    set_whole_date(f, &d);
    if (day) {
        d.day = day;
        d.has_day = 1;
    }
    if (f->month) {
        d.month = f->month;
        d.has_month = 1;
    }
    if (day_of_year && (d.month <= 1 || d.day <= 1)) {
        int rc = set_day_of_year(f, day_of_year, &d, problem);
        if (rc)
            return rc;
    }
    if ((d.has_month && (d.month < 1 || d.month > 12)) || (d.has_day && (d.day < 1 || d.day > 31)))
        return out_of_range(problem);
    if (d.has_year && d.has_month && d.has_day &&
        d.day > streamd_days_in_month(d.year, (uint32_t)d.month))
        return out_of_range(problem);
    *days = streamd_days_from_civil(d.year, (uint32_t)d.month, (uint32_t)d.day);
    if (*days < STREAMD_DATE_MIN || *days >= STREAMD_DATE_END)
        return time_fail(problem, STREAMD_ROW_RANGE, "date out of range");
    return 0;
}

static int put_time(const struct time_fields *f, int64_t *us, struct time_problem *problem)
{
    int64_t hour = f->hour ? f->hour : f->second_of_day / 3600;
    int64_t minute = f->minute ? f->minute : f->second_of_day / 60 % 60;
    int64_t second = f->second ? f->second : f->second_of_day % 60;
    int64_t fraction = (int64_t)f->ms * 1000 + f->us;

    if (f->clock12) {
        if (hour < 1 || hour > 12)
            return time_fail(problem, STREAMD_ROW_RANGE,
                             "hour \"%d\" is invalid for the 12-hour clock", (int)hour);
        hour = hour % 12 + (f->pm ? 12 : 0);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
        fraction < 0 || fraction >= STREAMD_US_PER_SECOND)
        return out_of_range(problem);
    *us = (hour * 3600 + minute * 60 + second) * STREAMD_US_PER_SECOND + fraction;
    if (!f->zone_sign)
        return 0;
    if (f->zone_hour < 0 || f->zone_hour > 15 || f->zone_minute < 0 || f->zone_minute > 59)
        return out_of_range(problem);
    int64_t zone = (int64_t)f->zone_hour * 60 + f->zone_minute;
    *us -= f->zone_sign * zone * 60 * STREAMD_US_PER_SECOND;
    return 0;
}

/* Rounded to the digits that FF1 .. FF6 ask for; halves away from 2000-01-01, as in PostgreSQL. */
static int64_t round_to(int64_t timestamp, int precision)
{
    static const int64_t scales[] = {1, 100000, 10000, 1000, 100, 10, 1};
    const int64_t epoch = 946684800000000, scale = scales[precision];
    int64_t v = timestamp - epoch;

    v = v < 0 ? -((-v + scale / 2) / scale * scale) : (v + scale / 2) / scale * scale;
    return v + epoch;
}

int time_fields_put(const struct time_fields *f, int is_date, int64_t *value,
                    struct time_problem *problem)
{
    int64_t days = 0, us = 0;
    int rc = put_time(f, &us, problem);

    if (!rc)
        rc = put_date(f, &days, problem);
    if (rc)
        return rc;
    if (is_date) {
        *value = days;
        return 0;
    }
    if (streamd_timestamp_make(days, us, value))
        return time_fail(problem, STREAMD_ROW_RANGE, "timestamp out of range");
    if (f->precision && f->precision < 6)
        *value = round_to(*value, f->precision);
    return 0;
}
