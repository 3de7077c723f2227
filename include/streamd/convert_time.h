/*
 * streamd/convert_time.h - timestamp and date to text and back, and the calendar.
 * convert.h has the rules.
 *
 * The calendar is proleptic Gregorian with astronomical years (0 is 1 BC, -1 is 2 BC). Timestamps
 * are microseconds since 1970-01-01T00:00:00Z, dates are days since then. Timestamps are read from
 * 4714-11-24 BC, where PostgreSQL begins, to the end of int64 in 294247 AD; dates from there to
 * 5874897 AD. Every int64 and every int32 is printed.
 */
#ifndef STREAMD_CONVERT_TIME_H
#define STREAMD_CONVERT_TIME_H

#include <streamd/convert_number.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that a printed value takes at most. */
#define STREAMD_TIMESTAMP_TEXT 40
#define STREAMD_DATE_TEXT 24

#define STREAMD_US_PER_SECOND 1000000
#define STREAMD_US_PER_DAY 86400000000

/* The first timestamp that is read; the first date, and the one behind the last. */
#define STREAMD_TIMESTAMP_MIN (-210866803200000000)
#define STREAMD_DATE_MIN (-2440588)
#define STREAMD_DATE_END 2145042906

/* ---- the calendar ------------------------------------------------------------------------- */

struct streamd_civil {
    int64_t year;
    uint32_t month, day; /* 1 .. 12, 1 .. 31 */
};

/* 1 in a leap year of the Gregorian calendar, extended backwards. */
static inline int streamd_is_leap_year(int64_t year)
{
    return (year & 3) == 0 && ((year & 15) == 0 || year % 25 != 0);
}

/* Month 1 .. 12. */
static inline uint32_t streamd_days_in_month(int64_t year, uint32_t month)
{
    return month == 2 ? 28u + (uint32_t)streamd_is_leap_year(year)
                      : 30u + ((month + (month >> 3)) & 1u);
}

/* Days since 1970-01-01 of a day of the calendar. |year| <= 10^9. */
static inline int64_t streamd_days_from_civil(int64_t year, uint32_t month, uint32_t day)
{
    /* Years that begin in March, counted from a multiple of 400 years far below. */
    uint32_t early = month <= 2;
    uint64_t y = (uint64_t)(year + 400 * (int64_t)2500001 - (int64_t)early);
    uint64_t century = y / 100;
    uint32_t m = month + 12 * early - 3;
    return (int64_t)(y * 365 + y / 4 - century + century / 4 + ((979 * m + 15) >> 5) + day) - 1 -
           146097 * (int64_t)2500001 - 719468;
}

/* The day of the calendar that lies `days` after 1970-01-01. |days| <= 2 x 10^11. */
static inline struct streamd_civil streamd_civil_from_days(int64_t days)
{
    /* Neri and Schneider, "Euclidean affine functions and their application to calendar
       algorithms"; years begin in March here too. */
    struct streamd_civil c;
    uint64_t n = 4 * (uint64_t)(days + 719468 + 146097 * (int64_t)2500001) + 3;
    uint64_t century = n / 146097;
    uint64_t in_century = (uint64_t)2939745 * ((uint32_t)(n - century * 146097) | 3);
    uint32_t day_of_year = (uint32_t)in_century / 2939745 / 4;
    uint32_t md = 2141 * day_of_year + 197913;
    uint32_t late = day_of_year >= 306; /* January and February */
    c.year = (int64_t)(100 * century + (in_century >> 32)) - 400 * (int64_t)2500001 + (int64_t)late;
    c.month = (md >> 16) - 12 * late;
    c.day = (md & 0xffff) / 2141 + 1;
    return c;
}

/* Days, rounded down, and what is left: 0 <= *us < STREAMD_US_PER_DAY. */
static inline int64_t streamd_timestamp_split(int64_t timestamp, int64_t *us)
{
    int64_t days = timestamp / STREAMD_US_PER_DAY;
    *us = timestamp - days * STREAMD_US_PER_DAY;
    if (*us < 0) {
        *us += STREAMD_US_PER_DAY;
        days--;
    }
    return days;
}

/* ---- to text ------------------------------------------------------------------------------ */

/* The year with at least 4 digits. */
static inline char *streamd_put_year(char *out, int64_t year)
{
    uint64_t y = (uint64_t)year;
    if (year < 0) {
        *out++ = '-';
        y = 0 - y;
    }
    if (y > 9999)
        return out + streamd_uint64_print(y, out);
    streamd_put2(out, (uint32_t)y / 100);
    streamd_put2(out + 2, (uint32_t)y % 100);
    return out + 4;
}

/* YYYY-MM-DD */
static inline char *streamd_put_civil(char *out, struct streamd_civil c)
{
    out = streamd_put_year(out, c.year);
    out[0] = '-';
    streamd_put2(out + 1, c.month);
    out[3] = '-';
    streamd_put2(out + 4, c.day);
    return out + 6;
}

/* hh:mm:ss of the seconds of a day. */
static inline void streamd_put_clock(char *out, uint32_t seconds)
{
    uint32_t minutes = seconds / 60, hours = minutes / 60;
    streamd_put2(out, hours);
    out[2] = ':';
    streamd_put2(out + 3, minutes - hours * 60);
    out[5] = ':';
    streamd_put2(out + 6, seconds - minutes * 60);
}

/* .ffffff, nothing where it is 0. */
static inline char *streamd_put_fraction(char *out, uint32_t us)
{
    if (!us)
        return out;
    out[0] = '.';
    streamd_put2(out + 1, us / 10000);
    streamd_put2(out + 3, us / 100 % 100);
    streamd_put2(out + 5, us % 100);
    return out + 7;
}

/* ISO 8601: YYYY-MM-DDThh:mm:ss[.ffffff]Z, six digits or none; years below 0 have a sign. At most
   STREAMD_TIMESTAMP_TEXT bytes. */
static inline size_t streamd_timestamp_print(int64_t timestamp, char *out)
{
    int64_t us;
    int64_t days = streamd_timestamp_split(timestamp, &us);
    char *at = streamd_put_civil(out, streamd_civil_from_days(days));
    uint32_t seconds = (uint32_t)(us / STREAMD_US_PER_SECOND);
    *at = 'T';
    streamd_put_clock(at + 1, seconds);
    at = streamd_put_fraction(at + 9, (uint32_t)(us - (int64_t)seconds * STREAMD_US_PER_SECOND));
    *at = 'Z';
    return (size_t)(at + 1 - out);
}

/* YYYY-MM-DD. At most STREAMD_DATE_TEXT bytes. */
static inline size_t streamd_date_print(int64_t days, char *out)
{
    return (size_t)(streamd_put_civil(out, streamd_civil_from_days(days)) - out);
}

/* The day printed last, for whoever prints many of one day. Start with {INT64_MIN, 0, {0}}. */
struct streamd_day_text {
    int64_t day;
    uint32_t length;
    char text[STREAMD_DATE_TEXT];
};

/* As streamd_date_print. May write STREAMD_DATE_TEXT bytes, more than it counts. */
static inline size_t streamd_date_print_near(struct streamd_day_text *last, int64_t days, char *out)
{
    if (days != last->day) {
        last->day = days;
        last->length = (uint32_t)streamd_date_print(days, last->text);
    }
    memcpy(out, last->text, sizeof last->text);
    return last->length;
}

/* As streamd_timestamp_print. */
static inline size_t streamd_timestamp_print_near(struct streamd_day_text *last, int64_t timestamp,
                                                  char *out)
{
    int64_t us;
    char *at = out + streamd_date_print_near(last, streamd_timestamp_split(timestamp, &us), out);
    uint32_t seconds = (uint32_t)(us / STREAMD_US_PER_SECOND);
    *at = 'T';
    streamd_put_clock(at + 1, seconds);
    at = streamd_put_fraction(at + 9, (uint32_t)(us - (int64_t)seconds * STREAMD_US_PER_SECOND));
    *at = 'Z';
    return (size_t)(at + 1 - out);
}

/* As PostgreSQL prints a date (DateStyle ISO): years before 1 as "0044-03-15 BC". */
static inline size_t streamd_date_print_sql(int64_t days, char *out)
{
    struct streamd_civil c = streamd_civil_from_days(days);
    int bc = c.year <= 0;
    if (bc)
        c.year = 1 - c.year;
    char *at = streamd_put_civil(out, c);
    if (bc) {
        memcpy(at, " BC", 3);
        at += 3;
    }
    return (size_t)(at - out);
}

/* As PostgreSQL prints a timestamp without time zone: YYYY-MM-DD hh:mm:ss[.f][ BC], the fraction
   without zeros at its end. At most STREAMD_TIMESTAMP_TEXT bytes. */
static inline size_t streamd_timestamp_print_sql(int64_t timestamp, char *out)
{
    int64_t us;
    struct streamd_civil c = streamd_civil_from_days(streamd_timestamp_split(timestamp, &us));
    uint32_t seconds = (uint32_t)(us / STREAMD_US_PER_SECOND);
    uint32_t fraction = (uint32_t)(us - (int64_t)seconds * STREAMD_US_PER_SECOND);
    int bc = c.year <= 0;
    if (bc)
        c.year = 1 - c.year;
    char *at = streamd_put_civil(out, c);
    *at = ' ';
    streamd_put_clock(at + 1, seconds);
    at = streamd_put_fraction(at + 9, fraction);
    while (fraction && at[-1] == '0')
        at--;
    if (bc) {
        memcpy(at, " BC", 3);
        at += 3;
    }
    return (size_t)(at - out);
}

/* ---- from text ---------------------------------------------------------------------------- */

/* Eight bytes, the first in the lowest place, whatever the machine. */
static inline uint64_t streamd_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

/* Months and days must be in range; answers 0 or STREAMD_ROW_RANGE. */
static inline int streamd_date_make(int64_t year, uint32_t month, uint32_t day, int64_t *days)
{
    if (month - 1 > 11 || day - 1 >= streamd_days_in_month(year, month))
        return STREAMD_ROW_RANGE;
    *days = streamd_days_from_civil(year, month, day);
    return 0;
}

/* A scanner over [p, end). */
struct streamd_time_text {
    const char *p, *end;
};

/* Reads min .. max digits; answers how many there were, 0 where fewer than min. */
static inline unsigned streamd_time_number(struct streamd_time_text *t, unsigned min, unsigned max,
                                           uint32_t *value)
{
    unsigned n = 0;
    uint32_t v = 0;
    while (n < max && t->p + n < t->end) {
        unsigned d = (unsigned char)t->p[n] - (unsigned)'0';
        if (d > 9)
            break;
        v = v * 10 + d;
        n++;
    }
    if (n < min)
        return 0;
    t->p += n;
    *value = v;
    return n;
}

/* Takes one byte where it is the next. */
static inline int streamd_time_take(struct streamd_time_text *t, char c)
{
    if (t->p == t->end || *t->p != c)
        return 0;
    t->p++;
    return 1;
}

/* [-]YYYY-MM-DD */
static inline int streamd_time_date(struct streamd_time_text *t, int64_t *year, uint32_t *month,
                                    uint32_t *day)
{
    uint32_t y;
    int negative = streamd_time_take(t, '-');
    if (!streamd_time_number(t, 4, 7, &y) || !streamd_time_take(t, '-') ||
        !streamd_time_number(t, 1, 2, month) || !streamd_time_take(t, '-') ||
        !streamd_time_number(t, 1, 2, day))
        return STREAMD_ROW_CAST;
    *year = negative ? -(int64_t)y : (int64_t)y;
    return 0;
}

/* A fraction behind its point, any number of digits, rounded half up to microseconds. */
static inline int streamd_time_fraction(struct streamd_time_text *t, int64_t *us)
{
    uint32_t v = 0, next = 0;
    unsigned n = streamd_time_number(t, 1, 6, &v);
    if (!n)
        return STREAMD_ROW_CAST;
    for (; n < 6; n++)
        v *= 10;
    if (streamd_time_number(t, 1, 1, &next))
        while (t->p < t->end && (unsigned char)*t->p - (unsigned)'0' <= 9)
            t->p++;
    *us = (int64_t)v + (next >= 5);
    return 0;
}

/* hh:mm[:ss[.f]]. Seconds up to 60 and 24:00:00 are taken, as PostgreSQL does. */
static inline int streamd_time_clock(struct streamd_time_text *t, int64_t *us)
{
    uint32_t hour, minute, second = 0;
    int64_t fraction = 0;
    if (!streamd_time_number(t, 1, 2, &hour) || !streamd_time_take(t, ':') ||
        !streamd_time_number(t, 2, 2, &minute))
        return STREAMD_ROW_CAST;
    if (streamd_time_take(t, ':')) {
        if (!streamd_time_number(t, 2, 2, &second))
            return STREAMD_ROW_CAST;
        if (streamd_time_take(t, '.') && streamd_time_fraction(t, &fraction))
            return STREAMD_ROW_CAST;
    }
    *us = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * STREAMD_US_PER_SECOND + fraction;
    if (minute > 59 || second > 60 || *us > STREAMD_US_PER_DAY)
        return STREAMD_ROW_RANGE;
    return 0;
}

/* Z, or +-hh[[:]mm[[:]ss]]; nothing is UTC. Up to 15:59:59, as in PostgreSQL. */
static inline int streamd_time_zone(struct streamd_time_text *t, int64_t *us)
{
    uint32_t hour, minute = 0, second = 0;
    *us = 0;
    if (t->p == t->end || streamd_time_take(t, 'Z') || streamd_time_take(t, 'z'))
        return 0;
    int negative = *t->p == '-';
    if (!negative && *t->p != '+')
        return STREAMD_ROW_CAST;
    t->p++;
    if (!streamd_time_number(t, 1, 2, &hour))
        return STREAMD_ROW_CAST;
    if ((streamd_time_take(t, ':') || t->p < t->end) && !streamd_time_number(t, 2, 2, &minute))
        return STREAMD_ROW_CAST;
    if ((streamd_time_take(t, ':') || t->p < t->end) && !streamd_time_number(t, 2, 2, &second))
        return STREAMD_ROW_CAST;
    if (hour > 15 || minute > 59 || second > 59)
        return STREAMD_ROW_RANGE;
    *us = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * STREAMD_US_PER_SECOND;
    if (negative)
        *us = -*us;
    return 0;
}

/* Days and microseconds to a timestamp; 0 or STREAMD_ROW_RANGE. */
static inline int streamd_timestamp_make(int64_t days, int64_t us, int64_t *timestamp)
{
    int64_t v;
    if (__builtin_mul_overflow(days, (int64_t)STREAMD_US_PER_DAY, &v) ||
        __builtin_add_overflow(v, us, &v) || v < STREAMD_TIMESTAMP_MIN)
        return STREAMD_ROW_RANGE;
    *timestamp = v;
    return 0;
}

/* Takes " BC" off the end: 1 where it was there. */
static inline int streamd_time_era(const char *p, size_t *n)
{
    if (*n < 3 || (p[*n - 1] | 0x20) != 'c' || (p[*n - 2] | 0x20) != 'b' || p[*n - 3] != ' ')
        return 0;
    *n -= 3;
    return 1;
}

/* All forms that streamd_timestamp_parse reads. */
static inline int streamd_timestamp_parse_any(const char *p, size_t n, int64_t *timestamp)
{
    int64_t year, days, us = 0, zone = 0;
    uint32_t month, day;
    int bc = streamd_time_era(p, &n);
    struct streamd_time_text t = {p, p + n};
    int rc = streamd_time_date(&t, &year, &month, &day);
    if (rc)
        return rc;
    if (bc)
        year = 1 - year;
    if (t.p < t.end) {
        if (*t.p != 'T' && *t.p != 't' && *t.p != ' ')
            return STREAMD_ROW_CAST;
        t.p++;
        rc = streamd_time_clock(&t, &us);
        if (rc)
            return rc;
        if (t.end - t.p > 1 && *t.p == ' ')
            t.p++;
        rc = streamd_time_zone(&t, &zone);
        if (rc)
            return rc;
        if (t.p != t.end)
            return STREAMD_ROW_CAST;
    }
    rc = streamd_date_make(year, month, day, &days);
    return rc ? rc : streamd_timestamp_make(days, us - zone, timestamp);
}

/* Eight bytes as digits and punctuation: `shape` has '0' for a digit, else the byte itself; `limit`
   has 0x76 for a digit, 0x7f for punctuation; first byte lowest. Answers pairs: byte i is ten times
   digit i plus digit i + 1. Gathers in `wrong` a bit for each byte that is not as it should be. */
static inline uint64_t streamd_time_pairs(const char *p, uint64_t shape, uint64_t limit,
                                          uint64_t *wrong)
{
    uint64_t x = streamd_load8(p) ^ shape;
    *wrong |= ((x + limit) | x) & 0x8080808080808080u;
    return x * 10 + (x >> 8);
}

/* hh:mm:ss at p + 11, and its fraction of no, 3 or 6 digits: `m` is 19, 23 or 26. Microseconds of
   the day, or -1 where it is anything else, 24:00:00 and a leap second among it. */
static inline int64_t streamd_time_of_day(const char *p, size_t m)
{
    uint64_t wrong = 0;
    uint64_t clock = /* 00:00:00 */
        streamd_time_pairs(p + 11, 0x30303a30303a3030u, 0x76767f76767f7676u, &wrong);
    int64_t us = 0;
    if (m == 23) { /* 0:00.000 */
        uint64_t f = streamd_time_pairs(p + 15, 0x3030302e30303a30u, 0x7676767f76767f76u, &wrong);
        us = (int64_t)((f >> 40 & 0xff) * 10000 + (f >> 56) * 100);
    } else if (m == 26) { /* 0.000000 */
        uint64_t f = streamd_time_pairs(p + 18, 0x3030303030302e30u, 0x7676767676767f76u, &wrong);
        us = (int64_t)((f >> 16 & 0xff) * 10000 + (f >> 32 & 0xff) * 100 + (f >> 48 & 0xff));
    }
    uint32_t hour = (uint32_t)(clock & 0xff), minute = (uint32_t)(clock >> 24 & 0xff),
             second = (uint32_t)(clock >> 48 & 0xff);
    if (wrong || hour > 23 || minute > 59 || second > 59)
        return -1;
    return us + (int64_t)(hour * 3600 + minute * 60 + second) * STREAMD_US_PER_SECOND;
}

/*
 * ISO 8601 and PostgreSQL's own form: a date, then optionally T or a blank, hh:mm[:ss[.f]], and
 * optionally Z or an offset; optionally " BC" at the end. Without an offset the time is UTC.
 * YYYY-MM-DDThh:mm:ss with no, 3 or 6 digits of a fraction, with or without Z, takes no branch per
 * byte: 3 to 5 ns.
 */
static inline int streamd_timestamp_parse(const char *p, size_t n, int64_t *timestamp)
{
    size_t m = n - (n && p[n - 1] == 'Z');
    if (m != 19 && m != 23 && m != 26)
        return streamd_timestamp_parse_any(p, n, timestamp);
    uint64_t wrong = 0;
    uint64_t year_month = /* 0000-00- */
        streamd_time_pairs(p, 0x2d30302d30303030u, 0x7f76767f76767676u, &wrong);
    uint64_t day_t = /* 00T00:00 */
        streamd_time_pairs(p + 8, p[10] == ' ' ? 0x30303a3030203030u : 0x30303a3030543030u,
                           0x76767f76767f7676u, &wrong);
    int64_t us = streamd_time_of_day(p, m);
    int64_t year = (int64_t)((year_month & 0xff) * 100 + (year_month >> 16 & 0xff));
    uint32_t month = (uint32_t)(year_month >> 40 & 0xff), day = (uint32_t)(day_t & 0xff);
    if (wrong || us < 0 || month - 1 > 11 || day - 1 > 30 ||
        (day > 28 && day > streamd_days_in_month(year, month)))
        return streamd_timestamp_parse_any(p, n, timestamp); /* 24:00, :60, what is wrong */
    *timestamp = streamd_days_from_civil(year, month, day) * STREAMD_US_PER_DAY + us;
    return 0;
}

/* [-]YYYY-MM-DD[ BC]. */
static inline int streamd_date_parse(const char *p, size_t n, int32_t *date)
{
    int64_t year, days;
    uint32_t month, day;
    int bc = streamd_time_era(p, &n);
    struct streamd_time_text t = {p, p + n};
    int rc = streamd_time_date(&t, &year, &month, &day);
    if (rc || t.p != t.end)
        return STREAMD_ROW_CAST;
    rc = streamd_date_make(bc ? 1 - year : year, month, day, &days);
    if (rc || days < STREAMD_DATE_MIN || days >= STREAMD_DATE_END)
        return STREAMD_ROW_RANGE;
    *date = (int32_t)days;
    return 0;
}

/* The day read last, for whoever reads many of one day: its text with what stands behind it, T or a
   blank, and its first microsecond. Start with {0}. */
struct streamd_day_read {
    uint64_t head, tail; /* bytes 0 to 7, and 3 to 10 */
    int64_t us;
};

/* As streamd_timestamp_parse. Half its time where the day is that of the last call. */
static inline int streamd_timestamp_parse_near(struct streamd_day_read *last, const char *p,
                                               size_t n, int64_t *timestamp)
{
    size_t m = n - (n && p[n - 1] == 'Z');
    int32_t day;
    if (m != 19 && m != 23 && m != 26)
        return streamd_timestamp_parse_any(p, n, timestamp);
    if (streamd_load8(p) != last->head || streamd_load8(p + 3) != last->tail) {
        if ((p[10] != 'T' && p[10] != ' ') || streamd_date_parse(p, 10, &day))
            return streamd_timestamp_parse_any(p, n, timestamp);
        last->head = streamd_load8(p);
        last->tail = streamd_load8(p + 3);
        last->us = day * (int64_t)STREAMD_US_PER_DAY;
    }
    int64_t us = streamd_time_of_day(p, m);
    if (us < 0)
        return streamd_timestamp_parse_any(p, n, timestamp);
    *timestamp = last->us + us;
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
