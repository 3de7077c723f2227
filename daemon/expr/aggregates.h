/*
 * expr/aggregates.h - aggregates taken out of a user's expressions.
 *
 * `{ratio: sum(price) FILTER (WHERE ok) / count(*), until: window_end}` becomes
 *
 *   calls     sum(price) FILTER (WHERE ok), count(*)     arguments over the input's schema
 *   internal  keys, extra columns, one field per call    what there is when results are due
 *   results   [keys + 0] / [keys + 1], [window_end]      expressions over `internal`
 *
 * Equal calls are one call. The accumulators and their updates are daemon/state's affair. Plan
 * time; read-only afterwards.
 */
#ifndef EXPR_AGGREGATES_H
#define EXPR_AGGREGATES_H

#include "expr/expr.h"

#include <streamd/aggregate.h>
#include <streamd/function.h>

/* One aggregate call. */
struct expr_aggregate_call {
    const struct streamd_aggregate *function;
    const char *text; /* canonical, `sum(price) FILTER (WHERE ok)`: equal calls, equal texts */
    struct streamd_type type; /* of the result */
    uint32_t argc;            /* 0 for count(*); collect(*) has one argument: the row as json */
    const struct streamd_expr *const *args; /* already of the types that the function takes */
    const struct streamd_expr *filter;      /* bool, or NULL: no FILTER */
    uint8_t distinct;
    uint32_t state_count;
    const struct streamd_field *state; /* types resolved; names as the function gives them */
    void *prepared;                    /* for struct streamd_call; NULL in this version */
};

/* The host's view behind what a plugin sees. */
struct expr_aggregates {
    struct streamd_aggregates head; /* head.output: the keys, then the user's names */
    uint32_t key_count;
    uint32_t result_count;
    const struct expr_aggregate_call *calls;   /* head.calls */
    struct streamd_schema internal;            /* keys, extras, one per call */
    const struct streamd_expr *const *results; /* result_count, over `internal` */
    const uint32_t *columns;                   /* input columns that calls read, ascending */
    uint32_t column_count;
};

/* What is compiled: `names[i]: texts[i]` for i < count. Keys must be fields of the input. */
struct expr_aggregate_spec {
    const char *const *keys; /* names of input fields */
    uint32_t key_count;
    const struct streamd_field *extras; /* window_start, window_end */
    uint32_t extra_count;
    uint32_t count;
    const char *const *names;
    const char *const *texts; /* NUL-terminated */
};

/*
 * scope->schema is the input's. The result lives in scope->store. 0 and *out; STREAMD_E_INVALID
 * with problems, whose `item` is the index into names; STREAMD_E_NOMEM. A name that is a key's or
 * stands twice is the caller's check.
 */
int expr_aggregates_compile(const struct expr_scope *scope, const struct expr_aggregate_spec *spec,
                            const struct expr_aggregates **out, struct expr_problems *problems);

#endif
