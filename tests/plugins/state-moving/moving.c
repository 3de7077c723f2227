/*
 * The state backend `moving`: a list of rows that is searched from end to end, so that it is right
 * by inspection, and moves its rows as often as it may (README).
 *
 * A row is one block: struct item, then what the operator sees. Items stand in an array in the
 * order of their creation. To keep tests of some thousand rows quick, a search compares the hash
 * of the key first.
 */
#include <streamd/backend.h>

#include <stdio.h>
#include <string.h>

struct item {
    int64_t ns;
    uint64_t hash;
    int64_t order; /* the order value, as the index knows it */
    int indexed;
    size_t position; /* in items */
    _Alignas(8) uint8_t row[];
};

struct moving {
    struct streamd_table head;
    struct streamd_context *c;
    struct item **items;
    size_t count, capacity;
    uint32_t order_offset;
};

enum { POISON = 0xDB };

static struct moving *moving_of(struct streamd_table *t)
{
    return (struct moving *)(void *)t;
}

static struct item *item_of(void *row)
{
    return (struct item *)(void *)((uint8_t *)row - offsetof(struct item, row));
}

static size_t item_size(const struct moving *m)
{
    return offsetof(struct item, row) + m->head.layout->row_size;
}

static void discard(struct moving *m, void *memory, size_t bytes)
{
    memset(memory, POISON, bytes);
    streamd_free(m->c, memory);
}

/* All new blocks are there before the first old one goes, so that none gets an old address. */
static int move_all(struct moving *m)
{
    struct item **moved = streamd_alloc(m->c, (m->capacity + 1) * sizeof(*moved));
    size_t n = 0;

    while (moved && n < m->count && (moved[n] = streamd_alloc(m->c, item_size(m))))
        n++;
    if (!moved || n < m->count) {
        while (n-- > 0)
            streamd_free(m->c, moved[n]);
        streamd_free(m->c, moved);
        return STREAMD_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(moved[i], m->items[i], item_size(m));
        discard(m, m->items[i], item_size(m));
    }
    streamd_free(m->c, m->items);
    m->items = moved;
    return 0;
}

/* ---- keys ---------------------------------------------------------------------------------- */

static double double_at(const void *at)
{
    double v;

    memcpy(&v, at, sizeof(v));
    return v;
}

static int value_equals(const struct moving *m, const uint8_t *row, uint32_t i,
                        const struct streamd_column *c, uint32_t at)
{
    const uint8_t *value = row + m->head.layout->offsets[i];
    uint8_t type = m->head.layout->fields[i].type.id;
    size_t width = streamd_type_width(type);
    struct streamd_str s;
    struct streamd_var v;

    if (streamd_row_is_null(row, i) || streamd_column_is_null(c, at))
        return streamd_row_is_null(row, i) && streamd_column_is_null(c, at);
    if (type == STREAMD_FLOAT64) {
        double a = double_at(value), b = ((const double *)c->values)[at];

        return a == b || (a != a && b != b);
    }
    if (width)
        return !memcmp(value, (const uint8_t *)c->values + width * at, width);
    s = streamd_column_str(c, at);
    memcpy(&v, value, sizeof(v));
    return v.length == s.length && (!s.length || !memcmp(v.data, s.data, s.length));
}

static struct item *find(const struct moving *m, int64_t ns, const struct streamd_keys *keys,
                         uint32_t at)
{
    uint64_t hash = keys->hash ? keys->hash[at] : 0;

    for (size_t i = 0; i < m->count; i++) {
        struct item *item = m->items[i];
        uint32_t k = 0;

        if (item->ns != ns || item->hash != hash)
            continue;
        while (k < m->head.layout->key_count && value_equals(m, item->row, k, keys->columns[k], at))
            k++;
        if (k == m->head.layout->key_count)
            return item;
    }
    return NULL;
}

static void free_values(struct moving *m, struct item *item)
{
    for (uint32_t i = 0; i < m->head.layout->value_count; i++) {
        struct streamd_var v;

        if (!streamd_type_is_variable(m->head.layout->fields[i].type.id))
            continue;
        memcpy(&v, item->row + m->head.layout->offsets[i], sizeof(v));
        if (v.data)
            discard(m, v.data, v.capacity);
    }
}

static int store_key(struct moving *m, struct item *item, uint32_t i,
                     const struct streamd_column *c, uint32_t at)
{
    uint8_t *value = item->row + m->head.layout->offsets[i];
    uint8_t type = m->head.layout->fields[i].type.id;
    size_t width = streamd_type_width(type);
    struct streamd_var v = {0};
    struct streamd_str s;

    if (streamd_column_is_null(c, at)) {
        streamd_row_set_null(item->row, i, 1);
        return 0;
    }
    if (width) {
        memcpy(value, (const uint8_t *)c->values + width * at, width);
        if (type == STREAMD_FLOAT64 && double_at(value) == 0)
            memset(value, 0, width);
        return 0;
    }
    s = streamd_column_str(c, at);
    v.length = v.capacity = (uint32_t)s.length;
    if (s.length) {
        v.data = streamd_alloc(m->c, s.length);
        if (!v.data)
            return STREAMD_E_NOMEM;
        memcpy(v.data, s.data, s.length);
    }
    memcpy(value, &v, sizeof(v));
    return 0;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static struct item *add(struct moving *m, int64_t ns, const struct streamd_keys *keys, uint32_t at)
{
    struct item *item;

    if (m->count == m->capacity) {
        size_t capacity = m->capacity ? m->capacity * 2 : 16;
        struct item **items = streamd_realloc(m->c, m->items, (capacity + 1) * sizeof(*items));

        if (!items)
            return NULL;
        m->items = items;
        m->capacity = capacity;
    }
    item = streamd_alloc(m->c, item_size(m));
    if (!item)
        return NULL;
    memset(item, 0, item_size(m));
    item->ns = ns;
    item->hash = keys->hash ? keys->hash[at] : 0;
    for (uint32_t i = 0; i < m->head.layout->key_count; i++) {
        if (store_key(m, item, i, keys->columns[i], at)) {
            free_values(m, item);
            streamd_free(m->c, item);
            return NULL;
        }
    }
    item->position = m->count;
    m->items[m->count++] = item;
    return item;
}

static void take_out(struct moving *m, size_t position)
{
    struct item *item = m->items[position];

    free_values(m, item);
    discard(m, item, item_size(m));
    memmove(m->items + position, m->items + position + 1,
            (m->count - position - 1) * sizeof(*m->items));
    m->count--;
    for (size_t i = position; i < m->count; i++)
        m->items[i]->position = i;
}

static int moving_lookup(struct streamd_table *t, int64_t ns, const struct streamd_keys *keys,
                         int mode, void **rows, uint8_t *created)
{
    struct moving *m = moving_of(t);
    size_t before = m->count;

    if (mode == STREAMD_LOOKUP_CREATE && move_all(m))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < keys->n; k++) {
        uint32_t at = keys->sel ? keys->sel[k] : k;
        struct item *item = find(m, ns, keys, at);

        if (created)
            created[k] = mode == STREAMD_LOOKUP_CREATE && !item;
        if (!item && mode == STREAMD_LOOKUP_CREATE) {
            item = add(m, ns, keys, at);
            if (!item) {
                while (m->count > before)
                    take_out(m, m->count - 1);
                return STREAMD_E_NOMEM;
            }
        }
        rows[k] = item ? item->row : NULL;
    }
    return 0;
}

static int moving_append(struct streamd_table *t, int64_t ns, const struct streamd_keys *keys,
                         void **rows)
{
    struct moving *m = moving_of(t);
    size_t before = m->count;

    if (move_all(m))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < keys->n; k++) {
        struct item *item = add(m, ns, keys, keys->sel ? keys->sel[k] : k);

        if (!item) {
            while (m->count > before)
                take_out(m, m->count - 1);
            return STREAMD_E_NOMEM;
        }
        rows[k] = item->row;
    }
    return 0;
}

/* Of one key: same hash and same key bytes as the row, compared as columns of one value. */
static int same_key(const struct moving *m, const struct item *a, const struct item *b)
{
    const struct streamd_row_layout *l = m->head.layout;

    if (a->ns != b->ns || a->hash != b->hash)
        return 0;
    for (uint32_t i = 0; i < l->key_count; i++) {
        const uint8_t *x = a->row + l->offsets[i], *y = b->row + l->offsets[i];
        size_t width = streamd_type_width(l->fields[i].type.id);
        struct streamd_var v, w;

        if (streamd_row_is_null(a->row, i) != streamd_row_is_null(b->row, i))
            return 0;
        if (width && memcmp(x, y, width))
            return 0;
        if (width)
            continue;
        memcpy(&v, x, sizeof(v));
        memcpy(&w, y, sizeof(w));
        if (v.length != w.length || (v.length && memcmp(v.data, w.data, v.length)))
            return 0;
    }
    return 1;
}

static void *moving_next(struct streamd_table *t, int64_t ns, void *row)
{
    struct moving *m = moving_of(t);
    struct item *item = item_of(row);

    (void)ns;
    for (size_t i = item->position + 1; i < m->count; i++)
        if (same_key(m, m->items[i], item))
            return m->items[i]->row;
    return NULL;
}

/* Rows of a scan may be erased while it goes on: so it goes from the end to the beginning. */
static uint32_t moving_scan(struct streamd_table *t, int64_t ns, struct streamd_cursor *cursor,
                            void **rows, uint32_t max)
{
    struct moving *m = moving_of(t);
    uint32_t n = 0;

    if (cursor->reserved == 0) {
        cursor->reserved = 1;
        cursor->position = m->count;
    }
    while (n < max && cursor->position > 0) {
        struct item *item = m->items[--cursor->position];

        if (item->ns == ns)
            rows[n++] = item->row;
    }
    return n;
}

static uint64_t moving_rows(struct streamd_table *t, int64_t ns)
{
    struct moving *m = moving_of(t);
    uint64_t n = 0;

    for (size_t i = 0; i < m->count; i++)
        n += m->items[i]->ns == ns;
    return n;
}

static uint32_t moving_namespaces(struct streamd_table *t, int64_t from, int64_t *out, uint32_t max)
{
    struct moving *m = moving_of(t);
    uint32_t n = 0;

    while (n < max) {
        int64_t least = INT64_MAX;
        int found = 0;

        for (size_t i = 0; i < m->count; i++) {
            if (m->items[i]->ns >= from && m->items[i]->ns <= least) {
                least = m->items[i]->ns;
                found = 1;
            }
        }
        if (!found)
            break;
        out[n++] = least;
        if (least == INT64_MAX)
            break;
        from = least + 1;
    }
    return n;
}

static void moving_drop(struct streamd_table *t, int64_t ns)
{
    struct moving *m = moving_of(t);

    for (size_t i = m->count; i-- > 0;)
        if (m->items[i]->ns == ns)
            take_out(m, i);
    (void)move_all(m); /* without memory the rows stay where they are */
}

/* Other row pointers stay valid here. */
static int moving_erase(struct streamd_table *t, int64_t ns, void *const *rows, uint32_t n)
{
    (void)ns;
    for (uint32_t k = 0; k < n; k++)
        take_out(moving_of(t), item_of(rows[k])->position);
    return 0;
}

static void *moving_reserve(struct streamd_table *t, void *row, uint32_t index, uint32_t capacity)
{
    struct moving *m = moving_of(t);
    struct streamd_var *v = streamd_row_value(t->layout, row, index);
    uint32_t wanted = capacity > v->capacity ? capacity : v->capacity;
    void *data = streamd_alloc(m->c, wanted ? wanted : 1);

    if (!data)
        return NULL;
    memset(data, POISON, wanted ? wanted : 1);
    if (v->data) {
        memcpy(data, v->data, v->length);
        discard(m, v->data, v->capacity);
    }
    v->data = data;
    v->capacity = wanted ? wanted : 1;
    return data;
}

/* ---- order --------------------------------------------------------------------------------- */

static struct item *least(const struct moving *m)
{
    struct item *found = NULL;

    for (size_t i = 0; i < m->count; i++)
        if (m->items[i]->indexed && (!found || m->items[i]->order < found->order))
            found = m->items[i];
    return found;
}

static uint32_t moving_due(struct streamd_table *t, int64_t until, void **rows, uint32_t max)
{
    uint32_t n = 0;

    while (n < max) {
        struct item *item = least(moving_of(t));

        if (!item || item->order > until)
            break;
        item->indexed = 0;
        rows[n++] = item->row;
    }
    return n;
}

static int moving_reorder(struct streamd_table *t, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        struct item *item = item_of(rows[k]);

        memcpy(&item->order, item->row + moving_of(t)->order_offset, sizeof(item->order));
        item->indexed = 1;
    }
    return 0;
}

static int moving_first(struct streamd_table *t, int64_t *value)
{
    struct item *item = least(moving_of(t));

    if (item)
        *value = item->order;
    return item != NULL;
}

/* ---- tables -------------------------------------------------------------------------------- */

static const struct streamd_table_ops ops = {
    .size = sizeof(ops),
    .lookup = moving_lookup,
    .append = moving_append,
    .next = moving_next,
    .scan = moving_scan,
    .rows = moving_rows,
    .namespaces = moving_namespaces,
    .drop = moving_drop,
    .erase = moving_erase,
    .reserve = moving_reserve,
    .due = moving_due,
    .reorder = moving_reorder,
    .first = moving_first,
};

static int moving_open(struct streamd_context *c, const struct streamd_table_decl *decl,
                       const struct streamd_row_layout *layout, struct streamd_table **table,
                       struct streamd_error *error)
{
    struct moving *m = streamd_alloc(c, sizeof(*m));

    if (!m) {
        error->code = STREAMD_E_NOMEM;
        snprintf(error->message, sizeof(error->message), "no memory for table '%s'", decl->name);
        return STREAMD_E_NOMEM;
    }
    memset(m, 0, sizeof(*m));
    m->head.ops = &ops;
    m->head.layout = layout;
    m->head.decl = decl;
    m->c = c;
    if (decl->flags &
        (STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS | STREAMD_TABLE_PROCESSING_TIMERS))
        m->order_offset = layout->offsets[layout->key_count + decl->order_by];
    *table = &m->head;
    return 0;
}

static void moving_close(struct streamd_context *c, struct streamd_table *table)
{
    struct moving *m = table ? moving_of(table) : NULL;

    if (!m)
        return;
    while (m->count)
        take_out(m, m->count - 1);
    streamd_free(c, m->items);
    streamd_free(c, m);
}

static const struct streamd_backend backend = {
    .descriptor =
        {
            STREAMD_DESCRIPTOR(struct streamd_backend, STREAMD_STATE, "moving"),
            .doc = "Moves every row between two calls; for tests",
        },
    .open = moving_open,
    .close = moving_close,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &backend.descriptor : NULL;
}
