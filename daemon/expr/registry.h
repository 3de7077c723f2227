/*
 * expr/registry.h - the functions that expressions may call.
 *
 * A registry holds pointers to tables: those built in (expr/functions) and those of plugins of
 * kind `functions`. It is filled once, before the first expression is compiled, and is read-only
 * from then on; expressions refer to entries of its tables. Main thread.
 *
 * A call finds its function by name and argument types, as PostgreSQL does:
 *   1. an entry whose types are the arguments' types;
 *   2. else those that the arguments convert to: int64 -> decimal -> float64, date -> timestamp,
 *      a text without a type and NULL -> anything; an interval passes as its text where a function
 *      takes a string. Of them the one with most exact matches, then with most arguments that are
 *      exact or become float64, string or timestamp;
 *   3. a text without a type is a string where an entry takes one there.
 * None, or more than one left, is a problem that lists the candidates.
 *
 * An argument type 0 in a table means: any type.
 */
#ifndef EXPR_REGISTRY_H
#define EXPR_REGISTRY_H

#include <streamd/function.h>

struct expr_registry;

/* A registry with the built-in functions. NULL: no memory. */
struct expr_registry *expr_registry_new(void);

/* An empty one, for tests. NULL: no memory. */
struct expr_registry *expr_registry_new_empty(void);

/*
 * Adds tables, each ended by an entry without a name; either may be NULL. They must outlive the
 * registry. An entry that cannot be right (no kernel, too many arguments, the signature of an entry
 * that is there already) is refused: 0, or negative with `error` set.
 */
int expr_registry_add(struct expr_registry *registry, const struct streamd_function *functions,
                      const struct streamd_aggregate *aggregates, struct streamd_error *error);

/* NULL is fine. */
void expr_registry_free(struct expr_registry *registry);

/* Entry number `i` in the order of adding, or NULL past the last: for lists and documents. */
const struct streamd_function *expr_registry_function(const struct expr_registry *registry,
                                                      size_t i);
const struct streamd_aggregate *expr_registry_aggregate(const struct expr_registry *registry,
                                                        size_t i);

#endif
