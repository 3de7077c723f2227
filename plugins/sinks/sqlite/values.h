/*
 * values.h - values of a batch as SQLite has them.
 */
#ifndef SINK_SQLITE_VALUES_H
#define SINK_SQLITE_VALUES_H

#include "sink.h"

/* 1 where SQLite can hold every value of the row, else 0 and the number of the field that does not
   fit: a decimal without scale that is no int64. */
int values_fit(const struct streamd_batch *batch, uint32_t row, uint32_t *field);

/* Binds a value to a parameter. Texts are bound where they lie, so that the statement must be run
   before the batch goes. SQLite's code. */
int values_bind(sqlite3_stmt *statement, int parameter, const struct streamd_batch *batch,
                uint32_t field, uint32_t row);

#endif
