/*
 * A counting sort: a hash table gives each row its group, the groups' sizes give each its place in
 * one array of row numbers. Neighbours with the same text, the usual case, skip the table.
 */
#include "groups.h"

#include <string.h>

static uint64_t hash_of(struct streamd_str s)
{
    uint64_t h = s.length;

    for (; s.length >= 8; s.data += 8, s.length -= 8) {
        uint64_t word;

        memcpy(&word, s.data, 8);
        h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 29;
    }
    for (size_t i = 0; i < s.length; i++)
        h = (h ^ (unsigned char)s.data[i]) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 32);
}

static int equals(struct streamd_str a, struct streamd_str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static int make_room(struct streamd_context *c, struct groups *g, uint32_t rows)
{
    uint32_t slots = 64;

    if (rows <= g->capacity)
        return 0;
    groups_clear(c, g);
    while (slots < 2 * rows)
        slots *= 2;
    g->items = streamd_alloc(c, rows * sizeof(*g->items));
    g->of_row = streamd_alloc(c, rows * sizeof(*g->of_row));
    g->hashes = streamd_alloc(c, rows * sizeof(*g->hashes));
    g->rows = streamd_alloc(c, rows * sizeof(*g->rows));
    g->slots = streamd_alloc(c, slots * sizeof(*g->slots));
    if (!g->items || !g->of_row || !g->hashes || !g->rows || !g->slots) {
        groups_clear(c, g);
        return sink_no_memory(c);
    }
    g->capacity = rows;
    g->slot_count = slots;
    return 0;
}

static uint32_t group_of(struct groups *g, struct streamd_str value)
{
    uint64_t hash = hash_of(value);
    uint32_t mask = g->slot_count - 1, slot = (uint32_t)hash & mask;

    while (g->slots[slot]) {
        uint32_t group = g->slots[slot] - 1;

        if (g->hashes[group] == hash && equals(g->items[group].value, value))
            return group;
        slot = (slot + 1) & mask;
    }
    g->items[g->count] = (struct group){.value = value};
    g->hashes[g->count] = hash;
    g->slots[slot] = ++g->count;
    return g->count - 1;
}

static struct streamd_str value_at(const struct streamd_column *column, uint32_t row)
{
    if (streamd_column_is_null(column, row))
        return (struct streamd_str){"", 0};
    return streamd_column_str(column, row);
}

/* Gives each group its piece of g->rows and fills it. */
static void place_rows(struct groups *g, const struct streamd_batch *batch)
{
    uint16_t *next = g->rows;

    for (uint32_t i = 0; i < g->count; i++) {
        g->items[i].rows = next;
        next += g->items[i].count;
        g->items[i].count = 0;
    }
    for (uint32_t k = 0; k < batch->count; k++) {
        struct group *group = &g->items[g->of_row[k]];

        g->rows[(group->rows - g->rows) + group->count++] = (uint16_t)streamd_batch_row(batch, k);
    }
}

int groups_make(struct streamd_context *c, struct groups *g, const struct streamd_batch *batch,
                const struct streamd_column *column)
{
    uint32_t last = 0;

    if (make_room(c, g, batch->count))
        return STREAMD_E_NOMEM;
    g->count = 0;
    memset(g->slots, 0, g->slot_count * sizeof(*g->slots));
    for (uint32_t k = 0; k < batch->count; k++) {
        struct streamd_str value = value_at(column, streamd_batch_row(batch, k));

        if (g->count == 0 || !equals(g->items[last].value, value))
            last = group_of(g, value);
        g->of_row[k] = last;
        g->items[last].count++;
    }
    place_rows(g, batch);
    return 0;
}

void groups_clear(struct streamd_context *c, struct groups *g)
{
    streamd_free(c, g->items);
    streamd_free(c, g->of_row);
    streamd_free(c, g->slots);
    streamd_free(c, g->hashes);
    streamd_free(c, g->rows);
    *g = (struct groups){0};
}
