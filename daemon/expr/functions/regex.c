/*
 * PCRE2 with limits. The subject is checked to be UTF-8 once, when the search in it begins.
 */
#ifdef STREAMD_WITH_PCRE2

#include "expr/functions/regex.h"

#include "base/error.h"
#include "base/memory.h"
#include "expr/functions/call.h"
#include "expr/functions/unicode.h"

#include <stdio.h>

enum { MATCH_LIMIT = 1000000, HEAP_LIMIT_KIB = 20000 };

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

void regex_free(void *what)
{
    struct regex *regex = what;

    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->context);
    memory_free(regex);
}

/* PCRE2's options for PostgreSQL's letters. 0, or the letter that is none. */
static char options_of(struct streamd_str flags, uint32_t *options, int *global)
{
    *options =
        PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    *global = 0;
    for (size_t i = 0; i < flags.length; i++) {
        switch (flags.data[i]) {
        case 'g':
            *global = 1;
            break;
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 'm':
        case 'n':
            *options = (*options | PCRE2_MULTILINE) & ~(uint32_t)PCRE2_DOTALL;
            break;
        case 'p':
            *options &= ~(uint32_t)(PCRE2_DOTALL | PCRE2_MULTILINE);
            break;
        case 'w':
            *options |= PCRE2_DOTALL | PCRE2_MULTILINE;
            break;
        case 's':
            *options = (*options | PCRE2_DOTALL) & ~(uint32_t)PCRE2_MULTILINE;
            break;
        case 'x':
            *options |= PCRE2_EXTENDED;
            break;
        case 'q':
            *options |= PCRE2_LITERAL;
            break;
        case 'e':
        case 't':
            break;
        default:
            return flags.data[i];
        }
    }
    if (*options & PCRE2_LITERAL) /* takes few others */
        *options &= PCRE2_LITERAL | PCRE2_UTF | PCRE2_CASELESS;
    return 0;
}

/* Fills code and context. 0 or an error of PCRE2. */
static int compile(struct regex *regex, struct streamd_str pattern, uint32_t options,
                   size_t *offset)
{
    pcre2_general_context *general = pcre2_general_context_create(allocate, release, NULL);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : NULL;
    int error = PCRE2_ERROR_NOMEMORY;

    if (context) {
        regex->context = pcre2_match_context_create(general);
        regex->code = pcre2_compile((PCRE2_SPTR)(pattern.length ? pattern.data : ""),
                                    pattern.length, options, &error, offset, context);
    }
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    if (!regex->code)
        return error;
    return regex->context ? 0 : PCRE2_ERROR_NOMEMORY;
}

int regex_new(struct streamd_str pattern, struct streamd_str flags, struct regex **out,
              char *message, size_t room)
{
    struct regex *regex;
    uint32_t options;
    size_t offset = 0;
    int global;
    char bad = options_of(flags, &options, &global);
    PCRE2_UCHAR text[120];

    if (bad) {
        snprintf(message, room, "invalid regular expression option: \"%c\"", bad);
        return STREAMD_E_INVALID;
    }
    regex = memory_zalloc(1, sizeof *regex);
    if (!regex)
        return STREAMD_E_NOMEM;
    int error = compile(regex, pattern, options, &offset);
    if (error) {
        regex_free(regex);
        if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED)
            return STREAMD_E_NOMEM;
        pcre2_get_error_message(error, text, sizeof text);
        snprintf(message, room, "invalid regular expression at byte %zu: %s", offset, (char *)text);
        return STREAMD_E_INVALID;
    }
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE); /* where it fails, matching is slower */
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
    regex->global = global;
    *out = regex;
    return 0;
}

int regex_prepare(const struct streamd_vector *args, int pattern, int flags, void **prepared,
                  struct streamd_error *error)
{
    struct regex *regex;
    char message[200];

    *prepared = NULL;
    if (!call_is_constant(&args[pattern]) || (flags >= 0 && !call_is_constant(&args[flags])))
        return 0;
    int rc =
        regex_new(*(const struct streamd_str *)args[pattern].values,
                  flags < 0 ? call_str("", 0) : *(const struct streamd_str *)args[flags].values,
                  &regex, message, sizeof message);
    if (rc == STREAMD_E_NOMEM)
        return error_set_nomem(error);
    if (rc)
        return error_set(error, STREAMD_E_INVALID, "%s", message);
    *prepared = regex;
    return 0;
}

/* ---- batches ------------------------------------------------------------------------------ */

void regex_batch_clear(struct regex_batch *batch)
{
    regex_free(batch->own);
    pcre2_match_data_free(batch->data);
}

static int same(struct streamd_str a, struct streamd_str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Makes `regex` the row's. */
static int use(struct regex_batch *batch, const struct regex *regex)
{
    if (batch->regex == regex)
        return 0;
    pcre2_match_data_free(batch->data);
    batch->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
    batch->regex = batch->data ? regex : NULL;
    return batch->data ? 0 : STREAMD_E_NOMEM;
}

int regex_row(struct streamd_call *call, struct regex_batch *batch, uint32_t row, int pattern,
              int flags)
{
    char message[200];

    batch->checked = NULL;
    if (call->prepared)
        return use(batch, call->prepared);
    struct streamd_str p = CALL_ARG(call, pattern, struct streamd_str, row);
    struct streamd_str f =
        flags < 0 ? call_str("", 0) : CALL_ARG(call, flags, struct streamd_str, row);
    if (batch->own && same(p, batch->pattern) && same(f, batch->flags))
        return use(batch, batch->own);
    regex_free(batch->own);
    batch->own = NULL;
    batch->regex = NULL;
    int rc = regex_new(p, f, &batch->own, message, sizeof message);
    if (rc == STREAMD_E_INVALID)
        return call_error(call, row, STREAMD_ROW_ARGUMENT, message);
    if (rc)
        return rc;
    batch->pattern = p;
    batch->flags = f;
    return use(batch, batch->own);
}

int regex_find(struct streamd_call *call, struct regex_batch *batch, uint32_t row,
               struct streamd_str s, size_t from, int *rc)
{
    const struct regex *regex = batch->regex;
    PCRE2_SPTR text = (PCRE2_SPTR)(s.length ? s.data : "");
    int n;
    /* The text was checked when the search began; with an offset first, it is now. */
    uint32_t options = batch->checked == s.data && s.length ? PCRE2_NO_UTF_CHECK : 0;

    *rc = 0;
    n = pcre2_match(regex->code, text, s.length, from, options, batch->data, regex->context);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has the heap for its stack */
        n = pcre2_match(regex->code, text, s.length, from, options | PCRE2_NO_JIT, batch->data,
                        regex->context);
    batch->checked = s.data;
    if (n >= 0)
        return 1;
    if (n == PCRE2_ERROR_NOMATCH)
        return 0;
    batch->checked = NULL;
    if (n <= PCRE2_ERROR_UTF8_ERR1 && n >= PCRE2_ERROR_UTF8_ERR21)
        *rc = call_error(call, row, STREAMD_ROW_UTF8, "the text is not UTF-8");
    else
        *rc = call_error(call, row, STREAMD_ROW_MATCH_LIMIT,
                         "the regular expression needs too many steps");
    return REGEX_FAILED;
}

int regex_group(const struct regex_batch *batch, uint32_t i, size_t *begin, size_t *end)
{
    const size_t *places = pcre2_get_ovector_pointer(batch->data);

    if (i > batch->regex->groups || places[2 * i] == PCRE2_UNSET)
        return 0;
    *begin = places[2 * i];
    *end = places[2 * i + 1];
    return 1;
}

size_t regex_next(const struct regex_batch *batch, struct streamd_str s)
{
    const size_t *places = pcre2_get_ovector_pointer(batch->data);
    size_t end = places[1];

    if (places[0] != end)
        return end;
    return end < s.length ? end + utf8_length(s.data + end, s.length - end) : end + 1;
}

#else

typedef int regex_is_not_in_this_build; /* no file may be empty */

#endif
