/*
 * Reading a savepoint's catalogue. Whoever made the database, afterwards: every table named is a
 * real table with all its columns, names are names, numbers are in range.
 */
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/savepoint_form.h"

#include <streamd/convert.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int savepoint_damaged(const struct savepoint *s, struct streamd_error *error, const char *format,
                      ...)
{
    char what[300];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_DAMAGED,
                   "%s is no whole savepoint: %s", s->path, what);
    savepoint_sql_clean(error);
    return STREAMD_E_DATA;
}

/* A name from column `index`, in the arena. NULL: it is none, or no memory, and the error is set.
 */
static const char *take_name(struct savepoint *s, sqlite3_stmt *q, int index,
                             struct streamd_error *error)
{
    size_t length = (size_t)sqlite3_column_bytes(q, index);
    const char *text = (const char *)sqlite3_column_text(q, index), *copy;

    if (!text || sqlite3_column_type(q, index) != SQLITE_TEXT || !length ||
        length > SNAPSHOT_NAME_MAX || strlen(text) != length ||
        text_utf8_prefix(text, length) != length) {
        savepoint_damaged(s, error, "the catalogue has a name that is none");
        return NULL;
    }
    copy = arena_strndup(&s->arena, text, length);
    if (!copy)
        error_set_nomem(error);
    return copy;
}

/* Is this a table, not something that looks like one? Views and virtual tables have no root page.
 */
static int check_table(struct savepoint *s, const char *name, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = savepoint_sql_prepare(s->db, &q, error,
                                   "SELECT 1 FROM sqlite_master WHERE name = %Q COLLATE NOCASE AND "
                                   "type = 'table' AND rootpage > 0 AND NOT EXISTS (SELECT 1 FROM "
                                   "pragma_table_xinfo(%Q) WHERE hidden <> 0)",
                                   name, name);

    if (!rc)
        rc = savepoint_sql_step(q, error);
    if (rc == 0)
        rc = savepoint_damaged(s, error, "there is no plain table %s", name);
    sqlite3_finalize(q);
    return rc < 0 ? rc : 0;
}

/* ---- _streamd ---------------------------------------------------------------------------------
 */

/* The value of a fact: of column 0 of *q, which the caller finalizes. 1, 0: not there, negative. */
static int get(struct savepoint *s, const char *name, sqlite3_stmt **q, struct streamd_error *error)
{
    int rc =
        savepoint_sql_prepare(s->db, q, error, "SELECT value FROM _streamd WHERE name = %Q", name);

    return rc ? rc : savepoint_sql_step(*q, error);
}

static int get_number(struct savepoint *s, const char *name, uint64_t most, uint64_t *number,
                      struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = get(s, name, &q, error);

    if (rc > 0 && sqlite3_column_type(q, 0) == SQLITE_INTEGER && sqlite3_column_int64(q, 0) >= 0 &&
        (uint64_t)sqlite3_column_int64(q, 0) <= most) {
        *number = (uint64_t)sqlite3_column_int64(q, 0);
        rc = 0;
    } else if (rc >= 0) {
        rc = savepoint_damaged(s, error, "_streamd has no right value for %s", name);
    }
    sqlite3_finalize(q);
    return rc;
}

/* A text of at most `most` bytes; *text is NULL where the value is NULL and that is `allowed`. */
static int get_text(struct savepoint *s, const char *name, size_t most, int allowed,
                    const char **text, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = get(s, name, &q, error);
    int type = rc > 0 ? sqlite3_column_type(q, 0) : SQLITE_BLOB;
    size_t length = type == SQLITE_TEXT ? (size_t)sqlite3_column_bytes(q, 0) : 0;

    *text = NULL;
    if (rc > 0 && type == SQLITE_TEXT && length <= most &&
        strlen((const char *)sqlite3_column_text(q, 0)) == length) {
        *text = arena_strndup(&s->arena, (const char *)sqlite3_column_text(q, 0), length);
        rc = *text ? 0 : error_set_nomem(error);
    } else if (rc > 0 && type == SQLITE_NULL && allowed) {
        rc = 0;
    } else if (rc >= 0) {
        rc = savepoint_damaged(s, error, "_streamd has no right value for %s", name);
    }
    sqlite3_finalize(q);
    return rc;
}

static int get_hex(struct savepoint *s, const char *name, char out[33], struct streamd_error *error)
{
    const char *text;
    int rc = get_text(s, name, 32, 0, &text, error);

    if (rc)
        return rc;
    if (strspn(text, "0123456789abcdef") != 32)
        return savepoint_damaged(s, error, "_streamd has no right value for %s", name);
    memcpy(out, text, 33);
    return 0;
}

static int read_facts(struct savepoint *s, struct streamd_error *error)
{
    uint64_t format, parallelism = 0, key_groups = 0;
    struct savepoint_facts *f = &s->facts;
    const char *created = NULL;
    int rc = check_table(s, "_streamd", error);

    if (!rc)
        rc = get_number(s, "format", INT64_MAX, &format, error);
    if (!rc && format != SAVEPOINT_FORMAT)
        return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE,
                              SAVEPOINT_VERSION, "%s has format %llu; this streamd reads format %d",
                              s->path, (unsigned long long)format, SAVEPOINT_FORMAT);
    if (!rc)
        rc = get_text(s, "pipeline", SNAPSHOT_NAME_MAX, 0, &f->pipeline, error);
    if (!rc)
        rc = get_hex(s, "lineage", f->lineage, error);
    if (!rc)
        rc = get_hex(s, "checksum", f->checksum, error);
    if (!rc)
        rc = get_number(s, "checkpoint", INT64_MAX, &f->checkpoint, error);
    if (!rc)
        rc = get_number(s, "key_groups", SAVEPOINT_KEY_GROUPS, &key_groups, error);
    if (!rc)
        rc = get_number(s, "parallelism", key_groups, &parallelism, error);
    if (!rc && !parallelism)
        rc = savepoint_damaged(s, error, "_streamd has no right value for parallelism");
    if (!rc)
        rc = get_text(s, "plan_hash", 32, 0, &f->plan_hash, error);
    if (!rc)
        rc = get_text(s, "plan", 64 * 1024 * 1024, 1, &f->plan, error);
    if (!rc)
        rc = get_text(s, "created", STREAMD_TIMESTAMP_TEXT, 0, &created, error);
    if (!rc && streamd_timestamp_parse(created, strlen(created), &f->created))
        rc = savepoint_damaged(s, error, "_streamd has no right value for created");
    f->parallelism = (uint32_t)parallelism;
    f->key_groups = (uint32_t)key_groups;
    return rc;
}

/* ---- lists ------------------------------------------------------------------------------------
 */

/* Rows of a catalogue table: room for them, zeroed, from the arena. */
static int count_rows(struct savepoint *s, const char *table, const char *where, size_t size,
                      uint32_t most, void **items, uint32_t *count, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc =
        savepoint_sql_prepare(s->db, &q, error, "SELECT count(*) FROM %s WHERE %s", table, where);

    if (!rc)
        rc = savepoint_sql_step(q, error);
    if (rc > 0 && sqlite3_column_int64(q, 0) <= (int64_t)most) {
        *count = (uint32_t)sqlite3_column_int64(q, 0);
        *items = arena_zalloc(&s->arena, *count, size);
        rc = *items ? 0 : error_set_nomem(error);
    } else if (rc > 0) {
        rc = savepoint_damaged(s, error, "%s has too many rows", table);
    }
    sqlite3_finalize(q);
    return rc;
}

/* Steps to a row that was counted. 0 or negative. */
static int next_counted(struct savepoint *s, sqlite3_stmt *q, struct streamd_error *error)
{
    int rc = savepoint_sql_step(q, error);

    if (rc == 0)
        return savepoint_damaged(s, error, "the catalogue has fewer rows than it counts");
    return rc < 0 ? rc : 0;
}

static int take_node(struct savepoint *s, sqlite3_stmt *q, struct savepoint_node *node,
                     struct streamd_error *error)
{
    node->name = take_name(s, q, 0, error);
    if (node->name && sqlite3_column_type(q, 1) != SQLITE_NULL) {
        node->kind = take_name(s, q, 1, error);
        node->type = node->kind ? take_name(s, q, 2, error) : NULL;
        return node->type ? 0 : STREAMD_E_DATA;
    }
    return node->name ? 0 : STREAMD_E_DATA;
}

static int read_nodes(struct savepoint *s, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = check_table(s, "_nodes", error);

    if (!rc)
        rc = count_rows(s, "_nodes", "1", sizeof(*s->nodes), SAVEPOINT_TABLES_MAX,
                        (void **)&s->nodes, &s->node_count, error);
    if (!rc)
        rc = savepoint_sql_prepare(s->db, &q, error,
                                   "SELECT node, kind, type FROM _nodes ORDER BY node");
    for (uint32_t i = 0; i < s->node_count && !rc; i++) {
        rc = next_counted(s, q, error);
        if (!rc)
            rc = take_node(s, q, &s->nodes[i], error);
    }
    sqlite3_finalize(q);
    return rc;
}

static int take_field(struct savepoint *s, sqlite3_stmt *q, struct savepoint_table *t, uint32_t i,
                      struct streamd_error *error)
{
    struct streamd_field *field = (struct streamd_field *)&t->head.fields[i];
    const char *type, *column;
    int is_key;

    field->name = take_name(s, q, 0, error);
    column = field->name ? take_name(s, q, 1, error) : NULL;
    type = column ? take_name(s, q, 2, error) : NULL;
    if (!type)
        return STREAMD_E_DATA;
    ((const char **)t->sql_columns)[i] = column;
    is_key = sqlite3_column_int(q, 3);
    if (savepoint_type_parse(type, &field->type))
        return savepoint_damaged(s, error, "column %s of %s has the type '%.40s', which is none",
                                 field->name, t->sql_name, type);
    if (is_key && (t->head.key_count != i || field->type.id == STREAMD_JSON))
        return savepoint_damaged(s, error, "column %s of %s cannot be a key", field->name,
                                 t->sql_name);
    t->head.key_count += is_key != 0;
    t->head.column_count += is_key == 0;
    for (uint32_t k = 0; k < i; k++)
        if (!strcmp(t->head.fields[k].name, field->name))
            return savepoint_damaged(s, error, "column %s of %s is there twice", field->name,
                                     t->sql_name);
    return 0;
}

static int read_fields(struct savepoint *s, struct savepoint_table *t, struct streamd_error *error)
{
    char *where = sqlite3_mprintf("sql_table = %Q", t->sql_name);
    void *names = NULL, *fields = NULL;
    sqlite3_stmt *q = NULL;
    uint32_t count = 0;
    int rc = where ? 0 : error_set_nomem(error);

    if (!rc)
        rc = count_rows(s, "_columns", where, sizeof(struct streamd_field), SAVEPOINT_COLUMNS_MAX,
                        &fields, &count, error);
    sqlite3_free(where);
    if (!rc) {
        names = arena_zalloc(&s->arena, count, sizeof(char *));
        rc = names ? 0 : error_set_nomem(error);
    }
    t->head.fields = fields;
    t->sql_columns = names;
    if (!rc)
        rc = savepoint_sql_prepare(s->db, &q, error,
                                   "SELECT name, sql_name, type, is_key FROM _columns WHERE "
                                   "sql_table = %Q ORDER BY position",
                                   t->sql_name);
    for (uint32_t i = 0; i < count && !rc; i++) {
        rc = next_counted(s, q, error);
        if (!rc)
            rc = take_field(s, q, t, i, error);
    }
    sqlite3_finalize(q);
    return rc;
}

/* The order column by its name, as an index into the columns. */
static int find_order(struct savepoint *s, struct savepoint_table *t, const char *name,
                      struct streamd_error *error)
{
    const uint32_t ordered =
        STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS | STREAMD_TABLE_PROCESSING_TIMERS;

    if (!name && !(t->head.flags & ordered))
        return 0;
    for (uint32_t i = 0; name && i < t->head.column_count; i++) {
        const struct streamd_field *f = &t->head.fields[t->head.key_count + i];

        t->head.order_by = i;
        if (!strcmp(f->name, name) &&
            (f->type.id == STREAMD_INT64 || f->type.id == STREAMD_TIMESTAMP))
            return 0;
    }
    return savepoint_damaged(s, error, "%s is ordered by no column that it has", t->sql_name);
}

static int take_table(struct savepoint *s, sqlite3_stmt *q, struct savepoint_table *t,
                      struct streamd_error *error)
{
    const char *order = NULL;
    int64_t flags = sqlite3_column_int64(q, 3), rows = sqlite3_column_int64(q, 5);
    int rc;

    t->head.node = take_name(s, q, 0, error);
    t->head.table = t->head.node ? take_name(s, q, 1, error) : NULL;
    t->sql_name = t->head.table ? take_name(s, q, 2, error) : NULL;
    if (t->sql_name && sqlite3_column_type(q, 4) != SQLITE_NULL)
        order = take_name(s, q, 4, error);
    if (!t->sql_name || (sqlite3_column_type(q, 4) != SQLITE_NULL && !order))
        return STREAMD_E_DATA;
    if (flags < 0 || flags > 2 * STREAMD_TABLE_ALL - 1 || rows < 0)
        return savepoint_damaged(s, error, "_tables has wrong numbers for %s", t->sql_name);
    t->head.flags = (uint32_t)flags;
    t->head.rows = (uint64_t)rows;
    rc = check_table(s, t->sql_name, error);
    if (!rc)
        rc = read_fields(s, t, error);
    return rc ? rc : find_order(s, t, order, error);
}

static int read_tables(struct savepoint *s, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = check_table(s, "_tables", error);

    if (!rc)
        rc = check_table(s, "_columns", error);
    if (!rc)
        rc = count_rows(s, "_tables", "1", sizeof(*s->tables), SAVEPOINT_TABLES_MAX,
                        (void **)&s->tables, &s->table_count, error);
    if (!rc)
        rc = savepoint_sql_prepare(s->db, &q, error,
                                   "SELECT node, name, sql_name, flags, order_by, row_count FROM "
                                   "_tables ORDER BY node, name");
    for (uint32_t i = 0; i < s->table_count && !rc; i++) {
        rc = next_counted(s, q, error);
        if (!rc)
            rc = take_table(s, q, &s->tables[i], error);
        if (!rc && i && !strcmp(s->tables[i - 1].head.node, s->tables[i].head.node) &&
            !strcmp(s->tables[i - 1].head.table, s->tables[i].head.table))
            rc = savepoint_damaged(s, error, "%s is there twice", s->tables[i].sql_name);
    }
    sqlite3_finalize(q);
    return rc;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int open_and_read(struct savepoint *s, const char *path, enum savepoint_mode mode,
                         struct streamd_error *error)
{
    int rc;

    s->path = memory_strdup(path);
    if (!s->path)
        return error_set_nomem(error);
    rc = savepoint_sql_open(path, mode, &s->db, error);
    if (!rc)
        rc = savepoint_sql_run(s->db, error, mode == SAVEPOINT_READ ? "BEGIN" : "BEGIN IMMEDIATE");
    if (!rc)
        rc = read_facts(s, error);
    if (!rc)
        rc = read_nodes(s, error);
    return rc ? rc : read_tables(s, error);
}

int savepoint_open_as(const char *path, enum savepoint_mode mode, struct savepoint **savepoint,
                      struct streamd_error *error)
{
    struct savepoint *s = memory_zalloc(1, sizeof(*s));
    int rc;

    if (!s)
        return error_set_nomem(error);
    rc = open_and_read(s, path, mode, error);
    if (rc) {
        savepoint_close(s);
        return rc;
    }
    *savepoint = s;
    return 0;
}

int savepoint_open(const char *path, struct savepoint **savepoint, struct streamd_error *error)
{
    return savepoint_open_as(path, SAVEPOINT_READ, savepoint, error);
}

void savepoint_close(struct savepoint *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    arena_clear(&s->arena);
    memory_free(s->path);
    memory_free(s);
}
