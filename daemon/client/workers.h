/*
 * client/workers.h - streamctl run over worker processes, with a coordinator in this one.
 */
#ifndef CLIENT_WORKERS_H
#define CLIENT_WORKERS_H

#include "client/client.h"

/* Runs it. The exit code. */
int workers_run(struct client *c, const char *file);

#endif
