/* Types as users write them: NAME, decimal(p,s), and |null behind. */
#include "graph/pipeline.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_PRECISION = 38 };

static const char *const names[] = {
    [STREAMD_BOOL] = "bool",           [STREAMD_INT64] = "int64",   [STREAMD_FLOAT64] = "float64",
    [STREAMD_DECIMAL] = "decimal",     [STREAMD_STRING] = "string", [STREAMD_BYTES] = "bytes",
    [STREAMD_TIMESTAMP] = "timestamp", [STREAMD_DATE] = "date",     [STREAMD_JSON] = "json",
    [STREAMD_JSON + 1] = NULL,
};

/* What others call them. */
static const struct {
    const char *other, *name;
} others[] = {
    {"int", "int64"},
    {"integer", "int64"},
    {"bigint", "int64"},
    {"long", "int64"},
    {"int32", "int64"},
    {"smallint", "int64"},
    {"int8", "int64"},
    {"int4", "int64"},
    {"uint64", "int64"},
    {"number", "float64"},
    {"double", "float64"},
    {"double precision", "float64"},
    {"float", "float64"},
    {"float8", "float64"},
    {"float32", "float64"},
    {"real", "float64"},
    {"boolean", "bool"},
    {"str", "string"},
    {"text", "string"},
    {"varchar", "string"},
    {"char", "string"},
    {"uuid", "string"},
    {"utf8", "string"},
    {"numeric", "decimal(38,9)"},
    {"binary", "bytes"},
    {"bytea", "bytes"},
    {"blob", "bytes"},
    {"datetime", "timestamp"},
    {"timestamptz", "timestamp"},
    {"time", "timestamp"},
    {"jsonb", "json"},
    {"object", "json"},
    {"array", "json"},
    {"list", "json"},
    {"map", "json"},
    {"struct", "json"},
};

static int refuse(struct pipeline_type_error *e, const char *text, const char *at, size_t length,
                  const char *message)
{
    e->at = (size_t)(at - text);
    e->length = length;
    e->help[0] = '\0';
    snprintf(e->message, sizeof(e->message), "%s", message);
    return STREAMD_E_INVALID;
}

static const char *skip_spaces(const char *p)
{
    while (*p == ' ')
        p++;
    return p;
}

/* The help for a word that is no type. */
static void suggest(struct pipeline_type_error *e, const char *word)
{
    const char *closest = NULL;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcasecmp(word, others[i].other) == 0)
            closest = others[i].name;
    for (size_t i = STREAMD_BOOL; i <= STREAMD_JSON && !closest; i++)
        if (strcasecmp(word, names[i]) == 0)
            closest = names[i];
    if (closest) {
        snprintf(e->help, sizeof(e->help), "write %s", closest);
        return;
    }
    closest = text_closest(word, names + STREAMD_BOOL);
    if (closest)
        snprintf(e->help, sizeof(e->help), "did you mean '%s'?", closest);
    else
        snprintf(e->help, sizeof(e->help),
                 "types are: bool, int64, float64, decimal(p,s), string, "
                 "bytes, timestamp, date, json");
}

/* A number of one or two digits. Returns what follows it, or NULL. */
static const char *parse_number(const char *p, unsigned *value)
{
    char *end;
    unsigned long number;

    if (!isdigit((unsigned char)*p))
        return NULL;
    number = strtoul(p, &end, 10);
    if (end - p > 3)
        number = 999;
    *value = (unsigned)number;
    return end;
}

/* "(p)" or "(p,s)"; *p stands behind "decimal". */
static int parse_precision(const char *text, const char **p, struct streamd_type *type,
                           struct pipeline_type_error *e)
{
    const char *at = skip_spaces(*p), *number, *end;
    unsigned precision = 0, scale = 0;

    if (*at != '(') {
        refuse(e, text, text, (size_t)(*p - text), "decimal needs a precision and a scale");
        snprintf(e->help, sizeof(e->help),
                 "write decimal(10,2): 10 digits, 2 of them behind the "
                 "point");
        return STREAMD_E_INVALID;
    }
    number = skip_spaces(at + 1);
    end = parse_number(number, &precision);
    if (!end)
        return refuse(e, text, number, 1, "the precision is missing: how many digits there are");
    if (precision < 1 || precision > MAX_PRECISION)
        return refuse(e, text, number, (size_t)(end - number),
                      "the precision must be from 1 to 38");
    end = skip_spaces(end);
    if (*end == ',') {
        number = skip_spaces(end + 1);
        end = parse_number(number, &scale);
        if (!end)
            return refuse(e, text, number, 1,
                          "the scale is missing: how many digits stand behind the point");
        if (scale > precision)
            return refuse(e, text, number, (size_t)(end - number),
                          "the scale cannot be larger than the precision");
        end = skip_spaces(end);
    }
    if (*end != ')')
        return refuse(e, text, end, *end ? 1 : 0, "a ')' is missing");
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    *p = end + 1;
    return 0;
}

static int parse_null(const char *text, const char *p, struct streamd_type *type,
                      struct pipeline_type_error *e)
{
    const char *at = skip_spaces(p);
    int rc;

    if (!*at)
        return 0;
    if (*at == '|') {
        const char *word = skip_spaces(at + 1);

        if (strncmp(word, "null", 4) == 0 && !*skip_spaces(word + 4)) {
            type->nullable = 1;
            return 0;
        }
    }
    rc = refuse(e, text, at, strlen(at), "only '|null' can stand behind a type");
    if (*at == '?' || strcasecmp(at, "null") == 0 || strcasecmp(at, "nullable") == 0)
        snprintf(e->help, sizeof(e->help), "write %.*s|null", (int)(p - text < 60 ? p - text : 60),
                 text);
    return rc;
}

int pipeline_parse_type(const char *text, struct streamd_type *type,
                        struct pipeline_type_error *error)
{
    const char *start = skip_spaces(text);
    size_t length = strcspn(start, "(|?"), used;
    char word[32];

    memset(type, 0, sizeof(*type));
    while (length > 0 && start[length - 1] == ' ')
        length--;
    used = length < sizeof(word) - 1 ? length : sizeof(word) - 1;
    memcpy(word, start, used);
    word[used] = '\0';
    for (uint8_t i = STREAMD_BOOL; i <= STREAMD_JSON; i++)
        if (strcmp(word, names[i]) == 0)
            type->id = i;
    if (!type->id) {
        refuse(error, text, start, length, length ? "this is not a type" : "a type is missing");
        suggest(error, word);
        return STREAMD_E_INVALID;
    }
    start += length;
    if (type->id == STREAMD_DECIMAL) {
        int rc = parse_precision(text, &start, type, error);

        if (rc)
            return rc;
    }
    return parse_null(text, start, type, error);
}

void pipeline_print_type(struct streamd_type type, struct text *out)
{
    text_add(out, type.id >= STREAMD_BOOL && type.id <= STREAMD_JSON ? names[type.id] : "unknown");
    if (type.id == STREAMD_DECIMAL)
        text_printf(out, "(%u,%u)", type.precision, type.scale);
    if (type.nullable)
        text_add(out, "|null");
}
