/* The coordinator of the storm: the shell around the protocol, its metadata thread and its store.
 */
#include "storm.h"

#include <string.h>

static void carry_out(struct storm *s, const struct protocol_decisions *out);

/* ---- the store ---------------------------------------------------------------------------- */

/* Records of splits that lie before their positions. */
static uint64_t read_by_source(const struct storm *s, uint32_t node,
                               const struct storm_checkpoint *c)
{
    uint64_t out = 0;

    for (uint32_t split = 0; split < s->splits[node]; split++)
        for (uint32_t w = 0; w < c->workers; w++)
            for (uint32_t r = s->split_first[node][split];
                 c->states[w][node].owns[split] && r < c->states[w][node].position[split]; r++)
                out |= 1ull << r;
    return out;
}

uint64_t storm_gone_out(const struct storm *s, uint32_t node, const struct storm_checkpoint *c)
{
    const struct storm_node *n = &s->nodes[node];
    uint64_t reach = 0, everywhere = UINT64_MAX;

    if (n->kind == STORM_SOURCE)
        return read_by_source(s, node, c);
    for (uint32_t k = 0; k < n->in_count; k++) {
        uint64_t seen = 0, can = s->edges[n->in[k]].reach;

        for (uint32_t w = 0; w < c->workers; w++)
            seen |= c->states[w][node].seen[k];
        reach |= can;
        everywhere &= seen | ~can;
    }
    return reach & everywhere;
}

/* The files of a checkpoint are one cut: every node has counted what its producers had sent. */
static void check_cut(struct storm *s, const struct storm_checkpoint *c)
{
    for (uint32_t e = 0; e < s->edge_count; e++) {
        const struct storm_edge *edge = &s->edges[e];
        uint64_t sent = storm_gone_out(s, edge->from, c), counted = 0;

        for (uint32_t w = 0; w < c->workers; w++) {
            uint64_t seen = c->states[w][edge->to].seen[edge->in];

            if (counted & seen)
                storm_broken(s, "checkpoint %llu: two tasks of node %u counted a record",
                             (unsigned long long)c->id, edge->to);
            counted |= seen;
        }
        if (sent != counted)
            storm_broken(s, "checkpoint %llu: node %u sent %llx, node %u counted %llx",
                         (unsigned long long)c->id, edge->from, (unsigned long long)sent, edge->to,
                         (unsigned long long)counted);
    }
}

static void write_manifest(struct storm *s)
{
    if (s->building.id != s->op_id)
        storm_broken(s, "a manifest for %llu, which is void", (unsigned long long)s->op_id);
    for (uint32_t w = 0; w < s->building.workers; w++)
        if (!s->building.written[w])
            storm_broken(s, "a manifest for %llu, but worker %u has no file",
                         (unsigned long long)s->op_id, w);
    check_cut(s, &s->building);
    s->previous = s->complete;
    s->complete = s->building;
    s->building.id = 0;
}

/* ---- the metadata thread ------------------------------------------------------------------ */

static void take_effect(struct storm *s)
{
    switch (s->op) {
    case PROTOCOL_ALLOCATE:
        if (s->view < s->allocated)
            storm_broken(s, "id %llu is handed out twice", (unsigned long long)s->view + 1);
        s->op_id = ++s->allocated;
        s->building.id = s->op_id;
        s->building.workers = s->workers;
        memset(s->building.written, 0, sizeof(s->building.written));
        break;
    case PROTOCOL_WRITE_MANIFEST:
        write_manifest(s);
        break;
    default:
        if (s->op_id > s->commit_started)
            s->commit_started = s->op_id;
    }
}

static void answer_op(struct storm *s)
{
    struct protocol_decisions out;
    uint32_t op = s->op;

    s->op = 0;
    if (op == PROTOCOL_ALLOCATE)
        protocol_allocated(&s->protocol, s->now, s->outcome, s->op_id, "disk", &out);
    else if (op == PROTOCOL_WRITE_MANIFEST)
        protocol_manifest(&s->protocol, s->now, s->outcome, "disk", &out);
    else
        protocol_recorded(&s->protocol, s->now, s->outcome, "disk", &out);
    carry_out(s, &out);
}

/* Two steps, so that a crash may fall between what was done and its answer. */
void storm_metadata_step(struct storm *s)
{
    if (s->op == 0)
        return;
    if (s->op_done) {
        answer_op(s);
        return;
    }
    s->op_done = 1;
    s->outcome = PROTOCOL_DONE;
    /* A commit that is said to have failed may be durable, and the connection does not know. */
    if (storm_chance(s, s->faults.unknown)) {
        s->outcome = PROTOCOL_UNKNOWN;
        if (storm_pick(s, 2))
            take_effect(s);
        return;
    } else if (storm_chance(s, s->faults.io)) {
        s->outcome = PROTOCOL_NOT_DONE;
        return;
    }
    take_effect(s);
    s->view = s->allocated;
}

/* ---- decisions ---------------------------------------------------------------------------- */

static void start_op(struct storm *s, const struct protocol_decision *d)
{
    if (s->op != 0)
        storm_broken(s, "two things at once on the metadata thread");
    s->op = d->kind;
    s->op_id = d->checkpoint;
    s->op_done = 0;
}

static void tell_workers(struct storm *s, const struct protocol_decision *d)
{
    struct storm_message m = {.kind = d->kind, .trigger = d->trigger, .id = d->checkpoint};

    for (uint32_t w = 0; w < s->workers; w++)
        if (s->worker[w].alive)
            storm_send(s, &s->worker[w].inbox, m);
}

/* What must hold when a decision goes out. */
static void check_decision(struct storm *s, const struct protocol_decision *d)
{
    uint64_t id = d->checkpoint;

    if (d->kind == PROTOCOL_TRIGGER && (id <= s->triggered || id != s->building.id))
        storm_broken(s, "trigger of %llu, which is used or void", (unsigned long long)id);
    if (d->kind == PROTOCOL_TRIGGER)
        s->triggered = id;
    for (uint32_t w = 0; d->kind == PROTOCOL_FINALISED && w < s->workers; w++)
        if (s->worker[w].alive && (!s->worker[w].running || s->worker[w].committing))
            storm_broken(s, "%llu is final, but worker %u still commits", (unsigned long long)id,
                         w);
    if (d->kind == PROTOCOL_ABORT && id == s->complete.id)
        storm_broken(s, "abort of %llu, which is complete", (unsigned long long)id);
    if ((d->kind == PROTOCOL_COMPLETE || d->kind == PROTOCOL_START) &&
        (id != s->complete.id || id > s->commit_started))
        storm_broken(s, "sinks are to commit %llu, but %llu is complete and %llu recorded",
                     (unsigned long long)id, (unsigned long long)s->complete.id,
                     (unsigned long long)s->commit_started);
}

static void note_answer(struct storm *s, const struct protocol_decision *d)
{
    if (d->request >= STORM_REQUESTS || s->asked[d->request] != 1)
        storm_broken(s, "request %llu was not asked, or answered before",
                     (unsigned long long)d->request);
    if (d->checkpoint && d->checkpoint != s->complete.id)
        storm_broken(s, "request %llu is answered with %llu, which is not complete",
                     (unsigned long long)d->request, (unsigned long long)d->checkpoint);
    for (uint32_t w = 0; d->checkpoint && w < s->workers; w++)
        if (s->worker[w].alive && s->worker[w].committed != d->checkpoint)
            storm_broken(s, "request %llu is answered with %llu, which worker %u has to commit",
                         (unsigned long long)d->request, (unsigned long long)d->checkpoint, w);
    if (d->checkpoint && d->checkpoint <= s->finalised)
        storm_broken(s, "request %llu is answered with %llu, which may have been removed",
                     (unsigned long long)d->request, (unsigned long long)d->checkpoint);
    if (d->checkpoint && d->checkpoint <= s->asked_at[d->request] &&
        s->protocol.trigger == PROTOCOL_CHECKPOINT)
        storm_broken(s, "request %llu is answered with what began before it",
                     (unsigned long long)d->request);
    s->asked[d->request] = 2;
    s->answers++;
    if (d->checkpoint && s->wish[d->request] == PROTOCOL_WISH_RESCALE)
        s->next_workers = 1 + storm_pick(s, STORM_WORKERS);
}

static void kill_all(struct storm *s)
{
    for (uint32_t w = 0; w < s->workers; w++)
        memset(&s->worker[w], 0, sizeof(s->worker[w]));
}

static void fail_attempt(struct storm *s)
{
    struct restart_failure failure = {STREAMD_FAIL_TASK, NULL};
    struct restart_decision d = restart_failed(&s->restart, s->now, &failure);

    if (d.reason != RESTART_AGAIN)
        storm_broken(s, "the exponential policy gave up");
    kill_all(s);
    s->attempt_wanted = 1;
    s->begin_at = s->now + d.delay_us / 100;
    s->restarts++;
}

static void end_attempt(struct storm *s)
{
    struct protocol_decisions out;

    kill_all(s);
    protocol_ended(&s->protocol, &out);
    s->attempt_wanted = 1;
    s->begin_at = s->now;
}

/* Everybody has been answered: with this checkpoint, where nothing else served. */
static void all_done(struct storm *s)
{
    s->done = 1;
    for (uint32_t i = 0; i < STORM_REQUESTS; i++)
        if (s->asked[i] == 1)
            storm_broken(s, "request %u was never answered", i);
}

/* 0: the process ends here. */
static int carry_out_one(struct storm *s, const struct protocol_decision *d)
{
    check_decision(s, d);
    switch (d->kind) {
    case PROTOCOL_ALLOCATE:
    case PROTOCOL_WRITE_MANIFEST:
    case PROTOCOL_RECORD_COMMIT:
        start_op(s, d);
        return 1;
    case PROTOCOL_ABORT:
        if (s->building.id == d->checkpoint)
            s->building.id = 0;
        s->aborted++;
        tell_workers(s, d);
        return 1;
    case PROTOCOL_START:
    case PROTOCOL_TRIGGER:
    case PROTOCOL_COMPLETE:
        tell_workers(s, d);
        return 1;
    case PROTOCOL_FINALISED:
        s->completed++;
        s->finalised = d->checkpoint;
        return 1;
    case PROTOCOL_ANSWER:
        note_answer(s, d);
        return 1;
    case PROTOCOL_END_ATTEMPT:
        end_attempt(s);
        return 1;
    case PROTOCOL_FAIL_ATTEMPT:
        fail_attempt(s);
        return 1;
    case PROTOCOL_ALL_DONE:
        all_done(s);
        return 0;
    case PROTOCOL_EXIT:
    default:
        storm_kill_coordinator(s);
        return 0;
    }
}

static void carry_out(struct storm *s, const struct protocol_decisions *out)
{
    static const char *const words[] = {
        "",         "allocate",  "manifest", "record", "start",    "trigger", "abort",
        "complete", "finalised", "answer",   "end",    "all done", "fail",    "exit",
    };

    for (uint32_t i = 0; i < out->count; i++) {
        storm_trace(s, "coordinator: %s %llu", words[out->list[i].kind],
                    (unsigned long long)out->list[i].checkpoint);
        if (!carry_out_one(s, &out->list[i]))
            return;
    }
}

/* ---- facts -------------------------------------------------------------------------------- */

void storm_receive_step(struct storm *s, uint32_t worker)
{
    struct protocol_decisions out = {0};
    struct protocol *p = &s->protocol;
    struct storm_message m;

    if (!storm_receive(&s->worker[worker].outbox, &m))
        return;
    switch (m.kind) {
    case STORM_RUNNING:
        protocol_running(p, s->now, worker, &out);
        if (p->attempt == PROTOCOL_RUNNING)
            restart_running(&s->restart, s->now);
        break;
    case STORM_ACK:
        protocol_ack(p, s->now, worker, m.id, &out);
        break;
    case STORM_DECLINE:
        protocol_decline(p, s->now, worker, m.id, "no space", &out);
        break;
    case STORM_COMMITTED:
        protocol_committed(p, s->now, worker, m.id, &out);
        break;
    case STORM_FINISHED:
        protocol_finished(p, s->now, worker, &out);
        break;
    default:
        protocol_worker_lost(p, s->now, worker, "killed", &out);
    }
    carry_out(s, &out);
}

/* The newest checkpoint may be damaged; the one before it will do where no sink has been told. */
static void fall_back(struct storm *s)
{
    if (s->complete.id > s->commit_started && storm_chance(s, s->faults.damage)) {
        storm_trace(s, "checkpoint %llu is damaged", (unsigned long long)s->complete.id);
        s->complete = s->previous;
    }
}

void storm_time_step(struct storm *s)
{
    struct protocol_decisions out;

    if (s->attempt_wanted && s->now >= s->begin_at && protocol_is_settled(&s->protocol)) {
        s->attempt_wanted = 0;
        s->workers = s->next_workers;
        fall_back(s);
        storm_start_workers(s);
        protocol_begin(&s->protocol, s->now, s->protocol_workers, s->workers, s->complete.id, &out);
    } else {
        protocol_tick(&s->protocol, s->now, &out);
    }
    carry_out(s, &out);
}

void storm_ask(struct storm *s)
{
    struct protocol_decisions out;
    enum protocol_wish wish = (enum protocol_wish)(1 + storm_pick(s, 3));
    uint64_t request = s->protocol.next_request + 1;

    if (request >= STORM_REQUESTS || s->done)
        return;
    /* Known before it is asked: the answer may be among the decisions. */
    s->asked[request] = 1;
    s->asked_at[request] = s->triggered;
    s->wish[request] = (uint8_t)wish;
    if (protocol_ask(&s->protocol, s->now, wish, &out) != request)
        s->asked[request] = 0;
    carry_out(s, &out);
}

/* ---- processes ---------------------------------------------------------------------------- */

void storm_start_coordinator(struct storm *s)
{
    protocol_init(&s->protocol, &s->settings);
    restart_init(&s->restart, &restart_default);
    memset(s->asked, 0, sizeof(s->asked));
    s->view = s->allocated;
    s->building.id = 0;
    s->op = 0;
    s->attempt_wanted = 1;
    s->begin_at = s->now;
}

void storm_kill_coordinator(struct storm *s)
{
    storm_trace(s, "the coordinator is gone");
    /* What its metadata thread was doing happened, or did not. */
    if (s->op != 0 && !s->op_done && storm_pick(s, 2))
        take_effect(s);
    kill_all(s);
    s->kills++;
    if (storm_pick(s, 4) == 0)
        s->next_workers = 1 + storm_pick(s, STORM_WORKERS);
    storm_start_coordinator(s);
}
