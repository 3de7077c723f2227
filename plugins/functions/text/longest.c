/*
 * The aggregate longest: of all texts the one with the most bytes, of equals the first. Its state
 * is one column, the text itself; NULL: none was seen yet.
 */
#include "text.h"

#include <streamd/state.h>

#include <string.h>

/* The text in a row, and whether there is one. */
static struct streamd_var *held(const struct streamd_accumulator *a, void *row)
{
    return (struct streamd_var *)(void *)((char *)row + a->offsets[0]);
}

static int is_empty(const struct streamd_accumulator *a, const void *row)
{
    return streamd_row_is_null(row, a->indexes[0]);
}

/* Takes a text that is longer than what the row holds. Its bytes live in the table: reserve gives
   room for them, and may move what was there. */
static int take(const struct streamd_accumulator *a, void *row, const void *data, size_t length)
{
    if (!is_empty(a, row) && length <= held(a, row)->length)
        return 0;
    if (length > UINT32_MAX)
        return STREAMD_E_LIMIT;
    if (length && !a->host->reserve(a, row, 0, (uint32_t)length))
        return STREAMD_E_NOMEM;
    if (length)
        memcpy(held(a, row)->data, data, length);
    held(a, row)->length = (uint32_t)length;
    streamd_row_set_null(row, a->indexes[0], 0);
    return 0;
}

static int longest_init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        streamd_row_set_null(rows[k], a->indexes[0], 1);
    return 0;
}

static int longest_update(const struct streamd_accumulator *a, struct streamd_call *call,
                          const int64_t *time, void *const *rows)
{
    int rc = 0;

    (void)time;
    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        struct streamd_str s = text_argument(call, 0, call->sel ? call->sel[k] : k);
        rc = take(a, rows[k], s.data, s.length);
    }
    return rc;
}

/* Panes of sliding windows and sessions are merged: without this, they could not use longest. */
static int longest_merge(const struct streamd_accumulator *into, void *const *to,
                         const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    int rc = 0;

    for (uint32_t k = 0; k < n && rc == 0; k++)
        if (!is_empty(source, from[k]))
            rc = take(into, to[k], held(source, from[k])->data, held(source, from[k])->length);
    return rc;
}

/* Results may point into the rows: they are copied before the table changes. */
static int longest_final(const struct streamd_accumulator *a, struct streamd_call *call,
                         void *const *rows)
{
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        int empty = is_empty(a, rows[k]);
        result[k].data = empty ? "" : (const char *)held(a, rows[k])->data;
        result[k].length = empty ? 0 : held(a, rows[k])->length;
        if (empty)
            rc = call->host->set_null(call, k);
    }
    return rc;
}

#define TEXT_OR_NULL                        \
    {                                       \
        .id = STREAMD_STRING, .nullable = 1 \
    }

const struct streamd_aggregate text_aggregates[] = {
    {.name = "longest",
     .argc = 1,
     .args = {STREAMD_STRING},
     .result = TEXT_OR_NULL,
     .state_count = 1,
     .state = {{"text", TEXT_OR_NULL}},
     .init = longest_init,
     .update = longest_update,
     .merge = longest_merge,
     .final = longest_final,
     .doc = "the longest text, of equals the first"},
    {.name = NULL}};
