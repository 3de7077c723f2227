/*
 * checkpoint/restart.h - what happens after an attempt has failed: again, and when, or the end.
 * Pure: failures in, decision out. Times are microseconds of one monotonic clock.
 *
 *   exponential   waits initial, then twice as long each time, up to max; an attempt that ran for
 *                 reset_after makes the next wait the first one again; never gives up
 *   fixed         waits delay; gives up after `attempts` restarts
 *   failure_rate  waits delay; gives up at the failures'th failure within `per`
 *   none          gives up
 *
 * Under every policy: a failure of class fail-pipeline or bug is final, and so is the poison'th
 * failure in a row at the same record (failures that name no record are not counted and do not
 * break the row).
 */
#ifndef CHECKPOINT_RESTART_H
#define CHECKPOINT_RESTART_H

#include <streamd/error.h>

/* The numbers of enum pipeline_restart_policy (graph/pipeline.h). */
enum restart_kind {
    RESTART_EXPONENTIAL = 1,
    RESTART_FIXED = 2,
    RESTART_FAILURE_RATE = 3,
    RESTART_NONE = 4
};

enum { RESTART_FAILURES_MAX = 1000, RESTART_RECORD_MAX = 255 };

struct restart_policy {
    enum restart_kind kind;
    int64_t initial_us, max_us, reset_after_us; /* exponential */
    int64_t delay_us;                           /* fixed, failure_rate */
    uint32_t attempts;                          /* fixed */
    uint32_t failures;                          /* failure_rate: 1..RESTART_FAILURES_MAX */
    int64_t per_us;                             /* failure_rate */
    uint32_t poison;                            /* 0: never */
};

/* exponential 100ms..1m, reset after 10m, poison 3: what a file gets that says nothing. */
extern const struct restart_policy restart_default;

struct restart_failure {
    enum streamd_class cls; /* of the error; STREAMD_FAIL_TASK for a process that died */
    const char *record;     /* "node clicks, orders.json byte 123"; NULL: no record is to blame */
};

enum restart_reason {
    RESTART_AGAIN = 0, /* start the next attempt at now + delay_us */
    RESTART_POLICY,    /* the end: the policy allows no more */
    RESTART_FINAL,     /* the end: a restart cannot help */
    RESTART_POISON     /* the end: `record` of restart_poison */
};

struct restart_decision {
    enum restart_reason reason;
    int64_t delay_us;
};

struct restart {
    struct restart_policy policy;
    int64_t running_since; /* INT64_MIN: the attempt never ran */
    int64_t wait_us;       /* exponential: the next wait; 0: the first */
    uint64_t total;        /* failures so far */
    uint32_t in_a_row;     /* at `record` */
    char record[RESTART_RECORD_MAX + 1];
    int64_t times[RESTART_FAILURES_MAX]; /* failure_rate: ring of the last `failures` */
};

/* No failure so far. */
void restart_init(struct restart *r, const struct restart_policy *policy);

/* All workers of the attempt run. */
void restart_running(struct restart *r, int64_t now);

/* The attempt has failed (once per attempt, also one that never ran). */
struct restart_decision restart_failed(struct restart *r, int64_t now,
                                       const struct restart_failure *failure);

/* The record that fails again and again, and how often it has; NULL: none has twice. */
const char *restart_poison(const struct restart *r, uint32_t *times);

#endif
