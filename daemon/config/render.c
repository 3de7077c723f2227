/*
 * A tree as JSON, for options that take any value, and as YAML, for `streamctl echo`. YAML is
 * written in one style: block maps and lists, texts in double quotes where they are not plain
 * words, so that it reads back to the same values.
 */
#include "config/document.h"
#include "config/secrets.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A number as JSON writes it. */
static int is_json_number(const char *p)
{
    p += *p == '-';
    if (*p == '0')
        p++;
    else if (isdigit((unsigned char)*p))
        p += strspn(p, "0123456789");
    else
        return 0;
    if (*p == '.') {
        if (!isdigit((unsigned char)*++p))
            return 0;
        p += strspn(p, "0123456789");
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        if (!isdigit((unsigned char)*p))
            return 0;
        p += strspn(p, "0123456789");
    }
    return *p == '\0';
}

static void json_scalar(const struct node *node, struct text *out, int mask)
{
    if (mask && secrets_cover(node))
        text_add(out, "\"***\"");
    else if (node_is_null(node))
        text_add(out, "null");
    else if (node->style == NODE_PLAIN &&
             (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 ||
              is_json_number(node->text)))
        text_append(out, node->text, node->text_length);
    else
        text_add_json(out, node->text, node->text_length);
}

void document_json(const struct node *node, struct text *out, int mask)
{
    int map = node->kind == NODE_MAP;

    if (node->kind == NODE_SCALAR) {
        json_scalar(node, out, mask);
        return;
    }
    text_add_char(out, map ? '{' : '[');
    for (const struct node *n = node->first; n; n = n->next) {
        if (n != node->first)
            text_add_char(out, ',');
        if (map) {
            text_add_json(out, n->key->text, n->key->text_length);
            text_add_char(out, ':');
        }
        document_json(n, out, mask);
    }
    text_add_char(out, map ? '}' : ']');
}

/* A text that would mean something else without quotes. */
static int needs_its_quotes(const struct node *node)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", NULL};

    if (node->style == NODE_PLAIN)
        return node->interpolation && (strcmp(node->text, "null") == 0 || node->text[0] == '~');
    for (size_t i = 0; words[i]; i++)
        if (strcasecmp(node->text, words[i]) == 0)
            return 1;
    return isdigit((unsigned char)node->text[0]) || node->text[0] == '-' || node->text[0] == '.';
}

/* A text that YAML reads as itself without quotes. Careful rather than complete. */
static int is_plain_text(const struct node *node)
{
    const char *p = node->text;

    if (needs_its_quotes(node))
        return 0;
    if (node->text_length == 0 || isspace((unsigned char)p[node->text_length - 1]) ||
        strcmp(p, "<<") == 0)
        return 0;
    if (!isalnum((unsigned char)*p) && *p != '_' && *p != '/' && *p != '.' && *p != '$' &&
        *p != '(' && !(*p == '-' && isdigit((unsigned char)p[1])))
        return 0;
    if (strncmp(p, "...", 3) == 0)
        return 0;
    for (; *p; p++) {
        if (strchr("\"'{}[],&*!|>%@`#:\\", *p) || (unsigned char)*p < 0x20 ||
            (unsigned char)*p >= 0x7f)
            return 0;
        if (*p == '$' && p[1] == '{')
            return 0;
    }
    return 1;
}

static void yaml_quoted(const char *text, size_t length, struct text *out)
{
    struct text json = {0};

    /* JSON's escapes are YAML's, and ${ must not be replaced again. */
    text_add_json(&json, text, length);
    for (const char *p = text_get(&json); *p; p++) {
        if (p[0] == '$' && p[1] == '{')
            text_add_char(out, '$');
        text_add_char(out, *p);
    }
    if (text_failed(&json))
        out->failed = 1;
    text_clear(&json);
}

static void yaml_scalar(const struct node *node, struct text *out)
{
    if (secrets_cover(node))
        text_add(out, "'***'");
    else if (node_is_null(node) || is_plain_text(node))
        text_append(out, node->text, node->text_length);
    else
        yaml_quoted(node->text, node->text_length, out);
}

static void indent(struct text *out, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++)
        text_add(out, "  ");
}

/* Writes the children of a map or list, each on a line of its own. `here`: the first one goes on
   where the line stands, behind "- ". */
static void yaml_children(const struct node *node, unsigned depth, int here, struct text *out)
{
    for (const struct node *n = node->first; n; n = n->next) {
        if (!here)
            indent(out, depth);
        here = 0;
        if (node->kind == NODE_MAP) {
            if (is_plain_text(n->key))
                text_add(out, n->key->text);
            else
                yaml_quoted(n->key->text, n->key->text_length, out);
            text_add_char(out, ':');
        } else {
            text_add_char(out, '-');
        }
        if (n->kind == NODE_SCALAR) {
            if (n->text_length > 0 || !node_is_null(n))
                text_add_char(out, ' ');
            yaml_scalar(n, out);
            text_add_char(out, '\n');
        } else if (n->count == 0) {
            text_add(out, n->kind == NODE_MAP ? " {}\n" : " []\n");
        } else if (node->kind == NODE_LIST) {
            text_add_char(out, ' ');
            yaml_children(n, depth + 1, 1, out);
        } else {
            text_add_char(out, '\n');
            yaml_children(n, depth + 1, 0, out);
        }
    }
}

void document_yaml(const struct node *node, struct text *out)
{
    if (node->kind == NODE_SCALAR) {
        yaml_scalar(node, out);
        text_add_char(out, '\n');
    } else if (node->count == 0) {
        text_add(out, node->kind == NODE_MAP ? "{}\n" : "[]\n");
    } else {
        yaml_children(node, 0, 0, out);
    }
}
