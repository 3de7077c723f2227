/*
 * checkpoint/savepoint_sql.h - SQLite as savepoints use it: opening without trust, statements that
 * are made by printf, and its result codes as errors. For savepoint*.c and the verbs that look into
 * savepoints.
 */
#ifndef CHECKPOINT_SAVEPOINT_SQL_H
#define CHECKPOINT_SAVEPOINT_SQL_H

#include <sqlite3.h>
#include <streamd/error.h>

/* "SDsp": what `file` shows of a savepoint; PRAGMA application_id. */
#define SAVEPOINT_APPLICATION 0x53447370

enum savepoint_mode { SAVEPOINT_READ, SAVEPOINT_EDIT, SAVEPOINT_CREATE };

/*
 * Opens a database. Functions and virtual tables that its schema names are not trusted, misspelled
 * columns are no texts, cells are checked, triggers and views are off. SAVEPOINT_EDIT ends a
 * write-ahead log, so that the file is all there is. SAVEPOINT_CREATE: an empty file that is there
 * already and is nobody else's; without journal and syncs, since it counts only when it is renamed.
 */
int savepoint_sql_open(const char *path, enum savepoint_mode mode, sqlite3 **db,
                       struct streamd_error *error) __attribute__((warn_unused_result));

/* The last failure of a database as an error: SD4431 what is damaged, SD4436 what the disk says. */
int savepoint_sql_error(sqlite3 *db, struct streamd_error *error);

/* Takes out of a message what a database may have put there: control bytes, and what is not UTF-8.
 */
void savepoint_sql_clean(struct streamd_error *error);

/* Prepares a statement from sqlite3_mprintf's format (%w inside of "", %Q for texts). */
int savepoint_sql_prepare(sqlite3 *db, sqlite3_stmt **statement, struct streamd_error *error,
                          const char *format, ...) __attribute__((warn_unused_result));

/* Runs such a statement, whose rows are of no interest. */
int savepoint_sql_run(sqlite3 *db, struct streamd_error *error, const char *format, ...)
    __attribute__((warn_unused_result));

/* One step: 1 a row, 0 done, or negative. */
int savepoint_sql_step(sqlite3_stmt *statement, struct streamd_error *error);

#endif
