/*
 * Tokens of JSON text, strictly by RFC 8259, in one line: a newline is no blank here.
 *
 * Nothing at or behind `end` is looked at, but 64 bytes behind it must be readable.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_STRING = 1,
    JSON_NUMBER = 2,
    JSON_TRUE = 3,
    JSON_FALSE = 4,
    JSON_NULL = 5,
    JSON_OBJECT = 6,
    JSON_ARRAY = 7
};

enum json_token_flags {
    JSON_ESCAPED = 1,  /* a string with a backslash */
    JSON_FRACTION = 2, /* a number with a fraction or an exponent */
};

/* A value. A string's bytes lie between its quotes; those of all others are the whole text. */
struct json_token {
    const uint8_t *begin, *end;
    uint8_t kind;  /* enum json_kind */
    uint8_t flags; /* enum json_token_flags */
};

/* What is wrong, where, as an enum streamd_row_code with a sentence that stands after "expected" or
   alone. */
struct json_fault {
    int code;
    const uint8_t *at;
    const char *what;
};

/* Passes over blanks. */
static inline const uint8_t *json_scan_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

/*
 * The string whose opening quote is at p: sets token->begin and ->end to what is between the quotes
 * and answers what follows, or NULL with the fault. Its UTF-8 and the syntax of its escapes are
 * checked, but not what the escapes stand for (json_unescape does).
 */
const uint8_t *json_scan_string(const uint8_t *p, const uint8_t *end, struct json_token *token,
                                struct json_fault *fault);

/* The value, of any kind and depth, that begins at p (p < end). Answers what follows, or NULL with
   the fault. */
const uint8_t *json_scan_value(const uint8_t *p, const uint8_t *end, struct json_token *token,
                               struct json_fault *fault);

/*
 * Writes what an escaped string stands for to `out`, which needs room for token->end - begin bytes,
 * and sets its length. 0, or STREAMD_ROW_UTF8 for a lone surrogate or a NUL.
 */
int json_unescape(const struct json_token *token, uint8_t *out, size_t *length);

#endif
