/*
 * client/workers.h - streamctl run over worker processes, with a coordinator in this one.
 */
#ifndef CLIENT_WORKERS_H
#define CLIENT_WORKERS_H

#include "client/client.h"

/* Does this command line ask for workers, or the file? A file with errors does not. */
int workers_wanted(const struct client *c, const char *file);

/* Runs it. The exit code. */
int workers_run(struct client *c, const char *file);

#endif
