/* streamctl savepoint diff: which tables differ, and by how many keys. */
#include "checkpoint/savepoint_diff.h"
#include "client/savepoint.h"

#include "base/memory.h"

#include <inttypes.h>
#include <string.h>

static int differs(const struct savepoint_difference *d)
{
    return !d->a || !d->b || d->schema || d->added || d->removed || d->changed ||
           d->rows_a != d->rows_b;
}

static const char *what(const struct savepoint_difference *d)
{
    if (!d->a)
        return "new table";
    if (!d->b)
        return "table gone";
    return d->schema ? "other columns" : differs(d) ? "" : "same";
}

static void add_json(const struct savepoint_difference *d, struct text *out)
{
    const struct savepoint_table *t = d->a ? d->a : d->b;

    text_add_char(out, '{');
    savepoint_json_member(out, "node", t->head.node);
    text_add_char(out, ',');
    savepoint_json_member(out, "table", t->head.table);
    text_add_char(out, ',');
    savepoint_json_member(out, "sql_name", t->sql_name);
    text_printf(out,
                ",\"in_first\":%s,\"in_second\":%s,\"same_columns\":%s,\"rows\":[%" PRIu64
                ",%" PRIu64 "],\"keys_added\":%" PRIu64 ",\"keys_removed\":%" PRIu64
                ",\"keys_changed\":%" PRIu64 "}",
                d->a ? "true" : "false", d->b ? "true" : "false", d->schema ? "false" : "true",
                d->rows_a, d->rows_b, d->added, d->removed, d->changed);
}

static void add_line(const struct savepoint_difference *d, struct text *out)
{
    const struct savepoint_table *t = d->a ? d->a : d->b;

    text_printf(out,
                "%-32s %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "  %s\n",
                t->sql_name, d->rows_a, d->rows_b, d->added, d->removed, d->changed, what(d));
}

static int print(const struct client *c, const struct savepoint_difference *list, size_t count)
{
    struct text out = {0};
    int same = 1;

    if (c->json)
        text_add(&out, "{\"tables\":[");
    else
        text_printf(&out, "%-32s %10s %10s %8s %8s %8s\n", "TABLE", "ROWS", "THEN", "ADDED",
                    "REMOVED", "CHANGED");
    for (size_t i = 0; i < count; i++) {
        same &= !differs(&list[i]);
        text_add(&out, c->json && i ? ",\n" : "");
        (c->json ? add_json : add_line)(&list[i], &out);
    }
    if (c->json)
        text_printf(&out, "],\"same\":%s}\n", same ? "true" : "false");
    return (c->json ? client_print(&out) : savepoint_print_plain(&out)) || !same ? CLIENT_FAILED
                                                                                 : CLIENT_OK;
}

int savepoint_verb_diff(struct client *c, int count, char **arguments)
{
    struct savepoint_difference *list = NULL;
    struct savepoint *a = NULL, *b = NULL;
    struct streamd_error error;
    size_t n = 0;
    int code;

    if (count != 2)
        return client_fail(CLIENT_USAGE, "usage: streamctl savepoint diff FILE FILE");
    if (savepoint_open(arguments[0], &a, &error) || savepoint_open(arguments[1], &b, &error) ||
        savepoint_diff(a, b, &list, &n, &error))
        code = savepoint_complain(&error);
    else
        code = print(c, list, n);
    memory_free(list);
    savepoint_close(a);
    savepoint_close(b);
    return code;
}
