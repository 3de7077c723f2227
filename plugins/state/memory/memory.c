/* The plugin state-memory: opens and closes tables, and what is not a lookup. table.h draws it. */
#include "table.h"

#include <stdio.h>
#include <string.h>

enum { SHORT_KEY = 16 }; /* bytes that a row has room for, for keys of variable length */

static int erase(struct streamd_table *table, int64_t ns, void *const *rows, uint32_t n)
{
    struct table *t = table_of(table);
    struct space *s = space_find(t, ns);

    if (n) {
        s->seal = 0;
        if (s->shadow_end)
            shadow_take_rows(t, s, rows, n);
    }
    for (uint32_t k = 0; k < n; k++) {
        struct row_head *head = head_of(rows[k]);

        if (t->ordered)
            index_forget(t, rows[k]);
        if (t->list)
            list_unlink(t, s, rows[k]);
        else if (!is_single(t))
            slot_remove(s, head->hash, head->number);
        space_free_row(t, s, rows[k]);
    }
    return 0;
}

static uint32_t scan(struct streamd_table *table, int64_t ns, struct streamd_cursor *cursor,
                     void **rows, uint32_t max)
{
    struct table *t = table_of(table);
    struct space *s = space_find(t, ns);
    uint32_t n = 0;

    while (s && n < max && cursor->position < s->end) {
        uint8_t *row = row_at(t, s, (uint32_t)cursor->position++);

        if (head_of(row)->number != ROW_DEAD)
            rows[n++] = row;
    }
    if (n && s->shadow_end)
        shadow_take_rows(t, s, rows, n);
    return n;
}

static uint64_t rows_of(struct streamd_table *table, int64_t ns)
{
    struct space *s = space_find(table_of(table), ns);

    return s ? s->rows : 0;
}

static uint32_t namespaces(struct streamd_table *table, int64_t from, int64_t *out, uint32_t max)
{
    struct table *t = table_of(table);
    uint32_t n = 0;

    for (uint32_t i = space_position(t, from); i < t->space_count && n < max; i++)
        if (t->spaces[i]->rows)
            out[n++] = t->spaces[i]->id;
    return n;
}

static void drop(struct streamd_table *table, int64_t ns)
{
    space_drop(table_of(table), ns);
}

static void *reserve(struct streamd_table *table, void *row, uint32_t index, uint32_t capacity)
{
    struct table *t = table_of(table);
    struct streamd_var *v = streamd_row_value(t->head.layout, row, index);
    struct space *s = space_of(t, row);
    uint64_t wanted = (uint64_t)v->capacity * 2;
    void *data;

    s->seal = 0;
    if (s->shadow_end)
        shadow_take_rows(t, s, &row, 1);
    if (capacity <= v->capacity && v->data)
        return v->data;
    wanted = wanted < capacity ? capacity : wanted;
    wanted = wanted > INT32_MAX ? capacity : wanted;
    if (wanted > INT32_MAX)
        return NULL;
    capacity = slab_capacity(wanted ? (uint32_t)wanted : 1);
    data = slab_grow(t->context, &s->slab, v->data, v->capacity, v->length, capacity);
    if (!data)
        return NULL;
    v->data = data;
    v->capacity = capacity;
    return data;
}

static void seal(struct streamd_table *table, int64_t ns)
{
    struct table *t = table_of(table);
    struct space *s = space_find(t, ns);

    if (s && !s->seal)
        s->seal = ++t->seals;
}

static uint64_t sealed(struct streamd_table *table, int64_t ns)
{
    const struct space *s = space_find(table_of(table), ns);

    return s ? s->seal : 0;
}

static const struct streamd_table_ops ops = {
    .size = sizeof(ops),
    .lookup = table_lookup,
    .append = table_append,
    .next = table_next,
    .scan = scan,
    .rows = rows_of,
    .namespaces = namespaces,
    .drop = drop,
    .erase = erase,
    .reserve = reserve,
    .due = table_due,
    .reorder = table_reorder,
    .first = table_first,
    .seal = seal,
    .sealed = sealed,
    .shadow_begin = shadow_begin,
    .shadow_step = shadow_step,
    .shadow_end = shadow_end,
};

static enum key_kind kind_of(uint8_t type)
{
    switch (type) {
    case STREAMD_BOOL:
        return KEY_BYTE;
    case STREAMD_DATE:
        return KEY_WORD;
    case STREAMD_FLOAT64:
        return KEY_DOUBLE;
    case STREAMD_DECIMAL:
        return KEY_DECIMAL;
    case STREAMD_STRING:
    case STREAMD_BYTES:
        return KEY_BYTES;
    default:
        return KEY_LONG;
    }
}

/* What stands in front of a row, and behind it. */
static void plan_row(struct table *t)
{
    const uint32_t flags = t->head.decl->flags;
    const struct streamd_row_layout *l = t->head.layout;
    int variable = 0, text = 0;

    t->list = (flags & STREAMD_TABLE_LIST) != 0;
    t->ordered = (flags & (STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS |
                           STREAMD_TABLE_PROCESSING_TIMERS)) != 0;
    t->head_size = sizeof(struct row_head);
    if (t->list)
        t->head_size += (uint32_t)sizeof(struct row_links);
    for (uint32_t i = 0; i < l->value_count; i++)
        variable |= streamd_type_is_variable(l->fields[i].type.id);
    if ((variable || t->ordered) && (flags & STREAMD_TABLE_NAMESPACED)) {
        t->head_size += (uint32_t)sizeof(struct row_home);
        t->home_offset = t->head_size;
    }
    if (t->ordered)
        t->head_size += (uint32_t)sizeof(struct row_index);
    for (uint32_t i = 0; i < l->key_count; i++)
        text |= streamd_type_is_variable(l->fields[i].type.id);
    t->stride = t->head_size + l->row_size;
    if (text)
        t->stride = (t->stride + SHORT_KEY + 31) & ~31u;
}

static int open_table(struct streamd_context *c, const struct streamd_table_decl *decl,
                      const struct streamd_row_layout *layout, struct streamd_table **table,
                      struct streamd_error *error)
{
    size_t size = sizeof(struct table) + layout->key_count * sizeof(struct key_plan);
    struct table *t = streamd_alloc(c, size);

    if (!t) {
        error->code = STREAMD_E_NOMEM;
        error->cls = STREAMD_FAIL_TASK;
        error->diagnostic = 0;
        snprintf(error->message, sizeof(error->message), "no memory for table '%s'", decl->name);
        return STREAMD_E_NOMEM;
    }
    memset(t, 0, size);
    t->head.ops = &ops;
    t->head.layout = layout;
    t->head.decl = decl;
    t->context = c;
    plan_row(t);
    for (uint32_t i = 0; i < layout->key_count; i++) {
        t->keys[i].kind = kind_of(layout->fields[i].type.id);
        t->keys[i].offset = layout->offsets[i];
    }
    if (t->ordered)
        t->order_offset = layout->offsets[layout->key_count + decl->order_by];
    *table = &t->head;
    return 0;
}

static void close_table(struct streamd_context *c, struct streamd_table *table)
{
    struct table *t = table ? table_of(table) : NULL;

    if (!t)
        return;
    space_free_all(t);
    streamd_free(c, t->index.entries);
    streamd_free(c, t);
}

static const struct streamd_backend backend = {
    .descriptor =
        {
            STREAMD_DESCRIPTOR(struct streamd_backend, STREAMD_STATE, "memory"),
            .doc = "Keeps state in the memory of the worker; meant for up to 4 GiB",
        },
    .open = open_table,
    .close = close_table,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &backend.descriptor : NULL;
}
