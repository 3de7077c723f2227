/* Channels over rings: everything arrives once and in order, on rings of any size, within a process
   and between two; a peer that writes nonsense breaks the channel and nothing else. */
#include "exchange/channel.h"
#include "exchange/ring.h"
#include "random_batch.h"
#include "ring_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { FRAMES = 400, MOST_ROWS = 60 };

/* ---- segments -------------------------------------------------------------------------------- */

static void segments(void **state)
{
    struct segment *s = NULL;
    int fd = -1, other;

    (void)state;
    assert_int_equal(segment_create(3, 3000, &fd, NULL), STREAMD_E_INVALID);
    assert_int_equal(segment_create(3, 128, &fd, NULL), STREAMD_E_INVALID);
    assert_int_equal(segment_create(3, 4096, &fd, NULL), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 100), -1);
    assert_int_equal(ftruncate(fd, 1 << 20), -1);
    assert_int_equal(segment_map(fd, 4, 4096, &s, NULL), STREAMD_E_DATA);
    assert_int_equal(segment_map(fd, 3, 8192, &s, NULL), STREAMD_E_DATA);
    assert_int_equal(segment_map(fd, 3, 4096, &s, NULL), 0);
    for (uint32_t i = 0; i < 3; i++) {
        struct segment_ring ring = segment_ring(s, i);

        memset(ring.data, (int)i, ring.bytes);
        assert_int_equal(atomic_load(ring.head) + atomic_load(ring.tail), 0);
    }
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(segment_ring(s, i).data[4095], i);
    segment_free(s);

    /* The same bytes in a file that can shrink are refused: an access could fault. */
    other = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(other, lseek(fd, 0, SEEK_END)), 0);
    for (off_t at = 0; at < lseek(fd, 0, SEEK_END); at += 4096) {
        uint8_t page[4096];

        assert_int_equal(pread(fd, page, sizeof(page), at), 4096);
        assert_int_equal(pwrite(other, page, sizeof(page), at), 4096);
    }
    assert_int_equal(segment_map(other, 3, 4096, &s, NULL), STREAMD_E_DATA);
    assert_int_equal(fcntl(other, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
    assert_int_equal(segment_map(other, 3, 4096, &s, NULL), 0);
    segment_free(s);
    close(other);
    close(fd);
    assert_int_equal(segment_ring_bytes(0, 10), 64 << 10);
    assert_int_equal(segment_ring_bytes(10 << 20, 3), 1 << 20);
    assert_int_equal(segment_ring_bytes(10 << 20, 11), 512 << 10);
    assert_int_equal(segment_ring_bytes(1 << 20, 0), 1 << 20);
}

/* ---- within a process ------------------------------------------------------------------------ */

/* What was sent and has not arrived: rows of batches, control frames. */
struct expected {
    enum channel_frame_kind kind;
    int64_t time;
    struct streamd_batch *batch;
    uint16_t rows[MOST_ROWS];
    uint32_t count, got;
};

struct run {
    struct ring_ends ends;
    struct expected expected[FRAMES + 1];
    uint32_t sent, arrived;
    uint64_t seed;
};

static void send_batch(struct run *run, struct streamd_batch *b)
{
    struct expected *e = &run->expected[run->sent++];
    uint32_t style = random_below(&run->seed, 3);
    uint16_t *list = batch_alloc(b, b->count * sizeof(*list));

    *e = (struct expected){.kind = CHANNEL_BATCH, .batch = batch_retain(b)};
    for (uint32_t k = 0; k < b->count; k++)
        if (style != 2 || random_one_in(&run->seed, 2) || k + 1 == b->count)
            list[e->count] = e->rows[e->count] = (uint16_t)streamd_batch_row(b, k), e->count++;
    if (style == 0) {
        assert_int_equal(channel_send(run->ends.sender, b), 0);
        return;
    }
    assert_int_equal(channel_send_rows(run->ends.sender, b, style == 2 ? list : NULL, e->count), 0);
    batch_release(b);
}

static void send_control(struct run *run)
{
    struct expected *last = run->sent > run->arrived ? &run->expected[run->sent - 1] : NULL;
    int64_t time = (int64_t)random_next(&run->seed);
    enum channel_frame_kind kind =
        (enum channel_frame_kind)(CHANNEL_WATERMARK + random_below(&run->seed, 5));

    if (kind == CHANNEL_WATERMARK && last && last->kind == CHANNEL_WATERMARK)
        return; /* whether it replaces depends on where the last one is */
    run->expected[run->sent++] = (struct expected){.kind = kind, .time = time};
    assert_int_equal(channel_control(run->ends.sender, kind, time), 0);
}

/* One frame comes; a batch may come in parts. */
static int receive(struct run *run)
{
    struct expected *e = &run->expected[run->arrived];
    const struct channel_frame *peeked = channel_peek(run->ends.receiver);
    struct channel_frame f;

    if (!peeked)
        return 0;
    assert_true(run->arrived < run->sent);
    assert_int_equal(peeked->kind, e->kind);
    f = channel_take(run->ends.receiver);
    if (f.kind == CHANNEL_BROKEN)
        fail_msg("%s", channel_trouble(run->ends.receiver));
    assert_int_equal(f.kind, e->kind);
    if (f.kind != CHANNEL_BATCH) {
        assert_int_equal(f.time, e->time);
        run->arrived++;
        return 1;
    }
    assert_true(f.batch->count > 0 && f.batch->count <= e->count - e->got);
    for (uint32_t k = 0; k < f.batch->count; k++)
        assert_true(random_rows_equal(e->batch, e->rows[e->got++], f.batch, k));
    batch_release(f.batch);
    if (e->got == e->count) {
        batch_release(e->batch);
        run->arrived++;
    }
    return 1;
}

static void run_frames(uint64_t seed, uint32_t ring_bytes, uint32_t longest)
{
    static struct run run;
    struct batch_pool *pool = batch_pool_new(0);
    struct random_schema schema;
    int pumped;

    memset(&run, 0, sizeof(run));
    run.seed = seed;
    random_schema_init(&schema, &run.seed);
    ring_ends_init(&run.ends, &schema.schema, ring_bytes, 1 + random_below(&run.seed, 4), 0);
    while (run.sent < FRAMES || run.arrived < run.sent) {
        if (run.sent < FRAMES && channel_has_room(run.ends.sender) && random_one_in(&run.seed, 2)) {
            if (random_one_in(&run.seed, 3))
                send_control(&run);
            else
                send_batch(&run, random_batch(pool, &schema, &run.seed, MOST_ROWS, longest));
        }
        if (random_one_in(&run.seed, 2))
            assert_true(channel_pump(run.ends.sender) >= 0);
        if (random_one_in(&run.seed, 2))
            for (uint32_t n = random_below(&run.seed, 4); n > 0 && receive(&run); n--)
                ;
    }
    pumped = channel_pump(run.ends.sender);
    assert_int_equal(pumped, 0);
    assert_null(channel_peek(run.ends.receiver));
    assert_int_equal(channel_batches(run.ends.sender), 0);
    ring_ends_clear(&run.ends);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* Rings so small that every batch is split and many rows go in fragments, up to comfortable ones.
 */
static void random_frames(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 60; i++)
        for (uint32_t bytes = 256; bytes <= 65536; bytes *= 4)
            run_frames(i * 6364136223846793005u + bytes, bytes, i % 4 ? 30 : 3000);
}

/* ---- room, watermarks, limits ---------------------------------------------------------------- */

static const struct streamd_field text_field[] = {{"s", {.id = STREAMD_STRING}}};
static const struct streamd_schema text_schema = {1, text_field};

static struct streamd_batch *text_batch(struct batch_pool *pool, size_t length)
{
    struct streamd_batch *b = batch_new(pool, &text_schema, 1);

    assert_int_equal(batch_reserve(b, 0, length), 0);
    memset(b->columns[0].data, 'x', length);
    b->columns[0].offsets[1] = (int32_t)length;
    b->rows = b->count = 1;
    b->event_time = NULL;
    return b;
}

static void room_and_order(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct ring_ends e;
    uint32_t sent = 0, got = 0;

    (void)state;
    ring_ends_init(&e, &text_schema, 4096, 2, 0);
    while (channel_has_room(e.sender)) {
        assert_int_equal(channel_send(e.sender, text_batch(pool, 1000)), 0);
        sent++;
    }
    assert_int_equal(channel_batches(e.sender), 2);
    assert_int_equal(sent, 3 + 2);     /* a third of 4096 takes a frame; the rest waits */
    for (int64_t i = 0; i < 1000; i++) /* R3: control frames go on all the same */
        assert_int_equal(channel_control(e.sender, CHANNEL_WATERMARK, i), 0);
    assert_int_equal(channel_control(e.sender, CHANNEL_BARRIER, 77), 0);
    assert_int_equal(channel_control(e.sender, CHANNEL_WATERMARK, 5000), 0);
    assert_int_equal(channel_pump(e.sender), 1);
    while (got < sent) {
        struct channel_frame f = channel_take(e.receiver);

        assert_int_equal(f.kind, CHANNEL_BATCH);
        batch_release(f.batch);
        got++;
        assert_true(channel_pump(e.sender) >= 0);
    }
    assert_true(channel_has_room(e.sender));
    assert_int_equal(channel_take(e.receiver).time, 999);
    assert_int_equal(channel_peek(e.receiver)->kind, CHANNEL_BARRIER);
    assert_int_equal(channel_take(e.receiver).time, 77);
    assert_int_equal(channel_take(e.receiver).time, 5000);
    assert_null(channel_peek(e.receiver));
    ring_ends_clear(&e);
    batch_pool_free(pool);
}

/* A producer that is held up finds the room that the consumer made, all of it, and is woken for
   half a ring, not for every frame. */
static void all_room_is_used(void **state)
{
    enum { FRAME = 2048, RING = 1 << 17, HALF = RING / FRAME / 2 };
    struct batch_pool *pool = batch_pool_new(0);
    uint64_t wakes, word;
    struct ring_ends e;

    (void)state;
    ring_ends_init(&e, &text_schema, RING, 2, 0);
    for (int turn = 0; turn < 200; turn++) {
        uint32_t sent = 0, taken = 0;

        assert_true(channel_pump(e.sender) >= 0);
        for (; channel_has_room(e.sender); sent++)
            assert_int_equal(channel_send(e.sender, text_batch(pool, FRAME - 64)), 0);
        assert_true(sent >= (turn % 4 == 1 ? 2 * HALF - 2 : HALF - 1));
        wake_prepare(&e.wake[0]);
        for (wakes = 0; wakes == 0; taken++) {
            batch_release(channel_take(e.receiver).batch);
            wakes = read(e.wake[0].fd, &word, sizeof(word)) == sizeof(word);
        }
        assert_true(taken >= HALF - 1 && taken <= HALF + 1);
        while (turn % 4 == 0 && channel_peek(e.receiver)) /* or the ring is empty when it looks */
            batch_release(channel_take(e.receiver).batch);
    }
    ring_ends_clear(&e);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void record_limit(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct channel_frame f;
    struct ring_ends e;

    (void)state;
    ring_ends_init(&e, &text_schema, 4096, 2, 10000);
    assert_int_equal(channel_send(e.sender, text_batch(pool, 9900)), 0);
    while (!channel_peek(e.receiver))
        assert_true(channel_pump(e.sender) >= 0);
    f = channel_take(e.receiver);
    assert_int_equal(f.kind, CHANNEL_BATCH);
    assert_int_equal(streamd_column_str(&f.batch->columns[0], 0).length, 9900);
    batch_release(f.batch);
    assert_int_equal(channel_send(e.sender, text_batch(pool, 10000)), STREAMD_E_LIMIT);
    assert_non_null(strstr(channel_trouble(e.sender), "at most 10000"));
    ring_ends_clear(&e);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* Ends that are freed with frames under way leak nothing. */
static void freed_under_way(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    struct ring_ends e;

    (void)state;
    ring_ends_init(&e, &text_schema, 1024, 3, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(channel_send(e.sender, text_batch(pool, 5000)), 0);
    assert_null(channel_peek(e.receiver)); /* two fragments of a row are taken */
    ring_ends_clear(&e);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

static void lacks_a_column(void **state)
{
    static const uint8_t needed[] = {1};
    struct batch_pool *pool = batch_pool_new(0);
    struct ring_ends e;
    struct channel_ring ring = {.schema = &text_schema};

    (void)state;
    for (int turn = 0; turn < 3; turn++) {
        struct streamd_batch *b = text_batch(pool, 5);

        ring_ends_init(&e, &text_schema, 1024, 3, 0);
        channel_free(e.receiver);
        ring.segment = e.mapped[1];
        ring.ring = 1;
        ring.peer = &e.wake[0];
        e.receiver = channel_new_receiver(&ring, e.pool, turn == 0 ? NULL : needed, turn == 2);
        if (turn < 2)
            memset(b->columns, 0, sizeof(*b->columns));
        assert_int_equal(channel_send(e.sender, b), 0);
        if (turn == 0) {
            struct channel_frame f = channel_take(e.receiver);

            assert_int_equal(f.kind, CHANNEL_BATCH);
            batch_release(f.batch);
        } else {
            assert_int_equal(channel_peek(e.receiver)->kind, CHANNEL_BATCH);
            assert_int_equal(channel_take(e.receiver).kind, CHANNEL_BROKEN);
            assert_int_equal(channel_take(e.receiver).time, STREAMD_E_DATA);
        }
        ring_ends_clear(&e);
    }
    batch_pool_free(pool);
}

/* ---- between processes ----------------------------------------------------------------------- */

/* Sleeps as a worker does, unless there is something to do after all. */
static void sleep_unless(const struct wake *own, struct channel *sender, struct channel *receiver)
{
    struct pollfd fd = {own->fd, POLLIN, 0};

    wake_prepare(own);
    if (!(sender && channel_pump(sender) == 0) && !(receiver && channel_peek(receiver)))
        if (poll(&fd, 1, 20000) == 0)
            abort(); /* a wake-up was lost */
    wake_done(own);
}

/* The n-th batch is a function of the seed, so both processes know it. */
static struct streamd_batch *nth(struct batch_pool *pool, const struct random_schema *schema,
                                 uint64_t n)
{
    uint64_t seed = (n + 1) * 48271;

    return random_batch(pool, schema, &seed, MOST_ROWS, n % 50 ? 30 : 4000);
}

/* 0, or what went wrong. */
static int produce(struct ring_ends *e, const struct random_schema *schema, uint64_t frames)
{
    struct batch_pool *pool = batch_pool_new(0);

    for (uint64_t n = 0; n < frames; n++) {
        while (!channel_has_room(e->sender)) {
            sleep_unless(&e->wake[0], e->sender, NULL);
            if (channel_pump(e->sender) < 0)
                return 1;
        }
        if (channel_send(e->sender, nth(pool, schema, n)) ||
            channel_control(e->sender, CHANNEL_BARRIER, (int64_t)n))
            return 2;
        if (n % 97 == 0) /* the other side runs dry and sleeps */
            usleep(1000);
    }
    while (channel_pump(e->sender) > 0)
        sleep_unless(&e->wake[0], e->sender, NULL);
    if (batch_pool_batches(pool) != 0)
        return 3;
    batch_pool_free(pool);
    return 0;
}

enum { COUNT = 3000 };

static void consume(struct ring_ends *e, const struct random_schema *schema)
{
    struct batch_pool *pool = batch_pool_new(0);

    for (uint64_t n = 0; n < COUNT; n++) {
        struct streamd_batch *b = nth(pool, schema, n);
        uint32_t got = 0;

        for (;;) {
            struct channel_frame f;

            while (!channel_peek(e->receiver))
                sleep_unless(&e->wake[1], NULL, e->receiver);
            f = channel_take(e->receiver);
            if (f.kind == CHANNEL_BARRIER) {
                assert_int_equal(f.time, n);
                break;
            }
            assert_int_equal(f.kind, CHANNEL_BATCH);
            for (uint32_t k = 0; k < f.batch->count; k++, got++)
                assert_true(random_rows_equal(b, streamd_batch_row(b, got), f.batch, k));
            batch_release(f.batch);
            if (n % 211 == 0)
                usleep(2000);
        }
        assert_int_equal(got, b->count);
        batch_release(b);
    }
    batch_pool_free(pool);
}

static void between_processes(void **state)
{
    uint64_t seed = 99;
    struct random_schema schema;
    struct ring_ends e;
    int status;
    pid_t child;

    (void)state;
    random_schema_init(&schema, &seed);
    ring_ends_init(&e, &schema.schema, 8192, 2, 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(produce(&e, &schema, COUNT));
    consume(&e, &schema);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ring_ends_clear(&e);
}

struct producer {
    struct ring_ends ends;
    struct random_schema schema;
    int status;
};

static void *produce_in_thread(void *arg)
{
    struct producer *p = arg;

    p->status = produce(&p->ends, &p->schema, COUNT);
    return NULL;
}

/* The same in one process and with one mapping, for tools that see races between threads. */
static void between_threads(void **state)
{
    uint64_t seed = 5;
    struct channel_ring ring;
    struct producer p;
    pthread_t thread;

    (void)state;
    random_schema_init(&p.schema, &seed);
    ring_ends_init(&p.ends, &p.schema.schema, 4096, 2, 0);
    ring = (struct channel_ring){.segment = p.ends.mapped[1],
                                 .ring = 1,
                                 .peer = &p.ends.wake[1],
                                 .schema = &p.schema.schema,
                                 .key_hash = 1};
    channel_free(p.ends.sender);
    p.ends.sender = channel_new_sender(&ring, 2);
    assert_non_null(p.ends.sender);
    assert_int_equal(pthread_create(&thread, NULL, produce_in_thread, &p), 0);
    consume(&p.ends, &p.schema);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(p.status, 0);
    ring_ends_clear(&p.ends);
}

/* Key hashes go along where the channel says so, also from the queue in front of the ring. */
static void key_hashes(void **state)
{
    static const struct streamd_field fields[] = {{"n", {.id = STREAMD_INT64}}};
    static const struct streamd_schema schema = {1, fields};
    struct ring_ends e;

    (void)state;
    ring_ends_init(&e, &schema, 256, 9, 0);
    for (int with = 0; with < 2; with++) {
        struct channel_ring ring = {.segment = e.of_sender,
                                    .ring = 1,
                                    .peer = &e.wake[1],
                                    .schema = &schema,
                                    .key_hash = with};
        struct channel_ring back = ring;
        int got = 0;

        channel_free(e.sender);
        channel_free(e.receiver);
        atomic_store(segment_ring(e.of_sender, 1).head, 0);
        atomic_store(segment_ring(e.of_sender, 1).tail, 0);
        back.peer = &e.wake[0];
        e.sender = channel_new_sender(&ring, 9);
        e.receiver = channel_new_receiver(&back, e.pool, NULL, 0);
        for (int64_t i = 0; i < 9; i++) {
            struct streamd_batch *b = batch_new(e.pool, &schema, 1);

            b->rows = b->count = 1;
            b->event_time = NULL;
            *(int64_t *)b->columns[0].values = i;
            b->key_hash = batch_alloc(b, sizeof(uint64_t));
            *b->key_hash = 77;
            assert_int_equal(channel_send(e.sender, b), 0);
        }
        assert_true(channel_batches(e.sender) > 0);
        while (channel_peek(e.receiver)) {
            struct streamd_batch *b = channel_take(e.receiver).batch;

            assert_int_equal(*(int64_t *)b->columns[0].values, got++);
            assert_int_equal(b->key_hash ? *b->key_hash : 0, with ? 77 : 0);
            batch_release(b);
            assert_true(channel_pump(e.sender) >= 0);
        }
        assert_int_equal(got, 9);
    }
    ring_ends_clear(&e);
}

/* ---- nonsense -------------------------------------------------------------------------------- */

/* What a receiver makes of whatever is in its ring. It must end, broken or dry. */
static void drain(struct ring_ends *e)
{
    for (int i = 0; i < 1000 && channel_peek(e->receiver); i++) {
        struct channel_frame f = channel_take(e->receiver);

        if (f.kind == CHANNEL_BROKEN) {
            assert_true(channel_trouble(e->receiver)[0]);
            assert_int_equal(channel_take(e->receiver).kind, CHANNEL_BROKEN);
            assert_int_equal(channel_peek(e->receiver)->kind, CHANNEL_BROKEN);
            return;
        }
        if (f.kind == CHANNEL_BATCH)
            batch_release(f.batch);
    }
}

static void expect_broken(struct ring_ends *e, const char *why)
{
    const struct channel_frame *f = channel_peek(e->receiver);

    assert_non_null(f);
    if (f->kind != CHANNEL_BROKEN)
        assert_int_equal(channel_take(e->receiver).kind, CHANNEL_BROKEN);
    if (!strstr(channel_trouble(e->receiver), why))
        fail_msg("'%s' instead of '%s'", channel_trouble(e->receiver), why);
}

/* Headers of a first frame and the head behind it. */
static void hostile_headers(void **state)
{
    static const struct {
        struct ring_header header;
        uint64_t head;
        const char *why;
    } cases[] = {
        {{0}, 16, "length"},
        {{.bytes = 8, .kind = 2}, 16, "length"},
        {{.bytes = 24, .kind = 2}, 32, "length"},
        {{.bytes = 32, .kind = 1}, 16, "length"},
        {{.bytes = UINT32_MAX - 15, .kind = 1}, 1024, "length"},
        {{.bytes = 1024, .kind = 1}, 1024, "larger than half"},
        {{.bytes = 64, .kind = RING_PADDING}, 64, "padding"},
        {{.bytes = 16, .kind = 0}, 16, "kind"},
        {{.bytes = 16, .kind = 7}, 16, "kind"},
        {{.bytes = 16, .kind = 200}, 16, "kind"},
        {{.bytes = 32, .kind = 3}, 32, "kind"},
        {{.bytes = 16, .kind = 1}, 16, "wrong length"},
        {{.bytes = 64, .kind = 1}, 64, "unknown version"},
        {{.bytes = 32, .kind = RING_FRAGMENT, .time = 0}, 32, "larger than it may"},
        {{.bytes = 32, .kind = RING_FRAGMENT, .time = -5}, 32, "larger than it may"},
        {{.bytes = 32, .kind = RING_FRAGMENT, .time = INT64_MAX}, 32, "larger than it may"},
        {{.bytes = 32, .kind = RING_FRAGMENT, .time = 8}, 32, "do not fit"},
        {{.bytes = 16, .kind = RING_FRAGMENT, .time = 8}, 16, "do not fit"},
        {{.bytes = 16, .kind = 2}, 8, "index"},
        {{.bytes = 16, .kind = 2}, 1024 + 16, "index"},
        {{.bytes = 16, .kind = 2}, UINT64_MAX - 15, "index"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct ring_ends e;
        struct segment_ring ring;

        ring_ends_init(&e, &text_schema, 1024, 1, 0);
        ring = segment_ring(e.mapped[1], 1);
        memcpy(ring.data, &cases[i].header, sizeof(cases[i].header));
        atomic_store(ring.head, cases[i].head);
        expect_broken(&e, cases[i].why);
        ring_ends_clear(&e);
    }
}

/* A head that goes backwards, and fragments that another frame interrupts. */
static void hostile_sequences(void **state)
{
    struct ring_header fragment = {.bytes = 32, .kind = RING_FRAGMENT, .time = 40};
    struct ring_header mark = {.bytes = 16, .kind = CHANNEL_WATERMARK};
    struct batch_pool *pool = batch_pool_new(0);
    struct ring_ends e;
    struct segment_ring ring;

    (void)state;
    ring_ends_init(&e, &text_schema, 1024, 1, 0);
    ring = segment_ring(e.mapped[1], 1);
    assert_int_equal(channel_control(e.sender, CHANNEL_IDLE, 0), 0);
    assert_int_equal(channel_take(e.receiver).kind, CHANNEL_IDLE);
    atomic_store(ring.head, 0);
    expect_broken(&e, "index");
    ring_ends_clear(&e);

    ring_ends_init(&e, &text_schema, 1024, 1, 0);
    ring = segment_ring(e.mapped[1], 1);
    memcpy(ring.data, &fragment, sizeof(fragment));
    memcpy(ring.data + 32, &mark, sizeof(mark));
    atomic_store(ring.head, 48);
    expect_broken(&e, "no end");
    ring_ends_clear(&e);

    /* The other side: a tail at no boundary, ahead of the head, or going backwards. */
    for (int i = 0; i < 3; i++) {
        static const uint64_t tails[] = {8, 2048, 0};

        ring_ends_init(&e, &text_schema, 1024, 2, 0);
        ring = segment_ring(e.mapped[1], 1);
        while (channel_batches(e.sender) < 2) {
            assert_int_equal(channel_send(e.sender, text_batch(pool, 200)), 0);
            if (channel_batches(e.sender) == 1 && atomic_load(ring.tail) == 0) {
                batch_release(channel_take(e.receiver).batch);
                assert_true(channel_pump(e.sender) >= 0);
            }
        }
        atomic_store(ring.tail, tails[i]);
        assert_int_equal(channel_pump(e.sender), STREAMD_E_DATA);
        assert_true(channel_has_room(e.sender)); /* so that somebody asks, and is told */
        assert_int_equal(channel_send(e.sender, text_batch(pool, 1)), STREAMD_E_DATA);
        assert_int_equal(channel_control(e.sender, CHANNEL_END, 0), STREAMD_E_DATA);
        assert_non_null(strstr(channel_trouble(e.sender), "index"));
        ring_ends_clear(&e);
    }
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

/* Frames of a real stream with bytes of the ring and its indices overwritten at random times. */
static void hostile_at_random(void **state)
{
    struct batch_pool *pool = batch_pool_new(0);
    uint32_t survived = 0;

    (void)state;
    for (uint64_t i = 1; i <= 3000; i++) {
        uint64_t seed = i * 2654435761u;
        struct random_schema schema;
        struct segment_ring ring;
        struct ring_ends e;
        int rc = 0;

        random_schema_init(&schema, &seed);
        ring_ends_init(&e, &schema.schema, 1024, 2, 100000);
        ring = segment_ring(e.mapped[1], 1);
        for (int n = 0; n < 30 && rc >= 0; n++) {
            if (channel_has_room(e.sender))
                rc = channel_send(e.sender, random_batch(pool, &schema, &seed, 20, 60));
            if (random_one_in(&seed, 4))
                ring.data[random_below(&seed, ring.bytes)] ^= (uint8_t)random_next(&seed);
            if (random_one_in(&seed, 40))
                atomic_fetch_add(random_one_in(&seed, 2) ? ring.head : ring.tail,
                                 random_next(&seed) >> random_below(&seed, 64));
            if (rc >= 0)
                rc = channel_pump(e.sender);
            if (random_one_in(&seed, 2))
                drain(&e);
        }
        survived += rc >= 0;
        drain(&e);
        ring_ends_clear(&e);
    }
    assert_true(survived > 0 && survived < 3000);
    assert_int_equal(batch_pool_batches(pool), 0);
    batch_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments),          cmocka_unit_test(random_frames),
        cmocka_unit_test(room_and_order),    cmocka_unit_test(record_limit),
        cmocka_unit_test(all_room_is_used),  cmocka_unit_test(freed_under_way),
        cmocka_unit_test(lacks_a_column),    cmocka_unit_test(between_processes),
        cmocka_unit_test(between_threads),   cmocka_unit_test(key_hashes),
        cmocka_unit_test(hostile_headers),   cmocka_unit_test(hostile_sequences),
        cmocka_unit_test(hostile_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
