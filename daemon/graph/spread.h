/*
 * graph/spread.h - over how many tasks each node of a bound plan runs, and how rows find theirs.
 * Pure.
 *
 * Worker w runs task w of every node that has more than w tasks. An edge between two nodes of the
 * same number of tasks, whose reader does not go by key, stays inside each worker; every other edge
 * has one channel per pair of tasks. A channel between two workers is a ring in the memory of the
 * one that reads; rings are numbered the same way on both sides, without a word between them:
 *
 *   ring of (node v, input k, producer p) in worker w = sum of the producers' parallelism over the
 *   exchanging edges of all nodes that have a task w, up to that edge, + p
 *
 * The ring of a worker to itself (p = w) is counted and not used.
 */
#ifndef GRAPH_SPREAD_H
#define GRAPH_SPREAD_H

#include "graph/plan.h"

/* Sets the parallelism of every node that has 0 there, and the exchange of every edge, from the
   plan's parallelism and what bind said. `arena` memory for the keys of edges. 0 or
   STREAMD_E_NOMEM. */
int spread_plan(struct plan *plan);

/* How many rings the memory of worker `worker` has. */
uint32_t spread_rings(const struct plan *plan, uint32_t worker);

/* The number of a ring in the memory of worker `worker`, which reads it. */
uint32_t spread_ring(const struct plan *plan, uint32_t worker, uint32_t node, uint32_t input,
                     uint32_t producer);

#endif
