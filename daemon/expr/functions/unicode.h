/*
 * expr/functions/unicode.h - UTF-8 and the case of letters, without a locale.
 *
 * Texts are valid UTF-8, as all values of type string are; what is not valid is read as one
 * character per byte, never beyond the end. Case is mapped letter by letter ("simple" mapping: the
 * German sharp s stays), as glibc's C.UTF-8 does.
 */
#ifndef EXPR_FUNCTIONS_UNICODE_H
#define EXPR_FUNCTIONS_UNICODE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Code points first, first + step, ... last are mapped to themselves + difference. */
struct unicode_mapping {
    uint32_t first, last;
    uint32_t step;
    int32_t difference;
};

struct unicode_span {
    uint32_t first, last;
};

/* Ascending. */
extern const struct unicode_mapping unicode_lower_ranges[], unicode_upper_ranges[];
extern const size_t unicode_lower_ranges_count, unicode_upper_ranges_count;
extern const struct unicode_span unicode_alnum_spans[];
extern const size_t unicode_alnum_spans_count;

/* One code point. */
uint32_t unicode_lower(uint32_t c);
uint32_t unicode_upper(uint32_t c);
int unicode_is_alnum(uint32_t c);

/* Is it the first byte of a character? */
static inline int utf8_is_start(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

/* Bytes of the character at p; at most n, which is not 0. */
static inline size_t utf8_length(const char *p, size_t n)
{
    unsigned char c = (unsigned char)*p;
    size_t length = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return length <= n ? length : n;
}

/* Characters in a text. */
static inline size_t utf8_count(const char *p, size_t n)
{
    size_t count = 0;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        /* bit 7 set and bit 6 clear: not a first byte */
        v = (v >> 7) & ~(v >> 6) & 0x0101010101010101u;
        count += 8 - (size_t)__builtin_popcountll(v);
    }
    for (size_t i = 0; i < n; i++)
        count += (size_t)utf8_is_start(p[i]);
    return count;
}

/* Where character number `index` begins; n where there are not so many. */
static inline size_t utf8_offset(const char *p, size_t n, size_t index)
{
    size_t at = 0;
    if (index >= n)
        return n; /* there are not more characters than bytes */
    while (index >= 8 && n - at >= 8) {
        uint64_t v;
        memcpy(&v, p + at, 8);
        v = (v >> 7) & ~(v >> 6) & 0x0101010101010101u;
        index -= 8 - (size_t)__builtin_popcountll(v);
        at += 8;
    }
    for (; at < n; at++)
        if (utf8_is_start(p[at]) && index-- == 0)
            return at;
    return n;
}

/* The code point at p, n bytes before the end; sets its length. */
static inline uint32_t utf8_decode(const char *p, size_t n, size_t *length)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t k = utf8_length(p, n);
    *length = k;
    switch (k) {
    case 2:
        return (uint32_t)(u[0] & 31) << 6 | (u[1] & 63u);
    case 3:
        return (uint32_t)(u[0] & 15) << 12 | (uint32_t)(u[1] & 63) << 6 | (u[2] & 63u);
    case 4:
        return (uint32_t)(u[0] & 7) << 18 | (uint32_t)(u[1] & 63) << 12 |
               (uint32_t)(u[2] & 63) << 6 | (u[3] & 63u);
    default:
        return u[0];
    }
}

/* Writes a code point, at most 4 bytes; answers how many. */
static inline size_t utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* Is every byte below 0x80? */
static inline int utf8_is_ascii(const char *p, size_t n)
{
    uint64_t all = 0;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        all |= v;
    }
    for (size_t i = 0; i < n; i++)
        all |= (unsigned char)p[i];
    return (all & 0x8080808080808080u) == 0;
}

#endif
