/* Two files of the same form: first what is sealed, so that the other can refer to it. */
#include "worker/job.h"

#include "base/error.h"
#include "checkpoint/store.h"
#include "worker/task.h"

#include <limits.h>
#include <stdio.h>

void job_free(struct job *job)
{
    if (!job)
        return;
    for (size_t i = 0; i < job->tables.count; i++)
        state_frozen_free(job->tables.items[i].frozen);
    array_clear(&job->tables);
    memory_free(job->folder);
    memory_free(job);
}

/* Writes the sections of all tables, or of those with sealed namespaces. */
static int write_sections(const struct worker *w, struct job *job, struct snapshot_writer *writer,
                          struct sealed_file *sealed, struct streamd_error *error)
{
    uint32_t groups = w->plan->key_groups;
    int rc = 0;

    for (size_t i = 0; i < job->tables.count && !rc && !atomic_load(&job->cancelled); i++) {
        const struct frozen_table *t = &job->tables.items[i];

        if (!sealed)
            rc = state_frozen_write(t->frozen, t->node, groups, writer, error);
        else if (state_frozen_has_sealed(t->frozen, t->own_groups))
            rc = state_frozen_write_sealed(t->frozen, t->node, groups, t->own_groups, writer,
                                           sealed, error);
    }
    if (!rc && atomic_load(&job->cancelled))
        rc = error_set(error, STREAMD_E_STATE, "the checkpoint was aborted");
    return rc;
}

/* Writes one file of the checkpoint's folder; `*file` is it. */
static int write_file(const struct worker *w, struct job *job, const char *kind, int sealed,
                      struct sealed_file **file, struct streamd_error *error)
{
    struct snapshot_identity identity = {.checkpoint = job->id,
                                         .pipeline = w->plan->name,
                                         .task = w->options.links.self,
                                         .parallelism = w->plan->parallelism,
                                         .key_groups = w->plan->key_groups};
    struct snapshot_writer *writer;
    char name[32], path[PATH_MAX];
    int rc;

    snprintf(identity.lineage, sizeof(identity.lineage), "%s", w->options.lineage);
    snprintf(name, sizeof(name), "%s-%u.snap", kind, w->options.links.self);
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", job->folder, name) >= sizeof(path))
        return error_set(error, STREAMD_E_LIMIT, "the folder's name is too long");
    *file = sealed_file_new(job->id, name);
    if (!*file)
        return error_set_nomem(error);
    rc = snapshot_writer_open(store_file_ops(), path, &identity, &writer, error);
    if (rc)
        return rc;
    rc = write_sections(w, job, writer, sealed ? *file : NULL, error);
    if (rc) {
        snapshot_writer_abandon(writer);
        return rc;
    }
    return snapshot_writer_close(writer, &(*file)->bytes, (*file)->checksum, error);
}

static int write_files(const struct worker *w, struct job *job, struct job_files *files,
                       struct streamd_error *error)
{
    int sealed = 0, rc = 0;

    for (size_t i = 0; i < job->tables.count && !sealed; i++)
        sealed =
            state_frozen_has_sealed(job->tables.items[i].frozen, job->tables.items[i].own_groups);
    if (sealed)
        rc = write_file(w, job, "sealed", 1, &files->sealed, error);
    return rc ? rc : write_file(w, job, "task", 0, &files->main, error);
}

/* What the job's tables have in files now. NULL: no memory. */
static struct catalogue *make_catalogue(struct job *job)
{
    struct catalogue *catalogue = catalogue_new(job->id);
    int rc = 0;

    for (size_t i = 0; catalogue && i < job->tables.count && !rc; i++)
        rc = catalogue_add(catalogue, job->tables.items[i].sealed,
                           state_frozen_sealed(job->tables.items[i].frozen));
    if (rc) {
        catalogue_free(catalogue);
        return NULL;
    }
    if (catalogue)
        catalogue_thin(catalogue);
    return catalogue;
}

int job_write(const struct worker *w, struct job *job, struct job_files *files,
              struct catalogue **catalogue, struct streamd_error *error)
{
    int rc = write_files(w, job, files, error);

    if (rc)
        return rc;
    *catalogue = make_catalogue(job);
    return *catalogue ? 0 : error_set_nomem(error);
}
