/*
 * Batches in, columns and batches out: the evaluator as its users see it.
 *
 * The values of an expression of fixed width are computed right into the batch's memory; texts are
 * gathered from their pieces at the end.
 */
#include "expr/eval.h"

#include "base/memory.h"
#include "columnar/pool.h"

struct expr_evaluator *expr_evaluator_new(const struct expr_host *host)
{
    struct expr_evaluator *ev = memory_zalloc(1, sizeof(*ev));

    if (ev)
        ev->host = *host;
    return ev;
}

void expr_evaluator_free(struct expr_evaluator *ev)
{
    if (!ev)
        return;
    scratch_clear(&ev->scratch);
    arena_clear(&ev->bytes);
    memory_free(ev->failed);
    memory_free(ev->slots);
    memory_free(ev);
}

size_t expr_evaluator_bytes(const struct expr_evaluator *ev)
{
    return sizeof(*ev) + scratch_bytes(&ev->scratch) + ev->bytes.bytes + ev->failed_capacity +
           ev->slot_capacity * sizeof(*ev->slots);
}

void expr_begin(struct expr_evaluator *ev, struct streamd_batch *batch)
{
    struct scratch_mark empty = {NULL, NULL, NULL};

    scratch_release(&ev->scratch, empty);
    arena_reset(&ev->bytes);
    ev->begun++;
    ev->batch = batch;
    ev->rows = batch ? batch->rows : 1;
    ev->failures = 0;
    ev->now_known = 0;
    ev->refused = 0;
}

uint64_t expr_begun(const struct expr_evaluator *ev)
{
    return ev->begun;
}

const uint8_t *expr_failed(const struct expr_evaluator *ev)
{
    return ev->failures ? ev->failed : NULL;
}

static const struct node *root_of(const struct streamd_expr *expr)
{
    return ((const struct expr *)expr)->root; /* head is its first member */
}

int expr_eval(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
              uint32_t n, struct streamd_vector *out)
{
    return eval_node(ev, root_of(expr), sel, n, out);
}

/* A row with an error counts as NULL on its way, and IS NULL makes a true of that: such rows are
   taken out at the end. */
int expr_eval_true(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
                   uint32_t n, uint16_t *out)
{
    const struct node *root = root_of(expr);
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    int count = root->filter(ev, root, sel, n, out);

    scratch_release(&ev->scratch, mark);
    if (count > 0 && ev->failures)
        count = (int)eval_select(ev->failed, 0, out, (uint32_t)count, out);
    return count;
}

/* ---- vectors to columns ------------------------------------------------------------------- */

/* NULL marks to a validity bitmap; rows that are not among sel are valid. */
static int write_validity(struct streamd_batch *batch, const struct streamd_vector *v,
                          const uint16_t *sel, uint32_t n, struct streamd_column *out)
{
    size_t bytes = ((size_t)batch->rows + 7) / 8;

    out->validity = NULL;
    if (!v->nulls || (v->mask == 0 && !v->nulls[0]))
        return 0;
    out->validity = batch_alloc(batch, bytes);
    if (!out->validity)
        return STREAMD_E_NOMEM;
    memset(out->validity, 0xff, bytes);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);

        out->validity[row >> 3] &= (uint8_t) ~((v->nulls[row & v->mask] & 1u) << (row & 7u));
    }
    return 0;
}

/* One value for every row. */
static void spread(uint8_t *to, const uint8_t *value, size_t width, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        memcpy(to + i * width, value, width);
}

static int write_fixed(struct streamd_batch *batch, const struct streamd_vector *v,
                       struct streamd_column *out)
{
    size_t width = streamd_type_width(v->type.id);
    uint8_t *to = out->values;

    if (v->values == to && v->mask)
        return 0;
    if (!to)
        to = out->values = batch_alloc(batch, batch->rows * width);
    if (!to)
        return STREAMD_E_NOMEM;
    if (v->mask == 0)
        spread(to, v->values, width, batch->rows);
    else
        memcpy(to, v->values, batch->rows * width);
    return 0;
}

static size_t text_length(const struct streamd_vector *v, uint32_t row)
{
    return eval_is_null(v, row) ? 0 : ((const struct streamd_str *)v->values)[row & v->mask].length;
}

static int write_texts(struct streamd_batch *batch, const struct streamd_vector *v,
                       const uint16_t *sel, uint32_t n, struct streamd_column *out)
{
    const struct streamd_str *texts = v->values;
    size_t total = 0;
    uint32_t next = 0, at = 0;

    for (uint32_t k = 0; k < n; k++)
        total += text_length(v, eval_row(sel, k));
    if (total > INT32_MAX)
        return STREAMD_E_LIMIT;
    out->offsets = batch_alloc(batch, ((size_t)batch->rows + 1) * sizeof(int32_t));
    out->data = batch_alloc(batch, total ? total : 1);
    out->data_capacity = total;
    if (!out->offsets || !out->data)
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t row = eval_row(sel, k);
        size_t length = text_length(v, row);

        while (next <= row) /* rows between the selected ones are empty */
            out->offsets[next++] = (int32_t)at;
        if (length)
            memcpy(out->data + at, texts[row & v->mask].data, length);
        at += (uint32_t)length;
    }
    while (next <= batch->rows)
        out->offsets[next++] = (int32_t)at;
    return 0;
}

int expr_vector_column(struct streamd_batch *batch, const struct streamd_vector *vector,
                       const uint16_t *sel, uint32_t n, struct streamd_column *out)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = streamd_type_is_variable(vector->type.id) ? write_texts(batch, vector, sel, n, out)
                                                   : write_fixed(batch, vector, out);
    return rc ? rc : write_validity(batch, vector, sel, n, out);
}

/* ---- whole batches ------------------------------------------------------------------------ */

/* Takes the rows that failed out of the batch's selection. */
static int drop_failed(struct expr_evaluator *ev, struct streamd_batch *batch)
{
    uint16_t *sel;

    if (ev->failures == 0)
        return 0;
    sel = batch_alloc(batch, batch->count * sizeof(*sel));
    if (!sel)
        return STREAMD_E_NOMEM;
    batch->count = eval_select(ev->failed, 0, batch->sel, batch->count, sel);
    batch->sel = sel;
    return 0;
}

/* Evaluates over the rows that have not failed yet. */
static int eval_into(struct expr_evaluator *ev, const struct streamd_expr *expr,
                     struct streamd_batch *batch, struct streamd_column *out)
{
    const struct node *root = root_of(expr);
    size_t width = streamd_type_width(expr->type.id);
    struct scratch_mark mark = scratch_mark(&ev->scratch);
    struct streamd_vector v = {0};
    int rc = 0;

    if (expr->column >= 0) {
        *out = batch->columns[expr->column];
        return 0;
    }
    memset(out, 0, sizeof(*out));
    if (width && root->kind != NODE_CONSTANT) {
        out->values = v.values = batch_alloc(batch, batch->rows * width);
        if (!v.values)
            return STREAMD_E_NOMEM;
    }
    rc = root->eval(ev, root, batch->sel, batch->count, &v);
    if (rc == 0)
        rc = drop_failed(ev, batch);
    if (rc == 0)
        rc = width ? write_fixed(batch, &v, out)
                   : write_texts(batch, &v, batch->sel, batch->count, out);
    if (rc == 0)
        rc = write_validity(batch, &v, batch->sel, batch->count, out);
    scratch_release(&ev->scratch, mark);
    return rc;
}

int expr_eval_column(struct expr_evaluator *ev, const struct streamd_expr *expr,
                     struct streamd_batch *batch, struct streamd_column *out)
{
    expr_begin(ev, batch);
    return eval_into(ev, expr, batch, out);
}

int expr_filter(struct expr_evaluator *ev, const struct streamd_expr *expr,
                struct streamd_batch *batch)
{
    uint16_t *sel;
    int count;

    expr_begin(ev, batch);
    if (batch->count == 0)
        return 0;
    sel = batch_alloc(batch, batch->count * sizeof(*sel));
    if (!sel)
        return STREAMD_E_NOMEM;
    count = expr_eval_true(ev, expr, batch->sel, batch->count, sel);
    if (count < 0)
        return count;
    if ((uint32_t)count < batch->count) { /* a selection of all is no selection */
        batch->sel = sel;
        batch->count = (uint32_t)count;
    }
    return 0;
}

int expr_project(struct expr_evaluator *ev, const struct streamd_projection *projection,
                 struct streamd_batch *batch, struct streamd_batch **out)
{
    struct streamd_batch *derived = batch_derive(batch, &projection->schema);
    int rc = derived ? 0 : STREAMD_E_NOMEM;

    expr_begin(ev, batch);
    for (uint32_t i = 0; i < projection->schema.field_count && rc == 0; i++)
        rc = eval_into(ev, projection->items[i], batch, &derived->columns[i]);
    if (rc) {
        batch_release(derived);
        return rc;
    }
    derived->sel = batch->sel;
    derived->count = batch->count;
    *out = derived;
    return 0;
}
