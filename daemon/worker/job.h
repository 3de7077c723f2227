/*
 * worker/job.h - what a worker has to write for one checkpoint: copies of its tables. Filled by the
 * dataflow thread, written by the helper thread, one after the other. Private to the worker.
 */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include "base/array.h"
#include "state/freeze.h"
#include "worker/catalogue.h"
#include "worker/worker.h"

/* A copy of a table. */
struct frozen_table {
    const char *node;
    uint32_t own_groups; /* how many key groups the task has, rounded up */
    struct frozen *frozen;
    struct sealed_list *sealed; /* of the table */
};

/* One checkpoint of this worker. Start with {0}. */
struct job {
    struct job *next;
    uint64_t id;
    char *folder;        /* NULL: the trigger has not come; "": not to be written */
    uint32_t tasks_left; /* that have not frozen */
    size_t swept;        /* tables up to this one are complete; those behind the last, none */
    struct {
        struct frozen_table *items;
        size_t count, capacity;
    } tables;
    _Atomic int cancelled;
    struct streamd_error error; /* freezing failed: decline */
    int64_t stall_us;
    uint64_t rows_when_frozen;
};

/* The files of a checkpoint; references are the caller's. Start with {0}. */
struct job_files {
    struct sealed_file *main, *sealed; /* sealed: NULL where there is none */
};

/*
 * Writes the job into its folder: sealed-I.snap, where namespaces are sealed that no earlier
 * checkpoint has, and task-I.snap. `*catalogue` is what they have then, the caller's. `files` may
 * be filled in part on an error. Stops where the job is cancelled. 0 or negative. Helper thread.
 */
int job_write(const struct worker *worker, struct job *job, struct job_files *files,
              struct catalogue **catalogue, struct streamd_error *error);

/* Releases it with its copies. NULL is fine. */
void job_free(struct job *job);

#endif
