/*
 * extract and date_part: one field of a timestamp or a date. date_part gives a float64. extract is
 * exact: with a constant field an int64, or a decimal for fields with a fraction; else a decimal of
 * six digits. Fields have their PostgreSQL meanings: there is no year 0, weeks are ISO's.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/time_unit.h"

#include "base/memory.h"

#include <streamd/convert_time.h>

/* A field's value is number / 10^digits. */
struct value {
    streamd_int128 number;
    unsigned digits;
};

/* A moment, taken apart as far as fields need it. */
struct moment {
    int64_t timestamp, days, us;
    struct streamd_civil civil;
};

static int64_t modulo(int64_t a, int64_t b)
{
    int64_t r = a % b;

    return r < 0 ? r + b : r;
}

static int64_t decade(int64_t year)
{
    return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10);
}

/* Number of the century or millennium. */
static int64_t period(int64_t year, int64_t length)
{
    return year > 0 ? (year + length - 1) / length : -((length - 1 - (year - 1)) / length);
}

/* Years as they are told: there is no year 0. */
static int64_t told(int64_t year)
{
    return year > 0 ? year : year - 1;
}

static int64_t field_of_day(const struct moment *m, enum time_unit unit)
{
    int64_t year = m->civil.year;

    switch (unit) {
    case UNIT_DAY:
        return m->civil.day;
    case UNIT_WEEK:
        return (m->days - time_first_iso_week(time_iso_year_of(m->days))) / 7 + 1;
    case UNIT_MONTH:
        return m->civil.month;
    case UNIT_QUARTER:
        return (m->civil.month - 1) / 3 + 1;
    case UNIT_YEAR:
        return told(year);
    case UNIT_DECADE:
        return decade(year);
    case UNIT_CENTURY:
        return period(year, 100);
    case UNIT_MILLENNIUM:
        return period(year, 1000);
    case UNIT_DOW:
        return modulo(m->days + 4, 7);
    case UNIT_ISODOW:
        return modulo(m->days + 3, 7) + 1;
    case UNIT_DOY:
        return m->days - streamd_days_from_civil(year, 1, 1) + 1;
    default: /* UNIT_ISOYEAR */
        return told(time_iso_year_of(m->days));
    }
}

/* Digits behind the point that a field has. */
static unsigned digits_of(enum time_unit unit)
{
    switch (unit) {
    case UNIT_MILLISECOND:
        return 3;
    case UNIT_SECOND:
    case UNIT_EPOCH:
        return 6;
    case UNIT_JULIAN:
        return 20;
    default:
        return 0;
    }
}

/* us of the day / length of a day, to 20 digits. */
static streamd_int128 share_of_day(int64_t us)
{
    streamd_int128 number = 0;
    int64_t rest = us;

    for (int i = 0; i < 20; i++) {
        rest *= 10;
        number = number * 10 + rest / STREAMD_US_PER_DAY;
        rest %= STREAMD_US_PER_DAY;
    }
    return number + (rest >= STREAMD_US_PER_DAY / 2);
}

static struct value value_of(const struct moment *m, enum time_unit unit)
{
    struct value v = {0, digits_of(unit)};

    switch (unit) {
    case UNIT_MICROSECOND:
    case UNIT_MILLISECOND:
    case UNIT_SECOND:
        v.number = m->us % 60000000;
        break;
    case UNIT_MINUTE:
        v.number = m->us / 60000000 % 60;
        break;
    case UNIT_HOUR:
        v.number = m->us / 3600000000;
        break;
    case UNIT_EPOCH:
        v.number = m->timestamp;
        break;
    case UNIT_JULIAN:
        v.number = (streamd_int128)(m->days + 2440588) * (streamd_int128)streamd_pow10_128(20) +
                   share_of_day(m->us);
        break;
    case UNIT_TIMEZONE: /* all times are UTC */
    case UNIT_TIMEZONE_HOUR:
    case UNIT_TIMEZONE_MINUTE:
        break;
    default:
        v.number = field_of_day(m, unit);
    }
    return v;
}

/* A date has no time of the day. */
static int is_field_of_date(enum time_unit unit)
{
    return (unit >= UNIT_DAY && unit <= UNIT_EPOCH);
}

static struct moment moment_of(const struct streamd_call *call, uint32_t row)
{
    struct moment m;

    if (call->args[1].type.id == STREAMD_DATE) {
        m.days = CALL_ARG(call, 1, int32_t, row);
        m.us = 0;
        m.timestamp = 0;
    } else {
        m.timestamp = CALL_ARG(call, 1, int64_t, row);
        m.days = streamd_timestamp_split(m.timestamp, &m.us);
    }
    m.civil = streamd_civil_from_days(m.days);
    return m;
}

/* ---- results ------------------------------------------------------------------------------ */

/* As PostgreSQL adds up the fraction of a second, which rounds twice. */
static double as_float(const struct moment *m, enum time_unit unit, struct value v)
{
    double second = (double)(m->us / STREAMD_US_PER_SECOND % 60);
    double fraction = (double)(m->us % STREAMD_US_PER_SECOND);

    switch (unit) {
    case UNIT_SECOND:
        return second + fraction / 1e6;
    case UNIT_MILLISECOND:
        return second * 1e3 + fraction / 1e3;
    case UNIT_JULIAN:
        return (double)(m->days + 2440588) +
               ((double)(m->us / STREAMD_US_PER_SECOND) + fraction / 1e6) / 86400.0;
    default:
        return (double)v.number / (double)streamd_pow10(v.digits);
    }
}

/* Puts a value into the result, which is an int64, float64 or decimal. 0 or a row code. */
static int put(struct streamd_call *call, uint32_t row, const struct moment *m, enum time_unit unit,
               struct value v)
{
    struct streamd_type type = call->result->type;
    streamd_int128 number;
    int rc;

    switch (type.id) {
    case STREAMD_INT64:
        ((int64_t *)call->result->values)[row] = (int64_t)v.number;
        return 0;
    case STREAMD_FLOAT64:
        ((double *)call->result->values)[row] = as_float(m, unit, v);
        return 0;
    default:
        rc = streamd_decimal_rescale(v.number, v.digits, type.scale, type.precision, &number);
        ((struct streamd_decimal *)call->result->values)[row] =
            streamd_decimal_make(rc ? 0 : number);
        return rc;
    }
}

static int extract_kernel(struct streamd_call *call)
{
    int is_date = call->args[1].type.id == STREAMD_DATE;
    enum time_unit constant = time_unit_constant(&call->args[0]);

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        enum time_unit unit =
            constant ? constant : time_unit_of(CALL_ARG(call, 0, struct streamd_str, i));
        struct moment m = moment_of(call, i);
        struct value v = {0, 0};
        int known = unit != UNIT_NONE && (!is_date || is_field_of_date(unit));
        if (known && is_date && unit == UNIT_EPOCH)
            v.number = (streamd_int128)m.days * 86400;
        else if (known && is_date && unit == UNIT_JULIAN)
            v.number = m.days + 2440588;
        else if (known)
            v = value_of(&m, unit);
        int code = put(call, i, &m, unit, v);
        if (!known || code) {
            int rc = call_error(call, i, known ? STREAMD_ROW_RANGE : STREAMD_ROW_ARGUMENT,
                                known ? "the value is out of range"
                                      : "this unit is not a field of the value");
            if (rc)
                return rc;
        }
    }
    return 0;
}

/* A constant field has a type of its own. */
static int resolve_extract(const struct streamd_vector *args, uint32_t argc,
                           struct streamd_type *result)
{
    enum time_unit unit = time_unit_constant(&args[0]);
    unsigned digits = digits_of(unit);

    (void)argc;
    *result = (struct streamd_type){STREAMD_DECIMAL, 38, 6, 0};
    if (unit == UNIT_NONE)
        return 0;
    if (args[1].type.id == STREAMD_DATE)
        digits = 0;
    if (digits == 0)
        *result = (struct streamd_type){STREAMD_INT64, 0, 0, 0};
    else if (unit == UNIT_SECOND || unit == UNIT_MILLISECOND)
        *result = (struct streamd_type){STREAMD_DECIMAL, 8, (uint8_t)digits, 0};
    else
        *result = (struct streamd_type){STREAMD_DECIMAL, unit == UNIT_EPOCH ? 20 : 32,
                                        (uint8_t)digits, 0};
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define EXTRACT(type)                                                                        \
    {                                                                                        \
        .name = "extract", CALL_ARGS2(STREAMD_STRING, type),                                 \
        .result = {STREAMD_DECIMAL, 38, 6, 0}, .resolve_values = resolve_extract,            \
        .prepare = time_unit_prepare, .unprepare = memory_free, .kernel = extract_kernel,    \
        .doc = "a field: year, month, day, hour, minute, second, epoch, dow, doy, week, ..." \
    }
#define DATE_PART(type)                                                                        \
    {                                                                                          \
        .name = "date_part", CALL_ARGS2(STREAMD_STRING, type),                                 \
        .result = {STREAMD_FLOAT64, 0, 0, 0}, .prepare = time_unit_prepare,                    \
        .unprepare = memory_free, .kernel = extract_kernel, .doc = "as extract, but a float64" \
    }

const struct streamd_function functions_time_extract[] = {EXTRACT(STREAMD_TIMESTAMP),
                                                          EXTRACT(STREAMD_DATE),
                                                          DATE_PART(STREAMD_TIMESTAMP),
                                                          {.name = NULL}};
