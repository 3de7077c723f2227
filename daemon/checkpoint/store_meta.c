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
#include <stdlib.h>
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

/* Does what SQLite answered say that the file is damaged? A disk that cannot be read now, or memory
   that is short, says nothing about it. */
static int is_damage(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
        return 0;
    default:
        return 1;
    }
}

/* The first row of a query, to be finalized in every case. SQLITE_ROW, SQLITE_DONE, or an error. */
static int first_row(struct store *s, const char *sql, sqlite3_stmt **q)
{
    int rc = sqlite3_prepare_v2(s->db, sql, -1, q, NULL);

    return rc == SQLITE_OK ? sqlite3_step(*q) : rc;
}

/* The check says of a page that it could not read only so, in words with SQLite's number. */
static int verdict(const char *words)
{
    const char *number = strstr(words, "error code=");
    long code = number ? strtol(number + strlen("error code="), NULL, 10) : SQLITE_CORRUPT;

    return !strcmp(words, "ok") ? SQLITE_OK : is_damage((int)code) ? SQLITE_CORRUPT : (int)code;
}

/* SQLITE_OK: whole. */
static int check_whole(struct store *s)
{
    sqlite3_stmt *q = NULL;
    int rc = first_row(s, "PRAGMA integrity_check(1)", &q);

    if (rc == SQLITE_ROW) {
        const unsigned char *words = sqlite3_column_text(q, 0);

        rc = words ? verdict((const char *)words) : SQLITE_NOMEM;
    } else if (rc == SQLITE_DONE) {
        rc = SQLITE_CORRUPT;
    }
    sqlite3_finalize(q);
    /* The header has a byte that forbids to write. */
    return rc == SQLITE_OK && sqlite3_db_readonly(s->db, "main") ? SQLITE_CORRUPT : rc;
}

/* The number that a query answers with. SQLITE_OK or an error. */
static int read_number(struct store *s, const char *sql, int *number)
{
    sqlite3_stmt *q = NULL;
    int rc = first_row(s, sql, &q);

    *number = rc == SQLITE_ROW ? sqlite3_column_int(q, 0) : 0;
    sqlite3_finalize(q);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_version(struct store *s, int *version)
{
    return read_number(s, "PRAGMA user_version", version);
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

/* Could these be ours? */
static int is_sane(const struct store_meta *m, sqlite3_int64 parallelism)
{
    size_t length = strlen(m->lineage);

    return (length == 0 || length == 32) && strspn(m->lineage, "0123456789abcdef") == length &&
           m->last_id <= INT64_MAX && m->commit_started <= m->last_id && parallelism >= 0 &&
           parallelism <= INT32_MAX;
}

/* The values of a row, to s->meta, and the pipeline's name, from memory_strdup. */
static int take_row(struct store *s, sqlite3_stmt *q, char **pipeline)
{
    const unsigned char *name = sqlite3_column_text(q, 0), *lineage = sqlite3_column_text(q, 1);
    sqlite3_int64 parallelism = sqlite3_column_int64(q, 4);
    struct store_meta m = {.last_id = (uint64_t)sqlite3_column_int64(q, 2),
                           .commit_started = (uint64_t)sqlite3_column_int64(q, 3),
                           .parallelism = (uint32_t)parallelism};

    if (!name || !lineage || strlen((const char *)lineage) >= sizeof(m.lineage))
        return sqlite3_errcode(s->db) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_CORRUPT;
    memcpy(m.lineage, lineage, strlen((const char *)lineage) + 1);
    if (!is_sane(&m, parallelism))
        return SQLITE_CORRUPT;
    *pipeline = memory_strdup((const char *)name);
    if (!*pipeline)
        return SQLITE_NOMEM;
    s->meta = m;
    return SQLITE_OK;
}

/*
 * Reads what is in the database: its version (0: it is empty), and where that is ours the row.
 * SQLITE_OK, or what is wrong with it.
 */
static int inspect(struct store *s, int *version, char **pipeline)
{
    sqlite3_stmt *q = NULL;
    int rc = check_whole(s), tables = 0;

    if (rc == SQLITE_OK)
        rc = read_version(s, version);
    if (rc == SQLITE_OK && !*version) {
        rc = read_number(s, "SELECT count(*) FROM sqlite_master", &tables);
        return rc == SQLITE_OK && tables ? SQLITE_CORRUPT : rc;
    }
    if (rc != SQLITE_OK || *version != META_FORMAT)
        return rc;
    rc = first_row(s, "SELECT pipeline, lineage, last_id, commit_started, parallelism FROM store",
                   &q);
    rc = rc == SQLITE_ROW ? take_row(s, q, pipeline) : rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
    sqlite3_finalize(q);
    return rc;
}

static int is_ours(const struct store *s, int version, const char *pipeline,
                   struct streamd_error *error)
{
    if (version > META_FORMAT)
        return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, 4405,
                              "%s/meta.db has format %d; this streamd reads format %d", s->path,
                              version, META_FORMAT);
    if (pipeline && strcmp(pipeline, s->pipeline) != 0)
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4413,
                              "%s is the state directory of pipeline %s, not of %s", s->path,
                              pipeline, s->pipeline);
    return 0;
}

/*
 * Where a sync failed and the process exited, the log that is found may be in the system's memory
 * alone: the system takes it for written, and does not write it again. What is copied from it is,
 * so it is copied before anything builds on it; and it is emptied for good, since what the disk has
 * of it is older.
 */
static int copy_log(struct store *s, struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc = run(s, "PRAGMA wal_checkpoint(TRUNCATE)", error), fd;

    if (!rc)
        rc = store_join(path, s->path, "meta.db-wal", error);
    if (rc)
        return rc;
    fd = s->ops->open(s->ops->self, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || s->ops->fsync(s->ops->self, fd))
        rc = error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4403, "cannot sync %s: %s",
                            path, strerror(errno));
    if (fd >= 0)
        s->ops->close(s->ops->self, fd);
    return rc;
}

int store_meta_open(struct store *s, struct streamd_error *error)
{
    char *pipeline = NULL;
    int rc = open_database(s, error), version = 0, found;

    if (rc)
        return rc;
    found = inspect(s, &version, &pipeline);
    if (is_damage(found)) {
        version = 0;
        rc = put_aside(s, error);
    } else if (found != SQLITE_OK) {
        rc = failed(s, found, "cannot be read", error);
    }
    if (!rc)
        rc = is_ours(s, version, pipeline, error);
    memory_free(pipeline);
    if (!rc)
        rc = run(s, settings, error);
    if (!rc && version)
        rc = copy_log(s, error);
    return rc ? rc : version != 0;
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
