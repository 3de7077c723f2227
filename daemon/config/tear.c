/*
 * Values that a comma tore to pieces. In
 *
 *     {day: date_trunc('day', at), n: count(*)}
 *
 * YAML sees three keys: `day` with the value "date_trunc('day'", "at)" without a value, and `n`. So
 * a plain value with an open parenthesis, followed by keys without values until it is closed, is
 * put together again and reported once, with what the user should write. The mended value stays in
 * the tree, so that what comes later judges what was meant.
 */
#include "config/reader.h"

#include <string.h>

/* Parentheses that are open at the end of a text; those in '...' do not count. */
static int open_parentheses(const char *text, size_t length)
{
    int open = 0, quoted = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\'')
            quoted = !quoted;
        else if (!quoted)
            open += (text[i] == '(') - (text[i] == ')');
    }
    return open;
}

void tear_watch(struct reader_frame *frame, struct node *value)
{
    frame->torn = NULL;
    if (frame->node->style != NODE_FLOW || value->kind != NODE_SCALAR || value->bad ||
        value->style != NODE_PLAIN || open_parentheses(value->text, value->text_length) <= 0)
        return;
    frame->torn = value;
    frame->torn_end = value->offset + value->length;
    frame->torn_pieces = 0;
}

int tear_mend(const struct reader *r, struct reader_frame *frame, const struct node *key,
              const struct node *value)
{
    const char *data = r->document->data;
    size_t start, end;

    if (!frame->torn || frame->drop || value->kind != NODE_SCALAR || value->length > 0 ||
        value->text_length > 0 || key->style != NODE_PLAIN)
        return 0;
    start = key->offset + key->length;
    if (value->offset > start && memchr(data + start, ':', value->offset - start))
        return 0;
    end = start;
    start = frame->torn->offset;
    /* Closed already: this key is none of its pieces. */
    if (open_parentheses(data + start, frame->torn_end - start) <= 0)
        return 0;
    frame->torn_end = end;
    frame->torn_pieces++;
    return 1;
}

/* The value as it must be written, in double quotes, or in single ones if it has double ones. */
static void print_quoted(const char *text, size_t length, struct text *out)
{
    char quote = memchr(text, '"', length) ? '\'' : '"';

    text_add_char(out, quote);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            text_add_char(out, ' ');
            continue;
        }
        if (quote == '\'' && text[i] == '\'')
            text_add_char(out, '\'');
        if (quote == '"' && text[i] == '\\')
            text_add_char(out, '\\');
        text_add_char(out, text[i]);
    }
    text_add_char(out, quote);
}

int tear_finish(struct reader *r, struct reader_frame *frame)
{
    struct diagnostics *d = r->diagnostics;
    struct node *value = frame->torn;
    struct text quoted = {0};

    frame->torn = NULL;
    if (!value || frame->torn_pieces == 0)
        return 0;
    value->length = (uint32_t)(frame->torn_end - value->offset);
    value->text =
        arena_strndup(&r->document->arena, r->document->data + value->offset, value->length);
    if (!value->text)
        return STREAMD_E_NOMEM;
    value->text_length = value->length;
    value->interpolation = NULL;
    print_quoted(value->text, value->text_length, &quoted);
    diagnostics_add(d, 1033, node_span(value),
                    diagnostics_printf(d, "write  %s: %s", value->key->text, text_get(&quoted)),
                    "in {...} a comma ends a value, so that YAML sees %d keys here: a value with a "
                    "comma stands in quotes",
                    frame->torn_pieces + 1);
    text_clear(&quoted);
    return 0;
}
