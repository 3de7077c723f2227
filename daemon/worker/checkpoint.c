/*
 * The dataflow thread fills a job: one frozen copy per table, task after task. When the last task
 * has frozen and the trigger has said where to write, the job goes to the helper thread through a
 * slot guarded by a mutex; nothing else is shared but a few atomic numbers. A job that was handed
 * over and whose checkpoint is then aborted is marked, and released by the helper thread.
 */
#include "worker/checkpoint.h"

#include "base/error.h"
#include "worker/job.h"
#include "worker/positions.h"

#include <pthread.h>
#include <string.h>

/* Copying between two steps of the dataflow: for so long, so many rows between looks at the clock.
 */
enum { SWEEP_US = 300, SWEEP_ROWS = 2048 };

struct checkpoints {
    struct worker *worker;
    struct freezer *freezer;
    struct job *current; /* being frozen, or NULL */
    uint64_t settled;    /* the highest id that was handed over or aborted */
    int stops;           /* sources hold still: a stopping checkpoint has passed them */
    uint64_t stop_id;
    uint64_t committing; /* 0: none */
    pthread_t thread;
    int thread_runs;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct job *queue; /* for the helper, in order */
    struct job *writing;
    struct catalogue *written; /* by the last checkpoint that was acked; used when it is complete */
    size_t looked;             /* bytes of all plugins when the size of tables was looked at */
    uint64_t prepared;         /* memory for copies that was asked for; the dataflow's */
    uint64_t wanted;           /* the same, until the helper has seen to it; 0: nothing */
    int ending;
};

/* ---- jobs --------------------------------------------------------------------------------- */

static uint32_t present_tasks(const struct worker *w)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < w->task_count; i++)
        count += !w->tasks[i].absent;
    return count;
}

/* The job of checkpoint `id`, begun if it is new; NULL: it is over already, or no memory. */
static struct job *job_of(struct checkpoints *c, uint64_t id)
{
    struct job *job = c->current;

    if (job && job->id == id)
        return job;
    if (id <= c->settled || (job && id < job->id))
        return NULL;
    job_free(job); /* a newer one has begun: the coordinator has given this one up */
    c->current = job = memory_zalloc(1, sizeof(*job));
    if (!job)
        return NULL;
    job->id = id;
    job->tasks_left = present_tasks(c->worker);
    return job;
}

/* ---- the helper thread -------------------------------------------------------------------- */

/* The catalogue is in place before anybody hears of the files. What the ack points to is good while
   the job and the files are. */
static int write_checkpoint(struct checkpoints *c, struct job *job, struct job_files *files,
                            struct worker_ack *ack, struct streamd_error *error)
{
    struct catalogue *catalogue;
    int rc = job_write(c->worker, job, files, &catalogue, error);

    if (rc)
        return rc;
    ack->name = files->main->name;
    ack->bytes = files->main->bytes;
    memcpy(ack->checksum, files->main->checksum, sizeof(ack->checksum));
    ack->refers = catalogue->refers.items;
    ack->refer_count = catalogue->refers.count;
    pthread_mutex_lock(&c->mutex);
    catalogue_free(c->written);
    c->written = catalogue;
    pthread_mutex_unlock(&c->mutex);
    return 0;
}

static void write_job(struct checkpoints *c, struct job *job)
{
    struct worker *w = c->worker;
    struct worker_ack ack = {.id = job->id, .name = "", .stall_us = job->stall_us};
    struct streamd_error error = job->error;
    struct job_files files = {.main = NULL};
    int rc = error.code;

    if (!rc && job->folder[0] && !atomic_load(&job->cancelled))
        rc = write_checkpoint(c, job, &files, &ack, &error);
    ack.rows_between = atomic_load_explicit(&w->rows, memory_order_relaxed) - job->rows_when_frozen;
    if (!atomic_load(&job->cancelled)) {
        if (rc)
            w->options.reports->decline(w->options.self, job->id, error.message);
        else
            w->options.reports->ack(w->options.self, &ack);
    }
    sealed_file_unref(files.main);
    sealed_file_unref(files.sealed);
}

/* Memory for the next copies is touched here, so that the stream does not wait for pages at the
   barrier: a quarter more than these took, since tables grow. */
static void make_room(struct checkpoints *c, const struct job *job)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < job->tables.count; i++)
        bytes += state_frozen_bytes(job->tables.items[i].frozen);
    if (!bytes)
        return;
    freezer_trim(c->freezer, bytes);
    freezer_prepare(c->freezer, bytes / 4);
}

static void *helper(void *self)
{
    struct checkpoints *c = self;

    pthread_mutex_lock(&c->mutex);
    while (!c->ending || c->queue) {
        struct job *job = c->queue;
        uint64_t wanted = c->wanted;

        if (!job && wanted && !c->ending) {
            c->wanted = 0;
            pthread_mutex_unlock(&c->mutex);
            freezer_prepare(c->freezer, wanted);
            pthread_mutex_lock(&c->mutex);
            continue;
        }
        if (!job) {
            pthread_cond_wait(&c->changed, &c->mutex);
            continue;
        }
        c->queue = job->next;
        c->writing = job;
        pthread_mutex_unlock(&c->mutex);
        write_job(c, job);
        make_room(c, job);
        pthread_mutex_lock(&c->mutex);
        c->writing = NULL;
        job_free(job);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

/* Gives the job to the helper, if there is nothing left to wait for. */
static void hand_over(struct checkpoints *c, struct job *job)
{
    struct job **end = &c->queue;

    if (job->tasks_left || !job->folder || job->swept < job->tables.count)
        return;
    c->settled = job->id;
    c->current = NULL;
    pthread_mutex_lock(&c->mutex);
    while (*end)
        end = &(*end)->next;
    *end = job;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

int checkpoints_open(struct worker *w, struct streamd_error *error)
{
    struct checkpoints *c = memory_zalloc(1, sizeof(*c));

    if (!c)
        return error_set_nomem(error);
    w->checkpoints = c;
    c->worker = w;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->freezer = freezer_new();
    if (!c->freezer)
        return error_set_nomem(error);
    if (!w->options.reports)
        return 0;
    if (pthread_create(&c->thread, NULL, helper, c))
        return error_set(error, STREAMD_E_IO, "cannot start the thread that writes checkpoints");
    c->thread_runs = 1;
    return 0;
}

void checkpoints_close(struct worker *w)
{
    struct checkpoints *c = w->checkpoints;

    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->ending = 1;
    for (struct job *job = c->queue; job; job = job->next)
        atomic_store(&job->cancelled, 1);
    if (c->writing)
        atomic_store(&c->writing->cancelled, 1);
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    if (c->thread_runs)
        pthread_join(c->thread, NULL);
    job_free(c->current);
    catalogue_free(c->written);
    freezer_free(c->freezer);
    pthread_mutex_destroy(&c->mutex);
    pthread_cond_destroy(&c->changed);
    memory_free(c);
    w->checkpoints = NULL;
}

/* ---- freezing ----------------------------------------------------------------------------- */

static int freeze_table(struct job *job, struct task *n, struct task_table *table)
{
    struct frozen_table entry = {.node = n->plan->name,
                                 .own_groups =
                                     (n->worker->plan->key_groups + n->plan->parallelism - 1) /
                                     n->plan->parallelism,
                                 .sealed = &table->sealed};
    int rc;

    if (!table->table)
        return 0;
    rc = state_freeze(n->worker->checkpoints->freezer, table->table, &table->sealed, &entry.frozen,
                      &job->error);
    if (rc)
        return rc;
    if (array_push(&job->tables, entry)) {
        state_frozen_free(entry.frozen);
        return error_set_nomem(&job->error);
    }
    return 0;
}

/* Leaves the tables behind that are complete, which are all but the large ones. */
static void skip_complete(struct job *job)
{
    while (job->swept < job->tables.count &&
           state_frozen_is_complete(job->tables.items[job->swept].frozen))
        job->swept++;
}

static int freeze_task(struct job *job, struct task *n)
{
    int rc = positions_save(n, &job->error);

    for (uint32_t i = 0; i < n->plan->table_count && !rc; i++)
        rc = freeze_table(job, n, &n->tables[i]);
    if (!rc)
        rc = freeze_table(job, n, &n->splits);
    if (!rc)
        rc = freeze_table(job, n, &n->progress);
    return rc;
}

void checkpoint_freeze(struct task *n, uint64_t id)
{
    struct worker *w = n->worker;
    struct checkpoints *c = w->checkpoints;
    struct job *job = job_of(c, id);
    int64_t begun = clock_steady_us(&w->options.clock);

    if (!job)
        return;
    if (!job->error.code && w->options.lineage && freeze_task(job, n))
        error_add_context(&job->error, "%s", n->plan->name);
    job->stall_us += clock_steady_us(&w->options.clock) - begun;
    job->rows_when_frozen = atomic_load_explicit(&w->rows, memory_order_relaxed);
    job->tasks_left--;
    skip_complete(job);
    hand_over(c, job);
}

/* ---- large tables -------------------------------------------------------------------------- */

int checkpoint_sweep(struct worker *w)
{
    struct checkpoints *c = w->checkpoints;
    struct job *job = c->current;
    int64_t begun;

    if (!job || job->swept == job->tables.count)
        return 0;
    begun = clock_steady_us(&w->options.clock);
    do {
        int rc = state_frozen_step(job->tables.items[job->swept].frozen, SWEEP_ROWS, &job->error);

        job->swept += rc <= 0;
    } while (job->swept < job->tables.count &&
             clock_steady_us(&w->options.clock) - begun < SWEEP_US);
    if (job->swept < job->tables.count)
        return 1;
    hand_over(c, job);
    return 0;
}

/* What copies of all tables would take. */
static uint64_t copy_bytes(const struct worker *w)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];

        for (uint32_t k = 0; !n->absent && k < n->plan->table_count; k++)
            bytes += task_table_rows(n, k) * n->tables[k].layout.row_size;
    }
    return bytes;
}

void checkpoints_prepare(struct worker *w)
{
    struct checkpoints *c = w->checkpoints;
    uint64_t bytes;

    if (!c->thread_runs || !w->options.lineage || w->allocated <= c->looked + c->looked / 8)
        return;
    c->looked = w->allocated;
    bytes = copy_bytes(w);
    if (bytes <= c->prepared || (w->memory_limit && w->allocated + bytes > w->memory_limit / 2))
        return;
    c->prepared = bytes + bytes / 4;
    pthread_mutex_lock(&c->mutex);
    c->wanted = c->prepared;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}

/* ---- the coordinator's words ---------------------------------------------------------------- */

void checkpoint_trigger(struct worker *w, const struct worker_command *command)
{
    struct checkpoints *c = w->checkpoints;
    struct job *job = job_of(c, command->id);

    if (!job || job->folder)
        return;
    job->folder = memory_strdup(command->folder ? command->folder : "");
    if (!job->folder) {
        w->options.reports->decline(w->options.self, command->id, "out of memory");
        return;
    }
    if (command->stops) {
        c->stops = 1;
        c->stop_id = command->id;
    }
    if (job->tasks_left == 0) {
        hand_over(c, job);
        return;
    }
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];
        uint64_t aligned = n->absent ? 0 : align_trigger(&n->align, command->id);

        if (aligned)
            task_snapshot(n, aligned);
    }
}

void checkpoint_abort(struct worker *w, uint64_t id)
{
    struct checkpoints *c = w->checkpoints;

    if (c->stops && c->stop_id <= id)
        c->stops = 0;
    for (uint32_t i = 0; i < w->task_count; i++) {
        struct task *n = &w->tasks[i];
        const struct streamd_operator *op = (const void *)n->plan->descriptor;

        if (n->absent)
            continue;
        align_abort(&n->align, id);
        if (n->snapshot_due && n->snapshot_due <= id && n->step == STEP_NONE)
            n->snapshot_due = 0;
        if (n->plan->kind != STREAMD_SOURCE && op->abort)
            op->abort(&n->context, n->self, id);
    }
    pthread_mutex_lock(&c->mutex);
    for (struct job *job = c->queue; job; job = job->next)
        if (job->id <= id)
            atomic_store(&job->cancelled, 1);
    if (c->writing && c->writing->id <= id)
        atomic_store(&c->writing->cancelled, 1);
    pthread_mutex_unlock(&c->mutex);
    if (c->current && c->current->id <= id) {
        job_free(c->current);
        c->current = NULL;
    }
    if (id > c->settled)
        c->settled = id;
}

/* From now on checkpoints may refer to the files of this one. */
static void use_catalogue(struct checkpoints *c, uint64_t id)
{
    struct catalogue *written;

    pthread_mutex_lock(&c->mutex);
    written = c->written;
    c->written = NULL;
    pthread_mutex_unlock(&c->mutex);
    if (written && written->id == id)
        catalogue_apply(written);
    catalogue_free(written);
}

void checkpoint_complete(struct worker *w, uint64_t id)
{
    use_catalogue(w->checkpoints, id);
    w->checkpoints->committing = id;
    for (uint32_t i = 0; i < w->task_count; i++)
        if (!w->tasks[i].absent)
            task_commit(&w->tasks[i], id);
}

void checkpoint_look(struct worker *w)
{
    struct checkpoints *c = w->checkpoints;
    uint64_t id = c->committing;

    if (!id)
        return;
    for (uint32_t i = 0; i < w->task_count; i++) {
        const struct task *n = &w->tasks[i];

        if (!n->absent && (n->commit_due || n->step == STEP_COMMIT))
            return;
    }
    c->committing = 0;
    w->options.reports->committed(w->options.self, id);
}

int checkpoint_holds_sources(const struct worker *w)
{
    return w->checkpoints->stops;
}

size_t checkpoint_bytes(const struct worker *w)
{
    return w->checkpoints && w->checkpoints->freezer
               ? (size_t)freezer_bytes(w->checkpoints->freezer)
               : 0;
}
