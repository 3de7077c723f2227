/*
 * state/aggregate.h - accumulators in rows of state tables: the work behind streamd_aggregate_init,
 * _update, _merge and _result (streamd/context.h).
 *
 * An aggregate table is the operator's declaration with columns behind it: per call the state
 * columns of its function, named CALL.STATE, and for DISTINCT one bytes column CALL.distinct that
 * holds the set of values seen.
 */
#ifndef STATE_AGGREGATE_H
#define STATE_AGGREGATE_H

#include "base/arena.h"
#include "expr/aggregates.h"
#include "expr/evaluate.h"

#include <streamd/context.h>
#include <streamd/state.h>

struct aggregate_runner;

/*
 * Plan time: `out` becomes `decl` with the accumulators' columns behind its own. Names and arrays
 * live in the arena. 0 or STREAMD_E_NOMEM.
 */
int aggregate_declare(struct arena *arena, const struct streamd_aggregates *aggregates,
                      const struct streamd_table_decl *decl, struct streamd_table_decl *out);

/*
 * One runner per task of a node: scratch memory, and what it works with. Rows with an error are
 * told to the evaluator's host. NULL: no memory. Freed before the evaluator; NULL is fine.
 */
struct aggregate_runner *aggregate_runner_new(struct streamd_context *context,
                                              struct expr_evaluator *evaluator);
void aggregate_runner_free(struct aggregate_runner *runner);

/* The host functions of the same names. The accumulators' columns are the last ones of t->decl. */
int aggregate_init(struct aggregate_runner *runner, const struct streamd_aggregates *a,
                   struct streamd_table *t, void *const *rows, uint32_t n);
int aggregate_check(struct aggregate_runner *runner, const struct streamd_aggregates *a,
                    struct streamd_batch *b);
int aggregate_update(struct aggregate_runner *runner, const struct streamd_aggregates *a,
                     struct streamd_table *t, struct streamd_batch *b, const uint16_t *sel,
                     void *const *rows, uint32_t n);
int aggregate_merge(struct aggregate_runner *runner, const struct streamd_aggregates *a,
                    struct streamd_table *t, void *const *into, struct streamd_table *source,
                    void *const *from, uint32_t n);
struct streamd_batch *aggregate_result(struct aggregate_runner *runner,
                                       const struct streamd_aggregates *a, struct streamd_table *t,
                                       void *const *rows, uint32_t n,
                                       const struct streamd_column *extras);

#endif
