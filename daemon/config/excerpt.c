/*
 * A line becomes cells: for each character its bytes in the file, what is printed for it, and how
 * wide that is. Hiding secrets, cutting and placing the caret then work on cells and never have to
 * think about bytes again.
 */
#include "config/excerpt.h"

#include "base/array.h"
#include "config/document.h"
#include "config/secrets.h"

#include <string.h>

enum { SHOWN_WIDTH = 100, BEFORE_CARET = 60, TAB_STOP = 4, NEAR_BYTES = 512 };

struct cell {
    uint32_t offset; /* in the file */
    uint8_t bytes;
    uint8_t width;
    uint8_t hidden; /* part of a secret; the first of them stands for *** */
    uint8_t blank;  /* printed as spaces: a tab */
    uint8_t harmless;
};

struct cells {
    struct cell *items;
    size_t count, capacity;
};

const struct excerpt_style *excerpt_style(int colour)
{
    static const struct excerpt_style plain = {"", "", "", "", "", "", ""};
    static const struct excerpt_style coloured = {
        .bold = "\033[1m",
        .error = "\033[31m",
        .warning = "\033[35m",
        .help = "\033[36m",
        .caret = "\033[1;32m",
        .gutter = "\033[34m",
        .reset = "\033[0m",
    };

    return colour ? &coloured : &plain;
}

/* The code point at p, whose bytes are valid UTF-8 or 1 byte of anything. */
static uint32_t decode(const char *text, size_t left, size_t *bytes)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

    if (n > left || text_utf8_prefix(text, n) < n) {
        *bytes = 1;
        return 0xfffd;
    }
    *bytes = n;
    switch (n) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    case 3:
        return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    default:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    }
}

/* Control characters, those that turn the direction of text, line separators, and no character. */
static int is_dangerous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
           c == 0xfffd;
}

/* Columns of a terminal: 0 for marks that combine, 2 for what East Asia and emoji make wide. */
static uint8_t width_of(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        uint8_t width;
    } ranges[] = {
        {0x0300, 0x036f, 0},   {0x0483, 0x0489, 0},   {0x0591, 0x05bd, 0},   {0x064b, 0x065f, 0},
        {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},   {0x200b, 0x200d, 0},
        {0x20d0, 0x20f0, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xa960, 0xa97c, 2},
        {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},
        {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
        {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; c >= ranges[0].from && i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return ranges[i].width;
    return 1;
}

void excerpt_disarm(char *text)
{
    size_t left = strlen(text), kept = 0, bytes;

    for (const char *p = text; left > 0; p += bytes, left -= bytes) {
        uint32_t c = decode(p, left, &bytes);

        if (c < 0x20) {
            text[kept++] = ' ';
        } else if (is_dangerous(c)) {
            text[kept++] = '?';
        } else {
            memmove(text + kept, p, bytes);
            kept += bytes;
        }
    }
    text[kept] = '\0';
}

/* The bytes of the line that holds `offset`, without its end; returns its number. */
static uint32_t line_around(const struct document *doc, size_t offset, size_t *start, size_t *end)
{
    uint32_t line = document_line(doc, offset);
    const char *newline;

    *start = doc->lines[line - 1];
    newline = memchr(doc->data + *start, '\n', doc->length - *start);
    *end = newline ? (size_t)(newline - doc->data) : doc->length;
    if (*end > *start && doc->data[*end - 1] == '\r')
        (*end)--;
    return line;
}

/* Leaves of a very long line what can matter: some bytes before and behind the caret. */
static void shorten(const struct document *doc, size_t offset, size_t *start, size_t *end)
{
    if (offset - *start > NEAR_BYTES)
        *start = offset - NEAR_BYTES;
    if (*end > offset + NEAR_BYTES)
        *end = offset + NEAR_BYTES;
    while (*start < offset && ((unsigned char)doc->data[*start] & 0xc0) == 0x80)
        (*start)++;
    while (*end > offset && ((unsigned char)doc->data[*end] & 0xc0) == 0x80)
        (*end)--;
}

static int make_cells(const struct document *doc, size_t start, size_t end, struct cells *cells)
{
    uint32_t column = 0;
    size_t bytes;

    for (size_t at = start; at < end; at += bytes) {
        uint32_t c = decode(doc->data + at, end - at, &bytes);
        struct cell cell = {.offset = (uint32_t)at, .bytes = (uint8_t)bytes};

        cell.blank = c == '\t';
        cell.harmless = !is_dangerous(c);
        cell.width = cell.harmless ? width_of(c) : 1;
        if (cell.blank)
            cell.width = (uint8_t)(TAB_STOP - column % TAB_STOP);
        column += cell.width;
        if (array_push(cells, cell))
            return -1;
    }
    return 0;
}

/* Marks what is secret; the first cell of each piece prints ***, the others nothing. */
static void hide_secrets(const struct document *doc, struct cells *cells)
{
    struct secret_piece piece = {0};
    size_t end;

    if (cells->count == 0)
        return;
    end = cells->items[cells->count - 1].offset + 1;
    while (secrets_next(doc, cells->items[0].offset, end, &piece)) {
        int first = 1;

        for (size_t i = 0; i < cells->count; i++) {
            struct cell *cell = &cells->items[i];

            if (cell->offset < piece.start || cell->offset >= piece.end || cell->hidden)
                continue;
            cell->hidden = 1;
            cell->width = first ? 3 : 0;
            first = 0;
        }
    }
}

static void print_cell(const struct document *doc, const struct cell *cell, struct text *out)
{
    if (cell->hidden) {
        if (cell->width)
            text_add(out, "***");
    } else if (cell->blank) {
        text_append(out, "    ", cell->width);
    } else if (cell->harmless) {
        text_append(out, doc->data + cell->offset, cell->bytes);
    } else {
        text_add_char(out, '?');
    }
}

/* Cells [from, to) around the caret that fit into SHOWN_WIDTH. */
static void choose_window(const struct cells *cells, size_t caret, size_t *from, size_t *to)
{
    size_t width = 0, before = 0;

    for (size_t i = 0; i < cells->count; i++)
        width += cells->items[i].width;
    *from = 0;
    *to = cells->count;
    if (width <= SHOWN_WIDTH)
        return;
    *from = caret;
    while (*from > 0 && before + cells->items[*from - 1].width <= BEFORE_CARET)
        before += cells->items[--*from].width;
    width = before;
    *to = caret;
    while (*to < cells->count && width + cells->items[*to].width <= SHOWN_WIDTH)
        width += cells->items[(*to)++].width;
}

/* The index of the cell that holds byte `offset`; count where it is behind the line. */
static size_t cell_at(const struct cells *cells, size_t offset)
{
    size_t i = 0;

    while (i < cells->count && cells->items[i].offset + cells->items[i].bytes <= offset)
        i++;
    return i;
}

static void print_caret(const struct cells *cells, size_t from, size_t to, struct span at,
                        struct text *out)
{
    size_t caret = cell_at(cells, at.offset), run = 0;

    for (size_t i = from; i < caret && i < to; i++)
        for (unsigned w = 0; w < cells->items[i].width; w++)
            text_add_char(out, ' ');
    for (size_t i = caret; i < to && cells->items[i].offset < at.offset + at.length; i++)
        run += cells->items[i].width;
    text_add_char(out, '^');
    for (; run > 1; run--)
        text_add_char(out, '^');
}

void excerpt_print(const struct document *doc, struct span at, const struct excerpt_style *style,
                   struct text *out)
{
    struct cells cells = {0};
    size_t start, end, from, to;
    uint32_t line;

    if (at.offset > doc->length || doc->line_count == 0 || doc->hide_lines)
        return;
    line = line_around(doc, at.offset, &start, &end);
    if (end < at.offset)
        end = at.offset;
    shorten(doc, at.offset, &start, &end);
    if (make_cells(doc, start, end, &cells)) {
        array_clear(&cells);
        return;
    }
    hide_secrets(doc, &cells);
    choose_window(&cells, cell_at(&cells, at.offset), &from, &to);

    text_printf(out, "%s%5u |%s ", style->gutter, line, style->reset);
    if (from > 0)
        text_add(out, "... ");
    for (size_t i = from; i < to; i++)
        print_cell(doc, &cells.items[i], out);
    text_add(out, to < cells.count ? " ...\n" : "\n");

    text_printf(out, "%s      |%s %s%s", style->gutter, style->reset, style->caret,
                from > 0 ? "    " : "");
    print_caret(&cells, from, to, at, out);
    text_printf(out, "%s\n", style->reset);
    array_clear(&cells);
}

uint32_t excerpt_length(const struct document *doc, struct span at)
{
    size_t start, end, bytes;
    uint32_t count = 0;

    if (at.offset > doc->length || doc->line_count == 0)
        return 1;
    line_around(doc, at.offset, &start, &end);
    if (end > (size_t)at.offset + at.length)
        end = (size_t)at.offset + at.length;
    for (size_t i = at.offset; i < end; i += bytes) {
        decode(doc->data + i, end - i, &bytes);
        count++;
    }
    return count ? count : 1;
}
