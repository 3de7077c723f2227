/*
 * The course of a run: see the drawing in inside.h. Everything happens in callbacks of one loop;
 * a phase is left only from the callback that saw its end.
 */
#include "coordinator/inside.h"

#include "base/error.h"
#include "base/memory.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { WATCH_MS = 1000 };

/* Where a state directory keeps checkpoints and the file does not say how often. */
#define EVERY_DEFAULT_US 10000000

int64_t coordinator_now(const struct coordinator *c)
{
    (void)c;
    return (int64_t)(uv_hrtime() / 1000) + 1;
}

/* --- The end -----------------------------------------------------------------------------------
 */

static void close_handle(uv_handle_t *handle, void *self)
{
    (void)self;
    if (!uv_is_closing(handle) && handle->data == self)
        uv_close(handle, NULL);
}

void coordinator_over(struct coordinator *c, enum coordinator_end end,
                      const struct streamd_error *error)
{
    if (c->phase >= PHASE_SAVING)
        return;
    c->phase = PHASE_SAVING;
    c->result->end = end;
    if (error)
        c->result->error = *error;
    if (c->planned)
        c->result->pipeline = arena_strdup(&c->result->arena, c->planned->pipeline);
    errand_kill(c->errand);
    (void)uv_timer_stop(&c->tick);
    (void)uv_timer_stop(&c->wait);
    coordinator_saved(c);
}

static void finish(struct coordinator *c)
{
    c->phase = PHASE_OVER;
    server_close(c);
    /* The handles of the coordinator itself carry it as their data. */
    uv_walk(&c->loop, close_handle, c);
}

void coordinator_saved(struct coordinator *c)
{
    if (c->phase == PHASE_SAVING && (c->exiting || !requests_save(c)))
        finish(c);
}

/* --- Attempts ----------------------------------------------------------------------------------
 */

void coordinator_take_plan(struct coordinator *c, struct planned *planned)
{
    int64_t every = planned->every_us;
    struct protocol_settings *s = &c->protocol.settings;

    if (every < 0)
        every = c->options->state_dir ? EVERY_DEFAULT_US : 0;
    /* Without a folder to write to, a checkpoint would be a commit that nobody can go back to. */
    s->every_us = c->options->state_dir ? every : 0;
    s->timeout_us = planned->timeout_us;
    planned_free(c->planned);
    c->planned = planned;
}

static void prepare(struct coordinator *c);

static void wait_is_over(uv_timer_t *timer)
{
    prepare(timer->data);
}

/* Without a state directory nothing is kept: a pipeline that failed has failed. */
static struct restart_decision decide(struct coordinator *c)
{
    struct restart_failure failure = {
        .cls = c->failure.error.cls,
        .record = c->failure.record[0] ? c->failure.record : NULL,
    };

    if (c->exiting || !durable_is_kept(c->durable))
        return (struct restart_decision){.reason = RESTART_FINAL};
    return restart_failed(&c->restart, coordinator_now(c), &failure);
}

/* The attempt has failed and is gone, or could not be prepared. */
static void again_or_not(struct coordinator *c)
{
    struct restart_decision d = decide(c);
    struct streamd_error *error = &c->failure.error;
    uint32_t times = 0;

    c->last_failure = c->failure;
    if (c->cut && !c->exiting) {
        coordinator_over(c, COORDINATOR_DONE, NULL);
        return;
    }
    if (d.reason == RESTART_AGAIN && c->stopping) { /* as if the signal had come while it waits */
        log_write(c->options->log, LOG_LEVEL_WARNING,
                  "%s; it was being stopped and is not started again: the next run goes on from "
                  "the checkpoint before",
                  error->message);
        coordinator_over(c, COORDINATOR_DONE, NULL);
        return;
    }
    if (d.reason == RESTART_AGAIN) {
        log_write(c->options->log, LOG_LEVEL_WARNING, "%s; starting again in %lld ms",
                  error->message, (long long)(d.delay_us / 1000));
        c->phase = PHASE_WAITING;
        (void)uv_timer_start(&c->wait, wait_is_over, (uint64_t)d.delay_us / 1000, 0);
        return;
    }
    if (d.reason == RESTART_POISON && restart_poison(&c->restart, &times))
        (void)error_add_context(error,
                                "failed %u times in a row at the same record (on_error says "
                                "what else to do with it)",
                                times);
    else if (d.reason == RESTART_POLICY)
        (void)error_add_context(error, "the restart policy allows no more attempts");
    coordinator_over(c, COORDINATOR_FAILED, error);
}

/* The attempt has ended as it was told. Unless the run is to end, the next one begins: of a
   rescale, or where nobody waits any more for what it was ended for. */
static void ended(struct coordinator *c)
{
    struct protocol_decisions out = {0};

    protocol_ended(&c->protocol, &out);
    if (!c->stopping) {
        struct planned *next = c->next_planned;

        c->next_planned = NULL;
        attempt_clear(c);
        if (next)
            coordinator_take_plan(c, next);
        prepare(c);
    } else {
        c->result->stats.stopped |= c->stop_request != 0;
        coordinator_over(c, COORDINATOR_DONE, NULL);
    }
    decisions_carry_out(c, &out);
}

/* What was counted, before it goes with its attempt. */
static void keep_stats(struct coordinator *c)
{
    struct arena arena = {0};
    struct worker_stats sum;
    int stopped = c->result->stats.stopped;

    if (talk_sum(c, &arena, &sum))
        return;
    /* By way of JSON, which leaves no pointer into what is about to be released. */
    arena_reset(&c->result->arena);
    {
        json_t *json = stats_json(&sum);

        if (!json || stats_read(json, &c->result->arena, &c->result->stats, NULL))
            c->result->stats = (struct worker_stats){0};
        json_decref(json);
    }
    c->result->stats.stopped |= stopped;
    arena_clear(&arena);
}

void coordinator_attempt_over(struct coordinator *c)
{
    int ending = c->phase == PHASE_ENDING;

    if ((!ending && c->phase != PHASE_FAILING) || c->attempt.alive > 0)
        return;
    if (!ending && !c->exiting && !protocol_is_settled(&c->protocol))
        return;
    (void)uv_timer_stop(&c->wait);
    keep_stats(c);
    if (ending) {
        ended(c);
        return;
    }
    attempt_clear(c);
    again_or_not(c);
}

/* --- Preparing ---------------------------------------------------------------------------------
 */

/* A full disk, say, while the next attempt of a run is prepared: as if that attempt had failed. */
static int may_pass(const struct coordinator *c, const struct durable_answer *answer)
{
    return c->attempts > 0 && answer->outcome == PROTOCOL_NOT_DONE &&
           (answer->error.cls == STREAMD_RETRY || answer->error.cls == STREAMD_FAIL_TASK);
}

static void prepared(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;

    if (c->phase != PHASE_PREPARING)
        return;
    if (answer->note.message[0])
        log_write(c->options->log, LOG_LEVEL_WARNING, "%s", answer->note.message);
    if (may_pass(c, answer)) {
        c->failure = (struct failure){.set = 1, .error = answer->error};
        again_or_not(c);
        return;
    }
    if (answer->outcome != PROTOCOL_DONE) {
        coordinator_over(c, COORDINATOR_FAILED, &answer->error);
        return;
    }
    if (answer->manifest.id > 0) {
        struct streamd_error error;

        if (state_compare(c, c->planned, &answer->manifest, &error)) {
            coordinator_over(c, COORDINATOR_INVALID, &error);
            return;
        }
        log_write(c->options->log, LOG_LEVEL_INFO, "going on from checkpoint %llu",
                  (unsigned long long)answer->manifest.id);
    }
    c->attempt.from = answer->manifest;
    answer->manifest = (struct manifest){0};
    memcpy(c->attempt.folder, answer->folder, sizeof(c->attempt.folder));
    attempt_start(c);
}

static void prepare(struct coordinator *c)
{
    c->phase = PHASE_PREPARING;
    durable_prepare(c->durable, c->planned->parallelism, prepared, c);
}

/* --- Restoring a savepoint ---------------------------------------------------------------------
 */

/* The savepoint is a checkpoint of the new lineage, with a manifest, or is not there. */
static void restored(void *self, const struct errand_answer *answer)
{
    struct coordinator *c = self;

    c->errand = NULL;
    if (c->phase != PHASE_PREPARING)
        return;
    if (answer->error.code)
        coordinator_over(c, COORDINATOR_INVALID, &answer->error);
    else
        prepare(c);
}

static void lineage_begun(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;
    char id[24];
    const char *argv[] = {"savepoint",
                          "restore",
                          c->options->restore,
                          answer->folder,
                          durable_lineage(c->durable),
                          id,
                          c->planned->pipeline,
                          NULL};

    if (c->phase != PHASE_PREPARING)
        return;
    snprintf(id, sizeof(id), "%llu", (unsigned long long)answer->id);
    if (answer->outcome == PROTOCOL_DONE)
        c->errand = errand_start(c, argv, NULL, 0, 0, 1, restored, c, &answer->error);
    if (!c->errand)
        coordinator_over(
            c, answer->error.diagnostic == 5512 ? COORDINATOR_INVALID : COORDINATOR_FAILED,
            &answer->error);
}

/* --- Planning ----------------------------------------------------------------------------------
 */

/* The file is not valid, or was not judged. */
static void not_planned(struct coordinator *c, const struct errand_answer *answer)
{
    if (answer->error.code == STREAMD_E_REPORTED) {
        text_append(&c->result->problems, answer->text, answer->length);
        coordinator_over(c, COORDINATOR_INVALID, &answer->error);
    } else {
        coordinator_over(c, COORDINATOR_FAILED, &answer->error);
    }
}

static void planned(void *self, const struct errand_answer *answer)
{
    struct coordinator *c = self;
    const struct coordinator_options *o = c->options;
    struct streamd_error error;
    struct planned *p;
    int rc;

    c->errand = NULL;
    if (c->phase != PHASE_PLANNING)
        return;
    if (answer->error.code) {
        not_planned(c, answer);
        return;
    }
    rc = planned_read(answer->text, answer->length, &p, &error);
    if (rc) {
        coordinator_over(c, COORDINATOR_FAILED, &error);
        return;
    }
    coordinator_take_plan(c, p);
    restart_init(&c->restart, &p->restart);
    rc = durable_open(&c->loop, o->state_dir, p->pipeline, &c->durable, &error);
    if (!rc && o->state_dir)
        rc = server_open(c, store_path(durable_store(c->durable)), &error);
    if (rc) {
        coordinator_over(c,
                         error.diagnostic == 4401   ? COORDINATOR_LOCKED
                         : error.diagnostic == 4413 ? COORDINATOR_INVALID
                                                    : COORDINATOR_FAILED,
                         &error);
        return;
    }
    if (!o->restore) {
        prepare(c);
        return;
    }
    c->phase = PHASE_PREPARING;
    durable_begin_lineage(c->durable, lineage_begun, c);
}

/* --- Signals -----------------------------------------------------------------------------------
 */

void coordinator_stop(struct coordinator *c)
{
    struct protocol_decisions out = {0};

    c->stopping = 1;
    if (c->phase == PHASE_RUNNING && durable_is_kept(c->durable)) {
        c->stop_request = protocol_ask(&c->protocol, coordinator_now(c), PROTOCOL_WISH_STOP, &out);
        decisions_carry_out(c, &out);
    } else if (c->phase == PHASE_RUNNING) {
        /* What was read flows out; then the final checkpoint commits it. */
        c->stop_request = 1;
        attempt_tell(c, "drain", json_object());
    } else if (c->phase == PHASE_STARTING) {
        /* Nothing has happened yet that the checkpoint it starts from does not know. */
        struct streamd_error error;

        c->cut = 1;
        (void)error_set(&error, STREAMD_E_STATE, "stopped before it ran");
        attempt_fail(c, NULL, &error, NULL);
    } else if (c->phase == PHASE_PLANNING || c->phase == PHASE_PREPARING ||
               c->phase == PHASE_WAITING) {
        coordinator_over(c, COORDINATOR_DONE, NULL);
    }
    c->result->stats.stopped = 1;
}

static void signalled(uv_signal_t *handle, int number)
{
    struct coordinator *c = handle->data;

    /* The next one of either has its default effect, also where it was ignored at the start. */
    (void)uv_signal_stop(&c->interrupt);
    (void)uv_signal_stop(&c->terminate);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (c->options->stopping)
        c->options->stopping(c->options->self, number);
    if (c->phase == PHASE_SAVING) /* nothing else is left to be stopped */
        finish(c);
    else
        coordinator_stop(c);
}

/* --- The run -----------------------------------------------------------------------------------
 */

static void open_handles(struct coordinator *c)
{
    uint64_t watch = c->options->show ? (uint64_t)c->options->show_every_us / 1000 : WATCH_MS;

    (void)uv_signal_init(&c->loop, &c->interrupt);
    (void)uv_signal_init(&c->loop, &c->terminate);
    (void)uv_timer_init(&c->loop, &c->tick);
    (void)uv_timer_init(&c->loop, &c->watch);
    (void)uv_timer_init(&c->loop, &c->wait);
    c->interrupt.data = c->terminate.data = c->tick.data = c->watch.data = c->wait.data = c;
    (void)uv_signal_start(&c->interrupt, signalled, SIGINT);
    (void)uv_signal_start(&c->terminate, signalled, SIGTERM);
    (void)uv_timer_start(&c->watch, talk_watch, watch, watch);
}

static void clear(struct coordinator *c)
{
    attempt_clear(c);
    durable_close(c->durable);
    planned_free(c->planned);
    planned_free(c->next_planned);
    server_free(c);
    memory_free(c);
}

/* Names this run. getrandom does not fail once the system is up. */
static void draw_run(struct coordinator *c)
{
    uint64_t bits = 0;

    (void)!getrandom(&bits, sizeof(bits), 0);
    snprintf(c->run, sizeof(c->run), "%016llx", (unsigned long long)bits);
}

void coordinator_run(const struct coordinator_options *options, struct coordinator_result *result)
{
    struct coordinator *c = memory_zalloc(1, sizeof(*c));
    struct protocol_settings settings = {0};
    struct streamd_error error;

    *result = (struct coordinator_result){.end = COORDINATOR_FAILED};
    if (!c || uv_loop_init(&c->loop)) {
        (void)error_set_nomem(&result->error);
        memory_free(c);
        return;
    }
    c->options = options;
    c->result = result;
    draw_run(c);
    protocol_init(&c->protocol, &settings);
    open_handles(c);
    c->errand = errand_plan(c, options->parallelism, 0, planned, c, &error);
    if (!c->errand)
        coordinator_over(c, COORDINATOR_FAILED, &error);
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&c->loop);
    clear(c);
}

void coordinator_result_clear(struct coordinator_result *result)
{
    text_clear(&result->problems);
    arena_clear(&result->arena);
}
