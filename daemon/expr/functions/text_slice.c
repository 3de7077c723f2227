/*
 * Parts of texts: left, right, substring, split_part, trim. A result is a slice of the argument, so
 * that nothing is copied.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/unicode.h"

static struct streamd_str slice(struct streamd_str s, size_t from, size_t to)
{
    return call_str(s.data + from, to - from);
}

/* ---- left, right -------------------------------------------------------------------------- */

/* Byte offset behind `n` characters; from the end where n is negative. */
static size_t place(struct streamd_str s, int64_t n)
{
    if (n >= 0)
        return utf8_offset(s.data, s.length, (uint64_t)n);
    size_t count = utf8_count(s.data, s.length);
    uint64_t back = 0 - (uint64_t)n;
    return back >= count ? 0 : utf8_offset(s.data, s.length, count - back);
}

static int left_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        result[i] = slice(s, 0, place(s, CALL_ARG(call, 1, int64_t, i)));
    }
    return 0;
}

static int right_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        int64_t n = CALL_ARG(call, 1, int64_t, i);
        size_t from = n == 0 ? s.length : n == INT64_MIN ? s.length : place(s, -n);
        result[i] = slice(s, from, s.length);
    }
    return 0;
}

/* ---- substring ---------------------------------------------------------------------------- */

/* From position `start`, which counts from 1 and may lie before the text, `length` units: the range
   of them, counted from 0. */
static void clip(int64_t start, int64_t length, uint64_t *from, uint64_t *to)
{
    int64_t end;

    if (__builtin_add_overflow(start, length, &end))
        end = INT64_MAX;
    *from = start > 1 ? (uint64_t)start - 1 : 0;
    *to = end > 1 ? (uint64_t)end - 1 : 0;
    if (*to < *from)
        *to = *from;
}

static struct streamd_str cut_characters(struct streamd_str s, uint64_t from, uint64_t to)
{
    size_t begin = utf8_offset(s.data, s.length, from);
    size_t end = begin + utf8_offset(s.data + begin, s.length - begin, to - from);

    return slice(s, begin, end);
}

static struct streamd_str cut_bytes(struct streamd_str s, uint64_t from, uint64_t to)
{
    size_t begin = from < s.length ? from : s.length;

    return slice(s, begin, to < s.length ? (to > begin ? to : begin) : s.length);
}

static int substring(struct streamd_call *call,
                     struct streamd_str (*cut)(struct streamd_str, uint64_t, uint64_t))
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t length = call->argc == 3 ? CALL_ARG(call, 2, int64_t, i) : INT64_MAX;
        uint64_t from, to;
        if (length < 0) {
            int rc =
                call_error(call, i, STREAMD_ROW_ARGUMENT, "negative substring length not allowed");
            if (rc)
                return rc;
            length = 0;
        }
        clip(CALL_ARG(call, 1, int64_t, i), length, &from, &to);
        if (call->argc == 2)
            to = UINT64_MAX;
        result[i] = cut(CALL_ARG(call, 0, struct streamd_str, i), from, to);
    }
    return 0;
}

static int substring_kernel(struct streamd_call *call)
{
    return substring(call, cut_characters);
}

static int substring_bytes_kernel(struct streamd_call *call)
{
    return substring(call, cut_bytes);
}

/* ---- split_part --------------------------------------------------------------------------- */

/* Where `what`, which is not empty, begins at or behind `from`; s.length: nowhere. */
static size_t find(struct streamd_str s, struct streamd_str what, size_t from)
{
    const char *p =
        s.length > from ? memmem(s.data + from, s.length - from, what.data, what.length) : NULL;

    return p ? (size_t)(p - s.data) : s.length;
}

static struct streamd_str part_of(struct streamd_str s, struct streamd_str by, int64_t number)
{
    struct streamd_str none = call_str("", 0);
    size_t from = 0;

    if (by.length == 0 || s.length == 0)
        return number == 1 || number == -1 ? s : none;
    if (number < 0) {
        int64_t parts = 1;
        for (size_t at = find(s, by, 0); at < s.length; at = find(s, by, at + by.length))
            parts++;
        number = number < -parts ? 0 : parts + 1 + number;
        if (number == 0)
            return none;
    }
    for (;;) {
        size_t at = find(s, by, from);
        if (--number == 0)
            return slice(s, from, at);
        if (at == s.length)
            return none;
        from = at + by.length;
    }
}

static int split_part_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t number = CALL_ARG(call, 2, int64_t, i);
        if (number == 0) {
            int rc = call_error(call, i, STREAMD_ROW_ARGUMENT, "field position must not be zero");
            if (rc)
                return rc;
            number = 1;
        }
        result[i] = part_of(CALL_ARG(call, 0, struct streamd_str, i),
                            CALL_ARG(call, 1, struct streamd_str, i), number);
    }
    return 0;
}

/* ---- trim --------------------------------------------------------------------------------- */

/* Is the character of n bytes at p one of the set? */
static int is_in(const char *p, size_t n, struct streamd_str set)
{
    for (size_t at = 0; at < set.length;) {
        size_t m = utf8_length(set.data + at, set.length - at);
        if (m == n && memcmp(p, set.data + at, n) == 0)
            return 1;
        at += m;
    }
    return 0;
}

static struct streamd_str trim(struct streamd_str s, struct streamd_str set, int start, int end)
{
    while (start && s.length) {
        size_t n = utf8_length(s.data, s.length);
        if (!is_in(s.data, n, set))
            break;
        s = slice(s, n, s.length);
    }
    while (end && s.length) {
        size_t at = s.length - 1;
        while (at && !utf8_is_start(s.data[at]))
            at--;
        if (!is_in(s.data + at, s.length - at, set))
            break;
        s.length = at;
    }
    return s;
}

static int trim_all(struct streamd_call *call, int start, int end)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str set =
            call->argc == 2 ? CALL_ARG(call, 1, struct streamd_str, i) : call_str(" ", 1);
        result[i] = trim(CALL_ARG(call, 0, struct streamd_str, i), set, start, end);
    }
    return 0;
}

static int btrim_kernel(struct streamd_call *call)
{
    return trim_all(call, 1, 1);
}

static int ltrim_kernel(struct streamd_call *call)
{
    return trim_all(call, 1, 0);
}

static int rtrim_kernel(struct streamd_call *call)
{
    return trim_all(call, 0, 1);
}

/* ---- table -------------------------------------------------------------------------------- */

#define STRING STREAMD_STRING
#define RESULT(kernel_, doc_) .result = {STRING, 0, 0, 0}, .kernel = (kernel_), .doc = (doc_)
#define TRIM(name_, kernel_, where)                                                  \
    {.name = (name_), CALL_ARGS1(STRING), RESULT(kernel_, "without blanks " where)}, \
    {                                                                                \
        .name = (name_), CALL_ARGS2(STRING, STRING),                                 \
        RESULT(kernel_, "without characters of the second argument " where)          \
    }
#define SUBSTRING(name_)                                                          \
    {.name = (name_),                                                             \
     CALL_ARGS2(STRING, STREAMD_INT64),                                           \
     RESULT(substring_kernel, "from a position on, which counts from 1")},        \
        {.name = (name_),                                                         \
         CALL_ARGS3(STRING, STREAMD_INT64, STREAMD_INT64),                        \
         RESULT(substring_kernel, "from a position on, so many characters")},     \
        {.name = (name_),                                                         \
         CALL_ARGS2(STREAMD_BYTES, STREAMD_INT64),                                \
         .result = {STREAMD_BYTES, 0, 0, 0},                                      \
         .kernel = substring_bytes_kernel,                                        \
         .doc = "from a position on, which counts from 1"},                       \
    {                                                                             \
        .name = (name_), CALL_ARGS3(STREAMD_BYTES, STREAMD_INT64, STREAMD_INT64), \
        .result = {STREAMD_BYTES, 0, 0, 0}, .kernel = substring_bytes_kernel,     \
        .doc = "from a position on, so many bytes"                                \
    }

const struct streamd_function functions_text_slice[] = {
    {.name = "left",
     CALL_ARGS2(STRING, STREAMD_INT64),
     RESULT(left_kernel, "the first so many characters; negative: all but the last so many")},
    {.name = "right",
     CALL_ARGS2(STRING, STREAMD_INT64),
     RESULT(right_kernel, "the last so many characters; negative: all but the first so many")},
    SUBSTRING("substring"),
    SUBSTRING("substr"),
    {.name = "split_part",
     CALL_ARGS3(STRING, STRING, STREAMD_INT64),
     RESULT(split_part_kernel,
            "the part of that number between delimiters; negative: counted from the end")},
    TRIM("btrim", btrim_kernel, "at both ends"),
    TRIM("ltrim", ltrim_kernel, "at the start"),
    TRIM("rtrim", rtrim_kernel, "at the end"),
    {.name = NULL}};
