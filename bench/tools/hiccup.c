/*
 * hiccup: how late the system wakes somebody who sleeps one millisecond, until standard input ends.
 *
 * Then one line of JSON: how often it slept, and by how many microseconds it came late at the 99th
 * percentile and at most. What a machine does to this program it does to streamd too, so it is
 * printed beside the longest stall.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SLEEP_US = 1000, MOST_US = 1000000 };

static int64_t now_us(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The smallest number of microseconds that `share` of the sleeps were not later than. */
static uint32_t quantile(const uint32_t *times, uint64_t sleeps, double share)
{
    uint64_t seen = 0;
    uint32_t us = 0;

    while (us < MOST_US && (double)(seen += times[us]) < share * (double)sleeps)
        us++;
    return us;
}

int main(void)
{
    static uint32_t times[MOST_US + 1]; /* sleeps by how late they ended */
    const struct timespec sleep = {0, SLEEP_US * 1000};
    struct pollfd input = {.fd = 0, .events = POLLIN};
    uint64_t sleeps = 0;
    int64_t most = 0;

    while (poll(&input, 1, 0) == 0) {
        int64_t begun = now_us(), late;

        if (nanosleep(&sleep, NULL) != 0)
            return 1;
        late = now_us() - begun - SLEEP_US;
        late = late < 0 ? 0 : late;
        most = late > most ? late : most;
        times[late < MOST_US ? late : MOST_US]++;
        sleeps++;
    }
    printf("{\"sleeps\": %llu, \"p99_us\": %u, \"max_us\": %lld}\n", (unsigned long long)sleeps,
           quantile(times, sleeps, 0.99), (long long)most);
    return 0;
}
