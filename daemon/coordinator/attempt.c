/*
 * One attempt: the worker processes, their memory for channels, and how they end.
 *
 * Everything that workers share is made here and handed out by descriptor; this process keeps none
 * of it. A worker's end is told by its pidfd. What it had still said is taken out of its connection
 * first, since a worker that fails says why before it exits. Only when all are reaped the attempt
 * is over.
 */
#include "coordinator/inside.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "exchange/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RINGS_BUDGET = 16 << 20, /* bytes of the rings of one worker */
    END_TIMEOUT_MS = 10000,  /* for workers to exit once they were told to */
    READY_TIMEOUT_S = 120
};

/* --- Failing and ending ------------------------------------------------------------------------
 */

void attempt_kill(struct coordinator *c)
{
    c->phase = PHASE_FAILING;
    (void)uv_timer_stop(&c->wait);
    for (uint32_t i = 0; i < c->attempt.count; i++)
        if (c->attempt.members[i].process)
            process_kill(c->attempt.members[i].process);
}

static void note_failure(struct coordinator *c, const struct streamd_error *error,
                         const char *record)
{
    if (c->failure.set)
        return;
    c->failure.set = 1;
    c->failure.error = *error;
    snprintf(c->failure.record, sizeof(c->failure.record), "%s", record ? record : "");
}

void attempt_fail(struct coordinator *c, struct member *m, const struct streamd_error *error,
                  const char *record)
{
    struct protocol_decisions decisions = {0};

    if (c->phase != PHASE_STARTING && c->phase != PHASE_RUNNING && c->phase != PHASE_ENDING)
        return;
    if (c->phase == PHASE_ENDING) { /* all is committed: how it ends does not matter any more */
        attempt_kill(c);
        c->phase = PHASE_ENDING;
        return;
    }
    note_failure(c, error, record);
    if (!c->attempt.begun_at) {
        attempt_kill(c);
        return;
    }
    protocol_worker_lost(&c->protocol, coordinator_now(c), m ? m->index : 0, error->message,
                         &decisions);
    decisions_carry_out(c, &decisions);
}

static void end_took_too_long(uv_timer_t *timer)
{
    struct coordinator *c = timer->data;

    log_write(c->options->log, LOG_LEVEL_WARNING,
              "workers that were told to exit did not, and are killed");
    attempt_kill(c);
    c->phase = PHASE_ENDING;
}

void attempt_end(struct coordinator *c)
{
    c->phase = PHASE_ENDING;
    attempt_tell(c, "stats", json_object());
    attempt_tell(c, "stop", json_object());
    (void)uv_timer_start(&c->wait, end_took_too_long, END_TIMEOUT_MS, 0);
}

/* Where a test may hurt this process between two workers that hear the same. */
static int passes_point(const char *type)
{
    if (strcmp(type, "trigger") == 0)
        return FAILPOINT_ERRNO("C2");
    return strcmp(type, "complete") == 0 ? FAILPOINT_ERRNO("C8") : 0;
}

void attempt_tell(struct coordinator *c, const char *type, json_t *body)
{
    struct attempt *a = &c->attempt;
    struct streamd_error error = {0};

    for (uint32_t i = 0; i < a->count; i++) {
        struct member *m = &a->members[i];

        if (m->line && m->process &&
            (line_send(m->line, type, a->number, json_copy(body), NULL, 0, &error) ||
             (i == 0 && passes_point(type))))
            process_kill(m->process); /* its end is what fails the attempt */
    }
    json_decref(body);
}

/* --- A worker's end ----------------------------------------------------------------------------
 */

static void member_clear(struct member *m)
{
    line_free(m->line);
    m->line = NULL;
    json_decref(m->snapshot.refers);
    m->snapshot.refers = NULL;
}

void attempt_clear(struct coordinator *c)
{
    struct attempt *a = &c->attempt;

    for (uint32_t i = 0; i < a->count && a->members; i++) {
        member_clear(&a->members[i]);
        arena_clear(&a->members[i].arena);
    }
    memory_free(a->members);
    memory_free(a->facts);
    manifest_clear(&a->from);
    *a = (struct attempt){.number = a->number};
}

static void member_ended(void *self, struct process *p, const struct process_end *end)
{
    struct member *m = self;
    struct coordinator *c = m->c;
    struct streamd_error error;
    char how[128];

    if (m->line)
        line_drain(m->line);
    process_describe(end, how, sizeof(how));
    log_write(c->options->log, LOG_LEVEL_DEBUG, "worker %u (process %d) %s", m->index,
              (int)process_id(p), how);
    m->process = NULL;
    process_free(p);
    member_clear(m);
    c->attempt.alive--;
    (void)error_set_full(&error, STREAMD_E_IO, STREAMD_FAIL_TASK, 5501, "worker %u %s", m->index,
                         how);
    if (c->phase != PHASE_ENDING || end->exit_code != 0)
        attempt_fail(c, m, &error, NULL);
    coordinator_attempt_over(c);
}

/* --- Starting ----------------------------------------------------------------------------------
 */

static void line_closed(void *self, const struct streamd_error *error)
{
    struct member *m = self;

    if (error) {
        struct streamd_error e = *error;

        (void)error_add_context(&e, "worker %u", m->index);
        e.cls = STREAMD_FAIL_TASK;
        e.diagnostic = 5502;
        attempt_fail(m->c, m, &e, NULL);
    }
    /* Without its connection a worker ends; if it does not, it is not what we started. */
    else if (m->process && m->c->phase != PHASE_ENDING)
        process_kill(m->process);
}

static int start_member(struct coordinator *c, struct member *m, struct streamd_error *error)
{
    struct line_events events = {talk_message, line_closed, m};
    char parent[16], log_level[16];
    const char *argv[] = {"streamd", "worker",      "--control", "3", "--parent",
                          parent,    "--log-level", log_level,   NULL};
    struct process_spec spec = {
        .path = c->options->program,
        .argv = argv,
        .input = STDIN_FILENO, /* whoever gets its split reads it */
        .output = -1,
        .complaints = -1,
        .descriptor_count = 1,
        .expendable = 1,
        .ended = member_ended,
        .self = m,
    };
    int sockets[2], rc;

    snprintf(parent, sizeof(parent), "%d", (int)getpid());
    snprintf(log_level, sizeof(log_level), "%d", c->options->log ? (int)c->options->log->level : 0);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
        return error_set_errno(error, errno, "cannot make a socket pair");
    spec.descriptors = &sockets[1];
    rc = process_start(&c->loop, &spec, &m->process, error);
    close(sockets[1]);
    if (rc) {
        close(sockets[0]);
        return rc;
    }
    c->attempt.alive++;
    if (fcntl(sockets[0], F_SETFL, O_NONBLOCK)) {
        close(sockets[0]);
        return error_set_errno(error, errno, "cannot set up a control connection");
    }
    return line_new(&c->loop, sockets[0], &events, &m->line, error);
}

/* What a worker's memory for channels and its wake-up are, for all of the attempt: first all
   memories, then all eventfds. */
static int make_channels(const struct planned *planned, uint32_t ring_bytes, int *descriptors,
                         struct streamd_error *error)
{
    uint32_t count = planned->parallelism;

    for (uint32_t i = 0; i < 2 * count; i++)
        descriptors[i] = -1;
    for (uint32_t i = 0; i < count; i++) {
        int rc = segment_create(planned->rings[i], ring_bytes, &descriptors[i], error);

        if (rc)
            return rc;
        descriptors[count + i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (descriptors[count + i] < 0)
            return error_set_errno(error, errno, "cannot make an eventfd");
    }
    return 0;
}

static json_t *rings_json(const struct planned *planned, uint32_t ring_bytes)
{
    json_t *rings = json_array();

    for (uint32_t i = 0; i < planned->parallelism; i++)
        if (json_array_append_new(rings, json_integer(planned->rings[i]))) {
            json_decref(rings);
            return NULL;
        }
    return json_pack("{s:o, s:I}", "rings", rings, "ring_bytes", (json_int_t)ring_bytes);
}

/* A worker alone has no channels to others. */
static int tell_channels(struct coordinator *c, struct streamd_error *error)
{
    const struct planned *planned = c->planned;
    struct attempt *a = &c->attempt;
    uint32_t count = planned->parallelism, most = 0, ring_bytes;
    size_t descriptor_count = count > 1 ? 2 * (size_t)count : 0;
    int *descriptors = memory_zalloc(descriptor_count + 1, sizeof(int)), rc = 0;

    if (!descriptors)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < count; i++)
        most = planned->rings[i] > most ? planned->rings[i] : most;
    ring_bytes = segment_ring_bytes(RINGS_BUDGET, most);
    if (descriptor_count)
        rc = make_channels(planned, ring_bytes, descriptors, error);
    for (uint32_t i = 0; i < count && !rc; i++)
        rc = line_send(a->members[i].line, "channels", a->number, rings_json(planned, ring_bytes),
                       descriptors, descriptor_count, error);
    for (size_t i = 0; i < descriptor_count; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    memory_free(descriptors);
    return rc;
}

/* The savepoint that the lineage began with, or null. */
static json_t *parent_json(const struct manifest *from)
{
    if (!from->parent_lineage[0])
        return json_null();
    return json_pack("{s:s, s:I}", "lineage", from->parent_lineage, "checkpoint",
                     (json_int_t)from->parent_checkpoint);
}

static json_t *hello_json(const struct coordinator *c, uint32_t index)
{
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:o, s:b}", "worker", (json_int_t)index, "workers",
                     (json_int_t)c->planned->parallelism, "pipeline", c->planned->pipeline,
                     "lineage", durable_lineage(c->durable), "run", c->run, "parent",
                     parent_json(&c->attempt.from), "accept_duplicates",
                     c->options->accept_duplicates);
}

static json_t *plan_json(const struct coordinator *c)
{
    const struct coordinator_options *o = c->options;

    return json_pack("{s:s, s:s%, s:s, s:I, s:s, s:I, s:I, s:s?}", "path", o->file, "text", o->text,
                     o->length, "plugin_path", o->plugin_path, "parallelism",
                     (json_int_t)c->planned->parallelism, "hash", c->planned->hash, "batch_rows",
                     (json_int_t)o->batch_rows, "channel_slots", (json_int_t)o->channel_slots,
                     "state_dir",
                     durable_is_kept(c->durable) ? store_path(durable_store(c->durable)) : NULL);
}

static int introduce(struct coordinator *c, struct member *m, struct streamd_error *error)
{
    uint64_t number = c->attempt.number;
    int rc = line_send(m->line, "hello", number, hello_json(c, m->index), NULL, 0, error);

    return rc ? rc : line_send(m->line, "plan", number, plan_json(c), NULL, 0, error);
}

static int start_all(struct coordinator *c, struct streamd_error *error)
{
    struct attempt *a = &c->attempt;
    int rc = 0;

    a->members = memory_zalloc(c->planned->parallelism, sizeof(*a->members));
    a->facts = memory_zalloc(c->planned->parallelism, sizeof(*a->facts));
    if (!a->members || !a->facts)
        return error_set_nomem(error);
    a->count = c->planned->parallelism;
    for (uint32_t i = 0; i < a->count && !rc; i++) {
        a->members[i].c = c;
        a->members[i].index = i;
        rc = start_member(c, &a->members[i], error);
        if (!rc)
            rc = FAILPOINT_FAIL("C12", error);
        if (!rc)
            rc = introduce(c, &a->members[i], error);
    }
    return rc ? rc : tell_channels(c, error);
}

static void ready_took_too_long(uv_timer_t *timer)
{
    struct coordinator *c = timer->data;
    struct streamd_error error;

    for (uint32_t i = 0; i < c->attempt.count; i++) {
        if (c->attempt.members[i].ready)
            continue;
        (void)error_set_full(&error, STREAMD_E_LIMIT, STREAMD_FAIL_TASK, 5502,
                             "worker %u was not ready after %d s", i, READY_TIMEOUT_S);
        attempt_fail(c, &c->attempt.members[i], &error, NULL);
        return;
    }
}

void attempt_start(struct coordinator *c)
{
    struct streamd_error error;
    int rc;

    c->phase = PHASE_STARTING;
    c->failure = (struct failure){0};
    c->attempt.number = ++c->attempts;
    c->attempt.started_at = coordinator_now(c);
    (void)uv_timer_start(&c->wait, ready_took_too_long, READY_TIMEOUT_S * 1000, 0);
    rc = start_all(c, &error);
    if (rc) {
        (void)error_add_context(&error, "cannot start the workers");
        error.cls = STREAMD_FAIL_TASK;
        attempt_fail(c, NULL, &error, NULL);
        coordinator_attempt_over(c);
    }
}
