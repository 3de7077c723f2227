/*
 * Reading by a pattern's nodes, as PostgreSQL's to_timestamp does: outside of FX, blanks are
 * skipped, a separator of the pattern takes any separator of the text or none, a number takes as
 * many digits as come if no digit follows it in the pattern, and its exact width otherwise. Fields
 * are gathered, then put together (time_fields.c). Texts of the pattern's own layout do not come
 * here (time_layout.c).
 */
#include "expr/functions/time_pattern.h"
#include "expr/functions/time_template.h"

#include <string.h>

/* A text while it is read. */
struct reader {
    const char *p, *end;
    const struct time_node *node, *nodes_end;
    int exact; /* FX */
    int extra; /* blanks skipped that the pattern does not have */
    struct time_fields f;
    struct time_problem problem;
    const char *pattern;
};

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_separator(char c)
{
    return c > ' ' && c < 0x7f && !is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && is_blank(*r->p)) {
        r->p++;
        r->extra++;
    }
}

static void skip_character(struct reader *r)
{
    r->p++;
    while (r->p < r->end && ((unsigned char)*r->p & 0xc0) == 0x80)
        r->p++;
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* Does something follow the node in the pattern that cannot be a digit? */
static int no_digit_follows(const struct reader *r)
{
    if (r->node->flags & TIME_ORDINAL)
        return 1;
    const struct time_node *next = r->node + 1;
    if (next == r->nodes_end)
        return 1;
    if (next->part > TIME_LITERAL)
        return !(next->flags & TIME_NUMBER);
    return !is_digit(next->character[0]);
}

/* [+-]digits at r->p, at most `max` bytes. Answers bytes used; 0: no number; -1: too large. */
static int scan_number(const struct reader *r, size_t max, int *value)
{
    const char *p = r->p, *end = (size_t)(r->end - p) > max ? p + max : r->end;
    int64_t v = 0;
    int negative = p < end && *p == '-';

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !is_digit(*p))
        return 0;
    for (; p < end && is_digit(*p); p++)
        if (v <= INT32_MAX)
            v = v * 10 + (*p - '0');
    v = negative ? -v : v;
    if (v < INT32_MIN || v > INT32_MAX)
        return -1;
    *value = (int)v;
    return (int)(p - r->p);
}

/* The template of the node, for messages: node->width bytes. */
static const char *name_of(const struct reader *r)
{
    return r->pattern + r->node->at;
}

static int invalid(struct reader *r)
{
    int n = 0, most = r->node->flags & TIME_NUMBER ? r->node->width : 40;

    while (n < most && n < r->end - r->p && (r->node->flags & TIME_NUMBER || !is_blank(r->p[n])))
        n++;
    return time_fail(&r->problem, STREAMD_ROW_CAST, "invalid value \"%.*s\" for \"%.*s\"", n, r->p,
                     r->node->width, name_of(r));
}

/* Reads the node's number of `width` digits. *used: digits and sign that were there. */
static int read_number(struct reader *r, size_t width, int *value, int *used)
{
    const char *begin = r->p;
    int slurp = r->node->flags & TIME_FILL || no_digit_follows(r);

    while (r->p < r->end && is_blank(*r->p))
        r->p++;
    if (!slurp && (size_t)(r->end - r->p) < width) {
        return time_fail(&r->problem, STREAMD_ROW_CAST,
                         "source string too short for \"%.*s\" formatting field", r->node->width,
                         name_of(r));
    }
    int n = scan_number(r, slurp ? SIZE_MAX : width, value);
    if (n < 0) {
        return time_fail(&r->problem, STREAMD_ROW_RANGE,
                         "value for \"%.*s\" in source string is out of range", r->node->width,
                         name_of(r));
    }
    if (n == 0 || (!slurp && (size_t)n < width))
        return invalid(r);
    r->p += n;
    if (used)
        *used = (int)(r->p - begin);
    return 0;
}

/* Sets a field, which must not have another value already. */
static int set(struct reader *r, int *field, int value)
{
    if (*field != 0 && *field != value) {
        return time_fail(&r->problem, STREAMD_ROW_CAST,
                         "conflicting values for \"%.*s\" field in formatting string",
                         r->node->width, name_of(r));
    }
    *field = value;
    return 0;
}

/* A number into a field. */
static int take(struct reader *r, size_t width, int *field)
{
    int value = 0;
    int rc = read_number(r, width, &value, NULL);

    if (!rc && field)
        rc = set(r, field, value);
    return rc;
}

/* Digits after a decimal point: `width` of them, or as many as there are; scaled to `digits`. */
static int take_fraction(struct reader *r, size_t width, int digits, int *field)
{
    int value = 0, used = 0;
    int rc = read_number(r, width, &value, &used);

    for (; !rc && used < digits; used++)
        value *= 10;
    return rc ? rc : set(r, field, value);
}

/* Years of one to three digits lie near 2020. */
static int whole_year(int year)
{
    if (year < 70)
        return year + 2000;
    if (year < 100)
        return year + 1900;
    if (year < 520)
        return year + 2000;
    return year < 1000 ? year + 1000 : year;
}

static int take_year(struct reader *r, size_t width)
{
    int value = 0, used = 0;
    int rc = read_number(r, width, &value, &used);

    if (!rc)
        rc = set(r, &r->f.year, value);
    if (width < 4 && used < 4)
        r->f.year = whole_year(r->f.year);
    r->f.year_digits = (int)width;
    return rc;
}

/* Y,YYY: thousands, a comma, three digits. */
static int take_year_comma(struct reader *r)
{
    int thousands = 0, rest = 0;
    int n = scan_number(r, 10, &thousands);

    if (n <= 0 || thousands > INT32_MAX / 1000 - 1 || r->end - r->p <= n || r->p[n] != ',')
        return time_fail(&r->problem, STREAMD_ROW_CAST, "invalid input string for \"Y,YYY\"");
    r->p += n + 1;
    while (r->p < r->end && is_blank(*r->p))
        r->p++;
    n = scan_number(r, 3, &rest);
    if (n <= 0)
        return time_fail(&r->problem, STREAMD_ROW_CAST, "invalid input string for \"Y,YYY\"");
    r->p += n;
    r->f.year_digits = 4;
    return set(r, &r->f.year, thousands * 1000 + rest);
}

/* ---- names -------------------------------------------------------------------------------- */

/* The first of `names`, or of their first `letters` letters, that the text begins with, in any
   case; -1: none. */
static int find_name(struct reader *r, const char *const *names, int count, size_t letters)
{
    for (int i = 0; i < count; i++) {
        size_t n = letters ? letters : strlen(names[i]);
        size_t k = 0;
        if ((size_t)(r->end - r->p) < n)
            continue;
        while (k < n &&
               (r->p[k] == names[i][k] || (((r->p[k] ^ names[i][k]) == 0x20) &&
                                           (r->p[k] | 0x20) >= 'a' && (r->p[k] | 0x20) <= 'z')))
            k++;
        if (k == n) {
            r->p += n;
            return i;
        }
    }
    return -1;
}

static int take_name(struct reader *r, const char *const *names, int count, size_t letters,
                     int offset, int *field)
{
    int i = find_name(r, names, count, letters);

    return i < 0 ? invalid(r) : set(r, field, i + offset);
}

static int take_word(struct reader *r, int *field)
{
    static const char *const words[2][2][2] = {{{"am", "pm"}, {"a.m.", "p.m."}},
                                               {{"ad", "bc"}, {"a.d.", "b.c."}}};
    int era = r->node->part == TIME_ERA, dots = (r->node->flags & TIME_DOTS) != 0;

    return take_name(r, words[era][dots], 2, 0, 0, field);
}

/* The longest first: "viii" before "v". */
static int take_roman(struct reader *r)
{
    static const char *const longest_first[12] = {"xii", "xi", "x",  "ix",  "viii", "vii",
                                                  "vi",  "v",  "iv", "iii", "ii",   "i"};
    int i = find_name(r, longest_first, 12, 0);

    return i < 0 ? invalid(r) : set(r, &r->f.month, 12 - i);
}

static int take_zone_hour(struct reader *r)
{
    if (r->p < r->end && (*r->p == '+' || *r->p == '-' || *r->p == ' '))
        r->f.zone_sign = *r->p++ == '-' ? -1 : 1;
    else /* a separator of the pattern may have taken the sign */
        r->f.zone_sign = r->extra > 0 && r->p[-1] == '-' ? -1 : 1;
    return take(r, 2, &r->f.zone_hour);
}

/* ---- nodes -------------------------------------------------------------------------------- */

/* Sunday is 1 in D, and 7 in ID. */
static int take_weekday(struct reader *r, size_t letters)
{
    int rc = take_name(r, time_day_names, 7, letters, 0, &r->f.day_of_week);

    r->f.day_of_week++;
    return rc;
}

static int take_iso_day(struct reader *r)
{
    int rc = take(r, 1, &r->f.day_of_week);

    if (++r->f.day_of_week > 7)
        r->f.day_of_week = 1;
    return rc;
}

static int take_date_part(struct reader *r)
{
    struct time_fields *f = &r->f;

    switch (r->node->part) {
    case TIME_ERA:
        return take_word(r, &f->bc);
    case TIME_MONTH_NAME:
        return take_name(r, time_month_names, 12, 0, 1, &f->month);
    case TIME_MONTH_SHORT:
        return take_name(r, time_month_names, 12, 3, 1, &f->month);
    case TIME_MONTH:
        return take(r, 2, &f->month);
    case TIME_ROMAN_MONTH:
        return take_roman(r);
    case TIME_DAY_NAME:
        return take_weekday(r, 0);
    case TIME_DAY_SHORT:
        return take_weekday(r, 3);
    case TIME_DAY_OF_YEAR:
    case TIME_ISO_DAY_OF_YEAR:
        return take(r, 3, &f->day_of_year);
    case TIME_DAY:
        return take(r, 2, &f->day);
    case TIME_DAY_OF_WEEK:
        return take(r, 1, &f->day_of_week);
    case TIME_ISO_DAY_OF_WEEK:
        return take_iso_day(r);
    case TIME_WEEK_OF_YEAR:
    case TIME_ISO_WEEK:
        return take(r, 2, &f->week);
    case TIME_WEEK_OF_MONTH:
        return take(r, 1, &f->week_of_month);
    case TIME_QUARTER:
        return take(r, 1, NULL); /* which day of the quarter? read and ignored */
    case TIME_CENTURY:
        return take(r, 2, &f->century);
    case TIME_YEAR_COMMA:
        return take_year_comma(r);
    case TIME_YEAR:
    case TIME_ISO_YEAR:
        return take_year(r, r->node->digits);
    default:
        return take(r, 1, &f->julian);
    }
}

static int take_part(struct reader *r)
{
    struct time_fields *f = &r->f;

    switch (r->node->part) {
    case TIME_FX:
        r->exact = 1;
        return 0;
    case TIME_HALF:
        f->clock12 = 1;
        return take_word(r, &f->pm);
    case TIME_HOUR12:
        f->clock12 = 1;
        return take(r, 2, &f->hour);
    case TIME_HOUR24:
        return take(r, 2, &f->hour);
    case TIME_MINUTE:
        return take(r, 2, &f->minute);
    case TIME_SECOND:
        return take(r, 2, &f->second);
    case TIME_MILLISECOND:
        return take_fraction(r, 3, 3, &f->ms);
    case TIME_MICROSECOND:
        return take_fraction(r, 6, 6, &f->us);
    case TIME_FRACTION:
        f->precision = r->node->digits;
        return take_fraction(r, r->node->digits, 6, &f->us);
    case TIME_SECOND_OF_DAY:
        return take(r, r->node->width, &f->second_of_day);
    case TIME_ZONE:
    case TIME_OFFSET:
        return time_fail(&r->problem, STREAMD_ROW_ARGUMENT,
                         "formatting field \"%.*s\" is only supported in to_char", r->node->width,
                         name_of(r));
    case TIME_ZONE_HOUR:
        return take_zone_hour(r);
    case TIME_ZONE_MINUTE:
        if (!f->zone_sign)
            f->zone_sign = 1;
        return take(r, 2, &f->zone_minute);
    default:
        return take_date_part(r);
    }
}

/* A character of the pattern. */
static void take_character(struct reader *r)
{
    if (r->exact) {
        skip_character(r);
    } else if (r->node->part == TIME_LITERAL) {
        if (r->extra > 0)
            r->extra--; /* a blank skipped before stands for it */
        else
            skip_character(r);
    } else {
        r->extra--;
        if (is_blank(*r->p) || is_separator(*r->p)) {
            r->p++;
            r->extra++;
        }
    }
}

/* The letters of "4th". TZM has none. */
static void skip_ordinal(struct reader *r)
{
    for (int i = 0; i < 2 && r->p < r->end && r->node->part != TIME_ZONE_MINUTE; i++)
        skip_character(r);
}

/* Fields of the ISO calendar and of the other do not go together. */
static int check_calendar(struct reader *r)
{
    uint8_t calendar = r->node->flags & (TIME_ISO | TIME_GREGORIAN);

    if (calendar && r->f.calendar && r->f.calendar != calendar)
        return time_fail(&r->problem, STREAMD_ROW_ARGUMENT,
                         "invalid combination of date conventions");
    if (calendar)
        r->f.calendar = calendar;
    return 0;
}

static int read_nodes(struct reader *r, const struct time_pattern *pattern)
{
    for (r->node = pattern->nodes; r->node < r->nodes_end && r->p < r->end; r->node++) {
        if (!r->exact && r->node->part != TIME_FX &&
            (r->node->part > TIME_LITERAL || r->node == pattern->nodes))
            skip_blanks(r);
        if (r->node->part <= TIME_LITERAL) {
            if (r->p < r->end)
                take_character(r);
            continue;
        }
        int rc = check_calendar(r);
        if (!rc)
            rc = take_part(r);
        if (rc)
            return rc;
        if (r->node->flags & TIME_ORDINAL && r->node->flags & TIME_NUMBER)
            skip_ordinal(r);
        if (!r->exact) {
            r->extra = 0;
            skip_blanks(r);
        }
    }
    return 0;
}

static struct reader reader_of(const struct time_pattern *pattern, const char *text, size_t length)
{
    return (struct reader){.p = text,
                           .end = text + length,
                           .nodes_end = pattern->nodes + pattern->count,
                           .pattern = pattern->text};
}

int time_pattern_read(const struct time_pattern *pattern, int is_date, const char *text,
                      size_t length, int64_t *value, char *message, size_t size)
{
    struct reader r = reader_of(pattern, text, length);

    r.problem = (struct time_problem){message, size};
    if (length && length == pattern->layout.length &&
        time_layout_read(&pattern->layout, is_date, text, value))
        return 0;
    int rc = read_nodes(&r, pattern);
    return rc ? rc : time_fields_put(&r.f, is_date, value, &r.problem);
}

int time_pattern_parse(const struct time_pattern *pattern, const char *text, size_t length,
                       int64_t *value)
{
    struct reader r = reader_of(pattern, text, length);

    if (length && length == pattern->layout.length &&
        time_layout_read(&pattern->layout, pattern->is_date, text, value))
        return 0;
    int rc = read_nodes(&r, pattern);
    if (rc)
        return rc;
    skip_blanks(&r);
    while (r.node < r.nodes_end && r.node->part == TIME_SPACE)
        r.node++;
    if (r.p != r.end || r.node != r.nodes_end)
        return STREAMD_ROW_CAST;
    return time_fields_put(&r.f, pattern->is_date, value, &r.problem);
}
