/*
 * expr/functions/time_template.h - a compiled time pattern from inside. For time_pattern*.c only.
 */
#ifndef EXPR_FUNCTIONS_TIME_TEMPLATE_H
#define EXPR_FUNCTIONS_TIME_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

/* What a node of a pattern is. Up to TIME_LITERAL they are characters of the pattern. */
enum time_part {
    TIME_SPACE,
    TIME_SEPARATOR, /* ASCII punctuation */
    TIME_LITERAL,   /* any other character, or one in double quotes */
    TIME_FX,
    TIME_ERA,
    TIME_HALF, /* AM, PM */
    TIME_HOUR12,
    TIME_HOUR24,
    TIME_MINUTE,
    TIME_SECOND,
    TIME_MILLISECOND,
    TIME_MICROSECOND,
    TIME_FRACTION, /* FF1 .. FF6 */
    TIME_SECOND_OF_DAY,
    TIME_ZONE,
    TIME_ZONE_HOUR,
    TIME_ZONE_MINUTE,
    TIME_OFFSET,
    TIME_MONTH_NAME,
    TIME_MONTH_SHORT,
    TIME_MONTH,
    TIME_ROMAN_MONTH,
    TIME_DAY_NAME,
    TIME_DAY_SHORT,
    TIME_DAY_OF_YEAR,
    TIME_ISO_DAY_OF_YEAR,
    TIME_DAY,
    TIME_DAY_OF_WEEK,
    TIME_ISO_DAY_OF_WEEK,
    TIME_WEEK_OF_YEAR,
    TIME_WEEK_OF_MONTH,
    TIME_ISO_WEEK,
    TIME_QUARTER,
    TIME_CENTURY,
    TIME_YEAR_COMMA, /* Y,YYY */
    TIME_YEAR,       /* `digits` of them */
    TIME_ISO_YEAR,
    TIME_JULIAN
};

/* How letters are printed. */
enum time_style { TIME_UPPER, TIME_CAPITAL, TIME_LOWER };

enum time_node_flags {
    TIME_FILL = 1,        /* FM: no padding */
    TIME_ORDINAL = 2,     /* TH, th */
    TIME_ORDINAL_UP = 4,  /* TH */
    TIME_DOTS = 8,        /* a.m. */
    TIME_NUMBER = 16,     /* reads digits: a number before it must have its exact width */
    TIME_ISO = 32,        /* belongs to the ISO calendar of weeks */
    TIME_GREGORIAN = 64,  /* belongs to the calendar of months */
    TIME_TRANSLATED = 128 /* TM: names without padding */
};

struct time_node {
    uint8_t part;   /* enum time_part */
    uint8_t flags;  /* enum time_node_flags */
    uint8_t style;  /* enum time_style */
    uint8_t width;  /* length of the template, which is how many digits it reads */
    uint8_t digits; /* TIME_YEAR, TIME_ISO_YEAR, TIME_FRACTION */
    uint8_t length; /* characters: bytes in `character` */
    uint16_t at;    /* offset of the template, behind its prefix, in the pattern */
    char character[4];
};

/*
 * Where all fields have one width: what a text looks like, eight bytes at a time. `shape` has '0'
 * for a digit, else the byte itself; `limit` 0x76 for a digit, 0x7f for another byte that must be
 * as it is, 0 for what is looked at otherwise, and `care` is 0 there, else 0xff. First byte lowest;
 * the last word ends where the text ends. Offsets are TIME_NOWHERE for fields that are not there.
 */
#define TIME_LAYOUT_WORDS 5
#define TIME_LAYOUT_MAX (8 * TIME_LAYOUT_WORDS)
#define TIME_NOWHERE TIME_LAYOUT_MAX

struct time_layout {
    uint8_t length; /* 0: there is no layout */
    uint8_t words;
    uint8_t year, month, month_name, day, hour, minute, second, millisecond, microsecond;
    uint8_t zone_hour, zone_minute;
    uint64_t shape[TIME_LAYOUT_WORDS], limit[TIME_LAYOUT_WORDS], care[TIME_LAYOUT_WORDS];
};

struct time_pattern {
    const char *text; /* NUL-terminated */
    uint32_t count;
    int is_date;
    struct time_layout layout;
    struct time_node nodes[]; /* count */
};

/* What was read; 0 where a field was not there, as in PostgreSQL. */
struct time_fields {
    int hour, minute, second, second_of_day, us, ms;
    int pm, clock12;
    int year, year_digits, century, bc;
    int month, day, day_of_year, day_of_week, week, week_of_month, julian; /* Sunday is 1 */
    int zone_sign, zone_hour, zone_minute;
    int precision;    /* digits of the fraction that FF1 .. FF6 keep */
    uint8_t calendar; /* TIME_ISO or TIME_GREGORIAN */
};

/* Where a message goes; `size` 0: nowhere. */
struct time_problem {
    char *message;
    size_t size;
};

/* Writes the message; returns `code`. */
int time_fail(struct time_problem *problem, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts fields together: microseconds, or days. 0 or an enum streamd_row_code. */
int time_fields_put(const struct time_fields *f, int is_date, int64_t *value,
                    struct time_problem *problem);

/* Fills pattern->layout from its nodes, if they have one. */
void time_layout_make(struct time_pattern *pattern);

/* Reads a text of l->length bytes. Answers 0 where it is of another layout, or a value is out of
   range: the nodes will tell. */
int time_layout_read(const struct time_layout *l, int is_date, const char *p, int64_t *value);

extern const char *const time_month_names[12];
extern const char *const time_day_names[7];     /* Sunday first */
extern const char *const time_roman_months[12]; /* lower case */

#endif
