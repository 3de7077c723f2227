/* See aggregate_fixture.h. The functions of daemon/expr/evaluate.h are defined here. */
#include "aggregate_fixture.h"

#include "base/arena.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

struct spied spied;

/* ---- the host ----------------------------------------------------------------------------- */

static enum streamd_flow host_fail(struct streamd_context *c, enum streamd_class cls, int number,
                                   const char *message)
{
    struct fixture *f = (struct fixture *)c;

    (void)cls;
    assert_non_null(message);
    if (!f->failed)
        f->failed = number;
    return STREAMD_FAILED;
}

static struct streamd_batch *host_batch_new(struct streamd_context *c,
                                            const struct streamd_schema *schema, uint32_t capacity)
{
    return batch_new(((struct fixture *)c)->pool, schema, capacity);
}

static struct streamd_batch *host_derive(struct streamd_context *c, struct streamd_batch *parent,
                                         const struct streamd_schema *schema)
{
    (void)c;
    return batch_derive(parent, schema);
}

static void *host_batch_alloc(struct streamd_context *c, struct streamd_batch *b, size_t size)
{
    (void)c;
    return batch_alloc(b, size);
}

static int host_nullable(struct streamd_context *c, struct streamd_batch *b, uint32_t column)
{
    (void)c;
    return batch_nullable(b, column);
}

static void host_release(struct streamd_context *c, struct streamd_batch *b)
{
    (void)c;
    batch_release(b);
}

static int row_error(void *self, struct streamd_batch *batch, uint32_t row, int code,
                     const char *message)
{
    struct fixture *f = self;

    assert_true(row < batch->rows);
    assert_in_range(code, 5101, 5105);
    assert_non_null(message);
    if (f->errors < 64)
        f->error_rows[f->errors] = row;
    f->errors++;
    return f->stop;
}

static int64_t now_us(void *self)
{
    (void)self;
    return 1;
}

void fixture_init(struct fixture *f)
{
    struct expr_host host = {.self = f, .row_error = row_error, .now_us = now_us};

    memset(f, 0, sizeof(*f));
    f->host = (struct streamd_host){.size = sizeof(f->host),
                                    .fail = host_fail,
                                    .batch_new = host_batch_new,
                                    .batch_derive = host_derive,
                                    .batch_alloc = host_batch_alloc,
                                    .batch_nullable = host_nullable,
                                    .batch_release = host_release};
    f->context.host = &f->host;
    f->pool = batch_pool_new(0);
    f->evaluator = expr_evaluator_new(&host);
    f->runner = aggregate_runner_new(&f->context, f->evaluator);
    assert_non_null(f->pool);
    assert_non_null(f->evaluator);
    assert_non_null(f->runner);
    spied = (struct spied){0};
}

void fixture_clear(struct fixture *f)
{
    aggregate_runner_free(f->runner);
    expr_evaluator_free(f->evaluator);
    assert_int_equal(batch_pool_batches(f->pool), 0);
    batch_pool_free(f->pool);
}

/* ---- tables ------------------------------------------------------------------------------- */

/* Always somewhere else, so that who keeps a pointer too long is found out. */
static void *table_reserve(struct streamd_table *t, void *row, uint32_t index, uint32_t capacity)
{
    struct streamd_var *v = streamd_row_value(t->layout, row, index);
    uint8_t *data;

    if (capacity <= v->capacity)
        capacity = v->capacity;
    else if (capacity < 2 * v->capacity)
        capacity = 2 * v->capacity;
    data = memory_alloc(capacity);
    if (!data)
        return NULL;
    if (v->length)
        memcpy(data, v->data, v->length);
    memory_free(v->data);
    v->data = data;
    v->capacity = capacity;
    return data;
}

static const struct streamd_table_ops table_ops = {.size = sizeof(table_ops),
                                                   .reserve = table_reserve};

void table_init(struct test_table *t, const struct streamd_table_decl *decl, uint32_t count)
{
    uint32_t at;

    memset(t, 0, sizeof(*t));
    t->decl = *decl;
    t->layout.key_count = decl->key_count;
    t->layout.value_count = decl->key_count + decl->column_count;
    assert_true(t->layout.value_count <= 32);
    if (decl->key_count)
        memcpy(t->fields, decl->keys, decl->key_count * sizeof(*t->fields));
    if (decl->column_count)
        memcpy(t->fields + decl->key_count, decl->columns, decl->column_count * sizeof(*t->fields));
    at = 8;
    for (uint32_t i = 0; i < t->layout.value_count; i++) {
        t->offsets[i] = at;
        at += streamd_type_width(t->fields[i].type.id) > 8 ||
                      streamd_type_is_variable(t->fields[i].type.id)
                  ? 16
                  : 8;
    }
    t->layout.row_size = at;
    t->layout.fields = t->fields;
    t->layout.offsets = t->offsets;
    t->head = (struct streamd_table){&table_ops, &t->layout, &t->decl};
    t->count = count;
    for (uint32_t k = 0; k < count; k++) {
        t->rows[k] = calloc(1, at);
        assert_non_null(t->rows[k]);
    }
}

void table_clear(struct test_table *t)
{
    for (uint32_t k = 0; k < t->count; k++) {
        for (uint32_t i = 0; i < t->layout.value_count; i++)
            if (streamd_type_is_variable(t->fields[i].type.id))
                memory_free(
                    ((struct streamd_var *)streamd_row_value(&t->layout, t->rows[k], i))->data);
        free(t->rows[k]);
    }
}

void table_set_int(struct test_table *t, uint32_t row, uint32_t index, int64_t value)
{
    memcpy(streamd_row_value(&t->layout, t->rows[row], index), &value, sizeof(value));
}

void table_set_text(struct test_table *t, uint32_t row, uint32_t index, const char *text)
{
    struct streamd_var *v = streamd_row_value(&t->layout, t->rows[row], index);
    void *data = table_reserve(&t->head, t->rows[row], index, (uint32_t)strlen(text) + 1);

    assert_non_null(data);
    memcpy(data, text, strlen(text));
    v->length = (uint32_t)strlen(text);
}

/* ---- the evaluator ------------------------------------------------------------------------ */

struct expr_evaluator {
    struct expr_host host;
    struct streamd_batch *batch;
    struct arena arena;
    uint8_t failed[STREAMD_BATCH_MAX_ROWS];
    uint32_t failures, evaluated;
    uint64_t begun;
};

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
    arena_clear(&ev->arena);
    memory_free(ev);
}

uint32_t fake_evaluated(const struct fixture *f)
{
    return f->evaluator->evaluated;
}

void expr_begin(struct expr_evaluator *ev, struct streamd_batch *batch)
{
    arena_clear(&ev->arena); /* so that a vector that is kept too long is found out */
    ev->begun++;
    ev->batch = batch;
    ev->failures = 0;
    memset(ev->failed, 0, sizeof(ev->failed));
}

uint64_t expr_begun(const struct expr_evaluator *ev)
{
    return ev->begun;
}

const uint8_t *expr_failed(const struct expr_evaluator *ev)
{
    return ev->failures ? ev->failed : NULL;
}

static int fail_row(struct expr_evaluator *ev, uint32_t row, int code)
{
    if (ev->failed[row])
        return 0;
    ev->failed[row] = 1;
    ev->failures++;
    return ev->host.row_error(ev->host.self, ev->batch, row, code, "as the test wants it");
}

static int take_nulls(struct expr_evaluator *ev, const struct streamd_column *c,
                      struct streamd_vector *out)
{
    if (!c->validity)
        return 0;
    out->nulls = arena_zalloc(&ev->arena, ev->batch->rows, 1);
    for (uint32_t row = 0; out->nulls && row < ev->batch->rows; row++)
        out->nulls[row] = (uint8_t)streamd_column_is_null(c, row);
    return out->nulls ? 0 : STREAMD_E_NOMEM;
}

static int eval_column(struct expr_evaluator *ev, const struct streamd_column *c,
                       struct streamd_vector *out)
{
    struct streamd_str *texts;

    if (!streamd_type_is_variable(out->type.id)) {
        out->values = c->values;
        return take_nulls(ev, c, out);
    }
    out->values = texts = arena_zalloc(&ev->arena, ev->batch->rows, sizeof(*texts));
    if (!texts)
        return STREAMD_E_NOMEM;
    for (uint32_t row = 0; row < ev->batch->rows; row++)
        texts[row] = streamd_column_str(c, row);
    return take_nulls(ev, c, out);
}

static int eval_constant(struct expr_evaluator *ev, const struct fake_expr *e,
                         struct streamd_vector *out)
{
    struct streamd_str *text = arena_zalloc(&ev->arena, 1, sizeof(*text));

    out->mask = 0;
    out->values = text;
    out->nulls = e->text ? NULL : arena_zalloc(&ev->arena, 1, 1);
    if (!text || (!e->text && !out->nulls))
        return STREAMD_E_NOMEM;
    if (e->text)
        *text = (struct streamd_str){e->text, strlen(e->text)};
    else
        out->nulls[0] = 1;
    return 0;
}

static int eval_ints(struct expr_evaluator *ev, const struct fake_expr *e, const uint16_t *sel,
                     uint32_t n, struct streamd_vector *out)
{
    const int64_t *a = ev->batch->columns[e->a].values, *b = ev->batch->columns[e->b].values;
    int64_t *values = arena_zalloc(&ev->arena, ev->batch->rows + 1, sizeof(*values));
    int rc = values ? 0 : STREAMD_E_NOMEM;

    out->values = values;
    for (uint32_t k = 0; !rc && k < n; k++) {
        uint32_t row = sel ? sel[k] : k;

        ev->evaluated++;
        if (e->kind == FAKE_CHECKED && a[row] == 99)
            rc = fail_row(ev, row, STREAMD_ROW_OVERFLOW);
        else if (e->kind == FAKE_RATIO && b[row] == 0)
            rc = fail_row(ev, row, STREAMD_ROW_DIVISION);
        else
            values[row] = e->kind == FAKE_RATIO ? a[row] / b[row] : a[row];
    }
    return rc ? rc : take_nulls(ev, &ev->batch->columns[e->a], out);
}

int expr_eval(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
              uint32_t n, struct streamd_vector *out)
{
    const struct fake_expr *e = (const struct fake_expr *)expr;

    *out = (struct streamd_vector){.type = expr->type, .mask = UINT32_MAX};
    if (e->kind == FAKE_COLUMN)
        return eval_column(ev, &ev->batch->columns[e->a], out);
    return e->kind == FAKE_CONSTANT ? eval_constant(ev, e, out) : eval_ints(ev, e, sel, n, out);
}

int expr_eval_true(struct expr_evaluator *ev, const struct streamd_expr *expr, const uint16_t *sel,
                   uint32_t n, uint16_t *out)
{
    const struct fake_expr *e = (const struct fake_expr *)expr;
    const struct streamd_column *c = &ev->batch->columns[e->a];
    int m = 0, rc = 0;

    assert_int_equal(e->kind, FAKE_POSITIVE);
    for (uint32_t k = 0; !rc && k < n; k++) {
        uint32_t row = sel ? sel[k] : k;
        int64_t value = ((const int64_t *)c->values)[row];

        if (!streamd_column_is_null(c, row) && value == -99)
            rc = fail_row(ev, row, STREAMD_ROW_OVERFLOW);
        else if (!streamd_column_is_null(c, row) && value > 0)
            out[m++] = (uint16_t)row;
    }
    return rc ? rc : m;
}

int expr_vector_column(struct streamd_batch *batch, const struct streamd_vector *v,
                       const uint16_t *sel, uint32_t n, struct streamd_column *out)
{
    const struct streamd_str *texts = v->values;
    size_t total = 0, bytes = (batch->rows + 7) / 8;

    assert_null(sel);
    assert_true(v->mask);
    memset(out, 0, sizeof(*out));
    if (v->nulls) {
        out->validity = batch_alloc(batch, bytes ? bytes : 1);
        if (!out->validity)
            return STREAMD_E_NOMEM;
        memset(out->validity, 0xff, bytes);
        for (uint32_t k = 0; k < n; k++)
            if (v->nulls[k])
                out->validity[k >> 3] &= (uint8_t) ~(1u << (k & 7u));
    }
    if (!streamd_type_is_variable(v->type.id)) {
        out->values = batch_alloc(batch, streamd_type_width(v->type.id) * n);
        if (!out->values)
            return STREAMD_E_NOMEM;
        memcpy(out->values, v->values, streamd_type_width(v->type.id) * n);
        return 0;
    }
    for (uint32_t k = 0; k < n; k++)
        total += v->nulls && v->nulls[k] ? 0 : texts[k].length;
    out->offsets = batch_alloc(batch, (n + 1) * sizeof(int32_t));
    out->data = batch_alloc(batch, total + 1);
    if (!out->offsets || !out->data)
        return STREAMD_E_NOMEM;
    out->offsets[0] = 0;
    for (uint32_t k = 0; k < n; k++) {
        size_t length = v->nulls && v->nulls[k] ? 0 : texts[k].length;

        if (length)
            memcpy(out->data + out->offsets[k], texts[k].data, length);
        out->offsets[k + 1] = out->offsets[k] + (int32_t)length;
    }
    return 0;
}

int expr_eval_column(struct expr_evaluator *ev, const struct streamd_expr *expr,
                     struct streamd_batch *batch, struct streamd_column *out)
{
    struct streamd_vector v;
    uint16_t *sel;
    uint32_t m = 0;
    int rc;

    if (expr->column >= 0) {
        *out = batch->columns[expr->column];
        return 0;
    }
    expr_begin(ev, batch);
    rc = expr_eval(ev, expr, batch->sel, batch->count, &v);
    if (!rc)
        rc = expr_vector_column(batch, &v, NULL, batch->rows, out);
    if (rc || !ev->failures)
        return rc;
    sel = batch_alloc(batch, batch->count * sizeof(*sel));
    if (!sel)
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < batch->count; k++)
        if (!ev->failed[streamd_batch_row(batch, k)])
            sel[m++] = (uint16_t)streamd_batch_row(batch, k);
    batch->sel = sel;
    batch->count = m;
    return 0;
}

/* ---- kernels' calls ----------------------------------------------------------------------- */

static struct expr_call *call_of(struct streamd_call *call)
{
    return (struct expr_call *)call;
}

static void *call_alloc(struct streamd_call *call, size_t bytes)
{
    return arena_alloc(&call_of(call)->ev->arena, bytes);
}

static int call_set_null(struct streamd_call *call, uint32_t row)
{
    struct streamd_vector *result = call->result;

    if (!result->nulls)
        result->nulls = arena_zalloc(&call_of(call)->ev->arena, STREAMD_BATCH_MAX_ROWS, 1);
    if (!result->nulls)
        return STREAMD_E_NOMEM;
    result->nulls[row] = 1;
    return 0;
}

static int call_row_error(struct streamd_call *call, uint32_t row, int code, const char *message)
{
    struct expr_call *c = call_of(call);

    (void)message;
    c->status = fail_row(c->ev, row, code);
    return c->status;
}

static int64_t call_now(struct streamd_call *call)
{
    (void)call;
    return 1;
}

int expr_call_open(struct expr_evaluator *ev, struct expr_call *call,
                   const struct streamd_vector *args, uint32_t argc, const uint16_t *sel,
                   uint32_t n, const struct streamd_type *result_type, uint32_t rows)
{
    static const struct streamd_host_call host = {sizeof(host), call_alloc, call_set_null,
                                                  call_row_error, call_now};

    memset(call, 0, sizeof(*call));
    call->ev = ev;
    call->call = (struct streamd_call){
        .host = &host, .args = args, .argc = argc, .sel = sel, .n = n, .result = &call->result};
    if (!result_type)
        return 0;
    call->result.type = *result_type;
    call->result.mask = UINT32_MAX;
    call->result.values = arena_zalloc(&ev->arena, rows + 1, 16);
    return call->result.values ? 0 : STREAMD_E_NOMEM;
}
