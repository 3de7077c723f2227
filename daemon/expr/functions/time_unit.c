/*
 * Names of units, in one table.
 */
#include "expr/functions/time_unit.h"

#include "base/error.h"
#include "expr/functions/call.h"

#include <streamd/convert_time.h>

#include <strings.h>

static const struct {
    const char *name;
    uint8_t unit;
} names[] = {
    {"c", UNIT_CENTURY},
    {"cent", UNIT_CENTURY},
    {"centuries", UNIT_CENTURY},
    {"century", UNIT_CENTURY},
    {"d", UNIT_DAY},
    {"day", UNIT_DAY},
    {"days", UNIT_DAY},
    {"dec", UNIT_DECADE},
    {"decade", UNIT_DECADE},
    {"decades", UNIT_DECADE},
    {"decs", UNIT_DECADE},
    {"dow", UNIT_DOW},
    {"doy", UNIT_DOY},
    {"epoch", UNIT_EPOCH},
    {"h", UNIT_HOUR},
    {"hour", UNIT_HOUR},
    {"hours", UNIT_HOUR},
    {"hr", UNIT_HOUR},
    {"hrs", UNIT_HOUR},
    {"isodow", UNIT_ISODOW},
    {"isoyear", UNIT_ISOYEAR},
    {"j", UNIT_JULIAN},
    {"jd", UNIT_JULIAN},
    {"julian", UNIT_JULIAN},
    {"m", UNIT_MINUTE},
    {"microsecond", UNIT_MICROSECOND},
    {"microseconds", UNIT_MICROSECOND},
    {"mil", UNIT_MILLENNIUM},
    {"millennia", UNIT_MILLENNIUM},
    {"millennium", UNIT_MILLENNIUM},
    {"millisecond", UNIT_MILLISECOND},
    {"milliseconds", UNIT_MILLISECOND},
    {"mils", UNIT_MILLENNIUM},
    {"min", UNIT_MINUTE},
    {"mins", UNIT_MINUTE},
    {"minute", UNIT_MINUTE},
    {"minutes", UNIT_MINUTE},
    {"mon", UNIT_MONTH},
    {"mons", UNIT_MONTH},
    {"month", UNIT_MONTH},
    {"months", UNIT_MONTH},
    {"ms", UNIT_MILLISECOND},
    {"msec", UNIT_MILLISECOND},
    {"msecs", UNIT_MILLISECOND},
    {"qtr", UNIT_QUARTER},
    {"quarter", UNIT_QUARTER},
    {"s", UNIT_SECOND},
    {"sec", UNIT_SECOND},
    {"second", UNIT_SECOND},
    {"seconds", UNIT_SECOND},
    {"secs", UNIT_SECOND},
    {"timezone", UNIT_TIMEZONE},
    {"timezone_hour", UNIT_TIMEZONE_HOUR},
    {"timezone_minute", UNIT_TIMEZONE_MINUTE},
    {"us", UNIT_MICROSECOND},
    {"usec", UNIT_MICROSECOND},
    {"usecs", UNIT_MICROSECOND},
    {"w", UNIT_WEEK},
    {"week", UNIT_WEEK},
    {"weeks", UNIT_WEEK},
    {"y", UNIT_YEAR},
    {"year", UNIT_YEAR},
    {"years", UNIT_YEAR},
    {"yr", UNIT_YEAR},
    {"yrs", UNIT_YEAR},
};

enum time_unit time_unit_of(struct streamd_str name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == name.length &&
            strncasecmp(names[i].name, name.data, name.length) == 0)
            return (enum time_unit)names[i].unit;
    return UNIT_NONE;
}

enum time_unit time_unit_constant(const struct streamd_vector *v)
{
    return call_is_constant(v) ? time_unit_of(*(const struct streamd_str *)v->values) : UNIT_NONE;
}

int time_unit_prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                      struct streamd_error *error)
{
    (void)argc;
    *prepared = NULL;
    if (!call_is_constant(&args[0]) || time_unit_constant(&args[0]) != UNIT_NONE)
        return 0;
    const struct streamd_str *name = args[0].values;
    return error_set(error, STREAMD_E_INVALID,
                     "unit \"%.*s\" is not known; there are microsecond millisecond second minute "
                     "hour day week month quarter year decade century millennium, and for extract "
                     "dow isodow doy isoyear julian epoch",
                     (int)(name->length < 40 ? name->length : 40), name->data);
}

int64_t time_monday_of(int64_t days)
{
    int64_t weekday = (days + 3) % 7; /* 1970-01-01 was a Thursday */

    return days - (weekday < 0 ? weekday + 7 : weekday);
}

int64_t time_first_iso_week(int64_t iso_year)
{
    return time_monday_of(streamd_days_from_civil(iso_year, 1, 4));
}

int64_t time_iso_year_of(int64_t days)
{
    int64_t year = streamd_civil_from_days(days).year;

    if (days >= time_first_iso_week(year + 1))
        return year + 1;
    return days < time_first_iso_week(year) ? year - 1 : year;
}
