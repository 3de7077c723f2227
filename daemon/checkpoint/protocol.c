/*
 * Each fact is checked against the phase it belongs to and is dropped elsewhere; a fact that
 * counts moves the phase on and says what to do. There are four ways out of a phase: on to the
 * next, abandon() (void, the interval joins the next), lose() (the attempt is over) and leave()
 * (it cannot be known what is durable). At the end of every fact consider() begins a checkpoint
 * where one is due, so that "due" is judged in one place.
 *
 * What the metadata thread does goes on when the attempt fails; its answer then finds
 * attempt == PROTOCOL_NO_ATTEMPT, keeps what became durable and does nothing else.
 */
#include "checkpoint/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void protocol_init(struct protocol *p, const struct protocol_settings *settings)
{
    memset(p, 0, sizeof(*p));
    p->settings = *settings;
    p->due = PROTOCOL_NEVER;
    p->deadline = PROTOCOL_NEVER;
    p->statistics.last_complete_at = INT64_MIN;
    p->statistics.last_failed_at = INT64_MIN;
}

/* ---- helpers ------------------------------------------------------------------------------ */

static struct protocol_decision *decide(struct protocol_decisions *out,
                                        enum protocol_decision_kind kind, uint64_t checkpoint)
{
    struct protocol_decision *d = &out->list[out->count++];

    *d = (struct protocol_decision){.kind = kind, .checkpoint = checkpoint, .why = ""};
    return d;
}

__attribute__((format(printf, 2, 3))) static void say_why(struct protocol *p, const char *format,
                                                          ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(p->why, sizeof(p->why), format, arguments);
    va_end(arguments);
}

/* `us` from `now`, which may be "for ever". */
static int64_t later(int64_t now, int64_t us)
{
    return us > PROTOCOL_NEVER - now ? PROTOCOL_NEVER : now + us;
}

static int all_finished(const struct protocol *p)
{
    for (uint32_t i = 0; i < p->worker_count; i++)
        if (!p->workers[i].finished)
            return 0;
    return 1;
}

static void enter(struct protocol *p, enum protocol_phase phase, int64_t deadline)
{
    p->phase = phase;
    p->deadline = deadline;
}

/* ---- requests ----------------------------------------------------------------------------- */

/* Answers all requests, or those of the checkpoint under way, and forgets them; checkpoint 0: they
   have failed. */
static void answer(struct protocol *p, int joined_only, uint64_t checkpoint,
                   struct protocol_decisions *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->request_count; i++) {
        struct protocol_request r = p->requests[i];

        if (joined_only && !r.joined) {
            p->requests[kept++] = r;
            continue;
        }
        struct protocol_decision *d = decide(out, PROTOCOL_ANSWER, checkpoint);

        d->request = r.id;
        d->why = checkpoint ? "" : p->why;
    }
    p->request_count = kept;
}

static void join_requests(struct protocol *p)
{
    for (uint32_t i = 0; i < p->request_count; i++)
        p->requests[i].joined = 1;
}

/* The checkpoint of these requests is void: they wait for the next, unless they have had enough. */
static void release_requests(struct protocol *p, int count_it, struct protocol_decisions *out)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < p->request_count; i++) {
        struct protocol_request r = p->requests[i];

        r.failures = (uint8_t)(r.failures + (r.joined && count_it));
        r.joined = 0;
        if (r.failures < PROTOCOL_TRIES) {
            p->requests[kept++] = r;
            continue;
        }
        struct protocol_decision *d = decide(out, PROTOCOL_ANSWER, 0);

        d->request = r.id;
        d->why = p->why;
    }
    p->request_count = kept;
}

static int stop_is_wished(const struct protocol *p)
{
    for (uint32_t i = 0; i < p->request_count; i++)
        if (p->requests[i].wish != PROTOCOL_WISH_SAVEPOINT)
            return 1;
    return 0;
}

/* ---- the ways out of a phase -------------------------------------------------------------- */

/* Begins a checkpoint where one is due. */
static void consider(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    if (p->exited || p->attempt != PROTOCOL_RUNNING || p->phase != PROTOCOL_IDLE)
        return;
    if (p->request_count == 0 && now < p->due)
        return;
    p->id = 0;
    p->began_at = now;
    enter(p, PROTOCOL_ALLOCATING, PROTOCOL_NEVER);
    decide(out, PROTOCOL_ALLOCATE, 0);
}

/* No checkpoint is under way any more: when is the next? */
static void rest(struct protocol *p, int64_t now, int failed)
{
    int64_t every = p->settings.every_us;

    enter(p, PROTOCOL_IDLE, PROTOCOL_NEVER);
    p->id = 0;
    if (p->worker_count > 0 && all_finished(p)) {
        p->due = failed ? later(now, PROTOCOL_RETRY_US) : now;
    } else if (every == 0) {
        p->due = PROTOCOL_NEVER;
    } else {
        int64_t pause = later(now, every / 10);

        p->due = later(p->began_at, every);
        if (p->due < pause)
            p->due = pause;
    }
}

static void note_failure(struct protocol *p, int64_t now)
{
    struct protocol_statistics *s = &p->statistics;

    s->failed++;
    s->failed_in_a_row++;
    s->last_failed = p->id;
    s->last_failed_at = now;
    memcpy(s->last_failure, p->why, sizeof(s->last_failure));
}

/* The checkpoint under way is void. `why` is in p->why. */
static void void_it(struct protocol *p, int64_t now, int count_it, struct protocol_decisions *out)
{
    if (p->id != 0)
        decide(out, PROTOCOL_ABORT, p->id)->why = p->why;
    note_failure(p, now);
    rest(p, now, 1);
    release_requests(p, count_it, out);
}

static void abandon(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    void_it(p, now, 1, out);
    consider(p, now, out);
}

/* The attempt is over. What is on the metadata thread stays there until it answers. */
static void lose(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    int retrying = p->phase == PROTOCOL_RECORDING && p->deadline != PROTOCOL_NEVER;

    if (p->phase == PROTOCOL_COLLECTING)
        void_it(p, now, 0, out);
    else if (p->phase == PROTOCOL_COMMITTING || retrying)
        rest(p, now, 0);
    if (p->phase != PROTOCOL_WRITING)
        release_requests(p, 0, out);
    p->attempt = PROTOCOL_NO_ATTEMPT;
    p->due = PROTOCOL_NEVER;
    decide(out, PROTOCOL_FAIL_ATTEMPT, 0)->why = p->why;
}

static void leave(struct protocol *p, const char *what, const char *why,
                  struct protocol_decisions *out)
{
    say_why(p, "%s: %s", what, why && *why ? why : "it cannot be known whether that is durable");
    p->exited = 1;
    decide(out, PROTOCOL_EXIT, p->id)->why = p->why;
}

/* ---- attempts ----------------------------------------------------------------------------- */

static void record(struct protocol *p, uint64_t id, struct protocol_decisions *out)
{
    p->id = id;
    enter(p, PROTOCOL_RECORDING, PROTOCOL_NEVER);
    decide(out, PROTOCOL_RECORD_COMMIT, id);
}

int protocol_is_settled(const struct protocol *p)
{
    return p->attempt == PROTOCOL_NO_ATTEMPT && p->phase == PROTOCOL_IDLE && !p->exited;
}

void protocol_begin(struct protocol *p, int64_t now, struct protocol_worker *workers,
                    uint32_t count, uint64_t restore, struct protocol_decisions *out)
{
    (void)now;
    out->count = 0;
    if (!protocol_is_settled(p)) {
        if (!p->exited)
            leave(p, "an attempt was to begin", "the one before it is not over", out);
        return;
    }
    memset(workers, 0, count * sizeof(*workers));
    p->workers = workers;
    p->worker_count = count;
    p->attempt = PROTOCOL_STARTING;
    p->restore = restore;
    p->statistics.last_complete = restore;
    if (restore > p->highest)
        p->highest = restore;
    if (restore > p->recorded)
        record(p, restore, out);
    else
        decide(out, PROTOCOL_START, restore);
}

void protocol_running(struct protocol *p, int64_t now, uint32_t worker,
                      struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || p->attempt != PROTOCOL_STARTING || p->phase != PROTOCOL_IDLE ||
        worker >= p->worker_count)
        return;
    p->workers[worker].running = 1;
    for (uint32_t i = 0; i < p->worker_count; i++)
        if (!p->workers[i].running)
            return;
    p->attempt = PROTOCOL_RUNNING;
    p->began_at = now;
    rest(p, now, 0);
    if (p->restore)
        decide(out, PROTOCOL_FINALISED, p->restore);
    consider(p, now, out);
}

void protocol_finished(struct protocol *p, int64_t now, uint32_t worker,
                       struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || worker >= p->worker_count || p->workers[worker].finished ||
        (p->attempt != PROTOCOL_STARTING && p->attempt != PROTOCOL_RUNNING))
        return;
    p->workers[worker].finished = 1;
    if (p->phase == PROTOCOL_IDLE && all_finished(p))
        p->due = now;
    consider(p, now, out);
}

void protocol_worker_lost(struct protocol *p, int64_t now, uint32_t worker, const char *why,
                          struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || (p->attempt != PROTOCOL_STARTING && p->attempt != PROTOCOL_RUNNING))
        return;
    say_why(p, "worker %u: %s", worker, why);
    lose(p, now, out);
}

void protocol_ended(struct protocol *p, struct protocol_decisions *out)
{
    out->count = 0;
    if (p->attempt == PROTOCOL_ENDING)
        p->attempt = PROTOCOL_NO_ATTEMPT;
}

/* ---- a checkpoint, phase by phase --------------------------------------------------------- */

/* What stands in a fact that belongs to the checkpoint in this phase. */
static int belongs(const struct protocol *p, enum protocol_phase phase, uint32_t worker,
                   uint64_t id)
{
    return !p->exited && p->attempt == PROTOCOL_RUNNING && p->phase == phase &&
           worker < p->worker_count && id == p->id;
}

static void trigger(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    for (uint32_t i = 0; i < p->worker_count; i++)
        p->workers[i].acked = p->workers[i].committed = 0;
    p->trigger = all_finished(p)     ? PROTOCOL_FINAL
                 : stop_is_wished(p) ? PROTOCOL_STOP
                                     : PROTOCOL_CHECKPOINT;
    join_requests(p);
    enter(p, PROTOCOL_COLLECTING, later(now, p->settings.timeout_us));
    decide(out, PROTOCOL_TRIGGER, p->id)->trigger = p->trigger;
}

void protocol_allocated(struct protocol *p, int64_t now, enum protocol_outcome outcome, uint64_t id,
                        const char *why, struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || p->phase != PROTOCOL_ALLOCATING)
        return;
    if (outcome == PROTOCOL_UNKNOWN || (outcome == PROTOCOL_DONE && id <= p->highest)) {
        leave(p, "a checkpoint's id", outcome == PROTOCOL_UNKNOWN ? why : "it was used before",
              out);
        return;
    }
    if (outcome == PROTOCOL_DONE)
        p->id = p->highest = id;
    else
        say_why(p, "no checkpoint could begin: %s", why);
    if (p->attempt != PROTOCOL_RUNNING)
        void_it(p, now, 0, out);
    else if (outcome == PROTOCOL_DONE)
        trigger(p, now, out);
    else
        abandon(p, now, out);
}

void protocol_ack(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                  struct protocol_decisions *out)
{
    (void)now;
    out->count = 0;
    if (!belongs(p, PROTOCOL_COLLECTING, worker, id))
        return;
    p->workers[worker].acked = 1;
    for (uint32_t i = 0; i < p->worker_count; i++)
        if (!p->workers[i].acked)
            return;
    enter(p, PROTOCOL_WRITING, PROTOCOL_NEVER);
    decide(out, PROTOCOL_WRITE_MANIFEST, id);
}

void protocol_decline(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                      const char *why, struct protocol_decisions *out)
{
    out->count = 0;
    if (!belongs(p, PROTOCOL_COLLECTING, worker, id))
        return;
    say_why(p, "worker %u: %s", worker, why);
    abandon(p, now, out);
}

static void complete(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    p->statistics.completed++;
    p->statistics.failed_in_a_row = 0;
    p->statistics.last_complete = p->id;
    p->statistics.last_complete_at = now;
    p->statistics.last_duration_us = now - p->began_at;
    if (p->attempt == PROTOCOL_RUNNING) {
        record(p, p->id, out);
        return;
    }
    /* The next attempt starts from it, and commits it first; who asked gets one of that attempt. */
    rest(p, now, 0);
    release_requests(p, 0, out);
}

void protocol_manifest(struct protocol *p, int64_t now, enum protocol_outcome outcome,
                       const char *why, struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || p->phase != PROTOCOL_WRITING)
        return;
    if (outcome == PROTOCOL_UNKNOWN) {
        leave(p, "the manifest of a checkpoint", why, out);
    } else if (outcome == PROTOCOL_DONE) {
        complete(p, now, out);
    } else {
        say_why(p, "the manifest: %s", why);
        if (p->attempt == PROTOCOL_RUNNING)
            abandon(p, now, out);
        else
            void_it(p, now, 0, out);
    }
}

void protocol_recorded(struct protocol *p, int64_t now, enum protocol_outcome outcome,
                       const char *why, struct protocol_decisions *out)
{
    uint64_t id = p->id;

    out->count = 0;
    if (p->exited || p->phase != PROTOCOL_RECORDING)
        return;
    if (outcome == PROTOCOL_UNKNOWN) {
        leave(p, "that a commit has started", why, out);
        return;
    }
    if (outcome == PROTOCOL_DONE && id > p->recorded)
        p->recorded = id;
    if (p->attempt == PROTOCOL_NO_ATTEMPT) {
        rest(p, now, 0);
    } else if (outcome == PROTOCOL_NOT_DONE) {
        p->deadline = later(now, PROTOCOL_RETRY_US);
    } else if (p->attempt == PROTOCOL_STARTING) {
        enter(p, PROTOCOL_IDLE, PROTOCOL_NEVER);
        decide(out, PROTOCOL_START, id);
    } else {
        enter(p, PROTOCOL_COMMITTING, later(now, p->settings.timeout_us));
        decide(out, PROTOCOL_COMPLETE, id);
    }
}

void protocol_committed(struct protocol *p, int64_t now, uint32_t worker, uint64_t id,
                        struct protocol_decisions *out)
{
    out->count = 0;
    if (!belongs(p, PROTOCOL_COMMITTING, worker, id))
        return;
    p->workers[worker].committed = 1;
    for (uint32_t i = 0; i < p->worker_count; i++)
        if (!p->workers[i].committed)
            return;
    /* Only now: who restores it elsewhere must find done what sinks were to do for it. Before the
       retention, which must leave it to whoever is answered. Behind a stop or final barrier nothing
       has happened that a later checkpoint could hold: it serves whoever has asked meanwhile. */
    answer(p, p->trigger == PROTOCOL_CHECKPOINT, id, out);
    decide(out, PROTOCOL_FINALISED, id);
    rest(p, now, 0);
    if (p->trigger == PROTOCOL_CHECKPOINT) {
        consider(p, now, out);
        return;
    }
    p->attempt = PROTOCOL_ENDING;
    p->due = PROTOCOL_NEVER;
    decide(out, p->trigger == PROTOCOL_FINAL ? PROTOCOL_ALL_DONE : PROTOCOL_END_ATTEMPT, id);
}

/* ---- requests and time -------------------------------------------------------------------- */

uint64_t protocol_ask(struct protocol *p, int64_t now, enum protocol_wish wish,
                      struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited || p->request_count == PROTOCOL_REQUESTS_MAX)
        return 0;
    p->requests[p->request_count++] =
        (struct protocol_request){.id = ++p->next_request, .wish = wish};
    if (p->attempt == PROTOCOL_ENDING)
        answer(p, 0, p->statistics.last_complete, out);
    consider(p, now, out);
    return p->next_request;
}

void protocol_give_up(struct protocol *p, const char *why, struct protocol_decisions *out)
{
    out->count = 0;
    if (why != p->why)
        say_why(p, "%s", why);
    answer(p, 0, 0, out);
}

/* "worker 2 has not ..." for the first one that has not. */
static uint32_t first_without(const struct protocol *p, int committed)
{
    uint32_t i = 0;

    while (i + 1 < p->worker_count && (committed ? p->workers[i].committed : p->workers[i].acked))
        i++;
    return i;
}

void protocol_tick(struct protocol *p, int64_t now, struct protocol_decisions *out)
{
    out->count = 0;
    if (p->exited)
        return;
    if (now >= p->deadline) {
        switch (p->phase) {
        case PROTOCOL_COLLECTING:
            say_why(p, "worker %u has not written its part in time", first_without(p, 0));
            abandon(p, now, out);
            return;
        case PROTOCOL_COMMITTING:
            say_why(p, "worker %u has not committed checkpoint %llu in time", first_without(p, 1),
                    (unsigned long long)p->id);
            lose(p, now, out);
            return;
        case PROTOCOL_RECORDING:
            record(p, p->id, out);
            return;
        default:
            break;
        }
    }
    consider(p, now, out);
}

int64_t protocol_deadline(const struct protocol *p)
{
    if (p->exited)
        return PROTOCOL_NEVER;
    if (p->phase != PROTOCOL_IDLE)
        return p->deadline;
    return p->attempt == PROTOCOL_RUNNING ? p->due : PROTOCOL_NEVER;
}
