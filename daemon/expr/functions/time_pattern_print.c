/*
 * Printing by a pattern, as PostgreSQL's to_char prints a timestamp with time zone in UTC.
 */
#include "expr/functions/time_pattern.h"
#include "expr/functions/time_template.h"
#include "expr/functions/time_unit.h"

#include <streamd/convert_time.h>

#include <string.h>

/* A timestamp taken apart. */
struct moment {
    int64_t days;
    struct streamd_civil civil;
    int64_t year; /* without sign: 1 for 1 AD and for 1 BC */
    int hour, minute, second, us;
    int weekday; /* Sunday is 0 */
    int64_t day_of_year;
    int64_t iso_year, iso_week, iso_day_of_year;
};

static int64_t modulo(int64_t a, int64_t b)
{
    int64_t r = a % b;

    return r < 0 ? r + b : r;
}

static struct moment take_apart(int64_t timestamp)
{
    struct moment m = {0};
    int64_t us;

    m.days = streamd_timestamp_split(timestamp, &us);
    m.civil = streamd_civil_from_days(m.days);
    m.year = m.civil.year > 0 ? m.civil.year : 1 - m.civil.year;
    m.us = (int)(us % STREAMD_US_PER_SECOND);
    int seconds = (int)(us / STREAMD_US_PER_SECOND);
    m.hour = seconds / 3600;
    m.minute = seconds / 60 % 60;
    m.second = seconds % 60;
    m.weekday = (int)modulo(m.days + 4, 7);
    m.day_of_year = m.days - streamd_days_from_civil(m.civil.year, 1, 1) + 1;
    m.iso_year = time_iso_year_of(m.days);
    m.iso_day_of_year = m.days - time_first_iso_week(m.iso_year) + 1;
    m.iso_week = (m.iso_day_of_year - 1) / 7 + 1;
    m.iso_year = m.iso_year > 0 ? m.iso_year : 1 - m.iso_year;
    return m;
}

/* A number with at least `width` digits, or as few as it has under FM, and its ordinal. */
static char *put_number(char *out, const struct time_node *n, int64_t value, int width)
{
    static const char ordinals[2][9] = {"thstndrd", "THSTNDRD"};
    char digits[24];
    int length = (int)streamd_uint64_print((uint64_t)(value < 0 ? -value : value), digits);

    if (value < 0)
        *out++ = '-';
    if (!(n->flags & TIME_FILL))
        for (int i = length + (value < 0); i < width; i++)
            *out++ = '0';
    memcpy(out, digits, (size_t)length);
    out += length;
    if (!(n->flags & TIME_ORDINAL))
        return out;
    int last = out[-1] - '0';
    int teen =
        (length > 1 || (value >= 0 && width > 1 && !(n->flags & TIME_FILL))) && out[-2] == '1';
    int kind = teen || last > 3 ? 0 : last;
    memcpy(out, ordinals[(n->flags & TIME_ORDINAL_UP) != 0] + 2 * kind, 2);
    return out + 2;
}

/* A word in the case of the template, filled with blanks to `width`. */
static char *put_word(char *out, const struct time_node *n, const char *word, size_t length,
                      size_t width)
{
    for (size_t i = 0; i < length; i++) {
        char c = word[i];
        if (n->style == TIME_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c & ~0x20);
        else if (n->style == TIME_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        *out++ = c;
    }
    if (!(n->flags & (TIME_FILL | TIME_TRANSLATED)))
        for (; length < width; length++)
            *out++ = ' ';
    return out;
}

static char *put_name(char *out, const struct time_node *n, const char *name, size_t width)
{
    return put_word(out, n, name, strlen(name), width);
}

/* A month in Roman numerals, which TM does not concern. */
static char *put_roman(char *out, const struct time_node *n, const char *month)
{
    struct time_node plain = *n;

    plain.flags = (uint8_t)(n->flags & ~TIME_TRANSLATED);
    return put_name(out, &plain, month, 4);
}

/* AM or PM, BC or AD. */
static char *put_half(char *out, const struct time_node *n, char first, char second)
{
    char word[4] = {first, '.', second, '.'};

    if (n->flags & TIME_DOTS)
        return put_word(out, n, word, 4, 0);
    word[1] = second;
    return put_word(out, n, word, 2, 0);
}

/* The first digits of the microseconds. */
static char *put_fraction(char *out, const struct time_node *n, int us, int digits)
{
    struct time_node plain = *n;

    for (int i = digits; i < 6; i++)
        us /= 10;
    plain.flags = (uint8_t)(plain.flags & ~TIME_FILL);
    return put_number(out, &plain, us, digits);
}

static char *put_century(char *out, const struct time_node *n, int64_t year)
{
    int64_t century = year > 0 ? (year - 1) / 100 + 1 : year / 100 - 1;

    return put_number(out, n, century,
                      century <= 99 && century >= -99 ? (century >= 0 ? 2 : 3) : 0);
}

static char *put_year(char *out, const struct time_node *n, int64_t year)
{
    static const int64_t moduli[] = {1, 10, 100, 1000, INT64_MAX};

    return put_number(out, n, year % moduli[n->digits], n->digits);
}

static char *put_year_comma(char *out, const struct time_node *n, int64_t year)
{
    struct time_node plain = *n;

    plain.flags = 0;
    out = put_number(out, &plain, year / 1000, 1);
    *out++ = ',';
    plain.flags = (uint8_t)(n->flags & ~TIME_FILL);
    return put_number(out, &plain, year % 1000, 3);
}

static char *put_date_part(char *out, const struct time_node *n, const struct moment *m)
{
    switch (n->part) {
    case TIME_ERA:
        return put_half(out, n, m->civil.year > 0 ? 'A' : 'B', m->civil.year > 0 ? 'D' : 'C');
    case TIME_MONTH_NAME:
        return put_name(out, n, time_month_names[m->civil.month - 1], 9);
    case TIME_MONTH_SHORT:
        return put_word(out, n, time_month_names[m->civil.month - 1], 3, 0);
    case TIME_MONTH:
        return put_number(out, n, m->civil.month, 2);
    case TIME_ROMAN_MONTH:
        return put_roman(out, n, time_roman_months[m->civil.month - 1]);
    case TIME_DAY_NAME:
        return put_name(out, n, time_day_names[m->weekday], 9);
    case TIME_DAY_SHORT:
        return put_word(out, n, time_day_names[m->weekday], 3, 0);
    case TIME_DAY_OF_YEAR:
        return put_number(out, n, m->day_of_year, 3);
    case TIME_ISO_DAY_OF_YEAR:
        return put_number(out, n, m->iso_day_of_year, 3);
    case TIME_DAY:
        return put_number(out, n, m->civil.day, 2);
    case TIME_DAY_OF_WEEK:
        return put_number(out, n, m->weekday + 1, 1);
    case TIME_ISO_DAY_OF_WEEK:
        return put_number(out, n, m->weekday ? m->weekday : 7, 1);
    case TIME_WEEK_OF_YEAR:
        return put_number(out, n, (m->day_of_year - 1) / 7 + 1, 2);
    case TIME_WEEK_OF_MONTH:
        return put_number(out, n, (m->civil.day - 1) / 7 + 1, 1);
    case TIME_ISO_WEEK:
        return put_number(out, n, m->iso_week, 2);
    case TIME_QUARTER:
        return put_number(out, n, (m->civil.month - 1) / 3 + 1, 1);
    case TIME_CENTURY:
        return put_century(out, n, m->civil.year);
    case TIME_YEAR_COMMA:
        return put_year_comma(out, n, m->year);
    case TIME_YEAR:
        return put_year(out, n, m->year);
    case TIME_ISO_YEAR:
        return put_year(out, n, m->iso_year);
    default:
        return put_number(out, n, m->days + 2440588, 1);
    }
}

static char *put_part(char *out, const struct time_node *n, const struct moment *m)
{
    switch (n->part) {
    case TIME_SPACE:
    case TIME_SEPARATOR:
    case TIME_LITERAL:
        memcpy(out, n->character, n->length);
        return out + n->length;
    case TIME_FX:
        return out;
    case TIME_HALF:
        return put_half(out, n, m->hour >= 12 ? 'P' : 'A', 'M');
    case TIME_HOUR12:
        return put_number(out, n, m->hour % 12 ? m->hour % 12 : 12, 2);
    case TIME_HOUR24:
        return put_number(out, n, m->hour, 2);
    case TIME_MINUTE:
        return put_number(out, n, m->minute, 2);
    case TIME_SECOND:
        return put_number(out, n, m->second, 2);
    case TIME_MILLISECOND:
        return put_fraction(out, n, m->us, 3);
    case TIME_MICROSECOND:
        return put_fraction(out, n, m->us, 6);
    case TIME_FRACTION:
        return put_fraction(out, n, m->us, n->digits);
    case TIME_SECOND_OF_DAY:
        return put_number(out, n, m->hour * 3600 + m->minute * 60 + m->second, 1);
    case TIME_ZONE:
        return put_word(out, n, "UTC", 3, 0);
    case TIME_ZONE_HOUR:
        memcpy(out, "+00", 3);
        return out + 3;
    case TIME_ZONE_MINUTE:
        memcpy(out, "00", 2);
        return out + 2;
    case TIME_OFFSET:
        memcpy(out, "+00", 3);
        return out + (n->flags & TIME_FILL ? 2 : 3);
    default:
        return put_date_part(out, n, m);
    }
}

size_t time_pattern_print(const struct time_pattern *pattern, int64_t timestamp, char *out)
{
    struct moment m = take_apart(timestamp);
    char *at = out;

    for (uint32_t i = 0; i < pattern->count; i++)
        at = put_part(at, &pattern->nodes[i], &m);
    return (size_t)(at - out);
}

size_t time_pattern_room(const struct time_pattern *pattern)
{
    return 16 * (size_t)pattern->count + 1; /* the longest: a Julian day with its ordinal */
}
