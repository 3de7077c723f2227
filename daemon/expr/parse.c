/*
 * Wraps the text as `SELECT (text)`, has PostgreSQL's parser parse it, and hands the JSON of the
 * one expression in it to parse_tree.c.
 *
 * The brackets make most of what is no expression (an alias, FROM, DISTINCT) a syntax error of its
 * own accord. That they enclose the text, the lexer checks: brackets must balance and no `;` may
 * stand outside of a string, so that nothing in the text can leave them.
 */
#include "expr/parse.h"

#include "base/text.h"
#include "expr/lexer.h"

#include <pg_query.h>

#include <stdlib.h>
#include <string.h>

static const char prefix[] = "SELECT (";
enum { PREFIX = sizeof(prefix) - 1 };

/* Is there one word, at least, and do brackets balance? */
static int check_shape(const struct ast_source *s, struct expr_reporter *report)
{
    struct lexer_token t = lexer_next(s->text, s->length, 0);
    size_t depth = 0, open = 0;

    if (t.kind == LEXER_END) {
        problem_add(report, EXPR_FORM, 0, s->length, NULL, "the expression is empty");
        return -1;
    }
    for (; t.kind != LEXER_END; t = lexer_next(s->text, s->length, t.offset + t.length)) {
        char c = s->text[t.offset];

        if (t.kind != LEXER_OTHER)
            continue;
        if (c == ';') {
            problem_add(report, EXPR_FORM, t.offset, 1, NULL,
                        "one expression is expected here, without ';'");
            return -1;
        }
        if (c == '(') {
            if (depth++ == 0)
                open = t.offset;
        } else if (c == ')' && depth-- == 0) {
            problem_add(report, EXPR_SYNTAX, t.offset, 1, NULL, "')' closes nothing");
            return -1;
        }
    }
    if (depth > 0) {
        problem_add(report, EXPR_SYNTAX, open, 1, NULL, "'(' is not closed");
        return -1;
    }
    return 0;
}

static int check_text(const struct ast_source *s, struct expr_reporter *report)
{
    size_t valid = text_utf8_prefix(s->text, s->length);
    const char *nul = memchr(s->text, '\0', valid);

    if (nul)
        valid = (size_t)(nul - s->text);
    if (s->length > EXPR_MAX_LENGTH) {
        problem_add(report, EXPR_LIMIT, EXPR_MAX_LENGTH, s->length - EXPR_MAX_LENGTH, NULL,
                    "an expression has at most %d bytes, this one has %zu", EXPR_MAX_LENGTH,
                    s->length);
        return -1;
    }
    if (valid < s->length) {
        problem_add(report, EXPR_SYNTAX, valid, 1, NULL, "not UTF-8, or a NUL byte");
        return -1;
    }
    return check_shape(s, report);
}

/* Bytes in front of the n-th character of the text. */
static size_t byte_of_character(const struct ast_source *s, size_t n)
{
    size_t i = 0;

    while (i < s->length && n > 0) {
        i++;
        while (i < s->length && ((unsigned char)s->text[i] & 0xc0) == 0x80)
            i++;
        n--;
    }
    return i;
}

static int is_field(const struct ast_source *s, const struct lexer_token *t)
{
    for (uint32_t i = 0; s->schema && i < s->schema->field_count; i++) {
        const char *name = s->schema->fields[i].name;

        if (strlen(name) == t->length && memcmp(name, s->text + t->offset, t->length) == 0)
            return 1;
    }
    return 0;
}

/* A reserved word that stands where a field was meant: it is the token that the parser refused, or
   the one before, and looks like a field. */
static const char *help_for(const struct ast_source *s, struct expr_reporter *report, size_t offset)
{
    static const char *const words[] = {"end",    "order",   "limit", "group", "offset", "select",
                                        "from",   "to",      "user",  "table", "desc",   "asc",
                                        "column", "default", "check", "all",   "when",   NULL};
    struct lexer_token t, before = {LEXER_END, 0, 0};

    for (t = lexer_next(s->text, s->length, 0); t.kind != LEXER_END && t.offset < offset;
         t = lexer_next(s->text, s->length, t.offset + t.length))
        before = t;
    if (t.kind == LEXER_WORD && is_field(s, &t))
        before = t;
    else if (before.kind != LEXER_WORD || !is_field(s, &before)) {
        before = t;
        if (t.kind != LEXER_WORD)
            return NULL;
        for (size_t i = 0; words[i]; i++) {
            if (strlen(words[i]) == t.length &&
                !strncasecmp(words[i], s->text + t.offset, t.length))
                return problem_text(report, "if a field is meant, write \"%.*s\"", (int)t.length,
                                    s->text + t.offset);
        }
        return NULL;
    }
    return problem_text(report, "'%.*s' is a word of SQL; for the field, write \"%.*s\"",
                        (int)before.length, s->text + before.offset, (int)before.length,
                        s->text + before.offset);
}

/* What the parser said, at its place in the text. */
static void report_parser_error(const struct ast_source *s, struct expr_reporter *report,
                                const PgQueryError *error)
{
    size_t offset = error->cursorpos > PREFIX ? (size_t)error->cursorpos - 1 - PREFIX : 0;
    struct lexer_token t;

    offset = byte_of_character(s, offset);
    t = lexer_next(s->text, s->length, offset);
    if (strstr(error->message, "stack depth") || strstr(error->message, "memory exhausted")) {
        problem_add(report, EXPR_LIMIT, 0, s->length, NULL, "the expression is nested too deeply");
    } else if (t.kind == LEXER_END) {
        problem_add(report, EXPR_SYNTAX, offset, 0, help_for(s, report, s->length),
                    "the expression ends too early");
    } else if (t.length == 2 && strncasecmp(s->text + t.offset, "as", 2) == 0) {
        problem_add(report, EXPR_FORM, t.offset, t.length, NULL,
                    "an expression has no alias here; its name stands in front of it");
    } else if (strncmp(error->message, "syntax error", 12) == 0) {
        problem_add(report, EXPR_SYNTAX, t.offset, t.length, help_for(s, report, t.offset),
                    "syntax error at '%.*s'", (int)t.length, s->text + t.offset);
    } else {
        problem_add(report, EXPR_SYNTAX, t.offset, t.length, NULL, "%s", error->message);
    }
}

/* {"version": .., "stmts": [{"stmt": {"SelectStmt": {"targetList": [{"ResTarget": {"val": X}}],
   "limitOption": .., "op": "SETOP_NONE"}}}]}: X, or NULL where anything else is in it. */
static const json_t *bare_target(const json_t *tree)
{
    const json_t *statements = json_object_get(tree, "stmts"), *select, *targets, *target;
    const char *key;
    json_t *value;

    if (json_array_size(statements) != 1)
        return NULL;
    select = json_object_get(json_object_get(json_array_get(statements, 0), "stmt"), "SelectStmt");
    json_object_foreach((json_t *)(uintptr_t)select, key, value)
    {
        if (strcmp(key, "targetList") != 0 && strcmp(key, "limitOption") != 0 &&
            strcmp(key, "op") != 0)
            return NULL;
    }
    targets = json_object_get(select, "targetList");
    if (json_array_size(targets) != 1)
        return NULL;
    target = json_object_get(json_array_get(targets, 0), "ResTarget");
    if (json_object_get(target, "name") || json_object_get(target, "indirection"))
        return NULL;
    return json_object_get(target, "val");
}

static void convert(const struct ast_source *s, struct expr_reporter *report, const char *json,
                    const struct ast **out)
{
    json_error_t error;
    json_t *tree = json_loads(json, 0, &error);
    const json_t *target;

    if (!tree) {
        if (json_error_code(&error) == json_error_stack_overflow)
            problem_add(report, EXPR_LIMIT, 0, s->length, NULL,
                        "the expression is nested too deeply");
        else
            problem_nomem(report);
        return;
    }
    target = bare_target(tree);
    if (target)
        *out = parse_tree(s, report, target, PREFIX);
    else
        problem_add(report, EXPR_FORM, 0, s->length, NULL, "one bare expression is expected here");
    json_decref(tree);
}

int ast_parse(const struct ast_source *s, struct expr_reporter *report, const struct ast **out)
{
    PgQueryParseResult result;
    char *query;

    *out = NULL;
    if (check_text(s, report))
        return report->status;
    query = arena_printf(&s->store->arena, "%s%.*s\n)", prefix, (int)s->length, s->text);
    if (!query) {
        problem_nomem(report);
        return report->status;
    }
    result = pg_query_parse(query);
    if (result.error)
        report_parser_error(s, report, result.error);
    else if (result.parse_tree)
        convert(s, report, result.parse_tree, out);
    else
        problem_nomem(report);
    pg_query_free_parse_result(result);
    if (report->status == 0 && !*out)
        problem_nomem(report);
    return report->status;
}
