/*
 * Intervals are read as PostgreSQL's DecodeInterval and DecodeISO8601Interval read them, and moved
 * over the calendar as timestamp_pl_interval does. Sums are made in wide types and checked at the
 * end, so that no order of units can overflow on its way.
 */
#include "expr/interval.h"

#include <streamd/convert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const double us_per_second = 1e6, us_per_day = 86400e6;

/* Sums on the way; fractions have been handed down to smaller units already. */
struct sum {
    double months, days, us;
};

struct unit {
    const char *name;
    double months, days, us; /* one of them is not 0 */
};

static const struct unit units[] = {
    {"us", 0, 0, 1},
    {"usec", 0, 0, 1},
    {"usecs", 0, 0, 1},
    {"microsecond", 0, 0, 1},
    {"microseconds", 0, 0, 1},
    {"ms", 0, 0, 1e3},
    {"msec", 0, 0, 1e3},
    {"msecs", 0, 0, 1e3},
    {"millisecond", 0, 0, 1e3},
    {"milliseconds", 0, 0, 1e3},
    {"s", 0, 0, 1e6},
    {"sec", 0, 0, 1e6},
    {"secs", 0, 0, 1e6},
    {"second", 0, 0, 1e6},
    {"seconds", 0, 0, 1e6},
    {"m", 0, 0, 60e6},
    {"min", 0, 0, 60e6},
    {"mins", 0, 0, 60e6},
    {"minute", 0, 0, 60e6},
    {"minutes", 0, 0, 60e6},
    {"h", 0, 0, 3600e6},
    {"hr", 0, 0, 3600e6},
    {"hrs", 0, 0, 3600e6},
    {"hour", 0, 0, 3600e6},
    {"hours", 0, 0, 3600e6},
    {"d", 0, 1, 0},
    {"day", 0, 1, 0},
    {"days", 0, 1, 0},
    {"w", 0, 7, 0},
    {"week", 0, 7, 0},
    {"weeks", 0, 7, 0},
    {"mon", 1, 0, 0},
    {"mons", 1, 0, 0},
    {"month", 1, 0, 0},
    {"months", 1, 0, 0},
    {"y", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"yrs", 12, 0, 0},
    {"year", 12, 0, 0},
    {"years", 12, 0, 0},
    {"decade", 120, 0, 0},
    {"decades", 120, 0, 0},
    {"century", 1200, 0, 0},
    {"centuries", 1200, 0, 0},
};

static const struct unit *find_unit(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) == length && strncasecmp(units[i].name, name, length) == 0)
            return &units[i];
    }
    return NULL;
}

static const struct unit *unit_of(enum interval_unit unit)
{
    static const char *const names[] = {"second", "year",   "month", "day",
                                        "hour",   "minute", "second"};

    return find_unit(names[unit], strlen(names[unit]));
}

/* Adds `value` of a unit; what is no whole month becomes days, what is no whole day microseconds.
 */
static void add_unit(struct sum *sum, double value, const struct unit *unit)
{
    double whole;

    if (unit->months != 0) {
        double months = value * unit->months;
        double rest =
            unit->months > 1 ? rint(modf(months, &whole) * 1e6) / 1e6 : modf(months, &whole);

        if (unit->months > 1) { /* a fraction of a year is whole months, as in PostgreSQL */
            sum->months += rint(months);
            return;
        }
        sum->months += whole;
        value = rest * 30;
    } else if (unit->days != 0) {
        value *= unit->days;
    } else {
        sum->us += rint(value * unit->us);
        return;
    }
    sum->us += rint(modf(value, &whole) * us_per_day);
    sum->days += whole;
}

/* An unsigned number at *p; answers how many bytes, 0: none. */
static size_t read_number(const char *p, const char *end, double *value)
{
    size_t n = 0, digits = 0;
    char copy[64];

    while (p + n < end && ((p[n] >= '0' && p[n] <= '9') || p[n] == '.')) {
        digits += p[n] != '.';
        n++;
    }
    if (digits == 0 || n >= sizeof(copy) || streamd_float64_parse(p, n, value))
        return 0;
    return n;
}

/* h:mm[:ss[.f]] at *p, unsigned; answers the bytes, 0: none. */
static size_t read_clock(const char *p, const char *end, double *us)
{
    const char *at = p;
    double part[3] = {0, 0, 0};
    int parts = 0;

    while (parts < 3) {
        size_t n = read_number(at, end, &part[parts]);

        if (n == 0)
            return 0;
        at += n;
        parts++;
        if (at == end || *at != ':')
            break;
        at++;
    }
    if (parts < 2 || at[-1] == ':' || part[1] >= 60 || part[2] > 60)
        return 0;
    if (part[0] != floor(part[0]) || part[1] != floor(part[1]))
        return 0;
    *us = (part[0] * 3600 + part[1] * 60) * us_per_second + rint(part[2] * us_per_second);
    return (size_t)(at - p);
}

static int finish(const struct sum *sum, struct interval *out)
{
    if (!(fabs(sum->months) <= INT32_MAX) || !(fabs(sum->days) <= INT32_MAX) ||
        !(fabs(sum->us) < 9.2233720368547e18))
        return STREAMD_ROW_RANGE;
    out->months = (int32_t)sum->months;
    out->days = (int32_t)sum->days;
    out->us = (int64_t)sum->us;
    return 0;
}

/* P1Y2M3W4DT5H6M7S, any of them left out. */
static int parse_iso(const char *p, const char *end, struct interval *out)
{
    struct sum sum = {0, 0, 0};
    int in_time = 0, seen = 0;

    for (p++; p < end;) {
        static const char date_letters[] = "YMWD", time_letters[] = "HMS";
        static const char *const date_units[] = {"year", "month", "week", "day"};
        static const char *const time_units[] = {"hour", "minute", "second"};
        const char *name, *letter;
        double value, sign = 1;
        size_t n;

        if (*p == 'T' && !in_time) {
            in_time = 1;
            p++;
            continue;
        }
        if (*p == '-' || *p == '+')
            sign = *p++ == '-' ? -1 : 1;
        n = read_number(p, end, &value);
        p += n;
        if (n == 0 || p == end || *p == '\0')
            return STREAMD_ROW_CAST;
        letter = strchr(in_time ? time_letters : date_letters, *p);
        if (!letter)
            return STREAMD_ROW_CAST;
        name = in_time ? time_units[letter - time_letters] : date_units[letter - date_letters];
        add_unit(&sum, sign * value, find_unit(name, strlen(name)));
        seen = 1;
        p++;
    }
    return seen ? finish(&sum, out) : STREAMD_ROW_CAST;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || (*p >= '\t' && *p <= '\r')))
        p++;
    return p;
}

/* One signed field of the usual form: a clock, years-months, or a number with its unit. Answers
   behind it, NULL: no field. */
static const char *parse_field(const char *p, const char *end, enum interval_unit unit,
                               struct sum *sum)
{
    double sign = 1, value, months;
    const struct unit *u = unit_of(unit);
    const char *word;
    size_t n;

    if (*p == '-' || *p == '+')
        sign = *p++ == '-' ? -1 : 1;
    n = read_clock(p, end, &value);
    if (n) {
        sum->us += sign * value;
        return p + n;
    }
    n = read_number(p, end, &value);
    if (n == 0)
        return NULL;
    p += n;
    if (p < end && *p == '-') {
        n = read_number(p + 1, end, &months);
        if (n == 0 || months >= 12)
            return NULL;
        sum->months += sign * (value * 12 + months);
        return p + 1 + n;
    }
    p = skip_blanks(p, end);
    for (word = p; p < end && ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');)
        p++;
    if (p > word)
        u = find_unit(word, (size_t)(p - word));
    else if (p < end)
        return NULL; /* a number without a unit stands at the end only */
    if (!u)
        return NULL;
    add_unit(sum, sign * value, u);
    return p;
}

/* Cuts what lies below the unit of INTERVAL '..' DAY. */
static void cut_to_unit(struct interval *i, enum interval_unit unit)
{
    static const int64_t fine[] = {1, 0, 0, 0, 3600000000, 60000000, 1};

    if (unit == INTERVAL_NONE)
        return;
    if (unit == INTERVAL_YEAR)
        i->months -= i->months % 12;
    if (unit == INTERVAL_YEAR || unit == INTERVAL_MONTH)
        i->days = 0;
    i->us = fine[unit] ? i->us - i->us % fine[unit] : 0;
}

int interval_parse(const char *text, size_t length, enum interval_unit unit, struct interval *out)
{
    struct sum sum = {0, 0, 0};
    const char *p, *end;
    int seen = 0, rc;

    streamd_trim(&text, &length);
    p = text;
    end = text + length;
    if (length == 0)
        return STREAMD_ROW_CAST;
    if (*p == 'P') {
        rc = parse_iso(p, end, out);
        if (rc == 0)
            cut_to_unit(out, unit);
        return rc;
    }
    if (*p == '@')
        p++;
    for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
        if (seen && end - p == 3 && strncasecmp(p, "ago", 3) == 0) {
            sum.months = -sum.months;
            sum.days = -sum.days;
            sum.us = -sum.us;
            break;
        }
        p = parse_field(p, end, unit, &sum);
        if (!p)
            return STREAMD_ROW_CAST;
        seen = 1;
    }
    if (!seen)
        return STREAMD_ROW_CAST;
    rc = finish(&sum, out);
    if (rc == 0)
        cut_to_unit(out, unit);
    return rc;
}

/* ---- to text ------------------------------------------------------------------------------ */

static int print_part(char *out, size_t room, int at, int64_t value, const char *unit,
                      int *negative_before)
{
    int n;

    if (value == 0)
        return at;
    n = snprintf(out + at, room - (size_t)at, "%s%s%lld %s%s", at ? " " : "",
                 *negative_before && value > 0 ? "+" : "", (long long)value, unit,
                 value == 1 ? "" : "s");
    *negative_before = value < 0;
    return n > 0 ? at + n : at;
}

size_t interval_print(const struct interval *i, char out[INTERVAL_TEXT])
{
    char text[INTERVAL_TEXT + 1];
    int negative = 0, at = 0;

    at = print_part(text, sizeof(text), at, i->months / 12, "year", &negative);
    at = print_part(text, sizeof(text), at, i->months % 12, "mon", &negative);
    at = print_part(text, sizeof(text), at, i->days, "day", &negative);
    if (i->us != 0 || at == 0) {
        uint64_t us = i->us < 0 ? 0 - (uint64_t)i->us : (uint64_t)i->us, seconds = us / 1000000;
        const char *sign = i->us < 0 ? "-" : negative ? "+" : "";

        at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%s%02llu:%02llu:%02llu",
                       at ? " " : "", sign, (unsigned long long)(seconds / 3600),
                       (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
        if (us % 1000000) {
            at += snprintf(text + at, sizeof(text) - (size_t)at, ".%06llu",
                           (unsigned long long)(us % 1000000));
            while (text[at - 1] == '0')
                at--;
        }
    }
    memcpy(out, text, (size_t)at);
    return (size_t)at;
}

/* ---- arithmetic --------------------------------------------------------------------------- */

int interval_add(const struct interval *a, const struct interval *b, int sign, struct interval *out)
{
    int64_t us;

    if (__builtin_mul_overflow(b->us, (int64_t)sign, &us) ||
        __builtin_add_overflow(a->us, us, &out->us) ||
        __builtin_add_overflow(a->months, (int64_t)b->months * sign, &out->months) ||
        __builtin_add_overflow(a->days, (int64_t)b->days * sign, &out->days))
        return STREAMD_ROW_OVERFLOW;
    return 0;
}

static double round_to_us(double v)
{
    return rint(v * 1e6) / 1e6;
}

int interval_scale(const struct interval *i, double factor, int divide, struct interval *out)
{
    double months, days, rest_days, rest_seconds, us;

    if (divide && factor == 0)
        return STREAMD_ROW_DIVISION;
    months = divide ? i->months / factor : i->months * factor;
    days = divide ? i->days / factor : i->days * factor;
    us = divide ? (double)i->us / factor : (double)i->us * factor;
    if (!(fabs(months) <= INT32_MAX) || !(fabs(days) <= INT32_MAX))
        return STREAMD_ROW_OVERFLOW;
    out->months = (int32_t)months;
    out->days = (int32_t)days;
    rest_days = round_to_us((months - out->months) * 30);
    rest_seconds = round_to_us((days - out->days + rest_days - trunc(rest_days)) * 86400);
    if (fabs(rest_seconds) >= 86400) {
        out->days += (int32_t)(rest_seconds / 86400);
        rest_seconds -= trunc(rest_seconds / 86400) * 86400;
    }
    if (__builtin_add_overflow(out->days, (int32_t)rest_days, &out->days))
        return STREAMD_ROW_OVERFLOW;
    us = rint(us + rest_seconds * us_per_second);
    if (!(fabs(us) < 9.2233720368547e18))
        return STREAMD_ROW_OVERFLOW;
    out->us = (int64_t)us;
    return 0;
}

double interval_seconds(const struct interval *i)
{
    return ((double)i->months * 30 + i->days) * 86400 + (double)i->us / us_per_second;
}

int interval_shift(int64_t timestamp, const struct interval *i, int sign, int64_t *out)
{
    int64_t us, days = streamd_timestamp_split(timestamp, &us), shift;

    if (i->months != 0) {
        struct streamd_civil c = streamd_civil_from_days(days);
        int64_t month = c.year * 12 + c.month - 1 + (int64_t)i->months * sign;
        int64_t year = month >= 0 ? month / 12 : -((11 - month) / 12);
        uint32_t m = (uint32_t)(month - year * 12) + 1, last = streamd_days_in_month(year, m);

        days = streamd_days_from_civil(year, m, c.day < last ? c.day : last);
    }
    days += (int64_t)i->days * sign;
    if (streamd_timestamp_make(days, us, out) ||
        __builtin_mul_overflow(i->us, (int64_t)sign, &shift) ||
        __builtin_add_overflow(*out, shift, out) || *out < STREAMD_TIMESTAMP_MIN)
        return STREAMD_ROW_OVERFLOW;
    return 0;
}
