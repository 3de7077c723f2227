/*
 * streamd/expr.h - expressions that the host parsed and typed for a plugin.
 *
 * They come from options of type EXPRESSION and PROJECTION and are opaque but for what stands
 * here. They live as long as the plan and are read-only. Evaluation is in context.h.
 */
#ifndef STREAMD_EXPR_H
#define STREAMD_EXPR_H

#include <streamd/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A typed expression. `column` is the input field's number where the expression is a plain column,
   else -1. `constant`: no column, no function that is not deterministic. */
struct streamd_expr {
    struct streamd_type type;
    int32_t column;
    uint8_t constant;
    uint8_t deterministic;
    const char *text; /* as the user wrote it */
};

/* Named expressions in the user's order; schema.fields[i] is the type and name of items[i]. */
struct streamd_projection {
    struct streamd_schema schema;
    const struct streamd_expr *const *items;
};

#ifdef __cplusplus
}
#endif
#endif
