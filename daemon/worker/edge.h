/*
 * worker/edge.h - an edge of the graph as the task that feeds it sees it: the channels to its
 * readers. Private to the worker.
 */
#ifndef WORKER_EDGE_H
#define WORKER_EDGE_H

#include "worker/task.h"

struct router;

struct edge {
    const struct plan_input *plan;
    struct channel **channels; /* one per task of the reader; with PLAN_FORWARD one */
    uint32_t count;
    struct router *router;
};

/* 1 where every channel has room for a batch: whom the next rows are for is not known yet. */
int edge_has_room(const struct edge *edge);

/* Sends a batch and takes the reference. 0 or negative: see edge_trouble. */
int edge_send(struct edge *edge, struct streamd_batch *batch);

/* Sends a control frame to every reader, whatever the room. 0 or negative. */
int edge_control(struct edge *edge, enum channel_frame_kind kind, int64_t time);

/*
 * Makes the channels of all tasks, and the edges that feed them. The tasks know their index and
 * whether they are absent. 0 or negative. edges_clear undoes it, from wherever it got to.
 */
int edges_make(struct worker *worker, struct streamd_error *error);
void edges_clear(struct worker *worker);

/* What is wrong with an edge that answered with an error. */
const char *edge_trouble(const struct edge *edge);

/* Moves on what waits for room in the rings that this worker writes. 0, or negative: the task that
   feeds the broken one has failed. */
int edges_pump(struct worker *worker);

#endif
