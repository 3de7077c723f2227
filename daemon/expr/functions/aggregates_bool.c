/*
 * bool_and (also called every) and bool_or. The state is the answer so far, NULL at first.
 */
#include "expr/functions/accumulate.h"
#include "expr/functions/functions.h"

static int init(const struct streamd_accumulator *a, void *const *rows, uint32_t n)
{
    accumulate_clear(a, rows, n, 0);
    return 0;
}

/* Joins x to what is there. */
static inline void join(void *row, uint8_t *p, struct accumulate_mark mark, uint8_t x, int all)
{
    *p = accumulate_is_null(row, mark) ? x : all ? *p & x : *p | x;
    accumulate_set(row, mark);
}

static inline int update(const struct streamd_accumulator *a, struct streamd_call *call,
                         void *const *rows, int all)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    uint32_t offset = a->offsets[0];

    ACCUMULATE_LOOP(call, rows, uint8_t, { join(row, (uint8_t *)row + offset, mark, x, all); });
    return 0;
}

static int and_update(const struct streamd_accumulator *a, struct streamd_call *call,
                      const int64_t *time, void *const *rows)
{
    (void)time;
    return update(a, call, rows, 1);
}

static int or_update(const struct streamd_accumulator *a, struct streamd_call *call,
                     const int64_t *time, void *const *rows)
{
    (void)time;
    return update(a, call, rows, 0);
}

static int merge(const struct streamd_accumulator *into, void *const *to,
                 const struct streamd_accumulator *source, void *const *from, uint32_t n, int all)
{
    struct accumulate_mark mark = accumulate_mark(into, 0), other = accumulate_mark(source, 0);

    for (uint32_t k = 0; k < n; k++)
        if (!accumulate_is_null(from[k], other))
            join(to[k], accumulate_at(into, to[k], 0), mark,
                 *(uint8_t *)accumulate_at(source, from[k], 0), all);
    return 0;
}

static int and_merge(const struct streamd_accumulator *into, void *const *to,
                     const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return merge(into, to, source, from, n, 1);
}

static int or_merge(const struct streamd_accumulator *into, void *const *to,
                    const struct streamd_accumulator *source, void *const *from, uint32_t n)
{
    return merge(into, to, source, from, n, 0);
}

static int final(const struct streamd_accumulator *a, struct streamd_call *call, void *const *rows)
{
    struct accumulate_mark mark = accumulate_mark(a, 0);
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        ((uint8_t *)call->result->values)[k] = *(uint8_t *)accumulate_at(a, rows[k], 0);
        if (accumulate_is_null(rows[k], mark))
            rc = accumulate_null_result(call, k);
    }
    return rc;
}

#define ENTRY(name_, update_, merge_, doc_)                                           \
    {                                                                                 \
        .name = (name_), CALL_ARGS1(STREAMD_BOOL), .result = {STREAMD_BOOL, 0, 0, 1}, \
        .state_count = 1, .state = {{name_, {STREAMD_BOOL, 0, 0, 1}}}, .init = init,  \
        .update = (update_), .merge = (merge_), .final = final, .doc = (doc_)         \
    }

const struct streamd_aggregate aggregates_bool[] = {
    ENTRY("bool_and", and_update, and_merge, "are all values true"),
    ENTRY("every", and_update, and_merge, "are all values true"),
    ENTRY("bool_or", or_update, or_merge, "is any value true"),
    {.name = NULL}};
