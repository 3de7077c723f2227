/*
 * expr_bench: what expressions cost per row, on batches of 2048 rows that stay in the cache.
 *
 *   expr_bench [EXPRESSION...]
 *
 * Without arguments, a list of usual ones. A condition is run as a filter, all else as a projection
 * of one field. Each is run for 0.2 s, best of 5; "half" has every second row selected. Build with
 * the tree's own flags (no CFLAGS given to configure), or the kernels are not -O3.
 */
#include "columnar/pool.h"
#include "expr/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 2048 };

static const struct streamd_field fields[] = {
    {"a", {.id = STREAMD_INT64}},
    {"b", {.id = STREAMD_INT64}},
    {"n", {.id = STREAMD_INT64, .nullable = 1}},
    {"x", {.id = STREAMD_FLOAT64}},
    {"y", {.id = STREAMD_FLOAT64}},
    {"price", {.id = STREAMD_FLOAT64}},
    {"d", {.id = STREAMD_DECIMAL, .precision = 12, .scale = 2}},
    {"e", {.id = STREAMD_DECIMAL, .precision = 12, .scale = 2}},
    {"symbol", {.id = STREAMD_STRING}},
    {"path", {.id = STREAMD_STRING}},
    {"at", {.id = STREAMD_TIMESTAMP}},
    {"doc", {.id = STREAMD_JSON}},
};
static const struct streamd_schema schema = {sizeof(fields) / sizeof(fields[0]), fields};

static const char *const usual[] = {
    "price > 100 AND symbol IN ('A', 'B')",
    "price > 100",
    "a > 100",
    "n > 100",
    "d > 100",
    "symbol = 'A'",
    "symbol IN ('A', 'B')",
    "symbol IN ('A','B','C','D','E','F','G','H','I','J')",
    "a = 1 OR b = 2",
    "a BETWEEN 100 AND 500",
    "a + b > 1000",
    "path LIKE '/api/%'",
    "path LIKE '%item%'",
    "path ~ '^/api/v[0-9]+/items'",
    "a + b",
    "a - 1",
    "a * b",
    "a / b",
    "a / 100",
    "a % 7",
    "n + a",
    "x + y",
    "x * 0.908",
    "x / y",
    "d + e",
    "d * e",
    "d / e",
    "d * 0.908",
    "a::float8",
    "a + b * 2 - a / 3",
    "a < b",
    "x < y",
    "CASE WHEN a > 512 THEN 'big' ELSE 'small' END",
    "CASE WHEN b <> 0 THEN a / b END",
    "coalesce(n, 0)",
    "at + interval '1 hour'",
    "at::date",
    "symbol || path",
    "a::string",
    "(a / 100)::string || 'xx'",
    "doc ->> 'user'",
    "(doc ->> 'ms')::int64",
};

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void add_text(struct streamd_batch *batch, uint32_t column, uint32_t row, const char *text)
{
    struct streamd_column *c = &batch->columns[column];
    size_t n = strlen(text);

    batch->rows = row;
    if (batch_reserve(batch, column, n))
        exit(1);
    memcpy(c->data + c->offsets[row], text, n);
    c->offsets[row + 1] = c->offsets[row] + (int32_t)n;
}

static void fill(struct streamd_batch *batch)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        char text[128];

        for (int c = 0; c < 3; c++)
            ((int64_t *)batch->columns[c].values)[i] = (int64_t)(next() % 1000 + 1);
        for (int c = 3; c < 6; c++)
            ((double *)batch->columns[c].values)[i] = (double)(next() % 200000 + 1) / 1000;
        for (int c = 6; c < 8; c++)
            ((struct streamd_decimal *)batch->columns[c].values)[i] =
                (struct streamd_decimal){next() % 100000 + 1, 0};
        snprintf(text, sizeof(text), "%c", (int)('A' + next() % 16));
        add_text(batch, 8, i, text);
        snprintf(text, sizeof(text), "/%s/v%u/items/%u", next() & 1 ? "api" : "static",
                 (unsigned)(next() % 3), (unsigned)(next() % 10000));
        add_text(batch, 9, i, text);
        ((int64_t *)batch->columns[10].values)[i] = 1735689600000000 + (int64_t)i * 1000;
        snprintf(text, sizeof(text), "{\"id\": %u, \"user\": \"u%u\", \"ms\": %u}", (unsigned)i,
                 (unsigned)(next() % 1000), (unsigned)(next() % 1000));
        add_text(batch, 11, i, text);
    }
    batch->rows = batch->count = ROWS;
    if (batch_nullable(batch, 2))
        exit(1);
    for (uint32_t i = 0; i < ROWS; i += 16)
        batch->columns[2].validity[i >> 3] &= (uint8_t)~1u;
}

static int no_errors(void *self, struct streamd_batch *batch, uint32_t row, int code,
                     const char *message)
{
    (void)self, (void)batch;
    printf("row %u: %d %s\n", row, code, message);
    return -1;
}

static int64_t now_us(void *self)
{
    (void)self;
    return 0;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One evaluation of a batch like `from`, with its cost of making a derived batch. */
static void run_once(struct expr_evaluator *ev, const struct streamd_expr *e,
                     struct streamd_batch *from, const uint16_t *sel)
{
    struct streamd_batch *batch = batch_derive(from, &schema);
    struct streamd_column out;

    if (!batch)
        exit(1);
    memcpy(batch->columns, from->columns, sizeof(*from->columns) * schema.field_count);
    if (sel) {
        batch->sel = sel;
        batch->count = ROWS / 2;
    }
    if (e->type.id == STREAMD_BOOL ? expr_filter(ev, e, batch)
                                   : expr_eval_column(ev, e, batch, &out))
        exit(1);
    batch_release(batch);
}

/* Nanoseconds per row that is looked at. */
static double measure(struct expr_evaluator *ev, const struct streamd_expr *e,
                      struct streamd_batch *batch, const uint16_t *sel)
{
    double best = INFINITY;

    for (int round = 0; round < 5; round++) {
        double start = seconds(), end = start;
        unsigned long runs = 0;

        while (end - start < 0.04) {
            for (int i = 0; i < 50; i++)
                run_once(ev, e, batch, sel);
            runs += 50;
            end = seconds();
        }
        best = fmin(best, (end - start) * 1e9 / (double)runs / (sel ? ROWS / 2 : ROWS));
    }
    return best;
}

int main(int argc, char **argv)
{
    struct expr_host host = {NULL, no_errors, now_us};
    struct batch_pool *pool = batch_pool_new(0);
    struct expr_registry *registry = expr_registry_new();
    struct expr_evaluator *ev = expr_evaluator_new(&host);
    struct streamd_batch *batch = pool ? batch_new(pool, &schema, ROWS) : NULL;
    const char *const *texts = argc > 1 ? (const char *const *)(argv + 1) : usual;
    size_t count = argc > 1 ? (size_t)argc - 1 : sizeof(usual) / sizeof(usual[0]);
    uint16_t sel[ROWS / 2];

    if (!registry || !ev || !batch)
        return 1;
    fill(batch);
    for (uint16_t i = 0; i < ROWS / 2; i++)
        sel[i] = (uint16_t)(2 * i);
    printf("%-56s %8s %8s  ns/row\n", "", "all", "half");
    for (size_t i = 0; i < count; i++) {
        struct expr_store store = {{0}, NULL};
        struct expr_scope scope = {&store, registry, &schema, NULL, NULL};
        struct expr_problems problems;
        const struct streamd_expr *e;

        if (expr_compile(&scope, texts[i], strlen(texts[i]), &e, &problems))
            printf("%-56s %s\n", texts[i], problems.items[0].message);
        else
            printf("%-56s %8.2f %8.2f\n", texts[i], measure(ev, e, batch, NULL),
                   measure(ev, e, batch, sel));
        expr_store_clear(&store);
    }
    batch_release(batch);
    expr_evaluator_free(ev);
    expr_registry_free(registry);
    batch_pool_free(pool);
    return 0;
}
