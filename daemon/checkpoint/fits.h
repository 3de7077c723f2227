/*
 * checkpoint/fits.h - may the rows of a table in a snapshot go into a table as it is declared now?
 * Pure; any thread.
 *
 * Columns are matched by name. A column that is new is NULL in old rows, so it must be nullable; a
 * column that is gone is dropped with its values; a column may become nullable. Everything else is
 * refused: another type of a column (SD4410), a NOT NULL column that is new or was nullable
 * (SD4409), other keys (SD4408), another kind of table (SD4412).
 */
#ifndef CHECKPOINT_FITS_H
#define CHECKPOINT_FITS_H

#include "checkpoint/native.h"

/* 0, or negative with an error that names node, table and column. */
int snapshot_fits(const struct snapshot_section *saved, const struct streamd_table_decl *now,
                  struct streamd_error *error) __attribute__((warn_unused_result));

#endif
