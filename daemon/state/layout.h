/*
 * state/layout.h - where the values of a state table lie in its rows.
 *
 * First the bytes of the NULL bits, then the values that fit the gap behind them (bool, date), then
 * the rest, 8-byte aligned, the keys in front: a row of one int64 key and a count takes 24 bytes.
 */
#ifndef STATE_LAYOUT_H
#define STATE_LAYOUT_H

#include <streamd/state.h>

/* Fills a layout for a declaration, which may go afterwards, but not the names of its fields. 0,
   or STREAMD_E_NOMEM. Any thread. */
int row_layout_init(struct streamd_row_layout *layout, const struct streamd_table_decl *decl)
    __attribute__((warn_unused_result));

/* Releases what a layout refers to. One that is all zero is fine. */
void row_layout_clear(struct streamd_row_layout *layout);

#endif
