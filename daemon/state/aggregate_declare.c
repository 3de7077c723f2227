/* The declaration of an aggregate table: the operator's columns, then those of the accumulators. */
#include "state/aggregate_runner.h"

#include <streamd/error.h>
#include <string.h>

static int is_taken(const struct streamd_field *fields, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return 1;
    return 0;
}

/* CALL.STATE; with a number behind it where a user's field or a function's state is called so. */
static const char *column_name(struct arena *arena, const struct streamd_table_decl *decl,
                               const char *call, const char *state)
{
    const char *name = arena_printf(arena, "%s.%s", call, state);

    for (unsigned i = 2; name && (is_taken(decl->keys, decl->key_count, name) ||
                                  is_taken(decl->columns, decl->column_count, name));
         i++)
        name = arena_printf(arena, "%s.%s %u", call, state, i);
    return name;
}

int aggregate_declare(struct arena *arena, const struct streamd_aggregates *head,
                      const struct streamd_table_decl *decl, struct streamd_table_decl *out)
{
    static const struct streamd_field set = {.name = "distinct", .type = {.id = STREAMD_BYTES}};
    const struct expr_aggregates *a = aggregates_of(head);
    uint32_t count = decl->column_count;
    struct streamd_field *columns;

    for (uint32_t i = 0; i < head->calls; i++)
        count += aggregate_columns(&a->calls[i]);
    columns = arena_zalloc(arena, count ? count : 1, sizeof(*columns));
    if (!columns)
        return STREAMD_E_NOMEM;
    if (decl->column_count)
        memcpy(columns, decl->columns, decl->column_count * sizeof(*columns));
    *out = *decl;
    out->columns = columns;
    for (uint32_t i = 0; i < head->calls; i++) {
        const struct expr_aggregate_call *call = &a->calls[i];

        for (uint32_t k = 0; k < aggregate_columns(call); k++) {
            struct streamd_field *column = &columns[out->column_count];

            *column = k < call->state_count ? call->state[k] : set;
            column->name = column_name(arena, out, call->text, column->name);
            if (!column->name)
                return STREAMD_E_NOMEM;
            out->column_count++;
        }
    }
    return 0;
}
