/*
 * checkpoint/store_meta.h - meta.db of a state directory. Private to store.c.
 *
 * Functions answer 0, or STREAMD_E_IO with SD4403: SQLite could not say whether the change is
 * there, and nothing may be done on a guess.
 */
#ifndef CHECKPOINT_STORE_META_H
#define CHECKPOINT_STORE_META_H

#include <streamd/error.h>

#include <stddef.h>
#include <stdint.h>

struct meta;

/* Opens DIR/meta.db, or makes it (`*fresh`). One that is no database is set aside as meta.db.bad
   and made again. */
int meta_open(const char *folder, struct meta **meta, int *fresh, struct streamd_error *error);
void meta_close(struct meta *meta);

/* A fact; "" and 0 where there is none. */
int meta_get_text(struct meta *m, const char *name, char *value, size_t size,
                  struct streamd_error *error);
int meta_get_number(struct meta *m, const char *name, uint64_t *value, struct streamd_error *error);

/* Sets a fact; raises a number that may be there already. */
int meta_set_text(struct meta *m, const char *name, const char *value, struct streamd_error *error);
int meta_set_number(struct meta *m, const char *name, uint64_t value, struct streamd_error *error);
int meta_raise(struct meta *m, const char *name, uint64_t value, struct streamd_error *error);

/* Commits that were started: notes one; 1 where it was noted, 0, or negative; forgets one. */
int meta_commit_started(struct meta *m, uint64_t id, struct streamd_error *error);
int meta_has_commit(struct meta *m, uint64_t id, struct streamd_error *error);
int meta_forget(struct meta *m, uint64_t id, struct streamd_error *error);

#endif
