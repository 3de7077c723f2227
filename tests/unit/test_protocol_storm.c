/*
 * Random interleavings of the protocol cores, without processes (storm.h says what the world is).
 *
 *   test_protocol_storm            SEEDS runs (100,000 if not set) from seed 1
 *   SEED=n test_protocol_storm     that run alone, step by step
 *
 * Each run: a random graph, faults for a while, then none until all input is done. At every step:
 * no record counts twice, no committable shows a record that another has shown, commits lie behind
 * the point of no return and behind its record; at every manifest: the files are one cut of the
 * stream. At the end: everything was counted and committed, and the end was reached.
 *
 * That the test bites was seen with each of these rules broken, one at a time, in the cores:
 *
 *   align     a channel with the barrier is taken; `end` is no barrier; an abort frees no channel;
 *             barriers of what was aborted align (seed 3,863); an older barrier replaces a newer
 *             one (seed 11,765); a task whose inputs have ended waits for ever; a trigger counts
 * twice protocol  complete goes out before the manifest, or before the record of the commit; an
 * attempt starts without that record; one ack is enough; acks of the last checkpoint count, or of
 *             an aborted one; commits of the last one count; a timeout, or a lost worker, voids a
 *             manifest that is being written; a lost worker leaves its checkpoint open; an attempt
 *             begins while the metadata thread works for the last; an unknown outcome of an id, a
 *             manifest or a record is taken for a known one; no final checkpoint, or one that began
 *             before the end, or one that is not tried again; a stop, or any checkpoint, is final
 * before all have committed; running is not waited for; two checkpoints at once; a request joins
 *             what began before it
 *
 * and in the world, which shows that its checks see what they should: a sink forgets at an abort,
 * or writes again, what it had prepared, or commits only what it prepared for n; a source's
 * position lies one record off; a source never goes on after an aborted stop; sinks do not commit
 * at a start.
 */
#include "storm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { HEALING_STEPS = 200000 };

/* ---- the world's small services ----------------------------------------------------------- */

void storm_broken(struct storm *s, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(s->problem, sizeof(s->problem), format, arguments);
    va_end(arguments);
    longjmp(s->broken, 1);
}

void storm_trace(const struct storm *s, const char *format, ...)
{
    va_list arguments;

    if (!s->trace)
        return;
    printf("# %llu: ", (unsigned long long)s->steps);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

static uint64_t next_random(struct storm *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

uint32_t storm_pick(struct storm *s, uint32_t below)
{
    return (uint32_t)(((next_random(s) >> 32) * below) >> 32);
}

int storm_chance(struct storm *s, uint32_t chance)
{
    return chance > 0 && storm_pick(s, 65536) < chance;
}

void storm_send(struct storm *s, struct storm_queue *q, struct storm_message m)
{
    if (q->count == STORM_MESSAGES)
        storm_broken(s, "a queue of messages is full");
    q->messages[(q->head + q->count++) % STORM_MESSAGES] = m;
}

int storm_receive(struct storm_queue *q, struct storm_message *m)
{
    if (q->count == 0)
        return 0;
    *m = q->messages[q->head];
    q->head = (q->head + 1) % STORM_MESSAGES;
    q->count--;
    return 1;
}

uint32_t storm_owner(uint32_t record, uint32_t workers)
{
    return (record * 2654435761u >> 16) % workers;
}

/* ---- a random graph ----------------------------------------------------------------------- */

static void add_edge(struct storm *s, uint32_t from, uint32_t to)
{
    struct storm_edge *e = &s->edges[s->edge_count];

    e->from = (uint8_t)from;
    e->to = (uint8_t)to;
    e->in = (uint8_t)s->nodes[to].in_count;
    s->nodes[from].out[s->nodes[from].out_count++] = (uint8_t)s->edge_count;
    s->nodes[to].in[s->nodes[to].in_count++] = (uint8_t)s->edge_count++;
}

static int has_edge(const struct storm *s, uint32_t from, uint32_t to)
{
    for (uint32_t e = 0; e < s->edge_count; e++)
        if (s->edges[e].from == from && s->edges[e].to == to)
            return 1;
    return 0;
}

/* Sources share the 64 records between their splits. */
static void make_sources(struct storm *s, uint32_t sources)
{
    uint32_t next = 0, total = 8 + storm_pick(s, STORM_RECORDS - 7);

    for (uint32_t i = 0; i < sources; i++) {
        s->splits[i] = 1 + storm_pick(s, STORM_SPLITS);
        for (uint32_t k = 0; k < s->splits[i]; k++) {
            uint32_t rows = storm_pick(s, 2 * total / (sources * s->splits[i]) + 1);

            if (next + rows > STORM_RECORDS)
                rows = STORM_RECORDS - next;
            s->split_first[i][k] = (uint8_t)next;
            next += rows;
            s->split_end[i][k] = (uint8_t)next;
        }
    }
}

static void make_reach(struct storm *s)
{
    for (uint32_t i = 0; i < s->node_count; i++) {
        const struct storm_node *n = &s->nodes[i];
        uint64_t reach = 0;

        for (uint32_t k = 0; k < s->splits[i]; k++)
            for (uint32_t r = s->split_first[i][k]; r < s->split_end[i][k]; r++)
                reach |= 1ull << r;
        for (uint32_t k = 0; k < n->in_count; k++)
            reach |= s->edges[n->in[k]].reach;
        for (uint32_t k = 0; k < n->out_count; k++) {
            struct storm_edge *e = &s->edges[n->out[k]];

            e->reach = reach;
            e->forward = s->nodes[e->to].in_count == 1 && storm_pick(s, 3) == 0;
        }
    }
}

/* Every node must be read. 0: there is no room for that. */
static int connect_all(struct storm *s, uint32_t sources, uint32_t writers)
{
    for (uint32_t i = 0; i < writers; i++) {
        uint32_t to = s->node_count - 1;

        if (s->nodes[i].out_count > 0)
            continue;
        while (to > i && to >= sources && s->nodes[to].in_count == STORM_INS)
            to--;
        if (to <= i || to < sources)
            return 0;
        add_edge(s, i, to);
    }
    return 1;
}

/* Nodes in topological order: sources, operators, sinks. 0: try again. */
static int try_graph(struct storm *s)
{
    uint32_t sources = 1 + storm_pick(s, 2), sinks = 1 + storm_pick(s, 2);
    uint32_t operators = storm_pick(s, STORM_NODES - sources - sinks + 1);
    uint32_t writers = sources + operators, extra = storm_pick(s, 4);

    memset(s->nodes, 0, sizeof(s->nodes));
    memset(s->splits, 0, sizeof(s->splits));
    s->edge_count = 0;
    s->node_count = writers + sinks;
    for (uint32_t i = 0; i < s->node_count; i++)
        s->nodes[i].kind = i < sources ? STORM_SOURCE : i < writers ? STORM_OPERATOR : STORM_SINK;
    make_sources(s, sources);
    for (uint32_t i = sources; i < s->node_count; i++)
        add_edge(s, storm_pick(s, i < writers ? i : writers), i);
    while (extra-- > 0) {
        uint32_t from = storm_pick(s, writers);
        uint32_t to = sources + storm_pick(s, s->node_count - sources);

        if (to > from && s->nodes[to].in_count < STORM_INS && !has_edge(s, from, to))
            add_edge(s, from, to);
    }
    return connect_all(s, sources, writers);
}

static void make_graph(struct storm *s)
{
    while (!try_graph(s))
        continue;
    s->slots = 1 + storm_pick(s, 3);
    make_reach(s);
}

/* ---- a run -------------------------------------------------------------------------------- */

static void step_worker(struct storm *s)
{
    uint32_t w = storm_pick(s, s->workers), what = storm_pick(s, 32);

    if (what < 22) {
        for (uint32_t i = 0; i < 3; i++)
            storm_task_step(s, w, storm_pick(s, s->node_count));
    } else if (what < 26) {
        if (!(s->slow & 1u << w) || storm_pick(s, 16) == 0)
            storm_message_step(s, w);
    } else if (what < 29) {
        storm_write_step(s, w);
    } else {
        storm_commit_step(s, w);
    }
}

static void step_coordinator(struct storm *s)
{
    switch (storm_pick(s, 4)) {
    case 0:
        storm_metadata_step(s);
        break;
    case 1:
        storm_time_step(s);
        break;
    default:
        storm_receive_step(s, storm_pick(s, s->workers));
    }
}

/* To the next thing that time alone brings, but never to the end of somebody's patience. */
static void wait_for_what_is_due(struct storm *s)
{
    int64_t due = s->attempt_wanted ? s->begin_at : protocol_deadline(&s->protocol);

    if (due != PROTOCOL_NEVER && due > s->now && s->protocol.phase != PROTOCOL_COLLECTING &&
        s->protocol.phase != PROTOCOL_COMMITTING)
        s->now = due;
}

static void step_faults(struct storm *s)
{
    if (storm_chance(s, s->faults.kill_worker))
        storm_kill_worker(s, storm_pick(s, s->workers));
    if (storm_chance(s, s->faults.kill_coordinator))
        storm_kill_coordinator(s);
    if (storm_chance(s, s->faults.ask))
        storm_ask(s);
    if (storm_chance(s, s->faults.jump))
        wait_for_what_is_due(s);
    if (storm_chance(s, s->faults.long_jump))
        s->now += s->settings.timeout_us;
}

static void step(struct storm *s)
{
    s->steps++;
    s->now += 1000;
    step_faults(s);
    if (s->done)
        return;
    if (storm_pick(s, 5) == 0)
        step_coordinator(s);
    else
        step_worker(s);
}

/* Rates from none to many, each by itself. */
static void choose_faults(struct storm *s)
{
    static const uint32_t rates[] = {0, 0, 20, 60, 200, 600};
    uint32_t *fault = &s->faults.kill_worker;

    for (size_t i = 0; i < sizeof(s->faults) / sizeof(*fault); i++)
        fault[i] = rates[storm_pick(s, sizeof(rates) / sizeof(*rates))];
    s->slow = storm_pick(s, 2) ? storm_pick(s, 1u << STORM_WORKERS) : 0;
    s->faults.decline *= storm_pick(s, 2) ? 16 : 100;
    s->faults.io *= 16;
    s->faults.unknown *= 8;
    s->faults.damage *= 64;
    s->faults.jump *= 4;
}

static void check_end(struct storm *s)
{
    for (uint32_t e = 0; e < s->edge_count; e++) {
        const struct storm_edge *edge = &s->edges[e];

        if (storm_gone_out(s, edge->from, &s->complete) != edge->reach)
            storm_broken(s, "node %u has not sent everything", edge->from);
        if (s->nodes[edge->to].kind == STORM_SINK &&
            s->committed[edge->to][edge->in] != edge->reach)
            storm_broken(s, "sink %u shows %llx of %llx", edge->to,
                         (unsigned long long)s->committed[edge->to][edge->in],
                         (unsigned long long)edge->reach);
    }
}

static void run(struct storm *s)
{
    static const int64_t every[] = {0, 20000, 60000, 200000};
    uint64_t faulty;

    make_graph(s);
    choose_faults(s);
    faulty = 200 + storm_pick(s, 2500);
    s->settings.every_us = every[storm_pick(s, 4)];
    s->settings.timeout_us = 100000 << storm_pick(s, 4);
    s->next_workers = 1 + storm_pick(s, STORM_WORKERS);
    s->workers = s->next_workers;
    storm_start_coordinator(s);
    while (!s->done && s->steps < faulty)
        step(s);
    s->faults = (struct storm_faults){.jump = 1000};
    s->settings.timeout_us = s->protocol.settings.timeout_us = INT64_MAX / 4;
    s->healing = 1;
    storm_trace(s, "no more faults");
    while (!s->done) {
        step(s);
        if (s->steps > faulty + HEALING_STEPS)
            storm_broken(s, "it does not come to an end");
    }
    check_end(s);
}

static struct storm world;

/* 1: the run of this seed is good; else s->problem says what is not. */
static int run_seed(uint64_t seed, int trace)
{
    memset(&world, 0, sizeof(world));
    world.seed = seed;
    world.random = seed * 0x9E3779B97F4A7C15ull | 1;
    world.trace = trace;
    if (setjmp(world.broken))
        return 0;
    for (int i = 0; i < 4; i++)
        next_random(&world);
    run(&world);
    return 1;
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* Each rule holds in every run, and the runs are not empty. */
static void every_seed_is_exact(void **state)
{
    uint64_t only = number("SEED", 0), seeds = number("SEEDS", 100000);
    uint64_t completed = 0, aborted = 0, kills = 0, restarts = 0, answers = 0, again = 0, steps = 0;

    (void)state;
    for (uint64_t seed = only ? only : 1; seed <= (only ? only : seeds); seed++) {
        if (!run_seed(seed, only != 0)) {
            print_message("SEED=%llu, step %llu: %s\n", (unsigned long long)seed,
                          (unsigned long long)world.steps, world.problem);
            fail();
        }
        completed += world.completed;
        aborted += world.aborted;
        kills += world.kills;
        restarts += world.restarts;
        answers += world.answers;
        again += world.recommitted;
        steps += world.steps;
    }
    print_message("%llu steps, %llu checkpoints, %llu aborts, %llu kills, %llu restarts, %llu "
                  "answers, %llu commits that were done before\n",
                  (unsigned long long)steps, (unsigned long long)completed,
                  (unsigned long long)aborted, (unsigned long long)kills,
                  (unsigned long long)restarts, (unsigned long long)answers,
                  (unsigned long long)again);
    if (!only && seeds >= 1000) {
        assert_true(completed > seeds);
        assert_true(aborted > seeds / 2);
        assert_true(kills > seeds / 2);
        assert_true(answers > seeds / 4);
        assert_true(again > seeds / 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_seed_is_exact),
    };

    return cmocka_run_group_tests_name("protocol storm", tests, NULL, NULL);
}
