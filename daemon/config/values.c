/*
 * Strict parsers: one way to write each value, and a help for the other ways that people know.
 * Durations and sizes are a whole number and a unit from a table, which also knows what others call
 * that unit.
 */
#include "config/values.h"

#include "config/options.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

enum { WRONG_TYPE = 1203, OUT_OF_RANGE = 1204, WRONG_UNIT = 1205, OLD_TRUTH = 1210 };

static int refuse(struct value_error *e, int code, const char *message)
{
    e->code = code;
    e->help[0] = '\0';
    snprintf(e->message, sizeof(e->message), "%s", message);
    return -1;
}

static int help(struct value_error *e, const char *format, ...) STREAMD_PRINTF(2, 3);

static int help(struct value_error *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(e->help, sizeof(e->help), format, args);
    va_end(args);
    return -1;
}

/* Digits with an optional sign, of any length. Returns what follows, or NULL: there are none. */
static const char *skip_int(const char *p)
{
    p += *p == '-' || *p == '+';
    return isdigit((unsigned char)*p) ? p + strspn(p, "0123456789") : NULL;
}

int value_parse_int(const char *text, int64_t *value, struct value_error *error)
{
    const char *end = skip_int(text);
    const char *digits = text + (*text == '-' || *text == '+');

    if (!end || *end) {
        refuse(error, WRONG_TYPE, "must be a whole number");
        if (end && *end == '_')
            return help(error, "write it without '_'");
        if (end && (*end == '.' || *end == 'e' || *end == 'E'))
            return help(error, "write all digits, without a point or an exponent");
        if (strncmp(digits, "0x", 2) == 0 || strncmp(digits, "0o", 2) == 0)
            return help(error, "write it in decimal");
        return -1;
    }
    if (digits[0] == '0' && digits[1]) {
        refuse(error, WRONG_TYPE, "must be a whole number without leading zeros");
        return help(error, "some read that as octal");
    }
    errno = 0;
    *value = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return refuse(error, OUT_OF_RANGE, "is a number beyond 64 bits");
    return 0;
}

/* What JSON calls a number, with an optional + in front. */
static int is_decimal(const char *p)
{
    p += *p == '-' || *p == '+';
    if (!isdigit((unsigned char)*p))
        return 0;
    p += strspn(p, "0123456789");
    if (*p == '.') {
        if (!isdigit((unsigned char)*++p))
            return 0;
        p += strspn(p, "0123456789");
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        if (!isdigit((unsigned char)*p))
            return 0;
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

int value_parse_float(const char *text, double *value, struct value_error *error)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"inf", INFINITY}, {"-inf", -INFINITY}, {"nan", NAN}};
    locale_t c_locale;
    double result;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i].word) == 0) {
            *value = words[i].value;
            return 0;
        }
    if (!is_decimal(text)) {
        refuse(error, WRONG_TYPE, "must be a number");
        if (strchr(text, ',') && !strchr(text, '.'))
            return help(error, "write the decimal point as '.'");
        return text[0] == '.' ? help(error, "write 0%s", text) : -1;
    }
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    result = c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
    if (c_locale)
        freelocale(c_locale);
    if (isinf(result))
        return refuse(error, OUT_OF_RANGE, "is a number beyond the range of float64");
    *value = result;
    return 0;
}

int value_parse_bool(const char *text, uint8_t *value, struct value_error *error)
{
    static const char *const yes[] = {"yes", "on", "y", "1", "true", "t", NULL};
    static const char *const no[] = {"no", "off", "n", "0", "false", "f", NULL};

    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *value = text[0] == 't';
        return 0;
    }
    refuse(error, WRONG_TYPE, "must be true or false");
    for (size_t i = 0; yes[i]; i++) {
        if (strcasecmp(text, yes[i]) != 0 && strcasecmp(text, no[i]) != 0)
            continue;
        error->code = OLD_TRUTH;
        return help(error, "write %s", strcasecmp(text, yes[i]) == 0 ? "true" : "false");
    }
    return -1;
}

/* A unit, and what others call it. */
struct unit {
    const char *name;
    int64_t factor;
    const char *others; /* separated by spaces, in lower case; itself too */
};

static const struct unit durations[] = {
    {"us", 1, " us usec usecs micros microsecond microseconds \xc2\xb5s \xce\xbcs "},
    {"ms", 1000, " ms msec msecs millis millisecond milliseconds "},
    {"s", 1000000, " s sec secs second seconds "},
    {"m", 60 * 1000000LL, " m min mins minute minutes "},
    {"h", 3600 * 1000000LL, " h hr hrs hour hours "},
    {"d", 86400 * 1000000LL, " d day days "},
    {NULL, 0, NULL},
};

static const struct unit sizes[] = {
    {"B", 1, " b byte bytes "},
    {"KiB", 1 << 10, " k kb kib ki "},
    {"MiB", 1 << 20, " m mb mib mi "},
    {"GiB", 1 << 30, " g gb gib gi "},
    {NULL, 0, NULL},
};

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

/* The unit that somebody meant by `name`. */
static const struct unit *guess_unit(const struct unit *units, const char *name)
{
    char padded[24] = " ";
    size_t n = 1;

    for (; *name && n + 2 < sizeof(padded); name++)
        padded[n++] = (char)tolower((unsigned char)*name);
    padded[n++] = ' ';
    padded[n] = '\0';
    for (; units->name; units++)
        if (strstr(units->others, padded))
            return units;
    return NULL;
}

/* What is wrong with a unit, or with what stands in its place. */
static int refuse_unit(const struct unit *units, const char *text, const char *rest,
                       struct value_error *error)
{
    const struct unit *guess;
    const char *example = units == durations ? "500ms, 30s, 5m, 1h, 2d" : "64KiB, 128MiB, 1GiB";
    int digits = (int)(rest - text);

    if (!*rest) {
        refuse(error, WRONG_UNIT, "needs a unit");
        return help(error, "write %s%s, or another unit: %s", text,
                    units == durations ? "s" : "MiB", example);
    }
    refuse(error, WRONG_UNIT, units == durations ? "is not a duration" : "is not a size");
    if (*rest == '.')
        return help(error, "write a whole number of a smaller unit: 1500ms, not 1.5s");
    rest += strspn(rest, " ");
    guess = guess_unit(units, rest);
    if (guess)
        return help(error, "write %.*s%s", digits, text, guess->name);
    if (isdigit((unsigned char)rest[strcspn(rest, "0123456789")]))
        return help(error, "write one number and one unit: 90m, not 1h30m");
    return help(error, "write a number and a unit: %s", example);
}

static int parse_with_unit(const struct unit *units, const char *text, int64_t *value,
                           struct value_error *error)
{
    const char *rest = skip_int(text);
    const struct unit *unit;
    int64_t number;

    if (strcmp(text, "0") == 0) {
        *value = 0;
        return 0;
    }
    if (!rest) {
        refuse(error, WRONG_TYPE,
               units == durations ? "must be a duration" : "must be a size in bytes");
        return help(error, "write a number and a unit: %s",
                    units == durations ? "500ms, 30s, 5m, 1h, 2d" : "64KiB, 128MiB, 1GiB");
    }
    unit = find_unit(units, rest);
    if (!unit)
        return refuse_unit(units, text, rest, error);
    errno = 0;
    number = strtoll(text, NULL, 10);
    if (errno == ERANGE || __builtin_mul_overflow(number, unit->factor, value))
        return refuse(error, OUT_OF_RANGE, "is too large");
    return 0;
}

int value_parse_duration(const char *text, int64_t *us, struct value_error *error)
{
    return parse_with_unit(durations, text, us, error);
}

int value_parse_size(const char *text, int64_t *bytes, struct value_error *error)
{
    return parse_with_unit(sizes, text, bytes, error);
}

/* --- For command lines ----------------------------------------------------------------------- */

static int hand_up(const struct value_error *e, const char *text, struct streamd_error *error)
{
    return error_set(error, STREAMD_E_INVALID, "'%s' %s%s%s", text, e->message,
                     e->help[0] ? ": " : "", e->help);
}

int options_parse_int(const char *text, int64_t *value, struct streamd_error *error)
{
    struct value_error e;

    return value_parse_int(text, value, &e) ? hand_up(&e, text, error) : 0;
}

int options_parse_duration(const char *text, int64_t *us, struct streamd_error *error)
{
    struct value_error e;

    return value_parse_duration(text, us, &e) ? hand_up(&e, text, error) : 0;
}

int options_parse_size(const char *text, int64_t *bytes, struct streamd_error *error)
{
    struct value_error e;

    return value_parse_size(text, bytes, &e) ? hand_up(&e, text, error) : 0;
}

/* --- Printing -------------------------------------------------------------------------------- */

static void print_with_unit(const struct unit *units, int64_t value, struct text *out)
{
    const struct unit *best = units;

    for (const struct unit *u = units; u->name; u++)
        if (value != 0 && value % u->factor == 0)
            best = u;
    text_printf(out, "%lld%s", (long long)(value / best->factor), best->name);
}

void options_print_duration(int64_t us, struct text *out)
{
    if (us == 0)
        text_add(out, "0s");
    else
        print_with_unit(durations, us, out);
}

void options_print_size(int64_t bytes, struct text *out)
{
    print_with_unit(sizes, bytes, out);
}
