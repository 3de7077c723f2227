/*
 * W3, hand-fused: an in-process generator feeds a tumbling count per integer key; results go
 * nowhere.
 *
 *   w3 count|generate ROWS KEYS WINDOWS
 *
 * Row i has key (i * 2654435761) mod KEYS and lies in window i / (ROWS / WINDOWS). The multiplier
 * is coprime to KEYS (a power of ten), so each KEYS consecutive rows hold every key once, in an
 * order that no cache predicts. `generate` does all of it but the counting: its time is what is
 * subtracted. Prints rows, results and a checksum, which the bench compares.
 *
 * The table is what an engine that does not know its keys needs at least: open addressing over
 * (key, count), hashed a block of rows ahead with a prefetch, scanned and cleared when the window
 * ends.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_ROWS = 256 };
static const uint64_t STRIDE = UINT64_C(2654435761);

struct entry {
    uint64_t key;
    uint64_t count; /* 0: the slot is empty */
};

struct table {
    struct entry *entries;
    uint64_t mask;
    uint64_t used;
};

struct result {
    uint64_t rows;
    uint64_t checksum;
};

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    return x ^ (x >> 32);
}

static void table_init(struct table *t, uint64_t slots)
{
    t->entries = aligned_alloc(64, slots * sizeof(*t->entries));
    if (t->entries == NULL) {
        fprintf(stderr, "w3: out of memory\n");
        exit(1);
    }
    memset(t->entries, 0, slots * sizeof(*t->entries));
    t->mask = slots - 1;
    t->used = 0;
}

static struct entry *table_find(const struct table *t, uint64_t key, uint64_t slot)
{
    struct entry *e = &t->entries[slot];
    while (e->count != 0 && e->key != key) {
        slot = (slot + 1) & t->mask;
        e = &t->entries[slot];
    }
    return e;
}

static void table_grow(struct table *t)
{
    struct table bigger;
    table_init(&bigger, (t->mask + 1) * 2);
    for (uint64_t i = 0; i <= t->mask; i++)
        if (t->entries[i].count != 0) {
            uint64_t key = t->entries[i].key;
            *table_find(&bigger, key, mix(key) & bigger.mask) = t->entries[i];
        }
    bigger.used = t->used;
    free(t->entries);
    *t = bigger;
}

static void count_block(struct table *t, const uint64_t *keys, unsigned rows)
{
    uint64_t slots[BLOCK_ROWS];
    while ((t->used + rows) * 2 > t->mask + 1)
        table_grow(t);
    for (unsigned i = 0; i < rows; i++) {
        slots[i] = mix(keys[i]) & t->mask;
        __builtin_prefetch(&t->entries[slots[i]], 1);
    }
    for (unsigned i = 0; i < rows; i++) {
        struct entry *e = table_find(t, keys[i], slots[i]);
        t->used += e->count == 0;
        e->key = keys[i];
        e->count++;
    }
}

static void fire(struct table *t, uint64_t window, struct result *r)
{
    for (uint64_t i = 0; i <= t->mask; i++) {
        struct entry *e = &t->entries[i];
        if (e->count == 0)
            continue;
        r->rows++;
        r->checksum += mix(e->key * 31 + window) * e->count;
        e->count = 0;
    }
    t->used = 0;
}

static uint64_t argument(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end != '\0' || value == 0) {
        fprintf(stderr, "w3: not a positive number: %s\n", text);
        exit(64);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct table t;
    struct result r = {0, 0};
    uint64_t keys[BLOCK_ROWS];

    if (argc != 5 || (strcmp(argv[1], "count") != 0 && strcmp(argv[1], "generate") != 0)) {
        fprintf(stderr, "usage: w3 count|generate ROWS KEYS WINDOWS\n");
        return 64;
    }
    int counting = argv[1][0] == 'c';
    uint64_t rows = argument(argv[2]);
    uint64_t key_count = argument(argv[3]);
    uint64_t windows = argument(argv[4]);
    uint64_t per_window = rows / windows;
    table_init(&t, 1024);
    for (uint64_t w = 0; w < windows; w++) {
        uint64_t first = w * per_window;
        for (uint64_t done = 0; done < per_window; done += BLOCK_ROWS) {
            unsigned n =
                per_window - done < BLOCK_ROWS ? (unsigned)(per_window - done) : BLOCK_ROWS;
            for (unsigned i = 0; i < n; i++)
                keys[i] = (first + done + i) * STRIDE % key_count;
            if (counting)
                count_block(&t, keys, n);
            else
                __asm__ volatile("" : : "r"(keys) : "memory");
        }
        if (counting)
            fire(&t, w, &r);
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", per_window * windows, r.rows, r.checksum);
    free(t.entries);
    return 0;
}
