/*
 * streamctl savepoint inspect: what a savepoint is of, whether it can be restored, its tables; how
 * far its sources and watermarks were; what sinks had prepared. Positions, watermarks and prepared
 * output are tables like any other, so their columns are found by name.
 */
#include "client/savepoint.h"

#include <streamd/convert.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What is said of the file as a whole. */
struct whole {
    const struct savepoint *s;
    const char *content; /* sealed, changed */
    char created[STREAMD_TIMESTAMP_TEXT + 1];
    uint64_t bytes;
};

/* ---- tables ------------------------------------------------------------------------------------
 */

/* What kind of table: words in front of each other. */
static void add_kind(uint32_t flags, struct text *out)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } words[] = {
        {STREAMD_TABLE_LIST, "list"},
        {STREAMD_TABLE_NAMESPACED, "windows"},
        {STREAMD_TABLE_EVENT_TIMERS, "timers"},
        {STREAMD_TABLE_PROCESSING_TIMERS, "clock timers"},
    };

    text_add(out, flags & STREAMD_TABLE_BROADCAST ? "by task" : "by key");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & words[i].flag)
            text_printf(out, ", %s", words[i].word);
}

static void add_type(struct streamd_type type, struct text *out)
{
    static const char *const names[] = {"?",      "bool",  "int64",     "float64", "decimal",
                                        "string", "bytes", "timestamp", "date",    "json"};

    text_add(out, names[type.id]);
    if (type.id == STREAMD_DECIMAL)
        text_printf(out, "(%u,%u)", type.precision, type.scale);
    text_add(out, type.nullable ? "|null" : "");
}

static void table_json(const struct savepoint_table *t, struct text *out)
{
    struct text kind = {0}, type = {0};

    add_kind(t->head.flags, &kind);
    text_add_char(out, '{');
    savepoint_json_member(out, "node", t->head.node);
    text_add_char(out, ',');
    savepoint_json_member(out, "table", t->head.table);
    text_add_char(out, ',');
    savepoint_json_member(out, "sql_name", t->sql_name);
    text_add_char(out, ',');
    savepoint_json_member(out, "kind", text_get(&kind));
    text_printf(out, ",\"rows\":%" PRIu64 ",\"columns\":[", t->head.rows);
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        text_reset(&type);
        add_type(t->head.fields[i].type, &type);
        text_add(out, i ? ",{" : "{");
        savepoint_json_member(out, "name", t->head.fields[i].name);
        text_add_char(out, ',');
        savepoint_json_member(out, "sql_name", t->sql_columns[i]);
        text_add_char(out, ',');
        savepoint_json_member(out, "type", text_get(&type));
        text_printf(out, ",\"key\":%s}", i < t->head.key_count ? "true" : "false");
    }
    text_add(out, "]}");
    out->failed |= kind.failed | type.failed;
    text_clear(&kind);
    text_clear(&type);
}

static void table_text(const struct savepoint_table *t, struct text *out)
{
    text_printf(out, "  %-32s %10" PRIu64 " rows  ", t->sql_name, t->head.rows);
    add_kind(t->head.flags, out);
    text_add_char(out, '\n');
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++) {
        text_printf(out, "      %s  ", t->sql_columns[i]);
        add_type(t->head.fields[i].type, out);
        text_add(out, i < t->head.key_count ? "  key\n" : "\n");
    }
}

/* ---- positions, watermarks ---------------------------------------------------------------------
 */

/* Columns that are shown of a table that is found by its name. */
struct view {
    const char *table, *title, *member;
    const char *columns[6];
};

static const struct view splits = {"_splits",
                                   "Positions of sources",
                                   "splits",
                                   {"id", "position", "max_time", "idle", "finished"}};
static const struct view progress = {
    "_progress", "Watermarks", "watermarks", {"task", "watermark"}};

static int column_number(const struct savepoint_table *t, const char *name)
{
    for (uint32_t i = 0; i < t->head.key_count + t->head.column_count; i++)
        if (strcmp(t->head.fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void view_row(const struct view *v, const struct savepoint_table *t,
                     const struct savepoint_row *row, int json, struct text *out)
{
    if (json) {
        text_add_char(out, '{');
        savepoint_json_member(out, "node", t->head.node);
    } else {
        text_printf(out, "  %s", t->head.node);
    }
    for (size_t i = 0; i < sizeof(v->columns) / sizeof(v->columns[0]) && v->columns[i]; i++) {
        int n = column_number(t, v->columns[i]);

        if (n < 0 || (!json && row->values[n].null))
            continue;
        text_printf(out, json ? ",\"%s\":" : "  %s=", v->columns[i]);
        (json ? savepoint_cell_json : savepoint_cell_text)(t->head.fields[n].type, &row->values[n],
                                                           out);
    }
    text_add(out, json ? "}" : "\n");
}

/* All rows of all tables of a view. 0, or negative with the error filled. */
static int add_view(struct savepoint *s, const struct view *v, int json, struct text *out,
                    struct streamd_error *error)
{
    struct savepoint_rows *rows;
    struct savepoint_row row;
    int rc = 0, first = 1;

    text_printf(out, json ? ",\n\"%s\":[" : "%s\n", json ? v->member : v->title);
    for (uint32_t i = 0; i < s->table_count && !rc; i++) {
        const struct savepoint_table *t = &s->tables[i];

        if (!savepoint_is_named(t, v->table))
            continue;
        rc = savepoint_rows_open(s, t, &rows, error);
        if (rc)
            return rc;
        while ((rc = savepoint_rows_next(rows, &row, error)) > 0) {
            text_add(out, json && !first ? "," : "");
            view_row(v, t, &row, json, out);
            first = 0;
        }
        savepoint_rows_close(rows);
    }
    text_add(out, json ? "]" : first ? "  none\n" : "");
    return rc;
}

/* ---- what sinks had prepared -------------------------------------------------------------------
 */

static int is_prepared(const struct savepoint *s, const struct savepoint_table *t)
{
    if (!(t->head.flags & STREAMD_TABLE_BROADCAST) || savepoint_is_named(t, progress.table))
        return 0;
    for (uint32_t i = 0; i < s->node_count; i++)
        if (strcmp(s->nodes[i].name, t->head.node) == 0)
            return s->nodes[i].kind && strcmp(s->nodes[i].kind, "sink") == 0;
    return 0;
}

static void add_prepared(const struct savepoint *s, int json, struct text *out)
{
    int first = 1;

    text_add(out, json ? ",\n\"prepared\":["
                       : "Prepared by sinks, and committed before the savepoint was written\n");
    for (uint32_t i = 0; i < s->table_count; i++) {
        const struct savepoint_table *t = &s->tables[i];

        if (!is_prepared(s, t) || !t->head.rows)
            continue;
        if (json) {
            text_add(out, first ? "{" : ",{");
            savepoint_json_member(out, "node", t->head.node);
            text_add_char(out, ',');
            savepoint_json_member(out, "table", t->head.table);
            text_printf(out, ",\"rows\":%" PRIu64 "}", t->head.rows);
        } else {
            text_printf(out, "  %s  %s  %" PRIu64 " rows\n", t->head.node, t->sql_name,
                        t->head.rows);
        }
        first = 0;
    }
    text_add(out, json ? "]" : first ? "  nothing\n" : "");
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static void whole_json(const struct whole *w, struct text *out)
{
    const struct savepoint_facts *f = &w->s->facts;

    text_printf(out, "{\"format\":%d,", SAVEPOINT_FORMAT);
    savepoint_json_member(out, "pipeline", f->pipeline);
    text_printf(out,
                ",\"lineage\":\"%s\",\"checkpoint\":%" PRIu64
                ",\"created\":\"%s\",\"parallelism\":%u,"
                "\"key_groups\":%u,\"bytes\":%" PRIu64 ",\"sealed\":%s,\n\"nodes\":[",
                f->lineage, f->checkpoint, w->created, f->parallelism, f->key_groups, w->bytes,
                *w->content == 's' ? "true" : "false");
    for (uint32_t i = 0; i < w->s->node_count; i++) {
        text_add(out, i ? ",{" : "{");
        savepoint_json_member(out, "node", w->s->nodes[i].name);
        text_add_char(out, ',');
        savepoint_json_member(out, "kind", w->s->nodes[i].kind);
        text_add_char(out, ',');
        savepoint_json_member(out, "type", w->s->nodes[i].type);
        text_add_char(out, '}');
    }
    text_add(out, "],\n\"tables\":[");
    for (uint32_t i = 0; i < w->s->table_count; i++) {
        text_add(out, i ? ",\n" : "");
        table_json(&w->s->tables[i], out);
    }
    text_add_char(out, ']');
}

static void whole_text(const struct whole *w, struct text *out)
{
    const struct savepoint_facts *f = &w->s->facts;

    text_printf(out,
                "Savepoint of pipeline %s, %" PRIu64 " bytes, %s\n"
                "  checkpoint %" PRIu64 " of lineage %s, begun %s\n"
                "  taken from %u tasks; %u key groups\n",
                f->pipeline, w->bytes, w->content, f->checkpoint, f->lineage, w->created,
                f->parallelism, f->key_groups);
    text_add(out, "Nodes\n");
    for (uint32_t i = 0; i < w->s->node_count; i++)
        text_printf(out, "  %s%s%s%s%s\n", w->s->nodes[i].name, w->s->nodes[i].kind ? "  " : "",
                    w->s->nodes[i].kind ? w->s->nodes[i].kind : "", w->s->nodes[i].type ? " " : "",
                    w->s->nodes[i].type ? w->s->nodes[i].type : "");
    text_add(out, "Tables\n");
    for (uint32_t i = 0; i < w->s->table_count; i++)
        table_text(&w->s->tables[i], out);
}

static int inspect(const struct client *c, struct savepoint *s)
{
    struct whole w = {.s = s};
    struct streamd_error error;
    struct text out = {0};
    struct stat st;
    int sealed = savepoint_is_sealed(s, &error);

    if (sealed < 0)
        return savepoint_complain(&error);
    w.content = sealed ? "sealed" : "changed since it was sealed";
    w.created[streamd_timestamp_print(s->facts.created, w.created)] = '\0';
    w.bytes = stat(s->path, &st) ? 0 : (uint64_t)st.st_size;
    (c->json ? whole_json : whole_text)(&w, &out);
    if (add_view(s, &splits, c->json, &out, &error) ||
        add_view(s, &progress, c->json, &out, &error)) {
        text_clear(&out);
        return savepoint_complain(&error);
    }
    add_prepared(s, c->json, &out);
    text_add(&out, c->json ? "}\n" : "");
    return c->json ? client_print(&out) : savepoint_print_plain(&out);
}

int savepoint_verb_inspect(struct client *c, int count, char **arguments)
{
    struct streamd_error error;
    struct savepoint *s;
    int code;

    if (count != 1)
        return client_fail(CLIENT_USAGE, "usage: streamctl savepoint inspect FILE");
    if (savepoint_open(arguments[0], &s, &error))
        return savepoint_complain(&error);
    code = inspect(c, s);
    savepoint_close(s);
    return code;
}
