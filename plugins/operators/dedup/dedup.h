/*
 * The operator `dedup`, seen from inside: what bind.c finds out and dedup.c does.
 *
 *   keep: first   a row passes when no row of its key passed before that is less than `within`
 *                 away in event time; append
 *   keep: last    a row passes when no later one of its key has passed; it replaces those before
 *                 it: upsert by the key. Of equal times the one that comes later wins
 *
 * Without `within` keys are remembered for ever, and rows need no event time: then the order in
 * which they come decides. With it, a key is forgotten when the watermark is `within` behind its
 * time, and rows that are so late go to the output `late`: nobody knows any more what passed before
 * them.
 */
#ifndef DEDUP_DEDUP_H
#define DEDUP_DEDUP_H

#include <streamd/operator.h>

enum { KEEP_FIRST = 0, KEEP_LAST = 1 };

struct dedup_options {
    int64_t within; /* microseconds; 0: for ever */
    int64_t keep;
};

/* Columns behind the key in `seen`, and in `before`. */
enum { SEEN_TIME = 0, SEEN_MORE = 1 };

struct dedup_plan {
    int64_t within;
    int keep;
    int timed;       /* rows have an event time: `seen` has the column time */
    uint32_t seen;   /* table: a row per key, with the time of the latest row that passed */
    uint32_t before; /* table, of keep: first with `within`: the earlier times, if any */
};

extern const struct streamd_option dedup_options_table[];

/* The bind step (streamd/bind.h). */
int dedup_bind(struct streamd_bind *b, const void *options);

#endif
