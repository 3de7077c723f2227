/*
 * graph/reading.h - the steps of pipeline_read.
 *
 * Internal to graph:
 *   pipeline.c  the file: its keys, names, nodes
 *   fields.c    a source's schema
 *   edges.c     inputs, cycles, what is unused, the order
 *   running.c   parallelism, checkpoints, restarts
 *   form.c      the form of `tests:`
 *
 * Each step reports what it finds and leaves what is good. They return 0 or STREAMD_E_NOMEM;
 * whether there were problems is asked of the diagnostics, once, at the end.
 */
#ifndef GRAPH_READING_H
#define GRAPH_READING_H

#include "graph/keys.h"
#include "graph/pipeline.h"

struct reading {
    struct pipeline *pipeline;
    struct diagnostics *diagnostics;
    size_t inputs; /* edges so far */
};

/* The fields of node->schema_yaml into node->fields and node->schema. */
int reading_fields(struct reading *r, struct pipeline_node *node);

/* The list `inputs` of a node; producers are looked up by name. */
int reading_inputs(struct reading *r, struct pipeline_node *node, struct node *inputs);

/* The graph as a whole, and pipeline->order. */
int reading_graph(struct reading *r);

/* `tests:`. */
int reading_tests(struct reading *r, struct node *tests);

/* "source 'clicks'", for messages. */
const char *reading_title(struct reading *r, const struct pipeline_node *node);

/* The keys that say how a pipeline runs: parallelism, checkpoint, restart, at_end. */
void reading_running(struct reading *r, const struct keys_file *keys, const struct node *root);

/* A node's own parallelism against the pipeline's. */
void reading_parallelism(struct reading *r, const struct pipeline_node *node);

#endif
