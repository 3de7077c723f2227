/*
 * expr/ast.h - an expression as it was written: the parser's tree, reduced to what streamd knows.
 *
 * Nodes live in an arena. Offsets and lengths are bytes of the user's text and say where a caret
 * goes: at a name, an operator, a literal.
 */
#ifndef EXPR_AST_H
#define EXPR_AST_H

#include "expr/problem.h"

#include <stdint.h>

/* Trees are at most that deep, so that walking them by recursion needs a bounded stack. */
#define AST_MAX_DEPTH 400

enum ast_kind {
    AST_NULL,
    AST_BOOL,     /* value */
    AST_NUMBER,   /* name: its digits, with sign, point and exponent */
    AST_STRING,   /* name: its content */
    AST_FIELD,    /* name: as written, case kept */
    AST_KEYWORD,  /* name: as written; keyword: current_date and the like, in lower case */
    AST_CALL,     /* name in lower case, args; filter, distinct, star */
    AST_OPERATOR, /* name, 1 or 2 args */
    AST_AND,      /* args */
    AST_OR,       /* args */
    AST_NOT,      /* 1 arg */
    AST_IS,       /* 1 arg; test, negated */
    AST_CAST,     /* 1 arg, type */
    AST_CASE,     /* operand or NULL, when, then, ..., else or NULL */
    AST_IN,       /* value, then the list; negated */
    AST_BETWEEN,  /* value, low, high; negated, symmetric */
    AST_LIKE, /* value, pattern; name is the operator, `~~` or `!~~*`; escape or NULL as third */
    AST_COALESCE, /* args */
    AST_NULLIF,   /* 2 args */
    AST_GREATEST, /* args */
    AST_LEAST,    /* args */
    AST_DISTINCT, /* 2 args, negated: IS [NOT] DISTINCT FROM */
    AST_ARRAY,    /* elements */
    AST_ANY,      /* value, array; name is the operator */
    AST_ALL       /* the same */
};

enum ast_test { AST_TEST_NULL, AST_TEST_TRUE, AST_TEST_FALSE, AST_TEST_UNKNOWN };

/* A type as written. `name` is PostgreSQL's own (int4, numeric), or the user's, folded. */
struct ast_type {
    const char *name;
    uint32_t offset, length;
    uint32_t modifier_count;
    int32_t modifiers[2];
};

struct ast {
    enum ast_kind kind;
    enum ast_test test;
    uint8_t value, negated, symmetric, distinct, star;
    uint32_t offset, length;
    const char *name; /* NUL-terminated */
    size_t name_length;
    const char *keyword;
    const struct ast_type *type;
    const struct ast *filter;
    const struct ast *const *args;
    uint32_t argc;
};

/* Where the parser's findings go. */
struct ast_source {
    struct expr_store *store;
    const struct streamd_schema *schema; /* for the help on names that are reserved words */
    const char *text;
    size_t length;
};

/* Parses one bare expression. 0 and *out, or as expr_compile. */
int ast_parse(const struct ast_source *source, struct expr_reporter *report,
              const struct ast **out);

#endif
