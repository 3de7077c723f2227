/*
 * libuv closes a handle in its own time: the line's memory goes in the handle's close callback, and
 * a line that is freed inside of its own events is only marked, so that the loop around them finds
 * it.
 */
#include "coordinator/line.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <unistd.h>

struct line {
    uv_poll_t poll;
    struct control *control; /* NULL: freed */
    struct line_events events;
    int over; /* `closed` has been called */
};

static void ready(uv_poll_t *poll, int status, int events);

static void poll_again(struct line *l)
{
    int events = l->over ? 0 : UV_READABLE;

    if (control_waits(l->control))
        events |= UV_WRITABLE;
    if (events)
        (void)uv_poll_start(&l->poll, events, ready);
    else
        (void)uv_poll_stop(&l->poll);
}

static void end(struct line *l, const struct streamd_error *error)
{
    if (l->over)
        return;
    l->over = 1;
    l->events.closed(l->events.self, error);
}

void line_drain(struct line *l)
{
    while (l->control && !l->over) {
        struct streamd_error error = {0};
        struct control_message m;
        int rc = control_receive(l->control, &m, &error);

        if (rc == CONTROL_NOTHING)
            return;
        if (rc == CONTROL_MESSAGE)
            l->events.message(l->events.self, &m);
        else
            end(l, rc == CONTROL_CLOSED ? NULL : &error);
        control_message_clear(&m);
    }
}

static void ready(uv_poll_t *poll, int status, int events)
{
    struct line *l = poll->data;
    struct streamd_error error;

    (void)status;
    if (events & UV_WRITABLE)
        (void)control_flush(l->control, &error); /* what is broken is seen when reading */
    line_drain(l);
    if (l->control)
        poll_again(l);
}

int line_new(uv_loop_t *loop, int socket, const struct line_events *events, struct line **line,
             struct streamd_error *error)
{
    struct line *l = memory_zalloc(1, sizeof(*l));
    int rc;

    *line = NULL;
    if (l)
        l->control = control_new(socket);
    if (!l || !l->control) {
        memory_free(l);
        close(socket);
        return error_set_nomem(error);
    }
    l->events = *events;
    rc = uv_poll_init(loop, &l->poll, socket);
    if (rc) {
        control_free(l->control);
        memory_free(l);
        return error_set_errno(error, -rc, "cannot poll a control connection");
    }
    l->poll.data = l;
    poll_again(l);
    *line = l;
    return 0;
}

int line_send(struct line *l, const char *type, uint64_t attempt, json_t *body,
              const int *descriptors, size_t count, struct streamd_error *error)
{
    int rc = control_send(l->control, type, attempt, body, descriptors, count, error);

    if (!uv_is_closing((uv_handle_t *)&l->poll))
        poll_again(l);
    return rc;
}

int line_waits(const struct line *l)
{
    return control_waits(l->control);
}

static void closed(uv_handle_t *handle)
{
    memory_free(handle->data);
}

void line_free(struct line *l)
{
    if (!l || !l->control)
        return;
    uv_close((uv_handle_t *)&l->poll, closed);
    control_free(l->control);
    l->control = NULL;
}
