/*
 * streamd/json_text.h - the grammar of JSON: tokens, strictly by RFC 8259.
 *
 * For readers of JSON, and for whoever has to know whether a text is JSON before it goes into a
 * column of that type. Values nest at most
 * STREAMD_JSON_DEPTH deep, and are walked with one bit per level instead of recursion, so that no
 * input can exhaust a thread's stack. Pure functions; any thread.
 *
 * Nothing at or behind `end` is looked at, but 64 bytes behind it must be readable.
 */
#ifndef STREAMD_JSON_TEXT_H
#define STREAMD_JSON_TEXT_H

#include <streamd/convert_bytes.h>
#include <streamd/convert_time.h>
#include <streamd/error.h>
#include <streamd/utf8.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STREAMD_JSON_DEPTH 512

/* What kind of value. */
enum streamd_json_kind {
    STREAMD_JSON_STRING = 1,
    STREAMD_JSON_NUMBER = 2,
    STREAMD_JSON_TRUE = 3,
    STREAMD_JSON_FALSE = 4,
    STREAMD_JSON_NULL = 5,
    STREAMD_JSON_OBJECT = 6,
    STREAMD_JSON_ARRAY = 7
};

enum streamd_json_token_flags {
    STREAMD_JSON_ESCAPED = 1, /* a string with a backslash */
    STREAMD_JSON_FRACTION = 2 /* a number with a fraction or an exponent */
};

/* A value. A string's bytes lie between its quotes; those of all others are the whole text. */
struct streamd_json_token {
    const uint8_t *begin, *end;
    uint8_t kind;  /* enum streamd_json_kind */
    uint8_t flags; /* enum streamd_json_token_flags */
};

/* What is wrong, as an enum streamd_row_code and in words, and where. */
struct streamd_json_fault {
    int code;
    const uint8_t *at;
    const char *what;
};

/* Passes over blanks. */
static inline const uint8_t *streamd_json_scan_blanks(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

/*
 * How many plain bytes of a string there are at p, at most 8, all of which must be readable: no
 * quote, no backslash, nothing below 0x20 or above 0x7F.
 */
static inline unsigned streamd_json_span(const uint8_t *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t v = streamd_load8((const char *)p), quote = v ^ ones * '"',
             backslash = v ^ ones * '\\';
    /* A borrow can flag a byte too many, but only above one that is rightly flagged. */
    uint64_t flags = (v | (v - ones * 0x20) | (quote - ones) | (backslash - ones)) & ones << 7;

    return flags ? (unsigned)__builtin_ctzll(flags) / 8 : 8;
}

/* Fills the fault and answers NULL. */
static inline const uint8_t *streamd_json_fail(struct streamd_json_fault *fault, int code,
                                               const uint8_t *at, const char *what)
{
    fault->code = code;
    fault->at = at;
    fault->what = what;
    return NULL;
}

/* The same, for what is no JSON. */
static inline const uint8_t *streamd_json_syntax(struct streamd_json_fault *fault,
                                                 const uint8_t *at, const char *what)
{
    return streamd_json_fail(fault, STREAMD_ROW_SYNTAX, at, what);
}

/* ---- strings ------------------------------------------------------------------------------ */

/* The value of the four hexadecimal digits at p, or -1. */
static inline int32_t streamd_json_hex4(const uint8_t *p)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = streamd_hex_digit((char)p[i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* What follows the escape whose backslash is at p, or NULL. */
static inline const uint8_t *streamd_json_scan_escape(const uint8_t *p, const uint8_t *end,
                                                      struct streamd_json_fault *fault)
{
    if (end - p < 2)
        return streamd_json_syntax(fault, end, "the string has no end");
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        if (end - p < 6)
            return streamd_json_syntax(fault, end, "the string has no end");
        return streamd_json_hex4(p + 2) >= 0
                   ? p + 6
                   : streamd_json_syntax(fault, p, "an escape without four digits");
    default:
        return streamd_json_syntax(fault, p, "an escape that JSON does not have");
    }
}

/*
 * The string whose opening quote is at p: sets token->begin and ->end to what is between the quotes
 * and answers what follows, or NULL with the fault. Its UTF-8 and the syntax of its escapes are
 * checked, but not what the escapes stand for (streamd_json_unescape does).
 */
static inline const uint8_t *streamd_json_scan_string(const uint8_t *p, const uint8_t *end,
                                                      struct streamd_json_token *token,
                                                      struct streamd_json_fault *fault)
{
    int ascii = 1;

    token->kind = STREAMD_JSON_STRING;
    token->flags = 0;
    token->begin = ++p;
    for (;;) {
        p += streamd_json_span(p);
        if (p >= end)
            return streamd_json_syntax(fault, end, "the string has no end");
        if (*p == '"')
            break;
        if (*p == '\\') {
            token->flags |= STREAMD_JSON_ESCAPED;
            p = streamd_json_scan_escape(p, end, fault);
            if (!p)
                return NULL;
        } else if (*p >= 0x80) {
            ascii = 0;
            while (p < end && *p >= 0x80)
                p++;
        } else if (*p < 0x20) {
            return streamd_json_syntax(fault, p, "a control character in a string");
        }
    }
    token->end = p;
    if (!ascii) {
        size_t length = (size_t)(p - token->begin);
        size_t valid = streamd_utf8_prefix(token->begin, length);

        if (valid < length)
            return streamd_json_fail(fault, STREAMD_ROW_UTF8, token->begin + valid,
                                     "invalid UTF-8");
    }
    return p + 1;
}

/* Writes a code point that is no surrogate. */
static inline uint8_t *streamd_json_put_code_point(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xC0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xE0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (c & 0x3F));
    } else {
        *out++ = (uint8_t)(0xF0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        *out++ = (uint8_t)(0x80 | (c & 0x3F));
    }
    return out;
}

/* The code point of the \u escape at *p, which it passes, with its second half where it is a
   surrogate; 0 for what no string can hold. */
static inline uint32_t streamd_json_unescape_unicode(const uint8_t **p, const uint8_t *end)
{
    uint32_t high = (uint32_t)streamd_json_hex4(*p + 2), low;

    *p += 6;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return 0;
    low = (uint32_t)streamd_json_hex4(*p + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *p += 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What the escape with this letter stands for. */
static inline uint8_t streamd_json_unescape_letter(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

/*
 * Writes what an escaped string stands for to `out`, which needs room for token->end - begin bytes,
 * and sets its length. 0, or STREAMD_ROW_UTF8 for a lone surrogate or a NUL.
 */
static inline int streamd_json_unescape(const struct streamd_json_token *token, uint8_t *out,
                                        size_t *length)
{
    const uint8_t *p = token->begin, *end = token->end;
    uint8_t *at = out;

    while (p < end) {
        const uint8_t *backslash = (const uint8_t *)memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((backslash ? backslash : end) - p);

        memmove(at, p, plain);
        at += plain;
        p += plain;
        if (p == end)
            break;
        if (p[1] == 'u') {
            uint32_t c = streamd_json_unescape_unicode(&p, end);

            if (c == 0)
                return STREAMD_ROW_UTF8;
            at = streamd_json_put_code_point(at, c);
        } else {
            *at++ = streamd_json_unescape_letter(p[1]);
            p += 2;
        }
    }
    *length = (size_t)(at - out);
    return 0;
}

/* ---- numbers and words -------------------------------------------------------------------- */

/* Passes over digits. */
static inline const uint8_t *streamd_json_scan_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (unsigned)*p - '0' <= 9)
        p++;
    return p;
}

/* A number. */
static inline const uint8_t *streamd_json_scan_number(const uint8_t *p, const uint8_t *end,
                                                      struct streamd_json_token *token,
                                                      struct streamd_json_fault *fault)
{
    const uint8_t *digits;

    token->kind = STREAMD_JSON_NUMBER;
    token->begin = p;
    p += *p == '-';
    digits = p;
    p = streamd_json_scan_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return streamd_json_syntax(fault, digits, "not a number of JSON");
    if (p < end && *p == '.') {
        digits = ++p;
        p = streamd_json_scan_digits(p, end);
        if (p == digits)
            return streamd_json_syntax(fault, p, "a number that ends in its point");
        token->flags |= STREAMD_JSON_FRACTION;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = streamd_json_scan_digits(p, end);
        if (p == digits)
            return streamd_json_syntax(fault, p, "a number without digits in its exponent");
        token->flags |= STREAMD_JSON_FRACTION;
    }
    token->end = p;
    return p;
}

/* true, false or null. */
static inline const uint8_t *streamd_json_scan_word(const uint8_t *p, const uint8_t *end,
                                                    const char *word, size_t length,
                                                    enum streamd_json_kind kind,
                                                    struct streamd_json_token *token,
                                                    struct streamd_json_fault *fault)
{
    for (size_t i = 0; i < length; i++) {
        if (p + i == end || p[i] != (uint8_t)word[i])
            return streamd_json_syntax(fault, p + i, "not a value of JSON");
    }
    token->kind = (uint8_t)kind;
    token->begin = p;
    token->end = p + length;
    return token->end;
}

/* A value that is neither object nor array. */
static inline const uint8_t *streamd_json_scan_scalar(const uint8_t *p, const uint8_t *end,
                                                      struct streamd_json_token *token,
                                                      struct streamd_json_fault *fault)
{
    token->flags = 0;
    if (p >= end)
        return streamd_json_syntax(fault, end, "the record has no end");
    switch (*p) {
    case '"':
        return streamd_json_scan_string(p, end, token, fault);
    case 't':
        return streamd_json_scan_word(p, end, "true", 4, STREAMD_JSON_TRUE, token, fault);
    case 'f':
        return streamd_json_scan_word(p, end, "false", 5, STREAMD_JSON_FALSE, token, fault);
    case 'n':
        return streamd_json_scan_word(p, end, "null", 4, STREAMD_JSON_NULL, token, fault);
    default:
        if (*p == '-' || (unsigned)*p - '0' <= 9)
            return streamd_json_scan_number(p, end, token, fault);
        return streamd_json_syntax(fault, p, "not a value of JSON");
    }
}

/* ---- nested values ------------------------------------------------------------------------ */

/* The open brackets: one bit per level, 1 for an object. */
struct streamd_json_nesting {
    unsigned depth;
    uint64_t objects[STREAMD_JSON_DEPTH / 64];
};

/* Opens a level. -1: too deep. */
static inline int streamd_json_nesting_push(struct streamd_json_nesting *n, int object)
{
    uint64_t bit = UINT64_C(1) << (n->depth % 64);

    if (n->depth == STREAMD_JSON_DEPTH)
        return -1;
    if (object)
        n->objects[n->depth / 64] |= bit;
    else
        n->objects[n->depth / 64] &= ~bit;
    n->depth++;
    return 0;
}

/* Is the innermost level an object? */
static inline int streamd_json_nesting_in_object(const struct streamd_json_nesting *n)
{
    return n->objects[(n->depth - 1) / 64] >> ((n->depth - 1) % 64) & 1;
}

/* Passes over a key and its colon. */
static inline const uint8_t *streamd_json_scan_key(const uint8_t *p, const uint8_t *end,
                                                   struct streamd_json_fault *fault)
{
    struct streamd_json_token key;

    p = streamd_json_scan_blanks(p, end);
    if (p == end)
        return streamd_json_syntax(fault, end, "the record has no end");
    if (*p != '"')
        return streamd_json_syntax(fault, p, "a key was expected");
    p = streamd_json_scan_string(p, end, &key, fault);
    if (!p)
        return NULL;
    p = streamd_json_scan_blanks(p, end);
    if (p == end)
        return streamd_json_syntax(fault, end, "the record has no end");
    if (*p != ':')
        return streamd_json_syntax(fault, p, "a colon was expected");
    return streamd_json_scan_blanks(p + 1, end);
}

/* Opens the bracket at p. Answers where its first value begins, or, for an empty one, what follows
   it: then *depth is as before. */
static inline const uint8_t *streamd_json_open_bracket(const uint8_t *p, const uint8_t *end,
                                                       struct streamd_json_nesting *n,
                                                       struct streamd_json_fault *fault)
{
    int object = *p == '{';

    if (streamd_json_nesting_push(n, object))
        return streamd_json_syntax(fault, p, "values nested too deeply");
    p = streamd_json_scan_blanks(p + 1, end);
    if (p < end && *p == (object ? '}' : ']')) {
        n->depth--;
        return p + 1;
    }
    return object ? streamd_json_scan_key(p, end, fault) : p;
}

/* After a value: closes what ends here. Answers where the next value begins, or, with depth 0, what
   follows the outermost bracket. */
static inline const uint8_t *streamd_json_close_brackets(const uint8_t *p, const uint8_t *end,
                                                         struct streamd_json_nesting *n,
                                                         struct streamd_json_fault *fault)
{
    while (n->depth) {
        int object = streamd_json_nesting_in_object(n);

        p = streamd_json_scan_blanks(p, end);
        if (p == end)
            return streamd_json_syntax(fault, end, "the record has no end");
        if (*p == ',') {
            if (object)
                return streamd_json_scan_key(p + 1, end, fault);
            return streamd_json_scan_blanks(p + 1, end);
        }
        if (*p != (object ? '}' : ']'))
            return streamd_json_syntax(
                fault, p, object ? "a comma or } was expected" : "a comma or ] was expected");
        n->depth--;
        p++;
    }
    return p;
}

/* An object or an array. */
static inline const uint8_t *streamd_json_scan_nested(const uint8_t *p, const uint8_t *end,
                                                      struct streamd_json_token *token,
                                                      struct streamd_json_fault *fault)
{
    struct streamd_json_nesting n;
    struct streamd_json_token inner;

    n.depth = 0;
    token->kind = *p == '{' ? STREAMD_JSON_OBJECT : STREAMD_JSON_ARRAY;
    token->flags = 0;
    token->begin = p;
    do {
        if (p < end && (*p == '{' || *p == '[')) {
            unsigned before = n.depth;

            p = streamd_json_open_bracket(p, end, &n, fault);
            if (p && n.depth > before)
                continue;
        } else {
            p = streamd_json_scan_scalar(p, end, &inner, fault);
        }
        if (p)
            p = streamd_json_close_brackets(p, end, &n, fault);
    } while (p && n.depth);
    token->end = p;
    return p;
}

/* The value, of any kind and depth, that begins at p (p < end). Answers what follows, or NULL with
   the fault. */
static inline const uint8_t *streamd_json_scan_value(const uint8_t *p, const uint8_t *end,
                                                     struct streamd_json_token *token,
                                                     struct streamd_json_fault *fault)
{
    if (p < end && (*p == '{' || *p == '['))
        return streamd_json_scan_nested(p, end, token, fault);
    return streamd_json_scan_scalar(p, end, token, fault);
}

/* 1 where [p, p + n) is one value of JSON, with blanks around it. 64 bytes behind it must be
   readable. */
static inline int streamd_json_valid(const void *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text, *end = p + n;
    struct streamd_json_token token;
    struct streamd_json_fault fault;

    p = streamd_json_scan_value(streamd_json_scan_blanks(p, end), end, &token, &fault);
    return p && streamd_json_scan_blanks(p, end) == end;
}

#ifdef __cplusplus
}
#endif
#endif
