/*
 * Opening: the file, the table, the statements. An existing table is checked column by column, so
 * that the message names what is missing; what a row may not hold there, SQLite says when it comes.
 */
#include "replay.h"
#include "statements.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long opening waits for a lock. Nothing else is waited for inside of SQLite. */
enum { OPEN_WAIT_MS = 5000 };

/* fsync of the folder that the folder `path` is in: its name outlives a power cut then. */
static int sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];
    int fd, rc, error;

    if (slash)
        snprintf(parent, sizeof(parent), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    rc = fsync(fd);
    error = errno;
    (void)close(fd);
    errno = error;
    return rc && error == EINVAL ? 0 : rc; /* some file systems cannot sync folders, and say so */
}

static int make_folders(struct streamd_context *c, const char *path)
{
    char folder[PATH_MAX], message[480];
    size_t length = strlen(path);

    if (length >= sizeof(folder))
        return 0; /* SQLite says that it is too long */
    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/')
            continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0777) == 0 ? sync_parent(folder) == 0 : errno == EEXIST)
            continue;
        snprintf(message, sizeof(message), "cannot make the folder '%.300s': %s", folder,
                 strerror(errno));
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_DATABASE, message);
        return STREAMD_E_IO;
    }
    return 0;
}

/* A path such as "file:x" is a name here, not an address. */
static int open_file(struct streamd_context *c, struct sink *s)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (make_folders(c, s->options->path))
        return STREAMD_E_IO;
    if (sqlite3_open_v2(s->options->path, &s->db, flags, NULL) != SQLITE_OK)
        return sink_fault(c, s, "open");
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, OPEN_WAIT_MS);
    /* EXTRA: FULL does not sync the folder after it has removed a journal, so a power cut may bring
       the journal back, which undoes a transaction whose segments are erased already. "staged" is
       nobody's but ours, and worth nothing after a crash. */
    if (sink_run(s, "PRAGMA trusted_schema = OFF") ||
        sink_run(s, "PRAGMA main.synchronous = EXTRA") ||
        sink_run(s, "PRAGMA temp.synchronous = OFF") ||
        sink_run(s, "PRAGMA temp.journal_mode = OFF"))
        return sink_fault(c, s, "open");
    return 0;
}

static int run_text(struct sink *s, enum statement statement)
{
    char *sql = statement_text(statement, s->options, s->schema);
    int rc = sql ? sink_run(s, sql) : SQLITE_NOMEM;

    sqlite3_free(sql);
    return rc;
}

static int prepare(struct sink *s, enum statement statement, sqlite3_stmt **prepared)
{
    char *sql = statement_text(statement, s->options, s->schema);
    int rc = sql ? sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, prepared, NULL)
                 : SQLITE_NOMEM;

    sqlite3_free(sql);
    return rc;
}

/* SQLite compares names of columns without case. */
static int has_column(struct sink *s, const char *field, int *found)
{
    int rc = sqlite3_table_column_metadata(s->db, "main", s->options->table, field, NULL, NULL,
                                           NULL, NULL, NULL);

    *found = rc == SQLITE_OK;
    return rc == SQLITE_OK || rc == SQLITE_ERROR ? 0 : rc;
}

static int check_columns(struct streamd_context *c, struct sink *s)
{
    char message[256];

    for (uint32_t i = 0; i < s->schema->field_count; i++) {
        const char *field = s->schema->fields[i].name;
        int found;

        if (has_column(s, field, &found))
            return sink_fault(c, s, "look at");
        if (found)
            continue;
        snprintf(message, sizeof(message), "has no column '%.100s'", field);
        return sink_table_fault(c, s, message);
    }
    return 0;
}

/* The private table for rows that wait for commit. */
static int prepare_staging(struct streamd_context *c, struct sink *s)
{
    if (run_text(s, STATEMENT_CREATE_STAGED))
        return sink_fault(c, s, "make a staging table for");
    if (prepare(s, STATEMENT_STAGE, &s->stage) || prepare(s, STATEMENT_STAGED, &s->staged))
        return sink_fault(c, s, "prepare for");
    return 0;
}

static int prepare_all(struct streamd_context *c, struct sink *s)
{
    char message[256];

    if (!c->durable && prepare_staging(c, s))
        return STREAMD_E_IO;
    if ((c->durable || prepare(s, STATEMENT_COPY, &s->copy) == SQLITE_OK) &&
        prepare(s, STATEMENT_PUT, &s->put) == SQLITE_OK &&
        (s->options->mode != MODE_UPSERT || prepare(s, STATEMENT_REMOVE, &s->remove) == SQLITE_OK))
        return 0;
    if (!strstr(sqlite3_errmsg(s->db), "ON CONFLICT"))
        return sink_fault(c, s, "prepare for");
    snprintf(message, sizeof(message),
             "has no PRIMARY KEY or UNIQUE constraint over exactly the %u columns of `key`",
             s->options->key.count);
    return sink_table_fault(c, s, message);
}

int store_open(struct streamd_context *c, struct sink *s)
{
    if (open_file(c, s))
        return STREAMD_E_IO;
    if (run_text(s, STATEMENT_CREATE))
        return sink_fault(c, s, "make");
    if (check_columns(c, s) || prepare_all(c, s) || (c->durable && replay_open(c, s)))
        return STREAMD_E_IO;
    sqlite3_busy_timeout(s->db, 0);
    return 0;
}

void store_close(struct sink *s)
{
    replay_close(s);
    sqlite3_finalize(s->stage);
    sqlite3_finalize(s->copy);
    sqlite3_finalize(s->staged);
    sqlite3_finalize(s->put);
    sqlite3_finalize(s->remove);
    sqlite3_close(s->db);
    s->stage = s->copy = s->staged = s->put = s->remove = NULL;
    s->db = NULL;
}
