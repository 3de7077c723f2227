/*
 * Names of fields, and what is said about a name that is none.
 */
#include "expr/check.h"

#include "base/text.h"

#include <streamd/error.h>

int32_t name_find_field(const struct streamd_schema *schema, const char *name)
{
    for (uint32_t i = 0; schema && i < schema->field_count; i++) {
        if (strcmp(schema->fields[i].name, name) == 0)
            return (int32_t)i;
    }
    return -1;
}

/* "did you mean 'amount'? fields are: user, at"; NULL where there is nothing to say. */
static const char *help_for(struct check *c, const char *name)
{
    const struct streamd_schema *schema = c->scope->schema;
    const char *list = problem_field_list(c->report, schema), *closest;
    const char **words;

    if (!list)
        return NULL;
    words = check_alloc(c, schema->field_count + 1, sizeof(*words));
    if (!words)
        return NULL;
    for (uint32_t i = 0; i < schema->field_count; i++)
        words[i] = schema->fields[i].name;
    closest = text_closest(name, words);
    if (closest)
        return problem_text(c->report, "did you mean '%s'? fields are: %s", closest, list);
    return problem_text(c->report, "fields are: %s", list);
}

struct node *name_field(struct check *c, const struct ast *ast)
{
    const struct expr_scope *scope = c->scope;
    int32_t i = name_find_field(scope->schema, ast->name);

    if (i >= 0)
        return node_column(c, (uint32_t)i, scope->schema->fields[i].type, place_of(ast));
    if (scope->reader && scope->input)
        problem_add(c->report, EXPR_FIELD, ast->offset, ast->length, help_for(c, ast->name),
                    "%s reads field '%s', but its %s has no such field", scope->reader, ast->name,
                    scope->input);
    else
        problem_add(c->report, EXPR_FIELD, ast->offset, ast->length, help_for(c, ast->name),
                    "there is no field '%s'", ast->name);
    return NULL;
}
