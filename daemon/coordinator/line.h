/*
 * coordinator/line.h - a control connection that the loop polls: to a worker, or from streamctl.
 * Private to the coordinator.
 */
#ifndef COORDINATOR_LINE_H
#define COORDINATOR_LINE_H

#include "control/message.h"

#include <uv.h>

struct line;

struct line_events {
    /* A message has come; it is cleared by the caller. The line may be freed in here. */
    void (*message)(void *self, struct control_message *m);
    /* Nothing will come any more: `error` is NULL where the peer has closed its end. Once. */
    void (*closed)(void *self, const struct streamd_error *error);
    void *self;
};

/* Takes over a connected socket that does not block; on failure it is closed. */
int line_new(uv_loop_t *loop, int socket, const struct line_events *events, struct line **line,
             struct streamd_error *error);

/* As control_send. */
int line_send(struct line *l, const char *type, uint64_t attempt, json_t *body,
              const int *descriptors, size_t count, struct streamd_error *error);

/* Takes all that has arrived, without waiting for the loop. */
void line_drain(struct line *l);

/* Does something wait to be sent? */
int line_waits(const struct line *l);

/* Closes the connection; no event comes any more. NULL is fine. */
void line_free(struct line *l);

#endif
