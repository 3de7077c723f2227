/*
 * A link is one channel of the graph. With R1 it has a channel of its own; with shared rings it
 * borrows that of the two workers, and its frames carry its number: in the first column of rows, in
 * the upper half of a control frame's time. Whoever is not at the head of a shared ring waits.
 */
#include "graph_sim.h"

#include "exchange/channel.h"
#include "exchange/segment.h"
#include "exchange/wake.h"
#include "progress/align.h"
#include "random_batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WORKERS = 4, NODES = 8, INPUTS = 3, MOST_ROWS = 9, STALLED = 60 };
enum { TASKS = NODES * WORKERS, LINKS = TASKS * INPUTS * WORKERS, CHECKPOINTS = 12 };

static const struct streamd_field fields[] = {{"link", {.id = STREAMD_INT64}},
                                              {"n", {.id = STREAMD_INT64}}};
static const struct streamd_schema schema = {2, fields};

struct pipe {
    struct channel *to, *from;
    struct channel_frame head; /* shared: taken, and not yet fetched by its link */
    int has_head;
};

struct link {
    struct pipe *pipe;
    uint64_t sent, received;
    uint64_t before[CHECKPOINTS + 1]; /* rows sent before barrier n */
};

struct task {
    uint32_t node, worker;
    int is_source, ended;
    uint32_t left;    /* source: batches to come; else: of the event at hand */
    uint64_t trigger; /* heard of, not yet handled */
    uint32_t inputs[INPUTS * WORKERS], input_count;
    uint32_t outputs[LINKS / 4], output_count;
    struct align align;
    struct align_input align_inputs[INPUTS * WORKERS];
};

/* What the coordinator tells a worker, in order: n is a trigger, -n an abort. */
struct mailbox {
    int64_t words[2 * CHECKPOINTS];
    uint32_t written, read;
};

struct sim {
    struct sim_options options;
    struct sim_result result;
    uint64_t seed;
    uint32_t workers, node_count, task_count, link_count, pipe_count;
    uint32_t parallelism[NODES], from[NODES][INPUTS], input_count[NODES];
    struct task tasks[TASKS];
    struct link links[LINKS];
    struct pipe pipes[LINKS];
    int memfd[WORKERS];
    struct segment *segments[WORKERS];
    struct wake wakes[WORKERS];
    uint32_t rings[WORKERS];
    struct mailbox mail[WORKERS];
    struct batch_pool *pool;
    uint64_t checkpoint;
    uint32_t acks;
    int open; /* the checkpoint is neither complete nor aborted */
};

static void must(int right)
{
    if (!right)
        abort();
}

static uint32_t below(struct sim *s, uint32_t n)
{
    return random_below(&s->seed, n);
}

static void wrong(struct sim *s, const char *what)
{
    if (!s->result.wrong)
        s->result.wrong = what;
}

/* ---- links ----------------------------------------------------------------------------------- */

static int link_has_room(const struct link *l)
{
    return channel_has_room(l->pipe->to);
}

static void link_send(struct sim *s, uint32_t number, uint32_t rows)
{
    struct link *l = &s->links[number];
    struct streamd_batch *b = batch_new(s->pool, &schema, MOST_ROWS * 2);
    uint16_t *list = batch_alloc(b, rows * sizeof(*list));

    b->event_time = NULL;
    for (uint32_t i = 0; i < rows; i++) {
        list[i] = (uint16_t)(i * 2);
        ((int64_t *)b->columns[0].values)[i * 2] = number;
        ((int64_t *)b->columns[1].values)[i * 2] = (int64_t)l->sent++;
    }
    b->rows = rows * 2;
    must(channel_send_rows(l->pipe->to, b, list, rows) == 0);
    batch_release(b);
}

static void link_control(struct sim *s, uint32_t number, enum channel_frame_kind kind, uint64_t id)
{
    struct link *l = &s->links[number];

    if (kind == CHANNEL_BARRIER)
        l->before[id] = l->sent;
    if (s->options.share_rings)
        id |= (uint64_t)number << 32;
    must(channel_control(l->pipe->to, kind, (int64_t)id) == 0);
}

/* The number of the link that the frame at the head of a shared pipe belongs to. */
static int64_t owner_of_head(const struct pipe *p)
{
    if (p->head.kind == CHANNEL_BATCH)
        return (
            (const int64_t *)p->head.batch->columns[0].values)[streamd_batch_row(p->head.batch, 0)];
    return p->head.time >> 32;
}

static int link_peek(struct sim *s, uint32_t number)
{
    struct pipe *p = s->links[number].pipe;

    if (!s->options.share_rings)
        return channel_peek(p->from) != NULL;
    if (!p->has_head && channel_peek(p->from)) {
        p->head = channel_take(p->from);
        p->has_head = 1;
    }
    return p->has_head && owner_of_head(p) == number;
}

static struct channel_frame link_take(struct sim *s, uint32_t number)
{
    struct pipe *p = s->links[number].pipe;

    if (!s->options.share_rings)
        return channel_take(p->from);
    p->has_head = 0;
    if (p->head.kind != CHANNEL_BATCH)
        p->head.time &= UINT32_MAX;
    return p->head;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static int has_room(struct sim *s, const struct task *t)
{
    for (uint32_t i = 0; i < t->output_count; i++)
        if (!link_has_room(&s->links[t->outputs[i]]))
            return 0;
    return 1;
}

/* A batch: mostly to one output, now and then to all, so that rows do not become ever more. */
static void emit(struct sim *s, struct task *t)
{
    t->left--;
    if (t->output_count == 0)
        return;
    if (below(s, 8)) {
        link_send(s, t->outputs[below(s, t->output_count)], 1 + below(s, MOST_ROWS));
        return;
    }
    for (uint32_t i = 0; i < t->output_count; i++)
        link_send(s, t->outputs[i], 1 + below(s, MOST_ROWS));
}

static void control(struct sim *s, struct task *t, enum channel_frame_kind kind, uint64_t id)
{
    for (uint32_t i = 0; i < t->output_count; i++)
        link_control(s, t->outputs[i], kind, id);
}

/* The task has taken part in checkpoint `id`; 0: it has not. */
static void aligned(struct sim *s, struct task *t, uint64_t id)
{
    if (!id)
        return;
    if (!t->ended)
        control(s, t, CHANNEL_BARRIER, id);
    if (s->open && id == s->checkpoint && ++s->acks == s->task_count) {
        s->open = 0;
        s->result.checkpoints++;
    }
}

static void end(struct sim *s, struct task *t)
{
    control(s, t, CHANNEL_END, 0);
    t->ended = 1;
}

static void take_rows(struct sim *s, uint32_t number, const struct streamd_batch *b)
{
    struct link *l = &s->links[number];

    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        if (((int64_t *)b->columns[0].values)[row] != number ||
            ((uint64_t *)b->columns[1].values)[row] != l->received++)
            wrong(s, "a row came twice, never, or out of order");
    }
    s->result.rows += b->count;
}

static void take(struct sim *s, struct task *t, uint32_t input)
{
    uint32_t number = t->inputs[input];
    struct channel_frame f = link_take(s, number);

    switch (f.kind) {
    case CHANNEL_BATCH:
        take_rows(s, number, f.batch);
        batch_release(f.batch);
        t->left = below(s, 3);
        break;
    case CHANNEL_BARRIER:
        if (s->links[number].received != s->links[number].before[f.time])
            wrong(s, "a barrier came before rows that it should follow, or behind others");
        aligned(s, t, align_barrier(&t->align, input, (uint64_t)f.time));
        break;
    case CHANNEL_END:
        aligned(s, t, align_end(&t->align, input));
        break;
    default:
        wrong(s, "a frame came that nobody sent");
    }
    if (t->align.open == 0 && t->left == 0)
        end(s, t);
}

static int step_source(struct sim *s, struct task *t)
{
    if (t->ended || !has_room(s, t))
        return 0;
    if (t->left > 0)
        emit(s, t);
    else
        end(s, t);
    return 1;
}

/* 1 where the task did something. Nothing is frozen in mid-event, so a trigger waits for its end.
 */
static int step(struct sim *s, struct task *t)
{
    uint32_t first;

    if (t->trigger && (t->is_source || t->left == 0)) {
        aligned(s, t, align_trigger(&t->align, t->trigger));
        t->trigger = 0;
        return 1;
    }
    if (t->is_source)
        return step_source(s, t);
    if (t->ended || !has_room(s, t))
        return 0;
    if (t->left > 0) {
        emit(s, t);
        return 1;
    }
    first = below(s, t->input_count);
    for (uint32_t i = 0; i < t->input_count; i++) {
        uint32_t k = (first + i) % t->input_count;

        if (!t->align_inputs[k].ended && !align_is_blocked(&t->align, k) &&
            link_peek(s, t->inputs[k])) {
            take(s, t, k);
            return 1;
        }
    }
    return 0;
}

/* ---- the coordinator ------------------------------------------------------------------------- */

static void tell(struct sim *s, int64_t word)
{
    for (uint32_t w = 0; w < s->workers; w++)
        s->mail[w].words[s->mail[w].written++] = word;
}

static void coordinate(struct sim *s)
{
    if (s->open && below(s, 100) == 0) {
        tell(s, -(int64_t)s->checkpoint);
        s->open = 0;
        s->result.aborted++;
    } else if (!s->open && s->checkpoint < CHECKPOINTS - 1 && below(s, 10) == 0) {
        s->open = 1;
        s->acks = 0;
        tell(s, (int64_t)++s->checkpoint);
    }
}

static void deliver(struct sim *s, uint32_t worker)
{
    struct mailbox *m = &s->mail[worker];
    int64_t word;

    if (m->read == m->written)
        return;
    word = m->words[m->read++];
    for (uint32_t i = 0; i < s->task_count; i++) {
        if (s->tasks[i].worker != worker)
            continue;
        if (word > 0)
            s->tasks[i].trigger = (uint64_t)word;
        else
            align_abort(&s->tasks[i].align, (uint64_t)-word);
    }
}

/* ---- making the graph ------------------------------------------------------------------------ */

static void shape(struct sim *s)
{
    s->workers = s->options.shape == SIM_RANDOM ? 1 + below(s, WORKERS) : 2 + below(s, WORKERS - 1);
    s->node_count = s->options.shape == SIM_DIAMOND ? 4 : 3 + below(s, NODES - 2);
    for (uint32_t n = 0; n < s->node_count; n++) {
        int source = n == 0 || (s->options.shape == SIM_RANDOM && below(s, 5) == 0);

        s->parallelism[n] =
            s->options.shape == SIM_RANDOM && below(s, 2) ? 1 + below(s, s->workers) : s->workers;
        s->input_count[n] = source ? 0 : s->options.shape == SIM_RANDOM ? 1 + below(s, INPUTS) : 1;
        for (uint32_t i = 0; i < s->input_count[n]; i++)
            s->from[n][i] = s->options.shape == SIM_RANDOM ? below(s, n) : n - 1;
    }
    if (s->options.shape == SIM_DIAMOND) {
        s->from[2][0] = 0;
        s->input_count[3] = 2;
        s->from[3][0] = 1;
        s->from[3][1] = 2;
    }
}

static struct task *find_task(struct sim *s, uint32_t node, uint32_t worker)
{
    for (uint32_t i = 0; i < s->task_count; i++)
        if (s->tasks[i].node == node && s->tasks[i].worker == worker)
            return &s->tasks[i];
    return NULL;
}

static void make_tasks(struct sim *s)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        for (uint32_t w = 0; w < s->parallelism[n]; w++) {
            struct task *t = &s->tasks[s->task_count++];

            *t = (struct task){.node = n, .worker = w, .is_source = s->input_count[n] == 0};
            if (t->is_source)
                t->left = below(s, 60);
        }
    }
}

static struct pipe *new_pipe(struct sim *s, uint32_t a, uint32_t b, uint32_t slots)
{
    struct pipe *p = &s->pipes[s->pipe_count++];
    struct channel_ring ring = {.segment = s->segments[b], .schema = &schema};

    if (a == b) {
        p->to = p->from = channel_new(slots);
        must(p->to != NULL);
        return p;
    }
    ring.ring = s->rings[b]++;
    ring.peer = &s->wakes[b];
    p->to = channel_new_sender(&ring, slots);
    ring.peer = &s->wakes[a];
    p->from = channel_new_receiver(&ring, s->pool, NULL, 0);
    must(p->to && p->from);
    s->result.rings++;
    return p;
}

static void make_segments(struct sim *s)
{
    for (uint32_t w = 0; w < s->workers; w++) {
        must(segment_create(LINKS, s->options.ring_bytes, &s->memfd[w], NULL) == 0);
        must(segment_map(s->memfd[w], LINKS, s->options.ring_bytes, &s->segments[w], NULL) == 0);
        s->wakes[w] = (struct wake){segment_asleep(s->segments[w]), eventfd(0, EFD_NONBLOCK)};
    }
}

static void make_links(struct sim *s)
{
    struct pipe *shared[WORKERS][WORKERS] = {{NULL}};

    for (uint32_t i = 0; i < s->task_count; i++) {
        struct task *t = &s->tasks[i];

        for (uint32_t k = 0; k < s->input_count[t->node]; k++) {
            uint32_t from = s->from[t->node][k];

            for (uint32_t w = 0; w < s->parallelism[from]; w++) {
                struct task *p = find_task(s, from, w);
                struct link *l = &s->links[s->link_count];

                if (s->options.share_rings && w != t->worker) {
                    if (!shared[w][t->worker])
                        shared[w][t->worker] = new_pipe(s, w, t->worker, 1);
                    l->pipe = shared[w][t->worker];
                } else {
                    l->pipe = new_pipe(s, w, t->worker, 1);
                }
                t->inputs[t->input_count++] = s->link_count;
                p->outputs[p->output_count++] = s->link_count++;
            }
        }
        align_init(&t->align, t->align_inputs, t->input_count);
    }
}

static void clear(struct sim *s)
{
    for (uint32_t i = 0; i < s->pipe_count; i++) {
        if (s->pipes[i].has_head && s->pipes[i].head.kind == CHANNEL_BATCH)
            batch_release(s->pipes[i].head.batch);
        if (s->pipes[i].from != s->pipes[i].to)
            channel_free(s->pipes[i].from);
        channel_free(s->pipes[i].to);
    }
    for (uint32_t w = 0; w < s->workers; w++) {
        segment_free(s->segments[w]);
        close(s->memfd[w]);
        close(s->wakes[w].fd);
    }
    must(batch_pool_batches(s->pool) == 0);
    batch_pool_free(s->pool);
}

/* ---- running it ------------------------------------------------------------------------------ */

static int all_ended(const struct sim *s)
{
    for (uint32_t i = 0; i < s->task_count; i++)
        if (!s->tasks[i].ended || s->tasks[i].left > 0)
            return 0;
    return 1;
}

/* Everything once; with `all` nothing is left to chance. 1 where a task did something. */
static int sweep(struct sim *s, int all)
{
    int moved = 0;

    for (uint32_t w = 0; w < s->workers; w++)
        if (all || below(s, 4) == 0)
            deliver(s, w);
    for (uint32_t i = 0; i < s->pipe_count; i++)
        if (all || below(s, 2))
            must(channel_pump(s->pipes[i].to) >= 0);
    for (uint32_t i = 0; i < s->task_count; i++)
        if (all || below(s, 2))
            moved |= step(s, &s->tasks[below(s, 2) ? i : below(s, s->task_count)]);
    for (uint32_t i = 0; all && i < s->task_count; i++)
        moved |= step(s, &s->tasks[i]);
    return moved;
}

static void run(struct sim *s)
{
    uint32_t still = 0;

    while (!all_ended(s)) {
        coordinate(s);
        still = sweep(s, still > STALLED / 2) ? 0 : still + 1;
        if (still > STALLED) {
            s->result.deadlock = 1;
            return;
        }
    }
    for (uint32_t i = 0; i < s->link_count; i++)
        if (s->links[i].sent != s->links[i].received)
            wrong(s, "rows got lost");
}

struct sim_result sim_run(const struct sim_options *options)
{
    struct sim *s = calloc(1, sizeof(*s));
    struct sim_result result;

    must(s != NULL);
    s->options = *options;
    s->seed = options->seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    s->pool = batch_pool_new(0);
    shape(s);
    make_tasks(s);
    make_segments(s);
    make_links(s);
    s->result.tasks = s->task_count;
    s->result.links = s->link_count;
    run(s);
    clear(s);
    result = s->result;
    free(s);
    return result;
}
