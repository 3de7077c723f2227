/*
 * state/aggregate_runner.h - what the files of the aggregates share. Private to them.
 *
 * In a row the accumulators stand behind everything else, call by call:
 *
 *   keys | columns of the operator | call 0: state 0, state 1, set | call 1: state 0 | ...
 */
#ifndef STATE_AGGREGATE_RUNNER_H
#define STATE_AGGREGATE_RUNNER_H

#include "base/arena.h"
#include "state/aggregate.h"
#include "state/distinct.h"

/* A call during an update: the rows that its filter lets through, and its arguments for them. */
struct aggregate_work {
    const uint16_t *sel; /* NULL: rows 0 .. n - 1 */
    uint32_t n;
    struct streamd_vector *args;
};

/* Scratch memory grows to the largest update and is used again. */
struct aggregate_runner {
    struct streamd_context *context;
    struct expr_evaluator *evaluator;
    struct {
        uint32_t *items; /* 0, 1, 2, ... */
        size_t count, capacity;
    } numbers;
    struct {
        struct aggregate_work *items;
        size_t count, capacity;
    } work;
    struct {
        struct streamd_vector *items;
        size_t count, capacity;
    } args;
    struct {
        uint16_t *items;
        size_t count, capacity;
    } filtered, sel; /* of all filters; of the call at hand */
    struct {
        void **items;
        size_t count, capacity;
    } rows; /* of the call at hand */
    struct {
        uint8_t *items;
        size_t count, capacity;
    } element, values;  /* a tuple; values out of sets, on their way into a kernel */
    struct arena arena; /* what kernels ask for during a merge */
    int merge_status;
    struct {
        const struct streamd_aggregates *aggregates; /* NULL: none */
        const struct streamd_batch *batch;
        const uint16_t *sel;
        uint32_t n;
        uint64_t begun;
    } checked; /* what `work` was evaluated for, by aggregate_check */
};

/* A call's place in the rows of a table. */
struct aggregate_place {
    struct streamd_accumulator accumulator;
    uint32_t set; /* number of the set's value, for DISTINCT */
};

/* Does this call keep a set? count(*) has nothing to be distinct. */
static inline int aggregate_is_distinct(const struct expr_aggregate_call *call)
{
    return call->distinct && call->argc > 0;
}

/* Columns behind a call. */
static inline uint32_t aggregate_columns(const struct expr_aggregate_call *call)
{
    return call->state_count + (aggregate_is_distinct(call) ? 1u : 0u);
}

/* The host's view of what a plugin holds. */
static inline const struct expr_aggregates *aggregates_of(const struct streamd_aggregates *a)
{
    return (const struct expr_aggregates *)a;
}

/* Finds out where the first call has its columns; needs memory the first time. 0 or negative. */
int aggregate_first(struct aggregate_runner *r, const struct expr_aggregates *a,
                    const struct streamd_table *t, uint32_t *first);

/* The place of a call whose columns begin at value `first`. */
struct aggregate_place aggregate_place(const struct aggregate_runner *r, struct streamd_table *t,
                                       const struct expr_aggregate_call *call, uint32_t first);

/* Tells the node that an error ends it, in words. Answers rc. */
int aggregate_failed(struct aggregate_runner *r, int rc);

/* ---- DISTINCT: aggregate_distinct.c --------------------------------------------------------- */

/*
 * Adds the arguments of n rows to the sets in `rows`, and writes the rows whose arguments are new
 * there to r->sel and r->rows, which have room for n and may be where `sel` and `rows` lie. Answers
 * how many, or negative.
 */
int64_t aggregate_new_values(struct aggregate_runner *r, const struct expr_aggregate_call *call,
                             const struct aggregate_place *place, const struct streamd_vector *args,
                             const uint16_t *sel, void *const *rows, uint32_t n);

/* Adds what the sets in from[k] hold and those in into[k] do not to both the sets and the
   accumulators of into[k]. 0 or negative. */
int aggregate_unite(struct aggregate_runner *r, const struct expr_aggregate_call *call,
                    const struct aggregate_place *into, void *const *to,
                    const struct aggregate_place *source, void *const *from, uint32_t n);

#endif
