/*
 * The row as a json object, {"field": value, ...}: the argument of collect(*).
 *
 * Rows are printed into one text for the batch; where it grows it moves, so slices are made from
 * lengths at the end.
 */
#include "expr/eval.h"

#include "base/text.h"
#include "columnar/rowtext.h"

int eval_row_json(struct expr_evaluator *ev, const struct node *node, const uint16_t *sel,
                  uint32_t n, struct streamd_vector *out)
{
    struct text text = {0};
    struct streamd_str *values;
    char *bytes;

    if (eval_take_values(ev, node->type, out))
        return STREAMD_E_NOMEM;
    values = out->values;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);
        size_t start = text.length;

        rowtext_json(ev->batch, row, &text);
        values[row].length = text.length - start;
    }
    bytes = text_failed(&text) ? NULL : arena_alloc(&ev->bytes, text.length);
    if (bytes && text.length)
        memcpy(bytes, text_get(&text), text.length);
    text_clear(&text);
    for (uint32_t k = 0; bytes && k < n; k++) {
        uint32_t row = eval_row(sel, k);

        values[row].data = bytes;
        bytes += values[row].length;
    }
    return bytes ? 0 : STREAMD_E_NOMEM;
}
