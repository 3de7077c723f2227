/* A growing text, JSON escaping, did-you-mean (edit distance with transpositions), UTF-8 check. */
#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int reserve(struct text *t, size_t more)
{
    size_t capacity = t->capacity ? t->capacity : 64;
    char *data;

    if (t->failed)
        return -1;
    if (more > SIZE_MAX / 2 - t->length - 1) {
        t->failed = 1;
        return -1;
    }
    while (capacity < t->length + more + 1)
        capacity *= 2;
    if (capacity == t->capacity)
        return 0;
    data = memory_realloc(t->data, capacity, 1);
    if (!data) {
        t->failed = 1;
        return -1;
    }
    t->data = data;
    t->capacity = capacity;
    return 0;
}

void text_append(struct text *t, const char *data, size_t length)
{
    if (reserve(t, length))
        return;
    memcpy(t->data + t->length, data, length);
    t->length += length;
    t->data[t->length] = '\0';
}

void text_add(struct text *t, const char *string)
{
    text_append(t, string, strlen(string));
}

void text_add_char(struct text *t, char c)
{
    text_append(t, &c, 1);
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0 && !reserve(t, (size_t)length)) {
        vsnprintf(t->data + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void text_add_json(struct text *t, const char *string, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    size_t i = 0;

    text_add_char(t, '"');
    while (i < length) {
        unsigned char c = (unsigned char)string[i];
        size_t valid = text_utf8_prefix(string + i, length - i < 4 ? length - i : 4);

        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};
            text_append(t, pair, 2);
            i++;
        } else if (c == '\n') {
            text_add(t, "\\n");
            i++;
        } else if (c < 0x20 || c == 0x7f) {
            char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            text_append(t, escape, sizeof(escape));
            i++;
        } else if (valid == 0) {
            text_add(t, "\\ufffd");
            i++;
        } else if (c < 0x80) {
            text_add_char(t, (char)c);
            i++;
        } else {
            size_t bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            text_append(t, string + i, bytes);
            i += bytes;
        }
    }
    text_add_char(t, '"');
}

const char *text_get(const struct text *t)
{
    return t->data ? t->data : "";
}

int text_failed(const struct text *t)
{
    return t->failed;
}

void text_reset(struct text *t)
{
    t->length = 0;
    t->failed = 0;
    if (t->data)
        t->data[0] = '\0';
}

void text_clear(struct text *t)
{
    memory_free(t->data);
    memset(t, 0, sizeof(*t));
}

enum { LONGEST_WORD = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edit distance where swapping two neighbours counts one. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][LONGEST_WORD + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *spare = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;

            now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *text_closest(const char *word, const char *const *words)
{
    const char *best = NULL;
    size_t length = strlen(word);
    unsigned limit = length < 6 ? 1 : (unsigned)(length / 3);

    if (length > LONGEST_WORD)
        return NULL;
    for (; *words; words++) {
        size_t other = strlen(*words);
        unsigned d;

        if (other > LONGEST_WORD)
            continue;
        d = distance(word, length, *words, other);
        if (d <= limit) {
            best = *words;
            if (d == 0)
                break;
            limit = d - 1;
        }
    }
    return best;
}

/* Bytes of the valid sequence at p, 0 where there is none. */
static size_t sequence(const unsigned char *p, size_t left)
{
    size_t bytes;
    unsigned char low = 0x80, high = 0xbf;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    bytes = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (left < bytes)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

size_t text_utf8_prefix(const char *data, size_t length)
{
    const unsigned char *p = (const unsigned char *)data;
    size_t i = 0;

    while (i < length) {
        uint64_t word;
        size_t step;

        if (length - i >= 8) {
            memcpy(&word, p + i, 8);
            if (!(word & 0x8080808080808080u)) {
                i += 8;
                continue;
            }
        }
        step = sequence(p + i, length - i);
        if (step == 0)
            break;
        i += step;
    }
    return i;
}
