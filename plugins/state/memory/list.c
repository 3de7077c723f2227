/*
 * LIST tables: the rows of a key are chained in the order of appending. The slot points to the
 * first, whose `previous` is the last, so that appending and erasing take one step.
 */
#include "table.h"

static uint8_t *row_of_link(const struct table *t, const struct space *s, uint32_t link)
{
    return row_at(t, s, link - 1);
}

static void chain(struct table *t, struct space *s, uint8_t *first, uint8_t *row)
{
    uint32_t link = head_of(row)->number + 1;
    uint8_t *last = row_of_link(t, s, links_of(first)->previous);

    links_of(last)->next = link;
    links_of(row)->previous = head_of(last)->number + 1;
    links_of(first)->previous = link;
}

/* The first row of the key of physical row `at`, or NULL and the free slot where it would be. */
static uint8_t *first_row(struct table *t, struct space *s, const struct streamd_keys *keys,
                          uint32_t at, uint32_t hash, uint32_t *slot)
{
    for (uint32_t i = hash & s->mask;; i = (i + 1) & s->mask) {
        uint64_t entry = s->slots[i];
        uint8_t *row;

        *slot = i;
        if (!entry)
            return NULL;
        if ((uint32_t)(entry >> 32) != hash)
            continue;
        row = row_at(t, s, (uint32_t)entry - 1);
        if (key_equals(t, row, keys->columns, at))
            return row;
    }
}

static uint8_t *append_one(struct table *t, struct space *s, const struct streamd_keys *keys,
                           uint32_t at)
{
    uint32_t hash = keys->hash ? (uint32_t)keys->hash[at] : 0, slot;
    uint8_t *first, *row;

    first = first_row(t, s, keys, at, hash, &slot);
    row = space_new_row(t, s, hash);
    if (!row)
        return NULL;
    if (key_store(t, s, row, keys->columns, at)) {
        space_free_row(t, s, row);
        return NULL;
    }
    if (first) {
        chain(t, s, first, row);
        return row;
    }
    links_of(row)->previous = head_of(row)->number + 1;
    s->slots[slot] = (uint64_t)hash << 32 | (head_of(row)->number + 1);
    s->used++;
    return row;
}

int table_append(struct streamd_table *table, int64_t ns, const struct streamd_keys *keys,
                 void **rows)
{
    struct table *t = table_of(table);
    struct space *s = space_make(t, ns);

    int rc = s ? space_reserve(t, s, keys->n) : STREAMD_E_NOMEM;

    if (rc)
        return rc;
    s->seal = 0;
    for (uint32_t k = 0; k < keys->n; k++) {
        rows[k] = append_one(t, s, keys, keys->sel ? keys->sel[k] : k);
        if (rows[k])
            continue;
        while (k-- > 0) {
            list_unlink(t, s, rows[k]);
            space_free_row(t, s, rows[k]);
        }
        return STREAMD_E_NOMEM;
    }
    return 0;
}

void *table_next(struct streamd_table *table, int64_t ns, void *row)
{
    struct table *t = table_of(table);
    uint32_t next = links_of(row)->next;

    return next ? row_of_link(t, space_find(t, ns), next) : NULL;
}

/* The first row of the list that ends with the row of this number. */
static uint8_t *first_of(const struct table *t, const struct space *s, uint32_t hash, uint32_t last)
{
    for (uint32_t i = hash & s->mask;; i = (i + 1) & s->mask) {
        uint8_t *row = row_of_link(t, s, (uint32_t)s->slots[i]);

        if ((uint32_t)(s->slots[i] >> 32) == hash && links_of(row)->previous == last + 1)
            return row;
    }
}

void list_unlink(struct table *t, struct space *s, uint8_t *row)
{
    struct row_head *head = head_of(row);
    struct row_links *links = links_of(row);
    uint8_t *previous = row_of_link(t, s, links->previous);
    uint8_t *next = links->next ? row_of_link(t, s, links->next) : NULL;

    if (links_of(previous)->next != 0) { /* not the first: nobody else's next is 0 */
        if (!next)
            next = first_of(t, s, head->hash, head->number);
        links_of(previous)->next = links->next;
        links_of(next)->previous = links->previous;
    } else if (next) {
        links_of(next)->previous = links->previous;
        slot_point(s, head->hash, head->number, head_of(next)->number);
    } else {
        slot_remove(s, head->hash, head->number);
    }
}
