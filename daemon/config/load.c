/*
 * Reading a file: its bytes are judged first (size, UTF-8, characters that YAML has no use for), so
 * that the parser meets nothing it cannot read and every complaint has a place. Then libyaml's
 * events are taken one by one, and reading stops at the first that passes a bound: libyaml itself
 * has none and is quadratic in the depth of nesting.
 */
#include "config/reader.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/secrets.h"

#include <string.h>

enum { PLACE_STEP = 64 };

static struct span point(size_t offset, size_t length)
{
    return (struct span){(uint32_t)offset, (uint32_t)length, NULL};
}

static int find_lines(struct document *doc)
{
    uint32_t count = 1;

    for (size_t i = 0; i < doc->length; i++)
        count += doc->data[i] == '\n';
    doc->lines = arena_alloc(&doc->arena, count * sizeof(*doc->lines));
    if (!doc->lines)
        return STREAMD_E_NOMEM;
    doc->line_count = 1;
    doc->lines[0] = 0;
    for (size_t i = 0; i < doc->length; i++)
        if (doc->data[i] == '\n')
            doc->lines[doc->line_count++] = (uint32_t)i + 1;
    return 0;
}

/* 1 where YAML allows the character that begins at p; valid UTF-8. */
static int is_allowed(const unsigned char *p)
{
    if (p[0] < 0x20)
        return p[0] == '\t' || p[0] == '\n' || p[0] == '\r';
    if (p[0] == 0x7f)
        return 0;
    if (p[0] == 0xc2 && p[1] < 0xa0)
        return p[1] == 0x85;
    if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) /* a byte order mark in the text */
        return 0;
    return !(p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe);
}

static int check_encoding(struct reader *r)
{
    const struct document *doc = r->document;
    const unsigned char *data = (const unsigned char *)doc->data;
    size_t valid;

    if (doc->length >= 2 &&
        ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff))) {
        diagnostics_add(r->diagnostics, 1003, point(0, 2), "save it as UTF-8",
                        "the file is UTF-16, not UTF-8");
        return STREAMD_E_REPORTED;
    }
    valid = text_utf8_prefix(doc->data, doc->length);
    if (valid < doc->length) {
        diagnostics_add(r->diagnostics, 1003, point(valid, 1), "save it as UTF-8",
                        "byte 0x%02x is not UTF-8", data[valid]);
        return STREAMD_E_REPORTED;
    }
    return 0;
}

static int check_characters(struct reader *r)
{
    const struct document *doc = r->document;
    const unsigned char *data = (const unsigned char *)doc->data;

    for (size_t i = r->skipped; i < doc->length; i++) {
        if ((data[i] & 0xc0) == 0x80 || is_allowed(data + i))
            continue;
        if (data[i] == 0)
            diagnostics_add(r->diagnostics, 1004, point(i, 1), NULL, "a NUL byte");
        else
            diagnostics_add(r->diagnostics, 1004, point(i, 1),
                            "in double quotes it can be written as an escape: \"\\x1b\"",
                            "a control character (byte 0x%02x)", data[i]);
        return STREAMD_E_REPORTED;
    }
    return 0;
}

/* `%YAML` and `%TAG` in front of the document: of no use here, and slow in libyaml. */
static int check_directives(struct reader *r)
{
    const struct document *doc = r->document;

    for (uint32_t i = 0; i < doc->line_count; i++) {
        const char *line = doc->data + doc->lines[i] + (i == 0 ? r->skipped : 0);
        const char *end = doc->data + doc->length;
        const char *p = line;

        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
            p++;
        if (p == end || *p == '\n' || *p == '#')
            continue;
        if (*line != '%')
            return 0;
        diagnostics_add(r->diagnostics, 1012, point((size_t)(line - doc->data), 1),
                        "remove this line", "YAML directives are not used here");
        return STREAMD_E_REPORTED;
    }
    return 0;
}

/* Notes where every 64th character begins, since the parser counts characters. */
static int find_places(struct reader *r)
{
    const struct document *doc = r->document;
    const unsigned char *data = (const unsigned char *)doc->data;
    size_t characters = 0;

    for (size_t i = r->skipped; i < doc->length; i++)
        characters += (data[i] & 0xc0) != 0x80;
    if (characters == doc->length - r->skipped)
        return 0;
    r->place_count = characters / PLACE_STEP + 1;
    r->places = arena_alloc(&r->document->arena, r->place_count * sizeof(*r->places));
    if (!r->places)
        return STREAMD_E_NOMEM;
    characters = 0;
    for (size_t i = r->skipped; i < doc->length; i++) {
        if ((data[i] & 0xc0) == 0x80)
            continue;
        if (characters % PLACE_STEP == 0)
            r->places[characters / PLACE_STEP] = (uint32_t)i;
        characters++;
    }
    if (characters % PLACE_STEP == 0)
        r->places[characters / PLACE_STEP] = (uint32_t)doc->length;
    return 0;
}

size_t reader_offset(const struct reader *r, const yaml_mark_t *mark)
{
    const struct document *doc = r->document;
    size_t at = r->skipped + mark->index;

    if (r->places) {
        if (mark->index / PLACE_STEP >= r->place_count)
            return doc->length;
        at = r->places[mark->index / PLACE_STEP];
        for (size_t left = mark->index % PLACE_STEP; left > 0 && at < doc->length; left--)
            do
                at++;
            while (at < doc->length && ((unsigned char)doc->data[at] & 0xc0) == 0x80);
    }
    return at < doc->length ? at : doc->length;
}

/* Only white space, comments and "..." may follow the document. */
static int check_rest(struct reader *r, size_t at)
{
    const struct document *doc = r->document;

    while (at < doc->length) {
        const char *p = doc->data + at;

        if (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') {
            at++;
        } else if (*p == '#' || strncmp(p, "...", 3) == 0) {
            const char *newline = memchr(p, '\n', doc->length - at);

            at = newline ? (size_t)(newline - doc->data) : doc->length;
        } else if (strncmp(p, "---", 3) == 0 || *p == '%') {
            diagnostics_add(r->diagnostics, 1010, point(at, 3), "write one file for each pipeline",
                            "a second document begins here");
            return STREAMD_E_REPORTED;
        } else {
            diagnostics_add(r->diagnostics, 1005, point(at, 1),
                            "check the indentation and the brackets before this place",
                            "the document has ended, but something follows");
            return STREAMD_E_REPORTED;
        }
    }
    return 0;
}

/* Takes events until the document's end. 0 or negative. */
static int take_events(struct reader *r)
{
    yaml_event_t event;
    size_t end = 0;
    int rc = 0;

    while (rc == 0) {
        if (!yaml_parser_parse(&r->parser, &event))
            return reader_complain(r);
        end = reader_offset(r, &event.end_mark);
        rc = reader_take_event(r, &event);
        yaml_event_delete(&event);
    }
    if (rc < 0)
        return rc;
    if (!r->document->root || node_is_null(r->document->root)) {
        size_t at = r->document->root ? r->document->root->offset : 0;

        diagnostics_add(r->diagnostics, 1011, point(at, 0),
                        "streamctl new writes one to begin with", "the file is empty");
        return STREAMD_E_REPORTED;
    }
    reader_check_gap(r, end);
    return check_rest(r, end);
}

static int parse(struct reader *r)
{
    const struct document *doc = r->document;
    int rc;

    if (!yaml_parser_initialize(&r->parser))
        return STREAMD_E_NOMEM;
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)doc->data + r->skipped,
                                 doc->length - r->skipped);
    rc = take_events(r);
    yaml_parser_delete(&r->parser);
    names_clear(&r->names);
    return rc;
}

/* What data and length hold becomes the tree. */
static int read_document(struct reader *r)
{
    struct document *doc = r->document;
    int rc = find_lines(doc);

    if (rc)
        return rc;
    if (doc->length > DOCUMENT_MAX_BYTES) {
        diagnostics_add(r->diagnostics, 1002, point(0, 0), NULL, "the file is larger than 1 MiB");
        return STREAMD_E_REPORTED;
    }
    if (doc->length >= 3 && memcmp(doc->data, "\xef\xbb\xbf", 3) == 0)
        r->skipped = 3;
    r->covered = r->skipped;
    rc = check_encoding(r);
    rc = rc ? rc : check_characters(r);
    rc = rc ? rc : check_directives(r);
    rc = rc ? rc : find_places(r);
    return rc ? rc : parse(r);
}

/* Keys that sound like secrets, where plugins read them: hidden even if no plugin is found. */
static void hide_secrets(struct node *node, int in_config)
{
    for (struct node *n = node->first; n; n = n->next) {
        const char *key = n->key ? n->key->text : "";
        int inside = in_config || strcmp(key, "config") == 0 || strcmp(key, "format") == 0;

        if (strcmp(key, "select") == 0 || strcmp(key, "fields") == 0)
            continue;
        if (inside && n->kind == NODE_SCALAR && secrets_key_sounds_secret(key, strlen(key)))
            document_mark_secret(n);
        hide_secrets(n, inside);
    }
}

static int load(struct document *doc, const struct document_environment *environment,
                struct diagnostics *d)
{
    struct reader r = {.document = doc, .diagnostics = d};
    int rc;

    r.interpolator = (struct interpolator){.document = doc, .diagnostics = d};
    r.interpolator.environment = environment;
    rc = read_document(&r);
    if (rc) {
        doc->broken = 1;
        doc->root = NULL;
        return rc;
    }
    if (doc->root)
        hide_secrets(doc->root, 0);
    return diagnostics_error_count(d) ? STREAMD_E_REPORTED : 0;
}

int document_load_text(struct document *doc, const char *text, size_t length,
                       const struct document_environment *environment, struct diagnostics *d)
{
    size_t kept = length > DOCUMENT_MAX_BYTES ? DOCUMENT_MAX_BYTES + 1 : length;

    memset(doc, 0, sizeof(*doc));
    d->document = doc;
    doc->data = arena_strndup(&doc->arena, text, kept);
    if (!doc->data)
        return STREAMD_E_NOMEM;
    doc->length = kept;
    return load(doc, environment, d);
}

int document_load(struct document *doc, const struct document_environment *environment,
                  struct diagnostics *d)
{
    struct streamd_error error;
    char *data = NULL;
    size_t length = 0;
    int rc;

    memset(doc, 0, sizeof(*doc));
    rc = file_read_all(file_system(), d->file, DOCUMENT_MAX_BYTES, &data, &length, &error);
    if (rc == STREAMD_E_NOMEM)
        return rc;
    if (rc) {
        diagnostics_add(d, rc == STREAMD_E_LIMIT ? 1002 : 1001, SPAN_NONE, NULL, "%s",
                        rc == STREAMD_E_LIMIT ? "the file is larger than 1 MiB" : error.message);
        return STREAMD_E_REPORTED;
    }
    rc = document_load_text(doc, data, length, environment, d);
    memory_free(data);
    return rc;
}
