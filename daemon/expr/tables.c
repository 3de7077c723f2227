/*
 * The list of operator tables, and the matrix of casts.
 */
#include "expr/tables.h"

const struct streamd_function *operator_table(size_t i)
{
    static const struct streamd_function *const tables[] = {
        operators_int64, operators_float64, operators_decimal, operators_compare, operators_text,
        operators_time,  operators_json,    operators_like,    operators_regex,   NULL};

    return i < sizeof(tables) / sizeof(tables[0]) ? tables[i] : NULL;
}

const struct streamd_function *cast_find(uint8_t from, uint8_t to)
{
    static const struct streamd_function *const tables[] = {
        casts_number, casts_text, casts_from_text, casts_from_json, casts_time};

    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        for (const struct streamd_function *f = tables[t]; f->name; f++) {
            if (f->args[0] == from && f->result.id == to)
                return f;
        }
    }
    return NULL;
}
