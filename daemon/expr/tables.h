/*
 * expr/tables.h - tables of functions and operators inside of the expression engine.
 */
#ifndef EXPR_TABLES_H
#define EXPR_TABLES_H

#include "expr/registry.h"

struct expr_registry {
    struct {
        const struct streamd_function **items;
        size_t count, capacity;
    } functions;
    struct {
        const struct streamd_aggregate **items;
        size_t count, capacity;
    } aggregates;
};

/* Operators, named "+", "<=" and so on; each table is ended by an entry without a name. */
extern const struct streamd_function operators_int64[], operators_float64[], operators_decimal[],
    operators_compare[], operators_text[], operators_time[], operators_json[], operators_like[],
    operators_regex[];

/* Table number i of operators, NULL past the last. */
const struct streamd_function *operator_table(size_t i);

/*
 * Conversions from args[0] to the result's type; those with NODE_CAST_ONLY are for casts. Where the
 * result is a decimal, precision and scale are those of call->result. NULL: there is none.
 */
const struct streamd_function *cast_find(uint8_t from, uint8_t to);

extern const struct streamd_function casts_number[], casts_text[], casts_from_text[],
    casts_from_json[], casts_time[];

/* Adjustments after a cast; `prepared` is an int32_t *. */
extern const struct streamd_function cast_int_bits;   /* int64 that must fit 16 or 32 bits */
extern const struct streamd_function cast_cut_text;   /* varchar(n) */
extern const struct streamd_function cast_round_time; /* timestamp(n) */

/* timestamp -> timestamp. `prepared` is a struct interval *; an int64_t * of microseconds. */
extern const struct streamd_function time_plus_interval, time_minus_interval, time_at_zone;

#endif
