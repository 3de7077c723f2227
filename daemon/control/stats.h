/*
 * control/stats.h - what a worker counted, and how that travels to the coordinator and is summed
 * up over workers.
 *
 * A worker lists only the nodes of which it runs a task, so that nothing is taken for a watermark
 * that is none.
 */
#ifndef CONTROL_STATS_H
#define CONTROL_STATS_H

#include "base/arena.h"

#include <streamd/error.h>

#include <stddef.h>
#include <stdint.h>

struct json_t; /* <jansson.h> */

/* A counter of a plugin's own (streamd_count). */
struct worker_counter {
    const char *name; /* NULL: unused */
    uint64_t value;
};

enum { WORKER_COUNTERS = 8 };

/* Counters of one node. Rows are counted when they go out, and when they come in. */
struct worker_node_stats {
    const char *name;
    uint32_t kind; /* enum streamd_kind */
    uint64_t rows_in, rows_out, batches_in, batches_out;
    uint64_t late;      /* rows that came too late for every window */
    uint64_t rejected;  /* rows with an error that went to .error */
    uint64_t skipped;   /* rows with an error under on_error: skip */
    uint64_t discarded; /* rows in state that will have no result */
    int64_t busy_us, backpressured_us, idle_us;
    int64_t watermark; /* INT64_MIN: none yet; INT64_MAX: end of input */
    struct worker_counter counters[WORKER_COUNTERS];
    const char *held_by; /* sources: title of the split that holds the watermark back, or NULL */
    uint32_t tasks;      /* of a sum: how many tasks were added */
};

struct worker_stats {
    uint32_t node_count;
    struct worker_node_stats *nodes;
    int64_t elapsed_us;
    const char *limiting; /* the node that limits the rate, or NULL */
    int stopped;          /* ended by worker_stop, not by its input */
    size_t memory_bytes;  /* held by batches and plugins now */
};

/*
 * As an object: {"elapsed_us", "limiting" (a node or null), "stopped", "memory_bytes", "nodes":
 * [{"name", "kind", "rows_in", "rows_out", "batches_in", "batches_out", "late", "rejected",
 * "skipped", "discarded", "busy_us", "backpressured_us", "idle_us", "watermark" (microseconds; the
 * least and the largest number stand for none yet and for the end), "counters": {...}, "held_by"
 * (text or null)}]}. NULL: no memory.
 */
struct json_t *stats_json(const struct worker_stats *stats);

/* Back from JSON; nodes and texts lie in `arena`. STREAMD_E_DATA, STREAMD_E_NOMEM. */
int stats_read(const struct json_t *object, struct arena *arena, struct worker_stats *stats,
               struct streamd_error *error);

/*
 * Makes `sum` an empty sum over the given nodes: its own array of nodes lies in `arena`, names are
 * those of `nodes`.
 */
int stats_sum_init(struct worker_stats *sum, const struct worker_node_stats *nodes, uint32_t count,
                   struct arena *arena);

/*
 * Adds what one worker counted: rows and times are sums, a node's watermark is the least of its
 * tasks, time elapsed the longest; the node with most work limits. Nodes are found by name, others
 * than those of the sum are passed over. Names of counters and splits are not copied: they live as
 * long as `one`'s arena.
 */
void stats_sum_add(struct worker_stats *sum, const struct worker_stats *one);

/* After the last stats_sum_add: a node that no worker runs has no watermark. */
void stats_sum_end(struct worker_stats *sum);

#endif
