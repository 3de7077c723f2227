/*
 * What the protocol decides, done: messages to workers, jobs for the metadata thread. Every job is
 * answered later, from the loop, with the next fact.
 */
#include "coordinator/inside.h"

#include "base/array.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const char *why_of(const struct durable_answer *answer)
{
    return answer->outcome == PROTOCOL_DONE ? "" : answer->error.message;
}

static void allocated(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;
    struct protocol_decisions out = {0};

    memcpy(c->folder, answer->folder, sizeof(c->folder));
    if (answer->outcome == PROTOCOL_NOT_DONE)
        log_write(c->options->log, LOG_LEVEL_WARNING, "no checkpoint could begin: %s",
                  answer->error.message);
    protocol_allocated(&c->protocol, coordinator_now(c), answer->outcome, answer->id,
                       why_of(answer), &out);
    decisions_carry_out(c, &out);
}

static void manifest_written(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;
    struct protocol_decisions out = {0};

    protocol_manifest(&c->protocol, coordinator_now(c), answer->outcome, why_of(answer), &out);
    decisions_carry_out(c, &out);
}

static void recorded(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;
    struct protocol_decisions out = {0};

    protocol_recorded(&c->protocol, coordinator_now(c), answer->outcome, why_of(answer), &out);
    decisions_carry_out(c, &out);
}

/* What is no longer needed could not be removed: told, and tried again the next time. */
static void retained(void *self, struct durable_answer *answer)
{
    struct coordinator *c = self;

    if (answer->outcome != PROTOCOL_DONE)
        log_write(c->options->log, LOG_LEVEL_WARNING, "old checkpoints cannot be removed: %s",
                  answer->error.message);
}

/* --- The manifest ------------------------------------------------------------------------------
 */

static const char *kind_word(enum protocol_trigger trigger)
{
    return trigger == PROTOCOL_STOP ? "stop" : trigger == PROTOCOL_FINAL ? "final" : "checkpoint";
}

/* A file that a worker's file refers to; each once. No two workers refer to the same. */
static int add_referred(struct manifest *m, size_t *room, const json_t *refer, uint32_t task)
{
    const char *name = control_text(refer, "name"), *checksum = control_text(refer, "checksum");
    struct manifest_file *f;
    int64_t id, bytes;

    /* A name that the manifest's readers would refuse must not get into one. */
    if (!name || !checksum || !name[0] || name[0] == '.' || strchr(name, '/') ||
        strlen(name) >= sizeof(f->name) || strlen(checksum) != 32 ||
        control_number(refer, "checkpoint", 1, INT64_MAX, &id, NULL) ||
        control_number(refer, "bytes", 1, INT64_MAX, &bytes, NULL))
        return STREAMD_E_DATA;
    for (size_t i = m->file_count; i-- > 0 && m->files[i].referred && m->files[i].task == task;)
        if (m->files[i].checkpoint == (uint64_t)id && strcmp(m->files[i].name, name) == 0)
            return 0;
    if (array_grow((void **)&m->files, room, m->file_count + 1, sizeof(*m->files)))
        return STREAMD_E_NOMEM;
    f = &m->files[m->file_count++];
    *f = (struct manifest_file){
        .task = task, .bytes = (uint64_t)bytes, .checkpoint = (uint64_t)id, .referred = 1};
    snprintf(f->name, sizeof(f->name), "%s", name);
    snprintf(f->checksum, sizeof(f->checksum), "%s", checksum);
    return 0;
}

static int add_files(struct coordinator *c, struct manifest *m)
{
    size_t room = 0, i;
    json_t *refer;
    int rc = 0;

    m->files = memory_zalloc(c->attempt.count + 1, sizeof(*m->files));
    if (!m->files)
        return STREAMD_E_NOMEM;
    room = c->attempt.count + 1;
    for (uint32_t w = 0; w < c->attempt.count; w++) {
        const struct snapshot *s = &c->attempt.members[w].snapshot;
        struct manifest_file *f = &m->files[m->file_count];

        if (s->checkpoint != m->id || !s->name[0])
            return STREAMD_E_STATE;
        *f = (struct manifest_file){.task = w, .bytes = s->bytes, .checkpoint = m->id};
        snprintf(f->name, sizeof(f->name), "%s", s->name);
        snprintf(f->checksum, sizeof(f->checksum), "%s", s->checksum);
        m->file_count++;
    }
    for (uint32_t w = 0; w < c->attempt.count && !rc; w++)
        json_array_foreach(c->attempt.members[w].snapshot.refers, i, refer) rc =
            rc ? rc : add_referred(m, &room, refer, w);
    return rc;
}

static int make_manifest(struct coordinator *c, uint64_t id, struct manifest *m)
{
    struct clock_ops clock = clock_system();

    *m = (struct manifest){
        .id = id,
        .parallelism = c->attempt.count,
        .key_groups = c->planned->key_groups,
        .created = clock_now_us(&clock),
        .plan = json_incref(c->planned->plan),
    };
    m->pipeline = memory_strdup(c->planned->pipeline);
    memcpy(m->parent_lineage, c->attempt.from.parent_lineage, sizeof(m->parent_lineage));
    m->parent_checkpoint = c->attempt.from.parent_checkpoint;
    snprintf(m->lineage, sizeof(m->lineage), "%s", durable_lineage(c->durable));
    snprintf(m->plan_hash, sizeof(m->plan_hash), "%s", c->planned->hash);
    snprintf(m->kind, sizeof(m->kind), "%s", kind_word(c->protocol.trigger));
    return m->pipeline ? add_files(c, m) : STREAMD_E_NOMEM;
}

static void write_manifest(struct coordinator *c, uint64_t id)
{
    struct manifest m = {0};

    if (durable_is_kept(c->durable) && make_manifest(c, id, &m)) {
        manifest_clear(&m);
        m = (struct manifest){0};
    }
    durable_write(c->durable, &m, manifest_written, c);
}

/* --- Messages ----------------------------------------------------------------------------------
 */

/* The tasks' files. Those that they refer to are opened when a reader comes to blocks in them. */
static json_t *files_json(const struct manifest *m)
{
    json_t *files = json_array();

    for (size_t i = 0; i < m->file_count; i++) {
        const struct manifest_file *f = &m->files[i];

        if (!f->referred && json_array_append_new(
                                files, json_pack("{s:I, s:s, s:I, s:s}", "task",
                                                 (json_int_t)f->task, "name", f->name, "bytes",
                                                 (json_int_t)f->bytes, "checksum", f->checksum))) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static void tell_start(struct coordinator *c, uint64_t checkpoint)
{
    const struct manifest *from = &c->attempt.from;

    if (checkpoint == 0) {
        attempt_tell(c, "start", json_pack("{s:n}", "restore"));
        return;
    }
    attempt_tell(c, "start",
                 json_pack("{s:{s:I, s:s, s:I, s:s, s:o}}", "restore", "checkpoint",
                           (json_int_t)from->id, "lineage", from->lineage, "parallelism",
                           (json_int_t)from->parallelism, "folder", c->attempt.folder, "files",
                           files_json(from)));
}

static void tell_trigger(struct coordinator *c, const struct protocol_decision *d)
{
    attempt_tell(c, "trigger",
                 json_pack("{s:I, s:s?, s:s}", "checkpoint", (json_int_t)d->checkpoint, "folder",
                           c->folder[0] ? c->folder : NULL, "kind", kind_word(d->trigger)));
}

static void tell_abort(struct coordinator *c, const struct protocol_decision *d)
{
    log_write(c->options->log, LOG_LEVEL_WARNING, "checkpoint %llu failed: %s",
              (unsigned long long)d->checkpoint, d->why);
    attempt_tell(c, "abort",
                 json_pack("{s:I, s:o}", "checkpoint", (json_int_t)d->checkpoint, "why",
                           control_string(d->why)));
    durable_abandon(c->durable, d->checkpoint);
}

/* --- The list ----------------------------------------------------------------------------------
 */

/* The workers may exit, and then this process. */
static void end_attempt(struct coordinator *c, int all_done)
{
    if (all_done)
        c->stopping = 1;
    attempt_end(c);
}

static void fail_attempt(struct coordinator *c, const char *why)
{
    if (!c->failure.set) {
        c->failure.set = 1;
        (void)error_set_full(&c->failure.error, STREAMD_E_IO, STREAMD_FAIL_TASK, 5505, "%s", why);
    }
    attempt_kill(c);
}

/* Nobody knows what became durable: the next process looks. Workers die with this one; they are
   killed first, so that the summary and the exit are not in their way. */
static void exit_now(struct coordinator *c, const char *why)
{
    c->exiting = 1;
    (void)error_set_full(&c->failure.error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 5506,
                         "%s; it is not known whether that is on the disk, so this process ends: "
                         "start it again, it goes on from what is there",
                         why);
    c->failure.set = 1;
    attempt_kill(c);
}

static void carry_out(struct coordinator *c, const struct protocol_decision *d)
{
    switch (d->kind) {
    case PROTOCOL_ALLOCATE:
        durable_allocate(c->durable, allocated, c);
        break;
    case PROTOCOL_WRITE_MANIFEST:
        write_manifest(c, d->checkpoint);
        break;
    case PROTOCOL_RECORD_COMMIT:
        durable_record(c->durable, d->checkpoint, recorded, c);
        break;
    case PROTOCOL_START:
        tell_start(c, d->checkpoint);
        break;
    case PROTOCOL_TRIGGER:
        tell_trigger(c, d);
        break;
    case PROTOCOL_ABORT:
        tell_abort(c, d);
        break;
    case PROTOCOL_COMPLETE:
        attempt_tell(c, "complete", json_pack("{s:I}", "checkpoint", (json_int_t)d->checkpoint));
        break;
    case PROTOCOL_FINALISED:
        durable_retain(c->durable, c->planned->keep, retained, c);
        break;
    case PROTOCOL_ANSWER:
        requests_answered(c, d->request, d->checkpoint, d->why);
        break;
    case PROTOCOL_END_ATTEMPT:
        end_attempt(c, 0);
        break;
    case PROTOCOL_ALL_DONE:
        end_attempt(c, 1);
        break;
    case PROTOCOL_FAIL_ATTEMPT:
        fail_attempt(c, d->why);
        break;
    case PROTOCOL_EXIT:
        exit_now(c, d->why);
        break;
    }
}

static void deadline(uv_timer_t *timer)
{
    struct coordinator *c = timer->data;
    struct protocol_decisions out = {0};

    protocol_tick(&c->protocol, coordinator_now(c), &out);
    decisions_carry_out(c, &out);
}

void decisions_set_timer(struct coordinator *c)
{
    int64_t at = protocol_deadline(&c->protocol), now = coordinator_now(c);

    if (c->phase >= PHASE_SAVING || at == PROTOCOL_NEVER)
        (void)uv_timer_stop(&c->tick);
    else
        (void)uv_timer_start(&c->tick, deadline, at > now ? (uint64_t)(at - now) / 1000 + 1 : 0, 0);
}

void decisions_carry_out(struct coordinator *c, const struct protocol_decisions *decisions)
{
    if (c->phase >= PHASE_SAVING)
        return;
    for (uint32_t i = 0; i < decisions->count && !c->exiting; i++)
        carry_out(c, &decisions->list[i]);
    coordinator_attempt_over(c);
    decisions_set_timer(c);
}
