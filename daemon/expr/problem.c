/*
 * Problems are kept in the order of their place in the text, without repetitions: checking a
 * BETWEEN looks at one operand twice.
 */
#include "expr/problem.h"

#include "base/text.h"

#include <streamd/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void problem_nomem(struct expr_reporter *report)
{
    report->status = STREAMD_E_NOMEM;
}

static char *format_text(struct expr_reporter *report, const char *format, va_list args)
    STREAMD_PRINTF(2, 0);

static char *format_text(struct expr_reporter *report, const char *format, va_list args)
{
    va_list again;
    int length;
    char *text = NULL;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0)
        text = arena_alloc(&report->store->arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    else
        problem_nomem(report);
    va_end(again);
    return text;
}

const char *problem_text(struct expr_reporter *report, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = format_text(report, format, args);
    va_end(args);
    return text;
}

/* Does `a` stand behind the place (item, offset)? */
static int is_behind(const struct expr_problem *a, const struct expr_problem *b)
{
    return a->item != b->item ? a->item > b->item : a->offset > b->offset;
}

void problem_add(struct expr_reporter *report, int code, size_t offset, size_t length,
                 const char *help, const char *format, ...)
{
    struct expr_problems *list = report->problems;
    struct expr_problem problem = {code, report->item, offset, length, NULL, help};
    uint32_t i = list->count;
    va_list args;

    for (uint32_t k = 0; k < list->count; k++) {
        const struct expr_problem *p = &list->items[k];

        if (p->item == problem.item && p->offset == offset && p->code == code)
            return;
    }
    if (report->status != STREAMD_E_NOMEM)
        report->status = STREAMD_E_INVALID;
    if (list->count == EXPR_MAX_PROBLEMS) {
        list->more++;
        return;
    }
    va_start(args, format);
    problem.message = format_text(report, format, args);
    va_end(args);
    if (!problem.message)
        return;
    for (; i > 0 && is_behind(&list->items[i - 1], &problem); i--)
        list->items[i] = list->items[i - 1];
    list->items[i] = problem;
    list->count++;
}

const char *problem_field_list(struct expr_reporter *report, const struct streamd_schema *schema)
{
    enum { SHOWN = 12 };
    struct text list = {0};
    const char *result = NULL;

    if (!schema || schema->field_count == 0)
        return NULL;
    for (uint32_t i = 0; i < schema->field_count && i < SHOWN; i++)
        text_printf(&list, "%s%s", i ? ", " : "", schema->fields[i].name);
    if (schema->field_count > SHOWN)
        text_printf(&list, " and %u more", schema->field_count - SHOWN);
    if (!text_failed(&list))
        result = arena_strdup(&report->store->arena, text_get(&list));
    text_clear(&list);
    if (!result)
        problem_nomem(report);
    return result;
}
