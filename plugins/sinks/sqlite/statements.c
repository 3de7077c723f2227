/*
 * Built with SQLite's own string builder, whose %w doubles quotation marks in names.
 *
 * Types: bool and int64 INTEGER, float64 REAL, decimal without scale INTEGER, bytes BLOB; TEXT for
 * string and json, for timestamps and dates (ISO 8601, which SQLite's functions read), and for
 * decimals with a scale, whose digits REAL could not keep.
 */
#include "statements.h"

#include <string.h>

int statement_is_key(const struct sink_options *o, const char *field)
{
    for (uint32_t i = 0; i < o->key.count; i++) {
        if (strcmp(o->key.items[i], field) == 0)
            return 1;
    }
    return 0;
}

static const char *column_type(struct streamd_type type)
{
    switch (type.id) {
    case STREAMD_BOOL:
    case STREAMD_INT64:
        return "INTEGER";
    case STREAMD_FLOAT64:
        return "REAL";
    case STREAMD_DECIMAL:
        return type.scale == 0 ? "INTEGER" : "TEXT";
    case STREAMD_BYTES:
        return "BLOB";
    default:
        return "TEXT";
    }
}

/* "a", "b", "c" */
static void add_names(sqlite3_str *sql, const struct streamd_schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", schema->fields[i].name);
}

/* c0, c1, c2: the names in "staged", which no name of a field can disturb. */
static void add_staged_names(sqlite3_str *sql, const struct streamd_schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++)
        sqlite3_str_appendf(sql, "%sc%u", i ? ", " : "", i);
}

static void add_marks(sqlite3_str *sql, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sqlite3_str_appendf(sql, "%s?%u", i ? ", " : "", i + 1);
}

static void add_key(sqlite3_str *sql, const struct sink_options *o)
{
    for (uint32_t i = 0; i < o->key.count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", o->key.items[i]);
}

static void add_create(sqlite3_str *sql, const struct sink_options *o,
                       const struct streamd_schema *schema)
{
    sqlite3_str_appendf(sql, "CREATE TABLE IF NOT EXISTS \"%w\" (", o->table);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct streamd_field *f = &schema->fields[i];

        sqlite3_str_appendf(sql, "%s\"%w\" %s%s", i ? ", " : "", f->name, column_type(f->type),
                            f->type.nullable ? "" : " NOT NULL");
    }
    if (o->mode == MODE_UPSERT) {
        sqlite3_str_appendall(sql, ", PRIMARY KEY (");
        add_key(sql, o);
        sqlite3_str_appendall(sql, ")");
    }
    sqlite3_str_appendall(sql, ")");
}

/* What follows the values: a row with the same key is replaced, column by column, so that columns
   which are not ours keep their content. */
static void add_conflict(sqlite3_str *sql, const struct sink_options *o,
                         const struct streamd_schema *schema)
{
    int first = 1;

    if (o->mode != MODE_UPSERT)
        return;
    sqlite3_str_appendall(sql, " ON CONFLICT (");
    add_key(sql, o);
    sqlite3_str_appendall(sql, ") DO ");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const char *name = schema->fields[i].name;

        if (statement_is_key(o, name))
            continue;
        sqlite3_str_appendf(sql, "%s\"%w\" = excluded.\"%w\"", first ? "UPDATE SET " : ", ", name,
                            name);
        first = 0;
    }
    if (first)
        sqlite3_str_appendall(sql, "NOTHING");
}

static void add_insert(sqlite3_str *sql, const struct sink_options *o,
                       const struct streamd_schema *schema)
{
    sqlite3_str_appendf(sql, "INSERT INTO main.\"%w\" (", o->table);
    add_names(sql, schema);
    sqlite3_str_appendall(sql, ") ");
}

static void add_remove(sqlite3_str *sql, const struct sink_options *o)
{
    sqlite3_str_appendf(sql, "DELETE FROM main.\"%w\" WHERE ", o->table);
    for (uint32_t i = 0; i < o->key.count; i++)
        sqlite3_str_appendf(sql, "%s\"%w\" = ?%u", i ? " AND " : "", o->key.items[i], i + 1);
}

char *statement_text(enum statement statement, const struct sink_options *o,
                     const struct streamd_schema *schema)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    switch (statement) {
    case STATEMENT_CREATE:
        add_create(sql, o, schema);
        break;
    case STATEMENT_CREATE_STAGED:
        sqlite3_str_appendall(sql, "CREATE TEMP TABLE staged (kind, ");
        add_staged_names(sql, schema);
        sqlite3_str_appendall(sql, ")");
        break;
    case STATEMENT_STAGE:
        sqlite3_str_appendall(sql, "INSERT INTO temp.staged VALUES (");
        add_marks(sql, schema->field_count + 1);
        sqlite3_str_appendall(sql, ")");
        break;
    case STATEMENT_COPY:
        add_insert(sql, o, schema);
        sqlite3_str_appendall(sql, "SELECT ");
        add_staged_names(sql, schema);
        sqlite3_str_appendall(sql,
                              " FROM temp.staged WHERE rowid > ?1 AND rowid <= ?2 ORDER BY rowid");
        add_conflict(sql, o, schema);
        break;
    case STATEMENT_STAGED:
        sqlite3_str_appendall(sql, "SELECT * FROM temp.staged WHERE rowid > ?1 AND rowid <= ?2 "
                                   "ORDER BY rowid");
        break;
    case STATEMENT_PUT:
        add_insert(sql, o, schema);
        sqlite3_str_appendall(sql, "VALUES (");
        add_marks(sql, schema->field_count);
        sqlite3_str_appendall(sql, ")");
        add_conflict(sql, o, schema);
        break;
    case STATEMENT_REMOVE:
        add_remove(sql, o);
        break;
    }
    return sqlite3_str_finish(sql);
}
