/*
 * worker/host.h - the services that a worker hands to its plugins (streamd/context.h). Private to
 * the worker.
 */
#ifndef WORKER_HOST_H
#define WORKER_HOST_H

#include "worker/task.h"

/* The one table; the node is found from the context. */
const struct streamd_host *host_services(void);

#endif
