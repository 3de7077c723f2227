/*
 * format_bench [WORD]: what the formats cost per record, in one thread and in memory.
 *
 * Each case whose name holds WORD decodes (or decodes once and then encodes) seeded records in
 * chunks of 128 KiB into batches of 2048 rows, for about half a second, several times; the fastest
 * run counts. With BENCH_ROUNDS=n in the environment each case is run over its input n times and
 * nothing is timed: two such runs under `valgrind --tool=callgrind` differ by the instructions of
 * the records.
 */
#include "../tests/unit/format_host.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK_BYTES = 128 * 1024, BATCH_ROWS = 2048, RECORDS = 20000, RUNS = 5 };

struct text {
    char *data;
    size_t length, capacity;
};

/* Record number i of a case, from two random words. */
typedef void record_fn(struct text *t, uint64_t i, uint64_t a, uint64_t b);

struct bench {
    const char *name, *format, *options, *fields;
    record_fn *record;
    int encode;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list args;

    if (t->capacity - t->length < 4096) {
        t->capacity = t->capacity * 2 + 8192;
        t->data = realloc(t->data, t->capacity);
        if (!t->data)
            exit(2);
    }
    va_start(args, format);
    t->length += (size_t)vsnprintf(t->data + t->length, 4096, format, args);
    va_end(args);
}

/* ---- records ------------------------------------------------------------------------------ */

static const char COUNTRIES[8][3] = {"AT", "BR", "CH", "DE", "FR", "IN", "JP", "US"};

static void clock_text(uint64_t i, char out[32])
{
    uint64_t ms = i % 86400000;

    snprintf(out, 32, "2025-01-01T%02u:%02u:%02u.%03uZ", (unsigned)(ms / 3600000),
             (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
}

/* As bench/gen/events.c makes them. */
static void event(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];
    unsigned cents = (unsigned)(b % 9999) + 1;

    clock_text(i * 37, at);
    add(t, "{\"user\":\"u%u\",\"at\":\"%s\",\"amount\":%u.%02u,\"country\":\"%s\"}\n",
        (unsigned)(a % 10000), at, cents / 100, cents % 100, COUNTRIES[a >> 61]);
}

/* The same as Python's json.dumps lays it out, keys in an order that changes. */
static void event_loose(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];
    unsigned cents = (unsigned)(b % 9999) + 1, user = (unsigned)(a % 10000);

    clock_text(i * 37, at);
    if (a >> 32 & 1)
        add(t, "{\"at\": \"%s\", \"user\": \"u%u\", \"amount\": %u.%02u, \"country\": \"%s\"}\n",
            at, user, cents / 100, cents % 100, COUNTRIES[a >> 61]);
    else
        add(t, "{\"user\": \"u%u\", \"at\": \"%s\", \"amount\": %u.%02u, \"country\": \"%s\"}\n",
            user, at, cents / 100, cents % 100, COUNTRIES[a >> 61]);
}

/* Amounts are integers; one in eight has no country, one in eight a null one. */
static void event_sparse(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];

    clock_text(i * 37, at);
    add(t, "{\"user\":\"u%u\",\"at\":\"%s\",\"amount\":%u", (unsigned)(a % 10000), at,
        (unsigned)(b % 100000));
    if (a >> 61 == 0)
        add(t, "}\n");
    else if (a >> 61 == 1)
        add(t, ",\"country\":null}\n");
    else
        add(t, ",\"country\":\"%s\"}\n", COUNTRIES[a >> 61]);
}

/* Texts with escapes and without ASCII. */
static void event_foreign(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    static const char *const users[] = {"J\xC3\xBCrgen", "\\u00c5sa", "a\\\"b", "\xE6\x9D\x8E"};
    char at[32];

    clock_text(i * 37, at);
    add(t, "{\"user\":\"%s\",\"at\":\"%s\",\"amount\":%u,\"country\":\"%s\"}\n", users[a >> 62], at,
        (unsigned)(b % 100000), COUNTRIES[a >> 61]);
}

/* A bid of Nexmark. */
static void bid(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];

    clock_text(i * 3, at);
    add(t,
        "{\"auction\":%u,\"bidder\":%u,\"price\":%u,\"channel\":\"channel-%u\",\"url\":"
        "\"https://www.nexmark.com/%x/item.htm?query=1&channel_id=%u\",\"date_time\":\"%s\"}\n",
        1000 + (unsigned)(a % 100000), 1000 + (unsigned)(b % 100000), (unsigned)(a >> 40),
        (unsigned)(b >> 50), (unsigned)b, (unsigned)(a >> 48), at);
}

/* The event as CSV, and with quotes around everything. */
static void event_csv(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];
    unsigned cents = (unsigned)(b % 9999) + 1;

    clock_text(i * 37, at);
    add(t, "u%u,%s,%u.%02u,%s\n", (unsigned)(a % 10000), at, cents / 100, cents % 100,
        COUNTRIES[a >> 61]);
}

static void event_quoted(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    char at[32];
    unsigned cents = (unsigned)(b % 9999) + 1;

    clock_text(i * 37, at);
    add(t, "\"u%u\",\"%s\",\"%u.%02u\",\"%s \"\"\"\n", (unsigned)(a % 10000), at, cents / 100,
        cents % 100, COUNTRIES[a >> 61]);
}

/* A line of a web server's log. */
static void request(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    add(t,
        "%u.%u.%u.%u - - [17/May/2015:10:%02u:%02u +0000] \"GET /presentations/%x/images.png "
        "HTTP/1.1\" 200 %u \"http://example.com/%u/\" \"Mozilla/5.0 (Macintosh; Intel Mac OS X "
        "10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36\"\n",
        (unsigned)(a & 255), (unsigned)(b & 255), (unsigned)(a >> 8 & 255), (unsigned)(i & 255),
        (unsigned)(i / 60 % 60), (unsigned)(i % 60), (unsigned)a, (unsigned)(b >> 44),
        (unsigned)(b >> 50));
}

static void four(struct text *t, uint64_t i, uint64_t a, uint64_t b)
{
    add(t, "{\"a\":%llu,\"b\":%u,\"c\":%u,\"d\":%u}\n", (unsigned long long)i,
        (unsigned)(a % 100000), (unsigned)(b % 1000), (unsigned)(a >> 32));
}

#define EVENT "user:string at:timestamp amount:decimal(10,2) country:string"

static const struct bench benches[] = {
    {"json event, all four, decimal", "json", NULL, EVENT, event, 0},
    {"json event, all four, float64", "json", NULL,
     "user:string at:timestamp amount:float64 country:string", event, 0},
    {"json event, half skipped", "json", NULL,
     "user:string at:timestamp;skip amount:decimal(10,2) country:string;skip", event, 0},
    {"json event, blanks, two orders", "json", NULL, EVENT, event_loose, 0},
    {"json event, null and missing", "json", NULL,
     "user:string at:timestamp amount:int64 country:string|null", event_sparse, 0},
    {"json event, escapes and UTF-8", "json", NULL,
     "user:string at:timestamp amount:int64 country:string", event_foreign, 0},
    {"json bid, six fields", "json", NULL,
     "auction:int64 bidder:int64 price:int64 channel:string url:string date_time:timestamp", bid,
     0},
    {"json bid, three fields", "json", NULL,
     "auction:int64 bidder:int64 price:int64 channel:string;skip url:string;skip "
     "date_time:timestamp;skip",
     bid, 0},
    {"csv event, all four", "csv", "header=false", EVENT, event_csv, 0},
    {"csv event, half skipped", "csv", "header=false",
     "user:string at:timestamp;skip amount:decimal(10,2) country:string;skip", event_csv, 0},
    {"csv event, quotes in quotes", "csv", "header=false", EVENT, event_quoted, 0},
    {"csv encode, event, decimal", "csv", "header=false", EVENT, event_csv, 1},
    {"raw line", "raw", NULL, "line:string", request, 0},
    {"regex, access log, eight fields", "regex",
     "pattern=^(?<host>\\\\S+)\\s\\\\S+\\s\\\\S+\\s\\\\[(?<at>[^\\\\]]+)\\\\]\\s\"(?<method>\\\\S+)"
     "\\s(?<path>\\\\S+)"
     "\\s[^\"]*\"\\s(?<status>\\\\d{3})\\s(?<bytes>\\\\d+|-)\\s\"(?<referer>[^\"]*)\"\\s\"(?<agent>"
     "[^\"]*)\"$",
     "host:string at:string method:string path:string status:int64 bytes:int64|null;nulls=- "
     "referer:string agent:string",
     request, 0},
    {"json encode, four integers", "json", NULL, "a:int64 b:int64 c:int64 d:int64", four, 1},
    {"json encode, event, decimal", "json", NULL, EVENT, event, 1},
    {"json encode, event, float64", "json", NULL,
     "user:string at:timestamp amount:float64 country:string", event, 1},
    {"json encode, bid", "json", NULL,
     "auction:int64 bidder:int64 price:int64 channel:string url:string date_time:timestamp", bid,
     1},
};

/* ---- measuring ---------------------------------------------------------------------------- */

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The daemon's own, as in a worker; the host's would allocate each time. */
static int reserve(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                   size_t bytes)
{
    (void)c;
    return batch_reserve(b, column, bytes);
}

/* What a batch goes through: decoded ones are dropped, or written, `batch` by `batch`. */
struct sink {
    struct format_host *h;
    int encode;
    uint64_t rows;
    struct streamd_buffer out;
};

static void take(struct sink *s, struct streamd_batch *batch)
{
    batch->count = batch->rows;
    s->rows += batch->rows;
    if (s->encode) {
        s->out.length = 0;
        if (s->h->format->encode(&s->h->context, s->h->encoder, batch, &s->out))
            exit(2);
    }
}

/* Decodes all of the text once, as a task does: whole chunks, full batches. */
static void decode_all(struct sink *s, const struct text *t)
{
    struct format_host *h = s->h;
    struct streamd_batch *batch = batch_new(h->pool, &h->schema, BATCH_ROWS);
    size_t at = 0;

    while (at < t->length) {
        size_t there = t->length - at < CHUNK_BYTES ? t->length - at : CHUNK_BYTES, consumed = 0;
        struct streamd_chunk chunk = {(const uint8_t *)t->data + at, there, at,
                                      at + there == t->length};

        if (h->format->decode(&h->context, h->decoder, &chunk, batch, &consumed))
            exit(2);
        at += consumed;
        if (batch->rows == batch->capacity) {
            take(s, batch);
            batch_release(batch);
            batch = batch_new(h->pool, &h->schema, BATCH_ROWS);
        }
    }
    take(s, batch);
    batch_release(batch);
}

/* Decodes the first batch and encodes it again and again. */
static void encode_all(struct sink *s, const struct text *t, int rounds)
{
    struct format_host *h = s->h;
    struct streamd_batch *batch = batch_new(h->pool, &h->schema, BATCH_ROWS);
    struct streamd_chunk chunk = {(const uint8_t *)t->data, t->length, 0, 1};
    size_t consumed;

    if (h->format->decode(&h->context, h->decoder, &chunk, batch, &consumed))
        exit(2);
    s->encode = 1;
    for (int i = 0; i < rounds * (RECORDS / BATCH_ROWS); i++)
        take(s, batch);
    batch_release(batch);
}

static void run(const struct bench *b, const char *rounds_text)
{
    int rounds = rounds_text ? atoi(rounds_text) : 1;
    double best = 1e9;
    struct format_host h;
    struct text t = {0};
    uint64_t state = 42;
    struct sink s = {&h, 0, 0, {0}};

    for (uint64_t i = 0; i < RECORDS; i++) {
        uint64_t x = splitmix64(&state);

        b->record(&t, i, x, splitmix64(&state));
    }
    add(&t, "%64s", ""); /* the padding behind the last chunk */
    t.length -= 64;
    format_host_open(&h, format_host_load(b->format), b->options, b->fields, 1 << 20);
    h.services.batch_reserve = reserve;
    if (h.format->decoder_open(&h.context, &h.spec, &h.decoder) ||
        (b->encode && h.format->encoder_open(&h.context, &h.spec, &h.encoder)))
        exit(2);
    for (int i = 0; i < (rounds_text ? 1 : RUNS); i++) {
        double start = seconds(), spent = 0;

        s.rows = 0;
        while (spent < 0.1) {
            if (b->encode)
                encode_all(&s, &t, rounds);
            else
                for (int k = 0; k < rounds; k++)
                    decode_all(&s, &t);
            spent = rounds_text ? 1 : seconds() - start;
        }
        if (spent / (double)s.rows < best)
            best = spent / (double)s.rows;
    }
    if (h.reject_count) {
        fprintf(stderr, "%s: %s\n", b->name, h.rejects[0].message);
        exit(2);
    }
    if (rounds_text)
        printf("%-36s %10llu records\n", b->name, (unsigned long long)s.rows);
    else
        printf("%-36s %6.1f M records/s %7.1f ns  %5.0f B\n", b->name, 1e-6 / best, best * 1e9,
               (double)t.length / RECORDS);
    streamd_buffer_clear(&h.context, &s.out);
    format_host_close(&h);
    free(t.data);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(benches) / sizeof(*benches); i++) {
        if (argc < 2 || strstr(benches[i].name, argv[1]))
            run(&benches[i], getenv("BENCH_ROUNDS"));
    }
    return 0;
}
