/*
 * text.h - what the files of this plugin share.
 */
#ifndef FUNCTIONS_TEXT_H
#define FUNCTIONS_TEXT_H

#include <streamd/function.h>

/* Texts that are compared letter by letter are at most that long, in characters. */
#define TEXT_LONGEST 255

/* Argument `x` of a call for a row. A constant has one value, for all rows: its mask is 0. */
static inline struct streamd_str text_argument(const struct streamd_call *call, uint32_t x,
                                               uint32_t row)
{
    const struct streamd_vector *v = &call->args[x];

    return ((const struct streamd_str *)v->values)[row & v->mask];
}

/* The code point at *at, which moves behind it. Texts are valid UTF-8; what is not counts byte by
   byte and is never read beyond the end. */
static inline uint32_t text_next(struct streamd_str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.data + *at;
    size_t left = s.length - *at;
    size_t n = *p < 0xc0 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    uint32_t c = *p;

    if (n > 1 && n <= left) {
        c &= n == 2 ? 31u : n == 3 ? 15u : 7u;
        for (size_t i = 1; i < n; i++)
            c = c << 6 | (p[i] & 63u);
    } else {
        n = 1;
    }
    *at += n;
    return c;
}

/* The kernels; text.c has the table. */
int levenshtein_kernel(struct streamd_call *call);
int jaro_winkler_kernel(struct streamd_call *call);
int slugify_kernel(struct streamd_call *call);

/* longest, ended by an entry without a name. */
extern const struct streamd_aggregate text_aggregates[];

#endif
