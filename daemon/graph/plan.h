/*
 * graph/plan.h - a pipeline bound to its plugins: what a worker runs.
 *
 * daemon/plan makes it, daemon/worker reads it. Everything lies in the plan's arena and is
 * read-only once made. Nodes stand in topological order: an edge goes from a lower to a higher
 * number.
 *
 *      node 0 (source) --0--> node 1 (filter) --0--> node 2 (window) --0--> node 3 (sink)
 *             '--1: error--> node 4 (sink)            '--1: late--> node 5 (sink)
 */
#ifndef GRAPH_PLAN_H
#define GRAPH_PLAN_H

#include "base/arena.h"

#include <streamd/aggregate.h>
#include <streamd/backend.h>
#include <streamd/bind.h>
#include <streamd/format.h>
#include <streamd/operator.h>
#include <streamd/source.h>

/* What happens to a record that fails. */
enum plan_on_error { PLAN_FAIL = 0, PLAN_SKIP = 1, PLAN_OUTPUT = 2 };

/* One output of a node: number 0 is the main one. */
struct plan_output {
    const char *name; /* "" the main one; "late", "error", ... */
    const struct streamd_schema *schema;
    uint32_t changelog; /* enum streamd_changelog, one value */
    struct streamd_strings upsert_key;
    int32_t *input_field; /* per field: the input field it passes through, or -1; NULL: none */
    uint8_t *needed;      /* per field: somebody downstream reads it */
};

/* A state table: the declaration with the accumulators of `aggregates` behind its columns. */
struct plan_table {
    struct streamd_table_decl decl;
    const struct streamd_aggregates *aggregates; /* or NULL */
};

/* How the rows of an edge find their task. */
enum plan_exchange {
    PLAN_FORWARD = 0,   /* task i to task i: both have as many */
    PLAN_HASH = 1,      /* to the owner of the row's key group */
    PLAN_REBALANCE = 2, /* batch by batch in turns */
    PLAN_GLOBAL = 3     /* to task 0, which is the only one */
};

/* An edge, as the node that reads it sees it. */
struct plan_input {
    uint32_t node;
    uint32_t output;
    enum plan_exchange exchange;
    uint32_t key_count; /* PLAN_HASH: fields of the edge's schema */
    const uint32_t *key_fields;
};

/* The event time of a source. */
struct plan_event_time {
    int32_t field;            /* of the source's schema; -1: none, or the source's own */
    int has;                  /* rows have an event time */
    int64_t out_of_orderness; /* microseconds */
    int64_t idle_after;       /* microseconds; 0: never idle */
};

/* A format with the node's schema, for a decoder or an encoder. */
struct plan_format {
    const struct streamd_format *format; /* NULL: none */
    struct streamd_format_spec spec;
};

struct plan_node {
    const char *name;
    uint32_t kind; /* enum streamd_kind */
    const struct streamd_descriptor *descriptor;
    const void *options; /* the plugin's options struct */
    const void *bound;   /* of streamd_bind_set_private */
    enum plan_on_error on_error;
    uint32_t error_output; /* number of the output "error" under PLAN_OUTPUT */

    uint32_t input_count;
    struct plan_input *inputs;
    const struct streamd_schema *input; /* NULL: a source */
    uint8_t *reads;                     /* per input field: this node itself reads it */
    int reads_all;                      /* it did not say what it reads */

    uint32_t output_count;
    struct plan_output *outputs;

    struct streamd_strings key_by;
    const uint32_t *key_fields; /* key_by.count input fields */
    uint32_t partitioning;      /* enum streamd_partitioning */
    uint32_t parallelism;       /* tasks; on the first workers of the pipeline */
    uint32_t delivery;          /* sinks: enum streamd_delivery */

    uint32_t table_count;
    const struct plan_table *tables;
    int32_t outbox; /* number of the table `_outbox`, the last; -1: none */

    struct plan_event_time event_time; /* sources */
    uint32_t max_open_splits;          /* sources; 0: all */
    int unbounded;                     /* sources */
    struct plan_format format;         /* sources and sinks */
};

struct plan {
    struct arena arena;
    const char *name; /* of the pipeline */
    const char *path; /* of its file */
    uint32_t node_count;
    struct plan_node *nodes;
    uint32_t parallelism; /* workers */
    uint32_t key_groups;
    int hold_at_end;      /* at_end: savepoint: drained input fires nothing */
    int64_t memory_limit; /* bytes */
    int64_t record_limit; /* bytes */
    const struct streamd_backend *backend;
};

/* Columns of the table of a node that called streamd_bind_outbox: a row for each sealed segment
   that is not erased. */
enum plan_outbox_column {
    PLAN_OUTBOX_SEGMENT = 0, /* string: the file's name */
    PLAN_OUTBOX_LINEAGE,     /* string: under which it was sealed */
    PLAN_OUTBOX_CHECKPOINT,  /* int64, as are those that follow */
    PLAN_OUTBOX_TASK,
    PLAN_OUTBOX_SEQUENCE,
    PLAN_OUTBOX_RECORDS,
    PLAN_OUTBOX_BYTES,
    PLAN_OUTBOX_CHECKSUM,
    PLAN_OUTBOX_COLUMNS
};

/* That table. */
const struct streamd_table_decl *plan_outbox_table(void);

/* Schema of every `.error` output: raw, node, code, message, origin, at. */
const struct streamd_schema *plan_error_schema(void);

#endif
