/*
 * expr/functions/functions.h - the tables of functions and aggregates that are built in.
 *
 * Each table is ended by an entry without a name; both lists are ended by NULL. EXTRACT, SUBSTRING,
 * TRIM, POSITION, OVERLAY are the functions that PostgreSQL's parser makes of them, with its order
 * of arguments. An argument type 0 is any type.
 */
#ifndef EXPR_FUNCTIONS_FUNCTIONS_H
#define EXPR_FUNCTIONS_FUNCTIONS_H

#include <streamd/function.h>

extern const struct streamd_function *const expr_function_tables[];
extern const struct streamd_aggregate *const expr_aggregate_tables[];

/* The tables, for the lists. */
extern const struct streamd_function functions_int[], functions_float[], functions_decimal[],
    functions_number_format[], functions_text_basic[], functions_text_slice[],
    functions_text_build[], functions_text_concat[], functions_hash[], functions_regexp[],
    functions_time_trunc[], functions_time_extract[], functions_time_make[], functions_json[];
extern const struct streamd_aggregate aggregates_sum[], aggregates_avg[], aggregates_extreme[],
    aggregates_bool[], aggregates_variance[], aggregates_value[], aggregates_text[];

#endif
