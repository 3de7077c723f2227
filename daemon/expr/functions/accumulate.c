/*
 * Values of variable length in rows.
 */
#include "expr/functions/accumulate.h"

int accumulate_store_text(const struct streamd_accumulator *a, void *row, uint32_t column,
                          struct streamd_str text)
{
    struct streamd_var *v = accumulate_at(a, row, column);

    if (text.length > UINT32_MAX)
        return STREAMD_E_LIMIT;
    if (text.length > v->capacity && !a->host->reserve(a, row, column, (uint32_t)text.length))
        return STREAMD_E_NOMEM;
    if (text.length)
        memcpy(v->data, text.data, text.length);
    v->length = (uint32_t)text.length;
    accumulate_set(row, accumulate_mark(a, column));
    return 0;
}

uint8_t *accumulate_append(const struct streamd_accumulator *a, void *row, uint32_t column,
                           size_t more, int *too_long)
{
    struct streamd_var *v = accumulate_at(a, row, column);

    *too_long = more > CALL_TEXT_MAX - v->length;
    if (*too_long)
        return NULL;
    if (v->length + more > v->capacity &&
        !a->host->reserve(a, row, column, (uint32_t)(v->length + more)))
        return NULL;
    return v->data ? v->data + v->length : NULL;
}

int accumulate_final_text(const struct streamd_accumulator *a, struct streamd_call *call,
                          void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        const struct streamd_var *v = accumulate_at(a, rows[k], 0);
        int none = accumulate_is_null(rows[k], mark) != 0;
        result[k] = none ? call_str("", 0) : call_str((const char *)v->data, v->length);
        if (none)
            rc = accumulate_null_result(call, k);
    }
    return rc;
}
