/*
 * expr/interval.h - a span of time as SQL has it: months, days and microseconds, each for itself.
 */
#ifndef EXPR_INTERVAL_H
#define EXPR_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

struct interval {
    int32_t months;
    int32_t days;
    int64_t us;
};

/* The fields that may follow an interval literal, INTERVAL '1' DAY: the unit of a bare number. */
enum interval_unit {
    INTERVAL_NONE,
    INTERVAL_YEAR,
    INTERVAL_MONTH,
    INTERVAL_DAY,
    INTERVAL_HOUR,
    INTERVAL_MINUTE,
    INTERVAL_SECOND
};

/* Bytes that interval_print writes at most. */
#define INTERVAL_TEXT 96

/*
 * Reads what PostgreSQL reads: `1 day 02:03:04.5`, `1 year 2 mons`, `3 hours ago`, `1-2` (years and
 * months), `P1Y2M3DT4H5M6S`. Blanks around it are taken. 0, or an enum streamd_row_code.
 */
int interval_parse(const char *text, size_t length, enum interval_unit unit, struct interval *out);

/* Writes it as PostgreSQL does, `1 year 2 mons 3 days 04:05:06`, without a NUL; answers the length.
 */
size_t interval_print(const struct interval *interval, char out[INTERVAL_TEXT]);

/* a + b x sign. 0, or STREAMD_ROW_OVERFLOW. */
int interval_add(const struct interval *a, const struct interval *b, int sign,
                 struct interval *out);

/* interval x factor, or interval / factor where `divide`; fractions of months go to days, of days
   to microseconds, as PostgreSQL has it. 0, STREAMD_ROW_OVERFLOW or STREAMD_ROW_DIVISION. */
int interval_scale(const struct interval *interval, double factor, int divide,
                   struct interval *out);

/* Its length with 30 days a month and 24 hours a day, as PostgreSQL compares intervals. */
double interval_seconds(const struct interval *interval);

/* timestamp + interval x sign: months first, cut to the month's last day, then days, then
   microseconds. 0, or STREAMD_ROW_OVERFLOW. */
int interval_shift(int64_t timestamp, const struct interval *interval, int sign, int64_t *out);

#endif
