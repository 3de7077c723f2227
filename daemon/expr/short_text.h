/*
 * expr/short_text.h - texts of up to seven bytes as one word: the bytes below, the length on top.
 * Two such texts are equal where their words are; a longer text has a word that none of them has.
 */
#ifndef EXPR_SHORT_TEXT_H
#define EXPR_SHORT_TEXT_H

#include <streamd/batch.h>
#include <streamd/convert.h>

#define SHORT_TEXT_MAX 7
#define SHORT_TEXT_LONGER UINT64_MAX

/* Four bytes, the first one lowest. */
static inline uint64_t short_text_load4(const char *p)
{
    return (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[1] << 8 | (uint64_t)(uint8_t)p[2] << 16 |
           (uint64_t)(uint8_t)p[3] << 24;
}

/* The word of a text; reads nothing beside it. */
static inline uint64_t short_text_word(const char *p, size_t n)
{
    uint64_t word = 0;

    if (n > SHORT_TEXT_MAX)
        return SHORT_TEXT_LONGER;
    if (n >= 4)
        word = short_text_load4(p) | short_text_load4(p + n - 4) << (8 * (n - 4));
    else if (n > 0)
        word = (uint64_t)(uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << (8 * (n / 2)) |
               (uint64_t)(uint8_t)p[n - 1] << (8 * (n - 1));
    return word | (uint64_t)n << 56;
}

/* The word of a row's text. Eight bytes are read at once where the column has them: `end` is where
   its last text ends. No branch depends on the text. */
static inline uint64_t short_text_row(const struct streamd_column *c, uint32_t row, int32_t end)
{
    int32_t start = c->offsets[row];
    uint32_t n = (uint32_t)(c->offsets[row + 1] - start);
    const char *p = (const char *)c->data + start;
    uint64_t word;

    if (end - start < 8)
        return short_text_word(p, n);
    word = (streamd_load8(p) & ((UINT64_C(1) << (8 * (n & 7))) - 1)) | (uint64_t)n << 56;
    return n > SHORT_TEXT_MAX ? SHORT_TEXT_LONGER : word;
}

#endif
