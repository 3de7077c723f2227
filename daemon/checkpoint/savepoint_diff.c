/*
 * SQLite does the comparing: the second file is attached to the first one's connection, and sets of
 * keys and rows are subtracted. What does not fit into memory it sorts in temporary files.
 */
#include "checkpoint/savepoint_diff.h"

#include "base/array.h"
#include "base/error.h"
#include "checkpoint/savepoint_form.h"

#include <string.h>

struct list {
    struct savepoint_difference *items;
    size_t count, capacity;
};

static int order(const struct savepoint_table *a, const struct savepoint_table *b)
{
    int by_node = strcmp(a->head.node, b->head.node);

    return by_node ? by_node : strcmp(a->head.table, b->head.table);
}

/* Merges the two lists, which are sorted. */
static int pair(const struct savepoint *a, const struct savepoint *b, struct list *list)
{
    uint32_t i = 0, k = 0;

    while (i < a->table_count || k < b->table_count) {
        struct savepoint_difference d = {.schema = 0};
        int which = i == a->table_count   ? 1
                    : k == b->table_count ? -1
                                          : order(&a->tables[i], &b->tables[k]);

        if (which <= 0)
            d.a = &a->tables[i++];
        if (which >= 0)
            d.b = &b->tables[k++];
        if (array_push(list, d))
            return STREAMD_E_NOMEM;
    }
    return 0;
}

/* ---- schemas ----------------------------------------------------------------------------------
 */

static int same_field(const struct streamd_field *a, const struct streamd_field *b)
{
    return !strcmp(a->name, b->name) && !memcmp(&a->type, &b->type, sizeof(a->type));
}

static int same_keys(const struct snapshot_section *a, const struct snapshot_section *b)
{
    const uint32_t kinds = STREAMD_TABLE_NAMESPACED | STREAMD_TABLE_BROADCAST;

    if (a->key_count != b->key_count || (a->flags & kinds) != (b->flags & kinds))
        return 0;
    for (uint32_t i = 0; i < a->key_count; i++)
        if (!same_field(&a->fields[i], &b->fields[i]))
            return 0;
    return 1;
}

static int same_schema(const struct snapshot_section *a, const struct snapshot_section *b)
{
    if (!same_keys(a, b) || a->flags != b->flags || a->column_count != b->column_count)
        return 0;
    for (uint32_t i = 0; i < a->column_count; i++)
        if (!same_field(&a->fields[a->key_count + i], &b->fields[b->key_count + i]))
            return 0;
    return 1;
}

/* The SQL name of a column by the field's name, or NULL. */
static const char *column_of(const struct savepoint_table *t, const char *name)
{
    for (uint32_t i = t->head.key_count; i < t->head.key_count + t->head.column_count; i++)
        if (!strcmp(t->head.fields[i].name, name))
            return t->sql_columns[i];
    return NULL;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add_column(struct text *out, const char *name)
{
    char *quoted = sqlite3_mprintf(",\"%w\"", name);

    text_add(out, quoted ? quoted : "");
    out->failed |= !quoted;
    sqlite3_free(quoted);
}

/* What tells rows apart: task, namespace, keys. */
static void add_keys(const struct savepoint_table *t, struct text *out)
{
    text_add(out, t->head.flags & STREAMD_TABLE_BROADCAST ? SAVEPOINT_TASK : "''");
    if (t->head.flags & STREAMD_TABLE_NAMESPACED)
        text_add(out, "," SAVEPOINT_NS);
    for (uint32_t i = 0; i < t->head.key_count; i++)
        add_column(out, t->sql_columns[i]);
}

/* A number that a query answers. */
static int ask(sqlite3 *db, uint64_t *number, struct streamd_error *error, const struct text *query)
{
    sqlite3_stmt *q = NULL;
    int rc = text_failed(query) ? error_set_nomem(error)
                                : savepoint_sql_prepare(db, &q, error, "%s", text_get(query));

    if (!rc)
        rc = savepoint_sql_step(q, error);
    if (rc > 0)
        *number = (uint64_t)sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return rc < 0 ? rc : 0;
}

static void add_from(struct text *out, const char *database, const struct savepoint_table *t)
{
    char *name = sqlite3_mprintf(" FROM %s.\"%w\"", database, t->sql_name);

    text_add(out, name ? name : "");
    out->failed |= !name;
    sqlite3_free(name);
}

static int count_rows(sqlite3 *db, const char *database, const struct savepoint_table *t,
                      uint64_t *rows, struct streamd_error *error)
{
    struct text query = {0};
    int rc;

    text_add(&query, "SELECT count(*)");
    add_from(&query, database, t);
    rc = ask(db, rows, error, &query);
    text_clear(&query);
    return rc;
}

/* Selections of one pair of tables: keys, and whole rows over common columns, of both. */
struct selection {
    struct text keys_a, keys_b, rows_a, rows_b;
};

static void select_both(const struct savepoint_difference *d, struct selection *s)
{
    struct text names = {0};

    add_keys(d->a, &names);
    text_printf(&s->keys_a, "SELECT %s", text_get(&names));
    text_reset(&names);
    add_keys(d->b, &names);
    text_printf(&s->keys_b, "SELECT %s", text_get(&names));
    s->keys_a.failed |= names.failed;
    text_clear(&names);
    text_add(&s->rows_a, text_get(&s->keys_a));
    text_add(&s->rows_b, text_get(&s->keys_b));
    for (uint32_t i = d->a->head.key_count; i < d->a->head.key_count + d->a->head.column_count;
         i++) {
        const char *other = column_of(d->b, d->a->head.fields[i].name);

        if (!other)
            continue;
        add_column(&s->rows_a, d->a->sql_columns[i]);
        add_column(&s->rows_b, other);
    }
    add_from(&s->keys_a, "main", d->a);
    add_from(&s->rows_a, "main", d->a);
    add_from(&s->keys_b, "other", d->b);
    add_from(&s->rows_b, "other", d->b);
}

static void selection_clear(struct selection *s)
{
    text_clear(&s->keys_a);
    text_clear(&s->keys_b);
    text_clear(&s->rows_a);
    text_clear(&s->rows_b);
}

/* Keys of `left` that are not in `right`. */
static int subtract(sqlite3 *db, const struct text *left, const struct text *right,
                    uint64_t *number, struct streamd_error *error)
{
    struct text query = {0};
    int rc;

    text_printf(&query, "SELECT count(*) FROM (%s EXCEPT %s)", text_get(left), text_get(right));
    query.failed |= left->failed | right->failed;
    rc = ask(db, number, error, &query);
    text_clear(&query);
    return rc;
}

/* Keys that both have, and of which one has a row that the other has not. */
static int count_changed(sqlite3 *db, const struct savepoint_difference *d,
                         const struct selection *s, uint64_t *number, struct streamd_error *error)
{
    struct text query = {0}, keys = {0};
    uint32_t count = d->a->head.key_count + 1;
    int rc;

    /* Keys of a difference of rows: its columns are those of its first part, numbered here. */
    count += (d->a->head.flags & STREAMD_TABLE_NAMESPACED) != 0;
    for (uint32_t i = 0; i < count; i++)
        text_printf(&keys, "%sk%u", i ? "," : "", i);
    text_printf(&query, "WITH x(%s", text_get(&keys));
    for (uint32_t i = d->a->head.key_count; i < d->a->head.key_count + d->a->head.column_count; i++)
        if (column_of(d->b, d->a->head.fields[i].name))
            text_printf(&query, ",c%u", i);
    text_printf(&query,
                ") AS (SELECT * FROM (%s EXCEPT %s) UNION ALL SELECT * FROM (%s EXCEPT %s)) "
                "SELECT count(*) FROM (SELECT %s FROM x INTERSECT %s INTERSECT %s)",
                text_get(&s->rows_a), text_get(&s->rows_b), text_get(&s->rows_b),
                text_get(&s->rows_a), text_get(&keys), text_get(&s->keys_a), text_get(&s->keys_b));
    query.failed |= keys.failed | s->rows_a.failed | s->rows_b.failed;
    rc = ask(db, number, error, &query);
    text_clear(&keys);
    text_clear(&query);
    return rc;
}

static int compare_rows(sqlite3 *db, struct savepoint_difference *d, struct streamd_error *error)
{
    struct selection s = {0};
    int rc;

    select_both(d, &s);
    rc = subtract(db, &s.keys_b, &s.keys_a, &d->added, error);
    if (!rc)
        rc = subtract(db, &s.keys_a, &s.keys_b, &d->removed, error);
    if (!rc)
        rc = count_changed(db, d, &s, &d->changed, error);
    selection_clear(&s);
    return rc;
}

static int compare(sqlite3 *db, struct savepoint_difference *d, struct streamd_error *error)
{
    int rc = 0;

    if (d->a)
        rc = count_rows(db, "main", d->a, &d->rows_a, error);
    if (!rc && d->b)
        rc = count_rows(db, "other", d->b, &d->rows_b, error);
    if (rc || !d->a || !d->b)
        return rc;
    d->schema = !same_schema(&d->a->head, &d->b->head);
    return same_keys(&d->a->head, &d->b->head) ? compare_rows(db, d, error) : 0;
}

int savepoint_diff(struct savepoint *a, struct savepoint *b, struct savepoint_difference **list,
                   size_t *count, struct streamd_error *error)
{
    struct list all = {0};
    int rc = savepoint_sql_run(a->db, error, "COMMIT");

    if (!rc)
        rc = savepoint_sql_run(a->db, error, "ATTACH %Q AS other", b->path);
    if (!rc)
        rc = savepoint_sql_run(a->db, error, "BEGIN");
    if (!rc && pair(a, b, &all))
        rc = error_set_nomem(error);
    for (size_t i = 0; i < all.count && !rc; i++)
        rc = compare(a->db, &all.items[i], error);
    if (rc) {
        array_clear(&all);
        return rc;
    }
    *list = all.items;
    *count = all.count;
    return 0;
}
