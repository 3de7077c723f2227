/*
 * Random graphs of tasks over simulated workers, with the real channels between them: local queues
 * and rings so small that they hold a frame or two. Tasks follow rules R2 to R5 of the exchange and
 * nothing else: they take any input that is not blocked by a barrier, need room on every output,
 * and emit none, one or two batches per event. A coordinator triggers and aborts checkpoints. The
 * order of all steps is random.
 *
 * Every link counts: rows arrive once and in order, and those before a barrier are those that were
 * sent before it. A run in which nothing can move and not all tasks have ended is a deadlock.
 */
#ifndef TESTS_UNIT_GRAPH_SIM_H
#define TESTS_UNIT_GRAPH_SIM_H

#include <stdint.h>

enum sim_shape {
    SIM_RANDOM,  /* nodes with up to three inputs from any earlier ones */
    SIM_DIAMOND, /* one source, two ways, one join, on every worker, everything exchanged */
    SIM_CHAIN    /* one node after another, everything exchanged */
};

struct sim_options {
    enum sim_shape shape;
    uint64_t seed;
    uint32_t ring_bytes;
    int share_rings; /* breaks R1: one ring from a worker to another, shared by all links */
};

struct sim_result {
    int deadlock;
    uint32_t tasks, links, rings, checkpoints, aborted;
    uint64_t rows;
    const char *wrong; /* NULL: nothing */
};

struct sim_result sim_run(const struct sim_options *options);

#endif
