/*
 * From a savepoint to native files: one per task that there was, all open at once. The rows of a
 * table by key are gathered by key group and go to the file of the task that owns the group; those
 * of BROADCAST tables to the task that had them. Groups are computed from keys: `_group` is for
 * people. Only when the checksum of the whole content was right is anything written.
 *
 *   PATH, sealed -> row by row -> buffer of group 0 | 1 | ... -> task-0.snap, task-1.snap, ... ->
 * manifest
 */
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/manifest.h"
#include "checkpoint/savepoint_form.h"
#include "columnar/keyhash.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { BUFFERS = 32 * 1024 * 1024, BUFFER_MOST = 128 * 1024 };

struct group {
    uint8_t *items;
    size_t count, capacity;
    uint32_t rows;
};

struct restoring {
    const struct file_ops *state;
    const struct savepoint_target *target;
    struct savepoint *s;
    struct snapshot_writer **writers; /* one per task */
    struct manifest manifest;
    struct group *groups; /* one per key group, or of a BROADCAST table one per task */
    uint32_t group_count;
    size_t full; /* bytes at which a buffer is handed on */
    struct rowcode code;
    uint64_t rows, bytes;
};

/* ---- rows -------------------------------------------------------------------------------------
 */

static int hand_on(struct restoring *x, int by_task, uint32_t number, struct streamd_error *error)
{
    const struct savepoint_facts *f = &x->s->facts;
    struct group *g = &x->groups[number];
    uint32_t task = by_task ? number : keyhash_owner(number, f->parallelism, f->key_groups);
    int rc = 0;

    if (g->rows)
        rc = snapshot_writer_rows(x->writers[task], by_task ? SNAPSHOT_NO_GROUP : number, g->items,
                                  g->count, g->rows, error);
    g->count = 0;
    g->rows = 0;
    return rc;
}

static int add_row(struct restoring *x, int by_task, const struct savepoint_row *row,
                   struct streamd_error *error)
{
    uint32_t number = by_task ? row->task : row->group;
    struct group *g = &x->groups[number];
    size_t size = rowcode_values_size(&x->code, row->values);

    if (array_reserve(g, g->count + size))
        return error_set_nomem(error);
    rowcode_encode_values(&x->code, row->ns, row->values, g->items + g->count);
    g->count += size;
    g->rows++;
    x->rows++;
    return g->count >= x->full ? hand_on(x, by_task, number, error) : 0;
}

static int restore_rows(struct restoring *x, const struct savepoint_table *t,
                        struct streamd_error *error)
{
    int by_task = (t->head.flags & STREAMD_TABLE_BROADCAST) != 0;
    uint32_t count = by_task ? x->s->facts.parallelism : x->s->facts.key_groups;
    struct savepoint_rows *rows;
    struct savepoint_row row;
    int rc = savepoint_rows_open(x->s, t, &rows, error), step = 0;

    if (rc)
        return rc;
    while (!rc && (step = savepoint_rows_next(rows, &row, error)) > 0)
        rc = add_row(x, by_task, &row, error);
    if (!rc)
        rc = step;
    savepoint_rows_close(rows);
    for (uint32_t i = 0; i < count && !rc; i++)
        rc = hand_on(x, by_task, i, error);
    return rc;
}

static int restore_table(struct restoring *x, const struct savepoint_table *t,
                         struct streamd_error *error)
{
    const struct snapshot_section *h = &t->head;
    int rc = 0;

    if (rowcode_init(&x->code, h->fields, h->key_count + h->column_count,
                     (h->flags & STREAMD_TABLE_NAMESPACED) != 0))
        return savepoint_damaged(x->s, error, "%s has a type that is none", t->sql_name);
    for (uint32_t i = 0; i < x->s->facts.parallelism && !rc; i++)
        rc = snapshot_writer_section(x->writers[i], h, error);
    return rc ? rc : restore_rows(x, t, error);
}

static int restore_tables(struct restoring *x, struct streamd_error *error)
{
    int rc = 0;

    x->group_count = x->s->facts.key_groups; /* at least the parallelism */
    x->full = BUFFERS / x->group_count < BUFFER_MOST ? BUFFERS / x->group_count : BUFFER_MOST;
    x->groups = memory_zalloc(x->group_count, sizeof(*x->groups));
    if (!x->groups)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < x->s->table_count && !rc; i++)
        rc = restore_table(x, &x->s->tables[i], error);
    for (uint32_t i = 0; i < x->group_count; i++)
        memory_free(x->groups[i].items);
    memory_free(x->groups);
    return rc;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static int open_writer(struct restoring *x, uint32_t task, struct streamd_error *error)
{
    struct manifest_file *f = &x->manifest.files[task];
    struct snapshot_identity identity = {
        .checkpoint = x->target->checkpoint,
        .pipeline = x->manifest.pipeline,
        .task = task,
        .parallelism = x->manifest.parallelism,
        .key_groups = x->manifest.key_groups,
    };
    char path[PATH_MAX];
    int n;

    memcpy(identity.lineage, x->manifest.lineage, sizeof(identity.lineage));
    f->task = task;
    f->checkpoint = x->target->checkpoint;
    snprintf(f->name, sizeof(f->name), "task-%u.snap", task);
    n = snprintf(path, sizeof(path), "%s/%s", x->target->folder, f->name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return error_set(error, STREAMD_E_LIMIT, "the path of %s is too long", f->name);
    return snapshot_writer_open(x->state, path, &identity, &x->writers[task], error);
}

static int open_writers(struct restoring *x, struct streamd_error *error)
{
    int rc = 0;

    x->writers = memory_zalloc(x->manifest.parallelism, sizeof(struct snapshot_writer *));
    x->manifest.files = memory_zalloc(x->manifest.parallelism, sizeof(*x->manifest.files));
    x->manifest.file_count = x->manifest.parallelism;
    if (!x->writers || !x->manifest.files)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < x->manifest.parallelism && !rc; i++)
        rc = open_writer(x, i, error);
    return rc;
}

/* Closes all files; after a failure they are given up. */
static int close_writers(struct restoring *x, int rc, struct streamd_error *error)
{
    for (uint32_t i = 0; x->writers && i < x->manifest.parallelism; i++) {
        struct manifest_file *f = &x->manifest.files[i];

        if (rc) {
            snapshot_writer_abandon(x->writers[i]);
            continue;
        }
        rc = snapshot_writer_close(x->writers[i], &f->bytes, f->checksum, error);
        x->bytes += f->bytes;
    }
    memory_free((void *)x->writers);
    x->writers = NULL;
    return rc;
}

static int make_manifest(struct restoring *x, struct streamd_error *error)
{
    const struct savepoint_facts *f = &x->s->facts;
    struct manifest *m = &x->manifest;
    json_error_t problem;

    m->pipeline = memory_strdup(x->target->pipeline ? x->target->pipeline : f->pipeline);
    if (!m->pipeline)
        return error_set_nomem(error);
    snprintf(m->lineage, sizeof(m->lineage), "%s", x->target->lineage);
    snprintf(m->plan_hash, sizeof(m->plan_hash), "%s", f->plan_hash);
    snprintf(m->kind, sizeof(m->kind), "savepoint");
    m->id = x->target->checkpoint;
    m->parallelism = f->parallelism;
    m->key_groups = f->key_groups;
    m->created = f->created;
    memcpy(m->parent_lineage, f->lineage, sizeof(m->parent_lineage));
    m->parent_checkpoint = f->checkpoint;
    if (f->plan) {
        m->plan = json_loads(f->plan, 0, &problem);
        if (!m->plan)
            return savepoint_damaged(x->s, error, "the plan is no JSON: %s", problem.text);
    }
    return 0;
}

static int check_seal(struct savepoint *s, struct streamd_error *error)
{
    int rc = savepoint_is_sealed(s, error);

    if (rc)
        return rc < 0 ? rc : 0;
    return error_set_full(
        error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_NOT_SEALED,
        "%s was changed since it was sealed: `streamctl savepoint seal %s` checks "
        "and accepts what is in it now",
        s->path, s->path);
}

static int restore(struct restoring *x, struct streamd_error *error)
{
    int rc = check_seal(x->s, error);

    if (!rc)
        rc = make_manifest(x, error);
    if (!rc)
        rc = open_writers(x, error);
    if (!rc)
        rc = restore_tables(x, error);
    rc = close_writers(x, rc, error);
    return rc ? rc : manifest_write(x->state, x->target->folder, &x->manifest, NULL, error);
}

int savepoint_restore(const struct file_ops *state, const char *path,
                      const struct savepoint_target *target, struct savepoint_summary *summary,
                      struct streamd_error *error)
{
    struct restoring x = {.state = state, .target = target};
    int rc = savepoint_open(path, &x.s, error);

    if (rc)
        return rc;
    rc = restore(&x, error);
    if (!rc) {
        *summary = (struct savepoint_summary){
            .checkpoint = x.s->facts.checkpoint,
            .parallelism = x.s->facts.parallelism,
            .key_groups = x.s->facts.key_groups,
            .tables = x.s->table_count,
            .rows = x.rows,
            .bytes = x.bytes,
        };
        memcpy(summary->lineage, x.s->facts.lineage, sizeof(summary->lineage));
    }
    manifest_clear(&x.manifest);
    savepoint_close(x.s);
    return rc;
}
