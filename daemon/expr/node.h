/*
 * expr/node.h - a typed expression: a tree of nodes that evaluate themselves over rows.
 *
 * Nodes are made by the checker (check.h), live in a store's arena and are read-only once the
 * expression is compiled. A node may have several parents.
 */
#ifndef EXPR_NODE_H
#define EXPR_NODE_H

#include "expr/expr.h"
#include "expr/interval.h"

#include <streamd/convert.h>
#include <streamd/function.h>

struct expr_evaluator;
struct node;

/* Types that exist while an expression is checked only; they follow those of streamd_type_id. */
enum node_type_id {
    NODE_UNKNOWN = 64, /* a text without a type, or NULL: a constant that takes any type */
    NODE_INTERVAL = 65 /* a constant struct interval */
};

/* Flags of kernels of our own, beside enum streamd_function_flags. */
enum node_function_flags {
    NODE_ANY_ROWS = 1 << 16, /* the kernel may be called for rows with NULL arguments, whose values
                                can be anything; what it answers for them does not matter */
    NODE_CAST_ONLY = 1 << 17 /* a conversion for :: and CAST, never made silently */
};

/*
 * Evaluates a node for rows sel[0 .. n) (0 .. n - 1 where sel is NULL); n may be 0. Fills *out as
 * expr_eval does. Where out->values is not NULL on entry, it has room for the node's type and may
 * be used for the values. 0 or negative.
 */
typedef int node_eval_fn(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                         uint32_t n, struct streamd_vector *out);

/* As expr_eval_true. Answers a count, or negative. */
typedef int node_filter_fn(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                           uint32_t n, uint16_t *out);

enum node_kind {
    NODE_CONSTANT, /* constant */
    NODE_COLUMN,   /* column */
    NODE_CALL,     /* function, prepared, args */
    NODE_AND,      /* args */
    NODE_OR,
    NODE_NOT,
    NODE_IS,       /* args[0], test, negated */
    NODE_CASE,     /* when, then, ..., else (never NULL) */
    NODE_COALESCE, /* args of one type */
    NODE_EXTREME,  /* args of one type; `less` compares two; negated: LEAST */
    NODE_IN,       /* args[0] in `set`; negated */
    NODE_DISTINCT, /* args[0], args[1], function is `=`; negated */
    NODE_LET,      /* args[0] is evaluated once into `slot`, then args[1] is the value */
    NODE_SLOT,     /* what LET put there */
    NODE_ROW       /* all columns as a json object */
};

struct node {
    node_eval_fn *eval;
    node_filter_fn *filter; /* never NULL for a bool */
    enum node_kind kind;
    struct streamd_type type;
    uint8_t constant; /* no column in it, and deterministic */
    uint8_t deterministic;
    uint8_t negated;
    uint8_t test;            /* NODE_IS: enum ast_test */
    uint32_t offset, length; /* where a caret goes */
    uint32_t column, slot;
    uint32_t argc;
    const struct node *const *args;
    struct streamd_vector value; /* NODE_CONSTANT: mask 0 */
    const struct streamd_function *function;
    void *prepared;
    const struct in_set *set;
    int (*compare)(const void *, const void *); /* NODE_EXTREME: < 0, 0, > 0 */
    const char *error; /* why a constant could not be computed at plan time, or NULL */
};

/* What a struct streamd_expr of ours is. */
struct expr {
    struct streamd_expr head;
    const struct node *root;
    uint32_t slots;
    const uint32_t *columns; /* ascending */
    uint32_t column_count;
};

/* Something of an expression that is not memory of the arena. */
struct expr_release {
    struct expr_release *next;
    void (*release)(void *);
    void *what;
};

/* Is it a NULL constant? */
static inline int node_is_null(const struct node *node)
{
    return node->kind == NODE_CONSTANT && node->value.nulls != NULL;
}

/* Bytes of one value in a vector; 0: no such type. */
static inline size_t node_width(uint8_t id)
{
    size_t width = streamd_type_width(id);

    if (streamd_type_is_variable(id) || id == NODE_UNKNOWN)
        return sizeof(struct streamd_str);
    return id == NODE_INTERVAL ? sizeof(struct interval) : width;
}

#endif
