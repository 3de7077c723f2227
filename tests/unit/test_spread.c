/*
 * graph/spread: how rows find their task, and the numbers of rings. The expected numbers were
 * worked out by hand on the drawing of each graph.
 */
#include "graph/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { NODES = 8, INPUTS = 2 };

/* A graph of nodes with one output each. */
struct graph {
    struct plan plan;
    struct plan_node nodes[NODES];
    struct plan_output outputs[NODES];
    struct plan_input inputs[NODES][INPUTS];
    uint8_t reads[NODES][2];
    uint32_t key_fields[1];
};

static const struct streamd_field fields[] = {{"k", {.id = STREAMD_INT64}},
                                              {"v", {.id = STREAMD_INT64}}};
static const struct streamd_schema schema = {2, fields};

static void graph_init(struct graph *g, uint32_t parallelism)
{
    memset(g, 0, sizeof(*g));
    g->plan.nodes = g->nodes;
    g->plan.parallelism = parallelism;
    g->plan.key_groups = 128;
}

/* Adds a node that reads `first` and, where it is not negative, `second`. */
static uint32_t add(struct graph *g, uint32_t partitioning, uint32_t parallelism, int first,
                    int second)
{
    uint32_t i = g->plan.node_count++;
    struct plan_node *n = &g->nodes[i];

    n->partitioning = partitioning;
    n->parallelism = parallelism;
    n->outputs = &g->outputs[i];
    n->output_count = 1;
    g->outputs[i] = (struct plan_output){.schema = &schema, .changelog = STREAMD_APPEND};
    n->inputs = g->inputs[i];
    n->reads = g->reads[i];
    if (first >= 0)
        g->inputs[i][n->input_count++].node = (uint32_t)first;
    if (second >= 0)
        g->inputs[i][n->input_count++].node = (uint32_t)second;
    if (partitioning == STREAMD_BY_KEY) {
        static const char *const names[] = {"k"};

        n->key_by = (struct streamd_strings){1, names};
        n->key_fields = g->key_fields;
    }
    return i;
}

static void test_alone(void **state)
{
    struct graph g;

    (void)state;
    graph_init(&g, 1);
    add(&g, STREAMD_ANY, 0, -1, -1);
    add(&g, STREAMD_BY_KEY, 0, 0, -1);
    add(&g, STREAMD_SINGLE, 0, 1, -1);
    assert_int_equal(spread_plan(&g.plan), 0);
    for (uint32_t i = 1; i < 3; i++) {
        assert_int_equal(g.nodes[i].parallelism, 1);
        assert_int_equal(g.inputs[i][0].exchange, PLAN_FORWARD);
    }
    assert_int_equal(spread_rings(&g.plan, 0), 0);
    arena_clear(&g.plan.arena);
}

/* source x3 -> filter x3 -> window by key x3 -> single sink; the filter feeds a sink x2 as well. */
static void test_kinds(void **state)
{
    struct graph g;

    (void)state;
    graph_init(&g, 3);
    add(&g, STREAMD_ANY, 0, -1, -1);
    add(&g, STREAMD_ANY, 0, 0, -1);
    add(&g, STREAMD_BY_KEY, 0, 1, -1);
    add(&g, STREAMD_SINGLE, 0, 2, -1);
    add(&g, STREAMD_ANY, 2, 1, -1);
    assert_int_equal(spread_plan(&g.plan), 0);
    assert_int_equal(g.inputs[1][0].exchange, PLAN_FORWARD);
    assert_int_equal(g.inputs[2][0].exchange, PLAN_HASH);
    assert_int_equal(g.inputs[2][0].key_count, 1);
    assert_int_equal(g.inputs[3][0].exchange, PLAN_GLOBAL);
    assert_int_equal(g.inputs[4][0].exchange, PLAN_REBALANCE);
    /* worker 0: window reads 3, single sink 3, sink 3; worker 1 has no single sink; 2 no sink */
    assert_int_equal(spread_rings(&g.plan, 0), 9);
    assert_int_equal(spread_rings(&g.plan, 1), 6);
    assert_int_equal(spread_rings(&g.plan, 2), 3);
    assert_int_equal(spread_ring(&g.plan, 0, 2, 0, 1), 1);
    assert_int_equal(spread_ring(&g.plan, 0, 3, 0, 2), 5);
    assert_int_equal(spread_ring(&g.plan, 0, 4, 0, 0), 6);
    assert_int_equal(spread_ring(&g.plan, 1, 4, 0, 2), 5);
    arena_clear(&g.plan.arena);
}

/* Every ring of a worker belongs to exactly one (node, input, producer). */
static void test_numbers_are_unique(void **state)
{
    struct graph g;

    (void)state;
    graph_init(&g, 4);
    add(&g, STREAMD_ANY, 0, -1, -1);
    add(&g, STREAMD_ANY, 3, -1, -1);
    add(&g, STREAMD_BY_KEY, 0, 0, 1);
    add(&g, STREAMD_BY_KEY, 2, 2, 0);
    add(&g, STREAMD_SINGLE, 0, 3, 2);
    add(&g, STREAMD_ANY, 0, 3, 4);
    assert_int_equal(spread_plan(&g.plan), 0);
    for (uint32_t w = 0; w < 4; w++) {
        uint8_t seen[64] = {0};
        uint32_t rings = spread_rings(&g.plan, w), used = 0;

        assert_true(rings <= sizeof(seen));
        for (uint32_t i = 0; i < g.plan.node_count; i++)
            for (uint32_t k = 0; k < g.nodes[i].input_count && w < g.nodes[i].parallelism; k++) {
                uint32_t producers = g.nodes[g.inputs[i][k].node].parallelism;

                for (uint32_t p = 0; p < producers && g.inputs[i][k].exchange; p++, used++) {
                    uint32_t ring = spread_ring(&g.plan, w, i, k, p);

                    assert_true(ring < rings);
                    assert_int_equal(seen[ring]++, 0);
                }
            }
        assert_int_equal(used, rings);
    }
    arena_clear(&g.plan.arena);
}

/* Updates go by their key, which is then read; where the key got lost, to one task. */
static void test_updates_keep_their_order(void **state)
{
    static const char *const key[] = {"k"}, *const lost[] = {"gone"};
    struct graph g;

    (void)state;
    graph_init(&g, 4);
    add(&g, STREAMD_ANY, 0, -1, -1);
    add(&g, STREAMD_ANY, 2, 0, -1);
    g.outputs[0].changelog = STREAMD_UPSERT;
    g.outputs[0].upsert_key = (struct streamd_strings){1, key};
    assert_int_equal(spread_plan(&g.plan), 0);
    assert_int_equal(g.inputs[1][0].exchange, PLAN_HASH);
    assert_int_equal(g.inputs[1][0].key_count, 1);
    assert_int_equal(g.inputs[1][0].key_fields[0], 0);
    assert_int_equal(g.reads[1][0], 1);
    g.outputs[0].upsert_key = (struct streamd_strings){1, lost};
    assert_int_equal(spread_plan(&g.plan), 0);
    assert_int_equal(g.inputs[1][0].exchange, PLAN_HASH);
    assert_int_equal(g.inputs[1][0].key_count, 0);
    arena_clear(&g.plan.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_numbers_are_unique),
        cmocka_unit_test(test_updates_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
