/*
 * A list of problems: texts in an arena, sorted when printed. What is printed must not drive a
 * terminal, whatever the file holds, so control characters and those that reorder text are
 * replaced when a message comes in.
 */
#include "config/diagnostics.h"

#include "base/array.h"
#include "config/document.h"
#include "config/excerpt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct diagnostic {
    int code;
    enum diagnostic_severity severity;
    struct span at, note_at;
    const char *message;
    const char *help; /* or NULL */
    const char *note; /* or NULL */
    size_t number;    /* in order of arrival */
};

void diagnostics_init(struct diagnostics *d, const char *file)
{
    memset(d, 0, sizeof(*d));
    d->file = file ? arena_strdup(&d->arena, file) : NULL;
}

void diagnostics_clear(struct diagnostics *d)
{
    arena_clear(&d->arena);
    array_clear(d);
    memset(d, 0, sizeof(*d));
}

static const char *print_text(struct diagnostics *d, const char *format, va_list args)
    STREAMD_PRINTF(2, 0);

/* A formatted and harmless text in the arena; NULL when there is no memory. */
static const char *print_text(struct diagnostics *d, const char *format, va_list args)
{
    va_list again;
    char *text = NULL;
    int length;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0)
        text = arena_alloc(&d->arena, (size_t)length + 1);
    if (text) {
        vsnprintf(text, (size_t)length + 1, format, again);
        excerpt_disarm(text);
    }
    va_end(again);
    return text;
}

static int is_known(const struct diagnostics *d, int code, struct span at, const char *message)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct diagnostic *other = &d->items[i];

        if (other->code == code && other->at.offset == at.offset &&
            strcmp(other->message, message) == 0)
            return 1;
    }
    return 0;
}

static void add(struct diagnostics *d, enum diagnostic_severity severity, int code, struct span at,
                const char *help, const char *format, va_list args) STREAMD_PRINTF(6, 0);

static void add(struct diagnostics *d, enum diagnostic_severity severity, int code, struct span at,
                const char *help, const char *format, va_list args)
{
    struct diagnostic one = {.code = code, .severity = severity, .at = at, .number = d->count};
    const char *message = !diagnostics_is_full(d) ? print_text(d, format, args) : NULL;

    if (message && is_known(d, code, at, message))
        return;
    if (severity == DIAGNOSTIC_ERROR)
        d->error_count++;
    else
        d->warning_count++;
    if (!message)
        return;
    one.message = message;
    one.help = help ? diagnostics_printf(d, "%s", help) : NULL;
    if (array_push(d, one))
        return;
}

void diagnostics_add(struct diagnostics *d, int code, struct span at, const char *help,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(d, DIAGNOSTIC_ERROR, code, at, help, format, args);
    va_end(args);
}

void diagnostics_warn(struct diagnostics *d, int code, struct span at, const char *help,
                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(d, DIAGNOSTIC_WARNING, code, at, help, format, args);
    va_end(args);
}

void diagnostics_add_error(struct diagnostics *d, int code, struct span at, const char *help,
                           const struct streamd_error *error)
{
    diagnostics_add(d, error->diagnostic ? error->diagnostic : code, at, help, "%s",
                    error->message);
}

void diagnostics_note(struct diagnostics *d, struct span at, const char *note)
{
    if (d->count == 0)
        return;
    d->items[d->count - 1].note = diagnostics_printf(d, "%s", note);
    d->items[d->count - 1].note_at = at;
}

const char *diagnostics_printf(struct diagnostics *d, const char *format, ...)
{
    const char *text;
    va_list args;

    if (diagnostics_is_full(d))
        return "";
    va_start(args, format);
    text = print_text(d, format, args);
    va_end(args);
    return text ? text : "";
}

const char *diagnostics_suggest(struct diagnostics *d, const char *word, const char *const *words,
                                const char *what)
{
    enum { LISTED = 16 };
    const char *closest, *result;
    struct text list = {0};

    if (diagnostics_is_full(d))
        return NULL;
    closest = text_closest(word, words);
    /* One letter in place of another says nothing. */
    if (closest && (strlen(word) > 1 || strlen(closest) > 1))
        return diagnostics_printf(d, "did you mean '%s'?", closest);
    if (!what || !words[0])
        return NULL;
    text_printf(&list, "%s are: ", what);
    for (size_t i = 0; words[i]; i++) {
        if (i == LISTED) {
            text_add(&list, ", ...");
            break;
        }
        text_printf(&list, "%s%s", i ? ", " : "", words[i]);
    }
    result = diagnostics_printf(d, "%s", text_get(&list));
    text_clear(&list);
    return result;
}

static int compare(const void *a, const void *b)
{
    const struct diagnostic *x = a, *y = b;
    uint64_t at_x = (uint64_t)x->at.offset + 1, at_y = (uint64_t)y->at.offset + 1;

    /* What concerns the whole file comes first. */
    at_x = x->at.offset == UINT32_MAX ? 0 : at_x;
    at_y = y->at.offset == UINT32_MAX ? 0 : at_y;
    if (at_x != at_y)
        return at_x < at_y ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void sort(struct diagnostics *d)
{
    if (d->count > 1)
        qsort(d->items, d->count, sizeof(*d->items), compare);
}

static int has_place(const struct diagnostics *d, struct span at)
{
    return d->document && at.offset != UINT32_MAX;
}

/* "orders.yaml:28:27: " */
static void print_place(const struct diagnostics *d, struct span at, struct text *out)
{
    uint32_t line, column;

    if (d->file)
        text_add(out, d->file);
    if (has_place(d, at)) {
        document_position(d->document, at.offset, &line, &column);
        text_printf(out, ":%u:%u", line, column);
    }
    if (d->file)
        text_add(out, ": ");
}

static void print_one(struct diagnostics *d, const struct diagnostic *one,
                      const struct excerpt_style *style, struct text *out)
{
    int bad = one->severity == DIAGNOSTIC_ERROR;

    text_add(out, style->bold);
    print_place(d, one->at, out);
    text_printf(out, "%s%s[SD%04d]:%s %s%s%s\n", bad ? style->error : style->warning,
                bad ? "error" : "warning", one->code, style->reset, style->bold, one->message,
                style->reset);
    if (has_place(d, one->at))
        excerpt_print(d->document, one->at, style, out);
    if (one->note) {
        text_add(out, "   ");
        print_place(d, one->note_at, out);
        text_printf(out, "%snote:%s %s\n", style->help, style->reset, one->note);
        if (has_place(d, one->note_at))
            excerpt_print(d->document, one->note_at, style, out);
    }
    if (one->help)
        text_printf(out, "   %shelp:%s %s\n", style->help, style->reset, one->help);
}

void diagnostics_print(struct diagnostics *d, struct text *out, int colour)
{
    const struct excerpt_style *style = excerpt_style(colour);
    size_t found = d->error_count + d->warning_count;

    sort(d);
    for (size_t i = 0; i < d->count; i++)
        print_one(d, &d->items[i], style, out);
    if (found > d->count) {
        print_place(d, SPAN_NONE, out);
        text_printf(out, "%zu more problem%s not shown\n", found - d->count,
                    found - d->count == 1 ? " is" : "s are");
    }
}

static void print_json_text(struct text *out, const char *name, const char *value)
{
    text_printf(out, ",\"%s\":", name);
    if (value)
        text_add_json(out, value, strlen(value));
    else
        text_add(out, "null");
}

static void print_json_place(const struct diagnostics *d, struct span at, struct text *out)
{
    uint32_t line, column, end;
    struct text path = {0};

    print_json_text(out, "file", d->file);
    if (has_place(d, at)) {
        document_position(d->document, at.offset, &line, &column);
        end = column + excerpt_length(d->document, at);
        text_printf(out, ",\"line\":%u,\"column\":%u,\"end_column\":%u", line, column, end);
    } else {
        text_add(out, ",\"line\":null,\"column\":null,\"end_column\":null");
    }
    if (at.node)
        document_path(at.node, &path);
    print_json_text(out, "path", text_get(&path));
    if (text_failed(&path))
        out->failed = 1;
    text_clear(&path);
}

void diagnostics_print_json(struct diagnostics *d, struct text *out, int *first)
{
    sort(d);
    for (size_t i = 0; i < d->count; i++) {
        const struct diagnostic *one = &d->items[i];

        text_printf(out, "%s{\"code\":\"SD%04d\",\"severity\":\"%s\"", *first ? "" : ",", one->code,
                    one->severity == DIAGNOSTIC_ERROR ? "error" : "warning");
        print_json_place(d, one->at, out);
        print_json_text(out, "message", one->message);
        print_json_text(out, "help", one->help);
        text_add_char(out, '}');
        *first = 0;
    }
}

void diagnostics_print_json_document(struct diagnostics *d, struct text *out)
{
    int first = 1;

    text_add(out, "{\"errors\":[");
    diagnostics_print_json(d, out, &first);
    text_add(out, "]}\n");
}
