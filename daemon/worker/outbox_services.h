/*
 * worker/outbox_services.h - the outbox of a task, for its plugin. Private to the worker.
 */
#ifndef WORKER_OUTBOX_SERVICES_H
#define WORKER_OUTBOX_SERVICES_H

#include "worker/task.h"

/* Opens the outbox of a node that declared one, where there is a state directory: after the tables
   were restored, before the plugin opens. 0 or negative. */
int outbox_services_open(struct task *task, struct streamd_error *error);

/* After the plugin was closed. */
void outbox_services_close(struct task *task);

/* The host functions streamd_outbox_* (streamd/context.h). */
int outbox_service_append(struct streamd_context *c, const void *data, size_t length);
int outbox_service_append_batch(struct streamd_context *c, const struct streamd_batch *batch);
int outbox_service_seal(struct streamd_context *c, uint64_t checkpoint);
int outbox_service_list(struct streamd_context *c, uint64_t up_to, uint32_t index,
                        struct streamd_outbox_segment *segment);
int outbox_service_read(struct streamd_context *c, const struct streamd_outbox_segment *segment,
                        uint64_t *position, struct streamd_outbox_record *record);
int outbox_service_erase(struct streamd_context *c, uint64_t up_to);

#endif
