/* Arithmetic on event times, microseconds. Nothing overflows: it stops at the ends of time. */
#ifndef WINDOW_CLOCK_H
#define WINDOW_CLOCK_H

#include <stdint.h>

/* a + b, at most the end of time and at least its beginning. */
static inline int64_t clock_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

/* How far t is behind the last start of spans of `size` that are aligned to `offset`: 0 .. size -
   1, for times before 1970 too. */
static inline int64_t clock_rest(int64_t t, int64_t size, int64_t offset)
{
    int64_t rest = (t % size - offset % size) % size;

    return rest < 0 ? rest + size : rest;
}

/* The last start of such a span that is not behind t. */
static inline int64_t clock_floor(int64_t t, int64_t size, int64_t offset)
{
    return clock_add(t, -clock_rest(t, size, offset));
}

/* Windows that end at or before this time are due at watermark `w`, `delay` after their end: what
   comes later has a time above w, so a window [start, end) is complete from w = end - 1 on.
   INT64_MIN is no watermark yet. */
static inline int64_t clock_due(int64_t w, int64_t delay)
{
    return w == INT64_MIN || w == INT64_MAX ? w : clock_add(w, 1 - delay);
}

#endif
