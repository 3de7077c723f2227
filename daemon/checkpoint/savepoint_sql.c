/* SQLite's calls with our errors. Messages name the database's file. */
#include "checkpoint/savepoint_sql.h"

#include "base/error.h"
#include "base/text.h"
#include "checkpoint/savepoint.h"

#include <stdarg.h>
#include <string.h>

static const char *file_name(sqlite3 *db)
{
    const char *name = db ? sqlite3_db_filename(db, "main") : NULL;

    return name && *name ? name : "the savepoint";
}

void savepoint_sql_clean(struct streamd_error *error)
{
    char *at = error ? error->message : NULL;
    size_t left = at ? strlen(at) : 0, good;

    for (; left; at++, left--) {
        good = text_utf8_prefix(at, left);
        for (; good; good--, at++, left--)
            if ((unsigned char)*at < ' ' || *at == 127)
                *at = '?';
        if (!left)
            break;
        *at = '?';
    }
}

static int fill(sqlite3 *db, struct streamd_error *error)
{
    const char *message = db ? sqlite3_errmsg(db) : "out of memory";

    switch (db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
    case SQLITE_NOMEM:
        return error_set_nomem(error);
    case SQLITE_NOTADB:
        return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_DAMAGED,
                              "%s is no savepoint: it is no SQLite database", file_name(db));
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
        return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_DAMAGED,
                              "%s is damaged: %s", file_name(db), message);
    case SQLITE_TOOBIG:
        return error_set_full(error, STREAMD_E_LIMIT, STREAMD_FAIL_PIPELINE, SAVEPOINT_CANNOT,
                              "%s: a value or row is too long for SQLite", file_name(db));
    default:
        return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, SAVEPOINT_DISK, "%s: %s",
                              file_name(db), message);
    }
}

int savepoint_sql_error(sqlite3 *db, struct streamd_error *error)
{
    int rc = fill(db, error);

    savepoint_sql_clean(error);
    return rc;
}

static int vprepare(sqlite3 *db, sqlite3_stmt **statement, struct streamd_error *error,
                    const char *format, va_list args)
{
    char *sql = sqlite3_vmprintf(format, args);
    int rc;

    if (!sql)
        return error_set_nomem(error);
    rc = sqlite3_prepare_v2(db, sql, -1, statement, NULL);
    sqlite3_free(sql);
    return rc == SQLITE_OK ? 0 : savepoint_sql_error(db, error);
}

int savepoint_sql_prepare(sqlite3 *db, sqlite3_stmt **statement, struct streamd_error *error,
                          const char *format, ...)
{
    va_list args;
    int rc;

    va_start(args, format);
    rc = vprepare(db, statement, error, format, args);
    va_end(args);
    return rc;
}

int savepoint_sql_step(sqlite3_stmt *statement, struct streamd_error *error)
{
    int rc = sqlite3_step(statement);

    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : savepoint_sql_error(sqlite3_db_handle(statement), error);
}

int savepoint_sql_run(sqlite3 *db, struct streamd_error *error, const char *format, ...)
{
    sqlite3_stmt *statement = NULL;
    va_list args;
    int rc;

    va_start(args, format);
    rc = vprepare(db, &statement, error, format, args);
    va_end(args);
    if (!rc)
        while ((rc = savepoint_sql_step(statement, error)) > 0)
            ;
    sqlite3_finalize(statement);
    return rc;
}

static int configure(sqlite3 *db, enum savepoint_mode mode, struct streamd_error *error)
{
    static const char *const common[] = {"PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
                                         "PRAGMA cache_size = -16384", NULL};
    static const char *const create[] = {"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
                                         "PRAGMA locking_mode = EXCLUSIVE", NULL};
    static const char *const edit[] = {"PRAGMA journal_mode = DELETE", "PRAGMA synchronous = FULL",
                                       NULL};
    const char *const *own = mode == SAVEPOINT_CREATE ? create
                             : mode == SAVEPOINT_EDIT ? edit
                                                      : NULL;
    int rc = 0;

    sqlite3_busy_timeout(db, 5000);
    /* First of all: a connection that is defensive stays with its journal, and says nothing. */
    for (int i = 0; own && own[i] && !rc; i++)
        rc = savepoint_sql_run(db, error, "%s", own[i]);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    for (int i = 0; common[i] && !rc; i++)
        rc = savepoint_sql_run(db, error, "%s", common[i]);
    return rc;
}

int savepoint_sql_open(const char *path, enum savepoint_mode mode, sqlite3 **db,
                       struct streamd_error *error)
{
    int flags = mode == SAVEPOINT_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int rc = 0;

    *db = NULL;
    if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        rc = savepoint_sql_error(*db, error);
    if (!rc)
        rc = configure(*db, mode, error);
    if (rc) {
        sqlite3_close(*db);
        *db = NULL;
    }
    return rc;
}
