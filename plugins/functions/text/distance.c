/*
 * levenshtein and jaro_winkler: two texts, letter by letter. Texts are taken apart into code points
 * first; both functions take time in the product of the lengths, which are limited.
 */
#include "text.h"

#include <string.h>

/* The code points of a text. Answers how many, or TEXT_LONGEST + 1 where they are too many. */
static size_t take_apart(struct streamd_str s, uint32_t letters[TEXT_LONGEST])
{
    size_t n = 0;

    for (size_t at = 0; at < s.length; n++) {
        uint32_t c = text_next(s, &at);
        if (n == TEXT_LONGEST)
            return TEXT_LONGEST + 1;
        letters[n] = c;
    }
    return n;
}

/* Two texts of a row, taken apart. 1; 0: one is too long, and *rc says how to go on. */
struct pair {
    uint32_t a[TEXT_LONGEST], b[TEXT_LONGEST];
    size_t na, nb;
};

static int take_pair(struct streamd_call *call, uint32_t row, struct pair *p, int *rc)
{
    p->na = take_apart(text_argument(call, 0, row), p->a);
    p->nb = take_apart(text_argument(call, 1, row), p->b);
    if (p->na <= TEXT_LONGEST && p->nb <= TEXT_LONGEST)
        return 1;
    /* The row goes where the node's on_error says; 0: the others go on. */
    *rc = call->host->row_error(call, row, STREAMD_ROW_ARGUMENT,
                                "texts to be compared have at most 255 characters");
    return 0;
}

/* ---- levenshtein -------------------------------------------------------------------------- */

/* One row of the well-known table at a time: cost[j] is the distance of a[0 .. i) and b[0 .. j). */
static int64_t distance(const struct pair *p)
{
    uint16_t cost[TEXT_LONGEST + 1];

    for (size_t j = 0; j <= p->nb; j++)
        cost[j] = (uint16_t)j;
    for (size_t i = 0; i < p->na; i++) {
        uint16_t diagonal = cost[0];
        cost[0] = (uint16_t)(i + 1);
        for (size_t j = 0; j < p->nb; j++) {
            unsigned change = diagonal + (unsigned)(p->a[i] != p->b[j]);
            unsigned step = 1u + (cost[j] < cost[j + 1] ? cost[j] : cost[j + 1]);
            diagonal = cost[j + 1];
            cost[j + 1] = (uint16_t)(change < step ? change : step);
        }
    }
    return cost[p->nb];
}

int levenshtein_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;
    struct pair p;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        result[row] = take_pair(call, row, &p, &rc) ? distance(&p) : 0;
    }
    return rc;
}

/* ---- jaro_winkler ------------------------------------------------------------------------- */

/* Marks letters of a and b that are equal and not far apart; answers how many pairs. */
static size_t pair_up(const struct pair *p, uint8_t *in_a, uint8_t *in_b)
{
    size_t longer = p->na > p->nb ? p->na : p->nb;
    size_t reach = longer > 3 ? longer / 2 - 1 : 0, pairs = 0;

    memset(in_a, 0, p->na);
    memset(in_b, 0, p->nb);
    for (size_t i = 0; i < p->na; i++) {
        size_t end = i + reach + 1 < p->nb ? i + reach + 1 : p->nb;
        for (size_t j = i > reach ? i - reach : 0; j < end; j++) {
            if (in_b[j] || p->a[i] != p->b[j])
                continue;
            in_a[i] = in_b[j] = 1;
            pairs++;
            break;
        }
    }
    return pairs;
}

/* How many of the pairs stand in another order in b than in a. */
static size_t disorder(const struct pair *p, const uint8_t *in_a, const uint8_t *in_b)
{
    size_t other = 0, j = 0;

    for (size_t i = 0; i < p->na; i++) {
        if (!in_a[i])
            continue;
        while (!in_b[j])
            j++;
        other += p->a[i] != p->b[j++];
    }
    return other;
}

static double likeness(const struct pair *p)
{
    uint8_t in_a[TEXT_LONGEST], in_b[TEXT_LONGEST];
    size_t prefix = 0;

    if (p->na == 0 && p->nb == 0)
        return 1;
    double pairs = (double)pair_up(p, in_a, in_b);
    if (pairs == 0)
        return 0;
    double swapped = (double)(disorder(p, in_a, in_b) / 2);
    double jaro = (pairs / (double)p->na + pairs / (double)p->nb + (pairs - swapped) / pairs) / 3;
    while (prefix < 4 && prefix < p->na && prefix < p->nb && p->a[prefix] == p->b[prefix])
        prefix++;
    return jaro + (double)prefix * 0.1 * (1 - jaro);
}

int jaro_winkler_kernel(struct streamd_call *call)
{
    double *result = call->result->values;
    struct pair p;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        result[row] = take_pair(call, row, &p, &rc) ? likeness(&p) : 0;
    }
    return rc;
}
