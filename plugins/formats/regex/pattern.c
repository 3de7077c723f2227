/*
 * PCRE2, with its memory taken from the node's and its work bounded.
 */
#include "pattern.h"

#include <streamd/error.h>

#include <stdlib.h>
#include <string.h>

enum { JIT_STACK_LEAST = 32 * 1024, JIT_STACK_MOST = 1024 * 1024 };

static void *take_memory(size_t bytes, void *context)
{
    return context ? streamd_alloc(context, bytes) : malloc(bytes);
}

static void give_memory(void *memory, void *context)
{
    if (context)
        streamd_free(context, memory);
    else
        free(memory);
}

static int is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return 0;
    }
    return 1;
}

static pcre2_code *compile(struct regex_pattern *p, const char *text, uint32_t options,
                           struct regex_fault *fault, int *code)
{
    pcre2_compile_context *context = pcre2_compile_context_create(p->memory);
    pcre2_code *compiled;

    *code = PCRE2_ERROR_NOMEMORY;
    if (!context)
        return NULL;
    compiled = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, code, &fault->at, context);
    pcre2_compile_context_free(context);
    return compiled;
}

/* 1 where there is machine code now. */
static int make_jit(pcre2_code *code)
{
    return pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
}

int regex_pattern_init(struct regex_pattern *p, struct streamd_context *c, const char *text,
                       struct regex_fault *fault)
{
    struct regex_fault ignored;
    int code;

    memset(p, 0, sizeof(*p));
    p->memory = pcre2_general_context_create(take_memory, give_memory, c);
    if (!p->memory)
        return STREAMD_E_NOMEM;
    p->utf8 = compile(p, text, PCRE2_UTF, fault, &code);
    if (!p->utf8) {
        pcre2_get_error_message(code, (PCRE2_UCHAR *)fault->message, sizeof(fault->message));
        return code == PCRE2_ERROR_NOMEMORY || code == PCRE2_ERROR_HEAP_FAILED ? STREAMD_E_NOMEM
                                                                               : STREAMD_E_INVALID;
    }
    if (is_ascii(text))
        p->ascii = compile(p, text, 0, &ignored, &code);
    p->context = pcre2_match_context_create(p->memory);
    p->match = pcre2_match_data_create_from_pattern(p->utf8, p->memory);
    if (!p->context || !p->match)
        return STREAMD_E_NOMEM;
    pcre2_set_match_limit(p->context, REGEX_MATCH_LIMIT);
    p->stack = pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, p->memory);
    if (p->stack) {
        pcre2_jit_stack_assign(p->context, NULL, p->stack);
        p->has_jit = make_jit(p->utf8) && (!p->ascii || make_jit(p->ascii));
    }
    return 0;
}

void regex_pattern_clear(struct regex_pattern *p)
{
    pcre2_code_free(p->utf8);
    pcre2_code_free(p->ascii);
    pcre2_match_data_free(p->match);
    pcre2_match_context_free(p->context);
    pcre2_jit_stack_free(p->stack);
    pcre2_general_context_free(p->memory);
    memset(p, 0, sizeof(*p));
}

uint32_t regex_pattern_name_count(const struct regex_pattern *p)
{
    uint32_t count = 0;

    pcre2_pattern_info(p->utf8, PCRE2_INFO_NAMECOUNT, &count);
    return count;
}

const char *regex_pattern_name(const struct regex_pattern *p, uint32_t i, uint32_t *group)
{
    uint32_t size = 0;
    PCRE2_SPTR table = NULL, entry;

    pcre2_pattern_info(p->utf8, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(p->utf8, PCRE2_INFO_NAMETABLE, &table);
    entry = table + (size_t)i * size;
    *group = (uint32_t)entry[0] << 8 | entry[1];
    return (const char *)entry + 2;
}

int regex_pattern_match(struct regex_pattern *p, const uint8_t *line, size_t length, int ascii,
                        const size_t **offsets)
{
    const pcre2_code *code = ascii && p->ascii ? p->ascii : p->utf8;
    int rc = p->has_jit
                 ? pcre2_jit_match(code, line, length, 0, PCRE2_NO_UTF_CHECK, p->match, p->context)
                 : pcre2_match(code, line, length, 0, PCRE2_NO_UTF_CHECK, p->match, p->context);

    *offsets = pcre2_get_ovector_pointer(p->match);
    if (rc == PCRE2_ERROR_NOMATCH)
        return STREAMD_ROW_NO_MATCH;
    return rc < 0 ? STREAMD_ROW_MATCH_LIMIT : 0;
}
