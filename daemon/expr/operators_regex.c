/*
 * ~ ~* !~ !~*: regular expressions, by PCRE2. As in PostgreSQL, `.` matches a newline, `$` the very
 * end only, and \w and [[:alpha:]] know the letters of all scripts. A constant pattern is compiled
 * at plan time; others are compiled when they differ from the row's before. Steps of one match are
 * limited: a pattern that needs more rejects the row.
 */
#include "expr/kernel.h"
#include "expr/tables.h"

#ifdef STREAMD_WITH_PCRE2

#include "base/error.h"
#include "base/memory.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdio.h>

enum { MATCH_LIMIT = 1000000, HEAP_LIMIT_KIB = 20000 };

struct regex {
    pcre2_code *code;
    pcre2_match_context *context;
};

static void *allocate(size_t size, void *data)
{
    (void)data;
    return memory_alloc(size);
}

static void release(void *block, void *data)
{
    (void)data;
    memory_free(block);
}

static void regex_free(void *what)
{
    struct regex *regex = what;

    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->context);
    memory_free(regex);
}

/* 0 and *out; STREAMD_E_NOMEM; STREAMD_E_INVALID with the reason in `message`. */
static int regex_new(struct streamd_str pattern, int caseless, struct regex **out, char *message,
                     size_t room)
{
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
    pcre2_compile_context *compile = general ? pcre2_compile_context_create(general) : NULL;
    struct regex *regex = memory_zalloc(1, sizeof(*regex));
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_NEVER_BACKSLASH_C | (caseless ? PCRE2_CASELESS : 0);
    int error = PCRE2_ERROR_NOMEMORY;
    size_t offset = 0;
    PCRE2_UCHAR text[120];

    *message = '\0';
    if (regex && compile) {
        regex->context = pcre2_match_context_create(general);
        regex->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length, options, &error,
                                    &offset, compile);
    }
    pcre2_compile_context_free(compile);
    pcre2_general_context_free(general);
    if (!regex || !regex->context || !regex->code) {
        int missing = !regex || !regex->context || error == PCRE2_ERROR_HEAP_FAILED ||
                      error == PCRE2_ERROR_NOMEMORY;

        regex_free(regex);
        if (missing)
            return STREAMD_E_NOMEM;
        pcre2_get_error_message(error, text, sizeof(text));
        snprintf(message, room, "bad regular expression at byte %zu: %s", offset, (char *)text);
        return STREAMD_E_INVALID;
    }
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* where it fails, matching is slower */
    *out = regex;
    return 0;
}

static int prepare(const struct streamd_vector *args, void **prepared, struct streamd_error *error,
                   int caseless)
{
    struct regex *regex;
    char message[200];
    int rc;

    if (!args[1].values || args[1].mask || args[1].nulls)
        return 0;
    rc = regex_new(*(const struct streamd_str *)args[1].values, caseless, &regex, message,
                   sizeof(message));
    if (rc == STREAMD_E_NOMEM)
        return error_set_nomem(error);
    if (rc)
        return error_set(error, STREAMD_E_INVALID, "%s", message);
    *prepared = regex;
    return 0;
}

static int prepare_exact(const struct streamd_vector *args, uint32_t argc, void **prepared,
                         struct streamd_error *error)
{
    (void)argc;
    return prepare(args, prepared, error, 0);
}

static int prepare_caseless(const struct streamd_vector *args, uint32_t argc, void **prepared,
                            struct streamd_error *error)
{
    (void)argc;
    return prepare(args, prepared, error, 1);
}

/* ---- matching ----------------------------------------------------------------------------- */

/* 1 or 0; -1: too many steps; -2: not UTF-8. */
static int matches(const struct regex *regex, struct streamd_str s, pcre2_match_data *data)
{
    PCRE2_SPTR text = (PCRE2_SPTR)(s.data ? s.data : "");
    int rc = pcre2_match(regex->code, text, s.length, 0, 0, data, regex->context);

    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has the heap for its stack */
        rc = pcre2_match(regex->code, text, s.length, 0, PCRE2_NO_JIT, data, regex->context);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    return rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21 ? -2 : -1;
}

/* The pattern of a row: the constant one, the one of the row before, or a new one. */
struct patterns {
    struct regex *own; /* of `text`, to be freed */
    struct streamd_str text;
    int caseless;
};

static int pattern_of(struct streamd_call *call, struct patterns *p, uint32_t row,
                      const struct regex **out)
{
    struct streamd_str text = KERNEL_ARG(call, 1, struct streamd_str, row);
    char message[200];
    int rc;

    *out = call->prepared ? call->prepared : p->own;
    if (call->prepared || (p->own && text.length == p->text.length &&
                           memcmp(text.data, p->text.data, text.length) == 0))
        return 0;
    regex_free(p->own);
    p->own = NULL;
    *out = NULL;
    rc = regex_new(text, p->caseless, &p->own, message, sizeof(message));
    if (rc == STREAMD_E_INVALID)
        return call->host->row_error(call, row, STREAMD_ROW_ARGUMENT, message);
    p->text = text;
    *out = p->own;
    return rc;
}

static int run(struct streamd_call *call, int caseless, int negated)
{
    struct patterns patterns = {NULL, {NULL, 0}, caseless};
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
    pcre2_match_data *data = general ? pcre2_match_data_create(1, general) : NULL;
    uint8_t *result = call->result->values;
    int rc = data ? 0 : STREAMD_E_NOMEM;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = kernel_row(call, k);
        const struct regex *regex;
        int m;

        result[i] = 0;
        rc = pattern_of(call, &patterns, i, &regex);
        if (rc || !regex)
            continue;
        m = matches(regex, KERNEL_ARG(call, 0, struct streamd_str, i), data);
        result[i] = (uint8_t)(m != negated);
        if (m == -1)
            rc = call->host->row_error(call, i, STREAMD_ROW_MATCH_LIMIT,
                                       "the regular expression needs too many steps");
        else if (m == -2)
            rc = call->host->row_error(call, i, STREAMD_ROW_UTF8, "the text is not UTF-8");
    }
    regex_free(patterns.own);
    pcre2_match_data_free(data);
    pcre2_general_context_free(general);
    return rc;
}

static int match(struct streamd_call *call)
{
    return run(call, 0, 0);
}

static int match_caseless(struct streamd_call *call)
{
    return run(call, 1, 0);
}

static int not_match(struct streamd_call *call)
{
    return run(call, 0, 1);
}

static int not_match_caseless(struct streamd_call *call)
{
    return run(call, 1, 1);
}

#define ENTRY(name_, prepare_, kernel_)                                                 \
    {                                                                                   \
        .name = (name_), .argc = 2, .args = {STREAMD_STRING, STREAMD_STRING},           \
        .result = {.id = STREAMD_BOOL}, .prepare = (prepare_), .unprepare = regex_free, \
        .kernel = (kernel_)                                                             \
    }

const struct streamd_function operators_regex[] = {
    ENTRY("~", prepare_exact, match),
    ENTRY("~*", prepare_caseless, match_caseless),
    ENTRY("!~", prepare_exact, not_match),
    ENTRY("!~*", prepare_caseless, not_match_caseless),
    {.name = NULL},
};

#else

/* A build without PCRE2 has no regular expressions: the operators are not there. */
const struct streamd_function operators_regex[] = {{.name = NULL}};

#endif
