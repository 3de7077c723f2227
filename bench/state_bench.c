/*
 * What a state table costs, in nanoseconds a row: looking up a batch of keys and adding one to a
 * count, for tables from a thousand keys to ten million.
 *
 *     STREAMD_PLUGIN_PATH=plugins-live bench/state_bench [BACKEND [LEAST_KEYS MOST_KEYS]]
 *
 * insert: every key is new. update: every key is there; keys come in random order. scan: all rows
 * in memory order. The hash of the keys is computed outside of the measured time.
 */
#include "harness.h"

#include "columnar/keyhash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 2048 };

/* A batch of keys, as an operator would hold it. */
struct keys {
    uint64_t hash[ROWS];
    int64_t numbers[ROWS];
    int32_t offsets[ROWS + 1];
    uint8_t text[ROWS * 24];
    struct streamd_column column;
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Scatters numbers; the finalizer of MurmurHash3. */
static uint64_t scatter(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xFF51AFD7ED558CCD);
    x ^= x >> 33;
    x *= UINT64_C(0xC4CEB9FE1A85EC53);
    return x ^ x >> 33;
}

static void fill(struct keys *k, int text, uint64_t from, uint64_t count, int random)
{
    struct streamd_type type = {.id = text ? STREAMD_STRING : STREAMD_INT64};
    const struct streamd_column *column = &k->column;
    struct streamd_batch batch = {.rows = ROWS, .count = ROWS, .capacity = ROWS};

    memset(&k->column, 0, sizeof(k->column));
    k->offsets[0] = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        uint64_t key = (random ? scatter(from + i) : from + i) % count;

        k->numbers[i] = (int64_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20);
        if (text)
            k->offsets[i + 1] = k->offsets[i] + sprintf((char *)k->text + k->offsets[i],
                                                        "user-%llu", (unsigned long long)key);
    }
    k->column.values = text ? NULL : k->numbers;
    k->column.offsets = text ? k->offsets : NULL;
    k->column.data = text ? k->text : NULL;
    keyhash_batch(&batch, &column, &type, 1, k->hash);
}

static double run(struct streamd_table *t, struct keys *keys, int text, uint64_t rows,
                  uint64_t count, int random)
{
    const struct streamd_column *column = &keys->column;
    uint32_t offset = t->layout->offsets[1];
    double spent = 0;
    static void *found[ROWS];

    for (uint64_t from = 0; from < rows; from += ROWS) {
        struct streamd_keys k = {.n = ROWS, .columns = &column, .hash = keys->hash};
        double start;

        if (rows - from < ROWS)
            k.n = (uint32_t)(rows - from);
        fill(keys, text, from, count, random);
        start = now_ns();
        if (streamd_table_lookup(t, 0, &k, STREAMD_LOOKUP_CREATE, found, NULL))
            abort();
        for (uint32_t i = 0; i < k.n; i++)
            ++*(int64_t *)(void *)((uint8_t *)found[i] + offset);
        spent += now_ns() - start;
    }
    return spent / (double)rows;
}

static double scan(struct streamd_table *t, uint64_t *rows)
{
    struct streamd_cursor cursor = {0};
    double start = now_ns();
    static void *found[ROWS];
    uint32_t n;

    *rows = 0;
    while ((n = streamd_table_scan(t, 0, &cursor, found, ROWS)) > 0)
        for (uint32_t i = 0; i < n; i++)
            *rows += *(uint8_t *)found[i] == 0;
    return (now_ns() - start) / (double)(*rows ? *rows : 1);
}

static void measure(const char *backend, int text, uint64_t count)
{
    static const struct streamd_field column = {.name = "n", .type = {.id = STREAMD_INT64}};
    struct streamd_field key = {.name = "k", .type = {.id = text ? STREAMD_STRING : STREAMD_INT64}};
    struct streamd_table_decl decl = {.name = "bench",
                                      .flags = STREAMD_TABLE_NAMESPACED,
                                      .key_count = 1,
                                      .keys = &key,
                                      .column_count = 1,
                                      .columns = &column};
    struct harness *h = harness_bare_new(&(struct harness_spec){.backend = backend});
    struct streamd_table *t = h ? harness_open_table(h, &decl) : NULL;
    struct keys *keys = malloc(sizeof(*keys));
    uint64_t updates = count * 4 < 8000000 ? 8000000 : count * 2, rows;
    double insert, again, update, walk;

    if (!t || !keys)
        abort();
    insert = run(t, keys, text, count, count, 0);
    update = run(t, keys, text, updates, count, 1);
    walk = scan(t, &rows);
    printf("%-6s %9llu keys   insert %6.1f   update %6.1f   scan %5.1f   %6.1f bytes a key",
           text ? "string" : "int64", (unsigned long long)count, insert, update, walk,
           (double)harness_bytes(h) / (double)count);
    streamd_table_drop(t, 0);
    again = run(t, keys, text, count, count, 0);
    printf("   insert again %6.1f%s\n", again, rows == count ? "" : "   WRONG");
    free(keys);
    harness_bare_free(h);
}

int main(int argc, char **argv)
{
    const char *backend = argc > 1 ? argv[1] : "state-memory";
    uint64_t least = argc > 3 ? strtoull(argv[2], NULL, 10) : 1000;
    uint64_t most = argc > 3 ? strtoull(argv[3], NULL, 10) : 10000000;

    for (int text = 0; text < 2; text++)
        for (uint64_t count = least; count <= most; count *= 10)
            measure(backend, text, count);
    return 0;
}
