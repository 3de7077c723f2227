/*
 * coordinator/durable.h - what a coordinator keeps beyond its own life: a state directory
 * (checkpoint/store.h) worked on by libuv's threads, one job at a time in the order they were
 * asked for; or nothing, where a pipeline runs without one. Then ids are counted in memory, and
 * everything else is done as soon as it is asked for. Private to the coordinator.
 *
 * Every function that takes a `done` answers through it, later, from the loop.
 */
#ifndef COORDINATOR_DURABLE_H
#define COORDINATOR_DURABLE_H

#include "checkpoint/protocol.h"
#include "checkpoint/store.h"

#include <uv.h>

struct durable;

/* The answer to a job. */
struct durable_answer {
    enum protocol_outcome outcome;
    struct streamd_error error; /* where it is not PROTOCOL_DONE */
    uint64_t id;                /* durable_allocate: the checkpoint's */
    char folder[PATH_MAX];      /* durable_allocate, durable_prepare: of the checkpoint; or "" */
    struct manifest manifest;   /* durable_prepare: to go on from; id 0: from nothing. May be taken
                                   out (and then be zeroed) */
    struct streamd_error note;  /* durable_prepare: for the log; message "" where none */
};

typedef void durable_done(void *self, struct durable_answer *answer);

/* Opens and locks the state directory; `path` NULL: none. Blocks; before the loop runs. */
int durable_open(uv_loop_t *loop, const char *path, const char *pipeline, struct durable **durable,
                 struct streamd_error *error);

/* The state directory's store while no job runs, NULL: there is none. */
struct store *durable_store(struct durable *d);

/* The lineage, "" where there is none yet. */
const char *durable_lineage(const struct durable *d);

/* Is there a state directory? */
int durable_is_kept(const struct durable *d);

/* Do jobs wait or run? */
int durable_is_busy(const struct durable *d);

/* Before an attempt with so many workers: draws a lineage where there is none, finds the newest
   checkpoint and records the parallelism. */
void durable_prepare(struct durable *d, uint32_t parallelism, durable_done *done, void *self);

/* For a savepoint that is restored: a new lineage, and an id and folder for its first checkpoint.
   PROTOCOL_NOT_DONE with SD5512 where the directory has a checkpoint already. */
void durable_begin_lineage(struct durable *d, durable_done *done, void *self);

/* The jobs of the protocol. durable_write takes the manifest over; one with id 0 could not be made,
   and fails. */
void durable_allocate(struct durable *d, durable_done *done, void *self);
void durable_write(struct durable *d, struct manifest *manifest, durable_done *done, void *self);
void durable_record(struct durable *d, uint64_t id, durable_done *done, void *self);

/* Jobs that may fail without harm; `done` may be NULL. */
void durable_abandon(struct durable *d, uint64_t id);
void durable_retain(struct durable *d, uint32_t keep, durable_done *done, void *self);
void durable_pin(struct durable *d, uint64_t id, durable_done *done, void *self);
void durable_unpin(struct durable *d, uint64_t id);

/* No job may run. NULL is fine. */
void durable_close(struct durable *d);

#endif
