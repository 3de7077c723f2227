/* What the files of the harness share. */
#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

#include "harness.h"

#include "base/arena.h"
#include "base/text.h"
#include "columnar/pool.h"

enum { HARNESS_OUTPUTS = 4, HARNESS_TABLES = 16, HARNESS_COUNTERS = 16 };

struct harness_output {
    const struct streamd_schema *schema;
    uint32_t waiting; /* batches since the last drain */
    struct text rows; /* lines */
    struct text taken;
};

struct harness_table {
    struct streamd_table_decl decl;
    const struct streamd_aggregates *aggregates;
    struct streamd_row_layout layout;
    struct streamd_table *table;
};

struct harness {
    struct streamd_context context; /* first */
    struct harness_spec spec;
    struct arena arena;
    struct batch_pool *pool;
    const struct streamd_backend *backend;

    const struct streamd_operator *op; /* NULL: a context alone */
    void *self;
    struct harness_node *node; /* what bind made; NULL without a plugin */
    const struct streamd_schema *input;

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
    char message[512];
    struct text rejects, rejects_taken;
};

static inline struct harness *harness_of(struct streamd_context *c)
{
    return (struct harness *)(void *)c;
}

/* host.c: the services that need nothing but the pool; node.c adds expressions and aggregates. */
extern const struct streamd_host harness_host;

/* Says what is wrong and ends the test, unless the harness keeps errors. */
void harness_broken(struct harness *h, const char *format, ...) STREAMD_PRINTF(2, 3);

/* A harness without a plugin, and its end. */
struct harness *harness_bare(const struct harness_spec *spec);
void harness_bare_free(struct harness *h);

/* Opens a table of its own. 0 or -1. */
int harness_add_table(struct harness *h, const struct streamd_table_decl *decl);

/* rows.c: appends the selected rows of a batch as lines. */
void harness_print(struct text *out, const struct streamd_batch *b);

#endif
