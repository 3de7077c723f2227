/* What workers counted, as JSON and back, and summed up. */
#include "control/stats.h"

#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct worker_node_stats source = {
    .name = "in",
    .kind = 1,
    .rows_out = 10,
    .batches_out = 2,
    .busy_us = 70,
    .idle_us = 5,
    .watermark = INT64_MIN,
    .counters = {{"opened", 3}},
    .held_by = "a.csv",
};
static struct worker_node_stats sink = {
    .name = "out",
    .kind = 3,
    .rows_in = 9,
    .late = 1,
    .rejected = 2,
    .skipped = 3,
    .discarded = 4,
    .busy_us = 20,
    .backpressured_us = 6,
    .watermark = INT64_MAX,
};

static void there_and_back(void **state)
{
    struct worker_node_stats nodes[] = {source, sink};
    struct worker_stats stats = {.node_count = 2,
                                 .nodes = nodes,
                                 .elapsed_us = 12345678901,
                                 .limiting = "in",
                                 .stopped = 1,
                                 .memory_bytes = 77};
    struct worker_stats back;
    struct arena arena = {0};
    json_t *json = stats_json(&stats);

    (void)state;
    assert_non_null(json);
    assert_int_equal(stats_read(json, &arena, &back, NULL), 0);
    json_decref(json);
    assert_int_equal(back.node_count, 2);
    assert_true(back.elapsed_us == 12345678901);
    assert_string_equal(back.limiting, "in");
    assert_int_equal(back.stopped, 1);
    assert_int_equal(back.memory_bytes, 77);
    assert_string_equal(back.nodes[0].name, "in");
    assert_int_equal(back.nodes[0].kind, 1);
    assert_int_equal(back.nodes[0].rows_out, 10);
    assert_int_equal(back.nodes[0].batches_out, 2);
    assert_int_equal(back.nodes[0].idle_us, 5);
    assert_true(back.nodes[0].watermark == INT64_MIN);
    assert_string_equal(back.nodes[0].held_by, "a.csv");
    assert_string_equal(back.nodes[0].counters[0].name, "opened");
    assert_int_equal(back.nodes[0].counters[0].value, 3);
    assert_null(back.nodes[0].counters[1].name);
    assert_int_equal(back.nodes[1].rows_in, 9);
    assert_int_equal(back.nodes[1].late, 1);
    assert_int_equal(back.nodes[1].rejected, 2);
    assert_int_equal(back.nodes[1].skipped, 3);
    assert_int_equal(back.nodes[1].discarded, 4);
    assert_int_equal(back.nodes[1].backpressured_us, 6);
    assert_true(back.nodes[1].watermark == INT64_MAX);
    assert_null(back.nodes[1].held_by);
    arena_clear(&arena);
}

/* A member is left out, or has another type: never taken. */
static void damaged(void **state)
{
    struct worker_node_stats nodes[] = {source};
    struct worker_stats stats = {.node_count = 1, .nodes = nodes}, back;
    json_t *whole = stats_json(&stats), *node = json_array_get(json_object_get(whole, "nodes"), 0);
    const char *name;
    json_t *value;
    void *next;

    (void)state;
    json_object_foreach_safe(node, next, name, value)
    {
        struct arena arena = {0};
        json_t *kept = json_incref(value);

        json_object_set_new(node, name, json_array());
        assert_int_equal(stats_read(whole, &arena, &back, NULL), STREAMD_E_DATA);
        json_object_set_new(node, name, kept);
        arena_clear(&arena);
    }
    json_object_set_new(node, "rows_out", json_integer(-1));
    {
        struct arena arena = {0};

        assert_int_equal(stats_read(whole, &arena, &back, NULL), STREAMD_E_DATA);
        arena_clear(&arena);
    }
    json_decref(whole);
}

static void sums(void **state)
{
    struct worker_node_stats first[] = {source, sink}, second[] = {sink};
    struct worker_node_stats names[] = {
        {.name = "in", .kind = 1}, {.name = "out", .kind = 3}, {.name = "none", .kind = 2}};
    struct worker_stats a = {.node_count = 2, .nodes = first, .elapsed_us = 5, .memory_bytes = 1};
    struct worker_stats b = {.node_count = 1, .nodes = second, .elapsed_us = 9, .memory_bytes = 2};
    struct worker_stats sum;
    struct arena arena = {0};

    (void)state;
    second[0].watermark = 42;
    second[0].busy_us = 60;
    second[0].counters[0] = (struct worker_counter){"parts", 1};
    first[1].counters[0] = (struct worker_counter){"rolled", 2};
    first[1].counters[1] = (struct worker_counter){"parts", 4};
    assert_int_equal(stats_sum_init(&sum, names, 3, &arena), 0);
    stats_sum_add(&sum, &a);
    stats_sum_add(&sum, &b);
    stats_sum_end(&sum);
    assert_int_equal(sum.elapsed_us, 9);
    assert_int_equal(sum.memory_bytes, 3);
    assert_string_equal(sum.limiting, "out"); /* 20 + 60 against 70 */
    assert_int_equal(sum.nodes[0].rows_out, 10);
    assert_true(sum.nodes[0].watermark == INT64_MIN);
    assert_string_equal(sum.nodes[0].held_by, "a.csv");
    assert_int_equal(sum.nodes[1].rows_in, 18);
    assert_true(sum.nodes[1].watermark == 42);
    assert_int_equal(sum.nodes[1].tasks, 2);
    assert_string_equal(sum.nodes[1].counters[0].name, "rolled");
    assert_int_equal(sum.nodes[1].counters[0].value, 2);
    assert_int_equal(sum.nodes[1].counters[1].value, 5);
    assert_true(sum.nodes[2].watermark == INT64_MIN);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(damaged),
        cmocka_unit_test(sums),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
