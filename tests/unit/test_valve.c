/* The watermark valve against the rules of semantics.md 1.2, case by case. */
#include "progress/valve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct valve_input inputs[3];
static struct valve valve;

static int set_up(void **state)
{
    (void)state;
    valve_init(&valve, inputs, 2);
    return 0;
}

static void takes_the_least(void **state)
{
    (void)state;
    assert_false(valve_watermark(&valve, 0, 10).watermark_rose);
    assert_true(valve_watermark(&valve, 1, 5).watermark_rose);
    assert_int_equal(valve.output, 5);
    assert_true(valve_watermark(&valve, 1, 20).watermark_rose);
    assert_int_equal(valve.output, 10);
}

static void never_goes_back(void **state)
{
    (void)state;
    valve_watermark(&valve, 0, 10);
    valve_watermark(&valve, 1, 10);
    assert_false(valve_watermark(&valve, 0, 3).watermark_rose);
    assert_int_equal(valve.output, 10);
}

static void idle_input_leaves_the_minimum(void **state)
{
    struct valve_change change;

    (void)state;
    valve_watermark(&valve, 0, 10);
    valve_watermark(&valve, 1, 4);
    change = valve_idle(&valve, 1);
    assert_true(change.watermark_rose);
    assert_false(change.went_idle);
    assert_int_equal(valve.output, 10);
}

static void all_idle_flushes_the_largest(void **state)
{
    struct valve_change change;

    (void)state;
    valve_watermark(&valve, 0, 10);
    valve_watermark(&valve, 1, 4);
    valve_idle(&valve, 0);
    assert_int_equal(valve.output, 4);
    change = valve_idle(&valve, 1);
    assert_true(change.watermark_rose);
    assert_true(change.went_idle);
    assert_int_equal(valve.output, 10);
    assert_false(valve_watermark(&valve, 0, 50).watermark_rose);
}

static void returning_input_must_catch_up(void **state)
{
    struct valve_change change;

    (void)state;
    valve_watermark(&valve, 0, 10);
    valve_watermark(&valve, 1, 4);
    valve_idle(&valve, 1);
    change = valve_active(&valve, 1);
    assert_false(change.watermark_rose);
    assert_true(valve_watermark(&valve, 0, 12).watermark_rose);
    assert_false(valve_watermark(&valve, 1, 11).watermark_rose);
    assert_int_equal(valve.output, 12);
    valve_watermark(&valve, 1, 12);
    assert_false(valve_watermark(&valve, 0, 30).watermark_rose);
    assert_true(valve_watermark(&valve, 1, 20).watermark_rose);
    assert_int_equal(valve.output, 20);
}

static void first_to_wake_wakes_the_output(void **state)
{
    (void)state;
    valve_idle(&valve, 0);
    valve_idle(&valve, 1);
    assert_true(valve.idle);
    assert_true(valve_active(&valve, 0).went_active);
    assert_false(valve.idle);
    assert_false(valve_active(&valve, 1).went_active);
}

/* An input that was drained must not close the windows of one that is only idle. */
static void drained_beside_idle_waits(void **state)
{
    (void)state;
    valve_watermark(&valve, 0, 10);
    valve_watermark(&valve, 1, 4);
    valve_idle(&valve, 1);
    assert_false(valve_watermark(&valve, 0, INT64_MAX).watermark_rose);
    valve_end(&valve, 0);
    assert_int_equal(valve.output, 10);
    valve_active(&valve, 1);
    assert_true(valve_watermark(&valve, 1, 40).watermark_rose);
    assert_int_equal(valve.output, 40);
    assert_true(valve_watermark(&valve, 1, INT64_MAX).watermark_rose);
    assert_int_equal(valve.output, INT64_MAX);
}

static void ended_input_holds_nothing_back(void **state)
{
    (void)state;
    valve_watermark(&valve, 0, 10);
    assert_true(valve_end(&valve, 1).watermark_rose);
    assert_int_equal(valve.output, 10);
    assert_false(valve_end(&valve, 0).watermark_rose);
    assert_int_equal(valve.output, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(takes_the_least, set_up),
        cmocka_unit_test_setup(never_goes_back, set_up),
        cmocka_unit_test_setup(idle_input_leaves_the_minimum, set_up),
        cmocka_unit_test_setup(all_idle_flushes_the_largest, set_up),
        cmocka_unit_test_setup(returning_input_must_catch_up, set_up),
        cmocka_unit_test_setup(first_to_wake_wakes_the_output, set_up),
        cmocka_unit_test_setup(drained_beside_idle_waits, set_up),
        cmocka_unit_test_setup(ended_input_holds_nothing_back, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
