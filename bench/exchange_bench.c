/*
 * What it costs to take the rows of a keyed edge from one task to P others, in nanoseconds a row:
 *
 *     bench/exchange_bench [MILLIONS_OF_ROWS [PAIRS]]
 *
 * exchange: the router hashes the key and finds each row's task, rows are encoded into the rings of
 * P consumers, batches are made of them again, and their keys are hashed again. fused: the same
 * written for one kind of record: hash, scatter of all columns into one buffer per task, memcpy of
 * those buffers. Both run in one thread, in turns, and CPU time is measured; the ratio is the
 * median of the ratios of neighbouring runs. What arrived is compared with what was sent, by task,
 * before and by sums in every run; exit status 1 where it differs.
 */
#include "columnar/keyhash.h"
#include "columnar/pool.h"
#include "exchange/router.h"
#include "exchange/segment.h"
#include "exchange/wake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

enum { ROWS = 2048, BATCHES = 16, MOST_TASKS = 64, GROUPS = 128, TEXT = 24, MOST_PAIRS = 101 };

/* Records: key, two numbers, a time that is the event time; with or without a text of 5 to 20
 * bytes. */
static const struct streamd_field fields[] = {{"key", {.id = STREAMD_INT64}},
                                              {"a", {.id = STREAMD_INT64}},
                                              {"b", {.id = STREAMD_FLOAT64}},
                                              {"time", {.id = STREAMD_TIMESTAMP}},
                                              {"text", {.id = STREAMD_STRING}}};

struct bench {
    uint32_t tasks, columns;
    struct streamd_schema schema;
    struct batch_pool *pool;
    struct streamd_batch *batches[BATCHES];
    struct segment *segments[MOST_TASKS + 1]; /* of the consumers, and of the producer */
    struct wake wakes[MOST_TASKS + 1];
    struct channel *to[MOST_TASKS], *from[MOST_TASKS];
    struct router *router;
};

/* One consumer's share of a batch, as the fused program makes it, and where it is copied to. */
struct share {
    uint64_t columns[4][ROWS];
    int32_t offsets[ROWS + 1];
    uint8_t text[ROWS * TEXT];
    uint32_t rows;
};

/* What a run moved: rows and a sum that depends on which row went where. */
struct moved {
    uint64_t rows, sum;
    double ns;
};

static void must(int right, const char *what)
{
    if (!right) {
        fprintf(stderr, "exchange_bench: %s\n", what);
        exit(1);
    }
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t scatter(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xFF51AFD7ED558CCD);
    x ^= x >> 33;
    x *= UINT64_C(0xC4CEB9FE1A85EC53);
    return x ^ x >> 33;
}

/* ---- making it --------------------------------------------------------------------------------
 */

static struct streamd_batch *make_batch(struct bench *x, uint32_t number)
{
    struct streamd_batch *b = batch_new(x->pool, &x->schema, ROWS);

    must(b != NULL, "no memory");
    for (uint32_t i = 0; i < ROWS; i++) {
        uint64_t n = (uint64_t)number * ROWS + i, random = scatter(n);

        ((uint64_t *)b->columns[0].values)[i] = random % 100000;
        ((uint64_t *)b->columns[1].values)[i] = n;
        ((double *)b->columns[2].values)[i] = (double)(random >> 40);
        ((uint64_t *)b->columns[3].values)[i] = n * 1000;
        if (x->columns == 5) {
            struct streamd_column *c = &b->columns[4];
            uint32_t length = 5 + (uint32_t)(random >> 20) % 16;

            b->rows = i;
            must(batch_reserve(b, 4, length) == 0, "no memory");
            memset(c->data + c->offsets[i], 'a' + (int)(random >> 50) % 26, length);
            c->offsets[i + 1] = c->offsets[i] + (int32_t)length;
        }
    }
    b->rows = b->count = ROWS;
    b->event_time = b->columns[3].values;
    b->min_time = b->event_time[0];
    b->max_time = b->event_time[ROWS - 1];
    return b;
}

static void make_segment(struct bench *x, uint32_t i)
{
    uint32_t bytes = segment_ring_bytes(16 << 20, x->tasks);
    int fd;

    must(segment_create(1, bytes, &fd, NULL) == 0, "no segment");
    must(segment_map(fd, 1, bytes, &x->segments[i], NULL) == 0, "no segment");
    x->wakes[i] = (struct wake){segment_asleep(x->segments[i]), eventfd(0, EFD_NONBLOCK)};
}

static void setup(struct bench *x, uint32_t tasks, uint32_t columns)
{
    static const uint32_t keys[] = {0};
    struct router_spec spec = {.kind = ROUTER_HASH,
                               .consumers = x->to,
                               .count = tasks,
                               .schema = &x->schema,
                               .key_fields = keys,
                               .key_count = 1,
                               .key_groups = GROUPS};

    *x = (struct bench){.tasks = tasks, .columns = columns, .schema = {columns, fields}};
    x->pool = batch_pool_new(0);
    must(x->pool != NULL, "no memory");
    for (uint32_t i = 0; i < BATCHES; i++)
        x->batches[i] = make_batch(x, i);
    for (uint32_t i = 0; i <= tasks; i++)
        make_segment(x, i);
    for (uint32_t i = 0; i < tasks; i++) {
        struct channel_ring ring = {.segment = x->segments[i], .schema = &x->schema};

        ring.peer = &x->wakes[i];
        x->to[i] = channel_new_sender(&ring, 4);
        ring.peer = &x->wakes[tasks];
        x->from[i] = channel_new_receiver(&ring, x->pool, NULL, 1);
        must(x->to[i] && x->from[i], "no memory");
    }
    x->router = router_new(&spec);
    must(x->router != NULL, "no memory");
}

static void teardown(struct bench *x)
{
    router_free(x->router);
    for (uint32_t i = 0; i < x->tasks; i++) {
        channel_free(x->to[i]);
        channel_free(x->from[i]);
    }
    for (uint32_t i = 0; i <= x->tasks; i++)
        segment_free(x->segments[i]);
    for (uint32_t i = 0; i < BATCHES; i++)
        batch_release(x->batches[i]);
    must(batch_pool_batches(x->pool) == 0, "a batch was not released");
    batch_pool_free(x->pool);
}

/* ---- the two ways -----------------------------------------------------------------------------
 */

/* What the consumer's state does with a key whose hash does not come along. */
static void hash_again(const struct streamd_batch *b, uint64_t *hash)
{
    const struct streamd_column *key = &b->columns[0];
    const struct streamd_type type = {.id = STREAMD_INT64};

    keyhash_batch(b, &key, &type, 1, hash);
}

static struct moved run_exchange(struct bench *x, uint64_t turns)
{
    struct moved m = {0, 0, 0};
    uint64_t hash[ROWS];
    double start = now_ns();

    for (uint64_t n = 0; n < turns; n++) {
        must(router_send(x->router, batch_retain(x->batches[n % BATCHES])) == 0, "cannot send");
        for (uint32_t t = 0; t < x->tasks; t++) {
            while (channel_peek(x->from[t])) {
                struct channel_frame f = channel_take(x->from[t]);

                must(f.kind == CHANNEL_BATCH, "a broken channel");
                hash_again(f.batch, hash);
                m.rows += f.batch->count;
                m.sum += (t + 1) * (((uint64_t *)f.batch->columns[1].values)[0] +
                                    ((uint64_t *)f.batch->columns[1].values)[f.batch->count - 1]);
                batch_release(f.batch);
            }
        }
    }
    m.ns = now_ns() - start;
    return m;
}

static inline uint64_t mix64(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xE9846AF9B1A615D);
    x ^= x >> 32;
    x *= UINT64_C(0xE9846AF9B1A615D);
    return x ^ x >> 28;
}

static void fused_text(const struct streamd_column *c, uint32_t row, struct share *to)
{
    size_t length = (size_t)(c->offsets[row + 1] - c->offsets[row]);

    memcpy(to->text + to->offsets[to->rows], c->data + c->offsets[row], length);
    to->offsets[to->rows + 1] = to->offsets[to->rows] + (int32_t)length;
}

static void fused_scatter(const struct bench *x, const struct streamd_batch *b, struct share *to)
{
    const uint64_t *c0 = b->columns[0].values, *c1 = b->columns[1].values,
                   *c2 = b->columns[2].values, *c3 = b->columns[3].values;

    for (uint32_t t = 0; t < x->tasks; t++)
        to[t].rows = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t group = keyhash_group(mix64(c0[i]), GROUPS);
        struct share *s = &to[keyhash_owner(group, x->tasks, GROUPS)];

        s->columns[0][s->rows] = c0[i];
        s->columns[1][s->rows] = c1[i];
        s->columns[2][s->rows] = c2[i];
        s->columns[3][s->rows] = c3[i];
        if (x->columns == 5)
            fused_text(&b->columns[4], i, s);
        s->rows++;
    }
}

static void fused_copy(const struct bench *x, struct share *to, const struct share *from)
{
    to->rows = from->rows;
    for (int c = 0; c < 4; c++)
        memcpy(to->columns[c], from->columns[c], from->rows * sizeof(uint64_t));
    if (x->columns == 5) {
        memcpy(to->offsets, from->offsets, (from->rows + 1) * sizeof(int32_t));
        memcpy(to->text, from->text, (size_t)from->offsets[from->rows]);
    }
}

static struct moved run_fused(struct bench *x, uint64_t turns, struct share *from, struct share *to)
{
    struct moved m = {0, 0, 0};
    double start = now_ns();

    for (uint64_t n = 0; n < turns; n++) {
        fused_scatter(x, x->batches[n % BATCHES], from);
        for (uint32_t t = 0; t < x->tasks; t++) {
            fused_copy(x, &to[t], &from[t]);
            m.rows += to[t].rows;
            if (to[t].rows)
                m.sum += (t + 1) * (to[t].columns[1][0] + to[t].columns[1][to[t].rows - 1]);
        }
    }
    m.ns = now_ns() - start;
    return m;
}

/* ---- checking and reporting -------------------------------------------------------------------
 */

/* Every value of every batch, both ways. */
static void check(struct bench *x, struct share *from, struct share *to)
{
    uint64_t hash[ROWS];

    for (uint32_t n = 0; n < BATCHES; n++) {
        must(router_send(x->router, batch_retain(x->batches[n])) == 0, "cannot send");
        fused_scatter(x, x->batches[n], from);
        for (uint32_t t = 0; t < x->tasks; t++) {
            struct channel_frame f = channel_take(x->from[t]);
            const struct streamd_column *c = f.batch->columns;

            fused_copy(x, &to[t], &from[t]);
            must(f.batch->count == to[t].rows, "a task got another number of rows");
            for (int i = 0; i < 4; i++)
                must(!memcmp(c[i].values, to[t].columns[i], to[t].rows * 8), "values differ");
            if (x->columns == 5)
                must(!memcmp(c[4].offsets, to[t].offsets, (to[t].rows + 1) * 4) &&
                         !memcmp(c[4].data, to[t].text, (size_t)to[t].offsets[to[t].rows]),
                     "texts differ");
            must(f.batch->event_time != NULL, "no times");
            hash_again(f.batch, hash);
            for (uint32_t k = 0; k < to[t].rows; k++)
                must(hash[k] == mix64(to[t].columns[0][k]), "a hash differs");
            batch_release(f.batch);
        }
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), ascending);
    return values[n / 2];
}

static void measure(uint32_t tasks, uint32_t columns, uint64_t turns, int pairs)
{
    static struct bench x;
    struct share *from = calloc(tasks, sizeof(*from)), *to = calloc(tasks, sizeof(*to));
    double exchange[MOST_PAIRS], fused[MOST_PAIRS], ratio[MOST_PAIRS];

    must(from && to, "no memory");
    setup(&x, tasks, columns);
    check(&x, from, to);
    for (int i = 0; i < pairs; i++) {
        struct moved a = run_exchange(&x, turns), b = run_fused(&x, turns, from, to);

        must(a.rows == b.rows && a.sum == b.sum && a.rows == turns * ROWS, "results differ");
        exchange[i] = a.ns / (double)a.rows;
        fused[i] = b.ns / (double)b.rows;
        ratio[i] = exchange[i] / fused[i];
    }
    printf("%-18s %2u tasks   exchange %5.2f ns a row   fused %5.2f   ratio %4.2f\n",
           columns == 5 ? "4 numbers, a text" : "4 numbers", tasks, median(exchange, pairs),
           median(fused, pairs), median(ratio, pairs));
    teardown(&x);
    free(from);
    free(to);
}

int main(int argc, char **argv)
{
    uint64_t turns = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1) * 1000000 / ROWS;
    int pairs = argc > 2 ? atoi(argv[2]) : 41;

    must(turns > 0 && pairs > 0 && pairs <= MOST_PAIRS, "exchange_bench [MILLIONS [PAIRS]]");
    for (uint32_t columns = 4; columns <= 5; columns++)
        for (uint32_t tasks = 2; tasks <= 32; tasks *= 2)
            measure(tasks, columns, turns, pairs);
    return 0;
}
