/*
 * expr/parse.h - between the two halves of the parser: text to JSON, and JSON to tree.
 */
#ifndef EXPR_PARSE_H
#define EXPR_PARSE_H

#include "expr/ast.h"

#include <jansson.h>

/*
 * Makes our tree of one node of libpg_query's JSON. `shift`: how much larger its locations are than
 * offsets into the user's text. NULL: a problem was added.
 */
const struct ast *parse_tree(const struct ast_source *source, struct expr_reporter *report,
                             const json_t *node, size_t shift);

#endif
