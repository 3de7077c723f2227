/*
 * Reading the rows of a savepoint: each value checked against its column's type, each key hashed
 * for its group; and the checksum over all cells, as they are, in the order of the catalogue.
 */
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/checksum.h"
#include "checkpoint/savepoint_form.h"
#include "checkpoint/savepoint_value.h"
#include "columnar/keyhash.h"

#include <stdio.h>
#include <string.h>

struct savepoint_rows {
    struct savepoint *s;
    const struct savepoint_table *t;
    sqlite3_stmt *query;
    int own;                          /* columns in front of the fields */
    union savepoint_scratch *scratch; /* one per field */
    struct rowcode_value *values;
    struct streamd_column *columns; /* of the keys: one row */
    const struct streamd_column **keys;
    struct streamd_type *types;
    int32_t (*offsets)[2];
    uint8_t no_bits; /* 0: the validity of a NULL */
};

int savepoint_own_columns(uint32_t flags)
{
    return flags & STREAMD_TABLE_NAMESPACED ? 3 : 2;
}

void savepoint_select_list(const struct savepoint_table *t, struct text *out)
{
    char *name;

    text_add(out, SAVEPOINT_SEQ);
    text_add(out,
             t->head.flags & STREAMD_TABLE_BROADCAST ? "," SAVEPOINT_TASK : "," SAVEPOINT_GROUP);
    if (t->head.flags & STREAMD_TABLE_NAMESPACED)
        text_add(out, "," SAVEPOINT_NS);
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        name = sqlite3_mprintf(",\"%w\"", t->sql_columns[i]);
        if (name)
            text_add(out, name);
        else
            out->failed = 1;
        sqlite3_free(name);
    }
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static int allocate(struct savepoint_rows *r)
{
    uint32_t count = r->t->head.key_count + r->t->head.column_count, keys = r->t->head.key_count;

    r->scratch = memory_zalloc(count, sizeof(*r->scratch));
    r->values = memory_zalloc(count, sizeof(*r->values));
    r->columns = memory_zalloc(keys, sizeof(*r->columns));
    r->keys = memory_zalloc(keys, sizeof(*r->keys));
    r->types = memory_zalloc(keys, sizeof(*r->types));
    r->offsets = memory_zalloc(keys, sizeof(*r->offsets));
    if (!r->scratch || !r->values || !r->columns || !r->keys || !r->types || !r->offsets)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < keys; i++) {
        r->keys[i] = &r->columns[i];
        r->types[i] = r->t->head.fields[i].type;
    }
    return 0;
}

int savepoint_rows_open(struct savepoint *s, const struct savepoint_table *t,
                        struct savepoint_rows **rows, struct streamd_error *error)
{
    struct savepoint_rows *r = memory_zalloc(1, sizeof(*r));
    struct text list = {0};
    int rc;

    if (!r)
        return error_set_nomem(error);
    r->s = s;
    r->t = t;
    r->own = savepoint_own_columns(t->head.flags);
    savepoint_select_list(t, &list);
    rc = allocate(r) || text_failed(&list) ? error_set_nomem(error) : 0;
    if (!rc)
        rc = savepoint_sql_prepare(s->db, &r->query, error,
                                   "SELECT %s FROM \"%w\" ORDER BY " SAVEPOINT_SEQ, text_get(&list),
                                   t->sql_name);
    text_clear(&list);
    if (rc) {
        savepoint_rows_close(r);
        return rc;
    }
    *rows = r;
    return 0;
}

void savepoint_rows_close(struct savepoint_rows *r)
{
    if (!r)
        return;
    sqlite3_finalize(r->query);
    memory_free(r->scratch);
    memory_free(r->values);
    memory_free(r->columns);
    memory_free((void *)r->keys);
    memory_free(r->types);
    memory_free(r->offsets);
    memory_free(r);
}

static int wrong_value(struct savepoint_rows *r, int index, const char *column,
                       const char *expected, struct streamd_error *error)
{
    char shown[64];

    if (!*expected)
        return error_set_nomem(error);
    savepoint_value_show(r->query, index, shown, sizeof(shown));
    error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, SAVEPOINT_VALUE,
                   "%s: table %s, row with " SAVEPOINT_SEQ
                   " %lld, column %s: expected %s, found %s",
                   r->s->path, r->t->sql_name, (long long)sqlite3_column_int64(r->query, 0), column,
                   expected, shown);
    savepoint_sql_clean(error);
    return STREAMD_E_DATA;
}

static int take_own(struct savepoint_rows *r, struct savepoint_row *row,
                    struct streamd_error *error)
{
    int by_task = (r->t->head.flags & STREAMD_TABLE_BROADCAST) != 0;
    int type = sqlite3_column_type(r->query, 1);
    int64_t task = sqlite3_column_int64(r->query, 1);

    row->seq = sqlite3_column_int64(r->query, 0);
    if (sqlite3_column_type(r->query, 0) != SQLITE_INTEGER)
        return wrong_value(r, 0, SAVEPOINT_SEQ, "an INTEGER", error);
    if (type != SQLITE_NULL && type != SQLITE_INTEGER)
        return wrong_value(r, 1, by_task ? SAVEPOINT_TASK : SAVEPOINT_GROUP, "an INTEGER or NULL",
                           error);
    if (by_task && type == SQLITE_INTEGER && (task < 0 || task >= r->s->facts.parallelism))
        return wrong_value(r, 1, SAVEPOINT_TASK, "the number of a task", error);
    row->task = by_task && type == SQLITE_INTEGER ? (uint32_t)task : 0;
    row->ns = 0;
    if (r->own > 2) {
        if (sqlite3_column_type(r->query, 2) != SQLITE_INTEGER)
            return wrong_value(r, 2, SAVEPOINT_NS, "an INTEGER", error);
        row->ns = sqlite3_column_int64(r->query, 2);
    }
    return 0;
}

/* The group of the row in hand, by the hash of its key. */
static uint32_t group_of(struct savepoint_rows *r)
{
    const struct streamd_batch batch = {.rows = 1, .count = 1};
    uint64_t hash = 0;

    for (uint32_t i = 0; i < r->t->head.key_count; i++) {
        const struct rowcode_value *v = &r->values[i];
        struct streamd_column *c = &r->columns[i];

        c->validity = v->null ? &r->no_bits : NULL;
        c->values = (void *)v->data;
        c->data = (uint8_t *)v->data;
        r->offsets[i][1] = (int32_t)v->length;
        c->offsets = r->offsets[i];
    }
    keyhash_batch(&batch, r->keys, r->types, r->t->head.key_count, &hash);
    return keyhash_group(hash, r->s->facts.key_groups);
}

/* Takes the row that the statement stands on. */
static int take_row(struct savepoint_rows *r, struct savepoint_row *row,
                    struct streamd_error *error)
{
    const struct snapshot_section *h = &r->t->head;
    int rc = take_own(r, row, error);

    for (uint32_t i = 0; i < h->key_count + h->column_count && !rc; i++) {
        const char *expected = savepoint_value_read(r->query, r->own + (int)i, &h->fields[i].type,
                                                    &r->values[i], &r->scratch[i]);

        if (expected)
            rc = wrong_value(r, r->own + (int)i, h->fields[i].name, expected, error);
    }
    if (rc)
        return rc;
    row->values = r->values;
    row->group = h->flags & STREAMD_TABLE_BROADCAST ? SNAPSHOT_NO_GROUP : group_of(r);
    return 0;
}

int savepoint_rows_next(struct savepoint_rows *r, struct savepoint_row *row,
                        struct streamd_error *error)
{
    int rc = savepoint_sql_step(r->query, error);

    if (rc <= 0)
        return rc;
    rc = take_row(r, row, error);
    return rc ? rc : 1;
}

/* ---- the checksum -----------------------------------------------------------------------------
 */

static void hash_number(XXH3_state_t *h, uint8_t type, uint64_t bits)
{
    uint8_t bytes[9];

    bytes[0] = type;
    memcpy(bytes + 1, &bits, sizeof(bits));
    XXH3_128bits_update(h, bytes, sizeof(bytes));
}

/* A cell: its kind, then 8 bytes of value or length, then its bytes. 0, or -1: no memory. */
static int hash_cell(XXH3_state_t *h, sqlite3_stmt *q, int index)
{
    int type = sqlite3_column_type(q, index);
    const void *data = NULL;
    uint64_t bits = 0;
    double real;

    if (type == SQLITE_INTEGER) {
        bits = (uint64_t)sqlite3_column_int64(q, index);
    } else if (type == SQLITE_FLOAT) {
        real = sqlite3_column_double(q, index);
        memcpy(&bits, &real, sizeof(bits));
    } else if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        data = type == SQLITE_BLOB ? sqlite3_column_blob(q, index)
                                   : (const void *)sqlite3_column_text(q, index);
        bits = (uint64_t)sqlite3_column_bytes(q, index);
        if (!data && (bits || type == SQLITE_TEXT))
            return -1;
    }
    hash_number(h, (uint8_t)type, bits);
    if (data && bits)
        XXH3_128bits_update(h, data, bits);
    return 0;
}

static int hash_row(XXH3_state_t *h, sqlite3_stmt *q, struct streamd_error *error)
{
    for (int i = 0, n = sqlite3_column_count(q); i < n; i++)
        if (hash_cell(h, q, i))
            return error_set_nomem(error);
    return 0;
}

/* All rows of a catalogue table, then how many there were. */
static int hash_catalogue(struct savepoint *s, XXH3_state_t *h, const char *query,
                          struct streamd_error *error)
{
    sqlite3_stmt *q = NULL;
    uint64_t rows = 0;
    int rc = savepoint_sql_prepare(s->db, &q, error, "%s", query), step = 0;

    while (!rc && (step = savepoint_sql_step(q, error)) > 0) {
        rc = hash_row(h, q, error);
        rows++;
    }
    sqlite3_finalize(q);
    hash_number(h, 0, rows);
    return rc ? rc : step;
}

static int hash_table(struct savepoint *s, const struct savepoint_table *t, XXH3_state_t *h,
                      int check, uint64_t *count, struct streamd_error *error)
{
    struct savepoint_rows *r = NULL;
    struct savepoint_row row;
    int rc = savepoint_rows_open(s, t, &r, error), step = 0;

    *count = 0;
    while (!rc && (step = savepoint_sql_step(r->query, error)) > 0) {
        if (check)
            rc = take_row(r, &row, error);
        if (!rc)
            rc = hash_row(h, r->query, error);
        ++*count;
    }
    savepoint_rows_close(r);
    hash_number(h, 0, *count);
    return rc ? rc : step;
}

static const char *const catalogue_queries[] = {
    "SELECT name, value FROM _streamd WHERE name <> 'checksum' ORDER BY name",
    "SELECT node, kind, type FROM _nodes ORDER BY node",
    "SELECT node, name, sql_name, flags, order_by FROM _tables ORDER BY node, name",
    "SELECT sql_table, position, name, sql_name, type, is_key FROM _columns ORDER BY sql_table, "
    "position",
    NULL,
};

int savepoint_checksum(struct savepoint *s, int check, uint64_t *row_counts, char checksum[33],
                       struct streamd_error *error)
{
    XXH3_state_t *h = XXH3_createState();
    XXH128_hash_t hash;
    uint64_t rows;
    int rc = 0;

    if (!h)
        return error_set_nomem(error);
    XXH3_128bits_reset(h);
    for (int i = 0; catalogue_queries[i] && !rc; i++)
        rc = hash_catalogue(s, h, catalogue_queries[i], error);
    for (uint32_t i = 0; i < s->table_count && !rc; i++) {
        rc = hash_table(s, &s->tables[i], h, check, &rows, error);
        if (row_counts)
            row_counts[i] = rows;
    }
    hash = XXH3_128bits_digest(h);
    XXH3_freeState(h);
    checksum_print(hash, checksum);
    return rc;
}

int savepoint_is_sealed(struct savepoint *s, struct streamd_error *error)
{
    char checksum[33];
    int rc = savepoint_checksum(s, 0, NULL, checksum, error);

    return rc ? rc : strcmp(checksum, s->facts.checksum) == 0;
}
