/*
 * coordinator/server.h - whoever talks to a coordinator over its control socket. Private to the
 * coordinator.
 */
#ifndef COORDINATOR_SERVER_H
#define COORDINATOR_SERVER_H

#include "coordinator/inside.h"

enum { SERVER_GUESTS_MAX = 16 };

enum guest_wish { GUEST_NOTHING = 0, GUEST_SAVEPOINT, GUEST_RESCALE, GUEST_STOP };

/* A connection. It may ask for one thing after the other. */
struct guest {
    struct server *server; /* NULL: this place is free */
    struct line *line;
    int gone;              /* it has closed its end; its request goes on */
    enum guest_wish wish;  /* what it waits for */
    uint64_t request;      /* of the protocol; 0: not asked yet, or answered */
    uint64_t checkpoint;   /* that the request got */
    char path[PATH_MAX];   /* of the savepoint */
    struct errand *errand; /* the child that works for it */
};

struct server {
    struct coordinator *c;
    int socket, folder;
    uv_poll_t poll;
    struct guest guests[SERVER_GUESTS_MAX];
};

/* A message of a guest. */
void requests_message(void *self, struct control_message *m);

/* Answers a guest, who waits for nothing more: "done" with these members (taken over), or failed.
 */
void server_done(struct guest *g, json_t *body);
void server_failed(struct guest *g, const struct streamd_error *error);

/* Frees the place of a guest that has gone and for whom nothing is under way. */
void server_release(struct guest *g);

#endif
