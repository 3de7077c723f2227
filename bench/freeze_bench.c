/*
 * What a checkpoint costs a state table: freezing it (the stall of the stream), writing the
 * snapshot file, and filling a table from it.
 *
 *     STREAMD_PLUGIN_PATH=plugins-live bench/freeze_bench [ROWS [FOLDER]]
 *
 * Rows have one key and two columns of eight bytes, or a text as the key; then windows of a
 * thousand rows each. Tables of more than a million rows are swept, a step after each batch of a
 * thousand random keys: what a step and a batch took is what the stream feels. That is CPU time of
 * the thread, which does not depend on what else the machine does, and without the first sweep,
 * whose memory is new. The file goes to FOLDER (/tmp) and is removed.
 */
#include "harness.h"

#include "base/memory.h"
#include "columnar/keyhash.h"
#include "state/freeze.h"
#include "state/thaw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 1000, TIMES = 20 };

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Times in ms. */
struct times {
    double *items;
    size_t count, capacity;
};

static void times_add(struct times *t, double ms)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 1024;
        t->items = realloc(t->items, t->capacity * sizeof(*t->items));
        if (!t->items)
            abort();
    }
    t->items[t->count++] = ms;
}

static int by_length(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static void times_print(struct times *t, const char *what)
{
    if (!t->count)
        return;
    qsort(t->items, t->count, sizeof(*t->items), by_length);
    printf("       swept: %-21s p50 %5.2f, p99 %5.2f, slowest %5.2f ms\n", what,
           t->items[t->count / 2], t->items[t->count * 99 / 100], t->items[t->count - 1]);
    free(t->items);
}

static void must(int rc, const struct streamd_error *e)
{
    if (!rc)
        return;
    fprintf(stderr, "%s\n", e->message);
    exit(1);
}

static void fill(struct streamd_table *t, int text, uint64_t rows, int windows)
{
    static int64_t numbers[ROWS];
    static int32_t offsets[ROWS + 1];
    static uint8_t bytes[ROWS * 24];
    static uint64_t hash[ROWS];
    static void *found[ROWS];
    struct streamd_column column = {.values = numbers};
    const struct streamd_column *columns = &column;
    struct streamd_type type = {.id = text ? STREAMD_STRING : STREAMD_INT64};
    struct streamd_batch batch = {.rows = ROWS, .count = ROWS};
    struct streamd_keys keys = {.n = ROWS, .columns = &columns, .hash = hash};

    if (text)
        column = (struct streamd_column){.offsets = offsets, .data = bytes};
    for (uint64_t from = 0; from < rows; from += ROWS) {
        for (uint32_t i = 0; i < ROWS; i++) {
            numbers[i] = (int64_t)(from + i);
            if (text)
                offsets[i + 1] = offsets[i] + sprintf((char *)bytes + offsets[i], "user-%llu",
                                                      (unsigned long long)(from + i));
        }
        keyhash_batch(&batch, &columns, &type, 1, hash);
        if (streamd_table_lookup(t, windows ? (int64_t)from : 0, &keys, STREAMD_LOOKUP_CREATE,
                                 found, NULL))
            abort();
        for (uint32_t i = 0; i < ROWS; i++)
            *(int64_t *)streamd_row_value(t->layout, found[i], 1) = numbers[i] * 3;
    }
}

/* A batch of random keys that are there. */
static void look_up(struct streamd_table *t, int text, uint64_t rows, int windows)
{
    static int64_t numbers[ROWS];
    static uint64_t hash[ROWS];
    static void *found[ROWS];
    struct streamd_column column = {.values = numbers};
    const struct streamd_column *columns = &column;
    struct streamd_type type = {.id = STREAMD_INT64};
    struct streamd_batch batch = {.rows = ROWS, .count = ROWS};
    struct streamd_keys keys = {.n = ROWS, .columns = &columns, .hash = hash};

    if (text || windows)
        return;
    for (uint32_t i = 0; i < ROWS; i++)
        numbers[i] = (int64_t)((((uint64_t)rand() << 31) + (uint64_t)rand()) % rows);
    keyhash_batch(&batch, &columns, &type, 1, hash);
    if (streamd_table_lookup(t, 0, &keys, STREAMD_LOOKUP_FIND, found, NULL))
        abort();
}

/* Goes on until the copy is complete, and adds what steps and the batches between them took. */
static void complete(struct frozen *frozen, struct streamd_table *t, int text, uint64_t rows,
                     int windows, struct times *steps, struct times *batches)
{
    struct streamd_error e;
    int more = !state_frozen_is_complete(frozen);

    while (more) {
        double start = cpu_ms(), middle;

        more = state_frozen_step(frozen, 2048, &e);
        must(more < 0 ? more : 0, &e);
        middle = cpu_ms();
        look_up(t, text, rows, windows);
        times_add(steps, middle - start);
        if (!text && !windows)
            times_add(batches, cpu_ms() - middle);
    }
}

static uint64_t write_file(struct frozen *frozen, const char *path, double *spent)
{
    struct snapshot_identity id = {
        .checkpoint = 1, .pipeline = "bench", .parallelism = 1, .key_groups = 128};
    struct snapshot_writer *w;
    struct streamd_error e;
    uint64_t bytes = 0;
    char checksum[33];
    double start = now_ms();

    memset(id.lineage, '0', 32);
    must(snapshot_writer_open(file_system(), path, &id, &w, &e), &e);
    must(state_frozen_write(frozen, "node", 128, w, &e), &e);
    spent[0] = now_ms() - start;
    must(snapshot_writer_close(w, &bytes, checksum, &e), &e);
    spent[1] = now_ms() - start;
    return bytes;
}

static double read_file(struct streamd_table *t, const char *path)
{
    struct snapshot_reader *r;
    struct streamd_error e;
    double start = now_ms();

    must(snapshot_reader_open(file_system(), path, NULL, &r, &e), &e);
    must(state_thaw(t, r, "node", 0, 128, &e), &e);
    snapshot_reader_close(r);
    return now_ms() - start;
}

static void measure(int text, uint64_t rows, int windows, const char *folder)
{
    static const struct streamd_field columns[] = {{"n", {.id = STREAMD_INT64}},
                                                   {"x", {.id = STREAMD_FLOAT64}}};
    struct streamd_field key = {.name = "k", .type = {.id = text ? STREAMD_STRING : STREAMD_INT64}};
    struct streamd_table_decl decl = {.name = "bench",
                                      .flags = windows ? STREAMD_TABLE_NAMESPACED : 0,
                                      .key_count = 1,
                                      .keys = &key,
                                      .column_count = 2,
                                      .columns = columns};
    struct harness *h = harness_bare_new(&(struct harness_spec){.backend = "state-memory"});
    struct streamd_table *t = harness_open_table(h, &decl);
    struct freezer *freezer = freezer_new();
    double first = 0, worst = 0, sum = 0, spent[2], thaw;
    struct times steps = {.items = NULL}, batches = {.items = NULL};
    struct frozen *frozen = NULL;
    struct streamd_error e;
    char path[256];
    uint64_t bytes;

    snprintf(path, sizeof(path), "%s/freeze-bench-%d.snap", folder, (int)getpid());
    fill(t, text, rows, windows);
    for (int i = 0; i < TIMES; i++) {
        double start = now_ms(), took;

        must(state_freeze(freezer, t, NULL, &frozen, &e), &e);
        took = now_ms() - start;
        if (i == 0)
            first = took;
        worst = i && took > worst ? took : worst;
        sum += i ? took : 0;
        complete(frozen, t, text, rows, windows, &steps, &batches);
        if (i == 0)
            steps.count = batches.count = 0;
        if (i < TIMES - 1)
            state_frozen_free(frozen);
    }
    bytes = write_file(frozen, path, spent);
    state_frozen_free(frozen);
    harness_bare_free(h);
    h = harness_bare_new(&(struct harness_spec){.backend = "state-memory"});
    t = harness_open_table(h, &decl);
    thaw = read_file(t, path);
    unlink(path);
    printf("%-6s %s %8llu rows: freeze first %5.1f, then %5.1f, worst %5.1f ms; encode %5.1f, with "
           "disk %6.1f ms (%4.0f MB/s, %5.1f MB); thaw %5.1f ms\n",
           text ? "string" : "int64", windows ? "windows" : "       ", (unsigned long long)rows,
           first, sum / (TIMES - 1), worst, spent[0], spent[1], (double)bytes / 1e3 / spent[1],
           (double)bytes / 1e6, thaw);
    times_print(&steps, "2048 rows of a sweep");
    times_print(&batches, "batch of 1000 keys");
    freezer_free(freezer);
    harness_bare_free(h);
}

int main(int argc, char **argv)
{
    uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    const char *folder = argc > 2 ? argv[2] : "/tmp";

    measure(0, rows, 0, folder);
    measure(1, rows, 0, folder);
    measure(0, rows, 1, folder);
    return 0;
}
