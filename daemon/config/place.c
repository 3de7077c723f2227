/*
 * From a byte of a scalar's value back to the bytes of the file it was made from.
 *
 * libyaml gives the value and where the scalar starts and ends, not how one became the other. So
 * the value is laid beside the source again: ordinary bytes are equal and go in step, an escape
 * is worth the bytes it decodes to, and a run of white space with a line break in it is worth what
 * folding leaves of it. The value is known to be right, so this needs no errors: where source and
 * value do not fit, the whole scalar is the answer.
 *
 *     source   "a\tb        value   a<tab>b c       places   a->0  tab->1..3  b->3  ' '->4..9  c->9
 *          c"
 */
#include "config/document.h"
#include "config/interpolate.h"

#include <string.h>

struct walk {
    const char *source, *source_end;
    const char *value, *value_end;
    char quote; /* 0, ' or " */
    int block;
};

/* What stands between two steps: so many bytes of the value come from so many of the source. */
struct step {
    size_t value_bytes, source_bytes;
    int equal; /* byte by byte */
};

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t spaces(const char *p, const char *end)
{
    const char *start = p;

    while (p < end && is_space(*p))
        p++;
    return (size_t)(p - start);
}

static size_t count_breaks(const char *p, size_t length)
{
    size_t breaks = 0;

    for (size_t i = 0; i < length; i++)
        breaks += p[i] == '\n' || (p[i] == '\r' && (i + 1 == length || p[i + 1] != '\n'));
    return breaks;
}

/* Bytes of a code point as UTF-8. */
static size_t utf8_bytes(unsigned long c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* An escape in double quotes. */
static struct step escape_step(const struct walk *w)
{
    size_t digits = 0;
    unsigned long c = 0;
    const char *p = w->source + 1;

    if (p >= w->source_end)
        return (struct step){0, 1, 0};
    if (*p == '\n' || *p == '\r') /* the line goes on; what indents the next one is dropped */
        return (struct step){0, 1 + spaces(p, w->source_end), 0};
    if (*p == 'x')
        digits = 2;
    else if (*p == 'u')
        digits = 4;
    else if (*p == 'U')
        digits = 8;
    if (digits == 0) /* \N, \_ are two bytes of UTF-8, \L and \P three, all others one */
        return (struct step){*p == 'N' || *p == '_' ? 2u : *p == 'L' || *p == 'P' ? 3u : 1u, 2, 0};
    for (size_t i = 1; i <= digits && p + i < w->source_end; i++) {
        char h = p[i];

        c = c * 16 + (unsigned long)(h <= '9' ? h - '0' : (h | 0x20) - 'a' + 10);
    }
    return (struct step){utf8_bytes(c), 2 + digits, 0};
}

/* White space in the source, and what is left of it in the value. */
static struct step space_step(const struct walk *w)
{
    size_t source = spaces(w->source, w->source_end);
    size_t value = spaces(w->value, w->value_end);
    size_t breaks = count_breaks(w->source, source);

    if (!w->block) {
        if (breaks == 0)
            return (struct step){source, source, 1};
        value = breaks == 1 ? 1 : breaks - 1;
    }
    return (struct step){value, source, value == source && memcmp(w->value, w->source, value) == 0};
}

static struct step next_step(const struct walk *w)
{
    if (w->quote == '"' && *w->source == '\\')
        return escape_step(w);
    if (w->quote == '\'' && *w->source == '\'')
        return (struct step){1, 2, 0};
    if (is_space(*w->source))
        return space_step(w);
    return (struct step){1, 1, 1};
}

/* Sets the walk to the beginning of the text behind quote or block header. 0, or -1: not there. */
static int start_walk(struct walk *w, const struct node *node, const char *text, size_t length)
{
    const char *data = node->document->data;

    w->source = data + node->offset;
    w->source_end = w->source + node->length;
    w->value = text;
    w->value_end = text + length;
    w->quote = 0;
    w->block = node->style == NODE_LITERAL || node->style == NODE_FOLDED;
    if (node->length == 0 || node->offset + node->length > node->document->length)
        return -1;
    if (node->style == NODE_SINGLE_QUOTED || node->style == NODE_DOUBLE_QUOTED) {
        w->quote = *w->source++;
        w->source_end--;
    } else if (w->block) {
        while (w->source < w->source_end && *w->source != '\n')
            w->source++;
    }
    return 0;
}

/*
 * The source of byte `at` of the value. `last`: the byte is the last of a range, and the end of
 * its source is wanted, one behind. -1: no such place.
 */
static int64_t locate(const struct node *node, const char *text, size_t length, size_t at, int last)
{
    struct walk w;

    if (start_walk(&w, node, text, length))
        return -1;
    while (w.source < w.source_end) {
        struct step step = next_step(&w);
        size_t done = (size_t)(w.value - text);
        const char *data = node->document->data;

        if (step.value_bytes > (size_t)(w.value_end - w.value))
            return -1;
        if (step.equal && memcmp(w.value, w.source, step.value_bytes) != 0)
            return -1;
        if (at < done + step.value_bytes) {
            if (step.equal)
                return w.source - data + (int64_t)(at - done) + last;
            return w.source - data + (last ? (int64_t)step.source_bytes : 0);
        }
        w.value += step.value_bytes;
        w.source += step.source_bytes;
    }
    return -1;
}

/* Widens [start, end) of the value to [start, end) of the raw text before interpolation. */
static void undo_interpolation(const struct interpolation *i, size_t *start, size_t *end)
{
    size_t new_start = *start, new_end = *end;

    for (uint32_t n = 0; n < i->count; n++) {
        const struct interpolation_piece *piece = &i->pieces[n];

        if (*start >= piece->end)
            new_start = (size_t)((int64_t)*start + piece->raw_end - piece->end);
        else if (*start >= piece->start)
            new_start = piece->raw_start;
        if (*end > piece->end)
            new_end = (size_t)((int64_t)*end + piece->raw_end - piece->end);
        else if (*end > piece->start)
            new_end = piece->raw_end;
    }
    *start = new_start;
    *end = new_end;
}

struct span document_span_inside(const struct node *node, size_t value_offset, size_t length)
{
    struct span whole = node_span(node);
    const char *text = node->text;
    size_t text_length = node->text_length, start = value_offset, end = value_offset + length;
    int64_t from, to;

    if (!node->document || node->kind != NODE_SCALAR || start > text_length ||
        length > text_length - start || text_length == 0)
        return whole;
    if (node->interpolation) {
        undo_interpolation(node->interpolation, &start, &end);
        text = node->interpolation->raw;
        text_length = node->interpolation->raw_length;
    }
    if (start >= text_length) { /* the end of the value: the point behind its last byte */
        from = text_length ? locate(node, text, text_length, text_length - 1, 1) : -1;
        to = from;
    } else {
        from = locate(node, text, text_length, start, 0);
        to = end > start ? locate(node, text, text_length, end - 1, 1) : from;
    }
    if (from < 0 || to < from)
        return whole;
    return (struct span){(uint32_t)from, (uint32_t)(to - from), node};
}
