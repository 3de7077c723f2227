/*
 * replay.h - with checkpoints: from the outbox into the table, exactly once.
 *
 * The table _streamd_commits of the user's database has a row for each lineage and node: the newest
 * checkpoint of which all rows are in, and one behind the savepoint that another lineage began
 * with, once that has written something.
 */
#ifndef SINK_SQLITE_REPLAY_H
#define SINK_SQLITE_REPLAY_H

#include "sink.h"

/* Makes the table of markers, and refuses to write what was written: rows of after the restored
   snapshot. 0 or negative after streamd_fail. */
int replay_open(struct streamd_context *c, struct sink *s);

/* Puts the rows that SQLite can hold into the outbox. 0 or negative after streamd_fail. */
int replay_stage(struct streamd_context *c, struct sink *s, struct streamd_batch *batch);

/* Begins, and goes on with, a commit; as store_commit. */
enum streamd_flow replay_commit(struct streamd_context *c, struct sink *s, uint64_t id);
enum streamd_flow replay_go_on(struct streamd_context *c, struct sink *s);

/* Finalizes the statements. */
void replay_close(struct sink *s);

#endif
