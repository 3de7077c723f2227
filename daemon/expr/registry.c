/*
 * The registry is two lists of pointers into tables. A look-up goes through all of them: some
 * hundreds of comparisons of names, at plan time only.
 */
#include "expr/tables.h"

#include "base/array.h"
#include "base/error.h"
#include "expr/functions/functions.h"

#include <string.h>

struct expr_registry *expr_registry_new_empty(void)
{
    return memory_zalloc(1, sizeof(struct expr_registry));
}

struct expr_registry *expr_registry_new(void)
{
    struct expr_registry *registry = expr_registry_new_empty();

    for (size_t i = 0; registry && expr_function_tables[i]; i++) {
        if (expr_registry_add(registry, expr_function_tables[i], NULL, NULL)) {
            expr_registry_free(registry);
            return NULL;
        }
    }
    for (size_t i = 0; registry && expr_aggregate_tables[i]; i++) {
        if (expr_registry_add(registry, NULL, expr_aggregate_tables[i], NULL)) {
            expr_registry_free(registry);
            return NULL;
        }
    }
    return registry;
}

void expr_registry_free(struct expr_registry *registry)
{
    if (!registry)
        return;
    array_clear(&registry->functions);
    array_clear(&registry->aggregates);
    memory_free(registry);
}

const struct streamd_function *expr_registry_function(const struct expr_registry *registry,
                                                      size_t i)
{
    return i < registry->functions.count ? registry->functions.items[i] : NULL;
}

const struct streamd_aggregate *expr_registry_aggregate(const struct expr_registry *registry,
                                                        size_t i)
{
    return i < registry->aggregates.count ? registry->aggregates.items[i] : NULL;
}

/* ---- adding ------------------------------------------------------------------------------- */

/* What functions and aggregates have in common. */
struct signature {
    const char *name;
    const uint8_t *args;
    uint32_t argc, flags;
};

static int is_type(uint8_t id)
{
    return id >= STREAMD_BOOL && id <= STREAMD_JSON;
}

static const char *fault_of(const struct signature *s, uint8_t result)
{
    if (s->argc > STREAMD_MAX_ARGUMENTS)
        return "has too many arguments";
    if ((s->flags & STREAMD_FUNCTION_VARIADIC) && s->argc == 0)
        return "has no argument to repeat";
    for (uint32_t i = 0; i < s->argc; i++) {
        if (s->args[i] != 0 && !is_type(s->args[i]))
            return "has an argument of no type";
    }
    return is_type(result) ? NULL : "has a result of no type";
}

static int same_signature(const struct signature *a, const struct signature *b)
{
    return strcmp(a->name, b->name) == 0 && a->argc == b->argc &&
           (a->flags & STREAMD_FUNCTION_VARIADIC) == (b->flags & STREAMD_FUNCTION_VARIADIC) &&
           memcmp(a->args, b->args, a->argc) == 0;
}

static struct signature signature_of(const struct streamd_function *f)
{
    struct signature s = {f->name, f->args, f->argc, f->flags};

    return s;
}

static struct signature signature_of_aggregate(const struct streamd_aggregate *a)
{
    struct signature s = {a->name, a->args, a->argc, a->flags};

    return s;
}

static int add_function(struct expr_registry *registry, const struct streamd_function *f,
                        struct streamd_error *error)
{
    struct signature s = signature_of(f);
    const char *fault = fault_of(&s, f->result.id);

    if (!fault && !f->kernel)
        fault = "has no kernel";
    for (size_t i = 0; i < registry->functions.count && !fault; i++) {
        struct signature other = signature_of(registry->functions.items[i]);

        if (same_signature(&s, &other))
            fault = "is there already with these arguments";
    }
    if (fault)
        return error_set(error, STREAMD_E_PLUGIN, "function '%s' %s", f->name, fault);
    return array_push(&registry->functions, f) ? error_set_nomem(error) : 0;
}

static int add_aggregate(struct expr_registry *registry, const struct streamd_aggregate *a,
                         struct streamd_error *error)
{
    struct signature s = signature_of_aggregate(a);
    const char *fault = fault_of(&s, a->result.id);

    if (!fault && (!a->update || !a->final))
        fault = "has no update or final";
    if (!fault && (a->state_count < 1 || a->state_count > 8))
        fault = "must have 1 to 8 state columns";
    for (size_t i = 0; i < registry->aggregates.count && !fault; i++) {
        struct signature other = signature_of_aggregate(registry->aggregates.items[i]);

        if (same_signature(&s, &other))
            fault = "is there already with these arguments";
    }
    if (fault)
        return error_set(error, STREAMD_E_PLUGIN, "aggregate '%s' %s", a->name, fault);
    return array_push(&registry->aggregates, a) ? error_set_nomem(error) : 0;
}

int expr_registry_add(struct expr_registry *registry, const struct streamd_function *functions,
                      const struct streamd_aggregate *aggregates, struct streamd_error *error)
{
    int rc = 0;

    for (const struct streamd_function *f = functions; f && f->name && rc == 0; f++)
        rc = add_function(registry, f, error);
    for (const struct streamd_aggregate *a = aggregates; a && a->name && rc == 0; a++)
        rc = add_aggregate(registry, a, error);
    return rc;
}
