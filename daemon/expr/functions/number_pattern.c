/*
 * A pattern is cut into nodes, and what it says about the whole number is gathered: how many
 * digits, where zeros begin, where the sign goes. Combinations that make no sense are refused with
 * PostgreSQL's words.
 */
#include "expr/functions/number_pattern.h"

#include "base/error.h"

#include <string.h>

/* Templates beyond those that become nodes. */
enum { FILL = NUMBER_NOTHING + 1, SIGNED, BRACKETS, SHIFT, BLANK, SCIENTIFIC, SPELLED, CODE };

/* Of those that begin alike the longer ones come first. */
static const struct {
    const char *name;
    uint8_t part;
} templates[] = {
    {",", NUMBER_COMMA}, {".", NUMBER_POINT}, {"0", NUMBER_ZERO},           {"9", NUMBER_NINE},
    {"B", BLANK},        {"C", CODE},         {"D", NUMBER_POINT},          {"EEEE", SCIENTIFIC},
    {"FM", FILL},        {"G", NUMBER_COMMA}, {"L", NUMBER_CURRENCY},       {"MI", NUMBER_MINUS},
    {"PL", NUMBER_PLUS}, {"PR", BRACKETS},    {"RN", NUMBER_ROMAN},         {"SG", NUMBER_SIGN},
    {"SP", SPELLED},     {"S", SIGNED},       {"TH", NUMBER_ORDINAL_UPPER}, {"V", SHIFT},
};

struct cutter {
    const char *text;
    size_t length, at;
    struct number_pattern *p;
};

static const char *add_nine(struct number_pattern *p)
{
    if (p->brackets)
        return "\"9\" must be ahead of \"PR\"";
    if (p->has_shift)
        p->shift++;
    else if (p->has_point)
        p->after++;
    else
        p->before++;
    return NULL;
}

static const char *add_zero(struct number_pattern *p)
{
    if (p->brackets)
        return "\"0\" must be ahead of \"PR\"";
    if (!p->has_zero && !p->has_point) {
        p->has_zero = 1;
        p->zero_start = p->before + 1;
    }
    if (p->has_point)
        p->after++;
    else
        p->before++;
    p->zero_end = p->before + p->after;
    return NULL;
}

static const char *add_point(struct number_pattern *p)
{
    if (p->has_point)
        return "multiple decimal points";
    if (p->has_shift)
        return "cannot use \"V\" and decimal point together";
    p->has_point = 1;
    return NULL;
}

static const char *add_sign(struct number_pattern *p)
{
    if (p->sign)
        return "cannot use \"S\" twice";
    if (p->plus || p->minus || p->brackets)
        return "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together";
    p->sign = p->has_point ? 2 : 1;
    if (!p->has_point)
        p->sign_place = p->before;
    return NULL;
}

static const char *add_scientific(struct number_pattern *p)
{
    if (p->fill || p->sign || p->brackets || p->minus || p->plus || p->roman || p->has_shift)
        return "\"EEEE\" is incompatible with other formats";
    p->scientific = 1;
    return NULL;
}

static const char *add_mark(struct number_pattern *p, uint8_t part)
{
    if (part == BRACKETS) {
        if (p->sign || p->plus || p->minus)
            return "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together";
        p->brackets = 1;
        return NULL;
    }
    if (p->sign)
        return part == NUMBER_MINUS  ? "cannot use \"S\" and \"MI\" together"
               : part == NUMBER_PLUS ? "cannot use \"S\" and \"PL\" together"
                                     : "cannot use \"S\" and \"SG\" together";
    p->minus |= part != NUMBER_PLUS;
    p->plus |= part != NUMBER_MINUS;
    return NULL;
}

/* Takes note of a template. NULL, or what is wrong. */
static const char *note(struct number_pattern *p, uint8_t part)
{
    if (p->scientific)
        return part == SCIENTIFIC ? "cannot use \"EEEE\" twice"
                                  : "\"EEEE\" must be the last pattern used";
    switch (part) {
    case NUMBER_NINE:
        return add_nine(p);
    case NUMBER_ZERO:
        return add_zero(p);
    case NUMBER_POINT:
        return add_point(p);
    case NUMBER_MINUS:
    case NUMBER_PLUS:
    case NUMBER_SIGN:
    case BRACKETS:
        return add_mark(p, part);
    case SIGNED:
        return add_sign(p);
    case SCIENTIFIC:
        return add_scientific(p);
    case FILL:
        p->fill = 1;
        return NULL;
    case NUMBER_ROMAN:
    case NUMBER_ROMAN_LOWER:
        p->roman = 1;
        return NULL;
    case SHIFT:
        if (p->has_point)
            return "cannot use \"V\" and decimal point together";
        p->has_shift = 1;
        return NULL;
    default:
        return NULL;
    }
}

/* Does the text spell the template, all in capitals (1) or all in small letters (2)? */
static int spells(const char *name, const char *p, size_t room)
{
    size_t n = strlen(name);
    int upper = 1, lower = 1;

    if (n > room)
        return 0;
    for (size_t i = 0; i < n; i++) {
        int letter = name[i] >= 'A' && name[i] <= 'Z';
        upper &= p[i] == name[i];
        lower &= p[i] == (letter ? (name[i] | 0x20) : name[i]);
    }
    return upper ? 1 : lower ? 2 : 0;
}

static struct number_node *add_node(struct cutter *c, uint8_t part)
{
    struct number_node *n = &c->p->nodes[c->p->count++];

    n->part = part;
    return n;
}

static void take_character(struct cutter *c)
{
    struct number_node *n = add_node(c, NUMBER_TEXT);
    unsigned char first = (unsigned char)c->text[c->at];
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    n->length = (uint8_t)(length < c->length - c->at ? length : c->length - c->at);
    memcpy(n->character, c->text + c->at, n->length);
    c->at += n->length;
}

static void take_quoted(struct cutter *c)
{
    c->at++;
    while (c->at < c->length && c->text[c->at] != '"') {
        if (c->text[c->at] == '\\' && c->at + 1 < c->length)
            c->at++;
        take_character(c);
    }
    c->at++;
}

/* Takes a template. 1 where there was one. */
static int take_template(struct cutter *c, const char **fault)
{
    for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
        int style = spells(templates[i].name, c->text + c->at, c->length - c->at);
        uint8_t part = templates[i].part;
        if (!style)
            continue;
        if (style == 2 && part == NUMBER_ROMAN)
            part = NUMBER_ROMAN_LOWER;
        if (style == 2 && part == NUMBER_ORDINAL_UPPER)
            part = NUMBER_ORDINAL;
        *fault = note(c->p, part);
        add_node(c, part > NUMBER_NOTHING ? NUMBER_NOTHING : part);
        c->at += strlen(templates[i].name);
        return 1;
    }
    return 0;
}

int number_pattern_build(struct arena *arena, const char *text, size_t length,
                         struct number_pattern **out, struct streamd_error *error)
{
    struct cutter c = {text, length, 0, NULL};
    const char *fault = NULL;

    if (length > NUMBER_PATTERN_MAX)
        return error_set(error, STREAMD_E_LIMIT, "a number pattern is longer than %d bytes",
                         NUMBER_PATTERN_MAX);
    c.p = arena_zalloc(arena, 1, sizeof *c.p + length * sizeof(struct number_node));
    if (!c.p)
        return error_set_nomem(error);
    while (c.at < length && !fault) {
        if (take_template(&c, &fault))
            continue;
        if (text[c.at] == '"') {
            take_quoted(&c);
            continue;
        }
        if (text[c.at] == '\\' && c.at + 1 < length && text[c.at + 1] == '"')
            c.at++;
        take_character(&c);
    }
    if (fault)
        return error_set(error, STREAMD_E_INVALID, "%s", fault);
    *out = c.p;
    return 0;
}
