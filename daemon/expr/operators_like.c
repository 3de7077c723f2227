/*
 * LIKE and ILIKE. A constant pattern is taken apart at plan time: most are a text with % at one or
 * both ends, which is one memcmp or a search for the text. ILIKE compares letters in lower case.
 *
 * A general pattern is matched from left to right and tried again one character later from the
 * last % only, so that the time is at most the product of both lengths.
 */
#include "expr/kernel.h"
#include "expr/tables.h"

#include "base/error.h"
#include "base/memory.h"
#include "expr/functions/unicode.h"

#include <stdlib.h>

enum shape { EXACT, PREFIX, SUFFIX, CONTAINS, GENERAL };

/* A pattern taken apart; `piece` is its text without % and escapes. */
struct like {
    enum shape shape;
    size_t length;
    char piece[];
};

static const char trailing_escape[] = "a pattern must not end with its escape character";

/* ---- matching ----------------------------------------------------------------------------- */

static size_t character_length(const char *p, const char *end)
{
    const char *start = p++;

    while (p < end && !utf8_is_start(*p))
        p++;
    return (size_t)(p - start);
}

/* Is what stands at s and p the same, up to case? Sets how long it is in both. */
static int same_folded(const char *s, const char *s_end, const char *p, const char *p_end,
                       size_t *s_length, size_t *p_length)
{
    uint32_t a = utf8_decode(s, (size_t)(s_end - s), s_length);
    uint32_t b = utf8_decode(p, (size_t)(p_end - p), p_length);

    return a == b || unicode_lower(a) == unicode_lower(b);
}

/* 1: matches, 0: does not, -1: the pattern ends with an escape. */
static int match(struct streamd_str text, struct streamd_str pattern, int folded)
{
    const char *s = text.data, *s_end = s + text.length;
    const char *p = pattern.data, *p_end = p + pattern.length;
    const char *after_percent = NULL, *retry = NULL;

    while (s < s_end) {
        size_t s_length = 1, p_length = 1;
        int ok;

        if (p < p_end && *p == '%') {
            after_percent = ++p;
            retry = s;
            continue;
        }
        if (p < p_end && *p == '_') {
            s += character_length(s, s_end);
            p++;
            continue;
        }
        if (p < p_end && *p == '\\' && ++p == p_end)
            return -1;
        ok = p < p_end &&
             (folded ? same_folded(s, s_end, p, p_end, &s_length, &p_length) : *s == *p);
        if (ok) {
            s += s_length;
            p += p_length;
        } else if (after_percent) {
            retry += character_length(retry, s_end);
            s = retry;
            p = after_percent;
        } else {
            return 0;
        }
    }
    while (p < p_end && *p == '%')
        p++;
    return p == p_end;
}

/* ---- patterns ----------------------------------------------------------------------------- */

/* Fills the piece and the shape. -1: ends with an escape. */
static int take_apart(struct streamd_str pattern, struct like *like)
{
    size_t start = 0, end = pattern.length, last = 0, out = 0;
    int open_start, open_end;

    while (start < end && pattern.data[start] == '%')
        start++;
    for (size_t i = start; i < end; i++) { /* where does the last escape end? */
        if (pattern.data[i] != '\\')
            continue;
        if (++i == end)
            return -1;
        last = i + 1;
    }
    open_start = start > 0;
    while (end > start && end > last && pattern.data[end - 1] == '%')
        end--;
    open_end = end < pattern.length;
    for (size_t i = start; i < end; i++) {
        if (pattern.data[i] == '%' || pattern.data[i] == '_') {
            like->shape = GENERAL;
            return 0;
        }
        if (pattern.data[i] == '\\')
            i++;
        like->piece[out++] = pattern.data[i];
    }
    like->length = out;
    like->shape = open_start ? (open_end || start == pattern.length ? CONTAINS : SUFFIX)
                             : (open_end ? PREFIX : EXACT);
    return 0;
}

static int prepare(const struct streamd_vector *args, uint32_t argc, void **prepared,
                   struct streamd_error *error)
{
    struct streamd_str pattern;
    struct like *like;

    (void)argc;
    if (!args[1].values || args[1].mask || args[1].nulls)
        return 0;
    pattern = *(const struct streamd_str *)args[1].values;
    like = memory_alloc(sizeof(*like) + pattern.length);
    if (!like)
        return error_set_nomem(error);
    if (take_apart(pattern, like)) {
        memory_free(like);
        return error_set(error, STREAMD_E_INVALID, "%s", trailing_escape);
    }
    *prepared = like;
    return 0;
}

/* Does `piece` stand in s? memmem(3) sets up tables first, which costs more than most of our texts
   are long. n > 0. */
static int contains(struct streamd_str s, const char *piece, size_t n)
{
    const char *p = s.data, *last = s.data + s.length - n;

    while (p <= last && (p = memchr(p, piece[0], (size_t)(last - p) + 1))) {
        if (memcmp(p, piece, n) == 0)
            return 1;
        p++;
    }
    return 0;
}

static inline int matches(const struct like *like, struct streamd_str s)
{
    size_t n = like->length;

    switch (like->shape) {
    case EXACT:
        return s.length == n && memcmp(s.data, like->piece, n) == 0;
    case PREFIX:
        return s.length >= n && memcmp(s.data, like->piece, n) == 0;
    case SUFFIX:
        return s.length >= n && memcmp(s.data + s.length - n, like->piece, n) == 0;
    default:
        return s.length >= n && (n == 0 || contains(s, like->piece, n));
    }
}

/* ---- kernels ------------------------------------------------------------------------------ */

static int run(struct streamd_call *call, int folded, int negated)
{
    const struct like *like = call->prepared;
    uint8_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str s = KERNEL_ARG(call, 0, struct streamd_str, i);
        int m = like && like->shape != GENERAL && !folded
                    ? matches(like, s)
                    : match(s, KERNEL_ARG(call, 1, struct streamd_str, i), folded);

        result[i] = (uint8_t)((m > 0) != negated);
        if (m < 0 && call->host->row_error(call, i, STREAMD_ROW_ARGUMENT, trailing_escape))
            return STREAMD_E_REPORTED;
    }
    return 0;
}

static int like(struct streamd_call *call)
{
    return run(call, 0, 0);
}

static int not_like(struct streamd_call *call)
{
    return run(call, 0, 1);
}

static int ilike(struct streamd_call *call)
{
    return run(call, 1, 0);
}

static int not_ilike(struct streamd_call *call)
{
    return run(call, 1, 1);
}

/* Rewrites a pattern with another escape character, or with none, for the backslash. */
static size_t rewrite(struct streamd_str pattern, struct streamd_str escape, char *out)
{
    size_t n = 0;
    int escaped = 0;

    for (size_t i = 0; i < pattern.length; i++) {
        const char *p = pattern.data + i;

        if (!escaped && escape.length && pattern.length - i >= escape.length &&
            memcmp(p, escape.data, escape.length) == 0) {
            out[n++] = '\\';
            escaped = 1;
            i += escape.length - 1;
            continue;
        }
        if (*p == '\\' && !escaped)
            out[n++] = '\\';
        out[n++] = *p;
        escaped = 0;
    }
    return n;
}

static int like_escape(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = kernel_row(call, k);
        struct streamd_str pattern = KERNEL_ARG(call, 0, struct streamd_str, i);
        struct streamd_str escape = KERNEL_ARG(call, 1, struct streamd_str, i);
        char *out = call->host->alloc(call, pattern.length * 2);

        if (!out)
            return STREAMD_E_NOMEM;
        result[i].data = out;
        result[i].length = 0;
        if (escape.length &&
            character_length(escape.data, escape.data + escape.length) != escape.length) {
            if (call->host->row_error(call, i, STREAMD_ROW_ARGUMENT,
                                      "the escape of a pattern is one character, or none"))
                return STREAMD_E_REPORTED;
            continue;
        }
        result[i].length = rewrite(pattern, escape, out);
    }
    return 0;
}

#define ENTRY(name_, kernel_)                                                         \
    {                                                                                 \
        .name = (name_), .argc = 2, .args = {STREAMD_STRING, STREAMD_STRING},         \
        .result = {.id = STREAMD_BOOL}, .prepare = prepare, .unprepare = memory_free, \
        .kernel = (kernel_)                                                           \
    }

const struct streamd_function operators_like[] = {
    ENTRY("~~", like),
    ENTRY("!~~", not_like),
    ENTRY("~~*", ilike),
    ENTRY("!~~*", not_ilike),
    {.name = "like_escape",
     .argc = 2,
     .args = {STREAMD_STRING, STREAMD_STRING},
     .result = {.id = STREAMD_STRING},
     .kernel = like_escape},
    {.name = NULL},
};
