/*
 * A scanner that skips values: strings by looking for the closing quote, containers by counting
 * brackets. Validation is a loop with one bit per level that says whether it is an object.
 */
#include "expr/json_text.h"

#include <streamd/convert.h>
#include <streamd/error.h>

enum { MAX_DEPTH = 1000 };

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

/* From the opening quote to behind the closing one; NULL: there is none. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '"')
            return p + 1;
        if (*p == '\\')
            p++;
    }
    return NULL;
}

/* Behind the value that begins at p; NULL: it does not end. */
static const char *skip_value(const char *p, const char *end)
{
    unsigned depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            if (!p)
                return NULL;
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
            continue;
        } else if (*p == '}' || *p == ']') {
            if (depth == 0)
                return NULL;
            depth--;
            p++;
        } else if (depth == 0) { /* a number or a word: to the next delimiter */
            while (p < end && *p != ',' && *p != '}' && *p != ']' && *p > ' ')
                p++;
        } else {
            p++;
            continue;
        }
        if (depth == 0)
            return p;
    }
    return NULL;
}

static struct streamd_str slice(const char *p, const char *end)
{
    struct streamd_str s = {p, (size_t)(end - p)};

    return s;
}

struct streamd_str json_trim(struct streamd_str text)
{
    const char *p = text.data, *end = p + text.length;

    p = skip_blanks(p, end);
    while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\n' || end[-1] == '\r'))
        end--;
    return slice(p, end);
}

char json_kind(struct streamd_str text)
{
    const char *p = text.data, *end = p + text.length;

    p = skip_blanks(p, end);
    return p < end ? *p : '\0';
}

int json_member(struct streamd_str text, struct streamd_str key, struct streamd_str *out)
{
    const char *p = text.data, *end = p + text.length, *name, *value;
    int found = 0;

    p = skip_blanks(p, end);
    if (p == end || *p != '{')
        return 0;
    for (p = skip_blanks(p + 1, end); p < end && *p == '"'; p = skip_blanks(p + 1, end)) {
        name = p;
        p = skip_string(p, end);
        if (!p)
            break;
        value = skip_blanks(p, end);
        if (value == end || *value != ':')
            break;
        value = skip_blanks(value + 1, end);
        if (json_string_is(slice(name, p), key)) {
            p = skip_value(value, end);
            if (!p)
                break;
            *out = slice(value, p);
            found = 1;
        } else {
            p = skip_value(value, end);
        }
        p = p ? skip_blanks(p, end) : NULL;
        if (!p || p == end || *p != ',')
            break;
    }
    return found;
}

/* Elements of an array one after the other: sets the first; answers how many there are at most. */
static int64_t count_elements(const char *p, const char *end)
{
    int64_t n = 0;

    for (p = skip_blanks(p + 1, end); p < end && *p != ']'; p = skip_blanks(p + 1, end)) {
        p = skip_value(p, end);
        if (!p)
            break;
        n++;
        p = skip_blanks(p, end);
        if (p == end || *p != ',')
            break;
    }
    return n;
}

int json_element(struct streamd_str text, int64_t index, struct streamd_str *out)
{
    const char *p = text.data, *end = p + text.length, *value;

    p = skip_blanks(p, end);
    if (p == end || *p != '[')
        return 0;
    if (index < 0) {
        int64_t n = count_elements(p, end);

        if (index < -n)
            return 0;
        index += n;
    }
    for (p = skip_blanks(p + 1, end); p < end && *p != ']'; p = skip_blanks(p + 1, end)) {
        value = p;
        p = skip_value(p, end);
        if (!p)
            break;
        if (index-- == 0) {
            *out = slice(value, p);
            return 1;
        }
        p = skip_blanks(p, end);
        if (p == end || *p != ',')
            break;
    }
    return 0;
}

/* ---- strings ------------------------------------------------------------------------------ */

static int hex4(const char *p, const char *end, uint32_t *value)
{
    *value = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = streamd_hex_digit(p[i]);

        if (digit < 0)
            return -1;
        *value = *value << 4 | (uint32_t)digit;
    }
    return 0;
}

static size_t put_utf8(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* One escape or one byte at *p, which is moved behind it; answers the bytes written (at most 4, and
   never more than were read), 0: it is none. */
static size_t next_piece(const char **p, const char *end, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = *p, *plain;
    uint32_t c, low;

    if (*at != '\\') {
        *out = *at;
        *p = at + 1;
        return 1;
    }
    if (end - at < 2)
        return 0;
    plain = at[1] ? strchr(from, at[1]) : NULL;
    if (plain) {
        *out = to[plain - from];
        *p = at + 2;
        return 1;
    }
    if (at[1] != 'u' || hex4(at + 2, end, &c) || c == 0)
        return 0;
    at += 6;
    if (c >= 0xd800 && c < 0xdc00) {
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || hex4(at + 2, end, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return 0;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    } else if (c >= 0xdc00 && c < 0xe000) {
        return 0;
    }
    *p = at;
    return put_utf8(c, out);
}

int json_unescape(struct streamd_str text, char *out, size_t *length)
{
    const char *p = text.data + 1, *end = text.data + text.length - 1;
    size_t n = 0;

    if (text.length < 2)
        return STREAMD_ROW_CAST;
    while (p < end) {
        size_t piece = next_piece(&p, end, out + n);

        if (piece == 0)
            return STREAMD_ROW_CAST;
        n += piece;
    }
    *length = n;
    return 0;
}

int json_string_is(struct streamd_str text, struct streamd_str key)
{
    const char *p = text.data + 1, *end = text.data + text.length - 1;
    size_t n = 0;

    if (text.length < 2)
        return 0;
    if (!memchr(p, '\\', (size_t)(end - p)))
        return key.length == (size_t)(end - p) && memcmp(p, key.data, key.length) == 0;
    while (p < end) {
        char piece[4];
        size_t bytes = next_piece(&p, end, piece);

        if (bytes == 0 || key.length - n < bytes || memcmp(key.data + n, piece, bytes) != 0)
            return 0;
        n += bytes;
    }
    return n == key.length;
}

/* ---- validation --------------------------------------------------------------------------- */

static const char *check_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        uint32_t c;

        if ((unsigned char)*p < ' ')
            return NULL;
        if (*p != '\\')
            continue;
        p++;
        if (p == end || !strchr("\"\\/bfnrtu", *p) || *p == '\0')
            return NULL;
        if (*p == 'u') {
            if (hex4(p + 1, end, &c))
                return NULL;
            p += 4;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *check_digits(const char *p, const char *end)
{
    if (p == end || *p < '0' || *p > '9')
        return NULL;
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static const char *check_number(const char *p, const char *end)
{
    if (*p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else
        p = check_digits(p, end);
    if (p && p < end && *p == '.')
        p = check_digits(p + 1, end);
    if (p && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = check_digits(p, end);
    }
    return p;
}

/* A value that holds no other one. */
static const char *check_scalar(const char *p, const char *end)
{
    static const char *const words[] = {"true", "false", "null"};

    if (*p == '"')
        return check_string(p, end);
    if (*p == '-' || (*p >= '0' && *p <= '9'))
        return check_number(p, end);
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(end - p) >= n && memcmp(p, words[i], n) == 0)
            return p + n;
    }
    return NULL;
}

struct levels {
    uint64_t is_object[(MAX_DEPTH + 63) / 64];
    unsigned depth;
};

static int in_object(const struct levels *l)
{
    return l->depth && (l->is_object[(l->depth - 1) / 64] >> ((l->depth - 1) % 64) & 1);
}

static int enter(struct levels *l, int object)
{
    uint64_t bit = UINT64_C(1) << (l->depth % 64);

    if (l->depth == MAX_DEPTH)
        return -1;
    if (object)
        l->is_object[l->depth / 64] |= bit;
    else
        l->is_object[l->depth / 64] &= ~bit;
    l->depth++;
    return 0;
}

/* "name": in front of a member's value. */
static const char *check_name(const char *p, const char *end)
{
    p = skip_blanks(p, end);
    if (p == end || *p != '"')
        return NULL;
    p = check_string(p, end);
    p = p ? skip_blanks(p, end) : NULL;
    return p && p < end && *p == ':' ? p + 1 : NULL;
}

/* Behind a value: closes what ends here, and moves to the next value. NULL: wrong; end: all is
   read. */
static const char *after_value(struct levels *l, const char *p, const char *end)
{
    for (p = skip_blanks(p, end); l->depth; p = skip_blanks(p + 1, end)) {
        if (p == end)
            return NULL;
        if (*p == ',')
            return in_object(l) ? check_name(p + 1, end) : p + 1;
        if (*p != (in_object(l) ? '}' : ']'))
            return NULL;
        l->depth--;
    }
    return p == end ? end : NULL;
}

int json_is_valid(struct streamd_str text)
{
    const char *p = text.data, *end = p + text.length;
    struct levels l = {.depth = 0};

    for (;;) {
        p = skip_blanks(p, end);
        if (p == end)
            return 0;
        if (*p == '{' || *p == '[') {
            int object = *p == '{';

            if (enter(&l, object))
                return 0;
            p = skip_blanks(p + 1, end);
            if (p < end && *p == (object ? '}' : ']')) {
                l.depth--;
                p = after_value(&l, p + 1, end);
            } else if (object) {
                p = check_name(p, end);
            }
            if (p == end && l.depth == 0)
                return 1;
            if (!p)
                return 0;
            continue;
        }
        p = check_scalar(p, end);
        p = p ? after_value(&l, p, end) : NULL;
        if (!p)
            return 0;
        if (p == end && l.depth == 0)
            return 1;
    }
}
