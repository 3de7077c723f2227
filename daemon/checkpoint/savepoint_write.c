/*
 * From native files to a savepoint. The files of all tasks are open at once; the tables are written
 * one after the other, each from all files, so that its rows lie together.
 *
 *   task-0.snap, task-1.snap, ...  -> table by table -> PATH.tmp -> checked and sealed -> PATH
 *
 * One transaction without journal: half a database has the name PATH.tmp and is never read.
 */
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/manifest.h"
#include "checkpoint/savepoint_form.h"
#include "checkpoint/savepoint_value.h"

#include <streamd/convert.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct writing {
    const struct file_ops *state;
    const char *folder, *path;
    struct manifest manifest;
    struct snapshot_reader **readers; /* one per task */
    uint32_t reader_count;
    sqlite3 *db;
    struct arena arena;
};

/* ---- the checkpoint ---------------------------------------------------------------------------
 */

static int open_reader(struct writing *w, const struct manifest_file *f,
                       struct streamd_error *error)
{
    struct snapshot_identity expected = {
        .checkpoint = w->manifest.id,
        .pipeline = w->manifest.pipeline,
        .task = f->task,
        .parallelism = w->manifest.parallelism,
        .key_groups = w->manifest.key_groups,
    };
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", w->folder, f->name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return error_set(error, STREAMD_E_LIMIT, "the path of %s is too long", f->name);
    memcpy(expected.lineage, w->manifest.lineage, sizeof(expected.lineage));
    return snapshot_reader_open(w->state, path, &expected, &w->readers[w->reader_count], error);
}

/* Is there the file of each task, and once? A savepoint without somebody's state would look whole.
 */
static int check_tasks(const struct writing *w, struct streamd_error *error)
{
    uint32_t missing = w->manifest.parallelism;

    for (uint32_t task = 0; task < w->manifest.parallelism; task++)
        for (uint32_t i = 0; i < w->reader_count; i++)
            if (snapshot_reader_identity(w->readers[i])->task == task) {
                missing--;
                break;
            }
    if (!missing && w->reader_count == w->manifest.parallelism)
        return 0;
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4404,
                          "%s/manifest is damaged: it does not name one file for each of %u tasks",
                          w->folder, w->manifest.parallelism);
}

/* The checkpoint's own files; those of earlier ones are opened where blocks of them are needed. */
static int open_checkpoint(struct writing *w, struct streamd_error *error)
{
    int rc = manifest_read(w->state, w->folder, &w->manifest, error);

    if (rc)
        return rc;
    w->readers = memory_zalloc(w->manifest.file_count, sizeof(*w->readers));
    if (!w->readers)
        return error_set_nomem(error);
    for (size_t i = 0; i < w->manifest.file_count && !rc; i++) {
        if (w->manifest.files[i].referred)
            continue;
        rc = open_reader(w, &w->manifest.files[i], error);
        w->reader_count += !rc;
    }
    return rc ? rc : check_tasks(w, error);
}

/* ---- the catalogue ----------------------------------------------------------------------------
 */

static const char *const schema[] = {
    "CREATE TABLE _streamd (name TEXT NOT NULL PRIMARY KEY, value)",
    "CREATE TABLE _nodes (node TEXT NOT NULL PRIMARY KEY, kind TEXT, type TEXT)",
    "CREATE TABLE _tables (node TEXT NOT NULL, name TEXT NOT NULL, sql_name TEXT NOT NULL UNIQUE, "
    "flags INTEGER NOT NULL, order_by TEXT, row_count INTEGER NOT NULL, PRIMARY KEY (node, name))",
    "CREATE TABLE _columns (sql_table TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT "
    "NULL, "
    "sql_name TEXT NOT NULL, type TEXT NOT NULL, is_key INTEGER NOT NULL, PRIMARY KEY (sql_table, "
    "position))",
    NULL,
};

static int write_facts(struct writing *w, struct streamd_error *error)
{
    const struct manifest *m = &w->manifest;
    char created[STREAMD_TIMESTAMP_TEXT + 1];
    char *plan = m->plan ? json_dumps(m->plan, JSON_COMPACT) : NULL;
    int rc;

    if (m->plan && !plan)
        return error_set_nomem(error);
    created[streamd_timestamp_print(m->created, created)] = '\0';
    rc = savepoint_sql_run(
        w->db, error,
        "INSERT INTO _streamd VALUES ('format', %d), ('pipeline', %Q), ('lineage', %Q), "
        "('checkpoint', %lld), ('parallelism', %u), ('key_groups', %u), ('created', %Q), "
        "('plan_hash', %Q), ('plan', %Q), ('checksum', '00000000000000000000000000000000')",
        SAVEPOINT_FORMAT, m->pipeline, m->lineage, (long long)m->id, m->parallelism, m->key_groups,
        created, m->plan_hash, plan);
    free(plan);
    return rc;
}

/* Nodes as the plan has them, in which they all are; a plan may stand inside of what was printed
   with it. */
static int write_nodes(struct writing *w, struct streamd_error *error)
{
    const json_t *nodes = json_object_get(w->manifest.plan, "nodes"), *node;
    size_t i;
    int rc = 0;

    if (!nodes)
        nodes = json_object_get(json_object_get(w->manifest.plan, "plan"), "nodes");
    json_array_foreach((json_t *)nodes, i, node)
    {
        const char *name = json_string_value(json_object_get(node, "name"));
        const char *kind = json_string_value(json_object_get(node, "kind"));
        const char *type = json_string_value(json_object_get(node, "type"));

        if (!rc && name)
            rc = savepoint_sql_run(w->db, error, "INSERT OR IGNORE INTO _nodes VALUES (%Q, %Q, %Q)",
                                   name, type ? kind : NULL, kind ? type : NULL);
    }
    return rc;
}

/* ---- one table --------------------------------------------------------------------------------
 */

/* A name that no table has yet. */
static int table_name(struct writing *w, struct savepoint_table *t, struct streamd_error *error)
{
    struct text name = {0};
    sqlite3_stmt *q = NULL;
    int rc = 1;

    for (unsigned n = 1; rc == 1; n++) {
        text_reset(&name);
        savepoint_table_name(t->head.node, t->head.table, &name);
        if (n > 1)
            text_printf(&name, "~%u", n);
        rc = text_failed(&name) ? error_set_nomem(error)
                                : savepoint_sql_prepare(
                                      w->db, &q, error,
                                      "SELECT 1 FROM sqlite_master WHERE name = %Q COLLATE NOCASE",
                                      text_get(&name));
        if (!rc)
            rc = savepoint_sql_step(q, error);
        sqlite3_finalize(q);
        q = NULL;
    }
    if (!rc) {
        t->sql_name = arena_strdup(&w->arena, text_get(&name));
        rc = t->sql_name ? 0 : error_set_nomem(error);
    }
    text_clear(&name);
    return rc;
}

static void own_columns(uint32_t flags, struct text *sql)
{
    text_add(sql, SAVEPOINT_SEQ " INTEGER PRIMARY KEY");
    text_add(sql, flags & STREAMD_TABLE_BROADCAST ? ", " SAVEPOINT_TASK " INTEGER"
                                                  : ", " SAVEPOINT_GROUP " INTEGER");
    if (flags & STREAMD_TABLE_NAMESPACED)
        text_add(sql, ", " SAVEPOINT_NS " INTEGER NOT NULL");
}

static int create_table(struct writing *w, const struct savepoint_table *t,
                        struct streamd_error *error)
{
    struct text sql = {0};
    int rc;

    own_columns(t->head.flags, &sql);
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        const struct streamd_type *type = &t->head.fields[i].type;
        char *column =
            sqlite3_mprintf(", \"%w\" %s%s", t->sql_columns[i], savepoint_value_declared(type->id),
                            type->nullable ? "" : " NOT NULL");

        text_add(&sql, column ? column : "");
        sql.failed |= !column;
        sqlite3_free(column);
    }
    rc = text_failed(&sql) ? error_set_nomem(error)
                           : savepoint_sql_run(w->db, error, "CREATE TABLE \"%w\" (%s)",
                                               t->sql_name, text_get(&sql));
    text_clear(&sql);
    return rc;
}

static int describe_table(struct writing *w, const struct savepoint_table *t,
                          struct streamd_error *error)
{
    const uint32_t ordered =
        STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS | STREAMD_TABLE_PROCESSING_TIMERS;
    const struct snapshot_section *h = &t->head;
    const char *order = h->flags & ordered && h->order_by < h->column_count
                            ? h->fields[h->key_count + h->order_by].name
                            : NULL;
    char type[SAVEPOINT_TYPE_TEXT];
    int rc = savepoint_sql_run(w->db, error, "INSERT OR IGNORE INTO _nodes VALUES (%Q, NULL, NULL)",
                               h->node);

    if (!rc)
        rc = savepoint_sql_run(w->db, error, "INSERT INTO _tables VALUES (%Q, %Q, %Q, %u, %Q, 0)",
                               h->node, h->table, t->sql_name, h->flags, order);
    for (uint32_t i = 0; i < h->key_count + h->column_count && !rc; i++) {
        savepoint_type_print(h->fields[i].type, type);
        rc = savepoint_sql_run(w->db, error, "INSERT INTO _columns VALUES (%Q, %u, %Q, %Q, %Q, %d)",
                               t->sql_name, i, h->fields[i].name, t->sql_columns[i], type,
                               i < h->key_count);
    }
    return rc;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

struct inserting {
    struct writing *w;
    const struct savepoint_table *t;
    struct rowcode code;
    sqlite3_stmt *insert;
    struct rowcode_value *values;
    union savepoint_scratch *scratch;
};

static int bind_failed(struct inserting *x, uint32_t field, int rc, struct streamd_error *error)
{
    if (rc != -1)
        return savepoint_sql_error(x->w->db, error);
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_CANNOT,
                          "state table %s of %s has a text in column %s that is not UTF-8 without "
                          "NUL, which a savepoint cannot hold",
                          x->t->head.table, x->t->head.node, x->code.fields[field].name);
}

static int insert_row(struct inserting *x, uint32_t task, uint32_t group, int64_t ns,
                      struct streamd_error *error)
{
    int own = savepoint_own_columns(x->t->head.flags), rc;

    sqlite3_bind_int64(x->insert, 1, group == SNAPSHOT_NO_GROUP ? task : group);
    if (own > 2)
        sqlite3_bind_int64(x->insert, 2, ns);
    for (uint32_t i = 0; i < x->code.count; i++) {
        rc = savepoint_value_bind(x->insert, own + (int)i, &x->code.fields[i].type, &x->values[i],
                                  &x->scratch[i]);
        if (rc != SQLITE_OK)
            return bind_failed(x, i, rc, error);
    }
    rc = savepoint_sql_step(x->insert, error);
    if (!rc)
        sqlite3_reset(x->insert);
    return rc;
}

static int insert_block(struct inserting *x, struct snapshot_reader *r, const uint8_t *bytes,
                        size_t length, uint32_t rows, uint32_t group, struct streamd_error *error)
{
    const struct snapshot_identity *id = snapshot_reader_identity(r);
    int by_task = (x->t->head.flags & STREAMD_TABLE_BROADCAST) != 0, rc = 0;

    for (; rows > 0 && !rc; rows--) {
        int64_t ns;
        size_t used = rowcode_decode(&x->code, bytes, length, &ns, x->values);

        if (!used)
            break;
        bytes += used;
        length -= used;
        rc = insert_row(x, id->task, group, ns, error);
    }
    if (!rc && (rows || length || by_task != (group == SNAPSHOT_NO_GROUP)))
        rc = error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4406,
                            "%s is damaged: state table %s of %s has a row that is none",
                            snapshot_reader_path(r), x->t->head.table, x->t->head.node);
    return rc;
}

static int insert_section(struct inserting *x, struct snapshot_reader *r, uint32_t section,
                          struct streamd_error *error)
{
    struct snapshot_cursor cursor;
    const uint8_t *bytes;
    uint32_t rows, group;
    size_t length;
    int rc;

    snapshot_reader_begin(r, section, 0, UINT64_C(1) << 32, &cursor);
    while ((rc = snapshot_reader_next(r, &cursor, &bytes, &length, &rows, &group, error)) > 0) {
        rc = insert_block(x, r, bytes, length, rows, group, error);
        if (rc)
            return rc;
    }
    return rc;
}

static int same_table(const struct snapshot_section *a, const struct snapshot_section *b)
{
    if (a->flags != b->flags || a->order_by != b->order_by || a->key_count != b->key_count ||
        a->column_count != b->column_count)
        return 0;
    for (uint32_t i = 0; i < a->key_count + a->column_count; i++)
        if (strcmp(a->fields[i].name, b->fields[i].name) != 0 ||
            memcmp(&a->fields[i].type, &b->fields[i].type, sizeof(a->fields[i].type)) != 0)
            return 0;
    return 1;
}

static int insert_all(struct inserting *x, struct streamd_error *error)
{
    const struct snapshot_section *h = &x->t->head;
    int rc = 0;

    for (uint32_t i = 0; i < x->w->reader_count && !rc; i++) {
        struct snapshot_reader *r = x->w->readers[i];
        int32_t section = snapshot_reader_find(r, h->node, h->table);

        if (section < 0)
            continue;
        if (!same_table(h, snapshot_reader_section(r, (uint32_t)section)))
            return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4406,
                                  "%s is damaged: state table %s of %s has other columns than in "
                                  "the files of other tasks",
                                  snapshot_reader_path(r), h->table, h->node);
        rc = insert_section(x, r, (uint32_t)section, error);
    }
    return rc;
}

static int prepare_insert(struct inserting *x, struct streamd_error *error)
{
    uint32_t count = x->code.count;
    struct text marks = {0};
    int rc;

    x->values = memory_zalloc(count, sizeof(*x->values));
    x->scratch = memory_zalloc(count, sizeof(*x->scratch));
    for (int i = savepoint_own_columns(x->t->head.flags) - 1 + (int)count; i > 0; i--)
        text_add(&marks, ", ?");
    rc = !x->values || !x->scratch || text_failed(&marks)
             ? error_set_nomem(error)
             : savepoint_sql_prepare(x->w->db, &x->insert, error,
                                     "INSERT INTO \"%w\" VALUES (NULL%s)", x->t->sql_name,
                                     text_get(&marks));
    text_clear(&marks);
    return rc;
}

static int insert_rows(struct writing *w, const struct savepoint_table *t,
                       struct streamd_error *error)
{
    const struct snapshot_section *h = &t->head;
    struct inserting x = {.w = w, .t = t};
    int rc = 0;

    if (rowcode_init(&x.code, h->fields, h->key_count + h->column_count,
                     (h->flags & STREAMD_TABLE_NAMESPACED) != 0))
        rc = error_set(error, STREAMD_E_DATA, "state table %s of %s has a type that is none",
                       h->table, h->node);
    if (!rc)
        rc = prepare_insert(&x, error);
    if (!rc)
        rc = insert_all(&x, error);
    sqlite3_finalize(x.insert);
    memory_free(x.values);
    memory_free(x.scratch);
    return rc;
}

static int write_table(struct writing *w, const struct snapshot_section *section,
                       struct streamd_error *error)
{
    uint32_t count = section->key_count + section->column_count;
    struct savepoint_table t = {.head = *section};
    const char **names;
    int rc;

    if (count > SAVEPOINT_COLUMNS_MAX)
        return error_set_full(error, STREAMD_E_LIMIT, STREAMD_FAIL_PIPELINE, SAVEPOINT_CANNOT,
                              "state table %s of %s has %u columns; a savepoint can hold %d",
                              section->table, section->node, count, SAVEPOINT_COLUMNS_MAX);
    arena_reset(&w->arena);
    names = arena_zalloc(&w->arena, count, sizeof(*names));
    if (!names || savepoint_column_names(&w->arena, section->fields, count, names))
        return error_set_nomem(error);
    t.sql_columns = names;
    rc = table_name(w, &t, error);
    if (!rc)
        rc = create_table(w, &t, error);
    if (!rc)
        rc = describe_table(w, &t, error);
    return rc ? rc : insert_rows(w, &t, error);
}

/* Has a file before the i-th this table? */
static int seen(const struct writing *w, uint32_t i, const struct snapshot_section *s)
{
    while (i-- > 0)
        if (snapshot_reader_find(w->readers[i], s->node, s->table) >= 0)
            return 1;
    return 0;
}

static int write_tables(struct writing *w, struct streamd_error *error)
{
    int rc = 0;

    for (uint32_t i = 0; i < w->reader_count; i++)
        for (uint32_t k = 0; k < snapshot_reader_sections(w->readers[i]) && !rc; k++) {
            const struct snapshot_section *s = snapshot_reader_section(w->readers[i], k);

            if (!seen(w, i, s))
                rc = write_table(w, s, error);
        }
    return rc;
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static int fill(struct writing *w, const char *temporary, struct streamd_error *error)
{
    int rc = savepoint_sql_open(temporary, SAVEPOINT_CREATE, &w->db, error);

    if (!rc)
        rc = savepoint_sql_run(w->db, error, "PRAGMA application_id = %d", SAVEPOINT_APPLICATION);
    if (!rc)
        rc = savepoint_sql_run(w->db, error, "PRAGMA user_version = %d", SAVEPOINT_FORMAT);
    if (!rc)
        rc = savepoint_sql_run(w->db, error, "BEGIN IMMEDIATE");
    for (int i = 0; schema[i] && !rc; i++)
        rc = savepoint_sql_run(w->db, error, "%s", schema[i]);
    if (!rc)
        rc = write_facts(w, error);
    if (!rc)
        rc = write_nodes(w, error);
    if (!rc)
        rc = write_tables(w, error);
    return rc ? rc : savepoint_sql_run(w->db, error, "COMMIT");
}

/* Makes the file durable under its name. */
static int publish(const char *temporary, const char *path, struct streamd_error *error)
{
    int fd = open(temporary, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(error, errno, "cannot open %s", temporary);
    if (fsync(fd)) {
        int saved = errno;

        close(fd);
        return error_set_errno(error, saved, "cannot sync %s", temporary);
    }
    close(fd);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) &&
        (errno != EINVAL || rename(temporary, path)))
        return error_set_errno(error, errno, "cannot rename %s to %s", temporary, path);
    return file_sync_folder(file_system(), path, error);
}

static int make_file(struct writing *w, const char *temporary, struct savepoint_summary *summary,
                     struct streamd_error *error)
{
    int changed, fd, rc;

    if (unlink(temporary) && errno != ENOENT)
        return error_set_errno(error, errno, "cannot remove %s", temporary);
    fd = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot create %s", temporary);
    close(fd);
    rc = fill(w, temporary, error);
    sqlite3_close(w->db);
    w->db = NULL;
    if (!rc)
        rc = savepoint_seal_as(temporary, SAVEPOINT_CREATE, &changed, summary, error);
    if (!rc)
        rc = publish(temporary, w->path, error);
    if (rc)
        unlink(temporary);
    return rc;
}

static int is_free(const char *path, char temporary[PATH_MAX], struct streamd_error *error)
{
    int n = snprintf(temporary, PATH_MAX, "%s.tmp", path);
    struct stat st;

    if (n < 0 || n >= PATH_MAX)
        return error_set(error, STREAMD_E_LIMIT, "the path of the savepoint is too long");
    if (!lstat(path, &st))
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, SAVEPOINT_EXISTS,
                              "%s is there already: a savepoint never replaces a file", path);
    if (errno != ENOENT)
        return error_set_errno(error, errno, "cannot make %s", path);
    return 0;
}

int savepoint_write(const struct file_ops *state, const char *folder, const char *path,
                    struct savepoint_summary *summary, struct streamd_error *error)
{
    struct writing w = {.state = state, .folder = folder, .path = path};
    char temporary[PATH_MAX];
    int rc = is_free(path, temporary, error);

    if (!rc)
        rc = open_checkpoint(&w, error);
    if (!rc)
        rc = make_file(&w, temporary, summary, error);
    for (uint32_t i = 0; i < w.reader_count; i++)
        snapshot_reader_close(w.readers[i]);
    memory_free(w.readers);
    manifest_clear(&w.manifest);
    arena_clear(&w.arena);
    return rc;
}
