/* Workers of the storm: what the daemon's worker does with barriers, as small as can be. */
#include "storm.h"

#include <string.h>

/* ---- channels ----------------------------------------------------------------------------- */

static void push(struct storm *s, struct storm_channel *c, struct storm_frame frame)
{
    if (frame.kind == STORM_BARRIER && c->count > 0) {
        struct storm_frame *last = &c->frames[(c->head + c->count - 1u) % STORM_FRAMES];

        /* Barriers that follow each other: those before the last are of aborted checkpoints. */
        if (last->kind == STORM_BARRIER) {
            *last = frame;
            return;
        }
    }
    if (c->count == STORM_FRAMES)
        storm_broken(s, "a channel holds too many frames");
    c->frames[(c->head + c->count) % STORM_FRAMES] = frame;
    c->count++;
    c->records = (uint8_t)(c->records + (frame.kind == STORM_RECORD));
}

static struct storm_frame pull(struct storm_channel *c)
{
    struct storm_frame frame = c->frames[c->head];

    c->head = (uint8_t)((c->head + 1) % STORM_FRAMES);
    c->count--;
    c->records = (uint8_t)(c->records - (frame.kind == STORM_RECORD));
    return frame;
}

static int has_room(const struct storm *s, uint32_t worker, uint32_t node)
{
    const struct storm_node *n = &s->nodes[node];

    for (uint32_t k = 0; k < n->out_count; k++)
        for (uint32_t to = 0; to < s->workers; to++)
            if (s->channels[n->out[k]][worker][to].records >= s->slots)
                return 0;
    return 1;
}

/* A control frame to all consumers. */
static void send_all(struct storm *s, uint32_t worker, uint32_t node, struct storm_frame frame)
{
    const struct storm_node *n = &s->nodes[node];

    for (uint32_t k = 0; k < n->out_count; k++)
        for (uint32_t to = 0; to < s->workers; to++)
            if (!s->edges[n->out[k]].forward || to == worker)
                push(s, &s->channels[n->out[k]][worker][to], frame);
}

static void send_record(struct storm *s, uint32_t worker, uint32_t node, uint32_t record)
{
    const struct storm_node *n = &s->nodes[node];
    struct storm_frame frame = {.kind = STORM_RECORD, .record = (uint8_t)record};

    for (uint32_t k = 0; k < n->out_count; k++) {
        uint32_t to = s->edges[n->out[k]].forward ? worker : storm_owner(record, s->workers);

        push(s, &s->channels[n->out[k]][worker][to], frame);
    }
}

/* ---- snapshots ---------------------------------------------------------------------------- */

/* A sink makes a committable of what it has written. */
static void prepare(struct storm *s, struct storm_task *t, uint64_t id)
{
    struct storm_state *state = &t->state;
    struct storm_committable *c;
    uint64_t any = 0;

    for (uint32_t k = 0; k < STORM_INS; k++)
        any |= t->open[k];
    if (!any)
        return;
    if (state->pending_count == STORM_PREPARED)
        state->pending_count--; /* joins the last one, under a new name */
    else
        memset(&state->pending[state->pending_count], 0, sizeof(*state->pending));
    c = &state->pending[state->pending_count++];
    c->key = ++s->next_key;
    c->id = id;
    for (uint32_t k = 0; k < STORM_INS; k++) {
        c->mask[k] |= t->open[k];
        t->open[k] = 0;
    }
    if (s->next_key == STORM_KEYS)
        storm_broken(s, "too many committables");
}

/* The task has the barrier on all inputs. */
static void freeze(struct storm *s, uint32_t worker, uint32_t node, uint64_t id)
{
    struct storm_worker *w = &s->worker[worker];
    struct storm_task *t = &w->tasks[node];

    if (id <= t->frozen_id)
        storm_broken(s, "task %u of worker %u takes checkpoint %llu twice", node, worker,
                     (unsigned long long)id);
    storm_trace(s, "w%u n%u freezes %llu", worker, node, (unsigned long long)id);
    if (s->nodes[node].kind == STORM_SINK)
        prepare(s, t, id);
    t->frozen = t->state;
    t->frozen_id = id;
    if (!t->ended)
        send_all(s, worker, node, (struct storm_frame){.kind = STORM_BARRIER, .id = id});
    if (s->nodes[node].kind == STORM_SOURCE && w->stop == id)
        t->held = id;
    w->write_id = id;
    for (uint32_t i = 0; i < s->node_count; i++)
        if (w->tasks[i].frozen_id != id)
            w->write_id = 0; /* what was to be written for an older one is void by now */
}

void storm_write_step(struct storm *s, uint32_t worker)
{
    struct storm_worker *w = &s->worker[worker];
    struct storm_message m = {.kind = STORM_ACK, .id = w->write_id};

    if (!w->alive || w->write_id == 0)
        return;
    if (s->building.id != w->write_id || storm_chance(s, s->faults.decline)) {
        m.kind = STORM_DECLINE;
    } else {
        for (uint32_t i = 0; i < s->node_count; i++)
            s->building.states[worker][i] = w->tasks[i].frozen;
        s->building.written[worker] = 1;
    }
    w->write_id = 0;
    storm_send(s, &w->outbox, m);
}

/* ---- commits ------------------------------------------------------------------------------ */

/* The outside takes a committable: by its name, any number of times. */
static void commit(struct storm *s, uint32_t node, const struct storm_committable *c, uint64_t id)
{
    if (id > s->complete.id || id > s->commit_started)
        storm_broken(s, "commit of %llu, but %llu is complete and %llu recorded",
                     (unsigned long long)id, (unsigned long long)s->complete.id,
                     (unsigned long long)s->commit_started);
    if (s->committed_key[c->key]) {
        s->recommitted++;
        return;
    }
    for (uint32_t k = 0; k < STORM_INS; k++) {
        if (s->committed[node][k] & c->mask[k])
            storm_broken(s, "sink %u shows records twice", node);
        s->committed[node][k] |= c->mask[k];
    }
    s->committed_key[c->key] = 1;
}

/* One sink commits everything up to the checkpoint; behind the last one the coordinator hears. */
void storm_commit_step(struct storm *s, uint32_t worker)
{
    struct storm_worker *w = &s->worker[worker];
    struct storm_message m = {.kind = w->starting ? STORM_RUNNING : STORM_COMMITTED,
                              .id = w->commit_id};

    if (!w->alive || !w->committing)
        return;
    if (w->commit_next < s->node_count) {
        struct storm_state *state = &w->tasks[w->commit_next].state;
        uint32_t kept = 0;

        for (uint32_t i = 0; i < state->pending_count; i++) {
            if (state->pending[i].id <= w->commit_id)
                commit(s, w->commit_next, &state->pending[i], w->commit_id);
            else
                state->pending[kept++] = state->pending[i];
        }
        state->pending_count = kept;
        w->commit_next++;
        return;
    }
    storm_trace(s, "w%u committed %llu", worker, (unsigned long long)w->commit_id);
    w->committing = 0;
    w->committed = w->commit_id;
    w->running |= w->starting;
    storm_send(s, &w->outbox, m);
}

/* ---- frames ------------------------------------------------------------------------------- */

static void count(struct storm *s, uint32_t worker, uint32_t node, uint32_t in, uint32_t record)
{
    struct storm_task *t = &s->worker[worker].tasks[node];
    const struct storm_node *n = &s->nodes[node];
    uint64_t bit = 1ull << record;

    if (t->state.seen[in] & bit)
        storm_broken(s, "record %u counts twice at node %u", record, node);
    t->state.seen[in] |= bit;
    if (n->kind == STORM_SINK) {
        t->open[in] |= bit;
        return;
    }
    /* An operator with several inputs passes a record on when it has come on all it can come on. */
    for (uint32_t k = 0; k < n->in_count; k++)
        if ((s->edges[n->in[k]].reach & bit) && !(t->state.seen[k] & bit))
            return;
    send_record(s, worker, node, record);
}

static void end(struct storm *s, uint32_t worker, uint32_t node)
{
    struct storm_worker *w = &s->worker[worker];

    send_all(s, worker, node, (struct storm_frame){.kind = STORM_END});
    w->tasks[node].ended = 1;
    for (uint32_t i = 0; i < s->node_count; i++)
        if (!w->tasks[i].ended)
            return;
    w->finished = 1;
    storm_send(s, &w->outbox, (struct storm_message){.kind = STORM_FINISHED});
}

static void source_step(struct storm *s, uint32_t worker, uint32_t node)
{
    struct storm_task *t = &s->worker[worker].tasks[node];
    uint32_t first = storm_pick(s, STORM_SPLITS);

    if (t->held || t->ended)
        return;
    for (uint32_t i = 0; i < s->splits[node]; i++) {
        uint32_t split = (first + i) % s->splits[node];

        if (t->state.owns[split] && t->state.position[split] < s->split_end[node][split]) {
            send_record(s, worker, node, t->state.position[split]++);
            return;
        }
    }
    end(s, worker, node);
}

void storm_task_step(struct storm *s, uint32_t worker, uint32_t node)
{
    struct storm_worker *w = &s->worker[worker];
    struct storm_task *t = &w->tasks[node];
    uint32_t first;

    if (!w->alive || !w->running || t->ended || !has_room(s, worker, node))
        return;
    if (s->nodes[node].kind == STORM_SOURCE) {
        source_step(s, worker, node);
        return;
    }
    first = storm_pick(s, t->align.count);
    for (uint32_t i = 0; i < t->align.count; i++) {
        uint32_t in = (first + i) % t->align.count;
        struct storm_channel *c = &s->channels[t->input_edge[in]][t->input_from[in]][worker];
        struct storm_frame frame;
        uint64_t aligned = 0;

        if (c->count == 0 || align_is_blocked(&t->align, in))
            continue;
        frame = pull(c);
        if (frame.kind == STORM_RECORD)
            count(s, worker, node, s->edges[t->input_edge[in]].in, frame.record);
        else if (frame.kind == STORM_BARRIER)
            aligned = align_barrier(&t->align, in, frame.id);
        else
            aligned = align_end(&t->align, in);
        if (aligned)
            freeze(s, worker, node, aligned);
        if (t->align.open == 0)
            end(s, worker, node);
        return;
    }
}

/* ---- messages ----------------------------------------------------------------------------- */

static void trigger(struct storm *s, uint32_t worker, const struct storm_message *m)
{
    struct storm_worker *w = &s->worker[worker];

    if (m->trigger != PROTOCOL_CHECKPOINT)
        w->stop = m->id;
    for (uint32_t i = 0; i < s->node_count; i++) {
        uint64_t aligned = align_trigger(&w->tasks[i].align, m->id);

        if (aligned)
            freeze(s, worker, i, aligned);
    }
}

static void aborted(struct storm *s, struct storm_worker *w, uint64_t id)
{
    if (w->write_id == id)
        w->write_id = 0;
    for (uint32_t i = 0; i < s->node_count; i++) {
        align_abort(&w->tasks[i].align, id);
        if (w->tasks[i].held == id)
            w->tasks[i].held = 0;
    }
}

void storm_message_step(struct storm *s, uint32_t worker)
{
    struct storm_worker *w = &s->worker[worker];
    struct storm_message m;

    if (!w->alive || !storm_receive(&w->inbox, &m))
        return;
    switch (m.kind) {
    case PROTOCOL_START:
    case PROTOCOL_COMPLETE:
        if (w->committing)
            storm_broken(s, "worker %u commits two checkpoints at once", worker);
        w->committing = 1;
        w->starting = m.kind == PROTOCOL_START;
        w->commit_id = m.id;
        w->commit_next = 0;
        break;
    case PROTOCOL_TRIGGER:
        trigger(s, worker, &m);
        break;
    case PROTOCOL_ABORT:
        aborted(s, w, m.id);
        break;
    default:
        storm_broken(s, "a message of kind %u", m.kind);
    }
}

/* ---- attempts ----------------------------------------------------------------------------- */

/* The part of the old tasks' state that belongs to one new task. */
static void restore(const struct storm *s, uint32_t worker, uint32_t node, struct storm_state *to)
{
    const struct storm_checkpoint *c = &s->complete;

    memset(to, 0, sizeof(*to));
    for (uint32_t split = 0; split < s->splits[node]; split++) {
        to->owns[split] = split % s->workers == worker;
        to->position[split] = s->split_first[node][split];
    }
    for (uint32_t from = 0; from < (c->id ? c->workers : 0); from++) {
        const struct storm_state *old = &c->states[from][node];

        for (uint32_t k = 0; k < s->nodes[node].in_count; k++)
            to->seen[k] |= old->seen[k] & s->owned[worker];
        for (uint32_t split = 0; split < s->splits[node]; split++)
            if (old->owns[split] && to->owns[split])
                to->position[split] = old->position[split];
        for (uint32_t i = 0; from % s->workers == worker && i < old->pending_count; i++)
            to->pending[to->pending_count++] = old->pending[i];
    }
}

static void connect(struct storm *s, uint32_t worker, uint32_t node)
{
    struct storm_task *t = &s->worker[worker].tasks[node];
    const struct storm_node *n = &s->nodes[node];
    uint32_t inputs = 0;

    for (uint32_t k = 0; k < n->in_count; k++) {
        for (uint32_t from = 0; from < s->workers; from++) {
            if (s->edges[n->in[k]].forward && from != worker)
                continue;
            t->input_edge[inputs] = n->in[k];
            t->input_from[inputs++] = (uint8_t)from;
        }
    }
    align_init(&t->align, t->inputs, inputs);
}

void storm_start_workers(struct storm *s)
{
    memset(s->worker, 0, sizeof(s->worker));
    memset(s->channels, 0, sizeof(s->channels));
    memset(s->owned, 0, sizeof(s->owned));
    for (uint32_t r = 0; r < STORM_RECORDS; r++)
        s->owned[storm_owner(r, s->workers)] |= 1ull << r;
    for (uint32_t w = 0; w < s->workers; w++) {
        s->worker[w].alive = 1;
        for (uint32_t i = 0; i < s->node_count; i++) {
            restore(s, w, i, &s->worker[w].tasks[i].state);
            connect(s, w, i);
        }
    }
}

void storm_kill_worker(struct storm *s, uint32_t worker)
{
    struct storm_worker *w = &s->worker[worker];

    if (!w->alive)
        return;
    storm_trace(s, "w%u is killed", worker);
    w->alive = 0;
    s->kills++;
    storm_send(s, &w->outbox, (struct storm_message){.kind = STORM_LOST});
}
