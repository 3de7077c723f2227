/*
 * worker/reject.h - records that fail: counted and dropped, sent to .error, or the end of the
 * pipeline, as on_error of their node says. Private to the worker.
 */
#ifndef WORKER_REJECT_H
#define WORKER_REJECT_H

#include "worker/task.h"

/* The host functions streamd_reject and streamd_reject_raw. */
int reject_row(struct streamd_context *c, struct streamd_batch *batch, uint32_t row, int code,
               const char *message);
int reject_raw(struct streamd_context *c, const void *data, size_t length, uint64_t position,
               int code, const char *message);

#endif
