/*
 * Looking things up in a tree. Maps and lists are linked lists: files are small, and what walks
 * them all (reading, options) does so once.
 */
#include "config/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *system_variable(void *self, const char *name)
{
    (void)self;
    return getenv(name);
}

struct document_environment document_system_environment(void)
{
    return (struct document_environment){
        .variable = system_variable,
        .self = NULL,
        .credentials = getenv("CREDENTIALS_DIRECTORY"),
    };
}

void document_clear(struct document *doc)
{
    arena_clear(&doc->arena);
    memset(doc, 0, sizeof(*doc));
}

struct node *document_get(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (struct node *n = map->first; n; n = n->next)
        if (strcmp(n->key->text, key) == 0)
            return n;
    return NULL;
}

/* The child that the first `length` bytes of `step` name. */
static struct node *child(const struct node *node, const char *step, size_t length)
{
    unsigned long index = 0;
    char *end;

    if (node->kind == NODE_MAP) {
        for (struct node *n = node->first; n; n = n->next)
            if (n->key->text_length == length && memcmp(n->key->text, step, length) == 0)
                return n;
    } else if (node->kind == NODE_LIST && *step >= '0' && *step <= '9') {
        index = strtoul(step, &end, 10);
        if ((size_t)(end - step) != length)
            return NULL;
        for (struct node *n = node->first; n; n = n->next)
            if (index-- == 0)
                return n;
    }
    return NULL;
}

struct node *document_find(struct node *node, const char *path)
{
    while (node && *path) {
        size_t length = strcspn(path, ".");
        struct node *next = child(node, path, length);

        if (!next)
            break;
        node = next;
        path += length + (path[length] == '.');
    }
    return node;
}

struct span node_span(const struct node *node)
{
    return (struct span){node->offset, node->length, node};
}

struct span node_key_span(const struct node *node)
{
    struct span span = node_span(node->key ? node->key : node);

    span.node = node;
    return span;
}

uint32_t document_line(const struct document *doc, size_t offset)
{
    uint32_t low = 0, high = doc->line_count;

    /* The last line that begins at or before `offset`. */
    while (high > low + 1) {
        uint32_t middle = low + (high - low) / 2;

        if (doc->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}

/* Characters in valid UTF-8; a byte of anything else counts as one, too. */
static uint32_t count_characters(const char *text, size_t length)
{
    uint32_t count = 0;

    for (; length >= 8; text += 8, length -= 8) {
        uint64_t word;

        memcpy(&word, text, 8);
        /* Bit 7 of each byte that is 10xxxxxx, the second and later bytes of a character. */
        word = word & ~(word << 1) & 0x8080808080808080u;
        count += 8 - (uint32_t)__builtin_popcountll(word);
    }
    for (; length > 0; text++, length--)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

void document_position(const struct document *doc, size_t offset, uint32_t *line, uint32_t *column)
{
    size_t start;

    *line = document_line(doc, offset);
    *column = 1;
    if (doc->line_count == 0)
        return;
    if (offset > doc->length)
        offset = doc->length;
    start = doc->lines[*line - 1];
    if (*line == 1 && doc->length >= 3 && memcmp(doc->data, "\xef\xbb\xbf", 3) == 0)
        start = offset < 3 ? offset : 3;
    *column += count_characters(doc->data + start, offset - start);
}

void document_path(const struct node *node, struct text *out)
{
    size_t index = 0;

    if (!node || !node->parent)
        return;
    document_path(node->parent, out);
    if (node->key) {
        text_printf(out, "%s%s", node->parent->parent ? "." : "", node->key->text);
        return;
    }
    for (const struct node *n = node->parent->first; n && n != node; n = n->next)
        index++;
    text_printf(out, "%s%zu", node->parent->parent ? "." : "", index);
}

const char *document_quote(struct diagnostics *d, const struct node *node)
{
    enum { QUOTED = 60 };
    size_t length;

    if (node->kind == NODE_MAP)
        return "a map";
    if (node->kind == NODE_LIST)
        return "a list";
    if (node->secret)
        return "***";
    if (node->text_length <= QUOTED)
        return diagnostics_printf(d, "'%s'", node->text);
    for (length = QUOTED; ((unsigned char)node->text[length] & 0xc0) == 0x80;)
        length--;
    return diagnostics_printf(d, "'%.*s...'", (int)length, node->text);
}

const char *document_hint(const struct node *node)
{
    const char *data = node->document ? node->document->data : NULL;
    size_t at = node->offset + node->length;

    if (!data || node->kind != NODE_SCALAR || node->style != NODE_PLAIN)
        return NULL;
    if (data[at] != ' ')
        return NULL;
    at += strspn(data + at, " ");
    return data[at] == '#'
               ? "YAML takes what stands behind ' #' for a comment: put the whole value "
                 "into quotes if it is none"
               : NULL;
}

void document_mark_secret(struct node *node)
{
    if (node->kind == NODE_SCALAR && !(node->secret & NODE_SECRET_OPTION)) {
        struct secret_range *range = arena_alloc(&node->document->arena, sizeof(*range));

        node->secret |= NODE_SECRET_OPTION;
        if (range) {
            *range = (struct secret_range){node->document->secrets, node->offset, node->length};
            node->document->secrets = range;
        } else {
            node->document->hide_lines = 1;
        }
    }
    for (struct node *n = node->first; n; n = n->next)
        document_mark_secret(n);
}

int node_is_null(const struct node *node)
{
    if (node->kind != NODE_SCALAR || node->style != NODE_PLAIN || node->interpolation)
        return 0;
    return node->text_length == 0 || strcmp(node->text, "~") == 0 ||
           strcmp(node->text, "null") == 0;
}
