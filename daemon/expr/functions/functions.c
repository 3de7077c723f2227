/*
 * The lists of tables.
 */
#include "expr/functions/functions.h"

#include <stddef.h>

const struct streamd_function *const expr_function_tables[] = {functions_int, functions_float,
                                                               functions_decimal, NULL};

const struct streamd_aggregate *const expr_aggregate_tables[] = {NULL};
