/* Barrier alignment, rule by rule. */
#include "progress/align.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct align_input inputs[3];
static struct align align;

static int set_up(void **state)
{
    (void)state;
    align_init(&align, inputs, 2);
    return 0;
}

static void waits_for_every_input(void **state)
{
    (void)state;
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_true(align_is_blocked(&align, 0));
    assert_false(align_is_blocked(&align, 1));
    assert_int_equal(align_barrier(&align, 1, 1), 1);
    assert_false(align_is_blocked(&align, 0));
    assert_false(align_is_blocked(&align, 1));
}

static void a_trigger_alone_aligns_nothing_with_open_inputs(void **state)
{
    (void)state;
    assert_int_equal(align_trigger(&align, 1), 0);
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_int_equal(align_trigger(&align, 1), 0);
    assert_int_equal(align_barrier(&align, 1, 1), 1);
}

static void a_source_aligns_at_the_trigger_once(void **state)
{
    (void)state;
    align_init(&align, inputs, 0);
    assert_int_equal(align_trigger(&align, 4), 4);
    assert_int_equal(align_trigger(&align, 4), 0);
    align_abort(&align, 5);
    assert_int_equal(align_trigger(&align, 5), 0);
    assert_int_equal(align_trigger(&align, 6), 6);
}

static void an_end_counts_as_the_barrier(void **state)
{
    (void)state;
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_int_equal(align_end(&align, 1), 1);
    assert_false(align_is_blocked(&align, 0));
    assert_int_equal(align_barrier(&align, 0, 2), 2);
}

static void a_task_whose_inputs_have_ended_aligns_at_the_trigger(void **state)
{
    (void)state;
    assert_int_equal(align_end(&align, 0), 0);
    assert_int_equal(align_end(&align, 1), 0);
    assert_int_equal(align_trigger(&align, 1), 1);
    assert_int_equal(align_trigger(&align, 2), 2);
}

static void the_last_end_may_come_behind_the_trigger(void **state)
{
    (void)state;
    assert_int_equal(align_end(&align, 0), 0);
    assert_int_equal(align_trigger(&align, 1), 0);
    assert_int_equal(align_end(&align, 1), 1);
    assert_int_equal(align_end(&align, 1), 0);
    assert_int_equal(align_trigger(&align, 1), 0);
}

static void an_abort_frees_what_was_blocked(void **state)
{
    (void)state;
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    align_abort(&align, 1);
    assert_false(align_is_blocked(&align, 0));
    assert_int_equal(align_barrier(&align, 1, 1), 0); /* swallowed, and blocks nothing */
    assert_false(align_is_blocked(&align, 1));
    assert_int_equal(align_barrier(&align, 1, 2), 0);
    assert_true(align_is_blocked(&align, 1));
    assert_int_equal(align_barrier(&align, 0, 2), 2);
}

static void the_abort_may_come_before_the_barriers(void **state)
{
    (void)state;
    align_abort(&align, 1);
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_false(align_is_blocked(&align, 0));
    assert_int_equal(align_barrier(&align, 1, 1), 0);
}

static void a_later_barrier_gives_the_alignment_up(void **state)
{
    (void)state;
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_int_equal(align_barrier(&align, 1, 2), 0); /* 1 was aborted; word is under way */
    assert_false(align_is_blocked(&align, 0));
    assert_true(align_is_blocked(&align, 1));
    align_abort(&align, 1);
    assert_true(align_is_blocked(&align, 1));
    assert_int_equal(align_barrier(&align, 0, 2), 2);
}

static void an_old_barrier_does_not_disturb(void **state)
{
    (void)state;
    align_init(&align, inputs, 3);
    assert_int_equal(align_barrier(&align, 0, 2), 0);
    assert_int_equal(align_barrier(&align, 1, 1), 0);
    assert_false(align_is_blocked(&align, 1));
    assert_int_equal(align_barrier(&align, 1, 2), 0);
    assert_int_equal(align_barrier(&align, 1, 2), 0);
    assert_int_equal(align_barrier(&align, 2, 1), 0);
    assert_int_equal(align_barrier(&align, 2, 2), 2);
}

static void an_abort_of_what_is_done_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(align_barrier(&align, 0, 1), 0);
    assert_int_equal(align_barrier(&align, 1, 1), 1);
    assert_int_equal(align_barrier(&align, 0, 2), 0);
    align_abort(&align, 1);
    assert_true(align_is_blocked(&align, 0));
    assert_int_equal(align_barrier(&align, 1, 2), 2);
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(waits_for_every_input),
        CASE(a_trigger_alone_aligns_nothing_with_open_inputs),
        CASE(a_source_aligns_at_the_trigger_once),
        CASE(an_end_counts_as_the_barrier),
        CASE(a_task_whose_inputs_have_ended_aligns_at_the_trigger),
        CASE(the_last_end_may_come_behind_the_trigger),
        CASE(an_abort_frees_what_was_blocked),
        CASE(the_abort_may_come_before_the_barriers),
        CASE(a_later_barrier_gives_the_alignment_up),
        CASE(an_old_barrier_does_not_disturb),
        CASE(an_abort_of_what_is_done_changes_nothing),
    };

    return cmocka_run_group_tests_name("align", tests, NULL, NULL);
}
