/*
 * The order index: a 4-ary heap whose entries know the stamp that their row had. A row that is
 * erased or put elsewhere gets a new stamp, which makes its old entry stale; stale entries are
 * dropped when they come up, and all at once when they are the larger part. So a row does not need
 * to know where in the heap it is, and moving an entry touches the heap alone.
 */
#include "table.h"

#include <string.h>

static inline int is_stale(const struct table *t, const struct index_entry *e)
{
    const struct row_index *i = index_of(t, e->row);

    return i->stamp != e->stamp || !i->indexed;
}

static void sift_down(struct order_index *x, size_t at)
{
    struct index_entry moving = x->entries[at];

    for (;;) {
        size_t child = at * 4 + 1, least = child;
        size_t end = child + 4 < x->count ? child + 4 : x->count;

        if (child >= x->count)
            break;
        for (size_t i = child + 1; i < end; i++)
            if (x->entries[i].value < x->entries[least].value)
                least = i;
        if (x->entries[least].value >= moving.value)
            break;
        x->entries[at] = x->entries[least];
        at = least;
    }
    x->entries[at] = moving;
}

static void sift_up(struct order_index *x, size_t at)
{
    struct index_entry moving = x->entries[at];

    while (at > 0) {
        size_t parent = (at - 1) / 4;

        if (x->entries[parent].value <= moving.value)
            break;
        x->entries[at] = x->entries[parent];
        at = parent;
    }
    x->entries[at] = moving;
}

static void pop(struct order_index *x)
{
    x->entries[0] = x->entries[--x->count];
    if (x->count)
        sift_down(x, 0);
}

void index_purge(struct table *t)
{
    struct order_index *x = &t->index;
    size_t kept = 0;

    for (size_t i = 0; i < x->count; i++)
        if (!is_stale(t, &x->entries[i]))
            x->entries[kept++] = x->entries[i];
    x->count = kept;
    for (size_t i = kept / 4 + 1; i-- > 0;)
        if (i < kept)
            sift_down(x, i);
}

void index_forget(struct table *t, uint8_t *row)
{
    struct row_index *i = index_of(t, row);

    if (!i->indexed)
        return;
    i->indexed = 0;
    i->stamp++;
    t->index.live--;
}

static int64_t order_value(const struct table *t, const uint8_t *row)
{
    int64_t value;

    memcpy(&value, row + t->order_offset, sizeof(value));
    return value;
}

static int index_room(struct table *t, uint32_t more)
{
    struct order_index *x = &t->index;
    struct index_entry *entries;
    size_t capacity = x->capacity ? x->capacity : 64;

    if (x->count + more > 64 && x->count > x->live * 2)
        index_purge(t);
    if (x->count + more <= x->capacity)
        return 0;
    while (capacity < x->count + more)
        capacity *= 2;
    entries = streamd_realloc(t->context, x->entries, capacity * sizeof(*entries));
    if (!entries)
        return STREAMD_E_NOMEM;
    x->entries = entries;
    x->capacity = capacity;
    return 0;
}

int table_reorder(struct streamd_table *table, void *const *rows, uint32_t n)
{
    struct table *t = table_of(table);
    struct order_index *x = &t->index;
    int rc = index_room(t, n);

    if (rc)
        return rc;
    for (uint32_t k = 0; k < n; k++) {
        struct row_index *i = index_of(t, rows[k]);
        struct index_entry *e = &x->entries[x->count];

        if (i->indexed)
            i->stamp++;
        else
            x->live++;
        i->indexed = 1;
        e->value = order_value(t, rows[k]);
        e->row = rows[k];
        e->stamp = i->stamp;
        sift_up(x, x->count++);
    }
    return 0;
}

static void drop_stale(struct table *t)
{
    while (t->index.count && is_stale(t, &t->index.entries[0]))
        pop(&t->index);
}

uint32_t table_due(struct streamd_table *table, int64_t until, void **rows, uint32_t max)
{
    struct table *t = table_of(table);
    uint32_t n = 0;

    while (n < max) {
        drop_stale(t);
        if (!t->index.count || t->index.entries[0].value > until)
            break;
        rows[n] = t->index.entries[0].row;
        index_forget(t, rows[n++]);
        pop(&t->index);
    }
    for (uint32_t k = 0; k < n && t->shadow_spaces; k++)
        shadow_take_rows(t, space_of(t, rows[k]), &rows[k], 1);
    return n;
}

int table_first(struct streamd_table *table, int64_t *value)
{
    struct table *t = table_of(table);

    drop_stale(t);
    if (!t->index.count)
        return 0;
    *value = t->index.entries[0].value;
    return 1;
}
