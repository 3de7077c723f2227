/*
 * coordinator/planning.h - what `streamd plan` says of a pipeline file. Private to the coordinator.
 */
#ifndef COORDINATOR_PLANNING_H
#define COORDINATOR_PLANNING_H

#include "base/arena.h"
#include "checkpoint/restart.h"
#include "control/stats.h"

#include <jansson.h>

/* A file that is right, for a number of workers. Everything lies in the arena or in `root`. */
struct planned {
    struct arena arena;
    json_t *root;
    const char *pipeline;
    json_t *plan; /* canonical, with nodes and tables; of root */
    const char *hash;
    uint32_t parallelism, key_groups;
    uint32_t *rings;  /* of each worker's memory */
    int64_t every_us; /* -1: the file does not say */
    uint32_t keep;
    int64_t timeout_us;
    struct restart_policy restart;
    struct worker_node_stats *nodes; /* names and kinds, nothing counted */
    uint32_t node_count;
    int64_t memory_bytes;
};

/* Reads what the child printed. STREAMD_E_DATA, STREAMD_E_NOMEM. */
int planned_read(const char *text, size_t length, struct planned **planned,
                 struct streamd_error *error);

/* NULL is fine. */
void planned_free(struct planned *p);

/* The member of "nodes" of a plan with that name, or NULL. */
json_t *planned_node(const json_t *plan, const char *name);

#endif
