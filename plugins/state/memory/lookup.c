/*
 * Looking up a batch of keys, in chunks, so that memory is on its way while something else is done:
 *
 *     chunk c + 1   ask for the slots
 *     chunk c       find the first slot with the right tag, ask for its row
 *     chunk c - 1   compare the keys, one loop per key column; insert what is missing
 *
 * A small table lies in the cache, and is asked directly. A key that was missing when its chunk was
 * searched may have come in meanwhile, with the chunk before: insertion goes on from the slot where
 * the search ended, and so meets it.
 *
 * Budget on the reference machine: 6 ns a row at 10 k keys, 25 ns at 1 M (bench/state_bench.c).
 */
#include "table.h"

#include <string.h>

enum { CHUNK = 32, SMALL_BYTES = 256 * 1024, LINE = 64 };

/* A lookup under way. */
struct search {
    struct table *t;
    struct space *s;
    const struct streamd_keys *keys;
    void **rows;
    int create;
    int made;                 /* a row was made */
    uint32_t mask;            /* of the slots when `ends` was written */
    uint32_t ends[2 * CHUNK]; /* by k % (2 * CHUNK): the slot where the search ended */
};

/* Physical row, and tag, of the k-th key. */
static inline uint32_t at_of(const struct streamd_keys *keys, uint32_t k)
{
    return keys->sel ? keys->sel[k] : k;
}

static inline uint32_t hash_of(const struct streamd_keys *keys, uint32_t k)
{
    return keys->hash ? (uint32_t)keys->hash[at_of(keys, k)] : 0;
}

/* The row that the first slot with the k-th key's tag points to, or NULL. */
static inline uint8_t *candidate(struct search *f, uint32_t k)
{
    const struct space *s = f->s;
    uint32_t hash = hash_of(f->keys, k), at = hash & s->mask;
    uint64_t slot = s->slots[at];

    while (slot && (uint32_t)(slot >> 32) != hash) {
        at = (at + 1) & s->mask;
        slot = s->slots[at];
    }
    f->ends[k % (2 * CHUNK)] = at;
    return slot ? row_at(f->t, s, (uint32_t)slot - 1) : NULL;
}

/* From slot `at` on: the row of the k-th key; or NULL, and the free slot where it would be. */
static uint8_t *walk(const struct search *f, uint32_t k, uint32_t at, uint32_t *free)
{
    const struct space *s = f->s;
    uint32_t hash = hash_of(f->keys, k);

    for (; s->slots[at]; at = (at + 1) & s->mask) {
        uint8_t *row;

        if ((uint32_t)(s->slots[at] >> 32) != hash)
            continue;
        row = row_at(f->t, s, (uint32_t)s->slots[at] - 1);
        if (key_equals(f->t, row, f->keys->columns, at_of(f->keys, k)))
            return row;
    }
    *free = at;
    return NULL;
}

/* ---- finding -------------------------------------------------------------------------------- */

/* Finds the candidates of a chunk while it asks for the slots of the next. */
static void find_chunk(struct search *f, uint32_t from, uint32_t to)
{
    const struct space *s = f->s;
    uint32_t last = f->keys->n - 1;
    int wide = f->t->stride > LINE;

    for (uint32_t k = from; k < to; k++) {
        uint32_t ahead = k + CHUNK < last ? k + CHUNK : last;
        uint8_t *row;

        __builtin_prefetch(&s->slots[hash_of(f->keys, ahead) & s->mask], 1);
        row = candidate(f, k);
        f->rows[k] = row;
        __builtin_prefetch(row, 1);
        if (wide && row)
            __builtin_prefetch(row + LINE, 1);
    }
}

static void find_chunk_near(struct search *f, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++)
        f->rows[k] = candidate(f, k);
}

/* Two keys with 32 equal bits of hash are rare: then the whole way is walked. */
static void settle(const struct search *f, uint32_t k)
{
    uint32_t free;

    f->rows[k] = walk(f, k, hash_of(f->keys, k) & f->s->mask, &free);
}

/* Compares a chunk's keys with those of the candidates; returns how many have no row. */
static uint32_t compare_chunk(const struct search *f, uint32_t from, uint32_t to)
{
    const struct streamd_keys *keys = f->keys;
    uint32_t n = to - from, missing = 0;
    uint8_t ok[CHUNK];
    uint16_t at[CHUNK];

    for (uint32_t k = 0; k < n; k++) {
        at[k] = (uint16_t)at_of(keys, from + k);
        ok[k] = f->rows[from + k] != NULL;
    }
    for (uint32_t i = 0; i < f->t->head.layout->key_count; i++)
        key_compare(f->t, i, f->rows + from, keys->columns[i], at, n, ok);
    for (uint32_t k = 0; k < n; k++) {
        if (ok[k])
            continue;
        if (f->rows[from + k])
            settle(f, from + k);
        missing += f->rows[from + k] == NULL;
    }
    return missing;
}

/* The same for one key column of eight bytes without NULLs. */
static uint32_t compare_chunk_long(const struct search *f, uint32_t from, uint32_t to)
{
    const uint64_t *values = f->keys->columns[0]->values;
    uint32_t offset = f->t->keys[0].offset, missing = 0;

    for (uint32_t k = from; k < to; k++) {
        const uint8_t *row = f->rows[k];
        uint64_t key;

        if (row) {
            memcpy(&key, row + offset, sizeof(key));
            if (__builtin_expect(key == values[at_of(f->keys, k)] && !(*row & 1), 1))
                continue;
            settle(f, k);
        }
        missing += f->rows[k] == NULL;
    }
    return missing;
}

/* ---- making --------------------------------------------------------------------------------- */

/* Rows that were made by this call carry a mark in their pointer until all is well. */
static inline void *marked(uint8_t *row)
{
    return row + 1;
}

static inline int is_marked(const void *row)
{
    return (int)((uintptr_t)row & 1);
}

static void undo(const struct search *f, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        uint8_t *row = f->rows[k];

        if (!is_marked(row))
            continue;
        row--;
        slot_remove(f->s, head_of(row)->hash, head_of(row)->number);
        space_free_row(f->t, f->s, row);
    }
}

static uint8_t *make_row(const struct search *f, uint32_t k, uint32_t slot)
{
    struct space *s = f->s;
    uint32_t hash = hash_of(f->keys, k);
    uint8_t *row = space_new_row(f->t, s, hash);

    if (!row)
        return NULL;
    if (key_store(f->t, s, row, f->keys->columns, at_of(f->keys, k))) {
        space_free_row(f->t, s, row);
        return NULL;
    }
    s->slots[slot] = (uint64_t)hash << 32 | (head_of(row)->number + 1);
    s->used++;
    return row;
}

/* The row of a key that was missing; marked where it is made now. NULL: no memory. */
static void *insert_key(const struct search *f, uint32_t k)
{
    struct space *s = f->s;
    uint32_t home = hash_of(f->keys, k) & s->mask, slot = 0;
    uint32_t from = f->mask == s->mask ? f->ends[k % (2 * CHUNK)] : home;
    uint8_t *row = walk(f, k, from, &slot);

    if (row)
        return row;
    if (s->used == s->limit) {
        if (space_reserve(f->t, s, 1))
            return NULL;
        walk(f, k, hash_of(f->keys, k) & s->mask, &slot);
    }
    row = make_row(f, k, slot);
    return row ? marked(row) : NULL;
}

static int insert_chunk(struct search *f, uint32_t from, uint32_t to)
{
    for (uint32_t k = from; k < to; k++) {
        if (f->rows[k])
            continue;
        f->rows[k] = insert_key(f, k);
        if (!f->rows[k]) {
            undo(f, k);
            return STREAMD_E_NOMEM;
        }
    }
    f->made = 1;
    return 0;
}

/* Takes the marks off and tells which rows had one. */
static void finish(const struct search *f, uint8_t *created)
{
    uint32_t n = f->keys->n;

    if (!f->made) {
        if (created)
            memset(created, 0, n);
        return;
    }
    for (uint32_t k = 0; k < n; k++) {
        int made = is_marked(f->rows[k]);

        if (created)
            created[k] = (uint8_t)made;
        f->rows[k] = (uint8_t *)f->rows[k] - made;
    }
}

/* ---- the call ------------------------------------------------------------------------------- */

/* Fills rows[]. 0, or negative: nothing was made. */
static int search(struct search *f)
{
    const struct table *t = f->t;
    uint32_t n = f->keys->n;
    int near = f->s->bytes < SMALL_BYTES;
    int is_long = t->head.layout->key_count == 1 && t->keys[0].kind == KEY_LONG &&
                  !f->keys->columns[0]->validity;

    f->mask = f->s->mask;
    for (uint32_t k = 0; !near && k < n && k < CHUNK; k++)
        __builtin_prefetch(&f->s->slots[hash_of(f->keys, k) & f->s->mask], 1);
    for (uint32_t from = 0; from < n + CHUNK; from += CHUNK) {
        uint32_t to = from + CHUNK < n ? from + CHUNK : n, missing;

        if (from < n && near)
            find_chunk_near(f, from, to);
        else if (from < n)
            find_chunk(f, from, to);
        if (from == 0)
            continue;
        to = from < n ? from : n;
        missing =
            is_long ? compare_chunk_long(f, from - CHUNK, to) : compare_chunk(f, from - CHUNK, to);
        if (missing && f->create && insert_chunk(f, from - CHUNK, to))
            return STREAMD_E_NOMEM;
    }
    return 0;
}

/* One row per namespace: there is nothing to look for. */
static int lookup_single(struct table *t, struct space *s, int mode, uint32_t n, void **rows,
                         uint8_t *created)
{
    uint8_t *row = s->rows ? row_at(t, s, 0) : NULL;
    int made = !row && mode == STREAMD_LOOKUP_CREATE;

    if (made) {
        row = space_new_row(t, s, 0);
        if (!row)
            return STREAMD_E_NOMEM;
    }
    for (uint32_t k = 0; k < n; k++) {
        rows[k] = row;
        if (created)
            created[k] = (uint8_t)(made && k == 0);
    }
    if (s->shadow_end && mode != STREAMD_LOOKUP_READ)
        shadow_take_rows(t, s, rows, n ? 1 : 0);
    return 0;
}

static void nothing(uint32_t n, void **rows, uint8_t *created)
{
    for (uint32_t k = 0; k < n; k++) {
        rows[k] = NULL;
        if (created)
            created[k] = 0;
    }
}

int table_lookup(struct streamd_table *table, int64_t ns, const struct streamd_keys *keys, int mode,
                 void **rows, uint8_t *created)
{
    struct table *t = table_of(table);
    struct space *s = mode == STREAMD_LOOKUP_CREATE ? space_make(t, ns) : space_find(t, ns);
    struct search f = {
        .t = t, .s = s, .keys = keys, .rows = rows, .create = mode == STREAMD_LOOKUP_CREATE};

    if (!s) {
        if (mode == STREAMD_LOOKUP_CREATE)
            return STREAMD_E_NOMEM;
        nothing(keys->n, rows, created);
        return 0;
    }
    if (mode != STREAMD_LOOKUP_READ)
        s->seal = 0;
    if (is_single(t))
        return lookup_single(t, s, mode, keys->n, rows, created);
    if (search(&f))
        return STREAMD_E_NOMEM;
    finish(&f, created);
    if (s->shadow_end && mode != STREAMD_LOOKUP_READ)
        shadow_take_rows(t, s, rows, keys->n);
    return 0;
}
