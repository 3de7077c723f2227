/*
 * Aggregates over a table in plain memory: what reaches a kernel, what rows with errors change, how
 * rows are merged, what results look like. Numbers were computed by hand.
 */
#include "aggregate_fixture.h"
#include "base/arena.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TYPE(name, null)                       \
    {                                          \
        .id = STREAMD_##name, .nullable = null \
    }
#define COLUMN(of, name, null)                                                         \
    {                                                                                  \
        .head = {.type = TYPE(name, null), .column = of}, .kind = FAKE_COLUMN, .a = of \
    }

/* ---- the input: a, b int64; f float64; s string; d decimal ------------------------------------
 */

enum { A, B, F, S, D, INPUTS };

static const struct streamd_field input_fields[INPUTS] = {{"a", TYPE(INT64, 1)},
                                                          {"b", TYPE(INT64, 1)},
                                                          {"f", TYPE(FLOAT64, 0)},
                                                          {"s", TYPE(STRING, 1)},
                                                          {"d", {STREAMD_DECIMAL, 20, 2, 0}}};
static const struct streamd_schema input = {INPUTS, input_fields};

static const struct fake_expr a = COLUMN(A, INT64, 1), b = COLUMN(B, INT64, 1),
                              f = COLUMN(F, FLOAT64, 0), s = COLUMN(S, STRING, 1),
                              d = COLUMN(D, DECIMAL, 0);
static const struct fake_expr checked_b = {
    .head = {.type = TYPE(INT64, 1), .column = -1}, .kind = FAKE_CHECKED, .a = B};
static const struct fake_expr a_positive = {
    .head = {.type = TYPE(BOOL, 1), .column = -1}, .kind = FAKE_POSITIVE, .a = A};
static const struct fake_expr comma = {
    .head = {.type = TYPE(STRING, 0), .column = -1}, .kind = FAKE_CONSTANT, .text = ","};
static const struct fake_expr null_text = {.head = {.type = TYPE(STRING, 1), .column = -1},
                                           .kind = FAKE_CONSTANT};

enum { NONE = -1000 }; /* NULL, in the arrays below */

static void put_null(struct fixture *x, struct streamd_batch *batch, uint32_t column, uint32_t row)
{
    assert_int_equal(streamd_batch_set_null(&x->context, batch, column, row), 0);
}

/* A batch of n rows; f = a / 2, d = a, times 0, 10, ...; s may be NULL: all texts are "". */
static struct streamd_batch *batch_of(struct fixture *x, uint32_t n, const int64_t *as,
                                      const int64_t *bs, const char *const *ss)
{
    struct streamd_batch *batch = batch_new(x->pool, &input, n);

    assert_non_null(batch);
    for (uint32_t k = 0; k < n; k++) {
        struct streamd_column *text = &batch->columns[S];
        size_t length = ss && ss[k] ? strlen(ss[k]) : 0;

        ((int64_t *)batch->columns[A].values)[k] = as[k];
        ((int64_t *)batch->columns[B].values)[k] = bs[k];
        ((double *)batch->columns[F].values)[k] = (double)as[k] / 2;
        ((struct streamd_decimal *)batch->columns[D].values)[k] =
            (struct streamd_decimal){(uint64_t)as[k], as[k] < 0 ? -1 : 0};
        assert_int_equal(batch_reserve(batch, S, length), 0);
        memcpy(text->data + text->offsets[k], ss && ss[k] ? ss[k] : "", length);
        text->offsets[k + 1] = text->offsets[k] + (int32_t)length;
        batch->event_time[k] = 10 * k;
        batch->rows = batch->count = k + 1;
        if (as[k] == NONE)
            put_null(x, batch, A, k);
        if (bs[k] == NONE)
            put_null(x, batch, B, k);
        if (ss && !ss[k])
            put_null(x, batch, S, k);
    }
    return batch;
}

/* ---- aggregates and their table ---------------------------------------------------------------
 */

enum { MOST = 6 };

/* Calls under test, and the table that is declared for them: key k int64, then column c. */
struct subject {
    struct expr_aggregates of;
    struct expr_aggregate_call calls[MOST];
    const struct streamd_expr *args[MOST][2];
    struct streamd_field internal[2 + MOST], output[2 + MOST];
    struct arena arena;
    struct test_table table;
};

static const struct streamd_field table_key = {"k", TYPE(INT64, 1)};
static const struct streamd_field table_column = {"c", TYPE(INT64, 0)};
static const struct streamd_table_decl own = {
    .name = "t", .key_count = 1, .keys = &table_key, .column_count = 1, .columns = &table_column};

static void add_call(struct subject *t, const struct streamd_aggregate *function, const char *text,
                     const struct fake_expr *x, const struct fake_expr *y)
{
    static const struct streamd_field number = {"n", TYPE(INT64, 1)};
    static const struct streamd_field bytes = {"text", TYPE(STRING, 0)};
    uint32_t i = t->of.head.calls++;
    struct expr_aggregate_call *call = &t->calls[i];
    int is_text = function == &join_function;

    t->args[i][0] = x ? &x->head : NULL;
    t->args[i][1] = y ? &y->head : NULL;
    *call = (struct expr_aggregate_call){
        .function = function,
        .text = text,
        .type = {.id = is_text ? STREAMD_STRING : STREAMD_INT64, .nullable = 1},
        .argc = (x ? 1u : 0u) + (y ? 1u : 0u),
        .args = t->args[i],
        .distinct = strstr(text, "DISTINCT") != NULL,
        .filter = strstr(text, "FILTER") ? &a_positive.head : NULL,
        .state_count = 1,
        .state = is_text ? &bytes : &number,
    };
    t->internal[1 + i] = (struct streamd_field){text, call->type};
    t->of.calls = t->calls;
}

static void declare(struct subject *t, uint32_t rows)
{
    struct streamd_table_decl decl;

    t->internal[0] = table_key;
    t->of.key_count = 1;
    t->of.internal = (struct streamd_schema){1 + t->of.head.calls, t->internal};
    assert_int_equal(aggregate_declare(&t->arena, &t->of.head, &own, &decl), 0);
    table_init(&t->table, &decl, rows);
}

static void start(struct fixture *x, struct subject *t, uint32_t rows)
{
    declare(t, rows);
    assert_int_equal(aggregate_init(x->runner, &t->of.head, &t->table.head, t->table.rows, rows),
                     0);
}

static void finish(struct subject *t)
{
    table_clear(&t->table);
    arena_clear(&t->arena);
}

/* Where call i keeps its first state value. */
static uint32_t state_of(const struct subject *t, uint32_t i)
{
    uint32_t at = 2;

    while (i-- > 0)
        at += 1 + (t->calls[i].distinct ? 1u : 0u);
    return at;
}

static int64_t number(const struct subject *t, uint32_t row, uint32_t i)
{
    int64_t v;

    memcpy(&v, streamd_row_value(&t->table.layout, t->table.rows[row], state_of(t, i)), sizeof(v));
    return v;
}

static const char *joined(const struct subject *t, uint32_t row, uint32_t i)
{
    static char text[2000];
    struct streamd_var *v = streamd_row_value(&t->table.layout, t->table.rows[row], state_of(t, i));

    snprintf(text, sizeof(text), "%.*s", (int)v->length, v->data ? (char *)v->data : "");
    return text;
}

/* Feeds rows sel[0 .. n) of a batch; `to` is the table row of each. */
static int update(struct fixture *x, struct subject *t, struct streamd_batch *batch,
                  const uint16_t *sel, const int *to, uint32_t n)
{
    void *rows[64];

    for (uint32_t k = 0; k < n; k++)
        rows[k] = t->table.rows[to[k]];
    return aggregate_update(x->runner, &t->of.head, &t->table.head, batch, sel, rows, n);
}

/* ---- declare ------------------------------------------------------------------------------ */

static void declares_columns_behind_those_of_the_operator(void **state)
{
    static const struct streamd_field taken[2] = {{"x", TYPE(INT64, 0)},
                                                  {"count(*).n", TYPE(INT64, 0)}};
    struct streamd_table_decl decl = own, out;
    struct subject t = {0};

    (void)state;
    decl.flags = STREAMD_TABLE_NAMESPACED;
    decl.columns = taken;
    decl.column_count = 2;
    add_call(&t, &count_function, "count(*)", NULL, NULL);
    add_call(&t, &join_function, "join(DISTINCT s, ',')", &s, &comma);
    assert_int_equal(aggregate_declare(&t.arena, &t.of.head, &decl, &out), 0);
    assert_int_equal(out.flags, STREAMD_TABLE_NAMESPACED);
    assert_ptr_equal(out.keys, decl.keys);
    assert_int_equal(out.column_count, 5);
    assert_string_equal(out.columns[0].name, "x");
    assert_string_equal(out.columns[2].name, "count(*).n 2");
    assert_int_equal(out.columns[2].type.id, STREAMD_INT64);
    assert_int_equal(out.columns[2].type.nullable, 1);
    assert_string_equal(out.columns[3].name, "join(DISTINCT s, ',').text");
    assert_int_equal(out.columns[3].type.id, STREAMD_STRING);
    assert_string_equal(out.columns[4].name, "join(DISTINCT s, ',').distinct");
    assert_int_equal(out.columns[4].type.id, STREAMD_BYTES);
    arena_clear(&t.arena);
}

/* ---- update ------------------------------------------------------------------------------- */

static void hands_over_the_callers_arrays_where_nothing_is_left_out(void **state)
{
    static const int64_t ones[] = {1, 1, 1, 1};
    const uint16_t sel[] = {0, 2, 3};
    struct subject t = {0};
    struct fixture x;
    struct streamd_batch *batch;

    (void)state;
    fixture_init(&x);
    add_call(&t, &spy_function, "spy(f)", &f, NULL);
    start(&x, &t, 3);
    batch = batch_of(&x, 4, ones, ones, NULL);
    assert_int_equal(
        aggregate_update(x.runner, &t.of.head, &t.table.head, batch, sel, t.table.rows, 3), 0);
    assert_ptr_equal(spied.sel, sel);
    assert_ptr_equal(spied.rows, t.table.rows);
    assert_ptr_equal(spied.time, batch->event_time);
    assert_int_equal(spied.n, 3);
    assert_int_equal(
        aggregate_update(x.runner, &t.of.head, &t.table.head, batch, NULL, t.table.rows, 2), 0);
    assert_null(spied.sel);
    assert_int_equal(spied.n, 2);
    batch_release(batch);
    finish(&t);
    fixture_clear(&x);
}

/* Rows of the table by number: 0 gets input rows 0 1 3 3, 1 gets 1 2 4 5. */
static const uint16_t some_sel[] = {0, 1, 1, 2, 3, 3, 4, 5};
static const int some_to[] = {0, 0, 1, 1, 0, 0, 1, 1};

static void leaves_out_what_is_filtered_or_null(void **state)
{
    static const int64_t as[] = {5, -1, NONE, 7, 0, 9}, bs[] = {10, 20, 30, NONE, 50, 60};
    static const char *const ss[] = {"p", "q", NULL, "r", "s", NULL};
    struct subject t = {0};
    struct fixture x;
    struct streamd_batch *batch;

    (void)state;
    fixture_init(&x);
    add_call(&t, &count_function, "count(*)", NULL, NULL);
    add_call(&t, &sum_function, "sum(b)", &b, NULL);
    add_call(&t, &sum_function, "sum(b) FILTER (WHERE a > 0)", &b, NULL);
    add_call(&t, &join_function, "join(s, ',')", &s, &comma);
    add_call(&t, &join_function, "join(s, NULL)", &s, &null_text);
    add_call(&t, &nulls_function, "nulls(b) FILTER (WHERE a > 0)", &b, NULL);
    start(&x, &t, 3);
    batch = batch_of(&x, 6, as, bs, ss);
    batch->count = 0; /* the batch's own selection is not looked at */
    assert_int_equal(update(&x, &t, batch, some_sel, some_to, 8), 0);
    assert_int_equal(number(&t, 0, 0), 4);
    assert_int_equal(number(&t, 1, 0), 4);
    assert_int_equal(number(&t, 0, 1), 30);
    assert_int_equal(number(&t, 1, 1), 160);
    assert_int_equal(number(&t, 0, 2), 10);
    assert_int_equal(number(&t, 1, 2), 60);
    assert_string_equal(joined(&t, 0, 3), "p,q,r,r");
    assert_string_equal(joined(&t, 1, 3), "q,s");
    assert_string_equal(joined(&t, 0, 4), "");
    assert_int_equal(number(&t, 0, 5), 2001);
    assert_int_equal(number(&t, 1, 5), 1);
    assert_int_equal(number(&t, 2, 0), 0);
    assert_true(streamd_row_is_null(t.table.rows[2], state_of(&t, 1)));
    assert_int_equal(update(&x, &t, batch, NULL, some_to, 2), 0);
    assert_int_equal(number(&t, 0, 0), 6);
    assert_int_equal(number(&t, 0, 2), 20);
    assert_int_equal(x.errors, 0);
    batch_release(batch);
    finish(&t);
    fixture_clear(&x);
}

static void a_row_with_an_error_changes_nothing(void **state)
{
    static const int64_t as[] = {5, -1, 3, -99, 4, 2}, bs[] = {1, 99, 3, 4, 99, 6};
    struct subject t = {0};
    struct fixture x;
    struct streamd_batch *batch;

    (void)state;
    fixture_init(&x);
    add_call(&t, &count_function, "count(*)", NULL, NULL);
    add_call(&t, &count_function, "count(DISTINCT a)", &a, NULL);
    add_call(&t, &sum_function, "sum(check(b)) FILTER (WHERE a > 0)", &checked_b, NULL);
    add_call(&t, &sum_function, "sum(check(b)) FILTER (WHERE a > 0) again", &checked_b, NULL);
    start(&x, &t, 2);
    batch = batch_of(&x, 6, as, bs, NULL);
    assert_int_equal(update(&x, &t, batch, some_sel, some_to, 8), 0);
    assert_int_equal(x.errors, 2); /* row 3 in the filter, row 4 in the argument; 1 is filtered */
    assert_int_equal(x.error_rows[0], 3);
    assert_int_equal(x.error_rows[1], 4);
    assert_int_equal(fake_evaluated(&x), 8); /* rows 0 2 4 5, twice */
    assert_int_equal(number(&t, 0, 0), 2);
    assert_int_equal(number(&t, 1, 0), 3);
    assert_int_equal(number(&t, 0, 1), 2);
    assert_int_equal(number(&t, 1, 1), 3);
    assert_int_equal(number(&t, 0, 2), 1);
    assert_int_equal(number(&t, 1, 2), 9);
    x.stop = STREAMD_E_DATA;
    assert_int_equal(update(&x, &t, batch, some_sel, some_to, 8), STREAMD_E_DATA);
    assert_int_equal(number(&t, 0, 0), 2);
    batch_release(batch);
    finish(&t);
    fixture_clear(&x);
}

/* Rows with an error leave the selection, and are told once; the work is not done twice. */
static void checks_a_batch_before_its_updates(void **state)
{
    static const int64_t as[] = {5, 1, 3, 4, 4, 2}, bs[] = {1, 2, 3, 4, 5, 6};
    static const int64_t bad[] = {1, 99, 3, 4, 99, 6};
    static const int to[] = {0, 0, 1, 1, 1, 1};
    const uint16_t part[] = {0, 1, 3, 4};
    struct subject t = {0};
    struct fixture x;
    struct streamd_batch *batch;

    (void)state;
    fixture_init(&x);
    add_call(&t, &sum_function, "sum(check(b))", &checked_b, NULL);
    start(&x, &t, 2);
    batch = batch_of(&x, 6, as, bs, NULL);
    assert_int_equal(aggregate_check(x.runner, &t.of.head, batch), 0);
    assert_null(batch->sel);
    assert_int_equal(fake_evaluated(&x), 6);
    assert_int_equal(update(&x, &t, batch, NULL, to, 6), 0);
    assert_int_equal(fake_evaluated(&x), 6);
    assert_int_equal(number(&t, 0, 0), 3);
    assert_int_equal(number(&t, 1, 0), 18);
    /* Once: what comes then is looked at again, and so is another selection. */
    assert_int_equal(update(&x, &t, batch, NULL, to, 6), 0);
    assert_int_equal(fake_evaluated(&x), 12);
    assert_int_equal(aggregate_check(x.runner, &t.of.head, batch), 0);
    assert_int_equal(update(&x, &t, batch, part, to, 2), 0);
    assert_int_equal(fake_evaluated(&x), 20);
    batch_release(batch);

    batch = batch_of(&x, 6, as, bad, NULL);
    batch->sel = part;
    batch->count = 4;
    assert_int_equal(aggregate_check(x.runner, &t.of.head, batch), 0);
    assert_int_equal(x.errors, 2);
    assert_int_equal(batch->count, 2);
    assert_int_equal(batch->sel[0], 0);
    assert_int_equal(batch->sel[1], 3);
    assert_int_equal(update(&x, &t, batch, batch->sel, to, batch->count), 0);
    assert_int_equal(x.errors, 2);
    x.stop = STREAMD_E_DATA;
    batch->sel = NULL;
    batch->count = 6;
    assert_int_equal(aggregate_check(x.runner, &t.of.head, batch), STREAMD_E_DATA);
    batch_release(batch);
    finish(&t);
    fixture_clear(&x);
}

static void counts_each_value_once(void **state)
{
    static const int64_t as[] = {4, 4, NONE, 5, NONE, 4}, bs[] = {1, 2, 1, 2, 1, 2};
    static const char *const ss[] = {"p", "p", "", NULL, "", "q"};
    static const int to[] = {0, 0, 0, 0, 0, 0};
    struct subject t = {0};
    struct fixture x;
    struct streamd_batch *batch;
    double *fs;

    (void)state;
    fixture_init(&x);
    add_call(&t, &sum_function, "sum(DISTINCT a)", &a, NULL);
    add_call(&t, &count_function, "count(DISTINCT f)", &f, NULL);
    add_call(&t, &count_function, "count(DISTINCT d)", &d, NULL);
    add_call(&t, &join_function, "join(DISTINCT s, ',')", &s, &comma);
    add_call(&t, &nulls_function, "nulls(DISTINCT a)", &a, NULL);
    add_call(&t, &count_function, "count(DISTINCT s)", &s, NULL);
    start(&x, &t, 1);
    batch = batch_of(&x, 6, as, bs, ss);
    fs = batch->columns[F].values;
    fs[0] = 0.0;
    fs[1] = -0.0;
    fs[2] = nan("1");
    fs[3] = -nan("2");
    fs[4] = fs[5] = 1.5;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(update(&x, &t, batch, NULL, to, 6), 0);
        assert_int_equal(number(&t, 0, 0), 9);
        assert_int_equal(number(&t, 0, 1), 3);
        assert_int_equal(number(&t, 0, 2), 3); /* 4, -1000, 5 */
        assert_string_equal(joined(&t, 0, 3), "p,,q");
        assert_int_equal(number(&t, 0, 4), 1002); /* NULL once */
        assert_int_equal(number(&t, 0, 5), 3);
    }
    batch_release(batch);
    finish(&t);
    fixture_clear(&x);
}

/* ---- merge -------------------------------------------------------------------------------- */

/* In the source row k gets values k .. k + 999 in batches of 50, in the other 500 .. 999. */
static void fill(struct fixture *x, struct subject *t, uint32_t row, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t as[50], bs[50];
        char texts[50][8];
        const char *ss[50];
        int rows[50];
        uint32_t n = 0;
        struct streamd_batch *batch;

        for (; n < 50 && from < to; n++, from++) {
            as[n] = bs[n] = from;
            snprintf(texts[n], sizeof(texts[n]), "%d", (int)from);
            ss[n] = texts[n];
            rows[n] = (int)row;
        }
        batch = batch_of(x, n, as, bs, ss);
        assert_int_equal(update(x, t, batch, NULL, rows, n), 0);
        batch_release(batch);
    }
}

static void merge_calls(struct subject *t)
{
    add_call(t, &sum_function, "sum(a)", &a, NULL);
    add_call(t, &sum_function, "sum(DISTINCT a)", &a, NULL);
    add_call(t, &count_function, "count(DISTINCT s)", &s, NULL);
    add_call(t, &join_function, "join(DISTINCT s, ',')", &s, &comma);
    add_call(t, &count_function, "count(DISTINCT d)", &d, NULL);
}

static void check_merged(const struct subject *t, uint32_t row)
{
    assert_int_equal(number(t, row, 0), 499500 + 374750);
    assert_int_equal(number(t, row, 1), 499500);
    assert_int_equal(number(t, row, 2), 1000);
    assert_int_equal(number(t, row, 4), 1000);
}

static void merges_rows_of_two_tables(void **state)
{
    struct subject t = {0}, u = {0};
    struct fixture x;
    void *into[2], *from[2];

    (void)state;
    fixture_init(&x);
    merge_calls(&t);
    merge_calls(&u);
    start(&x, &t, 2);
    start(&x, &u, 3);
    fill(&x, &t, 1, 500, 1000);
    fill(&x, &u, 0, 0, 400);
    fill(&x, &u, 2, 400, 1000);
    into[0] = into[1] = t.table.rows[1];
    from[0] = u.table.rows[0];
    from[1] = u.table.rows[2];
    assert_int_equal(
        aggregate_merge(x.runner, &t.of.head, &t.table.head, into, &u.table.head, from, 2), 0);
    check_merged(&t, 1);
    assert_string_equal(joined(&t, 0, 3), "");
    assert_int_equal(number(&u, 2, 2), 600);
    assert_memory_equal(joined(&t, 1, 3), "500,501,502", 11);
    finish(&t);
    finish(&u);
    fixture_clear(&x);
}

/* The second merge moves the texts that the first one took, the third takes what that made. */
static void merges_rows_of_one_table(void **state)
{
    struct subject t = {0};
    struct fixture x;
    struct streamd_var *text;
    void *into[3], *from[3];

    (void)state;
    fixture_init(&x);
    merge_calls(&t);
    start(&x, &t, 4);
    fill(&x, &t, 0, 0, 400);
    fill(&x, &t, 1, 400, 1000);
    fill(&x, &t, 2, 500, 1200);
    fill(&x, &t, 3, 500, 1000);
    into[0] = t.table.rows[0];
    from[0] = into[1] = t.table.rows[1];
    from[1] = t.table.rows[2];
    into[2] = t.table.rows[3];
    from[2] = t.table.rows[0];
    assert_int_equal(
        aggregate_merge(x.runner, &t.of.head, &t.table.head, into, &t.table.head, from, 3), 0);
    check_merged(&t, 3);
    assert_int_equal(number(&t, 0, 2), 1000);
    assert_int_equal(number(&t, 1, 2), 800);
    text = streamd_row_value(&t.table.layout, t.table.rows[0], state_of(&t, 3));
    assert_int_equal(text->length, 10 + 180 + 2700 + 999);
    assert_memory_equal(text->data + text->length - 16, ",996,997,998,999", 16);
    finish(&t);
    fixture_clear(&x);
}

static void says_what_cannot_be_merged(void **state)
{
    struct subject t = {0};
    struct fixture x;
    struct streamd_var *set;

    (void)state;
    fixture_init(&x);
    add_call(&t, &nulls_function, "nulls(DISTINCT a)", &a, NULL);
    add_call(&t, &spy_function, "spy(f)", &f, NULL);
    start(&x, &t, 2);
    fill(&x, &t, 1, 0, 3);
    assert_int_equal(aggregate_merge(x.runner, &t.of.head, &t.table.head, t.table.rows,
                                     &t.table.head, t.table.rows + 1, 1),
                     STREAMD_E_UNSUPPORTED);
    assert_int_equal(x.failed, 5390);
    assert_int_equal(number(&t, 0, 0), 3);
    x.failed = 0;
    set = streamd_row_value(&t.table.layout, t.table.rows[1], state_of(&t, 0) + 1);
    set->data[12] = 7; /* neither a value nor NULL */
    set = streamd_row_value(&t.table.layout, t.table.rows[0], state_of(&t, 0) + 1);
    set->length = 0;
    assert_int_equal(aggregate_merge(x.runner, &t.of.head, &t.table.head, t.table.rows,
                                     &t.table.head, t.table.rows + 1, 1),
                     STREAMD_E_DATA);
    assert_int_equal(x.failed, 5306);
    finish(&t);
    fixture_clear(&x);
}

/* ---- result ------------------------------------------------------------------------------- */

/* {total: sum(a), end: end, ratio: sum(a) / count(*), joined: join(DISTINCT s, ',')} of key k,
   extra end; and a fourth call that nothing refers to. */
struct query {
    struct subject t;
    struct fake_expr exprs[4];
    const struct streamd_expr *results[4];
    struct streamd_column extra;
    int64_t ends[STREAMD_BATCH_MAX_ROWS];
    uint8_t validity[STREAMD_BATCH_MAX_ROWS / 8];
};

static void ask(struct query *q, uint32_t rows)
{
    static const struct streamd_field end = {"end", TYPE(TIMESTAMP, 1)};
    struct expr_aggregates *of = &q->t.of;

    memset(q, 0, sizeof(*q));
    add_call(&q->t, &sum_function, "sum(a)", &a, NULL);
    add_call(&q->t, &count_function, "count(*)", NULL, NULL);
    add_call(&q->t, &join_function, "join(DISTINCT s, ',')", &s, &comma);
    add_call(&q->t, &nulls_function, "nulls(DISTINCT b)", &b, NULL);
    declare(&q->t, rows);
    memmove(q->t.internal + 2, q->t.internal + 1, 4 * sizeof(*q->t.internal));
    q->t.internal[1] = end;
    of->head.extras = 1;
    of->internal = (struct streamd_schema){6, q->t.internal};
    q->exprs[0] = (struct fake_expr)COLUMN(2, INT64, 1);
    q->exprs[1] = (struct fake_expr)COLUMN(1, TIMESTAMP, 1);
    q->exprs[2] = (struct fake_expr){
        .head = {.type = TYPE(INT64, 1), .column = -1}, .kind = FAKE_RATIO, .a = 2, .b = 3};
    q->exprs[3] = (struct fake_expr)COLUMN(4, STRING, 1);
    q->t.output[0] = table_key;
    for (int i = 0; i < 4; i++) {
        q->results[i] = &q->exprs[i].head;
        q->t.output[1 + i] = (struct streamd_field){"r", q->exprs[i].head.type};
    }
    of->head.output = (struct streamd_schema){5, q->t.output};
    of->results = q->results;
    of->result_count = 4;
    for (uint32_t k = 0; k < rows; k++) {
        table_set_int(&q->t.table, k, 0, 100 + (int64_t)k);
        q->ends[k] = 1000 + (int64_t)k;
    }
    memset(q->validity, 0xfe, sizeof(q->validity));
    q->extra = (struct streamd_column){.values = q->ends, .validity = q->validity};
}

static int begin(struct fixture *x, struct query *q)
{
    return aggregate_init(x->runner, &q->t.of.head, &q->t.table.head, q->t.table.rows,
                          q->t.table.count);
}

static struct streamd_batch *result(struct fixture *x, struct query *q, void *const *rows,
                                    uint32_t n)
{
    return aggregate_result(x->runner, &q->t.of.head, &q->t.table.head, rows, n, &q->extra);
}

static int64_t int_at(const struct streamd_batch *batch, uint32_t column, uint32_t row)
{
    return ((const int64_t *)batch->columns[column].values)[row];
}

/* Row 3 sums up to 666, which sum() does not like; row 1 has nothing, so the ratio fails. */
static void gives_results(void **state)
{
    static const int64_t as[] = {7, 8, 3, 666}, bs[] = {0, 0, 0, 0};
    static const char *const ss[] = {"p", "q", NULL, "x"};
    static const int to[] = {0, 0, 2, 3};
    static struct query q;
    struct fixture x;
    struct streamd_batch *batch, *out;

    (void)state;
    fixture_init(&x);
    ask(&q, 4);
    assert_int_equal(begin(&x, &q), 0);
    streamd_row_set_null(q.t.table.rows[2], 0, 1);
    batch = batch_of(&x, 4, as, bs, ss);
    assert_int_equal(update(&x, &q.t, batch, NULL, to, 4), 0);
    batch_release(batch);
    for (int round = 0; round < 2; round++) { /* the accumulators stay as they are */
        x.errors = 0;
        out = result(&x, &q, q.t.table.rows, 4);
        assert_non_null(out);
        assert_ptr_equal(out->schema, &q.t.of.head.output);
        assert_int_equal(out->rows, 4);
        assert_int_equal(out->count, 2);
        assert_int_equal(streamd_batch_row(out, 0), 0);
        assert_int_equal(streamd_batch_row(out, 1), 2);
        assert_int_equal(x.errors, 2);
        assert_int_equal(x.error_rows[0], 3);
        assert_int_equal(x.error_rows[1], 1);
        assert_non_null(out->event_time);
        out->event_time[3] = 1;
        assert_int_equal(int_at(out, 0, 0), 100);
        assert_true(streamd_column_is_null(&out->columns[0], 2));
        assert_int_equal(int_at(out, 1, 0), 15);
        assert_true(streamd_column_is_null(&out->columns[2], 0));
        assert_int_equal(int_at(out, 2, 2), 1002);
        assert_int_equal(int_at(out, 3, 0), 7);
        assert_int_equal(int_at(out, 3, 2), 3);
        assert_int_equal(out->columns[4].offsets[1], 3);
        assert_memory_equal(out->columns[4].data, "p,q", 3);
        assert_true(streamd_column_is_null(&out->columns[4], 2));
        batch_release(out);
    }
    finish(&q.t);
    fixture_clear(&x);
}

static void gives_results_of_no_row_and_of_many(void **state)
{
    static const int64_t six[] = {6};
    static const int to[] = {0};
    static void *rows[STREAMD_BATCH_MAX_ROWS + 1];
    static struct query q;
    struct fixture x;
    struct streamd_batch *batch, *out;

    (void)state;
    fixture_init(&x);
    ask(&q, 1);
    assert_int_equal(begin(&x, &q), 0);
    batch = batch_of(&x, 1, six, six, NULL);
    assert_int_equal(update(&x, &q.t, batch, NULL, to, 1), 0);
    batch_release(batch);
    out = result(&x, &q, NULL, 0);
    assert_non_null(out);
    assert_int_equal(out->count, 0);
    batch_release(out);
    for (uint32_t k = 0; k <= STREAMD_BATCH_MAX_ROWS; k++)
        rows[k] = q.t.table.rows[0];
    out = result(&x, &q, rows, STREAMD_BATCH_MAX_ROWS);
    assert_non_null(out);
    assert_int_equal(out->count, STREAMD_BATCH_MAX_ROWS);
    assert_int_equal(int_at(out, 3, STREAMD_BATCH_MAX_ROWS - 1), 6);
    batch_release(out);
    assert_null(result(&x, &q, rows, STREAMD_BATCH_MAX_ROWS + 1));
    assert_int_equal(x.failed, 5390);
    finish(&q.t);
    fixture_clear(&x);
}

/* Keys and extras of every type come through. */
static void copies_keys_and_extras_of_all_types(void **state)
{
    static const struct streamd_field fields[] = {
        {"bool", TYPE(BOOL, 0)},       {"date", TYPE(DATE, 1)},   {"float", TYPE(FLOAT64, 0)},
        {"decimal", TYPE(DECIMAL, 0)}, {"text", TYPE(STRING, 1)}, {"label", TYPE(STRING, 0)}};
    static const struct streamd_table_decl decl = {.name = "t", .key_count = 5, .keys = fields};
    struct expr_aggregates of = {
        .head = {.output = {5, fields}, .extras = 1}, .key_count = 5, .internal = {6, fields}};
    int32_t offsets[] = {0, 2, 3}, day = -5;
    uint8_t data[] = "xyz";
    struct streamd_column label = {.offsets = offsets, .data = data};
    struct streamd_decimal value = {5, -1};
    double half = 0.5;
    struct test_table t;
    struct fixture x;
    struct streamd_batch *out;

    (void)state;
    fixture_init(&x);
    table_init(&t, &decl, 2);
    *(uint8_t *)streamd_row_value(&t.layout, t.rows[1], 0) = 1;
    memcpy(streamd_row_value(&t.layout, t.rows[1], 1), &day, 4);
    memcpy(streamd_row_value(&t.layout, t.rows[1], 2), &half, 8);
    memcpy(streamd_row_value(&t.layout, t.rows[1], 3), &value, 16);
    table_set_text(&t, 0, 4, "not looked at");
    streamd_row_set_null(t.rows[0], 4, 1);
    table_set_text(&t, 1, 4, "text");
    out = aggregate_result(x.runner, &of.head, &t.head, t.rows, 2, &label);
    assert_non_null(out);
    assert_memory_equal(out->columns[0].values, "\0\1", 2);
    assert_int_equal(((int32_t *)out->columns[1].values)[1], -5);
    assert_true(((double *)out->columns[2].values)[1] == half);
    assert_memory_equal((struct streamd_decimal *)out->columns[3].values + 1, &value, 16);
    assert_int_equal(out->columns[4].offsets[1], 0);
    assert_int_equal(out->columns[4].offsets[2], 4);
    assert_memory_equal(out->columns[4].data, "text", 4);
    assert_true(streamd_column_is_null(&out->columns[4], 0));
    batch_release(out);
    table_clear(&t);
    fixture_clear(&x);
}

/* ---- no memory ---------------------------------------------------------------------------- */

/* All four functions, with allocation number `at` failing. Answers whether that ended the work. */
static int run_out_of_memory(uint64_t at)
{
    static const int64_t as[] = {7, 8, 3, 6}, bs[] = {0, 99, NONE, 0};
    static const char *const ss[] = {"p", "q", NULL, "x"};
    static struct query q;
    struct fixture x;
    struct streamd_batch *batch, *out = NULL;
    uint64_t made;
    int rc;

    fixture_init(&x);
    ask(&q, 4);
    batch = batch_of(&x, 4, as, bs, ss);
    memory_fail_at(at, 0);
    rc = begin(&x, &q);
    if (!rc)
        rc = aggregate_update(x.runner, &q.t.of.head, &q.t.table.head, batch, NULL, q.t.table.rows,
                              4);
    if (!rc)
        rc = aggregate_merge(x.runner, &q.t.of.head, &q.t.table.head, q.t.table.rows,
                             &q.t.table.head, q.t.table.rows + 2, 2);
    if (!rc) {
        out = result(&x, &q, q.t.table.rows, 4);
        rc = out ? 0 : STREAMD_E_NOMEM;
    }
    made = memory_fail_at(0, 0);
    assert_int_equal(rc, made < at ? 0 : STREAMD_E_NOMEM);
    assert_int_equal(x.failed, rc ? 5301 : 0);
    batch_release(out);
    batch_release(batch);
    finish(&q.t);
    fixture_clear(&x);
    return rc != 0;
}

static void carries_up_that_there_is_no_memory(void **state)
{
    uint64_t at = 1;

    (void)state;
    while (run_out_of_memory(at))
        at++;
    assert_true(at > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(declares_columns_behind_those_of_the_operator),
        cmocka_unit_test(hands_over_the_callers_arrays_where_nothing_is_left_out),
        cmocka_unit_test(leaves_out_what_is_filtered_or_null),
        cmocka_unit_test(a_row_with_an_error_changes_nothing),
        cmocka_unit_test(checks_a_batch_before_its_updates),
        cmocka_unit_test(counts_each_value_once),
        cmocka_unit_test(merges_rows_of_two_tables),
        cmocka_unit_test(merges_rows_of_one_table),
        cmocka_unit_test(says_what_cannot_be_merged),
        cmocka_unit_test(gives_results),
        cmocka_unit_test(gives_results_of_no_row_and_of_many),
        cmocka_unit_test(copies_keys_and_extras_of_all_types),
        cmocka_unit_test(carries_up_that_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
