/* Sealing: every value is checked, every key is there once, then checksum and row counts. */
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/savepoint_form.h"

#include <string.h>
#include <sys/stat.h>

/* Is a key twice in a table that has each once? Values compare as SQLite has them, so that 1.0 and
   1.00 are two here; the table that is filled finds those. */
static int check_keys(struct savepoint *s, const struct savepoint_table *t,
                      struct streamd_error *error)
{
    struct text keys = {0};
    sqlite3_stmt *q = NULL;
    int rc;

    if (t->head.flags & (STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST))
        return 0;
    text_add(&keys, t->head.flags & STREAMD_TABLE_NAMESPACED ? SAVEPOINT_NS : "''");
    for (uint32_t i = 0; i < t->head.key_count; i++) {
        char *name = sqlite3_mprintf(",\"%w\"", t->sql_columns[i]);

        text_add(&keys, name ? name : "");
        keys.failed |= !name;
        sqlite3_free(name);
    }
    rc = text_failed(&keys) ? error_set_nomem(error) : 0;
    if (!rc)
        rc = savepoint_sql_prepare(s->db, &q, error,
                                   "SELECT min(" SAVEPOINT_SEQ "), max(" SAVEPOINT_SEQ
                                   ") FROM \"%w\" GROUP BY %s HAVING count(*) > 1 LIMIT 1",
                                   t->sql_name, text_get(&keys));
    if (!rc)
        rc = savepoint_sql_step(q, error);
    if (rc > 0)
        rc = error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_TWICE,
                            "%s: table %s has one key in two rows, with " SAVEPOINT_SEQ
                            " %lld and %lld",
                            s->path, t->sql_name, (long long)sqlite3_column_int64(q, 0),
                            (long long)sqlite3_column_int64(q, 1));
    sqlite3_finalize(q);
    text_clear(&keys);
    return rc;
}

static int store(struct savepoint *s, const uint64_t *rows, const char *checksum,
                 struct streamd_error *error)
{
    int rc = savepoint_sql_run(s->db, error,
                               "UPDATE _streamd SET value = %Q WHERE name = 'checksum'", checksum);

    for (uint32_t i = 0; i < s->table_count && !rc; i++)
        if (rows[i] != s->tables[i].head.rows)
            rc = savepoint_sql_run(s->db, error,
                                   "UPDATE _tables SET row_count = %lld WHERE sql_name = %Q",
                                   (long long)rows[i], s->tables[i].sql_name);
    return rc ? rc : savepoint_sql_run(s->db, error, "COMMIT");
}

static int seal(struct savepoint *s, int check_all, uint64_t *rows, int *changed,
                struct streamd_error *error)
{
    char checksum[33];
    int rc = savepoint_checksum(s, 1, rows, checksum, error);

    for (uint32_t i = 0; i < s->table_count && !rc && check_all; i++)
        rc = check_keys(s, &s->tables[i], error);
    if (rc)
        return rc;
    *changed = strcmp(checksum, s->facts.checksum) != 0;
    return store(s, rows, checksum, error);
}

static void sum_up(const struct savepoint *s, const uint64_t *rows,
                   struct savepoint_summary *summary)
{
    struct stat st;

    memset(summary, 0, sizeof(*summary));
    memcpy(summary->lineage, s->facts.lineage, sizeof(summary->lineage));
    summary->checkpoint = s->facts.checkpoint;
    summary->parallelism = s->facts.parallelism;
    summary->key_groups = s->facts.key_groups;
    summary->tables = s->table_count;
    for (uint32_t i = 0; i < s->table_count; i++)
        summary->rows += rows[i];
    if (!stat(s->path, &st))
        summary->bytes = (uint64_t)st.st_size;
}

int savepoint_seal_as(const char *path, enum savepoint_mode mode, int *changed,
                      struct savepoint_summary *summary, struct streamd_error *error)
{
    struct savepoint *s;
    uint64_t *rows;
    int rc = savepoint_open_as(path, mode, &s, error);

    if (rc)
        return rc;
    rows = memory_zalloc(s->table_count, sizeof(*rows));
    rc = rows ? seal(s, mode != SAVEPOINT_CREATE, rows, changed, error) : error_set_nomem(error);
    if (!rc)
        sum_up(s, rows, summary);
    memory_free(rows);
    savepoint_close(s);
    return rc;
}

int savepoint_seal(const char *path, int *changed, struct savepoint_summary *summary,
                   struct streamd_error *error)
{
    return savepoint_seal_as(path, SAVEPOINT_EDIT, changed, summary, error);
}
