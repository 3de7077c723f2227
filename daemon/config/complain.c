/*
 * libyaml's complaints in words that help. It says what token it did not expect; what users did
 * wrong is nearly always one of a few things: a value that needed quotes, a quote or a bracket that
 * is not closed, indentation. Which one it is shows in the text around the place.
 */
#include "config/reader.h"

#include <ctype.h>
#include <string.h>

/* What is known about a complaint. */
struct complaint {
    struct reader *r;
    const char *problem, *context;
    size_t at;             /* offset of the problem */
    size_t context_at;     /* offset of what it belongs to */
    size_t line, line_end; /* the problem's line */
};

static int has(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

static int report(const struct complaint *c, int code, size_t at, size_t length, const char *help,
                  const char *message)
{
    diagnostics_add(c->r->diagnostics, code, (struct span){(uint32_t)at, (uint32_t)length, NULL},
                    help, "%s", message);
    return STREAMD_E_REPORTED;
}

static void note(const struct complaint *c, size_t at, const char *text)
{
    diagnostics_note(c->r->diagnostics, (struct span){(uint32_t)at, 1, NULL}, text);
}

/* The first tab in the indentation of the problem's line, or -1. */
static int64_t tab_in_indentation(const struct complaint *c)
{
    const char *data = c->r->document->data;

    for (size_t i = c->line; i < c->line_end && isspace((unsigned char)data[i]); i++)
        if (data[i] == '\t')
            return (int64_t)i;
    return -1;
}

/* Where the value of "key: value" begins on the problem's line; 0: there is none. */
static size_t value_start(const struct complaint *c)
{
    const char *data = c->r->document->data;

    for (size_t i = c->line; i + 1 < c->line_end; i++)
        if ((data[i] == ':' || data[i] == '-') && data[i + 1] == ' ' && i < c->at) {
            size_t value = i + 1;

            while (value < c->line_end && data[value] == ' ')
                value++;
            if (data[i] == ':' && value < c->line_end)
                return value;
        }
    return 0;
}

static int unquoted_value(const struct complaint *c, size_t value, const char *message)
{
    const char *data = c->r->document->data;
    const char *help = "put the whole value into quotes, or write it in block style below  KEY: |-";
    size_t length = c->line_end - value;

    while (length > 0 && isspace((unsigned char)data[value + length - 1]))
        length--;
    if (data[value] == '{' || data[value] == '[')
        length = 1;
    return report(c, 1005, value, length, help, message);
}

/* A block map or list did not go on as it must. */
static int broken_block(const struct complaint *c)
{
    const char *data = c->r->document->data;
    size_t value = value_start(c);

    if (value && value < c->at && (data[value] == '"' || data[value] == '\''))
        return unquoted_value(c, value,
                              "the value begins with a quote, so that YAML reads the quoted part "
                              "only and cannot read what follows");
    if (c->at < c->line_end && (data[c->at] == '}' || data[c->at] == ']' || data[c->at] == ','))
        return report(c, 1005, c->at, 1, NULL, "nothing is open that this could close or part");
    if (c->at < c->line_end && data[c->at] == ':')
        return report(c, 1032, c->at, 1, NULL, "a key is missing before ':'");
    report(c, 1005, c->at, 1, "keys of one map begin in the same column",
           "this line is indented less than its neighbours, or more, so that it belongs nowhere");
    note(c, c->context_at, "the map or list that cannot go on begins here");
    return STREAMD_E_REPORTED;
}

/* Columns of white space in front of the line that holds `at`. */
static size_t indentation(const struct document *doc, size_t at)
{
    return strspn(doc->data + doc->lines[document_line(doc, at) - 1], " ");
}

/* Where the value before `at` begins, in {...} or [...] on one line: behind ": " or ", ". */
static size_t flow_value_start(const struct complaint *c)
{
    const char *data = c->r->document->data;

    for (size_t i = c->at; i > c->context_at + 1; i--) {
        if (data[i - 1] == '\n')
            return 0;
        if (data[i - 1] == ' ' && (data[i - 2] == ':' || data[i - 2] == ','))
            return i;
    }
    return 0;
}

/* A value in {...} or [...] that cannot be read: says which, and how it must be written. */
static int unquoted_flow_value(const struct complaint *c, int map)
{
    struct diagnostics *d = c->r->diagnostics;
    const char *data = c->r->document->data;
    size_t value = flow_value_start(c);
    const char *help =
        "a value that holds quotes, a comma, '#' or ': ' stands in quotes as a whole";
    const char *message = map ? "in {...} a ',' or the '}' is expected here"
                              : "in [...] a ',' or the ']' is expected here";

    if (value && (data[value] == '\'' || data[value] == '"')) {
        report(c, 1005, value, c->at - value, help,
               "the value begins with a quote, so that YAML reads the quoted part only");
    } else if (c->at > 0 && data[c->at] == '{' && data[c->at - 1] == '$') {
        /* The value goes on to the next separator behind the reference. */
        size_t end = c->at + strcspn(data + c->at, "}\n");

        end += data[end] == '}';
        end += strcspn(data + end, " ,}]\n");
        report(c, 1005, c->at - 1, end - c->at + 1,
               diagnostics_printf(d, "write \"%.*s\"", (int)(end - c->at + 1), data + c->at - 1),
               "in {...} and [...] a value with ${NAME} stands in quotes");
    } else {
        report(c, 1005, c->at, 1, help, message);
        note(c, c->context_at, "opened here");
    }
    return STREAMD_E_REPORTED;
}

/* {...} or [...] did not go on with a comma or its end. */
static int broken_flow(const struct complaint *c, int map)
{
    const struct document *doc = c->r->document;

    if (c->at >= doc->length)
        return report(c, 1005, c->context_at, 1, NULL,
                      map ? "this '{' is never closed by '}'" : "this '[' is never closed by ']'");
    /* A line that is not indented deeper than the one with the bracket is no part of it. */
    if (document_line(doc, c->at) != document_line(doc, c->context_at) &&
        indentation(doc, c->at) <= indentation(doc, c->context_at))
        return report(c, 1005, c->context_at, 1, map ? "close it with '}'" : "close it with ']'",
                      map ? "this '{' is not closed before another line begins something new"
                          : "this '[' is not closed before another line begins something new");
    return unquoted_flow_value(c, map);
}

static int bad_start(const struct complaint *c)
{
    const char *data = c->r->document->data;

    if (c->at < c->line_end && data[c->at] == '\t')
        return report(c, 1006, c->at, 1, "write spaces instead", "a tab between values");
    return report(c, 1005, c->at, 1, "put the whole value into quotes",
                  diagnostics_printf(c->r->diagnostics, "a value cannot begin with '%c'",
                                     c->at < c->line_end ? data[c->at] : '?'));
}

static int mapping_in_value(const struct complaint *c)
{
    size_t value = value_start(c);

    if (value && value < c->at)
        return unquoted_value(c, value, "a value that holds ': ' must stand in quotes");
    value = c->line + indentation(c->r->document, c->at);
    return report(c, 1005, value, c->at > value ? c->at - value : 1,
                  "keys of one map begin in the same column, those of an inner map deeper, below a "
                  "key without a value",
                  "a key cannot stand here: the line before has a value already, or no ':'");
}

static int open_quote(const struct complaint *c)
{
    return report(c, 1005, c->context_at, 1, NULL, "this quote is never closed");
}

/* Complaints of the scanner about single tokens, each with one cause. */
static int simple_complaint(const struct complaint *c)
{
    static const struct {
        const char *problem, *context, *message, *help;
        int at_context;
    } table[] = {
        {"unknown escape", NULL, "in double quotes '\\' begins an escape, and this is none",
         "write the text in single quotes, where '\\' means itself, or write \\\\", 0},
        {"decimal number", NULL, "\\x, \\u and \\U are followed by 2, 4 and 8 hexadecimal digits",
         NULL, 0},
        {"invalid Unicode", NULL, "this escape is no character", NULL, 0},
        {"could not find expected ':'", NULL, "a ':' is missing behind this key",
         "keys are written KEY: VALUE, with a space; is the indentation right?", 1},
        {"sequence entries are not allowed", NULL, "a list with '-' cannot begin here",
         "write each '- item' on a line of its own, or the list as [a, b]", 0},
        {"mapping keys are not allowed", NULL, "a '?' key is not possible here", NULL, 0},
        {"alphabetic or numeric", "anchor", "a value that begins with '&' is an anchor for YAML",
         "put the whole value into quotes", 1},
        {"alphabetic or numeric", "alias", "a value that begins with '*' is an alias for YAML",
         "put the whole value into quotes", 1},
        {"comment or line break", "block scalar",
         "a value that begins with '>' or '|' is a block of text for YAML",
         "put the whole value into quotes", 1},
        {"indentation indicator", NULL, "the number behind '|' or '>' must be 1 to 9", NULL, 0},
        {"tag", NULL, "a value that begins with '!' is a tag for YAML",
         "put the whole value into quotes", 1},
        {"expected whitespace or line break", "tag",
         "a value that begins with '!' is a tag for YAML", "put the whole value into quotes", 1},
        {"document indicator", NULL, "'---' or '...' stands inside of a quoted text", NULL, 0},
        {"node content", NULL, "a value is missing here", NULL, 0},
        {"found unexpected ':'", NULL, "in {...} and [...] a value with ':' stands in quotes", NULL,
         0},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (has(c->problem, table[i].problem) &&
            (!table[i].context || has(c->context, table[i].context)))
            return report(c, 1005, table[i].at_context ? c->context_at : c->at, 1, table[i].help,
                          table[i].message);
    return report(c, 1005, c->at, 1, NULL,
                  diagnostics_printf(c->r->diagnostics, "this is not YAML: %s%s%s",
                                     c->context ? c->context : "", c->context ? ", " : "",
                                     c->problem));
}

static int explain(const struct complaint *c)
{
    int64_t tab = tab_in_indentation(c);

    if (tab >= 0)
        return report(c, 1006, (size_t)tab, 1, "indent with spaces", "a tab in the indentation");
    if (has(c->problem, "mapping values are not allowed"))
        return mapping_in_value(c);
    if (has(c->problem, "cannot start any token"))
        return bad_start(c);
    if (has(c->problem, "unexpected end of stream") && has(c->context, "quoted"))
        return open_quote(c);
    if (has(c->problem, "',' or '}'") || has(c->context, "flow mapping"))
        return broken_flow(c, 1);
    if (has(c->problem, "',' or ']'") || has(c->context, "flow sequence"))
        return broken_flow(c, 0);
    if (has(c->problem, "expected key") || has(c->problem, "expected '-'") ||
        has(c->problem, "<document start>"))
        return broken_block(c);
    return simple_complaint(c);
}

int reader_complain(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const struct document *doc = r->document;
    struct complaint c = {.r = r, .problem = p->problem ? p->problem : "", .context = p->context};
    const char *newline;

    if (p->error == YAML_MEMORY_ERROR)
        return STREAMD_E_NOMEM;
    c.at = reader_offset(r, &p->problem_mark);
    if (p->error == YAML_READER_ERROR)
        c.at = r->skipped + p->problem_offset;
    if (c.at > doc->length)
        c.at = doc->length;
    c.context_at = p->context ? reader_offset(r, &p->context_mark) : c.at;
    c.line = doc->lines[document_line(doc, c.at) - 1];
    newline = memchr(doc->data + c.line, '\n', doc->length - c.line);
    c.line_end = newline ? (size_t)(newline - doc->data) : doc->length;
    return explain(&c);
}
