/*
 * Writing a copied table. One pass in the order of the copy: hash the key, encode the row into the
 * buffer of its key group, and hand a buffer on when it is full. So rows are read as they lie, and
 * only the buffers, a few hundred KiB to some MiB, are written to here and there.
 *
 *   copy, in memory order  ->  buffer of group 0 | 1 | ... | key_groups - 1  ->  blocks of the file
 *
 * Sealed namespaces go to their file one after the other, each with blocks of its own; so buffers
 * are empty whenever another one begins. Lists are put in order first. Budget: 40 ns a row of three
 * fixed values, without the disk.
 */
#include "base/array.h"
#include "base/error.h"
#include "columnar/keyhash.h"
#include "state/freezer.h"

#include <string.h>

/* Buffers that all lie in the cache: 128 of them with 128 KiB cost 53 ms for a million rows in the
   place of 32. */
enum { BUFFERS = 32 * 1024 * 1024, BUFFER_MOST = 16 * 1024, BUFFER_LEAST = 4 * 1024 };

/* A namespace gets blocks of its own if they have so many bytes on average; an entry in the footer
   of each later checkpoint takes 48. */
enum { SEALED_BLOCK_LEAST = 1024 };

struct group {
    uint8_t *items;
    size_t count, capacity;
    uint32_t rows;
};

struct writing {
    struct frozen *f;
    struct snapshot_writer *w;
    const struct frozen_space *sealing; /* the sealed namespace being written, or NULL */
    uint32_t *order;                    /* of rows; NULL: that of the copy */
    struct rowcode code;
    uint32_t key_groups;
    int by_key;  /* not BROADCAST */
    size_t full; /* bytes at which a buffer is handed on */
    struct group *groups;
    uint32_t group_count;
};

/* ---- lists ------------------------------------------------------------------------------------
 */

/* Row numbers by address: open addressing. */
struct where {
    uint32_t *slots; /* number + 1; 0: free */
    uint32_t mask;
};

static uint32_t where_slot(const struct where *h, const struct frozen *f, uintptr_t address)
{
    uint32_t at = (uint32_t)((address >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & h->mask;

    while (h->slots[at] && frozen_link(f, h->slots[at] - 1)->self != address)
        at = (at + 1) & h->mask;
    return at;
}

/* Walks the lists from their first rows, which are nobody's next. `next` has number + 1 of the next
   row, and `has_previous` is set for those that are one. */
static void walk_lists(uint32_t rows, const uint32_t *next, const uint8_t *has_previous,
                       uint32_t *order)
{
    uint32_t n = 0;

    for (uint32_t first = 0; first < rows; first++) {
        if (has_previous[first])
            continue;
        for (uint32_t at = first + 1; at && n < rows; at = next[at - 1])
            order[n++] = at - 1;
    }
}

int frozen_list_order(const struct frozen *f, uint32_t *order)
{
    uint32_t rows = (uint32_t)f->rows;
    struct where h = {.mask = 63};
    uint32_t *next = memory_zalloc(rows, sizeof(*next));
    uint8_t *has_previous = memory_zalloc(rows, 1);
    int rc = STREAMD_E_NOMEM;

    while (h.mask / 2 < rows)
        h.mask = h.mask * 2 + 1;
    h.slots = memory_zalloc((size_t)h.mask + 1, sizeof(*h.slots));
    if (h.slots && next && has_previous) {
        for (uint32_t i = 0; i < rows; i++)
            h.slots[where_slot(&h, f, frozen_link(f, i)->self)] = i + 1;
        for (uint32_t i = 0; i < rows; i++) {
            uintptr_t follows = frozen_link(f, i)->next;

            next[i] = follows ? h.slots[where_slot(&h, f, follows)] : 0;
            if (next[i])
                has_previous[next[i] - 1] = 1;
        }
        walk_lists(rows, next, has_previous, order);
        rc = 0;
    }
    memory_free(has_previous);
    memory_free(next);
    memory_free(h.slots);
    return rc;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static int hand_on(struct writing *x, uint32_t number, struct streamd_error *error)
{
    uint32_t group = x->by_key ? number : SNAPSHOT_NO_GROUP;
    struct group *g = &x->groups[number];
    int rc;

    if (x->sealing)
        rc =
            snapshot_writer_sealed(x->w, group, x->sealing->ns, g->items, g->count, g->rows, error);
    else
        rc = snapshot_writer_rows(x->w, group, g->items, g->count, g->rows, error);
    g->count = 0;
    g->rows = 0;
    return rc;
}

static inline int write_row(struct writing *x, int64_t ns, const uint8_t *row,
                            struct streamd_error *error)
{
    const struct streamd_row_layout *l = x->f->layout;
    uint32_t number = x->by_key ? keyhash_group(keyhash_row(l, row), x->key_groups) : 0;
    struct group *g = &x->groups[number];
    size_t size = x->code.variable ? rowcode_size(&x->code, l, row) : x->code.least;

    if (g->capacity - g->count < size && array_reserve(g, g->count + size))
        return error_set_nomem(error);
    rowcode_encode(&x->code, l, ns, row, g->items + g->count);
    g->count += size;
    g->rows++;
    return __builtin_expect(g->count >= x->full, 0) ? hand_on(x, number, error) : 0;
}

static int hand_on_all(struct writing *x, struct streamd_error *error)
{
    int rc = 0;

    for (uint32_t i = 0; i < x->group_count && !rc; i++)
        rc = hand_on(x, i, error);
    return rc;
}

static int write_space(struct writing *x, size_t space, struct streamd_error *error)
{
    const struct frozen *f = x->f;
    const struct frozen_space *s = &f->spaces.items[space];
    int64_t ns = s->ns;
    int rc = 0;

    for (uint64_t i = s->first; i < s->first + s->rows && !rc; i++)
        rc = write_row(x, ns, frozen_row(f, x->order ? x->order[i] : i), error);
    return rc;
}

/* ---- a table ----------------------------------------------------------------------------------
 */

static int put_in_order(struct writing *x, struct streamd_error *error)
{
    const struct frozen *f = x->f;

    if (f->rows > UINT32_MAX - 1)
        return error_set(error, STREAMD_E_LIMIT, "state table %s has too many rows for a snapshot",
                         f->decl->name);
    if (!(f->decl->flags & STREAMD_TABLE_LIST))
        return 0;
    x->order = memory_alloc((size_t)f->rows * sizeof(*x->order));
    return x->order && !frozen_list_order(f, x->order) ? 0 : error_set_nomem(error);
}

static int begin_section(struct writing *x, const char *node, struct streamd_error *error)
{
    const struct frozen *f = x->f;
    const struct snapshot_section section = {
        .node = node,
        .table = f->decl->name,
        .flags = f->decl->flags,
        .key_count = f->decl->key_count,
        .column_count = f->decl->column_count,
        .order_by = f->decl->order_by,
        .fields = f->layout->fields,
    };

    return snapshot_writer_section(x->w, &section, error);
}

/* Fills what both ways of writing need. Afterwards `clear` is called in any case. */
static int begin(struct writing *x, struct frozen *f, uint32_t key_groups,
                 struct snapshot_writer *w, struct streamd_error *error)
{
    *x = (struct writing){.f = f, .w = w, .key_groups = key_groups};
    x->by_key = !(f->decl->flags & STREAMD_TABLE_BROADCAST);
    x->group_count = x->by_key ? key_groups : 1;
    x->full = BUFFERS / x->group_count;
    x->full = x->full > BUFFER_MOST ? BUFFER_MOST : x->full < BUFFER_LEAST ? BUFFER_LEAST : x->full;
    if (rowcode_init(&x->code, f->layout->fields, f->layout->value_count,
                     (f->decl->flags & STREAMD_TABLE_NAMESPACED) != 0))
        return error_set(error, STREAMD_E_STATE, "state table %s cannot be written", f->decl->name);
    x->groups = memory_zalloc(x->group_count, sizeof(*x->groups));
    return x->groups ? put_in_order(x, error) : error_set_nomem(error);
}

static void clear(struct writing *x)
{
    for (uint32_t i = 0; x->groups && i < x->group_count; i++)
        memory_free(x->groups[i].items);
    memory_free(x->groups);
    memory_free(x->order);
}

/* What stands in files of sealed namespaces. */
static int write_references(struct writing *x, struct streamd_error *error)
{
    const struct sealed_list *list = &x->f->sealed;
    int rc = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct sealed_space *s = list->items[i];

        for (uint32_t k = 0; k < s->count && !rc; k++)
            rc = snapshot_writer_refer(x->w, s->file->checkpoint, s->file->name, &s->blocks[k],
                                       error);
    }
    return rc;
}

int state_frozen_write(struct frozen *f, const char *node, uint32_t key_groups,
                       struct snapshot_writer *w, struct streamd_error *error)
{
    struct writing x;
    int rc = begin(&x, f, key_groups, w, error);

    if (!rc)
        rc = begin_section(&x, node, error);
    if (!rc)
        rc = write_references(&x, error);
    for (size_t i = 0; i < f->spaces.count && !rc; i++)
        if (!f->spaces.items[i].written)
            rc = write_space(&x, i, error);
    if (!rc)
        rc = hand_on_all(&x, error);
    clear(&x);
    return rc;
}

/* ---- sealed namespaces ------------------------------------------------------------------------
 */

/* So many rows of a namespace are worth blocks of their own. Their variable values do not count. */
static uint64_t least_rows(const struct frozen *f, uint32_t own_groups)
{
    uint64_t blocks = f->decl->flags & STREAMD_TABLE_BROADCAST ? 1 : own_groups;
    struct rowcode code;

    if (rowcode_init(&code, f->layout->fields, f->layout->value_count, 1) || code.least == 0)
        return UINT64_MAX;
    return (blocks * SEALED_BLOCK_LEAST + code.least - 1) / code.least;
}

/* The index behind the last run of the namespace that begins at `space`. */
static size_t runs_end(const struct frozen *f, size_t space)
{
    size_t end = space + 1;

    while (end < f->spaces.count && f->spaces.items[end].ns == f->spaces.items[space].ns)
        end++;
    return end;
}

/* Is the namespace whose runs are [from, end) sealed, and has it so many rows? */
static int pays(const struct frozen *f, size_t from, size_t end, uint64_t least)
{
    uint64_t rows = 0;

    for (size_t i = from; i < end; i++)
        rows += f->spaces.items[i].rows;
    return f->spaces.items[from].seal && rows >= least;
}

int state_frozen_has_sealed(const struct frozen *f, uint32_t own_groups)
{
    uint64_t least = least_rows(f, own_groups);

    for (size_t i = 0, end; i < f->spaces.count; i = end) {
        end = runs_end(f, i);
        if (pays(f, i, end, least))
            return 1;
    }
    return 0;
}

static int write_sealed(struct writing *x, size_t from, size_t end, struct sealed_file *file,
                        struct streamd_error *error)
{
    struct frozen_space *s = &x->f->spaces.items[from];
    struct snapshot_block *blocks;
    struct sealed_space *written;
    uint32_t count;
    int rc = 0;

    x->sealing = s;
    for (size_t i = from; i < end && !rc; i++) {
        rc = write_space(x, i, error);
        x->f->spaces.items[i].written = 1;
    }
    if (!rc)
        rc = hand_on_all(x, error);
    if (!rc)
        rc = snapshot_writer_sealed_blocks(x->w, &blocks, &count, error);
    if (rc)
        return rc;
    written = sealed_space_new(s->ns, s->seal, file, blocks, count);
    return written && !sealed_list_push(&x->f->sealed, written) ? 0 : error_set_nomem(error);
}

int state_frozen_write_sealed(struct frozen *f, const char *node, uint32_t key_groups,
                              uint32_t own_groups, struct snapshot_writer *w,
                              struct sealed_file *file, struct streamd_error *error)
{
    uint64_t least = least_rows(f, own_groups);
    struct writing x;
    int rc = begin(&x, f, key_groups, w, error);

    if (!rc)
        rc = begin_section(&x, node, error);
    for (size_t i = 0, end; i < f->spaces.count && !rc; i = end) {
        end = runs_end(f, i);
        if (pays(f, i, end, least))
            rc = write_sealed(&x, i, end, file, error);
    }
    clear(&x);
    sealed_list_sort(&f->sealed);
    return rc;
}
