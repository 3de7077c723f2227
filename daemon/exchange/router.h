/*
 * exchange/router.h - which task gets which rows: one output of a task towards one reader.
 *
 *   FORWARD    task i to task i: one consumer
 *   GLOBAL     everything to task 0: one consumer
 *   REBALANCE  batch by batch in turns
 *   BROADCAST  every row to every task
 *   HASH       each row to the owner of its key group; batches carry key_hash, where the channel
 *              takes it along (struct channel_ring)
 *
 * Control frames go to all consumers in one step (rule R3). An event of the task runs only where
 * all consumers have room (rule R2). Dataflow thread only.
 */
#ifndef EXCHANGE_ROUTER_H
#define EXCHANGE_ROUTER_H

#include "exchange/channel.h"

enum router_kind {
    ROUTER_FORWARD = 0,
    ROUTER_HASH = 1,
    ROUTER_REBALANCE = 2,
    ROUTER_GLOBAL = 3,
    ROUTER_BROADCAST = 4
};

struct router_spec {
    enum router_kind kind;
    struct channel **consumers; /* by task; borrowed, and so are the channels */
    uint32_t count;             /* at least 1, at most the number of key groups */
    uint32_t first;             /* REBALANCE: who gets the first batch, modulo `count` */

    const struct streamd_schema *schema; /* of the edge */
    const uint32_t *key_fields;          /* HASH: the key, as fields of the schema; borrowed */
    uint32_t key_count;                  /* 0: all rows have the same key */
    uint32_t key_groups;
};

struct router;

/* NULL: no memory. Free leaves the channels alone; NULL is fine. */
struct router *router_new(const struct router_spec *spec);
void router_free(struct router *router);

/* 1 where all consumers have room for a batch. */
int router_has_room(const struct router *router);

/*
 * Sends a batch to whom it belongs and takes the reference; a batch without rows goes nowhere.
 * Hashes are computed here, always: those that the batch has are of another key. Where the two
 * halves of an update have different owners, they become a delete and an insert. 0, or negative as
 * channel_send; router_trouble has the text.
 */
int router_send(struct router *router, struct streamd_batch *batch);

/* Sends a control frame to all consumers, as channel_control. */
int router_control(struct router *router, enum channel_frame_kind kind, int64_t time);

/* channel_pump on all consumers: 1 where any of them still holds something, 0, or negative. */
int router_pump(struct router *router);

/* The consumer whose channel made the last call fail, and what is wrong with it. */
uint32_t router_failed(const struct router *router);
const char *router_trouble(const struct router *router);

#endif
