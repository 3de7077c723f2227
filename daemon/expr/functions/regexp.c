/*
 * regexp_replace, regexp_match, regexp_substr, regexp_count, regexp_like, regexp_instr, and
 * substring by a pattern. Arguments have PostgreSQL 15's order; positions count characters from 1.
 * A build without PCRE2 has none of them.
 */
#include "expr/functions/functions.h"

#include <stddef.h>

#ifdef STREAMD_WITH_PCRE2

#include "expr/functions/call.h"
#include "expr/functions/json_write.h"
#include "expr/functions/regex.h"
#include "expr/functions/unicode.h"

#define STR(call, x, row) CALL_ARG(call, x, struct streamd_str, row)

/* Where the arguments behind text and pattern are; 0: there is none, and the default holds. */
struct shape {
    uint8_t start, count, end, flags, group;
};

/* Which match is wanted. */
struct wanted {
    size_t from;    /* byte at which the search begins */
    int64_t number; /* of the match, from 1; 0: all */
    int64_t group;
    int end; /* regexp_instr: the place behind it */
};

static int bad(struct streamd_call *call, uint32_t row, const char *message)
{
    return call_error(call, row, STREAMD_ROW_ARGUMENT, message);
}

/* Sets the row's expression. 1: there is one; 0: the row was rejected; negative. */
static int expression_of(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
                         int flags)
{
    int rc = regex_row(call, batch, row, 1, flags ? flags : -1);

    if (rc || !batch->regex)
        return rc;
    if (batch->regex->global) /* regexp_replace, which has it, does not come here */
        return bad(call, row, "this function does not support the \"global\" option");
    return 1;
}

/* Reads the numbers of a row. 1: fine; 0: the row was rejected; negative. */
static int read_wanted(struct streamd_call *call, const struct shape *shape, uint32_t row,
                       int64_t least, struct wanted *w)
{
    struct streamd_str s = STR(call, 0, row);
    int64_t start = shape->start ? CALL_ARG(call, shape->start, int64_t, row) : 1;
    int64_t end = shape->end ? CALL_ARG(call, shape->end, int64_t, row) : 0;

    w->number = shape->count ? CALL_ARG(call, shape->count, int64_t, row) : 1;
    w->group = shape->group ? CALL_ARG(call, shape->group, int64_t, row) : 0;
    w->end = end == 1;
    if (start <= 0)
        return bad(call, row, "invalid value for parameter \"start\"");
    if (w->number < least)
        return bad(call, row, "invalid value for parameter \"n\"");
    if (end != 0 && end != 1)
        return bad(call, row, "invalid value for parameter \"endoption\"");
    if (w->group < 0)
        return bad(call, row, "invalid value for parameter \"subexpr\"");
    w->from = utf8_offset(s.data, s.length, (uint64_t)start - 1);
    if (start > 1 && (uint64_t)start - 1 > utf8_count(s.data, s.length))
        w->from = s.length + 1; /* behind the end there is nothing, not even an empty match */
    return 1;
}

/* Finds match number w->number. 1, 0, or REGEX_FAILED with *rc. */
static int find_wanted(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
                       struct streamd_str s, const struct wanted *w, int *rc)
{
    size_t from = w->from;

    *rc = 0;
    for (int64_t n = 1; from <= s.length; n++) {
        int found = regex_find(call, batch, row, s, from, rc);
        if (found != 1 || n == w->number)
            return found;
        from = regex_next(batch, s);
    }
    return 0;
}

/* Where the wanted group lies; a pattern without groups is group 1 itself, as in PostgreSQL. */
static int wanted_group(const struct regex_batch *batch, const struct wanted *w, size_t *begin,
                        size_t *end)
{
    int64_t group = w->group == 1 && batch->regex->groups == 0 ? 0 : w->group;

    return group <= batch->regex->groups && regex_group(batch, (uint32_t)group, begin, end);
}

/* ---- regexp_like, regexp_count, regexp_instr ---------------------------------------------- */

/* Counts matches from w->from on. Answers 1, or REGEX_FAILED with *rc. */
static int count_all(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
                     struct streamd_str s, size_t from, int64_t *count, int *rc)
{
    *rc = 0;
    for (*count = 0; from <= s.length; ++*count, from = regex_next(batch, s)) {
        int found = regex_find(call, batch, row, s, from, rc);
        if (found != 1)
            return found == 0 ? 1 : REGEX_FAILED;
    }
    return 1;
}

static int like(struct streamd_call *call, int flags)
{
    struct regex_batch batch = {0};
    uint8_t *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        result[i] = 0;
        rc = expression_of(call, &batch, i, flags);
        if (rc == 1)
            result[i] = regex_find(call, &batch, i, STR(call, 0, i), 0, &rc) == 1;
    }
    regex_batch_clear(&batch);
    return rc;
}

static int count(struct streamd_call *call, const struct shape *shape)
{
    struct regex_batch batch = {0};
    int64_t *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct wanted w;
        result[i] = 0;
        rc = expression_of(call, &batch, i, shape->flags);
        if (rc == 1)
            rc = read_wanted(call, shape, i, 1, &w);
        if (rc == 1)
            count_all(call, &batch, i, STR(call, 0, i), w.from, &result[i], &rc);
    }
    regex_batch_clear(&batch);
    return rc;
}

static int instr(struct streamd_call *call, const struct shape *shape)
{
    struct regex_batch batch = {0};
    int64_t *result = call->result->values;
    size_t begin, end;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        struct wanted w;
        result[i] = 0;
        rc = expression_of(call, &batch, i, shape->flags);
        if (rc == 1)
            rc = read_wanted(call, shape, i, 1, &w);
        if (rc == 1 && find_wanted(call, &batch, i, s, &w, &rc) == 1 &&
            wanted_group(&batch, &w, &begin, &end))
            result[i] = 1 + (int64_t)utf8_count(s.data, w.end ? end : begin);
    }
    regex_batch_clear(&batch);
    return rc;
}

/* ---- regexp_substr, substring, regexp_match ----------------------------------------------- */

/* `first_group`: what substring(text, pattern) answers: the first group, where there is one. */
static int substr(struct streamd_call *call, const struct shape *shape, int first_group)
{
    struct regex_batch batch = {0};
    struct streamd_str *result = call->result->values;
    size_t begin, end;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        struct wanted w;
        result[i] = call_str("", 0);
        rc = expression_of(call, &batch, i, shape->flags);
        if (rc == 1)
            rc = read_wanted(call, shape, i, 1, &w);
        if (rc != 1)
            continue;
        if (first_group && batch.regex->groups)
            w.group = 1;
        int found = find_wanted(call, &batch, i, s, &w, &rc);
        if (found == REGEX_FAILED)
            continue;
        if (found && wanted_group(&batch, &w, &begin, &end))
            result[i] = call_str(s.data + begin, end - begin);
        else
            rc = call_text_null(call, i);
    }
    regex_batch_clear(&batch);
    return rc;
}

/* The groups of the match, or the whole where there are none, as an array of json. 0: no memory. */
static int put_groups(struct streamd_call *call, struct call_memory *memory,
                      const struct regex_batch *batch, struct streamd_str s,
                      struct streamd_str *result)
{
    struct streamd_type text = {STREAMD_STRING, 0, 0, 0};
    uint32_t first = batch->regex->groups ? 1 : 0, last = batch->regex->groups;
    size_t begin, end, room = 2, used = 0;

    for (uint32_t g = first; g <= last; g++)
        room += regex_group(batch, g, &begin, &end) ? 6 * (end - begin) + 3 : 5;
    char *out = call_reserve(call, memory, room);
    if (!out)
        return 0;
    for (uint32_t g = first; g <= last; g++) {
        out[used++] = g == first ? '[' : ',';
        if (regex_group(batch, g, &begin, &end)) {
            struct streamd_str part = call_str(s.data + begin, end - begin);
            used += json_write(text, &part, out + used);
        } else {
            memcpy(out + used, "null", 4);
            used += 4;
        }
    }
    out[used++] = ']';
    *result = call_take(memory, used);
    return 1;
}

static int match(struct streamd_call *call, int flags)
{
    struct regex_batch batch = {0};
    struct call_memory memory = {NULL, NULL};
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        result[i] = call_str("", 0);
        rc = expression_of(call, &batch, i, flags);
        if (rc != 1)
            continue;
        int found = regex_find(call, &batch, i, s, 0, &rc);
        if (found == 0)
            rc = call_text_null(call, i);
        else if (found == 1 && !put_groups(call, &memory, &batch, s, &result[i]))
            rc = STREAMD_E_NOMEM;
    }
    regex_batch_clear(&batch);
    return rc;
}

/* ---- regexp_replace ----------------------------------------------------------------------- */

/* A text that grows, in the batch's memory. */
struct growing {
    char *data;
    size_t length, room;
};

/* Appends. 0; 1: it would be longer than 1 GiB; negative. */
static int append(struct streamd_call *call, struct growing *g, const char *data, size_t n)
{
    if (n > CALL_TEXT_MAX - g->length)
        return 1;
    if (g->length + n > g->room) {
        size_t room = 2 * (g->length + n) + 64;
        char *more = call->host->alloc(call, room);
        if (!more)
            return STREAMD_E_NOMEM;
        if (g->length)
            memcpy(more, g->data, g->length);
        g->data = more;
        g->room = room;
    }
    if (n)
        memcpy(g->data + g->length, data, n);
    g->length += n;
    return 0;
}

/* Appends the replacement: \1 to \9 are groups, \& the whole match, \\ a backslash. */
static int append_replacement(struct streamd_call *call, struct growing *g,
                              const struct regex_batch *batch, struct streamd_str s,
                              struct streamd_str by)
{
    size_t begin, end;
    int rc = 0;

    for (size_t i = 0; i < by.length && rc == 0;) {
        const char *slash = memchr(by.data + i, '\\', by.length - i);
        size_t stop = slash ? (size_t)(slash - by.data) : by.length;
        rc = append(call, g, by.data + i, stop - i);
        i = stop;
        if (rc || i == by.length)
            continue;
        char c = i + 1 < by.length ? by.data[i + 1] : 0;
        if (c == '&' || (c >= '1' && c <= '9')) {
            if (regex_group(batch, c == '&' ? 0u : (uint32_t)(c - '0'), &begin, &end))
                rc = append(call, g, s.data + begin, end - begin);
            i += 2;
        } else { /* \\ is one; before anything else it stands for itself */
            rc = append(call, g, "\\", 1);
            i += c == '\\' ? 2 : 1;
        }
    }
    return rc;
}

/* Replaces match number w->number, all where it is 0. 0; 1: too long; REGEX_FAILED with *rc. */
static int replace_in(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
                      struct streamd_str s, struct streamd_str by, const struct wanted *w,
                      struct streamd_str *result, int *rc)
{
    struct growing g = {NULL, 0, 0};
    size_t copied = 0, begin = 0, end = 0;
    int over = 0, replaced = 0;

    *rc = 0;
    for (size_t from = w->from, n = 1; from <= s.length && over == 0; n++) {
        int found = regex_find(call, batch, row, s, from, rc);
        if (found != 1) {
            if (found == REGEX_FAILED)
                return REGEX_FAILED;
            break;
        }
        from = regex_next(batch, s);
        if (w->number && n != (uint64_t)w->number)
            continue;
        regex_group(batch, 0, &begin, &end);
        over = append(call, &g, s.data + copied, begin - copied);
        if (over == 0)
            over = append_replacement(call, &g, batch, s, by);
        copied = end;
        replaced = 1;
        if (w->number)
            break;
    }
    if (over == 0 && replaced)
        over = append(call, &g, s.data + copied, s.length - copied);
    if (over == 0)
        *result = replaced ? call_str(g.length ? g.data : "", g.length) : s;
    *rc = over < 0 ? over : 0;
    return over < 0 ? REGEX_FAILED : over;
}

static int replace(struct streamd_call *call, const struct shape *shape)
{
    struct regex_batch batch = {0};
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct wanted w;
        result[i] = call_str("", 0);
        rc = regex_row(call, &batch, i, 1, shape->flags ? shape->flags : -1);
        if (rc || !batch.regex)
            continue;
        rc = read_wanted(call, shape, i, 0, &w);
        if (rc != 1)
            continue;
        if (batch.regex->global && !shape->count)
            w.number = 0;
        if (replace_in(call, &batch, i, STR(call, 0, i), STR(call, 2, i), &w, &result[i], &rc) == 1)
            rc = call_too_long(call, i);
    }
    regex_batch_clear(&batch);
    return rc;
}

/* ---- table -------------------------------------------------------------------------------- */

/* Prepares for flags at each place where they can be. */
#define PREPARE(name, flags)                                                           \
    static int name(const struct streamd_vector *args, uint32_t argc, void **prepared, \
                    struct streamd_error *error)                                       \
    {                                                                                  \
        (void)argc;                                                                    \
        return regex_prepare(args, 1, flags, prepared, error);                         \
    }

PREPARE(prepare, -1)
PREPARE(prepare2, 2)
PREPARE(prepare3, 3)
PREPARE(prepare4, 4)
PREPARE(prepare5, 5)

/* A kernel that knows where its arguments are. */
#define KERNEL(name, ...)                               \
    static int name##_kernel(struct streamd_call *call) \
    {                                                   \
        return __VA_ARGS__;                             \
    }

KERNEL(like, like(call, 0))
KERNEL(like_flags, like(call, 2))
KERNEL(match, match(call, 0))
KERNEL(match_flags, match(call, 2))
KERNEL(count, count(call, &(const struct shape){0}))
KERNEL(count_start, count(call, &(const struct shape){.start = 2}))
KERNEL(count_flags, count(call, &(const struct shape){.start = 2, .flags = 3}))
KERNEL(instr, instr(call, &(const struct shape){0}))
KERNEL(instr_start, instr(call, &(const struct shape){.start = 2}))
KERNEL(instr_count, instr(call, &(const struct shape){.start = 2, .count = 3}))
KERNEL(instr_end, instr(call, &(const struct shape){.start = 2, .count = 3, .end = 4}))
KERNEL(instr_flags,
       instr(call, &(const struct shape){.start = 2, .count = 3, .end = 4, .flags = 5}))
KERNEL(instr_group,
       instr(call, &(const struct shape){.start = 2, .count = 3, .end = 4, .flags = 5, .group = 6}))
KERNEL(substr, substr(call, &(const struct shape){0}, 0))
KERNEL(substr_start, substr(call, &(const struct shape){.start = 2}, 0))
KERNEL(substr_count, substr(call, &(const struct shape){.start = 2, .count = 3}, 0))
KERNEL(substr_flags, substr(call, &(const struct shape){.start = 2, .count = 3, .flags = 4}, 0))
KERNEL(substr_group,
       substr(call, &(const struct shape){.start = 2, .count = 3, .flags = 4, .group = 5}, 0))
KERNEL(substring, substr(call, &(const struct shape){0}, 1))
KERNEL(replace, replace(call, &(const struct shape){0}))
KERNEL(replace_flags, replace(call, &(const struct shape){.flags = 3}))
KERNEL(replace_start, replace(call, &(const struct shape){.start = 3}))
KERNEL(replace_count, replace(call, &(const struct shape){.start = 3, .count = 4}))
KERNEL(replace_all, replace(call, &(const struct shape){.start = 3, .count = 4, .flags = 5}))

#define S STREAMD_STRING
#define I STREAMD_INT64
#define ENTRY(name_, argc_, result_, flags_, prepare_, kernel_, doc_, ...)                     \
    {                                                                                          \
        .name = (name_), .argc = (argc_), .args = {__VA_ARGS__}, .result = {result_, 0, 0, 0}, \
        .flags = (flags_), .prepare = prepare_, .unprepare = regex_free,                       \
        .kernel = kernel_##_kernel, .doc = (doc_)                                              \
    }
#define NULLABLE STREAMD_FUNCTION_NULLABLE_RESULT
#define LIKE(argc, prepare, kernel, ...)                         \
    ENTRY("regexp_like", argc, STREAMD_BOOL, 0, prepare, kernel, \
          "does the pattern match; then flags", __VA_ARGS__)
#define MATCH(argc, prepare, kernel, ...)                                                          \
    ENTRY("regexp_match", argc, STREAMD_JSON, NULLABLE, prepare, kernel,                           \
          "the groups of the first match as an array of json, or the match where the pattern has " \
          "no groups; NULL: no match; then flags",                                                 \
          __VA_ARGS__)
#define COUNT(argc, prepare, kernel, ...)              \
    ENTRY("regexp_count", argc, I, 0, prepare, kernel, \
          "how often the pattern matches; then start, flags", __VA_ARGS__)
#define INSTR(argc, prepare, kernel, ...)                                                      \
    ENTRY("regexp_instr", argc, I, 0, prepare, kernel,                                         \
          "where the pattern matches, 0: nowhere; then start, number of the match, 1 for the " \
          "place behind it, flags, group",                                                     \
          __VA_ARGS__)
#define SUBSTR(argc, prepare, kernel, ...)                                                    \
    ENTRY("regexp_substr", argc, S, NULLABLE, prepare, kernel,                                \
          "what the pattern matches, NULL: nothing; then start, number of the match, flags, " \
          "group",                                                                            \
          __VA_ARGS__)
#define REPLACE(argc, prepare, kernel, ...)                                                        \
    ENTRY("regexp_replace", argc, S, 0, prepare, kernel,                                           \
          "the first match replaced, all with flag g; \\1 is a group, \\& the match; then flags, " \
          "or "                                                                                    \
          "start, number of the match (0: all), flags",                                            \
          __VA_ARGS__)

const struct streamd_function functions_regexp[] = {
    LIKE(2, prepare, like, S, S),
    LIKE(3, prepare2, like_flags, S, S, S),
    MATCH(2, prepare, match, S, S),
    MATCH(3, prepare2, match_flags, S, S, S),
    COUNT(2, prepare, count, S, S),
    COUNT(3, prepare, count_start, S, S, I),
    COUNT(4, prepare3, count_flags, S, S, I, S),
    INSTR(2, prepare, instr, S, S),
    INSTR(3, prepare, instr_start, S, S, I),
    INSTR(4, prepare, instr_count, S, S, I, I),
    INSTR(5, prepare, instr_end, S, S, I, I, I),
    INSTR(6, prepare5, instr_flags, S, S, I, I, I, S),
    INSTR(7, prepare5, instr_group, S, S, I, I, I, S, I),
    SUBSTR(2, prepare, substr, S, S),
    SUBSTR(3, prepare, substr_start, S, S, I),
    SUBSTR(4, prepare, substr_count, S, S, I, I),
    SUBSTR(5, prepare4, substr_flags, S, S, I, I, S),
    SUBSTR(6, prepare4, substr_group, S, S, I, I, S, I),
    ENTRY("substring", 2, S, NULLABLE, prepare, substring,
          "what a pattern matches, its first group where it has one; NULL: no match", S, S),
    REPLACE(3, prepare, replace, S, S, S),
    REPLACE(4, prepare3, replace_flags, S, S, S, S),
    REPLACE(4, prepare, replace_start, S, S, S, I),
    REPLACE(5, prepare, replace_count, S, S, S, I, I),
    REPLACE(6, prepare5, replace_all, S, S, S, I, I, S),
    {.name = NULL}};

#else

const struct streamd_function functions_regexp[] = {{.name = NULL}};

#endif
