/*
 * Fuzzing pipeline files: any bytes are read, judged, printed, and asked for the place of every
 * scalar. What was read without an error is written as YAML and must read back to the same values.
 */
#include "graph/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *self, const char *name)
{
    (void)self;
    return strcmp(name, "A") == 0 ? "alpha" : strcmp(name, "E") == 0 ? "" : NULL;
}

static void check(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* Places lie in the file, for every piece of every scalar. */
static void ask_places(const struct document *doc, const struct node *node)
{
    for (size_t i = 0; i <= node->text_length && node->kind == NODE_SCALAR; i += 1 + i / 8) {
        struct span at = document_span_inside(node, i, node->text_length - i);

        check((size_t)at.offset + at.length <= doc->length, "a place lies in the file");
    }
    if (node->key)
        ask_places(doc, node->key);
    for (const struct node *n = node->first; n; n = n->next) {
        check(n->parent == node, "a child knows its parent");
        ask_places(doc, n);
    }
}

static void read_back(const struct document *doc)
{
    struct diagnostics d;
    struct document again;
    struct text yaml = {0}, first = {0}, second = {0};

    document_json(doc->root, &first, 0);
    document_yaml(doc->root, &yaml);
    diagnostics_init(&d, NULL);
    /* What is written has aliases expanded, and may be longer than a file can be. */
    if (yaml.length < DOCUMENT_MAX_BYTES && !doc->secrets) {
        struct document_environment environment = {.variable = variable};
        int rc = document_load_text(&again, text_get(&yaml), yaml.length, &environment, &d);

        check(rc == 0, "what echo writes can be read");
        document_json(again.root, &second, 0);
        check(strcmp(text_get(&first), text_get(&second)) == 0, "and means the same");
        document_clear(&again);
    }
    diagnostics_clear(&d);
    text_clear(&yaml);
    text_clear(&first);
    text_clear(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document_environment environment = {.variable = variable};
    struct diagnostics d;
    struct document doc;
    struct pipeline p = {0};
    struct text out = {0};
    int rc;

    diagnostics_init(&d, "fuzz.yaml");
    rc = document_load_text(&doc, (const char *)data, size, &environment, &d);
    check((rc == 0) == (diagnostics_error_count(&d) == 0), "result and problems agree");
    if (doc.root) {
        ask_places(&doc, doc.root);
        if (rc == 0)
            read_back(&doc);
        rc = pipeline_read(&p, &doc, &d);
        check((rc == 0) == (diagnostics_error_count(&d) == 0), "result and problems agree");
    }
    diagnostics_print(&d, &out, 0);
    diagnostics_print_json_document(&d, &out);
    check(text_utf8_prefix(text_get(&out), out.length) == out.length, "what is printed is UTF-8");
    text_clear(&out);
    pipeline_clear(&p);
    document_clear(&doc);
    diagnostics_clear(&d);
    return 0;
}
