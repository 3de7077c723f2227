/*
 * streamd/aggregate.h - aggregates as an operator uses them.
 *
 * An option of type AGGREGATES is a map of names to expressions such as
 * `sum(price) FILTER (WHERE ok) / count(*)` or `window_end`. The host takes the aggregate calls
 * out of them. Each call needs some columns of state: its accumulator. The operator declares a
 * table with streamd_bind_aggregate_table, finds the rows for a batch of keys, and has the host
 * update the accumulators. When results are due, the host finishes the accumulators of a number
 * of rows and evaluates the user's expressions over them.
 *
 * Result rows have the schema `output`: the table's key columns, then one field per entry of the
 * user's map. NULL arguments, FILTER and DISTINCT are the host's affair. The functions are
 * streamd_aggregate_init, _update, _merge and _result in context.h.
 */
#ifndef STREAMD_AGGREGATE_H
#define STREAMD_AGGREGATE_H

#include <streamd/batch.h>
#include <streamd/state.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a plugin may see of its aggregates. `extras` is the number of extra columns (option.h), of
 * which the expressions read those whose bits are set in extras_read. output_extras says for each
 * field of `output` which extra column it is, unchanged, or -1.
 */
struct streamd_aggregates {
    struct streamd_schema output;
    uint32_t calls;
    uint32_t extras;
    uint8_t mergeable; /* 1: accumulators of two rows can be merged (panes, sessions) */
    uint64_t extras_read;
    const int32_t *output_extras;
};

#ifdef __cplusplus
}
#endif
#endif
