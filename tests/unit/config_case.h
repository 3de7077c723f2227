/*
 * One YAML text under test: loaded, with its problems as short lines "LINE:COLUMN CODE", so that a
 * table can say what must be found. Include after the headers of cmocka.
 */
#ifndef CONFIG_CASE_H
#define CONFIG_CASE_H

#include "config/diagnostics.h"
#include "config/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_case {
    struct diagnostics diagnostics;
    struct document document;
    int rc;
};

/* The environment of the tests: A=alpha, EMPTY=, NUMBER=12, BRACES=${A}, OUT and NEXMARK=/tmp,
   LONG= 40 kB of x, CONTROL= bytes that are not UTF-8. */
static const char *case_variable(void *self, const char *name)
{
    static char many[40001];

    (void)self;
    if (strcmp(name, "A") == 0)
        return "alpha";
    if (strcmp(name, "EMPTY") == 0)
        return "";
    if (strcmp(name, "NUMBER") == 0)
        return "12";
    if (strcmp(name, "BRACES") == 0)
        return "${A}";
    if (strcmp(name, "CONTROL") == 0)
        return "\xff\xfe";
    if (strcmp(name, "OUT") == 0 || strcmp(name, "NEXMARK") == 0)
        return "/tmp";
    if (strcmp(name, "LONG") == 0)
        return *many ? many : memset(many, 'x', sizeof(many) - 1);
    return NULL;
}

static const struct document_environment case_environment = {.variable = case_variable};

static inline void case_load_bytes(struct config_case *c, const char *yaml, size_t length)
{
    memset(c, 0, sizeof(*c));
    diagnostics_init(&c->diagnostics, "case.yaml");
    c->rc = document_load_text(&c->document, yaml, length, &case_environment, &c->diagnostics);
}

static inline void case_load(struct config_case *c, const char *yaml)
{
    case_load_bytes(c, yaml, strlen(yaml));
}

static inline void case_clear(struct config_case *c)
{
    document_clear(&c->document);
    diagnostics_clear(&c->diagnostics);
}

/* All problems as text; release with free. */
static inline char *case_text(struct config_case *c)
{
    struct text out = {0};
    char *copy;

    diagnostics_print(&c->diagnostics, &out, 0);
    copy = strdup(text_get(&out));
    text_clear(&out);
    return copy;
}

/* "1:5 1030, 3:1 1031" for the problems found; release with free. */
static inline char *case_summary(struct config_case *c)
{
    char *text = case_text(c), *line = text, *result = calloc(1, strlen(text) + 1);

    while (line && *line) {
        unsigned row, column, code;
        char *next = strchr(line, '\n');

        if (sscanf(line, "case.yaml:%u:%u: %*[a-z][SD%u]", &row, &column, &code) == 3)
            sprintf(result + strlen(result), "%s%u:%u %u", *result ? ", " : "", row, column, code);
        line = next ? next + 1 : NULL;
    }
    free(text);
    return result;
}

#endif
