/*
 * expr/print.h - a typed expression as text again.
 */
#ifndef EXPR_PRINT_H
#define EXPR_PRINT_H

#include "base/text.h"
#include "expr/node.h"

/*
 * Appends an expression in one canonical form: equal texts, equal expressions. It reads like SQL;
 * `fields` are the names of columns.
 */
void node_print(struct text *out, const struct node *node, const struct streamd_schema *schema);

#endif
