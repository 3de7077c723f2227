/*
 * The checkpoint protocol, fact by fact. Decisions are compared as text. What holds over all
 * interleavings is tests/unit/test_protocol_storm.c.
 */
#include "checkpoint/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define S 1000000LL

static struct protocol p;
static struct protocol_worker workers[2];
static struct protocol_decisions out;
static char text[1000];

static const char *const kinds[] = {
    "",         "allocate", "manifest", "record", "start",    "trigger", "abort",
    "complete", "final",    "answer",   "ended",  "all done", "fail",    "exit",
};

/* "abort 3; allocate". */
static const char *told(void)
{
    size_t n = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < out.count; i++) {
        const struct protocol_decision *d = &out.list[i];

        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i ? "; " : "", kinds[d->kind]);
        if (d->request)
            n += (size_t)snprintf(text + n, sizeof(text) - n, " request %d", (int)d->request);
        if (d->checkpoint)
            n += (size_t)snprintf(text + n, sizeof(text) - n, " %d", (int)d->checkpoint);
        if (d->trigger)
            n += (size_t)snprintf(text + n, sizeof(text) - n, " %s",
                                  d->trigger == PROTOCOL_FINAL  ? "final"
                                  : d->trigger == PROTOCOL_STOP ? "stop"
                                                                : "checkpoint");
    }
    return text;
}

#define TOLD(call, want)                   \
    do {                                   \
        call;                              \
        assert_string_equal(told(), want); \
    } while (0)

#define ALLOCATED(now, id) protocol_allocated(&p, now, PROTOCOL_DONE, id, "", &out)
#define MANIFEST(now, outcome) protocol_manifest(&p, now, outcome, "no space", &out)
#define RECORDED(now) protocol_recorded(&p, now, PROTOCOL_DONE, "", &out)
#define TICK(now) protocol_tick(&p, now, &out)

/* Two workers run, from nothing, at second 0; a checkpoint every 10 seconds, timeout 60. */
static int set_up(void **state)
{
    struct protocol_settings settings = {.every_us = 10 * S, .timeout_us = 60 * S};

    (void)state;
    protocol_init(&p, &settings);
    protocol_begin(&p, 0, workers, 2, 0, &out);
    assert_string_equal(told(), "start");
    protocol_running(&p, 0, 0, &out);
    protocol_running(&p, 0, 1, &out);
    assert_int_equal(out.count, 0);
    return 0;
}

/* Second 10: checkpoint `id` is triggered. */
static void go_to_collecting(int64_t now, uint64_t id)
{
    TOLD(TICK(now), "allocate");
    ALLOCATED(now, id);
    assert_int_equal(out.list[0].kind, PROTOCOL_TRIGGER);
}

static void go_to_writing(int64_t now, uint64_t id)
{
    go_to_collecting(now, id);
    protocol_ack(&p, now, 0, id, &out);
    protocol_ack(&p, now, 1, id, &out);
    assert_int_equal(out.list[0].kind, PROTOCOL_WRITE_MANIFEST);
}

static void go_to_committing(int64_t now, uint64_t id)
{
    go_to_writing(now, id);
    MANIFEST(now, PROTOCOL_DONE);
    RECORDED(now);
    assert_int_equal(out.list[0].kind, PROTOCOL_COMPLETE);
}

static void a_checkpoint_from_beginning_to_end(void **state)
{
    (void)state;
    assert_int_equal(protocol_deadline(&p), 10 * S);
    TOLD(TICK(10 * S - 1), "");
    TOLD(TICK(10 * S), "allocate");
    TOLD(TICK(11 * S), "");
    TOLD(ALLOCATED(11 * S, 1), "trigger 1 checkpoint");
    assert_int_equal(protocol_deadline(&p), 71 * S);
    TOLD(protocol_ack(&p, 12 * S, 1, 1, &out), "");
    TOLD(protocol_ack(&p, 12 * S, 1, 1, &out), "");
    TOLD(protocol_ack(&p, 12 * S, 0, 1, &out), "manifest 1");
    assert_int_equal(protocol_deadline(&p), PROTOCOL_NEVER);
    TOLD(MANIFEST(12 * S, PROTOCOL_DONE), "record 1");
    TOLD(RECORDED(12 * S), "complete 1");
    TOLD(protocol_committed(&p, 13 * S, 0, 1, &out), "");
    TOLD(protocol_committed(&p, 13 * S, 1, 1, &out), "final 1");
    assert_int_equal(p.statistics.completed, 1);
    assert_int_equal(p.statistics.last_complete, 1);
    assert_int_equal(p.statistics.last_duration_us, 2 * S);
    assert_int_equal(protocol_deadline(&p), 20 * S);
}

static void a_slow_one_leaves_a_pause(void **state)
{
    (void)state;
    go_to_committing(10 * S, 1);
    TOLD(TICK(40 * S), "");
    protocol_committed(&p, 40 * S, 0, 1, &out);
    TOLD(protocol_committed(&p, 40 * S, 1, 1, &out), "final 1");
    assert_int_equal(protocol_deadline(&p), 41 * S);
}

static void facts_of_others_are_dropped(void **state)
{
    (void)state;
    TOLD(ALLOCATED(S, 9), "");
    TOLD(RECORDED(S), "");
    TOLD(MANIFEST(S, PROTOCOL_DONE), "");
    go_to_collecting(10 * S, 4);
    TOLD(protocol_ack(&p, S, 0, 3, &out), "");
    TOLD(protocol_ack(&p, S, 2, 4, &out), "");
    TOLD(protocol_decline(&p, S, 0, 3, "late", &out), "");
    TOLD(protocol_committed(&p, S, 0, 4, &out), "");
    TOLD(protocol_running(&p, S, 0, &out), "");
    assert_int_equal(p.phase, PROTOCOL_COLLECTING);
    assert_int_equal(workers[0].acked, 0);
}

static void what_makes_a_checkpoint_void(void **state)
{
    (void)state;
    go_to_collecting(10 * S, 1);
    TOLD(TICK(70 * S), "abort 1");
    assert_string_equal(out.list[0].why, "worker 0 has not written its part in time");
    TOLD(protocol_ack(&p, 70 * S, 0, 1, &out), "");

    go_to_collecting(80 * S, 2);
    TOLD(protocol_decline(&p, 80 * S, 1, 2, "disk full", &out), "abort 2");
    assert_string_equal(out.list[0].why, "worker 1: disk full");

    go_to_writing(100 * S, 3);
    TOLD(TICK(1000 * S), ""); /* a manifest that is being written cannot be called off */
    TOLD(MANIFEST(1000 * S, PROTOCOL_NOT_DONE), "abort 3");
    assert_int_equal(p.statistics.failed_in_a_row, 3);

    TOLD(TICK(2000 * S), "allocate");
    TOLD(protocol_allocated(&p, 2000 * S, PROTOCOL_NOT_DONE, 0, "disk full", &out), "");
    assert_int_equal(p.statistics.failed, 4);
    assert_int_equal(p.attempt, PROTOCOL_RUNNING);
    go_to_committing(3000 * S, 4);
    assert_int_equal(p.statistics.failed_in_a_row, 0);
}

static void an_id_is_never_used_twice(void **state)
{
    (void)state;
    go_to_collecting(10 * S, 3);
    protocol_decline(&p, 10 * S, 0, 3, "no", &out);
    TOLD(TICK(20 * S), "allocate");
    TOLD(ALLOCATED(20 * S, 3), "exit");
}

static void what_cannot_be_known_ends_the_process(void **state)
{
    (void)state;
    go_to_writing(10 * S, 1);
    TOLD(MANIFEST(10 * S, PROTOCOL_UNKNOWN), "exit 1");
    assert_string_equal(out.list[0].why, "the manifest of a checkpoint: no space");
    TOLD(TICK(99 * S), "");
    TOLD(protocol_worker_lost(&p, 99 * S, 0, "died", &out), "");
    assert_false(protocol_is_settled(&p));

    set_up(state);
    TICK(10 * S);
    TOLD(protocol_allocated(&p, 10 * S, PROTOCOL_UNKNOWN, 0, "i/o", &out), "exit");

    set_up(state);
    go_to_writing(10 * S, 1);
    MANIFEST(10 * S, PROTOCOL_DONE);
    TOLD(protocol_recorded(&p, 10 * S, PROTOCOL_UNKNOWN, "i/o", &out), "exit 1");
}

static void the_record_of_a_commit_is_tried_again(void **state)
{
    (void)state;
    go_to_writing(10 * S, 1);
    MANIFEST(10 * S, PROTOCOL_DONE);
    TOLD(protocol_recorded(&p, 10 * S, PROTOCOL_NOT_DONE, "disk full", &out), "");
    TOLD(TICK(10 * S), "");
    assert_int_equal(protocol_deadline(&p), 11 * S);
    TOLD(TICK(11 * S), "record 1");
    TOLD(TICK(99 * S), "");
    TOLD(RECORDED(99 * S), "complete 1");
}

static void commits_that_take_too_long_fail_the_attempt(void **state)
{
    (void)state;
    go_to_committing(10 * S, 1);
    protocol_committed(&p, 20 * S, 0, 1, &out);
    TOLD(TICK(70 * S), "fail");
    assert_string_equal(out.list[0].why, "worker 1 has not committed checkpoint 1 in time");
    assert_true(protocol_is_settled(&p));
}

/* A lost worker in each phase: what is void, what remains, when the next attempt may begin. */
static void a_lost_worker_in_every_phase(void **state)
{
    (void)state;
    TOLD(protocol_worker_lost(&p, S, 1, "killed", &out), "fail");
    assert_string_equal(out.list[0].why, "worker 1: killed");
    assert_true(protocol_is_settled(&p));
    TOLD(protocol_worker_lost(&p, S, 0, "killed", &out), "");
    TOLD(TICK(99 * S), "");

    set_up(state);
    TICK(10 * S);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "fail");
    assert_false(protocol_is_settled(&p));
    TOLD(ALLOCATED(10 * S, 1), "abort 1");
    assert_true(protocol_is_settled(&p));

    set_up(state);
    go_to_collecting(10 * S, 1);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "abort 1; fail");
    assert_true(protocol_is_settled(&p));

    set_up(state);
    go_to_writing(10 * S, 1);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "fail");
    assert_false(protocol_is_settled(&p));
    TOLD(MANIFEST(11 * S, PROTOCOL_DONE), ""); /* complete all the same, and not committed here */
    assert_int_equal(p.statistics.last_complete, 1);
    assert_true(protocol_is_settled(&p));
    TOLD(protocol_begin(&p, 12 * S, workers, 2, 1, &out), "record 1");
    TOLD(RECORDED(12 * S), "start 1");

    set_up(state);
    go_to_writing(10 * S, 1);
    protocol_worker_lost(&p, 10 * S, 0, "killed", &out);
    TOLD(MANIFEST(11 * S, PROTOCOL_NOT_DONE), "abort 1");
    assert_true(protocol_is_settled(&p));

    set_up(state);
    go_to_writing(10 * S, 1);
    MANIFEST(10 * S, PROTOCOL_DONE);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "fail");
    assert_false(protocol_is_settled(&p));
    TOLD(RECORDED(11 * S), "");
    assert_true(protocol_is_settled(&p));

    set_up(state);
    go_to_committing(10 * S, 1);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "fail");
    assert_true(protocol_is_settled(&p));
    TOLD(protocol_begin(&p, 11 * S, workers, 1, 1, &out), "start 1"); /* recorded already */
    TOLD(protocol_running(&p, 12 * S, 0, &out), "final 1");
    assert_int_equal(protocol_deadline(&p), 22 * S);
}

static void a_lost_worker_while_the_record_waits(void **state)
{
    (void)state;
    go_to_writing(10 * S, 1);
    MANIFEST(10 * S, PROTOCOL_DONE);
    protocol_recorded(&p, 10 * S, PROTOCOL_NOT_DONE, "disk full", &out);
    TOLD(protocol_worker_lost(&p, 10 * S, 0, "killed", &out), "fail");
    assert_true(protocol_is_settled(&p));
    TOLD(protocol_begin(&p, 11 * S, workers, 2, 1, &out), "record 1");
    TOLD(protocol_worker_lost(&p, 11 * S, 0, "killed", &out), "fail");
    assert_false(protocol_is_settled(&p));
    TOLD(RECORDED(12 * S), "");
    assert_true(protocol_is_settled(&p));
}

static void the_end_takes_one_last_checkpoint(void **state)
{
    (void)state;
    TOLD(protocol_finished(&p, S, 0, &out), "");
    go_to_collecting(10 * S, 1);
    TOLD(protocol_finished(&p, 10 * S, 1, &out), "");
    protocol_ack(&p, 10 * S, 0, 1, &out);
    protocol_ack(&p, 10 * S, 1, 1, &out);
    MANIFEST(10 * S, PROTOCOL_DONE);
    RECORDED(10 * S);
    protocol_committed(&p, 10 * S, 0, 1, &out);
    TOLD(protocol_committed(&p, 10 * S, 1, 1, &out), "final 1; allocate");
    TOLD(ALLOCATED(10 * S, 2), "trigger 2 final");
    TOLD(protocol_decline(&p, 10 * S, 0, 2, "disk full", &out), "abort 2");
    assert_int_equal(protocol_deadline(&p), 11 * S);
    TOLD(TICK(11 * S), "allocate");
    TOLD(ALLOCATED(11 * S, 3), "trigger 3 final");
    protocol_ack(&p, 11 * S, 0, 3, &out);
    protocol_ack(&p, 11 * S, 1, 3, &out);
    MANIFEST(11 * S, PROTOCOL_DONE);
    RECORDED(11 * S);
    protocol_committed(&p, 11 * S, 0, 3, &out);
    TOLD(protocol_committed(&p, 11 * S, 1, 3, &out), "final 3; all done 3");
    TOLD(protocol_worker_lost(&p, 12 * S, 0, "exited", &out), "");
    assert_false(protocol_is_settled(&p));
    protocol_ended(&p, &out);
    assert_true(protocol_is_settled(&p));
}

static void the_end_without_an_interval(void **state)
{
    struct protocol_settings settings = {.every_us = 0, .timeout_us = 60 * S};

    (void)state;
    protocol_init(&p, &settings);
    protocol_begin(&p, 0, workers, 1, 0, &out);
    TOLD(protocol_finished(&p, 0, 0, &out), ""); /* before it is known to run */
    TOLD(protocol_running(&p, 0, 0, &out), "allocate");
    TOLD(ALLOCATED(0, 1), "trigger 1 final");

    protocol_init(&p, &settings);
    protocol_begin(&p, 0, workers, 1, 0, &out);
    TOLD(protocol_running(&p, 0, 0, &out), "");
    assert_int_equal(protocol_deadline(&p), PROTOCOL_NEVER);
    TOLD(TICK(INT64_MAX - 1), "");
    TOLD(protocol_finished(&p, INT64_MAX - 1, 0, &out), "allocate");
}

static void requests_wait_for_the_next_checkpoint(void **state)
{
    uint64_t first, second;

    (void)state;
    go_to_collecting(10 * S, 1);
    first = protocol_ask(&p, 10 * S, PROTOCOL_WISH_SAVEPOINT, &out);
    assert_int_equal(out.count, 0);
    second = protocol_ask(&p, 10 * S, PROTOCOL_WISH_SAVEPOINT, &out);
    assert_true(first > 0 && second > first);
    protocol_ack(&p, 10 * S, 0, 1, &out);
    protocol_ack(&p, 10 * S, 1, 1, &out);
    TOLD(MANIFEST(10 * S, PROTOCOL_DONE), "record 1"); /* 1 began before they asked */
    RECORDED(10 * S);
    protocol_committed(&p, 10 * S, 0, 1, &out);
    TOLD(protocol_committed(&p, 10 * S, 1, 1, &out), "final 1; allocate");
    TOLD(ALLOCATED(10 * S, 2), "trigger 2 checkpoint");
    protocol_ack(&p, 10 * S, 0, 2, &out);
    protocol_ack(&p, 10 * S, 1, 2, &out);
    TOLD(MANIFEST(10 * S, PROTOCOL_DONE), "record 2");
    TOLD(RECORDED(10 * S), "complete 2");
    TOLD(protocol_committed(&p, 10 * S, 0, 2, &out), "");
    TOLD(protocol_committed(&p, 10 * S, 1, 2, &out),
         "answer request 1 2; answer request 2 2; final 2");
}

/* The attempt is lost between manifest and commits: a savepoint of it would show what no sink has
   done, so that who asked gets the next one. */
static void a_savepoint_is_answered_when_all_have_committed(void **state)
{
    (void)state;
    protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out);
    ALLOCATED(S, 1);
    protocol_ack(&p, S, 0, 1, &out);
    protocol_ack(&p, S, 1, 1, &out);
    MANIFEST(S, PROTOCOL_DONE);
    TOLD(RECORDED(S), "complete 1");
    TOLD(protocol_committed(&p, S, 0, 1, &out), "");
    TOLD(protocol_worker_lost(&p, S, 1, "killed", &out), "fail");
    TOLD(protocol_begin(&p, S, workers, 2, 1, &out), "start 1");
    protocol_running(&p, S, 0, &out);
    TOLD(protocol_running(&p, S, 1, &out), "final 1; allocate");
    TOLD(ALLOCATED(S, 2), "trigger 2 checkpoint");
    protocol_ack(&p, S, 0, 2, &out);
    protocol_ack(&p, S, 1, 2, &out);
    MANIFEST(S, PROTOCOL_DONE);
    RECORDED(S);
    protocol_committed(&p, S, 1, 2, &out);
    TOLD(protocol_committed(&p, S, 0, 2, &out), "answer request 1 2; final 2");
}

static void a_stop_ends_the_attempt_when_it_is_committed(void **state)
{
    (void)state;
    protocol_ask(&p, S, PROTOCOL_WISH_RESCALE, &out);
    assert_string_equal(told(), "allocate");
    TOLD(ALLOCATED(S, 1), "trigger 1 stop");
    TOLD(protocol_finished(&p, S, 0, &out), "");
    protocol_ack(&p, S, 0, 1, &out);
    protocol_ack(&p, S, 1, 1, &out);
    TOLD(MANIFEST(S, PROTOCOL_DONE), "record 1");
    TOLD(RECORDED(S), "complete 1");
    protocol_committed(&p, S, 0, 1, &out);
    TOLD(protocol_committed(&p, S, 1, 1, &out), "answer request 1 1; final 1; ended 1");
    TOLD(TICK(99 * S), "");
    protocol_ended(&p, &out);
    TOLD(protocol_begin(&p, 2 * S, workers, 1, 1, &out), "start 1");
}

/* Behind the last barrier of an attempt nothing happens: its checkpoint is what they ask for. */
static void the_last_checkpoint_serves_who_asks_meanwhile(void **state)
{
    (void)state;
    protocol_finished(&p, S, 0, &out);
    TOLD(protocol_finished(&p, S, 1, &out), "allocate");
    TOLD(ALLOCATED(S, 1), "trigger 1 final");
    TOLD(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), "");
    protocol_ack(&p, S, 0, 1, &out);
    TOLD(protocol_ack(&p, S, 1, 1, &out), "manifest 1");
    MANIFEST(S, PROTOCOL_DONE);
    TOLD(RECORDED(S), "complete 1");
    TOLD(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), "");
    protocol_committed(&p, S, 0, 1, &out);
    TOLD(protocol_committed(&p, S, 1, 1, &out),
         "answer request 1 1; answer request 2 1; final 1; all done 1");
    TOLD(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), "answer request 3 1");

    set_up(NULL);
    protocol_ask(&p, S, PROTOCOL_WISH_STOP, &out);
    TOLD(ALLOCATED(S, 1), "trigger 1 stop");
    TOLD(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), "");
    TOLD(protocol_decline(&p, S, 0, 1, "disk full", &out), "abort 1; allocate");
    TOLD(ALLOCATED(S, 2), "trigger 2 stop");
    protocol_ack(&p, S, 0, 2, &out);
    protocol_ack(&p, S, 1, 2, &out);
    MANIFEST(S, PROTOCOL_DONE);
    RECORDED(S);
    protocol_committed(&p, S, 0, 2, &out);
    TOLD(protocol_committed(&p, S, 1, 2, &out),
         "answer request 1 2; answer request 2 2; final 2; ended 2");
}

static void the_last_failure_is_kept(void **state)
{
    (void)state;
    assert_int_equal(p.statistics.last_failed_at, INT64_MIN);
    go_to_collecting(10 * S, 7);
    protocol_decline(&p, 12 * S, 1, 7, "disk full", &out);
    assert_int_equal(p.statistics.last_failed, 7);
    assert_int_equal(p.statistics.last_failed_at, 12 * S);
    assert_string_equal(p.statistics.last_failure, "worker 1: disk full");
    TOLD(TICK(20 * S), "allocate");
    protocol_allocated(&p, 21 * S, PROTOCOL_NOT_DONE, 0, "no space", &out);
    assert_int_equal(p.statistics.failed, 2);
    assert_int_equal(p.statistics.last_failed, 0);
    assert_int_equal(p.statistics.last_failed_at, 21 * S);
    assert_string_equal(p.statistics.last_failure, "no checkpoint could begin: no space");
}

static void a_request_fails_after_some_tries(void **state)
{
    (void)state;
    protocol_ask(&p, S, PROTOCOL_WISH_STOP, &out);
    TOLD(ALLOCATED(S, 1), "trigger 1 stop");
    TOLD(protocol_decline(&p, S, 0, 1, "no", &out), "abort 1; allocate");
    TOLD(ALLOCATED(S, 2), "trigger 2 stop");
    TOLD(protocol_decline(&p, S, 0, 2, "no", &out), "abort 2; allocate");
    TOLD(ALLOCATED(S, 3), "trigger 3 stop");
    TOLD(protocol_decline(&p, S, 0, 3, "no", &out), "abort 3; answer request 1");
    assert_string_equal(out.list[1].why, "worker 0: no");
    assert_int_equal(p.attempt, PROTOCOL_RUNNING);
}

static void requests_outlive_attempts(void **state)
{
    (void)state;
    protocol_ask(&p, S, PROTOCOL_WISH_STOP, &out);
    protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out);
    ALLOCATED(S, 1);
    TOLD(protocol_worker_lost(&p, S, 0, "killed", &out), "abort 1; fail");
    protocol_begin(&p, S, workers, 2, 0, &out);
    protocol_running(&p, S, 0, &out);
    TOLD(protocol_running(&p, S, 1, &out), "allocate");
    TOLD(ALLOCATED(S, 2), "trigger 2 stop");
    protocol_ack(&p, S, 0, 2, &out);
    protocol_ack(&p, S, 1, 2, &out);
    TOLD(protocol_worker_lost(&p, S, 0, "killed", &out), "fail");
    TOLD(MANIFEST(S, PROTOCOL_DONE), ""); /* they get one that is committed */
    assert_int_equal(p.request_count, 2);
    TOLD(protocol_give_up(&p, "no more restarts", &out), "answer request 1; answer request 2");
    assert_string_equal(out.list[0].why, "no more restarts");
    assert_int_equal(p.request_count, 0);
}

static void only_so_many_requests_wait(void **state)
{
    (void)state;
    for (int i = 0; i < PROTOCOL_REQUESTS_MAX; i++)
        assert_int_equal(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), i + 1);
    assert_int_equal(protocol_ask(&p, S, PROTOCOL_WISH_SAVEPOINT, &out), 0);
    ALLOCATED(S, 1);
    for (uint64_t id = 1; id < 3; id++) {
        protocol_decline(&p, S, 0, id, "no", &out);
        ALLOCATED(S, id + 1);
    }
    protocol_decline(&p, S, 0, 3, "no", &out);
    assert_int_equal(out.count, PROTOCOL_REQUESTS_MAX + 1);
}

static void an_attempt_begins_only_when_the_last_is_over(void **state)
{
    (void)state;
    TOLD(protocol_begin(&p, S, workers, 2, 0, &out), "exit");
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_checkpoint_from_beginning_to_end),
        CASE(a_slow_one_leaves_a_pause),
        CASE(facts_of_others_are_dropped),
        CASE(what_makes_a_checkpoint_void),
        CASE(an_id_is_never_used_twice),
        CASE(what_cannot_be_known_ends_the_process),
        CASE(the_record_of_a_commit_is_tried_again),
        CASE(commits_that_take_too_long_fail_the_attempt),
        CASE(a_lost_worker_in_every_phase),
        CASE(a_lost_worker_while_the_record_waits),
        CASE(the_end_takes_one_last_checkpoint),
        CASE(the_end_without_an_interval),
        CASE(requests_wait_for_the_next_checkpoint),
        CASE(a_savepoint_is_answered_when_all_have_committed),
        CASE(a_stop_ends_the_attempt_when_it_is_committed),
        CASE(the_last_checkpoint_serves_who_asks_meanwhile),
        CASE(the_last_failure_is_kept),
        CASE(a_request_fails_after_some_tries),
        CASE(requests_outlive_attempts),
        CASE(only_so_many_requests_wait),
        CASE(an_attempt_begins_only_when_the_last_is_over),
    };

    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
