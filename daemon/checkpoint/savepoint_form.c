/* Names and types. */
#include "checkpoint/savepoint_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const type_names[] = {NULL,     "bool",  "int64",     "float64", "decimal",
                                         "string", "bytes", "timestamp", "date",    "json"};

void savepoint_type_print(struct streamd_type type, char text[SAVEPOINT_TYPE_TEXT])
{
    const char *null = type.nullable ? "|null" : "";

    if (type.id == STREAMD_DECIMAL)
        snprintf(text, SAVEPOINT_TYPE_TEXT, "decimal(%u,%u)%s", type.precision, type.scale, null);
    else
        snprintf(text, SAVEPOINT_TYPE_TEXT, "%s%s", type_names[type.id], null);
}

/* All types there are, printed and compared: what prints the same is the type. */
int savepoint_type_parse(const char *text, struct streamd_type *type)
{
    unsigned precision = 0, scale = 0;
    char again[SAVEPOINT_TYPE_TEXT];
    size_t length = strlen(text), null = strlen("|null");
    int nullable = length > null && strcmp(text + length - null, "|null") == 0;

    if (sscanf(text, "decimal(%2u,%2u)", &precision, &scale) == 2 &&
        (precision < 1 || precision > 38 || scale > precision))
        return STREAMD_E_INVALID;
    for (uint8_t id = STREAMD_BOOL; id <= STREAMD_JSON; id++) {
        *type = (struct streamd_type){.id = id, .nullable = (uint8_t)nullable};
        if (id == STREAMD_DECIMAL) {
            type->precision = (uint8_t)precision;
            type->scale = (uint8_t)scale;
        }
        savepoint_type_print(*type, again);
        if (strcmp(again, text) == 0 && (id != STREAMD_DECIMAL || precision))
            return 0;
    }
    return STREAMD_E_INVALID;
}

void savepoint_table_name(const char *node, const char *table, struct text *out)
{
    /* SQLite keeps names that begin so for itself. */
    if (strncasecmp(node, "sqlite_", strlen("sqlite_")) == 0)
        text_add(out, "node_");
    text_printf(out, "%s__%s", node, table);
}

static int is_taken(const char *name, const char *const *names, uint32_t count)
{
    static const char *const own[] = {SAVEPOINT_SEQ, SAVEPOINT_GROUP, SAVEPOINT_NS, SAVEPOINT_TASK,
                                      NULL};

    for (int i = 0; own[i]; i++)
        if (strcasecmp(name, own[i]) == 0)
            return 1;
    for (uint32_t i = 0; i < count; i++)
        if (strcasecmp(name, names[i]) == 0)
            return 1;
    return 0;
}

int savepoint_column_names(struct arena *a, const struct streamd_field *fields, uint32_t count,
                           const char **names)
{
    for (uint32_t i = 0; i < count; i++) {
        names[i] = arena_strdup(a, fields[i].name);
        for (unsigned n = 2; names[i] && is_taken(names[i], names, i); n++)
            names[i] = arena_printf(a, "%s~%u", fields[i].name, n);
        if (!names[i])
            return STREAMD_E_NOMEM;
    }
    return 0;
}
