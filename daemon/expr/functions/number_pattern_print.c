/*
 * Printing: the nodes are gone through once, beside the digits of the number. Blanks, zeros and
 * digits come from three stretches: places in front of the number, its digits, and under FM what
 * may be left out at its end. The sign is written where the number begins, or behind it.
 */
#include "expr/functions/number_pattern.h"

#include <string.h>

struct printer {
    const struct number_pattern *p;
    const char *digits, *end, *at; /* the number, and the digit that is next */
    const char *last;              /* FM: digits behind this one are left out; NULL: none */
    int blanks;                    /* places in front of the number's first digit */
    int place;                     /* places seen */
    int places;                    /* how many there are, to know the last one */
    int negative;
    int sign_done;
    int sign_behind; /* S stands behind the number */
    int brackets;
    int inside; /* the last place held a digit */
    char *out;
};

static void put(struct printer *w, char c)
{
    *w->out++ = c;
}

/* Is this the only 0 in front of a point, which is not written? */
static int is_leading_zero(const struct printer *w)
{
    return !w->p->has_zero && w->at == w->digits && w->at < w->end && *w->at == '0' && w->p->after;
}

/* FM has left nothing behind the point. */
static int ends_at_point(const struct printer *w)
{
    return w->last && *w->last == '.';
}

static void put_sign_in_front(struct printer *w)
{
    int number_begins =
        w->place >= w->blanks || (w->p->has_zero && w->p->zero_start - 1 == w->place);

    if (w->sign_done || !number_begins || (is_leading_zero(w) && !ends_at_point(w)))
        return;
    if (w->p->sign) {
        if (w->sign_behind)
            return;
        put(w, w->negative ? '-' : '+');
    } else if (w->brackets) {
        put(w, w->negative ? '<' : ' ');
    } else if (w->negative) {
        put(w, '-');
    } else if (!w->p->fill) {
        put(w, ' ');
    }
    w->sign_done = 1;
}

static void put_sign_behind(struct printer *w)
{
    int last = w->places + (w->blanks ? 1 : 0) + (w->p->has_point ? 1 : 0);

    if (w->last && w->last == w->at)
        last = w->place;
    if (w->place + 1 != last)
        return;
    if (w->sign_done && w->brackets)
        put(w, w->negative ? '>' : ' ');
    else if (w->p->sign && w->sign_behind)
        put(w, w->negative ? '-' : '+');
}

/* The next character of the number, which may be its point. */
static void put_digit(struct printer *w, uint8_t part)
{
    char c = w->at < w->end ? *w->at : 0;

    if (c == '.') {
        if (!ends_at_point(w) || w->p->fill)
            put(w, '.');
    } else if (w->last && w->at > w->last && part != NUMBER_ZERO) {
        /* left out */
    } else if (is_leading_zero(w)) {
        if (!w->p->fill)
            put(w, ' ');
        else if (ends_at_point(w))
            put(w, '0');
    } else if (c) {
        put(w, c);
        w->inside = 1;
    }
    if (w->at < w->end)
        w->at++;
}

/* A 9, a 0 or the point. */
static void put_place(struct printer *w, uint8_t part)
{
    int zero = w->p->has_zero && w->p->zero_start - 1 <= w->place;

    if (w->p->roman)
        return;
    w->inside = 0;
    put_sign_in_front(w);
    if (w->place >= w->blanks) {
        put_digit(w, part);
    } else if (zero) {
        put(w, '0');
        w->inside = 1;
    } else if (!w->p->fill) {
        put(w, ' ');
    }
    put_sign_behind(w);
    w->place++;
}

static void put_roman(struct printer *w, int lower)
{
    size_t n = (size_t)(w->end - w->digits);

    for (size_t i = n; !w->p->fill && i < 15; i++)
        put(w, ' ');
    for (size_t i = 0; i < n; i++) {
        char c = w->digits[i];
        put(w, lower && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
    }
}

static void put_ordinal(struct printer *w, int upper)
{
    static const char letters[2][9] = {"thstndrd", "THSTNDRD"};
    size_t n = (size_t)(w->end - w->digits);

    if (w->p->roman || w->negative || w->p->has_point || n == 0 || w->end[-1] < '0' ||
        w->end[-1] > '9')
        return;
    int last = w->end[-1] - '0';
    int kind = last > 3 || (n > 1 && w->end[-2] == '1') ? 0 : last;
    put(w, letters[upper][2 * kind]);
    put(w, letters[upper][2 * kind + 1]);
}

/* A character that is there, or a blank in its place but under FM. */
static void put_or_blank(struct printer *w, int there, char c)
{
    if (there)
        put(w, c);
    else if (!w->p->fill)
        put(w, ' ');
}

static void put_node(struct printer *w, const struct number_node *n)
{
    switch (n->part) {
    case NUMBER_TEXT:
        memcpy(w->out, n->character, n->length);
        w->out += n->length;
        break;
    case NUMBER_NINE:
    case NUMBER_ZERO:
    case NUMBER_POINT:
        put_place(w, n->part);
        break;
    case NUMBER_COMMA:
        put_or_blank(w, w->inside, ',');
        break;
    case NUMBER_CURRENCY:
        put(w, ' ');
        break;
    case NUMBER_MINUS:
        put_or_blank(w, w->negative, '-');
        break;
    case NUMBER_PLUS:
        put_or_blank(w, !w->negative, '+');
        break;
    case NUMBER_SIGN:
        put(w, w->negative ? '-' : '+');
        break;
    case NUMBER_ROMAN:
    case NUMBER_ROMAN_LOWER:
        put_roman(w, n->part == NUMBER_ROMAN_LOWER);
        break;
    case NUMBER_ORDINAL:
    case NUMBER_ORDINAL_UPPER:
        put_ordinal(w, n->part == NUMBER_ORDINAL_UPPER);
        break;
    default:
        break;
    }
}

/* FM: the last digit behind the point that is not 0, or that the pattern has a 0 for. */
static const char *last_relevant(const struct printer *w)
{
    const char *point = memchr(w->digits, '.', (size_t)(w->end - w->digits)), *last = point;

    if (!w->p->fill || !w->p->has_point || !point)
        return NULL;
    for (const char *p = point; p < w->end; p++)
        if (*p != '0')
            last = p;
    if (w->p->zero_end > w->blanks) {
        int most = (int)(w->end - w->digits) - 1;
        int wanted = w->p->zero_end - w->blanks;
        const char *zero = w->digits + (wanted < most ? wanted : most);
        last = last < zero ? zero : last;
    }
    return last;
}

size_t number_pattern_room(const struct number_pattern *pattern, size_t length)
{
    /* Each node writes four bytes at most, a Roman number fifteen; signs and brackets. */
    return 16 * (size_t)pattern->count + length + 8;
}

size_t number_pattern_print(const struct number_pattern *pattern, struct number_text number,
                            char *out)
{
    struct printer w = {.p = pattern,
                        .digits = number.digits,
                        .end = number.digits + number.length,
                        .at = number.digits,
                        .negative = number.negative,
                        .out = out};
    const char *point = memchr(number.digits, '.', number.length);
    int whole = point ? (int)(point - number.digits) : (int)number.length;
    int before = pattern->before + pattern->shift;

    if (pattern->scientific) {
        memcpy(out, number.digits, number.length);
        return number.length;
    }
    w.blanks = !pattern->roman && whole < before ? before - whole : 0;
    w.brackets = pattern->brackets && (number.negative || !pattern->fill);
    if (pattern->plus || pattern->minus)
        w.sign_done = pattern->minus;
    else
        w.sign_done = !number.negative && pattern->fill && !pattern->sign;
    w.sign_behind = pattern->sign == 2 || (!pattern->plus && !pattern->minus &&
                                           pattern->sign == 1 && before == pattern->sign_place);
    w.places = pattern->after + before - 1;
    w.last = last_relevant(&w);
    if (!w.sign_done && w.blanks == 0)
        w.places++;
    for (uint32_t i = 0; i < pattern->count; i++)
        put_node(&w, &pattern->nodes[i]);
    return (size_t)(w.out - out);
}
