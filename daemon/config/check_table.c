/*
 * Judging a plugin's option table before it is used: what a user's file is checked against must
 * itself be right, and a wrong offset would be a write into somebody else's memory.
 */
#include "config/options.h"

#include "base/error.h"
#include "base/memory.h"

#include <ctype.h>
#include <string.h>

enum { DEEPEST = 8, MOST_OPTIONS = 500, LARGEST_STRUCT = 1 << 20 };

/* Bytes of a member, 0 for an unknown type. */
static size_t member_size(const struct streamd_option *o)
{
    switch (o->type) {
    case STREAMD_OPTION_BOOL:
        return 1;
    case STREAMD_OPTION_INT:
    case STREAMD_OPTION_FLOAT:
    case STREAMD_OPTION_DURATION:
    case STREAMD_OPTION_SIZE:
    case STREAMD_OPTION_ENUM:
        return 8;
    case STREAMD_OPTION_STRING:
    case STREAMD_OPTION_FIELD:
    case STREAMD_OPTION_EXPRESSION:
    case STREAMD_OPTION_PROJECTION:
    case STREAMD_OPTION_AGGREGATES:
    case STREAMD_OPTION_ANY:
    case OPTIONS_NODE:
        return sizeof(void *);
    case STREAMD_OPTION_STRINGS:
    case STREAMD_OPTION_FIELDS:
        return sizeof(struct streamd_strings);
    case STREAMD_OPTION_MAP:
        return sizeof(struct streamd_map);
    case STREAMD_OPTION_GROUP:
        return o->children_size;
    default:
        return 0;
    }
}

static int is_name(const char *name)
{
    if (!islower((unsigned char)*name))
        return 0;
    for (; *name; name++)
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_')
            return 0;
    return 1;
}

static int refuse(const struct streamd_option *o, struct streamd_error *error, const char *problem)
{
    return error_set(error, STREAMD_E_PLUGIN, "option '%.40s' %s", o->name, problem);
}

/* Tries the default as if a user had written it. */
static int check_default(const struct streamd_option *o, uint32_t size, struct streamd_error *error)
{
    struct streamd_option table[2] = {*o, {0}};
    struct diagnostics d;
    struct arena arena = {0};
    struct options_context c = {.arena = &arena, .diagnostics = &d, .owner = "it"};
    void *target = memory_zalloc(1, size);
    int rc;

    if (!target)
        return error_set_nomem(error);
    diagnostics_init(&d, NULL);
    rc = options_bind(&c, table, NULL, SPAN_NONE, target);
    diagnostics_clear(&d);
    arena_clear(&arena);
    memory_free(target);
    if (rc == STREAMD_E_NOMEM)
        return error_set_nomem(error);
    return rc ? refuse(o, error, "has a default that is not valid") : 0;
}

static int check_table(const struct streamd_option *table, uint32_t size, int depth,
                       struct streamd_error *error);

static int check_one(const struct streamd_option *o, uint32_t size, int depth,
                     struct streamd_error *error)
{
    size_t bytes = member_size(o);
    int has_children = o->type == STREAMD_OPTION_GROUP || o->type == STREAMD_OPTION_MAP;
    int is_expression = o->type == STREAMD_OPTION_EXPRESSION ||
                        o->type == STREAMD_OPTION_PROJECTION ||
                        o->type == STREAMD_OPTION_AGGREGATES;

    if (!is_name(o->name))
        return refuse(o, error, "must have a name of a-z, 0-9 and _");
    if (bytes == 0)
        return refuse(o, error, "has an unknown type, or no size");
    if (bytes > size || o->offset > size - bytes)
        return refuse(o, error, "lies outside of the options struct");
    if (bytes >= 8 && o->offset % 8 != 0)
        return refuse(o, error, "is not aligned");
    if (o->present_offset >= size)
        return refuse(o, error, "has a present_offset outside of the options struct");
    if (!o->doc || !*o->doc)
        return refuse(o, error, "has no doc");
    if (o->type == STREAMD_OPTION_ENUM && (!o->choices || !o->choices[0]))
        return refuse(o, error, "is an ENUM without choices");
    if (has_children && (!o->children || o->children_size == 0))
        return refuse(o, error, "is a GROUP or MAP without children");
    if (o->default_text && (o->flags & STREAMD_OPTION_REQUIRED))
        return refuse(o, error, "is required and has a default");
    if (o->default_text && (is_expression || o->type == STREAMD_OPTION_GROUP))
        return refuse(o, error, "is of a type that cannot have a default");
    if (has_children) {
        int rc = check_table(o->children, o->children_size, depth + 1, error);

        if (rc)
            return error_add_context(error, "in '%.40s'", o->name);
    }
    return o->default_text ? check_default(o, size, error) : 0;
}

/* Do two members share bytes? */
static int overlap(const struct streamd_option *a, const struct streamd_option *b)
{
    return a->offset < b->offset + member_size(b) && b->offset < a->offset + member_size(a);
}

static int check_table(const struct streamd_option *table, uint32_t size, int depth,
                       struct streamd_error *error)
{
    if (depth > DEEPEST)
        return error_set(error, STREAMD_E_PLUGIN, "option tables are nested too deep");
    if (size > LARGEST_STRUCT)
        return error_set(error, STREAMD_E_PLUGIN, "the options struct is too large");
    for (size_t i = 0; table && table[i].name; i++) {
        int rc;

        if (i >= MOST_OPTIONS)
            return error_set(error, STREAMD_E_PLUGIN, "the option table has no end");
        rc = check_one(&table[i], size, depth, error);
        if (rc)
            return rc;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(table[i].name, table[j].name) == 0)
                return refuse(&table[i], error, "is in the table twice");
            if (overlap(&table[i], &table[j]))
                return refuse(&table[i], error, "shares its bytes with another");
        }
    }
    return 0;
}

int options_check_table(const struct streamd_option *table, uint32_t size,
                        struct streamd_error *error)
{
    return check_table(table, size, 0, error);
}
