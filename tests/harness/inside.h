/* What the files of the harness share. */
#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

#include "harness.h"

#include "base/arena.h"
#include "base/text.h"
#include "columnar/pool.h"
#include "config/document.h"
#include "graph/pipeline.h"
#include "plan/plan.h"

enum { HARNESS_OUTPUTS = 4, HARNESS_TABLES = 16, HARNESS_COUNTERS = 16 };

struct harness_output {
    const struct streamd_schema *schema;
    uint32_t waiting; /* batches since the last drain */
    struct text rows; /* lines */
    struct text taken;
};

struct harness_table {
    struct streamd_table_decl decl;
    struct streamd_row_layout layout;
    struct streamd_table *table;
};

/* A pipeline file around the node, and what became of it. */
struct harness_plan {
    struct text yaml;
    struct diagnostics diagnostics;
    struct document document;
    struct pipeline pipeline;
    struct plugin_registry *plugins;
    struct built_plan *built;
    const struct plan_node *node;
};

struct aggregate_runner;
struct expr_evaluator;

struct harness {
    struct streamd_context context; /* first */
    struct harness_spec spec;
    struct arena arena;
    struct batch_pool *pool;
    const struct streamd_backend *backend;

    const struct streamd_operator *op; /* NULL: a context alone */
    void *self;
    int opened;
    struct harness_plan plan;
    struct streamd_host services;
    struct expr_evaluator *evaluator;
    struct aggregate_runner *aggregates;
    const struct streamd_schema *input;
    int64_t watermark; /* of the last event, INT64_MIN: none */

    struct harness_output outputs[HARNESS_OUTPUTS];
    uint32_t output_count;
    struct harness_table tables[HARNESS_TABLES];
    uint32_t table_count;
    struct {
        const char *name;
        uint64_t value;
    } counters[HARNESS_COUNTERS];

    size_t bytes; /* of streamd_alloc */
    int64_t clock, wake;
    int failed;
    struct text message;
    struct text rejects, rejects_taken;
};

/* The harness behind a context. */
static inline struct harness *harness_of(struct streamd_context *c)
{
    return (struct harness *)(void *)c;
}

/* host.c: the services that need nothing but the pool. */
extern const struct streamd_host harness_host;

/* services.c: expressions and aggregates, added to h->services. 0 or -1. */
int harness_add_services(struct harness *h);
void harness_remove_services(struct harness *h);

/* source.c: what stands for the rows of the test in the plan. */
extern const struct streamd_source harness_source;

/* host.c: appends the folders in which plugins are looked for, separated by ':'. */
void harness_plugin_path(struct text *out);

/* plan.c: makes h->plan from the spec, and tables and outputs from it. 0 or -1, with a message. */
int harness_bind(struct harness *h);
void harness_unbind(struct harness *h);

/* Says what is wrong and ends the test, unless the harness keeps errors. */
void harness_broken(struct harness *h, const char *format, ...) STREAMD_PRINTF(2, 3);

/* The same for a text of any length. */
void harness_broken_text(struct harness *h, const char *text);

/* Opens a table of its own. 0 or -1. */
int harness_add_table(struct harness *h, const struct streamd_table_decl *decl);
void harness_close_tables(struct harness *h);

/* restart.c: the state through a snapshot file into new tables. 0 or -1. */
int harness_move_state(struct harness *h);

/* rows.c: appends the selected rows of a batch as lines. */
void harness_print(struct text *out, const struct streamd_batch *b);

#endif
