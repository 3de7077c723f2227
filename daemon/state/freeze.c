/*
 * Copying a table at a barrier. Rows are copied as they lie, `row_size` bytes each, in the order of
 * the scan; then the bytes of their variable values, and the pointers are turned to the copies. Of
 * LIST tables also who follows whom is noted, as addresses: putting the lists together is work for
 * the thread that writes.
 */
#include "state/freeze.h"

#include "base/array.h"
#include "base/error.h"
#include "state/freezer.h"

#include <string.h>

enum { SCAN = 1024, NAMESPACES = 256, SMALL = 64 * 1024 };

static uint8_t *add_block(struct frozen *f, struct blocks *blocks)
{
    uint8_t *block;

    if (array_reserve(blocks, blocks->count + 1))
        return NULL;
    block = freezer_take(f->freezer);
    if (block)
        blocks->items[blocks->count++] = block;
    return block;
}

/* The first block, of SMALL bytes. */
static uint8_t *add_small(struct blocks *blocks)
{
    uint8_t *block;

    if (array_reserve(blocks, 1))
        return NULL;
    block = memory_alloc(SMALL);
    if (block)
        blocks->items[blocks->count++] = block;
    blocks->small = block != NULL;
    return block;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

/* Made into one loop per size by its caller, so that a copy is a few moves. */
static inline __attribute__((always_inline)) void copy_each(uint8_t *to, void *const *rows,
                                                            uint32_t n, size_t size)
{
    for (uint32_t k = 0; k < n; k++, to += size)
        memcpy(to, rows[k], size);
}

static void copy_rows(uint8_t *to, void *const *rows, uint32_t n, size_t size)
{
    switch (size) {
    case 16:
        copy_each(to, rows, n, 16);
        break;
    case 24:
        copy_each(to, rows, n, 24);
        break;
    case 32:
        copy_each(to, rows, n, 32);
        break;
    case 40:
        copy_each(to, rows, n, 40);
        break;
    case 48:
        copy_each(to, rows, n, 48);
        break;
    case 64:
        copy_each(to, rows, n, 64);
        break;
    default:
        copy_each(to, rows, n, size);
        break;
    }
}

/* ---- variable values --------------------------------------------------------------------------
 */

/* Memory that lives as long as the copy. NULL: none. */
static void *var_alloc(struct frozen *f, uint32_t length)
{
    uint8_t *data;

    if (length > FREEZER_BLOCK) {
        if (array_reserve(&f->large, f->large.count + 1))
            return NULL;
        data = memory_alloc(length);
        if (data)
            f->large.items[f->large.count++] = data;
        return data;
    }
    if ((size_t)(f->var_end - f->var_at) < length) {
        int small = !f->var_blocks.count && length <= SMALL;

        data = small ? add_small(&f->var_blocks) : add_block(f, &f->var_blocks);
        if (!data)
            return NULL;
        f->var_at = data;
        f->var_end = data + (small ? SMALL : FREEZER_BLOCK);
    }
    data = f->var_at;
    f->var_at += length;
    return data;
}

/* Copies the bytes of value `index` of each of n copied rows. */
static int copy_values(struct frozen *f, uint8_t *row, uint32_t n, uint32_t index)
{
    uint8_t *value = row + f->layout->offsets[index];

    for (uint32_t k = 0; k < n; k++, value += f->layout->row_size) {
        struct streamd_var v;
        void *data;

        memcpy(&v, value, sizeof(v));
        if (streamd_row_is_null(value - f->layout->offsets[index], index))
            v.length = 0;
        if (v.length) {
            data = var_alloc(f, v.length);
            if (!data)
                return STREAMD_E_NOMEM;
            memcpy(data, v.data, v.length);
            v.data = data;
        }
        v.capacity = v.length;
        f->bytes += v.length;
        memcpy(value, &v, sizeof(v));
    }
    return 0;
}

static int copy_variable(struct frozen *f, uint8_t *rows, uint32_t n)
{
    int rc = 0;

    for (uint32_t i = 0; i < f->layout->value_count && !rc; i++)
        if (streamd_type_is_variable(f->layout->fields[i].type.id))
            rc = copy_values(f, rows, n, i);
    return rc;
}

/* ---- lists ------------------------------------------------------------------------------------
 */

static int note_links(struct frozen *f, struct streamd_table *t, int64_t ns, void *const *rows,
                      uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        uint64_t number = f->rows + k;

        if (number % LINKS_PER_BLOCK == 0 &&
            !(f->row_blocks.small ? add_small(&f->link_blocks) : add_block(f, &f->link_blocks)))
            return STREAMD_E_NOMEM;
        *frozen_link(f, number) = (struct frozen_link){
            .self = (uintptr_t)rows[k],
            .next = (uintptr_t)streamd_table_next(t, ns, rows[k]),
        };
    }
    return 0;
}

/* ---- the table --------------------------------------------------------------------------------
 */

static int copy_some(struct frozen *f, struct streamd_table *t, int64_t ns, void *const *rows,
                     uint32_t n)
{
    uint8_t *to = frozen_row(f, f->rows);
    int rc = 0;

    copy_rows(to, rows, n, f->layout->row_size);
    if (f->decl->flags & STREAMD_TABLE_LIST)
        rc = note_links(f, t, ns, rows, n);
    if (!rc)
        rc = copy_variable(f, to, n);
    f->rows += n;
    f->bytes += (uint64_t)n * f->layout->row_size;
    return rc;
}

/* Rows that the newest block has room for, after a new one was taken where it is full; 0: no
   memory. */
static uint32_t room(struct frozen *f)
{
    uint64_t end = (uint64_t)f->row_blocks.count * f->per_block;

    if (end > f->rows)
        return (uint32_t)(end - f->rows);
    return add_block(f, &f->row_blocks) ? f->per_block : 0;
}

int frozen_copy(struct frozen *f, struct streamd_table *t, int64_t ns, void *const *rows,
                uint32_t n)
{
    while (n > 0) {
        uint32_t some = room(f);
        int rc;

        some = some < n ? some : n;
        rc = some ? copy_some(f, t, ns, rows, some) : STREAMD_E_NOMEM;
        if (rc)
            return rc;
        rows += some;
        n -= some;
    }
    return 0;
}

static int copy_space(struct frozen *f, struct streamd_table *t, int64_t ns, uint64_t rows)
{
    struct streamd_cursor cursor = {0};
    void *some[SCAN];

    while (rows > 0) {
        uint32_t n = room(f);
        int rc;

        if (!n)
            return STREAMD_E_NOMEM;
        n = streamd_table_scan(t, ns, &cursor, some, n < SCAN ? n : SCAN);
        if (!n || n > rows)
            return STREAMD_E_PLUGIN;
        rc = copy_some(f, t, ns, some, n);
        if (rc)
            return rc;
        rows -= n;
    }
    return 0;
}

/* Notes a namespace; its rows get the numbers from *rows on. What an earlier checkpoint has of it
   is enough where it is sealed since then. */
static int add_space(struct frozen *f, struct streamd_table *t, const struct sealed_list *known,
                     int64_t ns, uint64_t *rows)
{
    const struct frozen_space space = {.ns = ns,
                                       .first = *rows,
                                       .rows = streamd_table_rows(t, ns),
                                       .seal = streamd_table_sealed(t, ns)};
    struct sealed_space *written = known && space.seal ? sealed_list_find(known, ns) : NULL;

    if (written && written->seal == space.seal)
        return sealed_list_share(&f->sealed, written);
    *rows += space.rows;
    return array_push(&f->spaces, space) ? STREAMD_E_NOMEM : 0;
}

static int add_spaces(struct frozen *f, struct streamd_table *t, const struct sealed_list *known,
                      uint64_t *rows)
{
    int64_t ids[NAMESPACES], from = INT64_MIN;
    int rc = 0;

    if (!(f->decl->flags & STREAMD_TABLE_NAMESPACED))
        return add_space(f, t, known, 0, rows);
    for (;;) {
        uint32_t n = streamd_table_namespaces(t, from, ids, NAMESPACES);

        for (uint32_t i = 0; i < n && !rc; i++)
            rc = add_space(f, t, known, ids[i], rows);
        if (rc || n < NAMESPACES || ids[n - 1] == INT64_MAX)
            return rc;
        from = ids[n - 1] + 1;
    }
}

static int copy_table(struct frozen *f, struct streamd_table *t, const struct sealed_list *known)
{
    uint64_t rows = 0;
    int rc = add_spaces(f, t, known, &rows);

    f->per_block = FREEZER_BLOCK / f->layout->row_size;
    if (!rc && frozen_is_for_sweep(f, t, rows))
        return frozen_sweep_begin(f, t);
    if (!rc && rows && rows * f->layout->row_size <= SMALL &&
        (!(f->decl->flags & STREAMD_TABLE_LIST) || rows * sizeof(struct frozen_link) <= SMALL)) {
        f->per_block = SMALL / f->layout->row_size;
        rc = add_small(&f->row_blocks) ? 0 : STREAMD_E_NOMEM;
    }
    for (size_t i = 0; i < f->spaces.count && !rc; i++)
        rc = copy_space(f, t, f->spaces.items[i].ns, f->spaces.items[i].rows);
    return rc;
}

int state_freeze(struct freezer *freezer, struct streamd_table *t, const struct sealed_list *known,
                 struct frozen **frozen, struct streamd_error *error)
{
    struct frozen *f;
    int rc;

    if (t->layout->row_size > FREEZER_BLOCK)
        return error_set(error, STREAMD_E_LIMIT, "state table %s: rows of %u bytes are too long",
                         t->decl->name, t->layout->row_size);
    f = memory_zalloc(1, sizeof(*f));
    if (!f)
        return error_set_nomem(error);
    f->freezer = freezer;
    f->decl = t->decl;
    f->layout = t->layout;
    rc = copy_table(f, t, known);
    if (rc) {
        state_frozen_free(f);
        return rc == STREAMD_E_NOMEM
                   ? error_set_nomem(error)
                   : error_set(error, rc,
                               "state table %s: its backend counts rows that are not there",
                               t->decl->name);
    }
    *frozen = f;
    return 0;
}

static void give_blocks(struct frozen *f, struct blocks *blocks)
{
    for (size_t i = blocks->small ? 1 : 0; i < blocks->count; i++)
        freezer_give(f->freezer, blocks->items[i]);
    if (blocks->small)
        memory_free(blocks->items[0]);
    array_clear(blocks);
}

void state_frozen_free(struct frozen *f)
{
    if (!f)
        return;
    frozen_sweep_end(f);
    give_blocks(f, &f->row_blocks);
    give_blocks(f, &f->link_blocks);
    give_blocks(f, &f->var_blocks);
    for (size_t i = 0; i < f->large.count; i++)
        memory_free(f->large.items[i]);
    array_clear(&f->large);
    array_clear(&f->spaces);
    array_clear(&f->noted);
    sealed_list_clear(&f->sealed);
    memory_free(f);
}

struct sealed_list *state_frozen_sealed(struct frozen *f)
{
    return &f->sealed;
}

uint64_t state_frozen_rows(const struct frozen *f)
{
    return f->rows;
}

uint64_t state_frozen_bytes(const struct frozen *f)
{
    return f->bytes;
}
