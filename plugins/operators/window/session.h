/* What the two files on sessions share; session.c tells how they work. */
#ifndef WINDOW_SESSION_H
#define WINDOW_SESSION_H

#include "window.h"

/* Columns behind the flags; those of what was sent only where results are revised. */
enum {
    SESSION_START = 0,
    SESSION_END,
    SESSION_DUE,
    SESSION_SENT_START,
    SESSION_SENT_END,
    SESSION_COLUMNS
};

/* The end of a session that became part of another one and was sent before. */
#define SESSION_GHOST INT64_MIN

/* A time of a row of either table. */
static inline int64_t *session_value(const struct window_task *t, void *row, uint32_t which)
{
    return streamd_row_value(t->table->layout, row, t->c->key_count + t->plan->flags + which);
}

/* Puts rows into the index, or moves them there. 0, or negative after streamd_fail. */
int session_reorder(struct window_task *t, struct streamd_table *table, void *const *rows,
                    uint32_t n);

/* Sends the sessions that are complete, forgets those that are past their lateness; sends those
   that changed before they are complete. */
window_step session_fire, session_early;

#endif
