/*
 * worker/source.h - drives a source: which split is read next, batches out of bytes, event times,
 * watermarks, idleness. Private to the worker.
 *
 *   split 0  file --bytes--> decoder --> batch --.
 *   split 1  file --bytes--> decoder --> batch ---+--> output 0, then the combined watermark
 *
 * The watermark of a split is its largest event time - out_of_orderness - 1 us; it is sent after
 * the batch that raised it. A split that has not been opened yet holds the watermark back.
 */
#ifndef WORKER_SOURCE_H
#define WORKER_SOURCE_H

#include "worker/task.h"

struct source_driver;

/* Makes the driver and lists the splits. Free takes NULL. */
int source_open(struct task *node, struct streamd_error *error);
void source_close(struct task *node);

/* As task_runnable, task_run and task_deadline, for sources. */
int source_runnable(struct task *node, int64_t now);
int source_run(struct task *node, int64_t now);
int64_t source_deadline(struct task *node);

/* 1 where all splits have ended and the end is held back (at_end: savepoint). */
int source_drained(const struct task *node);

/* Stops reading: what is decoded flows out, then the end, without a last watermark. */
void source_stop(struct task *node);

/* Calls `add` for every descriptor that a blocked split waits for. */
void source_descriptors(struct task *node, void (*add)(void *self, int fd), void *self);

/* Something happened on the descriptors: blocked splits with one are tried again. */
void source_ready(struct task *node);

/* The host functions of sources (streamd/context.h). */
int source_split_add(struct streamd_context *c, const char *id, const char *title);
int source_feed(struct streamd_context *c, struct streamd_split *split, const uint8_t *data,
                size_t length, uint64_t position, int last, size_t *consumed);
int source_emit(struct streamd_context *c, struct streamd_split *split,
                struct streamd_batch *batch);
int source_has_room(struct streamd_context *c, struct streamd_split *split);

/* Where a record stands that the decoder at work rejects: "file.json:120". */
void source_describe(struct task *node, uint64_t position, char *text, size_t size);

/* Title of the split that holds the watermark back, or NULL. */
const char *source_held_by(const struct task *node);

/* A split blocks: of streamd_block_on while a source's function runs. */
void source_block_on(struct task *node, int fd, int64_t until);

#endif
