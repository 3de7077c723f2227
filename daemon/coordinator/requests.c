/*
 * What guests ask for, and what becomes of it. A savepoint is a checkpoint that is pinned, and
 * converted by a child; a rescale is planned by a child first, then the attempt stops at a
 * checkpoint and the next one has the new plan; a stop ends the run.
 */
#include "coordinator/server.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void refuse(struct guest *g, const char *why)
{
    struct streamd_error error;

    (void)error_set_full(&error, STREAMD_E_STATE, STREAMD_RETRY, 5508, "%s", why);
    server_failed(g, &error);
}

/* --- Savepoints --------------------------------------------------------------------------------
 */

/* A child that was killed has left what it had written. Only its own file has that name: a child
   that refuses the path has exited by itself. */
static void remove_half(const struct guest *g)
{
    char path[PATH_MAX + 4];

    snprintf(path, sizeof(path), "%s.tmp", g->path);
    (void)unlink(path);
}

static void converted(void *self, const struct errand_answer *answer)
{
    struct guest *g = self;
    struct coordinator *c = g->server->c;

    g->errand = NULL;
    if (c->phase != PHASE_OVER)
        durable_unpin(c->durable, g->checkpoint);
    if (answer->end->signal)
        remove_half(g);
    if (answer->error.code)
        server_failed(g, &answer->error);
    else
        server_done(
            g, json_pack("{s:I, s:s}", "checkpoint", (json_int_t)g->checkpoint, "path", g->path));
    coordinator_saved(c);
}

int requests_save(const struct coordinator *c)
{
    for (int i = 0; i < SERVER_GUESTS_MAX && c->server; i++) {
        const struct guest *g = &c->server->guests[i];

        if (g->server && g->wish == GUEST_SAVEPOINT && g->checkpoint)
            return 1;
    }
    return 0;
}

static void pinned(void *self, struct durable_answer *answer)
{
    struct guest *g = self;
    struct coordinator *c = g->server->c;
    const char *argv[] = {"savepoint", "create", answer->folder, g->path, NULL};
    struct streamd_error error = answer->error;

    if (c->phase == PHASE_OVER)
        return;
    if (answer->outcome == PROTOCOL_DONE)
        g->errand = errand_start(c, argv, NULL, 0, 0, 1, converted, g, &error);
    if (g->errand)
        return;
    if (answer->outcome == PROTOCOL_DONE)
        durable_unpin(c->durable, g->checkpoint);
    server_failed(g, &error);
    coordinator_saved(c);
}

static void ask_savepoint(struct guest *g, const json_t *body)
{
    struct coordinator *c = g->server->c;
    const char *path = control_text(body, "path");
    struct protocol_decisions out = {0};

    if (!path || path[0] != '/' || strlen(path) >= sizeof(g->path)) {
        refuse(g, "a savepoint needs an absolute path");
        return;
    }
    if (c->phase == PHASE_SAVING) {
        refuse(g, "the pipeline has ended; run it again with this state directory and ask then");
        return;
    }
    snprintf(g->path, sizeof(g->path), "%s", path);
    g->wish = GUEST_SAVEPOINT;
    g->checkpoint = 0; /* of an earlier request */
    g->request = protocol_ask(&c->protocol, coordinator_now(c), PROTOCOL_WISH_SAVEPOINT, &out);
    if (!g->request)
        refuse(g, "too many requests wait already");
    decisions_carry_out(c, &out);
}

/* --- Rescaling ---------------------------------------------------------------------------------
 */

static int rescale_is_under_way(const struct coordinator *c)
{
    for (int i = 0; i < SERVER_GUESTS_MAX; i++)
        if (c->server->guests[i].wish == GUEST_RESCALE || c->server->guests[i].wish == GUEST_STOP)
            return 1;
    return c->stopping || c->next_planned;
}

static void rescale_planned(void *self, const struct errand_answer *answer)
{
    struct guest *g = self;
    struct coordinator *c = g->server->c;
    struct protocol_decisions out = {0};
    struct streamd_error error = answer->error;
    struct planned *next = NULL;

    g->errand = NULL;
    if (c->phase >= PHASE_SAVING)
        return;
    if (!error.code)
        (void)planned_read(answer->text, answer->length, &next, &error);
    if (!next) {
        server_failed(g, &error);
        return;
    }
    if (c->next_planned || c->stopping) {
        planned_free(next);
        refuse(g, "the pipeline is being stopped or rescaled already");
        return;
    }
    g->request = protocol_ask(&c->protocol, coordinator_now(c), PROTOCOL_WISH_RESCALE, &out);
    if (!g->request) {
        planned_free(next);
        refuse(g, "too many requests wait already");
        return;
    }
    c->next_planned = next;
    decisions_carry_out(c, &out);
}

static void ask_rescale(struct guest *g, const json_t *body)
{
    struct coordinator *c = g->server->c;
    struct streamd_error error;
    int64_t n;

    if (control_number(body, "parallelism", 1, COORDINATOR_WORKERS_MAX, &n, &error)) {
        server_failed(g, &error);
        return;
    }
    if (c->phase == PHASE_SAVING || rescale_is_under_way(c) || !c->planned) {
        refuse(g, "the pipeline is being started, stopped or rescaled already");
        return;
    }
    if ((uint32_t)n == c->planned->parallelism) {
        server_done(g, json_pack("{s:I}", "parallelism", (json_int_t)n));
        return;
    }
    g->wish = GUEST_RESCALE;
    g->errand = errand_plan(c, (uint32_t)n, 1, rescale_planned, g, &error);
    if (!g->errand)
        server_failed(g, &error);
}

void requests_running(struct coordinator *c)
{
    for (int i = 0; i < SERVER_GUESTS_MAX && c->server; i++) {
        struct guest *g = &c->server->guests[i];

        if (g->server && g->wish == GUEST_RESCALE && g->checkpoint)
            server_done(g,
                        json_pack("{s:I, s:I}", "parallelism", (json_int_t)c->planned->parallelism,
                                  "checkpoint", (json_int_t)g->checkpoint));
    }
}

/* --- Answers of the protocol -------------------------------------------------------------------
 */

static void answer_guest(struct guest *g, uint64_t checkpoint, const char *why)
{
    struct coordinator *c = g->server->c;
    struct streamd_error error;

    g->request = 0;
    g->checkpoint = checkpoint;
    if (checkpoint == 0) {
        (void)error_set_full(&error, STREAMD_E_STATE, STREAMD_RETRY, 5507,
                             "no checkpoint could be taken: %s", why);
        if (g->wish == GUEST_RESCALE) {
            planned_free(c->next_planned);
            c->next_planned = NULL;
        }
        server_failed(g, &error);
    } else if (g->wish == GUEST_SAVEPOINT) {
        durable_pin(c->durable, checkpoint, pinned, g);
    }
    /* A rescale is done when the next attempt runs, a stop when this process ends. */
}

void requests_answered(struct coordinator *c, uint64_t request, uint64_t checkpoint,
                       const char *why)
{
    struct streamd_error error;
    int asked_by_guest = 0;

    for (int i = 0; i < SERVER_GUESTS_MAX && c->server; i++) {
        struct guest *g = &c->server->guests[i];

        if (!g->server || g->request != request)
            continue;
        asked_by_guest = 1;
        answer_guest(g, checkpoint, why);
    }
    if (request != c->stop_request || checkpoint)
        return;
    c->stop_request = 0;
    if (asked_by_guest) { /* told; the pipeline goes on */
        c->stopping = 0;
        return;
    }
    (void)error_set_full(&error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5507,
                         "no checkpoint to stop at could be taken: %s", why);
    attempt_fail(c, NULL, &error, NULL);
}

/* --- The messages ------------------------------------------------------------------------------
 */

static void ask_stop(struct guest *g)
{
    struct coordinator *c = g->server->c;

    g->wish = GUEST_STOP;
    if (!c->stopping)
        coordinator_stop(c);
    /* coordinator_stop may have ended everything, guests included. */
    if (c->server)
        g->request = c->stop_request;
}

static void tell_status(struct guest *g)
{
    struct streamd_error error;
    json_t *status = status_json(g->server->c);

    (void)line_send(g->line, "status", 0, status, NULL, 0, &error);
}

void requests_message(void *self, struct control_message *m)
{
    struct guest *g = self;

    if (strcmp(m->type, "status") == 0)
        tell_status(g);
    else if (g->wish || g->errand)
        refuse(g, "one thing after the other on one connection");
    else if (strcmp(m->type, "savepoint") == 0)
        ask_savepoint(g, m->body);
    else if (strcmp(m->type, "rescale") == 0)
        ask_rescale(g, m->body);
    else if (strcmp(m->type, "stop") == 0)
        ask_stop(g);
    else
        refuse(g, "nobody understands this request");
}
