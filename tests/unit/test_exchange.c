/* No graph of tasks gets stuck on channels that follow the five rules, however small they are; and
   the same graphs do get stuck where rule R1 is broken, so that we know that they bite. */
#include "graph_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t seeds(void)
{
    const char *effort = getenv("STREAMD_TEST_EFFORT");

    return effort && strcmp(effort, "quick") == 0  ? 60
           : effort && strcmp(effort, "full") == 0 ? 3000
                                                   : 500;
}

static void none_hangs(enum sim_shape shape)
{
    struct sim_result all = {0};

    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        struct sim_options options = {.shape = shape, .seed = seed, .ring_bytes = 256};
        struct sim_result r;

        if (seed % 8 == 0)
            options.ring_bytes = 1024;
        r = sim_run(&options);
        if (r.deadlock || r.wrong)
            fail_msg("seed %llu: %s", (unsigned long long)seed, r.wrong ? r.wrong : "deadlock");
        all.rows += r.rows;
        all.rings += r.rings;
        all.checkpoints += r.checkpoints;
        all.aborted += r.aborted;
    }
    /* The runs were not empty. */
    assert_true(all.rows / seeds() > 500 && all.rings / seeds() > 4);
    assert_true(all.checkpoints > seeds() && all.aborted > seeds() / 4);
}

static void random_graphs(void **state)
{
    (void)state;
    none_hangs(SIM_RANDOM);
}

static void diamonds(void **state)
{
    (void)state;
    none_hangs(SIM_DIAMOND);
}

static void chains(void **state)
{
    (void)state;
    none_hangs(SIM_CHAIN);
}

/* One ring from a worker to another for all channels: the head of the line blocks the others. */
static void without_r1_they_hang(void **state)
{
    static const enum sim_shape shapes[] = {SIM_DIAMOND, SIM_CHAIN};

    (void)state;
    for (int i = 0; i < 2; i++) {
        uint32_t hung = 0;

        for (uint64_t seed = 1; seed <= 200; seed++) {
            struct sim_options options = {
                .shape = shapes[i], .seed = seed, .ring_bytes = 256, .share_rings = 1};
            struct sim_result r = sim_run(&options);

            assert_null(r.wrong);
            hung += r.deadlock != 0;
        }
        print_message("shape %d: %u of 200 hang\n", i, hung);
        assert_true(hung >= 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs),
        cmocka_unit_test(diamonds),
        cmocka_unit_test(chains),
        cmocka_unit_test(without_r1_they_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
