/*
 * First what no policy can help, then the policy. Failures are remembered under every policy, but
 * each policy looks only at what it needs: a wait that doubles, a count, or a ring of times.
 */
#include "checkpoint/restart.h"

#include <string.h>

#define NEVER_RAN INT64_MIN

const struct restart_policy restart_default = {
    .kind = RESTART_EXPONENTIAL,
    .initial_us = 100 * 1000,
    .max_us = 60 * 1000 * 1000,
    .reset_after_us = 600LL * 1000 * 1000,
    .poison = 3,
};

void restart_init(struct restart *r, const struct restart_policy *policy)
{
    memset(r, 0, sizeof(*r));
    r->policy = *policy;
    r->running_since = NEVER_RAN;
}

void restart_running(struct restart *r, int64_t now)
{
    r->running_since = now;
}

/* Counts a failure at a record; 1 where it was one too many. */
static int is_poison(struct restart *r, const char *record)
{
    if (!record)
        return 0;
    if (r->in_a_row > 0 && strncmp(r->record, record, RESTART_RECORD_MAX) == 0) {
        r->in_a_row++;
    } else {
        size_t length = strnlen(record, RESTART_RECORD_MAX);

        memcpy(r->record, record, length);
        r->record[length] = '\0';
        r->in_a_row = 1;
    }
    return r->policy.poison > 0 && r->in_a_row >= r->policy.poison;
}

static struct restart_decision again(int64_t delay_us)
{
    return (struct restart_decision){RESTART_AGAIN, delay_us};
}

static struct restart_decision enough(enum restart_reason reason)
{
    return (struct restart_decision){reason, 0};
}

static struct restart_decision exponential(struct restart *r, int64_t ran_us)
{
    const struct restart_policy *policy = &r->policy;
    int64_t wait = r->wait_us;

    if (wait == 0 || ran_us >= policy->reset_after_us)
        wait = policy->initial_us;
    if (wait > policy->max_us)
        wait = policy->max_us;
    r->wait_us = wait > policy->max_us / 2 ? policy->max_us : 2 * wait;
    return again(wait);
}

static struct restart_decision failure_rate(struct restart *r, int64_t now)
{
    uint32_t size =
        r->policy.failures < RESTART_FAILURES_MAX ? r->policy.failures : RESTART_FAILURES_MAX;
    int64_t oldest;

    if (size == 0)
        return enough(RESTART_POLICY);
    r->times[(r->total - 1) % size] = now;
    oldest = r->times[r->total % size];
    if (r->total >= size && now - oldest < r->policy.per_us)
        return enough(RESTART_POLICY);
    return again(r->policy.delay_us);
}

struct restart_decision restart_failed(struct restart *r, int64_t now,
                                       const struct restart_failure *failure)
{
    int64_t ran_us = r->running_since == NEVER_RAN ? 0 : now - r->running_since;
    int poison = is_poison(r, failure->record);

    r->total++;
    r->running_since = NEVER_RAN;
    if (failure->cls == STREAMD_FAIL_PIPELINE || failure->cls == STREAMD_BUG)
        return enough(RESTART_FINAL);
    if (poison)
        return enough(RESTART_POISON);
    switch (r->policy.kind) {
    case RESTART_FIXED:
        return r->total <= r->policy.attempts ? again(r->policy.delay_us) : enough(RESTART_POLICY);
    case RESTART_EXPONENTIAL:
        return exponential(r, ran_us);
    case RESTART_FAILURE_RATE:
        return failure_rate(r, now);
    case RESTART_NONE:
    default:
        return enough(RESTART_POLICY);
    }
}

const char *restart_poison(const struct restart *r, uint32_t *times)
{
    *times = r->in_a_row;
    return r->in_a_row >= 2 ? r->record : NULL;
}
