/*
 * Types: their names, what SQL calls them, and which type holds the values of two.
 */
#include "expr/check.h"

#include "expr/tables.h"

#include <stdio.h>
#include <strings.h>

enum { MAX_PRECISION = 38, NUMERIC_SCALE = 18 };

/* Adjustments that a type's modifier asks for. */
enum modifier { PLAIN, PRECISION_SCALE, BITS_16, BITS_32, TEXT_LENGTH, SECOND_DIGITS };

static const struct {
    const char *name;
    uint8_t id;
    uint8_t modifier;
} names[] = {
    {"bool", STREAMD_BOOL, PLAIN},
    {"boolean", STREAMD_BOOL, PLAIN},
    {"int64", STREAMD_INT64, PLAIN},
    {"int8", STREAMD_INT64, PLAIN},
    {"bigint", STREAMD_INT64, PLAIN},
    {"int4", STREAMD_INT64, BITS_32},
    {"int", STREAMD_INT64, BITS_32},
    {"integer", STREAMD_INT64, BITS_32},
    {"int2", STREAMD_INT64, BITS_16},
    {"smallint", STREAMD_INT64, BITS_16},
    {"float64", STREAMD_FLOAT64, PLAIN},
    {"float8", STREAMD_FLOAT64, PLAIN},
    {"double precision", STREAMD_FLOAT64, PLAIN},
    {"decimal", STREAMD_DECIMAL, PRECISION_SCALE},
    {"numeric", STREAMD_DECIMAL, PRECISION_SCALE},
    {"string", STREAMD_STRING, PLAIN},
    {"text", STREAMD_STRING, PLAIN},
    {"varchar", STREAMD_STRING, TEXT_LENGTH},
    {"bytes", STREAMD_BYTES, PLAIN},
    {"bytea", STREAMD_BYTES, PLAIN},
    {"timestamp", STREAMD_TIMESTAMP, SECOND_DIGITS},
    {"timestamptz", STREAMD_TIMESTAMP, SECOND_DIGITS},
    {"date", STREAMD_DATE, PLAIN},
    {"json", STREAMD_JSON, PLAIN},
    {"jsonb", STREAMD_JSON, PLAIN},
    {"interval", NODE_INTERVAL, PLAIN},
};

const char *expr_type_name(struct streamd_type type, char out[EXPR_TYPE_TEXT])
{
    static const char *const known[] = {"?",      "bool",  "int64",     "float64", "decimal",
                                        "string", "bytes", "timestamp", "date",    "json"};

    if (type.id == STREAMD_DECIMAL && type.precision)
        snprintf(out, EXPR_TYPE_TEXT, "decimal(%u,%u)", type.precision, type.scale);
    else if (type.id == NODE_INTERVAL)
        snprintf(out, EXPR_TYPE_TEXT, "interval");
    else if (type.id == NODE_UNKNOWN)
        snprintf(out, EXPR_TYPE_TEXT, "unknown");
    else
        snprintf(out, EXPR_TYPE_TEXT, "%s", known[type.id <= STREAMD_JSON ? type.id : 0]);
    return out;
}

const char *type_name(struct check *c, struct streamd_type type)
{
    char text[EXPR_TYPE_TEXT];
    const char *copy = arena_strdup(&c->scope->store->arena, expr_type_name(type, text));

    if (!copy)
        problem_nomem(c->report);
    return copy ? copy : "?";
}

/* ---- types as users write them ------------------------------------------------------------ */

static int find_name(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == length && strncasecmp(names[i].name, name, length) == 0)
            return (int)i;
    }
    return -1;
}

/* (p) or (p, s) behind decimal: fills the type. 0 or -1. */
static int set_precision(struct streamd_type *type, long precision, long scale)
{
    if (precision < 1 || precision > MAX_PRECISION || scale < 0 || scale > precision)
        return -1;
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    return 0;
}

int expr_type_parse(const char *text, size_t length, struct streamd_type *out)
{
    char copy[64], end = '\0';
    long precision = MAX_PRECISION, scale = 0;
    struct streamd_type type = {0};
    char *bracket;
    int entry;

    streamd_trim(&text, &length);
    if (length > 5 && memcmp(text + length - 5, "|null", 5) == 0) {
        type.nullable = 1;
        length -= 5;
        streamd_trim(&text, &length);
    }
    if (length == 0 || length >= sizeof(copy) || memchr(text, '\0', length))
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    bracket = strchr(copy, '(');
    if (bracket) {
        int fields = sscanf(bracket, "(%3ld , %3ld %c", &precision, &scale, &end);

        if (fields < 2) {
            scale = 0;
            fields = sscanf(bracket, "(%3ld %c", &precision, &end);
        }
        if (fields < 2 || end != ')' || copy[length - 1] != ')' || strchr(bracket, ')')[1])
            return -1;
        length = (size_t)(bracket - copy);
        while (length && copy[length - 1] == ' ')
            length--;
    }
    entry = find_name(copy, length);
    if (entry < 0 || names[entry].id == NODE_INTERVAL)
        return -1;
    type.id = names[entry].id;
    if (type.id == STREAMD_DECIMAL ? !bracket || set_precision(&type, precision, scale)
                                   : bracket != NULL)
        return -1;
    *out = type;
    return 0;
}

/* ---- types in casts ----------------------------------------------------------------------- */

static const struct streamd_function *adjustment(enum modifier m, uint32_t modifier_count)
{
    switch (m) {
    case BITS_16:
    case BITS_32:
        return &cast_int_bits;
    case TEXT_LENGTH:
        return modifier_count ? &cast_cut_text : NULL;
    case SECOND_DIGITS:
        return modifier_count ? &cast_round_time : NULL;
    default:
        return NULL;
    }
}

static int refuse(struct check *c, const struct ast_type *ast, const char *help,
                  const char *message)
{
    problem_add(c->report, EXPR_TYPE, ast->offset, ast->length, help, "%s '%s'", message,
                ast->name);
    return -1;
}

int type_from_ast(struct check *c, const struct ast_type *ast, struct cast_target *out)
{
    int entry = find_name(ast->name, strlen(ast->name));
    uint32_t count = ast->modifier_count;
    enum modifier m;

    memset(out, 0, sizeof(*out));
    if (entry < 0) {
        if (strcmp(ast->name, "float4") == 0 || strcmp(ast->name, "real") == 0)
            return refuse(c, ast, "write float64", "there is no type");
        if (strcmp(ast->name, "bpchar") == 0 || strcmp(ast->name, "name") == 0)
            return refuse(c, ast, "write string, or varchar(n)", "there is no type");
        return refuse(c, ast,
                      "types are: bool, int64, float64, decimal(p,s), string, bytes, timestamp, "
                      "date, json",
                      "there is no type");
    }
    out->type.id = names[entry].id;
    m = names[entry].modifier;
    out->adjust = adjustment(m, count);
    out->modifier = m == BITS_16 ? 16 : m == BITS_32 ? 32 : count ? ast->modifiers[0] : 0;
    if (m == PRECISION_SCALE && count) {
        if (set_precision(&out->type, ast->modifiers[0], count > 1 ? ast->modifiers[1] : 0))
            return refuse(c, ast, "decimal(p,s) has 1 to 38 digits, s of them behind the point",
                          "wrong digits of type");
    } else if (out->type.id == NODE_INTERVAL) {
        out->modifier = count ? ast->modifiers[0] : 0;
    } else if (count > 1 || (count && m != TEXT_LENGTH && m != SECOND_DIGITS) ||
               (count && m == SECOND_DIGITS && (out->modifier < 0 || out->modifier > 6)) ||
               (count && m == TEXT_LENGTH && out->modifier < 1)) {
        return refuse(c, ast, NULL, "wrong modifier of type");
    }
    return 0;
}

/* ---- one type for two --------------------------------------------------------------------- */

struct streamd_type type_decimal(unsigned before, unsigned scale)
{
    struct streamd_type type = {.id = STREAMD_DECIMAL};
    unsigned precision;

    if (scale > MAX_PRECISION)
        scale = MAX_PRECISION;
    precision = before + scale;
    if (precision > MAX_PRECISION)
        precision = MAX_PRECISION;
    if (precision == 0)
        precision = 1;
    type.precision = (uint8_t)precision;
    type.scale = (uint8_t)scale;
    return type;
}

struct streamd_type type_numeric(void)
{
    return type_decimal(MAX_PRECISION - NUMERIC_SCALE, NUMERIC_SCALE);
}

struct streamd_type type_as_decimal(const struct node *node)
{
    struct streamd_type type = node->type;

    if (type.id == STREAMD_INT64) {
        unsigned digits = 19;

        if (node->kind == NODE_CONSTANT && !node_is_null(node)) {
            int64_t v = *(const int64_t *)node->value.values;

            digits = streamd_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
        }
        type = type_decimal(digits, 0);
        type.nullable = node->type.nullable;
    }
    return type;
}

/* How far up the ladder of numbers a type stands; 0: it is none. */
static int number_rank(uint8_t id)
{
    return id == STREAMD_INT64 ? 1 : id == STREAMD_DECIMAL ? 2 : id == STREAMD_FLOAT64 ? 3 : 0;
}

static struct streamd_type common_decimal(struct streamd_type a, struct streamd_type b)
{
    unsigned scale = a.scale > b.scale ? a.scale : b.scale;
    unsigned before_a = (unsigned)a.precision - a.scale, before_b = (unsigned)b.precision - b.scale;

    return type_decimal(before_a > before_b ? before_a : before_b, scale);
}

int type_common(struct streamd_type a, struct streamd_type b, struct streamd_type *out)
{
    uint8_t nullable = a.nullable | b.nullable;
    int rank_a = number_rank(a.id), rank_b = number_rank(b.id);

    if (a.id == NODE_UNKNOWN || b.id == NODE_UNKNOWN) {
        *out = a.id == NODE_UNKNOWN ? b : a;
    } else if (rank_a && rank_b) {
        if (rank_a == 1 && rank_b == 2)
            a = type_decimal(19, 0);
        if (rank_b == 1 && rank_a == 2)
            b = type_decimal(19, 0);
        *out = rank_a > rank_b ? a : b;
        if (out->id == STREAMD_DECIMAL)
            *out = common_decimal(a, b);
    } else if (a.id == b.id) {
        *out = a;
    } else if ((a.id == STREAMD_DATE && b.id == STREAMD_TIMESTAMP) ||
               (a.id == STREAMD_TIMESTAMP && b.id == STREAMD_DATE)) {
        *out = TYPE(STREAMD_TIMESTAMP);
    } else {
        return 0;
    }
    out->nullable = nullable;
    return 1;
}
