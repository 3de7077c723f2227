/*
 * client/load.h - a pipeline file on its way through the layers, for the verbs that need one.
 */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H

#include "client/client.h"
#include "graph/pipeline.h"
#include "plan/plan.h"

/* How far a verb goes. */
enum load_depth {
    LOAD_DOCUMENT = 1, /* the YAML tree */
    LOAD_PIPELINE = 2, /* nodes and edges */
    LOAD_PLAN = 3      /* bound with its plugins */
};

/* Start with {0}. */
struct loaded {
    struct diagnostics diagnostics;
    struct document document;
    struct pipeline pipeline;
    struct plugin_registry *plugins; /* LOAD_PLAN */
    struct built_plan *plan;         /* LOAD_PLAN, and no errors */
    int rc;                          /* 0, STREAMD_E_REPORTED or STREAMD_E_NOMEM */
};

/* Reads a file as far as `depth` says, or as its errors let it. */
void load_file(struct loaded *l, const struct client *c, const char *file, enum load_depth depth);

/* Prints what was found: as text on standard error, or as JSON on standard output. */
void load_report(struct loaded *l, const struct client *c);

/* The exit code for l->rc, with a message where there was no memory. */
int load_exit(const struct loaded *l);

/* Releases everything. */
void load_clear(struct loaded *l);

#endif
