/*
 * bench-events: the input of the text workloads, one seeded NDJSON file.
 *
 *   events [--records N] [--users N] [--windows N] [--seed N] > FILE
 *
 * A record is about 80 bytes, keys always in this order, no spaces:
 *   {"user":"u1234","at":"2025-01-01T00:00:00.123Z","amount":12.34,"country":"DE"}
 * user     uniform over u0 .. u<users-1>
 * at       never decreases; --windows windows of 10 s from 2025-01-01 hold equally many records
 * amount   uniform over 0.01 .. 99.99, always two decimals: money, so that sums can be exact
 * country  one of eight, uniform
 * Record i is a function of (seed, i) through one splitmix64 stream: the same arguments give the
 * same bytes on every machine.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_BYTES = 256 * 1024, RECORD_MAX_BYTES = 128, WINDOW_MS = 10000 };

static const int64_t BASE_MS = INT64_C(1735689600000); /* 2025-01-01T00:00:00Z */
static const char COUNTRIES[8][3] = {"AT", "BR", "CH", "DE", "FR", "IN", "JP", "US"};

struct settings {
    uint64_t records;
    uint64_t users;
    uint64_t windows;
    uint64_t seed;
};

/* Unread output of the program, written when it is nearly full. */
struct output {
    size_t used;
    char bytes[BUFFER_BYTES];
};

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Uniform over 0 .. bound-1 (bound < 2^32; the bias of 2^-32 is nobody's concern here). */
static uint64_t below(uint64_t *state, uint64_t bound)
{
    return ((splitmix64(state) >> 32) * bound) >> 32;
}

static int flush(struct output *out)
{
    size_t done = 0;
    while (done < out->used) {
        ssize_t n = write(STDOUT_FILENO, out->bytes + done, out->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            perror("events: write");
            return -1;
        }
        done += (size_t)n;
    }
    out->used = 0;
    return 0;
}

static char *put_digits(char *p, uint64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + width;
}

static int decimal_width(uint64_t value)
{
    int width = 1;
    while (value >= 10) {
        value /= 10;
        width++;
    }
    return width;
}

static char *put_text(char *p, const char *text, size_t length)
{
    memcpy(p, text, length);
    return p + length;
}

/* Seconds change rarely: the calendar part is formatted once per second of event time. */
static char *put_time(char *p, int64_t ms, int64_t *cached_second, char cached[20])
{
    int64_t second = ms / 1000;
    if (second != *cached_second) {
        struct tm parts;
        time_t t = (time_t)second;
        if (gmtime_r(&t, &parts) == NULL)
            abort();
        if (strftime(cached, 20, "%Y-%m-%dT%H:%M:%S", &parts) != 19)
            abort();
        *cached_second = second;
    }
    p = put_text(p, cached, 19);
    *p++ = '.';
    p = put_digits(p, (uint64_t)(ms % 1000), 3);
    *p++ = 'Z';
    return p;
}

#define LITERAL(p, text) put_text(p, text, sizeof(text) - 1)

static int generate(const struct settings *s, struct output *out)
{
    uint64_t state = s->seed;
    int64_t cached_second = -1;
    char cached[20] = "";
    uint64_t span_ms = s->windows * WINDOW_MS;
    for (uint64_t i = 0; i < s->records; i++) {
        if (out->used + RECORD_MAX_BYTES > BUFFER_BYTES && flush(out) != 0)
            return -1;
        uint64_t user = below(&state, s->users);
        uint64_t cents = 1 + below(&state, 9999);
        uint64_t country = splitmix64(&state) >> 61;
        int64_t ms = BASE_MS + (int64_t)((unsigned __int128)i * span_ms / s->records);
        char *start = out->bytes + out->used;
        char *p = LITERAL(start, "{\"user\":\"u");
        p = put_digits(p, user, decimal_width(user));
        p = LITERAL(p, "\",\"at\":\"");
        p = put_time(p, ms, &cached_second, cached);
        p = LITERAL(p, "\",\"amount\":");
        p = put_digits(p, cents / 100, decimal_width(cents / 100));
        *p++ = '.';
        p = put_digits(p, cents % 100, 2);
        p = LITERAL(p, ",\"country\":\"");
        p = put_text(p, COUNTRIES[country], 2);
        p = LITERAL(p, "\"}\n");
        out->used += (size_t)(p - start);
    }
    return flush(out);
}

static int parse_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || n > max)
        return -1;
    *value = n;
    return 0;
}

static int parse_arguments(int argc, char **argv, struct settings *s)
{
    const struct {
        const char *name;
        uint64_t *value;
        uint64_t max;
    } options[] = {
        {"--records", &s->records, UINT64_C(10000000000)},
        {"--users", &s->users, UINT32_MAX},
        {"--windows", &s->windows, 1000000},
        {"--seed", &s->seed, UINT64_MAX},
    };
    for (int i = 1; i < argc; i += 2) {
        size_t o = 0;
        while (o < sizeof(options) / sizeof(options[0]) && strcmp(argv[i], options[o].name) != 0)
            o++;
        if (o == sizeof(options) / sizeof(options[0]) || i + 1 >= argc ||
            parse_number(argv[i + 1], options[o].max, options[o].value) != 0) {
            fprintf(stderr,
                    "usage: events [--records N] [--users N] [--windows N] [--seed N] > FILE\n");
            return -1;
        }
    }
    return s->users > 0 && s->windows > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct settings s = {.records = 10000000, .users = 10000, .windows = 100, .seed = 1};
    struct output *out;
    int result;

    if (parse_arguments(argc, argv, &s) != 0)
        return 64;
    out = calloc(1, sizeof(*out));
    if (out == NULL)
        return 1;
    result = generate(&s, out);
    free(out);
    return result == 0 ? 0 : 1;
}
