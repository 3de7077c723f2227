/*
 * The socket DIR/control.sock. The folder is opened once and the socket reached through it, since
 * the address of a socket is short and a state directory's path may be long. Only the same user and
 * root may connect: the folder's mode says so, and the peer is checked all the same.
 */
#include "coordinator/server.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char name[] = "control.sock";

void server_release(struct guest *g)
{
    if (!g->gone || g->errand || g->wish)
        return;
    line_free(g->line);
    *g = (struct guest){0};
}

static void guest_closed(void *self, const struct streamd_error *error)
{
    struct guest *g = self;

    (void)error;
    g->gone = 1;
    server_release(g);
}

static void say(struct guest *g, const char *type, json_t *body)
{
    struct streamd_error error;

    if (g->gone)
        json_decref(body);
    else
        (void)line_send(g->line, type, 0, body, NULL, 0, &error);
}

void server_done(struct guest *g, json_t *body)
{
    say(g, "done", body);
    g->wish = GUEST_NOTHING;
    g->request = 0;
    server_release(g);
}

void server_failed(struct guest *g, const struct streamd_error *error)
{
    say(g, "failed", json_pack("{s:o}", "error", control_error_json(error)));
    g->wish = GUEST_NOTHING;
    g->request = 0;
    server_release(g);
}

static int is_trusted(int socket)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return !getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void take_guest(struct server *s, int socket)
{
    struct streamd_error error;

    for (int i = 0; i < SERVER_GUESTS_MAX && is_trusted(socket); i++) {
        struct guest *g = &s->guests[i];
        struct line_events events = {requests_message, guest_closed, g};

        if (g->server)
            continue;
        *g = (struct guest){.server = s};
        if (line_new(&s->c->loop, socket, &events, &g->line, &error))
            *g = (struct guest){0};
        return;
    }
    close(socket);
}

static void accept_guests(uv_poll_t *poll, int status, int events)
{
    struct server *s = poll->data;
    int socket;

    (void)status;
    (void)events;
    while ((socket = accept4(s->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        take_guest(s, socket);
}

static int open_socket(struct server *s, const char *folder, struct streamd_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask;
    int rc;

    s->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    s->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->folder < 0 || s->socket < 0)
        return error_set_errno(error, errno, "%s/%s", folder, name);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", s->folder, name);
    (void)unlinkat(s->folder, name, 0); /* of a process that was killed; the lock is ours */
    mask = umask(0177);
    rc = bind(s->socket, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(mask);
    if (rc || listen(s->socket, SERVER_GUESTS_MAX))
        return error_set_errno(error, errno, "%s/%s", folder, name);
    return 0;
}

int server_open(struct coordinator *c, const char *state_dir, struct streamd_error *error)
{
    struct server *s = memory_zalloc(1, sizeof(*s));
    int rc;

    if (!s)
        return error_set_nomem(error);
    s->c = c;
    rc = open_socket(s, state_dir, error);
    if (!rc && uv_poll_init(&c->loop, &s->poll, s->socket))
        rc = error_set(error, STREAMD_E_IO, "cannot poll the control socket");
    if (rc) {
        if (s->socket >= 0)
            close(s->socket);
        if (s->folder >= 0)
            close(s->folder);
        memory_free(s);
        return rc;
    }
    s->poll.data = s;
    (void)uv_poll_start(&s->poll, UV_READABLE, accept_guests);
    c->server = s;
    return 0;
}

/* The last word to somebody who waits. */
static void say_over(struct guest *g)
{
    const struct coordinator_result *result = g->server->c->result;
    struct streamd_error error;

    if (g->wish == GUEST_STOP && result->end == COORDINATOR_DONE) {
        server_done(g, json_pack("{s:I}", "checkpoint", (json_int_t)g->checkpoint));
    } else if (g->wish) {
        (void)error_set_full(&error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5508,
                             "the pipeline has ended%s%s", result->error.message[0] ? ": " : "",
                             result->error.message);
        server_failed(g, &error);
    }
}

void server_close(struct coordinator *c)
{
    struct server *s = c->server;

    if (!s)
        return;
    c->server = NULL;
    c->closed_server = s;
    for (int i = 0; i < SERVER_GUESTS_MAX; i++) {
        struct guest *g = &s->guests[i];

        if (!g->server)
            continue;
        errand_kill(g->errand);
        say_over(g);
        if (g->server) /* not released by that */
            line_free(g->line);
        g->line = NULL;
        g->gone = 1;
    }
    (void)unlinkat(s->folder, name, 0);
    close(s->folder);
    uv_close((uv_handle_t *)&s->poll, NULL);
    close(s->socket);
}

void server_free(struct coordinator *c)
{
    memory_free(c->closed_server);
}
