/*
 * Channels are made from the plan alone. Both ends of a channel inside this worker are one object;
 * of a channel between two workers this worker has one end, over a ring whose number both compute.
 * Who reads a channel frees it; a ring's sender is freed by the edge.
 */
#include "worker/edge.h"

#include "base/error.h"
#include "columnar/pool.h"
#include "exchange/router.h"
#include "exchange/wake.h"
#include "graph/spread.h"

/* ---- sending ------------------------------------------------------------------------------ */

int edge_has_room(const struct edge *e)
{
    return router_has_room(e->router);
}

int edge_send(struct edge *e, struct streamd_batch *batch)
{
    return router_send(e->router, batch);
}

int edge_control(struct edge *e, enum channel_frame_kind kind, int64_t time)
{
    return router_control(e->router, kind, time);
}

const char *edge_trouble(const struct edge *e)
{
    const char *trouble = router_trouble(e->router);

    return trouble[0] ? trouble : "out of memory for a batch";
}

int edges_pump(struct worker *w)
{
    for (size_t i = 0; i < w->senders.count; i++) {
        const struct sender *s = &w->senders.items[i];

        if (channel_pump(s->channel) < 0)
            return task_fail(s->task, STREAMD_FAIL_TASK, 5550, channel_trouble(s->channel));
    }
    return 0;
}

/* ---- making ------------------------------------------------------------------------------- */

/* How many channels the task has for an input. */
static uint32_t writers_of(const struct plan *plan, const struct plan_input *in)
{
    return in->exchange == PLAN_FORWARD ? 1 : plan->nodes[in->node].parallelism;
}

static struct edge *add_edge(struct task *writer, const struct plan_node *reader,
                             const struct plan_input *in)
{
    struct task_output *output = &writer->outputs[in->output];
    struct edge *grown =
        memory_realloc(output->edges, (size_t)output->count + 1, sizeof(*output->edges));
    struct edge *e;

    if (!grown)
        return NULL;
    output->edges = grown;
    e = &grown[output->count];
    *e = (struct edge){.plan = in, .count = in->exchange == PLAN_FORWARD ? 1 : reader->parallelism};
    e->channels = memory_zalloc(e->count, sizeof(struct channel *));
    if (!e->channels)
        return NULL;
    output->count++;
    return e;
}

/* Is a key of this edge of variable length? Its hash costs more than it takes to send it. */
static int has_text_key(const struct plan_input *in, const struct streamd_schema *schema)
{
    for (uint32_t i = 0; i < in->key_count; i++)
        if (streamd_type_width(schema->fields[in->key_fields[i]].type.id) == 0)
            return 1;
    return 0;
}

/* The end of a ring in the memory of worker `at`; the other end is in worker `peer`. */
static struct channel_ring ring_of(const struct worker *w, uint32_t at, uint32_t peer,
                                   uint32_t node, uint32_t input, uint32_t producer)
{
    const struct plan_input *in = &w->plan->nodes[node].inputs[input];
    const struct streamd_schema *schema = w->plan->nodes[in->node].outputs[in->output].schema;

    return (struct channel_ring){
        .segment = w->options.links.segments[at],
        .ring = spread_ring(w->plan, at, node, input, producer),
        .peer = &w->options.links.wakes[peer],
        .schema = schema,
        .key_hash = in->exchange == PLAN_HASH && has_text_key(in, schema),
    };
}

/* The channels by which other workers' tasks read what this worker's task writes. */
static int make_senders(struct worker *w, struct edge *e, uint32_t node, uint32_t input)
{
    uint32_t self = w->options.links.self;

    for (uint32_t to = 0; to < e->count; to++) {
        struct sender sender = {.task = &w->tasks[e->plan->node]};
        struct channel_ring ring;

        if (e->channels[to])
            continue; /* the one inside this worker */
        ring = ring_of(w, to, to, node, input, self);
        sender.channel = channel_new_sender(&ring, w->options.channel_slots);
        if (!sender.channel)
            return STREAMD_E_NOMEM;
        if (array_push(&w->senders, sender)) {
            channel_free(sender.channel);
            return STREAMD_E_NOMEM;
        }
        e->channels[to] = sender.channel;
    }
    return 0;
}

static struct channel *make_receiver(struct worker *w, uint32_t node, uint32_t input, uint32_t from)
{
    const struct plan_input *in = &w->plan->nodes[node].inputs[input];
    const struct plan_node *writer = &w->plan->nodes[in->node];
    struct channel_ring ring = ring_of(w, w->options.links.self, from, node, input, from);

    return channel_new_receiver(&ring, w->pool, writer->outputs[in->output].needed,
                                writer->event_time.has);
}

static int make_router(struct worker *w, struct edge *e)
{
    static const enum router_kind kinds[] = {[PLAN_FORWARD] = ROUTER_FORWARD,
                                             [PLAN_HASH] = ROUTER_HASH,
                                             [PLAN_REBALANCE] = ROUTER_REBALANCE,
                                             [PLAN_GLOBAL] = ROUTER_GLOBAL};
    const struct plan_input *in = e->plan;
    const struct router_spec spec = {
        .kind = kinds[in->exchange],
        .consumers = e->channels,
        .count = e->count,
        .first = w->options.links.self,
        .schema = w->plan->nodes[in->node].outputs[in->output].schema,
        .key_fields = in->key_fields,
        .key_count = in->key_count,
        .key_groups = w->plan->key_groups,
    };

    e->router = router_new(&spec);
    return e->router ? 0 : STREAMD_E_NOMEM;
}

/* All channels of one input of one node that have an end in this worker. */
static int make_input(struct worker *w, uint32_t node, uint32_t input)
{
    struct task *reader = &w->tasks[node];
    const struct plan_input *in = &reader->plan->inputs[input];
    struct task *writer = &w->tasks[in->node];
    uint32_t writers = writers_of(w->plan, in), self = w->options.links.self;
    struct edge *e = writer->absent ? NULL : add_edge(writer, reader->plan, in);

    if (!writer->absent && !e)
        return STREAMD_E_NOMEM;
    for (uint32_t from = 0; !reader->absent && from < writers; from++) {
        int local = in->exchange == PLAN_FORWARD || from == self;
        struct channel *c =
            local ? channel_new(w->options.channel_slots) : make_receiver(w, node, input, from);

        if (!c)
            return STREAMD_E_NOMEM;
        reader->channels[reader->channel_count++] =
            (struct task_input){.channel = c, .input = input};
        if (local)
            e->channels[in->exchange == PLAN_FORWARD ? 0 : self] = c;
    }
    reader->open[input] = writers;
    if (!e)
        return 0;
    return in->exchange != PLAN_FORWARD && make_senders(w, e, node, input) ? STREAMD_E_NOMEM
                                                                           : make_router(w, e);
}

/* Room for the channels of a task, and what is kept for each. */
static int reserve_channels(struct worker *w, struct task *n)
{
    uint32_t count = 0;

    for (uint32_t k = 0; k < n->plan->input_count; k++)
        count += writers_of(w->plan, &n->plan->inputs[k]);
    n->channels = memory_zalloc(count, sizeof(*n->channels));
    n->valve_inputs = memory_zalloc(count, sizeof(*n->valve_inputs));
    n->align_inputs = memory_zalloc(count, sizeof(*n->align_inputs));
    n->open = memory_zalloc(n->plan->input_count, sizeof(*n->open));
    if (!n->channels || !n->valve_inputs || !n->align_inputs || !n->open)
        return STREAMD_E_NOMEM;
    return 0;
}

int edges_make(struct worker *w, struct streamd_error *error)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        if (reserve_channels(w, n))
            return error_set_nomem(error);
        for (uint32_t k = 0; k < n->plan->input_count; k++)
            if (make_input(w, i, k))
                return error_set_nomem(error);
        n->inputs_open = n->plan->input_count;
        n->ungreeted = n->channel_count;
        valve_init(&n->valve, n->valve_inputs, n->channel_count);
        align_init(&n->align, n->align_inputs, n->channel_count);
    }
    return 0;
}

void edges_clear(struct worker *w)
{
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        for (uint32_t k = 0; k < n->channel_count; k++)
            channel_free(n->channels[k].channel);
        for (uint32_t k = 0; n->outputs && k < n->plan->output_count; k++) {
            for (uint32_t j = 0; j < n->outputs[k].count; j++) {
                router_free(n->outputs[k].edges[j].router);
                memory_free(n->outputs[k].edges[j].channels);
            }
            memory_free(n->outputs[k].edges);
        }
        memory_free(n->channels);
        memory_free(n->valve_inputs);
        memory_free(n->align_inputs);
        memory_free(n->open);
    }
    for (size_t i = 0; i < w->senders.count; i++)
        channel_free(w->senders.items[i].channel);
    array_clear(&w->senders);
}
