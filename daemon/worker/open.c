/*
 * Opening a node: its context, evaluator, state tables, encoder, then the plugin. Closing undoes
 * it in the other direction, from wherever opening got to.
 */
#include "worker/task.h"

#include "base/error.h"
#include "columnar/pool.h"
#include "expr/evaluate.h"
#include "state/aggregate.h"
#include "state/layout.h"
#include "worker/host.h"
#include "worker/outbox_services.h"
#include "worker/positions.h"
#include "worker/reject.h"
#include "worker/restore.h"
#include "worker/source.h"

#include <string.h>

static int row_error(void *self, struct streamd_batch *batch, uint32_t row, int code,
                     const char *message)
{
    struct task *n = self;

    return reject_row(&n->context, batch, row, code, message);
}

static int64_t now_us(void *self)
{
    struct task *n = self;

    return clock_now_us(&n->worker->options.clock);
}

/* Where the pipeline stands among its checkpoints. */
static void set_checkpoints(struct task *n)
{
    const struct worker_options *o = &n->worker->options;
    struct streamd_context *c = &n->context;

    c->durable = o->lineage != NULL;
    c->accept_duplicates = o->accept_duplicates;
    c->lineage = o->lineage ? o->lineage : "";
    c->attempt = o->attempt ? o->attempt : "";
    c->checkpoint = o->restore ? o->restore->id : 0;
    c->parent_lineage = o->parent_lineage ? o->parent_lineage : "";
    c->parent_checkpoint = o->parent_checkpoint;
}

static void set_context(struct task *n)
{
    struct streamd_context *c = &n->context;

    c->host = host_services();
    c->options = n->plan->options;
    c->bound = n->plan->bound;
    c->node = n->plan->name;
    c->task = n->worker->options.links.self;
    c->parallelism = n->plan->parallelism;
    c->input = n->plan->input;
    c->output = n->plan->output_count ? n->plan->outputs[0].schema : NULL;
    c->batch_rows = n->worker->options.batch_rows;
    c->key_count = n->plan->key_by.count;
    c->key_fields = n->plan->key_fields;
    set_checkpoints(n);
}

static int open_tables(struct task *n, struct streamd_error *error)
{
    const struct streamd_backend *backend = n->worker->plan->backend;

    for (uint32_t i = 0; i < n->plan->table_count; i++) {
        const struct streamd_table_decl *decl = &n->plan->tables[i].decl;
        int rc;

        if (row_layout_init(&n->tables[i].layout, decl))
            return error_set_nomem(error);
        rc = backend->open(&n->context, decl, &n->tables[i].layout, &n->tables[i].table, error);
        if (rc)
            return error_add_context(error, "%s: state table %s", n->plan->name, decl->name);
    }
    return positions_open(n, error);
}

static int open_evaluator(struct task *n, struct streamd_error *error)
{
    struct expr_host host = {.self = n, .row_error = row_error, .now_us = now_us};

    n->evaluator = expr_evaluator_new(&host);
    n->aggregates = aggregate_runner_new(&n->context, n->evaluator);
    return n->evaluator && n->aggregates ? 0 : error_set_nomem(error);
}

/* What a plugin's open said with streamd_fail, or that it said nothing. */
static int failed_to_open(struct task *n, struct streamd_error *error)
{
    task_fail(n, STREAMD_FAIL_TASK, 5304, "cannot open");
    if (error)
        *error = n->worker->error;
    return n->worker->error.code;
}

static int open_plugin(struct task *n, struct streamd_error *error)
{
    int rc = 0;

    if (n->plan->kind == STREAMD_SOURCE) {
        const struct streamd_source *source = (const void *)n->plan->descriptor;

        rc = source->open ? source->open(&n->context, &n->self) : 0;
        n->opened = rc == 0;
        return rc ? failed_to_open(n, error) : source_open(n, error);
    }
    if (n->plan->kind == STREAMD_SINK && n->plan->format.format)
        rc = n->plan->format.format->encoder_open(&n->context, &n->plan->format.spec, &n->encoder);
    if (!rc) {
        const struct streamd_operator *op = (const void *)n->plan->descriptor;

        rc = op->open ? op->open(&n->context, &n->self) : 0;
        n->opened = rc == 0;
    }
    return rc ? failed_to_open(n, error) : 0;
}

int task_open(struct task *n, struct streamd_error *error)
{
    int rc;

    set_context(n);
    rc = open_evaluator(n, error);
    if (!rc)
        rc = open_tables(n, error);
    if (!rc)
        rc = restore_task(n, error);
    if (!rc)
        rc = outbox_services_open(n, error);
    if (!rc)
        rc = open_plugin(n, error);
    return rc;
}

void task_close(struct task *n)
{
    if (n->source)
        source_close(n);
    if (n->opened && n->plan->kind == STREAMD_SOURCE) {
        const struct streamd_source *source = (const void *)n->plan->descriptor;

        if (source->close)
            source->close(&n->context, n->self);
    } else if (n->opened) {
        const struct streamd_operator *op = (const void *)n->plan->descriptor;

        if (op->close)
            op->close(&n->context, n->self);
    }
    n->opened = 0;
    if (n->encoder && n->plan->format.format->encoder_close)
        n->plan->format.format->encoder_close(&n->context, n->encoder);
    n->encoder = NULL;
    outbox_services_close(n);
    for (uint32_t i = 0; n->tables && i < n->plan->table_count; i++) {
        if (n->tables[i].table)
            n->worker->plan->backend->close(&n->context, n->tables[i].table);
        row_layout_clear(&n->tables[i].layout);
        sealed_list_clear(&n->tables[i].sealed);
        n->tables[i] = (struct task_table){0};
    }
    positions_close(n);
    batch_release(n->batch);
    batch_release(n->errors);
    n->batch = n->errors = NULL;
    aggregate_runner_free(n->aggregates);
    expr_evaluator_free(n->evaluator);
    n->aggregates = NULL;
    n->evaluator = NULL;
}
