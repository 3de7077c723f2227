/*
 * Tokens. Strings are searched a block at a time for what ends or breaks them; nested values are
 * walked with a stack of one bit per level instead of recursion, so that no input can exhaust the
 * thread's stack.
 */
#include "scan.h"

#include "json.h"
#include "kernel_base.h"

#include <streamd/convert.h>
#include <streamd/error.h>
#include <streamd/utf8.h>

#include <string.h>

static const uint8_t *fail(struct json_fault *fault, int code, const uint8_t *at, const char *what)
{
    fault->code = code;
    fault->at = at;
    fault->what = what;
    return NULL;
}

static const uint8_t *syntax(struct json_fault *fault, const uint8_t *at, const char *what)
{
    return fail(fault, STREAMD_ROW_SYNTAX, at, what);
}

/* ---- strings ------------------------------------------------------------------------------ */

/* The value of the four hexadecimal digits at p, or -1. */
static int32_t hex4(const uint8_t *p)
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
static const uint8_t *scan_escape(const uint8_t *p, const uint8_t *end, struct json_fault *fault)
{
    if (end - p < 2)
        return syntax(fault, end, "the string has no end");
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
            return syntax(fault, end, "the string has no end");
        return hex4(p + 2) >= 0 ? p + 6 : syntax(fault, p, "an escape without four digits");
    default:
        return syntax(fault, p, "an escape that JSON does not have");
    }
}

const uint8_t *json_scan_string(const uint8_t *p, const uint8_t *end, struct json_token *token,
                                struct json_fault *fault)
{
    int ascii = 1;

    token->kind = JSON_STRING;
    token->flags = 0;
    token->begin = ++p;
    for (;;) {
        p += kernel_span(p);
        if (p >= end)
            return syntax(fault, end, "the string has no end");
        if (*p == '"')
            break;
        if (*p == '\\') {
            token->flags |= JSON_ESCAPED;
            p = scan_escape(p, end, fault);
            if (!p)
                return NULL;
        } else if (*p >= 0x80) {
            ascii = 0;
            while (p < end && *p >= 0x80)
                p++;
        } else if (*p < 0x20) {
            return syntax(fault, p, "a control character in a string");
        }
    }
    token->end = p;
    if (!ascii) {
        size_t length = (size_t)(p - token->begin);
        size_t valid = streamd_utf8_prefix(token->begin, length);

        if (valid < length)
            return fail(fault, STREAMD_ROW_UTF8, token->begin + valid, "invalid UTF-8");
    }
    return p + 1;
}

/* Writes a code point that is no surrogate. */
static uint8_t *put_code_point(uint8_t *out, uint32_t c)
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
static uint32_t unescape_unicode(const uint8_t **p, const uint8_t *end)
{
    uint32_t high = (uint32_t)hex4(*p + 2), low;

    *p += 6;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u')
        return 0;
    low = (uint32_t)hex4(*p + 2);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *p += 6;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static uint8_t unescape_letter(uint8_t letter)
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

int json_unescape(const struct json_token *token, uint8_t *out, size_t *length)
{
    const uint8_t *p = token->begin, *end = token->end;
    uint8_t *at = out;

    while (p < end) {
        const uint8_t *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((backslash ? backslash : end) - p);

        memmove(at, p, plain);
        at += plain;
        p += plain;
        if (p == end)
            break;
        if (p[1] == 'u') {
            uint32_t c = unescape_unicode(&p, end);

            if (c == 0)
                return STREAMD_ROW_UTF8;
            at = put_code_point(at, c);
        } else {
            *at++ = unescape_letter(p[1]);
            p += 2;
        }
    }
    *length = (size_t)(at - out);
    return 0;
}

/* ---- numbers and words -------------------------------------------------------------------- */

static const uint8_t *scan_digits(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (unsigned)*p - '0' <= 9)
        p++;
    return p;
}

static const uint8_t *scan_number(const uint8_t *p, const uint8_t *end, struct json_token *token,
                                  struct json_fault *fault)
{
    const uint8_t *digits;

    token->kind = JSON_NUMBER;
    token->begin = p;
    p += *p == '-';
    digits = p;
    p = scan_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1))
        return syntax(fault, digits, "not a number of JSON");
    if (p < end && *p == '.') {
        digits = ++p;
        p = scan_digits(p, end);
        if (p == digits)
            return syntax(fault, p, "a number that ends in its point");
        token->flags |= JSON_FRACTION;
    }
    if (p < end && (*p | 0x20) == 'e') {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        digits = p;
        p = scan_digits(p, end);
        if (p == digits)
            return syntax(fault, p, "a number without digits in its exponent");
        token->flags |= JSON_FRACTION;
    }
    token->end = p;
    return p;
}

static const uint8_t *scan_word(const uint8_t *p, const uint8_t *end, const char *word,
                                size_t length, enum json_kind kind, struct json_token *token,
                                struct json_fault *fault)
{
    for (size_t i = 0; i < length; i++) {
        if (p + i == end || p[i] != (uint8_t)word[i])
            return syntax(fault, p + i, "not a value of JSON");
    }
    token->kind = (uint8_t)kind;
    token->begin = p;
    token->end = p + length;
    return token->end;
}

/* A value that is neither object nor array. */
static const uint8_t *scan_scalar(const uint8_t *p, const uint8_t *end, struct json_token *token,
                                  struct json_fault *fault)
{
    token->flags = 0;
    if (p >= end)
        return syntax(fault, end, "the record has no end");
    switch (*p) {
    case '"':
        return json_scan_string(p, end, token, fault);
    case 't':
        return scan_word(p, end, "true", 4, JSON_TRUE, token, fault);
    case 'f':
        return scan_word(p, end, "false", 5, JSON_FALSE, token, fault);
    case 'n':
        return scan_word(p, end, "null", 4, JSON_NULL, token, fault);
    default:
        if (*p == '-' || (unsigned)*p - '0' <= 9)
            return scan_number(p, end, token, fault);
        return syntax(fault, p, "not a value of JSON");
    }
}

/* ---- nested values ------------------------------------------------------------------------ */

/* The open brackets: one bit per level, 1 for an object. */
struct nesting {
    unsigned depth;
    uint64_t objects[JSON_DEPTH / 64];
};

static int nesting_push(struct nesting *n, int object)
{
    uint64_t bit = UINT64_C(1) << (n->depth % 64);

    if (n->depth == JSON_DEPTH)
        return -1;
    if (object)
        n->objects[n->depth / 64] |= bit;
    else
        n->objects[n->depth / 64] &= ~bit;
    n->depth++;
    return 0;
}

static int nesting_in_object(const struct nesting *n)
{
    return n->objects[(n->depth - 1) / 64] >> ((n->depth - 1) % 64) & 1;
}

/* Passes over a key and its colon. */
static const uint8_t *scan_key(const uint8_t *p, const uint8_t *end, struct json_fault *fault)
{
    struct json_token key;

    p = json_scan_blanks(p, end);
    if (p == end)
        return syntax(fault, end, "the record has no end");
    if (*p != '"')
        return syntax(fault, p, "a key was expected");
    p = json_scan_string(p, end, &key, fault);
    if (!p)
        return NULL;
    p = json_scan_blanks(p, end);
    if (p == end)
        return syntax(fault, end, "the record has no end");
    if (*p != ':')
        return syntax(fault, p, "a colon was expected");
    return json_scan_blanks(p + 1, end);
}

/* Opens the bracket at p. Answers where its first value begins, or, for an empty one, what follows
   it: then *depth is as before. */
static const uint8_t *open_bracket(const uint8_t *p, const uint8_t *end, struct nesting *n,
                                   struct json_fault *fault)
{
    int object = *p == '{';

    if (nesting_push(n, object))
        return syntax(fault, p, "values nested too deeply");
    p = json_scan_blanks(p + 1, end);
    if (p < end && *p == (object ? '}' : ']')) {
        n->depth--;
        return p + 1;
    }
    return object ? scan_key(p, end, fault) : p;
}

/* After a value: closes what ends here. Answers where the next value begins, or, with depth 0, what
   follows the outermost bracket. */
static const uint8_t *close_brackets(const uint8_t *p, const uint8_t *end, struct nesting *n,
                                     struct json_fault *fault)
{
    while (n->depth) {
        int object = nesting_in_object(n);

        p = json_scan_blanks(p, end);
        if (p == end)
            return syntax(fault, end, "the record has no end");
        if (*p == ',') {
            if (object)
                return scan_key(p + 1, end, fault);
            return json_scan_blanks(p + 1, end);
        }
        if (*p != (object ? '}' : ']'))
            return syntax(fault, p,
                          object ? "a comma or } was expected" : "a comma or ] was expected");
        n->depth--;
        p++;
    }
    return p;
}

static const uint8_t *scan_nested(const uint8_t *p, const uint8_t *end, struct json_token *token,
                                  struct json_fault *fault)
{
    struct nesting n;
    struct json_token inner;

    n.depth = 0;
    token->kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
    token->flags = 0;
    token->begin = p;
    do {
        if (p < end && (*p == '{' || *p == '[')) {
            unsigned before = n.depth;

            p = open_bracket(p, end, &n, fault);
            if (p && n.depth > before)
                continue;
        } else {
            p = scan_scalar(p, end, &inner, fault);
        }
        if (p)
            p = close_brackets(p, end, &n, fault);
    } while (p && n.depth);
    token->end = p;
    return p;
}

const uint8_t *json_scan_value(const uint8_t *p, const uint8_t *end, struct json_token *token,
                               struct json_fault *fault)
{
    if (p < end && (*p == '{' || *p == '['))
        return scan_nested(p, end, token, fault);
    return scan_scalar(p, end, token, fault);
}
