/* Expressions and aggregates, as the worker gives them to its nodes. */
#include "inside.h"

#include "expr/evaluate.h"
#include "state/aggregate.h"

static int row_error(void *self, struct streamd_batch *batch, uint32_t row, int code,
                     const char *message)
{
    struct harness *h = self;

    return streamd_reject(&h->context, batch, row, code, message);
}

static int64_t now_us(void *self)
{
    return ((struct harness *)self)->clock;
}

static int service_eval(struct streamd_context *c, const struct streamd_expr *e,
                        struct streamd_batch *b, struct streamd_column *out)
{
    return expr_eval_column(harness_of(c)->evaluator, e, b, out);
}

static int service_filter(struct streamd_context *c, const struct streamd_expr *e,
                          struct streamd_batch *b)
{
    return expr_filter(harness_of(c)->evaluator, e, b);
}

static struct streamd_batch *service_project(struct streamd_context *c,
                                             const struct streamd_projection *p,
                                             struct streamd_batch *b)
{
    struct streamd_batch *out = NULL;

    return expr_project(harness_of(c)->evaluator, p, b, &out) ? NULL : out;
}

static int service_init(struct streamd_context *c, const struct streamd_aggregates *a,
                        struct streamd_table *t, void *const *rows, uint32_t n)
{
    return aggregate_init(harness_of(c)->aggregates, a, t, rows, n);
}

static int service_check(struct streamd_context *c, const struct streamd_aggregates *a,
                         struct streamd_batch *b)
{
    return aggregate_check(harness_of(c)->aggregates, a, b);
}

static int service_update(struct streamd_context *c, const struct streamd_aggregates *a,
                          struct streamd_table *t, struct streamd_batch *b, const uint16_t *sel,
                          void *const *rows, uint32_t n)
{
    return aggregate_update(harness_of(c)->aggregates, a, t, b, sel, rows, n);
}

static int service_merge(struct streamd_context *c, const struct streamd_aggregates *a,
                         struct streamd_table *t, void *const *into, struct streamd_table *source,
                         void *const *from, uint32_t n)
{
    return aggregate_merge(harness_of(c)->aggregates, a, t, into, source, from, n);
}

static struct streamd_batch *service_result(struct streamd_context *c,
                                            const struct streamd_aggregates *a,
                                            struct streamd_table *t, void *const *rows, uint32_t n,
                                            const struct streamd_column *extras)
{
    return aggregate_result(harness_of(c)->aggregates, a, t, rows, n, extras);
}

int harness_add_services(struct harness *h)
{
    struct expr_host host = {.self = h, .row_error = row_error, .now_us = now_us};

    h->evaluator = expr_evaluator_new(&host);
    h->aggregates = h->evaluator ? aggregate_runner_new(&h->context, h->evaluator) : NULL;
    h->services.eval = service_eval;
    h->services.filter = service_filter;
    h->services.project = service_project;
    h->services.aggregate_init = service_init;
    h->services.aggregate_check = service_check;
    h->services.aggregate_update = service_update;
    h->services.aggregate_merge = service_merge;
    h->services.aggregate_result = service_result;
    return h->aggregates ? 0 : -1;
}

void harness_remove_services(struct harness *h)
{
    aggregate_runner_free(h->aggregates);
    expr_evaluator_free(h->evaluator);
}
