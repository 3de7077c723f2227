/*
 * The lists of tables.
 */
#include "expr/functions/functions.h"

#include <stddef.h>

/* clang-format off */
const struct streamd_function *const expr_function_tables[] = {
    functions_int,
    functions_float,
    functions_decimal,
    functions_number_format,
    functions_text_basic,
    functions_text_slice,
    functions_text_build,
    functions_text_concat,
    functions_hash,
    functions_regexp,
    functions_time_trunc,
    functions_time_extract,
    functions_time_make,
    functions_json,
    NULL};

const struct streamd_aggregate *const expr_aggregate_tables[] = {
    aggregates_sum,
    aggregates_avg,
    aggregates_extreme,
    aggregates_bool,
    aggregates_variance,
    aggregates_value,
    aggregates_text,
    NULL};
