/*
 * A pattern is cut into nodes: templates, found by their longest spelling in one table, and single
 * characters. Case matters only for how names are printed. Where every node has a width of its own
 * (DD/Mon/YYYY:HH24:MI:SS TZHTZM), the nodes also become a layout: places of fields and of
 * characters in a text, against which most texts are read without looking at the nodes.
 */
#include "expr/functions/time_pattern.h"
#include "expr/functions/time_template.h"

#include "base/error.h"

#include <string.h>

const char *const time_month_names[12] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
const char *const time_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
const char *const time_roman_months[12] = {"i",   "ii",   "iii", "iv", "v",  "vi",
                                           "vii", "viii", "ix",  "x",  "xi", "xii"};

/* Spellings a template has. */
enum spelling {
    ANY_CASE = 1,   /* all upper or all lower */
    CAPITALISED = 2 /* also with its first letter upper: Month */
};

struct template
{
    const char *name; /* upper case */
    uint8_t part;
    uint8_t digits;
    uint8_t flags;
    uint8_t spelling;
};

/* Of those that begin alike the longer ones come first. */
static const struct template templates[] = {
    {"A.D.", TIME_ERA, 0, TIME_DOTS, ANY_CASE},
    {"A.M.", TIME_HALF, 0, TIME_DOTS, ANY_CASE},
    {"AD", TIME_ERA, 0, 0, ANY_CASE},
    {"AM", TIME_HALF, 0, 0, ANY_CASE},
    {"B.C.", TIME_ERA, 0, TIME_DOTS, ANY_CASE},
    {"BC", TIME_ERA, 0, 0, ANY_CASE},
    {"CC", TIME_CENTURY, 0, TIME_NUMBER, ANY_CASE},
    {"DAY", TIME_DAY_NAME, 0, 0, CAPITALISED},
    {"DDD", TIME_DAY_OF_YEAR, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"DD", TIME_DAY, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"DY", TIME_DAY_SHORT, 0, 0, CAPITALISED},
    {"D", TIME_DAY_OF_WEEK, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"FF1", TIME_FRACTION, 1, TIME_NUMBER, ANY_CASE},
    {"FF2", TIME_FRACTION, 2, TIME_NUMBER, ANY_CASE},
    {"FF3", TIME_FRACTION, 3, TIME_NUMBER, ANY_CASE},
    {"FF4", TIME_FRACTION, 4, TIME_NUMBER, ANY_CASE},
    {"FF5", TIME_FRACTION, 5, TIME_NUMBER, ANY_CASE},
    {"FF6", TIME_FRACTION, 6, TIME_NUMBER, ANY_CASE},
    {"FX", TIME_FX, 0, 0, ANY_CASE},
    {"HH24", TIME_HOUR24, 0, TIME_NUMBER, ANY_CASE},
    {"HH12", TIME_HOUR12, 0, TIME_NUMBER, ANY_CASE},
    {"HH", TIME_HOUR12, 0, TIME_NUMBER, ANY_CASE},
    {"IDDD", TIME_ISO_DAY_OF_YEAR, 0, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"ID", TIME_ISO_DAY_OF_WEEK, 0, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"IW", TIME_ISO_WEEK, 0, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"IYYY", TIME_ISO_YEAR, 4, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"IYY", TIME_ISO_YEAR, 3, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"IY", TIME_ISO_YEAR, 2, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"I", TIME_ISO_YEAR, 1, TIME_NUMBER | TIME_ISO, ANY_CASE},
    {"J", TIME_JULIAN, 0, TIME_NUMBER, ANY_CASE},
    {"MI", TIME_MINUTE, 0, TIME_NUMBER, ANY_CASE},
    {"MM", TIME_MONTH, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"MONTH", TIME_MONTH_NAME, 0, TIME_GREGORIAN, CAPITALISED},
    {"MON", TIME_MONTH_SHORT, 0, TIME_GREGORIAN, CAPITALISED},
    {"MS", TIME_MILLISECOND, 0, TIME_NUMBER, ANY_CASE},
    {"OF", TIME_OFFSET, 0, 0, ANY_CASE},
    {"P.M.", TIME_HALF, 0, TIME_DOTS, ANY_CASE},
    {"PM", TIME_HALF, 0, 0, ANY_CASE},
    {"Q", TIME_QUARTER, 0, TIME_NUMBER, ANY_CASE},
    {"RM", TIME_ROMAN_MONTH, 0, TIME_GREGORIAN, ANY_CASE},
    {"SSSSS", TIME_SECOND_OF_DAY, 0, TIME_NUMBER, ANY_CASE},
    {"SSSS", TIME_SECOND_OF_DAY, 0, TIME_NUMBER, ANY_CASE},
    {"SS", TIME_SECOND, 0, TIME_NUMBER, ANY_CASE},
    {"TZH", TIME_ZONE_HOUR, 0, 0, ANY_CASE},
    {"TZM", TIME_ZONE_MINUTE, 0, TIME_NUMBER, ANY_CASE},
    {"TZ", TIME_ZONE, 0, 0, ANY_CASE},
    {"US", TIME_MICROSECOND, 0, TIME_NUMBER, ANY_CASE},
    {"WW", TIME_WEEK_OF_YEAR, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"W", TIME_WEEK_OF_MONTH, 0, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"Y,YYY", TIME_YEAR_COMMA, 4, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"YYYY", TIME_YEAR, 4, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"YYY", TIME_YEAR, 3, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"YY", TIME_YEAR, 2, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
    {"Y", TIME_YEAR, 1, TIME_NUMBER | TIME_GREGORIAN, ANY_CASE},
};

/* A pattern while it is cut. */
struct cutter {
    const char *text;
    size_t length, at;
    struct time_node *nodes;
    uint32_t count;
};

static int is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_separator(char c)
{
    return c > ' ' && c < 0x7f && !is_letter(c) && !(c >= '0' && c <= '9');
}

/* Does the text at p spell `t`? Answers its style, or -1. */
static int spells(const struct template *t, const char *p, size_t room)
{
    size_t n = strlen(t->name), upper = 0, lower = 0;

    if (n > room)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (!is_letter(t->name[i])) {
            if (p[i] != t->name[i])
                return -1;
        } else if (p[i] == t->name[i]) {
            upper++;
        } else if (p[i] == (t->name[i] | 0x20)) {
            lower++;
        } else {
            return -1;
        }
    }
    if (!lower)
        return TIME_UPPER;
    if (!upper)
        return TIME_LOWER;
    return t->spelling == CAPITALISED && upper == 1 && p[0] == t->name[0] ? TIME_CAPITAL : -1;
}

/* Takes two letters of the same case, such as FM and fm; 1 for upper, 2 for lower, 0 for none. */
static int take_pair(struct cutter *c, const char *upper)
{
    const char *p = c->text + c->at;

    if (c->length - c->at < 2)
        return 0;
    if (p[0] == upper[0] && p[1] == upper[1]) {
        c->at += 2;
        return 1;
    }
    if (p[0] == (upper[0] | 0x20) && p[1] == (upper[1] | 0x20)) {
        c->at += 2;
        return 2;
    }
    return 0;
}

/* Takes a template with its suffix. 0: there is none here. */
static int take_template(struct cutter *c, uint8_t flags)
{
    const char *p = c->text + c->at;

    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        const struct template *t = &templates[i];
        int style = spells(t, p, c->length - c->at);
        if (style < 0)
            continue;
        struct time_node *n = &c->nodes[c->count++];
        *n = (struct time_node){.part = t->part,
                                .flags = (uint8_t)(t->flags | flags),
                                .style = (uint8_t)style,
                                .width = (uint8_t)strlen(t->name),
                                .digits = t->digits,
                                .at = (uint16_t)c->at};
        c->at += n->width;
        int ordinal = take_pair(c, "TH");
        if (ordinal)
            n->flags = (uint8_t)(n->flags | TIME_ORDINAL | (ordinal == 1 ? TIME_ORDINAL_UP : 0));
        else
            (void)take_pair(c, "SP"); /* spelled numbers: read and ignored, as in PostgreSQL */
        return 1;
    }
    return 0;
}

/* Bytes of the UTF-8 character at p. */
static size_t character_length(const char *p, size_t room)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return n <= room ? n : room;
}

static void take_character(struct cutter *c, int quoted)
{
    const char *p = c->text + c->at;
    struct time_node *n = &c->nodes[c->count++];
    size_t length = character_length(p, c->length - c->at);

    *n = (struct time_node){.length = (uint8_t)length, .at = (uint16_t)c->at};
    memcpy(n->character, p, length);
    n->part = quoted             ? TIME_LITERAL
              : is_separator(*p) ? TIME_SEPARATOR
              : is_blank(*p)     ? TIME_SPACE
                                 : TIME_LITERAL;
    c->at += length;
}

static void take_quoted(struct cutter *c)
{
    c->at++;
    while (c->at < c->length) {
        if (c->text[c->at] == '"') {
            c->at++;
            return;
        }
        if (c->text[c->at] == '\\' && c->at + 1 < c->length)
            c->at++;
        take_character(c, 1);
    }
}

static void cut(struct cutter *c)
{
    while (c->at < c->length) {
        uint8_t flags = take_pair(c, "FM") ? TIME_FILL : 0;
        if (!flags && take_pair(c, "TM"))
            flags = TIME_TRANSLATED;
        if (c->at == c->length)
            return;
        if (take_template(c, flags))
            continue;
        if (c->text[c->at] == '"') {
            take_quoted(c);
            continue;
        }
        if (c->text[c->at] == '\\' && c->at + 1 < c->length && c->text[c->at + 1] == '"')
            c->at++;
        take_character(c, 0);
    }
}

/* ---- compiling ---------------------------------------------------------------------------- */

int time_pattern_build(struct arena *arena, const char *text, size_t length,
                       struct time_pattern **out, struct streamd_error *error)
{
    if (length > TIME_PATTERN_MAX)
        return error_set(error, STREAMD_E_LIMIT, "a time pattern is longer than %d bytes",
                         TIME_PATTERN_MAX);
    struct time_pattern *p = arena_zalloc(arena, 1, sizeof *p + length * sizeof(struct time_node));
    if (!p)
        return error_set_nomem(error);
    p->text = arena_strndup(arena, text, length);
    if (!p->text)
        return error_set_nomem(error);
    struct cutter c = {p->text, length, 0, p->nodes, 0};
    cut(&c);
    p->count = c.count;
    time_layout_make(p);
    *out = p;
    return 0;
}

static int refuse(struct streamd_error *error, size_t *error_at, size_t at, const char *message)
{
    *error_at = at;
    return error_set(error, STREAMD_E_INVALID, "%s", message);
}

int time_pattern_compile(struct arena *arena, const char *text, size_t length, int is_date,
                         struct time_pattern **out, size_t *error_at, struct streamd_error *error)
{
    struct time_pattern *p;
    int has_year = 0;
    int rc = time_pattern_build(arena, text, length, &p, error);

    *error_at = 0;
    if (rc)
        return rc;
    for (uint32_t i = 0; i < p->count; i++) {
        const struct time_node *n = &p->nodes[i];
        if (n->part == TIME_ZONE || n->part == TIME_OFFSET)
            return refuse(error, error_at, n->at,
                          "TZ and OF can only be printed; TZH and TZM read an offset");
        if (n->flags & TIME_ORDINAL && i + 1 < p->count && p->nodes[i + 1].part == TIME_LITERAL &&
            (p->nodes[i + 1].character[0] | 0x20) == 'h')
            return refuse(error, error_at, p->nodes[i + 1].at - 2u,
                          "the letter T stands in double quotes: YYYY-MM-DD\"T\"HH24:MI:SS");
        has_year |= n->part == TIME_YEAR || n->part == TIME_YEAR_COMMA ||
                    n->part == TIME_ISO_YEAR || n->part == TIME_JULIAN;
    }
    if (!has_year)
        return refuse(error, error_at, 0, "the pattern has no year (YYYY)");
    p->is_date = is_date;
    *out = p;
    return 0;
}
