/*
 * Filling a table from a snapshot file. Rows are decoded some hundreds at a time; their keys become
 * columns, which are hashed and looked up as a batch would be, and their values go into the rows
 * that come back.
 *
 *   block -> values of n rows -> key columns -> lookup CREATE / append -> rows -> reorder
 *
 * Budget: 100 ns a row of three fixed values, of which the lookup has the larger half.
 */
#include "state/thaw.h"

#include "base/array.h"
#include "base/error.h"
#include "checkpoint/fits.h"
#include "columnar/keyhash.h"
#include "columnar/rowcode.h"

#include <string.h>

enum { CHUNK = 1024, VALUES = 64 * 1024 };

/* A value of the table: where it comes from, and where it goes. */
struct target {
    uint32_t source; /* index in the saved row; NO_SOURCE: it is new, and NULL */
    uint32_t index;  /* in the row */
    uint32_t offset;
    uint32_t width; /* 0: variable */
};

#define NO_SOURCE UINT32_MAX

struct thaw {
    struct streamd_table *t;
    struct snapshot_reader *r;
    const struct snapshot_section *saved;
    struct rowcode code;
    uint32_t chunk;                 /* rows at a time */
    uint32_t rows;                  /* in hand */
    int64_t ns;                     /* theirs */
    struct rowcode_value *values;   /* chunk x code.count */
    struct target *targets;         /* one per column of the table */
    struct streamd_column *columns; /* of the keys */
    const struct streamd_column **keys;
    struct streamd_type *types;
    uint64_t *hash;
    void **found;
    uint8_t *created;
    struct {
        uint8_t *items;
        size_t count, capacity;
    } * bytes; /* of the keys of variable length */
};

/* ---- memory -----------------------------------------------------------------------------------
 */

static void plan_targets(struct thaw *x)
{
    const struct streamd_table_decl *now = x->t->decl;
    const struct snapshot_section *saved = x->saved;

    for (uint32_t i = 0; i < now->column_count; i++) {
        struct target *target = &x->targets[i];

        target->source = NO_SOURCE;
        target->index = now->key_count + i;
        target->offset = x->t->layout->offsets[target->index];
        target->width = (uint32_t)streamd_type_width(now->columns[i].type.id);
        for (uint32_t k = 0; k < saved->column_count; k++)
            if (!strcmp(saved->fields[saved->key_count + k].name, now->columns[i].name))
                target->source = saved->key_count + k;
    }
}

static int plan_key(struct thaw *x, uint32_t i)
{
    const struct streamd_type type = x->t->decl->keys[i].type;
    struct streamd_column *c = &x->columns[i];

    x->types[i] = type;
    x->keys[i] = c;
    if (streamd_type_is_variable(type.id))
        c->offsets = memory_zalloc(x->chunk + 1, sizeof(*c->offsets));
    else
        c->values = memory_zalloc(x->chunk, streamd_type_width(type.id));
    return c->offsets || c->values ? 0 : STREAMD_E_NOMEM;
}

static int plan(struct thaw *x)
{
    const struct streamd_table_decl *now = x->t->decl;
    uint32_t count = x->code.count;
    int rc = 0;

    x->chunk = count <= VALUES / CHUNK ? CHUNK : count < VALUES ? VALUES / count : 1;
    x->values = memory_zalloc((size_t)x->chunk * count, sizeof(*x->values));
    x->targets = memory_zalloc(now->column_count, sizeof(*x->targets));
    x->columns = memory_zalloc(now->key_count, sizeof(*x->columns));
    x->keys = memory_zalloc(now->key_count, sizeof(*x->keys));
    x->types = memory_zalloc(now->key_count, sizeof(*x->types));
    x->bytes = memory_zalloc(now->key_count, sizeof(*x->bytes));
    x->hash = memory_zalloc(x->chunk, sizeof(*x->hash));
    x->found = memory_zalloc(x->chunk, sizeof(*x->found));
    x->created = memory_zalloc(x->chunk, 1);
    if (!x->values || !x->targets || !x->columns || !x->keys || !x->types || !x->bytes ||
        !x->hash || !x->found || !x->created)
        return STREAMD_E_NOMEM;
    plan_targets(x);
    for (uint32_t i = 0; i < now->key_count && !rc; i++)
        rc = plan_key(x, i);
    return rc;
}

static void clear(struct thaw *x)
{
    for (uint32_t i = 0; x->columns && i < x->t->decl->key_count; i++) {
        memory_free(x->columns[i].values);
        memory_free(x->columns[i].offsets);
        memory_free(x->columns[i].validity);
    }
    for (uint32_t i = 0; x->bytes && i < x->t->decl->key_count; i++)
        array_clear(&x->bytes[i]);
    memory_free(x->values);
    memory_free(x->targets);
    memory_free(x->columns);
    memory_free(x->keys);
    memory_free(x->types);
    memory_free(x->bytes);
    memory_free(x->hash);
    memory_free(x->found);
    memory_free(x->created);
}

/* ---- keys as columns --------------------------------------------------------------------------
 */

/* The validity bits of a key column whose rows in hand have some NULL; NULL where they have none.
 */
static int key_validity(struct thaw *x, uint32_t i)
{
    struct streamd_column *c = &x->columns[i];
    size_t size = x->chunk / 8 + 1;

    for (uint32_t k = 0; k < x->rows; k++) {
        if (!x->values[(size_t)k * x->code.count + i].null)
            continue;
        if (!c->validity) {
            c->validity = memory_alloc(size);
            if (!c->validity)
                return STREAMD_E_NOMEM;
            memset(c->validity, 0xff, size);
        }
        c->validity[k / 8] &= (uint8_t) ~(1u << k % 8);
    }
    return 0;
}

static int key_bytes(struct thaw *x, uint32_t i)
{
    struct streamd_column *c = &x->columns[i];
    size_t total = 0;

    for (uint32_t k = 0; k < x->rows; k++)
        total += x->values[(size_t)k * x->code.count + i].length;
    if (total > INT32_MAX || array_reserve(&x->bytes[i], total + 1))
        return STREAMD_E_NOMEM;
    c->data = x->bytes[i].items;
    for (uint32_t k = 0; k < x->rows; k++) {
        const struct rowcode_value *v = &x->values[(size_t)k * x->code.count + i];

        if (v->length)
            memcpy(c->data + c->offsets[k], v->data, v->length);
        c->offsets[k + 1] = c->offsets[k] + (int32_t)v->length;
    }
    return 0;
}

static void key_values(struct thaw *x, uint32_t i)
{
    size_t width = streamd_type_width(x->types[i].id);
    uint8_t *to = x->columns[i].values;
    const struct rowcode_value *v = x->values + i;

    for (uint32_t k = 0; k < x->rows; k++, v += x->code.count, to += width)
        memcpy(to, v->data, width);
}

static int make_keys(struct thaw *x)
{
    int rc = 0;

    for (uint32_t i = 0; i < x->t->decl->key_count && !rc; i++) {
        memory_free(x->columns[i].validity);
        x->columns[i].validity = NULL;
        if (x->types[i].nullable)
            rc = key_validity(x, i);
        if (!rc && streamd_type_is_variable(x->types[i].id))
            rc = key_bytes(x, i);
        else if (!rc)
            key_values(x, i);
    }
    return rc;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static int set_variable(struct thaw *x, const struct target *target, void *row,
                        const struct rowcode_value *v)
{
    struct streamd_var *var = streamd_row_value(x->t->layout, row, target->index);
    void *data;

    if (v->length) {
        data = streamd_table_reserve(x->t, row, target->index, v->length);
        if (!data)
            return STREAMD_E_NOMEM;
        memcpy(data, v->data, v->length);
    }
    var->length = v->length;
    return 0;
}

static int set_column(struct thaw *x, const struct target *target)
{
    const struct rowcode_value *v = x->values + target->source;
    int rc = 0;

    for (uint32_t k = 0; k < x->rows && !rc; k++, v += x->code.count) {
        uint8_t *row = x->found[k];

        streamd_row_set_null(row, target->index, v->null);
        if (!target->width)
            rc = set_variable(x, target, row, v);
        else if (target->width == 8)
            memcpy(row + target->offset, v->data, 8);
        else
            memcpy(row + target->offset, v->data, target->width);
    }
    return rc;
}

static int set_columns(struct thaw *x)
{
    int rc = 0;

    for (uint32_t i = 0; i < x->t->decl->column_count && !rc; i++) {
        if (x->targets[i].source != NO_SOURCE)
            rc = set_column(x, &x->targets[i]);
        else
            for (uint32_t k = 0; k < x->rows; k++)
                streamd_row_set_null(x->found[k], x->targets[i].index, 1);
    }
    return rc;
}

/* Rows go into the index but for those without an order value. */
static int index_rows(struct thaw *x)
{
    const uint32_t ordered =
        STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS | STREAMD_TABLE_PROCESSING_TIMERS;
    uint32_t index = x->t->decl->key_count + x->t->decl->order_by, n = 0;

    if (!(x->t->decl->flags & ordered))
        return 0;
    for (uint32_t k = 0; k < x->rows; k++)
        if (!streamd_row_is_null(x->found[k], index))
            x->found[n++] = x->found[k];
    return streamd_table_reorder(x->t, x->found, n);
}

static int twice(const struct thaw *x, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4406,
                          "%s is damaged: state table %s of %s has a key twice",
                          snapshot_reader_path(x->r), x->saved->table, x->saved->node);
}

/* The rows in the table for those in hand. Tables without keys have one row per namespace. */
static int find_rows(struct thaw *x, struct streamd_error *error)
{
    const struct streamd_keys keys = {.n = x->rows, .columns = x->keys, .hash = x->hash};
    const struct streamd_batch batch = {.rows = x->rows, .count = x->rows};
    uint32_t flags = x->t->decl->flags;
    int rc;

    keyhash_batch(&batch, x->keys, x->types, x->t->decl->key_count, x->hash);
    if (flags & STREAMD_TABLE_LIST)
        return streamd_table_append(x->t, x->ns, &keys, x->found);
    rc = streamd_table_lookup(x->t, x->ns, &keys, STREAMD_LOOKUP_CREATE, x->found, x->created);
    for (uint32_t k = 0; k < x->rows && !rc && !(flags & STREAMD_TABLE_BROADCAST); k++)
        if (!x->created[k])
            return twice(x, error);
    return rc;
}

/* Puts the rows in hand into the table. */
static int put_rows(struct thaw *x, struct streamd_error *error)
{
    int rc;

    if (!x->rows)
        return 0;
    if (make_keys(x))
        return error_set_nomem(error);
    rc = find_rows(x, error);
    if (rc == STREAMD_E_DATA)
        return rc;
    if (!rc)
        rc = set_columns(x);
    if (!rc)
        rc = index_rows(x);
    x->rows = 0;
    if (rc == STREAMD_E_NOMEM)
        return error_set_nomem(error);
    return rc ? error_set(error, rc, "state table %s of %s cannot be filled", x->saved->table,
                          x->saved->node)
              : 0;
}

static int bad_row(const struct thaw *x, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4406,
                          "%s is damaged: state table %s of %s has a row that is none",
                          snapshot_reader_path(x->r), x->saved->table, x->saved->node);
}

static int put_block(struct thaw *x, const uint8_t *bytes, size_t length, uint32_t rows,
                     struct streamd_error *error)
{
    int rc = 0;

    for (; rows > 0 && !rc; rows--) {
        struct rowcode_value *values = x->values + (size_t)x->rows * x->code.count;
        int64_t ns;
        size_t used = rowcode_decode(&x->code, bytes, length, &ns, values);

        if (!used)
            return bad_row(x, error);
        bytes += used;
        length -= used;
        if (x->rows && ns != x->ns) {
            uint32_t done = x->rows;

            rc = put_rows(x, error);
            memmove(x->values, x->values + (size_t)done * x->code.count,
                    x->code.count * sizeof(*x->values));
        }
        x->ns = ns;
        if (!rc && ++x->rows == x->chunk)
            rc = put_rows(x, error);
    }
    if (!rc && length)
        return bad_row(x, error);
    /* The values lie in the block, which goes with the next one. */
    return rc ? rc : put_rows(x, error);
}

static int put_section(struct thaw *x, uint32_t section, uint64_t first, uint64_t end,
                       struct streamd_error *error)
{
    struct snapshot_cursor cursor;
    const uint8_t *bytes;
    uint32_t rows, group;
    size_t length;
    int rc;

    snapshot_reader_begin(x->r, section, first, end, &cursor);
    while ((rc = snapshot_reader_next(x->r, &cursor, &bytes, &length, &rows, &group, error)) > 0) {
        rc = put_block(x, bytes, length, rows, error);
        if (rc)
            return rc;
    }
    return rc;
}

int state_thaw(struct streamd_table *t, struct snapshot_reader *r, const char *node,
               uint32_t first_group, uint32_t end_group, struct streamd_error *error)
{
    int32_t section = snapshot_reader_find(r, node, t->decl->name);
    int broadcast = (t->decl->flags & STREAMD_TABLE_BROADCAST) != 0;
    struct thaw x = {.t = t, .r = r};
    int rc;

    if (section < 0)
        return 0;
    x.saved = snapshot_reader_section(r, (uint32_t)section);
    rc = snapshot_fits(x.saved, t->decl, error);
    if (rc)
        return rc;
    if (rowcode_init(&x.code, x.saved->fields, x.saved->key_count + x.saved->column_count,
                     (x.saved->flags & STREAMD_TABLE_NAMESPACED) != 0))
        return bad_row(&x, error);
    if (plan(&x))
        rc = error_set_nomem(error);
    else
        rc = put_section(&x, (uint32_t)section, broadcast ? 0 : first_group,
                         broadcast ? UINT64_C(1) << 32 : end_group, error);
    clear(&x);
    return rc;
}
