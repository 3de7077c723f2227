/*
 * expr/functions/time_unit.h - the units that date_trunc and extract know, by their names.
 */
#ifndef EXPR_FUNCTIONS_TIME_UNIT_H
#define EXPR_FUNCTIONS_TIME_UNIT_H

#include <streamd/function.h>

/* Up to UNIT_MILLENNIUM a timestamp can be truncated to them. */
enum time_unit {
    UNIT_NONE,
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    UNIT_DOW,
    UNIT_ISODOW,
    UNIT_DOY,
    UNIT_ISOYEAR,
    UNIT_JULIAN,
    UNIT_EPOCH,
    UNIT_TIMEZONE,
    UNIT_TIMEZONE_HOUR,
    UNIT_TIMEZONE_MINUTE
};

/* In any case; with the short and plural forms that PostgreSQL takes. UNIT_NONE: not known. */
enum time_unit time_unit_of(struct streamd_str name);

/* The unit that a constant argument names; UNIT_NONE where it is not constant or not known. */
enum time_unit time_unit_constant(const struct streamd_vector *v);

/* prepare of functions whose first argument is a unit: refuses a constant that is none. `*prepared`
   stays NULL. */
int time_unit_prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                      struct streamd_error *error);

/* Days on which ISO weeks, and the year of them, begin. */
int64_t time_monday_of(int64_t days);
int64_t time_iso_year_of(int64_t days);
int64_t time_first_iso_week(int64_t iso_year);

#endif
