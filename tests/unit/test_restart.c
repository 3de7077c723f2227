/* Restart policies against the words of the manual. */
#include "checkpoint/restart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define S 1000000LL

static struct restart restart;

static struct restart_decision failed(int64_t now, const char *record)
{
    struct restart_failure failure = {STREAMD_FAIL_TASK, record};

    return restart_failed(&restart, now, &failure);
}

static void expect_wait(struct restart_decision d, int64_t us)
{
    assert_int_equal(d.reason, RESTART_AGAIN);
    assert_int_equal(d.delay_us, us);
}

static void exponential_doubles_up_to_its_maximum(void **state)
{
    static const int64_t waits[] = {100,   200,   400,   800,   1600,  3200, 6400,
                                    12800, 25600, 51200, 60000, 60000, 60000};

    (void)state;
    restart_init(&restart, &restart_default);
    for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++)
        expect_wait(failed((int64_t)i, NULL), waits[i] * 1000);
}

static void exponential_forgets_after_a_long_run(void **state)
{
    (void)state;
    restart_init(&restart, &restart_default);
    expect_wait(failed(0, NULL), 100000);
    restart_running(&restart, S);
    expect_wait(failed(S + 599 * S, NULL), 200000);
    restart_running(&restart, 1000 * S);
    expect_wait(failed(1600 * S, NULL), 100000);
    /* An attempt that never ran did not run long, however much time went by. */
    expect_wait(failed(9999 * S, NULL), 200000);
}

static void exponential_with_huge_times(void **state)
{
    struct restart_policy policy = {.kind = RESTART_EXPONENTIAL,
                                    .initial_us = INT64_MAX / 2,
                                    .max_us = INT64_MAX,
                                    .reset_after_us = INT64_MAX};

    (void)state;
    restart_init(&restart, &policy);
    expect_wait(failed(0, NULL), INT64_MAX / 2);
    expect_wait(failed(0, NULL), 2 * (INT64_MAX / 2));
    expect_wait(failed(0, NULL), INT64_MAX);
}

static void fixed_gives_up_after_its_restarts(void **state)
{
    struct restart_policy policy = {.kind = RESTART_FIXED, .delay_us = S, .attempts = 2};

    (void)state;
    restart_init(&restart, &policy);
    expect_wait(failed(0, NULL), S);
    expect_wait(failed(1, NULL), S);
    assert_int_equal(failed(2, NULL).reason, RESTART_POLICY);
}

static void failure_rate_counts_within_its_time(void **state)
{
    struct restart_policy policy = {
        .kind = RESTART_FAILURE_RATE, .delay_us = S, .failures = 3, .per_us = 60 * S};

    (void)state;
    restart_init(&restart, &policy);
    expect_wait(failed(0, NULL), S);
    expect_wait(failed(30 * S, NULL), S);
    expect_wait(failed(60 * S, NULL), S); /* 0 is 60 seconds ago: not within */
    assert_int_equal(failed(89 * S, NULL).reason, RESTART_POLICY);
    restart_init(&restart, &policy);
    for (int64_t i = 0; i < 100; i++)
        expect_wait(failed(i * 30 * S, NULL), S);
    assert_int_equal(failed(99 * 30 * S + 1, NULL).reason, RESTART_POLICY);
}

static void failure_rate_of_one(void **state)
{
    struct restart_policy policy = {.kind = RESTART_FAILURE_RATE, .failures = 1, .per_us = S};

    (void)state;
    restart_init(&restart, &policy);
    assert_int_equal(failed(0, NULL).reason, RESTART_POLICY);
}

static void none_gives_up_at_once(void **state)
{
    struct restart_policy policy = {.kind = RESTART_NONE};

    (void)state;
    restart_init(&restart, &policy);
    assert_int_equal(failed(0, NULL).reason, RESTART_POLICY);
}

static void some_failures_are_final(void **state)
{
    struct restart_failure pipeline = {STREAMD_FAIL_PIPELINE, NULL}, bug = {STREAMD_BUG, NULL};

    (void)state;
    restart_init(&restart, &restart_default);
    assert_int_equal(restart_failed(&restart, 0, &pipeline).reason, RESTART_FINAL);
    assert_int_equal(restart_failed(&restart, 0, &bug).reason, RESTART_FINAL);
}

static void the_same_record_again_and_again_is_poison(void **state)
{
    uint32_t times;

    (void)state;
    restart_init(&restart, &restart_default);
    assert_int_equal(failed(0, "a:1").reason, RESTART_AGAIN);
    assert_null(restart_poison(&restart, &times));
    assert_int_equal(failed(0, "a:2").reason, RESTART_AGAIN);
    assert_int_equal(failed(0, "a:1").reason, RESTART_AGAIN);
    assert_int_equal(failed(0, "a:1").reason, RESTART_AGAIN);
    assert_string_equal(restart_poison(&restart, &times), "a:1");
    assert_int_equal(times, 2);
    assert_int_equal(failed(0, NULL).reason, RESTART_AGAIN); /* a kill says nothing about it */
    assert_int_equal(failed(0, "a:1").reason, RESTART_POISON);
    assert_int_equal(restart_poison(&restart, &times) != NULL, 1);
    assert_int_equal(times, 3);
}

static void poison_can_be_switched_off_and_names_can_be_long(void **state)
{
    struct restart_policy policy = restart_default;
    char record[1000];

    (void)state;
    memset(record, 'x', sizeof(record));
    record[sizeof(record) - 1] = '\0';
    restart_init(&restart, &restart_default);
    assert_int_equal(failed(0, record).reason, RESTART_AGAIN);
    assert_int_equal(failed(0, record).reason, RESTART_AGAIN);
    assert_int_equal(failed(0, record).reason, RESTART_POISON);
    policy.poison = 0;
    restart_init(&restart, &policy);
    for (int i = 0; i < 10; i++)
        assert_int_equal(failed(0, record).reason, RESTART_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_doubles_up_to_its_maximum),
        cmocka_unit_test(exponential_forgets_after_a_long_run),
        cmocka_unit_test(exponential_with_huge_times),
        cmocka_unit_test(fixed_gives_up_after_its_restarts),
        cmocka_unit_test(failure_rate_counts_within_its_time),
        cmocka_unit_test(failure_rate_of_one),
        cmocka_unit_test(none_gives_up_at_once),
        cmocka_unit_test(some_failures_are_final),
        cmocka_unit_test(the_same_record_again_and_again_is_poison),
        cmocka_unit_test(poison_can_be_switched_off_and_names_can_be_long),
    };

    return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
