/* Comparing declarations. The first difference that cannot be bridged is told. */
#include "checkpoint/fits.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define KINDS (STREAMD_TABLE_LIST | STREAMD_TABLE_NAMESPACED | STREAMD_TABLE_BROADCAST)

static int same_type(const struct streamd_type *a, const struct streamd_type *b)
{
    return a->id == b->id && a->precision == b->precision && a->scale == b->scale;
}

/* A type as it stands in a pipeline file. */
static const char *type_text(const struct streamd_type *t, char text[32])
{
    static const char *const names[] = {"?",      "bool",  "int64",     "float64", "decimal",
                                        "string", "bytes", "timestamp", "date",    "json"};
    const char *name = names[t->id <= STREAMD_JSON ? t->id : 0];

    if (t->id == STREAMD_DECIMAL)
        snprintf(text, 32, "decimal(%u,%u)%s", t->precision, t->scale, t->nullable ? "|null" : "");
    else
        snprintf(text, 32, "%s%s", name, t->nullable ? "|null" : "");
    return text;
}

static int keys_fit(const struct snapshot_section *saved, const struct streamd_table_decl *now,
                    struct streamd_error *error)
{
    char was[32], is[32];

    if (saved->key_count != now->key_count)
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4408,
                              "%s: the saved state table %s has %u key columns, and now there "
                              "are %u",
                              saved->node, saved->table, saved->key_count, now->key_count);
    for (uint32_t i = 0; i < now->key_count; i++) {
        const struct streamd_field *a = &saved->fields[i], *b = &now->keys[i];

        if (strcmp(a->name, b->name) != 0 || !same_type(&a->type, &b->type) ||
            (a->type.nullable && !b->type.nullable))
            return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4408,
                                  "%s: key %u of the saved state table %s is %s %s, and now %s %s",
                                  saved->node, i + 1, saved->table, a->name,
                                  type_text(&a->type, was), b->name, type_text(&b->type, is));
    }
    return 0;
}

static const struct streamd_field *saved_column(const struct snapshot_section *saved,
                                                const char *name)
{
    for (uint32_t i = 0; i < saved->column_count; i++)
        if (!strcmp(saved->fields[saved->key_count + i].name, name))
            return &saved->fields[saved->key_count + i];
    return NULL;
}

static int column_fits(const struct snapshot_section *saved, const struct streamd_field *now,
                       struct streamd_error *error)
{
    const struct streamd_field *was = saved_column(saved, now->name);
    char a[32], b[32];

    if (!was && !now->type.nullable)
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4409,
                              "%s: column %s of state table %s is new and not nullable, so rows "
                              "that were saved have no value for it",
                              saved->node, now->name, saved->table);
    if (!was)
        return 0;
    if (!same_type(&was->type, &now->type))
        return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, 4410,
                              "%s: column %s of state table %s was saved as %s and is %s now; "
                              "converting it is not in this version",
                              saved->node, now->name, saved->table, type_text(&was->type, a),
                              type_text(&now->type, b));
    if (was->type.nullable && !now->type.nullable)
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4409,
                              "%s: column %s of state table %s was nullable and is no more",
                              saved->node, now->name, saved->table);
    return 0;
}

int snapshot_fits(const struct snapshot_section *saved, const struct streamd_table_decl *now,
                  struct streamd_error *error)
{
    int rc;

    if ((saved->flags & KINDS) != (now->flags & KINDS))
        return error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 4412,
                              "%s: state table %s was saved as another kind of table", saved->node,
                              saved->table);
    rc = keys_fit(saved, now, error);
    for (uint32_t i = 0; !rc && i < now->column_count; i++)
        rc = column_fits(saved, &now->columns[i], error);
    return rc;
}
