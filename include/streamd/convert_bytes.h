/*
 * streamd/convert_bytes.h - bytes to text and back. convert.h has the rules.
 */
#ifndef STREAMD_CONVERT_BYTES_H
#define STREAMD_CONVERT_BYTES_H

#include <streamd/error.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- hexadecimal -------------------------------------------------------------------------- */

/* Writes 2 x n lower-case digits. */
static inline size_t streamd_hex_encode(const void *data, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = (const uint8_t *)data;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    return 2 * n;
}

/* The value of a hexadecimal digit, or -1. */
static inline int streamd_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Writes at most n / 2 bytes and sets `length`. Blanks between the pairs are skipped, as in
   PostgreSQL. 0 or STREAMD_ROW_CAST. `out` may be `p`. */
static inline int streamd_hex_decode(const char *p, size_t n, void *out, size_t *length)
{
    uint8_t *at = (uint8_t *)out;
    size_t i = 0;
    while (i < n) {
        if (p[i] == ' ' || p[i] == '\n' || p[i] == '\t' || p[i] == '\r') {
            i++;
            continue;
        }
        if (n - i < 2)
            return STREAMD_ROW_CAST;
        int high = streamd_hex_digit(p[i]), low = streamd_hex_digit(p[i + 1]);
        if (high < 0 || low < 0)
            return STREAMD_ROW_CAST;
        *at++ = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *length = (size_t)(at - (uint8_t *)out);
    return 0;
}

/* ---- base64 ------------------------------------------------------------------------------- */

/* Bytes that streamd_base64_encode writes for n bytes. */
static inline size_t streamd_base64_length(size_t n)
{
    return (n + 2) / 3 * 4;
}

/* RFC 4648, padded, in one line. */
static inline size_t streamd_base64_encode(const void *data, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = (const uint8_t *)data;
    char *at = out;
    for (; n >= 3; n -= 3, p += 3, at += 4) {
        uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        at[0] = digits[v >> 18];
        at[1] = digits[v >> 12 & 63];
        at[2] = digits[v >> 6 & 63];
        at[3] = digits[v & 63];
    }
    if (n) {
        uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        at[0] = digits[v >> 18];
        at[1] = digits[v >> 12 & 63];
        at[2] = n == 2 ? digits[v >> 6 & 63] : '=';
        at[3] = '=';
        at += 4;
    }
    return (size_t)(at - out);
}

/* The value of a base64 digit, or -1. */
static inline int streamd_base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Writes at most n / 4 * 3 bytes and sets `length`. Blanks anywhere are skipped; padding is needed,
   as in PostgreSQL. 0 or STREAMD_ROW_CAST. `out` may be `p`. */
static inline int streamd_base64_decode(const char *p, size_t n, void *out, size_t *length)
{
    uint8_t *at = (uint8_t *)out;
    uint32_t v = 0;
    int have = 0, pad = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ' || p[i] == '\n' || p[i] == '\t' || p[i] == '\r')
            continue;
        int d = p[i] == '=' && have >= 2 ? 0 : streamd_base64_digit(p[i]);
        pad += p[i] == '=';
        if (d < 0 || pad > 2 || (pad && p[i] != '='))
            return STREAMD_ROW_CAST;
        v = v << 6 | (uint32_t)d;
        if (++have < 4)
            continue;
        *at++ = (uint8_t)(v >> 16);
        if (pad < 2)
            *at++ = (uint8_t)(v >> 8);
        if (pad < 1)
            *at++ = (uint8_t)v;
        v = 0;
        have = 0;
    }
    if (have)
        return STREAMD_ROW_CAST;
    *length = (size_t)(at - (uint8_t *)out);
    return 0;
}

#ifdef __cplusplus
}
#endif
#endif
