/*
 * Texts made of texts: pad, repeat, replace, translate, overlay, quote; and the search that they
 * share. What a result needs is counted first, then it is written.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/unicode.h"

#define STR(call, x, row) CALL_ARG(call, x, struct streamd_str, row)

/* Appends bytes at *at. */
static void put(char **at, const char *data, size_t n)
{
    if (n)
        memcpy(*at, data, n);
    *at += n;
}

/* ---- lpad, rpad --------------------------------------------------------------------------- */

/* Bytes of the first `count` characters of `fill`, repeated. */
static size_t fill_bytes(struct streamd_str fill, size_t characters, uint64_t count)
{
    return (size_t)(count / characters) * fill.length +
           utf8_offset(fill.data, fill.length, count % characters);
}

static void put_fill(char **at, struct streamd_str fill, size_t bytes)
{
    for (; bytes >= fill.length; bytes -= fill.length)
        put(at, fill.data, fill.length);
    put(at, fill.data, bytes);
}

static int pad(struct streamd_call *call, int left)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        struct streamd_str fill = call->argc == 3 ? STR(call, 2, i) : call_str(" ", 1);
        int64_t want = CALL_ARG(call, 1, int64_t, i);
        size_t have = utf8_count(s.data, s.length);
        size_t units = utf8_count(fill.data, fill.length);
        if (want < 0)
            want = 0;
        if ((uint64_t)want <= have || units == 0) {
            result[i] = call_str(s.data, utf8_offset(s.data, s.length, (uint64_t)want));
            continue;
        }
        if (want > (int64_t)CALL_TEXT_MAX / 4) {
            int rc = call_text_error(call, i, STREAMD_ROW_RANGE, "requested length too large");
            if (rc)
                return rc;
            continue;
        }
        size_t bytes = fill_bytes(fill, units, (uint64_t)want - have);
        char *at = call_reserve(call, &memory, s.length + bytes);
        if (!at)
            return STREAMD_E_NOMEM;
        if (!left)
            put(&at, s.data, s.length);
        put_fill(&at, fill, bytes);
        if (left)
            put(&at, s.data, s.length);
        result[i] = call_take(&memory, s.length + bytes);
    }
    return 0;
}

static int lpad_kernel(struct streamd_call *call)
{
    return pad(call, 1);
}

static int rpad_kernel(struct streamd_call *call)
{
    return pad(call, 0);
}

static int repeat_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        int64_t times = CALL_ARG(call, 1, int64_t, i);
        uint64_t bytes = 0;
        if (times > 0 && __builtin_mul_overflow(s.length, (uint64_t)times, &bytes))
            bytes = UINT64_MAX;
        if (bytes >= CALL_TEXT_MAX) {
            int rc = call_text_error(call, i, STREAMD_ROW_RANGE, "requested length too large");
            if (rc)
                return rc;
            continue;
        }
        char *at = call_reserve(call, &memory, bytes);
        if (!at && bytes)
            return STREAMD_E_NOMEM;
        if (bytes)
            put_fill(&at, s, bytes);
        result[i] = call_take(&memory, bytes);
    }
    return 0;
}

/* ---- search ------------------------------------------------------------------------------- */

/* Position in characters, from 1; 0: it is not there. */
static int strpos_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i), what = STR(call, 1, i);
        const char *p = what.length == 0 ? s.data
                        : s.length       ? memmem(s.data, s.length, what.data, what.length)
                                         : NULL;
        int found = p || what.length == 0;
        result[i] =
            found ? 1 + (int64_t)(what.length ? utf8_count(s.data, (size_t)(p - s.data)) : 0) : 0;
    }
    return 0;
}

static int starts_with_kernel(struct streamd_call *call)
{
    uint8_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i), prefix = STR(call, 1, i);
        result[i] = prefix.length == 0 ||
                    (s.length >= prefix.length && memcmp(s.data, prefix.data, prefix.length) == 0);
    }
    return 0;
}

/* How often `what`, not empty, stands in s without overlap. */
static size_t occurrences(struct streamd_str s, struct streamd_str what)
{
    const char *p = s.data, *end = s.data + s.length;
    size_t n = 0;

    while (p < end && (p = memmem(p, (size_t)(end - p), what.data, what.length))) {
        n++;
        p += what.length;
    }
    return n;
}

static void put_replaced(char **at, struct streamd_str s, struct streamd_str what,
                         struct streamd_str by)
{
    const char *p = s.data, *end = s.data + s.length, *hit;

    while (p < end && (hit = memmem(p, (size_t)(end - p), what.data, what.length))) {
        put(at, p, (size_t)(hit - p));
        put(at, by.data, by.length);
        p = hit + what.length;
    }
    put(at, p, (size_t)(end - p));
}

static int replace_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i), what = STR(call, 1, i), by = STR(call, 2, i);
        size_t count = what.length && s.length ? occurrences(s, what) : 0;
        uint64_t added = 0;
        result[i] = s;
        if (count == 0)
            continue;
        if (__builtin_mul_overflow((uint64_t)count, (uint64_t)by.length, &added) ||
            added >= CALL_TEXT_MAX) {
            int rc = call_too_long(call, i);
            if (rc)
                return rc;
            continue;
        }
        size_t bytes = s.length - count * what.length + added;
        char *at = call_reserve(call, &memory, bytes);
        if (!at && bytes)
            return STREAMD_E_NOMEM;
        put_replaced(&at, s, what, by);
        result[i] = call_take(&memory, bytes);
    }
    return 0;
}

/* ---- translate ---------------------------------------------------------------------------- */

/* The character that stands for the one of n bytes at p; length 0: it goes; NULL: itself. */
static struct streamd_str counterpart(const char *p, size_t n, struct streamd_str from,
                                      struct streamd_str to)
{
    size_t b = 0;

    for (size_t a = 0; a < from.length;) {
        size_t m = utf8_length(from.data + a, from.length - a);
        size_t w = b < to.length ? utf8_length(to.data + b, to.length - b) : 0;
        if (m == n && memcmp(p, from.data + a, n) == 0)
            return call_str(to.length ? to.data + b : "", w);
        a += m;
        b += w;
    }
    return call_str(NULL, 0);
}

static int translate_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i), from = STR(call, 1, i), to = STR(call, 2, i);
        size_t n, used = 0;
        if (s.length >= CALL_TEXT_MAX / 4) {
            int rc = call_too_long(call, i);
            if (rc)
                return rc;
            continue;
        }
        char *out = call_reserve(call, &memory, 4 * s.length);
        if (!out && s.length)
            return STREAMD_E_NOMEM;
        for (size_t at = 0; at < s.length; at += n) {
            n = utf8_length(s.data + at, s.length - at);
            struct streamd_str c = counterpart(s.data + at, n, from, to);
            if (!c.data)
                c = call_str(s.data + at, n);
            if (c.length)
                memcpy(out + used, c.data, c.length);
            used += c.length;
        }
        result[i] = call_take(&memory, used);
    }
    return 0;
}

/* ---- overlay ------------------------------------------------------------------------------ */

static int overlay_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i), by = STR(call, 1, i);
        int64_t from = CALL_ARG(call, 2, int64_t, i);
        int64_t count = call->argc == 4 ? CALL_ARG(call, 3, int64_t, i)
                                        : (int64_t)utf8_count(by.data, by.length);
        int64_t next;
        int over = __builtin_add_overflow(from, count, &next);
        if (from <= 0 || over) {
            int rc =
                call_error(call, i, over ? STREAMD_ROW_OVERFLOW : STREAMD_ROW_ARGUMENT,
                           over ? "integer out of range" : "negative substring length not allowed");
            if (rc)
                return rc;
            continue;
        }
        size_t head = utf8_offset(s.data, s.length, (uint64_t)from - 1);
        size_t tail = next > 1 ? utf8_offset(s.data, s.length, (uint64_t)next - 1) : 0;
        size_t bytes = head + by.length + (s.length - tail);
        char *at = call_reserve(call, &memory, bytes);
        if (!at && bytes)
            return STREAMD_E_NOMEM;
        put(&at, s.data, head);
        put(&at, by.data, by.length);
        put(&at, s.data + tail, s.length - tail);
        result[i] = call_take(&memory, bytes);
    }
    return 0;
}

/* As a constant of SQL: quotes doubled; with a backslash, an E in front and backslashes doubled. */
static int quote_literal_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        char *out = call_reserve(call, &memory, 2 * s.length + 3), *at = out;
        if (!out)
            return STREAMD_E_NOMEM;
        if (s.length && memchr(s.data, '\\', s.length))
            *at++ = 'E';
        *at++ = '\'';
        for (size_t b = 0; b < s.length; b++) {
            if (s.data[b] == '\'' || s.data[b] == '\\')
                *at++ = s.data[b];
            *at++ = s.data[b];
        }
        *at++ = '\'';
        result[i] = call_take(&memory, (size_t)(at - out));
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define STRING STREAMD_STRING
#define RESULT(kernel_, doc_) .result = {STRING, 0, 0, 0}, .kernel = (kernel_), .doc = (doc_)
#define POSITION(name_)                                                                      \
    {                                                                                        \
        .name = (name_), CALL_ARGS2(STRING, STRING), .result = {STREAMD_INT64, 0, 0, 0},     \
        .kernel = strpos_kernel,                                                             \
        .doc = "where the second text begins in the first, in characters from 1; 0: nowhere" \
    }

const struct streamd_function functions_text_build[] = {
    {.name = "lpad",
     CALL_ARGS2(STRING, STREAMD_INT64),
     RESULT(lpad_kernel, "blanks in front up to a length; cut where longer")},
    {.name = "lpad",
     CALL_ARGS3(STRING, STREAMD_INT64, STRING),
     RESULT(lpad_kernel, "a text in front, repeated up to a length; cut where longer")},
    {.name = "rpad",
     CALL_ARGS2(STRING, STREAMD_INT64),
     RESULT(rpad_kernel, "blanks behind up to a length; cut where longer")},
    {.name = "rpad",
     CALL_ARGS3(STRING, STREAMD_INT64, STRING),
     RESULT(rpad_kernel, "a text behind, repeated up to a length; cut where longer")},
    {.name = "repeat",
     CALL_ARGS2(STRING, STREAMD_INT64),
     RESULT(repeat_kernel, "the text so many times")},
    POSITION("strpos"),
    POSITION("position"),
    {.name = "starts_with",
     CALL_ARGS2(STRING, STRING),
     .result = {STREAMD_BOOL, 0, 0, 0},
     .kernel = starts_with_kernel,
     .doc = "does the first text begin with the second"},
    {.name = "replace",
     CALL_ARGS3(STRING, STRING, STRING),
     RESULT(replace_kernel, "each occurrence of the second text replaced by the third")},
    {.name = "translate",
     CALL_ARGS3(STRING, STRING, STRING),
     RESULT(translate_kernel,
            "each character of the second text replaced by the one at its place in the third, or "
            "dropped where there is none")},
    {.name = "overlay",
     CALL_ARGS3(STRING, STRING, STREAMD_INT64),
     RESULT(overlay_kernel, "the second text laid over the first from a position on")},
    {.name = "overlay",
     CALL_ARGS4(STRING, STRING, STREAMD_INT64, STREAMD_INT64),
     RESULT(overlay_kernel, "so many characters from a position on replaced by the second text")},
    {.name = "quote_literal",
     CALL_ARGS1(STRING),
     RESULT(quote_literal_kernel, "as a constant of SQL, in quotes")},
    {.name = NULL}};
