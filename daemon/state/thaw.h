/*
 * state/thaw.h - fills a table from a snapshot file. Dataflow thread.
 */
#ifndef STATE_THAW_H
#define STATE_THAW_H

#include "checkpoint/native.h"

#include <streamd/state.h>

/*
 * Adds the rows that node `node` had in this table, of the key groups first <= group < end; of a
 * BROADCAST table all of them. A file without that section adds nothing. Columns are matched by
 * name as checkpoint/fits.h says. Rows of ORDERED tables go into the index, but for those whose
 * order value is NULL. 0, or negative: the table may have part of the rows then and must be thrown
 * away.
 */
int state_thaw(struct streamd_table *t, struct snapshot_reader *r, const char *node,
               uint32_t first_group, uint32_t end_group, struct streamd_error *error)
    __attribute__((warn_unused_result));

#endif
