/*
 * A queue of jobs, of which the first is on a libuv thread. A job is a function over the store and
 * what it needs, and its answer is carried back by the loop. Where there is no store a job is
 * answered from the loop all the same, so that a caller meets the same order of events.
 */
#include "coordinator/durable.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"

#include <string.h>

/* The database cannot say whether a change is there (store.h). */
enum { UNKNOWN_CHANGE = 4403 };

struct job {
    struct job *next;
    uv_work_t work;
    struct durable *durable;
    int (*run)(struct durable *d, struct job *job, struct streamd_error *error);
    uint64_t id;
    uint32_t number; /* parallelism, or how many to keep */
    struct manifest manifest;
    int renamed;
    struct durable_answer answer;
    durable_done *done;
    void *self;
};

struct durable {
    uv_loop_t *loop;
    struct store *store; /* NULL: nothing is kept */
    struct job *first, **last;
    uint64_t counted;  /* ids without a store */
    uint64_t restored; /* the checkpoint that the last attempt began with */
    int prepared;      /* there was an attempt */
    char lineage[33];
    struct job spare; /* for when there is no memory */
    int spare_used;
};

int durable_open(uv_loop_t *loop, const char *path, const char *pipeline, struct durable **durable,
                 struct streamd_error *error)
{
    struct durable *d = memory_zalloc(1, sizeof(*d));
    int rc = 0;

    *durable = NULL;
    if (!d)
        return error_set_nomem(error);
    d->loop = loop;
    d->last = &d->first;
    if (path)
        rc = store_open(NULL, path, pipeline, &d->store, error);
    if (rc) {
        memory_free(d);
        return rc;
    }
    if (d->store)
        memcpy(d->lineage, store_lineage(d->store), sizeof(d->lineage));
    *durable = d;
    return 0;
}

struct store *durable_store(struct durable *d)
{
    return d->store;
}

const char *durable_lineage(const struct durable *d)
{
    return d->lineage;
}

int durable_is_kept(const struct durable *d)
{
    return d->store != NULL;
}

int durable_is_busy(const struct durable *d)
{
    return d->first != NULL;
}

void durable_close(struct durable *d)
{
    if (!d)
        return;
    store_close(d->store);
    memory_free(d);
}

/* --- The queue ---------------------------------------------------------------------------------
 */

static void start_first(struct durable *d);

/* On a libuv thread. */
static void work(uv_work_t *work)
{
    struct job *job = work->data;
    struct durable *d = job->durable;
    int rc = d->store ? job->run(d, job, &job->answer.error) : 0;

    if (!rc)
        job->answer.outcome = PROTOCOL_DONE;
    else
        job->answer.outcome = job->renamed || job->answer.error.diagnostic == UNKNOWN_CHANGE
                                  ? PROTOCOL_UNKNOWN
                                  : PROTOCOL_NOT_DONE;
}

static void worked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct durable *d = job->durable;

    (void)status;
    d->first = job->next;
    if (!d->first)
        d->last = &d->first;
    if (d->store)
        memcpy(d->lineage, store_lineage(d->store), sizeof(d->lineage));
    start_first(d);
    if (job->done)
        job->done(job->self, &job->answer);
    manifest_clear(&job->manifest);
    manifest_clear(&job->answer.manifest);
    if (job == &d->spare)
        d->spare_used = 0;
    else
        memory_free(job);
}

static void start_first(struct durable *d)
{
    if (d->first)
        (void)uv_queue_work(d->loop, &d->first->work, work, worked);
}

/*
 * Queues a job. Without memory it is the spare one, which is enough for the protocol, whose jobs
 * come one after the other; another one is answered at once, as one that failed.
 */
static void add(struct durable *d, struct job prototype)
{
    struct job *job = memory_alloc(sizeof(*job));

    if (!job && !d->spare_used) {
        job = &d->spare;
        d->spare_used = 1;
    }
    if (!job) {
        struct durable_answer answer = {.outcome = PROTOCOL_NOT_DONE};

        (void)error_set_nomem(&answer.error);
        manifest_clear(&prototype.manifest);
        if (prototype.done)
            prototype.done(prototype.self, &answer);
        return;
    }
    *job = prototype;
    job->durable = d;
    job->work.data = job;
    *d->last = job;
    d->last = &job->next;
    if (d->first == job)
        start_first(d);
}

/* --- Jobs --------------------------------------------------------------------------------------
 */

static int prepare(struct durable *d, struct job *job, struct streamd_error *error)
{
    struct durable_answer *a = &job->answer;
    uint32_t parallelism = job->number;
    int rc = 0, moved;

    if (!store_lineage(d->store)[0])
        rc = store_new_lineage(d->store, error);
    if (!rc)
        rc = store_newest(d->store, &a->manifest, a->folder, &a->note, error);
    if (rc < 0)
        return rc;
    /* Workers of a wider attempt may have written since that checkpoint: it took part in it, or
       is known from before. */
    moved = d->prepared && a->manifest.id != d->restored;
    if (a->manifest.parallelism > parallelism)
        parallelism = a->manifest.parallelism;
    rc = store_record_parallelism(d->store, parallelism, moved, error);
    if (rc)
        return rc;
    d->restored = a->manifest.id;
    d->prepared = 1;
    return 0;
}

void durable_prepare(struct durable *d, uint32_t parallelism, durable_done *done, void *self)
{
    add(d, (struct job){.run = prepare, .number = parallelism, .done = done, .self = self});
}

static int begin_lineage(struct durable *d, struct job *job, struct streamd_error *error)
{
    int rc = store_used(d->store, error);

    if (rc > 0)
        rc = error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5512,
                            "%s has checkpoints already: a savepoint is restored into a new "
                            "state directory",
                            store_path(d->store));
    if (!rc)
        rc = store_new_lineage(d->store, error);
    return rc ? rc : store_allocate(d->store, &job->answer.id, job->answer.folder, error);
}

void durable_begin_lineage(struct durable *d, durable_done *done, void *self)
{
    add(d, (struct job){.run = begin_lineage, .done = done, .self = self});
}

static int allocate(struct durable *d, struct job *job, struct streamd_error *error)
{
    int rc = store_allocate(d->store, &job->answer.id, job->answer.folder, error);

    return rc ? rc : FAILPOINT_FAIL("C1", error);
}

void durable_allocate(struct durable *d, durable_done *done, void *self)
{
    struct job job = {.run = allocate, .done = done, .self = self};

    if (!d->store)
        job.answer.id = ++d->counted;
    add(d, job);
}

static int write_manifest(struct durable *d, struct job *job, struct streamd_error *error)
{
    char folder[PATH_MAX];
    int rc;

    if (job->manifest.id == 0)
        return error_set(error, STREAMD_E_NOMEM, "its manifest cannot be made");
    rc = store_folder(d->store, job->manifest.id, folder, error);
    if (!rc)
        rc = FAILPOINT_FAIL("C6", error);
    return rc ? rc : manifest_write(store_file_ops(), folder, &job->manifest, &job->renamed, error);
}

void durable_write(struct durable *d, struct manifest *manifest, durable_done *done, void *self)
{
    struct job job = {.run = write_manifest, .manifest = *manifest, .done = done, .self = self};

    *manifest = (struct manifest){0};
    add(d, job);
}

static int record(struct durable *d, struct job *job, struct streamd_error *error)
{
    return store_commit_started(d->store, job->id, error);
}

void durable_record(struct durable *d, uint64_t id, durable_done *done, void *self)
{
    add(d, (struct job){.run = record, .id = id, .done = done, .self = self});
}

static int abandon(struct durable *d, struct job *job, struct streamd_error *error)
{
    (void)error;
    store_abandon(d->store, job->id);
    return 0;
}

void durable_abandon(struct durable *d, uint64_t id)
{
    add(d, (struct job){.run = abandon, .id = id});
}

static int retain(struct durable *d, struct job *job, struct streamd_error *error)
{
    int rc = FAILPOINT_FAIL("C9", error);

    return rc ? rc : store_retain(d->store, job->number, error);
}

void durable_retain(struct durable *d, uint32_t keep, durable_done *done, void *self)
{
    add(d, (struct job){.run = retain, .number = keep, .done = done, .self = self});
}

static int pin(struct durable *d, struct job *job, struct streamd_error *error)
{
    int rc = store_pin(d->store, job->id);

    if (!rc)
        rc = store_folder(d->store, job->id, job->answer.folder, error);
    return rc;
}

void durable_pin(struct durable *d, uint64_t id, durable_done *done, void *self)
{
    add(d, (struct job){.run = pin, .id = id, .done = done, .self = self});
}

static int unpin(struct durable *d, struct job *job, struct streamd_error *error)
{
    (void)error;
    store_unpin(d->store, job->id);
    return 0;
}

void durable_unpin(struct durable *d, uint64_t id)
{
    add(d, (struct job){.run = unpin, .id = id});
}
