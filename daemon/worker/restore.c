/* Files are opened once per worker; each table of each task makes one pass over each. */
#include "worker/restore.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "checkpoint/native.h"
#include "checkpoint/store.h"
#include "state/thaw.h"
#include "worker/positions.h"

#include <stdio.h>

int restore_open(struct worker *w, struct streamd_error *error)
{
    const struct worker_restore *from = w->options.restore;
    int rc = 0;

    if (!from || !from->id)
        return 0;
    w->readers = memory_zalloc(from->file_count, sizeof(struct snapshot_reader *));
    if (!w->readers)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < from->file_count && !rc; i++) {
        struct snapshot_identity identity = {.checkpoint = from->id,
                                             .pipeline = w->plan->name,
                                             .task = from->file_tasks[i],
                                             .parallelism = from->parallelism,
                                             .key_groups = w->plan->key_groups};

        snprintf(identity.lineage, sizeof(identity.lineage), "%s", w->options.lineage);
        rc = snapshot_reader_open(store_file_ops(), from->files[i], &identity, &w->readers[i],
                                  error);
    }
    return rc;
}

void restore_close(struct worker *w)
{
    for (uint32_t i = 0; w->readers && i < w->options.restore->file_count; i++)
        snapshot_reader_close(w->readers[i]);
    memory_free(w->readers);
    w->readers = NULL;
}

/* The first key group that is owned by task `task` or a later one. */
static uint32_t first_group(const struct task *n, uint32_t task)
{
    uint64_t groups = n->worker->plan->key_groups, parallelism = n->plan->parallelism;

    return (uint32_t)((task * groups + parallelism - 1) / parallelism);
}

static int restore_table(struct task *n, struct streamd_table *t, struct streamd_error *error)
{
    const struct worker_restore *from = n->worker->options.restore;
    uint32_t flags = t->decl->flags;
    int shared_out = (flags & STREAMD_TABLE_BROADCAST) && !(flags & STREAMD_TABLE_ALL), rc = 0;
    uint32_t first = first_group(n, n->context.task), end = first_group(n, n->context.task + 1);

    for (uint32_t i = 0; i < from->file_count && !rc; i++) {
        if (shared_out && from->file_tasks[i] % n->plan->parallelism != n->context.task)
            continue;
        rc = state_thaw(t, n->worker->readers[i], n->plan->name, first, end, error);
        if (!rc)
            rc = FAILPOINT_FAIL("W15", error);
        if (!rc && from->parallelism != n->plan->parallelism)
            rc = FAILPOINT_FAIL("W17", error);
    }
    return rc;
}

int restore_task(struct task *n, struct streamd_error *error)
{
    int rc = 0;

    if (!n->worker->readers)
        return 0;
    for (uint32_t i = 0; i < n->plan->table_count && !rc; i++)
        rc = restore_table(n, n->tables[i].table, error);
    if (!rc && n->splits.table)
        rc = restore_table(n, n->splits.table, error);
    if (!rc)
        rc = restore_table(n, n->progress.table, error);
    if (rc)
        return error_add_context(error, "%s: its state cannot be restored", n->plan->name);
    n->commit_due = n->worker->options.restore->id;
    if (n->plan->kind == STREAMD_SOURCE)
        return 0; /* with its splits: source_open */
    rc = positions_restore(n, error);
    n->repeat_watermark = n->valve.output != VALVE_NONE;
    return rc;
}
