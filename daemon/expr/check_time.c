/*
 * Intervals are constants: what is done with them alone is done here, at plan time. Beside a
 * timestamp they become the state of a kernel; beside seconds (timestamp - timestamp) a number.
 */
#include "expr/check.h"

#include "expr/tables.h"

#include <strings.h>

static const struct interval *interval_of(const struct node *node)
{
    return node->value.values;
}

static struct node *interval_constant(struct check *c, const struct interval *i, struct place place)
{
    return node_constant(c, TYPE(NODE_INTERVAL), i, place);
}

static struct node *refuse(struct check *c, struct place place, int code, const char *message)
{
    problem_add(c->report, code, place.offset, place.length,
                "an interval is a constant such as INTERVAL '5 minutes'", "%s", message);
    return NULL;
}

/* INTERVAL '..' DAY: PostgreSQL's mask of fields. -1: more than one. */
static int unit_of_mask(int32_t mask)
{
    switch (mask) {
    case 0:
        return INTERVAL_NONE;
    case 1 << 2:
        return INTERVAL_YEAR;
    case 1 << 1:
        return INTERVAL_MONTH;
    case 1 << 3:
        return INTERVAL_DAY;
    case 1 << 10:
        return INTERVAL_HOUR;
    case 1 << 11:
        return INTERVAL_MINUTE;
    case 1 << 12:
        return INTERVAL_SECOND;
    default:
        return -1;
    }
}

static struct node *parse(struct check *c, const struct node *text, enum interval_unit unit)
{
    struct place place = {text->offset, text->length};
    const struct streamd_str *s = text->value.values;
    struct interval interval;

    if (node_is_null(text))
        return refuse(c, place, EXPR_LITERAL, "an interval cannot be NULL");
    if (interval_parse(s->data, s->length, unit, &interval)) {
        problem_add(c->report, EXPR_LITERAL, place.offset, place.length,
                    "intervals look like '5 minutes', '1 day 02:30:00', '1 year 2 months'",
                    "'%.*s' is no interval", (int)s->length, s->data);
        return NULL;
    }
    return interval_constant(c, &interval, place);
}

struct node *check_interval_literal(struct check *c, const struct ast *ast, struct node *text)
{
    const struct ast_type *type = ast->type;
    int unit = unit_of_mask(type->modifier_count ? type->modifiers[0] : 0);

    if (unit < 0 || type->modifier_count > 1) {
        problem_add(c->report, EXPR_UNSUPPORTED, type->offset, type->length,
                    "write the units into the text: INTERVAL '1 day 2 hours'",
                    "an interval with a range of fields or a precision is not supported");
        return NULL;
    }
    if (text->type.id == NODE_INTERVAL)
        return text;
    if (text->kind != NODE_CONSTANT ||
        (text->type.id != NODE_UNKNOWN && text->type.id != STREAMD_STRING))
        return refuse(c, place_of(ast), EXPR_UNSUPPORTED, "only a constant can be an interval");
    return parse(c, text, (enum interval_unit)unit);
}

struct node *check_interval_to_text(struct check *c, struct node *node)
{
    char *text = check_alloc(c, 1, INTERVAL_TEXT);
    struct streamd_str s = {text, 0};

    if (!text)
        return NULL;
    s.length = interval_print(interval_of(node), text);
    return node_constant(c, TYPE(STREAMD_STRING), &s, (struct place){node->offset, node->length});
}

/* ---- operators ---------------------------------------------------------------------------- */

/* The value of a constant number. 0 or -1. */
static int number_of(struct check *c, struct node *node, double *value)
{
    if (node->kind != NODE_CONSTANT || node_is_null(node) ||
        (node->type.id != NODE_UNKNOWN && !coerce_is_implicit(node->type.id, STREAMD_FLOAT64)))
        return -1;
    node = coerce(c, node, TYPE(STREAMD_FLOAT64));
    if (!node || node->kind != NODE_CONSTANT)
        return -1;
    *value = *(const double *)node->value.values;
    return 0;
}

static struct node *scaled(struct check *c, const struct ast *ast, const struct node *interval,
                           struct node *number, int divide)
{
    struct interval result;
    double factor;

    if (number_of(c, number, &factor))
        return refuse(c, place_of(ast), EXPR_UNSUPPORTED,
                      "an interval can be multiplied and divided by a constant number only");
    if (interval_scale(interval_of(interval), factor, divide, &result))
        return refuse(c, place_of(ast), EXPR_CONSTANT, "the interval is out of range");
    return interval_constant(c, &result, place_of(ast));
}

static struct node *sum(struct check *c, const struct ast *ast, const struct node *a,
                        const struct node *b, int sign)
{
    struct interval result;

    if (interval_add(interval_of(a), interval_of(b), sign, &result))
        return refuse(c, place_of(ast), EXPR_CONSTANT, "the interval is out of range");
    return interval_constant(c, &result, place_of(ast));
}

/* timestamp + interval, date - interval. */
static struct node *moved(struct check *c, const struct ast *ast, struct node *time,
                          const struct node *interval, int sign)
{
    time = coerce(c, time, TYPE(STREAMD_TIMESTAMP));
    if (!time)
        return NULL;
    return node_call(c, sign > 0 ? &time_plus_interval : &time_minus_interval,
                     TYPE(STREAMD_TIMESTAMP), interval->value.values, place_of(ast), &time, 1);
}

static struct node *seconds(struct check *c, struct node *node)
{
    double value;

    if (node->type.id != NODE_INTERVAL)
        return node;
    value = interval_seconds(interval_of(node));
    return node_constant(c, TYPE(STREAMD_FLOAT64), &value,
                         (struct place){node->offset, node->length});
}

static int is_comparison(const char *name)
{
    static const char *const names[] = {"=", "<>", "<", "<=", ">", ">="};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0)
            return 1;
    }
    return 0;
}

static int is_time(const struct node *node)
{
    return node->type.id == STREAMD_TIMESTAMP || node->type.id == STREAMD_DATE;
}

static struct node *negated(struct check *c, const struct ast *ast, const struct node *interval)
{
    static const struct interval zero = {0, 0, 0};
    struct interval result;

    if (strcmp(ast->name, "-") != 0)
        return refuse(c, place_of(ast), EXPR_ARGUMENTS, "this does not work with an interval");
    if (interval_add(&zero, interval_of(interval), -1, &result))
        return refuse(c, place_of(ast), EXPR_CONSTANT, "the interval is out of range");
    return interval_constant(c, &result, place_of(ast));
}

static struct node *of_two(struct check *c, const struct ast *ast, struct node *a, struct node *b)
{
    int a_is = a->type.id == NODE_INTERVAL, b_is = b->type.id == NODE_INTERVAL;
    int plus = strcmp(ast->name, "+") == 0, minus = strcmp(ast->name, "-") == 0;
    struct node *both[2];

    if (is_comparison(ast->name)) {
        both[0] = seconds(c, a);
        both[1] = seconds(c, b);
        return both[0] && both[1] ? resolve_operator(c, ast->name, place_of(ast), both, 2) : NULL;
    }
    if (plus || minus) {
        if (b_is && is_time(a))
            return moved(c, ast, a, b, plus ? 1 : -1);
        if (plus && a_is && is_time(b))
            return moved(c, ast, b, a, 1);
        if (a->type.id == NODE_UNKNOWN)
            a = parse(c, a, INTERVAL_NONE);
        else if (b->type.id == NODE_UNKNOWN)
            b = parse(c, b, INTERVAL_NONE);
        if (!a || !b)
            return NULL;
        if (a->type.id == NODE_INTERVAL && b->type.id == NODE_INTERVAL)
            return sum(c, ast, a, b, plus ? 1 : -1);
    }
    if (strcmp(ast->name, "*") == 0 && a_is != b_is)
        return a_is ? scaled(c, ast, a, b, 0) : scaled(c, ast, b, a, 0);
    if (strcmp(ast->name, "/") == 0 && a_is && !b_is)
        return scaled(c, ast, a, b, 1);
    problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length,
                "an interval can be added to a timestamp or date and taken from it",
                "%s does not work with %s and %s", ast->name, type_name(c, a->type),
                type_name(c, b->type));
    return NULL;
}

int check_interval_operator(struct check *c, const struct ast *ast, struct node *const *args,
                            uint32_t argc, struct node **out)
{
    if (argc == 1 && args[0]->type.id == NODE_INTERVAL) {
        *out = negated(c, ast, args[0]);
        return 1;
    }
    if (argc == 2 && (args[0]->type.id == NODE_INTERVAL || args[1]->type.id == NODE_INTERVAL)) {
        *out = of_two(c, ast, args[0], args[1]);
        return 1;
    }
    return 0;
}

/* ---- AT TIME ZONE ------------------------------------------------------------------------- */

/* 'UTC', '+02', 'UTC-05:30'. As in PostgreSQL a sign in a text is POSIX's: '+02' lies west of
   Greenwich. 0 and *us to add to UTC, or -1. */
static int parse_zone(struct streamd_str s, int64_t *us)
{
    static const char *const names[] = {"utc",     "gmt",       "z",   "zulu",     "etc/utc",
                                        "etc/gmt", "universal", "uct", "greenwich"};
    size_t word = 0;
    struct streamd_time_text t;
    int64_t offset;

    while (word < s.length && s.data[word] != '+' && s.data[word] != '-')
        word++;
    if (word == s.length) {
        *us = 0;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (strlen(names[i]) == word && strncasecmp(names[i], s.data, word) == 0)
                return 0;
        }
        return -1;
    }
    if (word != 0 &&
        (word != 3 || (strncasecmp(s.data, "utc", 3) && strncasecmp(s.data, "gmt", 3))))
        return -1;
    t.p = s.data + word;
    t.end = s.data + s.length;
    if (streamd_time_zone(&t, &offset) || t.p != t.end)
        return -1;
    *us = -offset;
    return 0;
}

static int zone_of(const struct node *zone, int64_t *us)
{
    if (zone->kind != NODE_CONSTANT || node_is_null(zone))
        return -1;
    if (zone->type.id == NODE_INTERVAL) {
        *us = interval_of(zone)->us;
        return interval_of(zone)->months || interval_of(zone)->days ? -1 : 0;
    }
    if (zone->type.id != NODE_UNKNOWN && zone->type.id != STREAMD_STRING)
        return -1;
    return parse_zone(*(const struct streamd_str *)zone->value.values, us);
}

struct node *check_time_zone(struct check *c, const struct ast *ast, struct node *const *args)
{
    struct node *time = args[1];
    int64_t *us = check_alloc(c, 1, sizeof(*us));

    if (!us)
        return NULL;
    if (zone_of(args[0], us)) {
        problem_add(c->report, EXPR_UNSUPPORTED, args[0]->offset, args[0]->length,
                    "write AT TIME ZONE INTERVAL '+02:00' for a place that is two hours ahead",
                    "time zones are 'UTC' and constant offsets");
        return NULL;
    }
    if (time->type.id != NODE_UNKNOWN && !is_time(time)) {
        problem_add(c->report, EXPR_ARGUMENTS, ast->offset, ast->length, NULL,
                    "AT TIME ZONE needs a timestamp, not %s", type_name(c, time->type));
        return NULL;
    }
    time = coerce(c, time, TYPE(STREAMD_TIMESTAMP));
    if (!time || *us == 0)
        return time;
    return node_call(c, &time_at_zone, TYPE(STREAMD_TIMESTAMP), us, place_of(ast), &time, 1);
}
