/*
 * Splits the text of a JSON array at the commas of its first level. A value ends where a comma or a
 * closing bracket stands outside of strings at depth 0; what a value looks like inside is the
 * affair of whoever reads it.
 */
#include "elements.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(struct streamd_str text, size_t at)
{
    while (at < text.length && is_blank(text.data[at]))
        at++;
    return at;
}

/* Behind the string that begins at `at`; the text's length where it does not end. */
static size_t skip_string(struct streamd_str text, size_t at)
{
    for (at++; at < text.length; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == '"')
            return at + 1;
    }
    return text.length;
}

/* Where the value that begins at `at` ends: at the comma or bracket behind it. */
static size_t skip_value(struct streamd_str text, size_t at)
{
    size_t depth = 0;

    while (at < text.length) {
        switch (text.data[at]) {
        case '"':
            at = skip_string(text, at);
            continue;
        case '[':
        case '{':
            depth++;
            break;
        case ']':
        case '}':
            if (depth == 0)
                return at;
            depth--;
            break;
        case ',':
            if (depth == 0)
                return at;
            break;
        default:
            break;
        }
        at++;
    }
    return text.length;
}

int elements_next(struct streamd_str text, size_t *at, struct streamd_str *element)
{
    size_t begin, end;

    begin = skip_blanks(text, *at == 0 ? skip_blanks(text, 0) + 1 : *at);
    if (begin >= text.length || text.data[begin] == ']')
        return 0;
    end = skip_value(text, begin);
    *at = end < text.length && text.data[end] == ',' ? end + 1 : end;
    while (end > begin && is_blank(text.data[end - 1]))
        end--;
    element->data = text.data + begin;
    element->length = end - begin;
    return 1;
}

enum elements_check elements_check(struct streamd_str text)
{
    size_t at = skip_blanks(text, 0), begin;

    if (at == text.length)
        return ELEMENTS_MALFORMED;
    if (text.data[at] != '[')
        return ELEMENTS_OTHER;
    at = skip_blanks(text, at + 1);
    if (at < text.length && text.data[at] == ']')
        return skip_blanks(text, at + 1) == text.length ? ELEMENTS_ARRAY : ELEMENTS_MALFORMED;
    for (;;) {
        begin = skip_blanks(text, at);
        at = skip_value(text, begin);
        if (at == text.length || at == begin || text.data[at] == '}')
            return ELEMENTS_MALFORMED;
        if (text.data[at] == ']')
            return skip_blanks(text, at + 1) == text.length ? ELEMENTS_ARRAY : ELEMENTS_MALFORMED;
        at++;
    }
}
