/*
 * client/live.h - the line that shows what flows while a pipeline runs on a terminal.
 */
#ifndef CLIENT_LIVE_H
#define CLIENT_LIVE_H

#include "control/stats.h"

/* What was shown last, for rates. Start with {0}. */
struct live {
    uint64_t in, out;
    int64_t elapsed_us;
    int shown; /* a line stands there */
};

/* Draws the line anew on standard error. */
void live_show(struct live *live, const struct worker_stats *stats);

/* Removes the line, so that something else can be written. */
void live_clear(struct live *live);

#endif
