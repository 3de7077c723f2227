/*
 * meta.db: a table with one row. SQLite keeps it whole through crashes; synchronous=FULL makes a
 * COMMIT that was answered durable. An error of the disk leaves the outcome unknown, so it is given
 * up with its own code and nothing is tried again here.
 */
#include "checkpoint/store_form.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { META_FORMAT = 1 };

/* A full disk is no riddle: SQLite has taken back what it could not write, and later there may be
   room. Everything else is. */
static int failed(struct store *s, int rc, const char *what, struct streamd_error *error)
{
    if ((rc & 0xff) == SQLITE_FULL)
        return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, 4411,
                              "%s/meta.db: no space left", s->path);
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4403, "%s/meta.db: %s: %s",
                          s->path, what, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
}

static int run(struct store *s, const char *sql, struct streamd_error *error)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : failed(s, rc, "cannot be written", error);
}

static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE;"
                               "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA trusted_schema=OFF;";

static const char schema[] =
    "CREATE TABLE store(pipeline TEXT NOT NULL, lineage TEXT NOT NULL, last_id INTEGER NOT NULL,"
    " commit_started INTEGER NOT NULL, parallelism INTEGER NOT NULL);"
    "PRAGMA user_version=1;";

/* 1: whole; 0: damaged or no database. */
static int is_whole(struct store *s)
{
    sqlite3_stmt *q = NULL;
    const unsigned char *answer;
    int whole;

    if (sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &q, NULL) != SQLITE_OK)
        return 0;
    whole = sqlite3_step(q) == SQLITE_ROW && (answer = sqlite3_column_text(q, 0)) != NULL &&
            !strcmp((const char *)answer, "ok");
    sqlite3_finalize(q);
    return whole;
}

static int read_version(struct store *s, int *version)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL);

    *version = 0;
    if (rc == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        *version = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return rc;
}

static int open_database(struct store *s, struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc = store_join(path, s->path, "meta.db", error), fd;

    if (rc)
        return rc;
    /* Made here, so that it has our mode whatever the umask is, and is no link. */
    fd = s->ops->open(s->ops->self, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4402,
                              "cannot open %s: %s", path, strerror(errno));
    s->ops->close(s->ops->self, fd);
    rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (rc != SQLITE_OK)
        return failed(s, rc, "cannot be opened", error);
    sqlite3_extended_result_codes(s->db, 1);
    return 0;
}

/* Renames meta.db, whose content cannot be used, and what belongs to it. */
static int put_aside(struct store *s, struct streamd_error *error)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

    store_meta_close(s);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char from[PATH_MAX], to[PATH_MAX], name[64];
        int rc;

        snprintf(name, sizeof(name), "meta.db%s", suffixes[i]);
        rc = store_join(from, s->path, name, error);
        snprintf(name, sizeof(name), "meta.db.damaged%s", suffixes[i]);
        if (!rc)
            rc = store_join(to, s->path, name, error);
        if (rc)
            return rc;
        if (s->ops->rename(s->ops->self, from, to) && errno != ENOENT)
            return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4402,
                                  "cannot rename %s: %s", from, strerror(errno));
    }
    return open_database(s, error);
}

/* 1, 0 (no such row, or values that cannot be), or negative: another pipeline's. */
static int read_row(struct store *s, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    const unsigned char *pipeline, *lineage;
    int rc = 0;

    if (sqlite3_prepare_v2(s->db,
                           "SELECT pipeline, lineage, last_id, commit_started, parallelism"
                           " FROM store",
                           -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        sqlite3_finalize(q);
        return 0;
    }
    pipeline = sqlite3_column_text(q, 0);
    lineage = sqlite3_column_text(q, 1);
    if (pipeline && lineage && strlen((const char *)lineage) < sizeof(s->meta.lineage)) {
        rc = 1;
        memcpy(s->meta.lineage, lineage, strlen((const char *)lineage) + 1);
        s->meta.last_id = (uint64_t)sqlite3_column_int64(q, 2);
        s->meta.commit_started = (uint64_t)sqlite3_column_int64(q, 3);
        s->meta.parallelism = (uint32_t)sqlite3_column_int64(q, 4);
        if (strcmp((const char *)pipeline, s->pipeline) != 0)
            rc = error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4413,
                                "%s is the state directory of pipeline %s, not of %s", s->path,
                                (const char *)pipeline, s->pipeline);
    }
    sqlite3_finalize(q);
    return rc;
}

int store_meta_open(struct store *s, struct streamd_error *error)
{
    int rc = open_database(s, error), version;

    if (rc)
        return rc;
    if (!is_whole(s) || read_version(s, &version) != SQLITE_OK) {
        rc = put_aside(s, error);
        version = 0;
    }
    if (!rc && version > META_FORMAT)
        return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, 4405,
                              "%s/meta.db has format %d; this streamd reads format %d", s->path,
                              version, META_FORMAT);
    if (!rc)
        rc = run(s, settings, error);
    if (rc || version != META_FORMAT)
        return rc;
    return read_row(s, error);
}

static int bind_row(sqlite3_stmt *q, const struct store *s, const struct store_meta *m)
{
    return sqlite3_bind_text(q, 1, s->pipeline, -1, SQLITE_STATIC) ||
           sqlite3_bind_text(q, 2, m->lineage, -1, SQLITE_STATIC) ||
           sqlite3_bind_int64(q, 3, (sqlite3_int64)m->last_id) ||
           sqlite3_bind_int64(q, 4, (sqlite3_int64)m->commit_started) ||
           sqlite3_bind_int64(q, 5, m->parallelism);
}

static int insert_row(struct store *s, const struct store_meta *m, struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "INSERT INTO store VALUES(?, ?, ?, ?, ?)", -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = bind_row(q, s, m) ? SQLITE_NOMEM : sqlite3_step(q);
    rc = rc == SQLITE_DONE ? 0 : failed(s, rc, "cannot be written", error);
    sqlite3_finalize(q);
    return rc;
}

int store_meta_save(struct store *s, const struct store_meta *meta, struct streamd_error *error)
{
    int version, rc;

    if (read_version(s, &version) != SQLITE_OK)
        return failed(s, SQLITE_ERROR, "cannot be read", error);
    rc = run(s, "BEGIN IMMEDIATE", error);
    if (!rc)
        rc = run(s, version ? "DELETE FROM store" : schema, error);
    if (!rc)
        rc = insert_row(s, meta, error);
    if (!rc)
        rc = run(s, "COMMIT", error);
    if (!rc)
        s->meta = *meta;
    else if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void store_meta_close(struct store *s)
{
    sqlite3_close(s->db);
    s->db = NULL;
}
