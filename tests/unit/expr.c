/* See expr.h. Loaded values take the way of the formats: convert.h, one row after the other. */
#include "expr.h"

#include <streamd/convert.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int note_error(void *self, struct streamd_batch *batch, uint32_t row, int code,
                      const char *message)
{
    struct expr_test *t = self;

    (void)batch;
    assert_true(row < EXPR_TEST_ROWS);
    assert_int_equal(t->row_codes[row], 0); /* once a row */
    t->row_codes[row] = code;
    t->errors++;
    snprintf(t->row_message, sizeof(t->row_message), "%s", message);
    return t->stop_with;
}

static int64_t test_now(void *self)
{
    return ((struct expr_test *)self)->now;
}

void expr_test_init(struct expr_test *t)
{
    struct expr_host host = {t, note_error, test_now};

    memset(t, 0, sizeof(*t));
    t->pool = batch_pool_new(0);
    t->registry = expr_registry_new();
    t->ev = expr_evaluator_new(&host);
    t->schema.fields = t->fields;
    assert_true(t->pool && t->registry && t->ev);
}

void expr_test_clear(struct expr_test *t)
{
    batch_release(t->batch);
    assert_int_equal(batch_pool_batches(t->pool), 0);
    batch_pool_free(t->pool);
    expr_evaluator_free(t->ev);
    expr_store_clear(&t->store);
    expr_registry_free(t->registry);
}

void expr_test_field(struct expr_test *t, const char *name, const char *type)
{
    struct streamd_field *f = &t->fields[t->schema.field_count++];

    assert_true(t->schema.field_count <= EXPR_TEST_FIELDS);
    f->name = name;
    assert_int_equal(expr_type_parse(type, strlen(type), &f->type), 0);
}

/* ---- rows --------------------------------------------------------------------------------- */

static int store_fixed(struct streamd_column *c, struct streamd_type type, uint32_t row,
                       const char *p, size_t n)
{
    streamd_int128 v = 0;
    int rc;

    switch (type.id) {
    case STREAMD_BOOL:
        ((uint8_t *)c->values)[row] = *p == 't';
        return 0;
    case STREAMD_INT64:
        return streamd_int64_parse(p, n, (int64_t *)c->values + row);
    case STREAMD_FLOAT64:
        return streamd_float64_parse(p, n, (double *)c->values + row);
    case STREAMD_TIMESTAMP:
        return streamd_timestamp_parse(p, n, (int64_t *)c->values + row);
    case STREAMD_DATE:
        return streamd_date_parse(p, n, (int32_t *)c->values + row);
    default:
        rc = streamd_decimal_parse(p, n, type.precision, type.scale, &v);
        ((struct streamd_decimal *)c->values)[row] = streamd_decimal_make(v);
        return rc;
    }
}

static void store_text(struct expr_test *t, uint32_t field, uint32_t row, const char *p, size_t n)
{
    struct streamd_column *c = &t->batch->columns[field];

    assert_int_equal(batch_reserve(t->batch, field, n), 0);
    if (t->fields[field].type.id == STREAMD_BYTES)
        assert_int_equal(streamd_hex_decode(p, n, c->data + c->offsets[row], &n), 0);
    else if (n)
        memcpy(c->data + c->offsets[row], p, n);
    c->offsets[row + 1] = c->offsets[row] + (int32_t)n;
}

/* What lies under a NULL is anything: garbage, to see that nobody looks. */
static void store_null(struct expr_test *t, uint32_t field, uint32_t row)
{
    struct streamd_column *c = &t->batch->columns[field];
    size_t width = streamd_type_width(t->fields[field].type.id);

    if (!c->validity)
        assert_int_equal(batch_nullable(t->batch, field), 0);
    c->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7u));
    if (width)
        memset((uint8_t *)c->values + row * width, row & 1 ? 0xff : 0x80, width);
    else
        c->offsets[row + 1] = c->offsets[row];
}

void expr_test_row(struct expr_test *t, const char *const *values)
{
    uint32_t row;

    if (!t->batch)
        t->batch = batch_new(t->pool, &t->schema, EXPR_TEST_ROWS);
    assert_non_null(t->batch);
    row = t->batch->rows;
    assert_true(row < EXPR_TEST_ROWS);
    for (uint32_t i = 0; i < t->schema.field_count; i++) {
        struct streamd_type type = t->fields[i].type;

        if (!values[i])
            store_null(t, i, row);
        else if (streamd_type_is_variable(type.id))
            store_text(t, i, row, values[i], strlen(values[i]));
        else
            assert_int_equal(
                store_fixed(&t->batch->columns[i], type, row, values[i], strlen(values[i])), 0);
    }
    t->batch->event_time[row] = row;
    t->batch->count = ++t->batch->rows;
}

/* ---- expressions -------------------------------------------------------------------------- */

const struct streamd_expr *expr_test_compile(struct expr_test *t, const char *text)
{
    struct expr_scope scope = {&t->store, t->registry, &t->schema, NULL, NULL};
    const struct streamd_expr *e;
    int rc = expr_compile(&scope, text, strlen(text), &e, &t->problems);

    assert_int_equal(rc, e ? 0 : STREAMD_E_INVALID);
    assert_true(e ? t->problems.count == 0 : t->problems.count > 0);
    return e;
}

void expr_test_reset(struct expr_test *t)
{
    memset(t->row_codes, 0, sizeof(t->row_codes));
    t->errors = 0;
    if (t->batch) {
        t->batch->sel = NULL;
        t->batch->count = t->batch->rows;
    }
}

struct streamd_column expr_test_eval(struct expr_test *t, const struct streamd_expr *e)
{
    struct streamd_column column;

    assert_int_equal(expr_eval_column(t->ev, e, t->batch, &column), 0);
    return column;
}

void expr_test_print(const struct expr_test *t, const struct streamd_column *c,
                     struct streamd_type type, uint32_t row, char out[EXPR_TEST_TEXT])
{
    const uint8_t *value = (const uint8_t *)c->values + row * streamd_type_width(type.id);
    struct streamd_str s;
    size_t n = 0;

    if (t->row_codes[row]) {
        strcpy(out, "ERROR");
        return;
    }
    if (streamd_column_is_null(c, row)) {
        strcpy(out, "NULL");
        return;
    }
    switch (type.id) {
    case STREAMD_BOOL:
        strcpy(out, *value ? "true" : "false");
        return;
    case STREAMD_INT64:
        n = streamd_int64_print(*(const int64_t *)value, out);
        break;
    case STREAMD_FLOAT64:
        n = streamd_float64_print(*(const double *)value, out);
        break;
    case STREAMD_DECIMAL:
        n = streamd_decimal_print(streamd_decimal_get(*(const struct streamd_decimal *)value),
                                  type.scale, out);
        break;
    case STREAMD_TIMESTAMP:
        n = streamd_timestamp_print_sql(*(const int64_t *)value, out);
        break;
    case STREAMD_DATE:
        n = streamd_date_print_sql(*(const int32_t *)value, out);
        break;
    case STREAMD_BYTES:
        s = streamd_column_str(c, row);
        strcpy(out, "\\x");
        n = 2 + streamd_hex_encode(s.data, s.length, out + 2);
        break;
    default:
        s = streamd_column_str(c, row);
        n = s.length < EXPR_TEST_TEXT - 1 ? s.length : EXPR_TEST_TEXT - 1;
        memcpy(out, s.data, n);
        break;
    }
    out[n] = '\0';
}

const char *expr_test_constant(struct expr_test *t, const char *text, char out[EXPR_TEST_TEXT])
{
    static const struct streamd_schema none = {0, NULL};
    struct expr_scope scope = {&t->store, t->registry, &t->schema, NULL, NULL};
    const struct streamd_expr *e;
    struct streamd_column column;
    struct streamd_batch *batch;

    if (expr_compile(&scope, text, strlen(text), &e, &t->problems)) {
        snprintf(out, EXPR_TEST_TEXT, "ERROR %d %s", t->problems.items[0].code,
                 t->problems.items[0].message);
        return out;
    }
    batch = batch_new(t->pool, &none, 1);
    assert_non_null(batch);
    batch->rows = batch->count = 1;
    memset(t->row_codes, 0, sizeof(t->row_codes));
    assert_int_equal(expr_eval_column(t->ev, e, batch, &column), 0);
    expr_test_print(t, &column, e->type, 0, out);
    batch_release(batch);
    return out;
}
