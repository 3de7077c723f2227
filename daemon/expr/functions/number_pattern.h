/*
 * expr/functions/number_pattern.h - PostgreSQL's template patterns for numbers: 'FM9,990.00'.
 *
 * Knows 9 0 . , D G L S MI PL SG PR V TH th RN rn EEEE B and the prefix FM; text in double quotes
 * is copied. There is no locale: the point is a point, groups are parted by commas, L is a blank.
 * A compiled pattern is read-only: any thread.
 */
#ifndef EXPR_FUNCTIONS_NUMBER_PATTERN_H
#define EXPR_FUNCTIONS_NUMBER_PATTERN_H

#include "base/arena.h"

#include <streamd/convert_number.h>
#include <streamd/error.h>

/* Bytes that a pattern may have. */
#define NUMBER_PATTERN_MAX 512

/* What a node of a pattern is. */
enum number_part {
    NUMBER_TEXT, /* a character that is copied */
    NUMBER_NINE,
    NUMBER_ZERO,
    NUMBER_POINT,
    NUMBER_COMMA,
    NUMBER_CURRENCY,
    NUMBER_MINUS, /* MI */
    NUMBER_PLUS,  /* PL */
    NUMBER_SIGN,  /* SG */
    NUMBER_ROMAN,
    NUMBER_ROMAN_LOWER,
    NUMBER_ORDINAL,
    NUMBER_ORDINAL_UPPER,
    NUMBER_NOTHING /* says something about the whole: FM, S, PR, V, B, EEEE */
};

struct number_node {
    uint8_t part;
    uint8_t length; /* NUMBER_TEXT: bytes */
    char character[4];
};

struct number_pattern {
    uint32_t count;
    int before, after; /* digits in front of the point, and behind it */
    int shift;         /* 9s behind V: the number is multiplied by ten for each */
    int zero_start;    /* number of the first digit that is 0, from 1; 0: none is */
    int zero_end;      /* digits up to the last 0 */
    int sign_place;    /* digits in front of S */
    uint8_t fill, has_point, has_zero, has_shift, roman, scientific;
    uint8_t sign;        /* S: 1 in front of the number, 2 behind */
    uint8_t minus, plus; /* MI, PL, SG */
    uint8_t brackets;
    struct number_node nodes[]; /* count */
};

/* Compiles. 0; STREAMD_E_INVALID; STREAMD_E_LIMIT; STREAMD_E_NOMEM. */
int number_pattern_build(struct arena *arena, const char *text, size_t length,
                         struct number_pattern **out, struct streamd_error *error);

/*
 * A number as number_pattern_print takes it. `digits`: its text without sign, with exactly
 * pattern->after digits behind a point, or without one. Where the pattern is Roman or scientific,
 * the whole text as it is to be seen.
 */
struct number_text {
    const char *digits;
    size_t length;
    int negative;
};

/* Bytes that printing needs at most. */
size_t number_pattern_room(const struct number_pattern *pattern, size_t length);

/* Prints; answers the length. */
size_t number_pattern_print(const struct number_pattern *pattern, struct number_text number,
                            char *out);

#endif
