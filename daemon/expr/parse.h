/*
 * expr/parse.h - between the parts of the parser: text to JSON (parse.c), JSON to tree
 * (parse_tree.c), and the leaves of the tree (parse_leaf.c).
 */
#ifndef EXPR_PARSE_H
#define EXPR_PARSE_H

#include "expr/ast.h"
#include "expr/lexer.h"

#include <jansson.h>

/*
 * Makes our tree of one node of libpg_query's JSON. `shift`: how much larger its locations are than
 * offsets into the user's text. NULL: a problem was added.
 */
const struct ast *parse_tree(const struct ast_source *source, struct expr_reporter *report,
                             const json_t *node, size_t shift);

/* One conversion. Functions below answer NULL when a problem was added or memory is missing. */
struct tree {
    const struct ast_source *source;
    struct expr_reporter *report;
    size_t shift;
    unsigned depth;
};

/* Zeroed memory in the arena; NULL: none, noted. */
void *tree_zalloc(struct tree *t, size_t count, size_t size);

/* The string under a key, "" where there is none. */
const char *tree_string(const json_t *object, const char *key);

/* The text of a {"String": {"sval": ..}}. */
const char *tree_name(const json_t *node);

/* Where a node stands in the user's text, as the token there. */
struct lexer_token tree_place(const struct tree *t, const json_t *body);

/* A node with room for its arguments. */
struct ast *tree_make(struct tree *t, enum ast_kind kind, const json_t *body, size_t argc);

/* Copies the name of a node. 0 or -1. */
int tree_set_name(struct tree *t, struct ast *a, const char *name, size_t length);

/* Adds a problem at a node; answers NULL. */
const struct ast *tree_refuse(struct tree *t, const json_t *body, int code, const char *what,
                              const char *help);

/* A literal; the name of a field; current_date and others that the parser knows without brackets.
 */
const struct ast *tree_constant(struct tree *t, const json_t *body);
const struct ast *tree_column(struct tree *t, const json_t *body);
const struct ast *tree_value_function(struct tree *t, const json_t *body);

/* The type of a cast. */
const struct ast_type *tree_type(struct tree *t, const json_t *node);

#endif
