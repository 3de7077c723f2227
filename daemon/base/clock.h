/*
 * base/clock.h - time comes in through here, so that tests can have a clock of their own.
 * Microseconds. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* A clock is a value that is handed down; `now` gives wall time, `steady` never goes back. */
struct clock_ops {
    int64_t (*now_us)(void *self);
    int64_t (*steady_us)(void *self);
    void *self;
};

/* The system's clocks. */
struct clock_ops clock_system(void);

/* Wall time, and steady time, of a clock. */
static inline int64_t clock_now_us(const struct clock_ops *c)
{
    return c->now_us(c->self);
}

/* Steady time in microseconds; only differences mean something. */
static inline int64_t clock_steady_us(const struct clock_ops *c)
{
    return c->steady_us(c->self);
}

#endif
