/* A handful of statements; each change is a transaction of its own. */
#include "checkpoint/store_meta.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UNUSABLE = 4402, UNKNOWN = 4403 };

struct meta {
    sqlite3 *db;
};

static int failed(struct meta *m, const char *what, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, UNKNOWN,
                          "cannot %s meta.db: %s", what, sqlite3_errmsg(m->db));
}

static int run(struct meta *m, const char *sql, struct streamd_error *error)
{
    return sqlite3_exec(m->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(m, "write", error);
}

static int set_up(struct meta *m, struct streamd_error *error)
{
    static const char sql[] = "PRAGMA trusted_schema=OFF;"
                              "PRAGMA journal_mode=WAL;"
                              "PRAGMA synchronous=FULL;"
                              "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) "
                              "WITHOUT ROWID;"
                              "CREATE TABLE IF NOT EXISTS commits (id INTEGER PRIMARY KEY);";

    return run(m, sql, error);
}

/* 1: it is a database that is whole. */
static int is_whole(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int whole = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;

    sqlite3_finalize(s);
    return whole;
}

static int open_database(struct meta *m, const char *path, struct streamd_error *error)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &m->db, flags, NULL) == SQLITE_OK)
        return 0;
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, UNUSABLE,
                          "cannot open '%s': %s", path,
                          m->db ? sqlite3_errmsg(m->db) : "out of memory");
}

/* Sets a damaged database aside, with what belongs to it. */
static int set_aside(const char *path, struct streamd_error *error)
{
    char other[PATH_MAX + 8];

    snprintf(other, sizeof(other), "%s.bad", path);
    if (rename(path, other))
        return error_set_errno(error, errno, "cannot set '%s' aside", path);
    snprintf(other, sizeof(other), "%s-wal", path);
    (void)unlink(other);
    snprintf(other, sizeof(other), "%s-shm", path);
    (void)unlink(other);
    return 0;
}

int meta_open(const char *folder, struct meta **meta, int *fresh, struct streamd_error *error)
{
    struct meta *m = memory_zalloc(1, sizeof(*m));
    char path[PATH_MAX];
    int rc;

    if (!m)
        return error_set_nomem(error);
    snprintf(path, sizeof(path), "%.*s/meta.db", PATH_MAX - 16, folder);
    *fresh = access(path, F_OK) != 0;
    rc = open_database(m, path, error);
    if (!rc && !*fresh && !is_whole(m->db)) {
        sqlite3_close(m->db);
        m->db = NULL;
        *fresh = 1;
        rc = set_aside(path, error);
        if (!rc)
            rc = open_database(m, path, error);
    }
    if (!rc)
        rc = set_up(m, error);
    if (rc)
        meta_close(m);
    else
        *meta = m;
    return rc;
}

void meta_close(struct meta *m)
{
    if (m)
        sqlite3_close(m->db);
    memory_free(m);
}

/* ---- facts -------------------------------------------------------------------------------- */

/* Prepares a statement with a name bound to ?1. */
static sqlite3_stmt *with_name(struct meta *m, const char *sql, const char *name)
{
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(m->db, sql, -1, &s, NULL) != SQLITE_OK)
        return NULL;
    if (name && sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) != SQLITE_OK) {
        sqlite3_finalize(s);
        return NULL;
    }
    return s;
}

/* Runs a prepared change and releases it. */
static int change(struct meta *m, sqlite3_stmt *s, struct streamd_error *error)
{
    int done = s && sqlite3_step(s) == SQLITE_DONE;
    int rc = done ? 0 : failed(m, "write", error);

    sqlite3_finalize(s);
    return rc;
}

static const char select_fact[] = "SELECT value FROM facts WHERE name = ?1";

int meta_get_text(struct meta *m, const char *name, char *value, size_t size,
                  struct streamd_error *error)
{
    sqlite3_stmt *s = with_name(m, select_fact, name);
    int step = s ? sqlite3_step(s) : SQLITE_ERROR;
    const unsigned char *text = step == SQLITE_ROW ? sqlite3_column_text(s, 0) : NULL;

    snprintf(value, size, "%s", text ? (const char *)text : "");
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        (void)failed(m, "read", error);
    sqlite3_finalize(s);
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : STREAMD_E_IO;
}

int meta_get_number(struct meta *m, const char *name, uint64_t *value, struct streamd_error *error)
{
    sqlite3_stmt *s = with_name(m, select_fact, name);
    int step = s ? sqlite3_step(s) : SQLITE_ERROR;

    *value = step == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        (void)failed(m, "read", error);
    sqlite3_finalize(s);
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : STREAMD_E_IO;
}

int meta_set_text(struct meta *m, const char *name, const char *value, struct streamd_error *error)
{
    sqlite3_stmt *s = with_name(m, "INSERT OR REPLACE INTO facts VALUES (?1, ?2)", name);

    if (s)
        (void)sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC);
    return change(m, s, error);
}

int meta_set_number(struct meta *m, const char *name, uint64_t value, struct streamd_error *error)
{
    sqlite3_stmt *s = with_name(m, "INSERT OR REPLACE INTO facts VALUES (?1, ?2)", name);

    if (s)
        (void)sqlite3_bind_int64(s, 2, (sqlite3_int64)value);
    return change(m, s, error);
}

int meta_raise(struct meta *m, const char *name, uint64_t value, struct streamd_error *error)
{
    uint64_t now;
    int rc = meta_get_number(m, name, &now, error);

    return rc || now >= value ? rc : meta_set_number(m, name, value, error);
}

/* ---- commits ------------------------------------------------------------------------------ */

static sqlite3_stmt *with_id(struct meta *m, const char *sql, uint64_t id)
{
    sqlite3_stmt *s = with_name(m, sql, NULL);

    if (s)
        (void)sqlite3_bind_int64(s, 1, (sqlite3_int64)id);
    return s;
}

int meta_commit_started(struct meta *m, uint64_t id, struct streamd_error *error)
{
    return change(m, with_id(m, "INSERT OR IGNORE INTO commits VALUES (?1)", id), error);
}

int meta_forget(struct meta *m, uint64_t id, struct streamd_error *error)
{
    return change(m, with_id(m, "DELETE FROM commits WHERE id = ?1", id), error);
}

int meta_has_commit(struct meta *m, uint64_t id, struct streamd_error *error)
{
    sqlite3_stmt *s = with_id(m, "SELECT 1 FROM commits WHERE id = ?1", id);
    int step = s ? sqlite3_step(s) : SQLITE_ERROR;
    int answer = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : failed(m, "read", error);

    sqlite3_finalize(s);
    return answer;
}
