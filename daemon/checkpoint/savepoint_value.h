/*
 * checkpoint/savepoint_value.h - one value of a state table as a cell of SQLite, and back.
 *
 *   bool       INTEGER 0 or 1
 *   int64      INTEGER
 *   float64    REAL; TEXT 'NaN', 'Infinity', '-Infinity', '-zero' (SQLite has no NaN and no -0.0)
 *   decimal    TEXT with the digits of its scale
 *   string     TEXT          json   TEXT          bytes  BLOB
 *   timestamp  TEXT YYYY-MM-DDThh:mm:ss.ffffffZ, always six digits, so that texts sort as times do;
 *              outside of the years 0 to 9999 TEXT with the microseconds since 1970
 *   date       TEXT YYYY-MM-DD; outside of those years TEXT with the days since 1970
 *
 * Reading takes what SQL leaves behind, too: an INTEGER or a REAL without a fraction as float64,
 * all spellings of times that streamd reads, decimals with fewer digits. Pure but for the
 * statement.
 */
#ifndef CHECKPOINT_SAVEPOINT_VALUE_H
#define CHECKPOINT_SAVEPOINT_VALUE_H

#include "columnar/rowcode.h"

#include <sqlite3.h>

enum { SAVEPOINT_VALUE_TEXT = 64 };

/* Room for a value of fixed width, or for its text. */
union savepoint_scratch {
    char text[SAVEPOINT_VALUE_TEXT];
    int64_t integer;
    double real;
    struct streamd_decimal decimal;
};

/* The type that SQLite knows for a column. */
const char *savepoint_value_declared(uint8_t type);

/*
 * Binds a value to parameter `index` (from 1). Value and scratch must stay until the statement was
 * run. SQLITE_OK, another result code, or -1: the text is not UTF-8 without NUL.
 */
int savepoint_value_bind(sqlite3_stmt *statement, int index, const struct streamd_type *type,
                         const struct rowcode_value *value, union savepoint_scratch *scratch);

/*
 * Reads column `index` (from 0). `value->data` is in the scratch or of the statement: until its
 * next step. NULL, or what was expected instead ("0 or 1"); "" where there was no memory.
 */
const char *savepoint_value_read(sqlite3_stmt *statement, int index,
                                 const struct streamd_type *type, struct rowcode_value *value,
                                 union savepoint_scratch *scratch);

/* A text for messages: what stands in column `index`, cut where it is long. */
void savepoint_value_show(sqlite3_stmt *statement, int index, char *out, size_t size);

#endif
