/*
 * What workers say, as facts for the protocol. A worker is only trusted as far as its messages can
 * be read: one that says nonsense fails its attempt.
 */
#include "coordinator/inside.h"

#include "base/error.h"
#include "base/failpoint.h"

#include <stdio.h>
#include <string.h>

enum {
    SILENT_US = 5000000,   /* without an answer to stats: reported */
    STARTING_US = 30000000 /* from "all ready" to "running": reported when it takes longer */
};

/* A message of the attempt that is alive becomes one of these. */
struct word {
    const char *type;
    int (*hear)(struct member *m, const json_t *body, struct protocol_decisions *out,
                struct streamd_error *error);
};

static int get_id(const json_t *body, uint64_t *id, struct streamd_error *error)
{
    int64_t n = 0;
    int rc = control_number(body, "checkpoint", 1, INT64_MAX, &n, error);

    *id = (uint64_t)n;
    return rc;
}

static int hear_hello(struct member *m, const json_t *body, struct protocol_decisions *out,
                      struct streamd_error *error)
{
    int64_t pid;

    (void)m;
    (void)out;
    return control_number(body, "pid", 1, INT32_MAX, &pid, error);
}

/* All stand ready: the protocol begins. Not in an attempt that has failed meanwhile, whose last
   words are still read: a protocol that began then would never hear of its end. */
static int hear_ready(struct member *m, const json_t *body, struct protocol_decisions *out,
                      struct streamd_error *error)
{
    struct coordinator *c = m->c;
    const char *hash = control_text(body, "hash");

    if (!hash || strcmp(hash, c->planned->hash) != 0)
        return error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5531,
                              "its plan of the file is another: a plugin or a variable changed "
                              "meanwhile");
    c->attempt.ready += !m->ready;
    m->ready = 1;
    if (c->attempt.ready < c->attempt.count || c->attempt.begun_at || c->phase != PHASE_STARTING)
        return 0;
    (void)uv_timer_stop(&c->wait);
    c->attempt.begun_at = coordinator_now(c);
    protocol_begin(&c->protocol, c->attempt.begun_at, c->attempt.facts, c->attempt.count,
                   c->attempt.from.id, out);
    return 0;
}

static int hear_running(struct member *m, const json_t *body, struct protocol_decisions *out,
                        struct streamd_error *error)
{
    struct coordinator *c = m->c;
    int all = 1;

    (void)body;
    (void)error;
    m->running = 1;
    protocol_running(&c->protocol, coordinator_now(c), m->index, out);
    for (uint32_t i = 0; i < c->attempt.count; i++)
        all &= c->attempt.members[i].running;
    if (all && c->phase == PHASE_STARTING) {
        c->phase = PHASE_RUNNING;
        restart_running(&c->restart, coordinator_now(c));
        requests_running(c);
    }
    return 0;
}

/* What was written, kept until the manifest is. */
static int keep_snapshot(struct member *m, uint64_t id, const json_t *body,
                         struct streamd_error *error)
{
    struct snapshot *s = &m->snapshot;
    const char *name = control_text(body, "name"), *checksum = control_text(body, "checksum");
    int64_t bytes = 0, rows = 0, stall = 0;

    if (control_number(body, "rows_between", 0, INT64_MAX, &rows, error) ||
        control_number(body, "stall_us", 0, INT64_MAX, &stall, error))
        return STREAMD_E_DATA;
    if (name && name[0] &&
        (!checksum || strlen(checksum) != 32 || strlen(name) >= sizeof(s->name) ||
         strchr(name, '/') || control_number(body, "bytes", 1, INT64_MAX, &bytes, NULL)))
        return error_set(error, STREAMD_E_DATA, "its ack makes no sense");
    json_decref(s->refers);
    *s = (struct snapshot){.checkpoint = id,
                           .bytes = (uint64_t)bytes,
                           .rows_between = (uint64_t)rows,
                           .stall_us = stall};
    snprintf(s->name, sizeof(s->name), "%s", name ? name : "");
    snprintf(s->checksum, sizeof(s->checksum), "%s", checksum ? checksum : "");
    s->refers = json_incref(json_object_get(body, "refers"));
    return 0;
}

static int hear_ack(struct member *m, const json_t *body, struct protocol_decisions *out,
                    struct streamd_error *error)
{
    struct protocol *p = &m->c->protocol;
    uint64_t id;

    if (get_id(body, &id, error))
        return STREAMD_E_DATA;
    if (id == p->id && p->phase == PROTOCOL_COLLECTING && keep_snapshot(m, id, body, error))
        return STREAMD_E_DATA;
    if (FAILPOINT_FAIL("C3", error))
        return STREAMD_E_IO;
    protocol_ack(p, coordinator_now(m->c), m->index, id, out);
    return 0;
}

static int hear_decline(struct member *m, const json_t *body, struct protocol_decisions *out,
                        struct streamd_error *error)
{
    const char *why = control_text(body, "why");
    uint64_t id;

    if (get_id(body, &id, error))
        return STREAMD_E_DATA;
    protocol_decline(&m->c->protocol, coordinator_now(m->c), m->index, id,
                     why && why[0] ? why : "it gave no reason", out);
    return 0;
}

static int hear_committed(struct member *m, const json_t *body, struct protocol_decisions *out,
                          struct streamd_error *error)
{
    uint64_t id;

    if (get_id(body, &id, error))
        return STREAMD_E_DATA;
    protocol_committed(&m->c->protocol, coordinator_now(m->c), m->index, id, out);
    return 0;
}

static int hear_finished(struct member *m, const json_t *body, struct protocol_decisions *out,
                         struct streamd_error *error)
{
    (void)body;
    (void)error;
    m->finished = 1;
    protocol_finished(&m->c->protocol, coordinator_now(m->c), m->index, out);
    return 0;
}

/* It exits with 0 next; nothing more is wanted. */
static int hear_stopped(struct member *m, const json_t *body, struct protocol_decisions *out,
                        struct streamd_error *error)
{
    (void)body;
    (void)out;
    return m->c->phase == PHASE_ENDING
               ? 0
               : error_set(error, STREAMD_E_STATE, "it stopped without being told to");
}

/* It exits with 1 next. Its error is the cause, and not that it exited. */
static int hear_failed(struct member *m, const json_t *body, struct protocol_decisions *out,
                       struct streamd_error *error)
{
    const char *record = control_text(body, "record");
    struct streamd_error told;

    (void)out;
    (void)error;
    control_error_read(json_object_get(body, "error"), &told);
    m->failed = 1;
    attempt_fail(m->c, m, &told, record);
    return 0;
}

static int hear_stats(struct member *m, const json_t *body, struct protocol_decisions *out,
                      struct streamd_error *error)
{
    const json_t *stats = json_object_get(body, "stats");

    (void)out;
    m->asked_at = 0;
    m->stuck_node[0] = '\0';
    arena_reset(&m->arena);
    m->has_stats = 0;
    if (stats_read(stats ? stats : body, &m->arena, &m->stats, error))
        return STREAMD_E_DATA;
    m->has_stats = 1;
    return 0;
}

/* The answer to stats of a worker whose dataflow does not come back from a node. */
static int hear_stuck(struct member *m, const json_t *body, struct protocol_decisions *out,
                      struct streamd_error *error)
{
    const char *node = control_text(body, "node");
    int64_t us;

    (void)out;
    if (!node || control_number(body, "us", 0, INT64_MAX, &us, error))
        return error_set(error, STREAMD_E_DATA, "what it says of a stuck node makes no sense");
    m->asked_at = 0;
    if (!m->stuck_node[0] || m->stuck_node[0] == '?')
        log_write(m->c->options->log, LOG_LEVEL_WARNING,
                  "worker %u: node '%s' has not returned for %lld s", m->index, node,
                  (long long)(us / 1000000));
    snprintf(m->stuck_node, sizeof(m->stuck_node), "%s", node);
    m->stuck_us = us;
    m->stuck_at = coordinator_now(m->c);
    return 0;
}

static const struct word words[] = {
    {"hello", hear_hello},       {"ready", hear_ready},     {"running", hear_running},
    {"ack", hear_ack},           {"decline", hear_decline}, {"committed", hear_committed},
    {"finished", hear_finished}, {"stopped", hear_stopped}, {"failed", hear_failed},
    {"stats", hear_stats},       {"stuck", hear_stuck},
};

static int hear(struct member *m, const struct control_message *message,
                struct protocol_decisions *out, struct streamd_error *error)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].type, message->type) == 0)
            return words[i].hear(m, message->body, out, error);
    return error_set(error, STREAMD_E_DATA, "it says '%.40s', which nobody understands",
                     message->type);
}

void talk_message(void *self, struct control_message *message)
{
    struct member *m = self;
    struct coordinator *c = m->c;
    struct protocol_decisions decisions = {0};
    struct streamd_error error = {0};

    /* Before it has heard of an attempt a worker can only say 0. */
    if (message->attempt != c->attempt.number && message->attempt != 0)
        return;
    if (hear(m, message, &decisions, &error)) {
        (void)error_add_context(&error, "worker %u", m->index);
        if (error.cls != STREAMD_FAIL_PIPELINE)
            error.cls = STREAMD_FAIL_TASK;
        if (!error.diagnostic)
            error.diagnostic = 5502;
        attempt_fail(c, m, &error, NULL);
        return;
    }
    decisions_carry_out(c, &decisions);
}

/* --- Counters ----------------------------------------------------------------------------------
 */

int talk_sum(struct coordinator *c, struct arena *arena, struct worker_stats *sum)
{
    int rc = stats_sum_init(sum, c->planned ? c->planned->nodes : NULL,
                            c->planned ? c->planned->node_count : 0, arena);

    if (rc)
        return rc;
    for (uint32_t i = 0; i < c->attempt.count; i++)
        if (c->attempt.members[i].has_stats)
            stats_sum_add(sum, &c->attempt.members[i].stats);
    stats_sum_end(sum);
    return 0;
}

/* It does not answer, for `us` by now: told once, and shown in the status. */
static void note_silence(struct coordinator *c, struct member *m, int64_t us)
{
    if (m->stuck_node[0])
        return;
    if (m->running)
        log_write(c->options->log, LOG_LEVEL_WARNING, "worker %u does not answer", m->index);
    else
        log_write(c->options->log, LOG_LEVEL_WARNING,
                  "worker %u was told to start %lld s ago and does not run yet", m->index,
                  (long long)(us / 1000000));
    snprintf(m->stuck_node, sizeof(m->stuck_node), "?");
    m->stuck_us = us;
    m->stuck_at = coordinator_now(c);
}

/* One that restores may take its time and is not asked; after a while it is, and may name a node.
 */
static void ask(struct coordinator *c, struct member *m)
{
    struct streamd_error error;
    int64_t now = coordinator_now(c);

    if (!m->line)
        return;
    if (!m->running) {
        if (!c->attempt.begun_at || now - c->attempt.begun_at < STARTING_US)
            return;
        note_silence(c, m, now - c->attempt.begun_at);
    }
    if (!m->asked_at) {
        m->asked_at = now;
        (void)line_send(m->line, "stats", c->attempt.number, json_object(), NULL, 0, &error);
        return;
    }
    if (now - m->asked_at > SILENT_US)
        note_silence(c, m, now - m->asked_at);
}

void talk_watch(uv_timer_t *timer)
{
    struct coordinator *c = timer->data;
    struct arena arena = {0};
    struct worker_stats sum;

    if (c->phase != PHASE_RUNNING && c->phase != PHASE_STARTING)
        return;
    for (uint32_t i = 0; i < c->attempt.count; i++)
        ask(c, &c->attempt.members[i]);
    if (c->phase == PHASE_RUNNING && c->options->show && c->options->show_every_us &&
        !talk_sum(c, &arena, &sum))
        c->options->show(c->options->self, &sum);
    arena_clear(&arena);
}
