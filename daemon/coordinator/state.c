/*
 * An edited file over an old state directory. What the newest checkpoint says of its nodes and
 * tables is compared with what the file has become, before a single process is started:
 *
 *   kept          same name, and the rows fit (checkpoint/fits.h)
 *   new           begins empty
 *   dropped       refused, unless it is given up by name: a source whose positions would be lost, a
 *                 sink with output that was promised, a table with rows
 *   incompatible  refused
 */
#include "coordinator/inside.h"

#include "base/error.h"
#include "base/memory.h"
#include "checkpoint/fits.h"
#include "graph/pipeline.h"

#include <stdio.h>
#include <string.h>

enum { MOST_FIELDS = 4096 };

static int is_given_up(const struct coordinator *c, const char *name)
{
    for (size_t i = 0; i < c->options->drop_count; i++)
        if (strcmp(c->options->drop_state[i], name) == 0)
            return 1;
    return 0;
}

/* Would something be lost with this node? */
static int holds_state(const json_t *node)
{
    const char *kind = control_text(node, "kind");

    return json_array_size(json_object_get(node, "tables")) > 0 ||
           (kind && (strcmp(kind, "source") == 0 || strcmp(kind, "sink") == 0));
}

/* {"name":"type",...} as fields. The count, or -1. */
static int read_fields(json_t *object, struct streamd_field *fields, uint32_t room)
{
    struct pipeline_type_error error;
    const char *name;
    json_t *type;
    uint32_t n = 0;

    json_object_foreach(object, name, type)
    {
        if (n == room || !json_is_string(type))
            return -1;
        fields[n] = (struct streamd_field){.name = name};
        if (pipeline_parse_type(json_string_value(type), &fields[n].type, &error))
            return -1;
        n++;
    }
    return (int)n;
}

/* A table of a plan. Fields lie in `fields`, which has room for MOST_FIELDS. */
static int read_table(const json_t *table, struct streamd_field *fields,
                      struct snapshot_section *section)
{
    int64_t flags;
    int keys, columns;

    section->table = control_text(table, "name");
    if (!section->table || control_number(table, "flags", 0, UINT32_MAX, &flags, NULL))
        return -1;
    keys = read_fields(json_object_get(table, "keys"), fields, MOST_FIELDS);
    columns = keys < 0 ? -1
                       : read_fields(json_object_get(table, "columns"), fields + keys,
                                     MOST_FIELDS - (uint32_t)keys);
    if (columns < 0)
        return -1;
    section->flags = (uint32_t)flags;
    section->key_count = (uint32_t)keys;
    section->column_count = (uint32_t)columns;
    section->fields = fields;
    return 0;
}

static json_t *find_table(const json_t *node, const char *name)
{
    json_t *table;
    size_t i;

    json_array_foreach(json_object_get(node, "tables"), i, table)
    {
        const char *other = control_text(table, "name");

        if (other && strcmp(other, name) == 0)
            return table;
    }
    return NULL;
}

/* Do the rows of a table that was saved fit into the one of the same name? */
static int compare_table(const char *node, const json_t *saved, const json_t *now,
                         struct streamd_error *error)
{
    struct streamd_field *fields = memory_zalloc(2 * MOST_FIELDS, sizeof(*fields));
    struct snapshot_section old = {.node = node}, new = {0};
    struct streamd_table_decl decl;
    int rc;

    if (!fields)
        return error_set_nomem(error);
    if (read_table(saved, fields, &old) || read_table(now, fields + MOST_FIELDS, &new)) {
        rc = error_set(error, STREAMD_E_DATA, "a table of node '%s' cannot be compared", node);
    } else {
        decl = (struct streamd_table_decl){
            .name = new.table,
            .flags = new.flags,
            .keys = new.fields,
            .key_count = new.key_count,
            .columns = new.fields + new.key_count,
            .column_count = new.column_count,
        };
        rc = snapshot_fits(&old, &decl, error);
    }
    memory_free(fields);
    return rc;
}

/* One node of the checkpoint. What is wrong is added to `wrong`. */
static int compare_node(const struct coordinator *c, const json_t *plan, const json_t *saved,
                        struct text *wrong)
{
    const char *name = control_text(saved, "name");
    json_t *now = name ? planned_node(plan, name) : NULL, *table;
    struct streamd_error error;
    size_t i;

    if (!name || !holds_state(saved) || (!now && is_given_up(c, name)))
        return 0;
    if (!now) {
        text_printf(wrong, "%snode '%s' is gone, with its state (--drop-state %s gives it up)",
                    wrong->length ? "; " : "", name, name);
        return 0;
    }
    json_array_foreach(json_object_get(saved, "tables"), i, table)
    {
        const char *what = control_text(table, "name");
        json_t *other = what ? find_table(now, what) : NULL;

        if (other && compare_table(name, table, other, &error) == 0)
            continue;
        if (other && error.code == STREAMD_E_NOMEM)
            return STREAMD_E_NOMEM;
        if (other)
            text_printf(wrong, "%s%s", wrong->length ? "; " : "", error.message);
        else
            text_printf(wrong, "%snode '%s' has no table '%s' any more", wrong->length ? "; " : "",
                        name, what ? what : "?");
    }
    return 0;
}

/* A name that is given up must be one that is gone. */
static void check_drops(const struct coordinator *c, const struct planned *planned,
                        const struct manifest *from, struct text *wrong)
{
    for (size_t i = 0; i < c->options->drop_count; i++) {
        const char *name = c->options->drop_state[i];

        if (planned_node(planned->plan, name))
            text_printf(wrong, "%s--drop-state %s: the node is still in the file",
                        wrong->length ? "; " : "", name);
        else if (!planned_node(from->plan, name))
            text_printf(wrong, "%s--drop-state %s: the checkpoint has no such node",
                        wrong->length ? "; " : "", name);
    }
}

int state_compare(const struct coordinator *c, const struct planned *planned,
                  const struct manifest *from, struct streamd_error *error)
{
    struct text wrong = {0};
    json_t *node;
    size_t i;
    int rc = 0;

    if (strcmp(from->pipeline, planned->pipeline) != 0)
        text_printf(&wrong, "it is of pipeline '%s'", from->pipeline);
    if (from->key_groups != planned->key_groups)
        text_printf(&wrong, "%sit has %u key groups and the file says %u", wrong.length ? "; " : "",
                    from->key_groups, planned->key_groups);
    if (c->attempts == 0)
        check_drops(c, planned, from, &wrong);
    json_array_foreach(json_object_get(from->plan, "nodes"), i, node) rc =
        rc ? rc : compare_node(c, planned->plan, node, &wrong);
    if (rc || text_failed(&wrong))
        rc = error_set_nomem(error);
    else if (wrong.length)
        rc = error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5511,
                            "checkpoint %llu does not fit this file: %s",
                            (unsigned long long)from->id, text_get(&wrong));
    text_clear(&wrong);
    return rc;
}
