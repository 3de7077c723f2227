/* streamctl savepoint export: a table of a savepoint as CSV, or as a JSON object per line. */
#include "client/savepoint.h"

#include <string.h>

enum { CHUNK = 256 * 1024 };

/* By its SQL name, or as NODE.TABLE. */
static const struct savepoint_table *find_table(const struct savepoint *s, const char *name)
{
    for (uint32_t i = 0; i < s->table_count; i++) {
        const struct savepoint_table *t = &s->tables[i];
        size_t node = strlen(t->head.node);

        if (strcmp(t->sql_name, name) == 0 ||
            (strncmp(name, t->head.node, node) == 0 && name[node] == '.' &&
             strcmp(name + node + 1, t->head.table) == 0))
            return t;
    }
    return NULL;
}

static int no_table(const struct savepoint *s, const char *name)
{
    struct text list = {0};
    int code;

    for (uint32_t i = 0; i < s->table_count; i++)
        text_printf(&list, "%s%s", i ? ", " : "", s->tables[i].sql_name);
    code = client_fail(CLIENT_FAILED, "%s has no table '%s'; its tables are: %.400s", s->path, name,
                       text_get(&list));
    text_clear(&list);
    return code;
}

/* A field of CSV; quoted where it must be, and where it is an empty text, which is not NULL. */
static void csv_text(const char *data, size_t length, int null, struct text *out)
{
    int quoted = !null && length == 0;

    for (size_t i = 0; i < length && !quoted; i++)
        quoted = strchr("\",\r\n", data[i]) != NULL;
    if (!quoted) {
        text_append(out, data, length);
        return;
    }
    text_add_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '"')
            text_add_char(out, '"');
        text_add_char(out, data[i]);
    }
    text_add_char(out, '"');
}

static void csv_head(const struct savepoint_table *t, struct text *out)
{
    const char *comma = "";

    if (t->head.flags & STREAMD_TABLE_BROADCAST)
        text_add(out, "_task"), comma = ",";
    if (t->head.flags & STREAMD_TABLE_NAMESPACED)
        text_printf(out, "%s_ns", comma), comma = ",";
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        text_add(out, comma);
        csv_text(t->sql_columns[i], strlen(t->sql_columns[i]), 0, out);
        comma = ",";
    }
    text_add_char(out, '\n');
}

static void csv_row(const struct savepoint_table *t, const struct savepoint_row *row,
                    struct text *cell, struct text *out)
{
    const char *comma = "";

    if (t->head.flags & STREAMD_TABLE_BROADCAST)
        text_printf(out, "%u", row->task), comma = ",";
    if (t->head.flags & STREAMD_TABLE_NAMESPACED)
        text_printf(out, "%s%lld", comma, (long long)row->ns), comma = ",";
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        text_reset(cell);
        savepoint_cell_text(t->head.fields[i].type, &row->values[i], cell);
        text_add(out, comma);
        csv_text(text_get(cell), cell->length, row->values[i].null, out);
        out->failed |= cell->failed;
        comma = ",";
    }
    text_add_char(out, '\n');
}

static void json_row(const struct savepoint_table *t, const struct savepoint_row *row,
                     struct text *out)
{
    const char *comma = "{";

    if (t->head.flags & STREAMD_TABLE_BROADCAST)
        text_printf(out, "%s\"_task\":%u", comma, row->task), comma = ",";
    if (t->head.flags & STREAMD_TABLE_NAMESPACED)
        text_printf(out, "%s\"_ns\":%lld", comma, (long long)row->ns), comma = ",";
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        text_add(out, comma);
        text_add_json(out, t->sql_columns[i], strlen(t->sql_columns[i]));
        text_add_char(out, ':');
        savepoint_cell_json(t->head.fields[i].type, &row->values[i], out);
        comma = ",";
    }
    text_add(out, *comma == '{' ? "{}\n" : "}\n");
}

static int export_rows(const struct client *c, struct savepoint_rows *rows,
                       const struct savepoint_table *t)
{
    struct text out = {0}, cell = {0};
    struct streamd_error error;
    struct savepoint_row row;
    int code = CLIENT_OK, rc;

    if (!c->json)
        csv_head(t, &out);
    while (code == CLIENT_OK && (rc = savepoint_rows_next(rows, &row, &error)) != 0) {
        if (rc < 0)
            code = savepoint_complain(&error);
        else if (c->json)
            json_row(t, &row, &out);
        else
            csv_row(t, &row, &cell, &out);
        if (out.length >= CHUNK && client_print(&out))
            code = CLIENT_FAILED;
    }
    text_clear(&cell);
    return client_print(&out) ? CLIENT_FAILED : code;
}

int savepoint_verb_export(struct client *c, int count, char **arguments)
{
    const struct savepoint_table *t;
    struct savepoint_rows *rows;
    struct streamd_error error;
    struct savepoint *s;
    int code;

    if (count != 2)
        return client_fail(CLIENT_USAGE, "usage: streamctl savepoint export FILE TABLE");
    if (savepoint_open(arguments[0], &s, &error))
        return savepoint_complain(&error);
    t = find_table(s, arguments[1]);
    if (!t) {
        code = no_table(s, arguments[1]);
    } else if (savepoint_rows_open(s, t, &rows, &error)) {
        code = savepoint_complain(&error);
    } else {
        code = export_rows(c, rows, t);
        savepoint_rows_close(rows);
    }
    savepoint_close(s);
    return code;
}
