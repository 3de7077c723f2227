/*
 * Which entry a call means: PostgreSQL's rules for overloaded functions and operators ("Type
 * Conversion" in its manual), over our types. registry.h tells them in four lines.
 */
#include "expr/check.h"

#include "base/text.h"
#include "expr/tables.h"

enum { MAX_CANDIDATES = 64 };

/* An entry that could be meant. */
struct candidate {
    const void *entry; /* struct streamd_function or struct streamd_aggregate */
    const uint8_t *args;
    uint32_t argc, flags;
};

struct candidates {
    struct candidate items[MAX_CANDIDATES];
    uint32_t count;
};

static void add(struct candidates *list, const void *entry, const uint8_t *args, uint32_t argc,
                uint32_t flags)
{
    struct candidate one = {entry, args, argc, flags};

    if (list->count < MAX_CANDIDATES)
        list->items[list->count++] = one;
}

static uint8_t parameter(const struct candidate *k, uint32_t i)
{
    return k->args[i < k->argc ? i : k->argc - 1];
}

static int takes_count(const struct candidate *k, uint32_t argc)
{
    if (k->flags & STREAMD_FUNCTION_VARIADIC)
        return argc >= k->argc;
    return argc == k->argc;
}

static int is_exact(uint8_t parameter_id, uint8_t id)
{
    return parameter_id == id;
}

static int takes(const struct candidate *k, struct node *const *args, uint32_t argc)
{
    for (uint32_t i = 0; i < argc; i++) {
        uint8_t p = parameter(k, i), id = args[i]->type.id;

        if (p == 0 ? id == NODE_INTERVAL : !coerce_is_implicit(id, p))
            return 0;
    }
    return 1;
}

/* Types that PostgreSQL prefers within their families. */
static int is_preferred(uint8_t id)
{
    return id == STREAMD_FLOAT64 || id == STREAMD_STRING || id == STREAMD_TIMESTAMP ||
           id == STREAMD_BOOL;
}

static uint32_t count_exact(const struct candidate *k, struct node *const *args, uint32_t argc,
                            int preferred)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < argc; i++) {
        uint8_t p = parameter(k, i);

        if (args[i]->type.id != NODE_UNKNOWN)
            n += is_exact(p, args[i]->type.id) || (preferred && is_preferred(p));
    }
    return n;
}

/* Keeps the candidates with the highest count. */
static void keep_best(struct candidates *list, struct node *const *args, uint32_t argc,
                      int preferred)
{
    uint32_t best = 0, kept = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t n = count_exact(&list->items[i], args, argc, preferred);

        best = n > best ? n : best;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (count_exact(&list->items[i], args, argc, preferred) == best)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* Keeps those that take a string where a text has no type, if any does. */
static void prefer_strings(struct candidates *list, struct node *const *args, uint32_t argc)
{
    for (uint32_t i = 0; i < argc && list->count > 1; i++) {
        uint32_t strings = 0, kept = 0;

        if (args[i]->type.id != NODE_UNKNOWN)
            continue;
        for (uint32_t k = 0; k < list->count; k++)
            strings += parameter(&list->items[k], i) == STREAMD_STRING;
        for (uint32_t k = 0; k < list->count && strings; k++) {
            if (parameter(&list->items[k], i) == STREAMD_STRING)
                list->items[kept++] = list->items[k];
        }
        list->count = strings ? kept : list->count;
    }
}

/* Where all arguments that have a type have the same, those without are taken for that one. */
static void assume_same(struct candidates *list, struct node *const *args, uint32_t argc)
{
    uint8_t known = 0;
    uint32_t kept = 0;
    struct candidates same = {.count = 0};

    for (uint32_t i = 0; i < argc; i++) {
        uint8_t id = args[i]->type.id;

        if (id == NODE_UNKNOWN)
            continue;
        if (known && known != id)
            return;
        known = id;
    }
    for (uint32_t k = 0; known && k < list->count; k++) {
        uint32_t i = 0;

        while (i < argc && is_exact(parameter(&list->items[k], i), known))
            i++;
        if (i == argc)
            same.items[kept++] = list->items[k];
    }
    same.count = kept;
    if (kept == 1)
        *list = same;
}

/* Leaves the one candidate that is meant, several that are equally good, or none. */
static void choose(struct candidates *list, struct node *const *args, uint32_t argc)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        const struct candidate *k = &list->items[i];

        if (takes_count(k, argc) && takes(k, args, argc))
            list->items[kept++] = *k;
    }
    list->count = kept;
    if (list->count > 1)
        assume_same(list, args, argc);
    if (list->count > 1)
        keep_best(list, args, argc, 0);
    if (list->count > 1)
        keep_best(list, args, argc, 1);
    if (list->count > 1)
        prefer_strings(list, args, argc);
}

/* ---- problems ----------------------------------------------------------------------------- */

static void add_types(struct text *t, const uint8_t *ids, uint32_t n, uint32_t flags)
{
    char name[EXPR_TYPE_TEXT];

    text_add(t, "(");
    for (uint32_t i = 0; i < n; i++)
        text_printf(t, "%s%s", i ? ", " : "",
                    ids[i] ? expr_type_name(TYPE(ids[i]), name) : "any type");
    text_add(t, flags & STREAMD_FUNCTION_VARIADIC ? ", ...)" : ")");
}

/* "lower(string), lower(bytes)" */
static const char *candidate_list(struct check *c, const char *name, const struct candidates *list,
                                  const char *before)
{
    enum { SHOWN = 8 };
    struct text t = {0};
    const char *result;

    text_add(&t, before);
    for (uint32_t i = 0; i < list->count && i < SHOWN; i++) {
        text_printf(&t, "%s%s", i ? ", " : "", name);
        add_types(&t, list->items[i].args, list->items[i].argc, list->items[i].flags);
    }
    if (list->count > SHOWN)
        text_printf(&t, " and %u more", list->count - SHOWN);
    result = text_failed(&t) ? NULL : arena_strdup(&c->scope->store->arena, text_get(&t));
    text_clear(&t);
    if (!result)
        problem_nomem(c->report);
    return result;
}

/* "lower(int64, unknown)" */
static const char *call_text(struct check *c, const char *name, struct node *const *args,
                             uint32_t argc)
{
    const char *text = problem_text(c->report, "%s(", name);

    for (uint32_t i = 0; i < argc && text; i++)
        text = problem_text(c->report, "%s%s%s", text, i ? ", " : "", type_name(c, args[i]->type));
    return text ? problem_text(c->report, "%s)", text) : NULL;
}

static void refuse_call(struct check *c, const char *name, struct place place,
                        struct node *const *args, uint32_t argc, const struct candidates *all,
                        const struct candidates *left)
{
    const char *call = call_text(c, name, args, argc);

    if (!call)
        return;
    if (left->count > 1)
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length,
                    candidate_list(c, name, left, "say with :: which type is meant; there are: "),
                    "%s could be more than one function", call);
    else
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length,
                    candidate_list(c, name, all, "there are: "), "there is no function %s", call);
}

static const char *operator_help(struct node *const *args, uint32_t argc)
{
    uint8_t a = args[0]->type.id, b = args[argc - 1]->type.id;

    if (argc == 2 && a != b && (a == STREAMD_STRING || b == STREAMD_STRING))
        return "convert one of them: value::int64, value::string";
    if (argc == 2 && (a == STREAMD_JSON || b == STREAMD_JSON))
        return "take a text out of the json with ->>, and convert that: (doc->>'price')::float64";
    return NULL;
}

static void refuse_operator(struct check *c, const char *name, struct place place,
                            struct node *const *args, uint32_t argc, const struct candidates *all)
{
    if (all->count == 0)
        problem_add(c->report, EXPR_UNSUPPORTED, place.offset, place.length, NULL,
                    "there is no operator %s", name);
    else if (argc == 2)
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length,
                    operator_help(args, argc), "%s does not work with %s and %s", name,
                    type_name(c, args[0]->type), type_name(c, args[1]->type));
    else
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length, NULL,
                    "%s does not work with %s", name, type_name(c, args[0]->type));
}

static void refuse_name(struct check *c, const char *name, struct place place)
{
    const struct expr_registry *r = c->scope->registry;
    const char **words =
        check_alloc(c, r->functions.count + r->aggregates.count + 1, sizeof(*words));
    const char *closest;
    size_t n = 0;

    if (!words)
        return;
    for (size_t i = 0; i < r->functions.count; i++)
        words[n++] = r->functions.items[i]->name;
    for (size_t i = 0; i < r->aggregates.count; i++)
        words[n++] = r->aggregates.items[i]->name;
    closest = text_closest(name, words);
    problem_add(c->report, EXPR_FUNCTION, place.offset, place.length,
                closest ? problem_text(c->report, "did you mean '%s'?", closest) : NULL,
                "there is no function '%s'", name);
}

int resolve_is_unknown(struct check *c, const char *name, struct place place)
{
    for (size_t i = 0; i < c->scope->registry->functions.count; i++) {
        if (strcmp(c->scope->registry->functions.items[i]->name, name) == 0)
            return 0;
    }
    refuse_name(c, name, place);
    return 1;
}

/* ---- calls -------------------------------------------------------------------------------- */

static struct streamd_type parameter_type(const struct candidate *k, uint32_t i,
                                          const struct node *arg)
{
    uint8_t p = parameter(k, i);

    if (p == 0)
        return arg->type.id == NODE_UNKNOWN ? TYPE(STREAMD_STRING) : arg->type;
    return TYPE(p);
}

/* Converts the arguments in place. 0 or -1. */
static int convert_args(struct check *c, const struct candidate *k, struct node **args,
                        uint32_t argc)
{
    int rc = 0;

    for (uint32_t i = 0; i < argc; i++) {
        args[i] = coerce(c, args[i], parameter_type(k, i, args[i]));
        rc |= args[i] ? 0 : -1;
    }
    return rc;
}

/* The type of a call's result. 0 or -1. */
static int resolve_type(struct check *c, const struct streamd_function *f, struct node *const *args,
                        uint32_t argc, struct streamd_type *result)
{
    struct streamd_vector *values = check_alloc(c, argc + 1, sizeof(*values));
    struct streamd_type *types = check_alloc(c, argc + 1, sizeof(*types));

    if (!values || !types)
        return -1;
    *result = f->result;
    if (f->resolve_values) {
        node_constant_args(args, argc, values);
        return f->resolve_values(values, argc, result);
    }
    for (uint32_t i = 0; i < argc; i++)
        types[i] = args[i]->type;
    return f->resolve ? f->resolve(types, argc, result) : 0;
}

static struct node *make_call(struct check *c, const struct candidate *k, struct place place,
                              struct node *const *given, uint32_t argc)
{
    const struct streamd_function *f = k->entry;
    struct node **args = check_alloc(c, argc + 1, sizeof(*args));
    struct streamd_type result;

    if (!args)
        return NULL;
    for (uint32_t i = 0; i < argc; i++)
        args[i] = given[i];
    if (convert_args(c, k, args, argc))
        return NULL;
    if (resolve_type(c, f, args, argc, &result)) {
        problem_add(c->report, EXPR_ARGUMENTS, place.offset, place.length, NULL,
                    "%s does not take arguments like these", f->name);
        return NULL;
    }
    if (result.id == STREAMD_DECIMAL && !result.precision)
        result = argc && args[0]->type.id == STREAMD_DECIMAL ? args[0]->type : type_numeric();
    return node_call(c, f, result, NULL, place, args, argc);
}

struct node *resolve_function(struct check *c, const char *name, struct place place,
                              struct node *const *args, uint32_t argc)
{
    struct candidates all = {.count = 0}, left;

    for (size_t i = 0; i < c->scope->registry->functions.count; i++) {
        const struct streamd_function *f = c->scope->registry->functions.items[i];

        if (strcmp(f->name, name) == 0)
            add(&all, f, f->args, f->argc, f->flags);
    }
    if (all.count == 0) {
        refuse_name(c, name, place);
        return NULL;
    }
    left = all;
    choose(&left, args, argc);
    if (left.count == 1)
        return make_call(c, &left.items[0], place, args, argc);
    refuse_call(c, name, place, args, argc, &all, &left);
    return NULL;
}

struct node *resolve_operator(struct check *c, const char *name, struct place place,
                              struct node *const *args, uint32_t argc)
{
    struct candidates all = {.count = 0}, left;

    for (size_t t = 0; operator_table(t); t++) {
        for (const struct streamd_function *f = operator_table(t); f->name; f++) {
            if (strcmp(f->name, name) == 0)
                add(&all, f, f->args, f->argc, f->flags);
        }
    }
    left = all;
    choose(&left, args, argc);
    if (left.count == 1)
        return make_call(c, &left.items[0], place, args, argc);
    refuse_operator(c, name, place, args, argc, &all);
    return NULL;
}

const struct streamd_aggregate *resolve_aggregate(struct check *c, const char *name,
                                                  struct place place, struct node **args,
                                                  uint32_t argc)
{
    struct candidates all = {.count = 0}, left;

    for (size_t i = 0; i < c->scope->registry->aggregates.count; i++) {
        const struct streamd_aggregate *a = c->scope->registry->aggregates.items[i];

        if (strcmp(a->name, name) == 0)
            add(&all, a, a->args, a->argc, a->flags);
    }
    left = all;
    choose(&left, args, argc);
    if (left.count == 1)
        return convert_args(c, &left.items[0], args, argc) ? NULL : left.items[0].entry;
    refuse_call(c, name, place, args, argc, &all, &left);
    return NULL;
}
