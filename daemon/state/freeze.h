/*
 * state/freeze.h - the rows of a table at a barrier: copied on the dataflow thread while nothing
 * moves, written by a helper thread while the stream goes on.
 *
 *   dataflow thread                                   helper thread
 *   state_freeze: rows and their variable values      state_frozen_write: hash, sort by key group,
 *     into blocks of the freezer, in memory order       encode, write; state_frozen_free
 *
 * Budget: 20 ms for 1 M rows of 40 bytes, blocks ready. Larger tables are not copied at once: their
 * rows are copied while the stream goes on, each before it changes, by the backend that knows of
 * changes and by state_frozen_step. Blocks are 2 MiB, come from the freezer, and go back there to
 * be used again; freezer_prepare has them ready before the first barrier.
 */
#ifndef STATE_FREEZE_H
#define STATE_FREEZE_H

#include "state/sealed.h"

#include <streamd/state.h>

/* Blocks of memory for one worker. Any thread; frozen tables of it must be gone before it goes. */
struct freezer;

/* An empty one. NULL: no memory. */
struct freezer *freezer_new(void) __attribute__((warn_unused_result));
/* Releases it with all its memory. NULL is fine. */
void freezer_free(struct freezer *f);

/* Bytes held, in use and waiting; for limits.memory. */
uint64_t freezer_bytes(struct freezer *f);

/* Gives waiting blocks back to the system beyond `bytes`. */
void freezer_trim(struct freezer *f, uint64_t bytes);

/* Tables of more rows than this are swept; 1 Mi, if nothing else is said. Before they are frozen.
 */
void freezer_set_sweep_rows(struct freezer *f, uint64_t rows);
uint64_t freezer_sweep_rows(const struct freezer *f);

/* Has blocks for `bytes` waiting, pages touched: for a helper thread ahead of a barrier. Without
   memory there are fewer, and freezing takes longer or fails. */
void freezer_prepare(struct freezer *f, uint64_t bytes);

struct frozen;

/*
 * Copies the rows of a table. Dataflow thread. The table's declaration and layout must outlive the
 * result. Sealed namespaces that are in `known` (sorted; NULL: none) are not copied but referred
 * to. Of a large table only the beginning is made here: state_frozen_step goes on. 0, or
 * STREAMD_E_NOMEM with the error filled.
 */
int state_freeze(struct freezer *f, struct streamd_table *t, const struct sealed_list *known,
                 struct frozen **frozen, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Copies about `rows` further rows of a large table. 1: there are more; 0: it is complete, as those
   that were copied at once are from the start; or STREAMD_E_NOMEM, and it never will be. Dataflow
   thread; the table must be open until then. */
int state_frozen_step(struct frozen *f, uint64_t rows, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Is it complete? */
int state_frozen_is_complete(const struct frozen *f);

/*
 * Writes the rows of a complete copy as a section of node `node` (its table's name is in the
 * declaration), sorted by key group; BROADCAST tables without. Rows of one key of a LIST table keep
 * their order. Any thread. A table without rows is written too: it says that the table was there.
 */
int state_frozen_write(struct frozen *f, const char *node, uint32_t key_groups,
                       struct snapshot_writer *w, struct streamd_error *error)
    __attribute__((warn_unused_result));

/*
 * Sealed namespaces go into a file of their own, so that what later checkpoints refer to, and so
 * keep, is nothing but them. If there are any, and they have enough rows for that to pay, this is
 * 1,
 */
int state_frozen_has_sealed(const struct frozen *f, uint32_t own_groups);

/* and they are written, before state_frozen_write, which then writes references to them. `file` is
   the one that `w` writes. */
int state_frozen_write_sealed(struct frozen *f, const char *node, uint32_t key_groups,
                              uint32_t own_groups, struct snapshot_writer *w,
                              struct sealed_file *file, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* The namespaces that are referred to; sorted. Later checkpoints can refer to the same blocks once
   this one is complete. The caller may take the content. */
struct sealed_list *state_frozen_sealed(struct frozen *f);

/* How many rows were copied. */
uint64_t state_frozen_rows(const struct frozen *f);
/* Their bytes, with those of their variable values. */
uint64_t state_frozen_bytes(const struct frozen *f);

/* Gives the blocks back. NULL is fine. Any thread; where it is not complete, the dataflow thread.
 */
void state_frozen_free(struct frozen *f);

#endif
