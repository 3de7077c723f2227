/*
 * expr/filter.h - conditions on columns without a vector of bools in between.
 */
#ifndef EXPR_FILTER_H
#define EXPR_FILTER_H

#include "expr/node.h"

/* The best filter for a node that is complete but for `filter`. */
node_filter_fn *filter_pick(const struct node *node);

#endif
