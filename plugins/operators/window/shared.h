/*
 * Windows that share panes: sliding and cumulative ones, where aggregates can be merged.
 *
 *   panes      a row per key and pane, by the start of the pane
 *   spans      several panes in one. Sliding: 2, 4, 8, ... slides, made when a window needs them
 *              and dropped when a late row makes them wrong; by their start + level. Cumulative:
 *              the panes of the window's beginning that can get no more rows; by its start. Two
 *              tables, for even and for odd levels: rows are not merged into their own table
 *   result     the window at hand, only while an event lasts
 *   sent       which results were sent, by window, where they are revised
 *   progress   up to where windows have fired
 *
 * A row goes into one pane. A window that fires is put together from few spans and panes:
 *
 *      panes      | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |10 |
 *      2 slides       |   2   |   4   |   6   |   8   |
 *      4 slides               |       4       |
 *      window     [ 1 |   2   |       4       |   8   |10 ]
 *
 * So what it costs grows with the logarithm of size / every. Where keys seldom come back, merging
 * makes nothing smaller: then spans are not made, and each pane is merged once, as it must.
 */
#ifndef WINDOW_SHARED_H
#define WINDOW_SHARED_H

#include "window.h"

/* Are there rows in a namespace? */
static inline int shared_has_rows(struct streamd_table *table, int64_t ns)
{
    return streamd_table_rows(table, ns) > 0;
}

/* The table of the spans of a level; cumulative windows have them at level 0. */
static inline struct streamd_table *shared_spans(const struct window_task *t, int level)
{
    return t->spans[level & 1];
}

/* Finds the first pane from `from` on that has rows. 0: none. */
static inline int shared_first_pane(const struct window_task *t, int64_t from, int64_t *pane)
{
    return (int)streamd_table_namespaces(t->table, from, pane, 1);
}

/* ---- merge.c: putting panes and spans together ---- */

/* Finds the first piece of [at, end) that has rows, of a level up to `levels`. A span that is not
   made yet has none itself. 0: there are no more. */
int shared_next_piece(const struct window_task *t, int64_t at, int64_t end, int levels,
                      struct shared_piece *piece);

/* Begins to merge the pieces of [at, end) into a namespace of a table. */
void shared_merge(struct window_task *t, struct streamd_table *into, int64_t ns, int64_t at,
                  int64_t end, int levels);

/* Goes on with it. 1: done, 0: there is more, but others should get their turn; negative: failed.
 */
int shared_merge_on(struct window_task *t);

/* ---- shared_fire.c ---- */

window_step shared_fire;

/* Sends results of rows of a table that belong to one window, noting in `sent` that they were. The
   answer is that of streamd_emit. */
int shared_send(struct window_task *t, struct streamd_table *table, void *const *rows, uint32_t n,
                int64_t ns);

/* ---- seal.c ---- */

/* Seals panes, spans and results that are not expected to change. */
void shared_seal(struct window_task *t);

/* ---- shared_again.c ---- */

window_step shared_fire_again;

/* End of the next window that fires; INT64_MAX: none. */
int64_t shared_first_end(struct window_task *t);

#endif
