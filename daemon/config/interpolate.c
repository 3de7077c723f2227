/*
 * One pass over the raw text, copying literals and replacing references, with a list of the pieces
 * that were replaced, so that carets find their way back into the file. What a reference stands
 * for is never looked at again: a value that holds ${ stays as it is.
 */
#include "config/interpolate.h"

#include "base/array.h"
#include "base/error.h"
#include "base/file.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A reference taken apart: ${name}, ${name:-rest}, ${name:?rest}, ${cred:rest}, ${file:rest}. */
struct reference {
    size_t start, end; /* in the raw text, with ${ and } */
    char name[128];
    char form; /* 0, '-', '?', 'c', 'f' */
    const char *rest;
    size_t rest_length;
};

/* The value under construction. */
struct building {
    struct interpolator *ip;
    struct node *node;
    struct text value;
    struct {
        struct interpolation_piece *items;
        size_t count, capacity;
    } pieces;
    int secret;
};

int interpolate_is_wanted(const char *text)
{
    return strstr(text, "${") != NULL;
}

static struct span span_of(const struct building *b, size_t start, size_t end)
{
    return document_span_inside(b->node, start, end - start);
}

static int refuse(struct building *b, int code, size_t start, size_t end, const char *help,
                  const char *message)
{
    struct span at = SPAN_NONE;

    /* Working places out costs more than the rest, and is of no use where they are not printed. */
    if (!diagnostics_is_full(b->ip->diagnostics))
        at = span_of(b, start, end);
    diagnostics_add(b->ip->diagnostics, code, at, help, "%s", message);
    b->node->bad = 1;
    return STREAMD_E_REPORTED;
}

static int is_name_byte(char c, int first)
{
    return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

/* Something other than }, :- and :? stands behind the name. */
static int refuse_form(struct building *b, const struct reference *r, const char *rest)
{
    struct diagnostics *d = b->ip->diagnostics;
    const char *help = "write ${NAME}, ${NAME:-default}, ${NAME:?message}, ${cred:NAME} or "
                       "${file:/path}; $${ stands for ${";
    size_t length = (size_t)(b->node->text + r->end - 1 - rest);

    if (*rest == ':' || *rest == '-' || *rest == '=') {
        const char *value = rest + strspn(rest, ":-=");

        length = (size_t)(b->node->text + r->end - 1 - value);
        help = diagnostics_printf(d, "a default is written ${%s:-%.*s}", r->name,
                                  (int)(length < 200 ? length : 200), value);
    }
    return refuse(b, 1103, r->start, r->end, help,
                  diagnostics_printf(d, "'%.*s' is not a reference that streamd knows",
                                     (int)(r->end - r->start < 60 ? r->end - r->start : 60),
                                     b->node->text + r->start));
}

/* Takes the reference at `start` of the node's text apart. 0 or STREAMD_E_REPORTED. */
static int parse_reference(struct building *b, size_t start, struct reference *r)
{
    const char *text = b->node->text, *p = text + start + 2;
    const char *end = strchr(p, '}');
    size_t n = 0;

    r->end = start + 2;
    if (!end)
        return refuse(b, 1103, start, start + 2, "$${ stands for ${ itself",
                      "'${' is never closed by '}'");
    r->start = start;
    r->end = (size_t)(end + 1 - text);
    while (is_name_byte(p[n], n == 0) && n + 1 < sizeof(r->name))
        n++;
    memcpy(r->name, p, n);
    r->name[n] = '\0';
    p += n;
    r->form = 0;
    r->rest = p;
    if (n > 0 && p[0] == ':' && (p[1] == '-' || p[1] == '?')) {
        r->form = p[1];
        r->rest = p + 2;
    } else if (p[0] == ':' && (strcmp(r->name, "cred") == 0 || strcmp(r->name, "file") == 0)) {
        r->form = r->name[0];
        r->rest = p + 1;
    } else if (n == 0 || p != end) {
        return refuse_form(b, r, p);
    }
    r->rest_length = (size_t)(end - r->rest);
    if (memchr(r->rest, '$', r->rest_length) && memmem(r->rest, r->rest_length, "${", 2))
        return refuse(b, 1103, r->start, r->end, NULL, "'${' inside of '${...}' is not possible");
    return 0;
}

/* Appends what came from outside, after a look at it. */
static int append_value(struct building *b, const struct reference *r, const char *value,
                        size_t length)
{
    struct diagnostics *d = b->ip->diagnostics;

    b->ip->total += length;
    if (b->value.length + length > DOCUMENT_MAX_SCALAR || b->ip->total > INTERPOLATE_MAX_TOTAL)
        return refuse(b, 1106, r->start, r->end, NULL,
                      "with its references replaced, this value is too long");
    if (text_utf8_prefix(value, length) < length || memchr(value, '\0', length))
        return refuse(b, 1106, r->start, r->end, NULL,
                      diagnostics_printf(d, "the value of '%.*s' is not UTF-8 text",
                                         (int)(r->end - r->start), b->node->text + r->start));
    text_append(&b->value, value, length);
    return 0;
}

static int resolve_variable(struct building *b, const struct reference *r)
{
    struct diagnostics *d = b->ip->diagnostics;
    const struct document_environment *environment = b->ip->environment;
    const char *value = environment->variable(environment->self, r->name);

    if (value && (r->form == 0 || *value))
        return append_value(b, r, value, strlen(value));
    if (r->form == '-')
        return append_value(b, r, r->rest, r->rest_length);
    if (r->form == '?' && r->rest_length > 0)
        return refuse(
            b, 1102, r->start, r->end, NULL,
            diagnostics_printf(d, "'%s' is needed: %.*s", r->name, (int)r->rest_length, r->rest));
    return refuse(b, 1101, r->start, r->end,
                  diagnostics_printf(d, "set it, or give a default: ${%s:-...}", r->name),
                  diagnostics_printf(d, "the environment variable '%s' is not set", r->name));
}

/* The path of a credential, after its name was checked. */
static int credential_path(struct building *b, const struct reference *r, char *path, size_t size)
{
    const char *folder = b->ip->environment->credentials;
    int n;

    if (r->rest_length == 0 || r->rest[0] == '.' || memchr(r->rest, '/', r->rest_length))
        return refuse(b, 1104, r->start, r->end,
                      "write ${cred:NAME}, the NAME of a LoadCredential=",
                      "this is not the name of a credential");
    if (!folder || !*folder)
        return refuse(b, 1104, r->start, r->end,
                      "systemd sets it for units with LoadCredential=; by hand, set it to a folder",
                      "there are no credentials: CREDENTIALS_DIRECTORY is not set");
    n = snprintf(path, size, "%s/%.*s", folder, (int)r->rest_length, r->rest);
    if (n < 0 || (size_t)n >= size)
        return refuse(b, 1104, r->start, r->end, NULL, "the path of the credential is too long");
    return 0;
}

static int secret_path(struct building *b, const struct reference *r, char *path, size_t size)
{
    if (r->form == 'c')
        return credential_path(b, r, path, size);
    if (r->rest_length == 0 || r->rest[0] != '/' || r->rest_length >= size)
        return refuse(b, 1105, r->start, r->end, "write ${file:/path/of/the/file}",
                      "the path of the file must be absolute");
    memcpy(path, r->rest, r->rest_length);
    path[r->rest_length] = '\0';
    return 0;
}

/* The content of a file, without the newline at its end. */
static int resolve_file(struct building *b, const struct reference *r)
{
    struct streamd_error error;
    char path[PATH_MAX], *data = NULL;
    size_t length = 0;
    int rc = secret_path(b, r, path, sizeof(path));

    if (rc)
        return rc;
    rc = file_read_all(file_system(), path, DOCUMENT_MAX_SCALAR, &data, &length, &error);
    if (rc == STREAMD_E_NOMEM)
        return rc;
    if (rc)
        return refuse(b, r->form == 'c' ? 1104 : 1105, r->start, r->end, NULL, error.message);
    if (length > 0 && data[length - 1] == '\n')
        length--;
    b->secret = 1;
    rc = append_value(b, r, data, length);
    memory_free(data);
    return rc;
}

/* Replaces one reference and notes the piece. */
static int replace(struct building *b, const struct reference *r)
{
    struct interpolation_piece piece = {.raw_start = (uint32_t)r->start,
                                        .raw_end = (uint32_t)r->end,
                                        .start = (uint32_t)b->value.length};
    int rc;

    if (b->ip->total > INTERPOLATE_MAX_TOTAL)
        return refuse(b, 1106, r->start, r->end, NULL,
                      "the values of the references in this file are too long together");
    rc = r->form == 'c' || r->form == 'f' ? resolve_file(b, r) : resolve_variable(b, r);
    if (rc)
        return rc;
    piece.end = (uint32_t)b->value.length;
    return array_push(&b->pieces, piece) ? STREAMD_E_NOMEM : 0;
}

/* `$${` becomes `${`. */
static int unescape(struct building *b, size_t start)
{
    struct interpolation_piece piece = {.raw_start = (uint32_t)start,
                                        .raw_end = (uint32_t)start + 3,
                                        .start = (uint32_t)b->value.length};

    text_append(&b->value, "${", 2);
    piece.end = (uint32_t)b->value.length;
    return array_push(&b->pieces, piece) ? STREAMD_E_NOMEM : 0;
}

/* Goes through the text; goes on after a bad reference, so that all are reported. */
static int build(struct building *b)
{
    const char *text = b->node->text;
    size_t at = 0, length = b->node->text_length;

    while (at < length) {
        const char *dollar = memchr(text + at, '$', length - at);
        size_t next = dollar ? (size_t)(dollar - text) : length;
        struct reference r;
        int rc = 0;

        text_append(&b->value, text + at, next - at);
        at = next;
        if (strncmp(text + at, "$${", 3) == 0) {
            rc = unescape(b, at);
            at += 3;
        } else if (strncmp(text + at, "${", 2) == 0) {
            rc = parse_reference(b, at, &r);
            at = r.end;
            rc = rc ? rc : replace(b, &r);
        } else if (at < length) {
            text_append(&b->value, "$", 1);
            at++;
        }
        if (rc == STREAMD_E_NOMEM)
            return rc;
    }
    return text_failed(&b->value) ? STREAMD_E_NOMEM : 0;
}

/* Puts the value into the node. */
static int finish(struct building *b)
{
    struct arena *arena = &b->ip->document->arena;
    struct node *node = b->node;
    size_t bytes = b->pieces.count * sizeof(struct interpolation_piece);
    struct interpolation *interpolation = arena_alloc(arena, sizeof(*interpolation) + bytes);
    char *text = arena_strndup(arena, text_get(&b->value), b->value.length);

    if (!interpolation || !text)
        return STREAMD_E_NOMEM;
    interpolation->raw = node->text;
    interpolation->raw_length = node->text_length;
    interpolation->count = (uint32_t)b->pieces.count;
    if (bytes > 0)
        memcpy(interpolation->pieces, b->pieces.items, bytes);
    node->interpolation = interpolation;
    node->text = text;
    node->text_length = (uint32_t)b->value.length;
    node->secret |= b->secret ? NODE_SECRET_VALUE : 0;
    return 0;
}

int interpolate_scalar(struct interpolator *ip, struct node *node)
{
    struct building b = {.ip = ip, .node = node};
    int rc;

    if (!ip->environment || !interpolate_is_wanted(node->text))
        return 0;
    rc = build(&b);
    if (!rc && !node->bad)
        rc = finish(&b);
    text_clear(&b.value);
    array_clear(&b.pieces);
    return rc;
}
