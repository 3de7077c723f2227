/*
 * streamd/utf8.h - is it a string? Strings are UTF-8 without NUL (types.h).
 *
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Runs of ASCII
 * are passed 16 bytes at a time. Pure functions; any thread.
 */
#ifndef STREAMD_UTF8_H
#define STREAMD_UTF8_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Length of the sequence at p, of which n >= 1 bytes are there; 0 where it is no valid one. NUL is
   a sequence of one byte here. */
static inline size_t streamd_utf8_sequence(const uint8_t *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || n < 2)
        return 0;
    if (p[0] < 0xE0)
        return (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (n < 3 || (p[2] & 0xC0) != 0x80)
        return 0;
    if (p[0] < 0xF0) {
        unsigned low = p[0] == 0xE0 ? 0xA0 : 0x80, high = p[0] == 0xED ? 0x9F : 0xBF;

        return p[1] >= low && p[1] <= high ? 3 : 0;
    }
    if (p[0] > 0xF4 || n < 4 || (p[3] & 0xC0) != 0x80)
        return 0;
    {
        unsigned low = p[0] == 0xF0 ? 0x90 : 0x80, high = p[0] == 0xF4 ? 0x8F : 0xBF;

        return p[1] >= low && p[1] <= high ? 4 : 0;
    }
}

/* Do these 8 bytes hold a byte above 0x7F, or a NUL? Exact for ASCII; a word with a byte above
   0x7F always answers yes. */
static inline int streamd_utf8_word_is_odd(uint64_t word)
{
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) != 0;
}

/* Length of the longest prefix of [p, p + n) that is valid UTF-8 without NUL: n where all is. */
static inline size_t streamd_utf8_prefix(const void *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t i = 0;

    while (i < n) {
        uint64_t a, b;
        size_t length;

        if (p[i] < 0x80) {
            while (n - i >= 16) {
                memcpy(&a, p + i, 8);
                memcpy(&b, p + i + 8, 8);
                if (streamd_utf8_word_is_odd(a) || streamd_utf8_word_is_odd(b))
                    break;
                i += 16;
            }
            while (i < n && p[i] < 0x80 && p[i] != 0)
                i++;
            if (i == n || p[i] == 0)
                return i;
        }
        length = streamd_utf8_sequence(p + i, n - i);
        if (length == 0)
            return i;
        i += length;
    }
    return i;
}

/* 1 where [p, p + n) is a string: valid UTF-8 without NUL. */
static inline int streamd_utf8_valid(const void *text, size_t n)
{
    return streamd_utf8_prefix(text, n) == n;
}

#ifdef __cplusplus
}
#endif
#endif
